package meter

import (
	"errors"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/spotsync/spotsync/config/scan"
)

// This file: conversions of long tuples, which is what a for expression makes. Looking for a type that all elements have in
// common, go-cty compares each element's type with each other's. Elements' types are few, so it is enough to compare those.

const (
	longTuple = 16             // elements; from here on it is worth the trouble
	slowTuple = 1_000          // elements; from here on go-cty's own conversion is no way out
	maxKinds  = 300            // different types among the elements of one list
	MaxDigits = scan.MaxDigits // of a number that is written as text
)

// conversions are the functions that convert a whole collection.
var conversions = map[string]cty.Type{
	"tolist": cty.List(cty.DynamicPseudoType),
	"toset":  cty.Set(cty.DynamicPseudoType),
	"tomap":  cty.Map(cty.DynamicPseudoType),
}

// Linear converts a known tuple or object to a list, a set or a map. It is cty.NilVal where go-cty can as well do it.
func Linear(v cty.Value, want cty.Type) (cty.Value, error) {
	t := v.Type()
	if !v.IsKnown() || v.IsNull() || v.IsMarked() || !want.IsCollectionType() {
		return cty.NilVal, nil
	}
	switch {
	case t.IsTupleType() && len(t.TupleElementTypes()) > 0 && holdsLong(t) && (want.IsListType() || want.IsSetType()):
		elems, err := convertAll(v.AsValueSlice(), want.ElementType())
		switch {
		case err != nil && size(v, slowTuple) < slowTuple:
			return cty.NilVal, nil
		case err != nil:
			return cty.NilVal, err
		case want.IsSetType():
			return cty.SetVal(elems), nil
		}
		return cty.ListVal(elems), nil
	case t.IsObjectType() && len(t.AttributeTypes()) > 0 && holdsLong(t) && want.IsMapType():
		attrs := v.AsValueMap()
		names := slices.Sorted(maps.Keys(attrs))
		elems := make([]cty.Value, len(names))
		for i, name := range names {
			elems[i] = attrs[name]
		}
		elems, err := convertAll(elems, want.ElementType())
		switch {
		case err != nil && size(v, slowTuple) < slowTuple:
			return cty.NilVal, nil
		case err != nil:
			return cty.NilVal, err
		}
		for i, name := range names {
			attrs[name] = elems[i]
		}
		return cty.MapVal(attrs), nil
	}
	return cty.NilVal, nil
}

var errNoCommonType = errors.New("all elements must have the same type")

// convertAll converts values to one type; where that is open, to one they have in common.
func convertAll(vals []cty.Value, want cty.Type) ([]cty.Value, error) {
	if want == cty.DynamicPseudoType {
		kinds, ok := kindsOf(nil, vals)
		if !ok {
			return nil, errNoCommonType
		}
		if want = common(kinds); want == cty.NilType {
			return nil, errNoCommonType
		}
	}
	out := make([]cty.Value, len(vals))
	for i, v := range vals {
		var err error
		if out[i], err = Convert(v, want); err != nil {
			path := cty.Path{cty.IndexStep{Key: cty.NumberIntVal(int64(i))}}
			if inner, ok := errors.AsType[cty.PathError](err); ok {
				path = append(path, inner.Path...)
			}
			return nil, path.NewError(err)
		}
	}
	if !cty.CanListVal(out) {
		return nil, errNoCommonType
	}
	return out, nil
}

// kindsOf adds the types of values to kinds, each once; false when there are too many.
func kindsOf(kinds []cty.Type, vals []cty.Value) ([]cty.Type, bool) {
next:
	for _, v := range vals {
		t := v.Type()
		for i, k := range kinds {
			if t.Equals(k) {
				kinds[0], kinds[i] = kinds[i], kinds[0] // the next one is most likely the same
				continue next
			}
		}
		if len(kinds) == maxKinds {
			return nil, false
		}
		kinds = append(kinds, t)
	}
	return kinds, true
}

// common is the type that values of all kinds can have, as go-cty finds it for the elements of a tuple.
func common(kinds []cty.Type) cty.Type {
	if len(kinds) == 1 {
		return kinds[0]
	}
	t, _ := convert.UnifyUnsafe(kinds)
	return t
}

// alike converts two tuples of different types, or a tuple and a list, to lists of one type, and two objects of different
// attributes to maps, as the results of a conditional are. It is false if that can't be and finding out why would take too
// long.
func alike(a, b cty.Value) (x, y cty.Value, ok bool) {
	if a.Type().IsObjectType() && b.Type().IsObjectType() {
		return alikeObjects(a, b)
	}
	n := 0
	for _, v := range []cty.Value{a, b} {
		t := v.Type()
		if !v.IsKnown() || v.IsNull() || v.IsMarked() || !t.IsTupleType() && !t.IsListType() {
			return a, b, true
		}
		n = max(n, v.LengthInt())
	}
	tuples := a.Type().IsTupleType() && b.Type().IsTupleType()
	switch {
	case n < longTuple, a.Type().Equals(b.Type()), a.Type().IsListType() && b.Type().IsListType():
		return a, b, true
	case tuples && a.LengthInt() == b.LengthInt(): // go-cty does this element by element
		return a, b, true
	}
	kinds, ok := []cty.Type(nil), true
	for _, v := range []cty.Value{a, b} {
		if v.Type().IsListType() {
			kinds, ok = kindsOf(kinds, []cty.Value{cty.NullVal(v.Type().ElementType())})
		} else if ok {
			kinds, ok = kindsOf(kinds, v.AsValueSlice())
		}
	}
	want := cty.NilType
	if ok {
		want = common(kinds)
	}
	if want == cty.NilType {
		return a, b, n < slowTuple
	}
	list := func(v cty.Value) cty.Value {
		if v.LengthInt() == 0 {
			return cty.ListValEmpty(want)
		}
		elems, err := convertAll(v.AsValueSlice(), want)
		if err != nil {
			ok = false
			return v
		}
		return cty.ListVal(elems)
	}
	if x, y = list(a), list(b); !ok {
		return a, b, n < slowTuple
	}
	return x, y, true
}

