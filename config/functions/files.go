package functions

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/files"
	"github.com/spotsync/spotsync/config/meter"
	"github.com/spotsync/spotsync/config/scan"
	"github.com/spotsync/spotsync/config/tracklist"
	"github.com/spotsync/spotsync/spotify"
)

var pathParam = function.Parameter{Name: "path", Type: cty.String}

func fileFunc(files files.Access, read *readings) function.Function {
	return function.New(&function.Spec{
		Description: "the contents of a text file",
		Params:      []function.Parameter{pathParam},
		Type:        function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			text, err := read.text(files, args[0].AsString())
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			return cty.StringVal(text), nil
		},
	})
}

func fileexistsFunc(files files.Access) function.Function {
	return function.New(&function.Spec{
		Description: "reports whether a file exists",
		Params:      []function.Parameter{pathParam},
		Type:        function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			ok, err := files.Exists(args[0].AsString())
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			return cty.BoolVal(ok), nil
		},
	})
}

// templatefileFunc renders a file as an HCL template, in which the variables given and the functions of callable are known.
func templatefileFunc(files files.Access, read *readings, callable map[string]function.Function, m *meter.Meter) function.Function {
	return function.New(&function.Spec{
		Description: "a text file rendered as a template",
		Params: []function.Parameter{
			pathParam,
			{Name: "vars", Type: cty.DynamicPseudoType},
		},
		Type: function.StaticReturnType(cty.DynamicPseudoType), // the template decides
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			vars := args[1]
			if !vars.Type().IsObjectType() && !vars.Type().IsMapType() {
				return cty.NilVal, function.NewArgErrorf(1, "a map or an object of the template's variables is needed, not %s", vars.Type().FriendlyName())
			}
			path := args[0].AsString()
			text, err := read.text(files, path)
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			if err := read.pay(len(text), 64); err != nil { // HCL's scanner and parser take their time
				return cty.NilVal, err
			}
			in := meter.Context(m).NewChild()
			in.Variables, in.Functions = map[string]cty.Value{}, callable
			for it := vars.ElementIterator(); it.Next(); {
				k, v := it.Element()
				if name := k.AsString(); hclsyntax.ValidIdentifier(name) {
					in.Variables[name] = v
				} else {
					return cty.NilVal, function.NewArgErrorf(1, "%q can't be a variable's name: letters, digits, _ and - only", name)
				}
			}
			if err := checkTemplate(text, path); err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			template, diags := hclsyntax.ParseTemplate([]byte(text), path, hcl.InitialPos)
			if diags.HasErrors() {
				return cty.NilVal, function.NewArgError(0, templateError(path, diags))
			}
			if name, at, ok := missingVariable(template, in.Variables); ok {
				return cty.NilVal, function.NewArgErrorf(1, "no variable %q, which %s uses in line %d", name, path, at)
			}
			v, diags := meter.Expression(template).Value(in)
			if m.Spent() {
				m.Where = hcl.Range{} // a line of the configuration says more
				return cty.DynamicVal, nil
			}
			if diags.HasErrors() {
				err := templateError(path, diags)
				if read.damageAmong(diags) != nil {
					err = read.damage(err)
				}
				return cty.NilVal, function.NewArgError(0, err)
			}
			return v, nil
		},
	})
}

// checkTemplate refuses a template that HCL's parser should not be given.
func checkTemplate(text, path string) error {
	if d := diag.TooLarge(scan.Template([]byte(text), scan.File), path); d != nil {
		return templateError(path, hcl.Diagnostics{d})
	}
	tokens, _ := hclsyntax.LexTemplate([]byte(text), path, hcl.InitialPos)
	if d := diag.TooDeep(tokens, 0); d != nil {
		return templateError(path, hcl.Diagnostics{d})
	}
	return nil
}

// missingVariable is the first variable a template uses without having it.
func missingVariable(template hclsyntax.Expression, have map[string]cty.Value) (name string, line int, ok bool) {
	for _, t := range template.Variables() {
		if _, known := have[t.RootName()]; !known {
			return t.RootName(), t.SourceRange().Start.Line, true
		}
	}
	return "", 0, false
}

// templateError is what is wrong with a template, as the one error a function may return.
func templateError(path string, diags hcl.Diagnostics) error {
	var all []string
	for _, d := range diags {
		if d.Severity != hcl.DiagError {
			continue
		}
		where := path
		if d.Subject != nil {
			where = fmt.Sprintf("%s line %d", path, d.Subject.Start.Line)
		}
		all = append(all, fmt.Sprintf("%s: %s: %s", where, d.Summary, d.Detail))
	}
	return fmt.Errorf("the template can't be rendered: %s", strings.Join(all, "; "))
}

// trackObject is what tracks_file makes of an entry. Title and artist are null where the list doesn't tell: all entries are
// alike, so that expressions can ask for a title without knowing the file.
var trackObject = cty.Object(map[string]cty.Type{"uri": cty.String, "title": cty.String, "artist": cty.String})

func tracksFileFunc(files files.Access, read *readings) function.Function {
	return function.New(&function.Spec{
		Description: "the tracks of a CSV, M3U or text file",
		Params:      []function.Parameter{pathParam},
		Type:        function.StaticReturnType(cty.List(trackObject)),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			path := args[0].AsString()
			data, err := read.file(files, path)
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			if err := read.pay(len(data), 8); err != nil {
				return cty.NilVal, err
			}
			entries, err := tracklist.Parse(path, data)
			if err != nil {
				return cty.NilVal, function.NewArgError(0, read.damage(fmt.Errorf("%q: %w", path, err)))
			}
			list := make([]cty.Value, 0, len(entries))
			for _, e := range entries {
				ref, err := spotify.ParseRef(e.Text)
				if err != nil {
					return cty.NilVal, function.NewArgErrorf(0, "%q line %d: %w", path, e.Line, err)
				}
				list = append(list, cty.ObjectVal(map[string]cty.Value{
					"uri":    cty.StringVal(string(ref.URI(spotify.KindTrack))),
					"title":  textOrNull(e.Title),
					"artist": textOrNull(e.Artist),
				}))
			}
			return cty.ListVal(list), nil
		},
	})
}

func textOrNull(s string) cty.Value {
	if s == "" {
		return cty.NullVal(cty.String)
	}
	return cty.StringVal(s)
}
