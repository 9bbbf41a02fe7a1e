package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/customdecode"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
)

// This file: the parts of an expression that multiply work, as parts that pay for it. They embed HCL's own, so that
// whatever looks at an expression still sees it. Everything else takes time by the length of its text, and pays as part
// of the loop it stands in.

// meterExpression replaces all parts of an expression that multiply work. It changes the expression below, but does
// nothing when it is done once more.
func meterExpression(e hclsyntax.Expression) hclsyntax.Expression {
	e, _ = meterPart(e, false)
	return e
}

// meterPart is meterExpression for a part, with what it costs to work it out once.
func meterPart(e hclsyntax.Expression, inLoop bool) (hclsyntax.Expression, cost) {
	total := cost{steps: 1}
	sub := func(at *hclsyntax.Expression) {
		if *at == nil {
			return
		}
		var c cost
		*at, c = meterPart(*at, inLoop)
		total = total.plus(c)
	}
	switch e := e.(type) {
	case *hclsyntax.ForExpr:
		sub(&e.CollExpr)
		before := total
		total, inLoop = cost{steps: 2}, true
		sub(&e.KeyExpr)
		sub(&e.ValExpr)
		sub(&e.CondExpr)
		total.values++
		if e.KeyExpr != nil {
			total.values += 5
		}
		return &loop{e, total}, before.plus(of(2, objectValues))
	case *hclsyntax.SplatExpr:
		sub(&e.Source)
		before := total
		total, inLoop = cost{steps: 2, values: 1}, true
		sub(&e.Each)
		return &splat{e, total}, before.plus(of(2, 1))
	case *hclsyntax.FunctionCallExpr:
		for i := range e.Args {
			sub(&e.Args[i])
		}
		return &call{e}, total.plus(of(5, 0))
	case *hclsyntax.ConditionalExpr:
		sub(&e.Condition)
		sub(&e.TrueResult)
		sub(&e.FalseResult)
		return &conditional{e}, total.plus(of(2, 0))
	case *hclsyntax.BinaryOpExpr:
		sub(&e.LHS)
		sub(&e.RHS)
		if e.Op.Type == cty.Number {
			total.values++
		}
		return &operation{e}, total.plus(of(1, 0))
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
		return e, total.plus(of(5, 2))
	case *hclsyntax.TemplateJoinExpr:
		sub(&e.Tuple)
		return &joined{e}, total.plus(of(2, 2))
	case *hclsyntax.UnaryOpExpr:
		sub(&e.Val)
		if e.Op != hclsyntax.OpLogicalNot {
			e.Val = numericPart(e.Val)
			return e, total.plus(of(5, 1))
		}
		return &not{e}, total.plus(of(1, 0))
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
	return cty.DynamicVal, hcl.Diagnostics{problem(e.Range(), tooMuchWork, "")}
}

// loop is a for expression. It follows HCL's but for three things: each round is paid for; it ends when the rounds so far
// brought maxProblems errors, which is all that a person is told; and the rounds share one context.
type loop struct {
	*hclsyntax.ForExpr
	round cost
}

func (l *loop) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	m := meterOf(ctx)
	if !m.take(l.SrcRange, 1, 0) {
		return stopped(l)
	}
	coll, diags := l.CollExpr.Value(ctx)
	wrong := func(summary, detail string, at hclsyntax.Expression) {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: at.Range().Ptr(), Context: &l.SrcRange})
	}
	if coll.IsNull() {
		wrong("Iteration over null value", "A null value cannot be used as the collection in a 'for' expression.", l.CollExpr)
		return cty.DynamicVal, diags
	}
	if coll.Type() == cty.DynamicPseudoType {
		return cty.DynamicVal, diags
	}
	coll, collMarks := coll.Unmark()
	marks := []cty.ValueMarks{collMarks}
	if !coll.CanIterateElements() {
		wrong("Iteration over non-iterable value", fmt.Sprintf("A value of type %s cannot be used as the collection in a 'for' expression.", coll.Type().FriendlyName()), l.CollExpr)
		return cty.DynamicVal, diags
	}
	child := ctx.NewChild()
	child.Variables = map[string]cty.Value{}
	enter := func(k, v cty.Value) {
		if l.KeyVar != "" {
			child.Variables[l.KeyVar] = k
		}
		child.Variables[l.ValVar] = v
	}
	if l.CondExpr != nil {
		// A condition of the wrong type is told once, and not for each element.
		enter(cty.DynamicVal, cty.DynamicVal)
		result, condDiags := l.CondExpr.Value(child)
		diags = append(diags, condDiags...)
		if result.IsNull() {
			wrong("Condition is null", "The value of the 'if' clause must not be null.", l.CondExpr)
			return cty.DynamicVal, diags
		}
		if _, err := convert.Convert(result, cty.Bool); err != nil {
			wrong("Invalid 'for' condition", fmt.Sprintf("The 'if' clause value is invalid: %s.", err.Error()), l.CondExpr)
			return cty.DynamicVal, diags
		}
		if condDiags.HasErrors() {
			return cty.DynamicVal, diags
		}
		if !coll.IsKnown() {
			_, condMarks := result.Unmark()
			marks = append(marks, condMarks)
		}
	}
	if !coll.IsKnown() {
		return cty.DynamicVal.WithMarks(marks...), diags
	}

	vals := []cty.Value{}
	object := map[string]cty.Value{}
	groups := map[string][]cty.Value{}
	known := true
	add := func(more hcl.Diagnostics) { diags = append(diags, more...) }
	mark := func(v cty.Value) {
		if v.IsMarked() {
			_, more := v.Unmark()
			marks = append(marks, more)
		}
	}
	unless := func(summary, detail string, at hclsyntax.Expression) {
		if known {
			wrong(summary, detail, at)
		}
		known = false
	}
	if coll.Type().IsSetType() && !m.take(l.SrcRange, sortSteps(coll.LengthInt(), coll.Type().ElementType()), 0) {
		return stopped(l)
	}
	for it := coll.ElementIterator(); it.Next(); {
		if !m.take(l.SrcRange, l.round.steps, l.round.values) {
			return stopped(l)
		}
		if len(diags) >= maxProblems && diags.HasErrors() {
			return cty.DynamicVal, diags
		}
		enter(it.Element())
		if l.CondExpr != nil {
			raw, condDiags := l.CondExpr.Value(child)
			add(condDiags)
			if raw.IsNull() {
				unless("Invalid 'for' condition", "The value of the 'if' clause must not be null.", l.CondExpr)
				continue
			}
			mark(raw)
			if !raw.IsKnown() && l.KeyExpr == nil {
				known = false
				continue
			}
			include, err := convert.Convert(raw, cty.Bool)
			if err != nil {
				unless("Invalid 'for' condition", fmt.Sprintf("The 'if' clause value is invalid: %s.", err.Error()), l.CondExpr)
				continue
			}
			if !include.IsKnown() {
				known = false
				continue
			}
			if include, _ = include.Unmark(); include.False() {
				continue
			}
		}
		if l.KeyExpr == nil {
			v, valDiags := l.ValExpr.Value(child)
			add(valDiags)
			vals = append(vals, v)
			continue
		}
		raw, keyDiags := l.KeyExpr.Value(child)
		add(keyDiags)
		if raw.IsNull() {
			unless("Invalid object key", "Key expression in 'for' expression must not produce a null value.", l.KeyExpr)
			continue
		}
		mark(raw)
		if !raw.IsKnown() {
			known = false
			continue
		}
		key, err := convert.Convert(raw, cty.String)
		if err != nil {
			unless("Invalid object key", fmt.Sprintf("The key expression produced an invalid result: %s.", err.Error()), l.KeyExpr)
			continue
		}
		key, _ = key.Unmark()
		v, valDiags := l.ValExpr.Value(child)
		add(valDiags)
		k := key.AsString()
		if l.Group {
			groups[k] = append(groups[k], v)
		} else if _, exists := object[k]; exists {
			wrong("Duplicate object key", fmt.Sprintf("Two different items produced the key %q in this 'for' expression. If duplicates are expected, use the ellipsis (...) after the value expression to enable grouping by key.", k), l.KeyExpr)
		} else {
			object[k] = v
		}
	}
	switch {
	case !known:
		return cty.DynamicVal.WithMarks(marks...), diags
	case l.KeyExpr == nil:
		return cty.TupleVal(vals).WithMarks(marks...), diags
	case l.Group:
		for k, g := range groups {
			object[k] = cty.TupleVal(g)
		}
	}
	return cty.ObjectVal(object).WithMarks(marks...), diags
}

