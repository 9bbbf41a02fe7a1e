package run

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/spotsync/spotsync/config/longtest"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// ourWrites are what a run may have written just before a daemon looks, each from what is there to what the files say.
var ourWrites = map[string]struct{ before, after string }{
	"created":    {"", block("a", "A", songs(1, 2, 3))},
	"appended":   {block("a", "A", songs(1, 2)), block("a", "A", songs(1, 2, 3))},
	"moved":      {block("a", "A", songs(3, 1, 2)), block("a", "A", songs(1, 2, 3))},
	"renamed":    {block("a", "Z", songs(1, 2, 3)), block("a", "A", songs(1, 2, 3))},
	"both":       {block("a", "Z", songs(9)), block("a", "A", songs(1, 2, 3))},
	"many pages": {block("a", "A", songs(span(1, 150)...)), block("a", "A", songs(span(20, 250)...))},
}

func span(from, to int) []int {
	var all []int
	for i := from; i <= to; i++ {
		all = append(all, i)
	}
	return all
}

// wrote brings a playlist to where a run has just written to it.
func (w *world) wrote(before, after string) {
	if before != "" {
		w.hcl = before
		w.mustApply()
		time.Sleep(2 * time.Minute)
	}
	w.hcl = after
	w.mustApply()
	w.watching = true
}

// TestWatchingSeesNoGhosts: while reads lag and snapshots wander, a daemon that looks all the time finds nothing to do, and
// believes nothing that hides an edit later.
func TestWatchingSeesNoGhosts(t *testing.T) {
	for i, name := range slices.Sorted(maps.Keys(ourWrites)) {
		c := ourWrites[name]
		for j, every := range []time.Duration{1300 * time.Millisecond, 7 * time.Second} {
			t.Run(fmt.Sprint(name, " ", every), func(t *testing.T) {
				longtest.OneIn(t, 2, i+j)
				inWorld(t, "", func(t *testing.T, w *world) {
					w.wrote(c.before, c.after)
					for began := time.Now(); time.Since(began) < reconcile.SettleWindow+5*time.Second; time.Sleep(every) {
						w.quiet(fmt.Sprintf("after %s", time.Since(began)))
					}
					w.server.Edit(w.id("playlist.a"), func(p *sandbox.Playlist) { p.Rows, p.Name = p.Rows[1:], "Vandal" })
					time.Sleep(5 * time.Second)
					if r := w.mustApply(); r.plan.Empty() {
						t.Error("an edit after the window is not seen")
					}
					w.converged()
				})
			})
		}
	}
}

// TestWatchingSeesEdits: what somebody does just after a write of ours is undone two looks later at most, not when the minute
// is over, and without a write too many.
func TestWatchingSeesEdits(t *testing.T) {
	edits := map[string]func(*sandbox.Playlist){
		"added":    func(p *sandbox.Playlist) { p.Rows = append(p.Rows, sandbox.Row{URI: song(500)}) },
		"replaced": func(p *sandbox.Playlist) { p.Rows[1] = sandbox.Row{URI: song(500)} },
		"removed":  func(p *sandbox.Playlist) { p.Rows = p.Rows[1:] },
		"renamed":  func(p *sandbox.Playlist) { p.Name = "Vandal" },
	}
	for i, written := range slices.Sorted(maps.Keys(ourWrites)) {
		c := ourWrites[written]
		for j, edited := range slices.Sorted(maps.Keys(edits)) {
			edit := edits[edited]
			for k, after := range []time.Duration{0, 5 * time.Second, 50 * time.Second} {
				t.Run(fmt.Sprint(written, " ", edited, " ", after), func(t *testing.T) {
					longtest.OneIn(t, 6, i+j+k)
					inWorld(t, "", func(t *testing.T, w *world) {
						w.wrote(c.before, c.after)
						want := w.there("playlist.a")
						time.Sleep(after)
						w.server.Edit(w.id("playlist.a"), edit)
						writes := w.server.Writes()
						for range 2 {
							time.Sleep(2 * time.Second)
							w.mustApply()
						}
						got := w.there("playlist.a")
						if len(got.Rows) != len(want.Rows) || got.Rows[1].URI != want.Rows[1].URI || got.Name != want.Name {
							t.Errorf("Spotify has %q with %d songs", got.Name, len(got.Rows))
						}
						if n := w.server.Writes() - writes; n > 2 {
							t.Errorf("%d writes", n)
						}
						w.converged()
					})
				})
			}
		}
	}
}

// TestWatchingCosts no more than reading once, at each look, what was written within the last minute and has another
// snapshot; a look that is not for edits made elsewhere costs what it always does.
func TestWatchingCosts(t *testing.T) {
	inWorld(t, block("a", "A", songs(span(1, 120)...))+block("b", "B", songs(1)), func(t *testing.T, w *world) {
		w.mustApply()
		w.mustApply() // asks for what is only asked once
		requests := func() int {
			w.server.ResetRequests()
			w.quiet("in the window")
			return len(w.server.Requests())
		}
		time.Sleep(5 * time.Second)
		plain := requests()
		w.watching = true
		for range 4 {
			if n := requests() - plain; n > 3+1 { // a holds three pages, b one
				t.Errorf("%d requests more than %d", n, plain)
			}
			time.Sleep(10 * time.Second)
		}
		if n := requests(); n != plain {
			t.Errorf("%d requests once the snapshots are at rest, want %d", n, plain)
		}
		time.Sleep(reconcile.SettleWindow)
		requests() // what may be believed now is read and kept
		if n := requests(); n != plain {
			t.Errorf("%d requests when the minute is over, want %d", n, plain)
		}
	})
}
