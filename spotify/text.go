package spotify

import (
	"html"
	"regexp"
	"strings"
)

// entity is one of the forms in which Spotify serves & ' " < > and /, and their like.
var entity = regexp.MustCompile(`&(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});`)

// Unescape is a text as it was written, given how Spotify serves it: with HTML's special characters escaped, once. A text
// that has such characters as they are was not escaped, and means what it says.
func Unescape(served string) string {
	if served == "" || evidentlyPlain(served) {
		return served
	}
	return entity.ReplaceAllStringFunc(served, html.UnescapeString)
}

// evidentlyPlain reports whether a served text holds characters that escaping would have replaced.
func evidentlyPlain(served string) bool {
	return strings.ContainsAny(served, `'"<>`) || strings.Contains(entity.ReplaceAllLiteralString(served, ""), "&")
}

// NamesArePlain reports whether one of the playlists proves that Spotify serves names as they were written. No source says
// whether it escapes them, as it does descriptions.
func NamesArePlain(served []Playlist) bool {
	for _, p := range served {
		if evidentlyPlain(p.Name) || strings.Contains(p.Name, "/") {
			return true
		}
	}
	return false
}

// Escapable reports whether escaping would change a text.
func Escapable(text string) bool { return strings.ContainsAny(text, `&'"<>/`) }
