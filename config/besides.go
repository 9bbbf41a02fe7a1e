package config

import (
	"context"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/spotsync/spotsync/config/meter"
)

// impureFunctions are the functions whose results depend on more than what is written: on files and on the day.
var impureFunctions = []string{"file", "fileexists", "templatefile", "timestamp", "tracks_file", "within"}

// checkValues finds what is wrong with the values of a configuration that does not hold together, so that a person is told at
// once. Variables, what refers to nothing, and what looks outside are unknown: of them nothing is said. It spoils the
// module, which is not to be used anyway.
func (p *parser) checkValues() hcl.Diagnostics {
	for _, e := range p.expressions {
		if e.unsure {
			e.Expression, e.refs = &hclsyntax.LiteralValueExpr{Val: cty.DynamicVal, SrcRange: e.Range()}, nil
		}
	}
	p.moved = slices.DeleteFunc(p.moved, func(m Moved) bool { return p.told[m.From] })
	p.removed = slices.DeleteFunc(p.removed, func(r Removed) bool { return p.told[r.From] })
	ev := p.evaluation(context.Background(), Inputs{})
	ev.meter.Steps /= 20 // nobody can interrupt this
	ev.soft = true
	for name, v := range p.variables {
		ev.values[name] = cty.UnknownVal(v.typ)
	}
	ev.run()
	return slices.DeleteFunc(ev.finish(), func(d *hcl.Diagnostic) bool { return d.Summary == meter.TooMuchWork })
}
