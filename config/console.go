package config

import (
	"context"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/meter"
	"github.com/spotsync/spotsync/config/textfile"
)

// consoleName stands for a file where there is none: text typed at the console.
const consoleName = "<console>"

// EvaluateExpression works out one expression as if it stood in the configuration. The value may be, or hold, unknown ones.
// With an error among the diagnostics, the configuration's own too, the value is cty.DynamicVal. Ranges in the text are in
// the file "<console>".
func (m *Module) EvaluateExpression(ctx context.Context, in Inputs, text string) (cty.Value, hcl.Diagnostics) {
	text = textfile.Unix(text)
	if d := checkSource(consoleName, []byte(text)); d != nil {
		return cty.DynamicVal, hcl.Diagnostics{d}
	}
	tokens, _ := hclsyntax.LexExpression([]byte(text), consoleName, hcl.InitialPos)
	if d := diag.TooDeep(tokens, 0); d != nil {
		return cty.DynamicVal, hcl.Diagnostics{d}
	}
	expr, diags := hclsyntax.ParseExpression([]byte(text), consoleName, hcl.InitialPos)
	if diags.HasErrors() {
		return cty.DynamicVal, diag.Tidy(diags, startOf(consoleName))
	}
	e := &expression{Expression: expr, name: "value"}
	p := &parser{Module: m}
	p.refer(e, false)
	if p.diags.HasErrors() {
		return cty.DynamicVal, diag.Tidy(p.diags, startOf(consoleName))
	}
	e.Expression = meter.Expression(expr)
	ev := m.evaluation(ctx, in)
	ev.assignAll(false)
	ev.run()
	v := ev.value(e, nil).v
	diags = ev.finish()
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	return v, diags
}
