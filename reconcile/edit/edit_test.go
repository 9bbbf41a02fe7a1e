package edit

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/spotsync/spotsync/config/longtest"
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
		if i+1 < len(have) && have[i+1].Opaque && w[r.URI] >= h[r.URI] {
			report("row %d is gone, though an opaque one follows it", i+1)
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

func TestMake(t *testing.T) {
	for _, c := range []struct {
		name, have, want string
		o                Options
		edits            string // as show writes them
		lost             int
	}{
		{"nothing", "", "", Options{}, "", 0},
		{"same", "abca", "abca", Options{}, "", 0},
		{"same but for opaque rows", ".a..b.", "ab", Options{}, "", 0},
		{"fill", "", "abc", Options{}, "insert abc at 0", 0},
		{"fill in batches", "", "abcde", Options{MaxURIs: 2}, "insert ab at 0, insert cd at 2, insert e at 4", 0},
		{"append", "ab", "abcd", Options{}, "insert cd at 2", 0},
		{"prepend", "ab", "cab", Options{}, "insert c at 0", 0},
		{"a second copy", "abc", "abcb", Options{}, "insert b at 3", 0},
		{"remove", "abcd", "ad", Options{}, "remove bc", 0},
		{"remove in batches, each URI once", "abcbcd", "a", Options{MaxURIs: 2}, "remove bc, remove d", 0},
		{"empty", "abc", "", Options{MaxURIs: 2}, "replace ", 0},
		{"empty, opaque rows stay", "a.bc", "", Options{MaxURIs: 2}, "remove ab, remove c", 0},
		{"nothing in common", "abc", "xyz", Options{MaxURIs: 2}, "replace xy, insert z at 2", 0},
		{"nothing in common, few rows", "a", "x", Options{}, "replace x", 0},
		{"nothing in common, opaque rows stay", "a.", "x", Options{}, "remove a, insert x at 1", 0},
		{"drop one copy of two", "abac", "abc", Options{}, "remove a, insert a at 0", 1},
		{"drop one copy of three", "abacad", "abcad", Options{MaxURIs: 2}, "remove a, insert a at 0, insert a at 3", 2},
		{"drop every copy", "abac", "bc", Options{}, "remove a", 0},
		{"move one to the end", "abcde", "acdeb", Options{}, "move 1+1 before 5", 0},
		{"move a block as one, the shorter way", "abcdefgh", "acdefgbh", Options{}, "move 1+1 before 7", 0},
		{"two blocks", "abcdefgh", "fabdecgh", Options{}, "move 2+1 before 5, move 5+1 before 0", 0},
		{"reversed: one move more than half the rows", "abcdef", "fedcba", Options{}, "move 1+2 before 6, move 0+2 before 5, move 0+1 before 2, move 2+2 before 6", 0},
		{"remove, insert, move", "abcde", "dxabe", Options{}, "remove c, insert x at 3, move 0+2 before 4", 0},
		{"two groups, one insert", "xyz", "yaxbz", Options{}, "insert ab at 2, move 0+1 before 3", 0},
		{"opaque rows follow", "a.bcd", "bcda", Options{}, "move 0+2 before 5", 0},
		{"leading opaque rows stay", ".abc", "cab", Options{}, "move 3+1 before 1", 0},
		{"an opaque row whose predecessor goes", "ab.c", "ca", Options{}, "remove b, move 2+1 before 0", 0},
		{"new rows come behind opaque ones", "a.b", "axb", Options{}, "insert x at 2", 0},
		{"never: one replace", "abcdef", "fedcba", Options{Mode: Never}, "replace fedcba", 6},
		{"never: one move is as good", "abcdef", "fabcde", Options{Mode: Never}, "move 5+1 before 0", 0},
		{"never: opaque rows forbid a replace", "abc.", "cab", Options{Mode: Never}, "move 0+2 before 4", 0},
		{"never: remove and insert again", "abcdefgh.ij", "bdfhijaceg", Options{Mode: Never}, "remove aceg, insert aceg at 7", 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := check(t, list(c.have), uris(list(c.want)), c.o)
			if got := show(s.Edits); got != c.edits || s.DatesLost != c.lost {
				t.Errorf("%s → %s: %s, %d dates lost, want %s, %d", c.have, c.want, got, s.DatesLost, c.edits, c.lost)
			}
		})
	}
}

