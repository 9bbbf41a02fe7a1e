package config

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/spotsync/spotsync/config/files"
	"github.com/spotsync/spotsync/config/functions"
	"github.com/spotsync/spotsync/config/meter"
)

// memory is files without a disk.
type memory map[string]string

func (m memory) ReadFile(path string) ([]byte, error) {
	text, ok := m[path]
	if !ok {
		return nil, fmt.Errorf("%q: %w", path, fs.ErrNotExist)
	}
	return []byte(text), nil
}

func (m memory) Exists(path string) (bool, error) {
	_, ok := m[path]
	return ok, nil
}

// docsDay is the day on which the examples of docs/functions.md are run.
var docsDay = time.Date(2026, 11, 20, 15, 4, 5, 0, time.UTC)

// eval evaluates an expression with the functions and some variables.
func eval(t testing.TB, files files.Access, source string, vars map[string]cty.Value) (cty.Value, error) {
	t.Helper()
	expr, diags := hclsyntax.ParseExpression([]byte(source), "test.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatalf("%s: %v", source, diags)
	}
	m := meter.New(t.Context().Err)
	top := meter.Context(m)
	top.Functions = functions.New(files, docsDay, m)
	ctx := top.NewChild()
	ctx.Variables = vars
	v, diags := meter.Expression(expr).Value(ctx)
	if m.Spent() {
		return v, hcl.Diagnostics{m.Problem(expr.Range())}
	}
	if diags.HasErrors() {
		return v, diags
	}
	return v, nil
}

