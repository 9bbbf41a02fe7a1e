// Package tracklist reads lists of tracks that other programs, or people, wrote to files.
//
//	tracklist.go  what a list is, and which kind a file is
//	csv.go        tables: Exportify, TuneMyMusic, Soundiiz and alike
//	swallowed.go  rows that a quote too many hides inside a cell
//	lines.go      M3U playlists, and text with an entry a line
package tracklist

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode"

	"github.com/spotsync/spotsync/config/textfile"
	"github.com/spotsync/spotsync/spotify"
)

// MaxEntries is how many entries a list may have: ten times what fits into a playlist.
const MaxEntries = 100_000

// Entry is one track or episode of a list.
type Entry struct {
	Text   string // URI, share link or bare ID as written
	Title  string // on one line, without control characters; empty when the list doesn't tell
	Artist string // as Title; several are left joined as written
	Line   int    // where the entry starts, from 1
}

// Error is what is wrong with a list, and where.
type Error struct {
	Line    int // from 1; 0 when it is the whole file
	Message string
	More    []*Error // further lines that are wrong, in their order
	Uncut   int      // how many of them there are, when More has not all of them
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	all := fmt.Sprintf("line %d: %s", e.Line, e.Message)
	for _, m := range e.More {
		all += "; " + m.Error()
	}
	if rest := e.Uncut - len(e.More); rest > 0 {
		all += fmt.Sprintf("; and %d more lines", rest)
	}
	return all
}

func errorf(line int, format string, args ...any) error {
	return &Error{Line: line, Message: fmt.Sprintf(format, args...)}
}

// Parse reads a list, all of it or none: each line that a person sees becomes an entry or is told as wrong. The extension of
// name tells the kind: .csv and .tsv are tables, .m3u and .m3u8 are playlists, .txt has an entry a line, unless its first line
// is the header of a table, as in what Excel calls Unicode text. Every entry has been
// checked to name a track or an episode, or to be a bare ID. A list without entries, be it that the file is empty or that a
// header or comments are all there is, is an error: it is more often a failed download or export than a wish, and would
// empty a playlist. Errors are *[Error].
func Parse(name string, data []byte) ([]Entry, error) {
	// ToSlash is no help here: a list may come from a Windows path on any system.
	ext := strings.ToLower(path.Ext(strings.ReplaceAll(name, `\`, "/")))
	var parse func(string) ([]Entry, error)
	switch ext {
	case ".csv", ".tsv":
		parse = parseCSV
	case ".m3u", ".m3u8":
		parse = parseM3U
	case ".txt":
		parse = parseText
	default:
		return nil, errorf(0, "the name of a list must end in .csv, .tsv, .m3u, .m3u8 or .txt")
	}
	text, err := textfile.Decode(data)
	if damaged, ok := errors.AsType[*textfile.Error](err); ok {
		return nil, errorf(damaged.Line, "%s", damaged.Message)
	}
	if strings.TrimSpace(text) == "" {
		return nil, errorf(0, "the list is empty; if that is meant, write [] in place of the file")
	}
	if ext == ".txt" && isTable(text) {
		parse = parseCSV
	}
	entries, err := parse(text)
	if err == nil && len(entries) == 0 {
		return nil, errorf(0, "the list has no songs, only a header or comments; if that is meant, write [] in place of the file")
	}
	return entries, err
}

// maxTold is how many wrong lines are told one by one.
const maxTold = 10

// gathering is a list while it is read.
type gathering struct {
	entries []Entry
	wrong   []*Error
	count   int // of wrong lines
}

// take notes an entry, or what is wrong with its line.
func (g *gathering) take(e Entry, err error) {
	switch {
	case err != nil:
		g.reject(err)
	case len(g.entries) == MaxEntries:
		if g.count == 0 {
			g.reject(errorf(e.Line, "more than %d entries; a playlist holds 10,000", MaxEntries))
		}
	default:
		g.entries = append(g.entries, e)
	}
}

func (g *gathering) reject(err error) {
	if e, ok := errors.AsType[*Error](err); ok && len(g.wrong) < maxTold {
		g.wrong = append(g.wrong, e)
	}
	g.count++
}

// list is all of the list, or why there is none.
func (g *gathering) list() ([]Entry, error) {
	if len(g.wrong) == 0 {
		return g.entries, nil
	}
	first := *g.wrong[0]
	first.More, first.Uncut = g.wrong[1:], g.count-1
	return nil, &first
}

// newEntry checks what a list says is a track.
func newEntry(text, title, artist string, line int) (Entry, error) {
	if strings.HasPrefix(strings.ToLower(text), "spotify:local:") {
		return Entry{}, errorf(line, "%s is a local file, which Spotify lets only its own apps add; take the line out", quote(text))
	}
	ref, err := spotify.ParseRef(text)
	if err != nil {
		return Entry{}, errorf(line, "%s is no Spotify URI, link or ID", quote(text))
	}
	switch ref.Kind {
	case "", spotify.KindTrack, spotify.KindEpisode:
		return Entry{text, clean(title), clean(artist), line}, nil
	}
	return Entry{}, errorf(line, "%s is a Spotify %s, not a track or an episode", quote(text), ref.Kind)
}

// clean puts a name on one line without control characters: it will be shown on a terminal.
func clean(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}

// quote is text as an error shows it: short.
func quote(text string) string {
	const most = 80
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%q", text)
}
