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
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// editLock changes the lock file as git or a person would.
func (w *world) editLock(change func(*lockfile.File)) {
	w.t.Helper()
	f, err := lockfile.Parse([]byte(w.lockText()), w.lockPath())
	if err != nil {
		w.t.Fatal(err)
	}
	change(f)
	if err := os.WriteFile(w.lockPath(), f.Bytes(), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func TestNameTaken(t *testing.T) {
	mine := func(w *world, uris ...spotify.URI) spotify.ID {
		return w.server.AddPlaylist(w.user, sandbox.PlaylistSpec{Name: "Cafe\u0301 ", URIs: uris})
	}
	files := block("a", "Caf\u00e9", songs(1, 2, 3))
	t.Run("refused", func(t *testing.T) {
		inWorld(t, files, func(t *testing.T, w *world) {
			id := mine(w, song(1))
			r := w.refused("A playlist of this name exists already")
			for _, way := range []string{string(id), "id = ", "import", "--adopt-by-name", "--create-duplicate"} {
				if !strings.Contains(r.Detail, way) {
					t.Errorf("the refusal does not name %q: %s", way, r.Detail)
				}
			}
			w.owned(1)
		})
	})
	t.Run("duplicate", func(t *testing.T) {
		inWorld(t, files, func(t *testing.T, w *world) {
			mine(w, song(1))
			w.twice = true
			w.mustApply()
			w.owned(2)
			w.converged()
		})
	})
	t.Run("adopted", func(t *testing.T) {
		inWorld(t, block("a", "Caf\u00e9", songs(1, 2, 3)), func(t *testing.T, w *world) {
			id := w.server.AddPlaylist(w.user, sandbox.PlaylistSpec{Name: "Caf\u00e9", URIs: songs(2)})
			w.adopt = true
			if r := w.mustApply(); r.plan.Changes[0].Action != reconcile.Adopt {
				t.Errorf("plan:\n%s", describe(r.plan))
			}
			if w.id("playlist.a") != id {
				t.Error("another playlist was adopted")
			}
			w.holds("playlist.a", songs(1, 2, 3)...)
			w.owned(1)
			w.converged()
		})
	})
	t.Run("not adopted where something would be removed", func(t *testing.T) {
		inWorld(t, files, func(t *testing.T, w *world) {
			mine(w, song(9))
			w.adopt = true
			w.refused("A playlist of this name exists already")
			w.attended = true
			w.mustApply()
			w.holds("playlist.a", songs(1, 2, 3)...)
			w.owned(1)
			w.converged()
		})
	})
	t.Run("not adopted where there are two", func(t *testing.T) {
		inWorld(t, files, func(t *testing.T, w *world) {
			mine(w)
			mine(w)
			w.adopt, w.attended = true, true
			w.refused("A playlist of this name exists already")
		})
	})
	t.Run("somebody else's does not count", func(t *testing.T) {
		inWorld(t, files, func(t *testing.T, w *world) {
			w.server.AddUser(sandbox.User{ID: "other", DisplayName: "Other"})
			w.server.Follow(w.user, w.server.AddPlaylist("other", sandbox.PlaylistSpec{Name: "Caf\u00e9", Public: true}))
			w.mustApply()
			w.converged()
		})
	})
}

func TestLockLost(t *testing.T) {
	inWorld(t, block("a", "A", songs(1)), func(t *testing.T, w *world) {
		w.mustApply()
		kept := w.lockText()
		if err := os.Remove(w.lockPath()); err != nil {
			t.Fatal(err)
		}
		r := w.refused("The lock file has forgotten this playlist")
		if !strings.Contains(r.Detail, "spotsync lock restore 'playlist.a'") {
			t.Errorf("no way out in %q", r.Detail)
		}
		w.hcl = block("a", "Another name", songs(1))
		w.refused("The lock file has forgotten this playlist")
		if err := os.WriteFile(w.lockPath(), []byte(kept), 0o644); err != nil {
			t.Fatal(err)
		}
		w.mustApply()
		w.owned(1)
		w.converged()
	})
}

func TestRenamedLabel(t *testing.T) {
	inWorld(t, block("old", "A", songs(1, 2)), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		had := spread(w, "playlist.old")
		id := w.id("playlist.old")
		w.hcl = block("new", "A", songs(1, 2))
		r := w.refused("This looks like a renamed block")
		if !strings.Contains(r.Detail, "moved {\n  from = playlist.old\n  to   = playlist.new\n}") {
			t.Errorf("no moved block in %q", r.Detail)
		}
		w.hcl += "moved {\n  from = playlist.old\n  to   = playlist.new\n}\n"
		w.mustApply()
		if w.id("playlist.new") != id || w.id("playlist.old") != "" {
			t.Errorf("lock file:\n%s", w.lockText())
		}
		if got := dates(w.there("playlist.new")); !slices.Equal(got[song(1)], had[song(1)]) {
			t.Errorf("dates changed: %v", got)
		}
		w.owned(1)
		w.converged()
	})
}

func TestChainOfMoves(t *testing.T) {
	inWorld(t, block("a", "A", songs(1)), func(t *testing.T, w *world) {
		w.mustApply()
		id := w.id("playlist.a")
		w.hcl = block("c", "A", songs(1)) + "moved {\n  from = playlist.b\n  to   = playlist.c\n}\nmoved {\n  from = playlist.a\n  to   = playlist.b\n}\n"
		w.mustApply()
		if w.id("playlist.c") != id {
			t.Errorf("lock file:\n%s", w.lockText())
		}
		w.owned(1)
		w.converged()
	})
}

func TestRemovedBlockKeepsThePlaylist(t *testing.T) {
	inWorld(t, block("a", "A", songs(1))+block("b", "B", songs(1)), func(t *testing.T, w *world) {
		w.mustApply()
		w.hcl = block("b", "B", songs(1)) + "removed {\n  from = playlist.a\n  lifecycle {\n    destroy = false\n  }\n}\n"
		w.mustApply()
		w.owned(2)
		w.converged()
		w.hcl = block("b", "B", songs(1)) + block("a", "A", songs(1))
		w.refused("A playlist of this name exists already") // not "the lock file has forgotten": that was on purpose
	})
}

func TestOtherAccount(t *testing.T) {
	inWorld(t, block("a", "A", songs(1)), func(t *testing.T, w *world) {
		w.mustApply()
		w.server.AddUser(sandbox.User{ID: "other", DisplayName: "Other"})
		w.user = "other"
		if r := w.refused("The login belongs to another account"); !strings.Contains(r.Detail, "Other") {
			t.Errorf("who is not said: %s", r.Detail)
		}
		w.user = sandbox.SandboxUser
		w.converged()
	})
}

func TestOtherIssuer(t *testing.T) {
	inWorld(t, block("a", "A", songs(1)), func(t *testing.T, w *world) {
		w.mustApply()
		w.issuer = "spotify"
		w.refused("The lock file belongs to another Spotify")
	})
}

func TestAccountOfAPlaylistSwitched(t *testing.T) {
	inWorld(t, block("a", "A", songs(1)), func(t *testing.T, w *world) {
		w.mustApply()
		w.editLock(func(f *lockfile.File) {
			e := f.Playlists["playlist.a"]
			e.Account = "second"
			f.Playlists["playlist.a"] = e
			f.Accounts["second"] = lockfile.Account{ID: "x", User: "x"}
		})
		w.refused("A playlist can't change accounts")
	})
}

func TestOnePlaylistAtTwoAddresses(t *testing.T) {
	inWorld(t, block("a", "A", songs(1)), func(t *testing.T, w *world) {
		w.mustApply()
		id := w.id("playlist.a")
		w.hcl = block("a", "A", songs(1)) + block("b", "B", songs(2), fmt.Sprintf("id = %q", id))
		r := w.apply()
		if !r.diags.HasErrors() || !strings.Contains(r.diags.Error(), "One playlist at two addresses") {
			t.Errorf("got %v", r.failed())
		}
		w.hcl = block("b", "A", songs(1), fmt.Sprintf("id = %q", id))
		if r := w.apply(); !strings.Contains(fmt.Sprint(r.failed()), "moved {") {
			t.Errorf("no moved block in %v", r.failed())
		}
	})
}

func TestForeignPlaylist(t *testing.T) {
	inWorld(t, "", func(t *testing.T, w *world) {
		w.server.AddUser(sandbox.User{ID: "other", DisplayName: "Other"})
		id := w.server.AddPlaylist("other", sandbox.PlaylistSpec{Name: "Theirs", Public: true, URIs: songs(1)})
		w.server.Follow(w.user, id)
		w.hcl = block("a", "A", songs(1), fmt.Sprintf("id = %q", id))
		r := w.apply()
		if !r.diags.HasErrors() || !strings.Contains(r.diags.Error(), "Not your playlist") {
			t.Errorf("imported: %v", r.failed())
		}
		w.hcl = block("b", "B", songs(1))
		w.mustApply()
		w.editLock(func(f *lockfile.File) {
			f.Playlists["playlist.a"] = lockfile.Playlist{ID: id, Account: "default", Name: "Theirs"}
		})
		w.hcl += block("a", "A", songs(1))
		w.refused("The playlist belongs to somebody else")
		w.hcl = block("b", "B", songs(1))
		w.refused("The playlist belongs to somebody else") // not unfollowed either
		w.hcl = block("a", "A", songs(1), `id = "0000000000000000000000"`)
		if r := w.apply(); !r.diags.HasErrors() || !strings.Contains(r.diags.Error(), "No such playlist") {
			t.Errorf("unknown: %v", r.failed())
		}
	})
}

func TestListingThatHoldsNone(t *testing.T) {
	files := block("a", "A", songs(1)) + block("b", "B", songs(1)) + block("c", "C", songs(1))
	inWorld(t, files, func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		for _, a := range []string{"playlist.a", "playlist.b", "playlist.c"} {
			w.server.Unfollow(w.user, w.id(a))
		}
		w.refused("None of the managed playlists is in this account")
		w.targets = []string{"playlist.a"}
		w.mustApply()
		w.targets = nil
		w.mustApply()
		w.owned(3)
		w.converged()
	})
}

