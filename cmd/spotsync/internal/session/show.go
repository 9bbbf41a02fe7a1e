package session

import (
	"github.com/spotsync/spotsync/cmd/spotsync/internal/render"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/reconcile"
)

// Differences is the exit code of --detailed-exitcode.
func Differences(p *reconcile.Plan, show ShowOptions) error {
	if show.Detailed && !p.Empty() {
		return Silent(KindDifferences)
	}
	return nil
}

// ShowPlan writes a plan to Out, for people or programs; for people with how long it takes, where that is known.
func ShowPlan(a *term.App, p *reconcile.Plan, show ShowOptions, takes string) error {
	if show.JSON {
		return a.WriteJSON(p)
	}
	o := render.Options{Color: a.Color, Width: a.Width, Summary: show.Summary, Full: show.Full, Markdown: show.Markdown, Takes: takes}
	if !a.OutTTY {
		o.Width = 0 // nothing is cut for a file or another program
	}
	return render.Plan(a.Out, p, o)
}
