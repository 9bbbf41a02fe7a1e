package functions

import (
	"slices"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/spotsync/spotsync/config/meter"
)

// This file: functions of Terraform's on collections that go-cty lacks, or has in a form that unifies the types of a list's
// elements. Unifying turns a list of URIs and track objects into an error, and objects with different attributes into maps
// of strings; here elements stay what they are, and a mixed result is a tuple.

// anyList is a parameter for lists, tuples and sets.
func anyList(name string) function.Parameter {
	return function.Parameter{Name: name, Type: cty.DynamicPseudoType}
}

// elements are those of argument i, which must be a list, a tuple or a set and is known.
func elements(i int, v cty.Value) ([]cty.Value, error) {
	if !meter.IsList(v.Type()) {
		return nil, function.NewArgErrorf(i, "a list is needed, not %s", v.Type().FriendlyName())
	}
	return v.AsValueSlice(), nil
}

// sequence makes a list of values where that is possible without changing any, else a tuple. like is the type of the
// list they come from: elements of a tuple are a tuple.
func sequence(vals []cty.Value, like cty.Type) cty.Value {
	if !like.IsListType() && !like.IsSetType() || like.ElementType().HasDynamicTypes() {
		return cty.TupleVal(vals)
	}
	if len(vals) == 0 {
		return cty.ListValEmpty(like.ElementType())
	}
	for _, v := range vals {
		if !v.Type().Equals(like.ElementType()) {
			return cty.TupleVal(vals)
		}
	}
	return cty.ListVal(vals)
}

var dynamicReturn = function.StaticReturnType(cty.DynamicPseudoType)

var concatFunc = function.New(&function.Spec{
	Description: "one list after the other",
	VarParam:    &function.Parameter{Name: "lists", Type: cty.DynamicPseudoType, AllowMarked: true},
	Type:        dynamicReturn,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		like := cty.EmptyTuple
		var all []cty.Value
		var marks []cty.ValueMarks
		for i, arg := range args {
			arg, m := arg.Unmark()
			marks = append(marks, m)
			vals, err := elements(i, arg)
			if err != nil {
				return cty.NilVal, err
			}
			if i == 0 {
				like = arg.Type()
			} else if !arg.Type().Equals(like) {
				like = cty.EmptyTuple
			}
			all = append(all, vals...)
		}
		return sequence(all, like).WithMarks(marks...), nil
	},
})

// valueSet holds known values by their hash: comparing each with each takes a minute for a full playlist.
type valueSet map[int][]cty.Value

func (s valueSet) has(v cty.Value) bool {
	return slices.ContainsFunc(s[v.Hash()], v.RawEquals)
}

// add reports whether the value is new.
func (s valueSet) add(v cty.Value) bool {
	h := v.Hash()
	if slices.ContainsFunc(s[h], v.RawEquals) {
		return false
	}
	s[h] = append(s[h], v)
	return true
}

var distinctFunc = function.New(&function.Spec{
	Description: "the list without the elements that stood in it before",
	Params:      []function.Parameter{anyList("list")},
	Type:        dynamicReturn,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		vals, err := elements(0, args[0])
		if err != nil {
			return cty.NilVal, err
		}
		if !args[0].IsWhollyKnown() {
			return cty.DynamicVal, nil
		}
		seen := valueSet{}
		var kept []cty.Value
		for _, v := range vals {
			if seen.add(v) {
				kept = append(kept, v)
			}
		}
		return sequence(kept, args[0].Type()), nil
	},
})

var chunklistFunc = function.New(&function.Spec{
	Description: "the list cut into lists of a size",
	Params:      []function.Parameter{anyList("list"), {Name: "size", Type: cty.Number}},
	Type:        dynamicReturn,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		vals, err := elements(0, args[0])
		if err != nil {
			return cty.NilVal, err
		}
		size, err := meter.WholeNumber(1, args[1])
		if err != nil {
			return cty.NilVal, err
		}
		if size < 1 {
			return cty.NilVal, function.NewArgErrorf(1, "must be at least 1")
		}
		var chunks []cty.Value
		for len(vals) > 0 {
			n := min(size, len(vals))
			chunks = append(chunks, sequence(vals[:n:n], args[0].Type()))
			vals = vals[n:]
		}
		return cty.TupleVal(chunks), nil
	},
})

