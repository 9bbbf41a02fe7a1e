package edit

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
)

// long says whether the tests that take minutes run too.
var long = os.Getenv("SPOTSYNC_LONG_TESTS") != ""

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

func (y *tally) String() string {
	return fmt.Sprintf("%d cases, %.2f %% proven, over by %v, such as %s", y.cases, 100*float64(y.proven)/float64(y.cases), y.over, y.worst)
}

func TestPermutations(t *testing.T) {
	most := 7
	if long {
		most = 8
	}
	for n := 1; n <= most; n++ {
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
		t.Logf("%d blocks: %s", n, &y)
		if len(y.over) > 0 {
			t.Errorf("%d blocks: %s", n, &y)
		}
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
		long        bool
	}{
		{4, 4, 100, Always, false},
		{4, 4, 2, Always, false},
		{4, 4, 1, Always, false},
		{4, 4, 100, Never, false},
		{4, 4, 2, Never, false},
		{4, 4, 1, Never, false},
		{5, 5, 100, Always, true},
		{5, 5, 2, Always, true},
		{5, 5, 2, Never, true},
	} {
		if c.long && !long {
			continue
		}
		var y tally
		words(c.n, c.k, func(want string) {
			dist := distances(want, c.limit)
			words(c.n, c.k, func(have string) {
				if normal(have) {
					s := Make(list(have), uris(list(want)), Options{Mode: c.mode, MaxURIs: c.limit})
					y.add(t, s, optimum(have, want, dist, c.mode, c.limit), fmt.Sprintf("%s → %s", have, want))
				}
			})
		})
		t.Logf("≤%d over %d, batches of %d, %s: %s", c.n, c.k, c.limit, c.mode, &y)
	}
}

// Parts of lists with many copies, in every order.
func TestParts(t *testing.T) {
	wants := []string{"abcabc", "aabbcc", "abcddd"}
	if long {
		wants = []string{"abcdabcd", "aabbccdd", "abcabcab", "aaaabcde", "abcddefg", "ababab", "abababa", "aaabbbc"}
	}
	for _, want := range wants {
		for _, limit := range []int{100, 2} {
			var y tally
			dist := distances(want, limit)
			for _, have := range slices.Sorted(maps.Keys(dist)) {
				s := Make(list(have), uris(list(want)), Options{MaxURIs: limit})
				y.add(t, s, dist[have], fmt.Sprintf("%s → %s", have, want))
			}
			t.Logf("%s, batches of %d: %s", want, limit, &y)
		}
	}
}