// show is a value as JSON, in which lists, tuples and sets look alike. Unknown values are "?".
func show(t testing.TB, v cty.Value) string {
	t.Helper()
	v, _ = v.UnmarkDeep()
	v, err := cty.Transform(v, func(_ cty.Path, v cty.Value) (cty.Value, error) {
		if !v.IsKnown() && (v.Type() == cty.String || v.Type() == cty.DynamicPseudoType) {
			return cty.StringVal("?"), nil
		}
		return v, nil
	})
	if err == nil && !v.IsWhollyKnown() {
		return "?"
	}
	var b []byte
	if err == nil {
		b, err = ctyjson.SimpleJSONValue{Value: v}.MarshalJSON()
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const (
	brightside = "spotify:track:003vvx7Niy0yvhvHt4a68B"
	soWhat     = "spotify:track:7qEKqBCD2vE5vIBsrUitpD"
)

// TestDocumentation runs every example of the manual, and holds the manual and the functions to the same list.
func TestDocumentation(t *testing.T) {
	data, err := os.ReadFile("../docs/functions.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(data)
	files := memory{}
	for _, m := range regexp.MustCompile("(?ms)^```text (\\S+)\n(.*?)^```$").FindAllStringSubmatch(doc, -1) {
		files[m[1]] = m[2]
	}
	row := regexp.MustCompile("^\\| `([a-z0-9_]+)\\(([^`]*)\\)` \\| (.+) \\| `(.+)` → `(.+)` \\|$")
	documented := map[string]bool{"track": true} // described in a sentence: there is nothing to show
	for line := range strings.Lines(doc) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		m := row.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("not a row of function, sentence and example:\n%s", line)
			continue
		}
		name, example, want := m[1], m[4], m[5]
		if documented[name] {
			t.Errorf("%s is described twice", name)
		}
		documented[name] = true
		if !strings.Contains(example, name+"(") {
			t.Errorf("the example of %s doesn't call it", name)
		}
		got, err := eval(t, files, example, nil)
		if err != nil {
			t.Errorf("%s: %v", example, err)
			continue
		}
		wanted, err := eval(t, files, want, nil)
		if err != nil {
			t.Errorf("%s: %v", want, err)
			continue
		}
		if show(t, got) != show(t, wanted) {
			t.Errorf("%s\n got %s\nwant %s", example, show(t, got), show(t, wanted))
		}
	}
	all := slices.Sorted(maps.Keys(functions.New(files, docsDay, nil)))
	if d := slices.Sorted(maps.Keys(documented)); !slices.Equal(d, all) {
		t.Errorf("documented: %v\n functions: %v", d, all)
	}
	for _, name := range []string{"uuid", "bcrypt"} {
		if slices.Contains(all, name) {
			t.Errorf("%s gives another result each time", name)
		}
	}
}

// TestFunctions holds what the manual's examples don't show.
func TestFunctions(t *testing.T) {
	files := memory{
		"list.txt":   "# mine\n" + brightside + " # The Killers – Mr. Brightside\n7qEKqBCD2vE5vIBsrUitpD\n",
		"binary":     "\xff\xfe\x00",
		"bom.txt":    "\ufeffa",
		"loop.tmpl":  `${templatefile("loop.tmpl", {})}`,
		"for.tmpl":   "%{ for x in list }(${upper(x)})%{ endfor }",
		"value.tmpl": "${list}",
		"bad.tmpl":   "one\n${nope(1)}",
	}
	tests := []struct{ expr, want string }{
		// Mixed lists
		{`take(["a", ["b", { uri = "c" }], []], 2)`, `["a","b"]`},
		{`take(["a"], 5)`, `["a"]`},
		{`take(["a"], -5)`, `["a"]`},
		{`take(["a"], 0)`, `[]`},
		{`take(toset(["b", "a"]), 1)`, `["a"]`},
		{`interleave()`, `[]`},
		{`interleave([])`, `[]`},
		{`interleave(["a", "b"])`, `["a","b"]`},
		{`interleave([["a"], "b"], ["c"])`, `["a","c","b"]`},
		{`interleave([["a", "b"], ["c"]]...)`, `["a","c","b"]`},
		{`distinct(["a", { uri = "a" }, "a", { uri = "a" }, 1])`, `["a",{"uri":"a"},1]`},
		{`chunklist(["a", { uri = "b", n = 1 }, 3], 2)`, `[["a",{"n":1,"uri":"b"}],[3]]`},
		{`chunklist([], 2)`, `[]`},
		{`concat(tolist([{ n = 1 }]), tolist([{ n = 1, s = "x" }]))`, `[{"n":1},{"n":1,"s":"x"}]`},
		{`concat()`, `[]`},
		{`reverse(["a", { uri = "b" }])`, `[{"uri":"b"},"a"]`},
		{`slice(["a", { uri = "b" }, 3], 1, 2)`, `[{"uri":"b"}]`},
		{`contains(["a", { uri = "b" }], "a")`, `true`},
		{`contains([{ uri = "b" }], "a")`, `false`},
		{`matchkeys(["a", { uri = "b" }], ["x", "y"], ["y", "z"])`, `[{"uri":"b"}]`},
		{`flatten(["a", [{ uri = "b" }]])`, `["a",{"uri":"b"}]`},
		{`coalescelist([], ["a", { uri = "b" }])`, `["a",{"uri":"b"}]`},
		{`element(["a", { uri = "b" }], -1)`, `{"uri":"b"}`},

		// sort_by, unique_by
		{`sort_by([{ t = "b", n = 1 }, { t = "a", n = 2 }, { t = "b", n = 3 }], "t")`, `[{"n":2,"t":"a"},{"n":1,"t":"b"},{"n":3,"t":"b"}]`},
		{`sort_by([{ t = "b", n = 1 }, { t = "a", n = 2 }, { t = "b", n = 3 }], "t", "desc")`, `[{"n":1,"t":"b"},{"n":3,"t":"b"},{"n":2,"t":"a"}]`},
		{`sort_by([{ t = "b" }, { t = null }, { t = "a" }], "t", "desc")[2]`, `{"t":null}`},
		{`sort_by([{ t = "b" }, { t = null }, { t = "a" }], "t", "asc")[2]`, `{"t":null}`},
		{`[for t in sort_by([{ t = "ZZ Top" }, { t = "a-ha" }, { t = "A-ha" }, { t = "ABBA" }], "t") : t.t]`, `["A-ha","a-ha","ABBA","ZZ Top"]`},
		{`[for t in sort_by([{ n = 10 }, [{ n = 9 }]], "n") : t.n]`, `[9,10]`},
		{`[for t in sort_by([{ x = true }, { x = false }], "x") : t.x]`, `[false,true]`},
		{`sort_by([], "t")`, `[]`},
		{`tolist([for t in sort_by([for n in range(100) : { n = n, t = n % 2 }], "t") : t.n]) == concat(range(0, 100, 2), range(1, 100, 2))`, `true`},
		{`sort_by([tomap({ t = "b" }), tomap({ t = "a" })], "t")`, `[{"t":"a"},{"t":"b"}]`},
		{`sort_by(["` + soWhat + `", "https://open.spotify.com/track/003vvx7Niy0yvhvHt4a68B"], "uri")[1]`, `"` + soWhat + `"`},
		{`unique_by(["003vvx7Niy0yvhvHt4a68B", { uri = "` + brightside + `" }, "` + soWhat + `"], "uri")`, `["003vvx7Niy0yvhvHt4a68B","` + soWhat + `"]`},
		{`unique_by([{ i = null, n = 1 }, { i = null, n = 2 }, { i = "x", n = 3 }, { i = "x", n = 4 }], "i")[*].n`, `[1,2,3]`},
		{`unique_by([{ a = ["x", "y"] }, { a = ["x", "y"] }, { a = ["x"] }], "a")`, `[{"a":["x","y"]},{"a":["x"]}]`},

		// Dates
		{`within("2026-11-06", "2w")`, `true`},
		{`within("2026-11-05T23:59:59Z", "2w")`, `false`},
		{`within("2026-11-06T00:30:00+01:00", "14d")`, `false`},
		{`within("2026-05-20", "6mo")`, `true`},
		{`within("2026-05-19", "6mo")`, `false`},
		{`within("2025", "1y")`, `false`},
		{`within("2026", "1y")`, `true`},
		{`within("2027-01-01", "1d")`, `true`},
		{`within(null, "1y")`, `false`},
		{`year(null)`, `null`},
		{`year("2024-01-01T00:30:00+01:00")`, `2023`},
		{`timecmp("2024-01-01T00:00:00Z", "2024")`, `0`},
		{`timecmp("2024-02", "2024-01-31")`, `1`},

		// Files
		{`tracks_file("list.txt")`, `[{"artist":"The Killers","title":"Mr. Brightside","uri":"` + brightside + `"},{"artist":null,"title":null,"uri":"` + soWhat + `"}]`},
		{`sort_by(tracks_file("list.txt"), "title")[0].title`, `"Mr. Brightside"`},
		{`file("bom.txt")`, `"a"`},
		{`templatefile("for.tmpl", { list = ["a", "b"] })`, `"(A)(B)"`},
		{`templatefile("value.tmpl", { list = ["a", "b"] })`, `["a","b"]`},
		{`try(file("nowhere"), "none")`, `"none"`},

		// The rest
		{`length("Motörhead")`, `9`},
		{`length({ a = 1, b = 2 })`, `2`},
		{`length(tomap({ a = 1 }))`, `1`},
		{`length(toset(["a", "a"]))`, `1`},
		{`lookup({ a = 1 }, "a")`, `1`},
		{`lookup(tomap({ a = 1 }), "a", 2)`, `1`},
		{`lookup(tomap({ a = 1 }), "b", null)`, `null`},
		{`coalesce(null, ["a"])`, `["a"]`},
		{`one([])`, `null`},
		{`sum([])`, `0`},
		{`sum([1, "2"])`, `3`},
		{`alltrue([])`, `true`},
		{`anytrue([])`, `false`},
		{`anytrue([null, true])`, `true`},
		{`transpose({})`, `{}`},
		{`index(["a", { uri = "b" }], { uri = "b" })`, `1`},
		{`replace("a.b", ".", "-")`, `"a-b"`},
		{`replace("/", "/", "-")`, `"-"`},
		{`can(sort_by(["a"], "title"))`, `false`},
	}
	for _, tt := range tests {
		v, err := eval(t, files, tt.expr, nil)
		if err != nil {
			t.Errorf("%s: %v", tt.expr, err)
		} else if got := show(t, v); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.expr, got, tt.want)
		}
	}

	bad := []struct{ expr, want string }{
		{`sort_by([{ title = "a" }, { title = "b", n = 1 }], "n")`, `Invalid value for "list" parameter: item 1, "a", has no attribute "n"; it has: title.`},
		{`sort_by([{ n = 1 }, "` + soWhat + `"], "n")`, `item 2, "` + soWhat + `", has no attribute "n": it is a string, not an object such as tracks_file gives`},
		{`sort_by([null], "n")`, `item 1, null, is null`},
		{`sort_by([{ n = 1 }, { n = "x" }], "n")`, `Invalid value for "attribute" parameter: "n" of item 2`},
		{`sort_by([{ n = [1] }], "n")`, `has no order`},
		{`sort_by([], "n", "down")`, `Invalid value for "direction" parameter: "asc" or "desc" is needed, not "down"`},
		{`sort_by([], "n", "asc", "x")`, `nest it`},
		{`unique_by([{ a = 1 }], "b")`, `has no attribute "b"; it has: a`},
		{`shuffle(["a"])`, `Not enough function arguments`},
		{`shuffle(["a"], null)`, `Invalid value for "seed" parameter`},
		{`shuffle({ a = 1 }, 1)`, `a list is needed, not object; values(…)`},
		{`shuffle("a", 1)`, `Invalid value for "list" parameter: a list is needed, not string`},
		{`interleave([["a"], ["b"]])`, `interleave(lists...)`},
		{`take(["a"], 1.5)`, `Invalid value for "n" parameter: a whole number is needed, not 1.5`},
		{`within("soon", "1y")`, `Invalid value for "date" parameter: "soon" is no date: write 2006`},
		{`within("2024-02-30", "1y")`, `is no date`},
		{`within("2024", "3m")`, `Invalid value for "span" parameter: "3m" is no length of time`},
		{`within(null, "forever")`, `is no length of time`},
		{`year("")`, `"" is no date`},
		{`track("` + soWhat + `")`, `track() is reserved`},
		{`tracks_file("list.doc")`, `does not exist`},
		{`file("binary")`, `"binary" is not text: line 1`},
		{`templatefile("loop.tmpl", {})`, `There is no function named "templatefile"`},
		{`templatefile("for.tmpl", {})`, `Invalid value for "vars" parameter: no variable "list", which for.tmpl uses in line 1`},
		{`templatefile("for.tmpl", [])`, `Invalid value for "vars" parameter: a map or an object`},
		{`templatefile("for.tmpl", { "1 2" = 3 })`, `can't be a variable's name`},
		{`templatefile("bad.tmpl", {})`, `bad.tmpl line 2: Call to unknown function`},
		{`uuid()`, `There is no function named "uuid"`},
		{`one(["a", "b"])`, `one element or none is needed, not 2`},
		{`sum([1, "x"])`, `element 1, "x", is no number`},
		{`lookup({}, "a")`, `the map has no key "a"`},
		{`index(["a"], "b")`, `no such element`},
		{`chunklist(["a"], 0)`, `must be at least 1`},
		{`coalesce(null, "")`, `neither null nor an empty string`},
		{`coalesce()`, `neither null nor an empty string`},
		{`matchkeys(["a"], [], [])`, `as many keys as values are needed: 1, not 0`},
		{`length(1)`, `a collection or a string is needed, not number`},
		{`base64decode("//8=")`, `not UTF-8`},
		{`base64decode("?")`, `not Base64`},
	}
	for _, tt := range bad {
		v, err := eval(t, files, tt.expr, nil)
		if err == nil {
			t.Errorf("%s is %s, want an error with %q", tt.expr, show(t, v), tt.want)
		} else if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s\n got %v\nwant %s", tt.expr, err, tt.want)
		}
	}
}

