package config

import (
	"context"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/files"
	"github.com/spotsync/spotsync/config/functions"
	"github.com/spotsync/spotsync/config/longtest"
	"github.com/spotsync/spotsync/config/meter"
	"github.com/spotsync/spotsync/config/scan"
	"github.com/spotsync/spotsync/config/tracklist"
)

// manySongs is a table of n songs as a file of Exportify's has them.
func manySongs(n int) string {
	var csv strings.Builder
	csv.WriteString("Track URI,Track Name,Artist Name(s)\n")
	for i := range n {
		fmt.Fprintf(&csv, "spotify:track:%022d,Song %d,Artist %d\n", i, i, i%100)
	}
	return csv.String()
}

// rules is a configuration with many playlists, each of which goes through a whole table.
func rules(count int, tracks string) diag.Files {
	var src strings.Builder
	src.WriteString("locals { a = tracks_file(\"x.csv\") }\n")
	for i := range count {
		fmt.Fprintf(&src, "playlist \"p%d\" {\n  name   = \"Rule %d\"\n  tracks = %s\n}\n", i, i, strings.ReplaceAll(tracks, "#", fmt.Sprint(i)))
	}
	return diag.Files{"a.hcl": []byte(src.String())}
}

// ofThisSize are configurations that have to pass, and not to take long.
var ofThisSize = []struct {
	name         string
	rules, songs int
	tracks       string
}{
	{"60 rules over 5,000 songs", 60, 5_000, `[for t in local.a : t if t.artist != "Artist #"]`},
	{"100 rules over 20,000 songs", 100, 20_000, `take([for t in local.a : t if t.artist != "Artist #" && !startswith(t.title, "Live") && t.title != null], 5000)`},
	{"100 rules over 20,000 songs, by functions", 100, 20_000, `take(shuffle([for t in local.a : t if t.artist == "Artist #"], #), 50)`},
}

func TestRulesOfThisSize(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	for i, test := range ofThisSize {
		t.Run(test.name, func(t *testing.T) {
			longtest.OneIn(t, 2, i)
			d, diags := evaluate(t, rules(test.rules, test.tracks), Inputs{Files: memory{"x.csv": manySongs(test.songs)}})
			if d == nil {
				t.Fatal(diags)
			}
		})
	}
}

func BenchmarkRules(b *testing.B) {
	for _, test := range ofThisSize {
		b.Run(test.name, func(b *testing.B) {
			m, diags := Parse(rules(test.rules, test.tracks))
			if diags.HasErrors() {
				b.Fatal(diags)
			}
			in := Inputs{Files: memory{"x.csv": manySongs(test.songs)}}
			for b.Loop() {
				if _, diags := m.Evaluate(b.Context(), in); diags.HasErrors() {
					b.Fatal(diags)
				}
			}
		})
	}
}

// stopsAfter is a context that is cancelled when it has been looked at so many times.
type stopsAfter struct {
	context.Context
	looks int
}

func (s *stopsAfter) Err() error {
	if s.looks--; s.looks < 0 {
		return context.Canceled
	}
	return nil
}

