package run

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/spotify"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// TestRefusedAlone: a refusal about one playlist leaves that one as it is, and everything else is done.
func TestRefusedAlone(t *testing.T) {
	others := block("x", "X", songs(1)) + block("y", "Y", songs(2)) + block("z", "Z", songs(3))
	after := block("x", "X", songs(1, 4)) + block("y", "Y", songs(2)) + block("w", "W", songs(5)) // one changes, one goes, one comes
	for name, tt := range map[string]struct {
		before, after string
		meanwhile     func(w *world)
		summary       string
		refused       []string
	}{
		"max_removals":    {block("a", "A", upTo(12)), block("a", "A", upTo(2)), nil, "Too many items would be removed", []string{"playlist.a"}},
		"prevent_destroy": {block("a", "A", upTo(3), "lifecycle {\n prevent_destroy = true\n}"), "", nil, "prevent_destroy protects this playlist", []string{"playlist.a"}},
		"a name taken": {"", block("a", "Taken", upTo(3)), func(w *world) { w.server.AddPlaylist(w.user, sandbox.PlaylistSpec{Name: "Taken", URIs: songs(7)}) },
			"A playlist of this name exists already", []string{"playlist.a"}},
		"renamed": {block("a", "A", upTo(3)), block("b", "A", upTo(3)), nil, "This looks like a renamed block", []string{"playlist.a", "playlist.b"}},
		"somebody else's": {block("a", "A", upTo(3)), block("a", "A", upTo(2)), func(w *world) {
			theirs := w.server.AddPlaylist("ada", sandbox.PlaylistSpec{Name: "Theirs"})
			w.editLock(func(f *lockfile.File) { e := f.Playlists["playlist.a"]; e.ID = theirs; f.Playlists["playlist.a"] = e })
		}, "The playlist belongs to somebody else", []string{"playlist.a"}},
		"what needs one that is refused": {"", block("a", "Taken", nil) + block("b", "B ${playlist.a.id}", nil) + block("c", "C", nil, `description = "see ${playlist.b.uri}"`),
			func(w *world) { w.server.AddPlaylist(w.user, sandbox.PlaylistSpec{Name: "Taken"}) }, "It needs a playlist that is refused", []string{"playlist.a", "playlist.b", "playlist.c"}},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, tt.before+others, func(t *testing.T, w *world) {
				w.mustApply()
				time.Sleep(2 * time.Minute)
				if tt.meanwhile != nil {
					tt.meanwhile(w)
					time.Sleep(2 * time.Minute)
				}
				were := make(map[string]spotify.ID)
				for _, a := range tt.refused {
					were[a] = w.id(a)
				}
				w.hcl = tt.after + after
				r := w.apply()
				if r.err != nil || r.plan == nil || r.plan.Forbidden() != nil || len(r.res.Failures) > 0 {
					t.Fatalf("%v, %+v", r.err, r.res)
				}
				if !slices.Equal(r.res.Refused, tt.refused) || r.plan.Summary.Refused != len(tt.refused) || r.plan.Complete {
					t.Errorf("refused are %v of %+v", r.res.Refused, r.plan.Summary)
				}
				if s := r.plan.Summary; s.Create != 1 || s.Update != 1 || s.Delete != 1 {
					t.Errorf("counted: %+v", s)
				}
				if !slices.ContainsFunc(r.plan.Refusals, func(f reconcile.Refusal) bool { return f.Summary == tt.summary }) {
					t.Errorf("refusals: %v", &reconcile.RefusedError{Refusals: r.plan.Refusals})
				}
				if want := []string{"playlist.w", "playlist.x", "playlist.z"}; !slices.Equal(r.res.Applied, want) {
					t.Errorf("applied %v, want %v", r.res.Applied, want)
				}
				for _, a := range tt.refused {
					if id := w.id(a); id != were[a] {
						t.Errorf("the lock file says %s is %q, was %q", a, id, were[a])
					}
				}
				w.holds("playlist.x", songs(1, 4)...)
				time.Sleep(2 * time.Minute)
				writes := w.server.Writes()
				if again := w.apply(); !again.plan.Empty() || !slices.Equal(again.res.Refused, tt.refused) || w.server.Writes() != writes {
					t.Errorf("the second time: %d writes\n%s", w.server.Writes()-writes, describe(again.plan))
				}
			})
		})
	}
}

// TestRefusedAsAWhole: where the lock file itself is in doubt nothing is sent.
func TestRefusedAsAWhole(t *testing.T) {
	inWorld(t, block("a", "A", songs(1))+block("b", "B", songs(2)), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		w.editLock(func(f *lockfile.File) { delete(f.Playlists, "playlist.a") })
		w.hcl = block("a", "A", songs(1)) + block("b", "B", songs(2, 3)) + block("c", "C", songs(2))
		r := w.refused("The lock file has forgotten this playlist")
		if !r.All() || r.Address != "playlist.a" || !strings.Contains(r.Detail, "lock restore") {
			t.Errorf("%+v", r)
		}
	})
}
