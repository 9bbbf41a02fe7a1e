package config

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/longtest"
	"github.com/spotsync/spotsync/config/scan"
)

// songs is a configuration of many long lists.
func songs(playlists, tracks int, behind string) []byte {
	var b bytes.Buffer
	for i := range playlists {
		fmt.Fprintf(&b, "playlist \"p%04d\" {\n  name = \"List %d\"\n  tracks = [\n", i, i)
		for j := range tracks {
			fmt.Fprintf(&b, "    \"spotify:track:%022d\",%s\n", i*tracks+j, strings.ReplaceAll(behind, "#n", fmt.Sprintf("# Artist %d – Song", j)))
		}
		b.WriteString("  ]\n}\n\n")
	}
	return b.Bytes()
}

type fataler interface {
	Helper()
	Fatalf(string, ...any)
}

// samePieces checks that src in pieces is what it is as a whole, or not sound, which it reports.
// src is as Parse hands it on: no CR stands alone.
func samePieces(t fataler, src []byte, size int) bool {
	t.Helper()
	pieces := split("a.hcl", src, size)
	var again []byte
	for _, p := range pieces {
		again = append(again, p.src...)
		p.parse()
	}
	got, sound := join(pieces)
	if !sound {
		return false
	}
	want := parseWhole("a.hcl", src)
	switch {
	case !bytes.Equal(src, again):
		t.Fatalf("the pieces are not the file:\n%.3000s", src)
	case len(want.diags) > 0:
		t.Fatalf("the pieces are sound, the file is not: %v\n%.3000s", want.diags, src)
	case !reflect.DeepEqual(want.body, got.body):
		t.Fatalf("another body:\n%.3000s", src)
	case !slices.Equal(want.remarks, got.remarks) || !slices.Equal(want.names, got.names):
		t.Fatalf("other comments: %v %v, want %v %v\n%.3000s", got.remarks, got.names, want.remarks, want.names, src)
	}
	return true
}

func TestPieces(t *testing.T) {
	long := string(songs(20, 30, " #n"))
	for _, c := range []struct {
		name, src string
		sound     bool
	}{
		{"lists", long, true},
		{"without comments", string(songs(20, 30, "")), true},
		{"Windows", strings.ReplaceAll(long, "\n", "\r\n"), true},
		{"byte order mark", "\ufeff" + long, true},
		{"without a last newline", strings.TrimSpace(long), true},
		{"empty", "", true},
		{"arguments", "a = f(\n  \"x\",\n  \"y\",\n)\n", false},
		{"operand", "a = [1 +\n  \"x\",\n]\n", false},
		{"text holding a block", long + "locals {\n  a = <<EOT\nb {\n}\nc {\n}\nEOT\n}\n", false},
		{"text", long + "locals {\n  a = <<EOT\n  \"x\",\nEOT\n}\n", false},
		{"short text", long + "locals {\n  a = <<EOT\n  x,\nEOT\n}\n", true},
		{"comment", long + "locals {\n  a = [\n    /*\n    \"x\", # y\n    */ \"z\", # a\n  ]\n}\n", false},
		{"comment across pieces", "/*\n" + long + "*/", false},
		{"open quote", "a = [ \"\n  \"x\",\n\"]\n", false},
		{"interpolation across elements", "a = \"${[\n  \"x\", # y\n]}\" # z\n", true},
		{"attribute twice", "a = 1\n" + long + "a = 2\n", false},
		{"byte order mark inside", "locals {\n}\n\ufeffa = 1\n", false},
		{"elements that are not plain", "a = [\n  \"${x}\",\n  \"%{if x}y%{endif}\",\n  \"\\u0041\",\n  \"ü\", # ü\n  \"\",\n  \"$\",\n  \"x\" ,\t// y\n]\n", true},
		{"a number after a dot", "a = [ b.\n  \"x\",\n]\n", false},
		{"an element too deep", "a = " + strings.Repeat("[", scan.MaxDepth) + "\n  \"x\",\n" + strings.Repeat("]", scan.MaxDepth) + "\n", false},
		{"an element deep", "a = " + strings.Repeat("[", scan.MaxDepth-1) + "\n  \"x\",\n" + strings.Repeat("]", scan.MaxDepth-1) + "\n", true},
		{"not UTF-8", "a = 1 # \xff\n", false},
	} {
		if got := samePieces(t, []byte(c.src), 1); got != c.sound {
			t.Errorf("%s: sound is %v", c.name, got)
		}
	}
}

