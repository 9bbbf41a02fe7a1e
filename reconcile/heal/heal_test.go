package heal

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/edit"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// differing is a change with edits of everything there is.
func differing(from reconcile.Origin) reconcile.Change {
	name, text, public, now := "A", "text", true, tracks(1)
	return reconcile.Change{
		Address: "playlist.a", Account: "default", Action: reconcile.Update, ID: "id", Origin: from,
		Before:  &reconcile.Picture{Name: "B", Following: true, Seen: noon, Tracks: []reconcile.Row{{URI: track(2)}}},
		After:   &reconcile.Picture{Name: name, Description: text, Public: &public, Following: true, Tracks: []reconcile.Row{{URI: track(1)}}},
		Desired: &reconcile.DesiredState{Name: &name, Description: &text, Public: &public, HasTracks: true, Tracks: now},
		Edits: []reconcile.Edit{reconcile.NewEdit(reconcile.ChangeDetails, &reconcile.Details{Name: &name, Description: &text, Public: &public}),
			{Edit: edit.Edit{Kind: edit.Remove, URIs: tracks(2)}}, {Edit: edit.Edit{Kind: edit.Insert, URIs: now}}},
	}
}

func planOf(changes ...reconcile.Change) *reconcile.Plan {
	p := &reconcile.Plan{Changes: changes, Complete: true}
	p.Summary = p.Count()
	return p
}

// healing is what the files say of playlist.a.
func healing(heal config.SelfHeal) *config.Desired {
	return &config.Desired{Playlists: []config.Playlist{{Address: "playlist.a", SelfHeal: heal}}}
}

// TestWhoseEditIsUndone: of each origin, under each self_heal, what is done.
func TestWhoseEditIsUndone(t *testing.T) {
	all, none, details := []string{"details", "remove", "insert"}, []string{}, []string{"details"}
	for _, tt := range []struct {
		heal config.SelfHeal
		from reconcile.Origin
		want []string
	}{
		{config.HealAll, reconcile.FromFiles, all}, {config.HealAll, reconcile.FromSpotify, all}, {config.HealAll, reconcile.FromBoth, all}, {config.HealAll, reconcile.FromUnknown, all},
		{"", reconcile.FromSpotify, all},
		{config.HealDetails, reconcile.FromFiles, all}, {config.HealDetails, reconcile.FromSpotify, details}, {config.HealDetails, reconcile.FromBoth, all}, {config.HealDetails, reconcile.FromUnknown, none},
		{config.HealNothing, reconcile.FromFiles, all}, {config.HealNothing, reconcile.FromSpotify, none}, {config.HealNothing, reconcile.FromBoth, all}, {config.HealNothing, reconcile.FromUnknown, none},
	} {
		for _, action := range []reconcile.Action{reconcile.Update, reconcile.Adopt, reconcile.Restore} {
			c := differing(tt.from)
			c.Action = action
			want := tt.want
			switch {
			case action == reconcile.Adopt: // the files say so
				want = all
			case action == reconcile.Restore:
				c.Edits = append([]reconcile.Edit{reconcile.NewEdit(reconcile.Follow, nil)}, c.Edits...)
				if len(want) > 0 {
					want = append([]string{"follow"}, want...)
				}
			}
			p := planOf(c)
			before, _ := json.Marshal(p)
			got, verdicts := new(State).Restrict(p, healing(tt.heal), "x", Policy{}, noon)
			if after, _ := json.Marshal(p); string(before) != string(after) {
				t.Errorf("the plan was changed to %s", after)
			}
			kinds := []string{}
			for _, e := range got.Changes[0].Edits {
				kinds = append(kinds, string(e.Kind))
			}
			if diff := cmp.Diff(want, kinds); diff != "" {
				t.Errorf("%s of %s with self_heal = %s (-want +got):\n%s", action, tt.from, tt.heal, diff)
			}
			whole := len(kinds) == len(c.Edits)
			v := verdicts[0]
			if got.Complete != whole || (v.State == Pending) != whole || (v.Reason == "") != whole || (len(kinds) == 0) != (got.Changes[0].Action == reconcile.Held) {
				t.Errorf("%s of %s with self_heal = %s: complete %t, action %s, %+v", action, tt.from, tt.heal, got.Complete, got.Changes[0].Action, v)
			}
			if got.Summary != got.Count() {
				t.Errorf("summary %+v", got.Summary)
			}
		}
	}
}

