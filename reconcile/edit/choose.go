package edit

import (
	"cmp"
	"slices"
)

// open are the symbols for which there is a choice.
func (r *pairing) open() []int {
	var open []int
	for s, ts := range r.tokens {
		if len(ts) > 0 && len(r.places[s]) > 1 {
			open = append(open, s)
		}
	}
	return open
}

// ways is the number of ways to pair the rows of symbols, or limit+1 if there are more.
func (r *pairing) ways(symbols []int, limit int) int {
	n := 1
	for _, s := range symbols {
		for i := range r.tokens[s] {
			n *= len(r.places[s]) - i
			if n > limit {
				return limit + 1
			}
		}
	}
	return n
}

// each calls f with every way to pair the rows of symbols; r itself is changed to show it.
func (r *pairing) each(symbols []int, f func()) {
	if len(symbols) == 0 {
		f()
		return
	}
	s := symbols[0]
	ts, qs := r.tokens[s], r.places[s]
	for _, q := range qs {
		r.at[q] = -1
	}
	var next func(i int)
	next = func(i int) {
		if i == len(ts) {
			r.each(symbols[1:], f)
			return
		}
		for _, q := range qs {
			if r.at[q] < 0 {
				r.set(ts[i], q)
				next(i + 1)
				r.at[q] = -1
			}
		}
	}
	next(0)
}

// behind is the wanted row behind q that is not new, len(want) if there is none.
func (r *pairing) behind(q int) int {
	for q++; q < len(r.want) && r.at[q] < 0; q++ {
		r.scans--
	}
	return q
}

// before is the token wanted before place q, -1 for the head.
func (r *pairing) before(q int) int {
	for q--; q >= 0; q-- {
		if r.at[q] >= 0 {
			return r.at[q]
		}
		r.scans--
	}
	return -1
}

// broken reports whether the joint behind token t, -1 for the head, is broken.
func (r *pairing) broken(t int) bool {
	q, next := -1, len(r.want)
	if t >= 0 {
		q = r.place[t]
	}
	if t+1 < len(r.place) {
		next = r.place[t+1]
	}
	return r.behind(q) != next
}

// exchange gives token t the place q, and the token there, if any, the place of t.
func (r *pairing) exchange(t, q int) {
	old, other := r.place[t], r.at[q]
	r.at[old] = other
	if other >= 0 {
		r.place[other] = old
	}
	r.set(t, q)
}

// price is what an exchange of t with place q may change: broken joints, and twice the groups of new rows.
func (r *pairing) price(joints []int, q1, q2 int) int {
	n := 0
	for _, t := range joints {
		if r.broken(t) {
			n++
		}
	}
	for i, q := range [...]int{q1, q1 + 1, q2, q2 + 1} {
		if i == 2 && q == q1+1 || i == 3 && q == q1 {
			continue
		}
		if q < len(r.want) && r.at[q] < 0 && (q == 0 || r.at[q-1] >= 0) {
			n += 2
		}
	}
	return n
}

// climb exchanges places while that lowers the price.
func (r *pairing) climb(open []int, work int) {
	r.exchanges(open, work, func(t, q int) bool {
		if len(r.places[r.sym[t]]) == len(r.tokens[r.sym[t]]) && !r.broken(t) && !r.broken(t-1) {
			return false
		}
		joints := []int{t - 1, t}
		if u := r.at[q]; u >= 0 {
			joints = append(joints, u-1, u)
		} else {
			joints = append(joints, r.before(q), r.before(r.place[t]))
		}
		slices.Sort(joints)
		joints = slices.Compact(joints)
		old := r.place[t]
		price := r.price(joints, old, q)
		r.exchange(t, q)
		if r.price(joints, old, q) < price {
			return true
		}
		r.exchange(t, old)
		return false
	})
}

// exchanges calls try with tokens of symbols and other places for them, up to tries times, and over again while some
// call says that it made the exchange.
func (r *pairing) exchanges(symbols []int, tries int, try func(t, q int) bool) {
	for better := true; better; {
		better = false
		for _, s := range symbols {
			for _, t := range r.tokens[s] {
				for _, q := range r.places[s] {
					if q == r.place[t] {
						continue
					}
					if tries--; tries < 0 || r.scans < 0 {
						return
					}
					better = try(t, q) || better
				}
			}
		}
	}
}

