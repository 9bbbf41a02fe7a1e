package run

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/spotsync/spotsync/config/longtest"
	"github.com/spotsync/spotsync/spotify"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// twinOf is the song that Spotify shows for song n in these tests.
func twinOf(n int) int { return 1000 + n }

// relink has Spotify show some songs as others, without saying so. alike: both forms have the ISRC and the title.
func (w *world) relink(alike bool, pairs map[int]int) {
	twins := make(map[string]string)
	for n := range 20 {
		w.server.AddTrack(sandbox.Track{ID: fmt.Sprintf("%022d", n), Title: fmt.Sprint("Song ", n), Artists: []string{"Somebody"}, ISRC: fmt.Sprintf("QZ%010d", n), DurationMS: 200_000 + n*20_000})
	}
	for n, twin := range pairs {
		t := sandbox.Track{ID: fmt.Sprintf("%022d", twin), Title: fmt.Sprint("Song ", n), Artists: []string{"Somebody"}, ISRC: fmt.Sprintf("QZ%010d", n), DurationMS: 200_000 + n*20_000}
		if !alike {
			t.Title, t.ISRC = fmt.Sprint("Other ", twin), fmt.Sprintf("QZ%010d", twin)
		}
		if twin >= 20 {
			w.server.AddTrack(t)
		}
		twins[string(song(n))] = string(song(twin))
	}
	w.quirks(func(q *sandbox.Quirks) { q.Relink, q.DropLinkedFrom = twins, true })
}

// forget loses what this computer remembers. One that remembers nothing of a write can't know that reads lag it.
func (w *world) forget(dirs ...string) {
	w.t.Helper()
	if slices.Contains(dirs, "state") {
		time.Sleep(3 * time.Second)
	}
	for _, dir := range dirs {
		if err := os.RemoveAll(filepath.Join(w.dir, dir)); err != nil {
			w.t.Fatal(err)
		}
	}
}

// edited makes the snapshot move, so that the playlist is read.
func (w *world) edited() { w.server.Edit(w.id("playlist.a"), func(*sandbox.Playlist) {}) }

// TestRelinkedAfterEachEdit: Spotify shows one song of four as another from the first day. After each kind of edit the
// second plan is empty, with whatever is lost in between, and dates are kept.
func TestRelinkedAfterEachEdit(t *testing.T) {
	const never = `keep_dates = "never"`
	for _, removal := range []bool{false, true} {
		for i, tt := range []struct {
			name  string
			to    []spotify.URI
			lines []string
		}{
			{"append", songs(1, 2, 3, 4, 5), nil},
			{"insert before it", songs(1, 5, 2, 3, 4), nil},
			{"insert behind it", songs(1, 2, 5, 3, 4), nil},
			{"move it", songs(1, 3, 4, 2), nil},
			{"move another", songs(2, 3, 4, 1), nil},
			{"remove another", songs(1, 2, 4), nil},
			{"remove its neighbours", songs(2, 4), nil},
			{"remove it", songs(1, 3, 4), nil},
			{"a second copy", songs(1, 2, 3, 2, 4), nil},
			{"replace", songs(4, 9, 2, 8, 1), []string{never}},
			{"turn round", songs(4, 3, 2, 1), nil},
			{"its twin instead", []spotify.URI{song(1), song(twinOf(2)), song(3), song(4)}, nil},
			{"its twin too", []spotify.URI{song(1), song(2), song(3), song(twinOf(2)), song(4)}, nil},
			{"another relinked one", songs(1, 2, 3, 4, 6), nil},
			{"details", songs(1, 2, 3, 4), []string{`description = "D"`}},
			{"several edits", songs(7, 2, 4, 8, 1), nil},
		} {
			for j, lost := range [][]string{nil, {"cache"}, {"cache", "state"}} {
				for k, wait := range []time.Duration{0, 2 * time.Minute} {
					if tt.name == "remove it" && len(lost) == 2 && !removal {
						continue // nothing tells what it was added by
					}
					t.Run(fmt.Sprintf("%s, removed by the twin %v, lost %v, after %s", tt.name, removal, lost, wait), func(t *testing.T) {
						longtest.OneIn(t, 6, i+2*j+k)
						inWorld(t, block("a", "A", songs(1, 2, 3, 4)), func(t *testing.T, w *world) {
							w.relink(true, map[int]int{2: twinOf(2), 6: twinOf(6)})
							w.quirks(func(q *sandbox.Quirks) { q.RemoveByTwin = removal })
							w.mustApply()
							time.Sleep(wait)
							w.forget(lost...)
							had := dates(w.there("playlist.a"))
							w.hcl, w.force = block("a", "A", tt.to, tt.lines...), true
							w.mustApply()
							w.forget(lost...)
							w.quiet("at once")
							w.edited()
							if removal && (tt.name == "remove it" || tt.name == "its twin instead") {
								time.Sleep(2 * time.Minute) // under which URI it stood there was never seen: the next read tells
								w.mustApply()
							}
							w.converged()
							if tt.name == "its twin instead" || tt.name == "its twin too" && len(lost) == 2 { // either will do
								return
							}
							w.holds("playlist.a", tt.to...)
							for u, d := range dates(w.there("playlist.a")) {
								if len(had[u]) == 1 && len(d) == 1 && !d[0].Equal(had[u][0]) && len(tt.lines) == 0 {
									t.Errorf("%s lost its date", u)
								}
							}
							// and what Spotify shows as something else can be taken out
							w.hcl = block("a", "A", songs(1))
							w.mustApply()
							w.holds("playlist.a", song(1))
							w.converged()
						})
					})
				}
			}
		}
	}
}

