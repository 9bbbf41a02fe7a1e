package run

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

func five() string {
	var b strings.Builder
	for i := range 5 {
		b.WriteString(block(fmt.Sprintf("p%d", i), fmt.Sprintf("P%d", i), songs(i+1)))
	}
	return b.String()
}

func TestGuards(t *testing.T) {
	for name, tt := range map[string]struct {
		before, after, summary string
		numbers                string
		left                   int
	}{
		"no playlists":       {five(), "", "The configuration has no playlists", "5 playlists", 0},
		"more than a third":  {five(), strings.Join(strings.SplitAfter(five(), "}\n")[:3], ""), "Too many playlists would be deleted", "2 of 5", 3},
		"half of the items":  {block("a", "A", upTo(10)), block("a", "A", upTo(4)), "Too many items would be removed", "6 of 10", 1},
		"max_removals count": {block("a", "A", upTo(10)), block("a", "A", upTo(8), "lifecycle {\n max_removals = 1\n}"), "Too many items would be removed", "2 of 10", 1},
		"max_removals share": {block("a", "A", upTo(10)), block("a", "A", upTo(8), "lifecycle {\n max_removals = \"10%\"\n}"), "Too many items would be removed", "2 of 10", 1},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, tt.before, func(t *testing.T, w *world) {
				w.mustApply()
				time.Sleep(2 * time.Minute)
				w.hcl = tt.after
				if r := w.refused(tt.summary); !strings.Contains(r.Detail, tt.numbers) || !strings.Contains(r.Detail, "--force") || !r.Guard {
					t.Errorf("the message lacks the numbers or the way out: %s", r.Detail)
				}
				w.force = true
				w.mustApply()
				w.owned(tt.left)
				w.converged()
			})
		})
	}
}

func TestGuardsLetThrough(t *testing.T) {
	for name, tt := range map[string]struct{ before, after string }{
		"one of three":      {strings.Join(strings.SplitAfter(five(), "}\n")[:3], ""), strings.Join(strings.SplitAfter(five(), "}\n")[:2], "")},
		"one of two":        {strings.Join(strings.SplitAfter(five(), "}\n")[:2], ""), strings.Join(strings.SplitAfter(five(), "}\n")[:1], "")},
		"a short playlist":  {block("a", "A", upTo(9)), block("a", "A", nil, "tracks = []")},
		"exactly half":      {block("a", "A", upTo(10)), block("a", "A", upTo(5))},
		"as much as wanted": {block("a", "A", upTo(10)), block("a", "A", upTo(1), "lifecycle {\n max_removals = \"100%\"\n}")},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, tt.before, func(t *testing.T, w *world) {
				w.mustApply()
				w.hcl = tt.after
				w.mustApply()
				w.converged()
			})
		})
	}
}

func TestPreventDestroy(t *testing.T) {
	protected := block("a", "A", songs(1), "lifecycle {\n prevent_destroy = true\n}")
	for name, before := range map[string]string{"from the start": "", "added later": block("a", "A", songs(1))} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, protected+block("b", "B", songs(1)), func(t *testing.T, w *world) {
				if before != "" {
					files := w.hcl
					w.hcl = before + block("b", "B", songs(1))
					w.mustApply()
					w.hcl = files
				}
				w.mustApply()
				w.command, w.targets = "destroy", []string{"playlist.a"}
				w.refused("prevent_destroy protects this playlist")
				w.command, w.targets, w.force = "apply", nil, true
				w.hcl = block("b", "B", songs(1))
				if r := w.refused("prevent_destroy protects this playlist"); !strings.Contains(r.Detail, "prevent_destroy = false") {
					t.Errorf("no way out: %s", r.Detail)
				}
				w.owned(2)
				// the way out that the message names
				w.hcl = block("a", "A", songs(1), "lifecycle {\n prevent_destroy = false\n}") + block("b", "B", songs(1))
				w.mustApply()
				w.hcl = block("b", "B", songs(1))
				w.mustApply()
				w.owned(1)
				w.converged()
			})
		})
	}
}

func TestHistoryIsSavedBeforeTheFirstWrite(t *testing.T) {
	inWorld(t, block("a", "A", songs(1, 2)), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		spread(w, "playlist.a")
		w.hcl = block("a", "B", songs(2, 3))
		saved := false
		w.server.Fail(sandbox.Fault{Method: "PUT", Then: func() {
			found, err := filepath.Glob(filepath.Join(w.dir, "state", "*", "*", "history", "*", "*.json"))
			saved = err == nil && len(found) == 1
		}})
		w.mustApply()
		if !saved {
			t.Error("it was written to before history was")
		}
	})
}