// doubtful are those of the open symbols that may be paired wrongly: a row is next to a broken joint, or some of the
// wanted rows are new and others not.
func (r *pairing) doubtful(open []int) []int {
	var out []int
	for _, s := range open {
		if len(r.places[s]) > len(r.tokens[s]) || slices.ContainsFunc(r.tokens[s], func(t int) bool { return r.broken(t) || r.broken(t-1) }) {
			out = append(out, s)
		}
	}
	return out
}

// candidate is a pairing worth solving.
type candidate struct {
	place []int
	least int // no answer has fewer requests
}

// choose pairs tokens and solves what results: the best answer of those that were tried. The solution is nil if it
// would take more than most requests; with copies to pair, if it would take many more.
func (p *input) choose(tokens []int, most int) (*blockOrder, *solution) {
	r := p.byContext(tokens)
	open := r.open()
	if len(open) > 0 {
		r.climb(open, climbWork)
	}
	j := p.contract(tokens, r.place)
	now := j.bound(p.o)
	if len(open) == 0 {
		if now > most {
			return j, nil
		}
		return j, j.solve(p.o, &p.work)
	}
	if now > most+most/2+10 {
		return j, nil
	}
	floor := p.floor(r)
	if now == floor {
		if s := j.solve(p.o, &p.work); s.requests == floor {
			return j, s
		}
	}

	found, all := p.candidates(tokens, r, open)
	if all {
		floor = found[0].least
	}
	var best *solution
	for i, c := range found {
		if best != nil && (c.least >= best.requests || p.work <= 0 || i >= pairTries && p.work < totalWork/2) {
			break
		}
		k := p.contract(tokens, c.place)
		if s := k.solve(p.o, &p.work); best == nil || s.requests < best.requests {
			j, best = k, s
		}
	}
	best.least = floor
	return j, best
}

// candidates are pairings like r and better ones, the most promising first: all there are, or those that a climb comes
// by that starts from r or from a pairing found otherwise. r is spoilt.
func (p *input) candidates(tokens []int, r *pairing, open []int) (found []candidate, all bool) {
	look := func() int {
		p.work -= len(tokens) / 4 // about what it takes, in gaps looked at
		c := candidate{least: p.contract(tokens, r.place).bound(p.o)}
		if len(found) < pairTries || len(found)*len(tokens) < pairRows || c.least < found[0].least {
			c.place = slices.Clone(r.place)
			found = append(found, c)
		}
		return c.least
	}
	now, best := look(), r
	for _, start := range [...]func() *pairing{
		func() *pairing { return p.byLength(tokens) },
		func() *pairing { return p.inOrder(tokens, false) },
		func() *pairing { return p.inOrder(tokens, true) },
	} {
		r = start()
		look()
		r.climb(open, climbWork)
		if n := look(); n < now {
			now, best = n, r
		}
	}
	r = best
	every := min(pairMost, max(pairEvery, pairRows/(1+len(tokens))))
	all = r.ways(open, every) <= every
	doubtful := r.doubtful(open)
	switch {
	case all:
		r.each(open, func() { look() })
	case r.ways(doubtful, every) <= every:
		r.each(doubtful, func() { look() })
	default:
		r.exchanges(doubtful, pairWork/(1+len(tokens)), func(t, q int) bool {
			old := r.place[t]
			r.exchange(t, q)
			n := look()
			if n < now {
				now = n
				return true
			}
			r.exchange(t, old)
			return false
		})
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(a.least, b.least) })
	return found, all
}

// floor is a number of requests that no answer goes below, however rows are paired: with the rows left out for which
// there is a choice, any answer is one for the rest, with no more requests.
func (p *input) floor(r *pairing) int {
	rest := &input{o: p.o}
	place := make([]int, len(p.uris)) // by symbol
	for _, s := range p.want {
		if len(r.tokens[s]) == 0 || len(r.places[s]) == 1 {
			place[s] = len(rest.want)
			rest.want = append(rest.want, s)
		}
	}
	var tokens, places []int
	for _, s := range r.sym {
		if len(r.places[s]) == 1 {
			tokens, places = append(tokens, len(tokens)), append(places, place[s])
			rest.have = append(rest.have, s)
		}
	}
	return rest.contract(tokens, places).bound(p.o)
}
