package edit

import "slices"

// fewSymbols is up to how many different URIs each is tried alone to be removed and inserted again.
const fewSymbols = 12

// fewest finds the fewest edits whatever dates they cost: edits that keep all dates, a replace of everything, or edits
// that remove some rows and insert them again, because moving them takes more requests. The last kind is found by
// trial, so it may not be the best of its kind.
func (p *input) fewest() *draft {
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
	least := p.leastOfAll(keep)
	p.work = totalWork // whatever it took to get here
	tried := [][]bool{forced}
	try := func(drop []bool) {
		if best.requests <= least || p.work <= 0 || slices.ContainsFunc(tried, func(d []bool) bool { return slices.Equal(d, drop) }) {
			return
		}
		tried = append(tried, drop)
		p.work -= len(p.have)
		if d := p.solve(drop, best.requests); d.solution != nil && d.better(best) {
			best = d
		}
	}
	glued := p.pinned(keep)
	// Blocks are taken apart where new rows go in: if those are many, it may be better to bring the whole stretch anew.
	pieces := p.cutUp(keep.tokens, keep.place[1:len(keep.place)-1], true)
	var chains [][]bool
	for _, row := range [...]int{2, 1, 0} { // a hundredth of a remove and of an insert; less if there is room in those anyway
		chains = append(chains, pieces.stays(glued, func(rows, glued int) int {
			return row*rows + min(1, glued)*p.o.MaxURIs
		}, p.o.MaxURIs))
	}
	chains = append(chains,
		pieces.stays(glued, func(rows, glued int) int { return rows + glued }, 0),
		pieces.stays(glued, func(int, int) int { return 1 }, 0))
	for _, stays := range chains {
		for limit := len(p.have); limit > 0; limit /= 2 {
			try(p.reinsert(keep, pieces, stays, glued, limit))
		}
	}
	if len(p.uris) <= fewSymbols { // copies go together, which the pieces don't know
		for i, t := range keep.tokens {
			if s := p.have[t]; !glued[i+1] && slices.Index(p.have, s) == t {
				drop := slices.Clone(forced)
				drop[s] = true
				try(drop)
			}
		}
	}
	if p.opaque { // all that can be; without opaque rows it is a replace
		try(p.reinsert(keep, pieces, make([]bool, len(pieces.order)), glued, len(p.have)))
	}
	best.least = least
	return best
}

// leastOfAll is a number of requests that no edits go below, whatever dates they cost: those that give up no date
// needlessly, those that remove and insert one row more than has to be, and those that replace everything.
func (p *input) leastOfAll(keep *draft) int {
	gone, come := 0, 0
	for s, h := range p.h {
		if keep.drop[s] {
			gone++
			h = 0
		}
		come += p.w[s] - h
	}
	least := batches(gone+1, p.o.MaxURIs) + batches(come+1, p.o.MaxURIs)
	if keep.solution != nil {
		least = min(least, keep.least)
	} else {
		least = min(least, max(1, batches(gone, p.o.MaxURIs)+batches(come, p.o.MaxURIs)))
	}
	if !p.opaque {
		least = min(least, max(1, batches(len(p.want), p.o.MaxURIs)))
	}
	return least
}

// rows are the first row of the block at i in present order and the first behind it.
func (j *blockOrder) rows(i int) (from, to int) {
	if i+1 < len(j.first) {
		return j.first[i], j.first[i+1]
	}
	return j.first[i], len(j.size)
}

// pinned tells for each row of d whether it can't be sacrificed: opaque rows follow it in have, or another copy.
func (p *input) pinned(d *draft) []bool {
	symbols := make([]bool, len(p.uris))
	for i, s := range p.have {
		if s >= 0 && i+1 < len(p.have) && p.have[i+1] < 0 {
			symbols[s] = true
		}
	}
	rows := make([]bool, len(d.size))
	for t, i := range d.tokens {
		rows[t+1] = symbols[p.have[i]]
	}
	return rows
}

// stays tells for each block in present order whether it is part of a heaviest increasing subsequence: the blocks that
// need not move when each other one moves by itself, or is removed and inserted again. weight is what a block weighs,
// given how many of its rows can be sacrificed and how many can't; link is how much lighter the subsequence gets
// wherever something is to be inserted between two of its blocks.
func (j *blockOrder) stays(glued []bool, weight func(rows, glued int) int, link int) []bool {
	n := len(j.order)
	sum, before := make([]int, n), make([]int, n) // of the heaviest subsequence that ends with a block; the block before
	tree := make([]int, n+1)                      // Fenwick tree over block numbers: the index plus 1 of the heaviest end
	at := make([]int, n)                          // by block number: the index plus 1, 0 if not met yet
	heaviest := func(a, b int) int {
		if a == 0 || b > 0 && sum[b-1] > sum[a-1] {
			return b
		}
		return a
	}
	for i, v := range j.order {
		end := 0
		for k := v; k > 0; k -= k & -k {
			end = heaviest(end, tree[k])
		}
		cost := link
		if v > 0 && at[v-1] > 0 && j.group[v-1].len() == 0 && sum[at[v-1]-1] >= sum[end-1]-link {
			end, cost = at[v-1], 0
		}
		before[i] = end - 1
		from, to := j.rows(i)
		stuck := 0
		for _, g := range glued[from:to] {
			if g {
				stuck++
			}
		}
		sum[i] = weight(to-from-stuck, stuck)
		if end > 0 {
			sum[i] += sum[end-1] - cost
		}
		at[v] = i + 1
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

// reinsert is what has to be removed, and the rows of the pieces that don't stay, if they come in runs wanted side by
// side of at most limit rows a piece: a run is one insert, but a move for each piece, or an insert for what is new in
// front of each. Rows that opaque ones are glued to are never sacrificed.
func (p *input) reinsert(d *draft, pieces *blockOrder, stays, glued []bool, limit int) []bool {
	drop := slices.Clone(d.drop)
	index := make([]int, len(pieces.order))
	for i, v := range pieces.order {
		index[v] = i
	}
	for v := 0; v < len(index); {
		from, rows := v, 0
		for ; v < len(index) && !stays[index[v]]; v++ {
			a, b := pieces.rows(index[v])
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
			a, b := pieces.rows(index[from])
			for t := max(1, a); t < min(b, len(d.tokens)+1); t++ {
				if !glued[t] {
					drop[p.have[d.tokens[t-1]]] = true
				}
			}
		}
	}
	return drop
}
