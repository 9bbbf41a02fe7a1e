package sandbox

import (
	"net/http"
	"strings"
)

// filter is a parsed fields parameter: members to serve. A nil filter serves everything.
type filter struct {
	only map[string]*filter // members named, each with a filter of its own
	not  map[string]*filter // members excluded with !: whole, or what a filter of exclusions leaves of them
}

// filtered answers with the members the fields parameter asks for.
func (c *call) filtered(body object) (answer, error) {
	text := c.q.Get("fields")
	if strings.TrimSpace(text) == "" {
		return jsonAnswer(http.StatusOK, body), nil
	}
	f, ok := parseFields(text)
	if !ok {
		return answer{}, refuse(http.StatusBadRequest, "Invalid fields")
	}
	return jsonAnswer(http.StatusOK, f.apply(body)), nil
}

// parseFields reads a comma-separated list of members; a member's own are in parentheses or after a dot, and one
// after ! is left out: total,items(added_at,item(uri,album(!images))).
func parseFields(text string) (*filter, bool) {
	p := fieldsParser{rest: text}
	f, ok := p.list(0)
	return f, ok && p.rest == ""
}

type fieldsParser struct{ rest string }

const maxFieldsDepth = 32

func (p *fieldsParser) list(depth int) (*filter, bool) {
	if depth > maxFieldsDepth {
		return nil, false
	}
	f := newFilter()
	for {
		if !p.member(f, depth) {
			return nil, false
		}
		if !p.take(',') {
			return f, true
		}
	}
}

// member reads one member into f.
func (p *fieldsParser) member(f *filter, depth int) bool {
	if depth > maxFieldsDepth {
		return false
	}
	excluded := p.take('!')
	p.rest = strings.TrimLeft(p.rest, " ")
	n := strings.IndexAny(p.rest, ",.()! ")
	if n < 0 {
		n = len(p.rest)
	}
	name := p.rest[:n]
	p.rest = p.rest[n:]
	if name == "" {
		return false
	}
	var sub *filter
	switch {
	case p.take('.'):
		sub = newFilter()
		if !p.member(sub, depth+1) {
			return false
		}
	case p.take('('):
		var ok bool
		if sub, ok = p.list(depth + 1); !ok || !p.take(')') {
			return false
		}
	}
	switch old, named := f.only[name]; {
	case excluded && sub == nil:
		f.not[name] = nil
	case excluded: // !a.b: all of a but b
		f.not[name] = sub.inverted()
	case named && (old == nil || sub == nil):
		f.only[name] = nil
	default:
		f.only[name] = merge(old, sub)
	}
	return true
}

func (p *fieldsParser) take(b byte) bool {
	s := strings.TrimLeft(p.rest, " ")
	if s == "" || s[0] != b {
		return false
	}
	p.rest = s[1:]
	return true
}

func newFilter() *filter { return &filter{only: map[string]*filter{}, not: map[string]*filter{}} }

// inverted excludes what f names.
func (f *filter) inverted() *filter {
	if f == nil {
		return nil
	}
	out := newFilter()
	for k, sub := range f.only {
		out.not[k] = sub.inverted()
	}
	return out
}

// merge joins two filters of one member; the first may be nil, meaning none yet.
func merge(a, b *filter) *filter {
	if a == nil || b == nil {
		return b
	}
	for k, v := range b.only {
		if old, named := a.only[k]; named && (old == nil || v == nil) {
			a.only[k] = nil
		} else {
			a.only[k] = merge(old, v)
		}
	}
	for k, v := range b.not {
		a.not[k] = v
	}
	return a
}

// apply is v with the members the filter serves; of a list, each entry's.
func (f *filter) apply(v any) any {
	if f == nil {
		return v
	}
	switch v := v.(type) {
	case object:
		out := object{}
		for k, x := range v {
			sub, named := f.only[k]
			if left, excluded := f.not[k]; excluded && left != nil {
				x = left.apply(x)
			} else if excluded || !named && len(f.only) > 0 {
				continue
			}
			out[k] = sub.apply(x)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = f.apply(x)
		}
		return out
	}
	return v
}