// TestResultTypes: what was a list of one type is one after our functions, since a tuple of thousands is slow and a for_each
// or an output would show the difference.
func TestResultTypes(t *testing.T) {
	for _, expr := range []string{
		`take(l, 1)`, `take(l, 0)`, `shuffle(l, 1)`, `interleave(l, l)`, `distinct(l)`, `concat(l, l)`, `sort_by(l, "uri")`, `unique_by(l, "uri")`, `chunklist(l, 1)[0]`,
	} {
		l := cty.ListVal([]cty.Value{cty.StringVal("b"), cty.StringVal("a")})
		v, err := eval(t, memory{}, expr, map[string]cty.Value{"l": l})
		if err != nil || !v.Type().Equals(cty.List(cty.String)) {
			t.Errorf("%s: %#v, %v; want a list of strings", expr, v, err)
		}
	}
}

// TestUnknown: no function makes something known of what isn't, in particular not an empty list, and none fails on it.
func TestUnknown(t *testing.T) {
	vars := map[string]cty.Value{"u": cty.DynamicVal, "s": cty.UnknownVal(cty.String), "l": cty.UnknownVal(cty.List(cty.DynamicPseudoType)), "t": cty.TupleVal([]cty.Value{cty.StringVal("a"), cty.DynamicVal})}
	for _, expr := range []string{
		`try(u, [])`, `try(u.tracks, [])`, `try(u.tracks[0].title, "none")`, `try(t, [])`, `try([for x in u : x], [])`, `try(sort_by(u, "x"), [])`,
		`try(sort_by([{ x = u }], "x"), [])`, `can(u.x)`, `coalesce(u, [])`, `coalesce(s, "a")`, `coalesce(null, "", u)`, `coalescelist(u, ["a"])`, `coalescelist([], l, ["a"])`, `concat(u, [])`, `concat(l, [])`,
		`shuffle(u, 1)`, `shuffle(["a"], u)`, `shuffle(t, 1)`, `shuffle([{ uri = s }, "a"], 1)`, `shuffle([l], 1)`,
		`interleave(u, ["a"])`, `interleave(["a"], t)`, `take(u, 1)`, `take(t, 1)`, `take(["a"], u)`,
		`sort_by(u, "x")`, `sort_by(t, "uri")`, `sort_by([{ n = 1 }, { n = u }], "n")`, `sort_by([{ n = 1 }], u)`,
		`unique_by(u, "x")`, `unique_by(t, "uri")`, `unique_by([{ n = s }], "n")`,
		`distinct(u)`, `distinct(t)`, `flatten(u)`, `flatten([u])`, `length(u)`, `length(l)`, `length(s)`, `lookup(u, "a", [])`, `lookup({ a = u }, "a", [])`,
		`matchkeys(["a", "b"], t, ["a"])`, `one(u)`, `sum([1, u])`, `alltrue([true, u])`, `anytrue([false, u])`, `index([s, "a"], "a")`, `transpose(u)`,
		`chunklist(u, 1)`, `chunklist(["a"], u)`, `within(u, "1y")`, `within("2024", u)`, `year(s)`, `timecmp(s, "2024")`,
		`file(u)`, `fileexists(s)`, `tracks_file(u)`, `templatefile(s, {})`, `templatefile("x.tmpl", u)`, `templatefile("x.tmpl", { x = s })`,
		`startswith(s, "a")`, `replace(s, "a", "b")`, `md5(s)`, `base64decode(u)`, `compact(t)`, `contains(u, "a")`, `keys(u)`, `values(u)`, `merge(u, {})`, `reverse(u)`, `slice(u, 0, 1)`, `toset(t)`, `jsonencode(t)`, `yamlencode(t)`,
	} {
		v, err := eval(t, memory{"x.tmpl": "${x}"}, expr, vars)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
		} else if v.IsWhollyKnown() {
			t.Errorf("%s is %#v, want it unknown", expr, v)
		}
	}
	// Known in spite of something unknown.
	for expr, want := range map[string]string{
		`coalesce("a", u)`: `"a"`, `anytrue([true, u])`: `true`, `alltrue([u, false])`: `false`, `index(["a", s], "a")`: `0`, `coalescelist(["a"], u)`: `?`,
		`shuffle([{ uri = "x", n = s }], 1)[0].uri`: `"x"`, `take([{ n = s }], 1)[0].n`: `"?"`,
	} {
		v, err := eval(t, memory{}, expr, vars)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
		} else if got := show(t, v); got != want && want != "?" {
			t.Errorf("%s is %s, want %s", expr, got, want)
		}
	}
}

