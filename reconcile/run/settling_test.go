package run

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

func TestEditInTheWindowIsSeenAfterIt(t *testing.T) {
	for name, edit := range map[string]func(*sandbox.Playlist){
		"added":    func(p *sandbox.Playlist) { p.Rows = append(p.Rows, sandbox.Row{URI: song(9)}) },
		"replaced": func(p *sandbox.Playlist) { p.Rows[1] = sandbox.Row{URI: song(9)} },
		"removed":  func(p *sandbox.Playlist) { p.Rows = p.Rows[1:] },
		"renamed":  func(p *sandbox.Playlist) { p.Name = "Vandal" },
	} {
		for _, after := range []time.Duration{0, 500 * time.Millisecond, 5 * time.Second, 35 * time.Second, 59 * time.Second} {
			t.Run(name+" "+after.String(), func(t *testing.T) {
				inWorld(t, block("a", "A", songs(1, 2, 3)), func(t *testing.T, w *world) {
					w.mustApply()
					time.Sleep(after)
					w.server.Edit(w.id("playlist.a"), edit)
					for range 3 {
						w.mustApply()
						time.Sleep(21 * time.Second)
					}
					w.mustApply()
					w.holds("playlist.a", songs(1, 2, 3)...)
					if w.there("playlist.a").Name != "A" {
						t.Error("the name was not healed")
					}
					w.converged()
				})
			})
		}
	}
}

// TestEditJustBeforeAWriteIsNotHidden: the snapshot of our write covers the edit, so it must not vouch for what we expect.
func TestEditJustBeforeAWriteIsNotHidden(t *testing.T) {
	inWorld(t, block("a", "A", songs(1, 2)), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		w.mustApply()
		w.hcl = block("a", "A", songs(1, 2, 3))
		w.between = func() {
			w.server.Edit(w.id("playlist.a"), func(p *sandbox.Playlist) { p.Rows = append(p.Rows, sandbox.Row{URI: song(9)}) })
		}
		w.mustApply()
		w.between = nil
		time.Sleep(61 * time.Second)
		w.mustApply()
		w.holds("playlist.a", songs(1, 2, 3)...)
		w.converged()
	})
}

// TestMovedWhileAsking: what changes while the question waits is not done unasked.
func TestMovedWhileAsking(t *testing.T) {
	for _, window := range []bool{false, true} {
		inWorld(t, block("a", "A", songs(1, 2)), func(t *testing.T, w *world) {
			w.mustApply()
			if !window {
				time.Sleep(2 * time.Minute)
				w.mustApply()
			}
			w.hcl, w.answer = block("a", "A", songs(2, 1, 3)), 11*time.Second
			w.between = func() {
				w.server.Edit(w.id("playlist.a"), func(p *sandbox.Playlist) { p.Rows = slices.Insert(p.Rows, 0, sandbox.Row{URI: song(9)}) })
			}
			writes := w.server.Writes()
			if r := w.apply(); !errors.Is(r.failed(), reconcile.ErrMoved) {
				t.Errorf("got %v", r.failed())
			}
			if w.server.Writes() != writes {
				t.Error("something was sent")
			}
			w.between, w.answer = nil, 0
			w.mustApply() // the next one sees it
			w.holds("playlist.a", songs(2, 1, 3)...)
			w.converged()
		})
	}
}

// TestEditHidesNoAnswer: an edit beside a write whose answer is lost is not taken for that write's failure.
func TestEditHidesNoAnswer(t *testing.T) {
	inWorld(t, block("a", "A", songs(1, 2)), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		w.mustApply()
		w.hcl = block("a", "A", songs(1, 2, 3))
		w.server.ResetRequests()
		w.wire.edit = func() {
			w.server.Edit(w.id("playlist.a"), func(p *sandbox.Playlist) { p.Rows = slices.Insert(p.Rows, 0, sandbox.Row{URI: song(9)}) })
		}
		w.wire.n, w.wire.at, w.wire.spoil = 0, 3, dropEdited // after who and what
		w.mustApply()
		if got := w.server.Counts()["POST /playlists/{id}/items"]; got != 1 {
			t.Errorf("it was added %d times", got)
		}
		w.holds("playlist.a", songs(1, 2, 3)...)
		w.converged()
	})
}

// TestSnapshotAloneIsNoReason: a touch that changes nothing stops nobody.
func TestSnapshotAloneIsNoReason(t *testing.T) {
	inWorld(t, block("a", "A", songs(1, 2)), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		w.hcl, w.answer = block("a", "A", songs(2, 1)), time.Minute
		w.between = func() { w.server.Edit(w.id("playlist.a"), func(*sandbox.Playlist) {}) }
		w.mustApply()
		w.between, w.answer = nil, 0
		w.holds("playlist.a", songs(2, 1)...)
		w.converged()
	})
}

// TestCacheIsNotPoisoned: contents read in the wandering minute are not kept under a snapshot that says otherwise.
func TestCacheIsNotPoisoned(t *testing.T) {
	inWorld(t, block("a", "A", songs(1)), func(t *testing.T, w *world) {
		w.mustApply()
		for i := range 40 { // plan all through the window, then edit
			w.quiet("in the window")
			time.Sleep(time.Duration(i) * 100 * time.Millisecond)
		}
		w.hcl = block("a", "A", songs(2, 3, 1))
		w.mustApply()
		for range 10 {
			w.quiet("in the second window")
			time.Sleep(9 * time.Second)
		}
		w.holds("playlist.a", songs(2, 3, 1)...)
		w.converged()
	})
}

