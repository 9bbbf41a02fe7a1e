package edit

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// What a search may do at most. Work is counted in gaps looked at, not in time, so that every machine finds the same.
const (
	totalWork  = 6_000_000 // for one list
	sortWork   = 3_000_000 // for one blockOrder
	exactGaps  = 26        // layouts of more gaps aren't searched exactly
	exactWork  = 400_000   // for one exact search
	beamGaps   = 160       // layouts of more gaps are first brought down to this by the greedy search,
	greedyGaps = 320       // if they have more than this
	everyCut   = 32        // in layouts of more gaps only some cuts are looked at
)

// sorter looks for short sequences of cuts that sort a layout.
type sorter struct {
	blocks   int // block numbers are below this
	work     int // gaps that may still be looked at
	g, h     graph
	spare    layout
	choices  []choice
	children []child
	seen     map[uint64]bool // layouts on this level of a beam, by hash
	rng      *rand.Rand
}

type choice struct {
	cut
	joins int32
}

// compare puts those first that join most.
func (a choice) compare(b choice) int {
	return cmp.Or(cmp.Compare(b.joins, a.joins), cmp.Compare(a.i, b.i), cmp.Compare(a.j, b.j), cmp.Compare(a.k, b.k))
}

func newSorter(blocks, work int) *sorter {
	return &sorter{blocks: blocks, work: work, seen: map[uint64]bool{}, rng: rand.New(rand.NewPCG(1, 1))}
}

// sort finds moves that sort l, and a number of moves that no others go below.
func (s *sorter) sort(l layout) (moves []move, bound int) {
	s.g.read(l, s.blocks)
	bound = s.g.bound()
	turned, ok := s.turned(l)
	if len(l)-1 > greedyGaps {
		moves, l = s.descend(l, beamGaps)
	}
	advance := max(0, sortWork/4-s.work) // the end is worth some search, whatever it took to get there
	s.work += advance
	rest, least := s.search(l)
	s.work -= advance
	if len(moves) == 0 {
		bound = least
	}
	moves = append(moves, rest...)
	if ok && len(turned) < len(moves) {
		moves = turned
	}
	return moves, bound
}

// descend makes one greedy cut after the other until at most gaps are left.
func (s *sorter) descend(l layout, gaps int) (moves []move, rest layout) {
	l = slices.Clone(l)
	var other layout
	for len(l)-1 > gaps {
		s.g.link(l, s.blocks)
		s.work -= len(l) / 4
		c, ok := greedy(s.g.next)
		if !ok {
			c = s.loosen(l)
		}
		moves = append(moves, c.move(l))
		l, other = c.apply(l, other[:0]), l
	}
	return moves, l
}

// greedy is the good cut of three gaps in a row that joins most and, of those, moves least.
func greedy(next []int32) (best cut, ok bool) {
	joins := 0
	for x, y := range next {
		z := next[y]
		if !turns(int32(x), y, z) {
			continue
		}
		n := 2
		if next[z] == int32(x) {
			n = 3
		}
		if n < joins {
			continue
		}
		if c := cutAt(x, int(y), int(z)); n > joins || c.k-c.i < best.k-best.i {
			best, joins = c, n
		}
	}
	return best, joins > 0
}

// search sorts l by beams of growing width, then by beams that are led astray a little more each time.
func (s *sorter) search(l layout) (moves []move, bound int) {
	s.g.read(l, s.blocks)
	bound = s.g.bound()
	moves, _ = s.descend(l, 0)
	for _, b := range [...]struct{ width, noise int }{{1, 0}, {2, 0}, {1, 10}, {2, 10}, {1, 30}, {2, 30}, {3, 60}, {3, 20}, {3, 100}, {3, 40}, {8, 0}, {21, 0}, {6, 1}, {6, 2}, {6, 4}, {53, 0}, {6, 6}, {6, 12}, {133, 0}} {
		if len(moves) == bound || s.work <= 0 {
			break
		}
		if n := s.beam(l, b.width, b.noise, len(moves)-1); n != nil {
			moves = n.moves()
		}
	}
	if len(l)-1 > exactGaps {
		return moves, bound
	}
	for quota := exactWork; bound < len(moves); bound++ {
		if found, all := s.each(l, bound, &quota, func(m []move) bool {
			moves = slices.Clone(m)
			return true
		}); found || !all {
			break
		}
	}
	return moves, bound
}

// each calls f with sequences of n moves that sort l, until f returns true, which it returns as found, or the quota of
// work is used up; all says that it was not.
func (s *sorter) each(l layout, n int, quota *int, f func([]move) bool) (found, all bool) {
	way := make([]move, 0, n)
	layouts := make([]layout, n+1)
	choices := make([][]choice, n+1)
	before := *quota
	var step func(l layout) bool
	step = func(l layout) bool {
		d := len(way)
		if l.sorted() || d == n {
			return l.sorted() && d == n && f(way)
		}
		s.g.read(l, s.blocks)
		*quota -= len(l)
		slack := n - d - s.g.bound() // moves to spare
		if slack < 0 || *quota <= 0 {
			return false
		}
		choices[d] = s.every(choices[d][:0], func(odd int32) bool { return 2-odd <= 2*int32(slack) })
		*quota -= len(l) * len(l) * len(l) / 20
		for _, c := range choices[d] {
			layouts[d] = c.apply(l, layouts[d][:0])
			way = append(way, c.move(l))
			if step(layouts[d]) {
				return true
			}
			way = way[:d]
		}
		return false
	}
	found = step(l)
	s.work -= before - *quota
	return found, *quota > 0
}