// coalesceFunc is Terraform's, which passes over empty strings too, without unifying the arguments' types.
var coalesceFunc = function.New(&function.Spec{
	Description: "the first argument that is neither null nor an empty string",
	VarParam:    &function.Parameter{Name: "values", Type: cty.DynamicPseudoType, AllowNull: true, AllowUnknown: true, AllowDynamicType: true, AllowMarked: true},
	Type:        dynamicReturn,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		var passed []cty.ValueMarks
		for _, arg := range args {
			v, marks := arg.Unmark()
			if !v.IsKnown() {
				return cty.DynamicVal.WithMarks(append(passed, marks)...), nil
			}
			if v.IsNull() || v.Type() == cty.String && v.AsString() == "" {
				passed = append(passed, marks)
				continue
			}
			return arg.WithMarks(passed...), nil
		}
		return cty.NilVal, function.NewArgErrorf(max(len(args)-1, 0), "no argument is neither null nor an empty string")
	},
})

var indexFunc = function.New(&function.Spec{
	Description: "the position of a value in a list, from 0",
	Params:      []function.Parameter{anyList("list"), {Name: "value", Type: cty.DynamicPseudoType}},
	Type:        function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		vals, err := elements(0, args[0])
		if err != nil {
			return cty.NilVal, err
		}
		for i, v := range vals {
			eq := v.Equals(args[1])
			if !eq.IsKnown() {
				return cty.UnknownVal(cty.Number), nil
			}
			if eq.True() {
				return cty.NumberIntVal(int64(i)), nil
			}
		}
		return cty.NilVal, function.NewArgErrorf(1, "the list has no such element")
	},
})

// lengthFunc counts characters too, as Terraform's.
var lengthFunc = function.New(&function.Spec{
	Description: "how many elements a collection has, or characters a string",
	Params:      []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowDynamicType: true, AllowUnknown: true, AllowMarked: true}},
	Type:        function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		v, marks := args[0].Unmark()
		switch t := v.Type(); {
		case t == cty.DynamicPseudoType:
			return cty.UnknownVal(cty.Number).WithMarks(marks), nil
		case t == cty.String:
			n, err := stdlib.Strlen(v)
			return n.WithMarks(marks), err
		case t.IsObjectType():
			return cty.NumberIntVal(int64(len(t.AttributeTypes()))).WithMarks(marks), nil
		case meter.IsList(t) || t.IsMapType():
			return v.Length().WithMarks(marks), nil
		default:
			return cty.NilVal, function.NewArgErrorf(0, "a collection or a string is needed, not %s", t.FriendlyName())
		}
	},
})

// lookupFunc is go-cty's, whose default can't be left out.
var lookupFunc = function.New(&function.Spec{
	Description: "the value of a key in a map, or the default",
	Params: []function.Parameter{
		{Name: "map", Type: cty.DynamicPseudoType},
		{Name: "key", Type: cty.String},
	},
	VarParam: &function.Parameter{Name: "default", Type: cty.DynamicPseudoType, AllowNull: true, AllowDynamicType: true, AllowUnknown: true},
	Type:     dynamicReturn,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if len(args) > 3 {
			return cty.NilVal, function.NewArgErrorf(3, "lookup takes one default")
		}
		m, key := args[0], args[1].AsString()
		switch t := m.Type(); {
		case t.IsObjectType():
			if t.HasAttribute(key) {
				return m.GetAttr(key), nil
			}
		case t.IsMapType():
			if m.HasIndex(args[1]).True() {
				return m.Index(args[1]), nil
			}
		default:
			return cty.NilVal, function.NewArgErrorf(0, "a map is needed, not %s", t.FriendlyName())
		}
		if len(args) == 3 {
			return args[2], nil
		}
		return cty.NilVal, function.NewArgErrorf(1, "the map has no key %q, and there is no default", key)
	},
})

