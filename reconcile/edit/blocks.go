package edit

import (
	"slices"

	"github.com/spotsync/spotsync/spotify"
)

// blockOrder is what is left when the removes are done: rows to bring into order and gaps to fill. Rows are counted with
// a head in front (row 0, which holds leading opaque rows) and an end behind, so that every joint is between two rows.
//
// Rows that are neighbours and shall be form one block. Blocks are numbered in the order they are wanted; the joint
// between blocks v and v+1 is broken at present, all joints inside blocks are good.
type blockOrder struct {
	size  []int   // by row: rows of the list it stands for, itself and the opaque ones glued to it; the end has 0
	place []int   // by row: its index in want; the head has -1, the end len(want)
	first []int   // by block in present order: its first row
	order []int   // by block in present order: its number
	group []group // by block number v: new rows wanted between blocks v and v+1

	// The new rows wanted inside blocks: groups, rows, and the requests they take.
	plainGroups, plainRows, plain int
}

// group is the rows want[from:to].
type group struct{ from, to int }

func (g group) len() int { return g.to - g.from }

// contract makes the blocks of tokens, which are rows of have, and place, their indices in want.
func (p *input) contract(tokens, place []int) *blockOrder { return p.cutUp(tokens, place, false) }

// cutUp is contract; if fine, joints where new rows are wanted count as broken too.
func (p *input) cutUp(tokens, place []int, fine bool) *blockOrder {
	n := len(tokens)
	j := &blockOrder{size: make([]int, n+2), place: make([]int, n+2)}
	j.place[0], j.place[n+1] = -1, len(p.want)
	copy(j.place[1:], place)
	t := 0 // the last row met
	for i, s := range p.have {
		switch {
		case t < n && tokens[t] == i:
			t++
			j.size[t]++
		case s < 0:
			j.size[t]++
		}
	}

	// next[t] is the row wanted behind t.
	at := make([]int, len(p.want)+2) // by index in want, plus 1: the row there
	for t, q := range j.place {
		at[q+1] = t
	}
	next := make([]int, n+2)
	prev := 0
	for _, t := range at[1:] {
		if t > 0 {
			next[prev], prev = t, t
		}
	}

	block := make([]int, n+2) // by row that starts a block: the block's number
	starts := func(t int) bool { return t == 0 || next[t-1] != t || fine && j.place[t] != j.place[t-1]+1 }
	number := 0
	for t := 0; ; t = next[t] {
		if starts(t) {
			block[t] = number
			number++
			if t > 0 {
				// The row wanted in front of t ends the block before.
				q := j.place[t]
				from := q
				for from > 0 && at[from] == 0 {
					from--
				}
				j.group = append(j.group, group{from, q})
			}
		}
		if t == n+1 {
			break
		}
	}
	for t := range j.size {
		if starts(t) {
			j.first, j.order = append(j.first, t), append(j.order, block[t])
		} else {
			rows := j.place[t] - j.place[t-1] - 1
			j.plainGroups += min(1, rows)
			j.plainRows += rows
			j.plain += batches(rows, p.o.MaxURIs)
		}
	}
	return j
}

// A unit is a block or a group as they lie in the list: block v is unit 2v, the group wanted behind it 2v+1. Sorting
// the units gives the wanted list.
type unit = int

// move moves the stretch of units that starts with x and ends before y to before z, or, which is the same, the stretch
// that starts with y and ends before z to before x.
type move struct{ x, y, z unit }

// solution is an answer to a blockOrder.
type solution struct {
	units    []unit // the units in the order the inserts leave them; each run of groups is one insert, or its batches
	moves    []move // what sorts them
	requests int
	least    int // no answer has fewer requests
}

// layout is the blocks in present order.
func (j *blockOrder) layout() layout {
	l := make(layout, len(j.order))
	for i, v := range j.order {
		l[i] = span{int32(v), int32(v)}
	}
	return l
}

// broken counts the groups wanted at broken joints, and their rows.
func (j *blockOrder) broken() (groups, rows int) {
	for _, g := range j.group {
		groups, rows = groups+min(1, g.len()), rows+g.len()
	}
	return groups, rows
}

// atLeast is a number of requests that no answer goes below, given such a number of moves. Each joint inside a block
// that new rows go into takes an insert of its own, if no group is longer than one insert (and if one is, leave out
// rows of it). Each other move can join two groups to one, seen backwards, but no more. And all new rows must come.
func (j *blockOrder) atLeast(moves int, o Options) int {
	groups, short, rows := 0, 0, j.plainRows
	for _, g := range j.group {
		groups, short, rows = groups+min(1, g.len()), short+min(g.len(), o.MaxURIs), rows+g.len()
	}
	return max(j.plainGroups+max(moves+batches(short, o.MaxURIs), groups), moves+batches(rows, o.MaxURIs))
}

// bound is atLeast by the cycle bound.
func (j *blockOrder) bound(o Options) int {
	l := j.layout()
	var g graph
	g.read(l, len(l))
	return j.atLeast(g.bound(), o)
}

