package config

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/functions"
	"github.com/spotsync/spotsync/config/meter"
)

// expression is something to work out, and what it refers to.
type expression struct {
	hclsyntax.Expression
	name    string    // of the attribute it is the value of
	written hcl.Range // the attribute's name
	refs    []reference
	unsure  bool // refers to what does not exist, or looks at files or the clock
}

// reference is a named value an expression uses.
type reference struct {
	kind string // "var", "local", "playlist" or "each"
	name string // for each: "key" or "value"
	attr string // of a playlist; empty: all of them
	key  string // of a playlist with for_each, where it is written out
	rng  hcl.Range
}

// readable are the attributes other expressions may use, in the order they are told.
var readable = []string{"name", "description", "tracks", "id", "uri"}

// refer finds what e refers to and reports what does not exist. inEach says whether each.key and each.value mean something.
func (p *parser) refer(e *expression, inEach bool) {
	p.expressions = append(p.expressions, e)
	p.callable(e)
	for _, t := range e.Expression.Variables() {
		r, d := p.reference(t, inEach)
		if d != nil {
			p.add(d)
			e.unsure = true
			continue
		}
		e.refs = append(e.refs, r)
	}
}

// callable reports calls of functions there are not. HCL would find them too, one evaluation at a time.
func (p *parser) callable(e *expression) {
	hclsyntax.VisitAll(e.Expression, func(n hclsyntax.Node) hcl.Diagnostics {
		call, ok := n.(*hclsyntax.FunctionCallExpr)
		if !ok {
			return nil
		}
		if p.callables == nil {
			p.callables = functionNames()
		}
		names := p.callables
		_, ok = slices.BinarySearch(names, call.Name)
		if !ok || slices.Contains(impureFunctions, call.Name) {
			e.unsure = true
		}
		if !ok {
			p.add(diag.Error(call.NameRange, "Unknown function", fmt.Sprintf("There is no function %q.%s", call.Name, cmp.Or(diag.DidYouMean(call.Name, names), " The manual's page on functions lists them."))))
		}
		return nil
	})
}

// functionNames are the names of what can be called, sorted.
func functionNames() []string {
	return slices.Sorted(maps.Keys(functions.New(nil, time.Time{}, nil)))
}

func (p *parser) reference(t hcl.Traversal, inEach bool) (reference, *hcl.Diagnostic) {
	r := reference{kind: t.RootName(), rng: t.SourceRange()}
	switch r.kind {
	case "var", "local", "each", "playlist":
	case "data":
		return r, diag.Error(r.rng, "Not available yet", later("data"))
	default:
		return r, unknownRoot(t)
	}
	form := map[string]string{"var": "var.NAME", "local": "local.NAME", "each": "each.key or each.value", "playlist": "playlist.NAME.ATTRIBUTE"}[r.kind]
	if len(t) > 1 {
		switch step := t[1].(type) {
		case hcl.TraverseAttr:
			r.name = step.Name
		case hcl.TraverseIndex:
			r.name, _ = keyOf(step)
		}
	}
	if r.name == "" {
		return r, diag.Error(r.rng, "Incomplete reference", fmt.Sprintf("%q needs to say which one: %s.", r.kind, form))
	}
	named := hcl.RangeBetween(t[0].SourceRange(), t[1].SourceRange())
	missing := func(what, declare string, names []string) *hcl.Diagnostic {
		if len(p.diags) > meter.MaxProblems {
			names = nil // comparing thousands of names with thousands takes for ever, and nobody reads as far
		}
		return diag.Error(named, "Unknown "+what, fmt.Sprintf("There is no %s %q.%s", what, r.name, cmp.Or(diag.DidYouMean(r.name, names), " Declare it with: "+declare)))
	}
	switch r.kind {
	case "var":
		if p.variables[r.name] == nil {
			return r, missing("variable", fmt.Sprintf("variable %q { … }", r.name), slices.Sorted(maps.Keys(p.variables)))
		}
	case "local":
		if p.locals[r.name] == nil {
			return r, missing("local value", fmt.Sprintf("locals { %s = … }", r.name), slices.Sorted(maps.Keys(p.locals)))
		}
	case "each":
		switch {
		case r.name != "key" && r.name != "value":
			return r, diag.Error(r.rng, "Unknown reference", fmt.Sprintf("There is no each.%s, only each.key and each.value.", r.name))
		case !inEach:
			return r, diag.Error(r.rng, "each without for_each", "each.key and each.value mean something only inside a playlist block with for_each, and not in for_each itself.")
		}
	case "playlist":
		if p.playlists[r.name] == nil {
			return r, missing("playlist", fmt.Sprintf("playlist %q { … }", r.name), slices.Sorted(maps.Keys(p.playlists)))
		}
		return p.referPlaylist(r, t[2:])
	}
	return r, nil
}

// referPlaylist looks at what follows playlist.NAME.
func (p *parser) referPlaylist(r reference, rest hcl.Traversal) (reference, *hcl.Diagnostic) {
	many := p.playlists[r.name].forEach != nil
	if len(rest) == 0 {
		return r, nil
	}
	step := rest[0]
	_, isIndex := step.(hcl.TraverseIndex)
	switch {
	case many && !isIndex:
		return r, diag.Error(r.rng, "Which one?", fmt.Sprintf("playlist.%s has for_each, so it is several. Name one: playlist.%s[\"key\"].name", r.name, r.name))
	case !many && isIndex:
		if key, ok := keyOf(step); !ok || !slices.Contains(readable, key) {
			return r, diag.Error(step.SourceRange(), "Only one", fmt.Sprintf("playlist.%s has no for_each, so there is no key to name. Write: playlist.%s.name", r.name, r.name))
		}
	case many:
		r.key, _ = keyOf(step)
		rest = rest[1:]
	}
	if len(rest) == 0 {
		return r, nil
	}
	switch step := rest[0].(type) {
	case hcl.TraverseAttr:
		r.attr = step.Name
	case hcl.TraverseIndex:
		r.attr, _ = keyOf(step)
	}
	if !slices.Contains(readable, r.attr) {
		return r, diag.Error(rest[0].SourceRange(), "Unknown attribute",
			fmt.Sprintf("Of a playlist, expressions can use %s.%s", diag.QuotedList(readable), diag.DidYouMean(r.attr, readable)))
	}
	return r, nil
}

// unknownRoot explains a name that means nothing: most often text without quotes, or another program's word.
func unknownRoot(t hcl.Traversal) *hcl.Diagnostic {
	name := t.RootName()
	rng := t.SourceRange()
	switch {
	case name == "count":
		return diag.Error(rng, "No count here", "Playlists are multiplied with for_each: for_each = toset([\"a\", \"b\"]), then each.key.")
	case name == "vars", name == "locals", name == "variable", name == "playlists":
		return diag.Error(rng, "Unknown name", fmt.Sprintf("There is nothing called %q.%s", name, diag.DidYouMean(name+"", []string{"var", "local", "playlist"})))
	case len(t) == 1:
		return diag.Error(rng, "Unknown name", fmt.Sprintf("There is nothing called %q. Text goes in double quotes: %s. Values are var.NAME, local.NAME and playlist.NAME.ATTRIBUTE.", name, diag.QuoteHCL(name)))
	}
	return diag.Error(rng, "Unknown name", fmt.Sprintf("There is nothing called %q. Expressions can use var.NAME, local.NAME, playlist.NAME.ATTRIBUTE and, with for_each, each.key and each.value.%s",
		name, diag.DidYouMean(name, []string{"var", "local", "playlist", "each"})))
}
