// Package heal says what of a plan a daemon may do now: heal.go restricts a plan and remembers what came of it, traits.go takes a
// change apart, brake.go says how often what was changed elsewhere is undone, pace.go when the next round is.
package heal

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// Version is the format of a [State]'s JSON that this program writes and reads.
const Version = 1

// State is what a daemon remembers between rounds: what it undid how often, what failed, what is to be deleted, and how many
// requests it has sent. The zero value is that of a daemon that never ran. It is for one goroutine at a time.
type State struct {
	Version        int                      `json:"version"`
	Files          string                   `json:"files"`           // fingerprint of the files all this is about
	Playlists      map[string]*watched      `json:"playlists"`       // by address
	PendingDeletes map[string]pendingDelete `json:"pending_deletes"` // by address: what a round wanted deleted
	Hours          []hour                   `json:"hours"`           // requests sent, oldest first
	Told           map[string]int           `json:"told"`            // by account label: the nearest end of the login that was spoken of

	current hour // not counted in Hours yet, so that a quiet round changes nothing on disk
}

// pendingDelete is a playlist that was wanted deleted, for the first time in a row.
type pendingDelete struct {
	ID    spotify.ID `json:"id"`
	Since time.Time  `json:"since"`
}

// pruneAfter is how long a deletion must be wanted, over the same files, before a daemon does it.
const pruneAfter = time.Minute

// Policy is what a daemon was told it may do.
type Policy struct {
	Prune          bool              // delete what is no longer in the files
	NoCreate       bool              // something else creates
	Interval       time.Duration     // between two quiet rounds, at least
	RequestsPerDay int               // how many to stay under; 0: no matter
	Hold           map[string]string // addresses that must be left alone, and why: the conflicts of the lock file
	Stale          bool              // the files are broken, and what counts is what they said before
}

// VerdictState is what becomes of one playlist.
type VerdictState string

// The states.
const (
	Same    VerdictState = "same"    // Spotify is as the files say
	Pending VerdictState = "pending" // it differs, and all of that is in the restricted plan
	Drift   VerdictState = "drift"   // it differs, and a daemon may not change that: reported only
	Held    VerdictState = "held"    // left alone until released
	Braked  VerdictState = "braked"  // undone so often that it waits until RetryAt
	Failed  VerdictState = "failed"  // the last try failed; tried again at RetryAt. Without one it could not be read
)

// Verdict is what a daemon makes of one change. Where only a part of it must wait, State and Reason are about that part,
// and the rest is in the restricted plan.
type Verdict struct {
	Address string
	State   VerdictState
	Reason  string // a clause without a full stop; empty for same and pending
	RetryAt time.Time

	// Releasable is whether it waits for nothing but [State.Release] and the end of a hold in the lock file. What is held
	// because identity or guards forbid it is not let go by that.
	Releasable bool
}

// Load reads what an earlier daemon remembered; nothing is a new State. A damaged record is begun anew, and
// [store.State.Warn] is told; one of a newer spotsync is an error.
func Load(s *store.State) (*State, error) {
	data, err := s.Loop()
	if err != nil || data == nil {
		return &State{}, err
	}
	l := new(State)
	if err := json.Unmarshal(data, l); err != nil {
		if s.Warn != nil {
			s.Warn(fmt.Errorf("what the daemon remembered is begun anew: %w", err))
		}
		return &State{}, nil
	}
	if l.Version > Version {
		return nil, &store.VersionError{Path: s.LoopPath(), Found: l.Version}
	}
	maps.DeleteFunc(l.Playlists, func(_ string, w *watched) bool { return w == nil })
	for _, w := range l.Playlists {
		maps.DeleteFunc(w.Troubles, func(_ trait, t *trouble) bool { return t == nil })
	}
	return l, nil
}

// Save writes it down, unless that is what is there already.
func (l *State) Save(s *store.State) error {
	l.Version = Version
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return s.SaveLoop(data)
}

