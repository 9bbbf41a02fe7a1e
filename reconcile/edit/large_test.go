package edit

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/spotsync/spotsync/config/longtest"
	"github.com/spotsync/spotsync/spotify"
)

// track is the URI of track i, as long as a real one.
func track(i int) spotify.URI { return spotify.URI(fmt.Sprintf("spotify:track:%022d", i)) }

// tracks is n rows, a share of which repeat earlier ones.
func tracks(r *rand.Rand, n int, repeats float64) []spotify.URI {
	l := make([]spotify.URI, n)
	for i := range l {
		if l[i] = track(i); i > 0 && r.Float64() < repeats {
			l[i] = l[r.IntN(i)]
		}
	}
	return l
}

func rowsOf(l []spotify.URI) []Row {
	rows := make([]Row, len(l))
	for i, u := range l {
		rows[i].URI = u
	}
	return rows
}

// edited makes k random edits of a copy of l and returns how many requests they were. kinds names the edits to choose
// from: m for moves of a stretch, i for inserts of 1 to 5 new rows, r for removals of a row.
func edited(r *rand.Rand, l []spotify.URI, k int, kinds string) ([]spotify.URI, int) {
	l = slices.Clone(l)
	requests, gone, fresh := 0, map[spotify.URI]bool{}, 1_000_000
	for done := 0; done < k; done++ {
		switch kinds[r.IntN(len(kinds))] {
		case 'm':
			c := []int{r.IntN(len(l) + 1), r.IntN(len(l) + 1), r.IntN(len(l) + 1)}
			slices.Sort(c)
			if c[0] == c[1] || c[1] == c[2] {
				done--
				continue
			}
			rotate(l[c[0]:c[2]], c[1]-c[0])
			requests++
		case 'i':
			at := r.IntN(len(l) + 1)
			for range 1 + r.IntN(5) {
				l = slices.Insert(l, at, track(fresh))
				fresh++
			}
			requests++
		case 'r':
			u := l[r.IntN(len(l))]
			l = slices.DeleteFunc(l, func(v spotify.URI) bool { return u == v })
			gone[u] = true
		}
	}
	return l, requests + batches(len(gone), MaxURIs)
}

// What k random edits made takes no more requests than they were: never for few edits, hardly ever for many.
func TestRandomEdits(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	more := longtest.Few(1, 3)
	for _, c := range []struct {
		n, from, to, cases int
		repeats            float64
		kinds              string
		ratio              float64 // of the requests to those that made the list, at most, on average
		worst              int     // requests more than those that made the list, at most
	}{
		{30, 1, 5, 300, 0, "m", 1, 0},
		{30, 1, 5, 300, 0, "mir", 1, 0},
		{30, 1, 5, 300, .1, "mir", 1, 1},
		{100, 1, 5, 300, 0, "m", 1, 0},
		{100, 1, 5, 300, 0, "mir", 1, 0},
		{100, 1, 5, 300, 0, "ir", 1, 0},
		{100, 1, 5, 300, .1, "mir", 1, 1},
		{1000, 1, 5, 60, 0, "mir", 1, 0},
		{1000, 1, 5, 60, .1, "mir", 1, 1},
		{10000, 1, 5, 3, 0, "mir", 1, 0},
		{10000, 1, 5, 3, .1, "mir", 1, 1},
		{100, 6, 20, 40, 0, "m", 1, 2},
		{100, 6, 20, 40, 0, "mir", 1, 2},
		{100, 6, 20, 40, .1, "mir", 1, 2},
		{1000, 6, 20, 40, 0, "m", 1, 2},
		{1000, 6, 20, 40, .1, "mir", 1, 2},
		{1000, 50, 50, 10, 0, "m", 1.02, 2},
		{1000, 50, 50, 5, .1, "mir", 1.02, 2},
		{10000, 50, 50, 2, 0, "m", 1.02, 2},
		{10000, 50, 50, 2, .05, "mir", 1.02, 2},
		{1000, 300, 300, 2, .05, "mir", 1, 0},
		{10000, 2000, 2000, 1, 0, "mir", 1, 0},
	} {
		r := rng(uint64(c.n + c.to))
		made, found, over, proven := 0, 0, 0, 0
		for i := range c.cases * more {
			have := tracks(r, c.n, c.repeats)
			want, m := edited(r, have, c.from+r.IntN(c.to-c.from+1), c.kinds)
			var s Script
			if i%10 == 0 && c.n <= 1000 {
				s = check(t, rowsOf(have), want, Options{})
			} else {
				s = Make(rowsOf(have), want, Options{})
			}
			if len(s.Edits) > m+c.worst {
				t.Errorf("%+v, case %d: %d requests for what %d made", c, i, len(s.Edits), m)
			}
			if len(s.Edits) > m {
				over++
			}
			if s.Proven {
				proven++
			}
			made, found = made+m, found+len(s.Edits)
		}
		ratio, n := float64(found)/float64(made), c.cases*more
		t.Logf("n=%d, k=%d to %d, %s, %g repeated: ratio %.3f, over in %d of %d, proven in %d", c.n, c.from, c.to, c.kinds, c.repeats, ratio, over, n, proven)
		if c.to <= 5 && proven < n*95/100 {
			t.Errorf("%+v: only %d of %d proven to be the fewest", c, proven, n)
		}
		if ratio > c.ratio || 50*over > n+49 {
			t.Errorf("%+v: ratio %.3f, over in %d of %d", c, ratio, over, n)
		}
	}
}

