package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/run"
)

// applyOptions are how a plan is applied.
type applyOptions struct {
	plan        planOptions
	show        showOptions
	autoApprove bool
	verify      reconcile.Verify

	toldRefusals bool // what is refused was said before somebody was asked
}

// planAndApply shows what replan plans, asks, and does it. Whoever waits for an answer does not keep others waiting: the
// lock is let go meanwhile, and everything checked again.
func planAndApply(ctx context.Context, s *Session, path string, o applyOptions, replan func() (*run.Planned, error)) error {
	if err := s.take(ctx); err != nil {
		return err
	}
	got, err := replan()
	if err != nil {
		return err
	}
	got.Plan.Path = path
	s.nameSongs(ctx, got.Plan, s.app.OutTTY && o.plan.refresh && !o.show.JSON)
	if err := announce(s, got, o.show); err != nil {
		return err
	}
	if err := got.Plan.Forbidden(); err != nil {
		return err
	}
	if !got.Plan.Empty() && !o.autoApprove {
		if err := s.app.CannotAsk(); err != nil { // nothing was wrong, and the plan is shown: all that is missing is a yes
			err = fmt.Errorf("nothing was done: %s asks before it does what the plan says, and %w. To do it unasked, add --auto-approve", s.app.Command, err)
			return withRefusals(withSkipped(err, got.Plan.Skipped(), false), got.Plan.Refusals, false)
		}
		showRefusals(s.app, got.Plan.Refusals)
		s.letGo()
		fast, err := confirm(ctx, s, got.Plan)
		if err != nil {
			return err
		}
		if err := s.take(ctx); err != nil {
			return err
		}
		again, err := replan()
		if err != nil {
			return err
		}
		if !again.Plan.SameAs(got.Plan) {
			return &ended{kindPartly, errors.New("something changed while the question waited, so nothing was done: run the command again to see what differs now")}
		}
		got, again.Plan.Path, o.toldRefusals = again, path, true
		if fast {
			got.Plan.TakeCheaper()
		}
	}
	if err := s.perform(ctx, got, o); err != nil {
		return err
	}
	return differences(got.Plan, o.show)
}

// announce shows the plan before anything is done. As JSON it is the first event.
func announce(s *Session, got *run.Planned, show showOptions) error {
	if !show.JSON {
		if err := showPlan(s.app, got.Plan, show, s.takes(got.Plan, got.Desired)); err != nil {
			return err
		}
		s.countdown()
		return nil
	}
	return emit(s.app, Event{Type: "plan", Plan: got.Plan})
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
		answer, err := s.app.Ask(ctx, fmt.Sprintf("\n%sThis deletes %s. Type the number to go on: ", left, words.Plural(n, "playlist")))
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
		s.app.Say("\nKeeping every date added takes %s.\nGiving up the dates of %s would save %s: answer \"fast\" for that.",
			words.Plural(p.Summary.Requests, "request"), words.Plural(lost, "item"), words.Plural(saves, "request"))
	}
	answer, err := s.app.Ask(ctx, "\n"+losses(p)+left+question+"? Only \"yes\" is taken for yes: ")
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
