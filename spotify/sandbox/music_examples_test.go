package sandbox

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// exampleLine is a song in an example: its ID in a URI, a link or alone in quotes, and the comment that names it.
var exampleLine = regexp.MustCompile(`(?:(track|episode)[:/]|")([0-9A-Za-z]{22})\b[^#]*(?:# (.*))?$`)

// What the examples play is in the catalogue, under the name the line's comment gives it.
func TestExamplesPlayTheCatalog(t *testing.T) {
	songs := 0
	err := filepath.WalkDir(filepath.FromSlash("../../examples"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || (filepath.Ext(path) != ".hcl" && filepath.Ext(path) != ".txt") ||
			strings.HasSuffix(path, ".lock.hcl") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(text), "\n") {
			m := exampleLine.FindStringSubmatch(strings.TrimRight(line, "\r"))
			if m == nil {
				continue
			}
			songs++
			var want string
			if m[1] == "episode" {
				if e, ok := catalogEpisodeLookup(m[2]); ok {
					want = e.Show + " – " + e.Title
				}
			} else if c, ok := catalogLookup(m[2]); ok {
				want = strings.Join(c.Artists, ", ") + " – " + c.Title
			}
			if want == "" {
				t.Errorf("%s:%d: %s is not in the catalogue", path, i+1, m[2])
			} else if m[3] != want {
				t.Errorf("%s:%d: the comment says %q, the catalogue %q", path, i+1, m[3], want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if songs < 60 {
		t.Errorf("found %d songs in the examples, want 60 or more", songs)
	}
}
