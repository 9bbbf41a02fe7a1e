package edit

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

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
	requests, gone := 0, map[spotify.URI]bool{}
	fresh := 1_000_000
	for range k {
		switch kinds[r.IntN(len(kinds))] {
		case 'm':
			c := []int{r.IntN(len(l) + 1), r.IntN(len(l) + 1), r.IntN(len(l) + 1)}
			slices.Sort(c)
			if c[0] == c[1] || c[1] == c[2] {
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

func TestEditsReport(t *testing.T) {
	if !long {
		t.Skip()
	}
	for _, n := range []int{30, 100, 1000, 10000} {
		for _, kinds := range []string{"m", "mir", "mir2"} {
			for _, k := range []int{3, 5, 10, 20, 50} {
				r := rng(uint64(n*1000 + k))
				cases := map[int]int{30: 200, 100: 100, 1000: 50, 10000: 5}[n]
				rep := 0.0
				kk := kinds
				if kinds == "mir2" {
					rep, kk = 0.1, "mir"
				}
				sum, made, over, worst, proven := 0, 0, 0, 0, 0
				var slowest, total time.Duration
				for range cases {
					have := tracks(r, n, rep)
					want, m := edited(r, have, k, kk)
					start := time.Now()
					s := Make(rowsOf(have), want, Options{})
					d := time.Since(start)
					slowest, total = max(slowest, d), total+d
					sum += len(s.Edits)
					made += m
					if len(s.Edits) > m {
						over++
						worst = max(worst, len(s.Edits)-m)
					}
					if s.Proven {
						proven++
					}
				}
				t.Logf("n=%5d %-4s k=%2d: made by %.2f, found %.2f, over %d (worst %d), proven %d %%, %v mean, %v max", n, kinds, k,
					float64(made)/float64(cases), float64(sum)/float64(cases), over, worst, 100*proven/cases, total/time.Duration(cases), slowest)
			}
		}
	}
}

func TestChangesReport(t *testing.T) {
	if !long {
		t.Skip()
	}
	r := rng(3)
	shuffled := func(l []spotify.URI) []spotify.URI {
		l = slices.Clone(l)
		r.Shuffle(len(l), func(i, j int) { l[i], l[j] = l[j], l[i] })
		return l
	}
	reversed := func(l []spotify.URI) []spotify.URI {
		l = slices.Clone(l)
		slices.Reverse(l)
		return l
	}
	for _, n := range []int{20, 30, 50, 100, 300, 1000, 10000} {
		l := tracks(r, n, 0)
		few := make([]spotify.URI, n)
		for i := range few {
			few[i] = track(r.IntN(5))
		}
		var riffled []spotify.URI
		for i := range n {
			riffled = append(riffled, l[i/2+i%2*((n+1)/2)])
		}
		blocks, _ := edited(r, l, n/10, "m")
		var top, rest []spotify.URI
		for i, u := range l {
			if r.IntN(30) == 0 {
				top = append(top, u)
			} else {
				rest = append(rest, l[i])
			}
		}
		top = append(top, rest...)
		for _, c := range []struct {
			name       string
			have, want []spotify.URI
		}{{"shuffle", l, shuffled(l)}, {"reverse", l, reversed(l)}, {"riffle", l, riffled}, {"n/10 moves", l, blocks}, {"gather", l, top}, {"five", few, shuffled(few)}} {
			for _, m := range []Mode{Always, Never} {
				start := time.Now()
				s := Make(rowsOf(c.have), c.want, Options{Mode: m})
				t.Logf("n=%5d %-10s %-6s: %d requests, %d dates lost, proven %v, %v", n, c.name, m, len(s.Edits), s.DatesLost, s.Proven, time.Since(start))
			}
		}
	}
}