// Any text is in pieces what it is as a whole, or left to the whole: with every error told as it is there.
func TestAnyPieces(t *testing.T) {
	lines := rapid.SampledFrom([]string{
		"playlist \"a\" {", "locals {", "}", "}", "}\r", "  tracks = [", "  ]", "    \"spotify:track:0000000000000000000001\", # A – B", "    \"4uLU6hMCjMI75M1A2tKUQC\",", "\t\"x\" , // y\r",
		"    \"ü\", # ü", "    \"a\\n\",", "    \"${local.x}\", # z", "    \"$\", \"%\",", "  a = <<EOT", "EOT", "  b = <<-EOT", "/*", "*/", "  c = \"${", "}\"", "  d = f(", "  )", "  \"", "\"x", "# alone", "  e = [1 +", "  f = [ x.",
		"  g = { a = [", "]}", "\ufeff", "\ufeffh = 1", "h = 1 # h", "i = [for x in y : [", "]]", "'", "`", "", "  j = x ? [", ": [", "  \"x\", \"y\", # two", "  \"4uLU6hMCjMI75M1A2tKUQC\" # last", "  \"x\", /* z */",
	})
	blocks := rapid.SampledFrom([]string{
		string(songs(1, 3, " #n")), string(songs(1, 4, "")), "locals {\n  a = <<EOT\n  \"x\",\n}\nEOT\n}\n", "locals {\n  b = [\n    [\n      \"x\", # y\n    ],\n  ] # z\n}\n",
		"output \"x\" {\n  value = concat([\n    \"x\",\n  ], [\"y\"])\n}\n", "# alone\n", "c = \"${[\n  \"x\",\n]}\"\n", "removed {\n  from = playlist.x\n}\r\n",
	})
	sound := 0
	longtest.Check(t, 100, 1000, func(t *rapid.T) {
		src := strings.Join(rapid.SliceOfN(blocks, 0, 12).Draw(t, "blocks"), "")
		text := strings.SplitAfter(src, "\n")
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
			if rapid.Bool().Draw(t, "delete") && len(text) > 1 {
				text = slices.Delete(text, at, at+1)
			} else {
				text = slices.Insert(text, at, lines.Draw(t, "line")+"\n")
			}
		}
		if samePieces(t, []byte(strings.Join(text, "")), rapid.IntRange(1, 200).Draw(t, "size")) {
			sound++
		}
	})
	if sound == 0 {
		t.Error("no text was sound")
	}
}

// Files parsed side by side are told of in the order of their names, and name songs in it.
func TestFilesSideBySide(t *testing.T) {
	files := diag.Files{"z.hcl": []byte("locals {\n  x = [\n    \"spotify:track:0000000000000000000001\", # last\n  ]\n}\n" +
		"playlist \"all\" {\n  tracks = concat(local.x, playlist.p0000.tracks)\n}\n")}
	for i := range 20 {
		files[fmt.Sprintf("f%02d.hcl", i)] = bytes.ReplaceAll(songs(1, 300, fmt.Sprintf(" # file %d", i)), []byte("p0000"), fmt.Appendf(nil, "p%04d", i))
	}
	d, diags := evaluate(t, files, Inputs{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	all := d.Playlists[0]
	if all.Address != "playlist.all" || len(all.Tracks) != 301 || all.Tracks[0].Title != "file 0" {
		t.Errorf("%s: %d tracks, %q", all.Address, len(all.Tracks), all.Tracks[0].Title)
	}
	files["f07.hcl"], files["f03.hcl"] = []byte("a = \n"), []byte("playlist x\n")
	_, diags = Parse(files)
	var names []string
	for _, d := range diags {
		names = append(names, d.Subject.Filename)
	}
	if diff := cmp.Diff([]string{"f03.hcl", "f07.hcl"}, names); diff != "" {
		t.Error(diff)
	}
}

func benchmarks(b *testing.B, run func(*testing.B, diag.Files)) {
	many := diag.Files{}
	for i := range 100 {
		many[fmt.Sprintf("%03d.hcl", i)] = bytes.ReplaceAll(songs(1, 300, " #n"), []byte("p0000"), fmt.Appendf(nil, "p%04d", i))
	}
	b.Run("plain", func(b *testing.B) { run(b, diag.Files{"a.hcl": songs(100, 300, "")}) })
	b.Run("comments", func(b *testing.B) { run(b, diag.Files{"a.hcl": songs(100, 300, " #n")}) })
	b.Run("files", func(b *testing.B) { run(b, many) })
}

// BenchmarkParse reads 100 playlists of 300 tracks.
func BenchmarkParse(b *testing.B) {
	benchmarks(b, func(b *testing.B, files diag.Files) {
		for b.Loop() {
			if _, diags := Parse(files); diags.HasErrors() {
				b.Fatal(diags)
			}
		}
	})
}

// BenchmarkEvaluate works out 100 playlists of 300 tracks.
func BenchmarkEvaluate(b *testing.B) {
	benchmarks(b, func(b *testing.B, files diag.Files) {
		m, diags := Parse(files)
		if diags.HasErrors() {
			b.Fatal(diags)
		}
		for b.Loop() {
			if _, diags := m.Evaluate(context.Background(), Inputs{}); diags.HasErrors() {
				b.Fatal(diags)
			}
		}
	})
}
