package longtest

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// ran are the indexes of the cases that are not skipped.
func ran(t *testing.T, kind string, count int, choose func(*testing.T, int)) (all []int) {
	t.Run(kind, func(t *testing.T) {
		for i := range count {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				choose(t, i)
				all = append(all, i)
			})
		}
	})
	return all
}

func TestOneIn(t *testing.T) {
	for long, want := range map[string]string{"": "[0 3 6]", "1": "[0 1 2 3 4 5 6]"} {
		t.Setenv(variable, long)
		if got := fmt.Sprint(ran(t, "cases", 7, func(t *testing.T, i int) { OneIn(t, 3, i) })); got != want {
			t.Errorf("%s=%s: %s, want %s", variable, long, got, want)
		}
	}
}

// TestSpread: every kind keeps a case, however few it has, and not always the first.
func TestSpread(t *testing.T) {
	t.Setenv(variable, "")
	first := make(map[int]bool)
	for kind := range 20 {
		for _, count := range []int{1, 3, 10} {
			got := ran(t, fmt.Sprint(kind, count), count, func(t *testing.T, i int) { Spread(t, 5, i, count) })
			if len(got) == 0 || len(got) > count/5+1 {
				t.Errorf("%d cases of %d", len(got), count)
			}
			first[got[0]] = true
		}
	}
	if len(first) != 5 {
		t.Errorf("the first case to run is always one of %v", first)
	}
	t.Setenv(variable, "1")
	if got := ran(t, "long", 10, func(t *testing.T, i int) { Spread(t, 5, i, 10) }); len(got) != 10 {
		t.Errorf("%v, want all", got)
	}
}

func TestOnly(t *testing.T) {
	for long, want := range map[string]string{"": "[]", "1": "[0]"} {
		t.Setenv(variable, long)
		if got := fmt.Sprint(ran(t, "test", 1, func(t *testing.T, _ int) { Only(t, "it is long") })); got != want {
			t.Errorf("%s=%s: %s, want %s", variable, long, got, want)
		}
	}
}

// TestCheck: a property gets the same values in each run.
func TestCheck(t *testing.T) {
	for long, want := range map[string]int{"": 3, "1": 7} {
		t.Setenv(variable, long)
		if testing.Short() {
			want = max(1, want/shorter)
		}
		var runs [2][]int
		for i := range runs {
			Check(t, 3, 7, func(t *rapid.T) { runs[i] = append(runs[i], rapid.Int().Draw(t, "value")) })
		}
		if fmt.Sprint(runs[0]) != fmt.Sprint(runs[1]) || len(runs[0]) != want {
			t.Errorf("%s=%s: %v, then %v; want %d, twice the same", variable, long, runs[0], runs[1], want)
		}
	}
}
