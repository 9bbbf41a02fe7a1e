package edit

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"github.com/spotsync/spotsync/config/longtest"
)

// moved are all lists that one move makes of l.
func moved(l string) []string {
	var out []string
	for i := range l {
		for j := i + 1; j < len(l); j++ {
			for k := j + 1; k <= len(l); k++ {
				out = append(out, l[:i]+l[j:k]+l[i:j]+l[k:])
			}
		}
	}
	return out
}

// distances are, for each list that inserts of up to limit rows and moves turn into want, the fewest that do.
// It is a breadth-first search backwards from want: undoing an insert removes a stretch.
func distances(want string, limit int) map[string]int {
	dist := map[string]int{want: 0}
	for queue := []string{want}; len(queue) > 0; queue = queue[1:] {
		l := queue[0]
		before := moved(l)
		for i := range l {
			for j := i + 1; j <= len(l) && j-i <= limit; j++ {
				before = append(before, l[:i]+l[j:])
			}
		}
		for _, b := range before {
			if _, ok := dist[b]; !ok {
				dist[b] = dist[l] + 1
				queue = append(queue, b)
			}
		}
	}
	return dist
}

// optimum is the fewest requests that turn have into want, given the distances from it. In Always exactly the rows
// are removed that have to be; in Never any set of symbols may be as well. Removing first, and nothing that was
// inserted, is no restriction: see the package comment, and TestOptimum.
func optimum(have, want string, dist map[string]int, mode Mode, limit int) int {
	h, w := map[rune]int{}, map[rune]int{}
	for _, c := range have {
		h[c]++
	}
	for _, c := range want {
		w[c]++
	}
	if have == want {
		return 0
	}
	symbols := slices.Sorted(maps.Keys(h))
	best := 1 << 30
	for set := range 1 << len(symbols) {
		drop, n, ok, kept := map[rune]bool{}, 0, true, false
		for i, c := range symbols {
			if drop[c] = set>>i&1 == 1; drop[c] {
				n++
			}
			ok = ok && (drop[c] || w[c] >= h[c]) && !(drop[c] && w[c] >= h[c] && mode != Never)
			kept = kept || !drop[c]
		}
		if !ok {
			continue
		}
		var rest []rune
		for _, c := range have {
			if !drop[c] {
				rest = append(rest, c)
			}
		}
		best = min(best, batches(n, limit)+dist[string(rest)])
		if mode == Never || !kept {
			best = min(best, max(1, batches(len(want), limit)))
		}
	}
	return best
}

// permutations calls f with each order of n letters.
func permutations(n int, f func(string)) {
	p := make([]byte, 0, n)
	var rec func(used int)
	rec = func(used int) {
		if len(p) == n {
			f(string(p))
		}
		for c := range n {
			if used>>c&1 == 0 {
				p = append(p, byte('a'+c))
				rec(used | 1<<c)
				p = p[:len(p)-1]
			}
		}
	}
	rec(0)
}

// words calls f with each word of at most n of the first k letters.
func words(n, k int, f func(string)) {
	var rec func(w string)
	rec = func(w string) {
		f(w)
		if len(w) < n {
			for c := range k {
				rec(w + string(rune('a'+c)))
			}
		}
	}
	rec("")
}

// tally counts by how much scripts miss the optimum.
type tally struct {
	cases, proven int
	over          map[int]int
	worst         string
}

func (y *tally) add(t *testing.T, s Script, best int, what string) {
	t.Helper()
	y.cases++
	over := len(s.Edits) - best
	if over < 0 {
		t.Fatalf("%s: %d requests, fewer than the optimum of %d: %+v", what, len(s.Edits), best, s.Edits)
	}
	if s.Proven {
		y.proven++
		if over > 0 {
			t.Fatalf("%s: %d requests said to be proven, the optimum is %d", what, len(s.Edits), best)
		}
	}
	if over > 0 {
		if y.over == nil {
			y.over = map[int]int{}
		}
		if y.over[over]++; over >= slices.Max(slices.Collect(maps.Keys(y.over))) {
			y.worst = what
		}
	}
}

// hold fails if more than share of the cases missed the optimum, or one by more than 1, or fewer than proven were.
func (y *tally) hold(t *testing.T, name string, share, proven float64) {
	t.Helper()
	t.Logf("%s: %s", name, y)
	over := 0
	for by, n := range y.over {
		over += n
		if by > 1 {
			t.Errorf("%s: %d over the optimum: %s", name, by, y)
		}
	}
	if float64(y.proven) < proven*float64(y.cases) {
		t.Errorf("%s: fewer than %g %% proven: %s", name, 100*proven, y)
	}
	if y.cases == 0 || float64(over) > share*float64(y.cases) {
		t.Errorf("%s: more than %g %% over the optimum: %s", name, 100*share, y)
	}
}

func (y *tally) String() string {
	return fmt.Sprintf("%d cases, %.2f %% proven, over by %v, such as %s", y.cases, 100*float64(y.proven)/float64(y.cases), y.over, y.worst)
}

func TestPermutations(t *testing.T) {
	for n := 1; n <= longtest.Few(7, 8); n++ {
		want := "abcdefgh"[:n]
		dist := map[string]int{want: 0}
		for queue := []string{want}; len(queue) > 0; queue = queue[1:] {
			for _, b := range moved(queue[0]) {
				if _, ok := dist[b]; !ok {
					dist[b] = dist[queue[0]] + 1
					queue = append(queue, b)
				}
			}
		}
		var y tally
		permutations(n, func(have string) {
			var s Script
			if n < 7 {
				s = check(t, list(have), uris(list(want)), Options{})
			} else {
				s = Make(list(have), uris(list(want)), Options{})
			}
			y.add(t, s, dist[have], have+" → "+want)
		})
		y.hold(t, fmt.Sprintf("%d blocks", n), 0, 1)
	}
}