// Release forgets why a playlist is held back, and reports whether it was: the next round does what its files say.
func (l *State) Release(address string) bool {
	w := l.Playlists[address]
	held := w != nil && (len(w.Troubles) > 0 || w.Failures > 0)
	if w != nil {
		w.release()
	}
	_, doomed := l.PendingDeletes[address]
	delete(l.PendingDeletes, address)
	return held || doomed
}

// Restrict takes out of a plan what a daemon may not do, or not yet, and says of each playlist what becomes of it, in the
// plan's order. The plan itself stays as it is; in the one returned such changes are Held, whole or in part. files is a
// fingerprint of the files' text: another one releases whatever was held back. Refusals about one playlist hold that one
// back; those that are left in the plan returned are about all of it, and hold back whatever it would change.
func (l *State) Restrict(p *reconcile.Plan, d *config.Desired, files string, policy Policy, now time.Time) (*reconcile.Plan, []Verdict) {
	l.read(files)
	l.rewind(now)
	t := restriction{l: l, plan: p, policy: policy, now: now, heal: make(map[string]config.SelfHeal),
		hold: make(map[string]string), keeps: make(map[string]bool)}
	maps.Copy(t.hold, policy.Hold)
	for _, lc := range p.LockChanges {
		if why := t.hold[lc.Address]; why != "" {
			t.keeps[lc.Address] = true
			if lc.Kind == reconcile.LockMove { // by another name it is the same playlist
				t.hold[lc.To] = why
			}
		}
	}
	for _, b := range d.Playlists {
		t.heal[b.Address] = b.SelfHeal
	}
	out := *p
	out.Refusals = []reconcile.Refusal{}
	for _, r := range p.Refusals {
		if r.All() {
			out.Refusals = append(out.Refusals, r)
		}
	}
	out.Changes = make([]reconcile.Change, len(p.Changes))
	verdicts := make([]Verdict, len(p.Changes))
	for i, c := range p.Changes {
		out.Changes[i], verdicts[i] = t.change(c)
		if out.Changes[i].Action != c.Action || len(out.Changes[i].LeftAsIs) > 0 {
			out.Complete = false
		}
	}
	out.LockChanges = slices.DeleteFunc(slices.Clone(p.LockChanges), func(lc reconcile.LockChange) bool { return t.keeps[lc.Address] })
	out.Summary = out.Count()
	l.tidy(p)
	return &out, verdicts
}

// read begins anew where the files say something else.
func (l *State) read(files string) {
	if l.Playlists == nil {
		l.Playlists = make(map[string]*watched)
	}
	if l.PendingDeletes == nil {
		l.PendingDeletes = make(map[string]pendingDelete)
	}
	if l.Files == files {
		return
	}
	l.Files = files
	for _, w := range l.Playlists {
		w.reread()
	}
	clear(l.PendingDeletes)
}

// tidy forgets what the plan shows no more. Of one that was refused as a whole little is concluded.
func (l *State) tidy(p *reconcile.Plan) {
	there := make(map[string]bool, len(p.Changes))
	for _, c := range p.Changes {
		there[c.Address] = true
	}
	maps.DeleteFunc(l.PendingDeletes, func(address string, _ pendingDelete) bool { return !there[address] })
	if len(p.Changes) == 0 && len(p.Refusals) > 0 {
		return
	}
	maps.DeleteFunc(l.Playlists, func(address string, w *watched) bool { return !there[address] || w.empty() })
}

// Waiting tells of the playlists that were held back when they were last seen and still are, sorted by address: held,
// braked or failed, as Restrict would say without a look at Spotify.
func (l *State) Waiting(now time.Time) []Verdict {
	all := []Verdict{}
	for _, address := range slices.Sorted(maps.Keys(l.Playlists)) {
		w := l.watch(address)
		v := Verdict{Address: address, State: Pending}
		if v.State, v.Reason, v.RetryAt = w.waits(now); v.State == Pending {
			for _, k := range allTraits {
				if t := w.Troubles[k]; t != nil {
					v.tell(t.waits(address, k, now))
				}
			}
		}
		if v.State != Pending {
			all = append(all, v)
		}
	}
	return all
}