// endless are expressions that take hours if nothing ends them. local.a is a list of 4,000 songs, local.n one of 1,000
// numbers, local.s a long text.
var endless = map[string]string{
	"the condition of a loop":    `[for t in local.a : t if !contains([for x in local.a : x.uri if x.uri != t.uri && length([for y in local.a : y if y.title == x.title]) > 0], t.uri)]`,
	"conditions in conditions":   `[for a in local.n : a if length([for b in local.n : b if length([for c in local.n : c if length([for d in local.n : d if d > c]) > 0]) > 0]) > 0]`,
	"the value of a loop":        `[for a in local.n : [for b in local.n : [for c in local.n : [for d in local.n : a]]]]`,
	"the key of a loop":          `{ for a in local.n : length([for b in local.n : [for c in local.n : [for d in local.n : a]]]) => a }`,
	"a loop that groups":         `{ for a in local.n : "x" => [for b in local.n : [for c in local.n : [for d in local.n : a]]]... }`,
	"a splat":                    `[for a in local.n : [for b in local.n : [for c in local.n : local.a[*].uri]]]`,
	"a splat in a splat":         `[[for a in local.n : [for b in local.n : local.a]]][*][*][*][*].uri`,
	"operators":                  `[for a in local.n : [for b in local.n : [for c in local.n : a + b * c == -a || b > c]]]`,
	"lists that are compared":    `[for a in local.n : [for b in local.n : local.a == concat(local.a, [])]]`,
	"a conditional":              `[for a in local.n : [for b in local.n : [for c in local.n : a > b ? local.a : [b]]]]`,
	"an index":                   `[for a in local.n : [for b in local.n : [for c in local.n : local.a[c].uri]]]`,
	"a template":                 `[for a in local.n : [for b in local.n : [for c in local.n : "${a} and ${b}"]]]`,
	"a loop in a template":       `"%{for a in local.n}%{for b in local.n}%{for c in local.n}${a}%{endfor}%{endfor}%{endfor}"`,
	"a long text":                `[for a in local.n : [for b in local.n : "${local.s}${local.s}"]]`,
	"a template in a file":       `[for a in local.n : [for b in local.n : templatefile("loop.tmpl", { n = local.n })]]`,
	"try":                        `[for a in local.n : [for b in local.n : try([for c in local.n : [for d in local.n : d.nothing]], [])]]`,
	"can":                        `[for a in local.n : can([for b in local.n : [for c in local.n : [for d in local.n : d]]])]`,
	"errors in each round":       `[for a in local.n : try([for b in local.n : try([for c in local.n : [for d in local.n : tonumber("x")]], [])], [])]`,
	"all arguments of a call":    `[for a in local.n : [for b in local.n : max(local.n...)]]`,
	"functions on lists":         `[for a in local.n : [for b in local.n : reverse(distinct(concat(local.a, local.a)))]]`,
	"functions on text":          `[for a in local.n : [for b in local.n : replace(upper(local.s), "/a+b+/", "c")]]`,
	"conversions":                `[for a in local.n : [for b in local.n : toset([for t in local.a : t.uri])]]`,
	"what is not known":          `[for a in local.n : [for b in local.n : [for c in local.n : [for d in local.n : playlist.q.id]]]]`,
	"functions that never match": `[for a in local.n : [for b in local.n : regexall("(a|b)*c{1,40}$", local.s)]]`,
}

func endlessFiles(expr string) (diag.Files, Inputs) {
	src := "locals {\n  a = tracks_file(\"x.csv\")\n  n = range(1000)\n  s = join(\"\", [for t in local.a : \"${t.title} and more text\"])\n}\n" +
		"playlist \"q\" { name = \"Q\" }\noutput \"o\" {\n  value = " + expr + "\n}\n"
	return diag.Files{"a.hcl": []byte(src)}, Inputs{Files: memory{"x.csv": manySongs(4000), "loop.tmpl": "%{for a in n}%{for b in n}${a}%{endfor}%{endfor}"}}
}

// Whatever an expression does, an interrupt ends it.
func TestInterruptedAnywhere(t *testing.T) {
	for name, expr := range endless {
		t.Run(name, func(t *testing.T) {
			files, in := endlessFiles(expr)
			m, diags := Parse(files)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			ctx := &stopsAfter{t.Context(), 20}
			if d, diags := m.Evaluate(ctx, in); d != nil || !strings.Contains(diags.Error(), "Interrupted") {
				t.Errorf("%.300v", diags)
			}
			if ctx.looks < -1 {
				t.Errorf("went on after the interrupt")
			}
			if ctx := (&stopsAfter{t.Context(), 20}); !strings.Contains(m.Validate(ctx, in).Error(), "Interrupted") {
				t.Error("validate does not end")
			}
		})
	}
}

// Without an interrupt the same expressions are refused by their line.
func TestTooMuchWork(t *testing.T) {
	for name, expr := range endless {
		t.Run(name, func(t *testing.T) {
			files, in := endlessFiles(expr)
			m, diags := Parse(files)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			ev := m.evaluation(t.Context(), in)
			ev.meter.Steps /= 200 // the whole takes a while
			ev.assignAll(false)
			ev.run()
			if diags = ev.finish(); len(diags) != 1 || diags[0].Summary != meter.TooMuchWork || diags[0].Subject.Start.Line != 8 {
				t.Errorf("%.300v", diags)
			}
		})
	}
}

// Every function has a price, and no price is left behind.
func TestPrices(t *testing.T) {
	have := slices.Sorted(maps.Keys(functions.New(nil, time.Time{}, nil)))
	if priced := slices.Sorted(maps.Keys(meter.Prices)); !slices.Equal(have, priced) {
		t.Errorf("functions %v\nprices %v", have, priced)
	}
	for name := range meter.Direct {
		if meter.Prices[name] == nil {
			t.Errorf("%s", name)
		}
	}
}

