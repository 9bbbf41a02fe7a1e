package run

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/lockstore"
	"github.com/spotsync/spotsync/reconcile/observe"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// Options decide what a plan is about.
type Options struct {
	Command         reconcile.Command
	Targeted        func(address string) bool // nil: everything
	Offline         bool                      // plan from memory, and ask nothing
	AdoptByName     bool
	CreateDuplicate bool
	Attended        bool // somebody will be asked before anything is done
	NoDelete        bool
	Force           bool
}

// Plan recalls what is remembered, reads what is on Spotify, and works out what differs from what is wanted. What a file is to
// blame for comes back as diagnostics without a plan.
func (r *Run) Plan(ctx context.Context, desired *config.Desired, o Options) (*Planned, hcl.Diagnostics, error) {
	in := reconcile.Input{
		Command: o.Command, Issuer: r.Issuer, Now: time.Now().UTC(), Desired: desired, Lock: r.Lock.Current(),
		Observed: make(map[string]*reconcile.Observed), Targeted: o.Targeted,
		AdoptByName: o.AdoptByName, CreateDuplicate: o.CreateDuplicate, Attended: o.Attended, NoDelete: o.NoDelete, Force: o.Force,
	}
	if err := r.recall(&in); err != nil {
		return nil, nil, err
	}
	for _, label := range Labels(desired, r.Lock, o.Targeted) {
		opened, err := r.Open(ctx, desired, label, o.Offline)
		if err != nil {
			return nil, nil, err
		}
		if locked, ok := in.Lock.Accounts[label]; ok && !reconcile.SameAccount(locked, opened.User) {
			in.Observed[label] = &reconcile.Observed{Label: label, User: opened.User} // refused, without asking for more
			continue
		}
		if in.Observed[label], err = r.observe(ctx, opened.Observer, in); err != nil {
			return nil, nil, err
		}
	}
	plan, diags := reconcile.NewPlan(in)
	if plan == nil || diags.HasErrors() {
		return nil, diags, nil
	}
	if o.Command == reconcile.CommandApply {
		r.warn(r.remember(plan, in.Bases), "could not remember what agrees; the next plan will not know who changed what")
	}
	return &Planned{Plan: plan, Desired: desired, Observed: in.Observed, Offline: o.Offline}, diags, nil
}

// observe reads one account.
func (r *Run) observe(ctx context.Context, o *observe.Observer, in reconcile.Input) (*reconcile.Observed, error) {
	if r.Reading != nil {
		defer r.Reading(o)()
	}
	var managed []spotify.ID
	managed, o.Alone = in.Managed(o.Label)
	seen, err := o.Observe(ctx, managed)
	if err != nil || o.Offline {
		return seen, err
	}
	return seen, o.Settle(ctx, seen, in)
}

// recall adds to a plan's input what this computer remembers.
func (r *Run) recall(in *reconcile.Input) (err error) {
	if in.Bases, err = r.State.Bases(); err != nil {
		return err
	}
	if in.Remembered, err = r.State.Remembered(); err != nil {
		return err
	}
	if in.Creates, err = r.State.OpenCreates(); err != nil {
		return err
	}
	open, err := r.State.OpenReplaces()
	if err != nil {
		return err
	}
	in.Unfinished = make(map[spotify.ID]bool)
	for _, replace := range open {
		in.Unfinished[replace.ID] = true
	}
	return nil
}

// remember records what a plan found in agreement. It changes no playlist and no lock file, so looking at a plan is enough to
// learn from it.
func (r *Run) remember(p *reconcile.Plan, bases map[string]store.Base) error {
	var errs []error
	for _, b := range p.Agreed(bases) {
		errs = append(errs, r.State.SaveBase(b))
	}
	return errors.Join(errs...)
}

// Labels are the accounts a configuration and its lock file speak of, sorted; with a target, those it needs.
func Labels(desired *config.Desired, lock *lockstore.File, targeted func(address string) bool) []string {
	set := make(map[string]bool)
	add := func(address, label string) {
		if targeted == nil || targeted(address) {
			set[label] = true
		}
	}
	for _, p := range desired.Playlists {
		add(p.Address, p.Account)
	}
	for address, e := range lock.Current().Playlists {
		add(address, e.Account)
	}
	if len(set) == 0 {
		set[reconcile.DefaultAccount] = true
	}
	return slices.Sorted(maps.Keys(set))
}
