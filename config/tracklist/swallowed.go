package tracklist

import (
	"encoding/csv"
	"slices"
	"strings"

	"github.com/spotsync/spotsync/spotify"
)

// swallowed reports rows inside a cell of row, which r has just read. A quote that opens a cell and is closed only by the quote
// of a later row makes one cell of all the rows between; they would be gone, and the table look sound. Lines are counted
// from before on.
func swallowed(r *csv.Reader, row []string, delimiter rune, before int) error {
	for i, cell := range row {
		if !strings.Contains(cell, "\n") {
			continue
		}
		line, _ := r.FieldPos(i)
		for n, inner := range strings.Split(cell, "\n") {
			if n > 0 && rowLike(inner, delimiter) {
				return errorf(line+before, "a quote opens here and is not closed before line %d, which looks like a row of its own; close the quote, or write it twice if it is part of the text",
					line+before+n)
			}
		}
	}
	return nil
}

// CheckTable reports, in text that is a table delimited by commas, rows that a quote hides inside a cell, and a header that is a
// row of songs. Whoever reads the table by encoding/csv would see fewer rows than a person does. Text that is no such table
// is left for that reader to complain about.
func CheckTable(text string) error {
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	for first := true; ; first = false {
		row, err := r.Read()
		if err != nil {
			return nil
		}
		if err := swallowed(r, row, ',', 0); err != nil {
			return err
		}
		for i, cell := range row {
			if first && mentionsSong(cell) {
				line, _ := r.FieldPos(i)
				return errorf(line, "the first line of a table names its columns, and this one has the song %s; write a header above it", quote(cell))
			}
		}
	}
}

// rowLike reports whether a line inside a cell looks like a row that has a song.
func rowLike(line string, delimiter rune) bool {
	cells := strings.Split(line, string(delimiter))
	return mentionsSong(line) || len(cells) > 1 && slices.ContainsFunc(cells, func(c string) bool {
		ref, err := spotify.ParseRef(strings.Trim(c, ` "`))
		return err == nil && ref.Kind == "" && ref.ID.Possible()
	})
}

// mentionsSong reports whether a track's or episode's URI or link is in a text. No title has one.
func mentionsSong(text string) bool {
	text = strings.ToLower(text)
	_, link, found := strings.Cut(text, "spotify.com/")
	return strings.Contains(text, "spotify:track:") || strings.Contains(text, "spotify:episode:") ||
		found && (strings.Contains(link, "track/") || strings.Contains(link, "episode/"))
}

// sameSong reports whether two cells name one song.
func sameSong(a, b string) bool {
	one, err := spotify.ParseRef(a)
	two, err2 := spotify.ParseRef(b)
	return err == nil && err2 == nil && one.ID == two.ID
}