// solve finds the moves that bring the blocks into order, and the places for the groups. It spends no more than about
// half of work, so that something is left for the next.
func (j *blockOrder) solve(o Options, work *int) *solution {
	l := j.layout()
	s := newSorter(len(l), min(sortWork, *work/2))
	before := s.work
	defer func() { *work -= before - s.work }()
	moves, bound := s.sort(l)
	groups, rows := j.broken()
	if groups < 2 || len(moves)*len(l) > mergeMost {
		return j.behind(moves, bound, o)
	}
	best := j.merge(moves, o, &s.work)
	best.least = j.atLeast(bound, o)
	// Other moves may bring groups together that these don't.
	try := func(moves []move) bool {
		if m := j.merge(moves, o, &s.work); m.requests < best.requests {
			m.least = best.least
			best = m
		}
		return best.requests == best.least
	}
	for n := len(moves); n <= len(moves)+1 && best.requests > max(best.least, j.plain+n+batches(rows, o.MaxURIs)); n++ {
		if len(l)-2 <= mergeBlocks {
			quota := min(exactWork, s.work)
			s.each(l, n, &quota, func(moves []move) bool {
				quota -= 10 * n * len(l)
				return try(moves)
			})
			continue
		}
		for noise := range 8 {
			if len(l)-1 > greedyGaps || s.work <= 0 {
				break
			}
			if end := s.beam(l, 6, noise+1, n); end != nil && try(end.moves()) {
				break
			}
		}
	}
	return best
}

// behind is the answer in which each group goes in behind the row it follows.
func (j *blockOrder) behind(moves []move, bound int, o Options) *solution {
	s := &solution{moves: moves, requests: j.plain + len(moves), least: j.atLeast(bound, o)}
	for _, v := range j.order {
		s.units = append(s.units, 2*v)
		if v < len(j.group) && j.group[v].len() > 0 {
			s.units = append(s.units, 2*v+1)
			s.requests += batches(j.group[v].len(), o.MaxURIs)
		}
	}
	return s
}

// rearrange writes out the inserts and moves of a draft.
func (p *input) rearrange(d *draft) []Edit {
	var edits []Edit
	index := make([]int, len(d.order)) // by block number: its index in present order
	for i, v := range d.order {
		index[v] = i
	}
	width := make([]int, 2*len(d.order)) // by unit: rows of the list
	at := 0
	var pending []int // indices in want of the new rows that go in at at
	flush := func() {
		for batch := range slices.Chunk(pending, p.o.MaxURIs) {
			uris := make([]spotify.URI, len(batch))
			for i, q := range batch {
				uris[i] = p.uris[p.want[q]]
			}
			edits = append(edits, Edit{Kind: Insert, At: at, URIs: uris})
			at += len(batch)
		}
		pending = pending[:0]
	}
	fill := func(g group) {
		for q := g.from; q < g.to; q++ {
			pending = append(pending, q)
		}
	}
	for _, u := range d.units {
		if u%2 == 1 {
			width[u] = d.group[u/2].len()
			fill(d.group[u/2])
			continue
		}
		flush()
		from, to := d.rows(index[u/2])
		start := at
		for t := from; t < to; t++ {
			if t > from {
				fill(group{d.place[t-1] + 1, d.place[t]})
				flush()
			}
			at += d.size[t]
		}
		width[u] = at - start
	}

	units := slices.Clone(d.units)
	for _, m := range d.moves {
		i, x := 0, 0
		for ; units[i] != m.x; i++ {
			x += width[units[i]]
		}
		j, y := i, x
		for ; units[j] != m.y; j++ {
			y += width[units[j]]
		}
		k, z := j, y
		for ; units[k] != m.z; k++ {
			z += width[units[k]]
		}
		rotate(units[i:k], j-i)
		if y-x <= z-y {
			edits = append(edits, Edit{Kind: Move, Start: x, N: y - x, Before: z})
		} else {
			edits = append(edits, Edit{Kind: Move, Start: y, N: z - y, Before: x})
		}
	}
	return edits
}

// final is the list a draft ends in: want, with opaque rows behind the rows they are glued to.
func (p *input) final(d *draft) []Row {
	rows := make([]Row, 0, len(p.rows)+len(p.want))
	tail := func(i int) { // opaque rows from i on, up to the next row that stays
		for ; i < len(p.rows) && (p.have[i] < 0 || d.drop[p.have[i]]); i++ {
			if p.have[i] < 0 {
				rows = append(rows, p.rows[i])
			}
		}
	}
	token := make([]int, len(p.want)) // by index in want: the row of have there, plus 1
	for t, i := range d.tokens {
		token[d.place[t+1]] = i + 1
	}
	tail(0)
	for q, s := range p.want {
		if i := token[q]; i > 0 {
			rows = append(rows, p.rows[i-1])
			tail(i)
		} else {
			rows = append(rows, Row{URI: p.uris[s]})
		}
	}
	return rows
}
