package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// TextPrefix begins every [Playlist.Text], so that one of another kind is never taken for the same text or another.
const TextPrefix = "text:"

// textOf tells whether what is written of a block says something else than before: all of it but the label, the locals that
// uses, the attributes of other blocks, all of that in turn, and the values given to the variables. What files, sources and
// the day make of the same text is no matter, and neither are comments and the layout.
func (ev *evaluation) textOf(pl *playlist) string {
	t := textHash{ev: ev, sum: sha256.New(), seen: map[string]bool{}}
	t.text("block", pl.inside, ev.referred(pl.uses))
	for len(t.waiting) > 0 {
		next := t.waiting[0]
		t.waiting = t.waiting[1:]
		t.reference(next)
	}
	return TextPrefix + hex.EncodeToString(t.sum.Sum(nil)[:16])
}

// textHash takes in pieces of text and what they refer to, each once.
type textHash struct {
	ev      *evaluation
	sum     hash.Hash
	seen    map[string]bool
	waiting []reference
}

// text takes in the tokens of a piece of source, and later what that refers to.
func (t *textHash) text(what string, at hcl.Range, refs []reference) {
	fmt.Fprintf(t.sum, "%q\n", what)
	src := t.ev.files[at.Filename]
	if at.Start.Byte < 0 || at.End.Byte > len(src) || at.Start.Byte > at.End.Byte {
		return
	}
	tokens, _ := hclsyntax.LexConfig(src[at.Start.Byte:at.End.Byte], at.Filename, hcl.InitialPos) // parsed without errors before
	for _, token := range tokens {
		switch token.Type {
		case hclsyntax.TokenComment, hclsyntax.TokenNewline, hclsyntax.TokenEOF:
			continue
		}
		fmt.Fprintf(t.sum, "%q", token.Bytes)
	}
	refs = slices.Clone(refs)
	slices.SortFunc(refs, func(a, b reference) int {
		return compareAddresses(a.kind+"."+a.name+"."+a.attr, b.kind+"."+b.name+"."+b.attr)
	})
	t.waiting = append(t.waiting, refs...)
}

// referred are the references that traversals are.
func (m *Module) referred(traversals []hcl.Traversal) []reference {
	var refs []reference
	for _, names := range traversals {
		r := reference{kind: names.RootName()}
		if len(names) > 1 {
			r.name = nameOf(names[1])
		}
		step := 2
		if pl := m.playlists[r.name]; pl != nil && pl.forEach != nil {
			step = 3
		}
		if r.kind == "playlist" && len(names) > step {
			r.attr = nameOf(names[step])
		}
		refs = append(refs, r)
	}
	return refs
}

// nameOf is the name a step of a traversal looks up; empty where that is worked out.
func nameOf(step hcl.Traverser) string {
	if attr, ok := step.(hcl.TraverseAttr); ok {
		return attr.Name
	}
	key, _ := keyOf(step)
	return key
}

// reference takes in what a reference leads to.
func (t *textHash) reference(r reference) {
	switch r.kind {
	case "var":
		v, ok := t.ev.values[r.name]
		if !ok || !t.first("var."+r.name) {
			return
		}
		text := []byte("unknown")
		if v.IsWhollyKnown() {
			if data, err := ctyjson.Marshal(v, v.Type()); err == nil {
				text = data
			}
		}
		fmt.Fprintf(t.sum, "%q %q\n", "var."+r.name, text)
	case "local":
		if e := t.ev.locals[r.name]; e != nil && t.first("local."+r.name) {
			t.text("local."+r.name, e.Range(), e.refs)
		}
	case "playlist":
		pl := t.ev.playlists[r.name]
		if pl == nil {
			return
		}
		attrs := []string{r.attr}
		if r.attr == "" {
			attrs = readable
		}
		for _, attr := range attrs {
			if e := pl.attrs[attr]; e != nil && attr != "id" && t.first("playlist."+r.name+"."+attr) {
				t.text("playlist."+r.name+"."+attr, e.Range(), e.refs)
			}
		}
		if pl.forEach != nil && t.first("playlist."+r.name+".for_each") {
			t.text("playlist."+r.name+".for_each", pl.forEach.Range(), pl.forEach.refs)
		}
	}
}

// first reports whether something was not taken in yet.
func (t *textHash) first(what string) bool {
	if t.seen[what] {
		return false
	}
	t.seen[what] = true
	return true
}
