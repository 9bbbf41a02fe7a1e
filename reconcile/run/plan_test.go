package run

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

var planNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// pureInput is an input with one playlist of every kind, made without a Spotify.
func pureInput(t testing.TB) reconcile.Input {
	hcl := block("changed", "New name", songs(1, 3, 4), `description = "d"`) + block("fresh", "Fresh", songs(7)) +
		block("same", "Same", songs(1)) + block("deleted", "Deleted elsewhere", songs(2)) + block("paused", "Paused", songs(1)) +
		block("unread", "Unread", songs(1)) + block("moved", "Moved", songs(1)) +
		"moved {\n from = playlist.old\n to = playlist.moved\n}\nremoved {\n from = playlist.let_go\n lifecycle {\n destroy = false\n }\n}\n"
	m, diags := config.Parse(diag.Files{"playlists.hcl": []byte(hcl)})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	desired, diags := m.Evaluate(context.Background(), config.Inputs{Now: planNow})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	in := reconcile.Input{Command: reconcile.CommandApply, Issuer: "loopback", Now: planNow, Desired: desired, Lock: lockfile.New("loopback"),
		Bases: map[string]store.Base{}, Remembered: map[string][]store.Remembered{}}
	seen := map[spotify.ID]reconcile.Seen{}
	user := spotify.User{ID: "me", AccountID: "acc", DisplayName: "Me"}
	o := &reconcile.Observed{Label: "default", User: user, Asked: true, Seen: seen}
	in.Observed = map[string]*reconcile.Observed{"default": o}
	in.Lock.Accounts["default"] = lockfile.Account{ID: "acc", User: "me", Name: "Me"}
	private := false
	for i, e := range []struct {
		label, name string
		presence    reconcile.Presence
		uris        []spotify.URI
	}{{"changed", "Old name", reconcile.Present, songs(1, 2, 3)}, {"same", "Same", reconcile.Present, songs(1)}, {"deleted", "Deleted elsewhere", reconcile.Absent, songs(2)},
		{"paused", "Paused", reconcile.Present, songs(5)}, {"unread", "Unread", reconcile.Unread, nil}, {"old", "Moved", reconcile.Present, songs(1)},
		{"let_go", "Let go", reconcile.Present, songs(1)}, {"gone", "Gone", reconcile.Present, songs(6)}} {
		id := spotify.ID(fmt.Sprintf("%022d", i+1))
		in.Lock.Playlists["playlist."+e.label] = lockfile.Playlist{ID: id, Account: "default", Name: e.name}
		c := store.Contents{ID: id, Snapshot: "s", Following: e.presence == reconcile.Present, Details: spotify.Details{Name: e.name, Public: &private}}
		for _, u := range e.uris {
			c.Items = append(c.Items, spotify.Item{URI: u, AddedAt: planNow.AddDate(-1, 0, 0)})
		}
		s := reconcile.Seen{Presence: e.presence, Contents: c, Owner: "me", At: planNow}
		if e.presence == reconcile.Unread {
			s.Err = fmt.Errorf("the line was cut")
		} else if e.presence == reconcile.Absent {
			o.Missing = append(o.Missing, id)
		} else {
			o.Library = append(o.Library, spotify.Playlist{ID: id, Name: e.name, Owner: "me", Total: len(c.Items)})
		}
		seen[id] = s
	}
	hold := in.Lock.Playlists["playlist.paused"]
	hold.Held = &lockfile.Hold{Reason: reconcile.Paused, Since: planNow.AddDate(0, 0, -1)}
	in.Lock.Playlists["playlist.paused"] = hold
	base := seen[in.Lock.Playlists["playlist.changed"].ID].Contents
	base.Items = base.Items[:2]
	in.Bases["playlist.changed"] = store.Base{Address: "playlist.changed", Time: planNow.AddDate(0, 0, -3), Confirmed: true, Contents: base}
	return in
}

func TestPlanOfEveryKind(t *testing.T) {
	p, diags := reconcile.NewPlan(pureInput(t))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	want := `update playlist.changed both ["changed on Spotify since 20 Nov 12:00 UTC"]
  details name="New name" description="d"
  remove 2
  insert 1 at 2: 4
restore playlist.deleted unknown ["it was removed from the library elsewhere"]
  follow ` + `
create playlist.fresh files []
  create name="Fresh" public=false
  insert 1 at 0: 7
delete playlist.gone files ["no longer in the files"]
  unfollow ` + `
none playlist.moved unknown []
held playlist.paused files ["paused since 22 Nov 12:00 UTC; to go on: spotsync resume 'playlist.paused'"]
none playlist.same unknown []
skipped playlist.unread files ["the line was cut"]
lock move playlist.old playlist.moved
lock forget playlist.let_go ` + `
`
	if diff := cmp.Diff(want, describe(p)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(reconcile.Summary{Create: 2, Update: 1, Delete: 1, Skipped: 1, SongsRemoved: 1, Requests: 7}, p.Summary); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	if p.Complete {
		t.Error("complete, although one could not be read")
	}
}

// TestPlanIsPure: the same input gives the same bytes, is left alone, and a plan survives being saved.
func TestPlanIsPure(t *testing.T) {
	in := pureInput(t)
	before := snapshotOf(t, in)
	first := saved(t, in)
	for range 20 {
		if again := saved(t, in); again != first {
			t.Fatalf("another plan from the same input:\n%s", cmp.Diff(first, again))
		}
	}
	if diff := cmp.Diff(before, snapshotOf(t, in)); diff != "" {
		t.Errorf("the input was changed (-before +after):\n%s", diff)
	}
	var p reconcile.Plan
	if err := json.Unmarshal([]byte(first), &p); err != nil {
		t.Fatal(err)
	}
	back, err := json.Marshal(&p)
	if err != nil || string(back) != first {
		t.Errorf("a saved plan reads as another one: %v\n%s", err, cmp.Diff(first, string(back)))
	}
	if !strings.Contains(first, `"at":2`) || !strings.Contains(first, `"at":0`) {
		t.Error("a position of 0 is left out")
	}
}

func saved(t *testing.T, in reconcile.Input) string {
	p, diags := reconcile.NewPlan(in)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// snapshotOf is all of an input that can be written down.
func snapshotOf(t *testing.T, in reconcile.Input) string {
	var b strings.Builder
	b.Write(in.Lock.Bytes())
	for _, v := range []any{in.Bases, in.Remembered, in.Observed["default"].Library, in.Observed["default"].Missing, in.Desired.Playlists, in.Desired.Moved} {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(data)
	}
	for _, id := range slices.Sorted(maps.Keys(in.Observed["default"].Seen)) {
		data, err := json.Marshal(in.Observed["default"].Seen[id].Contents)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(data)
	}
	return b.String()
}

func TestRefreshOnlyChangesNothing(t *testing.T) {
	in := pureInput(t)
	in.Command = reconcile.CommandRefreshOnly
	p, diags := reconcile.NewPlan(in)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if !p.Empty() || p.Summary.Requests != 0 {
		t.Errorf("it would do something:\n%s", describe(p))
	}
}

func TestTargets(t *testing.T) {
	in := pureInput(t)
	in.Targeted = func(a string) bool { return a == "playlist.fresh" }
	p, diags := reconcile.NewPlan(in)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if len(p.Changes) != 1 || p.Complete {
		t.Errorf("complete %v:\n%s", p.Complete, describe(p))
	}
}
