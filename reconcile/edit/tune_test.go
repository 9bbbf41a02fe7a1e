package edit

import (
	"testing"
	"time"
)

func TestTune(t *testing.T) {
	if !long {
		t.Skip()
	}
	for _, c := range []struct{ n, k, cases int }{{30, 50, 100}, {100, 20, 400}, {100, 50, 60}, {100, 1000, 20}, {1000, 20, 200}, {1000, 50, 60}, {300, 300, 10}} {
		r := rng(uint64(c.n*1000 + c.k))
		var excess, proven, over int
		var total, slowest time.Duration
		for range c.cases {
			have := tracks(r, c.n, 0)
			want, m := edited(r, have, c.k, "m")
			p := newProblem(rowsOf(have), want, Options{}.limits())
			var tokens []int
			for i := range have {
				tokens = append(tokens, i)
			}
			j := p.contract(tokens, p.pair(tokens).place)
			l := j.layout()
			s := newSorter(len(l), sortWork)
			s.g.read(l, len(l))
			b := s.g.bound()
			start := time.Now()
			moves, _ := s.sort(l)
			d := time.Since(start)
			total += d
			slowest = max(slowest, d)
			excess += len(moves) - b
			if len(moves) == b {
				proven++
			}
			if len(moves) > m {
				over++
			}
		}
		t.Logf("n=%d k=%d: excess %.3f, at bound %.0f %%, over %d, %v mean %v max", c.n, c.k, float64(excess)/float64(c.cases), 100*float64(proven)/float64(c.cases), over, total/time.Duration(c.cases), slowest)
	}
}
