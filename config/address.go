package config

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/spotsync/spotsync/config/diag"
)

// Address is the name of a playlist in a configuration: playlist.morning, playlist.year["2023"].
type Address struct {
	Label   string
	Key     string // of for_each, when Indexed
	Indexed bool
}

// String is the address as HCL writes it; [ParseAddress] reads it back.
func (a Address) String() string {
	if !a.Indexed {
		return "playlist." + a.Label
	}
	return "playlist." + a.Label + "[" + diag.QuoteHCL(a.Key) + "]"
}

// ParseAddress reads an address as people write it. A key may also be a number without quotes.
func ParseAddress(text string) (Address, error) {
	if len(text) > 10_000 {
		return Address{}, fmt.Errorf("%.40q… is too long for an address", text)
	}
	traversal, diags := hclsyntax.ParseTraversalAbs([]byte(text), "address", hcl.InitialPos)
	if !diags.HasErrors() {
		if a, ok := addressOf(traversal); ok {
			return a, nil
		}
	}
	return Address{}, fmt.Errorf("%q is not an address like playlist.name or playlist.name[\"key\"]", text)
}

func addressOf(t hcl.Traversal) (Address, bool) {
	if t.IsRelative() || len(t) < 2 || len(t) > 3 || t.RootName() != "playlist" {
		return Address{}, false
	}
	label, ok := t[1].(hcl.TraverseAttr)
	if !ok {
		return Address{}, false
	}
	a := Address{Label: label.Name}
	if len(t) == 2 {
		return a, true
	}
	a.Key, a.Indexed = keyOf(t[2])
	return a, a.Indexed
}

// keyOf is the key of an index written out.
func keyOf(step hcl.Traverser) (string, bool) {
	index, ok := step.(hcl.TraverseIndex)
	if !ok || !index.Key.IsKnown() || index.Key.IsNull() {
		return "", false
	}
	switch index.Key.Type() {
	case cty.String:
		return index.Key.AsString(), true
	case cty.Number:
		return index.Key.AsBigFloat().Text('f', -1), true
	}
	return "", false
}
