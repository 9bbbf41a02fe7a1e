package heal

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/longtest"
	"github.com/spotsync/spotsync/reconcile"
)

// anyPlan draws a plan such as a planner makes: of a few playlists in any state, with refusals and lock changes.
func anyPlan(rt *rapid.T) (*reconcile.Plan, *config.Desired) {
	p, d := &reconcile.Plan{Complete: true}, &config.Desired{}
	for i := range rapid.IntRange(0, 4).Draw(rt, "playlists") {
		c := differing(rapid.SampledFrom([]reconcile.Origin{reconcile.FromFiles, reconcile.FromSpotify, reconcile.FromBoth, reconcile.FromUnknown}).Draw(rt, "origin"))
		c.Address = fmt.Sprintf("playlist.%c", 'a'+i)
		c.Action = rapid.SampledFrom([]reconcile.Action{reconcile.None, reconcile.Update, reconcile.Adopt, reconcile.Restore, reconcile.Create, reconcile.Delete, reconcile.Held, reconcile.Skipped, reconcile.Update, reconcile.Delete}).Draw(rt, "action")
		name := rapid.SampledFrom([]string{"A", "A2", "A3"}).Draw(rt, "name")
		c.Desired.Name, c.After.Name, c.Edits[0].Details.Name = &name, name, &name
		forgotten := false
		switch c.Action {
		case reconcile.None, reconcile.Held, reconcile.Skipped:
			c.Edits, c.After, c.Reasons = []reconcile.Edit{}, c.Before, []string{"why"}
			forgotten = c.Action == reconcile.None && rapid.Bool().Draw(rt, "forgotten")
		case reconcile.Create:
			if c.ID, c.Before = "", nil; rapid.Bool().Draw(rt, "gone") {
				c.ReplacesID = "id"
			}
		case reconcile.Restore:
			c.Edits = append([]reconcile.Edit{reconcile.NewEdit(reconcile.Follow, nil)}, c.Edits...)
		case reconcile.Delete:
			c.Edits, c.After, c.Desired = []reconcile.Edit{reconcile.NewEdit(reconcile.Unfollow, nil)}, nil, nil
		}
		switch {
		case forgotten:
			p.LockChanges = append(p.LockChanges, reconcile.LockChange{Kind: reconcile.LockForget, Address: c.Address, ID: c.ID})
		case c.Action == reconcile.Update && rapid.Bool().Draw(rt, "moved"):
			p.LockChanges = append(p.LockChanges, reconcile.LockChange{Kind: reconcile.LockMove, Address: c.Address + "_was", To: c.Address, ID: c.ID})
		}
		if rapid.IntRange(0, 5).Draw(rt, "refused") == 0 {
			p.Refusals = append(p.Refusals, reconcile.Refusal{Address: c.Address, Summary: "No", Detail: "Because."})
		}
		if c.Action != reconcile.Delete && !forgotten {
			d.Playlists = append(d.Playlists, config.Playlist{Address: c.Address,
				SelfHeal: rapid.SampledFrom([]config.SelfHeal{config.HealAll, config.HealDetails, config.HealNothing}).Draw(rt, "self_heal")})
		}
		p.Changes = append(p.Changes, c)
	}
	if rapid.IntRange(0, 3).Draw(rt, "guarded") == 0 {
		p.Refusals = append(p.Refusals, reconcile.Refusal{Summary: "Too many", Detail: "All.", Guard: true})
	}
	p.Summary = p.Count()
	return p, d
}

