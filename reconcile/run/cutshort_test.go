package run

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/spotsync/spotsync/config/longtest"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// cuts are the ways in which a run ends early, at its request number i.
var cuts = map[string]func(w *world, i int) context.Context{
	"--max-requests": func(w *world, i int) context.Context {
		w.budget = spotify.NewBudget(i)
		return context.Background()
	},
	"interrupted": func(w *world, i int) context.Context {
		w.stop = make(chan struct{})
		w.wire.edit = func() { close(w.stop) }
		w.wire.at, w.wire.spoil = i, editBefore
		return context.Background()
	},
	"cancelled": func(w *world, i int) context.Context {
		ctx, cancel := context.WithCancel(context.Background())
		w.wire.edit = cancel
		w.wire.at, w.wire.spoil = i, editBefore
		return ctx
	},
	"killed before": func(w *world, i int) context.Context { return w.killed(i, killBefore) },
	"killed after":  func(w *world, i int) context.Context { return w.killed(i, killAfter) },
	"answer is lost": func(w *world, i int) context.Context {
		w.wire.at, w.wire.spoil = i, dropAfter
		return context.Background()
	},
	"limited": func(w *world, i int) context.Context {
		w.server.Fail(sandbox.Fault{Skip: i - 1, Times: 1, RetryAfter: "3600"})
		return context.Background()
	},
}

// killed is a process that ends at a request, and writes nothing to the disk any more.
func (w *world) killed(i int, f fault) context.Context {
	w.wire.at, w.wire.spoil = i, f
	dies := w.wire
	w.fsys = store.FailingFS(func(store.Step) error {
		dies.mu.Lock()
		defer dies.mu.Unlock()
		if dies.dead {
			return store.ErrCrash
		}
		return nil
	})
	return context.Background()
}

// origins are where the changes of a plan come from.
func origins(p *reconcile.Plan) []reconcile.Origin {
	var all []reconcile.Origin
	for _, c := range p.Changes {
		if c.Action.Changes() {
			all = append(all, c.Origin)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(all)))
}

// TestOursIsNotSomebodyElses: a run that is cut short leaves the playlist in a state of our own making. The next plan says
// that the files differ, and that somebody else changed it only where somebody did.
func TestOursIsNotSomebodyElses(t *testing.T) {
	for name, s := range scenarios(true) {
		if name == "delete" {
			continue // a single request
		}
		t.Run(name, func(t *testing.T) {
			requests := len(requestsOf(t, s))
			for how, cut := range cuts {
				for i := 2; i <= requests; i++ {
					t.Run(fmt.Sprintf("%s/%d", how, i), func(t *testing.T) {
						longtest.Spread(t, 12, i-2, requests-1)
						t.Parallel()
						inBubble(t, func(t *testing.T) {
							s := s // each case edits its own
							w, _ := s.begin(t)
							ctx := cut(w, i)
							w.applyContext(ctx)
							w.fsys, w.wire, w.stop, w.budget = quickDisk{}, &wire{server: w.server}, nil, nil
							w.server.ClearFaults()
							for _, later := range []time.Duration{0, 3 * time.Second, 2 * time.Minute} {
								time.Sleep(later)
								r := w.plan()
								if r.failed() != nil {
									t.Fatalf("%s later: %v", later, r.failed())
								}
								if got := origins(r.plan); len(got) > 1 || len(got) == 1 && got[0] != reconcile.FromFiles {
									t.Errorf("%s later: the origin is %v\n%s", later, got, describe(r.plan))
								}
							}
							if _, ok := w.server.Playlist(w.id("playlist.a")); !ok {
								return // it was not created yet
							}
							w.server.Edit(w.id("playlist.a"), func(p *sandbox.Playlist) {
								p.Rows = append(slices.Clone(p.Rows), sandbox.Row{URI: song(99)}, sandbox.Row{URI: song(98)})
							})
							time.Sleep(2 * time.Minute)
							if got := origins(w.plan().plan); len(got) != 1 || got[0] != reconcile.FromSpotify && got[0] != reconcile.FromBoth {
								t.Errorf("after somebody's edit the origin is %v", got)
							}
							if s.edit = nil; w.apply().failed() != nil {
								t.Error("it is not mended")
							}
							s.check(t, w)
						})
					})
				}
			}
		})
	}
}
