package reconcile

import (
	"html"
	"maps"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/spotsync/spotsync/spotify"
)

// Texts are compared as they stand: what is in the file with what [spotify.Unescape] makes of what Spotify serves. Where
// Spotify shows a text of ours otherwise than it was written, that is learned from reading it back, and counts as the same
// from then on: a difference is written once, and never for ever.

// renderings are texts of the files and how Spotify shows them, by [nameText] and [descriptionText].
type renderings map[string]string

func nameText(name string) string               { return "name: " + name }
func descriptionText(description string) string { return "description: " + description }

// sameDescription reports whether two descriptions are the same. Spotify has no empty one: a space stands for it.
func sameDescription(a, b string) bool { return a == b || blank(a) && blank(b) }

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// sameName reports whether two names are the same. Unicode's two ways to write an accent look alike and are.
func sameName(a, b string) bool { return norm.NFC.String(a) == norm.NFC.String(b) }

// description reports whether Spotify shows the wanted description.
func (r renderings) description(want, shown string) bool {
	known, ok := r[descriptionText(want)]
	return sameDescription(want, shown) || ok && known == shown
}

// name does the same for names. Those are taken as they are served: Spotify is known to escape descriptions alone. Should it
// escape names too, then the wanted one is written once, and read back.
func (r renderings) name(want, shown string) bool {
	known, ok := r[nameText(want)]
	return sameName(want, shown) || ok && known == shown
}

// written is the text of ours that Spotify shows as shown: itself, where nothing else was learned.
func (r renderings) written(shown string, key func(string) string) string {
	for _, ours := range sortedKeys(r) {
		if text, ok := strings.CutPrefix(ours, key("")); ok && r[ours] == shown {
			return text
		}
	}
	return shown
}

// learned adds to the renderings what was written and is shown with other white space: Spotify drops some. Everything else
// that is shown in place of what we wrote is somebody's edit, or is learned by reading at once (see [Change.LearnTexts]).
func (r renderings) learned(wrote, shown string, key func(string) string) renderings {
	if wrote == shown || squeezed(wrote) != squeezed(shown) {
		return r
	}
	return joined(r, renderings{key(wrote): shown})
}

// squeezed is a text without what people don't see: repeated white space, blanks at the ends, characters of no width.
func squeezed(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, norm.NFC.String(s))
	return strings.Join(strings.Fields(s), " ")
}

// resembles reports whether a text may be how Spotify shows another: it differs in white space and escapes at most.
func resembles(a, b string) bool {
	bare := func(s string) string {
		for range 4 {
			s = html.UnescapeString(s)
		}
		return squeezed(s)
	}
	return a == b || bare(a) == bare(b)
}

// NamedLike reports whether a listed playlist may have the name: it is looked for where taking it for another would make a
// second one.
func NamedLike(name, served string) bool {
	return NameKey(name) == NameKey(served) || NameKey(name) == NameKey(spotify.Unescape(served))
}

// NameKey is what makes two playlist names count as the same one.
func NameKey(name string) string { return strings.TrimSpace(norm.NFC.String(name)) }

// of are the renderings of what the files say; of what they leave out, all.
func (r renderings) of(w DesiredState) renderings {
	out := maps.Clone(r)
	maps.DeleteFunc(out, func(ours, _ string) bool {
		return w.Name != nil && strings.HasPrefix(ours, nameText("")) && ours != nameText(*w.Name) ||
			w.Description != nil && strings.HasPrefix(ours, descriptionText("")) && ours != descriptionText(*w.Description)
	})
	if len(out) == 0 {
		return nil
	}
	return out
}

// ShowsDetails reports whether a read shows details that were written, but for escapes and white space.
func ShowsDetails(p spotify.Playlist, want spotify.Details) bool {
	d := DetailsOf(p)
	return resembles(d.Name, want.Name) && resembles(d.Description, want.Description)
}