// splat is a list[*].attribute. Its elements are paid for before HCL goes through them, and it goes through some at a time,
// so that it ends when there are errors enough.
type splat struct {
	*hclsyntax.SplatExpr
	round cost
}

const splatChunk = 1000

func (s *splat) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	m := meterOf(ctx)
	source, diags := s.Source.Value(ctx)
	plain := *s.SplatExpr
	plain.Source = &worked{s.Source, source, diags}
	n := 1
	if isList(source.Type()) && source.IsKnown() && !source.IsNull() && !source.IsMarked() {
		n = source.LengthInt()
	}
	if c := s.round.times(n); !m.take(s.SrcRange, c.steps, c.values) {
		return stopped(s)
	}
	if n <= splatChunk || diags.HasErrors() {
		v, diags := plain.Value(ctx)
		if m.spent() {
			return stopped(s)
		}
		return v, diags
	}
	vals := make([]cty.Value, 0, n)
	for elems := source.AsValueSlice(); len(elems) > 0; elems = elems[min(splatChunk, len(elems)):] {
		plain.Source = &worked{s.Source, cty.TupleVal(elems[:min(splatChunk, len(elems))]), nil}
		v, more := plain.Value(ctx)
		if m.spent() {
			return stopped(s)
		}
		if diags = append(diags, more...); more.HasErrors() {
			return cty.DynamicVal, diags
		}
		vals = append(vals, v.AsValueSlice()...)
	}
	if source.Type().IsTupleType() {
		return cty.TupleVal(vals), diags
	}
	if !cty.CanListVal(vals) {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Invalid nested splat expressions", Subject: s.Each.Range().Ptr(), Context: s.Range().Ptr(),
			Detail: "The second level of splat expression produced elements of different types, so it isn't possible to construct a valid list to represent the top-level result.\n\nConsider using a for expression instead, to produce a tuple-typed result which can therefore have non-homogenous element types."})
		return cty.DynamicVal, diags
	}
	return cty.ListVal(vals), diags
}