// normal reports whether the letters of a word appear for the first time in alphabetical order.
func normal(w string) bool {
	next := 'a'
	for _, c := range w {
		if c > next {
			return false
		}
		if c == next {
			next++
		}
	}
	return true
}

func TestSmallLists(t *testing.T) {
	for _, c := range []struct {
		n, k, limit int
		mode        Mode
		share       float64 // of cases that may miss the optimum
		proven      float64 // of cases that must be known to be optimal
		every       int     // so many wanted lists, one is tried; not 1 where even that takes long
	}{
		{4, 4, 100, Always, 0, 1, 1},
		{4, 4, 2, Always, 0, 0.95, 1},
		{4, 4, 1, Always, 0, 0.95, 1},
		{4, 4, 100, Never, 0, 1, 1},
		{4, 4, 2, Never, 0, 0.95, 1},
		{4, 4, 1, Never, 0, 0.85, 1},
		{5, 5, 100, Always, 0, 0.99, 4},
		{5, 5, 2, Always, 0, 0.9, 4},
		{5, 5, 2, Never, 0.005, 0.85, 4},
	} {
		if c.every > 1 && !longtest.All() {
			continue
		}
		var y tally
		wanted := 0
		words(c.n, c.k, func(want string) {
			if wanted++; wanted%c.every != 0 {
				return
			}
			dist := distances(want, c.limit)
			words(c.n, c.k, func(have string) {
				if normal(have) {
					s := Make(list(have), uris(list(want)), Options{Mode: c.mode, MaxURIs: c.limit})
					y.add(t, s, optimum(have, want, dist, c.mode, c.limit), fmt.Sprintf("%s → %s", have, want))
				}
			})
		})
		y.hold(t, fmt.Sprintf("≤%d over %d, batches of %d, %s", c.n, c.k, c.limit, c.mode), c.share, c.proven)
	}
}

// Parts of lists with many copies, in every order: which copy becomes which is most of the work.
func TestParts(t *testing.T) {
	wants := []string{"abcabc", "aabbcc", "abcddd", "abababa", "aaabbbc"}
	if longtest.All() {
		wants = append(wants, "abcdabcd", "aabbccdd", "abcabcab", "aaaabcde", "abcddefg")
	}
	for _, want := range wants {
		for _, limit := range []int{100, 2} {
			var y tally
			dist := distances(want, limit)
			for _, have := range slices.Sorted(maps.Keys(dist)) {
				s := Make(list(have), uris(list(want)), Options{MaxURIs: limit})
				y.add(t, s, dist[have], fmt.Sprintf("%s → %s", have, want))
			}
			y.hold(t, fmt.Sprintf("%s, batches of %d", want, limit), 0, 0.85)
		}
	}
}

// The optimum that these tests compare with is one: a search over every order of every request, through lists a row
// longer than need be, finds nothing shorter. In Always it may remove anything at any time but what keeps its dates.
func TestOptimum(t *testing.T) {
	n, k := longtest.Few(3, 4), 3
	letters := "abc"[:k]
	var all []string
	words(n+1, k, func(w string) { all = append(all, w) })
	for _, limit := range []int{100, 2} {
		var inserts []string
		words(min(n+1, limit), k, func(w string) {
			if w != "" {
				inserts = append(inserts, w)
			}
		})
		after := map[string][]string{} // by list: what one request makes of it, but for removes and replaces
		for _, l := range all {
			after[l] = moved(l)
			for i := 0; i <= len(l); i++ {
				for _, ins := range inserts {
					if len(l)+len(ins) <= n+1 {
						after[l] = append(after[l], l[:i]+ins+l[i:])
					}
				}
			}
		}
		search := func(have, want string, removable string, replace bool) int {
			dist := map[string]int{have: 0}
			for queue := []string{have}; len(queue) > 0; queue = queue[1:] {
				l := queue[0]
				if l == want {
					return dist[l]
				}
				next := after[l]
				for set := 1; set < 1<<len(removable); set++ {
					if bits.OnesCount(uint(set)) <= limit {
						next = append(next[:len(next):len(next)], strings.Map(func(c rune) rune {
							if i := strings.IndexRune(removable, c); i >= 0 && set>>i&1 == 1 {
								return -1
							}
							return c
						}, l))
					}
				}
				if replace {
					next = append(append(next[:len(next):len(next)], inserts...), "")
				}
				for _, m := range next {
					if _, ok := dist[m]; !ok {
						dist[m] = dist[l] + 1
						queue = append(queue, m)
					}
				}
			}
			return -1
		}
		words(n, k, func(want string) {
			dist := distances(want, limit)
			words(n, k, func(have string) {
				if !normal(have) {
					return
				}
				for _, mode := range []Mode{Always, Never} {
					removable, kept := letters, false
					if mode == Always {
						removable = ""
						for _, c := range letters {
							if h, w := strings.Count(have, string(c)), strings.Count(want, string(c)); h == 0 || w < h {
								removable += string(c)
							} else {
								kept = true
							}
						}
					}
					if got, best := optimum(have, want, dist, mode, limit), search(have, want, removable, !kept); got != best {
						t.Fatalf("%s → %s, batches of %d, %s: optimum says %d, a search over everything %d", have, want, limit, mode, got, best)
					}
				}
			})
		})
	}
}
