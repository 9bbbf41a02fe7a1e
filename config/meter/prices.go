package meter

import (
	"math"
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/spotsync/spotsync/config/scan"
)

// This file: what calls of functions cost. A price is found before the call starts, from arguments in which what is not
// known is null. It may be too high, but what it does not mention may not grow with the arguments.

// price works out what a call would go through and make.
type price func(args []cty.Value) Cost

// Prices holds a price for each function: without one, a function can't be called.
var Prices = map[string]price{
	// Strings
	"chomp":       longer(6, reads),
	"endswith":    looks,
	"format":      formatPrice,
	"formatlist":  formatPrice,
	"indent":      indentPrice,
	"join":        joinPrice,
	"lower":       reads,
	"regex":       regexPrice,
	"regexall":    regexPrice,
	"replace":     replacePrice,
	"split":       splitPrice,
	"startswith":  looks,
	"strcontains": looks,
	"strrev":      thrice(reads),
	"substr":      longer(4, reads),
	"title":       reads,
	"trim":        trimPrice,
	"trimprefix":  reads,
	"trimspace":   reads,
	"trimsuffix":  reads,
	"upper":       reads,

	// Collections
	"alltrue":         thrice(looks),
	"anytrue":         thrice(looks),
	"chunklist":       thrice(handles),
	"coalesce":        argumentsPrice,
	"coalescelist":    longer(8, handles),
	"compact":         longer(8, reads),
	"concat":          handles,
	"contains":        containsPrice,
	"distinct":        hashes,
	"element":         argumentsPrice,
	"flatten":         thrice(handles),
	"index":           longer(6, looks),
	"keys":            attributesPrice,
	"length":          lengthPrice,
	"lookup":          argumentsPrice,
	"matchkeys":       hashes,
	"merge":           mergePrice,
	"one":             argumentsPrice,
	"range":           rangePrice,
	"reverse":         handles,
	"setintersection": setPrice,
	"setproduct":      setproductPrice,
	"setsubtract":     setPrice,
	"setunion":        setPrice,
	"slice":           handles,
	"sort":            sorts,
	"sum":             longer(6, looks),
	"transpose":       hashes,
	"values":          attributesPrice,
	"zipmap":          thrice(reads),

	// Conversions
	"can":      argumentsPrice,
	"tobool":   argumentsPrice,
	"tolist":   longer(4, reads),
	"tomap":    longer(10, reads),
	"tonumber": looks,
	"toset":    tosetPrice,
	"tostring": reads,
	"try":      argumentsPrice,

	// Numbers
	"abs":      argumentsPrice,
	"ceil":     argumentsPrice,
	"floor":    argumentsPrice,
	"log":      argumentsPrice,
	"max":      thrice(argumentsPrice),
	"min":      thrice(argumentsPrice),
	"parseint": parseintPrice,
	"pow":      argumentsPrice,
	"signum":   argumentsPrice,

	// Dates
	"formatdate": thrice(thrice(reads)),
	"timeadd":    looks,
	"timecmp":    looks,
	"timestamp":  argumentsPrice,
	"within":     looks,
	"year":       looks,

	// Encoding
	"base64decode": reads,
	"base64encode": thrice(reads),
	"csvdecode":    csvPrice,
	"jsondecode":   jsonPrice,
	"jsonencode":   longer(2, encodes),
	"md5":          looks,
	"sha256":       looks,
	"urlencode":    thrice(reads),
	"yamldecode":   yamlPrice,
	"yamlencode":   longer(10, encodes),

	// Files. What is in the file is paid for when it is used; reading it is quick.
	"file":         filePrice,
	"fileexists":   filePrice,
	"templatefile": filePrice,
	"tracks_file":  filePrice,

	// Tracks
	"interleave": longer(3, handles),
	"shuffle":    longer(2, sorts),
	"sort_by":    sorts,
	"take":       takePrice,
	"track":      argumentsPrice,
	"unique_by":  hashes,
}

