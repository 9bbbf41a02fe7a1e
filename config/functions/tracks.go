package functions

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/meter"
	"github.com/spotsync/spotsync/spotify"
)

// This file: our functions on lists of tracks. They take what an attribute tracks takes, URIs, links, bare IDs and objects
// mixed, and open nested lists as it does. Elements come out as they went in.

// items are the elements of a list with its nested lists opened.
type items struct {
	vals  []cty.Value      // unmarked only at the top: an element keeps its marks
	marks []cty.ValueMarks // of the lists that were opened
	wait  bool             // an element isn't known: it may turn out to be a list of any length
}

// openList gathers the items of argument i.
func openList(i int, v cty.Value) (*items, error) {
	unmarked, _ := v.Unmark()
	if !meter.IsList(unmarked.Type()) {
		hint := ""
		if t := unmarked.Type(); t.IsMapType() || t.IsObjectType() {
			hint = "; values(…) makes a list of a map's values, and [ … ] of a single object"
		}
		return nil, function.NewArgErrorf(i, "a list is needed, not %s%s", unmarked.Type().FriendlyName(), hint)
	}
	it := &items{}
	it.open(v)
	return it, nil
}

func (it *items) open(v cty.Value) {
	list, marks := v.Unmark()
	it.marks = append(it.marks, marks)
	for _, e := range list.AsValueSlice() {
		inner, _ := e.Unmark()
		switch {
		case !inner.IsKnown():
			it.wait = true
		case !inner.IsNull() && meter.IsList(inner.Type()):
			it.open(e)
		default:
			it.vals = append(it.vals, e)
		}
	}
}

// result makes a list of vals, with the type of the list that argument was if they all have its element type.
func (it *items) result(vals []cty.Value, argument cty.Type) cty.Value {
	return sequence(vals, argument).WithMarks(it.marks...)
}

// unknown is the result when it depends on what isn't known.
func (it *items) unknown() cty.Value { return cty.DynamicVal.WithMarks(it.marks...) }

func trackList(name string) function.Parameter {
	return function.Parameter{Name: name, Type: cty.DynamicPseudoType, AllowMarked: true}
}

// shuffleFunc orders by SHA-256("spotsync shuffle 1" NUL seed NUL identity NUL n), where the identity of an item is its URI,
// else its JSON, and n counts items with the same identity from 0. That is a shuffle as good as a drawn one, the same in every
// version and on every machine, and it barely changes when the list does: a song that comes or goes moves no other one,
// so that a shuffled playlist doesn't cost a request for each of its songs, nor their dates.
var shuffleFunc = function.New(&function.Spec{
	Description: "the list in an order that looks random and depends on the seed alone",
	Params:      []function.Parameter{trackList("list"), {Name: "seed", Type: cty.String}},
	Type:        dynamicReturn,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		it, err := openList(0, args[0])
		if err != nil {
			return cty.NilVal, err
		}
		if it.wait {
			return it.unknown(), nil
		}
		type row struct {
			key [sha256.Size]byte
			val cty.Value
		}
		rows := make([]row, len(it.vals))
		count := map[string]int{}
		for i, v := range it.vals {
			id, known, err := identity(v)
			if err != nil {
				return cty.NilVal, function.NewArgErrorf(0, "%s: %w", nth(i, v), err)
			}
			if !known {
				return it.unknown(), nil
			}
			n := strconv.Itoa(count[id])
			count[id]++
			rows[i] = row{sha256.Sum256([]byte("spotsync shuffle 1\x00" + args[1].AsString() + "\x00" + id + "\x00" + n)), v}
		}
		slices.SortFunc(rows, func(a, b row) int { return bytes.Compare(a.key[:], b.key[:]) })
		vals := make([]cty.Value, len(rows))
		for i, r := range rows {
			vals[i] = r.val
		}
		return it.result(vals, unmarkedType(args[0])), nil
	},
})

var interleaveFunc = function.New(&function.Spec{
	Description: "the first items of all lists, then their second ones, and so on; a list that ends drops out",
	VarParam:    &function.Parameter{Name: "lists", Type: cty.DynamicPseudoType, AllowMarked: true},
	Type:        dynamicReturn,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		var all items
		var lists [][]cty.Value
		longest, like := 0, cty.EmptyTuple
		for i, arg := range args {
			it, err := openList(i, arg)
			if err != nil {
				return cty.NilVal, err
			}
			if len(args) == 1 && len(it.marks) > 1 {
				return cty.NilVal, function.NewArgErrorf(0, "a single list of lists: write interleave(a, b), or interleave(lists...) for the lists in it")
			}
			if t := unmarkedType(arg); i == 0 {
				like = t
			} else if !t.Equals(like) {
				like = cty.EmptyTuple
			}
			all.marks = append(all.marks, it.marks...)
			all.wait = all.wait || it.wait
			lists = append(lists, it.vals)
			longest = max(longest, len(it.vals))
		}
		if all.wait {
			return all.unknown(), nil
		}
		var vals []cty.Value
		for i := range longest {
			for _, l := range lists {
				if i < len(l) {
					vals = append(vals, l[i])
				}
			}
		}
		return all.result(vals, like), nil
	},
})

