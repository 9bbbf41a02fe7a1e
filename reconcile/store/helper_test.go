package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/spotify"
)

const (
	idA = spotify.ID("37i9dQZF1DXcBWIGoYBM5M")
	idB = spotify.ID("4XzvE3vG5tVbQeJb8Kk2aP")
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func contents(id spotify.ID, name string) Contents {
	public := true
	return Contents{
		ID:       id,
		Details:  spotify.Details{Name: name, Description: "Über <b>", Public: &public},
		Snapshot: "AAAA",
		Items: []spotify.Item{
			{URI: "spotify:track:003vvx7Niy0yvhvHt4a68B", AddedAt: noon, AddedBy: "jane",
				Track: spotify.Track{URI: "spotify:track:003vvx7Niy0yvhvHt4a68B", Title: "Mr. Brightside", Artists: []string{"The Killers"}, DurationMS: 222000}},
			{Null: true, AddedAt: noon},
			{URI: "spotify:local:a:b:c:1", Local: true},
		},
		Following: true,
	}
}

func testState(t *testing.T, fsys FS, dir string) *State {
	t.Helper()
	s := OpenState(fsys, filepath.Join(dir, "state"), "spotify", filepath.Join(dir, "playlists", "spotsync.lock.hcl"))
	s.Command = "spotsync apply"
	s.Warn = func(err error) { t.Errorf("warned: %v", err) }
	return s
}

func testAccount(fsys FS, dir string) *Account {
	return OpenAccount(fsys, filepath.Join(dir, "state"), filepath.Join(dir, "cache"), "spotify", "jane")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	must(t, os.WriteFile(path, []byte(text), 0o600))
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return string(data)
}

// isCorrupt checks that err names the file, the line and a way out.
func isCorrupt(t *testing.T, err error, path string, line int) {
	t.Helper()
	ce, ok := errors.AsType[*CorruptError](err)
	if !ok {
		t.Fatalf("got %v, want a *CorruptError", err)
	}
	if ce.Path != path || ce.Line != line || ce.Todo == "" || !strings.Contains(err.Error(), path) {
		t.Errorf("got line %d, %v", ce.Line, err)
	}
}
