package run

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/spotsync/spotsync/config/longtest"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/heal"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// TestVandalIsOutlasted: what comes back is healed at once three times, then ever later, and never given up.
func TestVandalIsOutlasted(t *testing.T) {
	want := []time.Duration{0, 0, 0, 15 * time.Minute, time.Hour, 6 * time.Hour, 6 * time.Hour}
	attacks := map[string]func(*world){
		"name":  func(w *world) { w.server.Edit(w.id("playlist.a"), rename("Vandal")) },
		"songs": func(w *world) { w.server.Edit(w.id("playlist.a"), addSong(9)) },
		"other names": func(w *world) {
			w.server.Edit(w.id("playlist.a"), rename("Vandal "+time.Now().String()))
		},
		"unfollowed": func(w *world) { w.server.Unfollow(w.user, w.id("playlist.a")) },
	}
	for i, name := range slices.Sorted(maps.Keys(attacks)) {
		attack := attacks[name]
		for j, quick := range []bool{false, true} { // too quick for a round in which all is well
			t.Run(fmt.Sprintf("%s, quick %t", name, quick), func(t *testing.T) {
				longtest.OneIn(t, 2, i+j)
				inDaemon(t, block("a", "A", songs(1, 2)), func(t *testing.T, d *daemon) {
					var got []time.Duration
					undone := func() time.Duration {
						attack(d.world)
						if quick {
							time.Sleep(70 * time.Second)
						}
						began := time.Now()
						for {
							r := d.round()
							if len(r.res.Applied) > 0 {
								d.is(r, heal.Pending, "")
								return time.Since(began).Round(time.Second)
							}
							d.is(r, heal.Braked, "was changed back")
							if at := r.verdicts["playlist.a"].RetryAt; at.Before(d.next) {
								t.Errorf("it waits until %s and the next round is later, at %s", at, d.next)
							}
							if r.tamed.Complete || !r.tamed.Empty() {
								t.Errorf("something is left out of the plan, and it says it is complete: %v", describe(r.tamed))
							}
							time.Sleep(time.Until(d.next))
						}
					}
					for range want {
						got = append(got, undone())
						if !quick {
							time.Sleep(2 * time.Minute)
							d.is(d.round(), heal.Same, "")
						}
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s, quick %t (-want +got):\n%s", name, quick, diff)
					}
					time.Sleep(2 * time.Minute)
					d.is(d.round(), heal.Same, "")
					time.Sleep(heal.Memory)
					d.is(d.round(), heal.Same, "")
					if got := undone(); got != 0 {
						t.Errorf("%s: after a quiet day it is healed after %s", name, got)
					}
				})
			})
		}
	}
}

// TestBrakeIsReleased by a change of the files, and by a person.
func TestBrakeIsReleased(t *testing.T) {
	for name, release := range map[string]func(*daemon){
		"files": func(d *daemon) { d.hcl += "# another word\n" },
		"resume": func(d *daemon) {
			l, err := heal.Load(d.state())
			if err != nil {
				d.t.Fatal(err)
			}
			l.Release("playlist.a")
			if err := l.Save(d.state()); err != nil {
				d.t.Fatal(err)
			}
		},
	} {
		inDaemon(t, block("a", "A", songs(1, 2)), func(t *testing.T, d *daemon) {
			for range 4 {
				d.server.Edit(d.id("playlist.a"), addSong(9))
				time.Sleep(2 * time.Minute)
				d.round()
			}
			d.is(d.round(), heal.Braked, "")
			release(d)
			d.is(d.round(), heal.Pending, "")
			if got := d.there("playlist.a").Rows; len(got) != 2 {
				t.Errorf("%s: not healed: %v", name, got)
			}
		})
	}
}

// TestTwoVandals: what is braked does not keep the rest from being healed.
func TestTwoVandals(t *testing.T) {
	inDaemon(t, block("a", "A", songs(1, 2)), func(t *testing.T, d *daemon) {
		for range 4 {
			d.server.Edit(d.id("playlist.a"), addSong(9))
			time.Sleep(2 * time.Minute)
			d.round()
		}
		d.server.Edit(d.id("playlist.a"), rename("Vandal"))
		d.is(d.round(), heal.Braked, "its list of songs was changed back 3 times")
		if got := d.there("playlist.a"); got.Name != "A" || len(got.Rows) != 3 {
			t.Errorf("got %q with %d songs", got.Name, len(got.Rows))
		}
		time.Sleep(2 * time.Minute)
		if err := d.state().DropBase("playlist.a"); err != nil {
			t.Fatal(err)
		}
		d.server.Edit(d.id("playlist.a"), rename("Vandal"))
		d.is(d.round(), heal.Braked, "")
		time.Sleep(2 * time.Minute)
		r := d.round() // what was healed beside it is no word on who changed the songs
		d.is(r, heal.Braked, "")
		if from := r.plan.Changes[0].Origin; from != reconcile.FromUnknown {
			t.Errorf("the origin is %s", from)
		}
		time.Sleep(15 * time.Minute)
		d.round()
		d.holds("playlist.a", songs(1, 2)...)
		time.Sleep(2 * time.Minute)
		d.is(d.round(), heal.Same, "")
	})
}

