package edit

import (
	"slices"
	"syscall"
	"testing"
	"time"
)

func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(0, &u)
	return time.Duration(u.Utime.Nano())
}

func TestBig(t *testing.T) {
	if !long {
		t.Skip()
	}
	r := rng(3)
	l := tracks(r, 10000, 0)
	w := slices.Clone(l)
	r.Shuffle(len(w), func(i, j int) { w[i], w[j] = w[j], w[i] })
	run := func(name string, l, w []string) {}
	_ = run
	st := cpu()
	s := Make(rowsOf(l), w, Options{})
	t.Log("shuffle", len(s.Edits), s.Proven, cpu()-st)
	w = slices.Clone(l)
	slices.Reverse(w)
	st = cpu()
	s = Make(rowsOf(l), w, Options{})
	t.Log("reverse", len(s.Edits), s.Proven, cpu()-st)
	for i := range l {
		l[i] = track(r.IntN(5))
	}
	w = slices.Clone(l)
	r.Shuffle(len(w), func(i, j int) { w[i], w[j] = w[j], w[i] })
	st = cpu()
	s = Make(rowsOf(l), w, Options{})
	t.Log("five", len(s.Edits), s.Proven, cpu()-st)
}
