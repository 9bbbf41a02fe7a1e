package main

import (
	"github.com/spotsync/spotsync/cmd/spotsync/internal/render"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/reconcile"
)

// differences is the exit code of --detailed-exitcode.
func differences(p *reconcile.Plan, show showOptions) error {
	if show.detailed && !p.Empty() {
		return silent(kindDifferences)
	}
	return nil
}

// showPlan writes a plan to Out, for people or programs; for people with how long it takes, where that is known.
func showPlan(a *term.App, p *reconcile.Plan, show showOptions, takes string) error {
	if show.JSON {
		return a.WriteJSON(p)
	}
	o := render.Options{Color: a.Color, Width: a.Width, Summary: show.summary, Full: show.full, Markdown: show.markdown, Takes: takes}
	if !a.OutTTY {
		o.Width = 0 // nothing is cut for a file or another program
	}
	return render.Plan(a.Out, p, o)
}