// TestOnlyTheLibraryDiffers: what was unfollowed elsewhere is drift although nothing in it changed.
func TestOnlyTheLibraryDiffers(t *testing.T) {
	for heal, want := range map[config.SelfHeal]VerdictState{config.HealAll: Pending, config.HealDetails: Pending, config.HealNothing: Drift} {
		c := differing(reconcile.FromFiles)
		c.Action, c.Edits = reconcile.Restore, []reconcile.Edit{reconcile.NewEdit(reconcile.Follow, nil)}
		if _, v := new(State).Restrict(planOf(c), healing(heal), "x", Policy{}, noon); v[0].State != want {
			t.Errorf("self_heal = %s: %+v", heal, v[0])
		}
	}
}

// TestLeavingVisibility keeps public and collaborative together, and says so in the wish that is planned from again.
func TestLeavingVisibility(t *testing.T) {
	c := differing(reconcile.FromSpotify)
	yes, no := true, false
	c.Edits[0].Details.Collaborative, c.Desired.Collaborative = &yes, &yes
	c.Edits[0].Details.Public, c.Desired.Public = &no, nil
	got := leaving(c, []trait{traitVisibility}, "why")
	if d := got.Edits[0].Details; d.Public != nil || d.Collaborative != nil || d.Name == nil {
		t.Errorf("sends %+v", d)
	}
	if got.Desired.Collaborative != nil || got.After.Collaborative || got.After.Public != nil || got.After.Name != "A" {
		t.Errorf("wants %+v, after %+v", got.Desired, got.After)
	}
	if c.Desired.Collaborative == nil || c.Edits[0].Details.Collaborative == nil || c.After.Public == nil || len(c.Reasons) > 0 {
		t.Error("the change itself was changed")
	}
}

func TestRefusals(t *testing.T) {
	a, b := differing(reconcile.FromFiles), differing(reconcile.FromFiles)
	b.Address = "playlist.b"
	gone := reconcile.Change{Address: "playlist.c", Action: reconcile.Delete, ID: "c", Before: &reconcile.Picture{}, Edits: []reconcile.Edit{reconcile.NewEdit(reconcile.Unfollow, nil)}}
	p := planOf(a, b, gone)
	p.Refusals = []reconcile.Refusal{{Address: "playlist.a", Summary: "No", Detail: "Because."}, {Summary: "Too many", Detail: "Two of two.", Guard: true}}
	l := &State{}
	for range 2 {
		got, v := l.Restrict(p, healing("true"), "x", Policy{Prune: true}, noon)
		actions := []reconcile.Action{got.Changes[0].Action, got.Changes[1].Action, got.Changes[2].Action}
		if diff := cmp.Diff([]reconcile.Action{reconcile.Held, reconcile.Held, reconcile.Held}, actions); diff != "" || len(got.Refusals) != 1 || got.Forbidden() == nil || v[0].Reason != "No. Because" || v[1].Reason != v[2].Reason || v[2].Reason != "Too many. Two of two" {
			t.Errorf("%s, %v, %+v", diff, got.Refusals, v)
		}
	}
	p.Refusals = p.Refusals[:1]
	got, v := l.Restrict(p, healing("true"), "x", Policy{Prune: true}, noon)
	if got.Changes[0].Action != reconcile.Held || got.Changes[1].Action != reconcile.Update || got.Forbidden() != nil || v[1].State != Pending {
		t.Errorf("one that is refused holds others back: %+v, %+v", got.Changes, v)
	}
	p.Refusals = []reconcile.Refusal{{Summary: "The login belongs to another account"}}
	if got, _ := l.Restrict(p, healing("true"), "x", Policy{}, noon); len(got.Refusals) != 1 {
		t.Error("what concerns the whole plan no longer forbids it")
	}
	known := len(l.Playlists)
	p.Changes = nil
	if l.Restrict(p, healing("true"), "x", Policy{}, noon); len(l.Playlists) != known || known == 0 {
		t.Errorf("of %d playlists %d are remembered after a plan that shows none", known, len(l.Playlists))
	}
}

