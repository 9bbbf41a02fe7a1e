package main

import (
	"strings"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/render"
	"github.com/spotsync/spotsync/reconcile"
)

// heals reports whether a change undoes what was edited elsewhere. Where the files changed too, they count for all of it.
func heals(c *reconcile.Change) bool {
	return c.Action == reconcile.Restore || c.Action == reconcile.Update && c.Origin == reconcile.FromSpotify
}

// changedLines say what a change that was made changed, a line each: `name "A" → "B"`, `songs: 3 added, 1 removed`.
func changedLines(p *reconcile.Plan, c *reconcile.Change) []string {
	var lines []string
	if c.Action == reconcile.Restore {
		lines = append(lines, "put back into the library")
	}
	if c.Action == reconcile.Delete {
		return lines
	}
	d := render.Describe(p, c, nil, false)
	for _, a := range d.Attrs {
		switch {
		case a.Name == "tracks" || strings.TrimSpace(a.Sign) == "":
		case a.Old == "":
			lines = append(lines, a.Name+" "+a.New)
		default:
			lines = append(lines, a.Name+" "+a.Old+" → "+a.New)
		}
	}
	if text := d.Tally.String(); text != "" {
		lines = append(lines, "songs: "+text)
	}
	return lines
}

// healedLine is what a heal undid, in one line.
func healedLine(lines []string) string { return "healed: " + strings.Join(lines, "; ") }

// doneLine is a change that was made, in one line: healed or changed, and what of it.
func doneLine(p *reconcile.Plan, c *reconcile.Change) string {
	lines := changedLines(p, c)
	switch {
	case heals(c):
		return healedLine(lines)
	case c.Action == reconcile.Create:
		return strings.Join(append([]string{"created"}, lines...), "; ")
	case c.Action == reconcile.Delete:
		return "deleted"
	case c.Action == reconcile.Adopt:
		if c.Alters() {
			return strings.Join(append([]string{"managed from now on and changed"}, lines...), "; ")
		}
		return "managed from now on"
	}
	return "changed: " + strings.Join(lines, "; ")
}

// healedBy says for each change of a plan that is a heal what it undoes, by address: history keeps that.
func healedBy(p *reconcile.Plan) map[string][]string {
	all := make(map[string][]string)
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Action.Changes() && heals(c) {
			all[c.Address] = changedLines(p, c)
		}
	}
	return all
}