// restriction is one plan being restricted.
type restriction struct {
	l      *State
	plan   *reconcile.Plan
	policy Policy
	now    time.Time
	heal   map[string]config.SelfHeal // by address
	hold   map[string]string          // addresses that must be left alone, and why
	keeps  map[string]bool            // addresses that stay in the lock file for now
}

// change decides about one playlist.
func (t *restriction) change(c reconcile.Change) (reconcile.Change, Verdict) {
	v := Verdict{Address: c.Address}
	wait := func(s VerdictState, reason string, at time.Time) (reconcile.Change, Verdict) {
		v.State, v.Reason, v.RetryAt = s, reason, at
		return c.Leave(reason), v
	}
	gone := c.Action == reconcile.Delete || c.Action == reconcile.None && t.forgets(c.Address)
	if !gone {
		delete(t.l.PendingDeletes, c.Address)
	}
	r, refused := t.plan.RefusalOf(c.Address)
	if i := slices.IndexFunc(t.plan.Refusals, reconcile.Refusal.All); !refused && i >= 0 && (c.Action.Changes() || gone) {
		r, refused = t.plan.Refusals[i], true
	}
	if refused {
		delete(t.l.PendingDeletes, c.Address)
		t.keeps[c.Address] = true
		return wait(Held, r.Summary+". "+strings.TrimSuffix(r.Detail, "."), time.Time{})
	}
	if why := t.hold[c.Address]; why != "" {
		delete(t.l.PendingDeletes, c.Address)
		return wait(Held, why, time.Time{})
	}
	switch {
	case c.KeyGone:
		v.State, v.Reason = Held, strings.Join(c.Reasons, "; ")
		return c, v
	case gone:
		return t.deletion(c)
	case c.Action == reconcile.Held:
		v.Releasable = true
		return wait(Held, strings.Join(c.Reasons, "; "), time.Time{})
	case c.Action == reconcile.Skipped:
		v.State, v.Reason = Failed, strings.Join(c.Reasons, "; ")
		return c, v
	}
	w := t.l.watch(c.Address)
	w.wish = whole(c.Desired)
	if w.Failures > 0 && w.Failed != w.wish {
		w.succeeded() // what failed is not wanted any more
	}
	w.learn(c, t.now)
	if c.Action == reconcile.None {
		w.succeeded()
		v.State = Same
		return c, v
	}
	if state, reason, at := w.waits(t.now); state != Pending {
		v.Releasable = state == Held
		return wait(state, reason, at)
	}
	if c.Action == reconcile.Create {
		switch {
		case c.ReplacesID != "":
			return wait(Drift, fmt.Sprintf("Spotify no longer knows %s, and a daemon makes no playlist a second time; to have it made anew: spotsync apply", c.ReplacesID), time.Time{})
		case t.policy.NoCreate:
			return wait(Drift, "it does not exist yet, and with --no-create something else creates it", time.Time{})
		}
	}
	return t.healing(c, w)
}

// forgets reports whether the plan drops an address from the lock file whose playlist is gone already.
func (t *restriction) forgets(address string) bool {
	return slices.ContainsFunc(t.plan.LockChanges, func(lc reconcile.LockChange) bool { return lc.Kind == reconcile.LockForget && lc.Address == address })
}

