package meter

import (
	"cmp"
	"fmt"
	"math"
	"reflect"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/spotsync/spotsync/config/diag"
)

// Meter counts what one evaluation has cost, in two currencies. A step is about a tenth of a microsecond: one part of an
// expression worked out, one element gone through, 16 bytes of text read. A value is about 64 bytes of memory: an element
// of a list, a number, 16 bytes of text; an object counts as several, see objectValues. Each loop and each call of a
// function pays before it starts, and once there is nothing left, or the context has ended, none starts any more.
type Meter struct {
	Steps, Values int   // what is left
	Done          error // of the context
	poll          func() error
	unpolled      int // steps taken since the context was looked at

	Where  hcl.Range // the loop or call that was refused
	reason string    // why, as a sentence; empty while nothing was
}

// What a configuration may ask of the computer. All are far above what a person writes, and low enough that a small file can't
// use up memory or time: HCL's evaluator recurses, and does not stop by itself.
const (
	MaxSteps    = 250_000_000 // of one evaluation: parts of expressions worked out, elements gone through
	MaxValues   = 10_000_000  // made by one evaluation
	MaxMade     = 5_000_000   // values made by one call of a function
	MaxCall     = 8_000_000   // steps of one call; sets of 20,000 songs take most of them
	MaxText     = 16 << 20    // bytes of a part of a template, as of a file
	MaxProblems = 100         // told at once about one list
)

const (
	pollSteps     = 10_000 // about a millisecond
	objectValues  = 8      // an object's maps of values and types cost as much as that many values, and two for each attribute
	TextPerValue  = 16     // bytes
	TextPerStep   = 16     // bytes
	BytesPerValue = 64     // of files, which are kept whole
)

// New is the meter of one evaluation. poll says whether its context has ended.
func New(poll func() error) *Meter {
	return &Meter{Steps: MaxSteps, Values: MaxValues, poll: poll}
}

// Spent reports whether nothing may start any more.
func (m *Meter) Spent() bool { return m.reason != "" || m.Done != nil }

// Take pays for steps and values of what stands at rng, and reports whether it may go on.
func (m *Meter) Take(rng hcl.Range, steps, values int) bool {
	if m.Spent() {
		return false
	}
	steps, values = max(0, steps), max(0, values)
	m.Steps -= min(m.Steps+1, steps)
	m.Values -= min(m.Values+1, values)
	if m.unpolled += min(steps, pollSteps); m.unpolled >= pollSteps {
		m.unpolled = 0
		if m.Done = m.poll(); m.Done != nil {
			return false
		}
	}
	switch {
	case m.Steps < 0:
		m.Refuse(rng, "Working this out takes more steps than a playlist could need. Make the lists it goes through smaller, or let one list be worked out once, in a local value, and not again for each element of another.")
	case m.Values < 0:
		m.Refuse(rng, "The configuration makes more values than playlists could need. Make the lists it works with smaller.")
	}
	return !m.Spent()
}

// Pay takes the price of one step that nothing interrupts, unless none may cost as much.
func (m *Meter) Pay(rng hcl.Range, what string, price Cost) bool {
	if m.Spent() {
		return false
	}
	if price.values > MaxMade {
		m.Refuse(rng, fmt.Sprintf("%s would make about %s values here, and %s is the most that one call of a function may make. Give it less.", what, diag.Count(price.values), diag.Count(MaxMade)))
		return false
	}
	if price.steps > MaxCall {
		m.Refuse(rng, fmt.Sprintf("%s would take too long here: about %s steps, and %s is the most for one. Give it less.", what, diag.Count(price.steps), diag.Count(MaxCall)))
		return false
	}
	return m.Take(rng, sum(price.steps, price.values), price.values)
}

// Refuse ends the evaluation because of what stands at rng.
func (m *Meter) Refuse(rng hcl.Range, reason string) {
	if m.reason == "" {
		m.Where, m.reason = rng, reason
	}
}

// Cost is what something takes and makes.
type Cost struct {
	steps, values int
	never         string // why it can't be had at all, as part of a sentence
}

// Price is a cost.
func Price(steps, values int) Cost { return Cost{steps: steps, values: values} }

func (c Cost) plus(d Cost) Cost {
	return Cost{sum(c.steps, d.steps), sum(c.values, d.values), cmp.Or(c.never, d.never)}
}

// times multiplies without overflow.
func (c Cost) times(n int) Cost {
	return Cost{Product(c.steps, n), Product(c.values, n), c.never}
}

func sum(a, b int) int { return min(a, math.MaxInt/2) + min(b, math.MaxInt/2) }

// Product multiplies without overflow.
func Product(a, b int) int {
	if a > 0 && b > math.MaxInt/a {
		return math.MaxInt
	}
	return a * b
}

// meterType wraps a meter as a value, so that it travels with the context of an evaluation to every part of an expression.
var meterType = cty.Capsule("meter", reflect.TypeFor[Meter]())

// meterName is no name that a configuration can write.
const meterName = "(meter)"

// Context makes a context with a meter, for expressions without functions or references.
func Context(m *Meter) *hcl.EvalContext {
	return &hcl.EvalContext{Variables: map[string]cty.Value{meterName: cty.CapsuleVal(meterType, m)}}
}

// meterOf finds the meter of a context.
func meterOf(ctx *hcl.EvalContext) *Meter {
	var root *hcl.EvalContext
	for c := ctx; c != nil; c = c.Parent() {
		root = c
	}
	if root != nil {
		if v, ok := root.Variables[meterName]; ok {
			return v.EncapsulatedValue().(*Meter)
		}
	}
	panic("an expression is worked out without a meter")
}