// TestRestrictOnlyTakesAway: what a restricted plan does, the plan did; nothing goes without leave, twice and a minute apart; what is
// held is not touched; and neither the plan nor what is told depends on anything but what is given.
func TestRestrictOnlyTakesAway(t *testing.T) {
	longtest.Check(t, 100, 1000, func(rt *rapid.T) {
		l, now := &State{}, noon
		wanted := make(map[string]time.Time) // gone, over these files, since
		was := ""
		p, d := anyPlan(rt)
		for range rapid.IntRange(1, 12).Draw(rt, "rounds") {
			now = now.Add(rapid.SampledFrom([]time.Duration{time.Second, 59 * time.Second, time.Minute, time.Hour, 30 * time.Hour, -time.Second, -50 * time.Hour}).Draw(rt, "later"))
			if rapid.IntRange(0, 2).Draw(rt, "another plan") == 0 {
				p, d = anyPlan(rt)
			}
			files := rapid.SampledFrom([]string{"x", "x", "x", "y"}).Draw(rt, "files")
			policy := Policy{Prune: rapid.Bool().Draw(rt, "prune"), NoCreate: rapid.Bool().Draw(rt, "no create"),
				Stale: rapid.IntRange(0, 5).Draw(rt, "stale") == 0, Hold: map[string]string{}}
			for _, address := range []string{"playlist.a", "playlist.b", "playlist.c_was"} {
				if rapid.IntRange(0, 4).Draw(rt, "hold "+address) == 0 {
					policy.Hold[address] = "it is held"
				}
			}
			if files != was {
				clear(wanted)
			}
			was = files

			before, _ := json.Marshal(p)
			copied := cloned(rt, l)
			got, verdicts := l.Restrict(p, d, files, policy, now)
			if after, _ := json.Marshal(p); string(after) != string(before) {
				rt.Fatalf("the plan was changed:\n%s\n%s", before, after)
			}
			again, more := copied.Restrict(p, d, files, policy, now)
			one, _ := json.Marshal([]any{got, verdicts, l})
			other, _ := json.Marshal([]any{again, more, copied})
			if string(one) != string(other) {
				rt.Fatalf("of the same come two answers:\n%s\n%s", one, other)
			}
			if len(got.Changes) != len(p.Changes) || len(verdicts) != len(p.Changes) || got.Summary != got.Count() {
				rt.Fatalf("%d changes of %d, %d verdicts, %+v", len(got.Changes), len(p.Changes), len(verdicts), got.Summary)
			}
			kept := make(map[string]bool)
			for i, c := range got.Changes {
				o, v := p.Changes[i], verdicts[i]
				if c.Address != o.Address || v.Address != o.Address || c.Action != o.Action && c.Action != reconcile.Held {
					rt.Fatalf("%s of %s became %s of %s, %+v", o.Action, o.Address, c.Action, c.Address, v)
				}
				held := policy.Hold[c.Address] != "" || policy.Hold[c.Address+"_was"] != "" && moves(p, c.Address) ||
					slices.ContainsFunc(p.Refusals, func(r reconcile.Refusal) bool { return r.Address == c.Address })
				if kept[c.Address] = held; held && (c.Action.Changes() || len(c.Edits) > 0) {
					rt.Fatalf("%s is held, and %s with %v", c.Address, c.Action, c.Edits)
				}
				if !c.Action.Changes() && len(c.Edits) > 0 {
					rt.Fatalf("%s of %s sends %v", c.Action, c.Address, c.Edits)
				}
				if (v.State == Pending) != (v.Reason == "") && o.Action != reconcile.Delete && o.Action != reconcile.None || v.State == Braked && !v.RetryAt.After(now) || v.RetryAt.Sub(now) > maxBackoff {
					rt.Fatalf("at %s: %+v", now, v)
				}
				for _, k := range allTraits {
					touches := func(e reconcile.Edit) bool { return touches(e, k) }
					if slices.ContainsFunc(c.Edits, touches) && !slices.ContainsFunc(o.Edits, touches) {
						rt.Fatalf("of %s the %s is touched, which the plan did not", c.Address, k)
					}
				}
				gone := o.Action == reconcile.Delete || o.Action == reconcile.None && forgets(p, c.Address)
				guarded := slices.ContainsFunc(p.Refusals, func(r reconcile.Refusal) bool { return r.Guard })
				if !gone || held || guarded || !policy.Prune || policy.Stale {
					delete(wanted, c.Address)
					kept[c.Address] = kept[c.Address] || gone
				}
				if c.Action == reconcile.Delete || gone && forgets(got, c.Address) {
					since, twice := wanted[c.Address]
					if kept[c.Address] || !twice || now.Sub(since) < time.Minute {
						rt.Fatalf("%s goes at %s, wanted since %s, under %+v", c.Address, now, since, policy)
					}
				} else if gone && !kept[c.Address] {
					if since, twice := wanted[c.Address]; !twice || since.After(now) {
						wanted[c.Address] = now
					}
				}
			}
			maps.DeleteFunc(wanted, func(address string, _ time.Time) bool {
				return !slices.ContainsFunc(p.Changes, func(c reconcile.Change) bool { return c.Address == address })
			})
			for _, lc := range got.LockChanges {
				if !slices.Contains(p.LockChanges, lc) || policy.Hold[lc.Address] != "" || lc.Kind == reconcile.LockForget && kept[lc.Address] {
					rt.Fatalf("the lock file comes to say otherwise: %+v", lc)
				}
			}
			res := &reconcile.Result{Requests: 1}
			for _, c := range got.Changes {
				switch {
				case !c.Action.Changes():
				case rapid.IntRange(0, 3).Draw(rt, "fails") == 0:
					res.Failures = append(res.Failures, reconcile.Failure{Address: c.Address, Err: errors.New("no")})
				default:
					res.Applied = append(res.Applied, c.Address)
				}
			}
			l.Record(got, res, now)
			for _, address := range res.Applied {
				delete(wanted, address)
			}
			l.Spend(rapid.IntRange(0, 50).Draw(rt, "requests"), now)
			policy.Interval, policy.RequestsPerDay = 5*time.Minute, rapid.SampledFrom([]int{0, 100, 1000}).Draw(rt, "per day")
			if next := l.Next(policy, 2, time.Time{}, now, 0.5); !next.After(now) || next.Sub(now) > 27*time.Hour {
				rt.Fatalf("at %s the next round is at %s", now, next)
			}
		}
	})
}

func forgets(p *reconcile.Plan, address string) bool {
	return slices.ContainsFunc(p.LockChanges, func(lc reconcile.LockChange) bool { return lc.Kind == reconcile.LockForget && lc.Address == address })
}

func moves(p *reconcile.Plan, to string) bool {
	return slices.ContainsFunc(p.LockChanges, func(lc reconcile.LockChange) bool { return lc.Kind == reconcile.LockMove && lc.To == to })
}

// cloned is a state as another daemon would read it.
func cloned(rt *rapid.T, l *State) *State {
	data, err := json.Marshal(l)
	if err != nil {
		rt.Fatal(err)
	}
	c := new(State)
	if err := json.Unmarshal(data, c); err != nil {
		rt.Fatal(err)
	}
	return c
}