// conditional is a ? b : c. Where both are lists, HCL looks for one type that all elements of both have in common, which
// takes it a time that grows with the square of their number.
type conditional struct{ *hclsyntax.ConditionalExpr }

func (c *conditional) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	m := meterOf(ctx)
	yes, yesDiags := c.TrueResult.Value(ctx)
	no, noDiags := c.FalseResult.Value(ctx)
	if isSmall(yes) && isSmall(no) {
		plain := *c.ConditionalExpr
		plain.TrueResult, plain.FalseResult = &worked{c.TrueResult, yes, yesDiags}, &worked{c.FalseResult, no, noDiags}
		return plain.Value(ctx)
	}
	if !m.pay(c.SrcRange, "Choosing between these", of(product(4, sum(size(yes, enough), size(no, enough))), 0)) {
		return stopped(c)
	}
	if !yesDiags.HasErrors() && !noDiags.HasErrors() {
		var ok bool
		if yes, no, ok = alike(yes, no); !ok {
			return cty.DynamicVal, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Inconsistent conditional result types", Context: &c.SrcRange,
				Subject: hcl.RangeBetween(c.TrueResult.Range(), c.FalseResult.Range()).Ptr(),
				Detail:  "The true and false result expressions must have consistent types. The elements of these lists have no type in common."}}
		}
		if !m.pay(c.SrcRange, "Choosing between these", of(sidesSteps(yes, no), 0)) {
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
		if !meterOf(ctx).pay(o.SrcRange, "Comparing these", comparing(left, right)) {
			return stopped(o)
		}
	}
	plain := *o.BinaryOpExpr
	plain.LHS, plain.RHS = &worked{o.LHS, left, leftDiags}, &worked{o.RHS, right, rightDiags}
	if tooLargeNumber(left) || tooLargeNumber(right) {
		return tooManyDigits(o)
	}
	if o.Op.Impl.Params()[0].Type == cty.Number && (textLength(left) > maxDigits || textLength(right) > maxDigits) {
		return tooManyDigits(o)
	}
	v, diags := plain.Value(ctx)
	if tooLargeNumber(v) {
		return tooManyDigits(o)
	}
	return v, withoutStacks(diags)
}

// comparing is the price of comparing two values: go-cty looks through what is in them at each level.
func comparing(a, b cty.Value) cost {
	n := min(detail(a, enough), detail(b, enough))
	return of(product(n, 6*max(2, min(depth(a.Type(), maxNesting), depth(b.Type(), maxNesting)))), 0)
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

// text is a part of a template, whose result goes into a text.
type text struct{ hclsyntax.Expression }

func textPart(e hclsyntax.Expression) hclsyntax.Expression {
	if _, done := e.(*text); done {
		return e
	}
	return &text{e}
}

func (p *text) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	v, diags := p.Expression.Value(ctx)
	n := textLength(v)
	if n < textPerValue {
		return v, diags
	}
	if n > maxText {
		meterOf(ctx).refuse(p.Range(), tooLongText)
	}
	if !meterOf(ctx).take(p.Range(), n/textPerStep, n/textPerValue) {
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
		if n > maxText {
			meterOf(ctx).refuse(j.Range(), tooLongText)
		}
		if !meterOf(ctx).take(j.Range(), rows+n/textPerStep, n/textPerValue) {
			return stopped(j)
		}
	}
	if meterOf(ctx).spent() {
		return stopped(j)
	}
	plain := *j.TemplateJoinExpr
	plain.Tuple = &worked{j.Tuple, v, diags}
	return plain.Value(ctx)
}

