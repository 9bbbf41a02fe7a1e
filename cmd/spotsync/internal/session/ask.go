package session

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/apply"
	"github.com/spotsync/spotsync/reconcile/run"
)

// ApplyOptions are how a plan is applied.
type ApplyOptions struct {
	Plan        PlanOptions
	Show        ShowOptions
	AutoApprove bool
	Verify      apply.Verify

	toldRefusals bool // what is refused was said before somebody was asked
}

// PlanAndApply shows what replan plans, asks, and does it. Whoever waits for an answer does not keep others waiting: the
// lock is let go meanwhile, and everything checked again.
func PlanAndApply(ctx context.Context, s *Session, path string, o ApplyOptions, replan func() (*run.Planned, error)) error {
	if err := s.Take(ctx); err != nil {
		return err
	}
	got, err := replan()
	if err != nil {
		return err
	}
	got.Plan.Path = path
	s.NameSongs(ctx, got.Plan, s.App.OutTTY && o.Plan.Refresh && !o.Show.JSON)
	if err := announce(s, got, o.Show); err != nil {
		return err
	}
	if err := got.Plan.Forbidden(); err != nil {
		return err
	}
	if !got.Plan.Empty() && !o.AutoApprove {
		if err := s.App.CannotAsk(); err != nil { // nothing was wrong, and the plan is shown: all that is missing is a yes
			err = fmt.Errorf("nothing was done: %s asks before it does what the plan says, and %w. To do it unasked, add --auto-approve", s.App.Command, err)
			return WithRefusals(WithSkipped(err, got.Plan.Skipped(), false), got.Plan.Refusals, false)
		}
		showRefusals(s.App, got.Plan.Refusals)
		s.letGo()
		fast, err := confirm(ctx, s, got.Plan)
		if err != nil {
			return err
		}
		if err := s.Take(ctx); err != nil {
			return err
		}
		again, err := replan()
		if err != nil {
			return err
		}
		if !again.Plan.SameAs(got.Plan) {
			return &ended{KindPartly, errors.New("something changed while the question waited, so nothing was done: run the command again to see what differs now")}
		}
		got, again.Plan.Path, o.toldRefusals = again, path, true
		if fast {
			got.Plan.TakeCheaper()
		}
	}
	if err := s.perform(ctx, got, o); err != nil {
		return err
	}
	return Differences(got.Plan, o.Show)
}

// announce shows the plan before anything is done. As JSON it is the first event.
func announce(s *Session, got *run.Planned, show ShowOptions) error {
	if !show.JSON {
		if err := ShowPlan(s.App, got.Plan, show, s.Takes(got.Plan, got.Desired)); err != nil {
			return err
		}
		s.Countdown()
		return nil
	}
	return Emit(s.App, Event{Type: "plan", Plan: got.Plan})
}

// losses says before the question what a plan takes away.
func losses(p *reconcile.Plan) string {
	var parts []string
	if n := p.Summary.SongsRemoved; n > 0 {
		playlists := 0
		for _, c := range p.Changes {
			if c.Acts() && c.SongsRemoved > 0 {
				playlists++
			}
		}
		parts = append(parts, "removes "+words.Plural(n, "song")+" from "+words.Plural(playlists, "playlist"))
	}
	if n := p.Summary.Delete; n > 0 {
		parts = append(parts, "deletes "+words.Plural(n, "playlist"))
	}
	if len(parts) == 0 {
		return ""
	}
	return "This " + strings.Join(parts, " and ") + ". "
}

// confirm asks whether the plan is to be done, and whether the cheaper way that gives up dates is. Destroying wants a
// number typed.
func confirm(ctx context.Context, s *Session, p *reconcile.Plan) (fast bool, err error) {
	left, question := "", "Do this"
	if n := p.Summary.Refused; n > 0 {
		left, question = words.Counted(n, "playlist is", "playlists are")+" refused and left alone. ", "Do the rest"
	}
	if p.Command == reconcile.CommandDestroy {
		n := p.Summary.Delete
		answer, err := s.App.Ask(ctx, fmt.Sprintf("\n%sThis deletes %s. Type the number to go on: ", left, words.Plural(n, "playlist")))
		if err != nil {
			return false, err
		}
		if answer != strconv.Itoa(n) {
			return false, fmt.Errorf("nothing was deleted: %q is not %d", answer, n)
		}
		return false, nil
	}
	cheaper, saves, lost := 0, 0, 0
	for _, c := range p.Changes {
		if c.Cheaper != nil {
			cheaper++
			saves += c.CheaperSaves()
			lost += c.Cheaper.DatesLost
		}
	}
	if cheaper > 0 {
		s.App.Say("\nKeeping every date added takes %s.\nGiving up the dates of %s would save %s: answer \"fast\" for that.",
			words.Plural(p.Summary.Requests, "request"), words.Plural(lost, "item"), words.Plural(saves, "request"))
	}
	answer, err := s.App.Ask(ctx, "\n"+losses(p)+left+question+"? Only \"yes\" is taken for yes: ")
	switch {
	case err != nil:
		return false, err
	case answer == "fast" && cheaper > 0:
		return true, nil
	case answer != "yes":
		return false, errors.New("nothing was done")
	}
	return false, nil
}
