package functions

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/customdecode"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/files"
	"github.com/spotsync/spotsync/config/meter"
	"github.com/spotsync/spotsync/config/textfile"
	"github.com/spotsync/spotsync/config/tracklist"
)

// readings is what the functions of one evaluation have read from files. It tells a file that is damaged from other things
// that fail: try and can don't pass over the first, for [] in its place would take songs out of a playlist.
type readings struct {
	meter   *meter.Meter    // pays for what is read; may be nil
	texts   []string        // contents of files, without space around them
	damaged map[string]bool // errors, by their text: function.ArgError hides what it wraps
}

// pay pays for what is read, n bytes each of which is looked at so many times: what a file costs is not known before.
func (r *readings) pay(n, times int) error {
	if r.meter != nil && !r.meter.Pay(hcl.Range{}, "Reading this file", meter.Price(meter.Product(n, times)/meter.TextPerStep, n/meter.BytesPerValue)) {
		return errUnpaid
	}
	return nil
}

// errUnpaid ends a call that could not pay; nobody sees it, as the meter tells why.
var errUnpaid = errors.New("too much work")

// remember keeps the contents of a file.
func (r *readings) remember(text string) { r.texts = append(r.texts, strings.TrimSpace(text)) }

// damage notes that an error comes from a damaged file.
func (r *readings) damage(err error) error {
	if err != nil {
		r.damaged[err.Error()] = true
	}
	return err
}

// known reports whether text is from a file: the whole of it, or a part long enough not to be like it by chance.
func (r *readings) known(text string) bool {
	const least = 40
	text = strings.TrimSpace(text)
	for _, whole := range r.texts {
		if text == whole || len(text) >= least && strings.Contains(whole, text) {
			return true
		}
	}
	return false
}

// decoding makes a function that takes a text apart notice where that is a file's.
func (r *readings) decoding(f function.Function) function.Function {
	noticed := func(args []cty.Value, err error) error {
		if err == nil || len(r.damaged) > meter.MaxProblems { // by then everything has been told
			return err
		}
		if text, ok := diag.StringOf(args[0]); ok && r.known(text) {
			return r.damage(err)
		}
		return err
	}
	return function.New(&function.Spec{
		Description: f.Description(),
		Params:      f.Params(),
		Type:        dynamicReturn, // which type it is takes as long to find out as the value
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			v, err := f.Call(args)
			return v, noticed(args, err)
		},
	})
}

// damageAmong is the first error of diags that a damaged file is to blame for.
func (r *readings) damageAmong(diags hcl.Diagnostics) error {
	for _, d := range diags {
		call, ok := hcl.DiagnosticExtra[hclsyntax.FunctionCallDiagExtra](d)
		if !ok {
			continue
		}
		if err := call.FunctionCallError(); err != nil && r.damaged[err.Error()] {
			return err
		}
	}
	return nil
}

// attempting makes try and can, which f is, fail where a damaged file is read.
func (r *readings) attempting(name string, f function.Function) function.Function {
	check := func(args []cty.Value) error {
		for _, arg := range args {
			_, diags := customdecode.ExpressionClosureFromVal(arg).Value()
			if err := r.damageAmong(diags); err != nil {
				return r.damage(fmt.Errorf("%w; %s does not make up for a file that can't be read", errors.New(err.Error()), name))
			}
			if !diags.HasErrors() {
				return nil // try looks at no further one
			}
		}
		return nil
	}
	return function.New(&function.Spec{
		Description: f.Description(),
		Params:      f.Params(),
		VarParam:    f.VarParam(),
		Type: func(args []cty.Value) (cty.Type, error) {
			if err := check(args); err != nil {
				return cty.NilType, err
			}
			return f.ReturnTypeForValues(args)
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return f.Call(args) },
	})
}

func (r *readings) tryFunc() function.Function { return r.attempting("try", tryfunc.TryFunc) }
func (r *readings) canFunc() function.Function { return r.attempting("can", tryfunc.CanFunc) }

// csvdecodeFunc is Terraform's, for tables as they are: it takes every system's line ends, and refuses a table in which
// encoding/csv would see fewer rows than a person does.
var csvdecodeFunc = function.New(&function.Spec{
	Description: "the rows of a table delimited by commas, with a header",
	Params:      []function.Parameter{{Name: "str", Type: cty.String}},
	Type: func(args []cty.Value) (cty.Type, error) {
		if !args[0].IsKnown() {
			return cty.DynamicPseudoType, nil
		}
		text := tableText(args[0])
		if err := tracklist.CheckTable(text.AsString()); err != nil {
			return cty.NilType, function.NewArgError(0, err)
		}
		return stdlib.CSVDecodeFunc.ReturnTypeForValues([]cty.Value{text})
	},
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		return stdlib.CSVDecodeFunc.Call([]cty.Value{tableText(args[0])})
	},
})

func tableText(v cty.Value) cty.Value {
	return cty.StringVal(textfile.Unix(strings.TrimPrefix(v.AsString(), "\ufeff")))
}

// file reads a file. One that isn't there is nothing unusual: fileexists and try are made for it.
func (r *readings) file(files files.Access, path string) ([]byte, error) {
	data, err := files.ReadFile(path)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			r.damage(err)
		}
		return nil, err
	}
	if err := r.pay(len(data), 4); err != nil {
		return nil, err
	}
	return data, nil
}

// text reads a file that has to be text.
func (r *readings) text(files files.Access, path string) (string, error) {
	data, err := r.file(files, path)
	if err != nil {
		return "", err
	}
	text, err := textfile.Decode(data)
	if err != nil {
		return "", r.damage(fmt.Errorf("%q is not text: %w", path, err))
	}
	r.remember(text)
	return text, nil
}