// deletion lets a playlist go when two rounds a minute apart, over the same files, want that. What is gone already is
// forgotten no sooner: should the block come back, it is put back rather than made a second time.
func (t *restriction) deletion(c reconcile.Change) (reconcile.Change, Verdict) {
	v := Verdict{Address: c.Address, State: Pending}
	was, known := t.l.PendingDeletes[c.Address]
	w := t.l.watch(c.Address)
	switch {
	case !t.policy.Prune:
		v.State, v.Reason = Drift, "it is no longer in the files, and a daemon deletes only with --prune"
	case t.policy.Stale:
		v.State, v.Reason = Held, "it is no longer in the files as they were last read, and nothing is deleted while they are broken"
	case !known || was.ID != c.ID || t.now.Before(was.Since.Add(pruneAfter)):
		if !known || was.ID != c.ID {
			was = pendingDelete{ID: c.ID, Since: t.now.UTC()}
			t.l.PendingDeletes[c.Address] = was
		}
		v.RetryAt = was.Since.Add(pruneAfter)
		v.Reason = "it is no longer in the files, and goes when a round a minute later wants that too"
	default:
		if v.State, v.Reason, v.RetryAt = w.waits(t.now); v.State == Pending {
			return c, v
		}
		v.Releasable = v.State == Held
		t.keeps[c.Address] = true
		return c.Leave(v.Reason), v
	}
	if v.State == Drift || v.State == Held {
		delete(t.l.PendingDeletes, c.Address)
	}
	t.keeps[c.Address] = true
	return c.Leave(v.Reason), v
}

// healing takes out of a change what a daemon may not undo, or not yet.
func (t *restriction) healing(c reconcile.Change, w *watched) (reconcile.Change, Verdict) {
	v := Verdict{Address: c.Address, State: Pending}
	var left []trait
	for _, k := range touched(c) {
		state, reason, at := Pending, "", time.Time{}
		drift := drifted(c, k)
		if drift {
			state, reason = healable(t.heal[c.Address], k, c.Origin)
		}
		if state == Pending {
			state, reason, at = w.judge(k, digestOf(c.Desired, k), drift, t.now)
		}
		if state == Pending {
			continue
		}
		left = append(left, k)
		v.Releasable = v.Releasable || state == Held || state == Braked
		v.tell(state, reason, at)
	}
	if len(left) > 0 {
		c = leaving(c, left, v.Reason)
	}
	return c, v
}

// tell adds that something waits. What waits longest gives the state its name.
func (v *Verdict) tell(state VerdictState, reason string, at time.Time) {
	rank := []VerdictState{Pending, Drift, Braked, Held}
	if slices.Index(rank, state) > slices.Index(rank, v.State) {
		v.State = state
	}
	if !strings.Contains(v.Reason, reason) {
		v.Reason = strings.TrimPrefix(v.Reason+"; "+reason, "; ")
	}
	if !at.IsZero() && (v.RetryAt.IsZero() || at.Before(v.RetryAt)) {
		v.RetryAt = at
	}
}

// Record learns what became of a restricted plan.
func (l *State) Record(p *reconcile.Plan, res *reconcile.Result, now time.Time) {
	for _, c := range p.Changes {
		if _, ok := slices.BinarySearch(res.Applied, c.Address); ok {
			l.applied(c, now)
		}
	}
	for _, f := range res.Failures {
		if l.Playlists == nil {
			l.Playlists = make(map[string]*watched)
		}
		l.watch(f.Address).failed(f.Located(), now)
	}
	if res.Requests > 0 {
		l.fold()
	}
}

func (l *State) applied(c reconcile.Change, now time.Time) {
	if c.Action == reconcile.Delete {
		delete(l.Playlists, c.Address)
		delete(l.PendingDeletes, c.Address)
		return
	}
	if l.Playlists == nil {
		l.Playlists = make(map[string]*watched)
	}
	w := l.watch(c.Address)
	w.succeeded()
	for _, k := range touched(c) {
		w.wrote(k, digestOf(c.Desired, k), drifted(c, k), now)
	}
}

func (l *State) watch(address string) *watched {
	w := l.Playlists[address]
	if w == nil {
		w = &watched{}
		l.Playlists[address] = w
	}
	w.address = address
	return w
}
