package run

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/apply"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// Doing says how a plan is applied. Its functions may be nil.
type Doing struct {
	Verify      apply.Verify
	Parallelism int             // playlists side by side
	Stop        <-chan struct{} // closed: finish the request in flight, record it, start no other
	Limited     func() bool     // whether Spotify has answered 429 in this run
	By          string          // as in [apply.Applier]
	Healed      func(*reconcile.Plan) map[string][]string

	LockTimeout time.Duration                                                   // how long another process that writes to an account is waited for
	WaitFor     func(holder string)                                             // told whom that is
	Finishing   func(ctx context.Context) (context.Context, context.CancelFunc) // the context of writes

	// Begin is called before each wave. Report is told what happens from then to the call of what Begin returns.
	Begin  func(*reconcile.Plan) (report func(reconcile.Event), done func())
	Report func(reconcile.Event)

	// StopAtFailure: no wave follows one in which a playlist failed.
	StopAtFailure bool
}

// Apply does a plan. Where one change needs the ID of a playlist that another creates, next plans again what was left open,
// nil for nothing, and that is done too. each is told what came of each wave. What still waits when nothing goes on any more
// is returned.
func (r *Run) Apply(ctx context.Context, first *Planned, o Doing, next func(context.Context) (*Planned, error), each func(*Planned, *reconcile.Result)) (waiting []reconcile.Failure, err error) {
	history := make(map[string]*store.RunLog) // however many waves: for rollback it is one run
	waves := reconcile.NewWaves(first.Plan)
	for got := first; got != nil; {
		res, err := r.wave(ctx, got, o, history)
		each(got, res)
		waiting := Waiting(got.Plan)
		another := waves.Another(res.Applied)
		switch {
		case err != nil, res.Stopped, len(waiting) == 0, o.StopAtFailure && len(res.Failures) > 0:
			return nil, err
		case !another:
			return waiting, nil
		}
		if got, err = next(ctx); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// Waiting are the changes that wait for the ID of a playlist that did not exist when they were planned.
func Waiting(p *reconcile.Plan) []reconcile.Failure {
	var waiting []reconcile.Failure
	for _, c := range p.Changes {
		if len(c.Unknown) > 0 && c.Acts() {
			waiting = append(waiting, reconcile.Failure{Address: c.Address, Err: fmt.Errorf("its %s needs the ID of a playlist that this run did not create", strings.Join(c.Unknown, " and its "))})
		}
	}
	return waiting
}

// wave does what one plan knows how to do. Each account's lock is taken here.
func (r *Run) wave(ctx context.Context, got *Planned, o Doing, history map[string]*store.RunLog) (*reconcile.Result, error) {
	a := &apply.Applier{
		APIs: make(map[string]apply.API), Accounts: make(map[string]*store.Account), Library: make(map[string][]spotify.Playlist),
		Lock: r.Lock, State: r.State, Verify: o.Verify, Parallelism: o.Parallelism, Stop: o.Stop, Limited: o.Limited,
		Report: o.Report, Runs: history, By: o.By,
	}
	if o.Healed != nil {
		a.Healed = o.Healed(got.Plan)
	}
	for _, label := range slices.Sorted(maps.Keys(got.Plan.Accounts)) {
		if got.Offline && got.Plan.Empty() {
			continue
		}
		opened, err := r.Open(ctx, got.Desired, label, false)
		if err != nil {
			return &reconcile.Result{}, err
		}
		if acc := got.Plan.Accounts[label]; acc.ID != opened.User.Account() {
			return &reconcile.Result{}, fmt.Errorf("the plan is for account %s and the login for %s: plan again", acc.ID, opened.User.Account())
		}
		a.APIs[label], a.Accounts[label] = opened.Client, opened.Account
		if seen := got.Observed[label]; seen != nil && seen.Asked {
			a.Library[label] = seen.Library
		}
		unlock, err := opened.Account.Lock(ctx, o.LockTimeout, o.WaitFor)
		if err != nil {
			return &reconcile.Result{}, err
		}
		defer func() { r.warn(unlock(), "could not let go of the account's lock") }()
	}
	if got.Plan.Command == reconcile.CommandRefreshOnly {
		return &reconcile.Result{}, r.remember(got.Plan, nil)
	}
	if o.Finishing != nil {
		var cancel context.CancelFunc
		ctx, cancel = o.Finishing(ctx)
		defer cancel()
	}
	if o.Begin != nil {
		report, done := o.Begin(got.Plan)
		defer done()
		a.Report = report
	}
	return a.Apply(ctx, got.Plan)
}
