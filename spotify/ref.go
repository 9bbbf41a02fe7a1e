package spotify

import (
	"errors"
	"fmt"
	"math/bits"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind is the kind of object an ID names.
type Kind string

// The kinds spotsync meets.
const (
	KindTrack    Kind = "track"
	KindEpisode  Kind = "episode"
	KindAlbum    Kind = "album"
	KindArtist   Kind = "artist"
	KindPlaylist Kind = "playlist"
	KindShow     Kind = "show"
	KindUser     Kind = "user"
	KindLocal    Kind = "local"
)

// Ref is a parsed reference to an object of Spotify's.
type Ref struct {
	Kind Kind // empty for a bare ID
	ID   ID   // for KindLocal what follows spotify:local:, for KindUser the user's ID, not percent-encoded
}

// PlaylistURI names a playlist to the library.
func PlaylistURI(id ID) URI { return Ref{ID: id}.URI(KindPlaylist) }

// URI is the reference as a URI; k is the kind of a bare ID.
func (r Ref) URI(k Kind) URI {
	if r.Kind != "" {
		k = r.Kind
	}
	id := string(r.ID)
	if k == KindUser {
		id = strings.ReplaceAll(url.QueryEscape(id), "+", "%20")
	}
	return URI("spotify:" + string(k) + ":" + id)
}

// ParseRef reads a URI, a share link in any of its forms, or a bare ID, with white space around it. It asks nobody:
// that an ID is well formed doesn't mean that it exists. Whether the kind is the one wanted is the caller's question.
// Errors are sentences for whoever wrote the text.
func ParseRef(text string) (Ref, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return Ref{}, errors.New("there is no Spotify URI, link or ID")
	}
	if scheme, rest, found := strings.Cut(text, ":"); found && strings.EqualFold(scheme, "spotify") {
		return parseURI(rest, text)
	}
	if strings.ContainsAny(text, "/.") {
		return parseLink(text)
	}
	if len(text) != idLength {
		return Ref{}, fmt.Errorf("%s is not a Spotify URI, link or ID; copy one with Share in Spotify", quote(text))
	}
	id, err := parseID("ID", text)
	return Ref{ID: id}, err
}

// parseURI reads what follows "spotify:".
func parseURI(rest, text string) (Ref, error) {
	kind, id, _ := strings.Cut(rest, ":")
	if kind == string(KindLocal) {
		if strings.Trim(id, ":") == "" || strings.ContainsFunc(id, unicode.IsControl) {
			return Ref{}, fmt.Errorf("%s names no local file", quote(text))
		}
		return Ref{Kind: KindLocal, ID: ID(id)}, nil
	}
	if k := Kind(kind); k == KindTrack || k == KindEpisode { // nearly all that are read; without the pieces of memory below
		if id, err := parseID("ID", id); err == nil {
			return Ref{Kind: k, ID: id}, nil
		}
	}
	path, extra := cutExtra(rest)
	if err := checkExtra(extra, text); err != nil {
		return Ref{}, err
	}
	return parsePath(strings.Split(path, ":"), text)
}

