package render

import (
	"strings"

	"github.com/spotsync/spotsync/reconcile"
)

// Heals reports whether a change undoes what was edited elsewhere. Where the files changed too, they count for all of it.
func Heals(c *reconcile.Change) bool {
	return c.Action == reconcile.Restore || c.Action == reconcile.Update && c.Origin == reconcile.FromSpotify
}

// ChangedLines say what a change that was made changed, a line each: `name "A" → "B"`, `songs: 3 added, 1 removed`.
func ChangedLines(p *reconcile.Plan, c *reconcile.Change) []string {
	var lines []string
	if c.Action == reconcile.Restore {
		lines = append(lines, "put back into the library")
	}
	if c.Action == reconcile.Delete {
		return lines
	}
	d := Describe(p, c, nil, false)
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

// HealedLine is what a heal undid, in one line.
func HealedLine(lines []string) string { return "healed: " + strings.Join(lines, "; ") }

// DoneLine is a change that was made, in one line: healed or changed, and what of it.
func DoneLine(p *reconcile.Plan, c *reconcile.Change) string {
	lines := ChangedLines(p, c)
	switch {
	case Heals(c):
		return HealedLine(lines)
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

// HealedBy says for each change of a plan that is a heal what it undoes, by address: history keeps that.
func HealedBy(p *reconcile.Plan) map[string][]string {
	all := make(map[string][]string)
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Action.Changes() && Heals(c) {
			all[c.Address] = ChangedLines(p, c)
		}
	}
	return all
}
