package words

import "testing"

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain – ümlaut":          "plain – ümlaut",
		"a\x1b[31mb\u009bc":       `a\x1b[31mb\x9bc`,
		"a\nb\tc":                 `a\nb\tc`,
		"a\u202eb\u2066c\u200bd":  "abcd",
		"👩\u200d👩\u200d👧":         "👩\u200d👩\u200d👧",
		"a\u200db":                "ab",
		"bad\xffbyte":             "bad\ufffdbyte",
		"nbsp\u00a0x":             "nbsp x",
		"e\u0301":                 "e\u0301",
		"שלום":                    "שלום",
		"line\u2028sep":           "linesep",
		"tail\u200d":              "tail",
		"❤\ufe0f":                 "❤\ufe0f",
		"می\u200cخواهم":           "می\u200cخواهم",
		"\ufeffbom\U000e0041tags": "bomtags",
	} {
		if got := Printable(in); got != want {
			t.Errorf("printable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  string
	}{
		{"hello", 5, "hello"}, {"hello", 4, "hel…"}, {"hello", 1, "…"}, {"hello", 0, "hello"}, {"日本語", 5, "日本…"}, {"日本語", 4, "日…"},
		{"one two", 5, "one…"}, {"👩\u200d👩\u200d👧👧", 3, "👩\u200d👩\u200d👧…"},
	} {
		if got := Cut(c.in, c.width); got != c.want {
			t.Errorf("cut(%q, %d) = %q, want %q", c.in, c.width, got, c.want)
		}
	}
}
