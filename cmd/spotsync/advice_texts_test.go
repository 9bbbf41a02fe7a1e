package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"html"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// advice is a text that people read.
type advice struct {
	where string // file:line
	file  string // from the top of the repository
	text  string
	doc   bool // a document, not something that spotsync writes
}

// shellQuoters are the functions whose result is one word to a shell.
var shellQuoters = []string{"ShellQuote", "shellQuote", "loginFlag", "LoginFlag", "loginCommand"}

// goAdvice are the texts in the Go files of a folder: literals, joined where + joins them, constants in their place, and
// format verbs as values.
func goAdvice(t *testing.T, dir string) []advice {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(repository, dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	files := make(map[string]*ast.File)
	constants := make(map[string]ast.Expr)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files[path] = file
		ast.Inspect(file, func(n ast.Node) bool {
			if d, ok := n.(*ast.GenDecl); ok && d.Tok == token.CONST {
				for _, s := range d.Specs {
					if spec, ok := s.(*ast.ValueSpec); ok {
						for i, v := range spec.Values {
							constants[spec.Names[i].Name] = v
						}
					}
				}
			}
			return true
		})
	}
	var all []advice
	for path, file := range files {
		rel, err := filepath.Rel(repository, path)
		if err != nil {
			t.Fatal(err)
		}
		rel = filepath.ToSlash(rel)
		add := func(at ast.Node, text string) {
			if strings.Contains(text, "\x00") { // for a hash, not for people
				return
			}
			if strings.Contains(text, " ") || strings.HasPrefix(text, "--") {
				all = append(all, advice{where: fmt.Sprintf("%s:%d", rel, fset.Position(at.Pos()).Line), file: rel, text: text})
			}
		}
		done := make(map[ast.Node]bool)
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec:
				return false
			case *ast.Field:
				if n.Tag != nil {
					done[n.Tag] = true
				}
			case *ast.CallExpr: // a format and its values, wherever the format stands among the arguments
				for i, arg := range n.Args {
					if text, ok := textOf(arg, constants, 0); ok && strings.Contains(text, "%") {
						add(arg, formatted(text, n.Args[i+1:]))
						mark(arg, done)
						break
					}
				}
			case ast.Expr:
				if done[n] {
					return false
				}
				if _, isIdent := n.(*ast.Ident); isIdent {
					return false
				}
				if text, ok := textOf(n, constants, 0); ok {
					add(n, text)
					mark(n, done)
				}
			}
			return true
		})
	}
	return all
}

// mark takes an expression and all in it as read.
func mark(n ast.Node, done map[ast.Node]bool) {
	ast.Inspect(n, func(in ast.Node) bool {
		if in != nil {
			if _, call := in.(*ast.CallExpr); call { // what is called in the middle has texts of its own
				return false
			}
			done[in] = true
		}
		return true
	})
}

// textOf is the text of an expression that is one, or begins, or ends with one.
func textOf(e ast.Expr, constants map[string]ast.Expr, depth int) (string, bool) {
	if depth > 20 {
		return "", false
	}
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			v := constant.MakeFromLiteral(e.Value, e.Kind, 0)
			return constant.StringVal(v), true
		}
	case *ast.ParenExpr:
		return textOf(e.X, constants, depth+1)
	case *ast.Ident:
		if c := constants[e.Name]; c != nil {
			return textOf(c, constants, depth+1)
		}
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "", false
		}
		x, isX := textOf(e.X, constants, depth+1)
		y, isY := textOf(e.Y, constants, depth+1)
		if !isX && !isY {
			return "", false
		}
		if !isX {
			x = valueOf(e.X)
		}
		if !isY {
			y = valueOf(e.Y)
		}
		return x + y, true
	}
	return "", false
}

// valueOf is what stands for an expression in a text.
func valueOf(e ast.Expr) string {
	if call, ok := e.(*ast.CallExpr); ok {
		name := ""
		switch f := call.Fun.(type) {
		case *ast.Ident:
			name = f.Name
		case *ast.SelectorExpr:
			name = f.Sel.Name
		}
		if slices.Contains(shellQuoters, name) {
			return quotedValue
		}
	}
	return value
}

var verb = regexp.MustCompile(`%[-+# 0]*(\[\d+\])?(\*|\d+)?(\.\d+)?[a-zA-Z%]`)

// formatted is a format with values for its verbs.
func formatted(format string, args []ast.Expr) string {
	next := 0
	return verb.ReplaceAllStringFunc(format, func(v string) string {
		if strings.HasSuffix(v, "%") {
			return "%"
		}
		out := value
		if next < len(args) {
			out = valueOf(args[next])
		}
		next++
		if strings.HasSuffix(v, "q") {
			return `"` + out + `"`
		}
		return out
	})
}

