package edit

import (
	"cmp"
	"slices"
)

// Stretches in reverse order are what good cuts are rare in: each cycle runs backwards. But leaving the first span of
// the stretch where it is and swapping the halves of the rest makes good cuts of all that follow, so that n blocks in
// reverse order take n/2+1 moves, rounded down, which is the fewest (Eriksson and others, 2001).

// longestFall is the longest stretch of spans in reverse order.
func longestFall(l layout) (from, to int) {
	for i := 1; i < len(l); {
		k := i + 1
		for k < len(l) && l[k].hi+1 == l[k-1].lo {
			k++
		}
		if k-i > to-from {
			from, to = i, k
		}
		i = k
	}
	return from, to
}

// unfold is the cut that makes a stretch in reverse order easy to sort.
func unfold(from, to int) cut { return cut{from, from + (to-from-1)/2, to - 1} }

// loosen is the cut of a layout without greedy cuts that is followed by most of them, of a few that are likely to be.
func (s *sorter) loosen(l layout) (best cut) {
	from, to := longestFall(l)
	var candidates []cut
	for _, f := range [...]int{from, from + 1, from - 1} {
		for _, t := range [...]int{to, to - 1} {
			if f >= 0 && t-f >= 4 {
				candidates = append(candidates, unfold(f, t))
			}
		}
	}
	for x, y := range s.g.next {
		// Brings the span wanted behind x there. This always joins something, which is why the search ends.
		if int(y) < x && (x < from || x >= to || len(candidates) == 0) {
			if candidates = append(candidates, cut{int(y), int(y) + 1, x}); len(candidates) > 20 {
				break
			}
		}
	}
	most := -1
	for _, c := range candidates {
		n := s.follow(c.apply(l, nil))
		if n > most {
			best, most = c, n
		}
	}
	return best
}

// follow counts how many greedy cuts can be made of l, up to a few, with one unfolding of a stretch in between.
func (s *sorter) follow(l layout) (good int) {
	var other layout
	for unfolded := false; good < 12 && !l.sorted(); {
		s.h.link(l, s.blocks)
		s.work -= len(l) / 4
		c, ok := greedy(s.h.next)
		if ok {
			good++
		} else {
			from, to := longestFall(l)
			if unfolded || to-from < 4 {
				break
			}
			c, unfolded = unfold(from, to), true
		}
		l, other = c.apply(l, other[:0]), l
	}
	return good
}

// turned sorts a layout that is little else than reversed, if it is: first into reverse order, then from there.
func (s *sorter) turned(l layout) (moves []move, ok bool) {
	falls := 0
	for i := 2; i < len(l)-1; i++ {
		if l[i].hi+1 == l[i-1].lo {
			falls++
		}
	}
	if falls < 4 || falls < len(l)*2/3 {
		return nil, false
	}
	reversed := slices.Clone(l)
	slices.SortFunc(reversed[1:len(l)-1], func(a, b span) int { return cmp.Compare(b.lo, a.lo) })
	number := make([]int32, s.blocks) // by block that starts a span: the span's index in reversed
	for i, b := range reversed {
		number[b.lo] = int32(i)
	}
	var mirror layout
	for _, b := range l {
		mirror = mirror.join(layout{{number[b.lo], number[b.lo]}})
	}
	other := newSorter(len(l), s.work/4)
	s.work -= other.work
	back, _ := other.sort(mirror)
	s.work += other.work
	for _, m := range back {
		at := func(u unit) unit { return unit(reversed[u/2].lo) * 2 }
		moves = append(moves, move{at(m.x), at(m.y), at(m.z)})
	}
	rest, _ := s.descend(reversed, 0)
	return append(moves, rest...), true
}
