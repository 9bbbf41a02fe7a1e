package main

import (
	"bytes"
	"context"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
)

// sandboxed returns the program with a home of its own, to be called with --sandbox. It returns what goes to standard
// output; any exit code but 0 ends the test.
func sandboxed(t *testing.T) (program func(args ...string) string) {
	t.Helper()
	home := t.TempDir()
	env := map[string]string{"HOME": home, "SPOTSYNC_DATA_DIR": home}
	return func(args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		a := term.New(version(), nil, nil)
		a.In, a.Out, a.Err, a.Width = strings.NewReader(""), &out, &errs, 80
		a.Asks, a.OutTTY, a.ErrTTY = false, false, false
		a.Getenv = func(name string) string { return env[name] }
		a.Environ = func() []string { return nil }
		if code := execute(context.Background(), a, args); code != exitOK {
			t.Fatalf("%q: exit code %d\n%s%s", args, code, out.String(), errs.String())
		}
		return out.String()
	}
}

// Every example is valid and laid out as fmt would, makes its playlists without a warning, and then finds nothing to do.
func TestExamples(t *testing.T) {
	root := filepath.Join("..", "..", "examples")
	examples := []string{filepath.Join(root, "playlists.hcl")}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && path != root {
			examples = append(examples, path)
		}
		return err
	})
	if err != nil || len(examples) < 3 {
		t.Fatalf("the examples are %q: %v", examples, err)
	}
	for _, example := range examples {
		t.Run(filepath.Base(example), func(t *testing.T) {
			program := sandboxed(t)
			program("validate", example)
			program("fmt", "--check", example)
			if got := program("apply", "--sandbox", "--auto-approve", example); strings.Contains(got, "Warning") {
				t.Errorf("applying warns:\n%s", got)
			}
			if got := program("plan", "--sandbox", "--detailed-exitcode", example); !strings.HasSuffix(got, "No differences. Spotify matches the files.\n") {
				t.Errorf("the second plan is not empty:\n%s", got)
			}
		})
	}
}