// call is a call of a function, paid for by its price before it starts.
type call struct{ *hclsyntax.FunctionCallExpr }

func (c *call) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	m := meterOf(ctx)
	f, exists := functionOf(ctx, c.Name)
	if !exists || m.spent() {
		if m.spent() {
			return stopped(c)
		}
		return c.FunctionCallExpr.Value(ctx)
	}
	params, rest := signature(f)
	for i := range c.Args {
		if p := parameter(params, rest, i); p != nil && customdecode.CustomExpressionDecoderForType(p.Type) != nil {
			return c.open(ctx, m)
		}
	}
	args, exprs := make([]cty.Value, 0, len(c.Args)), c.Args
	var all []hcl.Diagnostics // by argument, if there are any
	var diags hcl.Diagnostics
	expanded := false
	for i, e := range c.Args {
		v, more := e.Value(ctx)
		if m.spent() {
			return stopped(c)
		}
		if len(more) > 0 {
			if all == nil {
				all = make([]hcl.Diagnostics, len(c.Args))
			}
			all[i], diags = more, append(diags, more...)
		}
		if c.ExpandFinal && i == len(c.Args)-1 && isPlain(v) && isList(v.Type()) {
			if !m.take(c.Range(), 2*v.LengthInt(), 0) {
				return stopped(c)
			}
			expanded, exprs = true, slices.Clone(exprs[:i])
			for _, v := range v.AsValueSlice() {
				args, exprs = append(args, v), append(exprs, literal(v, e))
			}
			continue
		}
		args = append(args, v)
	}
	// plainly has HCL do the rest with the arguments as they are.
	plainly := func() (cty.Value, hcl.Diagnostics) {
		plain := *c.FunctionCallExpr
		plain.ExpandFinal = c.ExpandFinal && !expanded
		plain.Args = make([]hclsyntax.Expression, len(args))
		for i, v := range args {
			w := &worked{exprs[i], v, nil}
			if all != nil && i < len(all) {
				w.diags = all[i]
			}
			plain.Args[i] = w
		}
		v, diags := plain.Value(ctx)
		if m.spent() {
			return stopped(c)
		}
		return v, withoutStacks(diags)
	}
	if diags.HasErrors() || c.ExpandFinal && !expanded || len(args) < len(params) || rest == nil && len(args) > len(params) {
		return plainly()
	}
	asked := c.price(args)
	if asked.never != "" {
		return cty.DynamicVal, append(diags, c.failed(errors.New(asked.never)))
	}
	if !m.pay(c.Range(), c.Name, asked) {
		return stopped(c)
	}
	if quick := direct[c.Name]; quick != nil {
		if v, ok := quick(args); ok {
			return v, diags
		}
	}
	invalid := func(i int, name string, err error) (cty.Value, hcl.Diagnostics) {
		return cty.DynamicVal, append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Invalid function argument", Context: c.Range().Ptr(),
			Subject: exprs[i].StartRange().Ptr(), Detail: fmt.Sprintf("Invalid value for %q parameter: %s.", name, err), Extra: callError{c.Name, err}})
	}
	plainest := true // nothing that go-cty has to take care of
	for i, v := range args {
		p := parameter(params, rest, i)
		if (p.Type == cty.Number || c.Name == "tonumber") && textLength(v) > maxDigits {
			return tooManyDigits(c)
		}
		want := p.Type
		whole, ofWhole := conversions[c.Name]
		if ofWhole {
			want = whole
		}
		converted, err := linear(v, want)
		if ofWhole && err == nil && converted != cty.NilVal && len(args) == 1 {
			return converted, diags // that is all there is to do
		}
		if err == nil && converted == cty.NilVal {
			converted, err = convert.Convert(v, p.Type)
		}
		if err != nil {
			return invalid(i, p.Name, err)
		}
		args[i] = converted
		plainest = plainest && !converted.IsMarked() && converted.IsKnown() && (p.AllowNull || !converted.IsNull()) && (p.AllowDynamicType || converted.Type() != cty.DynamicPseudoType)
	}
	if !plainest {
		return plainly()
	}
	v, err := f.Call(args)
	if m.spent() { // it was a template that could not go on
		if m.where.Filename == "" {
			m.where = c.Range()
		}
		return stopped(c)
	}
	if err != nil {
		if wrong, ok := errors.AsType[function.ArgError](err); ok {
			if wrong.Index < len(args) {
				return invalid(wrong.Index, parameter(params, rest, wrong.Index).Name, err)
			}
			return plainly()
		}
		return cty.DynamicVal, withoutStacks(append(diags, c.failed(err)))
	}
	if tooLargeNumber(v) {
		return tooManyDigits(c)
	}
	return v, diags
}

