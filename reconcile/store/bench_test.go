package store

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/spotify"
)

const benchLists, benchItems = 100, 300

// benchContents are playlists as large ones are: artists come back, most albums don't, a few people added what is in them.
func benchContents() []Contents {
	r := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("Love Night the Heart of Fire Dancing in Moonlight Blue River Don't Stop Believin' Summer Remastered 2011 Mein Für Élise 夜に駆ける Lonely Road Feat. Live Wild Golden Hour (Radio Edit) - Original Mix")
	phrase := func(most int) string {
		var out []string
		for range 1 + r.IntN(most) {
			out = append(out, words[r.IntN(len(words))])
		}
		return strings.Join(out, " ")
	}
	id := func() string {
		const digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		b := make([]byte, 22)
		for i := range b {
			b[i] = digits[r.IntN(len(digits))]
		}
		return string(b)
	}
	lists := make([]Contents, benchLists)
	for i := range lists {
		public := true
		lists[i] = Contents{ID: spotify.ID(id()), Snapshot: spotify.Snapshot("AAAA" + id() + "=="), Following: true,
			Details: spotify.Details{Name: phrase(4), Description: phrase(12), Public: &public}}
		for range benchItems {
			uri := spotify.URI("spotify:track:" + id())
			at := noon.Add(-time.Duration(r.IntN(5*365*24*3600)) * time.Second)
			artists := []string{fmt.Sprint(phrase(2), " ", r.IntN(20))}
			if r.IntN(3) == 0 {
				artists = append(artists, phrase(2))
			}
			lists[i].Items = append(lists[i].Items, spotify.Item{URI: uri, AddedAt: at, AddedBy: "jane", Track: spotify.Track{
				URI: uri, Kind: spotify.KindTrack, Title: phrase(5), Artists: artists, Album: phrase(4), AlbumURI: spotify.URI("spotify:album:" + id()),
				ISRC: fmt.Sprintf("GBAYE%07d", r.IntN(10_000_000)), DurationMS: 120_000 + r.IntN(240_000), Explicit: r.IntN(8) == 0,
				ReleaseDate: fmt.Sprintf("%d-%02d-%02d", 1970+r.IntN(56), 1+r.IntN(12), 1+r.IntN(28)), TrackNumber: 1 + r.IntN(14), AddedAt: at,
			}})
		}
	}
	return lists
}

// reportSize tells how much is on the disk below dir.
func reportSize(b *testing.B, dir string) {
	b.Helper()
	size := int64(0)
	err := filepath.WalkDir(dir, func(_ string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		fi, err := e.Info()
		size += fi.Size()
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(size), "disk-bytes")
}

func BenchmarkCacheLoad(b *testing.B) {
	dir := b.TempDir()
	a, lists := testAccount(OS{}, dir), benchContents()
	for _, c := range lists {
		if err := a.SaveCached(c); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		for _, c := range lists {
			if got, ok := a.Cached(c.ID); !ok || len(got.Items) != benchItems {
				b.Fatal("not cached")
			}
		}
	}
	reportSize(b, dir)
}

func BenchmarkCacheSave(b *testing.B) {
	for _, what := range []string{"same", "changed"} {
		b.Run(what, func(b *testing.B) {
			dir := b.TempDir()
			a, lists := testAccount(OS{}, dir), benchContents()
			for n := 0; b.Loop(); n++ {
				for _, c := range lists {
					if what == "changed" {
						c.Snapshot = spotify.Snapshot(fmt.Sprint(n))
					}
					if err := a.SaveCached(c); err != nil {
						b.Fatal(err)
					}
				}
			}
			reportSize(b, dir)
		})
	}
}

func BenchmarkBases(b *testing.B) {
	dir := b.TempDir()
	s := OpenState(OS{}, dir, "spotify", filepath.Join(dir, "spotsync.lock.hcl"))
	for i, c := range benchContents() {
		if err := s.SaveBase(Base{Address: fmt.Sprintf("playlist.list_%d", i), Time: noon, Contents: c, Confirmed: true}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if bases, err := s.Bases(); err != nil || len(bases) != benchLists {
			b.Fatal(len(bases), err)
		}
	}
	reportSize(b, dir)
}

func BenchmarkSettling(b *testing.B) {
	a, lists := testAccount(OS{}, b.TempDir()), benchContents()
	for _, c := range lists {
		if err := a.SaveSettling(Settling{ID: c.ID, Time: noon, States: make([]Mark, 3), Expected: &c}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		for _, c := range lists {
			if s, err := a.Settling(c.ID, noon); s == nil || err != nil {
				b.Fatal("no record", err)
			}
		}
	}
}