// TestMarks: marks aren't lost, and those of an element stay with it.
func TestMarks(t *testing.T) {
	obj := func(n int64) cty.Value { return cty.ObjectVal(map[string]cty.Value{"uri": cty.NumberIntVal(n)}) }
	vars := map[string]cty.Value{
		"list":    cty.TupleVal([]cty.Value{obj(2), obj(1)}).Mark("m"),
		"inner":   cty.TupleVal([]cty.Value{obj(1), cty.TupleVal([]cty.Value{obj(2)}).Mark("m")}),
		"element": cty.TupleVal([]cty.Value{obj(2).Mark("m"), obj(1)}),
		"key":     cty.TupleVal([]cty.Value{cty.ObjectVal(map[string]cty.Value{"uri": cty.NumberIntVal(1).Mark("m")}), obj(2)}),
	}
	for _, call := range []string{`shuffle(%s, 1)`, `take(%s, 2)`, `interleave(%s, ["a"])`, `sort_by(%s, "uri")`, `unique_by(%s, "uri")`, `distinct(%s)`, `concat(%s, [])`, `chunklist(%s, 1)`, `coalesce(null, %s)`} {
		for name := range vars {
			expr := fmt.Sprintf(call, name)
			v, err := eval(t, memory{}, expr, vars)
			if err != nil {
				t.Errorf("%s: %v", expr, err)
			} else if _, marks := v.UnmarkDeep(); len(marks) == 0 {
				t.Errorf("%s lost its mark", expr)
			}
		}
	}
	v, err := eval(t, memory{}, `take(element, 2)`, vars)
	if err != nil || v.IsMarked() {
		t.Errorf("take(element, 2): %#v, %v; the list isn't marked, only an element", v, err)
	}
	v, err = eval(t, memory{}, `sort_by(key, "uri")`, vars)
	if err != nil || !v.HasMark("m") {
		t.Errorf("sort_by(key, \"uri\"): %#v, %v; the order tells about the keys", v, err)
	}
	v, err = eval(t, memory{}, `length(list)`, vars)
	if err != nil || !v.HasMark("m") {
		t.Errorf("length(list): %#v, %v", v, err)
	}
}

