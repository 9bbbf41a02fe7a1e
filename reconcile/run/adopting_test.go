package run

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/spotify"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// TestRelinkedAdopted: a playlist that comes under management while Spotify shows its songs as others is adopted as it is,
// with nobody to ask, whatever names it.
func TestRelinkedAdopted(t *testing.T) {
	mine := block("a", "Mine", songs(1, 2, 3, 4))
	for name, tt := range map[string]struct {
		files func(id spotify.ID) string
		lock  func(id spotify.ID) func(*lockfile.File) // nil: the lock file does not know it
	}{
		"by its name": {files: func(spotify.ID) string { return mine }},
		"by its ID": {files: func(id spotify.ID) string {
			return block("a", "Mine", songs(1, 2, 3, 4), fmt.Sprintf("id = %q", id))
		}},
		"by an import block": {files: func(id spotify.ID) string {
			return mine + fmt.Sprintf("import {\n to = playlist.a\n id = %q\n}\n", id)
		}},
		"moved": {
			files: func(spotify.ID) string {
				return mine + "moved {\n from = playlist.b\n to = playlist.c\n}\nmoved {\n from = playlist.c\n to = playlist.a\n}\n"
			},
			lock: func(id spotify.ID) func(*lockfile.File) {
				return func(f *lockfile.File) {
					f.Playlists["playlist.b"] = lockfile.Playlist{ID: id, Account: "default", Name: "Mine"}
				}
			},
		},
		"by its name, in the place of one that is gone": {
			files: func(spotify.ID) string { return mine },
			lock: func(spotify.ID) func(*lockfile.File) {
				return func(f *lockfile.File) {
					f.Playlists["playlist.a"] = lockfile.Playlist{ID: "0000000000000000000000", Account: "default", Name: "Mine"}
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, block("z", "Z", nil), func(t *testing.T, w *world) {
				w.mustApply()
				w.relink(true, map[int]int{1: twinOf(1), 2: twinOf(2), 3: twinOf(3), 4: twinOf(4)})
				id := w.server.AddPlaylist(w.user, sandbox.PlaylistSpec{Name: "Mine", URIs: songs(1, 2, 3, 4)})
				if tt.lock != nil {
					w.editLock(tt.lock(id))
				}
				time.Sleep(2 * time.Minute)
				w.hcl, w.adopt = tt.files(id)+block("z", "Z", nil), true
				writes := w.server.Writes()
				w.mustApply()
				if w.id("playlist.a") != id {
					t.Errorf("%s is managed, not %s", w.id("playlist.a"), id)
				}
				if n := w.server.Writes() - writes; n != 0 {
					t.Errorf("%d writes", n)
				}
				w.holds("playlist.a", songs(1, 2, 3, 4)...)
				w.converged()
				w.hcl = block("a", "Mine", songs(1, 2, 4)) + block("z", "Z", nil)
				w.mustApply()
				w.holds("playlist.a", songs(1, 2, 4)...)
			})
		})
	}
}

