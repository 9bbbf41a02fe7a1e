package daemon

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/heal"
)

// ended is what became of a round as the error of a command: with --once a daemon returns what apply would. What a daemon
// leaves alone because it was told to, or until later, is no error.
func (d *runner) ended(r *attempt) error {
	if r.planned == nil || r.Result == "stopped" {
		return r.err
	}
	p := r.planned.Plan
	res := &reconcile.Result{Applied: r.Applied}
	for _, address := range slices.Sorted(maps.Keys(r.failures)) {
		res.Failures = append(res.Failures, reconcile.Failure{Address: address, Err: r.failures[address]})
	}
	var refusals []reconcile.Refusal
	for _, refusal := range p.Refusals {
		if !refusal.All() { // else it is in r.err
			refusals = append(refusals, refusal)
		}
	}
	for _, v := range r.verdicts {
		_, again := r.failures[v.Address]
		why, conflict := r.conflicts[v.Address]
		switch {
		case conflict:
			summary, detail, _ := strings.Cut(why, ". ")
			refusals = append(refusals, reconcile.Refusal{Address: v.Address, Summary: summary, Detail: detail})
		case v.State == heal.Failed && !v.RetryAt.IsZero() && !again: // an earlier round has failed at it
			res.Failures = append(res.Failures, reconcile.Failure{Address: v.Address, Err: errors.New(v.Reason)})
		}
	}
	skipped := p.Skipped()
	for _, c := range skipped {
		d.app.Log.Warn().Str("playlist", c.Address).Str("account", c.Account).Str("problem", strings.Join(c.Reasons, "; ")).Msg("skipped")
	}
	slices.SortStableFunc(refusals, func(a, b reconcile.Refusal) int { return strings.Compare(a.Address, b.Address) })
	return session.WithRefusals(session.WithSkipped(session.Outcome(p, res, r.err), skipped, session.ChangedAnything(res)), refusals, false)
}
