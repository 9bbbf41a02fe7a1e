package edit

import (
	"cmp"
	"slices"
)

const (
	mergeWidth  = 64      // partial answers kept while groups are carried back
	mergeWork   = 400_000 // units looked at per sequence of moves
	mergeBlocks = 14      // with more, only one sequence of moves is tried
)

// carried is a way to carry the groups back through some of the moves.
type carried struct {
	units    []unit
	requests int // inserts that would bring the groups to where they are now
	parent   *carried
	move     move // as it is in units, with groups
}

// merge answers where to insert the groups so that moves still end in the wanted order: it runs the moves backwards
// from there and carries the groups along. Where a move, backwards, cuts next to groups, each may stay on either side;
// groups that meet are one insert later. Of the ways it keeps those that need the fewest inserts so far.
func (j *jigsaw) merge(moves []move, o Options, work *sorter) *solution {
	start := &carried{}
	groups := 0
	for v := range j.order {
		start.units = append(start.units, 2*v)
		if v < len(j.group) && j.group[v].len() > 0 {
			groups++
			start.units = append(start.units, 2*v+1)
		}
	}
	start.requests = j.inserts(start.units, o)
	width := min(mergeWidth, 1+mergeWork/(1+4*len(moves)*len(start.units)))
	level := []*carried{start}
	for _, m := range slices.Backward(moves) {
		var before []*carried
		seen := map[uint64]bool{}
		for _, c := range level {
			y, x, z := slices.Index(c.units, m.y), slices.Index(c.units, m.x), slices.Index(c.units, m.z)
			for _, y := range sides(c.units, y) {
				for _, x := range sides(c.units, x) {
					for _, z := range sides(c.units, z) {
						b := &carried{parent: c, move: move{c.units[x], c.units[y], c.units[z]}}
						work.work -= 2 * len(c.units)
						b.units = slices.Concat(c.units[:y], c.units[x:z], c.units[y:x], c.units[z:])
						hash := uint64(14695981039346656037)
						for _, u := range b.units {
							hash = (hash ^ uint64(u)) * 1099511628211
						}
						if !seen[hash] {
							seen[hash] = true
							b.requests = j.inserts(b.units, o)
							before = append(before, b)
						}
					}
				}
			}
		}
		slices.SortStableFunc(before, func(a, b *carried) int { return cmp.Compare(a.requests, b.requests) })
		level = before[:min(width, len(before))]
	}
	c := level[0]
	s := &solution{units: c.units, requests: j.plain + c.requests + len(moves)}
	for ; c.parent != nil; c = c.parent {
		s.moves = append(s.moves, c.move)
	}
	return s
}

// inserts is the number of inserts that bring the groups among units.
func (j *jigsaw) inserts(units []unit, o Options) int {
	n, run := 0, 0
	for _, u := range units {
		if u%2 == 1 {
			run += j.group[u/2].len()
			continue
		}
		n += batches(run, o.MaxURIs)
		run = 0
	}
	return n + batches(run, o.MaxURIs)
}

// sides are the places to cut in front of the block at i: between any of the groups there.
func sides(units []unit, i int) []int {
	at := []int{i}
	for i > 0 && units[i-1]%2 == 1 {
		i--
		at = append(at, i)
	}
	return at
}
