package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/lockstore"
	"github.com/spotsync/spotsync/reconcile/observe"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// freshFor is how old the sight of a playlist's snapshot may be when it is first written to.
const freshFor = 10 * time.Second

// Verify says when what was written is read again.
type Verify string

// The values of Verify.
const (
	VerifyAuto   Verify = ""       // after a lost answer, or two or more edits that depended on positions
	VerifyAlways Verify = "always" // --verify
	VerifyNever  Verify = "never"  // --no-verify; a lost answer is looked into all the same
)

// Applier does what a plan says. The zero value of the optional members is right.
type Applier struct {
	APIs     map[string]API            // by account label
	Accounts map[string]*store.Account // by account label
	Lock     *lockstore.File
	State    *store.State

	Library     map[string][]spotify.Playlist // by account label: the listing the plan was made from; asked for when missing
	Verify      Verify
	Parallelism int                      // playlists side by side; 0 means 4
	Stop        <-chan struct{}          // closed: finish the request in flight, record it, start no other
	Report      func(reconcile.Event)    // called from several goroutines, one at a time
	Limited     func() bool              // whether Spotify has answered 429 in this run
	Runs        map[string]*store.RunLog // by account label: what history has of this run so far; several appliers can share a run
	By          string                   // who runs it, for history, where that is not a person: "daemon"
	Healed      map[string][]string      // by address: what of an edit made elsewhere is undone, for history

	mu      sync.Mutex
	listing keyed // one listing of an account at a time
	name    keyed // creates of one name go one at a time
}

// Apply does what the plan says, playlists side by side and one write at a time in each, and records each success before
// the next request. A playlist that fails does not stop the others, but what concerns the whole run does. The error is
// what ended the run; failures of single playlists are in the result.
func (a *Applier) Apply(ctx context.Context, p *reconcile.Plan) (*reconcile.Result, error) {
	res := &reconcile.Result{}
	if err := p.Forbidden(); err != nil {
		return res, err
	}
	if err := a.prepare(p); err != nil {
		return res, err
	}
	for _, c := range p.Changes {
		if c.Refused {
			res.Refused = append(res.Refused, c.Address)
		}
	}
	todo := ready(p)
	// What an earlier run left half done goes first; what removes goes last: should something be wrong, it shows before
	// anything is gone.
	slices.SortStableFunc(todo, func(i, j int) int { return lateness(p.Changes[i]) - lateness(p.Changes[j]) })

	var mu sync.Mutex
	err := observe.Parallel(a.Parallelism, len(todo), func(i int) error {
		c := p.Changes[todo[i]]
		if a.stopping() {
			return reconcile.ErrStopped
		}
		a.event(reconcile.Event{Type: reconcile.EventStarted, Address: c.Address, Account: c.Account, Action: c.Action, ID: c.ID})
		w := newWriter(a, p, c)
		err := w.do(ctx)
		mu.Lock()
		defer mu.Unlock()
		res.Requests += w.requests
		if err == nil {
			res.Applied = append(res.Applied, c.Address)
			a.event(reconcile.Event{Type: reconcile.EventApplied, Address: c.Address, Account: c.Account, Action: c.Action, ID: w.id, Removed: c.SongsRemoved})
			return nil
		}
		if errors.Is(err, reconcile.ErrStopped) {
			return err
		}
		if observe.StopsRun(err) { // nothing is wrong with this playlist
			res.Unfinished = append(res.Unfinished, c.Address)
			return err
		}
		res.Failures = append(res.Failures, reconcile.Failure{Address: c.Address, Err: err, Source: w.source})
		a.event(reconcile.Event{Type: reconcile.EventFailed, Address: c.Address, Account: c.Account, Action: c.Action, ID: w.id, Message: err.Error(), Source: w.source})
		return nil
	})
	slices.Sort(res.Applied)
	slices.Sort(res.Unfinished)
	slices.SortFunc(res.Failures, func(x, y reconcile.Failure) int { return strings.Compare(x.Address, y.Address) })
	res.Pending = a.Lock.Pending()
	if errors.Is(err, reconcile.ErrStopped) {
		res.Stopped, err = true, nil
	}
	return res, err
}

// ready are the changes that can be done now: those that wait for no other playlist's ID. Where all wait, they wait for each
// other, or one for itself; then the new ones that have a name are created, and described once the IDs are known.
func ready(p *reconcile.Plan) []int {
	var known, named []int
	for i, c := range p.Changes {
		switch {
		case !c.Acts():
		case len(c.Unknown) == 0:
			known = append(known, i)
		case c.Action == reconcile.Create && !slices.Contains(c.Unknown, "name"):
			named = append(named, i)
		}
	}
	if len(known) > 0 {
		return known
	}
	return named
}

func lateness(c reconcile.Change) int {
	switch {
	case c.Unfinished:
		return -1
	case c.Action == reconcile.Delete:
		return 1
	}
	return 0
}

