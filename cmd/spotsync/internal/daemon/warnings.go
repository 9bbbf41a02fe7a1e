package daemon

import (
	"slices"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/render"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/reconcile"
)

// planWarning is what a plan warns of. The line to blame is left out: it may move without anything being new.
type planWarning struct{ address, text string }

// tellWarnings logs what a plan warns of, once while it lasts.
func (d *runner) tellWarnings(r *attempt) {
	if r.planned == nil || len(r.verdicts) != len(r.planned.Plan.Changes) {
		return // nothing is known
	}
	warned := make(map[planWarning]bool)
	for _, w := range warningsOf(r.planned.Plan) {
		key := planWarning{w.Address, w.Text}
		if !d.warned[key] && !warned[key] {
			event := d.app.Log.Warn().Str("playlist", w.Address).Str("account", session.AccountIn(r.planned.Plan, w.Address))
			blaming(event, w.Source).Msg(w.Text)
		}
		warned[key] = true
	}
	d.warned = warned
}

// warningsOf are what a plan warns of, and what when_empty decided about lists that came to nothing: nobody reads the plans of
// a daemon, and a playlist that keeps or loses its songs for that is not what its list says.
func warningsOf(plan *reconcile.Plan) []reconcile.Warning {
	all := slices.Clone(plan.Warnings)
	for _, c := range plan.Checks {
		if c.Kind == "when_empty" && c.Status == reconcile.CheckPass {
			all = append(all, reconcile.Warning{Address: c.Address, Text: c.Message, Source: c.Source})
		}
	}
	return all
}

// keepsSongs reports whether a playlist is only as the files say because its songs stay while its list came to nothing.
func keepsSongs(plan *reconcile.Plan, c *reconcile.Change) bool {
	return c.After != nil && len(c.After.Tracks) > 0 && slices.ContainsFunc(plan.Checks, func(x reconcile.CheckResult) bool {
		return x.Kind == "when_empty" && x.Status == reconcile.CheckPass && x.Address == c.Address
	})
}

// warnings are what the plan of a round warns of about one playlist, and what came up while it was done. The
// caller holds d.mu.
func (d *runner) warnings(r *attempt, address string, titles map[string]string) []string {
	var lines []string
	add := func(text, source string) {
		line := render.Warning(titles, reconcile.Warning{Text: text, Source: source})
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	for _, w := range warningsOf(r.planned.Plan) {
		if w.Address == address {
			add(w.Text, w.Source)
		}
	}
	for _, e := range d.events {
		if e.Address == address {
			add(e.Message, e.Source)
		}
	}
	return lines
}
