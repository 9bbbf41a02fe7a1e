package run

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/spotsync/spotsync/config/longtest"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/apply"
	"github.com/spotsync/spotsync/reconcile/observe"
	"github.com/spotsync/spotsync/spotify"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// asked are the requests since the last call, without the question who is logged in, which each process of these tests
// asks once more than spotsync does.
func (w *world) asked() map[string]int {
	counts := maps.Clone(w.server.Counts())
	delete(counts, "GET /me")
	w.server.ResetRequests()
	return counts
}

func (w *world) took(when string, want map[string]int) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.asked()); diff != "" {
		w.t.Errorf("%s (-want +got):\n%s", when, diff)
	}
}

const (
	listing   = "GET /me/playlists"
	items     = "GET /playlists/{id}/items"
	single    = "GET /playlists/{id}"
	addItems  = "POST /playlists/{id}/items"
	putItems  = "PUT /playlists/{id}/items"
	lessItems = "DELETE /playlists/{id}/items"
	details   = "PUT /playlists/{id}"
	contains  = "GET /me/library/contains"
)

// lists are n playlists of 120 songs each.
func lists(n int, lines ...string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(block(fmt.Sprintf("p%03d", i), fmt.Sprintf("List %03d", i), upTo(120), lines...))
	}
	return b.String()
}

// TestQuiet: what was made is never read. A plan of P playlists lists them and asks nothing more, in the minute after the
// writes and ever after.
func TestQuiet(t *testing.T) {
	for _, n := range []int{1, 51} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			inWorld(t, lists(n), func(t *testing.T, w *world) {
				w.mustApply()
				w.took("create", map[string]int{listing: 1, "POST /me/playlists": n, addItems: 2 * n})
				for _, after := range []time.Duration{2 * time.Second, 5 * time.Second, 54 * time.Second, time.Hour} {
					time.Sleep(after)
					w.quiet(after.String())
					w.took(after.String(), map[string]int{listing: spotify.Pages(n)})
				}
			})
		})
	}
}

// TestOneEditTakesThreeRequests, and no more once all is settled; every other date is kept.
func TestOneEditTakesThreeRequests(t *testing.T) {
	inWorld(t, lists(51), func(t *testing.T, w *world) {
		w.mustApply()
		want := upTo(120)
		for _, edit := range []struct {
			kind string
			do   func([]spotify.URI) []spotify.URI
		}{
			{addItems, func(l []spotify.URI) []spotify.URI { return slices.Insert(l, 40, song(500)) }},
			{putItems, func(l []spotify.URI) []spotify.URI { return append(append(slices.Clone(l[:7]), l[9:]...), l[7:9]...) }},
			{lessItems, func(l []spotify.URI) []spotify.URI { return slices.Delete(l, 88, 90) }},
			{addItems, func(l []spotify.URI) []spotify.URI { return append(l, song(501)) }},
			{addItems, func(l []spotify.URI) []spotify.URI { return slices.Insert(l, 0, song(502)) }},
		}[:longtest.Few(3, 5)] {
			time.Sleep(61 * time.Second)
			had := spread(w, "playlist.p000")
			time.Sleep(time.Second)
			w.quiet("the dates are spread") // that takes a read
			want = edit.do(slices.Clone(want))
			w.hcl = block("p000", "List 000", want) + strings.TrimPrefix(lists(51), block("p000", "List 000", upTo(120)))
			w.asked()
			w.mustApply()
			w.took(edit.kind, map[string]int{listing: 2, edit.kind: 1})
			w.holds("playlist.p000", want...)
			for u, at := range dates(w.there("playlist.p000")) {
				if old := had[u]; len(old) > 0 && !slices.Equal(old, at) {
					t.Errorf("%s was added on %v, and now on %v", u, old, at)
				}
			}
		}
		w.converged()
	})
}

