package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/render"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// perform does a plan, and then what could not be known before: names and descriptions that need a new playlist's ID.
func (s *session) perform(ctx context.Context, got *planned, o applyOptions) error {
	total := &reconcile.Result{}
	runs := make(map[string]*store.RunLog) // however many waves: for rollback it is one run
	shown := got.plan                      // what was asked about; later waves plan only what it left open
	var refusals []reconcile.Refusal       // of all waves
	var moved []reconcile.Failure          // what is not what was asked about any more
	if !o.show.json && !shown.Empty() {
		s.say("")
	}
	waves := reconcile.NewWaves(shown)
	for {
		refusals = s.refuse(refusals, got.plan, o.show)
		res, err := s.applyOnce(ctx, got, o, runs)
		total.Applied = slices.Compact(slices.Sorted(slices.Values(append(total.Applied, res.Applied...))))
		total.Requests += res.Requests
		total.Refused = slices.Compact(slices.Sorted(slices.Values(append(total.Refused, res.Refused...))))
		total.Failures, total.Unfinished, total.Stopped, total.Pending = slices.Concat(res.Failures, moved), res.Unfinished, res.Stopped, res.Pending
		waiting := unknown(got.plan)
		stuck := !waves.Another(res)
		if err == nil && !res.Stopped && len(res.Failures) == 0 && stuck {
			for _, f := range waiting {
				s.reporter(o.show)(reconcile.Event{Type: "failed", Address: f.Address, Message: f.Err.Error(), Time: time.Now().UTC()})
			}
			total.Failures = append(total.Failures, waiting...)
		}
		if err != nil || res.Stopped || len(res.Failures) > 0 || len(waiting) == 0 || stuck {
			return s.conclude(shown, total, refusals, err, o)
		}
		o.attended = false
		if got, err = s.makePlan(ctx, got.plan.Command, o.planOptions); err != nil {
			return s.conclude(shown, total, refusals, err, o)
		}
		for _, f := range got.plan.Continue(shown) {
			moved = append(moved, f)
			s.reporter(o.show)(reconcile.Event{Type: "failed", Address: f.Address, Account: accountIn(shown, f.Address), Message: f.Err.Error(), Time: time.Now().UTC()})
		}
	}
}

// refuse adds the refusals of a plan to those of earlier waves, and reports those that are new.
func (s *session) refuse(known []reconcile.Refusal, p *reconcile.Plan, show showOptions) []reconcile.Refusal {
	for _, r := range missing(known, p.Refusals) {
		known = append(known, r)
		s.reporter(show)(reconcile.Event{Type: "refused", Address: r.Address, Account: accountIn(p, r.Address), Message: r.Summary + ". " + r.Detail, Time: time.Now().UTC()})
	}
	return known
}

// accountIn is the label of the account that a playlist of a plan belongs to.
func accountIn(p *reconcile.Plan, address string) string {
	for _, c := range p.Changes {
		if c.Address == address {
			return c.Account
		}
	}
	return ""
}

// unknown are the changes that wait for the ID of a playlist that did not exist when they were planned.
func unknown(p *reconcile.Plan) []reconcile.Failure {
	var waiting []reconcile.Failure
	for _, c := range p.Changes {
		if len(c.Unknown) > 0 && c.Acts() {
			waiting = append(waiting, reconcile.Failure{Address: c.Address, Err: fmt.Errorf("its %s needs the ID of a playlist that this run did not create", strings.Join(c.Unknown, " and its "))})
		}
	}
	return waiting
}