func TestAbsentIsRestored(t *testing.T) {
	inWorld(t, block("a", "A", songs(1, 2))+block("b", "B", songs(1)), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		had := spread(w, "playlist.a")
		id := w.id("playlist.a")
		w.server.Unfollow(w.user, id)
		r := w.mustApply()
		if r.plan.Changes[0].Action != reconcile.Restore || len(r.plan.Changes[0].Edits) != 1 {
			t.Errorf("plan:\n%s", describe(r.plan))
		}
		if w.id("playlist.a") != id || !slices.Equal(dates(w.there("playlist.a"))[song(2)], had[song(2)]) {
			t.Error("it is not what it was")
		}
		w.owned(2)
		w.converged()
	})
}

func TestGoneIsCreatedAgain(t *testing.T) {
	inWorld(t, block("a", "A", songs(1, 2))+block("b", "B", songs(1)), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		old := w.id("playlist.a")
		q := w.server.Quirks()
		q.DeletedByIDIs404 = true
		w.server.SetQuirks(q)
		w.server.Unfollow(w.user, old)
		w.mustApply()
		if w.id("playlist.a") == old {
			t.Error("it was not made anew")
		}
		w.holds("playlist.a", songs(1, 2)...)
		w.owned(2)
		w.converged()
	})
}