// TestRefusedAdoptionShowsWhatGoes: with nobody to ask, a playlist that would lose something is not adopted by its name. The
// plan holds what it is and what it would be.
func TestRefusedAdoptionShowsWhatGoes(t *testing.T) {
	for name, tt := range map[string]struct {
		called string
		there  []spotify.URI
		files  string
		detail string // empty: adopted
	}{
		"items":               {"Mine", songs(1, 9, 8), block("a", "Mine", songs(1, 2)), "Adopting it would remove 2 of its 3 items,"},
		"all items":           {"Mine", upTo(12), block("a", "Mine", songs(40)), "Adopting it would remove 12 of its 12 items,"},
		"its name":            {"mine ", songs(1), block("a", "mine", songs(1, 2)), "Adopting it would change its name,"},
		"both":                {"mine ", songs(9), block("a", "mine", songs(1, 2)), "Adopting it would remove its only item and change its name,"},
		"nothing":             {"Mine", songs(1), block("a", "Mine", songs(1, 2)), ""},
		"songs left as is":    {"Mine", songs(9), block("a", "Mine", songs(1, 2), "lifecycle {\n ignore_changes = [\"tracks\"]\n}"), ""},
		"songs only appended": {"Mine", songs(9), block("a", "Mine", songs(1, 2), `mode = "append"`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, tt.files, func(t *testing.T, w *world) {
				id := w.server.AddPlaylist(w.user, sandbox.PlaylistSpec{Name: tt.called, URIs: tt.there})
				w.adopt = true
				if tt.detail == "" {
					w.mustApply()
					w.owned(1)
					w.converged()
					return
				}
				for _, offer := range []string{tt.detail, "--adopt-by-name", "--create-duplicate", string(id)} {
					if r := w.refused("A playlist of this name exists already"); !strings.Contains(r.Detail, offer) {
						t.Errorf("no %q in %q", offer, r.Detail)
					}
				}
				p := w.plan().plan
				c := p.Changes[0]
				if c.Action != reconcile.Adopt || !c.Refused || c.ID != id || c.Acts() || len(p.Refusals) != 1 || p.Summary.Refused != 1 || p.Summary.Create != 0 || p.Complete {
					t.Fatalf("%+v\n%s", p.Summary, describe(p))
				}
				var gone []spotify.URI
				for _, r := range c.Before.Tracks {
					if !slices.ContainsFunc(c.After.Tracks, func(a reconcile.Row) bool { return a.URI == r.URI }) {
						gone = append(gone, r.URI)
					}
				}
				if len(gone) != c.SongsRemoved || c.Before.Name != tt.called {
					t.Errorf("%d songs removed, and these go: %v", c.SongsRemoved, gone)
				}
				w.owned(1)
			})
		})
	}
}

// TestRefusedAdoptionMeansNoPlaylist: a playlist that may not be adopted belongs to no block. Nothing of its name is created,
// what needs its ID is refused with it, and a block of its name that is gone may be its old name.
func TestRefusedAdoptionMeansNoPlaylist(t *testing.T) {
	start := func(t *testing.T, files string, test func(w *world, p *reconcile.Plan)) {
		inWorld(t, block("old", "Mine", songs(1)), func(t *testing.T, w *world) {
			w.mustApply()
			w.server.AddPlaylist(w.user, sandbox.PlaylistSpec{Name: "Mine", URIs: songs(7)})
			time.Sleep(2 * time.Minute)
			w.hcl, w.adopt = files, true
			writes := w.server.Writes()
			w.apply()
			if w.server.Writes() != writes {
				t.Error("something was written")
			}
			test(w, w.plan().plan)
		})
	}
	summaries := func(p *reconcile.Plan) string {
		var b strings.Builder
		for _, r := range p.Refusals {
			fmt.Fprintf(&b, "%s: %s\n", r.Address, r.Summary)
		}
		return b.String()
	}
	for name, tt := range map[string]struct{ files, want string }{
		"two blocks of the name": {block("old", "Mine", songs(1)) + block("a", "Mine", songs(2)) + block("b", "Mine", songs(3)),
			"playlist.a: A playlist of this name exists already\nplaylist.b: A playlist of this name exists already\n"},
		"needed by another": {block("old", "Mine", songs(1)) + block("a", "Mine", songs(2)) + block("b", "B ${playlist.a.id}", nil),
			"playlist.a: A playlist of this name exists already\nplaylist.b: It needs a playlist that is refused\n"},
		"a block of the name is gone": {block("a", "Mine", songs(2)),
			"playlist.a: This looks like a renamed block\nplaylist.old: This looks like a renamed block\n"},
	} {
		t.Run(name, func(t *testing.T) {
			start(t, tt.files, func(w *world, p *reconcile.Plan) {
				if got := summaries(p); got != tt.want {
					t.Errorf("got\n%swant\n%s", got, tt.want)
				}
				w.owned(2)
			})
		})
	}
}