// show writes edits short.
func show(edits []Edit) string {
	var parts []string
	for _, e := range edits {
		var w string
		for _, u := range e.URIs {
			w += strings.TrimPrefix(string(u), "spotify:track:")
		}
		switch e.Kind {
		case Insert:
			parts = append(parts, fmt.Sprintf("insert %s at %d", w, e.At))
		case Move:
			parts = append(parts, fmt.Sprintf("move %d+%d before %d", e.Start, e.N, e.Before))
		default:
			parts = append(parts, fmt.Sprintf("%s %s", e.Kind, w))
		}
	}
	return strings.Join(parts, ", ")
}

func TestReplaceAll(t *testing.T) {
	for _, c := range []struct{ have, want, edits string }{
		{"ab.a", "bac", "replace ba, insert c at 2"},
		{".", "", "replace "},
		{"", "a", "replace a"},
	} {
		o := Options{MaxURIs: 2}
		have, want := list(c.have), uris(list(c.want))
		s := ReplaceAll(have, want, o)
		got, err := Apply(have, s.Edits, o)
		if err != nil || !slices.Equal(got, s.Final) || word(got) != c.want || show(s.Edits) != c.edits {
			t.Errorf("%s → %s: %s, %v, %s", c.have, c.want, show(s.Edits), err, word(got))
		}
	}
	if s := ReplaceAll(list("aabc"), uris(list("abd")), Options{}); s.DatesLost != 2 {
		t.Errorf("%d dates lost, want 2", s.DatesLost)
	}
	for n, want := range map[int]int{0: 1, 1: 1, 100: 1, 101: 2, 10000: 100} {
		if got := ReplaceCost(n); got != want {
			t.Errorf("ReplaceCost(%d) = %d, want %d", n, got, want)
		}
	}
}

// Episodes are rows like any other, and a full playlist never grows beyond what it may hold on the way.
func TestMakeFull(t *testing.T) {
	want := make([]spotify.URI, MaxItems)
	for i := range want {
		want[i] = spotify.URI(fmt.Sprintf("spotify:episode:%022d", i))
	}
	have := rowsOf(want)
	want[0], want[5000], want[9999] = "spotify:track:new", "spotify:track:newer", want[0]
	s := check(t, have, want, Options{})
	if len(s.Edits) != 4 || !s.Proven {
		t.Errorf("%d requests, proven %v: %s", len(s.Edits), s.Proven, show(s.Edits))
	}
	if _, err := Apply(append(have, Row{}), s.Edits, Options{}); err == nil {
		t.Error("a list of more rows was accepted")
	}
}

// Every script of random lists does what it promises, with small limits too, and twice the same.
func TestMakeRandom(t *testing.T) {
	longtest.Check(t, 100, 1000, func(t *rapid.T) {
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

// The same for many short lists of few tracks, where everything meets.
func TestMakeShort(t *testing.T) {
	r := rng(1)
	for range longtest.Few(5_000, 60_000) {
		letters := "abcdefgh"[:1+r.IntN(8)] + "...."[:r.IntN(3)]
		draw := func(n int) string {
			var w strings.Builder
			for range r.IntN(n + 1) {
				w.WriteByte(letters[r.IntN(len(letters))])
			}
			return w.String()
		}
		o := Options{Mode: []Mode{Always, Never}[r.IntN(2)], MaxURIs: []int{1, 2, 3, 100}[r.IntN(4)]}
		check(t, list(draw(12)), uris(list(draw(12))), o)
	}
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
		s := check(t, list(have), uris(list(want)), o)
		if o.Mode == Never {
			noWorse(t, list(have), uris(list(want)), o, s)
		}
	})
}

// rng is a generator of its own for each test.
func rng(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x5907)) }