// never is the price of what is not done at any price.
func never(reason string) Cost { return Cost{never: reason} }

// Affordable is beyond what anything may cost, so that counting stops there.
const Enough = MaxCall + 1

// argumentsPrice is of functions that look at their arguments, not into them.
func argumentsPrice(args []cty.Value) Cost { return Price(10+20*len(args), 2) }

// handles is of functions that go through lists and hand their elements on.
func handles(args []cty.Value) Cost {
	c := argumentsPrice(args)
	for _, v := range args {
		if c.steps > MaxCall {
			break
		}
		n, steps := Measure(v, false)
		c = c.plus(Price(Product(10, steps), sum(n, textLength(v)/TextPerValue))) // go-cty looks into each of them
	}
	return c
}

// reads is of functions that read all their arguments and make about as much.
func reads(args []cty.Value) Cost {
	c := argumentsPrice(args)
	for _, v := range args {
		if c.steps > MaxCall {
			break
		}
		n, steps := Measure(v, true)
		c = c.plus(Price(Product(2, steps), n))
	}
	return c
}

// looks is of functions that read all their arguments to make one small value.
func looks(args []cty.Value) Cost { return Price(reads(args).steps, 0) }

// attributesPrice is of functions that go through the keys of maps and objects.
func attributesPrice(args []cty.Value) Cost {
	n := 0
	for i := range args {
		n = sum(n, lengthOf(args, i))
	}
	return handles(args).plus(Price(100, 2).times(n))
}

// mergePrice is of merge, which makes a type with all the keys as well.
func mergePrice(args []cty.Value) Cost { return attributesPrice(args).plus(handles(args).times(4)) }

// takePrice is of a function that hands on as many as it is asked for.
func takePrice(args []cty.Value) Cost {
	c := handles(args)
	if n := wholeOf(args, 1); n > 0 {
		c.values = min(c.values, n)
	}
	return c
}

// hashes is of functions that look elements up by what is in them.
func hashes(args []cty.Value) Cost {
	c := reads(args)
	return Price(Product(8, c.steps), c.values)
}

// sorts is of functions that compare elements with each other.
func sorts(args []cty.Value) Cost {
	c := reads(args)
	return Price(Product(c.steps, 4+int(math.Log2(float64(1+c.steps))))/4, c.values)
}

// encodes is of functions that write a value down.
func encodes(args []cty.Value) Cost {
	c := reads(args)
	c.values = Product(c.values, 1+depth(args[0].Type(), scan.MaxDepth)/4)
	return c.times(4)
}

// thrice is three times a price.
func thrice(p price) price { return func(args []cty.Value) Cost { return p(args).times(3) } }

// longer is a price with so many times its steps.
func longer(times int, p price) price {
	return func(args []cty.Value) Cost {
		c := p(args)
		c.steps = Product(times, c.steps)
		return c
	}
}

// depth is how deep a type's values are nested.
func depth(t cty.Type, most int) int {
	deepest := 0
	if most == 0 {
		return 0
	}
	switch {
	case t.IsTupleType():
		for _, e := range t.TupleElementTypes() {
			deepest = max(deepest, depth(e, most-1))
		}
	case t.IsObjectType():
		for _, e := range t.AttributeTypes() {
			deepest = max(deepest, depth(e, most-1))
		}
	case t.IsCollectionType():
		deepest = depth(t.ElementType(), most-1)
	default:
		return 0
	}
	return deepest + 1
}

// textOf is argument i if it is a text, as numbers and truth values become.
func textOf(args []cty.Value, i int) string {
	if i < len(args) && args[i].Type() == cty.String && !args[i].IsNull() {
		return args[i].AsString()
	}
	return ""
}

