package tracklist

import (
	"strings"

	"github.com/spotsync/spotsync/spotify"
)

// parseM3U reads a playlist file whose entries are Spotify's URIs or links, titled by #EXTINF lines.
func parseM3U(text string) ([]Entry, error) {
	var g gathering
	var title, artist string // of the entry to come
	announced := 0           // line of the #EXTINF that awaits its entry
	lost := func() {
		if announced > 0 {
			g.reject(errorf(announced, "#EXTINF announces a song, and no URI or link follows it"))
		}
		announced = 0
	}
	for i, line := range lines(text) {
		switch {
		case line == "":
			continue
		case hasPrefixFold(line, "#EXTINF:"):
			lost()
			if mentionsSong(line) { // a line end is gone: as a title the song would be lost without a word
				g.reject(errorf(i+1, "a song stands on the line of #EXTINF, behind its title; put it on a line of its own"))
				continue
			}
			artist, title = splitName(infTitle(line[len("#EXTINF:"):]))
			announced = i + 1
			continue
		case strings.HasPrefix(line, "#"):
			continue
		}
		e, err := newEntry(line, title, artist, i+1)
		if err != nil {
			if _, refErr := spotify.ParseRef(line); refErr != nil && !hasPrefixFold(line, "spotify:") {
				err = errorf(i+1, "%s is a file or an address, not a Spotify URI or link: spotsync can't tell which track it is", quote(line))
			}
		}
		title, artist, announced = "", "", 0
		g.take(e, err)
	}
	lost()
	return g.list()
}

// parseText reads an entry a line. What stands behind " #" names it, as "Artist – Title".
func parseText(text string) ([]Entry, error) {
	var g gathering
	for i, line := range lines(text) {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		// Links may have a fragment, so a comment needs a space before it.
		entry, comment := line, ""
		if at := strings.IndexAny(line, " \t"); at >= 0 {
			if rest := strings.TrimSpace(line[at:]); strings.HasPrefix(rest, "#") {
				entry, comment = line[:at], rest[1:]
			}
		}
		artist, title := splitName(comment)
		g.take(newEntry(entry, title, artist, i+1))
	}
	return g.list()
}

// infTitle is what follows the length and the attributes of an #EXTINF line: 123 key="a, b",Artist - Title.
func infTitle(s string) string {
	quoted := false
	for i, r := range s {
		switch {
		case r == '"':
			quoted = !quoted
		case r == ',' && !quoted:
			return s[i+1:]
		}
	}
	return ""
}

// splitName reads "Artist - Title"; what has no dash in it is a title.
func splitName(s string) (artist, title string) {
	s = strings.TrimSpace(s)
	for _, dash := range []string{" – ", " - "} {
		if a, t, ok := strings.Cut(s, dash); ok {
			return strings.TrimSpace(a), strings.TrimSpace(t)
		}
	}
	return "", s
}

// breaks are what some programs end a line with besides LF: Unicode's line and paragraph separators, and older ones. What
// stands behind one looks like a line of its own.
var breaks = strings.NewReplacer("\u2028", "\n", "\u2029", "\n", "\u0085", "\n", "\v", "\n", "\f", "\n")

// lines are the lines of a text whose line ends are LF, each without space around it.
func lines(text string) []string {
	all := strings.Split(breaks.Replace(text), "\n")
	for i, l := range all {
		all[i] = strings.TrimSpace(l)
	}
	return all
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
