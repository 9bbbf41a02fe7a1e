package config

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/spotsync/spotsync/config/meter"
)

// maxWhy is how many steps an explanation goes into.
const maxWhy = 12

// isMeant reports whether an expression is a list with nothing in it, written out: then a playlist is to be empty.
func isMeant(e hclsyntax.Expression) bool {
	tuple, ok := unwrap(e).(*hclsyntax.TupleConsExpr)
	return ok && len(tuple.Exprs) == 0
}

// nothing says which step of e came to nothing, for a list that turned out empty. It works parts of e out again, and puts
// what that takes back if it was too much: a list without songs is no reason to refuse the whole configuration.
func (ev *evaluation) nothing(e *expression, inst *instance) string {
	before := *ev.meter
	x := explaining{ev: ev, ctx: ev.context(e, inst)}
	why := x.empty(e.Expression, 0)
	if ev.meter.Spent() && ev.meter.Done == nil {
		*ev.meter = before
		why = ev.written(e.Expression) + " gave 0 songs"
	}
	return why
}

type explaining struct {
	ev  *evaluation
	ctx *hcl.EvalContext
}

// empty is the innermost step that made e empty, which it is.
func (x explaining) empty(e hclsyntax.Expression, depth int) string {
	gave := x.ev.written(e) + " gave 0 songs"
	if depth > maxWhy {
		return gave
	}
	switch e := unmetered(e).(type) {
	case *hclsyntax.TupleConsExpr:
		switch len(e.Exprs) {
		case 0:
			return "`[]` is chosen"
		case 1:
			return x.empty(e.Exprs[0], depth+1)
		}
		var parts []string
		for i, part := range e.Exprs {
			if i == 3 {
				parts = append(parts, fmt.Sprintf("and %d more", len(e.Exprs)-i))
				break
			}
			parts = append(parts, x.empty(part, depth+1))
		}
		return strings.Join(parts, ", ")
	case *hclsyntax.ForExpr:
		n, known := x.count(e.CollExpr)
		switch {
		case known && n == 0:
			return x.empty(e.CollExpr, depth+1)
		case known && e.CondExpr != nil:
			return fmt.Sprintf("`if %s` lets none of the %d in %s through", strings.Trim(x.ev.written(e.CondExpr), "`"), n, x.ev.written(e.CollExpr))
		}
	case *hclsyntax.ConditionalExpr:
		v, diags := e.Condition.Value(x.ctx)
		v, _ = v.Unmark()
		if diags.HasErrors() || !v.IsKnown() || v.IsNull() || v.Type() != cty.Bool {
			return gave
		}
		chosen := e.FalseResult
		if v.True() {
			chosen = e.TrueResult
		}
		return fmt.Sprintf("%s is %t: %s", x.ev.written(e.Condition), v.True(), x.empty(chosen, depth+1))
	case *hclsyntax.ScopeTraversalExpr:
		if name, ok := localOf(e.Traversal); ok && len(e.Traversal) == 2 && x.ev.locals[name] != nil {
			inner := explaining{x.ev, x.ev.context(x.ev.locals[name], nil)}
			return fmt.Sprintf("%s: %s", x.ev.written(e), inner.empty(x.ev.locals[name].Expression, depth+1))
		}
	case *hclsyntax.FunctionCallExpr:
		return x.call(e, gave, depth)
	}
	return gave
}

// call explains a function: it was given nothing, or it left nothing.
func (x explaining) call(e *hclsyntax.FunctionCallExpr, gave string, depth int) string {
	if e.Name == "try" || e.Name == "can" {
		return gave
	}
	var first hclsyntax.Expression // of the arguments that are lists
	songs := 0
	for _, arg := range e.Args {
		n, ok := x.count(arg)
		if !ok {
			continue
		}
		if first == nil {
			first = arg
		}
		songs += n
	}
	switch {
	case first == nil:
		return gave
	case songs == 0:
		return x.empty(first, depth+1)
	}
	return fmt.Sprintf("%s left none of %d", x.ev.written(e), songs)
}

// count is how many elements an expression has, if it is a list.
func (x explaining) count(e hclsyntax.Expression) (int, bool) {
	v, diags := e.Value(x.ctx)
	if diags.HasErrors() {
		return 0, false
	}
	v, _ = v.Unmark()
	if !v.IsKnown() || v.IsNull() || !meter.IsList(v.Type()) && !v.Type().IsMapType() && !v.Type().IsObjectType() {
		return 0, false
	}
	return v.LengthInt(), true
}

// unmetered is HCL's own expression below what pays for its work.
func unmetered(e hclsyntax.Expression) hclsyntax.Expression {
	for {
		switch m := e.(type) {
		case *hclsyntax.ParenthesesExpr:
			e = m.Expression
		case *meter.Loop:
			return m.ForExpr
		case *meter.Call:
			return m.FunctionCallExpr
		case *meter.Conditional:
			return m.ConditionalExpr
		case *meter.Numeric:
			e = m.Expression
		case *meter.Text:
			e = m.Expression
		default:
			return e
		}
	}
}
