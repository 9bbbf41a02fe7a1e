// Package longtest decides how many cases a test runs. There are three tiers:
//
//   - go test ./... is what people run while they work. It takes at most three minutes on two cores: all tests that are quick,
//     and of each large table or random test a few cases, at least one of every kind.
//   - go test -short -race ./... looks for data races. It leaves out what has no goroutines to race and takes over a second.
//     A test asks [testing.Short] for that, and says why it skips.
//   - SPOTSYNC_LONG_TESTS=1 go test ./... runs all cases of everything. .ci/run does so for the tests that call this package,
//     which the program in config/longtest/names finds, so that no list has to be kept.
//
// Cases are chosen by their place in a table and random numbers by a fixed seed: a tier does the same work in each run.
package longtest

import (
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// variable is what asks for all cases. Go's test cache knows that results depend on it.
const variable = "SPOTSYNC_LONG_TESTS"

// All reports whether tests are to run all their cases.
func All() bool { return os.Getenv(variable) != "" }

// Only skips a test outside the long tier: one that can't be made small. The reason should say which test holds the same with
// less.
func Only(t testing.TB, reason string) {
	t.Helper()
	if !All() {
		t.Skipf("only with %s=1: %s", variable, reason)
	}
}

// OneIn skips all cases of a table but the first and every n-th after it, outside the long tier. The index counts the cases
// from 0. Where they are of several kinds it is chosen so that every kind keeps at least one.
func OneIn(t testing.TB, n, index int) {
	t.Helper()
	if !All() && index%n != 0 {
		t.Skipf("one in %d, all with %s=1", n, variable)
	}
}

// Spread is OneIn for the cases of one kind, of which there are count: at least one runs, and which of them differs from kind
// to kind. A kind is all subtests whose names are the same but for the last part.
func Spread(t testing.TB, n, index, count int) {
	t.Helper()
	kind := fnv.New32a()
	io.WriteString(kind, path.Dir(t.Name()))
	n = min(n, count)
	OneIn(t, n, index+int(kind.Sum32()%uint32(n)))
}

// Few is how many cases to run, or how large they are: few, or all in the long tier.
func Few(few, all int) int {
	if All() {
		return all
	}
	return few
}

// shorter is by what rapid divides the number of cases with -short.
const shorter = 5

// Check is [rapid.Check] with few cases, or all in the long tier, and with a fixed seed. The command line has the last word:
// -rapid.checks, -rapid.seed. Not for tests that run in parallel with others of the kind.
func Check(t *testing.T, few, all int, property func(*rapid.T)) {
	t.Helper()
	given, cases := onCommandLine(), Few(few, all)
	if testing.Short() {
		cases = max(cases, shorter) // of which rapid runs one
	}
	for name, value := range map[string]int{"rapid.checks": cases, "rapid.seed": 1} {
		if given[name] {
			continue
		}
		if err := flag.Set(name, fmt.Sprint(value)); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, property)
}

// onCommandLine are the flags that were given, before Check set any.
var onCommandLine = sync.OnceValue(func() map[string]bool {
	given := make(map[string]bool)
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	return given
})