// applyOnce does what one plan knows how to do. The caller holds the lock file's lock; each account's is taken here.
func (s *session) applyOnce(ctx context.Context, got *planned, o applyOptions, runs map[string]*store.RunLog) (*reconcile.Result, error) {
	applier := &reconcile.Applier{
		APIs: make(map[string]reconcile.API), Accounts: make(map[string]*store.Account), Library: make(map[string][]spotify.Playlist),
		Lock: s.lock, State: s.state, Verify: o.verification(), Parallelism: o.parallelism, Stop: s.Stop,
		Report: s.reporter(o.show), Limited: s.limited, Runs: runs,
	}
	for _, label := range sortedKeys(got.plan.Accounts) {
		l, ok := s.logins[label]
		if !ok { // planned from memory
			if got.plan.Empty() {
				continue
			}
			var err error
			if l, err = s.logIn(ctx, accountOf(got.desired, label)); err != nil {
				return &reconcile.Result{}, err
			}
		}
		if acc, ok := got.plan.Accounts[label]; ok && acc.ID != l.user.Account() {
			return &reconcile.Result{}, fmt.Errorf("the plan is for account %s and the login for %s: plan again", acc.ID, l.user.Account())
		}
		applier.APIs[label], applier.Accounts[label] = l.client, s.accountStore(l)
		if seen := got.observed[label]; seen != nil && seen.Asked {
			applier.Library[label] = seen.Library
		}
		unlock, err := applier.Accounts[label].Lock(ctx, o.lockTimeout, s.waitFor)
		if err != nil {
			return &reconcile.Result{}, err
		}
		defer func() {
			if err := unlock(); err != nil {
				s.log.Warn().Err(err).Msg("could not let go of the account's lock")
			}
		}()
	}
	if o.unasked {
		applier.By, applier.Healed = "daemon", healedBy(got.plan)
	}
	if n := got.plan.Summary.Requests; n > manyRequests {
		s.say("%s", announcement("This", n, s.takes(got.plan, got.desired)))
	}
	if got.plan.Command == "refresh-only" {
		return &reconcile.Result{}, reconcile.Remember(s.state, got.plan, nil)
	}
	ctx, cancel := s.finishing(ctx)
	defer cancel()
	if !o.show.json {
		doing := s.progress("Applying")
		defer doing.Done()
		applier.Report = doing.counting(got.plan.Summary.Requests, applier.Report)
	}
	return applier.Apply(ctx, got.plan)
}

// limited reports whether Spotify holds requests about playlists back.
func (s *session) limited() bool {
	for _, l := range s.limits {
		if !l.NotBefore(spotify.GroupPlaylists).Until.IsZero() {
			return true
		}
	}
	return false
}

// reporter shows what happens while it happens.
func (s *session) reporter(show showOptions) func(reconcile.Event) {
	if s.hooks.event != nil {
		return s.hooks.event
	}
	if show.json {
		return func(e reconcile.Event) {
			if err := s.emit(jsonEvent{Type: e.Type, Event: &e}); err != nil {
				s.log.Warn().Err(err).Msg("could not write an event")
			}
		}
	}
	return func(e reconcile.Event) {
		switch e.Type {
		case "created":
			s.say("%s: created as %s", e.Address, e.ID)
		case "applied":
			s.say("%s: done (%s)", e.Address, strings.TrimSuffix(string(e.Action)+", "+render.SongsRemoved(e.Removed), ", "))
		case "failed":
			s.say("%s%s: %s", blame(e.Source), e.Address, words.FromError(errors.New(e.Message)))
		case "warning":
			s.note("%s%s: %s", blame(e.Source), e.Address, words.FromError(errors.New(e.Message)))
		}
	}
}

// blame puts the line to blame in front of a message; nothing where none is known.
func blame(source string) string {
	if source == "" {
		return ""
	}
	return words.Printable(source) + ": "
}

// jsonEvent is one line of apply --json.
type jsonEvent struct {
	FormatVersion string           `json:"format_version"`
	Type          string           `json:"type"` // plan, then those of reconcile.Event, then summary
	Plan          *reconcile.Plan  `json:"plan,omitempty"`
	Event         *reconcile.Event `json:"event,omitempty"`
	Summary       *applySummary    `json:"summary,omitempty"`
}

func (a *app) emit(e jsonEvent) error {
	e.FormatVersion = reconcile.FormatVersion
	return a.writeJSON(e)
}
