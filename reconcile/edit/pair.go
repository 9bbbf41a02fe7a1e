package edit

import "slices"

// How many pairings are looked at.
const (
	pairEvery = 256       // if there are no more ways to pair, all are tried,
	pairMost  = 5040      // in short lists up to this many,
	pairRows  = 100_000   // which is when so many rows are to be looked at
	pairTries = 24        // so many are solved; more if that was little work
	pairWork  = 1_000_000 // rows looked at while searching for a better pairing
	tileWork  = 2_000_000 // rows looked at while pairing the longest stretches first
	climbWork = 300_000   // exchanges tried before
	climbScan = 3_000_000 // new rows passed while doing so
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
	old    []int   // the wanted rows that may be old ones
	scans  int     // new rows that may still be passed
}

// newPairing is a pairing of tokens, given as indices of p.have, of which only those for which there is no choice and
// what is beside them is paired.
func (p *input) newPairing(tokens []int) *pairing {
	r := &pairing{scans: climbScan, want: p.want, sym: make([]int, len(tokens)), place: make([]int, len(tokens)), at: make([]int, len(p.want)),
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
	for q, s := range p.want {
		r.at[q] = -1
		if len(r.tokens[s]) > 0 {
			r.places[s] = append(r.places[s], q)
			r.old = append(r.old, q)
		}
	}
	for t, s := range r.sym {
		if len(r.places[s]) == 1 {
			r.set(t, r.places[s][0])
		}
	}
	if slices.Contains(r.place, -1) {
		r.spread()
	}
	return r
}

// byContext pairs tokens by what surrounds them, the widest first.
func (p *input) byContext(tokens []int) *pairing {
	r := p.newPairing(tokens)
	if !slices.Contains(r.place, -1) {
		return r
	}
	wanted := make([]int, len(r.old))
	for i, q := range r.old {
		wanted[i] = p.want[q]
	}
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
			for i, q := range r.old {
				if r.at[q] < 0 {
					k := want.around(i, width*sides[0], width*sides[1])
					if ts := free[k]; len(ts) > 0 {
						r.set(ts[0], q)
						free[k] = ts[1:]
					}
				}
			}
			r.spread()
			if sides == [2]int{0, 0} {
				break
			}
		}
	}
	return r
}

// byLength pairs the longest stretches first that are free and equal, or at least what comes first.
func (p *input) byLength(tokens []int) *pairing {
	r := p.newPairing(tokens)
	index := make([]int, len(r.want)) // by wanted row that may be an old one: its index in r.old
	for i, q := range r.old {
		index[q] = i
	}
	work := tileWork
	longest := func(t int) (best, place int) { // the longest stretch from token t on, and where it is wanted
		for _, q := range r.places[r.sym[t]] {
			i, n := index[q], 0
			for t+n < len(r.sym) && i+n < len(r.old) && r.place[t+n] < 0 && r.at[r.old[i+n]] < 0 && r.sym[t+n] == r.want[r.old[i+n]] {
				n++
			}
			if work -= n + 1; n > best {
				best, place = n, i
			}
			if work < 0 && best > 0 {
				break
			}
		}
		return best, place
	}
	byLength := make([][]int, len(tokens)+1) // tokens whose stretch is of that length, or was
	for t, q := range r.place {
		if q < 0 {
			n, _ := longest(t)
			byLength[n] = append(byLength[n], t)
		}
	}
	for n := len(tokens); n > 0; n-- {
		for _, t := range byLength[n] {
			if r.place[t] >= 0 {
				continue
			}
			now, i := longest(t)
			if now < n && work >= 0 {
				byLength[now] = append(byLength[now], t)
				continue
			}
			for k := range now {
				r.set(t+k, r.old[i+k])
			}
		}
	}
	return r
}

func (r *pairing) set(t, q int) { r.place[t], r.at[q] = q, t }

// inOrder pairs the first copy with the first, and so on; if onward, it rather pairs each row with the next place behind
// that of the row before it.
func (p *input) inOrder(tokens []int, onward bool) *pairing {
	r := p.newPairing(tokens)
	last := -1
	for t, s := range r.sym {
		if r.place[t] < 0 {
			places, from := r.places[s], 0
			if onward {
				from, _ = slices.BinarySearch(places, last+1)
			}
			free := func(q int) bool { return r.at[q] < 0 }
			i := slices.IndexFunc(places[from:], free)
			if i < 0 {
				i, from = slices.IndexFunc(places, free), 0
			}
			r.set(t, places[from+i])
		}
		last = r.place[t]
	}
	return r
}

// spread pairs the neighbours of pairs, as far as they are equal. The head and the end are a pair each.
func (r *pairing) spread() {
	join := func(t, q int) {
		if t >= 0 && t < len(r.sym) && r.place[t] < 0 && r.at[q] < 0 && r.sym[t] == r.want[q] {
			r.set(t, q)
		}
	}
	t := -1
	for _, q := range r.old {
		join(t+1, q)
		if t = r.at[q]; t < 0 {
			t = len(r.sym)
		}
	}
	t = len(r.sym)
	for _, q := range slices.Backward(r.old) {
		join(t-1, q)
		t = r.at[q]
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
