package run

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/spotsync/spotsync/config/longtest"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/spotify"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// another is a second computer with the same account and the same checkout.
func (w *world) another() *world {
	w.t.Helper()
	other := newWorld(w.t, w.hcl)
	other.server, other.wire, other.force = w.server, &wire{server: w.server}, w.force
	if err := os.WriteFile(other.lockPath(), []byte(w.lockText()), 0o644); err != nil {
		w.t.Fatal(err)
	}
	return other
}

// TestPlanningAgainHelps: two computers and a phone change one playlist within a minute. An apply that finds it changed says
// "plan again", and the plan made again is one that can be applied.
func TestPlanningAgainHelps(t *testing.T) {
	for seed := range uint64(longtest.Few(25, 120)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 1))
			var lines []string
			if rng.IntN(3) == 0 {
				lines = append(lines, `keep_dates = "never"`)
			}
			some := func() string {
				var list []spotify.URI
				for range 4 {
					list = append(list, song(1+rng.IntN(7)))
				}
				slices.Sort(list)
				list = slices.Compact(list)
				rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
				more := slices.Clone(lines)
				if rng.IntN(3) == 0 {
					more = append(more, fmt.Sprintf("description = \"Mood %d\"", rng.IntN(3)))
				}
				if rng.IntN(3) == 0 {
					more = append(more, fmt.Sprintf("public = %v", rng.IntN(2) == 0))
				}
				return block("a", []string{"A", "B"}[rng.IntN(2)], list, more...)
			}
			inWorld(t, some(), func(t *testing.T, w *world) {
				w.quirks(func(q *sandbox.Quirks) {
					q.DeletedByIDIs404 = rng.IntN(2) == 0
					q.StaleFor = []time.Duration{time.Second, 3 * time.Second}[rng.IntN(2)]
				})
				w.force = true
				w.mustApply()
				other := w.another()
				time.Sleep(2 * time.Minute)
				w.mustApply()
				other.mustApply()
				log := ""
				for range 6 {
					for i, c := range []*world{w, other} {
						c.hcl = some()
						if rng.IntN(8) == 0 {
							w.server.Unfollow(w.user, w.id("playlist.a"))
							log += "deleted by phone\n"
						}
						if rng.IntN(2) == 0 {
							continue
						}
						c.answer = []time.Duration{0, 12 * time.Second}[rng.IntN(2)]
						for again := range 2 {
							r := c.apply()
							c.answer = 0
							log += fmt.Sprintf("%s computer %d: %v\n%s", time.Now().Format("15:04:05"), i, r.failed(), describe(r.plan))
							if !errors.Is(r.failed(), reconcile.ErrMoved) {
								break
							}
							if again > 0 {
								t.Fatalf("planning again did not help:\n%s", log)
							}
							time.Sleep(5 * time.Second)
						}
						time.Sleep(time.Duration(rng.IntN(20)) * time.Second)
					}
				}
			})
		})
	}
}