var takeFunc = function.New(&function.Spec{
	Description: "the first n items, or the last ones when n is negative; all of them when there are fewer",
	Params:      []function.Parameter{trackList("list"), {Name: "n", Type: cty.Number}},
	Type:        dynamicReturn,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		it, err := openList(0, args[0])
		if err != nil {
			return cty.NilVal, err
		}
		n, err := meter.WholeNumber(1, args[1])
		if err != nil {
			return cty.NilVal, err
		}
		if it.wait {
			return it.unknown(), nil
		}
		vals := it.vals
		if n >= 0 {
			vals = vals[:min(n, len(vals))]
		} else {
			vals = vals[max(0, len(vals)+n):]
		}
		return it.result(vals, unmarkedType(args[0])), nil
	},
})

var sortByFunc = function.New(&function.Spec{
	Description: "the list sorted by an attribute of its objects; items with the same value keep their order, those with null come last",
	Params:      []function.Parameter{trackList("list"), {Name: "attribute", Type: cty.String}},
	VarParam:    &function.Parameter{Name: "direction", Type: cty.String},
	Type:        dynamicReturn,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		sign := 1
		if len(args) > 3 {
			return cty.NilVal, function.NewArgErrorf(3, "sort_by takes one direction; to sort by several attributes, nest it: sort_by(sort_by(list, \"title\"), \"album\")")
		}
		if len(args) == 3 {
			switch args[2].AsString() {
			case "asc":
			case "desc":
				sign = -1
			default:
				return cty.NilVal, function.NewArgErrorf(2, "\"asc\" or \"desc\" is needed, not %q", args[2].AsString())
			}
		}
		it, err := openList(0, args[0])
		if err != nil {
			return cty.NilVal, err
		}
		type row struct{ key, val cty.Value }
		var rows []row
		kind := cty.NilType
		for i, v := range it.vals {
			key, err := attribute(v, args[1].AsString())
			if err != nil {
				return cty.NilVal, function.NewArgErrorf(0, "%s %w", nth(i, v), err)
			}
			key, marks := key.Unmark()
			it.marks = append(it.marks, marks) // the order tells about the keys
			t := key.Type()
			switch {
			case !key.IsKnown():
				it.wait = true
			case key.IsNull():
			case t != cty.String && t != cty.Number && t != cty.Bool:
				return cty.NilVal, function.NewArgErrorf(1, "%q of %s is %s, which has no order", args[1].AsString(), nth(i, v), t.FriendlyName())
			case kind == cty.NilType:
				kind = t
			case t != kind:
				return cty.NilVal, function.NewArgErrorf(1, "%q of %s is a %s, of items before it a %s", args[1].AsString(), nth(i, v), t.FriendlyName(), kind.FriendlyName())
			}
			rows = append(rows, row{key, v})
		}
		if it.wait {
			return it.unknown(), nil
		}
		slices.SortStableFunc(rows, func(a, b row) int {
			if a.key.IsNull() || b.key.IsNull() {
				return cmp.Compare(btoi(a.key.IsNull()), btoi(b.key.IsNull()))
			}
			return sign * compareKeys(a.key, b.key)
		})
		vals := make([]cty.Value, len(rows))
		for i, r := range rows {
			vals[i] = r.val
		}
		return it.result(vals, unmarkedType(args[0])), nil
	},
})

var uniqueByFunc = function.New(&function.Spec{
	Description: "the list without items whose attribute an earlier item has too; null is like nothing else",
	Params:      []function.Parameter{trackList("list"), {Name: "attribute", Type: cty.String}},
	Type:        dynamicReturn,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		it, err := openList(0, args[0])
		if err != nil {
			return cty.NilVal, err
		}
		seen := map[string]bool{}
		var vals []cty.Value
		for i, v := range it.vals {
			key, err := attribute(v, args[1].AsString())
			if err != nil {
				return cty.NilVal, function.NewArgErrorf(0, "%s %w", nth(i, v), err)
			}
			key, marks := key.UnmarkDeep()
			it.marks = append(it.marks, marks)
			if !key.IsWhollyKnown() {
				it.wait = true
				continue
			}
			if !key.IsNull() {
				json, err := ctyjson.SimpleJSONValue{Value: key}.MarshalJSON()
				if err != nil {
					return cty.NilVal, function.NewArgErrorf(0, "%s: %w", nth(i, v), err)
				}
				if seen[string(json)] {
					continue
				}
				seen[string(json)] = true
			}
			vals = append(vals, v)
		}
		if it.wait {
			return it.unknown(), nil
		}
		return it.result(vals, unmarkedType(args[0])), nil
	},
})

