package spotify

import (
	"html"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/spotsync/spotsync/config/longtest"
)

func TestUnescape(t *testing.T) {
	for served, want := range map[string]string{
		"":                          "",
		"Mine &amp; yours":          "Mine & yours",
		"Jo&#x27;s list":            "Jo's list",
		"Jo&amp;#x27;s list":        "Jo&#x27;s list", // the list's owner wrote the entity
		"&amp;amp; is &amp;":        "&amp; is &",
		"a&#x2F;b &lt;c&gt; &quot;": `a/b <c> "`,
		"&amp;copy; 2026":           "&copy; 2026",
		"Jo's &amp; mine":           "Jo's &amp; mine", // not escaped, or the apostrophe would be
		"R&B &amp; soul":            "R&B &amp; soul",
		"&copy; &eacute":            "&copy; &eacute",
		" blanks count ":            " blanks count ",
	} {
		if got := Unescape(served); got != want {
			t.Errorf("%q: %q, want %q", served, got, want)
		}
	}
}

// TestUnescapeUndoesEscaping whatever the text is.
func TestUnescapeUndoesEscaping(t *testing.T) {
	escape := strings.NewReplacer("&", "&amp;", "'", "&#x27;", "/", "&#x2F;", `"`, "&quot;", "<", "&lt;", ">", "&gt;")
	longtest.Check(t, 100, 1000, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("a &;#x27amp'\"<>/"))).Draw(t, "text")
		if got := Unescape(escape.Replace(text)); got != text {
			t.Fatalf("%q comes back as %q", text, got)
		}
		if got := Unescape(html.EscapeString(text)); got != text {
			t.Fatalf("%q comes back as %q", text, got)
		}
	})
}