// TestNoPanics calls each function with odd values.
func TestNoPanics(t *testing.T) {
	odd := []cty.Value{
		cty.NullVal(cty.DynamicPseudoType), cty.NullVal(cty.String), cty.DynamicVal, cty.UnknownVal(cty.List(cty.String)),
		cty.StringVal(""), cty.StringVal("/("), cty.NumberIntVal(-1), cty.MustParseNumberVal("1e30"), cty.NumberFloatVal(0.5), cty.True,
		cty.EmptyTupleVal, cty.EmptyObjectVal, cty.ListValEmpty(cty.String), cty.SetVal([]cty.Value{cty.StringVal("a")}), cty.MapVal(map[string]cty.Value{"a": cty.NullVal(cty.String)}),
		cty.TupleVal([]cty.Value{cty.NullVal(cty.DynamicPseudoType), cty.UnknownVal(cty.String), cty.EmptyTupleVal}),
		cty.TupleVal([]cty.Value{cty.StringVal("a").Mark("m"), cty.NumberIntVal(1)}),
		cty.ListVal([]cty.Value{cty.NullVal(cty.List(cty.String))}),
		cty.ListVal([]cty.Value{cty.ListVal([]cty.Value{cty.StringVal("x")}).Mark("m")}).Mark("n"),
	}
	m := meter.New(t.Context().Err)
	all := functions.New(memory{"": "", "/(": "${"}, docsDay, m)
	for name, f := range all {
		if name == "try" || name == "can" {
			continue // they take expressions
		}
		least, most := len(f.Params()), len(f.Params())
		if f.VarParam() != nil {
			most += 2
		}
		for n := least; n <= min(most, 3); n++ {
			vars := map[string]cty.Value{}
			args := make([]string, n)
			for i := range args {
				args[i] = fmt.Sprintf("x%d", i)
			}
			expr, diags := hclsyntax.ParseExpression([]byte(name+"("+strings.Join(args, ", ")+")"), "", hcl.InitialPos)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			top := meter.Context(m)
			top.Functions = all
			in := top.NewChild()
			in.Variables = vars
			expr = meter.Expression(expr)
			var call func(i int)
			call = func(i int) {
				if i == n {
					if _, diags := expr.Value(in); diags.HasErrors() && strings.Contains(diags.Error(), "panic") {
						t.Errorf("%s %#v: %.200s", name, vars, diags[0].Detail)
					}
					return
				}
				for _, v := range odd {
					vars[args[i]] = v
					call(i + 1)
				}
			}
			call(0)
		}
	}
}