// alikeObjects is alike for two objects.
func alikeObjects(a, b cty.Value) (x, y cty.Value, ok bool) {
	objects := []cty.Value{a, b}
	n := 0
	for _, v := range objects {
		if !isPlain(v) {
			return a, b, true
		}
		n = max(n, v.LengthInt())
	}
	names := func(v cty.Value) []string { return slices.Sorted(maps.Keys(v.Type().AttributeTypes())) }
	if n < longTuple || slices.Equal(names(a), names(b)) { // go-cty does this attribute by attribute
		return a, b, true
	}
	var kinds []cty.Type
	ok = true
	for _, v := range objects {
		if ok {
			kinds, ok = kindsOf(kinds, slices.Collect(maps.Values(v.AsValueMap())))
		}
	}
	want := cty.NilType
	if ok {
		want = common(kinds)
	}
	if want == cty.NilType {
		return a, b, n < slowTuple
	}
	for i, v := range objects {
		m, err := Linear(v, cty.Map(want))
		switch {
		case err != nil:
			return a, b, n < slowTuple
		case m != cty.NilVal:
			objects[i] = m
		case v.LengthInt() == 0:
			objects[i] = cty.MapValEmpty(want)
		default:
			if objects[i], err = convert.Convert(v, cty.Map(want)); err != nil {
				return a, b, n < slowTuple
			}
		}
	}
	return objects[0], objects[1], true
}

// sidesSteps is what go-cty takes to find a type for two values that alike left different: it compares what is in lists of
// different lengths with each other, unless they hold nothing but plain values.
func sidesSteps(a, b cty.Value) int {
	if a.Type().Equals(b.Type()) || shallow(a.Type()) && shallow(b.Type()) {
		return 0
	}
	n := sum(size(a, Enough), size(b, Enough))
	return Product(n, n) / 2
}

// shallow reports whether a type's elements are plain values, or objects of them.
func shallow(t cty.Type) bool {
	switch {
	case t.IsTupleType():
		for _, e := range t.TupleElementTypes() {
			if !flat(e) {
				return false
			}
		}
		return true
	case t.IsObjectType():
		for _, e := range t.AttributeTypes() {
			if !flat(e) {
				return false
			}
		}
		return true
	case t.IsCollectionType():
		return flat(t.ElementType())
	}
	return true
}

// holdsLong reports whether a type is of many elements, or holds a tuple or an object of many.
func holdsLong(t cty.Type) bool {
	switch {
	case t.IsTupleType():
		types := t.TupleElementTypes()
		return len(types) >= longTuple || slices.ContainsFunc(types, holdsLong)
	case t.IsObjectType():
		types := t.AttributeTypes()
		if len(types) >= longTuple {
			return true
		}
		for _, e := range types {
			if holdsLong(e) {
				return true
			}
		}
	}
	return false
}

// Convert is convert.Convert in a time that grows with the value's size.
func Convert(v cty.Value, want cty.Type) (cty.Value, error) {
	if v.Type() == cty.String && want == cty.Number && textLength(v) > MaxDigits {
		return cty.NilVal, errors.New("a number can have ten thousand digits at most")
	}
	if quick, err := Linear(v, want); err != nil || quick != cty.NilVal {
		return quick, err
	}
	return convert.Convert(v, want)
}

// functionOf finds what an expression calls.
func functionOf(ctx *hcl.EvalContext, name string) (function.Function, bool) {
	for c := ctx; c != nil; c = c.Parent() {
		if f, ok := c.Functions[name]; ok {
			return f, true
		}
	}
	return function.Function{}, false
}

// IsList reports whether a type is one of lists, tuples or sets.
func IsList(t cty.Type) bool { return t.IsListType() || t.IsTupleType() || t.IsSetType() }

// WholeNumber is argument i as an int; numbers beyond 2³¹ are held to that, since no list is so long.
func WholeNumber(i int, v cty.Value) (int, error) {
	f := v.AsBigFloat()
	if !f.IsInt() {
		return 0, function.NewArgErrorf(i, "a whole number is needed, not %s", f.Text('g', 10))
	}
	const most = 1 << 31
	n, _ := f.Int64()
	return int(max(-most+1, min(most-1, n))), nil
}
