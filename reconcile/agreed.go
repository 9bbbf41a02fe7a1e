package reconcile

import (
	"maps"
	"slices"

	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// Agreed are the bases to save of what a plan found in agreement, for the next plan to tell who changed what. bases are what
// was agreed on before; one that says the same already is left out.
func (p *Plan) Agreed(bases map[string]store.Base) []store.Base {
	var found []store.Base
	for _, c := range p.Changes {
		agreed := c.Action == None && c.Before != nil && c.After != nil && len(c.Edits) == 0
		if !agreed || c.Before.Seen.IsZero() {
			continue
		}
		b := store.Base{Address: c.Address, Time: p.PlannedAt, Confirmed: true, Contents: c.Before.Contents(c.ID)}
		if old, ok := bases[c.Address]; ok && old.Contents.ID == c.ID {
			learned := c.Learned
			learned.Aliases = learnedThen(&old).With(learned).Aliases
			learned.KeepIn(&b)
			b.Removed = staying(&old, c.Before.Tracks)
			undone := undated(old.Contents.Items) // what a write of ours added there was not read yet
			if undone && undated(b.Contents.Items) && SameItems(old.Contents.Items, b.Contents.Items) {
				b.Time, b.Wrote = old.Time, old.Wrote
			}
			same := old.Confirmed && undone == undated(b.Contents.Items) && SameItems(old.Contents.Items, b.Contents.Items) && SameDetails(old.Contents.Details, b.Contents.Details) &&
				samePublic(old.PublicIgnored, b.PublicIgnored) && maps.Equal(old.Aliases, b.Aliases) && maps.Equal(old.Shown, b.Shown)
			if same {
				continue
			}
		}
		found = append(found, b)
	}
	return found
}

// undated reports whether a row is known only because we wrote it.
func undated(items []spotify.Item) bool {
	return slices.ContainsFunc(items, func(it spotify.Item) bool { return it.AddedAt.IsZero() && !it.Opaque() })
}
