package meter

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/customdecode"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
)

// Call is a call of a function, paid for by its price before it starts.
type Call struct{ *hclsyntax.FunctionCallExpr }

func (c *Call) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	m := meterOf(ctx)
	f, exists := functionOf(ctx, c.Name)
	if !exists || m.Spent() {
		if m.Spent() {
			return stopped(c)
		}
		return c.FunctionCallExpr.Value(ctx)
	}
	params, rest := signature(f)
	for i := range c.Args {
		if p := parameter(params, rest, i); p != nil && customdecode.CustomExpressionDecoderForType(p.Type) != nil {
			return c.open(ctx, m)
		}
	}
	args, exprs := make([]cty.Value, 0, len(c.Args)), c.Args
	var all []hcl.Diagnostics // by argument, if there are any
	var diags hcl.Diagnostics
	expanded := false
	for i, e := range c.Args {
		v, more := e.Value(ctx)
		if m.Spent() {
			return stopped(c)
		}
		if len(more) > 0 {
			if all == nil {
				all = make([]hcl.Diagnostics, len(c.Args))
			}
			all[i], diags = more, append(diags, more...)
		}
		if c.ExpandFinal && i == len(c.Args)-1 && isPlain(v) && IsList(v.Type()) {
			if !m.Take(c.Range(), 2*v.LengthInt(), 0) {
				return stopped(c)
			}
			expanded, exprs = true, slices.Clone(exprs[:i])
			for _, v := range v.AsValueSlice() {
				args, exprs = append(args, v), append(exprs, literal(v, e))
			}
			continue
		}
		args = append(args, v)
	}
	// plainly has HCL do the rest with the arguments as they are.
	plainly := func() (cty.Value, hcl.Diagnostics) {
		plain := *c.FunctionCallExpr
		plain.ExpandFinal = c.ExpandFinal && !expanded
		plain.Args = make([]hclsyntax.Expression, len(args))
		for i, v := range args {
			w := &worked{exprs[i], v, nil}
			if all != nil && i < len(all) {
				w.diags = all[i]
			}
			plain.Args[i] = w
		}
		v, diags := plain.Value(ctx)
		if m.Spent() {
			return stopped(c)
		}
		return v, withoutStacks(diags)
	}
	if diags.HasErrors() || c.ExpandFinal && !expanded || len(args) < len(params) || rest == nil && len(args) > len(params) {
		return plainly()
	}
	asked := c.price(args)
	if asked.never != "" {
		return cty.DynamicVal, append(diags, c.failed(errors.New(asked.never)))
	}
	if !m.Pay(c.Range(), c.Name, asked) {
		return stopped(c)
	}
	if quick := Direct[c.Name]; quick != nil {
		if v, ok := quick(args); ok {
			return v, diags
		}
	}
	invalid := func(i int, name string, err error) (cty.Value, hcl.Diagnostics) {
		return cty.DynamicVal, append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Invalid function argument", Context: c.Range().Ptr(),
			Subject: exprs[i].StartRange().Ptr(), Detail: fmt.Sprintf("Invalid value for %q parameter: %s.", name, err), Extra: callError{c.Name, err}})
	}
	plainest := true // nothing that go-cty has to take care of
	for i, v := range args {
		p := parameter(params, rest, i)
		if (p.Type == cty.Number || c.Name == "tonumber") && textLength(v) > MaxDigits {
			return tooManyDigits(c)
		}
		want := p.Type
		whole, ofWhole := conversions[c.Name]
		if ofWhole {
			want = whole
		}
		converted, err := Linear(v, want)
		if ofWhole && err == nil && converted != cty.NilVal && len(args) == 1 {
			return converted, diags // that is all there is to do
		}
		if err == nil && converted == cty.NilVal {
			converted, err = convert.Convert(v, p.Type)
		}
		if err != nil {
			return invalid(i, p.Name, err)
		}
		args[i] = converted
		plainest = plainest && !converted.IsMarked() && converted.IsKnown() && (p.AllowNull || !converted.IsNull()) && (p.AllowDynamicType || converted.Type() != cty.DynamicPseudoType)
	}
	if !plainest {
		return plainly()
	}
	v, err := f.Call(args)
	if m.Spent() { // it was a template that could not go on
		if m.Where.Filename == "" {
			m.Where = c.Range()
		}
		return stopped(c)
	}
	if err != nil {
		if wrong, ok := errors.AsType[function.ArgError](err); ok {
			if wrong.Index < len(args) {
				return invalid(wrong.Index, parameter(params, rest, wrong.Index).Name, err)
			}
			return plainly()
		}
		return cty.DynamicVal, withoutStacks(append(diags, c.failed(err)))
	}
	if tooLargeNumber(v) {
		return tooManyDigits(c)
	}
	return v, diags
}

// price is what the call costs. What is not known costs nothing: the result is not known either.
func (c *Call) price(args []cty.Value) Cost {
	ask, priced := Prices[c.Name]
	if !priced {
		panic(fmt.Sprintf("the function %s has no price", c.Name))
	}
	for _, v := range args {
		if isPlain(v) {
			continue
		}
		shown := slices.Clone(args)
		for i, v := range shown {
			if v, _ = v.Unmark(); !v.IsKnown() {
				v = cty.NullVal(v.Type())
			}
			shown[i] = v
		}
		return ask(shown)
	}
	return ask(args)
}

func (c *Call) failed(err error) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Error in function call", Context: c.Range().Ptr(), Subject: c.StartRange().Ptr(),
		Detail: fmt.Sprintf("Call to function %q failed: %s.", c.Name, err), Extra: callError{c.Name, err}}
}

// callError tells who asks a diagnostic which function failed, as HCL does.
type callError struct {
	name string
	err  error
}

var _ hclsyntax.FunctionCallDiagExtra = callError{}

func (e callError) CalledFunctionName() string { return e.name }
func (e callError) FunctionCallError() error   { return e.err }

// signature is what a function takes.
func signature(f function.Function) (params []function.Parameter, rest *function.Parameter) {
	return f.Params(), f.VarParam()
}

// parameter is the one that argument i is for, nil when there are too many.
func parameter(params []function.Parameter, rest *function.Parameter, i int) *function.Parameter {
	if i < len(params) {
		return &params[i]
	}
	return rest
}

// open is a call of a function that works its arguments out itself. It may ask for one again and again, to find out the
// result's type first; where such calls stand inside each other, that would multiply.
func (c *Call) open(ctx *hcl.EvalContext, m *Meter) (cty.Value, hcl.Diagnostics) {
	if !m.Take(c.Range(), 10, 1) {
		return stopped(c)
	}
	plain := *c.FunctionCallExpr
	plain.Args = make([]hclsyntax.Expression, len(c.Args))
	for i, e := range c.Args {
		plain.Args[i] = &once{Expression: e}
	}
	v, diags := plain.Value(ctx)
	looked := 0 // through what came of each, for what is not known
	for _, e := range plain.Args {
		if o := e.(*once); o.done {
			looked = sum(looked, Product(30, size(o.v, Enough)))
		}
	}
	if !m.Pay(c.Range(), c.Name, Price(looked, 0)) {
		return stopped(c)
	}
	return v, diags
}

// once is a part that is worked out when it is asked for, and not again. It serves one call in one context.
type once struct {
	hclsyntax.Expression
	done  bool
	v     cty.Value
	diags hcl.Diagnostics
}

func (o *once) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	if !o.done {
		o.v, o.diags = o.Expression.Value(ctx)
		o.done = true
	}
	return o.v, o.diags
}
