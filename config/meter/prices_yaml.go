package meter

import (
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/spotsync/spotsync/config/scan"
)

// This file: what decoding a YAML text costs. The decoder recurses, and puts each alias's value in its place, so that a few
// lines can stand for more than fits into any memory; the text is looked over before it sees it.

// yamlPrice counts what is in the text with its aliases put in, which may be far more than is written.
func yamlPrice(args []cty.Value) Cost {
	text := textOf(args, 0)
	c := reads(args).times(8)
	if nestsDeeply(text) || hugeNumber.MatchString(text) || longDigits(text) {
		return never("the text nests more than 100 levels, or holds a number of more than ten thousand digits")
	}
	items := strings.Count(text, ":") + strings.Count(text, ",") + strings.Count(text, "-") + strings.Count(text, "?") + strings.Count(text, "[") + strings.Count(text, "{")
	c = c.plus(Price(50, 4).times(items))
	return c.plus(aliasPrice(text))
}

// longDigits reports whether a text holds what may be a number of more than maxDigits digits.
func longDigits(text string) bool {
	run := 0
	for _, b := range []byte(text) {
		if b >= '0' && b <= '9' || b == '_' || b == '.' {
			if run++; run > MaxDigits {
				return true
			}
		} else {
			run = 0
		}
	}
	return false
}

// nestsDeeply reports whether brackets or indentation of a YAML text may go deeper than the decoder, which recurses, should.
func nestsDeeply(text string) bool {
	if strings.Count(text, "[")+strings.Count(text, "{") < scan.MaxDepth && strings.Count(text, "-") < scan.MaxDepth && strings.Count(text, "\n") < scan.MaxDepth && strings.Count(text, "?") < scan.MaxDepth {
		return false
	}
	level := 0
	for line := range strings.Lines(text) {
		body := strings.TrimLeft(line, " ")
		if indent := len(line) - len(body); indent > 4*scan.MaxDepth && !strings.HasPrefix(body, "#") {
			return true
		}
		starts := 0 // "- - - a" is a list in a list in a list
		for rest := body; strings.HasPrefix(rest, "- ") || strings.HasPrefix(rest, "? ") || strings.HasPrefix(rest, ": "); rest = strings.TrimLeft(rest[2:], " ") {
			if starts++; starts > scan.MaxDepth {
				return true
			}
		}
		for _, b := range []byte(body) {
			switch b {
			case '[', '{':
				if level++; level > scan.MaxDepth {
					return true
				}
			case ']', '}':
				level = max(0, level-1)
			}
		}
	}
	return false
}

// anchor is a value of a YAML text that aliases can stand for.
type anchor struct {
	name          string
	start         int // of what was counted
	indent, level int
	inDashes      bool // in a line that starts with a dash
}

// aliasPrice counts what the aliases of a text stand for, theirs too. An anchor reaches to the next line that is indented no
// further, or between brackets to the bracket or comma that ends it. Where quotes may hide that, it reaches to the end.
func aliasPrice(text string) Cost {
	if !strings.Contains(text, "*") || !strings.Contains(text, "&") {
		return Cost{}
	}
	text = yamlLineEnds.Replace(text)
	endless := hidesEnds(text)
	var open []anchor
	sizes := map[string]int{}
	total, aliases, level := 0, 0, 0
	end := func(over func(a anchor) bool) {
		kept := open[:0]
		for _, a := range open {
			if !endless && over(a) {
				sizes[a.name] = max(sizes[a.name], total-a.start)
			} else {
				kept = append(kept, a)
			}
		}
		open = kept
	}
	sizeOf := func(name string) int {
		n := sizes[name]
		for _, a := range open {
			if a.name == name {
				n = max(n, total-a.start)
			}
		}
		return n
	}
	for line := range strings.Lines(text) {
		body := strings.TrimLeft(line, " ")
		indent, dashes := len(line)-len(body), strings.HasPrefix(body, "-")
		total += 1 + len(line)/TextPerStep
		if level == 0 && strings.TrimSpace(body) != "" && body[0] != '#' {
			end(func(a anchor) bool {
				return a.level == 0 && (indent < a.indent || indent == a.indent && (!dashes || a.inDashes))
			})
		}
		for i := 0; i < len(body) && total < Enough; i++ {
			switch b := body[i]; b {
			case '[', '{':
				total++
				level++
			case ']', '}':
				level = max(0, level-1)
				end(func(a anchor) bool { return a.level > 0 && level <= a.level })
			case ',':
				total++
				end(func(a anchor) bool { return a.level > 0 && level <= a.level })
			case ':', '-', '?':
				total++
			case '&', '*':
				n := strings.IndexAny(body[i+1:], " \t\n,[]{}")
				if n < 0 {
					n = len(body) - i - 1
				}
				name := body[i+1 : i+1+n]
				if b == '*' {
					aliases++
					total = sum(total, 1+sizeOf(name))
				} else if open = append(open, anchor{name, total, indent, level, dashes}); len(open) > 10*scan.MaxDepth {
					return Price(Enough, 0)
				}
			}
		}
	}
	return Price(50, 4).times(total).plus(Price(Product(aliases, len(text)/(4*TextPerStep)), 0))
}

var yamlLineEnds = strings.NewReplacer("\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// hidesEnds reports whether a text has quotes that may go on in the next line, or brackets that may stand in quotes or comments.
func hidesEnds(text string) bool {
	for line := range strings.Lines(text) {
		quotes := strings.Count(line, `"`) - strings.Count(line, `\"`)
		single := strings.Count(line, "'")
		if quotes%2 == 1 || single%2 == 1 || (quotes > 0 || single > 0 || strings.Contains(line, "#")) && strings.ContainsAny(line, "[]{}") {
			return true
		}
	}
	return false
}