// TestWrongIDInLockMakesNoTwin spoils an ID in the lock file: one that names nothing is no reason for a second playlist.
func TestWrongIDInLockMakesNoTwin(t *testing.T) {
	inWorld(t, block("a", "A", songs(1, 2))+block("b", "B", songs(1)), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		good, wrong := w.lockText(), spotify.ID("4XzvE3vG5tVbQeJb8Kk2aP")
		spoil := func(f *lockfile.File) {
			e := f.Playlists["playlist.a"]
			e.ID = wrong
			f.Playlists["playlist.a"] = e
		}
		w.editLock(spoil)
		if r := w.refused("The lock file names another playlist"); !strings.Contains(r.Detail, "lock restore 'playlist.a'") {
			t.Errorf("no way out: %s", r.Detail)
		}
		w.owned(2)

		if err := os.RemoveAll(filepath.Join(w.dir, "state")); err != nil { // a computer that remembers nothing
			t.Fatal(err)
		}
		w.refused("A playlist of this name exists already")
		w.owned(2)
		if err := os.WriteFile(w.lockPath(), []byte(good), 0o644); err != nil {
			t.Fatal(err)
		}
		w.converged()
	})
}

// TestKilledWhileCreatingAgain makes sure that a playlist made anew is not made twice.
func TestKilledWhileCreatingAgain(t *testing.T) {
	for i := 2; i < 9; i++ {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			inWorld(t, block("a", "A", songs(1, 2))+block("b", "B", songs(1)), func(t *testing.T, w *world) {
				w.mustApply()
				time.Sleep(2 * time.Minute)
				q := w.server.Quirks()
				q.DeletedByIDIs404 = true
				w.server.SetQuirks(q)
				w.server.Unfollow(w.user, w.id("playlist.a"))
				dies := &wire{server: w.server, at: i, spoil: killAfter}
				w.wire = dies
				w.fsys = store.FailingFS(func(store.Step) error {
					dies.mu.Lock()
					defer dies.mu.Unlock()
					if dies.dead {
						return store.ErrCrash
					}
					return nil
				})
				w.apply()
				w.wire, w.fsys = &wire{server: w.server}, quickDisk{}
				w.mustApply()
				w.holds("playlist.a", songs(1, 2)...)
				w.owned(2)
				w.converged()
			})
		})
	}
}

