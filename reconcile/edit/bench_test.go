package edit

import (
	"testing"

	"github.com/spotsync/spotsync/spotify"
)

func BenchmarkMake(b *testing.B) {
	run := func(name string, have, want []spotify.URI, o Options) {
		b.Run(name, func(b *testing.B) {
			rows := rowsOf(have)
			b.ReportAllocs()
			requests := 0
			for b.Loop() {
				requests = len(Make(rows, want, o).Edits)
			}
			b.ReportMetric(float64(requests), "requests")
		})
	}
	for _, c := range []struct {
		name    string
		n, k    int
		repeats float64
		kinds   string
	}{
		{"300/same", 300, 0, 0, "m"},
		{"300/one", 300, 1, 0, "mir"},
		{"300/edits=10", 300, 10, 0, "mir"},
		{"10000/same", 10000, 0, 0, "m"},
		{"10000/one", 10000, 1, 0, "mir"},
		{"10000/moves=50", 10000, 50, 0, "m"},
		{"10000/edits=50", 10000, 50, 0, "mir"},
		{"10000/edits=50,repeats", 10000, 50, .1, "mir"},
		{"30/edits=20,repeats", 30, 20, .1, "mir"},
		{"100/edits=50,repeats", 100, 50, .1, "mir"},
	} {
		r := rng(1)
		have := tracks(r, c.n, c.repeats)
		want, _ := edited(r, have, c.k, c.kinds)
		run(c.name, have, want, Options{})
	}
	cs := changes(rng(10000), 10000)
	for _, name := range []string{"shuffled", "reversed", "riffled", "mixed", "gathered", "few"} {
		run("10000/"+name, cs[name][0], cs[name][1], Options{})
	}
	for _, name := range []string{"shuffled", "gathered", "few"} {
		run("10000/"+name+",never", cs[name][0], cs[name][1], Options{Mode: Never})
	}
	// The slowest that were found: few different tracks.
	r := rng(2)
	two, alternate, sorted := make([]spotify.URI, 10000), make([]spotify.URI, 10000), make([]spotify.URI, 10000)
	for i := range two {
		two[i], alternate[i], sorted[i] = track(r.IntN(2)), track(i%2), track(i/5000)
	}
	run("10000/two,grown", two[:5000], two, Options{})
	run("10000/sorted", alternate, sorted, Options{})
	run("10000/alternating", sorted, alternate, Options{})
}

func BenchmarkApply(b *testing.B) {
	c := changes(rng(10000), 10000)["shuffled"]
	rows := rowsOf(c[0])
	edits := Make(rows, c[1], Options{}).Edits
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Apply(rows, edits, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
