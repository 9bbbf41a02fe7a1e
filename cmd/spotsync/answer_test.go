package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/schematest"
)

// everyJSON is how each command that has --json is called, but for that flag. events reports whether it prints events, loose
// whether it gives its result also where the files are broken, and unread whether it doesn't read them.
var everyJSON = map[string]struct {
	args                  []string
	events, loose, unread bool
}{
	"plan":        {},
	"apply":       {args: []string{"--auto-approve"}, events: true},
	"destroy":     {args: []string{"--auto-approve"}, events: true},
	"rollback":    {args: []string{"playlist.a", "--auto-approve"}, events: true},
	"list":        {loose: true},
	"show":        {args: []string{"playlist.a"}},
	"status":      {},
	"output":      {},
	"validate":    {},
	"doctor":      {loose: true},
	"history":     {unread: true},
	"auth status": {unread: true},
	"version":     {unread: true},
}

// jsonRun runs a command in a folder with the given files, and returns its exit code and what it printed.
func jsonRun(t *testing.T, files map[string]string, env map[string]string, args ...string) (code int, out, errs string) {
	t.Helper()
	home := t.TempDir()
	folder := filepath.Join(home, "files")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(folder)
	a, stdout, stderr := testApp("")
	a.Getenv = func(name string) string {
		switch name {
		case "HOME", "SPOTSYNC_DATA_DIR":
			return home
		}
		return env[name]
	}
	code = execute(context.Background(), a, args)
	return code, stdout.String(), stderr.String()
}

// diagnosed is what of a document or event is looked at here.
type diagnosed struct {
	Type        string
	ErrorCount  int `json:"error_count"`
	Diagnostics []struct {
		Severity, Summary, Detail, Address string
		Range                              *struct {
			Filename string
			Start    struct{ Line int }
		}
	}
}

// TestJSONOfBrokenFiles: with --json every command answers in JSON, and says what is wrong with the files where they matter.
func TestJSONOfBrokenFiles(t *testing.T) {
	document, event := schematest.Load(t, "diagnostics.schema.json"), schematest.Load(t, "apply-events.schema.json")
	a, _, _ := testApp("")
	var names []string
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Flags().Lookup("json") != nil {
			names = append(names, strings.TrimPrefix(c.CommandPath(), "spotsync "))
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRoot(a))
	if len(names) != len(everyJSON) {
		t.Errorf("%d commands have --json, and %d are tried: %q", len(names), len(everyJSON), names)
	}
	for _, name := range names {
		for what, tt := range map[string]struct {
			text    string
			line    int
			summary string
		}{
			"not parsed":    {"\nplaylist \"a\" {\n", 2, "Unclosed configuration block"},
			"not evaluated": {"playlist \"a\" {\n  name = local.nosuch\n}\n", 2, ""},
			"no value":      {"variable \"v\" {}\nplaylist \"a\" {\n  name = \"A\"\n}\n", 0, ""},
		} {
			t.Run(name+", "+what, func(t *testing.T) {
				how, known := everyJSON[name]
				if !known {
					t.Fatal("not tried")
				}
				args := slices.Concat(strings.Fields(name), how.args, []string{"--sandbox", "--json"})
				code, out, errs := jsonRun(t, map[string]string{"a.hcl": tt.text}, nil, args...)
				if out == "" || !json.Valid([]byte(out)) {
					t.Fatalf("no JSON: %q\n%s", out, errs)
				}
				if how.unread || what == "no value" && (name == "validate" || name == "rollback") {
					return // nothing is wrong for these
				}
				if code != exitError && name != "list" {
					t.Errorf("exit code %d", code)
				}
				var got diagnosed
				if err := json.Unmarshal([]byte(out), &got); err != nil {
					t.Fatal(err)
				}
				switch {
				case how.events:
					schematest.Valid(t, event, []byte(out))
				case !how.loose:
					schematest.Valid(t, document, []byte(out))
					if got.ErrorCount != len(got.Diagnostics) {
						t.Errorf("%d errors, counted as %d", len(got.Diagnostics), got.ErrorCount)
					}
				}
				if len(got.Diagnostics) == 0 {
					t.Fatalf("no diagnostics: %s", out)
				}
				d := got.Diagnostics[0]
				if d.Severity != "error" || d.Range == nil || d.Range.Filename != "a.hcl" || tt.line > 0 && d.Range.Start.Line != tt.line || tt.summary != "" && d.Summary != tt.summary {
					t.Errorf("%+v", d)
				}
				if name != "validate" && name != "doctor" && !strings.Contains(errs, d.Summary) {
					t.Errorf("people are not told %q:\n%s", d.Summary, errs)
				}
			})
		}
	}
}

