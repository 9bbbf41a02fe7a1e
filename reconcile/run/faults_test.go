package run

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/spotsync/spotsync/config/longtest"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// scenario is a change that must come out right whatever happens on the way.
type scenario struct {
	before  string         // what was applied two minutes ago
	prepare func(w *world) // and what happened since
	after   string         // what the files say now
	check   func(t *testing.T, w *world)
	edit    func(w *world) // what somebody else does in between
	keep    []spotify.URI  // those that must have kept their dates
}

// scenarios are the changes; long ones take more than one request for a list.
func scenarios(long bool) map[string]scenario {
	n := 12
	if long {
		n = 103
	}
	from := append(songs(1, 2, 3, 4, 5, 6, 7, 8, 2), talk(1))
	to := append(songs(8, 1, 20, 21, 2, 4, 3, 6, 22), talk(1))
	add := func(p *sandbox.Playlist) {
		p.Rows = slices.Insert(p.Rows, min(1, len(p.Rows)), sandbox.Row{URI: song(99)})
	}
	holding := func(want []spotify.URI, name string) func(*testing.T, *world) {
		return func(t *testing.T, w *world) {
			w.owned(1)
			w.holds("playlist.a", want...)
			if p := w.there("playlist.a"); p.Name != name || p.Deleted {
				t.Errorf("it is called %q, deleted %v", p.Name, p.Deleted)
			}
		}
	}
	return map[string]scenario{
		"create": {
			after: block("a", "A", mixed(n), `description = "Mine & yours"`),
			check: holding(mixed(n), "A"),
			edit: func(w *world) {
				for _, p := range w.server.Playlists(w.user) {
					w.server.Edit(p.ID, add)
				}
			},
		},
		"update": {
			before: block("a", "A", from),
			after:  block("a", "B", to, `description = "Mine & yours"`),
			check:  holding(to, "B"),
			edit:   func(w *world) { w.server.Edit(w.id("playlist.a"), add) },
			keep:   append(songs(1, 3, 4, 6, 8), talk(1)),
		},
		"restore": {
			before:  block("a", "A", from),
			prepare: func(w *world) { w.server.Unfollow(w.user, w.id("playlist.a")) },
			after:   block("a", "A", append(slices.Clone(from), song(30))),
			check:   holding(append(slices.Clone(from), song(30)), "A"),
			edit:    func(w *world) { w.server.Edit(w.id("playlist.a"), add) },
			keep:    append(songs(1, 3, 4, 6, 8), talk(1)),
		},
		"delete": {
			before: block("a", "A", from) + block("b", "B", songs(1)),
			after:  block("a", "A", from),
			check:  holding(from, "A"),
			edit:   func(w *world) { w.server.Edit(w.id("playlist.b"), add) },
		},
		"rewrite": {
			before: block("a", "A", from, `keep_dates = "never"`),
			after:  block("a", "A", backwards(upTo(n)), `keep_dates = "never"`),
			check:  holding(backwards(upTo(n)), "A"),
			edit:   func(w *world) { w.server.Edit(w.id("playlist.a"), add) },
		},
	}
}

func backwards(uris []spotify.URI) []spotify.URI {
	uris = slices.Clone(uris)
	slices.Reverse(uris)
	return uris
}

// begin brings a world to where the scenario's change is due.
func (s scenario) begin(t *testing.T) (*world, map[spotify.URI][]time.Time) {
	w := newWorld(t, s.before)
	var had map[spotify.URI][]time.Time
	if s.before != "" {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		had = spread(w, "playlist.a")
		w.mustApply()
		if s.prepare != nil {
			s.prepare(w)
		}
	}
	w.hcl, w.force = s.after, true
	w.wire.edit = func() { s.edit(w) }
	w.wire.n, w.wire.log = 0, nil
	w.server.ResetRequests()
	return w, had
}

