package sandbox

import (
	"cmp"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	catalogIDForm   = regexp.MustCompile(`^[0-9A-Za-z]{22}$`)
	catalogDateForm = regexp.MustCompile(`^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$`)
	catalogISRCForm = regexp.MustCompile(`^[A-Z]{2}[A-Z0-9]{3}\d{7}$`)
)

// checkCatalogID wants an ID that Spotify could have made: 22 base-62 digits that fit in 128 bits.
func checkCatalogID(t *testing.T, what, id string) {
	t.Helper()
	if !catalogIDForm.MatchString(id) {
		t.Errorf("%s: ID %q is not 22 base-62 digits", what, id)
		return
	}
	n := new(big.Int)
	for _, r := range id {
		d := strings.IndexRune("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", r)
		n.Add(n.Mul(n, big.NewInt(62)), big.NewInt(int64(d)))
	}
	if n.BitLen() > 128 {
		t.Errorf("%s: ID %q is over 128 bits", what, id)
	}
}

func TestCatalog(t *testing.T) {
	tracks := catalogTracks()
	if len(tracks) < 200 {
		t.Errorf("%d tracks, want 200 or more", len(tracks))
	}
	seen := map[string]bool{}
	albums := map[string]catalogTrack{} // by ID: its first track
	for _, c := range tracks {
		what := strings.Join(c.Artists, ", ") + " – " + c.Title
		checkCatalogID(t, what, c.ID)
		checkCatalogID(t, what+": album", c.AlbumID)
		if seen[c.ID] {
			t.Errorf("%s: ID %s is used twice", what, c.ID)
		}
		seen[c.ID] = true
		if c.Title == "" || c.Album == "" || len(c.Artists) == 0 || slices.Contains(c.Artists, "") {
			t.Errorf("%s: title, album or artist is empty", what)
		}
		for _, s := range append([]string{c.Title, c.Album}, c.Artists...) {
			if s != strings.TrimSpace(s) {
				t.Errorf("%s: %q has space around it", what, s)
			}
		}
		if !catalogDateForm.MatchString(c.ReleaseDate) {
			t.Errorf("%s: release date %q", what, c.ReleaseDate)
		}
		if c.ISRC != "" && !catalogISRCForm.MatchString(c.ISRC) {
			t.Errorf("%s: ISRC %q", what, c.ISRC)
		}
		if c.DurationMS != 0 && (c.DurationMS < 30_000 || c.DurationMS > 20*60_000) {
			t.Errorf("%s: lasts %d ms", what, c.DurationMS)
		}
		if first, ok := albums[c.AlbumID]; ok {
			if first.Album != c.Album || first.ReleaseDate != c.ReleaseDate {
				t.Errorf("%s: album %s is also %s of %s", what, c.AlbumID, first.Album, first.ReleaseDate)
			}
		} else {
			albums[c.AlbumID] = c
		}
		if got, ok := catalogLookup(c.ID); !ok || got.Title != c.Title {
			t.Errorf("%s: catalogLookup(%s) = %q, %v", what, c.ID, got.Title, ok)
		}
	}
	if !slices.IsSortedFunc(tracks, func(a, b catalogTrack) int {
		return cmp.Or(cmp.Compare(a.Artists[0], b.Artists[0]), cmp.Compare(a.ReleaseDate, b.ReleaseDate),
			cmp.Compare(a.Album, b.Album), cmp.Compare(a.TrackNumber, b.TrackNumber), cmp.Compare(a.Title, b.Title))
	}) {
		t.Error("tracks are out of order")
	}
	if got, _ := catalogLookup("003vvx7Niy0yvhvHt4a68B"); got.Title != "Mr. Brightside" || got.Artists[0] != "The Killers" {
		t.Errorf("003vvx7Niy0yvhvHt4a68B is %q by %q", got.Title, got.Artists)
	}
	if _, ok := catalogLookup("0000000000000000000000"); ok {
		t.Error("found a track nobody recorded")
	}
}

// An album of the catalogue reads like the album: Kind of Blue has its five tracks in order.
func TestCatalogAlbum(t *testing.T) {
	var got []string
	for _, c := range catalogTracks() {
		if c.AlbumID == "1weenld61qoidwYuZ1GESA" {
			got = append(got, c.Title)
			if c.TrackNumber != len(got) {
				t.Errorf("%s is track %d, want %d", c.Title, c.TrackNumber, len(got))
			}
		}
	}
	want := []string{"So What", "Freddie Freeloader", "Blue in Green", "All Blues", "Flamenco Sketches"}
	if !slices.Equal(got, want) {
		t.Errorf("Kind of Blue is %q, want %q", got, want)
	}
}

func TestCatalogEpisodes(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range catalogEpisodes() {
		what := e.Show + " – " + e.Title
		checkCatalogID(t, what, e.ID)
		checkCatalogID(t, what+": show", e.ShowID)
		if seen[e.ID] {
			t.Errorf("%s: ID %s is used twice", what, e.ID)
		}
		seen[e.ID] = true
		if e.Title == "" || e.Show == "" {
			t.Errorf("%s: title or show is empty", what)
		}
		if e.ReleaseDate != "" && !catalogDateForm.MatchString(e.ReleaseDate) {
			t.Errorf("%s: release date %q", what, e.ReleaseDate)
		}
		if got, ok := catalogEpisodeLookup(e.ID); !ok || got != e {
			t.Errorf("%s: catalogEpisodeLookup(%s) = %v, %v", what, e.ID, got, ok)
		}
	}
	if !slices.IsSortedFunc(catalogEpisodes(), func(a, b catalogEpisode) int {
		return cmp.Or(cmp.Compare(a.Show, b.Show), cmp.Compare(a.ReleaseDate, b.ReleaseDate), cmp.Compare(a.Title, b.Title))
	}) {
		t.Error("episodes are out of order")
	}
	if _, ok := catalogEpisodeLookup("512ojhOuo1ktJprKbVcKyQ"); !ok {
		t.Error("the episode of the API's documentation is missing")
	}
}

func TestCatalogID(t *testing.T) {
	a, b := catalogID("track", "a", "bc"), catalogID("track", "ab", "c")
	if a == b || a != catalogID("track", "a", "bc") {
		t.Errorf("IDs of different words: %s and %s", a, b)
	}
	checkCatalogID(t, "derived", a)
}
