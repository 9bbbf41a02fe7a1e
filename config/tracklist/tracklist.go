// Package tracklist reads lists of tracks that other programs, or people, wrote to files.
//
//	tracklist.go  what a list is, and which kind a file is
//	csv.go        tables: Exportify, TuneMyMusic, Soundiiz and alike
//	lines.go      M3U playlists, and text with an entry a line
package tracklist

import (
	"bytes"
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

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
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Message)
}

func errorf(line int, format string, args ...any) error {
	return &Error{line, fmt.Sprintf(format, args...)}
}

// Parse reads a list, all of it or none. The extension of name tells its kind: .csv and .tsv are tables, .m3u and .m3u8
// are playlists, .txt has an entry a line. Every entry has been checked to name a track or an episode, or to be a bare ID.
// An empty file is an error, since it is more often a failed download than a wish; one with a header or a comment isn't.
// Errors are *[Error].
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
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return nil, errorf(0, "the list is UTF-16; save it as UTF-8")
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		return nil, errorf(invalidLine(data), "not UTF-8; save the list as UTF-8")
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, errorf(0, "the list is empty; for a list that is meant to be, write a line with # and a word")
	}
	return parse(string(data))
}

// invalidLine is the line of the first byte that is not UTF-8.
func invalidLine(data []byte) int {
	line := 1
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		if r == utf8.RuneError && n == 1 {
			break
		}
		if r == '\n' {
			line++
		}
		data = data[n:]
	}
	return line
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

// add appends an entry as long as the list isn't too long.
func add(list []Entry, e Entry) ([]Entry, error) {
	if len(list) == MaxEntries {
		return nil, errorf(e.Line, "more than %d entries; a playlist holds 10,000", MaxEntries)
	}
	return append(list, e), nil
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