// TestLimitsInManual holds the manual to the limits as they are.
func TestLimitsInManual(t *testing.T) {
	data, err := os.ReadFile("../docs/language.md")
	if err != nil {
		t.Fatal(err)
	}
	_, manual, _ := strings.Cut(string(data), "\n## How much\n")
	manual, _, _ = strings.Cut(manual, "\n## ")
	manual = strings.Join(strings.Fields(manual), " ")
	for _, said := range []string{
		fmt.Sprintf("A file can have %d MiB, all files of a folder %d MiB", MaxFileBytes>>20, maxAllBytes>>20),
		fmt.Sprintf("nest up to %d deep, and a file holds up to %s words and signs", scan.MaxDepth, map[int]string{1_000_000: "a million"}[scan.MaxTokens]),
		fmt.Sprintf("%s of them without a comma", diag.Count(scan.MaxRow)),
		fmt.Sprintf("has up to %s lines", diag.Count(scan.MaxLines)),
		fmt.Sprintf("may take %d million steps and make %d million values", meter.MaxSteps/1_000_000, meter.MaxValues/1_000_000),
		fmt.Sprintf("may make %d million values and take %d million steps", meter.MaxMade/1_000_000, meter.MaxCall/1_000_000),
		fmt.Sprintf("or %d bytes of text read", meter.TextPerStep),
		fmt.Sprintf("%d bytes of new text are one", meter.TextPerValue),
		fmt.Sprintf("goes into a template has up to %d MiB, as does a file", min(meter.MaxText, files.MaxFile)>>20),
		fmt.Sprintf("A number has up to %s digits, and a regular expression %s bytes", diag.Count(meter.MaxDigits), diag.Count(meter.MaxPattern)),
		fmt.Sprintf("YAML and JSON nest up to %d deep", scan.MaxDepth),
		fmt.Sprintf("`tracks_file` reads %s", diag.Count(tracklist.MaxEntries)),
	} {
		if !strings.Contains(manual, said) {
			t.Errorf("the manual does not say %q", said)
		}
	}
	if meter.MaxText != files.MaxFile {
		t.Error("the manual tells of one limit for texts and files")
	}
}

// TestNumbersThatCannotBe: what go-cty panics over is an ordinary error, without a stack.
func TestNumbersThatCannotBe(t *testing.T) {
	for _, expr := range []string{`1e999999999 % 7`, `(1/0) % 3`, `(0 - 1/0) % 0.5`} {
		v, err := eval(t, memory{}, expr, nil)
		if err == nil || strings.Contains(err.Error(), "goroutine") || strings.Contains(err.Error(), "panic") {
			t.Errorf("%s is %v, error %v", expr, v, err)
		}
	}
}

// stepsOf is what evaluating an expression takes of the meter, with local.l a list of n texts and local.o one of n songs.
func stepsOf(t *testing.T, n int, expr string) int {
	t.Helper()
	src := "locals {\n  l = [for t in local.o : t.uri]\n  o = tracks_file(\"x.csv\")\n}\noutput \"o\" {\n  value = " + expr + "\n}\n"
	m, diags := Parse(diag.Files{"a.hcl": []byte(src)})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	ev := m.evaluation(t.Context(), Inputs{Files: memory{"x.csv": manySongs(n)}})
	before := ev.meter.Steps
	ev.assignAll(false)
	ev.run()
	if diags := ev.finish(); diags.HasErrors() {
		t.Fatalf("%s: %v", expr, diags)
	}
	return before - ev.meter.Steps
}

// try and can work each argument out once, however deep they stand in each other.
func TestTryOnce(t *testing.T) {
	base := stepsOf(t, 1, "0")
	inner := stepsOf(t, 1000, "length([for t in local.o : t.title])")
	for _, form := range []string{"try(#)", "can(#)", "try(local.l.x, #)", "try(#, 1)", "can(#) ? 1 : 2"} {
		expr := "length([for t in local.o : t.title])"
		for range 12 {
			expr = strings.ReplaceAll(form, "#", expr)
		}
		if steps := stepsOf(t, 1000, expr); steps > inner+2000-base {
			t.Errorf("%s: %d steps, and %d for what it tries", form, steps, inner)
		}
	}
}

// matchkeys takes a time that grows with the lists' length. What is compared is counted by a type that nothing else is of.
func TestMatchkeysOfManyKeys(t *testing.T) {
	var keys []cty.Value
	compared := 0
	counted := cty.CapsuleWithOps("counted", reflect.TypeFor[int](), &cty.CapsuleOps{
		RawEquals: func(a, b any) bool { compared++; return *a.(*int) == *b.(*int) },
		HashKey:   func(v any) string { return fmt.Sprint(*v.(*int)) },
	})
	for i := range 2000 {
		keys = append(keys, cty.CapsuleVal(counted, &i))
	}
	list := cty.TupleVal(keys)
	slices.Reverse(keys)
	v, err := functions.New(nil, time.Time{}, nil)["matchkeys"].Call([]cty.Value{list, list, cty.TupleVal(keys)})
	if err != nil || v.LengthInt() != 2000 || compared > 3*2000 {
		t.Errorf("%d of 2000 kept, %d comparisons, %v", v.LengthInt(), compared, err)
	}
}
