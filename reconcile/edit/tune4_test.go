package edit

import (
	"testing"
	"time"
)

func TestMix(t *testing.T) {
	if !long {
		t.Skip()
	}
	for _, c := range []struct {
		n, k, cases int
		rep         float64
	}{{30, 5, 3000, 0}, {30, 5, 3000, .1}, {100, 5, 2000, .1}, {30, 12, 200, .1}, {100, 12, 500, 0}, {100, 20, 300, 0}, {100, 20, 300, .1}, {1000, 50, 60, 0}, {1000, 50, 60, .1}} {
		r := rng(uint64(c.n*1000 + c.k))
		var over, worst, sum, made, proven int
		var total, slowest time.Duration
		for range c.cases {
			have := tracks(r, c.n, c.rep)
			want, m := edited(r, have, c.k, "mir")
			st := cpu()
			s := Make(rowsOf(have), want, Options{})
			d := cpu() - st
			total += d
			slowest = max(slowest, d)
			sum += len(s.Edits)
			made += m
			if s.Proven {
				proven++
			}
			if len(s.Edits) > m {
				over++
				worst = max(worst, len(s.Edits)-m)
			}
		}
		t.Logf("n=%d k=%d dups %v: ratio %.4f, over %d of %d (worst %d), proven %d %%, cpu %v mean %v max", c.n, c.k, c.rep, float64(sum)/float64(made), over, c.cases, worst, 100*proven/c.cases, total/time.Duration(c.cases), slowest)
	}
}
