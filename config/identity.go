package config

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/spotify"
)

// importValues works import blocks out.
func (ev *evaluation) importValues(d *Desired) {
	to := map[string]hcl.Range{}
	for _, imp := range ev.imports {
		address := imp.to.String()
		there := ev.has(imp.to, imp.toRng)
		if first, ok := to[address]; ok && there {
			ev.add(twice(imp.toRng, first, "An import of "+address))
			there = false
		}
		to[address] = imp.toRng
		if id, ok := ev.playlistID(imp.id, nil); ok && there {
			if id == "" {
				ev.add(diag.Error(imp.id.Range(), "ID is null", "An import needs the ID, URI or link of a playlist."))
				continue
			}
			d.Imports = append(d.Imports, Import{To: address, ID: id, Range: imp.rng})
		}
	}
}

// has reports whether the configuration has a playlist of that address, and complains when it has not.
func (ev *evaluation) has(a Address, rng hcl.Range) bool {
	st := ev.states[a.Label]
	if st == nil {
		near := ""
		if name := diag.Nearest(a.Label, slices.Sorted(maps.Keys(ev.playlists))); name != "" {
			near = fmt.Sprintf(" Did you mean playlist.%s?", name)
		}
		if ev.playlists[a.Label] == nil {
			ev.add(diag.Error(rng, "Unknown playlist", fmt.Sprintf("There is no %s.%s", a, cmp.Or(near, fmt.Sprintf(" Write its block first: playlist %q { … }", a.Label)))))
		}
		return false
	}
	if st.unknown {
		return false
	}
	for _, inst := range st.instances {
		if inst.address == a {
			return true
		}
	}
	why := fmt.Sprintf("\"for_each\" of playlist.%s has no key %s.", a.Label, diag.QuoteHCL(a.Key))
	switch {
	case ev.playlists[a.Label].forEach == nil:
		why = fmt.Sprintf("playlist.%s has no for_each, so its address has no key.", a.Label)
	case !a.Indexed:
		why = fmt.Sprintf("playlist.%s has for_each; name one of its playlists, as in playlist.%s[\"key\"].", a.Label, a.Label)
	}
	ev.add(diag.Error(rng, "Unknown playlist", why))
	return false
}

// checkMoves refuses a move from or to what is not so: a typing error here would make a second playlist.
func (ev *evaluation) checkMoves(d *Desired) {
	there := map[string]bool{}
	open := map[string]bool{} // labels whose keys are not known
	for _, p := range d.Playlists {
		there[p.Address] = true
	}
	for label, st := range ev.states {
		if st.unknown || ev.failed[node{"playlist", label, "for_each"}] {
			open[label] = true
		}
	}
	left := map[string]bool{}
	for _, m := range d.Moved {
		left[m.From] = true
	}
	d.Removed = slices.DeleteFunc(d.Removed, func(r Removed) bool {
		if !there[r.From] {
			left[r.From] = true
			return false
		}
		from, err := ParseAddress(r.From)
		if err != nil || !from.Indexed {
			ev.add(diag.Error(r.Range, "Still there", fmt.Sprintf("%s is removed here, but the configuration still has it. Remove its block or this one.", r.From)))
			return false
		}
		// A row that comes back to a table must not make the whole configuration fail.
		ev.add(diag.Warning(r.Range, "Removed block without effect", fmt.Sprintf("%s is removed here, but the for_each of playlist.%s has its key, so the playlist stays managed. Take the key out of for_each, or remove this block.", r.From, from.Label)))
		return true
	})
	for _, m := range d.Moved {
		to, err := ParseAddress(m.To)
		if there[m.From] {
			ev.add(diag.Error(m.Range, "Still there", fmt.Sprintf("%s is moved here, but the configuration still has it. Take its block away, or this one.", m.From)))
		}
		// A for_each that is worked out may have lost the key: the playlist is then left alone under its new name. Without a
		// key the whole block is meant.
		lost := to.Indexed && slices.ContainsFunc(d.Worked, func(w Worked) bool { return w.Label == to.Label })
		whole := !to.Indexed && ev.playlists[to.Label] != nil && ev.playlists[to.Label].forEach != nil
		if !there[m.To] && !left[m.To] && err == nil && !open[to.Label] && !lost && !whole && !ev.diags.HasErrors() {
			ev.add(diag.Error(m.Range, "Moved to nowhere", fmt.Sprintf("There is no %s for %s to become. Write its block, or correct \"to\".", m.To, m.From)))
		}
	}
	ev.checkMoveCycle(d)
}

func (ev *evaluation) checkMoveCycle(d *Desired) {
	next := map[string]Moved{}
	for _, m := range d.Moved {
		next[m.From] = m
	}
	for _, m := range d.Moved {
		at := m.To
		for range d.Moved {
			if at == m.From {
				ev.add(diag.Error(m.Range, "Moved in a circle", fmt.Sprintf("%s ends up where it began. Keep the one block that says what was renamed last.", m.From)))
				return
			}
			step, ok := next[at]
			if !ok {
				break
			}
			at = step.To
		}
	}
}

// checkIDs refuses one playlist at two addresses.
func (ev *evaluation) checkIDs(d *Desired) {
	type place struct {
		address string
		rng     hcl.Range
	}
	first := map[spotify.ID]place{}
	written := map[string]spotify.ID{}
	for _, p := range d.Playlists {
		if p.ID == "" {
			continue
		}
		rng := p.Ranges["id"]
		written[p.Address] = p.ID
		if other, ok := first[p.ID]; ok {
			ev.add(diag.Error(rng, "One playlist twice", fmt.Sprintf("%s and %s have the same id, %s. A playlist can be managed at one address only; remove one of them, or correct its id.", other.address, p.Address, p.ID)))
			continue
		}
		first[p.ID] = place{p.Address, rng}
	}
	for _, imp := range d.Imports {
		if id, ok := written[imp.To]; ok && id != imp.ID {
			ev.add(diag.Error(imp.Range, "Two IDs for one playlist", fmt.Sprintf("%s has the id %s in its block, and this import says %s. Keep one.", imp.To, id, imp.ID)))
			continue
		}
		if other, ok := first[imp.ID]; ok && other.address != imp.To {
			ev.add(diag.Error(imp.Range, "One playlist twice", fmt.Sprintf("%s and %s are both to be %s. A playlist can be managed at one address only.", other.address, imp.To, imp.ID)))
			continue
		}
		first[imp.ID] = place{imp.To, imp.Range}
	}
}
