package config

import (
	"maps"
	"slices"
)

// noteMadeOf fills [Playlist.MadeOf], which counts only where a list of the configuration came to nothing.
func (ev *evaluation) noteMadeOf(d *Desired) {
	if !slices.ContainsFunc(d.Playlists, func(p Playlist) bool { return p.Nothing != "" }) {
		return
	}
	byLabel := map[string][]string{}
	for i := range d.Playlists {
		p := &d.Playlists[i]
		a, err := ParseAddress(p.Address)
		if err != nil || !p.HasTracks {
			continue
		}
		all, known := byLabel[a.Label]
		if !known {
			all = ev.madeOf(a.Label)
			byLabel[a.Label] = all
		}
		p.MadeOf = slices.DeleteFunc(slices.Clone(all), func(on string) bool { return on == p.Address })
	}
}

// madeOf are the addresses whose songs the list of a block uses, through locals and other playlists too. What an expression
// looks up by a key that it works out may be any instance of the block.
func (ev *evaluation) madeOf(label string) []string {
	found := map[string]bool{}
	start := node{"playlist", label, "tracks"}
	visited := map[node]bool{start: true}
	for queue := []node{start}; len(queue) > 0; queue = queue[1:] {
		for _, e := range ev.Module.needs(queue[0]) {
			if st := ev.states[e.to.name]; st != nil && e.to.kind == "playlist" && e.to.attr == "tracks" {
				for _, inst := range st.instances {
					if e.key == "" || e.key == inst.address.Key {
						found[inst.address.String()] = true
					}
				}
			}
			if !visited[e.to] {
				visited[e.to] = true
				queue = append(queue, e.to)
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}
