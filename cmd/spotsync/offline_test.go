package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"
)

// inFolder writes files into a folder and runs spotsync there, away from the home of whoever runs the tests.
func inFolder(t *testing.T, files map[string]string) func(stdin string, args ...string) (code int, out, errs string) {
	t.Helper()
	dir, data := t.TempDir(), t.TempDir()
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
	return func(stdin string, args ...string) (int, string, string) {
		a, out, errs := testApp(stdin)
		a.Getenv = func(name string) string {
			return map[string]string{"SPOTSYNC_DATA_DIR": data, "HOME": data, "AppData": data, "LocalAppData": data}[name]
		}
		code := execute(context.Background(), a, args)
		return code, out.String(), errs.String()
	}
}

func TestInterruptedEvaluation(t *testing.T) {
	inFolder(t, map[string]string{"main.hcl": "playlist \"a\" {\n  name = \"A\"\n}\n"})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, command := range []string{"plan", "validate", "output"} {
		a, _, errs := testApp("")
		a.Getenv = func(name string) string {
			return map[string]string{"SPOTSYNC_DATA_DIR": t.TempDir(), "SPOTSYNC_SANDBOX": "true"}[name]
		}
		if code := execute(ctx, a, []string{command}); code != exitInterrupted {
			t.Errorf("%s: exit code %d\n%s", command, code, errs)
		}
	}
}

func TestValidate(t *testing.T) {
	run := inFolder(t, map[string]string{
		"good/a.hcl":  "variable \"n\" {}\nplaylist \"a\" {\n  name = var.n\n}\n",
		"warn/a.hcl":  "playlist \"a\" {\n  name        = \"A\"\n  description = \"See www.example.org\"\n}\n",
		"bad/a.hcl":   "playlist \"a\" {\n  nome = \"A\"\n}\n",
		"empty/a.txt": "",
	})
	for _, tt := range []struct {
		path, out, errs string
		code            int
	}{
		{"good", "Success! The configuration is valid.\n", "", 0},
		{"warn", "Success! The configuration is valid, with 1 warning.\n", "Link in a description", 0},
		{"bad", "", "Did you mean \"name\"?", 1},
		{"empty", "", "There is no .hcl file", 1},
		{"nowhere", "", "does not exist", 1},
	} {
		code, out, errs := run("", "validate", tt.path)
		if code != tt.code || out != tt.out || !strings.Contains(errs, tt.errs) || tt.errs == "" && errs != "" {
			t.Errorf("validate %s: %d\n%s%s", tt.path, code, out, errs)
		}
		code, out, errs = run("", "validate", "-json", tt.path)
		var doc struct {
			FormatVersion string `json:"format_version"`
			Valid         bool
			Diagnostics   []struct{ Detail string }
		}
		if err := json.Unmarshal([]byte(out), &doc); err != nil || errs != "" {
			t.Fatalf("validate -json %s: %v\n%s%s", tt.path, err, out, errs)
		}
		if doc.FormatVersion != "1.0" || doc.Valid != (tt.code == 0) || code != tt.code || (len(doc.Diagnostics) > 0) != (tt.errs != "") {
			t.Errorf("validate -json %s: %d\n%s", tt.path, code, out)
		}
	}
}