// cutExtra cuts what no ID is in off a link or URI: its query and fragment.
func cutExtra(s string) (path, extra string) {
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// checkExtra refuses a query or fragment that more than one link is in: all but the first would be dropped without a word.
func checkExtra(extra, text string) error {
	lower := strings.ToLower(extra)
	_, link, found := strings.Cut(lower, "spotify.com/")
	another := found && (strings.Contains(link, "track/") || strings.Contains(link, "episode/")) ||
		strings.Contains(lower, "spotify:track:") || strings.Contains(lower, "spotify:episode:")
	switch {
	case another && !strings.Contains(lower, "highlight="): // an album's link may point at one of its songs
		return fmt.Errorf("%s is several links in one; write each by itself", quote(text))
	case strings.ContainsFunc(extra, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return fmt.Errorf("%s has something behind the link; write the link by itself", quote(text))
	}
	return nil
}

// parseLink reads a link, with or without its scheme.
func parseLink(text string) (Ref, error) {
	rest := text
	if scheme, after, found := strings.Cut(text, "://"); found {
		if !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http") {
			return Ref{}, fmt.Errorf("%s is not a link to Spotify", quote(text))
		}
		rest = after
	}
	rest, extra := cutExtra(rest)
	if err := checkExtra(extra, text); err != nil {
		return Ref{}, err
	}
	host, path, _ := strings.Cut(rest, "/")
	switch strings.ToLower(host) {
	case "open.spotify.com", "play.spotify.com":
	case "spotify.link", "spotify.app.link", "spoti.fi":
		return Ref{}, fmt.Errorf("%s is a short link, which only Spotify can read; open it in a browser and copy the long link it leads to", quote(text))
	default:
		return Ref{}, fmt.Errorf("%s is not a link to Spotify; those begin with https://open.spotify.com/", quote(text))
	}
	var parts []string
	for part := range strings.SplitSeq(path, "/") {
		language := len(parts) == 0 && strings.HasPrefix(part, "intl-")
		embed := len(parts) == 0 && (part == "embed" || part == "embed-podcast")
		if part != "" && !language && !embed {
			parts = append(parts, part)
		}
	}
	return parsePath(parts, text)
}

// parsePath reads the parts of a URI or link: a kind and an ID, or a user's playlist as it was once written.
func parsePath(parts []string, text string) (Ref, error) {
	if len(parts) == 4 && parts[0] == "user" && parts[2] == "playlist" && userName(parts[1]) {
		parts = parts[2:]
	}
	if len(parts) > 0 && (parts[0] == "collection" || (len(parts) > 2 && parts[0] == "user" && parts[2] == "collection")) {
		return Ref{}, fmt.Errorf("%s is somebody's library, which has no ID", quote(text))
	}
	if len(parts) != 2 {
		return Ref{}, fmt.Errorf("%s names no track, playlist or other object of Spotify's", quote(text))
	}
	switch kind := Kind(parts[0]); kind {
	case KindUser:
		name, ok := userID(parts[1])
		if !ok {
			return Ref{}, fmt.Errorf("%s names no user", quote(text))
		}
		return Ref{Kind: KindUser, ID: name}, nil
	case KindTrack, KindEpisode, KindAlbum, KindArtist, KindPlaylist, KindShow:
		id, err := parseID(string(kind)+" ID", parts[1])
		if err != nil {
			return Ref{}, err
		}
		return Ref{Kind: kind, ID: id}, nil
	}
	return Ref{}, fmt.Errorf("%s names neither a track nor an episode, album, artist, playlist, show or user", quote(text))
}

// userID is the ID of a user whose name stands in a URI or link, where it is percent-encoded: who%21 is who!.
func userID(part string) (ID, bool) {
	if !userName(part) {
		return "", false
	}
	name, err := url.PathUnescape(part)
	if err != nil {
		return ID(part), true // written by hand
	}
	ok := utf8.ValidString(name) && strings.TrimSpace(name) != "" && name != "." && name != ".." && !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
	return ID(name), ok
}

// userName reports whether s can be a user's name: older ones were chosen freely.
func userName(s string) bool {
	return s != "" && s != "." && s != ".." && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r) || strings.ContainsRune(":/?#,", r)
	})
}

const idLength = 22

// parseID checks that s has the form of all of Spotify's IDs but users'.
func parseID(what, s string) (ID, error) {
	if len(s) != idLength {
		return "", fmt.Errorf("%s is not a Spotify %s: it has %d characters and not %d; copy it again", quote(s), what, len([]rune(s)), idLength)
	}
	for i := range len(s) {
		if _, ok := base62(s[i]); !ok {
			return "", fmt.Errorf("%s is not a Spotify %s: it may hold only letters without accents and digits; copy it again", quote(s), what)
		}
	}
	return ID(s), nil
}

// Possible reports whether Spotify can have given out the ID: its IDs, but for users', are numbers of 128 bits in base 62,
// which seven out of eight arbitrary words of 22 letters are not.
func (id ID) Possible() bool {
	if len(id) != idLength {
		return false
	}
	var hi, lo uint64
	for i := range len(id) {
		digit, ok := base62(id[i])
		over, top := bits.Mul64(hi, 62)
		carry, low := bits.Mul64(lo, 62)
		low, c := bits.Add64(low, digit, 0)
		top, overflow := bits.Add64(top, carry, c)
		if !ok || over+overflow > 0 {
			return false
		}
		hi, lo = top, low
	}
	return true
}

// base62 is the value of a digit in Spotify's order.
func base62(c byte) (uint64, bool) {
	switch {
	case c >= '0' && c <= '9':
		return uint64(c - '0'), true
	case c >= 'a' && c <= 'z':
		return uint64(c-'a') + 10, true
	case c >= 'A' && c <= 'Z':
		return uint64(c-'A') + 36, true
	}
	return 0, false
}

// quote shows somebody's text in a message, shortened.
func quote(s string) string {
	s = tidy(s)
	if runes := []rune(s); len(runes) > 80 {
		s = string(runes[:79]) + "…"
	}
	return `"` + s + `"`
}
