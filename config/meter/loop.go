package meter

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// Loop is a for expression. It follows HCL's but for three things: each round is paid for; it ends when the rounds so far
// brought maxProblems errors, which is all that a person is told; and the rounds share one context.
type Loop struct {
	*hclsyntax.ForExpr
	round Cost
}

func (l *Loop) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	m := meterOf(ctx)
	if !m.Take(l.SrcRange, 1, 0) {
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
	if coll.Type().IsSetType() && !m.Take(l.SrcRange, sortSteps(coll.LengthInt(), coll.Type().ElementType()), 0) {
		return stopped(l)
	}
	for it := coll.ElementIterator(); it.Next(); {
		if !m.Take(l.SrcRange, l.round.steps, l.round.values) {
			return stopped(l)
		}
		if len(diags) >= MaxProblems && diags.HasErrors() {
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
	round Cost
}

const splatChunk = 1000

func (s *splat) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	m := meterOf(ctx)
	source, diags := s.Source.Value(ctx)
	plain := *s.SplatExpr
	plain.Source = &worked{s.Source, source, diags}
	n := 1
	if IsList(source.Type()) && source.IsKnown() && !source.IsNull() && !source.IsMarked() {
		n = source.LengthInt()
	}
	if c := s.round.times(n); !m.Take(s.SrcRange, c.steps, c.values) {
		return stopped(s)
	}
	if n <= splatChunk || diags.HasErrors() {
		v, diags := plain.Value(ctx)
		if m.Spent() {
			return stopped(s)
		}
		return v, diags
	}
	vals := make([]cty.Value, 0, n)
	for elems := source.AsValueSlice(); len(elems) > 0; elems = elems[min(splatChunk, len(elems)):] {
		plain.Source = &worked{s.Source, cty.TupleVal(elems[:min(splatChunk, len(elems))]), nil}
		v, more := plain.Value(ctx)
		if m.Spent() {
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
