package reconcile

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// LoopVersion is the format of a [Loop]'s JSON that this program writes and reads.
const LoopVersion = 1

// Loop is what a daemon remembers between rounds: what it undid how often, what failed, what is to be deleted, and how many
// requests it has sent. The zero value is that of a daemon that never ran. It is for one goroutine at a time.
type Loop struct {
	Version   int                 `json:"version"`
	Files     string              `json:"files"`     // fingerprint of the files all this is about
	Playlists map[string]*watched `json:"playlists"` // by address
	Doomed    map[string]doomed   `json:"doomed"`    // by address: what a round wanted deleted
	Hours     []hour              `json:"hours"`     // requests sent, oldest first
	Told      map[string]int      `json:"told"`      // by account label: the nearest end of the login that was spoken of

	current hour // not counted in Hours yet, so that a quiet round changes nothing on disk
}

// doomed is a playlist that was wanted deleted, for the first time in a row.
type doomed struct {
	ID    spotify.ID `json:"id"`
	Since time.Time  `json:"since"`
}

// pruneAfter is how long a deletion must be wanted, over the same files, before a daemon does it.
const pruneAfter = time.Minute

// LoopPolicy is what a daemon was told it may do.
type LoopPolicy struct {
	Prune          bool              // delete what is no longer in the files
	NoCreate       bool              // something else creates
	Interval       time.Duration     // between two quiet rounds, at least
	RequestsPerDay int               // how many to stay under; 0: no matter
	Hold           map[string]string // addresses that must be left alone, and why: [LockFile.Conflicts]
	Stale          bool              // the files are broken, and what counts is what they said before
}

// VerdictState is what becomes of one playlist.
type VerdictState string

// The states.
const (
	VerdictSame    VerdictState = "same"    // Spotify is as the files say
	VerdictPending VerdictState = "pending" // it differs, and all of that is in the tamed plan
	VerdictDrift   VerdictState = "drift"   // it differs, and a daemon may not change that: reported only
	VerdictHeld    VerdictState = "held"    // left alone until released
	VerdictBraked  VerdictState = "braked"  // undone so often that it waits until RetryAt
	VerdictFailed  VerdictState = "failed"  // the last try failed; tried again at RetryAt. Without one it could not be read
)

// Verdict is what a daemon makes of one change. Where only a part of it must wait, State and Reason are about that part,
// and the rest is in the tamed plan.
type Verdict struct {
	Address string
	State   VerdictState
	Reason  string // a clause without a full stop; empty for same and pending
	RetryAt time.Time

	// Releasable is whether it waits for nothing but [Loop.Release] and the end of a hold in the lock file. What is held
	// because identity or guards forbid it is not let go by that.
	Releasable bool
}

// LoadLoop reads what an earlier daemon remembered; nothing is a new Loop. A damaged record is begun anew, and
// [store.State.Warn] is told; one of a newer spotsync is an error.
func LoadLoop(s *store.State) (*Loop, error) {
	data, err := s.Loop()
	if err != nil || data == nil {
		return &Loop{}, err
	}
	l := new(Loop)
	if err := json.Unmarshal(data, l); err != nil {
		if s.Warn != nil {
			s.Warn(fmt.Errorf("what the daemon remembered is begun anew: %w", err))
		}
		return &Loop{}, nil
	}
	if l.Version > LoopVersion {
		return nil, &store.VersionError{Path: s.LoopPath(), Found: l.Version}
	}
	maps.DeleteFunc(l.Playlists, func(_ string, w *watched) bool { return w == nil })
	for _, w := range l.Playlists {
		maps.DeleteFunc(w.Troubles, func(_ trait, t *trouble) bool { return t == nil })
	}
	return l, nil
}

// Save writes it down, unless that is what is there already.
func (l *Loop) Save(s *store.State) error {
	l.Version = LoopVersion
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return s.SaveLoop(data)
}

// Release forgets why a playlist is held back, and reports whether it was: the next round does what its files say.
func (l *Loop) Release(address string) bool {
	w := l.Playlists[address]
	held := w != nil && (len(w.Troubles) > 0 || w.Failures > 0)
	if w != nil {
		w.release()
	}
	_, doomed := l.Doomed[address]
	delete(l.Doomed, address)
	return held || doomed
}

