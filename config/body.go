package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/spotsync/spotsync/config/diag"
)

// grammar is what a block may hold.
type grammar struct {
	of       string // as in: a … block
	attrs    []string
	required []string
	blocks   []string
	later    []string          // names kept for a later version
	instead  map[string]string // names people try, and what to write
}

// indefinite puts the article before a block's name.
func indefinite(name string) string {
	if strings.ContainsRune("aeiou", rune(name[0])) {
		return "An " + name
	}
	return "A " + name
}

func later(what string) string {
	return fmt.Sprintf("%q comes in a later version of spotsync. Leave it out for now.", what)
}

// check reports what g does not allow in body; it looks at names alone.
func (g grammar) check(body *hclsyntax.Body, header hcl.Range) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, a := range attributes(body) {
		diags = append(diags, g.checkName(a.Name, a.NameRange, g.attrs, g.blocks, "attribute")...)
	}
	seen := map[string]bool{}
	for _, b := range body.Blocks {
		diags = append(diags, g.checkName(b.Type, b.TypeRange, g.blocks, g.attrs, "block")...)
		if b.Type == "lifecycle" && seen[b.Type] {
			diags = append(diags, diag.Error(b.DefRange(), "Two lifecycle blocks", "Put everything into one lifecycle block."))
		}
		seen[b.Type] = true
		if b.Type != "lifecycle" && b.Type != "validation" {
			continue
		}
		if len(b.Labels) > 0 {
			diags = append(diags, diag.Error(b.LabelRanges[0], "Label not expected", fmt.Sprintf("A %s block has no label. Write: %s { … }", b.Type, b.Type)))
		}
	}
	for _, name := range g.required {
		if body.Attributes[name] == nil {
			diags = append(diags, diag.Error(header, "Missing attribute", fmt.Sprintf("%s block needs the attribute %q.", indefinite(g.of), name)))
		}
	}
	return diags
}

func (g grammar) checkName(name string, rng hcl.Range, right, other []string, what string) hcl.Diagnostics {
	if slices.Contains(right, name) {
		return nil
	}
	var summary, detail string
	switch {
	case slices.Contains(g.later, name):
		summary, detail = "Not available yet", later(name)
	case g.instead[name] != "":
		summary, detail = "Unknown "+what, g.instead[name]
	case slices.Contains(other, name) && what == "block":
		summary, detail = "Attribute written as a block", fmt.Sprintf("%q is an attribute. Write: %s = …", name, name)
	case slices.Contains(other, name):
		summary, detail = "Block written as an attribute", fmt.Sprintf("%q is a block. Write: %s { … }, without the equals sign.", name, name)
	default:
		names := slices.Concat(right, other)
		detail = fmt.Sprintf("%s block has no %s %q.", indefinite(g.of), what, name)
		if near := diag.DidYouMean(name, names); near != "" {
			detail += near
		} else if len(right) > 0 {
			detail += fmt.Sprintf(" It may have %s.", diag.QuotedList(right))
		}
		summary = "Unknown " + what
	}
	return hcl.Diagnostics{diag.Error(rng, summary, detail)}
}

// attributes are a body's attributes in the order written.
func attributes(body *hclsyntax.Body) []*hclsyntax.Attribute {
	attrs := make([]*hclsyntax.Attribute, 0, len(body.Attributes))
	for _, a := range body.Attributes {
		attrs = append(attrs, a)
	}
	slices.SortFunc(attrs, func(a, b *hclsyntax.Attribute) int {
		return cmp.Compare(a.NameRange.Start.Byte, b.NameRange.Start.Byte)
	})
	return attrs
}

// labels checks how many labels a block has, and that they are names. form is how to write the block.
func labels(b *hclsyntax.Block, least, most int, form string) hcl.Diagnostics {
	var diags hcl.Diagnostics
	if len(b.Labels) < least {
		diags = append(diags, diag.Error(b.DefRange(), "Name missing", fmt.Sprintf("Write: %s", form)))
	}
	for i, label := range b.Labels {
		switch {
		case i >= most:
			return append(diags, diag.Error(b.LabelRanges[i], "Label not expected", fmt.Sprintf("Write: %s", form)))
		case !hclsyntax.ValidIdentifier(label):
			diags = append(diags, diag.Error(b.LabelRanges[i], "Not a name",
				fmt.Sprintf("%q can't be a name here: a name starts with a letter and holds letters, digits, hyphens and underscores. What people see is the attribute \"name\".", label)))
		case len(label) > 200:
			diags = append(diags, diag.Error(b.LabelRanges[i], "Name too long", "A name here may be 200 bytes long."))
		}
	}
	return diags
}
