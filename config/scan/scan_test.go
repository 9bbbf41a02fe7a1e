package scan

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// depthOf is how deep HCL's own tokens go.
func depthOf(tokens hclsyntax.Tokens) int {
	depth, deepest := 0, 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			depth = max(0, depth-1)
		}
		deepest = max(deepest, depth)
	}
	return deepest
}

// scanned is how deep this package says that UTF-8 text goes.
func scanned(src []byte) int {
	for depth := 0; ; depth++ {
		if Source(src, Limits{Depth: depth, Tokens: 1 << 30, Digits: 1 << 30}).Reason == None {
			return depth
		}
	}
}

// agrees reports whether both see the same in source that HCL can parse: other source is refused anyway.
func agrees(t *testing.T, src []byte) {
	t.Helper()
	if !utf8.Valid(src) {
		if got := Source(src, Limits{Depth: 1 << 30, Tokens: 1 << 30, Digits: 1 << 30}).Reason; got != NotUTF8 {
			t.Errorf("%.300q: reason %d, which is not UTF-8", src, got)
		}
		return
	}
	if _, diags := hclsyntax.ParseConfig(src, "", hcl.InitialPos); diags.HasErrors() {
		return
	}
	tokens, _ := hclsyntax.LexConfig(src, "", hcl.InitialPos)
	if got, want := scanned(src), depthOf(tokens); got != want {
		t.Errorf("%.300q: %d deep, HCL says %d", src, got, want)
	}
}

var tricky = []string{
	"", "a = 1\n", "a = [[\"b\"]]\n", "a = \"${\"${[1]}\"}\"\n", `a = "$${[[[["` + "\n", `a = "$$${[[[[%%{[["` + "\n", `a = "\"[[[\\"` + "\n", "a = \"$\"\nb = [1]\n", "a = \"100%\"\nb = [[1]]\n",
	"# [[[[\na = [1]\n", "// [[[[\na = [1]\n", "/* [[[[\n[[[ */ a = [1]\n", "a = \"/*\"\nb = [[[1]]]\n/* */\n", "a = \"#[[[\"\n", "a = 1 / 2 * 3\n",
	"a = <<EOT\n[[[[\"\nEOT\n", "a = <<-EOT\n  [[[\n  EOT\n  EOT2\n  EOT\nb = [[1]]\n", "a = <<EOT\n${[<<IN\nx${[1]}\nIN\n]}\nEOT\nb = 1\n", "a = <<EOT\n$EOT\nEOT\n", "a = <<EOT\nx ${1}\nEOT\nEOT\nb = [1]\n",
	"a = <<EOT\r\n[[[\r\nEOT\r\nb = [[1]]\r\n", "a = <<EOT\n%{ if true ~}\n[[[\n%{ endif ~}\nEOT\n", "a = \"${ { x = { y = 1 } }.x.y }\"\n", "a = \"%{ for x in [1] }${x}%{ endfor }\"\n", "a {\n  b \"c\" {\n    d = f([1], { e = (2) })\n  }\n}\n",
	"\ufeffa = [1]\n", "ä = \"日本[[[\"\n", "a = 1 << 2\n", "a = [\n  \"x\", # [[[\n  \"y\", // \"\n  \"z${1}\",\n]\n", "a = \"\n", "a = <<EOT\n", "/* [[[", "a = [\n\"\", #\n]\n", "}}}}\na = [1]\n", "a = \"~}\"\n", "a = \"${1 ~}[\"\n", "a = b.c[0].*.d\n", "a = 1 < 2\n", "a = <<EOT\n$${[[[\nEOT\n",
	"\xe7# =[]", "a = \"\xe7\"\n",
}

func TestDepth(t *testing.T) {
	for _, src := range tricky {
		agrees(t, []byte(src))
	}
	for _, pattern := range []string{"../testdata/*/*.hcl", "../../examples/*/*.hcl", "../../examples/*.hcl"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			agrees(t, src)
		}
	}
}

func FuzzDepth(f *testing.F) {
	for _, src := range tricky {
		f.Add([]byte(src))
	}
	f.Fuzz(agreesIn)
}

func agreesIn(t *testing.T, src []byte) { agrees(t, src) }

func TestLimits(t *testing.T) {
	limits := Limits{Depth: 5, Tokens: 50, Digits: 10}
	for _, test := range []struct {
		src  string
		want string
	}{
		{"a = [[[[[1]]]]]\n", "0 0:0"},
		{"a = 1\nb = [[[[[[1]]]]]]\n", "1 2:10"},
		{"a = \"" + strings.Repeat("${\"", 9), "1 1:12"},
		{strings.Repeat("a = 1\n", 12), "0 0:0"},
		{strings.Repeat("a = 1\n", 13), "2 13:5"},
		{"# " + strings.Repeat("a comment of many words ", 100) + "\n/* " + strings.Repeat("another one\n", 100) + "*/\n", "0 0:0"},
		{"a = [\n" + strings.Repeat("  \"spotify:track:003vvx7Niy0yvhvHt4a68B\", # Name\n", 1000) + "]\n", "0 0:0"},
		{"a = <<E\n" + strings.Repeat("x\n", 100) + "E\n", "2 49:1"},
		{"a = 1234567890\n", "0 0:0"},
		{"a = 12345678901\n", "3 1:5"},
		{"a = b12345678901\n", "0 0:0"},
		{"# ä\na = \"\xe7\"\n", "6 2:6"},
	} {
		e := Source([]byte(test.src), limits)
		if got := fmt.Sprintf("%d %d:%d", e.Reason, e.Line, e.Column); got != test.want {
			t.Errorf("%.40q: %s, want %s", test.src, got, test.want)
		}
	}
	limits = Limits{Depth: 5, Tokens: 1000, Digits: 10, Row: 8, Lines: 3}
	for src, want := range map[string]string{
		"a = b" + strings.Repeat(".c", 2) + "\n":                "0 0:0",
		"x = 1\na = b" + strings.Repeat(".c", 9) + "\n":         "4 2:11",
		"a " + strings.Repeat("\"x\" ", 9) + "{\n}\n":           "4 1:16",
		"a " + strings.Repeat("x ", 9) + "{\n}\n":               "4 1:17",
		"a = [" + strings.Repeat("1, ", 50) + "]\n":             "0 0:0",
		"a = [\n" + strings.Repeat("b\n", 50) + "]\n":           "0 0:0",
		"a = <<A\n" + strings.Repeat("<<A\n", 3) + "A\nb = 1\n": "0 0:0",
		"a = <<A\n" + strings.Repeat("<<A\n", 4) + "A\n":        "5 5:4",
	} {
		e := Source([]byte(src), limits)
		if got := fmt.Sprintf("%d %d:%d", e.Reason, e.Line, e.Column); got != want {
			t.Errorf("%.40q: %s, want %s", src, got, want)
		}
	}
	if e := Template([]byte("[[[[[[[[ ${[[[[[1"), limits); e.Reason != TooDeep {
		t.Error(e)
	}
	if e := Template([]byte("[[[[[[[[ $${[[[[[1"), limits); e.Reason != None {
		t.Error(e)
	}
}
