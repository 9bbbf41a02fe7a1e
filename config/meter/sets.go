package meter

import (
	"math"
	"math/bits"

	"github.com/zclconf/go-cty/cty"
)

// This file: sets. go-cty sorts a set whenever it goes through it, which for objects means hashing both sides of each
// comparison, and it goes through the arguments of a call several times.

// sortSteps is what going through a set of n elements once takes more than going through a list.
func sortSteps(n int, element cty.Type) int {
	each := 40
	switch element {
	case cty.String, cty.Bool:
		each = 3
	case cty.Number:
		each = 10
	}
	return Product(each, Product(n, bits.Len(uint(n))))
}

// setPrice is of functions on sets. Of plain texts, quickSets does them.
func setPrice(args []cty.Value) Cost {
	c := hashes(args)
	for _, v := range args {
		if !v.IsNull() && IsList(v.Type()) && !allTexts(v) {
			return Price(Product(20, c.steps), c.values)
		}
	}
	return c
}

// tosetPrice is that of hashing, which is quick for texts.
func tosetPrice(args []cty.Value) Cost {
	c := hashes(args)
	if len(args) > 0 && !args[0].IsNull() && IsList(args[0].Type()) && !allTexts(args[0]) {
		c.steps = Product(5, c.steps)
	}
	return c
}

// allTexts reports whether all elements of a plain list are known texts.
func allTexts(v cty.Value) bool {
	if !isPlain(v) || !IsList(v.Type()) {
		return false
	}
	if t := v.Type(); !t.IsTupleType() && t.ElementType() != cty.String {
		return false
	}
	for it := v.ElementIterator(); it.Next(); {
		if _, e := it.Element(); !isPlain(e) || e.Type() != cty.String {
			return false
		}
	}
	return true
}

// quickSets makes a quick form of a function on sets, for texts. keep tells from how many of the lists an element is in, and
// whether it is in the first, whether it is in the result.
func quickSets(keep func(in, lists int, first bool) bool) func(args []cty.Value) (cty.Value, bool) {
	type seen struct {
		value cty.Value
		in    int
		last  int // the list it was seen in last
		first bool
	}
	return func(args []cty.Value) (cty.Value, bool) {
		all := map[string]*seen{}
		for i, list := range args {
			if !allTexts(list) {
				return cty.NilVal, false
			}
			for it := list.ElementIterator(); it.Next(); {
				_, e := it.Element()
				s := all[e.AsString()]
				if s == nil {
					s = &seen{value: e, last: math.MinInt, first: i == 0}
					all[e.AsString()] = s
				}
				if s.last != i {
					s.in, s.last = s.in+1, i
				}
			}
		}
		if len(all) == 0 {
			return cty.NilVal, false // the type of no elements is go-cty's affair
		}
		var kept []cty.Value
		for _, s := range all {
			if keep(s.in, len(args), s.first) {
				kept = append(kept, s.value)
			}
		}
		if len(kept) == 0 {
			return cty.SetValEmpty(cty.String), true
		}
		return cty.SetVal(kept), true
	}
}

func inAny(int, int, bool) bool              { return true }
func inAll(in, lists int, _ bool) bool       { return in == lists }
func inFirstOnly(in, _ int, first bool) bool { return first && in == 1 }