// size is how many elements a value has, those of nested collections too; an object of few plain attributes is one. Nothing is
// gone through beyond most. A value that repeats parts of itself is small in memory and huge when it is gone through, and
// this counts as who goes through does.
func size(v cty.Value, most int) int {
	s := sizer{left: most}
	s.value(v)
	return most - s.left
}

// sizer counts down.
type sizer struct {
	left int
	text bool // count what strings hold as well, and attributes
	sets int  // what sorting the sets found takes
}

func (s *sizer) value(v cty.Value) {
	if s.left <= 0 {
		return
	}
	v, _ = v.Unmark()
	t := v.Type()
	if !v.IsKnown() || v.IsNull() {
		return
	}
	switch {
	case t == cty.String:
		if s.text {
			s.left -= len(v.AsString())/TextPerStep + 1
		}
	case t == cty.Number:
		if s.text {
			s.left -= 1 + digits(v)/TextPerStep
		}
	case !s.text && (t.IsTupleType() || t.IsObjectType()) && s.byType(t):
	case t.IsTupleType():
		s.left -= len(t.TupleElementTypes())
		for it := v.ElementIterator(); s.left > 0 && it.Next(); {
			_, e := it.Element()
			s.value(e)
		}
	case t.IsObjectType():
		s.left -= objectSize(t)
		if s.text {
			s.left -= len(t.AttributeTypes())
		}
		for name := range t.AttributeTypes() {
			s.value(v.GetAttr(name))
			if s.left <= 0 {
				return
			}
		}
	case t.IsCollectionType():
		each := 1
		if !s.text && t.ElementType().IsObjectType() {
			each = max(1, objectSize(t.ElementType()))
		}
		s.left -= Product(each, v.LengthInt())
		if t.IsSetType() {
			s.sets = sum(s.sets, sortSteps(v.LengthInt(), t.ElementType()))
		}
		if s.left <= 0 || !s.text && flat(t.ElementType()) {
			return
		}
		for it := v.ElementIterator(); s.left > 0 && it.Next(); {
			k, e := it.Element()
			if s.text && t.IsMapType() {
				s.value(k)
			}
			s.value(e)
		}
	}
}

// objectSize is what an object counts as: a song and all that is known of it is one, but a map of many keys that is written
// as an object is not.
func objectSize(t cty.Type) int { return 1 + len(t.AttributeTypes())/16 }

// byType counts a tuple or an object where its type tells all, and reports whether that is so.
func (s *sizer) byType(t cty.Type) bool {
	before := s.left
	if s.countType(t) {
		return true
	}
	s.left = before
	return false
}

func (s *sizer) countType(t cty.Type) bool {
	switch {
	case s.left <= 0:
	case t.IsTupleType():
		types := t.TupleElementTypes()
		s.left -= len(types)
		for _, e := range types {
			if !e.IsPrimitiveType() && !s.countType(e) {
				return false
			}
			if s.left <= 0 {
				return true
			}
		}
	case t.IsObjectType():
		s.left -= objectSize(t)
		for _, e := range t.AttributeTypes() {
			if !e.IsPrimitiveType() && !s.countType(e) {
				return false
			}
		}
	case t.IsCollectionType():
		return false
	}
	return true
}

// flat reports whether values of a type hold no elements but plain attributes.
func flat(t cty.Type) bool {
	if !t.IsObjectType() {
		return t.IsPrimitiveType()
	}
	for _, a := range t.AttributeTypes() {
		if !a.IsPrimitiveType() {
			return false
		}
	}
	return true
}

// detail is size that counts attributes, and text by 16 bytes.
func detail(v cty.Value, most int) int {
	s := sizer{left: most, text: true}
	s.value(v)
	return most - s.left
}

// Measure is detail, or size, with the steps that it takes to go through what was counted.
func Measure(v cty.Value, text bool) (n, steps int) {
	s := sizer{left: Enough, text: text}
	s.value(v)
	n = Enough - s.left
	return n, sum(n, s.sets)
}

// digits is about how long a number is when it is written out.
func digits(v cty.Value) int {
	f := v.AsBigFloat()
	if f.IsInf() {
		return 3
	}
	exp := f.MantExp(nil)
	return int(math.Abs(float64(exp))*math.Log10(2)) + 1
}

// maxExponent is of two: numbers of up to ten thousand digits. Larger ones take for ever to write out.
const maxExponent = 33_300

// tooLargeNumber reports whether a number is beyond what can be worked with.
func tooLargeNumber(v cty.Value) bool {
	if v.Type() != cty.Number || !v.IsKnown() || v.IsNull() || v.IsMarked() {
		return false
	}
	f := v.AsBigFloat()
	exp := f.MantExp(nil)
	return !f.IsInf() && (exp > maxExponent || exp < -maxExponent)
}

// Constant works out an expression that may use neither functions nor references. Nobody can interrupt this, so that it
// may not take long.
func Constant(expr hclsyntax.Expression) (cty.Value, hcl.Diagnostics) {
	m := New(func() error { return nil })
	m.Steps /= 100
	v, diags := Expression(expr).Value(Context(m))
	if m.Spent() {
		return cty.DynamicVal, hcl.Diagnostics{m.Problem(expr.Range())}
	}
	return v, diags
}

// TooMuchWork is the summary of what is told of a refusal.
const TooMuchWork = "Too much work"

// Problem is what to tell about a meter that refused, for an expression at rng.
func (m *Meter) Problem(rng hcl.Range) *hcl.Diagnostic {
	if m.Where.Filename == rng.Filename {
		rng = m.Where
	}
	return diag.Error(rng, TooMuchWork, m.reason)
}