func TestFmt(t *testing.T) {
	const ugly, fair = "a={\nx=1\n}\n", "a = {\n  x = 1\n}\n"
	files := map[string]string{
		"a.hcl": ugly, "b.hcl": fair, "w.hcl": "a=1\r\nbb=2\r\n", "v.vars.hcl": "x=1\n", "spotsync.lock.hcl": "x=1\n",
		".hidden.hcl": ugly, "bad.hcl": "a={\n", "sub/s.hcl": ugly, ".git/s.hcl": ugly, "note.txt": ugly,
	}
	run := inFolder(t, files)
	want := func(changed map[string]string) {
		t.Helper()
		for name, text := range files {
			if now, ok := changed[name]; ok {
				text = now
			}
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(text, string(data)); d != "" {
				t.Errorf("%s: %s", name, d)
			}
		}
	}
	for _, args := range [][]string{{"fmt", "-check"}, {"fmt", "-write=false"}} {
		code, out, errs := run("", args...)
		if code != 1 || out != "a.hcl\nv.vars.hcl\nw.hcl\n" || !strings.Contains(errs, "bad.hcl line") {
			t.Errorf("%v: %d\n%s%s", args, code, out, errs)
		}
		want(nil)
	}
	if code, out, _ := run("", "fmt", "-diff", "-check", "a.hcl"); code != 1 || out != "a.hcl\n--- old/a.hcl\n+++ new/a.hcl\n@@ -1,3 +1,3 @@\n-a={\n-x=1\n+a = {\n+  x = 1\n }\n" {
		t.Errorf("fmt -diff: %d\n%s", code, out)
	}
	if runtime.GOOS != "windows" {
		if err := os.Chmod("a.hcl", 0o640); err != nil {
			t.Fatal(err)
		}
	}
	if code, out, _ := run("", "fmt"); code != 1 || out != "a.hcl\nv.vars.hcl\nw.hcl\n" {
		t.Errorf("fmt: %d\n%s", code, out)
	}
	changed := map[string]string{"a.hcl": fair, "v.vars.hcl": "x = 1\n", "w.hcl": "a  = 1\r\nbb = 2\r\n"}
	want(changed)
	if info, err := os.Stat("a.hcl"); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o640 {
		t.Errorf("a.hcl: %v, %v", info.Mode(), err)
	}
	if code, out, errs := run("", "fmt", "-check", "a.hcl", "b.hcl", "w.hcl"); code != 0 || out+errs != "" {
		t.Errorf("formatted: %d\n%s%s", code, out, errs)
	}
	if _, out, _ := run("", "fmt", "-recursive"); out != filepath.Join("sub", "s.hcl")+"\n" {
		t.Errorf("fmt -recursive: %s", out)
	}
	changed["sub/s.hcl"] = fair
	want(changed)

	if code, out, _ := run(ugly, "fmt", "-"); code != 0 || out != fair {
		t.Errorf("fmt -: %d\n%s", code, out)
	}
	if code, out, _ := run(ugly, "fmt", "-check", "-"); code != 1 || out != "" {
		t.Errorf("fmt -check -: %d\n%s", code, out)
	}
	for _, args := range [][]string{{"fmt", "spotsync.lock.hcl"}, {"fmt", "note.txt"}, {"fmt", "nowhere"}, {"fmt", "-", "a.hcl"}} {
		if code, out, errs := run("a={", args...); code != 1 || out != "" || !strings.HasPrefix(errs, "Error: ") {
			t.Errorf("%v: %d\n%s%s", args, code, out, errs)
		}
	}
	if code, out, errs := run("a={", "fmt", "-"); code != 1 || out != "" || !strings.Contains(errs, "<stdin>") {
		t.Errorf("broken: %d\n%s%s", code, out, errs)
	}
	want(changed)
}

const someOutputs = `
playlist "a" {
  name   = "A"
  tracks = ["spotify:track:3AJwUDP919kvQ9QcozQPxg"]
}
variable "who" {
  default = "you"
}
output "count" { value = length(playlist.a.tracks) }
output "hello" { value = "Hello <${var.who}> & all" }
output "link" { value = playlist.a.uri }
`

