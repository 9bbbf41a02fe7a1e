package config

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/files"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var testNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// golden compares got with a file, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v; make it with -update", err)
	}
	want = bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// read is a file under the name messages should show.
func read(t testing.TB, name string) diag.Files {
	t.Helper()
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return diag.Files{filepath.Base(name): bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))}
}

func testFiles(t testing.TB) files.Access {
	t.Helper()
	files, err := files.Open(filepath.Join("testdata", "files"), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	return files
}

func evaluate(t testing.TB, files diag.Files, in Inputs) (*Desired, hcl.Diagnostics) {
	t.Helper()
	m, diags := Parse(files, ForVersion("0.1.0"))
	if m == nil {
		return nil, diags
	}
	if in.Now.IsZero() {
		in.Now = testNow
	}
	if in.Files == nil {
		in.Files = testFiles(t)
	}
	d, more := m.Evaluate(context.Background(), in)
	return d, append(diags, more...)
}

func TestValid(t *testing.T) {
	names, _ := filepath.Glob("testdata/valid/*.hcl")
	if len(names) == 0 {
		t.Fatal("no test data")
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			files := read(t, name)
			d, diags := evaluate(t, files, Inputs{})
			if d == nil {
				var b strings.Builder
				diag.Write(&b, files, diags, false, 0)
				t.Fatalf("not valid:\n%s", &b)
			}
			golden(t, strings.TrimSuffix(name, ".hcl")+".golden", dump(d, diags))
			m, _ := Parse(files)
			if diags := m.Validate(context.Background(), Inputs{Now: testNow, Files: testFiles(t)}); diags.HasErrors() {
				t.Errorf("Validate complains: %v", diags)
			}
		})
	}
}

var expectation = regexp.MustCompile(`# (ERROR|WARNING): (.+)$`)

// expected are the comments of a file that say what is wrong with their line.
func expected(files diag.Files) []string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for i, line := range strings.Split(string(files[name]), "\n") {
			if m := expectation.FindStringSubmatch(line); m != nil {
				for _, summary := range strings.Split(m[2], " | ") {
					found = append(found, fmt.Sprintf("%s:%d: %s: %s", name, i+1, m[1], strings.TrimSpace(summary)))
				}
			}
		}
	}
	return found
}

func told(diags hcl.Diagnostics) []string {
	var found []string
	for _, d := range diags {
		word := "ERROR"
		if d.Severity == hcl.DiagWarning {
			word = "WARNING"
		}
		found = append(found, fmt.Sprintf("%s:%d: %s: %s", d.Subject.Filename, d.Subject.Start.Line, word, d.Summary))
	}
	return found
}

// TestSyntaxErrorInOneFile makes sure that what a broken file holds is not said to be missing.
func TestSyntaxErrorInOneFile(t *testing.T) {
	_, diags := Parse(diag.Files{
		"a.hcl": []byte("playlist \"a\" {\n  name =\n}\n"),
		"b.hcl": []byte("playlist \"b\" {\n  tracks = playlist.a.tracks\n  nmae = \"B\"\n}\n"),
	})
	var got []string
	for _, d := range diags {
		got = append(got, d.Subject.Filename+": "+d.Summary)
	}
	if diff := cmp.Diff([]string{"a.hcl: Invalid expression", "b.hcl: Unknown attribute"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestTextWithoutAnEnd makes sure that a heredoc left open is shown where it begins: its end is the end of the file.
func TestTextWithoutAnEnd(t *testing.T) {
	_, diags := Parse(diag.Files{"a.hcl": []byte("playlist \"a\" {\n  description = <<-EOT\n    Hello.\n}\n")})
	if len(diags) != 1 || diags[0].Summary != "Text without an end" || diags[0].Subject.Start.Line != 2 || diags[0].Subject.End.Column != 23 {
		t.Errorf("%v", diags)
	}
}

func TestInvalid(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob("testdata/invalid/*.hcl")
	if len(names) == 0 {
		t.Fatal("no test data")
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			files := read(t, name)
			var first string
			runs := 50
			if strings.HasPrefix(filepath.Base(name), "many") {
				runs = 3 // they are slow
			}
			for run := range runs {
				d, diags := evaluate(t, files, Inputs{})
				if diags.HasErrors() && d != nil {
					t.Fatal("errors, and yet a result")
				}
				for _, d := range diags {
					if d.Subject == nil || d.Subject.Filename == "" || d.Subject.Start.Line == 0 {
						t.Fatalf("no place: %+v", d)
					}
					if d.Summary == "" || d.Detail == "" {
						t.Fatalf("no words: %+v", d)
					}
				}
				var b strings.Builder
				for _, d := range diags {
					d.Detail = strings.ReplaceAll(d.Detail, here, "HERE")
				}
				if err := diag.Write(&b, files, diags, false, 78); err != nil {
					t.Fatal(err)
				}
				if run == 0 {
					first = b.String()
					want, got := expected(files), told(diags)
					slices.Sort(want)
					slices.Sort(got)
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("(-want +got):\n%s\n%s", diff, first)
					}
				} else if b.String() != first {
					t.Fatalf("run %d says\n%s\nthe first said\n%s", run, &b, first)
				}
			}
			golden(t, strings.TrimSuffix(name, ".hcl")+".golden", []byte(first))
		})
	}
}

