//go:build !race

package config

import (
	"maps"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/spotsync/spotsync/config/longtest"
	"github.com/spotsync/spotsync/config/meter"
)

// growing are expressions whose time may not grow by more than the length of what they are given: at least one for each
// function that takes something long. o is a list of songs, l of their URIs, n of numbers, b of true and nb of false, m an
// object of the songs by URI, s a text of all URIs, and csv, json and yaml are the songs written down.
var growing = map[string]string{
	"alltrue":                   `alltrue(b)`,
	"anytrue":                   `anytrue(nb)`,
	"base64decode":              `base64decode(base64encode(s))`,
	"base64encode":              `base64encode(s)`,
	"can":                       `can(o)`,
	"chomp":                     `chomp(s)`,
	"chunklist":                 `chunklist(o,2)`,
	"coalescelist":              `coalescelist(o,l)`,
	"compact":                   `compact(l)`,
	"concat":                    `concat(o,o)`,
	"concat of kinds":           `concat(o,l,n)`,
	"conditional":               `length(l)>1?l:concat(l,[1])`,
	"contains":                  `contains(o,{uri="x",title="",artist=""})`,
	"contains text":             `contains(l,"x")`,
	"csvdecode":                 `csvdecode(csv)`,
	"distinct":                  `distinct(o)`,
	"endswith":                  `endswith(s,"x")`,
	"equality":                  `o==l`,
	"flatten":                   `flatten([o,[o]])`,
	"format":                    `format("%s %s",s,s)`,
	"formatlist":                `formatlist("%s-%s",l,l)`,
	"indent":                    `indent(2,s)`,
	"index":                     `index(o,o[length(o)-1])`,
	"interleave":                `interleave(o,l)`,
	"join":                      `join(", ",l)`,
	"jsondecode":                `jsondecode(json)`,
	"jsonencode":                `jsonencode(o)`,
	"keys":                      `keys(m)`,
	"length":                    `length(s)`,
	"lower":                     `lower(s)`,
	"matchkeys":                 `matchkeys(o,l,l)`,
	"max":                       `max(n...)`,
	"md5":                       `md5(s)`,
	"merge":                     `merge(m,m)`,
	"min":                       `min(n...)`,
	"one":                       `one([o])`,
	"regex":                     `regex("[a-z:]+$|Z","${s}x")`,
	"regexall":                  `regexall("[a-z]+[0-9]",s)`,
	"replace":                   `replace(s,"/[a-z]+/","x$0")`,
	"replace by text":           `replace(s,"t","uu")`,
	"reverse":                   `reverse(o)`,
	"setintersection":           `setintersection(l,l)`,
	"setproduct":                `setproduct(l,[1,2])`,
	"setsubtract":               `setsubtract(l,l)`,
	"setunion":                  `setunion(l,l)`,
	"sha256":                    `sha256(s)`,
	"shuffle":                   `shuffle(o,1)`,
	"slice":                     `slice(o,1,length(o))`,
	"sort":                      `sort(l)`,
	"sort_by":                   `sort_by(o,"title")`,
	"splat":                     `o[*].uri`,
	"split":                     `split(":",s)`,
	"startswith":                `startswith(s,"x")`,
	"strcontains":               `strcontains(s,"xyz")`,
	"strrev":                    `strrev(s)`,
	"substr":                    `substr(s,5,-1)`,
	"sum":                       `sum(n)`,
	"take":                      `take(o,10000)`,
	"template":                  `"%{for t in l}${t}%{endfor}"`,
	"templatefile":              `templatefile("t.tmpl",{l=o})`,
	"templatefile of much text": `templatefile("long.tmpl",{})`,
	"title":                     `title(s)`,
	"tolist":                    `tolist([for t in o:t])`,
	"tomap":                     `tomap(m)`,
	"toset":                     `toset(o)`,
	"tostring":                  `tostring(s)`,
	"tracks_file":               `tracks_file("x.csv")`,
	"transpose":                 `transpose({for t in o:t.uri=>[t.title,t.artist]})`,
	"trim":                      `trim(s,"abcspotify:track0123456789\n")`,
	"trimprefix":                `trimprefix(s,"spot")`,
	"trimspace":                 `trimspace(s)`,
	"trimsuffix":                `trimsuffix(s,"x")`,
	"try":                       `try(o)`,
	"unique_by":                 `unique_by(o,"title")`,
	"upper":                     `upper(s)`,
	"urlencode":                 `urlencode(s)`,
	"values":                    `values(m)`,
	"yamldecode":                `yamldecode(yaml)`,
	"yamldecode of JSON":        `yamldecode(json)`,
	"yamlencode":                `yamlencode(o)`,
	"zipmap":                    `zipmap(l,o)`,
}