// wholeOf is argument i if it is a number, between 0 and 2³¹.
func wholeOf(args []cty.Value, i int) int {
	if i >= len(args) || args[i].IsNull() {
		return 0
	}
	v, err := Convert(args[i], cty.Number)
	if err != nil || v.IsNull() || !v.IsKnown() {
		return 0
	}
	f, _ := v.AsBigFloat().Float64()
	return int(max(0, min(f, math.MaxInt32)))
}

// lengthOf is how many elements argument i has.
func lengthOf(args []cty.Value, i int) int {
	if i < len(args) && !args[i].IsNull() && args[i].CanIterateElements() {
		return args[i].LengthInt()
	}
	return 0
}

// ofText is the price of making n bytes of text.
func ofText(n int) Cost { return Price(n/TextPerStep, n/TextPerValue) }

var digitsPattern = regexp.MustCompile(`[0-9]+`)

// formatPrice counts what is written with a width, and all else by its length.
func formatPrice(args []cty.Value) Cost {
	widths := 0
	for _, run := range digitsPattern.FindAllString(textOf(args, 0), -1) {
		n := math.MaxInt32
		if len(run) < 9 {
			n = 0
			for _, d := range run {
				n = 10*n + int(d-'0')
			}
		}
		widths = sum(widths, n)
	}
	rows, whole := 1, 0 // of formatlist; what is no list comes in each row
	for i, v := range args {
		if !v.IsNull() && IsList(v.Type()) {
			rows = max(rows, lengthOf(args, i))
		} else {
			whole = sum(whole, detail(v, Enough))
		}
	}
	verbs := 1 + strings.Count(textOf(args, 0), "%")
	return reads(args).times(4).plus(ofText(Product(rows, widths))).plus(Price(whole, whole).times(Product(rows, 2))).plus(Price(verbs*5, 1).times(rows))
}

func indentPrice(args []cty.Value) Cost {
	lines := 1 + strings.Count(textOf(args, 1), "\n")
	return reads(args).plus(ofText(Product(lines, wholeOf(args, 0))))
}

func joinPrice(args []cty.Value) Cost {
	n := 0
	for i := range args {
		n = sum(n, lengthOf(args, i))
	}
	return reads(args).times(2).plus(ofText(Product(n, len(textOf(args, 0)))))
}

func splitPrice(args []cty.Value) Cost {
	n := len(textOf(args, 1))
	if sep := textOf(args, 0); sep != "" {
		n = strings.Count(textOf(args, 1), sep)
	}
	return reads(args).plus(Price(2, 2).times(n + 1))
}

func trimPrice(args []cty.Value) Cost {
	return reads(args).plus(Price(Product(len(textOf(args, 0)), 1+len(textOf(args, 1)))/(16*TextPerStep), 0))
}

// program is how many states an expression has, each of which may have to be tried for each byte.
func program(pattern string) int {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return len(pattern)
	}
	p, err := syntax.Compile(re.Simplify())
	if err != nil {
		return len(pattern)
	}
	return len(p.Inst)
}

func regexPrice(args []cty.Value) Cost {
	pattern, text := textOf(args, 0), textOf(args, 1)
	if len(pattern) > MaxPattern {
		return never("a pattern can have 10,000 bytes at most")
	}
	states := program(pattern)
	// Every match is a list or an object of its groups.
	groups := 1 + strings.Count(pattern, "(")
	return reads(args).plus(tried(text, states)).plus(Price(30+15*groups, objectValues+2*groups).times(matchesOf(pattern, text, states, MaxCall/30)))
}

// tried is the price of trying each state of a pattern at each byte.
func tried(text string, states int) Cost { return Price(Product(len(text)+1, states)/8, states) }

// matchesOf counts the matches of a pattern, up to one more than most.
func matchesOf(pattern, text string, states, most int) int {
	re, err := regexp.Compile(pattern)
	if err != nil || tried(text, states).steps > MaxCall {
		return 0
	}
	return len(re.FindAllStringIndex(text, most+1))
}

// MaxPattern is how long a regular expression may be, in bytes.
const MaxPattern = 10_000