func TestConsole(t *testing.T) {
	run := inFolder(t, map[string]string{"conf/a.hcl": someOutputs})
	code, out, errs := run("var.who\n\n# a remark\n[for x in [1, 2] :\n  x * 2]\nplaylist.a.id\nexit\nnope\n", "console", "-var", "who=me", "conf")
	if want := "\"me\"\n[\n  2,\n  4,\n]\n(known after apply)\n"; code != 0 || out != want || errs != "" {
		t.Errorf("%d\n%s%s", code, out, errs)
	}
	code, out, errs = run("var.whom\n1 + 1", "console", "conf")
	if code != 1 || out != "2\n" || !strings.Contains(errs, "var.whom") || !strings.Contains(errs, "^^^^") {
		t.Errorf("an error: %d\n%s%s", code, out, errs)
	}
	if code, out, errs = run("upper(\"a\")", "console"); code != 0 || out != "\"A\"\n" {
		t.Errorf("without a configuration: %d\n%s%s", code, out, errs)
	}
	if code, out, _ = run("1", "console", "nowhere"); code != 1 || out != "" {
		t.Errorf("a path that is not there: %d\n%s", code, out)
	}
	if err := os.WriteFile("conf/spotsync.lock.hcl", []byte("<<<<<<< a\n=======\n>>>>>>> b\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, out, errs = run("1", "console", "conf"); code != 0 || out != "1\n" || !strings.Contains(errs, "git could not merge it") {
		t.Errorf("a lock file in conflict: %d\n%s%s", code, out, errs)
	}
}

func TestOutput(t *testing.T) {
	run := inFolder(t, map[string]string{"conf/a.hcl": someOutputs, "none/a.hcl": "locals {}\n"})
	for _, tt := range []struct {
		args []string
		code int
		out  string
		errs string
	}{
		{[]string{"conf"}, 0, "count = 1\nhello = \"Hello <you> & all\"\nlink = (known after apply)\n", ""},
		{[]string{"count", "conf"}, 0, "1\n", ""},
		{[]string{"-raw", "hello", "conf"}, 0, "Hello <you> & all", ""},
		{[]string{"-json", "hello", "conf"}, 0, "\"Hello <you> & all\"\n", ""},
		{[]string{"-json", "conf"}, 0, `{
  "count": {
    "sensitive": false,
    "type": "number",
    "value": 1
  },
  "hello": {
    "sensitive": false,
    "type": "string",
    "value": "Hello <you> & all"
  },
  "link": {
    "sensitive": false,
    "type": "string",
    "value": null,
    "unknown": true
  }
}
`, ""},
		{[]string{"-json", "none"}, 0, "{}\n", ""},
		{[]string{"none"}, 0, "", "no outputs"},
		{[]string{"nope", "conf"}, 1, "", "it has count, hello, link"},
		{[]string{"-raw", "link", "conf"}, 1, "", "not known until apply"},
		{[]string{"-raw", "./conf"}, 1, "", "name of one output"},
		{[]string{"-raw", "-json", "hello", "conf"}, 1, `{"format_version":"1.0","error_count":1,"warning_count":0,"diagnostics":[{"severity":"error","summary":"--json and --raw can't both be: choose one.","detail":""}]}` + "\n", "choose one"},
	} {
		code, out, errs := run("", append([]string{"output"}, tt.args...)...)
		if d := cmp.Diff(tt.out, out); code != tt.code || d != "" || !strings.Contains(errs, tt.errs) || tt.errs == "" && errs != "" {
			t.Errorf("output %v: %d\n%s%s", tt.args, code, d, errs)
		}
	}
}

func TestValueText(t *testing.T) {
	for _, tt := range []struct {
		value cty.Value
		want  string
	}{
		{cty.StringVal("a\n\"${b}\"\x1b"), `"a\n\"$${b}\"\u001b"`},
		{cty.NumberFloatVal(1.5), "1.5"},
		{cty.NumberIntVal(12345678901), "12345678901"},
		{cty.NullVal(cty.String), "null"},
		{cty.EmptyTupleVal, "[]"},
		{cty.EmptyObjectVal, "{}"},
		{cty.SetVal([]cty.Value{cty.True}), "toset([\n  true,\n])"},
		{cty.ObjectVal(map[string]cty.Value{"b c": cty.EmptyTupleVal, "a": cty.UnknownVal(cty.String)}), "{\n  a = (known after apply)\n  \"b c\" = []\n}"},
	} {
		if got := valueText(tt.value); got != tt.want {
			t.Errorf("%#v: %s", tt.value, got)
		}
	}
}

func TestVersionAndHelp(t *testing.T) {
	run := inFolder(t, nil)
	code, out, _ := run("", "version", "-json")
	var v buildVersion
	if err := json.Unmarshal([]byte(out), &v); err != nil || code != 0 || v.Version != version() || v.Go != runtime.Version() || v.OS != runtime.GOOS || v.FormatVersion != "1.0" {
		t.Errorf("version -json: %d, %v\n%s", code, err, out)
	}
	for _, args := range [][]string{{"version"}, {"--version"}, {"-version"}} {
		if code, out, _ := run("", args...); code != 0 || !strings.HasPrefix(out, "spotsync "+version()+"\n") {
			t.Errorf("%v: %d\n%s", args, code, out)
		}
	}
	for _, tt := range []struct {
		args, errs string
	}{
		{"plam", "did you mean plan?"},
		{"lock lits", "did you mean list?"},
		{"help plam", "did you mean plan?"},
		{"help nonsense", "the topics are language, environment, exit-codes, files"},
		{"plan --nonsense", "see spotsync plan --help"},
		{"completion tcsh", "bash, zsh, fish, powershell"},
	} {
		if code, out, errs := run("", strings.Fields(tt.args)...); code != 1 || out != "" || !strings.Contains(errs, tt.errs) {
			t.Errorf("%s: %d\n%s%s", tt.args, code, out, errs)
		}
	}
	code, all, _ := run("", "--help")
	if i, j := strings.Index(all, "\n  plan "), strings.Index(all, "\n  version "); code != 0 || i < 0 || j < i {
		t.Errorf("--help: %d\n%s", code, all)
	}
	for _, args := range [][]string{{}, {"help"}, {"-h"}, {"-help"}} {
		if code, out, errs := run("", args...); code != 0 || out != all || errs != "" {
			t.Errorf("%v: %d\n%s%s", args, code, out, errs)
		}
	}
	if code, out, _ := run("", "help", "lock", "mv"); code != 0 || !strings.Contains(out, "spotsync lock mv FROM TO") {
		t.Errorf("help lock mv: %d\n%s", code, out)
	}
}

func TestCompletion(t *testing.T) {
	run := inFolder(t, nil)
	for _, shell := range shells {
		if code, out, errs := run("", "completion", shell); code != 0 || !strings.Contains(out, "spotsync") || len(out) < 2000 || errs != "" {
			t.Errorf("%s: %d, %d bytes\n%s", shell, code, len(out), errs)
		}
	}
	for args, want := range map[string]string{"va": "validate\t", "help exit": "exit-codes\t", "plan --auto": ":4", "apply --auto": "--auto-approve\t", "completion f": "fish\n"} {
		if code, out, _ := run("", append([]string{"__complete"}, strings.Fields(args)...)...); code != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: %d\n%s", args, code, out)
		}
	}
}
