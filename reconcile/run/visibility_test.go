package run

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/config/longtest"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// TestPublicOrCollaborative: every way to ask for one flag, over every state of the two. Nothing that is sent is refused,
// and what is refused is refused before anything is sent, with the lines to choose from.
func TestPublicOrCollaborative(t *testing.T) {
	for _, there := range []struct{ public, collaborative bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
		for i, tt := range []struct {
			lines         []string
			refused       bool
			public, colla bool // what comes of it
		}{
			{nil, false, there.public, there.collaborative},
			{[]string{"public = true"}, false, true, there.public && there.collaborative},
			{[]string{"public = false"}, false, false, there.collaborative},
			{[]string{"collaborative = true"}, false, there.public && there.collaborative, true},
			{[]string{"collaborative = false"}, false, there.public, false},
			{[]string{"public = true", "collaborative = false"}, false, true, false},
			{[]string{"public = false", "collaborative = true"}, false, false, true},
			{[]string{"public = true", "lifecycle {\n ignore_changes = [\"collaborative\"]\n}"}, there.collaborative && !there.public, true, there.collaborative},
			{[]string{"collaborative = true", "lifecycle {\n ignore_changes = [\"public\"]\n}"}, there.public && !there.collaborative, there.public, true},
		} {
			for j, way := range []string{"update", "adopt", "restore"} {
				t.Run(fmt.Sprint(there, tt.lines, way), func(t *testing.T) {
					longtest.OneIn(t, 4, i+j)
					inWorld(t, block("a", "A", songs(1)), func(t *testing.T, w *world) {
						lines := tt.lines
						if way == "adopt" {
							id := w.server.AddPlaylist(w.user, sandbox.PlaylistSpec{Name: "A", URIs: songs(1), Public: there.public, Collaborative: there.collaborative})
							lines = append([]string{fmt.Sprintf("id = %q", id)}, lines...)
						} else {
							w.mustApply()
							time.Sleep(2 * time.Minute)
							w.mustApply() // that it is private is read
							w.server.Edit(w.id("playlist.a"), func(p *sandbox.Playlist) { p.Public, p.Collaborative = there.public, there.collaborative })
							time.Sleep(2 * time.Minute)
							if way == "restore" {
								w.server.Unfollow(w.user, w.id("playlist.a"))
							}
						}
						w.hcl = block("a", "A", songs(1), lines...)
						if tt.refused {
							r := w.refused("A playlist is public or collaborative, not both")
							if !strings.Contains(r.Detail, "public = false") || !strings.Contains(r.Detail, "collaborative = false") || !strings.Contains(r.Detail, "playlists.hcl:") {
								t.Errorf("no way out: %s", r.Detail)
							}
							return
						}
						w.mustApply()
						if p := w.there("playlist.a"); p.Public != tt.public || p.Collaborative != tt.colla {
							t.Errorf("public %v, collaborative %v; want %v, %v", p.Public, p.Collaborative, tt.public, tt.colla)
						}
						w.converged()
					})
				})
			}
		}
	}
}

// TestRollbackToBothFlags: a playlist that showed both flags gets back the one that can be asked for.
func TestRollbackToBothFlags(t *testing.T) {
	inWorld(t, block("a", "A", songs(1)), func(t *testing.T, w *world) {
		w.mustApply()
		w.server.Edit(w.id("playlist.a"), func(p *sandbox.Playlist) { p.Public, p.Collaborative = true, true })
		time.Sleep(2 * time.Minute)
		w.hcl = block("a", "A", songs(1), "public = false", "collaborative = false")
		w.mustApply()
		time.Sleep(2 * time.Minute)
		if err := w.rollback().failed(); err != nil {
			t.Fatal(err)
		}
		if p := w.there("playlist.a"); !p.Collaborative {
			t.Error("it is not collaborative")
		}
	})
}

// TestOthersChangeIsNotUnhonoured: what somebody changed after our write was honoured, so it is planned and asked for again.
func TestOthersChangeIsNotUnhonoured(t *testing.T) {
	for _, way := range []string{"create", "update", "another change"} {
		for name, change := range map[string]func(p *sandbox.Playlist){
			"collaborative":  func(p *sandbox.Playlist) { p.Public, p.Collaborative = false, true },
			"private, named": func(p *sandbox.Playlist) { p.Public, p.Name = false, "B" },
			"private, song":  func(p *sandbox.Playlist) { p.Public = false; p.Rows = append(p.Rows, sandbox.Row{URI: song(9)}) },
		} {
			t.Run(way+" "+name, func(t *testing.T) {
				lines := []string{"public = true"}
				if way == "update" {
					lines = nil
				}
				inWorld(t, block("a", "A", songs(1), lines...), func(t *testing.T, w *world) {
					w.mustApply()
					time.Sleep(2 * time.Minute)
					if way != "create" {
						tracks := songs(1)
						if way == "another change" {
							w.mustApply() // public is read
							tracks = songs(1, 2)
						}
						w.hcl = block("a", "A", tracks, "public = true")
						w.mustApply()
						time.Sleep(2 * time.Minute)
					}
					w.server.Edit(w.id("playlist.a"), change)
					time.Sleep(2 * time.Minute)
					if r := w.plan(); planWarns(r.plan, "did not honour") || r.plan.Empty() {
						t.Errorf("it is taken for not honoured:\n%s", describe(r.plan))
					}
					w.mustApply()
					if p := w.there("playlist.a"); !p.Public || p.Collaborative {
						t.Errorf("public %v, collaborative %v", p.Public, p.Collaborative)
					}
					w.converged()
				})
			})
		}
	}
}
