package run

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/heal"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// daemon is a daemon that is started anew for every round.
type daemon struct {
	*world
	heal.Policy
	files string      // fingerprint of the files; empty: of what they say
	loop  *heal.State // as the last round left it
	next  time.Time
}

// round is what one round came to.
type round struct {
	plan, tamed *reconcile.Plan
	res         *reconcile.Result
	verdicts    map[string]heal.Verdict
}

func (d *daemon) state() *store.State {
	s := store.OpenState(d.fsys, filepath.Join(d.dir, "state"), d.issuer, d.lockPath())
	s.Warn = func(err error) { d.t.Errorf("warned: %v", err) }
	return s
}

func (d *daemon) round() round {
	d.t.Helper()
	ctx := context.Background()
	must := func(err error) {
		d.t.Helper()
		if err != nil {
			d.t.Fatal(err)
		}
	}
	d.apart = true
	s, err := d.open(ctx)
	d.apart = false
	must(err)
	d.loop, err = heal.Load(d.state())
	must(err)
	d.noDelete = !d.Prune || d.Stale
	got, diags, err := s.makePlan(ctx)
	must(err)
	if diags.HasErrors() {
		d.t.Fatal(diags)
	}
	desired, _ := d.desire(s.lock)
	files := d.files
	if files == "" {
		files = "of " + d.hcl
	}
	p := got.Plan
	policy := d.Policy
	policy.Hold = s.lock.Conflicts()
	before := describe(p)
	r := round{plan: p, verdicts: make(map[string]heal.Verdict)}
	var verdicts []heal.Verdict
	r.tamed, verdicts = d.loop.Restrict(p, desired, files, policy, time.Now())
	if got := describe(p); got != before {
		d.t.Errorf("the plan was changed:\n%s\n%s", before, got)
	}
	if got := r.tamed.Count(); got != r.tamed.Summary {
		d.t.Errorf("the summary is %+v, and it comes to %+v", r.tamed.Summary, got)
	}
	for _, v := range verdicts {
		r.verdicts[v.Address] = v
	}
	allowed := *got
	allowed.Plan = r.tamed
	r.res = &reconcile.Result{}
	if r.tamed.Forbidden() == nil && !r.tamed.Empty() {
		r.res, err = s.do(ctx, &allowed)
		must(err)
	}
	d.loop.Record(r.tamed, r.res, time.Now())
	must(d.loop.Save(d.state()))
	d.next = d.loop.Next(policy, 1, time.Time{}, time.Now(), 0)
	return r
}

// is checks the verdict about playlist.a.
func (d *daemon) is(r round, state heal.VerdictState, reason string) {
	d.t.Helper()
	if v := r.verdicts["playlist.a"]; v.State != state || !strings.Contains(v.Reason, reason) {
		d.t.Errorf("the verdict is %+v, want %s and %q; the plan\n%s\ntamed\n%s", v, state, reason, describe(r.plan), describe(r.tamed))
	}
}

// inDaemon begins with playlists as the files want them, long settled.
func inDaemon(t *testing.T, hcl string, test func(*testing.T, *daemon)) {
	t.Helper()
	inWorld(t, hcl, func(t *testing.T, w *world) {
		d := &daemon{world: w, Policy: heal.Policy{Interval: 5 * time.Minute}}
		w.mustApply()
		time.Sleep(2 * time.Minute)
		d.round()
		if n := len(d.round().res.Applied); n > 0 {
			t.Fatalf("%d playlists changed before it began", n)
		}
		test(t, d)
	})
}

func rename(name string) func(*sandbox.Playlist) {
	return func(p *sandbox.Playlist) { p.Name = name }
}

func addSong(n int) func(*sandbox.Playlist) {
	return func(p *sandbox.Playlist) { p.Rows = append(p.Rows, sandbox.Row{URI: song(n)}) }
}

func TestSelfHealDetails(t *testing.T) {
	line := `self_heal = "details"`
	inDaemon(t, block("a", "A", songs(1, 2), line), func(t *testing.T, d *daemon) {
		d.server.Edit(d.id("playlist.a"), func(p *sandbox.Playlist) {
			rename("Vandal")(p)
			addSong(9)(p)
		})
		d.is(d.round(), heal.Drift, `its list of songs was changed on Spotify, and self_heal = "details" leaves that alone`)
		for range 3 {
			if p := d.there("playlist.a"); p.Name != "A" || len(p.Rows) != 3 {
				t.Fatalf("got %q with %d songs", p.Name, len(p.Rows))
			}
			time.Sleep(2 * time.Minute)
			r := d.round()
			d.is(r, heal.Drift, "")
			if c := r.plan.Changes[0]; c.Origin != reconcile.FromSpotify {
				t.Fatalf("who changed it is forgotten: %s", c.Origin)
			}
			if d.world.id("playlist.a") == "" || !r.tamed.Empty() {
				t.Fatalf("more is done: %s", describe(r.tamed))
			}
		}
		d.server.Unfollow(d.user, d.id("playlist.a"))
		d.is(d.round(), heal.Drift, "")
		if d.there("playlist.a").Deleted {
			t.Error("it was not put back")
		}
		time.Sleep(2 * time.Minute)
		d.hcl = block("a", "A", songs(1, 2, 3), line)
		d.is(d.round(), heal.Pending, "")
		d.holds("playlist.a", songs(1, 2, 3)...)
		time.Sleep(2 * time.Minute)
		d.is(d.round(), heal.Same, "")
	})
}

