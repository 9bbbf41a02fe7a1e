package config

import (
	"bytes"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// What a configuration may ask of the computer. All are far above what a person writes, and low enough that a small file
// can't use up memory or time: HCL's parser and evaluator recurse, and neither stops by itself.
const (
	maxNesting   = 100       // brackets, quotes and blocks inside each other
	maxChain     = 1000      // operators, indexes and calls in a row without a comma or a line's end between
	maxInstances = 1000      // of one block with for_each
	maxItems     = 10_000    // of one playlist: Spotify's limit
	maxAllItems  = 1_000_000 // of all playlists together
	maxSteps     = 2_000_000 // of one evaluation: iterations, elements made, and every 64 bytes of text
	maxProblems  = 100       // told at once about one list
)

// checkNesting refuses source whose nesting would exhaust the parser's stack. It looks at tokens alone. spare is how much
// to stay below the limits, for what tokens leaves out.
func checkNesting(tokens hclsyntax.Tokens, spare int) *hcl.Diagnostic {
	chains := []int{0}     // chain length, a level each
	byLine := []bool{true} // does a newline end the chain at this level?
	for _, t := range tokens {
		top := len(chains) - 1
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc,
			hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			chains[top]++ // a[0][0]…, f()()…, %{if}%{if}…
			if len(chains) > maxNesting-spare {
				return problem(t.Range, "Nested too deeply", fmt.Sprintf("There are more than %d brackets, quotes and blocks inside each other here.", maxNesting))
			}
			chains, byLine = append(chains, 0), append(byLine, t.Type == hclsyntax.TokenOBrace)
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			if top > 0 {
				chains, byLine = chains[:top], byLine[:top]
			}
		case hclsyntax.TokenComma:
			chains[top] = 0
		case hclsyntax.TokenNewline:
			if byLine[top] {
				chains[top] = 0
			}
		case hclsyntax.TokenIdent, hclsyntax.TokenNumberLit, hclsyntax.TokenQuotedLit, hclsyntax.TokenStringLit, hclsyntax.TokenEOF:
		case hclsyntax.TokenComment:
			if byLine[top] && bytes.HasSuffix(t.Bytes, []byte("\n")) {
				chains[top] = 0
			}
		default:
			chains[top]++
		}
		if top = len(chains) - 1; chains[top] > maxChain-spare {
			return problem(t.Range, "Expression too long", fmt.Sprintf("There are more than %d operators in a row here. "+
				"Split the expression with locals.", maxChain))
		}
	}
	return nil
}

// These are functions no one can write the names of. Parsed expressions call them where work multiplies.
const (
	meterName     = "(meter)"
	meterLoopName = "(meter loop)"
)

// meter counts the work of one evaluation. Once it is used up, loops find their collections empty and end.
type meter struct {
	left   int
	done   error // of the context
	poll   func() error
	polled int
}

func newMeter(poll func() error) *meter { return &meter{left: maxSteps, poll: poll} }

func (m *meter) spent() bool { return m.left <= 0 || m.done != nil }

// charge counts one step, or more for long text.
func (m *meter) charge(v cty.Value) {
	m.take(1)
	if v, _ = v.Unmark(); v.Type() == cty.String && v.IsKnown() && !v.IsNull() {
		m.take(len(v.AsString()) / 64)
	}
}

// chargeLoop counts the rounds of a loop through v.
func (m *meter) chargeLoop(v cty.Value) {
	m.take(1)
	if v, _ = v.Unmark(); v.IsKnown() && !v.IsNull() && v.CanIterateElements() {
		m.take(v.LengthInt())
	}
}

func (m *meter) take(steps int) {
	m.left -= steps
	if m.polled++; m.polled&0x3ff == 1 && m.done == nil {
		m.done = m.poll()
	}
}

// function is the meter as expressions call it: what goes in is charged for and comes out, while something is left.
func (m *meter) function(charge func(cty.Value)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowNull: true, AllowUnknown: true, AllowDynamicType: true, AllowMarked: true}},
		Type: func(args []cty.Value) (cty.Type, error) {
			charge(args[0])
			if m.spent() {
				return cty.EmptyTuple, nil
			}
			return args[0].Type(), nil
		},
		Impl: func(args []cty.Value, want cty.Type) (cty.Value, error) {
			if !args[0].Type().Equals(want) {
				return cty.EmptyTupleVal, nil
			}
			return args[0], nil
		},
	})
}

// meterLoops puts the meter around what loops go through and give, and around the parts of templates, in everything below node.
func meterLoops(node hclsyntax.Node) {
	metered := func(name string, e hclsyntax.Expression) hclsyntax.Expression {
		r := e.Range()
		return &hclsyntax.FunctionCallExpr{Name: name, Args: []hclsyntax.Expression{e}, NameRange: r, OpenParenRange: r, CloseParenRange: r}
	}
	hclsyntax.VisitAll(node, func(n hclsyntax.Node) hcl.Diagnostics {
		switch e := n.(type) {
		case *hclsyntax.ForExpr:
			e.CollExpr, e.ValExpr = metered(meterLoopName, e.CollExpr), metered(meterName, e.ValExpr)
		case *hclsyntax.TemplateExpr:
			if len(e.Parts) > 1 {
				for i, part := range e.Parts {
					if _, literal := part.(*hclsyntax.LiteralValueExpr); !literal {
						e.Parts[i] = metered(meterName, part)
					}
				}
			}
		}
		return nil
	})
}
