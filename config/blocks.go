package config

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/meter"
)

type account struct {
	label string
	rng   hcl.Range
	attrs map[string]*expression
}

type variable struct {
	name        string
	typed       bool // a type is written
	typ         cty.Type
	defaults    *typeexpr.Defaults
	fallback    cty.Value // cty.NilVal without a default
	rng         hcl.Range
	validations []validation
}

type validation struct{ condition, message *expression }

type importing struct {
	to    Address
	toRng hcl.Range
	id    *expression
	rng   hcl.Range
}

// expressionOf is the attribute name of a body, nil when not written.
func expressionOf(body *hclsyntax.Body, name string) *expression {
	a := body.Attributes[name]
	if a == nil {
		return nil
	}
	return &expression{Expression: a.Expr, name: name, written: a.NameRange}
}

// expressionsOf are the attributes written of names.
func expressionsOf(body *hclsyntax.Body, names []string) map[string]*expression {
	found := map[string]*expression{}
	for _, name := range names {
		if e := expressionOf(body, name); e != nil {
			found[name] = e
		}
	}
	return found
}

var accountGrammar = grammar{
	of:    "account",
	attrs: []string{"client_id", "client_secret_file", "redirect_uri", "callback_listen"},
	instead: map[string]string{
		"client_secret": "A secret does not belong in a configuration file. Put it into a file of its own and name that in client_secret_file, " +
			"or set SPOTSYNC_CLIENT_SECRET. Most need none: PKCE works with the client ID alone.",
		"name": "An account is named by its label: account \"family\" { … }",
	},
}

func (p *parser) account(b *hclsyntax.Block) {
	p.add(labels(b, 0, 1, `account "name" { … }`)...)
	p.add(accountGrammar.check(b.Body, b.DefRange())...)
	label := "default"
	if len(b.Labels) > 0 {
		label = b.Labels[0]
	}
	if first := p.accounts[label]; first != nil {
		p.add(twice(b.DefRange(), first.rng, fmt.Sprintf("account %q", label)))
		return
	}
	p.accounts[label] = &account{label: label, rng: b.DefRange(), attrs: expressionsOf(b.Body, accountGrammar.attrs)}
}

func (p *parser) variable(b *hclsyntax.Block) {
	p.add(labels(b, 1, 1, `variable "name" { … }`)...)
	g := grammar{of: "variable", attrs: []string{"type", "default", "description"}, blocks: []string{"validation"}, later: []string{"sensitive", "nullable", "ephemeral"},
		instead: map[string]string{"value": `A variable's own value is "default"; a value that never changes goes into locals { … }.`}}
	p.add(g.check(b.Body, b.DefRange())...)
	if len(b.Labels) == 0 {
		return
	}
	v := &variable{name: b.Labels[0], typ: cty.DynamicPseudoType, rng: b.DefRange()}
	if first := p.variables[v.name]; first != nil {
		p.add(twice(b.DefRange(), first.rng, fmt.Sprintf("variable %q", v.name)))
		return
	}
	p.variables[v.name] = v
	if a := b.Body.Attributes["type"]; a != nil {
		typ, defaults, diags := typeexpr.TypeConstraintWithDefaults(a.Expr)
		p.add(diags...)
		if !diags.HasErrors() {
			v.typed, v.typ, v.defaults = true, typ, defaults
		}
	}
	if a := b.Body.Attributes["description"]; a != nil {
		p.plainText(a)
	}
	if a := b.Body.Attributes["default"]; a != nil {
		p.fallback(v, a)
	}
	for _, inner := range b.Body.Blocks {
		if inner.Type != "validation" {
			continue
		}
		p.add(grammar{of: "validation", attrs: []string{"condition", "error_message"}, required: []string{"condition", "error_message"}}.check(inner.Body, inner.DefRange())...)
		if c, m := expressionOf(inner.Body, "condition"), expressionOf(inner.Body, "error_message"); c != nil && m != nil {
			v.validations = append(v.validations, validation{c, m})
		}
	}
}