// Tame takes out of a plan what a daemon may not do, or not yet, and says of each playlist what becomes of it, in the
// plan's order. The plan itself stays as it is; in the one returned such changes are Held, whole or in part. files is a
// fingerprint of the files' text: another one releases whatever was held back. Refusals about one playlist hold that one
// back; those that are left in the plan returned are about all of it, and hold back whatever it would change.
func (l *Loop) Tame(p *Plan, d *config.Desired, files string, policy LoopPolicy, now time.Time) (*Plan, []Verdict) {
	l.read(files)
	l.rewind(now)
	t := taming{l: l, plan: p, policy: policy, now: now, heal: make(map[string]config.SelfHeal),
		hold: make(map[string]string), keeps: make(map[string]bool)}
	maps.Copy(t.hold, policy.Hold)
	for _, lc := range p.LockChanges {
		if why := t.hold[lc.Address]; why != "" {
			t.keeps[lc.Address] = true
			if lc.Kind == "move" { // by another name it is the same playlist
				t.hold[lc.To] = why
			}
		}
	}
	for _, b := range d.Playlists {
		t.heal[b.Address] = b.SelfHeal
	}
	out := *p
	out.Refusals = []Refusal{}
	for _, r := range p.Refusals {
		if r.All() {
			out.Refusals = append(out.Refusals, r)
		}
	}
	out.Changes = make([]Change, len(p.Changes))
	verdicts := make([]Verdict, len(p.Changes))
	for i, c := range p.Changes {
		out.Changes[i], verdicts[i] = t.change(c)
		if out.Changes[i].Action != c.Action || len(out.Changes[i].Left) > 0 {
			out.Complete = false
		}
	}
	out.LockChanges = slices.DeleteFunc(slices.Clone(p.LockChanges), func(lc LockChange) bool { return t.keeps[lc.Address] })
	out.Summary = out.Count()
	l.tidy(p)
	return &out, verdicts
}

// read begins anew where the files say something else.
func (l *Loop) read(files string) {
	if l.Playlists == nil {
		l.Playlists = make(map[string]*watched)
	}
	if l.Doomed == nil {
		l.Doomed = make(map[string]doomed)
	}
	if l.Files == files {
		return
	}
	l.Files = files
	for _, w := range l.Playlists {
		w.reread()
	}
	clear(l.Doomed)
}

// tidy forgets what the plan shows no more. Of one that was refused as a whole little is concluded.
func (l *Loop) tidy(p *Plan) {
	there := make(map[string]bool, len(p.Changes))
	for _, c := range p.Changes {
		there[c.Address] = true
	}
	maps.DeleteFunc(l.Doomed, func(address string, _ doomed) bool { return !there[address] })
	if len(p.Changes) == 0 && len(p.Refusals) > 0 {
		return
	}
	maps.DeleteFunc(l.Playlists, func(address string, w *watched) bool { return !there[address] || w.empty() })
}

// Waiting tells of the playlists that were held back when they were last seen and still are, sorted by address: held,
// braked or failed, as Tame would say without a look at Spotify.
func (l *Loop) Waiting(now time.Time) []Verdict {
	all := []Verdict{}
	for _, address := range slices.Sorted(maps.Keys(l.Playlists)) {
		w := l.watch(address)
		v := Verdict{Address: address, State: VerdictPending}
		if v.State, v.Reason, v.RetryAt = w.waits(now); v.State == VerdictPending {
			for _, k := range allTraits {
				if t := w.Troubles[k]; t != nil {
					v.tell(t.waits(address, k, now))
				}
			}
		}
		if v.State != VerdictPending {
			all = append(all, v)
		}
	}
	return all
}

// taming is one plan being tamed.
type taming struct {
	l      *Loop
	plan   *Plan
	policy LoopPolicy
	now    time.Time
	heal   map[string]config.SelfHeal // by address
	hold   map[string]string          // addresses that must be left alone, and why
	keeps  map[string]bool            // addresses that stay in the lock file for now
}

// change decides about one playlist.
func (t *taming) change(c Change) (Change, Verdict) {
	v := Verdict{Address: c.Address}
	wait := func(s VerdictState, reason string, at time.Time) (Change, Verdict) {
		v.State, v.Reason, v.RetryAt = s, reason, at
		return c.Leave(reason), v
	}
	gone := c.Action == Delete || c.Action == None && t.forgets(c.Address)
	if !gone {
		delete(t.l.Doomed, c.Address)
	}
	r, refused := t.plan.RefusalOf(c.Address)
	if i := slices.IndexFunc(t.plan.Refusals, Refusal.All); !refused && i >= 0 && (c.Action.Changes() || gone) {
		r, refused = t.plan.Refusals[i], true
	}
	if refused {
		delete(t.l.Doomed, c.Address)
		t.keeps[c.Address] = true
		return wait(VerdictHeld, r.Summary+". "+strings.TrimSuffix(r.Detail, "."), time.Time{})
	}
	if why := t.hold[c.Address]; why != "" {
		delete(t.l.Doomed, c.Address)
		return wait(VerdictHeld, why, time.Time{})
	}
	switch {
	case c.KeyGone:
		v.State, v.Reason = VerdictHeld, strings.Join(c.Reasons, "; ")
		return c, v
	case gone:
		return t.deletion(c)
	case c.Action == Held:
		v.Releasable = true
		return wait(VerdictHeld, strings.Join(c.Reasons, "; "), time.Time{})
	case c.Action == Skipped:
		v.State, v.Reason = VerdictFailed, strings.Join(c.Reasons, "; ")
		return c, v
	}
	w := t.l.watch(c.Address)
	w.wish = whole(c.Wish)
	if w.Failures > 0 && w.Failed != w.wish {
		w.succeeded() // what failed is not wanted any more
	}
	w.learn(c, t.now)
	if c.Action == None {
		w.succeeded()
		v.State = VerdictSame
		return c, v
	}
	if state, reason, at := w.waits(t.now); state != VerdictPending {
		v.Releasable = state == VerdictHeld
		return wait(state, reason, at)
	}
	if c.Action == Create {
		switch {
		case c.Gone != "":
			return wait(VerdictDrift, fmt.Sprintf("Spotify no longer knows %s, and a daemon makes no playlist a second time; to have it made anew: spotsync apply", c.Gone), time.Time{})
		case t.policy.NoCreate:
			return wait(VerdictDrift, "it does not exist yet, and with --no-create something else creates it", time.Time{})
		}
	}
	return t.healing(c, w)
}