// every appends the cuts of the layout that s.g was read from of which good likes the number of odd cycles they add,
// those first that join most.
func (s *sorter) every(choices []choice, good func(odd int32) bool) []choice {
	n := len(s.g.next)
	for i := range n {
		for j := i + 1; j < n; j++ {
			for k := j + 1; k < n; k++ {
				c := cut{i, j, k}
				if odd, joins := s.g.gain(c); good(odd) {
					choices = append(choices, choice{c, joins})
				}
			}
		}
	}
	slices.SortFunc(choices, choice.compare)
	return choices
}

// node is a layout reached by a search.
type node struct {
	l      layout
	parent *node
	cut    cut
	depth  int
}

// moves is the way from the start to n.
func (n *node) moves() []move {
	m := make([]move, n.depth)
	for ; n.parent != nil; n = n.parent {
		m[n.depth-1] = n.cut.move(n.parent.l)
	}
	return m
}

// child is what a cut of a node leads to.
type child struct {
	parent int
	cut    cut
	rank   uint64 // the least is the most promising: by cycle bound, gaps that are stuck, gaps, order of appearance
}

// beam is a beam search for at most most cuts; nil if it finds none before the work is done.
func (s *sorter) beam(l layout, width, noise, most int) *node {
	level := []*node{{l: l}}
	for depth := 1; !level[0].l.sorted(); depth++ {
		if s.work <= 0 {
			return nil
		}
		s.children = s.children[:0]
		clear(s.seen)
		for odd := int32(2); len(s.children) == 0; odd -= 2 {
			if odd < -6 {
				return nil
			}
			for i, n := range level {
				s.g.read(n.l, s.blocks)
				if depth+s.g.bound()-int(odd)/2 > most {
					continue
				}
				first := len(s.children)
				for _, c := range s.cuts(odd) {
					rank, stuck, ok := s.look(n, c.cut, noise)
					if !ok {
						continue
					}
					if c.joins == 3 && stuck == 0 { // as good as can be
						s.children = append(s.children[:first], child{i, c.cut, rank})
						break
					}
					s.children = append(s.children, child{i, c.cut, rank})
				}
			}
		}
		slices.SortFunc(s.children, func(a, b child) int { return cmp.Compare(a.rank, b.rank) })
		var next []*node
		for _, c := range s.children[:min(width, len(s.children))] {
			n := level[c.parent]
			next = append(next, &node{l: c.cut.apply(n.l, make(layout, 0, len(n.l))), parent: n, cut: c.cut, depth: depth})
		}
		level = next
	}
	return level[0]
}

// look ranks what a cut makes of n; it is false if that was seen on this level.
func (s *sorter) look(n *node, c cut, noise int) (rank uint64, stuck int, ok bool) {
	s.spare = c.apply(n.l, s.spare[:0])
	s.work -= len(n.l)
	hash := uint64(14695981039346656037)
	for _, b := range s.spare {
		hash = (hash ^ uint64(b.lo)) * 1099511628211
	}
	if s.seen[hash] {
		return 0, 0, false
	}
	s.seen[hash] = true
	s.h.read(s.spare, s.blocks)
	stuck = s.h.stuck()
	astray := 0
	if noise > 0 {
		astray = s.rng.IntN(noise + 1)
	}
	return uint64(s.h.bound())<<48 | uint64(stuck+astray)<<34 | uint64(len(s.spare))<<20 | uint64(len(s.children)), stuck, true
}

// cuts are cuts of the layout that s.g was read from which add want odd cycles, those first that join most.
func (s *sorter) cuts(want int32) []choice {
	s.choices = s.choices[:0]
	try := func(c cut) {
		if odd, joins := s.g.gain(c); odd == want {
			s.choices = append(s.choices, choice{c, joins})
		}
	}
	n := len(s.g.next)
	most := 10 + 3000/n // of a large layout, most cuts don't get in each other's way
	if n <= everyCut {
		s.work -= n * n * n / 20
		s.choices = s.every(s.choices, func(odd int32) bool { return odd == want })
	} else {
		for x, y := range s.g.next {
			if z := s.g.next[y]; turns(int32(x), y, z) {
				try(cutAt(x, int(y), int(z)))
			}
		}
		for x, y := range s.g.next {
			if len(s.choices) >= most {
				break
			}
			s.work -= n / 3
			for z := range n {
				if z != x && z != int(y) {
					try(cutAt(x, int(y), z))
				}
			}
		}
		for range 100 * n {
			if len(s.choices) > 0 {
				break
			}
			x, y, z := s.rng.IntN(n), s.rng.IntN(n), s.rng.IntN(n)
			if x != y && y != z && z != x {
				try(cutAt(x, y, z))
			}
		}
	}
	slices.SortFunc(s.choices, choice.compare)
	s.choices = slices.Compact(s.choices)
	return s.choices[:min(most, len(s.choices))]
}
