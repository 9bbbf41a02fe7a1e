package meter

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/scan"
)

// This file: the parts of an expression that multiply work, as parts that pay for it. They embed HCL's own, so that
// whatever looks at an expression still sees it. Everything else takes time by the length of its text, and pays as part
// of the loop it stands in.

// Expression replaces all parts of an expression that multiply work. It changes the expression below, but does
// nothing when it is done once more.
func Expression(e hclsyntax.Expression) hclsyntax.Expression {
	e, _ = meterPart(e, false)
	return e
}

// meterPart is meterExpression for a part, with what it costs to work it out once.
func meterPart(e hclsyntax.Expression, inLoop bool) (hclsyntax.Expression, Cost) {
	total := Cost{steps: 1}
	sub := func(at *hclsyntax.Expression) {
		if *at == nil {
			return
		}
		var c Cost
		*at, c = meterPart(*at, inLoop)
		total = total.plus(c)
	}
	switch e := e.(type) {
	case *hclsyntax.ForExpr:
		sub(&e.CollExpr)
		before := total
		total, inLoop = Cost{steps: 2}, true
		sub(&e.KeyExpr)
		sub(&e.ValExpr)
		sub(&e.CondExpr)
		total.values++
		if e.KeyExpr != nil {
			total.values += 5
		}
		return &Loop{e, total}, before.plus(Price(2, objectValues))
	case *hclsyntax.SplatExpr:
		sub(&e.Source)
		before := total
		total, inLoop = Cost{steps: 2, values: 1}, true
		sub(&e.Each)
		return &splat{e, total}, before.plus(Price(2, 1))
	case *hclsyntax.FunctionCallExpr:
		for i := range e.Args {
			sub(&e.Args[i])
		}
		return &Call{e}, total.plus(Price(5, 0))
	case *hclsyntax.ConditionalExpr:
		sub(&e.Condition)
		sub(&e.TrueResult)
		sub(&e.FalseResult)
		return &Conditional{e}, total.plus(Price(2, 0))
	case *hclsyntax.BinaryOpExpr:
		sub(&e.LHS)
		sub(&e.RHS)
		if e.Op.Type == cty.Number {
			total.values++
		}
		return &operation{e}, total.plus(Price(1, 0))
	case *hclsyntax.TemplateExpr:
		if len(e.Parts) == 1 {
			if _, literal := e.Parts[0].(*hclsyntax.LiteralValueExpr); literal {
				if v, diags := e.Value(nil); inLoop && len(diags) == 0 {
					return &fixed{e, v}, total
				}
				return e, total
			}
		}
		for i, p := range e.Parts {
			sub(&e.Parts[i])
			if _, literal := p.(*hclsyntax.LiteralValueExpr); !literal {
				e.Parts[i] = textPart(e.Parts[i])
			}
		}
		return e, total.plus(Price(5, 2))
	case *hclsyntax.TemplateJoinExpr:
		sub(&e.Tuple)
		return &joined{e}, total.plus(Price(2, 2))
	case *hclsyntax.UnaryOpExpr:
		sub(&e.Val)
		if e.Op != hclsyntax.OpLogicalNot {
			e.Val = numericPart(e.Val)
			return e, total.plus(Price(5, 1))
		}
		return &not{e}, total.plus(Price(1, 0))
	case *hclsyntax.LiteralValueExpr:
		if tooLargeNumber(e.Val) {
			return &huge{e}, total
		}
	case *hclsyntax.TemplateWrapExpr:
		sub(&e.Wrapped)
	case *hclsyntax.ParenthesesExpr:
		sub(&e.Expression)
	case *hclsyntax.ObjectConsKeyExpr:
		sub(&e.Wrapped)
	case *hclsyntax.IndexExpr:
		sub(&e.Collection)
		sub(&e.Key)
		e.Key = numericPart(e.Key)
	case *hclsyntax.RelativeTraversalExpr:
		sub(&e.Source)
		total.steps += len(e.Traversal)
	case *hclsyntax.ScopeTraversalExpr:
		total.steps += len(e.Traversal)
	case *hclsyntax.TupleConsExpr:
		for i := range e.Exprs {
			sub(&e.Exprs[i])
		}
		total.values += len(e.Exprs) + 1
	case *hclsyntax.ObjectConsExpr:
		for i := range e.Items {
			sub(&e.Items[i].KeyExpr)
			sub(&e.Items[i].ValueExpr)
		}
		total.values += objectValues + 2*len(e.Items)
	}
	return e, total
}

// literal stands for a part that has been worked out.
func literal(v cty.Value, of hclsyntax.Expression) hclsyntax.Expression {
	return &hclsyntax.LiteralValueExpr{Val: v, SrcRange: of.Range()}
}

// stopped is the result of what could not be paid for; nobody sees it, as the meter tells why.
func stopped(e hclsyntax.Expression) (cty.Value, hcl.Diagnostics) {
	return cty.DynamicVal, hcl.Diagnostics{diag.Error(e.Range(), TooMuchWork, "")}
}

