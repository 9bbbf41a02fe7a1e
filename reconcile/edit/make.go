package edit

import (
	"slices"

	"github.com/spotsync/spotsync/spotify"
)

// Make finds the edits that turn have into want, where opaque rows stay behind the rows they follow. It is pure: the
// same input gives the same script on every machine. The caller is trusted to pass no more than MaxItems rows;
// [Apply] refuses the script otherwise.
func Make(have []Row, want []spotify.URI, o Options) Script {
	p := newInput(have, want, o.limits())
	if p.same() {
		return Script{Final: slices.Clone(have), Proven: true}
	}
	var best *draft
	if o.Mode == Never {
		best = p.fewest()
	} else {
		best = p.keeping()
	}
	s := p.script(best)
	s.Proven = best.requests == best.least
	return s
}

// ReplaceAll makes the script that replaces have by want, opaque rows included, which are gone then: no other edit can
// remove them. Every date goes.
func ReplaceAll(have []Row, want []spotify.URI, o Options) Script {
	p := newInput(have, want, o.limits())
	return p.script(p.replaced())
}

// keeping finds the fewest edits that keep every date that can be kept.
func (p *input) keeping() *draft {
	best := p.solve(p.forced(), 1<<30)
	if len(best.tokens) == 0 && !p.opaque { // no date can be kept
		if r := p.replaced(); r.better(best) {
			return r
		}
	}
	return best
}

// input is what Make is given, with each URI replaced by a small number, its symbol.
type input struct {
	o      Options
	rows   []Row         // have
	have   []int         // symbol of each row, -1 where it is opaque
	want   []int         // symbol of each wanted row
	uris   []spotify.URI // by symbol, in order of first appearance
	h, w   []int         // copies in have and in want, by symbol
	opaque bool          // some row is opaque
	work   int           // what searches may still do
}

func newInput(have []Row, want []spotify.URI, o Options) *input {
	p := &input{o: o, work: totalWork, rows: have, have: make([]int, len(have)), want: make([]int, len(want))}
	symbols := make(map[spotify.URI]int, max(len(have), len(want)))
	symbol := func(u spotify.URI) int {
		s, ok := symbols[u]
		if !ok {
			s = len(p.uris)
			symbols[u] = s
			p.uris, p.h, p.w = append(p.uris, u), append(p.h, 0), append(p.w, 0)
		}
		return s
	}
	for i, r := range have {
		if r.Opaque {
			p.have[i], p.opaque = -1, true
			continue
		}
		p.have[i] = symbol(r.URI)
		p.h[p.have[i]]++
	}
	for i, u := range want {
		p.want[i] = symbol(u)
		p.w[p.want[i]]++
	}
	return p
}

// same reports whether nothing needs doing.
func (p *input) same() bool {
	i := 0
	for _, s := range p.have {
		if s < 0 {
			continue
		}
		if i == len(p.want) || p.want[i] != s {
			return false
		}
		i++
	}
	return i == len(p.want)
}

// forced tells for each symbol whether its rows have to be removed: those not wanted, and those wanted in fewer
// copies, as a remove takes every copy.
func (p *input) forced() []bool {
	drop := make([]bool, len(p.uris))
	for s := range drop {
		drop[s] = p.w[s] < p.h[s]
	}
	return drop
}

// draft is a script in the making.
type draft struct {
	drop    []bool // symbols whose rows are removed
	tokens  []int  // the rows that stay, as indices of problem.rows
	lost    int    // dates lost
	replace bool   // the whole list is replaced; nothing below matters then
	*blockOrder
	*solution
}

// better reports whether d is to be preferred to e.
func (d *draft) better(e *draft) bool {
	if d.requests != e.requests {
		return d.requests < e.requests
	}
	return d.lost < e.lost
}

// replaced is the draft that replaces everything.
func (p *input) replaced() *draft {
	d := &draft{replace: true, blockOrder: &blockOrder{}, solution: &solution{}}
	d.requests = max(1, batches(len(p.want), p.o.MaxURIs))
	d.least = d.requests
	for s, h := range p.h {
		d.lost += min(h, p.w[s])
	}
	return d
}

// solve finds edits that remove the rows of drop and keep all others. If it sees early that they will be more than
// most, the solution is nil.
func (p *input) solve(drop []bool, most int) *draft {
	d := &draft{drop: drop}
	removed := 0
	for s, gone := range drop {
		if gone && p.h[s] > 0 {
			removed++
			d.lost += min(p.h[s], p.w[s])
		}
	}
	for i, s := range p.have {
		if s >= 0 && !drop[s] {
			d.tokens = append(d.tokens, i)
		}
	}
	removes := batches(removed, p.o.MaxURIs)
	d.blockOrder, d.solution = p.choose(d.tokens, most-removes)
	if d.solution != nil {
		d.requests += removes
		d.least += removes
	}
	return d
}

// script writes a draft out.
func (p *input) script(d *draft) Script {
	if d.replace {
		s := Script{DatesLost: d.lost}
		for _, u := range p.want {
			s.Final = append(s.Final, Row{URI: p.uris[u]})
		}
		s.Edits = append(s.Edits, Edit{Kind: Replace, URIs: p.wanted(0, min(len(p.want), p.o.MaxURIs))})
		s.Edits = append(s.Edits, p.inserts(p.o.MaxURIs, p.o.MaxURIs, len(p.want))...)
		return s
	}
	s := Script{DatesLost: d.lost, Final: p.final(d)}
	var gone []spotify.URI
	for i, u := range p.uris {
		if d.drop[i] && p.h[i] > 0 {
			gone = append(gone, u)
		}
	}
	for batch := range slices.Chunk(gone, p.o.MaxURIs) {
		s.Edits = append(s.Edits, Edit{Kind: Remove, URIs: batch})
	}
	s.Edits = append(s.Edits, p.rearrange(d)...)
	return s
}

// wanted is the URIs of want[from:to].
func (p *input) wanted(from, to int) []spotify.URI {
	uris := make([]spotify.URI, 0, max(0, to-from))
	for _, s := range p.want[from:to] {
		uris = append(uris, p.uris[s])
	}
	return uris
}

// inserts puts want[from:to] before position at.
func (p *input) inserts(at, from, to int) []Edit {
	var edits []Edit
	for from < to {
		n := min(p.o.MaxURIs, to-from)
		edits = append(edits, Edit{Kind: Insert, At: at, URIs: p.wanted(from, from+n)})
		at, from = at+n, from+n
	}
	return edits
}