func TestShuffle(t *testing.T) {
	songs := make([]cty.Value, 200)
	for i := range songs {
		songs[i] = cty.StringVal(fmt.Sprintf("spotify:track:%022d", i))
	}
	order := func(expr string, list []cty.Value) []string {
		t.Helper()
		v, err := eval(t, memory{}, expr, map[string]cty.Value{"list": cty.TupleVal(list)})
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, e := range v.AsValueSlice() {
			out = append(out, strings.TrimLeft(strings.TrimPrefix(e.AsString(), "spotify:track:"), "0"))
		}
		return out
	}
	all := order(`shuffle(list, 7)`, songs)

	// People's playlists are in this order. It must never change.
	golden := "39 198 62 72 100 180 123 104 19 56 112 28"
	if got := strings.Join(all[:12], " "); got != golden {
		t.Errorf("the order changed:\n got %s\nwant %s", got, golden)
	}
	if got := order(`shuffle(list, "7")`, songs); !slices.Equal(got, all) {
		t.Error("a number and its text are different seeds")
	}
	if got := order(`shuffle(list, 8)`, songs); slices.Equal(got, all) {
		t.Error("another seed, the same order")
	}
	if got := order(`shuffle(reverse(list), 7)`, songs); !slices.Equal(got, all) {
		t.Error("the order depends on the order of the list")
	}
	if got := order(`shuffle(slice(list, 0, 199), 7)`, songs); !slices.Equal(got, slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == "199" })) {
		t.Error("a song left and others moved")
	}
	if sorted := slices.Sorted(slices.Values(all)); !slices.Equal(sorted, slices.Sorted(slices.Values(order(`list`, songs)))) {
		t.Error("songs were lost or made")
	}
	if got := strings.Join(order(`shuffle(concat([for n in range(9) : "x"], [for n in range(9) : "z"]), 7)`, nil), ""); strings.Count(got, "x") != 9 || strings.Count(got, "z") != 9 || strings.Contains(got, "xxxxxxxxx") {
		t.Errorf("two songs, nine times each: %v", got)
	}
	if v, err := eval(t, memory{}, `shuffle([{ n = 1 }, null, 5, [true]], 7)`, nil); err != nil || len(v.AsValueSlice()) != 4 {
		t.Errorf("things without URI: %#v, %v", v, err)
	}
}

// TestFullPlaylist: ten thousand tracks are no burden. Comparing each with each would be seen in the time tests take.
func TestFullPlaylist(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	var csv strings.Builder
	csv.WriteString("Track URI,Track Name\n")
	for i := range 10_000 {
		fmt.Fprintf(&csv, "spotify:track:%022d,Song %d\n", i, i)
	}
	v, err := eval(t, memory{"x.csv": csv.String()},
		`length(distinct(concat(unique_by(sort_by(interleave(shuffle(tracks_file("x.csv"), 1), ["a"]), "uri"), "uri"), take(tracks_file("x.csv"), 9))))`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := show(t, v); got != "10001" {
		t.Errorf("got %s", got)
	}
}
