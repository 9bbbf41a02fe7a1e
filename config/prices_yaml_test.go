package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spotsync/spotsync/config/meter"
)

// laughs is a text in which each line stands for the one before several times.
func laughs(first, line string, lines int) string {
	text := strings.ReplaceAll(first, "#", "n0") + "\n"
	for i := range lines {
		text += strings.NewReplacer("#", fmt.Sprintf("n%d", i+1), "*", fmt.Sprintf("*n%d", i)).Replace(line) + "\n"
	}
	return text
}

// A YAML text that stands for more than fits into memory is refused before it is decoded, however it is written.
func TestYAMLOfManyAliases(t *testing.T) {
	for name, text := range map[string]string{
		"rows":                laughs(`#: &# [x, x]`, `#: &# [*, *, *, *]`, 20),
		"rows with quotes":    laughs(`#: &# ["x", "]"]`, `#: &# ["]", *, *, *, *]`, 20),
		"rows of two lines":   laughs(`#: &# [x, x]`, "#: &# [x,\n*, *, *,\n*]", 20),
		"a comment in a row":  strings.ReplaceAll(laughs(`#: &# [x, x]`, "#: &# [x, @ ]\n*, *, *,\n*]", 20), "@", "#"),
		"objects":             laughs(`#: &# {a: x}`, `#: &# {a: *, b: *, c: *}`, 20),
		"lists":               laughs("#: &#\n- x", "#: &#\n- *\n- *\n- *", 20),
		"lists in lists":      laughs("- &#\n  - x", "- &#\n  - *\n  - *\n  - *", 20),
		"maps":                laughs("#: &#\n  a: x", "#: &#\n  a: *\n  b: *\n  c: *", 20),
		"text over two lines": laughs("#: &#\n  a: x", "#: &#\n  z: \"a\nb\"\n  a: *\n  b: *\n  c: *", 20),
		"other line ends":     strings.ReplaceAll(laughs("#: &#\n  a: x", "#: &#\n  a: *\n  b: *\n  c: *", 20), "\n", "\r"),
		"anchors in rows":     `[` + strings.ReplaceAll(strings.TrimSpace(laughs(`&# [x]`, `&# [*, *, *, *]`, 20)), "\n", ", ") + `]`,
		"keys merged":         "a: &a {" + strings.Repeat("k: 1, ", 2000) + "z: 1}\n" + strings.Repeat("m:\n  <<: *a\n", 2000),
		"a long text":         "a: &a " + strings.Repeat("x", 1_000_000) + "\n" + strings.Repeat("m: *a\n", 1000),
	} {
		if _, err := eval(t, memory{"f.yaml": text}, `length(yamldecode(file("f.yaml")))`, nil); err == nil || !strings.Contains(err.Error(), meter.TooMuchWork) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"defaults":            "d: &d\n  name: x\n  public: true\n" + manyOf("p#:\n  <<: *d\n  songs: [a, b]\n", 300),
		"defaults, in quotes": "d: &d\n  name: \"x\"\n  public: true\n" + manyOf("p#:\n  <<: *d\n  name: 'y'\n", 300),
		"a list of lists":     "- &a\n  - x\n" + manyOf("- *a\n", 500),
		"a row used often":    "a: &a [x, y]\n" + manyOf("p#: *a\n", 500),
		"few, and brackets":   "a: &a [\"x [live]\", y]\n" + manyOf("p#: *a\n", 10),
	} {
		if _, err := eval(t, memory{"f.yaml": text}, `length(yamldecode(file("f.yaml")))`, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// manyOf repeats a text, with numbers for #.
func manyOf(text string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(text, "#", fmt.Sprint(i)))
	}
	return b.String()
}
