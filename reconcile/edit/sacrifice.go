package edit

import "slices"

// fewest finds the fewest edits whatever dates they cost: edits that keep all dates, a replace of everything, or edits
// that remove some rows and insert them again, because moving them takes more requests. The last kind is found by
// trial, so it may not be the best of its kind.
func (p *problem) fewest() *draft {
	var best *draft
	most := 1 << 30
	if !p.opaque {
		best = p.replaced()
		most = best.requests
	}
	forced := p.forced()
	keep := p.solve(forced, most)
	if keep.solution != nil && (best == nil || keep.better(best)) {
		best = keep
	}
	least := p.leastOfAll(forced)
	tried := [][]bool{forced}
	try := func(drop []bool) {
		if best.requests <= least || slices.ContainsFunc(tried, func(d []bool) bool { return slices.Equal(d, drop) }) {
			return
		}
		tried = append(tried, drop)
		if d := p.solve(drop, best.requests); d.solution != nil && d.better(best) {
			best = d
		}
	}
	for _, byRows := range [...]bool{true, false} {
		stays := keep.stays(byRows)
		for limit := 1; limit < 2*len(p.have); limit *= 2 {
			try(p.sacrifice(keep, stays, limit))
		}
	}
	if p.opaque { // all that can be; without opaque rows it is a replace
		try(p.sacrifice(keep, make([]bool, len(keep.order)), len(p.have)))
	}
	best.least = least
	return best
}

// leastOfAll is a number of requests that no edits go below, whatever dates they cost: those that remove what has to
// go and insert what has to come, or replace everything.
func (p *problem) leastOfAll(forced []bool) int {
	gone, come := 0, 0
	for s, h := range p.h {
		if forced[s] {
			gone++
			h = 0
		}
		come += p.w[s] - h
	}
	least := max(1, batches(gone, p.o.MaxURIs)+batches(come, p.o.MaxURIs))
	if !p.opaque {
		least = min(least, max(1, batches(len(p.want), p.o.MaxURIs)))
	}
	return least
}

// rows are the first row of the block at i in present order and the first behind it.
func (j *jigsaw) rows(i int) (from, to int) {
	if i+1 < len(j.first) {
		return j.first[i], j.first[i+1]
	}
	return j.first[i], len(j.size)
}

// stays tells for each block in present order whether it is part of a heaviest increasing subsequence: the blocks that
// need not move when each other one moves by itself. A block weighs its rows, or 1.
func (j *jigsaw) stays(byRows bool) []bool {
	n := len(j.order)
	weight, before := make([]int, n), make([]int, n) // of the heaviest subsequence that ends with a block; the block before
	tree := make([]int, n+1)                         // Fenwick tree over block numbers: the index plus 1 of the heaviest end
	heaviest := func(a, b int) int {
		if a == 0 || b > 0 && weight[b-1] > weight[a-1] {
			return b
		}
		return a
	}
	for i, v := range j.order {
		end := 0
		for k := v; k > 0; k -= k & -k {
			end = heaviest(end, tree[k])
		}
		before[i] = end - 1
		weight[i] = 1
		if byRows {
			from, to := j.rows(i)
			weight[i] = to - from
		}
		if end > 0 {
			weight[i] += weight[end-1]
		}
		for k := v + 1; k <= n; k += k & -k {
			tree[k] = heaviest(tree[k], i+1)
		}
	}
	stays := make([]bool, n)
	for i := n - 1; i >= 0; i = before[i] { // the end comes last in every order
		stays[i] = true
	}
	return stays
}

// sacrifice is what has to be removed, and the rows of the blocks that don't stay, if they come in runs wanted side by
// side of at most limit rows a block: a run is one insert, but a move for each block. Rows that opaque ones are glued
// to are never sacrificed.
func (p *problem) sacrifice(d *draft, stays []bool, limit int) []bool {
	drop := slices.Clone(d.drop)
	glued := make([]bool, len(drop))
	for t, i := range d.tokens {
		if d.size[t+1] > 1 {
			glued[p.have[i]] = true
		}
	}
	index := make([]int, len(d.order))
	for i, v := range d.order {
		index[v] = i
	}
	for v := 0; v < len(index); {
		from, rows := v, 0
		for ; v < len(index) && !stays[index[v]]; v++ {
			a, b := d.rows(index[v])
			rows += b - a
		}
		if v == from {
			v++
			continue
		}
		if rows > limit*(v-from) {
			continue
		}
		for ; from < v; from++ {
			a, b := d.rows(index[from])
			for t := max(1, a); t < min(b, len(d.tokens)+1); t++ {
				if s := p.have[d.tokens[t-1]]; !glued[s] {
					drop[s] = true
				}
			}
		}
	}
	return drop
}
