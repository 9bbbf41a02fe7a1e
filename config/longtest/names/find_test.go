package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFind: a test is found whether it calls the package itself, by a function, by a method or by a variable, and in a file of
// its own package or another one.
func TestFind(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"a/one_test.go": `package a
func TestItself(t *testing.T) { longtest.Only(t, "") }
func TestByFunction(t *testing.T) { helper() }
func TestByMethod(t *testing.T) { new(world).begin() }
func TestByVariable(t *testing.T) { print(seeds) }
func TestShort(t *testing.T) { print("longtest") }
`,
		"a/two_test.go":            "package a\nfunc helper() { deeper() }\nfunc deeper() { longtest.All() }\nvar seeds = longtest.Few(1, 2)\nfunc (w *world) begin() { helper() }\n",
		"b/c/x_test.go":            "package c_test\nfunc TestX(t *testing.T) { t.Run(\"\", func(t *testing.T) { longtest.OneIn(t, 1, 2) }) }\n",
		"d/d.go":                   "package d\nfunc TestNone() { longtest.All() }\n",
		"e/testdata/e_test.go":     "package e\nfunc TestNone() { longtest.All() }\n",
		"f/f_test.go":              "package f\nfunc TestNone() { helper() }\n",
		".ignored/ignored_test.go": "package f\nfunc TestNone() { longtest.All() }\n",
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	found, err := find(root)
	if err != nil {
		t.Fatal(err)
	}
	want := []testedPackage{
		{"a", []string{"TestByFunction", "TestByMethod", "TestByVariable", "TestItself"}},
		{"b/c", []string{"TestX"}},
	}
	if d := cmp.Diff(want, found, cmp.AllowUnexported(testedPackage{})); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestFindHere: the tests of this module that call the package are found.
func TestFindHere(t *testing.T) {
	found, err := find(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(found, func(p testedPackage) bool { return p.dir == "reconcile/run" })
	if i < 0 || !slices.Contains(found[i].tests, "TestEveryRequestMayGoWrong") {
		t.Errorf("not among them: %v", found)
	}
}
