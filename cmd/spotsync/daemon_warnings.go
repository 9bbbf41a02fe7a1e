package main

import (
	"slices"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/render"
	"github.com/spotsync/spotsync/reconcile"
)

// planWarning is what a plan warns of. The line to blame is left out: it may move without anything being new.
type planWarning struct{ address, text string }

// tellWarnings logs what a plan warns of, once while it lasts.
func (d *daemon) tellWarnings(r *attempt) {
	if r.planned == nil || len(r.verdicts) != len(r.planned.Plan.Changes) {
		return // nothing is known
	}
	warned := make(map[planWarning]bool)
	for _, w := range r.planned.Plan.Warnings {
		key := planWarning{w.Address, w.Text}
		if !d.warned[key] && !warned[key] {
			event := d.log.Warn().Str("playlist", w.Address).Str("account", accountIn(r.planned.Plan, w.Address))
			blaming(event, w.Source).Msg(w.Text)
		}
		warned[key] = true
	}
	d.warned = warned
}

// warnings are what the plan of a round warns of about one playlist, and what came up while it was done. The
// caller holds d.mu.
func (d *daemon) warnings(r *attempt, address string, titles map[string]string) []string {
	var lines []string
	add := func(text, source string) {
		line := render.Warning(titles, reconcile.Warning{Text: text, Source: source})
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	for _, w := range r.planned.Plan.Warnings {
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