func replacePrice(args []cty.Value) Cost {
	text, sub, with := textOf(args, 0), textOf(args, 1), textOf(args, 2)
	if len(sub) > 1 && sub[0] == '/' && sub[len(sub)-1] == '/' {
		pattern := sub[1 : len(sub)-1]
		if len(pattern) > MaxPattern {
			return never("a pattern can have 10,000 bytes at most")
		}
		states := program(pattern)
		count := matchesOf(pattern, text, states, MaxCall/8)
		// What $1 stands for is the text at most, and all matches together are no longer than it.
		inserted := sum(Product(count, len(with)), Product(len(text), strings.Count(with, "$")))
		return reads(args).plus(tried(text, states)).plus(Price(8, 0).times(count)).plus(ofText(inserted))
	}
	return reads(args).plus(ofText(Product(strings.Count(text, sub), len(with))))
}

// containsPrice is nothing like the others': contains stands in the condition of many a loop.
func containsPrice(args []cty.Value) Cost {
	if len(args) > 0 && !args[0].IsNull() && args[0].Type().IsSetType() && args[0].Type().ElementType() == cty.String {
		return argumentsPrice(args)
	}
	if len(args) > 1 && args[1].Type() != cty.String {
		return Price(Product(8, reads(args).steps), 0)
	}
	c := argumentsPrice(args)
	for _, v := range args {
		c = c.plus(Price(size(v, Enough), 0))
	}
	return c
}

func lengthPrice(args []cty.Value) Cost {
	return argumentsPrice(args).plus(Price(len(textOf(args, 0)), 0))
}

// rangePrice knows that range makes no more than 1024 numbers.
func rangePrice(args []cty.Value) Cost {
	const most = 1024
	n := most
	bounds := make([]float64, len(args))
	for i, v := range args {
		if v, err := Convert(v, cty.Number); err == nil && isPlain(v) {
			bounds[i], _ = v.AsBigFloat().Float64()
		}
	}
	start, end, step := 0.0, 0.0, 1.0
	switch len(bounds) {
	case 1:
		end = bounds[0]
	case 2:
		start, end = bounds[0], bounds[1]
	case 3:
		start, end, step = bounds[0], bounds[1], bounds[2]
	}
	if many := math.Abs((end - start) / step); many < most { // and not for none of the numbers there are
		n = int(many) + 1
	}
	return Price(4, 3).times(n).plus(argumentsPrice(args))
}

func setproductPrice(args []cty.Value) Cost {
	n := 1
	for i := range args {
		n = Product(n, lengthOf(args, i))
	}
	each := Price(30, 4+2*len(args))
	return hashes(args).plus(each.times(n))
}

// parseintPrice knows that reading digits takes a time that grows with their square.
func parseintPrice(args []cty.Value) Cost {
	n := len(textOf(args, 0))
	if n > MaxDigits {
		return never("a number can have ten thousand digits at most")
	}
	return reads(args)
}

// csvPrice counts cells, and an object for each line.
func csvPrice(args []cty.Value) Cost {
	text := textOf(args, 0)
	head, _, _ := strings.Cut(strings.TrimLeft(text, "\r\n"), "\n")
	columns := 1 + strings.Count(head, ",")
	lines := 1 + max(strings.Count(text, "\n"), strings.Count(text, "\r"))
	lines = min(lines, 1+len(text)/columns) // a line without all columns is an error, which comes first
	return reads(args).times(2).plus(Price(10, objectValues).plus(Price(4, 2).times(columns)).times(lines))
}