func TestRollback(t *testing.T) {
	a1 := block("a", "A", songs(1, 2, 3), `description = "one"`)
	a2 := block("a", "B", songs(3, 4), `description = "two"`)
	inWorld(t, a1+block("b", "B", songs(1))+block("c", "C", songs(1, 2)), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		// one run that updates a, deletes c and creates d
		w.hcl = a2 + block("b", "B", songs(1)) + block("d", "D", songs(5))
		c := w.id("playlist.c")
		w.mustApply()
		d := w.id("playlist.d")
		time.Sleep(2 * time.Minute)
		if r := w.rollback(); r.failed() != nil {
			t.Fatal(r.failed())
		}
		w.holds("playlist.a", songs(1, 2, 3)...)
		if p := w.there("playlist.a"); p.Name != "A" || p.Description != "one" {
			t.Errorf("%q, %q", p.Name, p.Description)
		}
		if p, _ := w.server.Playlist(c); p.Deleted || w.id("playlist.c") != c {
			t.Error("what was deleted is not back")
		}
		if p, _ := w.server.Playlist(d); !p.Deleted {
			t.Error("what was created is still there")
		}
		// held: the files still say the other thing
		for range 3 {
			r := w.mustApply()
			for _, c := range r.plan.Changes {
				if c.Address != "playlist.b" && c.Action != reconcile.Held {
					t.Errorf("%s is not held: %s", c.Address, c.Action)
				}
			}
			w.quiet("held")
			time.Sleep(40 * time.Second)
		}
		// a changed block releases it, and nothing else
		w.hcl = strings.Replace(a2, "two", "three", 1) + block("b", "B", songs(1)) + block("d", "D", songs(5, 6))
		w.mustApply()
		w.holds("playlist.a", songs(3, 4)...)
		w.holds("playlist.d", songs(5, 6)...)
		if w.id("playlist.d") != d {
			t.Error("d is another playlist")
		}
		if p, _ := w.server.Playlist(c); p.Deleted {
			t.Error("c was let go although nothing changed about it")
		}
		w.converged()
	})
}

func TestRollbackOfARollback(t *testing.T) {
	inWorld(t, block("a", "A", songs(1, 2, 3)), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		w.hcl = block("a", "A", songs(3, 1))
		w.mustApply()
		time.Sleep(2 * time.Minute)
		for i, want := range [][]int{{1, 2, 3}, {3, 1}, {1, 2, 3}} {
			if r := w.rollback(); r.failed() != nil {
				t.Fatalf("%d: %v", i, r.failed())
			}
			w.holds("playlist.a", songs(want...)...)
			w.quiet("held")
			time.Sleep(2 * time.Minute)
		}
	})
}

func TestRollbackOfEverythingCreated(t *testing.T) {
	inWorld(t, block("a", "A", songs(1))+block("b", "B", songs(2)), func(t *testing.T, w *world) {
		w.mustApply()
		if r := w.rollback(); r.failed() != nil {
			t.Fatal(r.failed())
		}
		w.owned(0)
		w.quiet("held")
		time.Sleep(2 * time.Minute)
		w.quiet("held") // and not taken for a wrong account
		w.hcl = block("a", "A", songs(1, 3)) + block("b", "B", songs(2))
		w.mustApply()
		w.owned(1)
		w.converged()
	})
}

func TestRollbackOfDestroy(t *testing.T) {
	protected := "lifecycle {\n prevent_destroy = true\n}"
	inWorld(t, block("a", "A", songs(1, 2))+block("b", "B", songs(2)), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		a := w.id("playlist.a")
		had := spread(w, "playlist.a")
		w.command = "destroy"
		w.mustApply()
		w.owned(0)
		w.command = "apply"
		if r := w.rollback(); r.failed() != nil {
			t.Fatal(r.failed())
		}
		w.owned(2)
		if w.id("playlist.a") != a || !slices.Equal(dates(w.there("playlist.a"))[song(1)], had[song(1)]) {
			t.Error("it is not what it was")
		}
		w.quiet("held")
		if err := os.Remove(w.lockPath()); err != nil {
			t.Fatal(err)
		}
		w.refused("The lock file has forgotten this playlist")
	})
	inWorld(t, block("a", "A", songs(1), protected), func(t *testing.T, w *world) {
		w.mustApply()
		w.hcl = block("a", "A", songs(2), protected)
		w.mustApply()
		if r := w.rollback(); r.failed() != nil {
			t.Fatal(r.failed())
		}
		w.editLock(func(f *lockfile.File) {
			if !f.Playlists["playlist.a"].PreventDestroy {
				t.Error("going back took the protection away")
			}
		})
	})
}

func TestPause(t *testing.T) {
	inWorld(t, block("a", "A", songs(1)), func(t *testing.T, w *world) {
		w.mustApply()
		w.editLock(func(f *lockfile.File) {
			e := f.Playlists["playlist.a"]
			e.Held = &lockfile.Hold{Reason: reconcile.Paused, Since: time.Now().UTC(), Until: time.Now().UTC().Add(time.Hour)}
			f.Playlists["playlist.a"] = e
		})
		w.hcl = block("a", "A", songs(2))
		w.quiet("paused")
		w.holds("playlist.a", songs(1)...)
		time.Sleep(time.Hour)
		w.mustApply()
		w.holds("playlist.a", songs(2)...)
		if strings.Contains(w.lockText(), "paused") {
			t.Error("the hold stays although it has run out")
		}
		w.converged()
	})
}
