package edit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/spotsync/spotsync/config/longtest"
	"github.com/spotsync/spotsync/spotify"
)

// Never takes no more requests than a replace where that is allowed, and no more than Always, whatever the lists are.
func TestNeverIsNoWorse(t *testing.T) {
	r := rng(3)
	for range longtest.Few(60, 300) {
		letters := "abcdefghijklmnopqrstuvwxyz"[:1+r.IntN(26)] + "..."[:r.IntN(4)]
		draw := func(n int) string {
			var w strings.Builder
			for range r.IntN(n + 1) {
				w.WriteByte(letters[r.IntN(len(letters))])
			}
			return w.String()
		}
		have, want := list(draw(20)), uris(list(draw(20)))
		if r.IntN(2) == 0 {
			want = uris(have)
			r.Shuffle(len(want), func(i, j int) { want[i], want[j] = want[j], want[i] })
		}
		o := Options{MaxURIs: []int{1, 2, 5, 100}[r.IntN(4)], Mode: Never}
		noWorse(t, have, want, o, Make(have, want, o))
	}
}

// noWorse holds a script of Never against Always and a replace.
func noWorse(t *testing.T, have []Row, want []spotify.URI, o Options, never Script) {
	t.Helper()
	o = o.limits()
	o.Mode = Always
	if always := Make(have, want, o); len(never.Edits) > len(always.Edits) {
		t.Errorf("%s → %v, %+v: never takes %d, always %d", word(have), want, o, len(never.Edits), len(always.Edits))
	}
	opaque := slices.ContainsFunc(have, func(r Row) bool { return r.Opaque })
	if replace := max(1, batches(len(want), o.MaxURIs)); len(never.Edits) > replace && !opaque {
		t.Errorf("%s → %v, %+v: never takes %d, a replace %d", word(have), want, o, len(never.Edits), replace)
	}
}

