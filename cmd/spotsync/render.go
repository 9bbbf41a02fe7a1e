package main

import (
	"fmt"
	"io"

	"github.com/spotsync/spotsync/reconcile"
)

// renderOptions say how a plan is shown.
type renderOptions struct {
	Color    bool
	Width    int
	Summary  bool
	Full     bool
	Markdown bool
}

// renderPlan shows a plan to people.
func renderPlan(w io.Writer, p *reconcile.Plan, o renderOptions) error {
	for _, c := range p.Changes {
		fmt.Fprintf(w, "%s %s %d\n", c.Action, c.Address, len(c.Edits))
	}
	return nil
}

// renderResult says what an apply did.
func renderResult(p *reconcile.Plan, res *reconcile.Result) string {
	return fmt.Sprintf("Applied %d of %d changes in %d requests.", len(res.Applied), len(p.Changes), res.Requests)
}
