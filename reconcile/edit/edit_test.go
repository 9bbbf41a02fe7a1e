package edit

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/spotsync/spotsync/spotify"
)

// list makes rows of a word: each letter is a track, '.' an opaque row.
func list(word string) []Row {
	var rows []Row
	for i, c := range word {
		if c == '.' {
			rows = append(rows, Row{URI: spotify.URI(fmt.Sprintf("spotify:local:::%d:1", i)), Opaque: true})
		} else {
			rows = append(rows, Row{URI: spotify.URI("spotify:track:" + string(c))})
		}
	}
	return rows
}

func uris(rows []Row) []spotify.URI {
	var out []spotify.URI
	for _, r := range rows {
		if !r.Opaque {
			out = append(out, r.URI)
		}
	}
	return out
}

// dated is a row that remembers which row of have it is, 0 if it is new.
type dated struct {
	Row
	id int
}

// check holds everything a script promises against a replay of it.
func check(t interface {
	Helper()
	Fatalf(string, ...any)
}, have []Row, want []spotify.URI, o Options) Script {
	t.Helper()
	s := Make(have, want, o)
	report := func(format string, args ...any) {
		t.Helper()
		t.Fatalf("%s\nhave %v\nwant %v\noptions %+v\nedits %+v", fmt.Sprintf(format, args...), have, want, o, s.Edits)
	}
	rows := make([]dated, len(have))
	for i, r := range have {
		rows[i] = dated{r, i + 1}
	}
	phase := 0
	for i, e := range s.Edits {
		var err error
		rows, err = replay(rows, e, o.limits(),
			func(r dated) spotify.URI { return r.URI },
			func(r dated) bool { return r.Opaque },
			func(u spotify.URI) dated { return dated{Row: Row{URI: u}} })
		if err != nil {
			report("edit %d: %v", i+1, err)
		}
		p := map[Kind]int{Replace: 0, Remove: 0, Insert: 1, Move: 2}[e.Kind]
		if p < phase {
			report("a %s comes too late", e.Kind)
		}
		phase = p
	}
	// The list is want, and what Final says.
	got := make([]Row, len(rows))
	for i, r := range rows {
		got[i] = r.Row
	}
	if d := cmp.Diff(s.Final, got); d != "" && len(got)+len(s.Final) > 0 {
		report("Final is not what a replay leaves (-Final +replay):\n%s", d)
	}
	if !slices.Equal(uris(got), want) {
		report("a replay leaves %v", got)
	}
	// Each opaque row follows the nearest row before it that stayed, or another opaque one.
	kept := map[int]bool{0: true}
	for _, r := range rows {
		kept[r.id] = kept[r.id] || r.id > 0
	}
	prev := 0
	for _, r := range rows {
		if r.Opaque {
			p := r.id - 1
			for !kept[p] {
				p--
			}
			if p != prev {
				report("opaque row %d follows %d, not %d", r.id, prev, p)
			}
		}
		prev = r.id
	}
	// Dates: in Always those that can be kept are.
	h, w := map[spotify.URI]int{}, map[spotify.URI]int{}
	for _, u := range uris(have) {
		h[u]++
	}
	for _, u := range want {
		w[u]++
	}
	lost := 0
	for i, r := range have {
		if kept[i+1] {
			continue
		}
		if r.Opaque {
			report("opaque row %d is gone", i+1)
		}
		if o.Mode != Never && w[r.URI] >= h[r.URI] {
			report("the date of row %d is lost", i+1)
		}
	}
	gone := map[spotify.URI]bool{}
	for i, r := range have {
		if !kept[i+1] && !gone[r.URI] {
			gone[r.URI] = true
			lost += min(h[r.URI], w[r.URI])
		}
	}
	if s.DatesLost != lost {
		report("DatesLost is %d, a replay loses %d", s.DatesLost, lost)
	}
	if again := Make(got, want, o); len(again.Edits) > 0 || !again.Proven || again.DatesLost != 0 {
		report("planned again: %+v", again)
	}
	return s
}

// Every script of random lists does what it promises, with small limits too, and twice the same.
func TestMakeRandom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		symbols := rapid.IntRange(1, 20).Draw(t, "symbols")
		letter := rapid.Custom(func(t *rapid.T) rune {
			return rune('A' + rapid.IntRange(0, symbols-1).Draw(t, "letter"))
		})
		opaque := rapid.Bool().Draw(t, "opaque")
		row := rapid.Custom(func(t *rapid.T) rune {
			if opaque && rapid.IntRange(0, 4).Draw(t, "dot") == 0 {
				return '.'
			}
			return letter.Draw(t, "row")
		})
		have := list(string(rapid.SliceOfN(row, 0, 25).Draw(t, "have")))
		want := uris(list(string(rapid.SliceOfN(letter, 0, 25).Draw(t, "want"))))
		if rapid.Bool().Draw(t, "permute") {
			want = rapid.Permutation(uris(have)).Draw(t, "want")
		}
		o := Options{
			Mode:    rapid.SampledFrom([]Mode{"", Always, Never}).Draw(t, "mode"),
			MaxURIs: rapid.SampledFrom([]int{0, 1, 2, 3}).Draw(t, "limit"),
		}
		keep, twice := slices.Clone(have), slices.Clone(want)
		s := check(t, have, want, o)
		if d := cmp.Diff(s, Make(have, want, o)); d != "" {
			t.Fatalf("made twice, differs: %s", d)
		}
		if !slices.Equal(have, keep) || !slices.Equal(want, twice) {
			t.Fatal("the input was changed")
		}
	})
}

func FuzzMake(f *testing.F) {
	f.Add("abcdef", "abXdfe", byte(0))
	f.Add("ab.cab", "aabbc", byte(1))
	f.Add(".", "", byte(2))
	f.Add("abcdefghij", "jihgfedcba", byte(4))
	f.Fuzz(func(t *testing.T, have, want string, how byte) {
		if len(have) > 300 || len(want) > 300 {
			t.Skip()
		}
		o := Options{Mode: Always}
		if how&1 != 0 {
			o.Mode = Never
		}
		o.MaxURIs = []int{0, 1, 2, 5}[how>>1&3]
		check(t, list(have), uris(list(want)), o)
	})
}

// rng is a generator of its own for each test.
func rng(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x5907)) }
