package edit

import (
	"cmp"
	"slices"
)

const (
	mergeBlocks = 14         // with more, only few sequences of moves are tried
	mergeWidth  = 64         // partial answers kept while groups are carried back,
	mergeWork   = 1_500_000  // fewer where more units would be looked at
	mergeMost   = 40_000_000 // groups aren't carried back at all where more units would be looked at
)

// carried is a way to carry the groups back through some of the moves.
type carried struct {
	units    []unit
	requests int // inserts that would bring the groups to where they are now
	parent   *carried
	move     move // as it is in units, with groups
}

// step is a way to carry the groups of from back through one more move: where it cuts, as indices of units.
type step struct {
	from     *carried
	y, x, z  int
	requests int
}

// merge answers where to insert the groups so that moves still end in the wanted order: it runs the moves backwards
// from there and carries the groups along. Where a move, backwards, cuts next to groups, each may stay on either side;
// groups that meet are one insert later. Of the ways it keeps those that need the fewest inserts so far.
func (j *blockOrder) merge(moves []move, o Options, work *int) *solution {
	start := &carried{}
	for v := range j.order {
		start.units = append(start.units, 2*v)
		if v < len(j.group) && j.group[v].len() > 0 {
			start.units = append(start.units, 2*v+1)
			start.requests += batches(j.group[v].len(), o.MaxURIs)
		}
	}
	width := min(mergeWidth, 1+mergeWork/(1+len(moves)*len(start.units)))
	level := []*carried{start}
	for _, m := range slices.Backward(moves) {
		var steps []step
		for _, c := range level {
			steps = j.steps(steps, c, m, o)
		}
		*work -= 3*len(steps) + 5*min(width, len(steps))*len(start.units) // about what it takes, in gaps looked at
		slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.requests, b.requests) })
		level = nil
		seen := map[uint64]bool{}
		for _, t := range steps {
			units := t.from.units
			b := &carried{slices.Concat(units[:t.y], units[t.x:t.z], units[t.y:t.x], units[t.z:]), t.requests, t.from,
				move{units[t.x], units[t.y], units[t.z]}}
			hash := uint64(14695981039346656037)
			for _, u := range b.units {
				hash = (hash ^ uint64(u)) * 1099511628211
			}
			if seen[hash] {
				continue
			}
			seen[hash] = true
			if level = append(level, b); len(level) == width {
				break
			}
		}
	}
	c := level[0]
	s := &solution{units: c.units, requests: j.plain + c.requests + len(moves)}
	for ; c.parent != nil; c = c.parent {
		s.moves = append(s.moves, c.move)
	}
	return s
}

// steps appends the ways to carry the groups of c back through m. It brings the stretches between the cuts y, x and z
// into the order they had: what was left of y meets what was right of x, and so on.
func (j *blockOrder) steps(steps []step, c *carried, m move, o Options) []step {
	ys, yr := j.sides(c.units, m.y)
	xs, xr := j.sides(c.units, m.x)
	zs, zr := j.sides(c.units, m.z)
	y, x, z := yr[len(yr)-1], xr[len(xr)-1], zr[len(zr)-1]
	others := c.requests - batches(y, o.MaxURIs) - batches(x, o.MaxURIs) - batches(z, o.MaxURIs)
	for a, yi := range ys {
		for b, xi := range xs {
			for d, zi := range zs {
				n := batches(y-yr[a]+xr[b], o.MaxURIs) + batches(x-xr[b]+zr[d], o.MaxURIs) + batches(z-zr[d]+yr[a], o.MaxURIs)
				steps = append(steps, step{c, yi, xi, zi, others + n})
			}
		}
	}
	return steps
}

// sides are the places to cut in front of unit u, between any of the groups there, and how many new rows are right of
// each up to u.
func (j *blockOrder) sides(units []unit, u unit) (at, right []int) {
	i := slices.Index(units, u)
	at, right = []int{i}, []int{0}
	for rows := 0; i > 0 && units[i-1]%2 == 1; {
		i--
		rows += j.group[units[i]/2].len()
		at, right = append(at, i), append(right, rows)
	}
	return at, right
}