// finish runs the command until it is done, and checks what came of it all.
func (s scenario) finish(t *testing.T, w *world, had map[spotify.URI][]time.Time) {
	t.Helper()
	w.fsys, w.wire = quickDisk{}, &wire{server: w.server}
	for try := 0; ; try++ {
		r := w.apply()
		if r.failed() == nil {
			break
		}
		if try == 3 {
			t.Fatalf("it does not recover: %v", r.failed())
		}
		time.Sleep(70 * time.Second)
	}
	time.Sleep(70 * time.Second) // an edit made in our minute shows at its end
	if r := w.apply(); r.failed() != nil {
		t.Fatalf("after a minute: %v", r.failed())
	}
	s.check(t, w)
	has := dates(w.there("playlist.a"))
	for _, u := range s.keep {
		if len(has[u]) == 0 || !slices.Contains(had[u], has[u][0]) {
			t.Errorf("%s was added on %v, and now on %v", u, had[u], has[u])
		}
	}
	time.Sleep(61 * time.Second)
	w.quiet("a minute later")
	if t.Failed() {
		for _, r := range w.server.Requests() {
			if r.Method != "GET" {
				t.Logf("%s %s %s %.200s -> %d", r.Time.Format("15:04:05.000"), r.Method, r.Path, r.Body, r.Status)
			}
		}
	}
}

// requestsOf are the methods of the requests the scenario's command takes where nothing goes wrong.
func requestsOf(t *testing.T, s scenario) (methods []string) {
	inBubble(t, func(t *testing.T) {
		w, had := s.begin(t)
		w.mustApply()
		methods = w.wire.log
		s.finish(t, w, had)
	})
	return methods
}

// places are the requests, counted from 1, a fault of which is worth a test: not the first, which asks who is logged in, and
// reads fail in fewer ways than writes.
func (f fault) places(methods []string) (all []int) {
	for i, method := range methods {
		if i > 0 && (method != "GET" || f == status500 || f == garbage || f == editBefore || f == killBefore) {
			all = append(all, i+1)
		}
	}
	return all
}

func TestEveryRequestMayGoWrong(t *testing.T) {
	for name, s := range scenarios(true) {
		t.Run(name, func(t *testing.T) {
			methods := requestsOf(t, s)
			faults := allFaults
			if name != "update" && name != "create" { // one of each sort: it happened, it did not, somebody was there
				faults = []fault{status500, dropAfter, tooMany, dropEdited}
			}
			for _, f := range faults {
				places := f.places(methods)
				for n, i := range places {
					t.Run(fmt.Sprintf("%s/%d", f, i), func(t *testing.T) {
						longtest.Spread(t, 8, n, len(places))
						t.Parallel()
						inBubble(t, func(t *testing.T) {
							w, had := s.begin(t)
							w.wire.at, w.wire.spoil = i, f
							w.apply()
							s.finish(t, w, had)
						})
					})
				}
			}
		})
	}
}

// TestKilledBetweenAnyTwoRequests kills the process before and after each request has its effect.
func TestKilledBetweenAnyTwoRequests(t *testing.T) {
	for name, s := range scenarios(true) {
		t.Run(name, func(t *testing.T) {
			methods := requestsOf(t, s)
			for _, f := range []fault{killBefore, killAfter} {
				places := f.places(methods)
				for n, i := range places {
					t.Run(fmt.Sprintf("%s/%d", f, i), func(t *testing.T) {
						longtest.Spread(t, 8, n, len(places))
						t.Parallel()
						inBubble(t, func(t *testing.T) {
							w, had := s.begin(t)
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
							w.apply()
							s.finish(t, w, had)
						})
					})
				}
			}
		})
	}
}

// TestKilledAtAnyStepOfTheDisk kills the process at each change of the disk.
func TestKilledAtAnyStepOfTheDisk(t *testing.T) {
	for name, s := range scenarios(false) {
		t.Run(name, func(t *testing.T) {
			var n int
			inBubble(t, func(t *testing.T) {
				w, _ := s.begin(t)
				fail, steps := store.CrashAt(1<<30, false)
				w.fsys = store.FailingFS(fail)
				w.mustApply()
				n = steps()
			})
			step := 1
			if name != "create" && name != "update" { // much as an update
				step = 4
			}
			for i := 1; i <= n; i += step {
				t.Run(fmt.Sprint(i), func(t *testing.T) {
					longtest.Spread(t, 10, (i-1)/step, (n+step-1)/step)
					t.Parallel()
					inBubble(t, func(t *testing.T) {
						w, had := s.begin(t)
						fail, _ := store.CrashAt(i, i%2 == 0)
						dies := w.wire
						w.fsys = store.FailingFS(func(step store.Step) error {
							err := fail(step)
							if err != nil {
								dies.mu.Lock()
								dies.dead = true
								dies.mu.Unlock()
							}
							return err
						})
						w.apply()
						s.finish(t, w, had)
					})
				})
			}
		})
	}
}
