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
type columns struct {
	uri, title, artist int
	named              []string // the header, as [fold] leaves it
	uriName            string   // of the column uri, as written
	delimiter          rune
}

// delimiters are what may stand between the cells of a table.
var delimiters = []rune{',', ';', '\t'}

// isTable reports whether text without a telling extension is a table: its first line that is not blank names a column of
// songs beside another one, or is Excel's own. A line that names a song is an entry and no header.
func isTable(text string) bool {
	line, _, _ := strings.Cut(strings.TrimLeft(text, "\n \ufeff"), "\n")
	if len(line) >= 5 && strings.EqualFold(line[:4], "sep=") && strings.ContainsRune(",;\t", rune(line[4])) {
		return true
	}
	if strings.HasPrefix(line, "#") || mentionsSong(line) {
		return false
	}
	return slices.ContainsFunc(delimiters, func(d rune) bool {
		header, err := reader(line, d).Read()
		return err == nil && len(header) > 1 && find(header).uri >= 0
	})
}

// parseCSV reads a table with a header, delimited by commas, semicolons or tabs (RFC 4180, leniently).
func parseCSV(text string) ([]Entry, error) {
	first := 1               // line of the header
	delimiters := delimiters // which Excel narrows down
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
		c := find(header)
		if c.uri < 0 {
			continue
		}
		c.delimiter = d
		line, _ := r.FieldPos(c.uri)
		for i, name := range c.named {
			if i != c.uri && name == c.named[c.uri] {
				return nil, errorf(line+first-1, "two columns are named %s; rename the one that is not to be read", quote(c.uriName))
			}
		}
		if err := swallowed(r, header, d, first-1); err != nil {
			return nil, err
		}
		return readRows(r, c, first-1)
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
func readRows(r *csv.Reader, c columns, before int) ([]Entry, error) {
	var g gathering
	for {
		row, err := r.Read()
		if err == io.EOF {
			return g.list()
		}
		if err == nil {
			err = swallowed(r, row, c.delimiter, before)
		} else {
			err = csvError(err, before)
		}
		if err != nil {
			g.reject(err) // where the next row begins is a guess from here on
			return g.list()
		}
		line, _ := r.FieldPos(0)
		g.row(row, c, line+before)
	}
}

// row takes one row of a table.
func (g *gathering) row(row []string, c columns, line int) {
	cell := func(i int) string {
		if i < 0 || i >= len(row) {
			return ""
		}
		return strings.TrimSpace(row[i])
	}
	if !slices.ContainsFunc(row, func(s string) bool { return strings.TrimSpace(s) != "" }) {
		return
	}
	if cell(c.uri) == "" {
		g.reject(errorf(line, "nothing in the column %s; take the row out, or write the track's URI", quote(c.uriName)))
		return
	}
	e, err := newEntry(cell(c.uri), cell(c.title), cell(c.artist), line)
	if err == nil {
		if i := c.another(row); i >= 0 {
			err = errorf(line, "there are two songs in this row, %s and %s; write each in a row of its own, below %s", quote(cell(c.uri)), quote(cell(i)), quote(c.uriName))
		}
	}
	g.take(e, err)
}

// another is the index of a cell that names a further song, where that may be meant or the row may have slipped: below no
// header, where titles stand, and, if it isn't the same song, below another name for the column of URIs. -1 when there is none.
// A song below any other name is a remark.
func (c columns) another(row []string) int {
	for i, cell := range row {
		if i == c.uri || !mentionsSong(cell) {
			continue
		}
		switch alike := i < len(c.named) && slices.Contains(uriColumns, c.named[i]); {
		case alike && !sameSong(cell, row[c.uri]), !alike && (i >= len(c.named) || c.named[i] == "" || i == c.title || i == c.artist):
			return i
		}
	}
	return -1
}

// find looks the columns up in a header.
func find(header []string) columns {
	c := columns{named: make([]string, len(header))}
	for i, h := range header {
		c.named[i] = fold(h)
	}
	first := func(names []string) int {
		for _, n := range names {
			if i := slices.Index(c.named, n); i >= 0 {
				return i
			}
		}
		return -1
	}
	c.uri, c.title, c.artist = first(uriColumns), first(titleColumns), first(artistColumns)
	if c.uri >= 0 {
		c.uriName = strings.TrimSpace(header[c.uri])
	}
	return c
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