// price is what the call costs. What is not known costs nothing: the result is not known either.
func (c *call) price(args []cty.Value) cost {
	ask, priced := prices[c.Name]
	if !priced {
		panic(fmt.Sprintf("the function %s has no price", c.Name))
	}
	for _, v := range args {
		if isPlain(v) {
			continue
		}
		shown := slices.Clone(args)
		for i, v := range shown {
			if v, _ = v.Unmark(); !v.IsKnown() {
				v = cty.NullVal(v.Type())
			}
			shown[i] = v
		}
		return ask(shown)
	}
	return ask(args)
}

func (c *call) failed(err error) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Error in function call", Context: c.Range().Ptr(), Subject: c.StartRange().Ptr(),
		Detail: fmt.Sprintf("Call to function %q failed: %s.", c.Name, err), Extra: callError{c.Name, err}}
}

// callError tells who asks a diagnostic which function failed, as HCL does.
type callError struct {
	name string
	err  error
}

var _ hclsyntax.FunctionCallDiagExtra = callError{}

func (e callError) CalledFunctionName() string { return e.name }
func (e callError) FunctionCallError() error   { return e.err }

// signature is what a function takes.
func signature(f function.Function) (params []function.Parameter, rest *function.Parameter) {
	return f.Params(), f.VarParam()
}

// parameter is the one that argument i is for, nil when there are too many.
func parameter(params []function.Parameter, rest *function.Parameter, i int) *function.Parameter {
	if i < len(params) {
		return &params[i]
	}
	return rest
}

// open is a call of a function that works its arguments out itself. It may ask for one again and again, to find out the
// result's type first; where such calls stand inside each other, that would multiply.
func (c *call) open(ctx *hcl.EvalContext, m *meter) (cty.Value, hcl.Diagnostics) {
	if !m.take(c.Range(), 10, 1) {
		return stopped(c)
	}
	plain := *c.FunctionCallExpr
	plain.Args = make([]hclsyntax.Expression, len(c.Args))
	for i, e := range c.Args {
		plain.Args[i] = &once{Expression: e}
	}
	v, diags := plain.Value(ctx)
	looked := 0 // through what came of each, for what is not known
	for _, e := range plain.Args {
		if o := e.(*once); o.done {
			looked = sum(looked, product(30, size(o.v, enough)))
		}
	}
	if !m.pay(c.Range(), c.Name, of(looked, 0)) {
		return stopped(c)
	}
	return v, diags
}

// once is a part that is worked out when it is asked for, and not again. It serves one call in one context.
type once struct {
	hclsyntax.Expression
	done  bool
	v     cty.Value
	diags hcl.Diagnostics
}

func (o *once) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	if !o.done {
		o.v, o.diags = o.Expression.Value(ctx)
		o.done = true
	}
	return o.v, o.diags
}

// tooManyDigits is the error of a number that takes for ever to work with, or to write out.
func tooManyDigits(e hclsyntax.Expression) (cty.Value, hcl.Diagnostics) {
	return cty.DynamicVal, hcl.Diagnostics{problem(e.Range(), "Number too large", "A number can have ten thousand digits at most.")}
}

// huge is a number written out that is too large, such as 1e999999.
type huge struct{ *hclsyntax.LiteralValueExpr }

func (h *huge) Value(*hcl.EvalContext) (cty.Value, hcl.Diagnostics) { return tooManyDigits(h) }

// numeric is a part that may be taken for a number.
type numeric struct{ hclsyntax.Expression }

func numericPart(e hclsyntax.Expression) hclsyntax.Expression {
	switch e.(type) {
	case *numeric, *hclsyntax.LiteralValueExpr:
		return e
	}
	return &numeric{e}
}

func (n *numeric) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	v, diags := n.Expression.Value(ctx)
	if textLength(v) > maxDigits {
		return tooManyDigits(n)
	}
	return v, diags
}