// jsonPrice counts what is in the text, and refuses what nests too deeply for the decoder, which recurses.
func jsonPrice(args []cty.Value) Cost {
	text := textOf(args, 0)
	c := reads(args).times(12)
	level, deepest, run := 0, 0, 0
	for i := 0; i < len(text); i++ {
		switch b := text[i]; b {
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			level++
			deepest = max(deepest, level)
			c = c.plus(Price(20, objectValues))
		case '}', ']':
			level--
		case ':', ',':
			c = c.plus(Price(8, 2))
		}
		if i < len(text) && (text[i] >= '0' && text[i] <= '9' || text[i] == '.') {
			run++
		} else {
			run = 0
		}
		if run > MaxDigits {
			return never("a number can have ten thousand digits at most")
		}
	}
	if deepest > scan.MaxDepth || hugeNumber.MatchString(text) {
		return never("the text nests more than 100 brackets, or holds a number of more than ten thousand digits")
	}
	return c
}

// hugeNumber finds numbers with exponents of five digits and more.
var hugeNumber = regexp.MustCompile(`(^|[\s,:\[{-])[0-9.]+[eE][-+]?0*[0-9]{5}`)

func filePrice(args []cty.Value) Cost { return reads(args).plus(Price(200, 10)) }

// Direct are functions that stand in the conditions of loops, without what go-cty does around each call: it looks through
// all of the arguments, even where the answer lies in one place. They leave to go-cty whatever is not plain.
var Direct = map[string]func(args []cty.Value) (cty.Value, bool){
	"contains": quickContains,
	"element":  quickElement,
	"length":   quickLength,
	"lookup":   quickLookup,

	"setintersection": quickSets(inAll),
	"setsubtract":     quickSets(inFirstOnly),
	"setunion":        quickSets(inAny),
}

func isPlain(v cty.Value) bool { return !v.IsMarked() && v.IsKnown() && !v.IsNull() }

func quickLength(args []cty.Value) (cty.Value, bool) {
	v := args[0]
	if !isPlain(v) || v.Type() == cty.String || !v.CanIterateElements() {
		return cty.NilVal, false
	}
	if v.Type().IsObjectType() {
		return cty.NumberIntVal(int64(len(v.Type().AttributeTypes()))), true
	}
	n := v.Length()
	return n, n.IsKnown()
}

func quickLookup(args []cty.Value) (cty.Value, bool) {
	m, key := args[0], args[1]
	if !isPlain(m) || !isPlain(key) || key.Type() != cty.String || len(args) > 3 {
		return cty.NilVal, false
	}
	switch t := m.Type(); {
	case t.IsObjectType() && t.HasAttribute(key.AsString()):
		return m.GetAttr(key.AsString()), true
	case t.IsMapType():
		if m.HasIndex(key).True() {
			return m.Index(key), true
		}
	case !t.IsObjectType():
		return cty.NilVal, false
	}
	if len(args) == 3 {
		return args[2], true
	}
	return cty.NilVal, false
}

func quickElement(args []cty.Value) (cty.Value, bool) {
	list, at := args[0], args[1]
	if !isPlain(list) || !isPlain(at) || at.Type() != cty.Number || !list.Type().IsTupleType() && !list.Type().IsListType() || list.LengthInt() == 0 {
		return cty.NilVal, false
	}
	i, err := WholeNumber(1, at)
	if err != nil || i < 0 || i > 1<<30 {
		return cty.NilVal, false
	}
	return list.Index(cty.NumberIntVal(int64(i % list.LengthInt()))), true
}

func quickContains(args []cty.Value) (cty.Value, bool) {
	list, wanted := args[0], args[1]
	if !isPlain(list) || !isPlain(wanted) || wanted.Type() != cty.String || !IsList(list.Type()) {
		return cty.NilVal, false
	}
	if t := list.Type(); t.IsSetType() {
		if t.ElementType() != cty.String {
			return cty.NilVal, false
		}
		has := list.HasElement(wanted)
		return has, has.IsKnown()
	}
	text := wanted.AsString()
	for it := list.ElementIterator(); it.Next(); {
		_, e := it.Element()
		if !isPlain(e) || e.Type() != cty.String {
			return cty.NilVal, false
		}
		if e.AsString() == text {
			return cty.True, true
		}
	}
	return cty.False, true
}