// trackFunc keeps the name: looking a track up needs Spotify, and half of an object would be taken for the whole.
var trackFunc = function.New(&function.Spec{
	Description: "reserved",
	Params:      []function.Parameter{{Name: "entry", Type: cty.DynamicPseudoType}},
	Type:        function.StaticReturnType(cty.DynamicPseudoType),
	Impl: func([]cty.Value, cty.Type) (cty.Value, error) {
		return cty.NilVal, errors.New("track() is reserved: it has to ask Spotify, which expressions can't do yet. " +
			"In a list of tracks write the URI or link itself; where an object is wanted, { uri = \"spotify:track:…\", title = \"…\" }")
	},
})

// attribute is an attribute of an item. An item that is a URI, a link or an ID has the attribute uri, and every way of writing
// that is the same. Errors go on after the item's name.
func attribute(item cty.Value, name string) (cty.Value, error) {
	v, marks := item.Unmark()
	t := v.Type()
	var have []string
	switch {
	case v.IsNull():
		return cty.NilVal, fmt.Errorf("is null")
	case t == cty.String && name == "uri":
		return cty.StringVal(canonical(v.AsString())).WithMarks(marks), nil
	case t.IsObjectType() && t.HasAttribute(name), t.IsMapType() && v.HasIndex(cty.StringVal(name)).True():
		var a cty.Value
		if t.IsObjectType() {
			a = v.GetAttr(name)
		} else {
			a = v.Index(cty.StringVal(name))
		}
		if u, m := a.Unmark(); name == "uri" && u.Type() == cty.String && u.IsKnown() && !u.IsNull() {
			a = cty.StringVal(canonical(u.AsString())).WithMarks(m)
		}
		return a.WithMarks(marks), nil
	case t.IsObjectType():
		for a := range t.AttributeTypes() {
			have = append(have, a)
		}
	case t.IsMapType():
		for a := range v.AsValueMap() {
			have = append(have, a)
		}
	default:
		return cty.NilVal, fmt.Errorf("has no attribute %q: it is a %s, not an object such as tracks_file gives", name, t.FriendlyName())
	}
	slices.Sort(have)
	return cty.NilVal, fmt.Errorf("has no attribute %q; it has: %s", name, strings.Join(have, ", "))
}

// identity is what makes an item the same in every evaluation.
func identity(item cty.Value) (id string, known bool, err error) {
	if uri, err := attribute(item, "uri"); err == nil {
		u, _ := uri.Unmark()
		if !u.IsKnown() {
			return "", false, nil
		}
		if u.Type() == cty.String && !u.IsNull() {
			return u.AsString(), true, nil
		}
	}
	v, _ := item.UnmarkDeep()
	if !v.IsWhollyKnown() {
		return "", false, nil
	}
	json, err := ctyjson.SimpleJSONValue{Value: v}.MarshalJSON()
	return string(json), true, err
}

// canonical is the URI of what names a track in any way, else the text itself.
func canonical(text string) string {
	ref, err := spotify.ParseRef(text)
	if err != nil {
		return text
	}
	return string(ref.URI(spotify.KindTrack))
}

// compareKeys orders two values of one primitive type. Letters compare without regard to case first: nobody looks for
// "a-ha" behind "ZZ Top".
func compareKeys(a, b cty.Value) int {
	switch a.Type() {
	case cty.Number:
		return a.AsBigFloat().Cmp(b.AsBigFloat())
	case cty.Bool:
		return cmp.Compare(btoi(a.True()), btoi(b.True()))
	}
	s, t := a.AsString(), b.AsString()
	return cmp.Or(cmp.Compare(strings.ToLower(s), strings.ToLower(t)), cmp.Compare(s, t))
}

// nth names the item at index i, with nested lists opened, for an error.
func nth(i int, v cty.Value) string { return fmt.Sprintf("item %d, %s,", i+1, Describe(v)) }

// Describe is a value as an error shows it: a string itself, an object by its title or else what identifies it.
func Describe(v cty.Value) string {
	v, _ = v.UnmarkDeep()
	switch t := v.Type(); {
	case !v.IsKnown():
		return "not known yet"
	case v.IsNull():
		return "null"
	case t == cty.String:
		return quoteShort(v.AsString())
	case t == cty.Number:
		return v.AsBigFloat().Text('g', 10)
	case t == cty.Bool:
		return strconv.FormatBool(v.True())
	case t.IsObjectType() || t.IsMapType():
		for _, name := range []string{"title", "name", "uri", "url", "id", "isrc"} {
			if a, err := attribute(v, name); err == nil && a.Type() == cty.String && a.IsKnown() && !a.IsNull() {
				return quoteShort(a.AsString())
			}
		}
	}
	return diag.KindOf(v)
}

func quoteShort(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strconv.Quote(s)
}

func unmarkedType(v cty.Value) cty.Type {
	v, _ = v.Unmark()
	return v.Type()
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
