package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/longtest"
	"github.com/spotsync/spotsync/config/meter"
)

// bombs are expressions of a line that stand for more than fits into memory.
var bombs = []string{
	`setproduct(range(0, 1000), range(0, 1000), range(0, 100))`,
	`format("%1000000000d", 1)`,
	`format("%.1000000000f", 1)`,
	`format("%[1]100000000s%[1]100000000s", "x")`,
	`formatlist("%999999s", range(1000))`,
	`formatlist(s, range(1000))`,
	`indent(1000000000, "a\nb")`,
	`indent(1000, replace(s, "x", "\n"))`,
	`replace(s, "/./", s)`,
	`replace(s, "", "xxxxxxxxxxxxxxxxxxxx")`,
	`replace(s, "/(.*)/", "$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1$1")`,
	`join(s, range(1000))`,
	`flatten([for a in range(1000) : l])`,
	`[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : c]]]`,
	`merge([for a in range(100) : m]...)`,
	`zipmap(setproduct(range(1000), range(1000)), setproduct(range(1000), range(1000)))`,
	`"%{ for a in range(1000) }%{ for b in range(1000) }${s}%{ endfor }%{ endfor }"`,
	`"${s}${s}${s}${s}${s}${s}${s}${s}${s}${s}${s}${s}${s}${s}${s}${s}${s}${s}${s}${s}${s}${s}${s}${s}${s}${s}${s}${s}${s}"`,
	`regexall("(.)(.)(.)", s)`,
	`regexall(".", s)`,
	`split("", s)`,
	`regex("(a|b)*c{999}", s)`,
	`yamldecode(replace(s, "xx", "-\n"))`,
	`jsondecode("[${replace(s, "xx", "1,")}1]")`,
	`csvdecode("a\n${replace(s, "xx", "1\n")}")`,
	`chunklist(l, 1)`,
	`toset(flatten([l, l, l, [1]]))`,
	`distinct([for x in l : { a = [x] }])`,
	`jsonencode([for x in range(100) : s])`,
	`yamlencode([for x in range(100) : s])`,
}

// What stands for more than fits into memory is refused before it is made.
func TestBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	many := make([]cty.Value, 300_000)
	keys := map[string]cty.Value{}
	for i := range many {
		many[i] = cty.True
		keys[fmt.Sprint(i)] = cty.True
	}
	vars := map[string]cty.Value{"s": cty.StringVal(strings.Repeat("x", 6_000_000)), "l": cty.TupleVal(many), "m": cty.ObjectVal(keys)}
	for i, expr := range bombs {
		t.Run(expr, func(t *testing.T) {
			longtest.OneIn(t, 3, i)
			if _, err := eval(t, memory{}, expr, vars); err == nil || !strings.Contains(err.Error(), meter.TooMuchWork) {
				t.Errorf("error %.200v", err)
			}
		})
	}
}

// A file may hold what a decoder would need too much of, too.
func TestBombsInFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	for expr, text := range map[string]string{
		`csvdecode(file("f"))`:        manyOf("c#,", 1_000_000) + "\n" + strings.Repeat("1,", 1_000_000) + "\n",
		`[csvdecode(file("f"))]`:      "a\n" + strings.Repeat("1\n", 4_000_000),
		`jsondecode(file("f"))`:       "[" + strings.Repeat("[],", 1_000_000) + "[]]",
		`[jsondecode(file("f"))]`:     strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000),
		`[[jsondecode(file("f"))]]`:   `"` + strings.Repeat("x", 15_000_000) + `"`,
		`yamldecode(file("f"))`:       strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000),
		`[yamldecode(file("f"))]`:     strings.Repeat("- ", 100_000) + "a",
		`[[yamldecode(file("f"))]]`:   `a: "` + strings.Repeat("x", 15_000_000) + `"`,
		`[[[yamldecode(file("f"))]]]`: strings.Repeat("- !!str a\n", 1_000_000),
		`templatefile("f", {})`:       strings.Repeat("x${1}", 1_000_000),
		`[templatefile("f", {})]`:     strings.Repeat("${", 100_000),
	} {
		if _, err := eval(t, memory{"f": text}, expr, nil); err == nil || !strings.Contains(err.Error(), meter.TooMuchWork) && !strings.Contains(err.Error(), "nest") && !strings.Contains(err.Error(), "Nested") {
			t.Errorf("%s: error %.200v", expr, err)
		}
	}
}

// Local values each of which stands for the one before several times are refused by the line that goes too far.
func TestBombsInChains(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	for _, next := range []string{`"${#}${#}"`, `[#, #]`, `{ a = #, b = # }`, `concat(flatten([#]), flatten([#]))`, `join(#, [#, #])`, `format("%s%s", #, #)`,
		`replace(#, "/./", #)`, `[for x in [1, 2] : #]`, `jsonencode([#, #])`, `yamlencode([#, #])`, `true ? [#, #] : [#]`, `merge({ x = # }, { y = # })`, `toset([[#, #]])`,
		`"%{ for x in [1, 2] }${#}%{ endfor }"`, `base64encode("${#}${#}")`, `try([#, #], #)`} {
		src := "locals {\n  b0 = \"ab\"\n"
		for i := range 40 {
			src += fmt.Sprintf("  b%d = %s\n", i+1, strings.ReplaceAll(next, "#", fmt.Sprintf("local.b%d", i)))
		}
		m, diags := Parse(diag.Files{"a.hcl": []byte(src + "}\n")})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		ev := m.evaluation(t.Context(), Inputs{Files: memory{}})
		ev.meter.Values /= 10 // the whole takes a while
		ev.assignAll(false)
		ev.run()
		if diags = ev.finish(); len(diags) != 1 || diags[0].Summary != meter.TooMuchWork || diags[0].Subject.Start.Line < 4 {
			t.Errorf("%s: %.200v", next, diags)
		}
	}
}