// TestJSONOfOtherFailures: what else makes a command fail stands in its JSON too.
func TestJSONOfOtherFailures(t *testing.T) {
	document, event := schematest.Load(t, "diagnostics.schema.json"), schematest.Load(t, "apply-events.schema.json")
	fine := map[string]string{"a.hcl": "playlist \"a\" {\n  name = \"A\"\n}\n"}
	nowhere := map[string]string{"SPOTSYNC_API_URL": "http://127.0.0.1:1/v1", "SPOTSYNC_ACCOUNTS_URL": "http://127.0.0.1:1", "SPOTSYNC_CLIENT_ID": "0123456789abcdef0123456789abcdef"}
	for name, tt := range map[string]struct {
		args   []string
		files  map[string]string
		env    map[string]string
		code   int
		says   string
		events bool
	}{
		"no login":             {args: []string{"plan", "--json"}, files: fine, env: nowhere, code: exitLogin, says: "spotsync login"},
		"no login, list":       {args: []string{"list", "--json"}, files: fine, env: nowhere, code: exitLogin, says: "spotsync login"},
		"no login, apply":      {args: []string{"apply", "--auto-approve", "-json"}, files: fine, env: nowhere, code: exitLogin, says: "spotsync login", events: true},
		"no files":             {args: []string{"plan", "--sandbox", "--json"}, code: exitError, says: ".hcl"},
		"no such output":       {args: []string{"output", "--json", "nosuch"}, files: fine, code: exitError, says: "nosuch"},
		"an unknown flag":      {args: []string{"plan", "--json", "--nosuch"}, files: fine, code: exitError, says: "--nosuch"},
		"too many arguments":   {args: []string{"apply", "a", "b", "--json"}, files: fine, code: exitError, says: "2 arguments", events: true},
		"nobody to ask":        {args: []string{"apply", "--sandbox", "--json"}, files: fine, code: exitError, says: "terminal", events: true},
		"a broken lock file":   {args: []string{"plan", "--sandbox", "--json"}, files: map[string]string{"a.hcl": fine["a.hcl"], "l": "playlist \"a\" {\n<<<<<<< HEAD\n"}, code: exitError, says: "l:2: git could not merge it"},
		"another Spotify's":    {args: []string{"list", "--sandbox", "--json", "--lock-file", "l"}, files: map[string]string{"l": "issuer = \"spotify\"\nversion = 1\n"}, code: -1},
		"no such saved plan":   {args: []string{"apply", "nosuch.plan", "--json"}, code: exitError, says: "nosuch.plan", events: true},
		"nothing to roll back": {args: []string{"rollback", "nosuch", "--sandbox", "--json"}, files: fine, code: exitError, says: "nosuch", events: true},
	} {
		t.Run(name, func(t *testing.T) {
			args := tt.args
			if name == "a broken lock file" {
				args = append(args, "--lock-file", "l")
			}
			code, out, errs := jsonRun(t, tt.files, tt.env, args...)
			if tt.code >= 0 && code != tt.code || code == exitOK {
				t.Errorf("exit code %d\n%s", code, errs)
			}
			lines := bytes.Split(bytes.TrimSpace([]byte(out)), []byte("\n"))
			last := lines[len(lines)-1]
			if tt.events {
				for _, l := range lines {
					schematest.Valid(t, event, l)
				}
			} else {
				schematest.Valid(t, document, []byte(out))
			}
			var got diagnosed
			if err := json.Unmarshal(last, &got); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if len(got.Diagnostics) != 1 || !strings.Contains(got.Diagnostics[0].Summary+got.Diagnostics[0].Detail, tt.says) || tt.events != (got.Type == "diagnostics") {
				t.Errorf("%s\n%s", out, errs)
			}
			if first, _, _ := strings.Cut(got.Diagnostics[0].Summary, "\n"); !strings.Contains(errs, first) {
				t.Errorf("people are not told %q:\n%s", first, errs)
			}
		})
	}
}
