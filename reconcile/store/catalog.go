package store

import (
	"maps"
	"path/filepath"

	"github.com/spotsync/spotsync/spotify"
)

// catalogLimit is how many tracks the catalogue keeps; beyond it, it begins anew.
const catalogLimit = 50_000

// Catalog keeps what tracks and episodes are called. It never changes for one of them, so it is kept for ever, in the
// cache: without it names are looked up again.
type Catalog struct {
	fsys FS
	path string
}

// OpenCatalog is the catalogue of one issuer. It reads nothing yet.
func OpenCatalog(fsys FS, cacheDir, issuer string) *Catalog {
	return &Catalog{fsys: fsys, path: filepath.Join(cacheDir, fileName(issuer), "catalog.json")}
}

// Tracks are all that is known, by URI. What can't be read is not known.
func (c *Catalog) Tracks() map[spotify.URI]spotify.Track {
	tracks, err := readJSON[map[spotify.URI]spotify.Track](c.fsys, c.path, "catalog", "delete it")
	if err != nil || tracks == nil || *tracks == nil {
		return make(map[spotify.URI]spotify.Track)
	}
	return *tracks
}

// Add keeps more. A failure costs requests and nothing else.
func (c *Catalog) Add(more map[spotify.URI]spotify.Track) error {
	all := c.Tracks()
	if len(all)+len(more) > catalogLimit {
		clear(all)
	}
	maps.Copy(all, more)
	return writeJSON(c.fsys, c.path, "catalog", all)
}