// Conditional is a ? b : c. Where both are lists, HCL looks for one type that all elements of both have in common, which
// takes it a time that grows with the square of their number.
type Conditional struct{ *hclsyntax.ConditionalExpr }

func (c *Conditional) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	m := meterOf(ctx)
	yes, yesDiags := c.TrueResult.Value(ctx)
	no, noDiags := c.FalseResult.Value(ctx)
	if isSmall(yes) && isSmall(no) {
		plain := *c.ConditionalExpr
		plain.TrueResult, plain.FalseResult = &worked{c.TrueResult, yes, yesDiags}, &worked{c.FalseResult, no, noDiags}
		return plain.Value(ctx)
	}
	if !m.Pay(c.SrcRange, "Choosing between these", Price(Product(4, sum(size(yes, Enough), size(no, Enough))), 0)) {
		return stopped(c)
	}
	if !yesDiags.HasErrors() && !noDiags.HasErrors() {
		var ok bool
		if yes, no, ok = alike(yes, no); !ok {
			return cty.DynamicVal, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Inconsistent conditional result types", Context: &c.SrcRange,
				Subject: hcl.RangeBetween(c.TrueResult.Range(), c.FalseResult.Range()).Ptr(),
				Detail:  "The true and false result expressions must have consistent types. The elements of these lists have no type in common."}}
		}
		if !m.Pay(c.SrcRange, "Choosing between these", Price(sidesSteps(yes, no), 0)) {
			return stopped(c)
		}
	}
	plain := *c.ConditionalExpr
	plain.TrueResult, plain.FalseResult = &worked{c.TrueResult, yes, yesDiags}, &worked{c.FalseResult, no, noDiags}
	return plain.Value(ctx)
}

func isSmall(v cty.Value) bool {
	t := v.Type()
	return t.IsPrimitiveType() || t == cty.DynamicPseudoType
}

// worked is a part that has been worked out, and what was to be said about it.
type worked struct {
	hclsyntax.Expression
	v     cty.Value
	diags hcl.Diagnostics
}

func (w *worked) Value(*hcl.EvalContext) (cty.Value, hcl.Diagnostics) { return w.v, w.diags }

// operation is an operator between two values. HCL calls a function for each, which looks through both sides several times;
// most often they are two texts or truth values.
type operation struct{ *hclsyntax.BinaryOpExpr }

func (o *operation) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	left, leftDiags := o.LHS.Value(ctx)
	right, rightDiags := o.RHS.Value(ctx)
	if len(leftDiags) == 0 && len(rightDiags) == 0 {
		if v, ok := o.quick(left, right); ok {
			return v, nil
		}
	}
	if !left.Type().IsPrimitiveType() || !right.Type().IsPrimitiveType() {
		if !meterOf(ctx).Pay(o.SrcRange, "Comparing these", comparing(left, right)) {
			return stopped(o)
		}
	}
	plain := *o.BinaryOpExpr
	plain.LHS, plain.RHS = &worked{o.LHS, left, leftDiags}, &worked{o.RHS, right, rightDiags}
	if tooLargeNumber(left) || tooLargeNumber(right) {
		return tooManyDigits(o)
	}
	if o.Op.Impl.Params()[0].Type == cty.Number && (textLength(left) > MaxDigits || textLength(right) > MaxDigits) {
		return tooManyDigits(o)
	}
	v, diags := plain.Value(ctx)
	if tooLargeNumber(v) {
		return tooManyDigits(o)
	}
	return v, withoutStacks(diags)
}

// comparing is the price of comparing two values: go-cty looks through what is in them at each level.
func comparing(a, b cty.Value) Cost {
	n := min(detail(a, Enough), detail(b, Enough))
	return Price(Product(n, 6*max(2, min(depth(a.Type(), scan.MaxDepth), depth(b.Type(), scan.MaxDepth)))), 0)
}

// withoutStacks takes out of diagnostics the stack that go-cty adds where it panics over values such as infinity.
func withoutStacks(diags hcl.Diagnostics) hcl.Diagnostics {
	for _, d := range diags {
		if before, _, crashed := strings.Cut(d.Detail, "panic in function implementation"); crashed {
			d.Detail = before + "it can't be worked out with these values."
		}
	}
	return diags
}

