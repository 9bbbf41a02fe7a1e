package config

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/spotsync/spotsync/config/diag"
)

// playlist is a playlist block; with for_each it stands for several playlists.
type playlist struct {
	label      string
	rng        hcl.Range
	forEach    *expression            // nil without
	keysFrom   string                 // what decides the keys of forEach when they are worked out; see [Module.keysFrom]
	attrs      map[string]*expression // those written, but for_each
	lifecycle  map[string]*expression
	ignored    []string // ignore_changes, in the order of ignorable
	lifecycled hcl.Range
	inside     hcl.Range       // all between the block's braces
	uses       []hcl.Traversal // everything in there that looks up a name
}

// ignorable are the names ignore_changes takes.
var ignorable = []string{"name", "description", "public", "collaborative", "tracks"}

var playlistGrammar = grammar{
	of:     "playlist",
	attrs:  []string{"id", "name", "description", "public", "collaborative", "tracks", "mode", "keep_dates", "self_heal", "when_empty", "account", "for_each"},
	blocks: []string{"lifecycle"},
	later:  []string{"cover", "depends_on", "sensitive", "module", "library", "data"},
	instead: map[string]string{
		"count":    "Playlists are multiplied with for_each, which gives each a key of its own: for_each = toset([\"a\", \"b\"]), then each.key.",
		"songs":    "The songs of a playlist are its \"tracks\".",
		"items":    "The songs of a playlist are its \"tracks\".",
		"title":    "What people see is the attribute \"name\".",
		"uri":      "The playlist's own identity goes into \"id\", which takes an ID, a URI or a link.",
		"url":      "The playlist's own identity goes into \"id\", which takes an ID, a URI or a link.",
		"private":  "Write public = false; a new playlist is private unless public is true.",
		"image":    "A playlist's picture comes in a later version of spotsync. Leave it out for now.",
		"provider": "Which login to use is said with \"account\".",
	},
}

var lifecycleGrammar = grammar{
	of:    "lifecycle",
	attrs: []string{"prevent_destroy", "ignore_changes", "max_removals", "drop_opaque"},
	instead: map[string]string{
		"create_before_destroy": "A playlist is changed in place, never replaced, so there is nothing to order.",
		"replace_triggered_by":  "A playlist is changed in place, never replaced.",
		"destroy":               "That belongs in a removed block. Here, prevent_destroy keeps a playlist from being deleted.",
	},
}

func (p *parser) playlist(b *hclsyntax.Block) {
	p.add(labels(b, 1, 1, `playlist "name" { … }`)...)
	p.add(playlistGrammar.check(b.Body, b.DefRange())...)
	if len(b.Labels) == 0 {
		return
	}
	pl := &playlist{label: b.Labels[0], rng: b.DefRange(), lifecycle: map[string]*expression{}}
	if first := p.playlists[pl.label]; first != nil {
		p.add(twice(b.DefRange(), first.rng, fmt.Sprintf("playlist %q", pl.label)))
		return
	}
	pl.inside = hcl.Range{Filename: b.OpenBraceRange.Filename, Start: b.OpenBraceRange.End, End: b.CloseBraceRange.Start}
	_ = hclsyntax.VisitAll(b.Body, func(n hclsyntax.Node) hcl.Diagnostics {
		if e, ok := n.(*hclsyntax.ScopeTraversalExpr); ok {
			pl.uses = append(pl.uses, e.Traversal)
		}
		return nil
	})
	p.playlists[pl.label] = pl
	pl.attrs = expressionsOf(b.Body, playlistGrammar.attrs)
	pl.forEach = pl.attrs["for_each"]
	delete(pl.attrs, "for_each")
	for _, inner := range b.Body.Blocks {
		if inner.Type != "lifecycle" {
			continue
		}
		p.add(lifecycleGrammar.check(inner.Body, inner.DefRange())...)
		pl.lifecycled = inner.DefRange()
		pl.lifecycle = expressionsOf(inner.Body, lifecycleGrammar.attrs)
		if e := pl.lifecycle["ignore_changes"]; e != nil {
			p.ignoreChanges(pl, e)
		}
	}
}

// ignoreChanges reads a list of attribute names, with quotes or, as Terraform writes them, without.
func (p *parser) ignoreChanges(pl *playlist, e *expression) {
	exprs, diags := hcl.ExprList(e.Expression)
	if diags.HasErrors() {
		p.add(diag.Error(e.Range(), "List expected", fmt.Sprintf("\"ignore_changes\" takes a list of attribute names, such as [\"description\"]. They are %s.", diag.QuotedList(ignorable))))
		return
	}
	var names []string
	for _, item := range exprs {
		name := hcl.ExprAsKeyword(item)
		if name == "" {
			v, diags := item.Value(nil)
			text, ok := diag.StringOf(v)
			if diags.HasErrors() || !ok {
				p.add(diag.Error(item.Range(), "Attribute name expected", fmt.Sprintf("\"ignore_changes\" takes names written out: %s.", diag.QuotedList(ignorable))))
				continue
			}
			name = text
		}
		if !slices.Contains(ignorable, name) {
			p.add(diag.Error(item.Range(), "Unknown attribute", fmt.Sprintf("%q can't be in ignore_changes.%s", name, cmp.Or(diag.DidYouMean(name, ignorable), " It takes "+diag.QuotedList(ignorable)+"."))))
			continue
		}
		names = append(names, name)
	}
	for _, name := range ignorable {
		if slices.Contains(names, name) {
			pl.ignored = append(pl.ignored, name)
		}
	}
}