func (p *parser) fallback(v *variable, a *hclsyntax.Attribute) {
	value, diags := meter.Constant(a.Expr)
	if len(diags) > 0 && diags[0].Summary == meter.TooMuchWork {
		p.add(diags...)
		v.fallback = cty.DynamicVal
		return
	}
	if diags.HasErrors() {
		p.add(diag.Error(a.Expr.Range(), "Default is not constant", "A variable's default is written out: text, numbers, lists and maps, without functions or references. Work values out in locals."))
		v.fallback = cty.DynamicVal
		return
	}
	value, err := v.convert(value)
	if err != nil {
		p.add(diag.Error(a.Expr.Range(), "Default of the wrong type", fmt.Sprintf("The default of variable %q does not fit its type: %s.", v.name, diag.TypeError(err))))
		value = cty.UnknownVal(v.typ)
	}
	v.fallback = value
}

// convert makes a value fit the variable's type.
func (v *variable) convert(value cty.Value) (cty.Value, error) {
	if v.defaults != nil && !value.IsNull() {
		value = v.defaults.Apply(value)
	}
	return meter.Convert(value, v.typ)
}

// plainText checks that an attribute holds text without references.
func (p *parser) plainText(a *hclsyntax.Attribute) {
	v, diags := meter.Constant(a.Expr)
	if _, ok := diag.StringOf(v); diags.HasErrors() || !ok && !v.IsNull() {
		p.add(diag.Error(a.Expr.Range(), "Plain text expected", fmt.Sprintf("%q takes plain text in double quotes.", a.Name)))
	}
}

func (p *parser) localValues(b *hclsyntax.Block) {
	p.add(labels(b, 0, 0, "locals { … }")...)
	for _, inner := range b.Body.Blocks {
		p.add(diag.Error(inner.DefRange(), "Block not expected", fmt.Sprintf("A locals block holds values: %s = …", inner.Type)))
	}
	for _, a := range attributes(b.Body) {
		if first := p.locals[a.Name]; first != nil {
			p.add(twice(a.NameRange, first.written, "local."+a.Name))
			continue
		}
		p.locals[a.Name] = &expression{Expression: a.Expr, name: a.Name, written: a.NameRange}
	}
}

func (p *parser) output(b *hclsyntax.Block) {
	p.add(labels(b, 1, 1, `output "name" { value = … }`)...)
	p.add(grammar{of: "output", attrs: []string{"value", "description"}, required: []string{"value"}, later: []string{"sensitive", "depends_on", "ephemeral"}}.check(b.Body, b.DefRange())...)
	if a := b.Body.Attributes["description"]; a != nil {
		p.plainText(a)
	}
	e := expressionOf(b.Body, "value")
	if len(b.Labels) == 0 || e == nil {
		return
	}
	if first := p.outputs[b.Labels[0]]; first != nil {
		p.add(twice(b.DefRange(), first.written, fmt.Sprintf("output %q", b.Labels[0])))
		return
	}
	p.outputs[b.Labels[0]] = e
}

// address reads an attribute that names a playlist.
func (p *parser) address(body *hclsyntax.Body, name string) (Address, hcl.Range, bool) {
	a := body.Attributes[name]
	if a == nil {
		return Address{}, hcl.Range{}, false
	}
	t, diags := hcl.AbsTraversalForExpr(a.Expr)
	if !diags.HasErrors() {
		if addr, ok := addressOf(t); ok {
			return addr, a.Expr.Range(), true
		}
	}
	p.add(diag.Error(a.Expr.Range(), "Not an address", fmt.Sprintf("%q takes the address of a playlist without quotes around it: playlist.name or playlist.name[\"key\"].", name)))
	return Address{}, a.Expr.Range(), false
}

func (p *parser) importing(b *hclsyntax.Block) {
	p.add(labels(b, 0, 0, "import { … }")...)
	p.add(grammar{of: "import", attrs: []string{"to", "id"}, required: []string{"to", "id"}, later: []string{"for_each", "provider"}}.check(b.Body, b.DefRange())...)
	to, rng, ok := p.address(b.Body, "to")
	if id := expressionOf(b.Body, "id"); ok && id != nil {
		p.imports = append(p.imports, &importing{to: to, toRng: rng, id: id, rng: b.DefRange()})
	}
}

func (p *parser) move(b *hclsyntax.Block) {
	p.add(labels(b, 0, 0, "moved { … }")...)
	p.add(grammar{of: "moved", attrs: []string{"from", "to"}, required: []string{"from", "to"}}.check(b.Body, b.DefRange())...)
	from, fromRng, ok := p.address(b.Body, "from")
	to, toRng, ok2 := p.address(b.Body, "to")
	if !ok || !ok2 {
		return
	}
	if from == to {
		p.add(diag.Error(toRng, "Moved to itself", "\"from\" and \"to\" are the same. Remove this block."))
		return
	}
	p.gone(from, fromRng, "moved")
	p.moved = append(p.moved, Moved{From: from.String(), To: to.String(), Range: b.DefRange()})
}