func TestReadScopesMissing(t *testing.T) {
	inWorld(t, block("a", "A", songs(1)), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		w.scopes = []string{"playlist-read-private", "playlist-modify-public", "playlist-modify-private", "user-library-read", "user-library-modify", "user-follow-read", "user-follow-modify"}
		w.server.Unfollow(w.user, w.id("playlist.a"))
		writes := w.server.Writes()
		r := w.apply()
		if r.err == nil || !strings.Contains(r.err.Error(), "playlist-read-collaborative") || !strings.Contains(r.err.Error(), "spotsync login") {
			t.Errorf("got %v", r.failed())
		}
		if w.server.Writes() != writes {
			t.Error("something was sent")
		}
	})
}

func TestDestroyIsCarriedOnAfterAKill(t *testing.T) {
	inWorld(t, block("a", "A", songs(1))+block("b", "B", songs(1)), func(t *testing.T, w *world) {
		w.mustApply()
		time.Sleep(2 * time.Minute)
		w.server.Unfollow(w.user, w.id("playlist.a"))
		w.server.Unfollow(w.user, w.id("playlist.b"))
		w.command = "destroy"
		w.mustApply()
		if w.id("playlist.a") != "" || w.id("playlist.b") != "" {
			t.Errorf("lock file:\n%s", w.lockText())
		}
		w.command = "apply"
		w.mustApply()
		w.owned(2)
		w.converged()
	})
}

func TestDestroyPassesOverWhatWasNeverMade(t *testing.T) {
	inWorld(t, block("a", "A", songs(1)), func(t *testing.T, w *world) {
		w.mustApply()
		w.server.AddPlaylist(w.user, sandbox.PlaylistSpec{Name: "Taken"})
		w.hcl = block("renamed", "A", songs(1)) + block("new", "New", songs(2)) + block("taken", "Taken", songs(2))
		w.command = "destroy"
		r := w.mustApply()
		w.owned(1)
		for _, c := range r.plan.Changes {
			if c.Address != "playlist.a" && c.Action != reconcile.None {
				t.Errorf("%s: %s %v", c.Address, c.Action, c.Reasons)
			}
		}
	})
}

