package store

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/spotsync/spotsync/spotify"
)

func TestCatalog(t *testing.T) {
	dir := t.TempDir()
	c := OpenCatalog(OS{}, dir, "spotify")
	if got := c.Tracks(); len(got) != 0 {
		t.Errorf("an empty catalogue knows %v", got)
	}
	one := map[spotify.URI]spotify.Track{"spotify:track:1": {URI: "spotify:track:1", Title: "One", Artists: []string{"A"}}}
	two := map[spotify.URI]spotify.Track{"spotify:track:2": {URI: "spotify:track:2", Title: "Two"}}
	for _, more := range []map[spotify.URI]spotify.Track{one, two} {
		if err := c.Add(more); err != nil {
			t.Fatal(err)
		}
	}
	want := map[spotify.URI]spotify.Track{"spotify:track:1": one["spotify:track:1"], "spotify:track:2": two["spotify:track:2"]}
	if diff := cmp.Diff(want, OpenCatalog(OS{}, dir, "spotify").Tracks()); diff != "" {
		t.Error(diff)
	}
	if got := OpenCatalog(OS{}, dir, "loopback").Tracks(); len(got) != 0 {
		t.Errorf("issuers share a catalogue: %v", got)
	}
	path := filepath.Join(dir, "spotify", "catalog.json")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := c.Tracks(); len(got) != 0 {
		t.Errorf("a damaged catalogue knows %v", got)
	}
	if err := c.Add(one); err != nil {
		t.Errorf("a damaged catalogue can't be added to: %v", err)
	}
}