// TestRelinkedToOther: what Spotify shows has neither code nor title of the song. Place and date tell.
func TestRelinkedToOther(t *testing.T) {
	kinds := map[string]map[int]int{
		"one": {2: 1002}, "all": {1: 1001, 2: 1002, 3: 1003, 4: 1004}, "two to one": {2: 1002, 4: 1002}, "to one that is there": {2: 3}, "the last": {4: 1004},
	}
	for i, name := range slices.Sorted(maps.Keys(kinds)) {
		pairs := kinds[name]
		for j, lost := range [][]string{nil, {"cache"}} {
			t.Run(fmt.Sprint(name, lost), func(t *testing.T) {
				longtest.OneIn(t, 2, i+j)
				inWorld(t, block("a", "A", songs(1, 2, 3, 4, 2)), func(t *testing.T, w *world) {
					w.relink(false, pairs)
					w.mustApply()
					for _, want := range [][]spotify.URI{songs(1, 2, 3, 4, 2, 5), songs(2, 1, 3, 4, 2, 5), songs(2, 1, 3, 2, 5), songs(2, 3, 2, 5), songs(5, 3)} {
						time.Sleep(2 * time.Minute)
						w.forget(lost...)
						w.edited()
						w.hcl = block("a", "A", want)
						w.mustApply()
						w.holds("playlist.a", want...)
						w.edited()
						w.converged()
					}
				})
			})
		}
	}
}

// TestReplacedBySomebody: somebody takes a song out and puts another in its place. That is an edit, however soon after our
// write it happens.
func TestReplacedBySomebody(t *testing.T) {
	for _, wait := range []time.Duration{0, time.Second, 2 * time.Second, 20 * time.Second, 2 * time.Minute} {
		for _, relinked := range []bool{false, true} {
			t.Run(fmt.Sprint(wait, relinked), func(t *testing.T) {
				inWorld(t, block("a", "A", songs(1, 2, 3, 4)), func(t *testing.T, w *world) {
					pairs := map[int]int{}
					if relinked {
						pairs[4] = twinOf(4)
					}
					w.relink(true, pairs)
					w.mustApply()
					time.Sleep(wait)
					w.server.Edit(w.id("playlist.a"), func(p *sandbox.Playlist) { p.Rows[1] = sandbox.Row{URI: song(9)} })
					time.Sleep(2 * time.Minute)
					w.mustApply()
					w.holds("playlist.a", songs(1, 2, 3, 4)...)
					w.converged()
				})
			})
		}
	}
}

// TestRelinkedAtRandom: random lists, some of whose songs Spotify shows as others, and random edits of them.
func TestRelinkedAtRandom(t *testing.T) {
	for seed := range longtest.Few(8, 60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(seed), 9))
			list := func() []spotify.URI {
				var out []spotify.URI
				for range 1 + r.IntN(9) {
					out = append(out, song(r.IntN(12)))
				}
				return out
			}
			want := list()
			inWorld(t, block("a", "A", want), func(t *testing.T, w *world) {
				pairs := make(map[int]int)
				for n := range 12 {
					if r.IntN(2) == 0 {
						pairs[n] = twinOf(n)
					}
				}
				w.relink(true, pairs)
				byTwin := r.IntN(2) == 0
				w.quirks(func(q *sandbox.Quirks) { q.RemoveByTwin = byTwin })
				w.force = true
				w.mustApply()
				for step := range 6 {
					// Not at once: a read that is two writes late may show a song in the place of another.
					time.Sleep([]time.Duration{3 * time.Second, 10 * time.Second, 2 * time.Minute}[r.IntN(3)])
					switch r.IntN(6) {
					case 0:
						w.forget("cache")
					case 1:
						if byTwin { // else nothing tells what to remove a song by that leaves the files now
							w.forget("cache", "state")
						}
					case 2:
						w.edited()
					}
					if byTwin { // under which URI a song stands there must be seen before it can be removed
						time.Sleep(2 * time.Minute)
						w.edited()
						w.mustApply()
					}
					had := dates(w.there("playlist.a"))
					switch old := slices.Clone(want); r.IntN(5) {
					case 0:
						want = list()
					case 1: // one moves
						i, j := r.IntN(len(old)), r.IntN(len(old))
						u := old[i]
						want = slices.Insert(slices.Delete(old, i, i+1), j, u)
					case 2:
						want = slices.Insert(old, r.IntN(len(old)+1), song(r.IntN(12)))
					case 3:
						if i := r.IntN(len(old)); len(old) > 1 {
							want = slices.Delete(old, i, i+1)
						}
					}
					w.hcl = block("a", "A", want)
					w.mustApply()
					w.holds("playlist.a", want...)
					now := dates(w.there("playlist.a"))
					for u, d := range had {
						if len(now[u]) >= len(d) && !slices.ContainsFunc(now[u], func(x time.Time) bool { return x.Equal(d[0]) }) {
							t.Errorf("step %d: %s lost its date", step, u)
						}
					}
					w.quiet(fmt.Sprintf("step %d, at once", step))
					if r.IntN(2) == 0 {
						time.Sleep(2 * time.Minute)
						w.quiet(fmt.Sprintf("step %d, later", step))
					}
					if t.Failed() {
						t.Fatalf("want %v, shown as others %v", want, pairs)
					}
				}
				w.edited()
				w.converged()
			})
		})
	}
}
