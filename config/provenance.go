package config

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// provenance tells what values are worked out from, looking at expressions alone: the first call of a function that looks at
// files or the day, through locals and other playlists. What is written out, or in a variable, is somebody's own word.
type provenance struct {
	m       *Module
	visited map[node]bool
}

// keysFrom is the call that decides which keys e has, as written; empty when they are written out.
func (m *Module) keysFrom(e *expression) string {
	p := provenance{m, map[node]bool{}}
	return p.keys(e.Expression)
}

// keys looks at what decides the keys of a map or the elements of a set. What a value is worked out from does not matter.
func (p provenance) keys(e hclsyntax.Expression) string {
	switch e := unwrap(e).(type) {
	case *hclsyntax.ObjectConsExpr:
		for _, item := range e.Items {
			if from := p.all(item.KeyExpr); from != "" {
				return from
			}
		}
		return ""
	case *hclsyntax.ForExpr:
		if e.KeyExpr == nil {
			break
		}
		collection := p.keys
		for _, part := range []hclsyntax.Expression{e.KeyExpr, e.CondExpr} {
			if part == nil {
				continue
			}
			if from := p.all(part); from != "" {
				return from
			}
			if usesName(part, e.ValVar) {
				collection = p.all
			}
		}
		return collection(e.CollExpr)
	case *hclsyntax.ConditionalExpr:
		return firstOf(p.all(e.Condition), p.keys(e.TrueResult), p.keys(e.FalseResult))
	case *hclsyntax.ScopeTraversalExpr:
		if name, ok := localOf(e.Traversal); ok && p.m.locals[name] != nil && p.enter(node{"local", name, "keys"}) {
			return p.keys(p.m.locals[name].Expression)
		}
	case *hclsyntax.FunctionCallExpr:
		if e.Name == "merge" || e.Name == "tomap" {
			for _, arg := range e.Args {
				if from := p.keys(arg); from != "" {
					return from
				}
			}
			return ""
		}
	}
	return p.all(e)
}

// all looks at everything in an expression.
func (p provenance) all(e hclsyntax.Expression) (from string) {
	hclsyntax.VisitAll(e, func(n hclsyntax.Node) hcl.Diagnostics {
		if call, ok := n.(*hclsyntax.FunctionCallExpr); ok && from == "" && slices.Contains(impureFunctions, call.Name) {
			from = p.m.written(call)
		}
		return nil
	})
	if from != "" {
		return from
	}
	for _, r := range p.m.referred(e.Variables()) {
		for _, n := range r.nodes() {
			if from := p.node(n); from != "" {
				return from
			}
		}
	}
	return ""
}

func (p provenance) enter(n node) bool {
	if p.visited[n] {
		return false
	}
	p.visited[n] = true
	return true
}

// node looks at a local value, or at an attribute of a playlist and at how many of it there are.
func (p provenance) node(n node) string {
	if !p.enter(n) {
		return ""
	}
	if n.kind == "local" {
		if e := p.m.locals[n.name]; e != nil {
			return p.all(e.Expression)
		}
		return ""
	}
	pl := p.m.playlists[n.name]
	if pl == nil {
		return ""
	}
	if e := pl.attrs[n.attr]; e != nil {
		if from := p.all(e.Expression); from != "" {
			return from
		}
	}
	if pl.forEach != nil && n.attr != "for_each" {
		return p.node(node{"playlist", n.name, "for_each"})
	}
	if pl.forEach != nil {
		return p.keys(pl.forEach.Expression)
	}
	return ""
}

// localOf is the local value that a reference is about.
func localOf(t hcl.Traversal) (string, bool) {
	if t.RootName() != "local" || len(t) < 2 {
		return "", false
	}
	name := nameOf(t[1])
	return name, name != ""
}

// usesName reports whether an expression refers to a variable of a for expression.
func usesName(e hclsyntax.Expression, name string) bool {
	return slices.ContainsFunc(e.Variables(), func(t hcl.Traversal) bool { return t.RootName() == name })
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// written is an expression as it stands in its file, on one line and not too long.
func (m *Module) written(e hclsyntax.Expression) string {
	rng := e.Range()
	src := m.files[rng.Filename]
	if rng.Start.Byte < 0 || rng.End.Byte > len(src) || rng.Start.Byte >= rng.End.Byte {
		return "the expression"
	}
	text := plain(string(src[rng.Start.Byte:rng.End.Byte]))
	const most = 60
	if r := []rune(text); len(r) > most {
		text = string(r[:most-1]) + "…"
	}
	return fmt.Sprintf("`%s`", text)
}
