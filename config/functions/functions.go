package functions

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	ctyyaml "github.com/zclconf/go-cty-yaml"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/spotsync/spotsync/config/files"
	"github.com/spotsync/spotsync/config/meter"
)

// New are what expressions can call: Terraform's, by its names and rules, where they make sense, and ours on tracks.
// docs/functions.md describes each of them. The same arguments, files and day give the same result: nothing here is random,
// and now counts as the start of its UTC day. What is not known yet stays so. m is what templates pay with.
func New(files files.Access, now time.Time, m *meter.Meter) map[string]function.Function {
	today := startOfDay(now)
	read := &readings{meter: m, damaged: map[string]bool{}}
	all := map[string]function.Function{
		// Strings
		"chomp":       stdlib.ChompFunc,
		"endswith":    stringTest("suffix", strings.HasSuffix),
		"format":      stdlib.FormatFunc,
		"formatlist":  stdlib.FormatListFunc,
		"indent":      calm(stdlib.IndentFunc),
		"join":        stdlib.JoinFunc,
		"lower":       stdlib.LowerFunc,
		"regex":       stdlib.RegexFunc,
		"regexall":    stdlib.RegexAllFunc,
		"replace":     replaceFunc,
		"split":       stdlib.SplitFunc,
		"startswith":  stringTest("prefix", strings.HasPrefix),
		"strcontains": stringTest("substring", strings.Contains),
		"strrev":      stdlib.ReverseFunc,
		"substr":      stdlib.SubstrFunc,
		"title":       stdlib.TitleFunc,
		"trim":        stdlib.TrimFunc,
		"trimprefix":  stdlib.TrimPrefixFunc,
		"trimspace":   stdlib.TrimSpaceFunc,
		"trimsuffix":  stdlib.TrimSuffixFunc,
		"upper":       stdlib.UpperFunc,

		// Collections
		"alltrue":         boolFold(true),
		"anytrue":         boolFold(false),
		"chunklist":       chunklistFunc,
		"coalesce":        coalesceFunc,
		"coalescelist":    stdlib.CoalesceListFunc,
		"compact":         stdlib.CompactFunc,
		"concat":          concatFunc,
		"contains":        stdlib.ContainsFunc,
		"distinct":        distinctFunc,
		"element":         stdlib.ElementFunc,
		"flatten":         stdlib.FlattenFunc,
		"index":           indexFunc,
		"keys":            stdlib.KeysFunc,
		"length":          lengthFunc,
		"lookup":          lookupFunc,
		"matchkeys":       matchkeysFunc,
		"merge":           calm(stdlib.MergeFunc),
		"one":             oneFunc,
		"range":           stdlib.RangeFunc,
		"reverse":         stdlib.ReverseListFunc,
		"setintersection": stdlib.SetIntersectionFunc,
		"setproduct":      calm(listing(stdlib.SetProductFunc)),
		"setsubtract":     stdlib.SetSubtractFunc,
		"setunion":        stdlib.SetUnionFunc,
		"slice":           stdlib.SliceFunc,
		"sort":            stdlib.SortFunc,
		"sum":             sumFunc,
		"transpose":       transposeFunc,
		"values":          stdlib.ValuesFunc,
		"zipmap":          stdlib.ZipmapFunc,

		// Conversions
		"can":      read.canFunc(),
		"tobool":   stdlib.MakeToFunc(cty.Bool),
		"tolist":   stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)),
		"tomap":    stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)),
		"tonumber": stdlib.MakeToFunc(cty.Number),
		"toset":    stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)),
		"tostring": stdlib.MakeToFunc(cty.String),
		"try":      read.tryFunc(),

		// Numbers
		"abs":      stdlib.AbsoluteFunc,
		"ceil":     stdlib.CeilFunc,
		"floor":    stdlib.FloorFunc,
		"log":      calm(stdlib.LogFunc),
		"max":      stdlib.MaxFunc,
		"min":      stdlib.MinFunc,
		"parseint": stdlib.ParseIntFunc,
		"pow":      calm(stdlib.PowFunc),
		"signum":   stdlib.SignumFunc,

		// Dates
		"formatdate": stdlib.FormatDateFunc,
		"timeadd":    stdlib.TimeAddFunc,
		"timecmp":    timecmpFunc,
		"timestamp":  timestampFunc(today),
		"within":     withinFunc(today),
		"year":       yearFunc,

		// Encoding
		"base64decode": base64decodeFunc,
		"base64encode": base64encodeFunc,
		"csvdecode":    read.decoding(csvdecodeFunc),
		"jsondecode":   read.decoding(jsondecodeFunc),
		"jsonencode":   stdlib.JSONEncodeFunc,
		"md5":          md5Func,
		"sha256":       sha256Func,
		"urlencode":    urlencodeFunc,
		"yamldecode":   read.decoding(ctyyaml.YAMLDecodeFunc),
		"yamlencode":   ctyyaml.YAMLEncodeFunc,

		// Files
		"file":        fileFunc(files, read),
		"fileexists":  fileexistsFunc(files),
		"tracks_file": tracksFileFunc(files, read),

		// Tracks
		"interleave": interleaveFunc,
		"shuffle":    shuffleFunc,
		"sort_by":    sortByFunc,
		"take":       takeFunc,
		"track":      trackFunc,
		"unique_by":  uniqueByFunc,
	}
	// A template can call everything but templatefile, so that templates can't go round in circles.
	all["templatefile"] = templatefileFunc(files, read, maps.Clone(all), m)
	return all
}

// startOfDay is midnight of t's day in UTC.
func startOfDay(t time.Time) time.Time {
	y, m, d := t.UTC().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// listing gives lists to those of go-cty's functions that look for the common type of a tuple's elements by themselves, which
// takes them a time that grows with the square of its length.
func listing(f function.Function) function.Function {
	lists := func(args []cty.Value) []cty.Value {
		args = slices.Clone(args)
		for i, v := range args {
			plain, marks := v.Unmark()
			if list, err := meter.Linear(plain, cty.List(cty.DynamicPseudoType)); err == nil && list != cty.NilVal {
				args[i] = list.WithMarks(marks)
			}
		}
		return args
	}
	return function.New(&function.Spec{
		Description: f.Description(),
		Params:      f.Params(),
		VarParam:    f.VarParam(),
		Type:        func(args []cty.Value) (cty.Type, error) { return f.ReturnTypeForValues(lists(args)) },
		Impl:        func(args []cty.Value, _ cty.Type) (cty.Value, error) { return f.Call(lists(args)) },
	})
}

// calm wraps those of go-cty's functions that panic when they have no answer, as for a negative indent or the root of a
// negative number: a person gets a sentence instead of a stack trace.
func calm(f function.Function) function.Function {
	sentence := func(err error) error {
		if _, ok := errors.AsType[function.PanicError](err); ok {
			return errors.New("there is no answer for these arguments")
		}
		return err
	}
	return function.New(&function.Spec{
		Description: f.Description(),
		Params:      f.Params(),
		VarParam:    f.VarParam(),
		Type: func(args []cty.Value) (cty.Type, error) {
			t, err := f.ReturnTypeForValues(args)
			return t, sentence(err)
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			v, err := f.Call(args)
			return v, sentence(err)
		},
	})
}