func TestSelfHealNothing(t *testing.T) {
	line := `self_heal = false`
	inDaemon(t, block("a", "A", songs(1, 2), line), func(t *testing.T, d *daemon) {
		writes := d.server.Writes()
		d.server.Edit(d.id("playlist.a"), rename("Mine"))
		for range 3 {
			d.is(d.round(), heal.Drift, "its name was changed on Spotify, and self_heal = false leaves that alone")
			time.Sleep(5 * time.Minute)
		}
		d.server.Unfollow(d.user, d.id("playlist.a"))
		d.is(d.round(), heal.Drift, "its place in the library")
		if n := d.server.Writes() - writes; n != 0 {
			t.Errorf("%d writes", n)
		}
		d.hcl = block("a", "A", songs(1, 2, 3), line) // the files changed too
		d.is(d.round(), heal.Pending, "")
		time.Sleep(2 * time.Minute)
		d.is(d.round(), heal.Same, "")
	})
}

// TestUnknownOrigin: without a memory of who agreed on what, a daemon does what apply would, where it may heal at all.
func TestUnknownOrigin(t *testing.T) {
	for line, want := range map[string]heal.VerdictState{"self_heal = true": heal.Pending, `self_heal = "details"`: heal.Drift, "self_heal = false": heal.Drift} {
		inDaemon(t, block("a", "A", songs(1, 2), line), func(t *testing.T, d *daemon) {
			d.server.Edit(d.id("playlist.a"), rename("Mine"))
			if err := d.state().DropBase("playlist.a"); err != nil {
				t.Fatal(err)
			}
			d.is(d.round(), want, "")
		})
	}
}

func TestGoneIsOnlyReported(t *testing.T) {
	inDaemon(t, block("a", "A", songs(1, 2))+block("b", "B", songs(3)), func(t *testing.T, d *daemon) {
		q := d.server.Quirks()
		q.DeletedByIDIs404 = true
		d.server.SetQuirks(q)
		d.server.Unfollow(d.user, d.id("playlist.a"))
		for range 2 {
			r := d.round()
			d.is(r, heal.Drift, "Spotify no longer knows "+string(d.id("playlist.a")))
			if !r.tamed.Empty() || r.tamed.Complete || r.tamed.Summary != (reconcile.Summary{}) {
				t.Errorf("the plan is %+v", r.tamed.Summary)
			}
			d.owned(1)
			time.Sleep(2 * time.Minute)
		}
		d.mustApply()
		d.owned(2)
	})
}

func TestNoCreate(t *testing.T) {
	inDaemon(t, block("b", "B", songs(3)), func(t *testing.T, d *daemon) {
		d.NoCreate = true
		d.hcl += block("a", "A", songs(1))
		d.is(d.round(), heal.Drift, "--no-create")
		d.owned(1)
		d.NoCreate = false
		d.is(d.round(), heal.Pending, "")
		d.owned(2)
	})
}

func TestPruneTakesTwoRounds(t *testing.T) {
	others := block("b", "B", songs(3)) + block("c", "C", songs(3)) + block("d", "D", songs(3))
	all := block("a", "A", songs(1)) + others
	inDaemon(t, all, func(t *testing.T, d *daemon) {
		d.hcl = others
		for range 3 {
			d.is(d.round(), heal.Drift, "only with --prune")
			time.Sleep(2 * time.Minute)
		}
		d.Prune = true
		later := func(wait time.Duration, want heal.VerdictState) {
			t.Helper()
			time.Sleep(wait)
			r := d.round()
			if v := r.verdicts["playlist.a"]; v.State != want || len(r.res.Applied) != 0 {
				t.Errorf("%+v, applied %v", v, r.res.Applied)
			}
		}
		later(0, heal.Pending)
		if got := time.Until(d.next); got != time.Minute {
			t.Errorf("the next round is in %s", got)
		}
		later(59*time.Second, heal.Pending)
		d.hcl += "# other files\n"
		later(time.Hour, heal.Pending)
		d.hcl = all
		later(time.Hour, heal.Same)
		d.hcl = others
		later(time.Hour, heal.Pending)
		d.owned(4)
		time.Sleep(time.Minute)
		if r := d.round(); !slices.Equal(r.res.Applied, []string{"playlist.a"}) || !r.tamed.Complete {
			t.Errorf("applied %v", r.res.Applied)
		}
		d.owned(3)
	})
}