// forgets reports whether the plan drops an address from the lock file whose playlist is gone already.
func (t *taming) forgets(address string) bool {
	return slices.ContainsFunc(t.plan.LockChanges, func(lc LockChange) bool { return lc.Kind == "forget" && lc.Address == address })
}

// deletion lets a playlist go when two rounds a minute apart, over the same files, want that. What is gone already is
// forgotten no sooner: should the block come back, it is put back rather than made a second time.
func (t *taming) deletion(c Change) (Change, Verdict) {
	v := Verdict{Address: c.Address, State: VerdictPending}
	was, known := t.l.Doomed[c.Address]
	w := t.l.watch(c.Address)
	switch {
	case !t.policy.Prune:
		v.State, v.Reason = VerdictDrift, "it is no longer in the files, and a daemon deletes only with --prune"
	case t.policy.Stale:
		v.State, v.Reason = VerdictHeld, "it is no longer in the files as they were last read, and nothing is deleted while they are broken"
	case !known || was.ID != c.ID || t.now.Before(was.Since.Add(pruneAfter)):
		if !known || was.ID != c.ID {
			was = doomed{ID: c.ID, Since: t.now.UTC()}
			t.l.Doomed[c.Address] = was
		}
		v.RetryAt = was.Since.Add(pruneAfter)
		v.Reason = "it is no longer in the files, and goes when a round a minute later wants that too"
	default:
		if v.State, v.Reason, v.RetryAt = w.waits(t.now); v.State == VerdictPending {
			return c, v
		}
		v.Releasable = v.State == VerdictHeld
		t.keeps[c.Address] = true
		return c.Leave(v.Reason), v
	}
	if v.State == VerdictDrift || v.State == VerdictHeld {
		delete(t.l.Doomed, c.Address)
	}
	t.keeps[c.Address] = true
	return c.Leave(v.Reason), v
}

// healing takes out of a change what a daemon may not undo, or not yet.
func (t *taming) healing(c Change, w *watched) (Change, Verdict) {
	v := Verdict{Address: c.Address, State: VerdictPending}
	var left []trait
	for _, k := range touched(c) {
		state, reason, at := VerdictPending, "", time.Time{}
		drift := drifted(c, k)
		if drift {
			state, reason = healable(t.heal[c.Address], k, c.Origin)
		}
		if state == VerdictPending {
			state, reason, at = w.judge(k, digestOf(c.Wish, k), drift, t.now)
		}
		if state == VerdictPending {
			continue
		}
		left = append(left, k)
		v.Releasable = v.Releasable || state == VerdictHeld || state == VerdictBraked
		v.tell(state, reason, at)
	}
	if len(left) > 0 {
		c = leaving(c, left, v.Reason)
	}
	return c, v
}

// tell adds that something waits. What waits longest gives the state its name.
func (v *Verdict) tell(state VerdictState, reason string, at time.Time) {
	rank := []VerdictState{VerdictPending, VerdictDrift, VerdictBraked, VerdictHeld}
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

// Record learns what became of a tamed plan.
func (l *Loop) Record(p *Plan, res *Result, now time.Time) {
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

func (l *Loop) applied(c Change, now time.Time) {
	if c.Action == Delete {
		delete(l.Playlists, c.Address)
		delete(l.Doomed, c.Address)
		return
	}
	if l.Playlists == nil {
		l.Playlists = make(map[string]*watched)
	}
	w := l.watch(c.Address)
	w.succeeded()
	for _, k := range touched(c) {
		w.wrote(k, digestOf(c.Wish, k), drifted(c, k), now)
	}
}

func (l *Loop) watch(address string) *watched {
	w := l.Playlists[address]
	if w == nil {
		w = &watched{}
		l.Playlists[address] = w
	}
	w.address = address
	return w
}
