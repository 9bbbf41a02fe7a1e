package edit

import "slices"

// span is the blocks lo to hi, lying side by side in the wanted order.
type span struct{ lo, hi int32 }

// layout is blocks in present order, contracted: no two neighbours follow each other. The first span starts with the
// head, the last ends with the end; gap i is between spans i and i+1. A sorted layout has one span.
type layout []span

// cut swaps the spans i+1..j with j+1..k of a layout: it cuts the gaps i < j < k.
type cut struct{ i, j, k int }

// apply appends to out what a cut makes of l.
func (c cut) apply(l, out layout) layout {
	add := func(part layout) {
		if n := len(out); n > 0 && out[n-1].hi+1 == part[0].lo {
			out[n-1].hi, part = part[0].hi, part[1:]
		}
		out = append(out, part...)
	}
	add(l[:c.i+1])
	add(l[c.j+1 : c.k+1])
	add(l[c.i+1 : c.j+1])
	add(l[c.k+1:])
	return out
}

// move is the cut in units.
func (c cut) move(l layout) move {
	return move{unit(l[c.i+1].lo) * 2, unit(l[c.j+1].lo) * 2, unit(l[c.k+1].lo) * 2}
}

func (j *jigsaw) solve(o Options) *solution {
	s := &solution{}
	l := make(layout, len(j.order))
	for i, v := range j.order {
		l[i] = span{int32(v), int32(v)}
		s.units = append(s.units, 2*v)
		if v < len(j.group) && j.group[v].len() > 0 {
			s.units = append(s.units, 2*v+1)
			s.requests += batches(j.group[v].len(), o.MaxURIs)
		}
	}
	var other layout
	next := make([]int, len(l))
	at := make([]int, len(l))
	for len(l) > 1 {
		for i, s := range l {
			at[s.lo] = i
		}
		n := len(l) - 1
		for i := range n {
			next[i] = at[l[i].hi+1] - 1
		}
		c := step(l, next[:n])
		s.moves = append(s.moves, c.move(l))
		l, other = c.apply(l, other[:0]), l
	}
	s.requests += j.plain + len(s.moves)
	return s
}

func step(l layout, next []int) cut {
	var best cut
	score := 0
	for x, y := range next {
		z := next[y]
		if z == x || !(x < y && y < z || y < z && z < x || z < x && x < y) {
			continue
		}
		c := []int{x, y, z}
		slices.Sort(c)
		n := 2
		if next[z] == x {
			n = 3
		}
		if n > score || n == score && c[2]-c[0] < best.k-best.i {
			best, score = cut{c[0], c[1], c[2]}, n
		}
	}
	if score > 0 {
		return best
	}
	for x, y := range next {
		if y < x {
			return cut{y, y + 1, x}
		}
	}
	panic("unreachable")
}
