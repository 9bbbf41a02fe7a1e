package session

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/render"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/run"
	"github.com/spotsync/spotsync/spotify"
)

// perform does a plan, and then what could not be known before: names and descriptions that need a new playlist's ID.
func (s *Session) perform(ctx context.Context, got *run.Planned, o ApplyOptions) error {
	total := &reconcile.Result{}
	shown := got.Plan                // what was asked about; later waves plan only what it left open
	var refusals []reconcile.Refusal // of all waves
	var moved []reconcile.Failure    // what is not what was asked about any more
	if !o.Show.JSON && !shown.Empty() {
		s.App.Say("")
	}
	report := s.reporter(o.Show)
	failed := func(f reconcile.Failure) {
		report(reconcile.Event{Type: reconcile.EventFailed, Address: f.Address, Account: AccountIn(shown, f.Address), Message: f.Err.Error(), Time: time.Now().UTC()})
	}
	refusals = s.refuse(refusals, got.Plan, o.Show)
	waiting, err := s.Pipeline().Apply(ctx, got, s.Doing(o, got.Desired), func(ctx context.Context) (*run.Planned, error) {
		o.Plan.Attended = false
		next, err := s.MakePlan(ctx, shown.Command, o.Plan)
		if err != nil {
			return nil, err
		}
		for _, f := range next.Plan.Continue(shown) {
			moved = append(moved, f)
			failed(f)
		}
		refusals = s.refuse(refusals, next.Plan, o.Show)
		return next, nil
	}, func(_ *run.Planned, res *reconcile.Result) {
		total.Applied = slices.Compact(slices.Sorted(slices.Values(append(total.Applied, res.Applied...))))
		total.Requests += res.Requests
		total.Refused = slices.Compact(slices.Sorted(slices.Values(append(total.Refused, res.Refused...))))
		total.Failures, total.Unfinished, total.Stopped, total.Pending = slices.Concat(res.Failures, moved), res.Unfinished, res.Stopped, res.Pending
	})
	for _, f := range waiting {
		failed(f)
	}
	total.Failures = append(total.Failures, waiting...)
	return s.conclude(shown, total, refusals, err, o)
}

// Doing is how this session applies a plan.
func (s *Session) Doing(o ApplyOptions, desired *config.Desired) run.Doing {
	d := run.Doing{Verify: o.Verify, Parallelism: s.Options.Parallelism, Stop: s.App.Stop, Limited: s.limited, StopAtFailure: true,
		LockTimeout: s.Options.LockTimeout, WaitFor: s.waitFor, Finishing: s.App.Finishing, Report: s.reporter(o.Show)}
	d.Begin = func(p *reconcile.Plan) (func(reconcile.Event), func()) {
		if n := p.Summary.Requests; n > manyRequests {
			s.App.Say("%s", announcement("This", n, s.Takes(p, desired)))
		}
		if o.Show.JSON {
			return d.Report, func() {}
		}
		doing := s.App.Progress("Applying")
		return counting(doing, p.Summary.Requests, d.Report), doing.Done
	}
	return d
}

// refuse adds the refusals of a plan to those of earlier waves, and reports those that are new.
func (s *Session) refuse(known []reconcile.Refusal, p *reconcile.Plan, show ShowOptions) []reconcile.Refusal {
	for _, r := range missing(known, p.Refusals) {
		known = append(known, r)
		s.reporter(show)(reconcile.Event{Type: reconcile.EventRefused, Address: r.Address, Account: AccountIn(p, r.Address), Message: r.Summary + ". " + r.Detail, Time: time.Now().UTC()})
	}
	return known
}

// AccountIn is the label of the account that a playlist of a plan belongs to.
func AccountIn(p *reconcile.Plan, address string) string {
	for _, c := range p.Changes {
		if c.Address == address {
			return c.Account
		}
	}
	return ""
}

// limited reports whether Spotify holds requests about playlists back.
func (s *Session) limited() bool {
	for _, l := range s.limits {
		if !l.NotBefore(spotify.GroupPlaylists).Until.IsZero() {
			return true
		}
	}
	return false
}

// reporter shows what happens while it happens.
func (s *Session) reporter(show ShowOptions) func(reconcile.Event) {
	if s.World.hooks.Event != nil {
		return s.World.hooks.Event
	}
	if show.JSON {
		return func(e reconcile.Event) {
			if err := Emit(s.App, Event{Type: string(e.Type), Event: &e}); err != nil {
				s.App.Log.Warn().Err(err).Msg("could not write an event")
			}
		}
	}
	return func(e reconcile.Event) {
		switch e.Type {
		case reconcile.EventCreated:
			s.App.Say("%s: created as %s", e.Address, e.ID)
		case reconcile.EventApplied:
			s.App.Say("%s: done (%s)", e.Address, strings.TrimSuffix(string(e.Action)+", "+render.SongsRemoved(e.Removed), ", "))
		case reconcile.EventFailed:
			s.App.Say("%s%s: %s", blame(e.Source), e.Address, words.FromError(errors.New(e.Message)))
		case reconcile.EventWarned:
			s.App.Note("%s%s: %s", blame(e.Source), e.Address, words.FromError(errors.New(e.Message)))
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

// counting shows an apply's progress in requests, beside what report does with its events.
func counting(p *term.Progress, total int, report func(reconcile.Event)) func(reconcile.Event) {
	if p == nil {
		return report
	}
	done := 0
	p.Set(0, total)
	return func(e reconcile.Event) {
		if e.Type == reconcile.EventRequested {
			done++
			total = max(total, done) // planned again, a change may take more
			p.Set(done, total)
		}
		report(e)
	}
}