// TestNeverSticks: Spotify makes something else of a name each time.
func TestNeverSticks(t *testing.T) {
	inDaemon(t, block("a", "A", songs(1, 2)), func(t *testing.T, d *daemon) {
		id := d.id("playlist.a")
		d.server.Fail(sandbox.Fault{Method: "PUT", Route: "/playlists/{id}", Times: -1, After: true, Then: func() {
			d.server.Edit(id, func(p *sandbox.Playlist) { p.Name = strings.ReplaceAll(p.Name, "  ", " and ") })
		}})
		d.hcl = block("a", "A  B", songs(1, 2))
		rounds := func(n int) (last round) {
			for range n {
				last = d.round()
				time.Sleep(5 * time.Minute)
			}
			return last
		}
		writes := d.server.Writes()
		d.is(rounds(10), heal.Held, "its name was written 3 times and is never what was asked for")
		if n := d.server.Writes() - writes; n != 3 {
			t.Errorf("%d writes, want 3", n)
		}
		d.server.Edit(id, addSong(9))
		d.is(d.round(), heal.Held, "")
		d.holds("playlist.a", songs(1, 2)...)
		time.Sleep(5 * time.Minute)
		d.is(d.round(), heal.Held, "")

		d.hcl += "# another word\n"
		writes = d.server.Writes()
		d.is(rounds(10), heal.Held, "")
		if n := d.server.Writes() - writes; n != 3 {
			t.Errorf("%d writes after the files changed, want 3", n)
		}
		d.hcl = block("a", "A B", songs(1, 2))
		d.is(rounds(2), heal.Same, "")
	})
}

// TestFlapping: the files don't change, and what comes of them does.
func TestFlapping(t *testing.T) {
	for name, tt := range map[string]struct {
		names []string
		every time.Duration
		held  int // the round that is held; 0 for none
	}{
		"three at once":         {[]string{"B", "C"}, 5 * time.Minute, 2},
		"to and fro":            {[]string{"B", "A", "B", "A", "B"}, 5 * time.Minute, 4},
		"each round, rarely":    {[]string{"B", "C"}, 2 * time.Hour, 2},
		"rarely":                {[]string{"B", "B", "C", "C", "D", "D"}, 2 * time.Hour, 0},
		"the same is no change": {[]string{"B", "B", "B", "B"}, 5 * time.Minute, 0},
	} {
		inDaemon(t, block("a", "A", songs(1, 2)), func(t *testing.T, d *daemon) {
			d.files = "of " + d.hcl
			for i, n := range tt.names {
				time.Sleep(tt.every)
				d.hcl = block("a", n, songs(1, 2, 3+i))
				r := d.round()
				held := r.verdicts["playlist.a"].State == heal.Held
				if held != (i+1 == tt.held) {
					t.Errorf("%s: round %d: %+v", name, i+1, r.verdicts["playlist.a"])
				}
				d.holds("playlist.a", songs(1, 2, 3+i)...)
				if held {
					break
				}
				if got := d.there("playlist.a").Name; got != n {
					t.Errorf("%s: round %d: the name is %q", name, i+1, got)
				}
			}
			if tt.held == 0 {
				return
			}
			was := d.there("playlist.a").Name
			time.Sleep(2 * time.Hour)
			d.is(d.round(), heal.Held, "its name changes again and again")
			if got := d.there("playlist.a").Name; got != was {
				t.Errorf("%s: the name is %q", name, got)
			}
		})
	}
}

func TestFailuresBackOff(t *testing.T) {
	inDaemon(t, block("a", "A", songs(1))+block("b", "B", songs(3)), func(t *testing.T, d *daemon) {
		d.server.Fail(sandbox.Fault{Method: "PUT", Route: "/playlists/{id}", Times: -1, Status: 400, Body: `{"error":{"status":400,"message":"No"}}`})
		d.hcl = block("a", "Other", songs(1)) + block("b", "B", songs(3, 4))
		began := time.Now()
		var tried []time.Duration
		for time.Since(began) < 24*time.Hour {
			r := d.round()
			switch {
			case len(r.res.Failures) > 0:
				tried = append(tried, time.Since(began).Round(time.Second))
			case len(tried) < heal.MaxSent:
				d.is(r, heal.Failed, "the last try failed")
			default: // what is sent in vain is not sent for ever
				d.is(r, heal.Held, "not asked again for the same")
				if !r.verdicts["playlist.a"].Releasable {
					t.Error("nobody can release it")
				}
				time.Sleep(time.Hour)
			}
			time.Sleep(time.Until(d.next))
		}
		d.holds("playlist.b", songs(3, 4)...)
		m := time.Minute
		want := []time.Duration{0, m, 3 * m, 7 * m, 15 * m, 31 * m, 63 * m, 127 * m, 255 * m, 511 * m}
		if diff := cmp.Diff(want, tried); diff != "" {
			t.Errorf("tried at (-want +got):\n%s", diff)
		}
		d.is(d.round(), heal.Held, "")
		d.hcl += "# another word\n"
		d.is(d.round(), heal.Held, "") // which is about something else
		if !d.loop.Release("playlist.a") {
			t.Error("it was not held")
		}
		if err := d.loop.Save(d.state()); err != nil {
			t.Fatal(err)
		}
		if r := d.round(); len(r.res.Failures) != 1 {
			t.Error("released, it was not tried again")
		}
		d.server.ClearFaults()
		d.hcl = block("a", "Other", songs(1), `keep_dates = "always"`) + block("b", "B", songs(3, 4))
		d.is(d.round(), heal.Pending, "") // it may be sent in another way
		if d.there("playlist.a").Name != "Other" {
			t.Error("not renamed")
		}
	})
}
