package config

import (
	"maps"
	"slices"
)

// lacking are the addresses without an ID that some attributes of a block may need the ID of. What an expression looks up
// by a key that it works out may be any instance of the block.
func (ev *evaluation) lacking(pl *playlist, attrs []string) []string {
	var all []string
	for _, attr := range attrs {
		start := node{"playlist", pl.label, attr}
		found, known := ev.needed[start]
		if !known {
			found = ev.lackingFrom(start)
			if ev.needed == nil {
				ev.needed = map[node][]string{}
			}
			ev.needed[start] = found
		}
		all = append(all, found...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (ev *evaluation) lackingFrom(start node) []string {
	found := map[string]bool{}
	visited := map[node]bool{start: true}
	for queue := []node{start}; len(queue) > 0; queue = queue[1:] {
		for _, e := range ev.Module.needs(queue[0]) {
			if e.to.attr == "id" && e.to.kind == "playlist" {
				ev.withoutID(e, found)
			}
			if !visited[e.to] {
				visited[e.to] = true
				queue = append(queue, e.to)
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// withoutID adds the instances an edge leads to that have no ID yet.
func (ev *evaluation) withoutID(e edge, found map[string]bool) {
	st := ev.states[e.to.name]
	if st == nil {
		return
	}
	for _, inst := range st.instances {
		id, ok := inst.readable["id"]
		if ok && !id.IsKnown() && (e.key == "" || e.key == inst.address.Key) {
			found[inst.address.String()] = true
		}
	}
}
