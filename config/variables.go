package config

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/meter"
	"github.com/spotsync/spotsync/config/scan"
	"github.com/spotsync/spotsync/config/textfile"
)

// EnvPrefix begins the environment variables that set variables.
const EnvPrefix = "SPOTSYNC_VAR_"

// VarSources are where variables get their values. The later named here win over the earlier, and so it is within each,
// but that a --var beats a --var-file only when it stood after it: see [NamedFile].
type VarSources struct {
	Env   []string    // NAME=value, as of os.Environ; names without [EnvPrefix] are passed over
	Auto  []NamedFile // spotsync.vars.hcl and *.auto.vars.hcl
	Files []NamedFile // --var-file
	Flags []string    // --var: name=value
}

// setting is one value somebody gave.
type setting struct {
	name  string
	text  string               // from the environment or a flag
	expr  hclsyntax.Expression // from a file
	rng   hcl.Range            // in a file; elsewhere a made-up place that says which flag or variable
	where string               // "in the environment", ...
}

// assignAll gives each variable its value. With unknown allowed, one without a value is unknown of its type.
func (ev *evaluation) assignAll(allowUnknown bool) {
	given := ev.settings()
	for _, name := range slices.Sorted(maps.Keys(ev.variables)) {
		v := ev.variables[name]
		s, set := given[name]
		switch {
		case set:
			ev.values[name] = ev.assign(v, s)
		case v.fallback != cty.NilVal:
			ev.values[name] = v.fallback
		default:
			ev.values[name] = cty.UnknownVal(v.typ)
			ev.soft = true
			if !allowUnknown {
				ev.add(diag.Error(v.rng, "Variable without a value", fmt.Sprintf("Variable %q has no default and nothing sets it. Use --var %s=…, the environment variable %s%s, or a line \"%s = …\" in %s or in a file named with --var-file; or give it a default.",
					name, name, EnvPrefix, name, name, varsName)))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ev.variables)) {
		for _, check := range ev.variables[name].validations {
			ev.check(name, check, given[name])
		}
	}
}

// assign reads a setting as v's type asks.
func (ev *evaluation) assign(v *variable, s setting) cty.Value {
	failed := func(d ...*hcl.Diagnostic) cty.Value {
		ev.add(d...)
		ev.soft = true // what follows from it can't be judged
		return cty.UnknownVal(v.typ)
	}
	var value cty.Value
	switch {
	case s.expr != nil:
		var diags hcl.Diagnostics
		if value, diags = meter.Constant(s.expr); len(diags) > 0 && diags[0].Summary == meter.TooMuchWork {
			return failed(diags...)
		} else if diags.HasErrors() {
			return failed(diag.Error(s.expr.Range(), "Value is not constant", "A file of variables holds values written out, without functions or references."))
		}
	case !v.typed || v.typ.IsPrimitiveType():
		value = cty.StringVal(s.text)
	default:
		if len(s.text) > MaxFileBytes {
			return failed(diag.Error(s.rng, "Value too large", "Put a value this large into a file and name that with --var-file."))
		}
		text := textfile.Lines([]byte(s.text))
		if d := diag.TooLarge(scan.Source(text, scan.File), s.rng.Filename); d != nil {
			return failed(d)
		}
		tokens, _ := hclsyntax.LexExpression(text, s.rng.Filename, hcl.InitialPos)
		if d := diag.TooDeep(tokens, 0); d != nil {
			return failed(d)
		}
		expr, diags := hclsyntax.ParseExpression(text, s.rng.Filename, hcl.InitialPos)
		if diags.HasErrors() {
			return failed(diags...)
		}
		if value, diags = meter.Constant(expr); len(diags) > 0 && diags[0].Summary == meter.TooMuchWork {
			return failed(diags...)
		} else if diags.HasErrors() {
			return failed(diag.Error(expr.Range(), "Value is not constant",
				fmt.Sprintf("Variable %q is read as an expression, because it is no plain string, number or truth value. Text in it goes in double quotes; functions and references can't be used.", v.name)))
		}
	}
	value, err := v.convert(value)
	if err != nil {
		return failed(diag.Error(s.rng, "Value of the wrong type", fmt.Sprintf("The value of variable %q set %s does not fit its type: %s.", v.name, s.where, diag.TypeError(err))))
	}
	return value
}

func (ev *evaluation) check(name string, check validation, s setting) {
	w := ev.value(check.condition, nil)
	if !w.ok {
		return
	}
	if w.v.IsKnown() && (w.v.IsNull() || w.v.Type() != cty.Bool) {
		ev.add(diag.Error(check.condition.Range(), "True or false expected", "A validation's condition has to be true or false."))
		return
	}
	if !w.v.IsKnown() || w.v.True() {
		return
	}
	message := "its value is not allowed"
	if text, ok := diag.StringOf(ev.value(check.message, nil).v); ok && text != "" {
		message = text
	}
	rng := ev.variables[name].rng
	detail := fmt.Sprintf("Variable %q: %s", name, message)
	if s.name != "" {
		rng = s.rng
	}
	d := diag.Error(rng, "Value not allowed", detail)
	ev.add(d)
	ev.soft = true
}

// settings are the values given, by name, the winning ones.
func (ev *evaluation) settings() map[string]setting {
	vars := ev.in.Vars
	given := map[string]setting{}
	for _, pair := range vars.Env {
		name, text, _ := strings.Cut(pair, "=")
		name, ok := strings.CutPrefix(name, EnvPrefix)
		if ok && ev.variables[name] != nil {
			given[name] = setting{name: name, text: text, rng: startOf(EnvPrefix + name), where: "in the environment"}
		}
	}
	for _, f := range vars.Auto {
		ev.fileSettings(given, f)
	}
	files := vars.Files
	for i, flag := range vars.Flags {
		for len(files) > 0 && files[0].After <= i {
			ev.fileSettings(given, files[0])
			files = files[1:]
		}
		ev.flagSetting(given, flag)
	}
	for _, f := range files {
		ev.fileSettings(given, f)
	}
	return given
}

func (ev *evaluation) flagSetting(given map[string]setting, flag string) {
	name, text, ok := strings.Cut(flag, "=")
	name = strings.TrimSpace(name)
	rng := startOf("--var " + plain(name))
	switch {
	case !ok || name == "":
		ev.add(diag.Error(rng, "Not a setting", fmt.Sprintf("--var takes name=value, as in --var mood=calm; %q has none.", plain(flag))))
	case ev.variables[name] == nil:
		ev.add(diag.Error(rng, "Unknown variable", fmt.Sprintf("--var sets %q, which the configuration does not declare.%s",
			name, cmp.Or(diag.DidYouMean(name, slices.Sorted(maps.Keys(ev.variables))), fmt.Sprintf(" Declare it with: variable %q { … }", name)))))
	default:
		given[name] = setting{name: name, text: text, rng: rng, where: "by --var"}
	}
}

func (ev *evaluation) fileSettings(given map[string]setting, f NamedFile) {
	body, _, diags := parseSource(f.Name, f.Bytes)
	ev.add(diags...)
	if diags.HasErrors() {
		return
	}
	for _, b := range body.Blocks {
		ev.add(diag.Error(b.DefRange(), "Block not expected", fmt.Sprintf("A file of variables holds lines like: name = value. A %s block belongs in a configuration file, whose name does not end in .vars.hcl.", b.Type)))
	}
	for _, a := range attributes(body) {
		if ev.variables[a.Name] == nil {
			near := ""
			if len(ev.diags) < meter.MaxProblems {
				near = diag.DidYouMean(a.Name, slices.Sorted(maps.Keys(ev.variables)))
			}
			ev.add(diag.Warning(a.NameRange, "Unknown variable", fmt.Sprintf("The configuration does not declare a variable %q, so this value is not used.%s", a.Name, near)))
			continue
		}
		given[a.Name] = setting{name: a.Name, expr: a.Expr, rng: a.Expr.Range(), where: "here"}
	}
}
