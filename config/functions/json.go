package functions

import (
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// jsondecodeFunc is go-cty's, which goes through the text three times and keeps each type that stands in it on the way: a
// list of 20,000 songs takes it most of a second.
var jsondecodeFunc = function.New(&function.Spec{
	Description: "the value that a JSON text describes",
	Params:      []function.Parameter{{Name: "str", Type: cty.String}},
	Type:        dynamicReturn,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		decoder := json.NewDecoder(strings.NewReader(args[0].AsString()))
		decoder.UseNumber()
		var decoded any
		if err := decoder.Decode(&decoded); err != nil {
			if errors.Is(err, io.EOF) {
				err = errors.New("the text is empty")
			}
			return cty.NilVal, function.NewArgError(0, err)
		}
		if _, err := decoder.Token(); err != io.EOF {
			return cty.NilVal, function.NewArgErrorf(0, "there is more text after the value")
		}
		v, err := ofJSON(decoded)
		if err != nil {
			return cty.NilVal, function.NewArgError(0, err)
		}
		return v, nil
	},
})

// ofJSON is what encoding/json decoded, as a value.
func ofJSON(decoded any) (cty.Value, error) {
	switch d := decoded.(type) {
	case nil:
		return cty.NullVal(cty.DynamicPseudoType), nil
	case bool:
		return cty.BoolVal(d), nil
	case string:
		return cty.StringVal(d), nil
	case json.Number:
		return cty.ParseNumberVal(d.String())
	case []any:
		vals := make([]cty.Value, len(d))
		for i, e := range d {
			var err error
			if vals[i], err = ofJSON(e); err != nil {
				return cty.NilVal, err
			}
		}
		return cty.TupleVal(vals), nil
	case map[string]any:
		attrs := make(map[string]cty.Value, len(d))
		for name, e := range d {
			v, err := ofJSON(e)
			if err != nil {
				return cty.NilVal, err
			}
			attrs[name] = v
		}
		return cty.ObjectVal(attrs), nil
	}
	panic("encoding/json decodes to no other types")
}