// dump is a result as text, for golden files.
func dump(d *Desired, diags hcl.Diagnostics) []byte {
	var b bytes.Buffer
	for _, label := range slices.Sorted(maps.Keys(d.Accounts)) {
		a := d.Accounts[label]
		fmt.Fprintf(&b, "account %s: client_id %q, secret file %q, redirect %q, listen %q\n", label, a.ClientID, a.ClientSecretFile, a.RedirectURI, a.CallbackListen)
	}
	for _, p := range d.Playlists {
		fmt.Fprintf(&b, "\n%s (line %d)\n", p.Address, p.Range.Start.Line)
		field := func(name string, v any) { fmt.Fprintf(&b, "  %s: %v\n", name, v) }
		field("account", p.Account)
		if p.ID != "" {
			field("id", p.ID)
		}
		if p.Name != nil {
			field("name", *p.Name)
		}
		if p.Description != nil {
			field("description", *p.Description)
		}
		if p.Public != nil {
			field("public", *p.Public)
		}
		if p.Collaborative != nil {
			field("collaborative", *p.Collaborative)
		}
		if len(p.Unknown) > 0 {
			field("unknown", p.Unknown)
		}
		field("mode, keep_dates, self_heal", fmt.Sprintf("%s, %s, %s", p.Mode, p.KeepDates, p.SelfHeal))
		if !cmp.Equal(p.Lifecycle, Lifecycle{}) {
			field("lifecycle", fmt.Sprintf("prevent_destroy %v, ignore %v, drop_opaque %v", p.Lifecycle.PreventDestroy, p.Lifecycle.IgnoreChanges, p.Lifecycle.DropOpaque))
			if p.Lifecycle.MaxRemovals != nil {
				field("max_removals", fmt.Sprintf("%+v", *p.Lifecycle.MaxRemovals))
			}
		}
		for _, name := range slices.Sorted(maps.Keys(p.Ranges)) {
			r := p.Ranges[name]
			field("at "+name, fmt.Sprintf("%d:%d-%d:%d", r.Start.Line, r.Start.Column, r.End.Line, r.End.Column))
		}
		if p.HasTracks {
			field("tracks", len(p.Tracks))
		}
		for _, e := range p.Tracks {
			fmt.Fprintf(&b, "    %s at %d:%d-%d:%d %s\n", e.URI, e.Range.Start.Line, e.Range.Start.Column, e.Range.End.Line, e.Range.End.Column, e.Title)
		}
	}
	b.WriteByte('\n')
	for _, i := range d.Imports {
		fmt.Fprintf(&b, "import %s as %s\n", i.ID, i.To)
	}
	for _, m := range d.Moved {
		fmt.Fprintf(&b, "moved %s to %s\n", m.From, m.To)
	}
	for _, r := range d.Removed {
		fmt.Fprintf(&b, "removed %s, destroy %v\n", r.From, r.Destroy)
	}
	for _, name := range slices.Sorted(maps.Keys(d.Outputs)) {
		v := d.Outputs[name]
		text := v.GoString()
		if v.IsWhollyKnown() {
			raw, err := ctyjson.SimpleJSONValue{Value: v}.MarshalJSON()
			if err != nil {
				raw = []byte(err.Error())
			}
			text = string(raw)
		}
		fmt.Fprintf(&b, "output %s = %s\n", name, text)
	}
	for _, path := range d.Reads {
		fmt.Fprintf(&b, "reads %s\n", filepath.Base(path))
	}
	for _, line := range told(diags) {
		fmt.Fprintf(&b, "%s\n", line)
	}
	return b.Bytes()
}
