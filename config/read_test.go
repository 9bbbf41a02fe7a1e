package config

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/longtest"
	"github.com/spotsync/spotsync/config/textfile"
	"github.com/spotsync/spotsync/spotify"
)

// folder makes a folder of files and goes there.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	return dir
}

func TestLoadFolder(t *testing.T) {
	folder(t, map[string]string{
		"music/a.hcl": "# a\r\n", "music/b.hcl": "\ufeffplaylist \"b\" {}\n", "music/.hidden.hcl": "", "music/x.vars.hcl": "", "music/spotsync.vars.hcl": "v = 1\n",
		"music/z.auto.vars.hcl": "", "music/m.auto.vars.hcl": "", "music/spotsync.lock.hcl": "", "music/other.lock.hcl": "", "music/notes.txt": "", "music/sub/c.hcl": "", "more.hcl": "v = 2\n",
	})
	s, diags := Load(LoadOptions{Path: "music", VarFiles: []string{"more.hcl"}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var names, auto []string
	for name := range s.Files {
		names = append(names, filepath.ToSlash(name))
	}
	for _, f := range s.AutoVars {
		auto = append(auto, filepath.Base(f.Name))
	}
	if diff := cmp.Diff([]string{"music/a.hcl", "music/b.hcl"}, slices.Sorted(slices.Values(names))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"spotsync.vars.hcl", "m.auto.vars.hcl", "z.auto.vars.hcl"}, auto); diff != "" {
		t.Error(diff)
	}
	if filepath.Base(s.LockPath) != "spotsync.lock.hcl" || filepath.Dir(s.LockPath) != s.Dir || !filepath.IsAbs(s.Dir) || s.Root != s.Dir || s.Alone {
		t.Errorf("%+v", s)
	}
	if len(s.Sources()) != 6 {
		t.Errorf("sources: %d", len(s.Sources()))
	}
	m, diags := Parse(s.Files)
	if m == nil || m.playlists["b"] == nil {
		t.Errorf("a byte order mark or CRLF is not tolerated: %v", diags)
	}
}

func TestLoadAlone(t *testing.T) {
	folder(t, map[string]string{"one.hcl": "", "kept/one.hcl": "", "kept/spotsync.lock.hcl": "", "x.lock.hcl": "", "x.vars.hcl": "", "notes.txt": ""})
	s, diags := Load(LoadOptions{Path: "one.hcl"})
	if diags.HasErrors() || !s.Alone || filepath.Base(s.LockPath) != "one.lock.hcl" || s.Files["one.hcl"] == nil {
		t.Errorf("%+v, %v", s, diags)
	}
	s, diags = Load(LoadOptions{Path: "one.hcl", LockFile: "elsewhere.hcl", Root: ".."})
	if diags.HasErrors() || filepath.Base(s.LockPath) != "elsewhere.hcl" || s.Root != filepath.Dir(s.Dir) {
		t.Errorf("%+v, %v", s, diags)
	}
	for path, want := range map[string]string{
		"kept/one.hcl": "--target", "x.lock.hcl": "not configuration", "x.vars.hcl": "not configuration", "notes.txt": "not configuration", "none.hcl": "does not exist",
	} {
		s, diags := Load(LoadOptions{Path: path})
		if s != nil || !strings.Contains(diags.Error(), want) {
			t.Errorf("%s: %v", path, diags)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	folder(t, map[string]string{
		"empty/notes.txt": "", "bytes/a.hcl": "a = \"\n\xff\"", "utf16/a.hcl": "\xff\xfea\x00", "large/a.hcl": strings.Repeat("# long\n", MaxFileBytes/7+1), "fine/a.hcl": "",
	})
	for path, want := range map[string]string{"bytes": "a.hcl:2,1-2: Not UTF-8", "utf16": "UTF-16", "large": "File too large", "empty": "No configuration here"} {
		s, diags := Load(LoadOptions{Path: path})
		if s != nil || !strings.Contains(diags.Error(), want) {
			t.Errorf("%s: %v", path, diags)
		}
		if IsNoFiles(diags) != (path == "empty") {
			t.Errorf("%s: IsNoFiles is %v", path, IsNoFiles(diags))
		}
	}
	if s, diags := Load(LoadOptions{Path: "fine", VarFiles: []string{"none.vars.hcl"}}); s != nil || !strings.Contains(diags.Error(), "does not exist") {
		t.Errorf("%v", diags)
	}
}

const variablesConfig = `
variable "mood" {
  type    = string
  default = "default"
}
variable "n" {
  type    = number
  default = 1
}
variable "list" {
  type    = list(string)
  default = []
}
variable "loose" { default = "x" }
output "all" { value = "${var.mood} ${var.n} ${join("+", var.list)} ${var.loose}" }
`

func TestVariables(t *testing.T) {
	file := func(name, text string, after int) NamedFile { return NamedFile{name, []byte(text), after} }
	tests := []struct {
		name string
		vars VarSources
		want string // output all
		told []string
	}{
		{name: "defaults", want: "default 1  x"},
		{name: "environment", vars: VarSources{Env: []string{"SPOTSYNC_VAR_mood=env=1", "SPOTSYNC_VAR_nobody=1", "PATH=x", "SPOTSYNC_VAR_n=2", `SPOTSYNC_VAR_list=["a", "b"]`}}, want: "env=1 2 a+b x"},
		{name: "files beat the environment", vars: VarSources{Env: []string{"SPOTSYNC_VAR_mood=env"}, Auto: []NamedFile{file("spotsync.vars.hcl", `mood = "vars"`, 0)}}, want: "vars 1  x"},
		{name: "later files win", vars: VarSources{Auto: []NamedFile{file("spotsync.vars.hcl", `mood = "vars"`, 0), file("a.auto.vars.hcl", `mood = "auto"`, 0)}}, want: "auto 1  x"},
		{name: "the command line wins, in order", vars: VarSources{Auto: []NamedFile{file("a.auto.vars.hcl", `mood = "auto"`, 0)}, Files: []NamedFile{file("f", `mood = "file"`, 1)}, Flags: []string{"mood=first", "n=3"}}, want: "file 3  x"},
		{name: "flag after file", vars: VarSources{Files: []NamedFile{file("f", `mood = "file"`, 0)}, Flags: []string{"mood=flag"}}, want: "flag 1  x"},
		{name: "strings are literal", vars: VarSources{Flags: []string{`mood="${x}`, "loose=[1"}}, want: `"${x} 1  [1`},
		{name: "undeclared in a file", vars: VarSources{Auto: []NamedFile{file("spotsync.vars.hcl", "moood = 1", 0)}}, want: "default 1  x", told: []string{"spotsync.vars.hcl:1: WARNING: Unknown variable"}},
		{name: "undeclared flag", vars: VarSources{Flags: []string{"moo=1"}}, told: []string{"--var moo:1: ERROR: Unknown variable"}},
		{name: "flag without a value", vars: VarSources{Flags: []string{"mood"}}, told: []string{"--var mood:1: ERROR: Not a setting"}},
		{name: "wrong type", vars: VarSources{Flags: []string{"n=many"}}, told: []string{"--var n:1: ERROR: Value of the wrong type"}},
		{name: "broken expression", vars: VarSources{Flags: []string{`list=["a"`}}, told: []string{"--var list:1: ERROR: Unterminated tuple constructor expression"}},
		{name: "words without quotes", vars: VarSources{Env: []string{"SPOTSYNC_VAR_list=[a]"}}, told: []string{"SPOTSYNC_VAR_list:1: ERROR: Value is not constant"}},
		{name: "broken file", vars: VarSources{Files: []NamedFile{file("f.hcl", "mood = \"x\"\nn = upper(1)\nblock {}\n", 0)}}, told: []string{"f.hcl:2: ERROR: Value is not constant", "f.hcl:3: ERROR: Block not expected"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d, diags := evaluate(t, diag.Files{"a.hcl": []byte(variablesConfig)}, Inputs{Vars: test.vars})
			if diff := cmp.Diff(test.told, told(diags)); diff != "" {
				t.Error(diff)
			}
			if (d == nil) != diags.HasErrors() {
				t.Fatalf("%v, %v", d, diags)
			}
			if d != nil && d.Outputs["all"].AsString() != test.want {
				t.Errorf("got %q, want %q", d.Outputs["all"].AsString(), test.want)
			}
		})
	}
}

func TestValidateWithoutValues(t *testing.T) {
	m, diags := Parse(diag.Files{"a.hcl": []byte(`
variable "years" { type = set(string) }
variable "songs" {}
playlist "year" {
  for_each = var.years
  name     = "Liked in ${each.key}"
  tracks   = var.songs
  mode     = "synk"
}
playlist "a" {
  name   = playlist.year["2023"].name
  tracks = ["spotify:album:1weenld61qoidwYuZ1GESA", var.songs]
  public = var.songs
}
output "n" { value = length(playlist.year) }
import {
  to = playlist.year["2023"]
  id = var.songs
}
moved {
  from = playlist.old
  to   = playlist.year["2023"]
}
`)})
	if m == nil {
		t.Fatal(diags)
	}
	in := Inputs{Now: testNow, Files: testFiles(t)}
	want := []string{"a.hcl:8: ERROR: Value not allowed", "a.hcl:12: ERROR: Not a track"}
	if diff := cmp.Diff(want, told(m.Validate(context.Background(), in))); diff != "" {
		t.Error(diff)
	}
	d, diags := m.Evaluate(context.Background(), in)
	if d != nil || !diags.HasErrors() {
		t.Error("evaluated without values")
	}
}

func TestIDs(t *testing.T) {
	const src = `
playlist "a" { name = "A" }
playlist "b" {
  for_each    = toset(["x"])
  description = "${playlist.a.id} ${playlist.b["x"].uri}"
}
playlist "c" { description = playlist.c.id }
playlist "d" { description = playlist.d.id }
moved {
  from = playlist.old
  to   = playlist.c
}
import {
  to = playlist.d
  id = "https://open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M"
}`
	d, diags := evaluate(t, diag.Files{"a.hcl": []byte(src)}, Inputs{IDs: map[string]spotify.ID{"playlist.a": "AAA", `playlist.b["x"]`: "BBB", "playlist.old": "CCC"}})
	if d == nil {
		t.Fatal(diags)
	}
	var got []string
	for _, p := range d.Playlists {
		if p.Description != nil {
			got = append(got, *p.Description)
		}
	}
	if diff := cmp.Diff([]string{"AAA spotify:playlist:BBB", "CCC", "37i9dQZF1DXcBWIGoYBM5M"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestConsole(t *testing.T) {
	m, diags := Parse(diag.Files{"a.hcl": []byte("locals {\n x = [1, 2]\n}\nplaylist \"a\" {}\n")})
	if m == nil {
		t.Fatal(diags)
	}
	in := Inputs{Now: testNow, Files: testFiles(t)}
	v, diags := m.EvaluateExpression(context.Background(), in, "[for i in local.x : i + 1]")
	if diags.HasErrors() || !v.RawEquals(cty.TupleVal([]cty.Value{cty.NumberIntVal(2), cty.NumberIntVal(3)})) {
		t.Errorf("%#v, %v", v, diags)
	}
	v, diags = m.EvaluateExpression(context.Background(), in, "playlist.a.id")
	if diags.HasErrors() || v.IsKnown() {
		t.Errorf("%#v, %v", v, diags)
	}
	for text, want := range map[string]string{"local.y": "Unknown local value", "1 +": "Missing expression", "nosuch()": "Unknown function", "": "expression", strings.Repeat("[", 1000): "Nested too deeply"} {
		if v, diags := m.EvaluateExpression(context.Background(), in, text); !strings.Contains(diags.Error(), want) || v != cty.DynamicVal {
			t.Errorf("%.20s: %v", text, diags)
		}
	}
}

func TestInterrupted(t *testing.T) {
	m, _ := Parse(diag.Files{"a.hcl": []byte("locals {\n x = [for a in range(1000): [for b in range(1000): a]]\n}\n")})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if d, diags := m.Evaluate(ctx, Inputs{Now: testNow, Files: testFiles(t)}); d != nil || !strings.Contains(diags.Error(), "canceled") {
		t.Errorf("%v", diags)
	}
}

// Small files that ask for a lot are refused, quickly.
func TestLimits(t *testing.T) {
	var doubling, text strings.Builder
	doubling.WriteString("locals {\n a0 = [1, 1]\n")
	text.WriteString("locals {\n a0 = \"0123456789abcdef\"\n")
	for i := 1; i < 40; i++ {
		n, before := itoa(i), itoa(i-1)
		doubling.WriteString(" a" + n + " = [local.a" + before + ", local.a" + before + "]\n")
		text.WriteString(" a" + n + " = \"${local.a" + before + "}${local.a" + before + "}\"\n")
	}
	tests := map[string]struct{ src, want string }{
		"brackets":    {"locals {\n x = " + strings.Repeat("[", 200_000) + "\n}", "Nested too deeply"},
		"blocks":      {strings.Repeat("a {\n", 100_000), "Nested too deeply"},
		"templates":   {"locals {\n x = " + strings.Repeat(`"${`, 100_000) + "\n}", "Nested too deeply"},
		"not":         {"locals {\n x = " + strings.Repeat("!", 500_000) + "true\n}", "Expression too long"},
		"sum":         {"locals {\n x = 1" + strings.Repeat(" + 1", 200_000) + "\n}", "Expression too long"},
		"conditions":  {"locals {\n x = " + strings.Repeat("true ? 1 : ", 50_000) + "1\n}", "Expression too long"},
		"indexes":     {"locals {\n x = local.y" + strings.Repeat("[local.y]", 50_000) + "\n}", "Expression too long"},
		"if":          {"locals {\n x = \"" + strings.Repeat("%{if true}", 50_000) + "\"\n}", "Expression too long"},
		"loops":       {"locals {\n r = range(1000)\n x = [for a in local.r : [for b in local.r : [for c in local.r : [for d in local.r : a]]]]\n}", "Too much work"},
		"loop in try": {"locals {\n r = range(1000)\n x = try([for a in local.r : [for b in local.r : [for c in local.r : [for d in local.r : a]]]], [])\n}", "Too much work"},
		"doubling":    {doubling.String() + "}", "Too much work"},
		"text":        {text.String() + "}", "Too much work"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if strings.HasPrefix(name, "loop") {
				longtest.Only(t, "seconds, and TestTooMuchWork has more loops with lower limits")
			}
			d, diags := evaluate(t, diag.Files{"a.hcl": []byte(test.src)}, Inputs{})
			if d != nil || !strings.Contains(diags.Error(), test.want) {
				t.Errorf("%.300s", diags.Error())
			}
		})
	}
	for _, tracks := range []string{
		`concat(["spotify:track:003vvx7Niy0yvhvHt4a68B"], [for i in range(100) : [for j in range(100) : "spotify:track:003vvx7Niy0yvhvHt4a68B"]])`,
		"[" + strings.Repeat(`"spotify:track:003vvx7Niy0yvhvHt4a68B",`, 10_001) + "]",
	} { // one too many, computed and written out
		_, diags := evaluate(t, diag.Files{"a.hcl": []byte("playlist \"a\" {\n  tracks = " + tracks + "\n}\n")}, Inputs{})
		if got := diags.Error(); strings.Count(got, "Too many tracks") != 1 || !strings.Contains(got, "10000") {
			t.Errorf("%.300s", got)
		}
	}
	var long strings.Builder // what people write is far from any limit
	long.WriteString("playlist \"a\" {\n  tracks = [\n")
	for range 10_000 {
		long.WriteString("    \"spotify:track:003vvx7Niy0yvhvHt4a68B\", # The Killers – Mr. Brightside\n")
	}
	long.WriteString("  ]\n}\nlocals {\n")
	for i := range 3000 {
		long.WriteString("  a" + itoa(i) + " = 1 # one\n")
	}
	long.WriteString("}\n")
	if d, diags := evaluate(t, diag.Files{"a.hcl": []byte(long.String())}, Inputs{}); d == nil || len(d.Playlists[0].Tracks) != 10_000 {
		t.Errorf("%.300v", diags)
	}
}

func itoa(i int) string { b, _ := json.Marshal(i); return string(b) }

func TestAddress(t *testing.T) {
	for _, a := range []Address{{Label: "a"}, {Label: "a-b_1"}, {"a", "2023", true}, {"a", "q\"u\\o${x}%{y}$${\n\t\x01é", true}, {"a", "$", true}} {
		got, err := ParseAddress(a.String())
		if err != nil || got != a {
			t.Errorf("%s: %+v, %v", a, got, err)
		}
	}
	for _, text := range []string{"", "playlist", "playlist.a.name", "local.a", `playlist.a["x"].name`, "playlist.a[*]", "playlist.a[", "playlist.*", strings.Repeat("[", 20_000)} {
		if a, err := ParseAddress(text); err == nil {
			t.Errorf("%.30q is %v", text, a)
		}
	}
}

func TestVersions(t *testing.T) {
	tests := []struct {
		constraint string
		yes, no    string
	}{
		{">= 0.1", "0.1.0 0.2.0 1.0.0 v0.1.0 0.1.0-dev", "0.0.9"},
		{"~> 0.1", "0.1.0 0.9.3", "1.0.0 0.0.1"},
		{"~> 0.1.2", "0.1.2 0.1.9", "0.2.0 0.1.1"},
		{"~> 1", "1.0.0 1.9.0 2.0.0", "0.9.0"}, // as in Terraform: nothing before the part that may grow,
		{">= 0.1, < 0.3", "0.1.0 0.2.9", "0.3.0 0.0.1"},
		{"0.1", "0.1.0", "0.1.1"},
		{"= 0.1.2, != 0.1.3", "0.1.2", "0.1.3"},
		{"> 1, <= 2", "1.0.1 2.0.0", "1.0.0 2.0.1"},
	}
	for _, test := range tests {
		for _, text := range strings.Fields(test.yes + " | " + test.no) {
			known, met, err := satisfies(text, test.constraint)
			if !known && err == nil {
				continue
			}
			if err != nil || met != strings.Contains(" "+test.yes+" ", " "+text+" ") {
				t.Errorf("%s against %q: %v, %v", text, test.constraint, met, err)
			}
		}
	}
	for _, bad := range []string{"", " ", "newest", ">=", ">= 1.x", "1,,2"} {
		if _, _, err := satisfies("0.1.0", bad); err == nil {
			t.Errorf("%q is a constraint", bad)
		}
	}
}

func TestDiagnosticsJSON(t *testing.T) {
	files := diag.Files{"a.hcl": []byte("playlist \"a\" {\r\n  nmae = \"ä\x1b[31m\" # <&>\r\n}\r\n")}
	_, diags := Parse(files)
	var doc struct {
		FormatVersion string `json:"format_version"`
		Valid         *bool
		ErrorCount    int `json:"error_count"`
		WarningCount  int `json:"warning_count"`
		Diagnostics   []struct {
			Severity, Summary, Detail string
			Range                     diag.RangeJSON
			Snippet                   diag.SnippetJSON
		}
	}
	if err := json.Unmarshal(diag.Document(files, diags), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.FormatVersion != "1.0" || doc.Valid == nil || *doc.Valid || doc.ErrorCount != 1 || doc.WarningCount != 0 || len(doc.Diagnostics) != 1 {
		t.Fatalf("%+v", doc)
	}
	d := doc.Diagnostics[0]
	if d.Severity != "error" || d.Range.Start != (diag.PosJSON{Line: 2, Column: 3, Byte: 18}) || d.Range.End != (diag.PosJSON{Line: 2, Column: 7, Byte: 22}) || d.Snippet.Code[d.Snippet.HighlightStartOffset:d.Snippet.HighlightEndOffset] != "nmae" ||
		d.Snippet.Context == nil || *d.Snippet.Context != `playlist "a"` || d.Snippet.StartLine != 2 {
		t.Errorf("%+v", d)
	}
	if got := string(diag.Document(nil, nil)); !strings.Contains(got, `"valid": true`) || !strings.Contains(got, `"diagnostics": []`) {
		t.Error(got)
	}
}

func TestWriteDiagnostics(t *testing.T) {
	line := "playlist \"a\" {\n  tracks = [\"" + strings.Repeat("日本", 40) + "\", \"\x1b[31mevil\", \"spotify:album:1weenld61qoidwYuZ1GESA\", \"" + strings.Repeat("x", 300) + "\"]\n}\n"
	files := diag.Files{"a.hcl": []byte(line)}
	_, diags := evaluate(t, files, Inputs{})
	var b strings.Builder
	if err := diag.Write(&b, files, diags, false, 60); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "\x1b") {
		t.Error("an escape sequence of the file reached the terminal")
	}
	golden(t, filepath.Join("testdata", "report.golden"), []byte(b.String()))
	var colored strings.Builder
	diag.Write(&colored, nil, diags, true, 0)
	if !strings.Contains(colored.String(), "\x1b[1;31mError") {
		t.Error("no colour")
	}
	if err := diag.Write(failing{}, files, diags, false, 0); err == nil {
		t.Error("a failed write goes unnoticed")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("full") }

// Errors of an attribute don't drag errors of what uses it behind them.
func TestErrorsOnce(t *testing.T) {
	_, diags := evaluate(t, diag.Files{"a.hcl": []byte(`
locals { x = tonumber("x") }
playlist "a" {
  tracks = local.x
  name   = local.x
}
playlist "b" {
  for_each = local.x
  tracks   = playlist.a.tracks
}
`)}, Inputs{})
	if diff := cmp.Diff([]string{"a.hcl:2: ERROR: Invalid function argument"}, told(diags)); diff != "" {
		t.Error(diff)
	}
}

func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/valid/*.hcl", "testdata/invalid/*.hcl"} {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			if strings.Contains(name, "many") {
				continue
			}
			src, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	f.Add([]byte("locals {\n x = local.x[*].y...\n}\n"))
	f.Add([]byte("#\r"))
	files := testFiles(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		samePieces(t, textfile.Lines(src), 16)
		sources := diag.Files{"fuzz.hcl": src}
		m, diags := Parse(sources)
		if (m == nil) != diags.HasErrors() {
			t.Fatalf("module %v with %v", m, diags)
		}
		report := func(diags hcl.Diagnostics) {
			for _, d := range diags {
				if d.Subject == nil || d.Subject.Filename == "" {
					t.Fatalf("no place: %v", d)
				}
			}
			var b strings.Builder
			if err := diag.Write(&b, sources, diags, false, 40); err != nil {
				t.Fatal(err)
			}
			if !json.Valid(diag.Document(sources, diags)) {
				t.Fatal("invalid JSON")
			}
		}
		report(diags)
		if m == nil {
			return
		}
		in := Inputs{Now: testNow, Files: files}
		d, diags := m.Evaluate(context.Background(), in)
		if (d == nil) != diags.HasErrors() {
			t.Fatalf("desired %v with %v", d, diags)
		}
		report(diags)
		report(m.Validate(context.Background(), in))
	})
}

// Many bad elements of a computed list are told by the first few, in the list's order, and the number of the others.
func TestManyAlike(t *testing.T) {
	m, diags := Parse(diag.Files{"a.hcl": []byte(`playlist "a" {
  tracks = [for n in range(20) : "spotify:track:nonsense${n}"]
}`)})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	_, diags = m.Evaluate(context.Background(), Inputs{})
	var details []string
	for _, d := range diags {
		head, _, _ := strings.Cut(d.Detail, ":")
		details = append(details, head)
	}
	want := []string{"Element 1", "Element 2", "Element 3", "17 more elements have the same kind of problem."}
	if diff := cmp.Diff(want, details); diff != "" {
		t.Error(diff)
	}
}