// TestChangedSnapshotReadsOneAgain, in whole pages and with one look after the last; what only its details explain too, but
// once.
func TestChangedSnapshotReadsOneAgain(t *testing.T) {
	inWorld(t, lists(51)+`
playlist "loose" {
  tracks = ["`+string(song(1))+`"]
  id     = "0000000000000000000000"
}`, func(t *testing.T, w *world) {
		loose := w.server.AddPlaylist(w.user, sandbox.PlaylistSpec{Name: "Loose", Rows: []sandbox.Row{{URI: song(1)}}})
		w.hcl = strings.ReplaceAll(w.hcl, "0000000000000000000000\"\n}", string(loose)+"\"\n}")
		w.mustApply()
		time.Sleep(2 * time.Minute)
		w.quiet("settled")
		w.asked()
		w.server.Edit(w.id("playlist.p007"), func(p *sandbox.Playlist) { p.Rows = slices.Delete(p.Rows, 3, 4) })
		if r := w.plan(); r.plan.Summary.Update != 1 {
			t.Errorf("the edit is not seen: %s", describe(r.plan))
		}
		w.took("after an edit", map[string]int{listing: 2, items: 1, single: 2})
		w.plan()
		w.took("and again", map[string]int{listing: 2})
		w.mustApply()
		w.took("heal", map[string]int{listing: 2, addItems: 1})

		w.server.Edit(loose, func(p *sandbox.Playlist) { p.Name = "Loosely" })
		w.quiet("renamed elsewhere")
		w.took("renamed elsewhere", map[string]int{listing: 2, single: 1})
		w.quiet("renamed elsewhere")
		w.took("renamed a while ago", map[string]int{listing: 2})
	})
}

// TestDetailsOfOursReadNothingTwice: no answer tells the snapshot that a change of details makes, so the items are read
// once, when the minute is over.
func TestDetailsOfOursReadNothingTwice(t *testing.T) {
	inWorld(t, lists(2), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		w.asked()
		w.hcl = strings.ReplaceAll(w.hcl, `"List 001"`, `"Renamed"`)
		w.mustApply()
		w.took("rename", map[string]int{listing: 1, details: 1})
		w.quiet("renamed")
		time.Sleep(2 * time.Minute)
		w.asked()
		w.quiet("settled")
		w.took("settled", map[string]int{listing: 1, items: 1, single: 2})
		w.quiet("known")
		w.took("known", map[string]int{listing: 1})
	})
}

// TestTargetReadsItsTargets: of a large library only what the target takes is asked for.
func TestTargetReadsItsTargets(t *testing.T) {
	setup := func(t *testing.T, test func(*testing.T, *world)) {
		inWorld(t, lists(2), func(t *testing.T, w *world) {
			w.mustApply()
			for i := range 200 {
				w.server.AddPlaylist(w.user, sandbox.PlaylistSpec{Name: fmt.Sprint("Other ", i)})
			}
			time.Sleep(2 * time.Minute)
			w.quiet("settled")
			w.targets = []string{"playlist.p001"}
			w.asked()
			test(t, w)
		})
	}
	setup(t, func(t *testing.T, w *world) {
		w.server.Edit(w.id("playlist.p000"), func(p *sandbox.Playlist) { p.Rows = nil })
		if r := w.plan(); !r.plan.Empty() {
			t.Error(describe(r.plan))
		}
		w.took("quiet", map[string]int{single: 1, contains: 1})
		w.server.Edit(w.id("playlist.p001"), func(p *sandbox.Playlist) { p.Rows = p.Rows[1:] })
		w.mustApply()
		w.took("heal", map[string]int{single: 3, contains: 1, items: 1, addItems: 1})
		w.holds("playlist.p001", upTo(120)...)
	})
	setup(t, func(t *testing.T, w *world) { // what is gone is looked for where all are listed
		w.server.Unfollow(w.user, w.id("playlist.p001"))
		r := w.plan()
		if len(r.plan.Changes) != 1 || r.plan.Changes[0].Action != reconcile.Restore {
			t.Error(describe(r.plan))
		}
		w.took("restore", map[string]int{single: 2, contains: 2, listing: 5})
	})
	setup(t, func(t *testing.T, w *world) { // a name may be taken by any of them
		w.targets = []string{"playlist.new"}
		w.hcl += block("new", "Other 7", songs(1))
		w.refused("A playlist of this name exists already")
		w.took("create", map[string]int{listing: 5})
	})
}