// TestGuardsOfADaemon: one that would delete too much does nothing at all, one that deletes nothing looks after what is
// left, and one playlist that is refused keeps no other waiting.
func TestGuardsOfADaemon(t *testing.T) {
	a := block("a", "A", upTo(12))
	inDaemon(t, a+block("b", "B", songs(3))+block("c", "C", songs(3)), func(t *testing.T, d *daemon) {
		d.hcl = a
		for _, prune := range []bool{false, true} {
			d.Prune = prune
			for range 2 {
				d.server.Edit(d.id("playlist.a"), rename("Vandal"))
				writes := d.server.Writes()
				r := d.round()
				v := r.verdicts["playlist.b"]
				switch {
				case !prune && (v.State != heal.Drift || d.there("playlist.a").Name != "A" || r.tamed.Forbidden() != nil):
					t.Errorf("it deletes nothing, and guards against deleting keep it from its work: %+v", v)
				case prune && (v.State != heal.Held || !strings.Contains(v.Reason, "more than a third") || d.server.Writes() != writes || r.tamed.Forbidden() == nil):
					t.Errorf("%+v, %d writes", v, d.server.Writes()-writes)
				}
				d.owned(3)
				time.Sleep(2 * time.Minute)
			}
		}
		d.hcl = block("a", "Other", songs(1)) + block("b", "B", songs(3, 4)) + block("c", "C", songs(3))
		r := d.round()
		d.is(r, heal.Held, "Too many items would be removed. 11 of 12")
		d.holds("playlist.a", upTo(12)...)
		d.holds("playlist.b", songs(3, 4)...)
	})
}

// TestDaemonStaysOutOfTheFolder: what it learns waits for the command.
func TestDaemonStaysOutOfTheFolder(t *testing.T) {
	inDaemon(t, block("a", "A", songs(1)), func(t *testing.T, d *daemon) {
		before := d.lockText()
		d.hcl += block("b", "B", songs(2))
		if r := d.round(); !r.res.Pending {
			t.Error("nobody is told that entries are pending")
		}
		time.Sleep(2 * time.Minute)
		pending := filepath.Join(d.state().Dir(), "pending.lock.hcl")
		was, err := os.Stat(pending)
		if err != nil {
			t.Fatal(err)
		}
		d.round()
		if is, err := os.Stat(pending); err != nil || !os.SameFile(was, is) {
			t.Errorf("a quiet round wrote: %v", err)
		}
		if got := d.lockText(); got != before {
			t.Errorf("the file was written:\n%s", got)
		}
		entries, err := os.ReadDir(d.dir)
		if err != nil || slices.ContainsFunc(entries, func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") }) {
			t.Errorf("the folder holds %v, %v", entries, err)
		}
		d.owned(2)
		d.mustApply()
		if !strings.Contains(d.lockText(), "playlist.b") {
			t.Errorf("not folded in:\n%s", d.lockText())
		}
		d.converged()
		d.round()
		d.owned(2)
	})
}

// TestConflictHoldsOnePlaylist: git brings another ID for an address the daemon has made itself.
func TestConflictHoldsOnePlaylist(t *testing.T) {
	inDaemon(t, block("b", "B", songs(3)), func(t *testing.T, d *daemon) {
		d.hcl += block("a", "A", songs(1))
		d.round()
		ours := d.id("playlist.a")
		theirs := d.server.AddPlaylist(d.user, sandbox.PlaylistSpec{Name: "A", URIs: []spotify.URI{song(7)}})
		time.Sleep(2 * time.Minute)
		d.editLock(func(f *lockfile.File) {
			f.Playlists["playlist.a"] = lockfile.Playlist{ID: theirs, Account: "default", Name: "A"}
		})
		for range 2 {
			d.hcl += "# x\n" + block("c"+string(rune('0'+len(d.hcl)%10)), "C"+time.Now().String(), songs(4))
			r := d.round() // something is learned meanwhile
			d.is(r, heal.Held, "One address means two playlists. The lock file says playlist.a is "+string(theirs))
			if !strings.Contains(r.verdicts["playlist.a"].Reason, string(ours)) {
				t.Errorf("ours is not named: %s", r.verdicts["playlist.a"].Reason)
			}
			if len(r.res.Applied) != 1 {
				t.Errorf("the others don't go on: %v", r.res.Applied)
			}
			time.Sleep(2 * time.Minute)
		}
		d.refused("One address means two playlists")
	})
}

// TestLoopIsWrittenOnlyWhenItChanged: a quiet round leaves the disk alone.
func TestLoopIsWrittenOnlyWhenItChanged(t *testing.T) {
	inDaemon(t, block("a", "A", songs(1)), func(t *testing.T, d *daemon) {
		d.round()
		d.fsys = store.FailingFS(func(s store.Step) error {
			if s.Changes() && strings.Contains(s.Path, "loop") {
				t.Errorf("%v", s)
			}
			return nil
		})
		for range 5 {
			time.Sleep(5 * time.Minute)
			d.is(d.round(), heal.Same, "")
		}
	})
}