// short are the functions that take nothing long: numbers, a name, a date, or whatever stands at one place.
var short = strings.Fields("abs ceil coalesce element fileexists file floor formatdate log lookup parseint pow range signum timeadd timecmp timestamp tobool tonumber track within year")

// Every function is among the ones below.
func TestGrowingIsComplete(t *testing.T) {
	for name := range meter.Prices {
		called := func(expr string) bool { return strings.Contains(expr, name+"(") }
		if !slices.Contains(short, name) && !slices.ContainsFunc(slices.Collect(maps.Values(growing)), called) {
			t.Errorf("%s is not tried", name)
		}
	}
}

// ofSongs are variables with n songs.
func ofSongs(t *testing.T, n int) (map[string]cty.Value, memory) {
	t.Helper()
	files := memory{"x.csv": manySongs(n), "t.tmpl": "%{for t in l}${t.title}\n%{endfor}", "long.tmpl": strings.Repeat("words of a text ", 4*n) + "${1}"}
	vars := map[string]cty.Value{}
	for _, v := range [][2]string{
		{"o", `tracks_file("x.csv")`}, {"l", `[for t in o : t.uri]`}, {"n", `[for i, t in o : i]`}, {"b", `[for t in o : true]`},
		{"nb", `[for t in o : false]`}, {"m", `{ for t in o : t.uri => t }`}, {"s", `join("\n", l)`}, {"csv", `file("x.csv")`},
		{"json", `jsonencode(o)`},
	} {
		val, err := eval(t, files, v[1], vars)
		if err != nil {
			t.Fatal(err)
		}
		vars[v[0]] = val
	}
	yaml := regexp.MustCompile(`(?m)^.*:track:(\d+),(.*),(.*)$`).ReplaceAllString(strings.SplitN(files["x.csv"], "\n", 2)[1], "- uri: \"spotify:track:$1\"\n  title: $2\n  artist: $3")
	vars["yaml"] = cty.StringVal(yaml)
	return vars, files
}

// onlyThread is what Linux calls the time of one thread: what else runs on the computer is not in it.
const onlyThread = 1

func timeOf(do func()) time.Duration {
	var before, after syscall.Rusage
	runtime.GC()
	_ = syscall.Getrusage(onlyThread, &before)
	do()
	_ = syscall.Getrusage(onlyThread, &after)
	return time.Duration(after.Utime.Nano() - before.Utime.Nano())
}

// Four times as many songs take about four times as long, where a square would make it sixteen.
func TestGrowth(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	few, fewFiles := ofSongs(t, 2500)
	many, manyFiles := ofSongs(t, 10_000)
	fewest, _ := ofSongs(t, 1000)
	fewer, _ := ofSongs(t, 4000)
	for i, name := range slices.Sorted(maps.Keys(growing)) {
		t.Run(name, func(t *testing.T) {
			longtest.OneIn(t, 3, i)
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			small, large := time.Hour, time.Hour
			few, many := few, many
			if strings.Contains(name, "yaml") || name == "toset" { // more is refused
				few, many = fewest, fewer
			}
			for try := range 5 { // the least counts: whatever disturbs makes it more
				small = min(small, timeOf(func() { _, _ = eval(t, fewFiles, growing[name], few) }))
				large = min(large, timeOf(func() {
					if _, err := eval(t, manyFiles, growing[name], many); err != nil && try == 0 {
						t.Error(err)
					}
				}))
				if large < 10*small+30*time.Millisecond {
					break
				}
			}
			if large > 10*small+30*time.Millisecond {
				t.Errorf("%v, and %v for four times as many songs", small, large)
			}
		})
	}
}

// What a function may cost leaves room for lists of 20,000 songs, but for the few that docs/language.md names.
func TestListsOfThisSize(t *testing.T) {
	longtest.Only(t, "seconds, and TestGrowth has the same with fewer songs")
	vars, files := ofSongs(t, 20_000)
	var refused []string
	for _, name := range slices.Sorted(maps.Keys(growing)) {
		if _, err := eval(t, files, growing[name], vars); err != nil {
			refused = append(refused, name)
		}
	}
	if want := []string{"toset", "yamldecode of JSON", "yamlencode"}; !slices.Equal(refused, want) {
		t.Errorf("%q are refused, and %q should be", refused, want)
	}
	vars, files = ofSongs(t, 1000)
	for _, expr := range append(refused, `setunion(o, o)`, `setintersection(n, n)`, `setsubtract(o, o)`, `setproduct(toset(o), ["x"])`, `toset(o) == toset(o)`, `[for t in toset(o) : t]`) {
		if known, ok := growing[expr]; ok {
			expr = known
		}
		if _, err := eval(t, files, expr, vars); err != nil {
			t.Errorf("%s of 1,000 songs: %v", expr, err)
		}
	}
}
