package tracklist

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode"
)

// Column names by what they hold, the most telling first, as [fold] leaves them.
var (
	uriColumns = []string{
		"trackuri", "spotifyuri", "spotifytrackuri", "uri", // Exportify; its forks
		"trackurl", "spotifyurl", "spotifytrackurl", "tracklink", "spotifylink", "url", "link", // Soundiiz and alike
		"trackid", "spotifyid", "spotifytrackid", "id", // TuneMyMusic ("Spotify - id"), Exportify of old
	}
	titleColumns  = []string{"trackname", "tracktitle", "title", "songname", "song", "name", "track"}
	artistColumns = []string{"artistnames", "artistname", "artists", "artist", "trackartist"}
)

// columns are where a table keeps what we read: indexes, -1 when it has none.
type columns struct{ uri, title, artist int }

// parseCSV reads a table with a header, delimited by commas, semicolons or tabs (RFC 4180, leniently).
func parseCSV(text string) ([]Entry, error) {
	first := 1 // line of the header
	var delimiters = []rune{',', ';', '\t'}
	if line, rest, _ := strings.Cut(text, "\n"); len(line) >= 5 && strings.EqualFold(line[:4], "sep=") {
		// Excel's own way to name the delimiter.
		if d := rune(line[4]); slices.Contains(delimiters, d) {
			text, first, delimiters = rest, 2, []rune{d}
		}
	}
	for _, d := range delimiters {
		r := reader(text, d)
		header, err := r.Read()
		if err == io.EOF {
			first = 1 // nothing follows Excel's line
			break
		}
		if err != nil {
			if d != delimiters[len(delimiters)-1] {
				continue // a quote that stands wrong under this delimiter may stand right under another
			}
			return nil, csvError(err, first-1)
		}
		if c := find(header); c.uri >= 0 {
			return readRows(r, c, header[c.uri], first-1)
		}
	}
	return nil, errorf(first, "no column with Spotify's URIs; a header should name one \"Track URI\", \"Spotify URI\", \"URI\", \"Track ID\" or \"Spotify ID\"")
}

func reader(text string, delimiter rune) *csv.Reader {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = delimiter
	r.FieldsPerRecord = -1 // trailing empty cells are often left out
	return r
}

// readRows reads what follows the header. Lines are counted from before on.
func readRows(r *csv.Reader, c columns, uriName string, before int) ([]Entry, error) {
	var list []Entry
	for {
		row, err := r.Read()
		if err == io.EOF {
			return list, nil
		}
		if err != nil {
			return nil, csvError(err, before)
		}
		line, _ := r.FieldPos(0)
		line += before
		cell := func(i int) string {
			if i < 0 || i >= len(row) {
				return ""
			}
			return strings.TrimSpace(row[i])
		}
		if !slices.ContainsFunc(row, func(s string) bool { return strings.TrimSpace(s) != "" }) {
			continue
		}
		if cell(c.uri) == "" {
			return nil, errorf(line, "nothing in the column %s; take the row out, or write the track's URI", quote(strings.TrimSpace(uriName)))
		}
		e, err := newEntry(cell(c.uri), cell(c.title), cell(c.artist), line)
		if err != nil {
			return nil, err
		}
		if list, err = add(list, e); err != nil {
			return nil, err
		}
	}
}

// find looks the columns up in a header.
func find(header []string) columns {
	folded := make([]string, len(header))
	for i, h := range header {
		folded[i] = fold(h)
	}
	first := func(names []string) int {
		for _, n := range names {
			if i := slices.Index(folded, n); i >= 0 {
				return i
			}
		}
		return -1
	}
	return columns{first(uriColumns), first(titleColumns), first(artistColumns)}
}

// fold reduces a header cell to its letters and digits in lower case: "Artist Name(s)" is artistnames.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

func csvError(err error, before int) error {
	if pe, ok := errors.AsType[*csv.ParseError](err); ok {
		return errorf(pe.StartLine+before, "not a row of CSV: %v", pe.Err)
	}
	return errorf(before+1, "not CSV: %v", err)
}