// TestTornRead: somebody moves a song from a page that is not read yet to one that was. The number of items stands still,
// and yet the pages don't fit together.
func TestTornRead(t *testing.T) {
	for page := range 3 {
		t.Run(fmt.Sprint(page), func(t *testing.T) {
			inWorld(t, block("a", "A", upTo(120))+block("b", "B", upTo(60)), func(t *testing.T, w *world) {
				w.mustApply()
				time.Sleep(2 * time.Minute)
				id := w.id("playlist.a")
				last := func(p *sandbox.Playlist) { p.Rows = append(p.Rows[119:], p.Rows[:119]...) }
				w.server.Edit(id, last)
				time.Sleep(2 * time.Minute)
				had := dates(w.there("playlist.a"))
				w.server.Fail(sandbox.Fault{Method: "GET", Route: "/playlists/{id}/items", Skip: page, After: true, Then: func() { w.server.Edit(id, last) }})
				time.Sleep(2 * time.Minute)
				r := w.mustApply()
				if n := len(r.plan.Changes[0].Edits); n > 2 {
					t.Errorf("%d edits for two moves:\n%s", n, describe(r.plan))
				}
				w.holds("playlist.a", upTo(120)...)
				if diff := cmp.Diff(had, dates(w.there("playlist.a"))); diff != "" {
					t.Errorf("dates (-before +after):\n%s", diff)
				}
				w.converged()
			})
		})
	}
}

// TestNeverAtRest: a playlist that changes whenever it is read fails by itself, and nothing is written to it.
func TestNeverAtRest(t *testing.T) {
	inWorld(t, block("a", "A", upTo(120))+block("b", "B", songs(1)), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		id := w.id("playlist.a")
		turn := func(p *sandbox.Playlist) { p.Rows = append(p.Rows[1:], p.Rows[0]) }
		w.server.Edit(id, turn)
		w.server.Fail(sandbox.Fault{Method: "GET", Route: "/playlists/{id}/items", Times: -1, After: true, Then: func() { w.server.Edit(id, turn) }})
		w.hcl = block("a", "A", upTo(120)) + block("b", "B", songs(1, 2))
		r := w.apply()
		if r.failed() != nil || r.plan.Changes[0].Action != reconcile.Skipped || r.plan.Changes[1].Action != reconcile.Update {
			t.Errorf("%v\n%s", r.failed(), describe(r.plan))
		}
		w.holds("playlist.b", songs(1, 2)...)
		w.server.ClearFaults()
		w.mustApply()
		w.holds("playlist.a", upTo(120)...)
		w.converged()
	})
}

// TestCacheDamaged: a cache that is gone, cut or full of nonsense costs reading again, and nothing else.
func TestCacheDamaged(t *testing.T) {
	for name, spoil := range map[string]func(string, []byte) error{
		"deleted": func(path string, _ []byte) error { return os.Remove(path) },
		"empty":   func(path string, _ []byte) error { return os.WriteFile(path, nil, 0o600) },
		"cut":     func(path string, data []byte) error { return os.WriteFile(path, data[:len(data)/2], 0o600) },
		"flipped": func(path string, data []byte) error {
			data[len(data)/2] ^= 4
			return os.WriteFile(path, data, 0o600)
		},
		"nonsense": func(path string, _ []byte) error { return os.WriteFile(path, []byte("{}\n"), 0o600) },
		"folder": func(path string, _ []byte) error {
			if err := os.Remove(path); err != nil {
				return err
			}
			return os.Mkdir(path, 0o700)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, lists(2), func(t *testing.T, w *world) {
				w.mustApply()
				time.Sleep(2 * time.Minute)
				w.asked()
				err := filepath.WalkDir(filepath.Join(w.dir, "cache"), func(path string, d os.DirEntry, err error) error {
					if err != nil || d.IsDir() {
						return err
					}
					data, err := os.ReadFile(path)
					if err != nil {
						return err
					}
					return spoil(path, data)
				})
				if err != nil {
					t.Fatal(err)
				}
				w.quiet("damaged")
				w.took("damaged", map[string]int{listing: 2, single: 2, items: 2}) // two of them are looked at again with one listing
				w.quiet("read again")
				if name != "folder" { // there the cache can't be written either
					w.took("read again", map[string]int{listing: 1})
				}
			})
		})
	}
}

