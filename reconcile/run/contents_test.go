package run

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/spotsync/spotsync/spotify"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// mixed is a list of n with copies and episodes in it.
func mixed(n int) []spotify.URI {
	out := make([]spotify.URI, n)
	for i := range out {
		switch {
		case i%7 == 3:
			out[i] = talk(i)
		case i%5 == 4:
			out[i] = out[i/2]
		default:
			out[i] = song(i)
		}
	}
	return out
}

func TestCreateHoldsExactlyWhatIsWritten(t *testing.T) {
	for _, n := range []int{0, 1, 100, 101, 1000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			inWorld(t, block("morning", "Morning", mixed(n)), func(t *testing.T, w *world) {
				r := w.mustApply()
				w.holds("playlist.morning", mixed(n)...)
				if want := 1 + (n+99)/100; w.server.Writes() != want || r.res.Requests != want || r.plan.Summary.Requests != want {
					t.Errorf("%d writes, %d in the result, %d in the plan, want %d", w.server.Writes(), r.res.Requests, r.plan.Summary.Requests, want)
				}
				if p := w.there("playlist.morning"); p.Public || p.Name != "Morning" || p.Description != " " {
					t.Errorf("created %q, %q, public %v", p.Name, p.Description, p.Public)
				}
				w.server.ResetRequests()
				w.quiet("at once")
				if got := w.server.Counts(); !cmp.Equal(got, map[string]int{"GET /me": 1, "GET /me/playlists": 1}) {
					t.Errorf("a quiet round took %v", got)
				}
				w.converged()
				w.owned(1)
			})
		})
	}
}

// spread gives each row of a playlist a day of its own.
func spread(w *world, address string) map[spotify.URI][]time.Time {
	day := time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)
	w.server.Edit(w.id(address), func(p *sandbox.Playlist) {
		for i := range p.Rows {
			p.Rows[i].AddedAt = day.AddDate(0, 0, i)
		}
	})
	return dates(w.there(address))
}

func dates(p sandbox.Playlist) map[spotify.URI][]time.Time {
	out := make(map[spotify.URI][]time.Time)
	for _, r := range p.Rows {
		out[r.URI] = append(out[r.URI], r.AddedAt)
	}
	return out
}

func TestEditsKeepDates(t *testing.T) {
	list := func(ns ...int) []spotify.URI { return songs(ns...) }
	for name, tt := range map[string]struct {
		from, to []spotify.URI
		lose     []spotify.URI // those that may lose their dates
	}{
		"insert":         {from: list(1, 2, 3, 4), to: list(1, 9, 2, 3, 8, 4)},
		"remove":         {from: list(1, 2, 3, 4), to: list(1, 4)},
		"move":           {from: list(1, 2, 3, 4, 5), to: list(5, 1, 2, 4, 3)},
		"reverse":        {from: list(1, 2, 3, 4, 5), to: list(5, 4, 3, 2, 1)},
		"all three":      {from: list(1, 2, 3, 4, 5, 6), to: list(6, 1, 7, 3, 2, 5)},
		"drop a copy":    {from: list(1, 2, 1, 3, 4), to: list(1, 2, 3, 4), lose: list(1)},
		"add a copy":     {from: list(1, 2, 3), to: list(1, 2, 1, 3)},
		"empty":          {from: list(1, 2, 3), to: list()},
		"swap the copes": {from: list(1, 2, 1, 3, 1), to: list(1, 1, 2, 3, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, block("a", "A", tt.from), func(t *testing.T, w *world) {
				w.mustApply()
				time.Sleep(2 * time.Minute)
				before := spread(w, "playlist.a")
				w.hcl = block("a", "A", tt.to)
				w.force = true
				w.mustApply()
				w.holds("playlist.a", tt.to...)
				after := dates(w.there("playlist.a"))
				lose := countEach(tt.lose)
				for u, had := range before {
					if lose[u] > 0 {
						continue
					}
					kept := min(len(had), len(after[u]))
					left := countEach(after[u])
					for _, d := range had {
						if left[d] > 0 {
							left[d]--
							kept--
						}
					}
					if kept > 0 {
						t.Errorf("%s had %v and has %v", u, had, after[u])
					}
				}
				w.converged()
			})
		})
	}
}

func countEach[K comparable](list []K) map[K]int {
	n := make(map[K]int)
	for _, k := range list {
		n[k]++
	}
	return n
}
