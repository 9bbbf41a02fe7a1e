package run

import (
	"slices"
	"testing"
	"time"
)

// TestIgnoredRemovalIsNotRepeated: somebody added a song that Spotify shows as another one, without saying so. It removes
// it by the URI it was added by alone, which nobody knows.
func TestIgnoredRemovalIsNotRepeated(t *testing.T) {
	for _, other := range []string{"", `description = "D"`} {
		inWorld(t, block("a", "A", songs(1, 3, 4)), func(t *testing.T, w *world) {
			w.relink(true, map[int]int{2: twinOf(2)})
			w.mustApply()
			time.Sleep(2 * time.Minute)
			w.server.Edit(w.id("playlist.a"), addSong(2))
			w.server.Edit(w.id("playlist.a"), addSong(7))
			w.mustApply()
			w.holds("playlist.a", songs(1, 3, 4, 2)...)
			time.Sleep(2 * time.Minute)
			w.edited()

			p := w.plan().plan
			if !planWarns(p, "asked to remove") || !planWarns(p, "drop_opaque = true") {
				t.Errorf("the plan does not tell: %v", p.Warnings)
			}
			for range 3 {
				if other != "" {
					w.hcl = block("a", "A", songs(1, 3, 4), other)
				}
				writes := w.server.Writes()
				w.mustApply()
				if n := w.server.Writes() - writes; other == "" && n != 0 {
					t.Errorf("%d writes", n)
				}
				time.Sleep(2 * time.Minute)
				w.edited()
			}
			w.converged()

			// What else is to be done is done around it.
			w.hcl = block("a", "A", songs(5, 4, 1), other)
			w.mustApply()
			w.converged()
			if got := rowURIs(w.there("playlist.a")); len(got) != 4 || !slices.Contains(got, song(2)) {
				t.Errorf("got %v", got)
			}

			w.hcl = block("a", "A", songs(5, 4, 1), other, "lifecycle {\n drop_opaque = true\n}")
			w.force = true
			w.mustApply()
			w.holds("playlist.a", songs(5, 4, 1)...)
			w.converged()
		})
	}
}

// TestPutBackIsRemovedAgain: who adds a song anew gives it a new date, so that it is taken out again.
func TestPutBackIsRemovedAgain(t *testing.T) {
	inWorld(t, block("a", "A", songs(1, 3)), func(t *testing.T, w *world) {
		w.mustApply()
		for range 3 {
			time.Sleep(2 * time.Minute)
			w.server.Edit(w.id("playlist.a"), addSong(2))
			w.mustApply()
			w.holds("playlist.a", songs(1, 3)...)
		}
		w.converged()
	})
}