// TestForgettingWaitsAsDeletingDoes: a block that comes back means the playlist it meant.
func TestForgettingWaitsAsDeletingDoes(t *testing.T) {
	c := reconcile.Change{Address: "playlist.a", ID: "a", Action: reconcile.None, Reasons: []string{"it is already gone from the library"}}
	p := planOf(c)
	p.LockChanges = []reconcile.LockChange{{Kind: reconcile.LockForget, Address: "playlist.a", ID: "a"}, {Kind: reconcile.LockForget, Address: "playlist.removed", ID: "r"}, {Kind: reconcile.LockMove, Address: "playlist.x", To: "playlist.y"}}
	for _, tt := range []struct {
		prune bool
		later time.Duration
		want  int // lock changes that are made
	}{{false, 0, 2}, {false, time.Hour, 2}, {true, time.Hour, 2}, {true, time.Hour + 59*time.Second, 2}, {true, time.Hour + time.Minute, 3}} {
		l := &State{}
		if tt.prune {
			l.Restrict(p, &config.Desired{}, "x", Policy{Prune: true}, noon.Add(time.Hour))
		}
		got, v := l.Restrict(p, &config.Desired{}, "x", Policy{Prune: tt.prune}, noon.Add(tt.later))
		if len(got.LockChanges) != tt.want || len(p.LockChanges) != 3 {
			t.Errorf("%+v: %v, %+v", tt, got.LockChanges, v)
		}
	}
	p.Refusals = []reconcile.Refusal{{Summary: "No playlists are left", Guard: true}}
	l := &State{}
	for i := range 3 {
		got, v := l.Restrict(p, &config.Desired{}, "x", Policy{Prune: true}, noon.Add(time.Duration(i)*time.Hour))
		if len(got.LockChanges) != 2 || v[0].State != Held {
			t.Errorf("guarded: %v, %+v", got.LockChanges, v)
		}
	}
	p.Refusals = nil
	got, _ := new(State).Restrict(p, &config.Desired{}, "x", Policy{}, noon)
	for _, lc := range got.LockChanges {
		if lc.Address == "playlist.a" {
			t.Error("forgotten")
		}
	}
}

