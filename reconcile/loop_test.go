package reconcile

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
	"github.com/spotsync/spotsync/reconcile/edit"
	"github.com/spotsync/spotsync/reconcile/store"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// differing is a change with edits of everything there is.
func differing(from Origin) Change {
	name, text, public, now := "A", "text", true, tracks(1)
	return Change{
		Address: "playlist.a", Account: "default", Action: Update, ID: "id", Origin: from,
		Before: &Picture{Name: "B", Following: true, Seen: noon, Tracks: []Row{{URI: track(2)}}},
		After:  &Picture{Name: name, Description: text, Public: &public, Following: true, Tracks: []Row{{URI: track(1)}}},
		Wish:   &Wish{Name: &name, Description: &text, Public: &public, HasTracks: true, Tracks: now},
		Edits: []Edit{NewEdit(ChangeDetails, &Details{Name: &name, Description: &text, Public: &public}),
			{Edit: edit.Edit{Kind: edit.Remove, URIs: tracks(2)}}, {Edit: edit.Edit{Kind: edit.Insert, URIs: now}}},
	}
}

func planOf(changes ...Change) *Plan {
	p := &Plan{Changes: changes, Complete: true}
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
		from Origin
		want []string
	}{
		{config.HealAll, FromFiles, all}, {config.HealAll, FromSpotify, all}, {config.HealAll, FromBoth, all}, {config.HealAll, FromUnknown, all},
		{"", FromSpotify, all},
		{config.HealDetails, FromFiles, all}, {config.HealDetails, FromSpotify, details}, {config.HealDetails, FromBoth, all}, {config.HealDetails, FromUnknown, none},
		{config.HealNothing, FromFiles, all}, {config.HealNothing, FromSpotify, none}, {config.HealNothing, FromBoth, all}, {config.HealNothing, FromUnknown, none},
	} {
		for _, action := range []Action{Update, Adopt, Restore} {
			c := differing(tt.from)
			c.Action = action
			want := tt.want
			switch {
			case action == Adopt: // the files say so
				want = all
			case action == Restore:
				c.Edits = append([]Edit{NewEdit(Follow, nil)}, c.Edits...)
				if len(want) > 0 {
					want = append([]string{"follow"}, want...)
				}
			}
			p := planOf(c)
			before, _ := json.Marshal(p)
			got, verdicts := new(Loop).Tame(p, healing(tt.heal), "x", LoopPolicy{}, noon)
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
			if got.Complete != whole || (v.State == VerdictPending) != whole || (v.Reason == "") != whole || (len(kinds) == 0) != (got.Changes[0].Action == Held) {
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
	for heal, want := range map[config.SelfHeal]VerdictState{config.HealAll: VerdictPending, config.HealDetails: VerdictPending, config.HealNothing: VerdictDrift} {
		c := differing(FromFiles)
		c.Action, c.Edits = Restore, []Edit{NewEdit(Follow, nil)}
		if _, v := new(Loop).Tame(planOf(c), healing(heal), "x", LoopPolicy{}, noon); v[0].State != want {
			t.Errorf("self_heal = %s: %+v", heal, v[0])
		}
	}
}

// TestLeavingVisibility keeps public and collaborative together, and says so in the wish that is planned from again.
func TestLeavingVisibility(t *testing.T) {
	c := differing(FromSpotify)
	yes, no := true, false
	c.Edits[0].Details.Collaborative, c.Wish.Collaborative = &yes, &yes
	c.Edits[0].Details.Public, c.Wish.Public = &no, nil
	got := leaving(c, []trait{traitVisibility}, "why")
	if d := got.Edits[0].Details; d.Public != nil || d.Collaborative != nil || d.Name == nil {
		t.Errorf("sends %+v", d)
	}
	if got.Wish.Collaborative != nil || got.After.Collaborative || got.After.Public != nil || got.After.Name != "A" {
		t.Errorf("wants %+v, after %+v", got.Wish, got.After)
	}
	if c.Wish.Collaborative == nil || c.Edits[0].Details.Collaborative == nil || c.After.Public == nil || len(c.Reasons) > 0 {
		t.Error("the change itself was changed")
	}
}

func TestRefusals(t *testing.T) {
	a, b := differing(FromFiles), differing(FromFiles)
	b.Address = "playlist.b"
	gone := Change{Address: "playlist.c", Action: Delete, ID: "c", Before: &Picture{}, Edits: []Edit{NewEdit(Unfollow, nil)}}
	p := planOf(a, b, gone)
	p.Refusals = []Refusal{{Address: "playlist.a", Summary: "No", Detail: "Because."}, {Summary: "Too many", Detail: "Two of two.", Guard: true}}
	l := &Loop{}
	for range 2 {
		got, v := l.Tame(p, healing("true"), "x", LoopPolicy{Prune: true}, noon)
		actions := []Action{got.Changes[0].Action, got.Changes[1].Action, got.Changes[2].Action}
		if diff := cmp.Diff([]Action{Held, Held, Held}, actions); diff != "" || len(got.Refusals) != 1 || got.Forbidden() == nil || v[0].Reason != "No. Because" || v[1].Reason != v[2].Reason || v[2].Reason != "Too many. Two of two" {
			t.Errorf("%s, %v, %+v", diff, got.Refusals, v)
		}
	}
	p.Refusals = p.Refusals[:1]
	got, v := l.Tame(p, healing("true"), "x", LoopPolicy{Prune: true}, noon)
	if got.Changes[0].Action != Held || got.Changes[1].Action != Update || got.Forbidden() != nil || v[1].State != VerdictPending {
		t.Errorf("one that is refused holds others back: %+v, %+v", got.Changes, v)
	}
	p.Refusals = []Refusal{{Summary: "The login belongs to another account"}}
	if got, _ := l.Tame(p, healing("true"), "x", LoopPolicy{}, noon); len(got.Refusals) != 1 {
		t.Error("what concerns the whole plan no longer forbids it")
	}
	known := len(l.Playlists)
	p.Changes = nil
	if l.Tame(p, healing("true"), "x", LoopPolicy{}, noon); len(l.Playlists) != known || known == 0 {
		t.Errorf("of %d playlists %d are remembered after a plan that shows none", known, len(l.Playlists))
	}
}

// TestForgettingWaitsAsDeletingDoes: a block that comes back means the playlist it meant.
func TestForgettingWaitsAsDeletingDoes(t *testing.T) {
	c := Change{Address: "playlist.a", ID: "a", Action: None, Reasons: []string{"it is already gone from the library"}}
	p := planOf(c)
	p.LockChanges = []LockChange{{Kind: "forget", Address: "playlist.a", ID: "a"}, {Kind: "forget", Address: "playlist.removed", ID: "r"}, {Kind: "move", Address: "playlist.x", To: "playlist.y"}}
	for _, tt := range []struct {
		prune bool
		later time.Duration
		want  int // lock changes that are made
	}{{false, 0, 2}, {false, time.Hour, 2}, {true, time.Hour, 2}, {true, time.Hour + 59*time.Second, 2}, {true, time.Hour + time.Minute, 3}} {
		l := &Loop{}
		if tt.prune {
			l.Tame(p, &config.Desired{}, "x", LoopPolicy{Prune: true}, noon.Add(time.Hour))
		}
		got, v := l.Tame(p, &config.Desired{}, "x", LoopPolicy{Prune: tt.prune}, noon.Add(tt.later))
		if len(got.LockChanges) != tt.want || len(p.LockChanges) != 3 {
			t.Errorf("%+v: %v, %+v", tt, got.LockChanges, v)
		}
	}
	p.Refusals = []Refusal{{Summary: "No playlists are left", Guard: true}}
	l := &Loop{}
	for i := range 3 {
		got, v := l.Tame(p, &config.Desired{}, "x", LoopPolicy{Prune: true}, noon.Add(time.Duration(i)*time.Hour))
		if len(got.LockChanges) != 2 || v[0].State != VerdictHeld {
			t.Errorf("guarded: %v, %+v", got.LockChanges, v)
		}
	}
	p.Refusals = nil
	got, _ := new(Loop).Tame(p, &config.Desired{}, "x", LoopPolicy{}, noon)
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
		l := &Loop{}
		for _, ago := range slices.Backward(slices.Sorted(maps.Keys(tt.used))) {
			l.Spend(tt.used[ago], noon.Add(-time.Duration(ago)*time.Hour))
		}
		got := l.Interval(LoopPolicy{Interval: min5, RequestsPerDay: tt.perDay}, tt.cost, noon)
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
			policy := LoopPolicy{Interval: 5 * time.Minute, RequestsPerDay: 1000}
			l := &Loop{}
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
					l = &Loop{}
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
	policy := LoopPolicy{Interval: 5 * time.Minute, RequestsPerDay: 1000}
	at := func(l *Loop, until time.Time, jitter float64) time.Duration {
		return l.Next(policy, 2, until, noon, jitter).Sub(noon)
	}
	l := &Loop{}
	if a, b := at(l, time.Time{}, 0), at(l, time.Time{}, 0.5); a != 5*time.Minute || b != 5*time.Minute+15*time.Second {
		t.Errorf("%s and %s", a, b)
	}
	if got := at(l, noon.Add(time.Hour), 0.9); got != time.Hour {
		t.Errorf("while limited: %s", got)
	}
	l.Record(planOf(), &Result{Failures: []Failure{{Address: "playlist.a", Err: errors.New("no")}}}, noon.Add(-time.Second))
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
	l := &Loop{}
	var got []string
	for _, level := range []int{0, 0, 1, 1, 3, 2, 2, 5, 6, 6, 0, 1, 1} {
		data, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		l = &Loop{}
		if err := json.Unmarshal(data, l); err != nil {
			t.Fatal(err)
		}
		if l.Tell("default", level) {
			got = append(got, fmt.Sprint(level))
		}
	}
	if want := "1 3 5 6 1"; strings.Join(got, " ") != want {
		t.Errorf("told %v, want %s", got, want)
	}
	if !l.Tell("other", 1) {
		t.Error("accounts are mixed up")
	}
}

func TestLoopOnDisk(t *testing.T) {
	state := store.OpenState(store.OS{}, t.TempDir(), "loopback", t.TempDir()+"/x.lock.hcl")
	var warned []error
	state.Warn = func(err error) { warned = append(warned, err) }
	l, err := LoadLoop(state)
	if err != nil || len(l.Playlists) != 0 {
		t.Fatalf("got %+v, %v", l, err)
	}
	l.Tame(planOf(differing(FromSpotify)), healing("true"), "x", LoopPolicy{}, noon)
	l.Record(planOf(differing(FromSpotify)), &Result{Applied: []string{"playlist.a"}, Requests: 3}, noon)
	l.Tell("default", 2)
	l.Spend(3, noon)
	l.Close()
	if err := l.Save(state); err != nil {
		t.Fatal(err)
	}
	got, err := LoadLoop(state)
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
		l, err := LoadLoop(state)
		if (err == nil) != fine {
			t.Errorf("%s: %v", text, err)
		}
		if err == nil {
			l.Next(LoopPolicy{}, 1, noon, noon, 0)
			l.Tame(planOf(differing(FromSpotify)), healing("true"), "x", LoopPolicy{}, noon)
		}
	}
	if len(warned) != 1 {
		t.Errorf("warned %v", warned)
	}
	if err := os.WriteFile(state.LoopPath(), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := LoadLoop(state); err != nil || len(warned) != 2 || l.Version != 0 {
		t.Errorf("damaged: %v, %v", err, warned)
	}
}

// TestForgetsWhatIsNoLongerPlanned keeps the record from growing.
func TestForgetsWhatIsNoLongerPlanned(t *testing.T) {
	l := &Loop{}
	for i := range 50 {
		c := differing(FromSpotify)
		c.Address = fmt.Sprintf("playlist.p%d", i)
		l.Tame(planOf(c), healing("true"), "x", LoopPolicy{}, noon)
		l.Record(planOf(c), &Result{Applied: []string{c.Address}, Failures: []Failure{{Address: c.Address, Err: errors.New("x")}}}, noon)
	}
	if len(l.Playlists) != 1 {
		t.Errorf("%d are remembered", len(l.Playlists))
	}
}

// same is the playlist of differing as the files want it.
func same(seen time.Time) Change {
	c := differing(FromFiles)
	c.Action, c.Edits = None, []Edit{}
	before := *c.After
	before.Seen = seen
	c.Before = &before
	return c
}

// loopOf runs rounds in which whatever may be done succeeds.
type loopOf struct {
	t *testing.T
	*Loop
	now time.Time
	LoopPolicy
}

func (l *loopOf) round(c Change, want VerdictState) {
	l.t.Helper()
	got, v := l.Tame(planOf(c), healing("true"), "x", l.LoopPolicy, l.now)
	if v[0].State != want {
		l.t.Errorf("%s: %+v, want %s", l.now.Format("15:04:05"), v[0], want)
	}
	res := &Result{}
	if got.Changes[0].Action.Changes() {
		res.Applied = []string{c.Address}
	}
	l.Record(got, res, l.now)
}

// TestVandalWhoThinksBetterOfIt: what was undone elsewhere needs no healing, and what comes after it waits anew.
func TestVandalWhoThinksBetterOfIt(t *testing.T) {
	l := &loopOf{t: t, Loop: &Loop{}, now: noon}
	for range 3 {
		l.round(same(noon), VerdictSame)
		l.round(differing(FromSpotify), VerdictPending)
	}
	l.round(same(noon), VerdictSame)
	l.round(differing(FromSpotify), VerdictBraked)
	l.now = l.now.Add(10 * time.Minute)
	l.round(same(noon), VerdictSame)
	l.round(differing(FromSpotify), VerdictBraked)
	l.now = l.now.Add(10 * time.Minute)
	l.round(differing(FromSpotify), VerdictBraked)
	l.round(differing(FromBoth), VerdictPending) // the files are not braked
	l.round(same(noon), VerdictSame)
	l.round(differing(FromSpotify), VerdictBraked)
	l.now = l.now.Add(14 * time.Minute)
	l.round(differing(FromSpotify), VerdictBraked)
	l.now = l.now.Add(time.Minute)
	l.round(differing(FromSpotify), VerdictPending)
}

// TestClockSetBack: what a clock that ran ahead wrote down keeps nothing waiting, and counts as if it were of now.
func TestClockSetBack(t *testing.T) {
	l, p := &Loop{}, planOf(differing(FromSpotify))
	failing := differing(FromFiles)
	failing.Address = "playlist.b"
	p.Changes = append(p.Changes, failing)
	year := noon.AddDate(1, 0, 0)
	for range 3 {
		l.Tame(planOf(same(year), failing), healing("true"), "x", LoopPolicy{}, year) // it was seen to stick
		got, _ := l.Tame(p, healing("true"), "x", LoopPolicy{}, year)
		l.Record(got, &Result{Applied: []string{"playlist.a"}, Failures: []Failure{{Address: "playlist.b", Err: errors.New("no")}}}, year)
	}
	l.Spend(500, year)
	l.Close()
	if _, v := l.Tame(p, healing("true"), "x", LoopPolicy{}, year); v[0].State != VerdictBraked {
		t.Fatalf("before: %+v", v)
	}

	later := func(after time.Duration) []Verdict {
		_, v := l.Tame(p, healing("true"), "x", LoopPolicy{}, noon.Add(after))
		return v
	}
	if v := later(0); v[0].State != VerdictBraked || v[0].RetryAt != noon.Add(15*time.Minute) || v[1].State != VerdictFailed || v[1].RetryAt.After(noon.Add(maxBackoff)) {
		t.Errorf("set back: %+v", v)
	}
	if used := l.Used(noon); used != 500 {
		t.Errorf("%d requests count", used)
	}
	if v := later(15 * time.Minute); v[0].State != VerdictPending {
		t.Errorf("a quarter of an hour later: %+v", v)
	}
	if v := later(maxBackoff); v[1].State != VerdictPending {
		t.Errorf("six hours later: %+v", v)
	}
	if used := l.Used(noon.Add(25 * time.Hour)); used != 0 {
		t.Errorf("%d requests count a day later", used)
	}
}

// TestExpectedProvesNothing: what was only expected after a write does not show that Spotify can be as wanted.
func TestExpectedProvesNothing(t *testing.T) {
	for seen, want := range map[time.Time]VerdictState{{}: VerdictHeld, noon: VerdictBraked} {
		l := &loopOf{t: t, Loop: &Loop{}, now: noon}
		for range 3 {
			l.round(differing(FromSpotify), VerdictPending)
			l.round(same(seen), VerdictSame)
		}
		l.round(differing(FromSpotify), want)
	}
}

// TestDeletionIsWantedTwiceInARow: a round that could not tell, or wanted something else, begins the count anew.
func TestDeletionIsWantedTwiceInARow(t *testing.T) {
	gone := Change{Address: "playlist.a", Action: Delete, ID: "a", Before: &Picture{}, Edits: []Edit{NewEdit(Unfollow, nil)}}
	unread, other := gone, gone
	unread.Action = Skipped
	other.ID = "b"
	for _, between := range []Change{unread, other, same(noon)} {
		l := &loopOf{t: t, Loop: &Loop{}, now: noon, LoopPolicy: LoopPolicy{Prune: true}}
		for _, c := range []Change{gone, between, gone} {
			got, _ := l.Tame(planOf(c), healing("true"), "x", l.LoopPolicy, l.now)
			if got.Changes[0].Action == Delete {
				t.Errorf("deleted after %s of %s", between.Action, between.ID)
			}
			l.now = l.now.Add(time.Hour)
		}
		got, _ := l.Tame(planOf(gone), healing("true"), "x", l.LoopPolicy, l.now)
		if got.Changes[0].Action != Delete {
			t.Error("not deleted in the end")
		}
	}
}

// TestUnfinishedIsFinished: what an earlier run left half done is nobody's edit, whatever may be healed.
func TestUnfinishedIsFinished(t *testing.T) {
	c := differing(FromSpotify)
	c.Unfinished, c.Edits = true, c.Edits[1:]
	if _, v := new(Loop).Tame(planOf(c), healing(config.HealNothing), "x", LoopPolicy{}, noon); v[0].State != VerdictPending {
		t.Errorf("%+v", v[0])
	}
}