// TestCutShortIsNotLost: what was read before Spotify said stop need not be read by the next run.
func TestCutShortIsNotLost(t *testing.T) {
	inWorld(t, lists(8), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		if err := os.RemoveAll(filepath.Join(w.dir, "cache")); err != nil {
			t.Fatal(err)
		}
		w.server.Fail(sandbox.Fault{Method: "GET", Route: "/playlists/{id}/items", Skip: 4, Times: 1, RetryAfter: "3600"})
		if r := w.plan(); !observe.StopsRun(r.failed()) {
			t.Fatalf("got %v", r.failed())
		}
		reads := func() int { asked := w.asked(); return asked[single] + asked[items] }
		before := reads()
		w.quiet("later")
		if again := reads(); before+again > 8*2+4*2+1 { // those under way, and the one that was refused
			t.Errorf("8 playlists of 120 songs took %d reads, and then %d", before, again)
		}
	})
}

// TestColdReads: what has to be read takes one request for 100 songs, details and snapshot included; over 100, one look for
// all of them tells at the end that nothing moved meanwhile.
func TestColdReads(t *testing.T) {
	for _, c := range []struct {
		songs  int
		quirks func(*sandbox.Quirks)
		want   map[string]int
	}{
		{0, nil, map[string]int{listing: 1, single: 3}},
		{50, nil, map[string]int{listing: 1, single: 3}},
		{100, nil, map[string]int{listing: 1, single: 3}},
		{101, nil, map[string]int{listing: 2, single: 3, items: 3}},
		{200, nil, map[string]int{listing: 2, single: 3, items: 3}},
		{300, nil, map[string]int{listing: 2, single: 3, items: 6}},
		{150, func(q *sandbox.Quirks) { q.EmbeddedRows = 50 }, map[string]int{listing: 2, single: 3, items: 3}},
		{100, func(q *sandbox.Quirks) { q.EmbeddedRows = -1 }, map[string]int{listing: 2, single: 3, items: 3}},
	} {
		t.Run(fmt.Sprint(c.songs, c.quirks != nil), func(t *testing.T) {
			var hcl strings.Builder
			for i := range 3 {
				hcl.WriteString(block(fmt.Sprintf("p%03d", i), fmt.Sprintf("List %03d", i), upTo(c.songs)))
			}
			inWorld(t, hcl.String(), func(t *testing.T, w *world) {
				w.mustApply()
				time.Sleep(2 * time.Minute)
				if c.quirks != nil {
					q := w.server.Quirks()
					c.quirks(&q)
					w.server.SetQuirks(q)
				}
				if err := os.RemoveAll(filepath.Join(w.dir, "cache")); err != nil {
					t.Fatal(err)
				}
				w.asked()
				w.quiet("no cache")
				w.took("no cache", c.want)
				w.quiet("read")
				w.took("read", map[string]int{listing: 1})
			})
		})
	}
}

// TestTornReads: an edit made between two answers of one read is seen, also one that leaves the number of songs as it is.
func TestTornReads(t *testing.T) {
	inWorld(t, block("p", "P", upTo(250)), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		for i, edit := range []func(rows []sandbox.Row) []sandbox.Row{
			func(rows []sandbox.Row) []sandbox.Row { return rows[1:] },
			func(rows []sandbox.Row) []sandbox.Row { rows[10], rows[240] = rows[240], rows[10]; return rows },
			func(rows []sandbox.Row) []sandbox.Row { return rows[:200] }, // the page asked for begins where the list ends
		} {
			if err := os.RemoveAll(filepath.Join(w.dir, "cache")); err != nil {
				t.Fatal(err)
			}
			skip := 0
			if i == 2 {
				skip = 1
			}
			w.server.Fail(sandbox.Fault{Method: "GET", Route: "/playlists/{id}/items", Skip: skip, Then: func() {
				w.server.Edit(w.id("playlist.p"), func(p *sandbox.Playlist) { p.Rows = edit(slices.Clone(p.Rows)) })
			}})
			if r := w.plan(); r.failed() != nil || r.plan.Summary.Update != 1 {
				t.Errorf("edit %d: %v, %s", i, r.failed(), describe(r.plan))
			}
			w.mustApply()
			w.holds("playlist.p", upTo(250)...)
			time.Sleep(2 * time.Minute)
			w.converged()
		}
	})
}