func TestInterval(t *testing.T) {
	const min5 = 5 * time.Minute
	for name, tt := range map[string]struct {
		cost, perDay int
		used         map[int]int // by hours ago
		want         time.Duration
	}{
		"cheap":                 {cost: 2, perDay: 1000, want: min5},
		"no limit":              {cost: 50, want: min5},
		"nothing managed":       {cost: 0, perDay: 1000, want: min5},
		"dear":                  {cost: 4, perDay: 1000, want: 5*time.Minute + 48*time.Second},
		"very dear":             {cost: 100, perDay: 1000, want: 160 * time.Minute},
		"more than a day holds": {cost: 2000, perDay: 1000, want: 53*time.Hour + 20*time.Minute},
		"much of it used":       {cost: 2, perDay: 1000, used: map[int]int{0: 900}, want: 30 * time.Minute},
		"used long ago":         {cost: 2, perDay: 1000, used: map[int]int{22: 900}, want: min5},
		"all of it used":        {cost: 2, perDay: 1000, used: map[int]int{12: 1000}, want: 13 * time.Hour},
		"just as planned":       {cost: 4, perDay: 1008, used: all24(40), want: 6 * time.Minute},
	} {
		l := &State{}
		for _, ago := range slices.Backward(slices.Sorted(maps.Keys(tt.used))) {
			l.Spend(tt.used[ago], noon.Add(-time.Duration(ago)*time.Hour))
		}
		got := l.Interval(Policy{Interval: min5, RequestsPerDay: tt.perDay}, tt.cost, noon)
		if diff := (got - tt.want).Abs(); diff > time.Second {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func all24(n int) map[int]int {
	m := make(map[int]int)
	for h := range 24 {
		m[h+1] = n
	}
	return m
}

// TestDayStaysUnderItsRequests runs days of quiet rounds, with work in between, and restarts.
func TestDayStaysUnderItsRequests(t *testing.T) {
	for _, cost := range []int{1, 2, 4, 7, 40} {
		for _, work := range []int{0, 300, 990} {
			policy := Policy{Interval: 5 * time.Minute, RequestsPerDay: 1000}
			l := &State{}
			type sent struct {
				at time.Time
				n  int
			}
			var log []sent
			spend := func(n int, at time.Time) { l.Spend(n, at); log = append(log, sent{at, n}) }
			now := noon
			spend(work, now)
			longest := time.Duration(0)
			for i := 0; now.Before(noon.Add(5 * day)); i++ {
				spend(cost, now)
				next := l.Next(policy, cost, time.Time{}, now, float64(i%10)/10)
				longest = max(longest, next.Sub(now))
				now = next
				if i%7 == 0 {
					l.Close()
					data, err := json.Marshal(l)
					if err != nil {
						t.Fatal(err)
					}
					l = &State{}
					if err := json.Unmarshal(data, l); err != nil {
						t.Fatal(err)
					}
				}
				sum := 0
				for _, s := range log {
					if now.Sub(s.at) < day {
						sum += s.n
					}
				}
				if sum > 1000 {
					t.Fatalf("cost %d, work %d: %d requests in the day before %s", cost, work, sum, now)
				}
			}
			if len(l.Hours) > 26 {
				t.Errorf("%d hours are kept", len(l.Hours))
			}
			if work < 990 && longest > 4*time.Duration(cost)*day/1000+6*time.Minute {
				t.Errorf("cost %d, work %d: once it waited %s", cost, work, longest)
			}
		}
	}
}

func TestNext(t *testing.T) {
	policy := Policy{Interval: 5 * time.Minute, RequestsPerDay: 1000}
	at := func(l *State, until time.Time, jitter float64) time.Duration {
		return l.Next(policy, 2, until, noon, jitter).Sub(noon)
	}
	l := &State{}
	if a, b := at(l, time.Time{}, 0), at(l, time.Time{}, 0.5); a != 5*time.Minute || b != 5*time.Minute+15*time.Second {
		t.Errorf("%s and %s", a, b)
	}
	if got := at(l, noon.Add(time.Hour), 0.9); got != time.Hour {
		t.Errorf("while limited: %s", got)
	}
	l.Record(planOf(), &reconcile.Result{Failures: []reconcile.Failure{{Address: "playlist.a", Err: errors.New("no")}}}, noon.Add(-time.Second))
	if got := at(l, time.Time{}, 0); got != 59*time.Second {
		t.Errorf("after a failure: %s", got)
	}
	if got := at(l, noon.Add(2*time.Minute), 0); got != 2*time.Minute {
		t.Errorf("after a failure, limited: %s", got)
	}
	l.Spend(1000, noon)
	if got := at(l, time.Time{}, 0); got < time.Hour {
		t.Errorf("with nothing left of the day: %s", got)
	}
	if got := QuietCost(0, 50, 51, 100); got != 6 {
		t.Errorf("a quiet round costs %d", got)
	}
}

func TestTell(t *testing.T) {
	l := &State{}
	var got []string
	for _, level := range []int{0, 0, 1, 1, 3, 2, 2, 5, 6, 6, 0, 1, 1} {
		data, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		l = &State{}
		if err := json.Unmarshal(data, l); err != nil {
			t.Fatal(err)
		}
		if l.NoteReminder("default", level) {
			got = append(got, fmt.Sprint(level))
		}
	}
	if want := "1 3 5 6 1"; strings.Join(got, " ") != want {
		t.Errorf("told %v, want %s", got, want)
	}
	if !l.NoteReminder("other", 1) {
		t.Error("accounts are mixed up")
	}
}

func TestLoopOnDisk(t *testing.T) {
	state := store.OpenState(store.OS{}, t.TempDir(), "loopback", t.TempDir()+"/x.lock.hcl")
	var warned []error
	state.Warn = func(err error) { warned = append(warned, err) }
	l, err := Load(state)
	if err != nil || len(l.Playlists) != 0 {
		t.Fatalf("got %+v, %v", l, err)
	}
	l.Restrict(planOf(differing(reconcile.FromSpotify)), healing("true"), "x", Policy{}, noon)
	l.Record(planOf(differing(reconcile.FromSpotify)), &reconcile.Result{Applied: []string{"playlist.a"}, Requests: 3}, noon)
	l.NoteReminder("default", 2)
	l.Spend(3, noon)
	l.Close()
	if err := l.Save(state); err != nil {
		t.Fatal(err)
	}
	got, err := Load(state)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := json.Marshal(l)
	if again, _ := json.Marshal(got); string(again) != string(want) || got.Used(noon) != 3 || !strings.Contains(string(want), `"heals":1`) {
		t.Errorf("got %s\nwant %s", again, want)
	}
	for text, fine := range map[string]bool{`[1]`: true, `{"playlists":{"playlist.a":null}}`: true, `{"playlists":{"playlist.b":{"troubles":{"name":null}}}}`: true, `{"version":99}`: false} {
		if err := state.SaveLoop(json.RawMessage(text)); err != nil {
			t.Fatal(err)
		}
		l, err := Load(state)
		if (err == nil) != fine {
			t.Errorf("%s: %v", text, err)
		}
		if err == nil {
			l.Next(Policy{}, 1, noon, noon, 0)
			l.Restrict(planOf(differing(reconcile.FromSpotify)), healing("true"), "x", Policy{}, noon)
		}
	}
	if len(warned) != 1 {
		t.Errorf("warned %v", warned)
	}
	if err := os.WriteFile(state.LoopPath(), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := Load(state); err != nil || len(warned) != 2 || l.Version != 0 {
		t.Errorf("damaged: %v, %v", err, warned)
	}
}

// TestForgetsWhatIsNoLongerPlanned keeps the record from growing.
func TestForgetsWhatIsNoLongerPlanned(t *testing.T) {
	l := &State{}
	for i := range 50 {
		c := differing(reconcile.FromSpotify)
		c.Address = fmt.Sprintf("playlist.p%d", i)
		l.Restrict(planOf(c), healing("true"), "x", Policy{}, noon)
		l.Record(planOf(c), &reconcile.Result{Applied: []string{c.Address}, Failures: []reconcile.Failure{{Address: c.Address, Err: errors.New("x")}}}, noon)
	}
	if len(l.Playlists) != 1 {
		t.Errorf("%d are remembered", len(l.Playlists))
	}
}

// same is the playlist of differing as the files want it.
func same(seen time.Time) reconcile.Change {
	c := differing(reconcile.FromFiles)
	c.Action, c.Edits = reconcile.None, []reconcile.Edit{}
	before := *c.After
	before.Seen = seen
	c.Before = &before
	return c
}

// loopOf runs rounds in which whatever may be done succeeds.
type loopOf struct {
	t *testing.T
	*State
	now time.Time
	Policy
}

func (l *loopOf) round(c reconcile.Change, want VerdictState) {
	l.t.Helper()
	got, v := l.Restrict(planOf(c), healing("true"), "x", l.Policy, l.now)
	if v[0].State != want {
		l.t.Errorf("%s: %+v, want %s", l.now.Format("15:04:05"), v[0], want)
	}
	res := &reconcile.Result{}
	if got.Changes[0].Action.Changes() {
		res.Applied = []string{c.Address}
	}
	l.Record(got, res, l.now)
}

// TestVandalWhoThinksBetterOfIt: what was undone elsewhere needs no healing, and what comes after it waits anew.
func TestVandalWhoThinksBetterOfIt(t *testing.T) {
	l := &loopOf{t: t, State: &State{}, now: noon}
	for range 3 {
		l.round(same(noon), Same)
		l.round(differing(reconcile.FromSpotify), Pending)
	}
	l.round(same(noon), Same)
	l.round(differing(reconcile.FromSpotify), Braked)
	l.now = l.now.Add(10 * time.Minute)
	l.round(same(noon), Same)
	l.round(differing(reconcile.FromSpotify), Braked)
	l.now = l.now.Add(10 * time.Minute)
	l.round(differing(reconcile.FromSpotify), Braked)
	l.round(differing(reconcile.FromBoth), Pending) // the files are not braked
	l.round(same(noon), Same)
	l.round(differing(reconcile.FromSpotify), Braked)
	l.now = l.now.Add(14 * time.Minute)
	l.round(differing(reconcile.FromSpotify), Braked)
	l.now = l.now.Add(time.Minute)
	l.round(differing(reconcile.FromSpotify), Pending)
}

// TestClockSetBack: what a clock that ran ahead wrote down keeps nothing waiting, and counts as if it were of now.
func TestClockSetBack(t *testing.T) {
	l, p := &State{}, planOf(differing(reconcile.FromSpotify))
	failing := differing(reconcile.FromFiles)
	failing.Address = "playlist.b"
	p.Changes = append(p.Changes, failing)
	year := noon.AddDate(1, 0, 0)
	for range 3 {
		l.Restrict(planOf(same(year), failing), healing("true"), "x", Policy{}, year) // it was seen to stick
		got, _ := l.Restrict(p, healing("true"), "x", Policy{}, year)
		l.Record(got, &reconcile.Result{Applied: []string{"playlist.a"}, Failures: []reconcile.Failure{{Address: "playlist.b", Err: errors.New("no")}}}, year)
	}
	l.Spend(500, year)
	l.Close()
	if _, v := l.Restrict(p, healing("true"), "x", Policy{}, year); v[0].State != Braked {
		t.Fatalf("before: %+v", v)
	}

	later := func(after time.Duration) []Verdict {
		_, v := l.Restrict(p, healing("true"), "x", Policy{}, noon.Add(after))
		return v
	}
	if v := later(0); v[0].State != Braked || v[0].RetryAt != noon.Add(15*time.Minute) || v[1].State != Failed || v[1].RetryAt.After(noon.Add(maxBackoff)) {
		t.Errorf("set back: %+v", v)
	}
	if used := l.Used(noon); used != 500 {
		t.Errorf("%d requests count", used)
	}
	if v := later(15 * time.Minute); v[0].State != Pending {
		t.Errorf("a quarter of an hour later: %+v", v)
	}
	if v := later(maxBackoff); v[1].State != Pending {
		t.Errorf("six hours later: %+v", v)
	}
	if used := l.Used(noon.Add(25 * time.Hour)); used != 0 {
		t.Errorf("%d requests count a day later", used)
	}
}

// TestExpectedProvesNothing: what was only expected after a write does not show that Spotify can be as wanted.
func TestExpectedProvesNothing(t *testing.T) {
	for seen, want := range map[time.Time]VerdictState{{}: Held, noon: Braked} {
		l := &loopOf{t: t, State: &State{}, now: noon}
		for range 3 {
			l.round(differing(reconcile.FromSpotify), Pending)
			l.round(same(seen), Same)
		}
		l.round(differing(reconcile.FromSpotify), want)
	}
}

// TestDeletionIsWantedTwiceInARow: a round that could not tell, or wanted something else, begins the count anew.
func TestDeletionIsWantedTwiceInARow(t *testing.T) {
	gone := reconcile.Change{Address: "playlist.a", Action: reconcile.Delete, ID: "a", Before: &reconcile.Picture{}, Edits: []reconcile.Edit{reconcile.NewEdit(reconcile.Unfollow, nil)}}
	unread, other := gone, gone
	unread.Action = reconcile.Skipped
	other.ID = "b"
	for _, between := range []reconcile.Change{unread, other, same(noon)} {
		l := &loopOf{t: t, State: &State{}, now: noon, Policy: Policy{Prune: true}}
		for _, c := range []reconcile.Change{gone, between, gone} {
			got, _ := l.Restrict(planOf(c), healing("true"), "x", l.Policy, l.now)
			if got.Changes[0].Action == reconcile.Delete {
				t.Errorf("deleted after %s of %s", between.Action, between.ID)
			}
			l.now = l.now.Add(time.Hour)
		}
		got, _ := l.Restrict(planOf(gone), healing("true"), "x", l.Policy, l.now)
		if got.Changes[0].Action != reconcile.Delete {
			t.Error("not deleted in the end")
		}
	}
}

// TestUnfinishedIsFinished: what an earlier run left half done is nobody's edit, whatever may be healed.
func TestUnfinishedIsFinished(t *testing.T) {
	c := differing(reconcile.FromSpotify)
	c.Unfinished, c.Edits = true, c.Edits[1:]
	if _, v := new(State).Restrict(planOf(c), healing(config.HealNothing), "x", Policy{}, noon); v[0].State != Pending {
		t.Errorf("%+v", v[0])
	}
}

func track(n int) spotify.URI { return spotify.URI(fmt.Sprintf("spotify:track:%022d", n)) }

func tracks(ns ...int) []spotify.URI {
	var uris []spotify.URI
	for _, n := range ns {
		uris = append(uris, track(n))
	}
	return uris
}