// Rows scattered over a list and wanted side by side are removed and inserted again, in as few batches as they fill.
func TestNeverGathers(t *testing.T) {
	gs := map[int][]int{1000: nil, 10000: {1, 2, 3, 50, 99, 100, 101, 150, 199, 200, 201, 250, 333, 1000}}
	for g := 1; g <= 250; g += longtest.Few(24, 6) {
		gs[1000] = append(gs[1000], g)
	}
	r := rng(4)
	for _, n := range slices.Sorted(maps.Keys(gs)) {
		for _, g := range gs[n] {
			l := tracks(r, n, 0)
			picked := make([]bool, n)
			for _, i := range r.Perm(n)[:g] {
				picked[i] = true
			}
			var rows, rest []spotify.URI
			for i, u := range l {
				if picked[i] {
					rows = append(rows, u)
				} else {
					rest = append(rest, u)
				}
			}
			if g%2 == 0 { // in any order
				r.Shuffle(g, func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
			}
			want := slices.Insert(slices.Clone(rest), []int{0, len(rest), r.IntN(len(rest) + 1)}[g%3], rows...)
			for _, opaque := range []bool{false, true} {
				have := rowsOf(l)
				if opaque {
					have = slices.Insert(have, slices.Index(l, rest[len(rest)/2])+1, Row{URI: "spotify:local:::x:1", Opaque: true})
				}
				if s := Make(have, want, Options{Mode: Never}); len(s.Edits) > 2*batches(g, MaxURIs) {
					t.Errorf("n=%d: %d rows gathered by %d requests, opaque rows: %v", n, g, len(s.Edits), opaque)
				}
			}
		}
	}
}

// What Never does best is neither to keep all nor to replace all, but to bring a stretch anew.
func TestNeverBringsStretchesAnew(t *testing.T) {
	r := rng(5)
	l := tracks(r, 3000, 0)
	shuffled := slices.Clone(l)
	r.Shuffle(200, func(i, j int) { i, j = i+1000, j+1000; shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	var mingled []spotify.URI // a new row behind each of fifty
	for i, u := range l {
		if mingled = append(mingled, u); i >= 1000 && i < 1050 {
			mingled = append(mingled, track(10_000+i))
		}
	}
	swapped := slices.Clone(shuffled)
	rotate(swapped, 2000)
	for _, c := range []struct {
		name string
		want []spotify.URI
		most int
	}{
		{"two hundred shuffled in place", shuffled, 4},
		{"new rows between fifty old ones", mingled, 2},
		{"two hundred shuffled, and a long stretch moved", swapped, 5},
	} {
		for _, opaque := range []bool{false, true} {
			have := rowsOf(l)
			if opaque {
				have = slices.Insert(have, 2500, Row{URI: "spotify:local:::x:1", Opaque: true})
			}
			if s := check(t, have, c.want, Options{Mode: Never}); len(s.Edits) > c.most {
				t.Errorf("%s, opaque rows %v: %d requests, should be %d", c.name, opaque, len(s.Edits), c.most)
			}
		}
	}
}

// Opaque rows change nothing about what is the fewest, but that they forbid to replace and to sacrifice.
func TestOpaqueOptimum(t *testing.T) {
	for _, c := range []struct {
		n, k, limit int
		mode        Mode
		share       float64
		every       int // so many wanted lists, one is tried; not 1 where even that takes long
	}{
		{4, 3, 100, Always, 0, 1},
		{4, 3, 2, Always, 0, 1},
		{4, 3, 100, Never, 0.005, 1},
		{4, 3, 2, Never, 0.005, 1},
		{5, 4, 100, Never, 0.005, 7},
		{5, 4, 3, Always, 0.005, 7},
		{5, 4, 2, Never, 0.005, 7},
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
			words(c.n, c.k, func(bare string) {
				if !normal(bare) {
					return
				}
				for at := range len(bare) + 1 {
					have := bare[:at] + "." + bare[at:]
					stuck := bare[max(0, at-1):at] // "" if the opaque row leads
					s := Make(list(have), uris(list(want)), Options{Mode: c.mode, MaxURIs: c.limit})
					y.add(t, s, opaqueOptimum(bare, want, stuck, dist, c.mode, c.limit), fmt.Sprintf("%s → %s", have, want))
				}
			})
		})
		y.hold(t, fmt.Sprintf("≤%d over %d and an opaque row, batches of %d, %s", c.n, c.k, c.limit, c.mode), c.share, 0.8)
	}
}

// opaqueOptimum is optimum for a list that also has an opaque row, behind a row stuck.
func opaqueOptimum(have, want, stuck string, dist map[string]int, mode Mode, limit int) int {
	if have == want {
		return 0
	}
	var forced, free []string
	for _, c := range slices.Compact(slices.Sorted(slices.Values(strings.Split(have, "")))) {
		switch {
		case strings.Count(want, c) < strings.Count(have, c):
			forced = append(forced, c)
		case mode == Never && c != stuck:
			free = append(free, c)
		}
	}
	best := 1 << 30
	for set := range 1 << len(free) {
		rest, gone := have, len(forced)
		for _, c := range forced {
			rest = strings.ReplaceAll(rest, c, "")
		}
		for i, c := range free {
			if set>>i&1 == 1 {
				rest, gone = strings.ReplaceAll(rest, c, ""), gone+1
			}
		}
		best = min(best, batches(gone, limit)+dist[rest])
	}
	return best
}

// A row that moves among copies of another is one move, whichever copies it passes.
func TestOneAmongCopies(t *testing.T) {
	for n := 2; n <= 12; n++ {
		at := func(i int) string { return strings.Repeat("a", i) + "b" + strings.Repeat("a", n-i-1) }
		for i := range n {
			for j := range n {
				if s := Make(list(at(i)), uris(list(at(j))), Options{}); i != j && len(s.Edits) != 1 {
					t.Errorf("%s → %s: %d requests", at(i), at(j), len(s.Edits))
				}
			}
		}
	}
}