// TestOneGroupIsShut: where Spotify wants no questions about the library for a day, only the playlist that is missing there
// waits. The others are read and written.
func TestOneGroupIsShut(t *testing.T) {
	inWorld(t, lists(3), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		missing := w.id("playlist.p001")
		w.server.Unfollow(w.user, missing)
		w.hcl = strings.Replace(lists(3), block("p002", "List 002", upTo(120)), block("p002", "List 002", upTo(121)), 1)
		w.server.SetQuota(sandbox.Quota{Routes: []string{"/me/library", "/me/library/contains"}})
		r := w.apply()
		if observe.StopsRun(r.failed()) || len(r.plan.Changes) != 3 {
			t.Fatalf("%v: %s", r.failed(), describe(r.plan))
		}
		w.holds("playlist.p002", upTo(121)...)
		for _, c := range r.plan.Changes {
			if c.Address == "playlist.p001" && (c.Action.Changes() || c.Action == reconcile.Restore) {
				t.Errorf("it is not known where it is: %s", describe(r.plan))
			}
		}
		w.server.ClearQuotas()
		time.Sleep(25 * time.Hour)
		w.mustApply()
		if p, _ := w.server.Playlist(missing); p.Deleted {
			t.Error("not restored")
		}
		w.converged()
	})
}

// TestNothingWrittenNothingExpected: an edit that was not sent, or refused, leaves all as it was, so that the next run
// need not read what is there.
func TestNothingWrittenNothingExpected(t *testing.T) {
	inWorld(t, lists(2), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		w.hcl = block("p000", "List 000", upTo(121)) + block("p001", "List 001", upTo(120))
		w.server.Fail(sandbox.Fault{Method: "POST", Route: "/playlists/{id}/items", Times: 1, RetryAfter: "3600"})
		if r := w.apply(); !observe.StopsRun(r.failed()) {
			t.Fatalf("got %v", r.failed())
		}
		w.asked()
		w.mustApply()
		w.took("again", map[string]int{listing: 1, addItems: 1})
		w.holds("playlist.p000", upTo(121)...)
	})
}

// TestAnnounced: how much is about to be read is said before it is.
func TestAnnounced(t *testing.T) {
	inWorld(t, lists(3), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		var said []string
		w.announce = func(playlists, requests int) { said = append(said, fmt.Sprint(playlists, " in ", requests)) }
		w.quiet("known")
		if err := os.RemoveAll(filepath.Join(w.dir, "cache")); err != nil {
			t.Fatal(err)
		}
		w.quiet("to be read")
		if diff := cmp.Diff([]string{"3 in 6"}, said); diff != "" {
			t.Error(diff)
		}
	})
}

// TestUnverifiedIsRead: edits that built on each other's positions and were not verified are not taken for what is there.
func TestUnverifiedIsRead(t *testing.T) {
	inWorld(t, block("a", "A", upTo(20)), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		w.quiet("settled")
		want := append(songs(20, 30), append(upTo(18), song(19), song(31))...)
		w.hcl, w.verify = block("a", "A", want), apply.VerifyNever
		w.between = func() {
			w.server.Edit(w.id("playlist.a"), func(p *sandbox.Playlist) { p.Rows[4], p.Rows[5] = p.Rows[5], p.Rows[4] })
		}
		w.mustApply()
		w.between = nil
		time.Sleep(61 * time.Second)
		w.mustApply()
		w.holds("playlist.a", want...)
		w.converged()
	})
}