// adviceFiles are the texts that are files of their own.
func adviceFiles(t *testing.T) []advice {
	t.Helper()
	var all []advice
	add := func(pattern string, doc bool, edit func(string) string) {
		paths, err := filepath.Glob(filepath.Join(repository, pattern))
		if err != nil {
			t.Fatal(err)
		}
		if len(paths) == 0 {
			t.Errorf("no file is called %s", pattern)
		}
		for _, path := range paths {
			rel, err := filepath.Rel(repository, path)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, advice{where: rel, file: filepath.ToSlash(rel), text: edit(readDoc(t, rel)), doc: doc})
		}
	}
	as := func(s string) string { return s }
	tags := regexp.MustCompile(`(?s)<style.*?</style>|</?(span|strong|time)[^>]*>`)
	others := regexp.MustCompile(`<[^>]*>`)
	page := func(s string) string {
		s = strings.ReplaceAll(tags.ReplaceAllString(s, ""), "<code>", "`")
		s = others.ReplaceAllString(strings.ReplaceAll(s, "</code>", "`"), "\n")
		return html.UnescapeString(regexp.MustCompile(`\{\{[^}]*\}\}`).ReplaceAllString(s, value))
	}
	add("cmd/spotsync/internal/statuspage/page/*.html", false, page)
	add("cmd/spotsync/topics/*.txt", false, as)
	add("README.md", true, as)
	add("CHANGELOG.md", true, as)
	add("docs/*.md", true, as)
	add("docs/*.schema.json", true, as)
	for _, root := range []string{"deploy", "examples"} {
		err := filepath.WalkDir(filepath.Join(repository, root), func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			rel, err := filepath.Rel(repository, path)
			if err == nil {
				all = append(all, advice{where: rel, file: filepath.ToSlash(rel), text: strings.ReplaceAll(readDoc(t, rel), "spotsync\n", "spotsync;\n"), doc: true})
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// everyAdvice are all texts, but for what a folder of tests holds.
func everyAdvice(t *testing.T) []advice {
	t.Helper()
	all := adviceFiles(t)
	err := filepath.WalkDir(repository, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		if name := e.Name(); path != repository && (strings.HasPrefix(name, ".") || name == "testdata") {
			return fs.SkipDir
		}
		rel, err := filepath.Rel(repository, path)
		if err == nil {
			all = append(all, goAdvice(t, rel)...)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b advice) int { return strings.Compare(a.where, b.where) })
	return all
}

// grammarNames are the attributes and blocks that the source of config lets a file have.
var grammarNames = readGrammar()

type grammarSource struct {
	attrs, blocks map[string]bool
	lists         map[string]int // how many lists were found, by what they are called
}

// readGrammar finds the lists by their names in the source: a grammar's attrs and blocks, and topLevel.
func readGrammar() grammarSource {
	g := grammarSource{attrs: make(map[string]bool), blocks: make(map[string]bool), lists: make(map[string]int)}
	paths, err := filepath.Glob(filepath.Join(repository, "config", "*.go"))
	if err != nil {
		panic(err)
	}
	take := func(kind string, e ast.Expr) {
		list, ok := e.(*ast.CompositeLit)
		if !ok {
			return
		}
		g.lists[kind]++
		into := g.attrs
		if kind != "attrs" {
			into = g.blocks
		}
		for _, x := range list.Elts {
			if lit, ok := x.(*ast.BasicLit); ok {
				if s, err := strconv.Unquote(lit.Value); err == nil {
					into[s] = true
				}
			}
		}
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			panic(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && (key.Name == "attrs" || key.Name == "blocks") {
					take(key.Name, n.Value)
				}
			case *ast.ValueSpec:
				if n.Names[0].Name == "topLevel" && len(n.Values) == 1 {
					take("topLevel", n.Values[0])
				}
			}
			return true
		})
	}
	return g
}

// The lists above are where they are looked for, and hold what they must.
func TestGrammarIsFound(t *testing.T) {
	for _, name := range []string{"tracks", "for_each", "prevent_destroy", "max_removals", "client_id", "redirect_uri", "validation", "required_version", "error_message", "to", "from", "destroy", "self_heal"} {
		if !grammarNames.attrs[name] && !grammarNames.blocks[name] {
			t.Errorf("%s is not among what the source of config was found to take", name)
		}
	}
	for kind, least := range map[string]int{"attrs": 10, "blocks": 3, "topLevel": 1} {
		if grammarNames.lists[kind] < least {
			t.Errorf("found %d lists called %s in the source of config, and there are %d or more", grammarNames.lists[kind], kind, least)
		}
	}
}
