package reconcile

import (
	"maps"
	"slices"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/lockfile"
)

// moveEntries gives playlists the names that moved blocks say. An instance that its block's for_each has lost follows the
// others, so that a table which loses a row while the block is renamed deletes nothing.
func (p *planner) moveEntries(entries map[string]lockfile.Playlist, blocks map[string]*config.Playlist) {
	p.Bases = maps.Clone(p.Bases)
	move := func(from, to, reason string) {
		p.plan.LockChanges = append(p.plan.LockChanges, LockChange{Kind: LockMove, Address: from, To: to, ID: entries[from].ID, Reason: reason})
		entries[to] = entries[from]
		delete(entries, from)
		if b, ok := p.Bases[from]; ok {
			p.Bases[to] = b
			delete(p.Bases, from)
		}
	}
	for _, m := range inOrder(p.Desired.Moved) {
		for _, from := range sortedKeys(entries) {
			for _, m := range concreteMoves([]config.Moved{m}, from) {
				if to, err := config.ParseAddress(m.To); err == nil && to.Indexed && !p.hasKeys(to.Label) {
					continue // a block without for_each has no such place
				}
				if blocks[m.From] != nil {
					p.diagnose(m.Range, "Moved playlist still exists", "%s is said to have moved to %s, and there is still a block of that name. Remove the block or this one.", m.From, m.To)
					continue
				}
				if other, taken := entries[m.To]; taken {
					p.diagnose(m.Range, "Moved to a place that is taken", "%s is playlist %s already; %s can't be it too. Remove this block, or first: spotsync lock rm %s", m.To, other.ID, m.From, ShellQuote(m.To))
					continue
				}
				move(m.From, m.To, "moved block")
			}
		}
	}
	for _, from := range sortedKeys(entries) {
		to, ok := p.follows(from)
		if _, taken := entries[to]; ok && !taken && blocks[from] == nil && blocks[to] == nil && !p.isRemoved(from) {
			move(from, to, "the other playlists of its block have moved")
		}
	}
}

// follows is where an instance that no moved block names goes, because its block was renamed: there its key is gone from a
// for_each that is worked out.
func (p *planner) follows(address string) (to string, ok bool) {
	a, err := config.ParseAddress(address)
	if err != nil || !a.Indexed || slices.ContainsFunc(p.Desired.Playlists, func(b config.Playlist) bool { return labelOf(b.Address) == a.Label }) ||
		slices.ContainsFunc(p.Desired.Worked, func(w config.Worked) bool { return w.Label == a.Label }) {
		return "", false
	}
	for _, m := range p.Desired.Moved {
		from, err := config.ParseAddress(m.From)
		next, err2 := config.ParseAddress(m.To)
		if err != nil || err2 != nil || from.Label != a.Label || from.Indexed != next.Indexed || from.Key != next.Key ||
			!p.hasKeys(next.Label) {
			continue
		}
		a.Label = next.Label
		return a.String(), true
	}
	return "", false
}

// hasKeys reports whether a label is that of a block with for_each, as far as can be told: it has instances, may have some,
// or had them before it got the name that it has now.
func (p *planner) hasKeys(label string) bool {
	return slices.ContainsFunc(p.Desired.Moved, func(m config.Moved) bool { return labelOf(m.From) == label }) ||
		slices.ContainsFunc(p.Desired.Worked, func(w config.Worked) bool { return w.Label == label }) ||
		slices.ContainsFunc(p.Desired.Playlists, func(b config.Playlist) bool {
			a, err := config.ParseAddress(b.Address)
			return err == nil && a.Indexed && a.Label == label
		})
}

// concreteMoves are the moves that name one address: of its block as a whole, which keep its key, or of itself.
func concreteMoves(moves []config.Moved, address string) []config.Moved {
	var found []config.Moved
	for _, m := range moves {
		if m.From == address {
			found = append(found, m)
			continue
		}
		from, err := config.ParseAddress(m.From)
		to, err2 := config.ParseAddress(m.To)
		a, err3 := config.ParseAddress(address)
		if err != nil || err2 != nil || err3 != nil || from.Indexed || to.Indexed || !a.Indexed || a.Label != from.Label {
			continue
		}
		m.From, a.Label = address, to.Label
		m.To = a.String()
		found = append(found, m)
	}
	return found
}

// movesTo reports whether moved blocks lead from one address to another, be it by several steps.
func (in Input) movesTo(from, to string) bool {
	at := []string{from}
	for range in.Desired.Moved { // a circle ends here too
		var next []string
		for _, a := range at {
			for _, m := range concreteMoves(in.Desired.Moved, a) {
				if m.To == to {
					return true
				}
				next = append(next, m.To)
			}
		}
		at = next
	}
	return false
}

// inOrder sorts moves so that one which leads to where another begins comes before it, whatever the order in the files.
func inOrder(moves []config.Moved) []config.Moved {
	left := slices.Clone(moves)
	out := make([]config.Moved, 0, len(left))
	for len(left) > 0 {
		next := slices.IndexFunc(left, func(m config.Moved) bool {
			return !slices.ContainsFunc(left, func(other config.Moved) bool { return other.To == m.From })
		})
		next = max(next, 0) // a circle: whatever comes first
		out = append(out, left[next])
		left = slices.Delete(left, next, next+1)
	}
	return out
}

// isRemoved reports whether a removed block says what is to become of a playlist.
func (p *planner) isRemoved(address string) bool {
	return slices.ContainsFunc(p.Desired.Removed, func(r config.Removed) bool { return r.From == address })
}
