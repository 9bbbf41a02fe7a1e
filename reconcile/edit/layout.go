package edit

// span is the blocks lo to hi, lying side by side in the wanted order.
type span struct{ lo, hi int32 }

// layout is blocks in present order, contracted: no span is followed by the one wanted behind it. The first span starts
// with the head, the last ends with the end; gap i is between spans i and i+1. A sorted layout has one span.
type layout []span

func (l layout) sorted() bool { return len(l) == 1 }

// cut swaps the spans i+1..j with j+1..k of a layout: it cuts the gaps i < j < k.
type cut struct{ i, j, k int }

// cutAt is the cut of three different gaps in any order.
func cutAt(x, y, z int) cut {
	i, k := min(x, y, z), max(x, y, z)
	return cut{i, x + y + z - i - k, k}
}

// apply appends to out, which is empty, what a cut makes of l.
func (c cut) apply(l, out layout) layout {
	return out.join(l[:c.i+1]).join(l[c.j+1 : c.k+1]).join(l[c.i+1 : c.j+1]).join(l[c.k+1:])
}

// join is l with part behind it, contracted where they meet.
func (l layout) join(part layout) layout {
	if n := len(l); n > 0 && l[n-1].hi+1 == part[0].lo {
		l[n-1].hi = part[0].hi
		part = part[1:]
	}
	return append(l, part...)
}

// move is the cut of l in units.
func (c cut) move(l layout) move {
	return move{unit(l[c.i+1].lo) * 2, unit(l[c.j+1].lo) * 2, unit(l[c.k+1].lo) * 2}
}

// graph is the cycle graph of a layout. From each gap an arc leads to the gap next to it: the one in front of the span
// wanted behind the gap's left neighbour. The arcs form cycles; a joint that is good would be a cycle of one gap.
//
// A cut gives three gaps new left neighbours, so it changes the cycles in one of few ways, each adding at most two
// cycles of odd length. When all is sorted there are as many (odd) cycles as there are gaps now: this is the cycle bound.
type graph struct {
	next  []int32 // by gap
	cycle []int32 // by gap: number of its cycle
	rank  []int32 // by gap: its index along its cycle
	size  []int32 // by cycle: its length
	odd   int     // cycles of odd length
	at    []int32 // by block number: index of the span it starts
}

// link makes next what it is for l, whose blocks are numbered below blocks.
func (g *graph) link(l layout, blocks int) {
	n := len(l) - 1
	if cap(g.next) < n || cap(g.at) < blocks {
		g.next, g.cycle, g.rank, g.at = make([]int32, n), make([]int32, n), make([]int32, n), make([]int32, blocks)
	}
	g.next = g.next[:n]
	at := g.at[:blocks]
	for i, s := range l {
		at[s.lo] = int32(i)
	}
	for i := range g.next {
		g.next[i] = at[l[i].hi+1] - 1
	}
}

// read makes g the graph of l, whose blocks are numbered below blocks.
func (g *graph) read(l layout, blocks int) {
	g.link(l, blocks)
	n := len(g.next)
	g.cycle, g.rank, g.size, g.odd = g.cycle[:n], g.rank[:n], g.size[:0], 0
	for i := range g.cycle {
		g.cycle[i] = -1
	}
	for i := range g.next {
		if g.cycle[i] >= 0 {
			continue
		}
		c, size := int32(len(g.size)), int32(0)
		for x := int32(i); g.cycle[x] < 0; x = g.next[x] {
			g.cycle[x], g.rank[x] = c, size
			size++
		}
		g.size = append(g.size, size)
		g.odd += int(size & 1)
	}
}

// bound is a number of moves that no way of sorting goes below (Bafna and Pevzner, 1998).
func (g *graph) bound() int { return (len(g.next) - g.odd) / 2 }

// arc is the number of steps from gap x to gap y of the same cycle, which has size gaps.
func (g *graph) arc(x, y int, size int32) int32 {
	a := g.rank[y] - g.rank[x]
	if a < 0 {
		a += size
	}
	return a
}

// gain is the number of odd cycles that a cut adds, and how many gaps it joins for good.
func (g *graph) gain(c cut) (odd, joins int32) {
	ci, cj, ck := g.cycle[c.i], g.cycle[c.j], g.cycle[c.k]
	si, sj, sk := g.size[ci], g.size[cj], g.size[ck]
	one := func(a int32) int32 {
		if a == 1 {
			return 1
		}
		return 0
	}
	split := func(a, size, other int32) (int32, int32) { // the arc a becomes a cycle, the others one more
		rest := size - a + other
		return a&1 + rest&1 - size&1 - other&1, one(a)
	}
	switch {
	case ci == cj && cj == ck:
		a, b := g.arc(c.i, c.j, si), g.arc(c.i, c.k, si)
		if a > b { // against the direction of the cycle: it stays one
			return 0, 0
		}
		b, d := b-a, si-b
		return a&1 + b&1 + d&1 - si&1, one(a) + one(b) + one(d)
	case ci == cj:
		return split(g.arc(c.i, c.j, si), si, sk)
	case cj == ck:
		return split(g.arc(c.j, c.k, sj), sj, si)
	case ci == ck:
		return split(g.arc(c.k, c.i, sk), sk, sj)
	}
	return (si+sj+sk)&1 - si&1 - sj&1 - sk&1, 0
}

// turns reports whether gaps x, y, z follow each other around the list in this order.
func turns(x, y, z int32) bool { return x < y && y < z || y < z && z < x || z < x && x < y }

// stuck is the number of gaps on cycles that no good cut opens, as far as that is quick to tell. A cycle of even length
// is never stuck: there is another one then, and some arc of one and gap of the other make a good cut.
func (g *graph) stuck() int {
	n := 0
	for c, size := range g.size {
		if size&1 == 1 {
			n += int(size)
		} else {
			g.size[c] = -size
		}
	}
	open := func(c int32) {
		n -= int(g.size[c])
		g.size[c] = -g.size[c]
	}
	for x, y := range g.next {
		if c := g.cycle[x]; g.size[c] > 0 && turns(int32(x), y, g.next[y]) {
			open(c)
		}
	}
	if n > 0 {
		for x, y := range g.next {
			if c := g.cycle[x]; g.size[c] > 0 && g.size[c] <= 16 && g.opens(int32(x), y, g.size[c]) {
				open(c)
			}
		}
	}
	for c, size := range g.size {
		g.size[c] = max(size, -size)
	}
	return n
}

// opens reports whether a good cut of an odd cycle of size gaps starts at gap x, whose next is y.
func (g *graph) opens(x, y, size int32) bool {
	for a := int32(1); a < size-1; a += 2 {
		z := g.next[y]
		for b := int32(1); a+b < size; b += 2 {
			if turns(x, y, z) {
				return true
			}
			z = g.next[g.next[z]]
		}
		y = g.next[g.next[y]]
	}
	return false
}