// quick works out what needs no conversion and no care.
func (o *operation) quick(left, right cty.Value) (cty.Value, bool) {
	if left.IsMarked() || right.IsMarked() || !left.IsKnown() || !right.IsKnown() {
		return cty.NilVal, false
	}
	if null := left.IsNull() || right.IsNull(); null && o.Op == hclsyntax.OpEqual {
		return cty.BoolVal(left.IsNull() && right.IsNull()), true
	} else if null && o.Op == hclsyntax.OpNotEqual {
		return cty.BoolVal(!left.IsNull() || !right.IsNull()), true
	}
	t := left.Type()
	if !t.IsPrimitiveType() || t != right.Type() || left.IsNull() || right.IsNull() {
		return cty.NilVal, false
	}
	switch {
	case o.Op == hclsyntax.OpEqual && t == cty.String:
		return cty.BoolVal(left.AsString() == right.AsString()), true
	case o.Op == hclsyntax.OpNotEqual && t == cty.String:
		return cty.BoolVal(left.AsString() != right.AsString()), true
	case o.Op == hclsyntax.OpLogicalAnd && t == cty.Bool:
		return cty.BoolVal(left.True() && right.True()), true
	case o.Op == hclsyntax.OpLogicalOr && t == cty.Bool:
		return cty.BoolVal(left.True() || right.True()), true
	case t == cty.Number:
		by := left.AsBigFloat().Cmp(right.AsBigFloat())
		switch o.Op {
		case hclsyntax.OpEqual:
			return cty.BoolVal(by == 0), true
		case hclsyntax.OpNotEqual:
			return cty.BoolVal(by != 0), true
		case hclsyntax.OpLessThan:
			return cty.BoolVal(by < 0), true
		case hclsyntax.OpLessThanOrEqual:
			return cty.BoolVal(by <= 0), true
		case hclsyntax.OpGreaterThan:
			return cty.BoolVal(by > 0), true
		case hclsyntax.OpGreaterThanOrEqual:
			return cty.BoolVal(by >= 0), true
		}
	}
	return cty.NilVal, false
}

// not is the operator !, which is quick for a truth value.
type not struct{ *hclsyntax.UnaryOpExpr }

func (n *not) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	v, diags := n.Val.Value(ctx)
	if len(diags) == 0 && v.Type() == cty.Bool && isPlain(v) {
		return cty.BoolVal(v.False()), nil
	}
	plain := *n.UnaryOpExpr
	plain.Val = &worked{n.Val, v, diags}
	return plain.Value(ctx)
}

// fixed is a text written out in a loop, which HCL would put together in each round.
type fixed struct {
	*hclsyntax.TemplateExpr
	v cty.Value
}

func (f *fixed) Value(*hcl.EvalContext) (cty.Value, hcl.Diagnostics) { return f.v, nil }

// Text is a part of a template, whose result goes into a text.
type Text struct{ hclsyntax.Expression }

func textPart(e hclsyntax.Expression) hclsyntax.Expression {
	if _, done := e.(*Text); done {
		return e
	}
	return &Text{e}
}

func (p *Text) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	v, diags := p.Expression.Value(ctx)
	n := textLength(v)
	if n < TextPerValue {
		return v, diags
	}
	if n > MaxText {
		meterOf(ctx).Refuse(p.Range(), tooLongText)
	}
	if !meterOf(ctx).Take(p.Range(), n/TextPerStep, n/TextPerValue) {
		return stopped(p)
	}
	return v, diags
}

const tooLongText = "A template can't put together texts of more than 16 MiB. Keep them in files."

// textLength is how many bytes of text a plain value makes.
func textLength(v cty.Value) int {
	v, _ = v.Unmark()
	switch {
	case !v.IsKnown() || v.IsNull():
		return 0
	case v.Type() == cty.String:
		return len(v.AsString())
	case v.Type() == cty.Number:
		return digits(v)
	}
	return 0
}

// joined is a loop in a template, whose rounds make one text.
type joined struct{ *hclsyntax.TemplateJoinExpr }

func (j *joined) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	v, diags := j.Tuple.Value(ctx)
	if unmarked, _ := v.Unmark(); unmarked.Type().IsTupleType() && unmarked.IsKnown() && !unmarked.IsNull() {
		n, rows := 0, 0
		for it := unmarked.ElementIterator(); it.Next(); rows++ {
			_, e := it.Element()
			n += textLength(e)
		}
		if n > MaxText {
			meterOf(ctx).Refuse(j.Range(), tooLongText)
		}
		if !meterOf(ctx).Take(j.Range(), rows+n/TextPerStep, n/TextPerValue) {
			return stopped(j)
		}
	}
	if meterOf(ctx).Spent() {
		return stopped(j)
	}
	plain := *j.TemplateJoinExpr
	plain.Tuple = &worked{j.Tuple, v, diags}
	return plain.Value(ctx)
}

// tooManyDigits is the error of a number that takes for ever to work with, or to write out.
func tooManyDigits(e hclsyntax.Expression) (cty.Value, hcl.Diagnostics) {
	return cty.DynamicVal, hcl.Diagnostics{diag.Error(e.Range(), "Number too large", "A number can have ten thousand digits at most.")}
}

// huge is a number written out that is too large, such as 1e999999.
type huge struct{ *hclsyntax.LiteralValueExpr }

func (h *huge) Value(*hcl.EvalContext) (cty.Value, hcl.Diagnostics) { return tooManyDigits(h) }

// Numeric is a part that may be taken for a number.
type Numeric struct{ hclsyntax.Expression }

func numericPart(e hclsyntax.Expression) hclsyntax.Expression {
	switch e.(type) {
	case *Numeric, *hclsyntax.LiteralValueExpr:
		return e
	}
	return &Numeric{e}
}

func (n *Numeric) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	v, diags := n.Expression.Value(ctx)
	if textLength(v) > MaxDigits {
		return tooManyDigits(n)
	}
	return v, diags
}
