package tracklist

import (
	"strings"

	"github.com/spotsync/spotsync/spotify"
)

// parseM3U reads a playlist file whose entries are Spotify's URIs or links, titled by #EXTINF lines.
func parseM3U(text string) ([]Entry, error) {
	var list []Entry
	var title, artist string // of the entry to come
	for i, line := range lines(text) {
		switch {
		case line == "":
			continue
		case hasPrefixFold(line, "#EXTINF:"):
			artist, title = splitName(infTitle(line[len("#EXTINF:"):]))
			continue
		case strings.HasPrefix(line, "#"):
			continue
		}
		e, err := newEntry(line, title, artist, i+1)
		if err != nil {
			if _, refErr := spotify.ParseRef(line); refErr != nil && !hasPrefixFold(line, "spotify:") {
				err = errorf(i+1, "%s is a file or an address, not a Spotify URI or link: spotsync can't tell which track it is", quote(line))
			}
			return nil, err
		}
		title, artist = "", ""
		if list, err = add(list, e); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// parseText reads an entry a line. What stands behind " #" names it, as "Artist – Title".
func parseText(text string) ([]Entry, error) {
	var list []Entry
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
		e, err := newEntry(entry, title, artist, i+1)
		if err != nil {
			return nil, err
		}
		if list, err = add(list, e); err != nil {
			return nil, err
		}
	}
	return list, nil
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

// lines splits at any system's line ends and trims each line.
func lines(text string) []string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	all := strings.Split(strings.ReplaceAll(text, "\r", "\n"), "\n")
	for i, l := range all {
		all[i] = strings.TrimSpace(l)
	}
	return all
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
