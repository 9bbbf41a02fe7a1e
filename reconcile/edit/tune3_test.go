package edit

import "testing"

func TestDup(t *testing.T) {
	if !long {
		t.Skip()
	}
	for _, c := range []struct{ n, k int }{{30, 20}, {30, 50}, {100, 50}} {
		r := rng(uint64(c.n*1000 + c.k))
		st := cpu()
		for range 60 {
			have := tracks(r, c.n, 0.1)
			want, _ := edited(r, have, c.k, "mir")
			s0 := cpu()
			s := Make(rowsOf(have), want, Options{})
			if d := cpu() - s0; d > 200e6 {
				t.Log(d, len(s.Edits))
			}
		}
		t.Log(c.n, c.k, (cpu()-st)/60)
	}
}
