package spotify

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Every route that is written anywhere in this package, and every one the sandbox serves, belongs to a group that people can
// be told of.
func TestEveryRouteHasItsGroup(t *testing.T) {
	routes := map[string]bool{}
	for _, dir := range []string{".", "sandbox"} {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if name := f.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
				parsed, err := parser.ParseFile(token.NewFileSet(), dir+"/"+name, nil, 0)
				if err != nil {
					t.Fatal(err)
				}
				ast.Inspect(parsed, func(n ast.Node) bool {
					switch n := n.(type) {
					case *ast.KeyValueExpr: // request{route: "/me"}
						if key, ok := n.Key.(*ast.Ident); ok && key.Name == "route" {
							routes["GET "+text(n.Value)] = true
						}
					case *ast.CompositeLit: // {"GET", "/me", …} of the sandbox's table
						if len(n.Elts) == 4 && strings.HasPrefix(text(n.Elts[1]), "/") {
							routes[text(n.Elts[0])+" "+text(n.Elts[1])] = true
						}
					}
					return true
				})
			}
		}
	}
	if len(routes) < 25 {
		t.Fatalf("found %d routes", len(routes))
	}
	used := map[Group]bool{}
	for r := range routes {
		method, route, _ := strings.Cut(r, " ")
		switch route {
		case "/playlists/{id}": // and a part of it
			for _, part := range []string{"/items", "/images"} {
				if _, ok := groupOf(method, route+part); !ok {
					t.Error(route + part)
				}
			}
		case "/me/top/{type}":
			route = "/me/top/tracks"
		case "/{kind}s/{id}": // see text
			for _, k := range []Kind{KindTrack, KindEpisode, KindAlbum, KindArtist, KindShow} {
				if _, ok := groupOf(method, "/"+string(k)+"s/{id}"); !ok {
					t.Errorf("no group for looking up a %s", k)
				}
			}
			continue
		case "":
			continue // a variable: those of onLibrary, named where it is called, and in the sandbox's table
		}
		g, ok := groupOf(method, route)
		if !ok || !slices.Contains(Groups(), g) {
			t.Errorf("%s has no group", r)
		}
		used[g] = true
	}
	said := map[string]bool{Group("").Doing(): true}
	for _, g := range Groups() {
		if !used[g] {
			t.Errorf("no route is of group %s", g)
		}
		if said[g.Doing()] {
			t.Errorf("nothing is said of group %s, or the same as of another", g)
		}
		said[g.Doing()] = true
	}
}

// text is the value of a string in source; joined strings have {kind} where a variable is.
func text(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, _ := strconv.Unquote(e.Value)
		return s
	case *ast.BinaryExpr:
		left, right := text(e.X), text(e.Y)
		if left == "/playlists/{id}" {
			return left
		}
		if right == "" {
			right = "{kind}"
		}
		return left + right
	}
	return ""
}