// TestStop finishes the request under way, records it, and starts no other.
func TestStop(t *testing.T) {
	for stopAt := 1; stopAt <= 4; stopAt++ {
		inWorld(t, block("a", "A", mixed(250))+block("b", "B", songs(1)), func(t *testing.T, w *world) {
			w.stop = make(chan struct{})
			var n atomic.Int32 // two playlists are written at once
			w.server.Fail(sandbox.Fault{Method: "POST", Times: -1, After: true, Then: func() {
				if int(n.Add(1)) == stopAt {
					close(w.stop)
				}
			}})
			r := w.apply()
			if r.err != nil || len(r.res.Failures) > 0 {
				t.Errorf("%v, %v", r.err, r.res.Failures)
			}
			if !r.res.Stopped {
				t.Error("it does not say that it was stopped")
			}
			if n := int(n.Load()); n > stopAt+1 { // the other playlist may have one under way
				t.Errorf("%d requests after the stop at %d", n, stopAt)
			}
			w.server.ClearFaults()
			w.stop = nil
			w.mustApply()
			w.owned(2)
			w.holds("playlist.a", mixed(250)...)
			w.converged()
		})
	}
}

func TestCancelled(t *testing.T) {
	inWorld(t, block("a", "A", mixed(250)), func(t *testing.T, w *world) {
		ctx, cancel := context.WithCancel(context.Background())
		w.server.Fail(sandbox.Fault{Method: "POST", Skip: 2, After: true, Then: cancel})
		if r := w.applyContext(ctx); r.failed() == nil {
			t.Error("nothing went wrong")
		}
		w.server.ClearFaults()
		w.mustApply()
		w.holds("playlist.a", mixed(250)...)
		w.owned(1)
		w.converged()
	})
}

func TestLongReplaceIsNotBegunAfterALimit(t *testing.T) {
	inWorld(t, block("a", "A", songs(900, 901), `keep_dates = "never"`), func(t *testing.T, w *world) {
		w.mustApply()
		w.hcl, w.force = block("a", "A", backwards(upTo(150)), `keep_dates = "never"`), true
		w.limited = func() bool { return true }
		writes := w.server.Writes()
		if r := w.apply(); r.failed() == nil || !strings.Contains(r.failed().Error(), "isn't begun") {
			t.Errorf("got %v", r.failed())
		}
		if w.server.Writes() != writes {
			t.Error("it was begun")
		}
		w.limited = nil
		w.mustApply()
		w.converged()
	})
}

func TestUnfinishedReplaceComesFirst(t *testing.T) {
	inWorld(t, block("z", "Z", songs(900, 901), `keep_dates = "never"`)+block("a", "A", songs(1)), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		w.hcl, w.force = block("z", "Z", backwards(upTo(150)), `keep_dates = "never"`), true
		w.hcl += block("a", "A", songs(1))
		w.server.Fail(sandbox.Fault{Method: "POST", Status: 403, Body: `{"error":{"status":403,"message":"Forbidden"}}`})
		if r := w.apply(); r.failed() == nil {
			t.Fatal("nothing went wrong")
		}
		w.hcl, w.oneByOne = strings.Replace(w.hcl, `name = "A"`, `name = "B"`, 1), true
		w.mustApply()
		var started []string
		for _, e := range w.events {
			if e.Type == reconcile.EventStarted {
				started = append(started, e.Address)
			}
		}
		if !slices.Equal(started, []string{"playlist.z", "playlist.a"}) {
			t.Errorf("started %q", started)
		}
		w.holds("playlist.z", backwards(upTo(150))...)
		w.converged()
		s := store.OpenState(store.OS{}, w.dir+"/state", w.issuer, w.lockPath())
		if open, err := s.OpenReplaces(); err != nil || len(open) != 0 {
			t.Errorf("still open: %v, %v", open, err)
		}
	})
}

// TestWritesOfOnePlaylistNeverOverlap, for Spotify answers 500 to that.
func TestWritesOfOnePlaylistNeverOverlap(t *testing.T) {
	inWorld(t, block("a", "A", mixed(250))+block("b", "A", mixed(250)), func(t *testing.T, w *world) {
		w.quirks(func(q *sandbox.Quirks) { q.ParallelWritesAre500 = true })
		w.server.Fail(sandbox.Fault{Method: "POST", Times: -1, Delay: time.Second, After: true})
		w.mustApply()
		for _, r := range w.server.Requests() {
			if r.Status >= 500 {
				t.Errorf("%s %s: %d", r.Method, r.Path, r.Status)
			}
		}
		w.owned(2)
	})
}

func TestPermanentFailureEnds(t *testing.T) {
	inWorld(t, block("a", "A", songs(1, 2)), func(t *testing.T, w *world) {
		w.server.Fail(sandbox.Fault{Method: "POST", Route: "/playlists/{id}/items", Status: 502, Times: -1})
		r := w.apply()
		if r.failed() == nil || !strings.Contains(r.failed().Error(), "Try again later") {
			t.Errorf("got %v", r.failed())
		}
		w.server.ClearFaults()
		w.mustApply()
		w.owned(1)
		w.holds("playlist.a", songs(1, 2)...)
		w.converged()
	})
}
