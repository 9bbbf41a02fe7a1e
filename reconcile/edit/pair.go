package edit

import "slices"

// How many pairings are looked at.
const (
	pairEvery = 256       // if there are no more ways to pair, all are tried,
	pairMost  = 5040      // in short lists up to this many,
	pairRows  = 100_000   // which is when so many rows are to be looked at
	pairTries = 24        // so many are solved; more if that was little work
	pairWork  = 1_000_000 // rows looked at while searching for a better pairing
	climbWork = 300_000   // exchanges tried before
)

// pairing says which row that stays becomes which wanted row of the same URI. With one copy each there is no choice;
// with more, it decides what has to move, and which of the wanted rows are new.
type pairing struct {
	sym    []int   // by token, a row that stays: its symbol
	want   []int   // by wanted row: its symbol
	place  []int   // by token: its index in want, -1 while unknown
	at     []int   // by wanted row: its token, -1 if it is new
	tokens [][]int // by symbol: its tokens
	places [][]int // by symbol: the wanted rows, if any token has the symbol
}

// pair pairs tokens, given as indices of p.have, by what surrounds them: first what is unique, then what has equal
// surroundings, the widest first.
func (p *problem) pair(tokens []int) *pairing {
	r := &pairing{want: p.want, sym: make([]int, len(tokens)), place: make([]int, len(tokens)), at: make([]int, len(p.want)),
		tokens: make([][]int, len(p.uris)), places: make([][]int, len(p.uris))}
	buffer := make([]int, len(p.have)+len(p.want))
	for s := range p.uris { // room for each symbol's
		r.tokens[s], buffer = buffer[:0:p.h[s]], buffer[p.h[s]:]
		r.places[s], buffer = buffer[:0:p.w[s]], buffer[p.w[s]:]
	}
	for t, i := range tokens {
		s := p.have[i]
		r.sym[t], r.place[t] = s, -1
		r.tokens[s] = append(r.tokens[s], t)
	}
	var old []int // the wanted rows that may be old ones
	for q, s := range p.want {
		r.at[q] = -1
		if len(r.tokens[s]) > 0 {
			r.places[s] = append(r.places[s], q)
			old = append(old, q)
		}
	}
	for t, s := range r.sym {
		if len(r.places[s]) == 1 {
			r.set(t, r.places[s][0])
		}
	}
	if !slices.Contains(r.place, -1) {
		return r
	}
	wanted := make([]int, len(old))
	for i, q := range old {
		wanted[i] = p.want[q]
	}
	r.spread(old)
	have, want := newContexts(r.sym), newContexts(wanted)
	for _, sides := range [...][2]int{{1, 1}, {1, 0}, {0, 1}, {0, 0}} {
		for width := 64; width > 0; width /= 2 {
			free := map[uint64][]int{}
			for t, q := range r.place {
				if q < 0 {
					k := have.around(t, width*sides[0], width*sides[1])
					free[k] = append(free[k], t)
				}
			}
			if len(free) == 0 {
				return r
			}
			for i, q := range old {
				if r.at[q] < 0 {
					k := want.around(i, width*sides[0], width*sides[1])
					if ts := free[k]; len(ts) > 0 {
						r.set(ts[0], q)
						free[k] = ts[1:]
					}
				}
			}
			r.spread(old)
			if sides == [2]int{0, 0} {
				break
			}
		}
	}
	return r
}

func (r *pairing) set(t, q int) { r.place[t], r.at[q] = q, t }

// spread pairs the neighbours of pairs, as far as they are equal; old are the wanted rows that may be old ones.
func (r *pairing) spread(old []int) {
	join := func(t int, q int) {
		if t >= 0 && t < len(r.sym) && r.place[t] < 0 && r.at[q] < 0 && r.sym[t] == r.want[q] {
			r.set(t, q)
		}
	}
	for i := 1; i < len(old); i++ {
		if t := r.at[old[i-1]]; t >= 0 {
			join(t+1, old[i])
		} else if i == 1 {
			join(0, old[0])
		}
	}
	for i := len(old) - 2; i >= 0; i-- {
		if t := r.at[old[i+1]]; t >= 0 {
			join(t-1, old[i])
		}
	}
}

// contexts are fingerprints of all stretches of a sequence of symbols.
type contexts struct{ sum, power []uint64 }

const contextBase = 0x9E3779B97F4A7C15 | 1

func newContexts(syms []int) contexts {
	c := contexts{make([]uint64, len(syms)+1), make([]uint64, len(syms)+1)}
	c.power[0] = 1
	for i, s := range syms {
		c.sum[i+1] = c.sum[i]*contextBase + mix(uint64(s)+1)
		c.power[i+1] = c.power[i] * contextBase
	}
	return c
}

// around is the fingerprint of symbol i with up to left symbols before and right ones behind it.
func (c contexts) around(i, left, right int) uint64 {
	stretch := func(from, to int) uint64 { return c.sum[to] - c.sum[from]*c.power[to-from] }
	n := len(c.sum) - 1
	k := mix(stretch(max(0, i-left), i)) + 3*mix(stretch(i, min(n, i+right+1)))
	if i < left {
		k += 5 // the start is part of what surrounds it
	}
	if i+right >= n {
		k += 7
	}
	return k
}

// mix scatters the bits of x (the finalizer of SplitMix64).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}
