package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/spotsync/spotsync/config/diag"
)

// node is something other expressions can refer to: a local value, or one attribute of a playlist block, so that two
// playlists may mention each other's names.
type node struct{ kind, name, attr string }

func (n node) String() string {
	if n.kind == "local" {
		return "local." + n.name
	}
	return "playlist." + n.name + "." + n.attr
}

// nodes are those a reference needs, for_each apart: every attribute of a playlist waits for that.
func (r reference) nodes() []node {
	switch {
	case r.kind == "local":
		return []node{{"local", r.name, ""}}
	case r.kind != "playlist":
		return nil
	case r.attr == "uri":
		return []node{{"playlist", r.name, "id"}}
	case r.attr != "":
		return []node{{"playlist", r.name, r.attr}}
	}
	return []node{{"playlist", r.name, "name"}, {"playlist", r.name, "description"}, {"playlist", r.name, "tracks"}, {"playlist", r.name, "id"}}
}

// edge leads from a node to one it needs first.
type edge struct {
	to  node
	at  hcl.Range
	key string // of an instance, where it is written out
}

func (m *Module) needs(n node) []edge {
	var edges []edge
	var e *expression
	if n.kind == "local" {
		e = m.locals[n.name]
	} else {
		pl := m.playlists[n.name]
		if n.attr == "for_each" {
			e = pl.forEach
		} else {
			e = pl.attrs[n.attr]
			if pl.forEach != nil {
				edges = append(edges, edge{to: node{"playlist", n.name, "for_each"}, at: pl.forEach.written})
			}
		}
	}
	used := []*expression{e}
	if n.attr == "id" {
		for _, imp := range m.imports {
			if imp.to.Label == n.name {
				used = append(used, imp.id)
			}
		}
	}
	for _, e := range used {
		if e == nil {
			continue
		}
		for _, r := range e.refs {
			for _, to := range r.nodes() {
				edges = append(edges, edge{to: to, at: r.rng, key: r.key})
			}
		}
	}
	return edges
}

// sort works out the order of evaluation, and reports each cycle once.
func (p *parser) sort() {
	const visiting, done = 1, 2
	state := map[node]int{}
	var path []node
	var visit func(node)
	visit = func(n node) {
		state[n] = visiting
		path = append(path, n)
		for _, e := range p.needs(n) {
			switch state[e.to] {
			case visiting:
				p.add(cycle(append(slices.Clone(path[slices.Index(path, e.to):]), e.to), e.at))
			case 0:
				visit(e.to)
			}
		}
		path = path[:len(path)-1]
		state[n] = done
		p.order = append(p.order, n)
	}
	var all []node
	for _, name := range slices.Sorted(maps.Keys(p.locals)) {
		all = append(all, node{"local", name, ""})
	}
	for _, name := range slices.Sorted(maps.Keys(p.playlists)) {
		for _, attr := range []string{"for_each", "id", "name", "description", "tracks"} {
			all = append(all, node{"playlist", name, attr})
		}
	}
	for _, n := range all {
		if state[n] == 0 {
			visit(n)
		}
	}
}

func cycle(members []node, at hcl.Range) *hcl.Diagnostic {
	if len(members) == 2 {
		return diag.Error(at, "Cycle", fmt.Sprintf("%s refers to itself.", members[0]))
	}
	names := make([]string, len(members))
	for i, n := range members {
		names[i] = n.String()
	}
	if len(names) > 20 {
		names = slices.Concat(names[:10], []string{"…"}, names[len(names)-10:])
	}
	return diag.Error(at, "Cycle", fmt.Sprintf("These need each other, so none can be worked out first: %s. Take one reference out.", strings.Join(names, " → ")))
}
