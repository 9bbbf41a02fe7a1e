package run

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/spotify"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// TestLosingSongsIsAChange: whatever else is done with a playlist, what takes songs out of it counts as a change, and the
// songs are counted.
func TestLosingSongsIsAChange(t *testing.T) {
	const all = "lifecycle {\n max_removals = \"100%\"\n}"
	theirs := func(name string) func(w *world) spotify.ID {
		return func(w *world) spotify.ID {
			return w.server.AddPlaylist(w.user, sandbox.PlaylistSpec{Name: name, URIs: upTo(37)})
		}
	}
	for name, tt := range map[string]struct {
		before string // applied first
		there  func(w *world) spotify.ID
		files  func(id spotify.ID) string
		want   reconcile.Summary // but for requests
		action reconcile.Action
	}{
		"an ID in the block": {"", theirs("Mine"), func(id spotify.ID) string { return block("a", "Mine", songs(40), all, fmt.Sprintf("id = %q", id)) },
			reconcile.Summary{Create: 1, Update: 1, SongsRemoved: 37}, reconcile.Adopt},
		"an import block": {"", theirs("Mine"), func(id spotify.ID) string {
			return block("a", "Mine", songs(1, 2), all) + fmt.Sprintf("import {\n to = playlist.a\n id = %q\n}\n", id)
		}, reconcile.Summary{Create: 1, Update: 1, SongsRemoved: 35}, reconcile.Adopt},
		"a name": {"", theirs("Mine"), func(spotify.ID) string { return block("a", "Mine", songs(1), all) },
			reconcile.Summary{Create: 1, Update: 1, SongsRemoved: 36}, reconcile.Adopt},
		"nothing lost": {"", theirs("Mine"), func(id spotify.ID) string { return block("a", "Mine", upTo(37), fmt.Sprintf("id = %q", id)) },
			reconcile.Summary{Create: 1}, reconcile.Adopt},
		"only a name changed": {"", theirs("Theirs"), func(id spotify.ID) string { return block("a", "Mine", upTo(37), fmt.Sprintf("id = %q", id)) },
			reconcile.Summary{Create: 1, Update: 1}, reconcile.Adopt},
		"put back": {block("a", "Mine", upTo(37)), func(w *world) spotify.ID { w.server.Unfollow(w.user, w.id("playlist.a")); return "" },
			func(spotify.ID) string { return block("a", "Mine", upTo(30), all) }, reconcile.Summary{Create: 1, Update: 1, SongsRemoved: 7}, reconcile.Restore},
		"put back as it was": {block("a", "Mine", upTo(37)), func(w *world) spotify.ID { w.server.Unfollow(w.user, w.id("playlist.a")); return "" },
			func(spotify.ID) string { return block("a", "Mine", upTo(37)) }, reconcile.Summary{Create: 1}, reconcile.Restore},
		"moved": {block("b", "Mine", upTo(37)), nil, func(spotify.ID) string {
			return block("a", "Mine", upTo(30), all) + "moved {\n from = playlist.b\n to = playlist.a\n}\n"
		}, reconcile.Summary{Update: 1, SongsRemoved: 7}, reconcile.Update},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, tt.before+block("z", "Z", nil), func(t *testing.T, w *world) {
				w.mustApply()
				time.Sleep(2 * time.Minute)
				var id spotify.ID
				if tt.there != nil {
					id = tt.there(w)
				}
				time.Sleep(2 * time.Minute)
				w.hcl, w.adopt, w.attended = tt.files(id)+block("z", "Z", nil), true, true
				r := w.mustApply()
				got := r.plan.Summary
				got.Requests = 0
				i := slices.IndexFunc(r.plan.Changes, func(c reconcile.Change) bool { return c.Address == "playlist.a" })
				if c := r.plan.Changes[i]; got != tt.want || c.Action != tt.action || c.SongsRemoved != tt.want.SongsRemoved || c.Alters() != (tt.want.Update == 1) {
					t.Errorf("%s of %d songs, counted as %+v, want %+v", c.Action, c.SongsRemoved, got, tt.want)
				}
				w.converged()
			})
		})
	}
}

// TestTakeoverOfAShortList: with nobody to ask, none of whose songs stays is left alone, unless that was said.
func TestTakeoverOfAShortList(t *testing.T) {
	for name, tt := range map[string]struct {
		files    string
		attended bool
		force    bool
		refused  bool
	}{
		"nothing stays":    {files: block("a", "Mine", songs(40)), refused: true},
		"an empty list":    {files: block("a", "Mine", nil, "tracks = []"), refused: true},
		"one stays":        {files: block("a", "Mine", songs(3, 40))},
		"somebody asks":    {files: block("a", "Mine", songs(40)), attended: true},
		"forced":           {files: block("a", "Mine", songs(40)), force: true},
		"written":          {files: block("a", "Mine", songs(40), "lifecycle {\n max_removals = \"100%\"\n}")},
		"in append mode":   {files: block("a", "Mine", songs(40), `mode = "append"`)},
		"without a tracks": {files: block("a", "Mine", nil)},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, "", func(t *testing.T, w *world) {
				id := w.server.AddPlaylist(w.user, sandbox.PlaylistSpec{Name: "Mine", URIs: upTo(8)})
				w.hcl = tt.files + fmt.Sprintf("import {\n to = playlist.a\n id = %q\n}\n", id)
				w.attended, w.force = tt.attended, tt.force
				if tt.refused {
					if r := w.refused("Taking it over would keep none of its items"); !r.Guard || r.Address != "playlist.a" {
						t.Errorf("%+v", r)
					}
					return
				}
				w.mustApply()
			})
		})
	}
}

// TestContinue: a later wave does what the first one left open, and no more than was shown.
func TestContinue(t *testing.T) {
	change := func(address string, a reconcile.Action, removed int, unknown ...string) reconcile.Change {
		c := reconcile.Change{Address: address, Action: a, ID: "id", SongsRemoved: removed, Unknown: unknown, Edits: []reconcile.Edit{reconcile.NewEdit(reconcile.Follow, nil)}, Before: &reconcile.Picture{}, After: &reconcile.Picture{}}
		return c
	}
	shown := &reconcile.Plan{Changes: []reconcile.Change{change("a", reconcile.Update, 3, "name"), change("b", reconcile.Update, 3, "name"), change("c", reconcile.None, 0), change("d", reconcile.Update, 1), change("e", reconcile.Create, 0, "description"), change("g", reconcile.Update, 0, "name"), change("h", reconcile.None, 0)}}
	p := &reconcile.Plan{Changes: []reconcile.Change{change("a", reconcile.Update, 3), change("b", reconcile.Update, 4), change("c", reconcile.Update, 2), change("d", reconcile.Delete, 0), change("e", reconcile.Update, 0), change("f", reconcile.Create, 0), change("g", reconcile.Skipped, 0), change("h", reconcile.Skipped, 0)}}
	unread := errors.New("unread")
	p.Changes[6].Err, p.Changes[7].Err = unread, unread // the last of which was as wanted
	failures := p.Continue(shown)
	var acts []string
	for _, c := range p.Changes {
		if c.Acts() {
			acts = append(acts, c.Address)
		}
	}
	if !slices.Equal(acts, []string{"a", "e"}) || !slices.Equal(failures, []reconcile.Failure{{Address: "b", Err: reconcile.ErrMoved}, {Address: "g", Err: unread}}) {
		t.Errorf("does %v, failures %v", acts, failures)
	}
	if p.Summary.SongsRemoved != 3 || p.Summary.Update != 2 {
		t.Errorf("%+v", p.Summary)
	}
}