func (p *parser) remove(b *hclsyntax.Block) {
	p.add(labels(b, 0, 0, "removed { … }")...)
	p.add(grammar{of: "removed", attrs: []string{"from"}, required: []string{"from"}, blocks: []string{"lifecycle"}}.check(b.Body, b.DefRange())...)
	from, rng, ok := p.address(b.Body, "from")
	r := Removed{From: from.String(), Range: b.DefRange()}
	for _, inner := range b.Body.Blocks {
		if inner.Type != "lifecycle" {
			continue
		}
		p.add(grammar{of: "lifecycle", attrs: []string{"destroy"}}.check(inner.Body, inner.DefRange())...)
		if a := inner.Body.Attributes["destroy"]; a != nil {
			v, diags := meter.Constant(a.Expr)
			if diags.HasErrors() || v.IsNull() || !v.IsWhollyKnown() || v.Type() != cty.Bool {
				p.add(diag.Error(a.Expr.Range(), "True or false expected", "\"destroy\" is true or false, written out."))
				continue
			}
			r.Destroy = v.True()
		}
	}
	if ok {
		p.gone(from, rng, "removed")
		p.removed = append(p.removed, r)
	}
}

// gone notes an address that has left; one leaves once only.
func (p *parser) gone(a Address, rng hcl.Range, how string) {
	for _, m := range p.moved {
		if m.From == a.String() {
			p.add(leftTwice(a, rng, m.Range))
			return
		}
	}
	for _, r := range p.removed {
		if r.From == a.String() {
			p.add(leftTwice(a, rng, r.Range))
			return
		}
	}
	p.departed = append(p.departed, departure{a, rng, how})
}

func leftTwice(a Address, second, first hcl.Range) *hcl.Diagnostic {
	return diag.Error(second, "Gone twice", fmt.Sprintf("%s is moved or removed at %s:%d already. Keep the block that says what became of it.", a, first.Filename, first.Start.Line))
}

// departure is the "from" of a moved or removed block, to be compared with the playlists once all are read.
type departure struct {
	address Address
	rng     hcl.Range
	how     string
}

// link is the second pass: every block is known now, so references can be followed.
func (p *parser) link() {
	for _, name := range slices.Sorted(maps.Keys(p.accounts)) {
		for _, attr := range accountGrammar.attrs {
			if e := p.accounts[name].attrs[attr]; e != nil {
				p.refer(e, false)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.variables)) {
		for _, v := range p.variables[name].validations {
			for _, e := range []*expression{v.condition, v.message} {
				p.refer(e, false)
				for _, r := range e.refs {
					if r.kind != "var" {
						p.add(diag.Error(r.rng, "Reference not allowed", "A validation looks at variables only."))
					}
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.locals)) {
		p.refer(p.locals[name], false)
	}
	for _, name := range slices.Sorted(maps.Keys(p.outputs)) {
		p.refer(p.outputs[name], false)
	}
	for _, name := range slices.Sorted(maps.Keys(p.playlists)) {
		pl := p.playlists[name]
		if pl.forEach != nil {
			p.refer(pl.forEach, false)
		}
		for _, attrs := range []map[string]*expression{pl.attrs, pl.lifecycle} {
			for _, attr := range slices.Sorted(maps.Keys(attrs)) {
				if attr == "ignore_changes" {
					continue // names, not values
				}
				p.refer(attrs[attr], pl.forEach != nil)
			}
		}
	}
	for _, imp := range p.imports {
		p.refer(imp.id, false)
	}
	for _, d := range p.departed {
		pl := p.playlists[d.address.Label]
		if pl != nil && d.address.Indexed == (pl.forEach != nil) && !d.address.Indexed {
			p.told[d.address.String()] = true
			p.add(diag.Error(d.rng, "Still there", fmt.Sprintf("%s is %s here, but its block is still at %s:%d. Remove one of the two.", d.address, d.how, pl.rng.Filename, pl.rng.Start.Line)))
		}
	}
	p.sort()
	for _, pl := range p.playlists {
		if pl.forEach != nil {
			pl.keysFrom = p.keysFrom(pl.forEach)
		}
	}
}