var matchkeysFunc = function.New(&function.Spec{
	Description: "those values whose keys, at the same positions, are among the ones searched",
	Params:      []function.Parameter{anyList("values"), anyList("keys"), anyList("search")},
	Type:        dynamicReturn,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		var lists [3][]cty.Value
		for i := range lists {
			var err error
			if lists[i], err = elements(i, args[i]); err != nil {
				return cty.NilVal, err
			}
		}
		vals, keys, search := lists[0], lists[1], lists[2]
		if len(keys) != len(vals) {
			return cty.NilVal, function.NewArgErrorf(1, "as many keys as values are needed: %d, not %d", len(vals), len(keys))
		}
		if !args[1].IsWhollyKnown() || !args[2].IsWhollyKnown() {
			return cty.DynamicVal, nil
		}
		searched := valueSet{}
		for _, s := range search {
			searched.add(s)
		}
		var kept []cty.Value
		for i, k := range keys {
			if searched.has(k) {
				kept = append(kept, vals[i])
			}
		}
		return sequence(kept, args[0].Type()), nil
	},
})

var oneFunc = function.New(&function.Spec{
	Description: "the only element of a list, or null when it has none",
	Params:      []function.Parameter{anyList("list")},
	Type:        dynamicReturn,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if args[0].Type().IsSetType() && !args[0].IsWhollyKnown() {
			return cty.DynamicVal, nil // elements that turn out equal are one
		}
		vals, err := elements(0, args[0])
		if err != nil {
			return cty.NilVal, err
		}
		switch len(vals) {
		case 0:
			return cty.NullVal(cty.DynamicPseudoType), nil
		case 1:
			return vals[0], nil
		}
		return cty.NilVal, function.NewArgErrorf(0, "one element or none is needed, not %d", len(vals))
	},
})

var sumFunc = function.New(&function.Spec{
	Description: "the sum of the numbers, 0 for none",
	Params:      []function.Parameter{anyList("list")},
	Type:        function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		vals, err := elements(0, args[0])
		if err != nil {
			return cty.NilVal, err
		}
		if !args[0].IsWhollyKnown() {
			return cty.UnknownVal(cty.Number), nil
		}
		total := cty.Zero
		for i, v := range vals {
			n, err := meter.Convert(v, cty.Number)
			if err != nil || n.IsNull() {
				return cty.NilVal, function.NewArgErrorf(0, "element %d, %s, is no number", i, Describe(v))
			}
			if total, err = stdlib.Add(total, n); err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
		}
		return total, nil
	},
})

// boolFold makes alltrue (start true) or anytrue (start false). Null counts as false.
func boolFold(start bool) function.Function {
	return function.New(&function.Spec{
		Description: "whether all, or any, of the elements are true",
		Params:      []function.Parameter{{Name: "list", Type: cty.List(cty.Bool)}},
		Type:        function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			unknown := false
			for _, v := range args[0].AsValueSlice() {
				switch {
				case !v.IsKnown():
					unknown = true
				case (!v.IsNull() && v.True()) != start:
					return cty.BoolVal(!start), nil
				}
			}
			if unknown {
				return cty.UnknownVal(cty.Bool), nil
			}
			return cty.BoolVal(start), nil
		},
	})
}

var transposeFunc = function.New(&function.Spec{
	Description: "a map of lists with keys and elements changing places",
	Params:      []function.Parameter{{Name: "map", Type: cty.Map(cty.List(cty.String))}},
	Type:        function.StaticReturnType(cty.Map(cty.List(cty.String))),
	Impl: func(args []cty.Value, ret cty.Type) (cty.Value, error) {
		if !args[0].IsWhollyKnown() {
			return cty.UnknownVal(ret), nil
		}
		lists := map[string][]cty.Value{}
		for it := args[0].ElementIterator(); it.Next(); {
			key, list := it.Element()
			if list.IsNull() {
				return cty.NilVal, function.NewArgErrorf(0, "the list of %q is null", key.AsString())
			}
			for _, v := range list.AsValueSlice() {
				if v.IsNull() {
					return cty.NilVal, function.NewArgErrorf(0, "the list of %q has a null in it", key.AsString())
				}
				lists[v.AsString()] = append(lists[v.AsString()], key)
			}
		}
		if len(lists) == 0 {
			return cty.MapValEmpty(cty.List(cty.String)), nil
		}
		out := map[string]cty.Value{}
		for k, l := range lists {
			out[k] = cty.ListVal(l)
		}
		return cty.MapVal(out), nil
	},
})
