package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// longtest is what the package is called where it is imported.
const longtest = "longtest"

// testedPackage is a folder with tests that have a long form.
type testedPackage struct {
	dir   string // with slashes, below the top folder
	tests []string
}

// find looks through all test files below root.
func find(root string) ([]testedPackage, error) {
	mentioned := make(map[string]map[string]names) // by folder, then by what is declared there
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_") || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(rel)
		if mentioned[dir] == nil {
			mentioned[dir] = make(map[string]names)
		}
		for name, uses := range declared(file) {
			if mentioned[dir][name] == nil {
				mentioned[dir][name] = make(names)
			}
			maps.Copy(mentioned[dir][name], uses) // two methods of one name count as one
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var found []testedPackage
	for _, dir := range slices.Sorted(maps.Keys(mentioned)) {
		if tests := longIn(mentioned[dir]); len(tests) > 0 {
			found = append(found, testedPackage{dir: dir, tests: tests})
		}
	}
	return found, nil
}

// names is a set of names.
type names map[string]bool

// declared are the functions, methods and variables of a file, and the names that each mentions.
func declared(file *ast.File) map[string]names {
	all := make(map[string]names)
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			all[d.Name.Name] = mentions(d)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					for _, name := range v.Names {
						all[name.Name] = mentions(v)
					}
				}
			}
		}
	}
	return all
}

// mentions are the names that stand in a piece of source.
func mentions(source ast.Node) names {
	found := make(names)
	ast.Inspect(source, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			found[id.Name] = true
		}
		return true
	})
	return found
}

// longIn are the tests among what a package declares that mention package longtest, or something that does. A name too many
// costs time, and one too few would cost tests: therefore a local variable that is called as a function is, counts.
func longIn(declared map[string]names) []string {
	long := names{longtest: true}
	for grew := true; grew; {
		grew = false
		for name, uses := range declared {
			if long[name] {
				continue
			}
			for used := range uses {
				if long[used] && used != name {
					long[name], grew = true, true
					break
				}
			}
		}
	}
	var tests []string
	for name := range long {
		if strings.HasPrefix(name, "Test") {
			tests = append(tests, name)
		}
	}
	slices.Sort(tests)
	return tests
}
