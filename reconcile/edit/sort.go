package edit

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// What a search may do at most. Work is counted in gaps looked at, not in time, so that every machine finds the same.
const (
	sortWork   = 3_000_000 // for one jigsaw
	exactGaps  = 26        // layouts of more gaps aren't searched exactly
	exactWork  = 600_000   // for one exact search
	beamGaps   = 160       // layouts of more gaps are first brought down to this by the greedy search,
	greedyGaps = 320       // if they have more than this
	everyCut   = 32        // in layouts of more gaps only some cuts are looked at
	breadth    = 150       // children of one node
)

// sorter looks for short sequences of cuts that sort a layout.
type sorter struct {
	blocks  int // block numbers are below this
	work    int // gaps that may still be looked at
	g, h    graph
	spare   layout
	choices []choice
	rng     *rand.Rand
}

type choice struct {
	cut
	joins int32
}

func newSorter(blocks int) *sorter {
	return &sorter{blocks: blocks, work: sortWork, rng: rand.New(rand.NewPCG(1, 1))}
}

// sort finds moves that sort l, and a number of moves that no others go below.
func (s *sorter) sort(l layout) (moves []move, bound int) {
	s.g.read(l, s.blocks)
	bound = s.g.bound()
	if len(l)-1 > greedyGaps {
		var other layout
		for len(l)-1 > beamGaps {
			c, ok := s.greedy()
			if !ok {
				break
			}
			moves = append(moves, c.move(l))
			l, other = c.apply(l, other[:0]), l
			s.g.read(l, s.blocks)
		}
	}
	rest, least := s.search(l)
	if len(moves) == 0 {
		bound = max(bound, least)
	}
	return append(moves, rest...), bound
}

// greedy is the good cut of three gaps in a row that joins most and, of those, moves least.
func (s *sorter) greedy() (best cut, ok bool) {
	next := s.g.next
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

// search sorts l by beams of growing width.
func (s *sorter) search(l layout) (moves []move, bound int) {
	s.g.read(l, s.blocks)
	bound = s.g.bound()
	var best *node
	for _, width := range [...]int{1, 3, 8, 21, 53, 133} {
		most := 1 << 30
		if best != nil {
			most = best.depth - 1
		}
		if n := s.beam(l, width, most); n != nil {
			best = n
		}
		if best.depth == bound || s.work <= 0 {
			break
		}
	}
	moves = best.moves()
	if len(l)-1 > exactGaps {
		return moves, bound
	}
	for work := exactWork; bound < len(moves); bound++ {
		found := s.each(l, bound, &work, func(m []move) bool {
			moves = slices.Clone(m)
			return true
		})
		if found || work <= 0 {
			break
		}
	}
	return moves, bound
}

// each calls f with every sequence of n moves that sorts l, until f returns true, which it returns then, or the work
// is done.
func (s *sorter) each(l layout, n int, work *int, f func([]move) bool) bool {
	if l.sorted() {
		return n == 0 && f(nil)
	}
	way := make([]move, 0, n)
	layouts := make([]layout, n+1)
	graphs := make([]graph, n+1)
	var step func(l layout) bool
	step = func(l layout) bool {
		d := len(way)
		if l.sorted() {
			return d == n && f(way)
		}
		if d == n {
			return false
		}
		g := &graphs[d]
		g.read(l, s.blocks)
		*work -= len(l)
		slack := int32(n - d - g.bound()) // moves to spare
		if slack < 0 || *work <= 0 {
			return false
		}
		gaps := len(l) - 1
		for joins := int32(3); joins >= 0; joins-- {
			for i := range gaps {
				for j := i + 1; j < gaps; j++ {
					for k := j + 1; k < gaps; k++ {
						c := cut{i, j, k}
						if odd, joined := g.gain(c); joined != joins || 2-odd > 2*slack {
							continue
						}
						layouts[d] = c.apply(l, layouts[d][:0])
						way = append(way, c.move(l))
						if step(layouts[d]) {
							return true
						}
						way = way[:d]
					}
				}
			}
		}
		return false
	}
	return step(l)
}

// node is a layout reached by a search.
type node struct {
	l      layout
	parent *node
	cut    cut
	depth  int
	bound  int
	stuck  int
	gaps   int
	hash   uint64
}

// moves is the way from the start to n.
func (n *node) moves() []move {
	m := make([]move, n.depth)
	for ; n.parent != nil; n = n.parent {
		m[n.depth-1] = n.cut.move(n.parent.l)
	}
	return m
}

// beam is a beam search for at most most cuts; nil if it finds none, or the work is done and most says that others
// were found before.
func (s *sorter) beam(l layout, width, most int) *node {
	level := []*node{{l: l, gaps: len(l) - 1}}
	for depth := 1; level[0].gaps > 0; depth++ {
		if s.work <= 0 {
			if most < 1<<30 {
				return nil
			}
			width = 1
		}
		var children []node
		seen := map[uint64]bool{}
		for want := int32(2); len(children) == 0; want -= 2 {
			for _, n := range level {
				s.g.read(n.l, s.blocks)
				for _, c := range s.cuts(want) {
					child := s.look(n, c.cut)
					if child.depth+child.bound <= most && !seen[child.hash] {
						seen[child.hash] = true
						children = append(children, child)
					}
				}
			}
			if want < -6 || len(children) == 0 && level[0].depth+1+s.g.bound() > most {
				return nil
			}
		}
		slices.SortStableFunc(children, func(a, b node) int {
			return cmp.Or(cmp.Compare(a.bound, b.bound), cmp.Compare(a.stuck, b.stuck), cmp.Compare(a.gaps, b.gaps))
		})
		level = level[:0:0]
		for i := range min(width, len(children)) {
			c := &children[i]
			c.l = c.cut.apply(c.parent.l, make(layout, 0, len(c.parent.l)))
			level = append(level, c)
		}
	}
	return level[0]
}

// look examines what a cut makes of n.
func (s *sorter) look(n *node, c cut) node {
	s.spare = c.apply(n.l, s.spare[:0])
	s.h.read(s.spare, s.blocks)
	s.work -= len(n.l)
	child := node{parent: n, cut: c, depth: n.depth + 1, bound: s.h.bound(), stuck: s.h.stuck(), gaps: len(s.spare) - 1}
	child.hash = 14695981039346656037
	for _, b := range s.spare {
		child.hash = (child.hash ^ uint64(b.lo)) * 1099511628211
	}
	return child
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
	if n <= everyCut {
		s.work -= n * n * n / 20
		for i := range n {
			for j := i + 1; j < n; j++ {
				for k := j + 1; k < n; k++ {
					try(cut{i, j, k})
				}
			}
		}
	} else {
		s.work -= n * n / 3
		for x, y := range s.g.next {
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
	slices.SortStableFunc(s.choices, func(a, b choice) int { return cmp.Compare(b.joins, a.joins) })
	return s.choices[:min(breadth, len(s.choices))]
}