// prepare writes to the lock file what only it will say differently, and makes sure that IDs can be remembered.
func (a *Applier) prepare(p *reconcile.Plan) error {
	creates := slices.ContainsFunc(p.Changes, func(c reconcile.Change) bool { return c.Action == reconcile.Create && c.Acts() })
	if creates {
		if err := a.State.ProveWritable(); err != nil {
			return fmt.Errorf("nothing was sent, for what is created could not be remembered: %w", err)
		}
		if err := a.Lock.ProveWritable(); err != nil {
			return fmt.Errorf("nothing was sent, for what is created could not be remembered: %w", err)
		}
	}
	err := a.Lock.Update(func(f *lockfile.File) {
		for _, label := range slices.Sorted(maps.Keys(p.Accounts)) {
			acc := p.Accounts[label]
			if _, ok := f.Accounts[label]; !ok && usesAccount(p, label) {
				if f.Accounts == nil {
					f.Accounts = make(map[string]lockfile.Account)
				}
				f.Accounts[label] = lockfile.Account{ID: acc.ID, User: acc.User, Name: acc.Name}
			}
		}
		for _, l := range p.LockChanges {
			e, ok := f.Playlists[l.Address]
			if !ok || e.ID != l.ID {
				continue
			}
			delete(f.Playlists, l.Address)
			if l.Kind == reconcile.LockMove {
				f.Playlists[l.To] = e
			}
		}
		for _, c := range p.Changes {
			e, ok := f.Playlists[c.Address]
			if !ok || e.ID != c.ID {
				continue
			}
			c.UpdateEntry(&e)
			if c.Action == reconcile.None && p.Command != reconcile.CommandRollback {
				e.Held = nil // one that is in force was not planned
			}
			f.Playlists[c.Address] = e
		}
	})
	if err != nil {
		return err
	}
	open, err := a.State.OpenCreates()
	if err != nil {
		return err
	}
	for _, c := range p.Changes {
		if c.Unfinished && c.Action == reconcile.None {
			err = errors.Join(err, a.State.EndReplace(c.ID))
		}
		for _, o := range open { // killed after the ID was written down
			if o.Address == c.Address && c.ID != "" && c.Action != reconcile.Adopt && a.Lock.Current().Playlists[c.Address].ID == c.ID {
				err = errors.Join(err, a.State.EndCreate(o.Key, c.ID))
			}
		}
	}
	for _, l := range p.LockChanges {
		if l.Kind == reconcile.LockMove {
			err = errors.Join(err, a.State.MoveRemembered(l.Address, l.To), a.State.MoveBase(l.Address, l.To))
		} else {
			err = errors.Join(err, a.State.Forget(l.Address), a.State.DropBase(l.Address))
		}
	}
	return err
}

func usesAccount(p *reconcile.Plan, label string) bool {
	return slices.ContainsFunc(p.Changes, func(c reconcile.Change) bool {
		return c.Account == label && c.Action != reconcile.Skipped && !c.Refused
	})
}

func (a *Applier) stopping() bool {
	select {
	case <-a.Stop:
		return true
	default:
		return false
	}
}

func (a *Applier) event(e reconcile.Event) {
	if a.Report == nil {
		return
	}
	e.Time = time.Now().UTC()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Report(e)
}

// history is the record of this run for one account, begun when first needed.
func (a *Applier) history(p *reconcile.Plan, label string) (*store.RunLog, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if log, ok := a.Runs[label]; ok {
		return log, nil
	}
	log, err := a.Accounts[label].BeginRun(store.Run{Time: time.Now().UTC(), Command: string(p.Command), By: a.By, LockFile: a.Lock.Path(), Account: p.Accounts[label].ID})
	if err != nil {
		return nil, fmt.Errorf("nothing was changed, for history could not be written: %w", err)
	}
	if a.Runs == nil {
		a.Runs = make(map[string]*store.RunLog)
	}
	a.Runs[label] = log
	return log, nil
}

// library is what an account holds, asked for at most once.
func (a *Applier) library(ctx context.Context, label string, api API) ([]spotify.Playlist, error) {
	unlock, err := a.listing.lock(ctx, label)
	if err != nil {
		return nil, err
	}
	defer unlock()
	a.mu.Lock()
	all, ok := a.Library[label]
	a.mu.Unlock()
	if ok {
		return all, nil
	}
	if all, err = api.Playlists(ctx); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.Library == nil {
		a.Library = make(map[string][]spotify.Playlist)
	}
	a.Library[label] = all
	return all, nil
}

// keyed lets one caller at a time in for each key. Whoever waits can be called off.
type keyed struct {
	mu    sync.Mutex
	locks map[string]chan struct{}
}

func (k *keyed) lock(ctx context.Context, key string) (unlock func(), err error) {
	k.mu.Lock()
	if k.locks == nil {
		k.locks = make(map[string]chan struct{})
	}
	l := k.locks[key]
	if l == nil {
		l = make(chan struct{}, 1)
		k.locks[key] = l
	}
	k.mu.Unlock()
	select {
	case l <- struct{}{}:
		return func() { <-l }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