func TestTwoBlocksOfOneName(t *testing.T) {
	inWorld(t, block("a", "Same", songs(1))+block("b", "Same", songs(2)), func(t *testing.T, w *world) {
		w.mustApply()
		w.owned(2)
		w.holds("playlist.a", songs(1)...)
		w.holds("playlist.b", songs(2)...)
		w.converged()
	})
}

// readOnlyFolder is a disk on which the configuration folder can't be written to.
func readOnlyFolder(w *world) store.FS {
	return store.FailingFS(func(s store.Step) error {
		if s.Changes() && filepath.Dir(s.Path) == w.dir && strings.Contains(filepath.Base(s.Path), "lock.hcl") {
			return os.ErrPermission
		}
		return nil
	})
}

// TestReadOnlyFolder keeps what it learns until the folder can be written again.
func TestReadOnlyFolder(t *testing.T) {
	inWorld(t, block("a", "A", songs(1)), func(t *testing.T, w *world) {
		w.fsys = readOnlyFolder(w)
		if r := w.mustApply(); !r.res.Pending {
			t.Error("nobody is told that entries are pending")
		}
		if _, err := os.Stat(w.lockPath()); err == nil {
			t.Fatal("the folder was not read-only")
		}
		w.quiet("read-only")
		w.hcl += block("b", "B", songs(2))
		w.mustApply()
		w.owned(2)
		// git brings an entry of another computer
		foreign := lockfile.New(w.issuer)
		foreign.Playlists["playlist.z"] = lockfile.Playlist{ID: w.server.AddPlaylist(w.user, sandbox.PlaylistSpec{Name: "Z"}), Account: "default", Name: "Z"}
		if err := os.WriteFile(w.lockPath(), foreign.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		w.hcl += block("z", "Z", nil)
		w.fsys = quickDisk{}
		if r := w.mustApply(); r.res.Pending {
			t.Error("still pending")
		}
		for _, a := range []string{"playlist.a", "playlist.b", "playlist.z"} {
			if !strings.Contains(w.lockText(), a) {
				t.Errorf("%s is not in the lock file:\n%s", a, w.lockText())
			}
		}
		w.owned(3)
		w.converged()
	})
}

func TestPendingConflict(t *testing.T) {
	inWorld(t, block("a", "A", songs(1)), func(t *testing.T, w *world) {
		w.fsys = readOnlyFolder(w)
		w.mustApply()
		f := lockfile.New(w.issuer)
		f.Playlists["playlist.a"] = lockfile.Playlist{ID: "0000000000000000000001", Account: "default", Name: "A"}
		if err := os.WriteFile(w.lockPath(), f.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		w.fsys = quickDisk{}
		r := w.refused("One address means two playlists")
		if !strings.Contains(r.Detail, "spotsync lock restore 'playlist.a'") {
			t.Errorf("no way out: %s", r.Detail)
		}
	})
}

// TestGitChangesTheLockFileMeanwhile merges what came in between planning and doing.
func TestGitChangesTheLockFileMeanwhile(t *testing.T) {
	inWorld(t, block("a", "A", songs(1)), func(t *testing.T, w *world) {
		w.mustApply()
		w.hcl = block("a", "A", songs(1, 2))
		w.between = func() {
			w.editLock(func(f *lockfile.File) { f.Pins["x"] = lockfile.Pin{URI: song(7), Note: "X"} })
		}
		w.mustApply()
		w.between = nil
		if !strings.Contains(w.lockText(), string(song(7))) {
			t.Errorf("what git brought is lost:\n%s", w.lockText())
		}
		w.converged()
	})
}