// Shuffled lists take as many moves as the cycle bound says, or one more, but seldom.
func TestShuffles(t *testing.T) {
	r := rng(2)
	excess, cases := 0, 0
	for n := 30; n <= 120; n += 3 {
		have := tracks(r, n, 0)
		want := slices.Clone(have)
		r.Shuffle(n, func(i, j int) { want[i], want[j] = want[j], want[i] })
		p := newInput(rowsOf(have), want, Options{}.limits())
		tokens := make([]int, n)
		for i := range tokens {
			tokens[i] = i
		}
		over := len(Make(rowsOf(have), want, Options{}).Edits) - p.contract(tokens, p.byContext(tokens).place).bound(p.o)
		if over > 1 {
			t.Errorf("n=%d: %d over the bound", n, over)
		}
		excess, cases = excess+over, cases+1
	}
	t.Logf("%d over in %d", excess, cases)
	if 3*excess > cases {
		t.Errorf("%d over in %d", excess, cases)
	}
}

// changes are large changes of lists of n tracks.
func changes(r *rand.Rand, n int) map[string][2][]spotify.URI {
	l := tracks(r, n, 0)
	shuffled := func(l []spotify.URI) []spotify.URI {
		l = slices.Clone(l)
		r.Shuffle(len(l), func(i, j int) { l[i], l[j] = l[j], l[i] })
		return l
	}
	reversed := slices.Clone(l)
	slices.Reverse(reversed)
	riffled := make([]spotify.URI, n)
	for i := range riffled {
		riffled[i] = l[i/2+i%2*((n+1)/2)]
	}
	blocks, _ := edited(r, l, n/10, "m")
	turned, _ := edited(r, reversed, 5, "mir")
	mixed, _ := edited(r, l, n/3, "mmiir")
	var top, rest []spotify.URI
	for _, u := range l {
		if r.IntN(30) == 0 {
			top = append(top, u)
		} else {
			rest = append(rest, u)
		}
	}
	few := make([]spotify.URI, n)
	for i := range few {
		few[i] = track(r.IntN(5))
	}
	return map[string][2][]spotify.URI{
		"shuffled": {l, shuffled(l)},
		"reversed": {l, reversed},
		"riffled":  {l, riffled},
		"blocks":   {l, blocks},
		"mixed":    {l, mixed},
		"gathered": {l, append(top, rest...)},
		"few":      {few, shuffled(few)},
		"turned":   {l, turned},
		"halves":   {l, append(shuffled(l[:n/2]), reversed[:n-n/2]...)},
	}
}

func TestLargeChanges(t *testing.T) {
	sizes := []int{20, 100, 319, 330}
	if testing.Short() {
		sizes = sizes[:1]
	}
	if longtest.All() {
		sizes = []int{20, 30, 50, 100, 150, 300, 318, 319, 320, 321, 322, 323, 330, 1000, 3000, 10000}
	}
	for _, n := range sizes {
		cs := changes(rng(uint64(n)), n)
		for _, name := range []string{"shuffled", "reversed", "riffled", "blocks", "mixed", "gathered", "few", "turned", "halves"} {
			have, want := cs[name][0], cs[name][1]
			var keep, never Script
			if n <= 330 {
				keep = check(t, rowsOf(have), want, Options{})
				never = check(t, rowsOf(have), want, Options{Mode: Never})
			} else {
				keep = Make(rowsOf(have), want, Options{})
				never = Make(rowsOf(have), want, Options{Mode: Never})
			}
			t.Logf("n=%d %s: always %d (proven %v), never %d, losing %d", n, name, len(keep.Edits), keep.Proven, len(never.Edits), never.DatesLost)
			if len(never.Edits) > len(keep.Edits) || len(never.Edits) > ReplaceCost(len(want)) {
				t.Errorf("n=%d %s: never takes %d, always %d, a replace %d", n, name, len(never.Edits), len(keep.Edits), ReplaceCost(len(want)))
			}
			most := len(want)
			switch name {
			case "shuffled", "riffled", "halves":
				p := newInput(rowsOf(have), want, Options{}.limits())
				tokens := make([]int, n)
				for i := range tokens {
					tokens[i] = i
				}
				bound := p.contract(tokens, p.byContext(tokens).place).bound(p.o)
				if most = bound + bound/50; name == "halves" {
					most = bound + bound/50 + 2
				}
			case "reversed":
				most = n/2 + 1 // the optimum (Eriksson and others, 2001)
			case "turned":
				most = n/2 + 6
			case "blocks":
				most = n/10 + n/500
			case "gathered":
				top := 0
				for i, u := range want {
					if top = i; i > 0 && u < want[i-1] {
						break
					}
				}
				if len(never.Edits) > 2*batches(top, MaxURIs) {
					t.Errorf("n=%d: never gathers %d rows by %d requests", n, top, len(never.Edits))
				}
			}
			if len(keep.Edits) > most {
				t.Errorf("n=%d %s: %d requests, should be at most %d", n, name, len(keep.Edits), most)
			}
		}
	}
}
