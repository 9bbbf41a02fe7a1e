package config

import (
	"fmt"
	"strings"
	"testing"
)

// Functions on sets do the same for texts, where they are quick, as for numbers, where go-cty does it.
func TestSetsOfTexts(t *testing.T) {
	for _, name := range []string{"setunion", "setintersection", "setsubtract"} {
		for _, args := range []string{"[1]", "[1, 2, 2], [2, 3]", "[1, 2], [3]", "[1, 1], [1]", "[3, 1], [1, 2], [2, 3]", "[1, 2, 3], [2], [2, 3]", "[1], []", "[], [1]", "toset([1, 2]), [2]"} {
			numbers, err := eval(t, memory{}, fmt.Sprintf("%s(%s)", name, args), nil)
			if err != nil {
				if name != "setsubtract" || strings.Count(args, "[") == 2 {
					t.Errorf("%s(%s): %v", name, args, err)
				}
				continue // it takes two
			}
			quoted := strings.NewReplacer("1", `"1"`, "2", `"2"`, "3", `"3"`).Replace(args)
			texts, err := eval(t, memory{}, fmt.Sprintf("%s(%s)", name, quoted), nil)
			if err != nil || !texts.Type().IsSetType() || strings.ReplaceAll(show(t, texts), `"`, "") != show(t, numbers) {
				t.Errorf("%s(%s) is %#v, error %v; of numbers %s", name, quoted, texts, err, show(t, numbers))
			}
		}
	}
}

// A conditional between objects is what go-cty makes of them, however many attributes they have.
func TestConditionalBetweenObjects(t *testing.T) {
	for _, many := range []string{"{}", `{ for i in range(40) : "k${i}" => i }`} {
		v, err := eval(t, memory{}, fmt.Sprintf(`(true ? merge(%s, { a = 1 }) : { b = "x" }).a`, many), nil)
		if err != nil || show(t, v) != `"1"` {
			t.Errorf("%s: %#v, %v", many, v, err)
		}
	}
	if _, err := eval(t, memory{}, `true ? { for i in range(1020) : "k${i}" => [i] } : { b = "x" }`, nil); err == nil || !strings.Contains(err.Error(), "Inconsistent") {
		t.Error(err)
	}
}

// A list in a list is converted in a time that grows with its length too.
func TestNestedListsConverted(t *testing.T) {
	v, err := eval(t, memory{}, `transpose({ a = [for i in range(1000) : "k${i}"] })["k7"]`, nil)
	if err != nil || show(t, v) != `["a"]` {
		t.Errorf("%#v, %v", v, err)
	}
}

func TestJSONDecoded(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":[1,2.5,"x",null,true,{}],"a b":-1e2}`: `{"a":[1,2.5,"x",null,true,{}],"a b":-100}`,
		`[]`:                     `[]`,
		` "x" `:                  `"x"`,
		`12345678901234567890.5`: `12345678901234567890.5`,
		`{"a":1,"a":2}`:          `{"a":2}`,
	} {
		if v, err := eval(t, memory{"x.json": text}, `jsondecode(file("x.json"))`, nil); err != nil || show(t, v) != want {
			t.Errorf("%s is %#v, %v", text, v, err)
		}
	}
	for text, want := range map[string]string{"": "empty", "[1] 2": "more text", "[1": "unexpected EOF", "{a}": "invalid character", `["\ud8"]`: "invalid character"} {
		if _, err := eval(t, memory{"x.json": text}, `jsondecode(file("x.json"))`, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
