package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const modulePath = "github.com/spotsync/spotsync"

// room is what one package may import. Every package has a room here, and every room a package.
type room struct {
	ours      []string // packages of this module
	others    []string // of other modules; a name ending in /... stands for all below it
	never     []string // of the standard library
	clockless bool     // time is data here: the package may use the types of package time, and nothing that looks at a clock
	why       string   // said when the rule is broken
}

var (
	disk    = []string{"os", "os/exec", "os/signal", "os/user", "io/ioutil", "syscall"}
	network = []string{"net", "net/http", "net/rpc", "net/smtp", "net/textproto"}
)

// rooms are the walls of the program. Data flows one way: files, what is wanted, what is there, a plan, the doing of it.
// What decides touches neither disk nor network, so that it can be tested with values alone; what touches them is thin.
var rooms = map[string]room{
	"spotify": {
		others: []string{"golang.org/x/time/rate"},
		never:  disk,
		why:    "the client of the Web API knows Spotify and nothing of this program; what it keeps between runs is kept for it",
	},
	"spotify/sandbox": {
		ours:  []string{"spotify"},
		never: append([]string{"net/http/httptest"}, disk...),
		why:   "the sandbox is Spotify and not spotsync: it shares types with the client, and neither its code nor its mistakes",
	},
	"config/hostport": {
		never: slices.Concat(disk, []string{"net/http", "net/rpc", "net/smtp", "net/textproto"}),
		why:   "one rule for addresses, which files, flags and logins share, asks nobody",
	},
	"auth": {
		ours:   []string{"config/hostport"},
		others: []string{"golang.org/x/oauth2"},
		never:  []string{"os/exec", "os/signal"},
		why:    "logging in is told nothing about playlists, and meets the client in an *http.Client alone: no other code sees a token",
	},
	"config": {
		ours: []string{"config/diag", "config/files", "config/functions", "config/hostport", "config/meter", "spotify", "config/scan", "config/textfile", "config/tracklist"},
		others: []string{"github.com/hashicorp/hcl/v2/...", "github.com/zclconf/go-cty/...", "github.com/zclconf/go-cty-yaml",
			"github.com/hashicorp/go-version", "golang.org/x/sync/errgroup"},
		never: []string{"os/exec", "os/signal", "net/http"}, // net itself takes addresses apart
		why:   "evaluating a configuration asks Spotify only through the catalogue it is given, and reads files only through its os.Root",
	},
	"config/meter": {
		ours:   []string{"config/diag", "config/scan"},
		others: []string{"github.com/hashicorp/hcl/v2/...", "github.com/zclconf/go-cty/...", "github.com/zclconf/go-cty-yaml"},
		never:  slices.Concat(disk, network),
		why:    "what work costs depends on values alone",
	},
	"config/functions": {
		ours:   []string{"config/diag", "config/files", "config/meter", "config/scan", "config/textfile", "config/tracklist", "spotify"},
		others: []string{"github.com/hashicorp/hcl/v2/...", "github.com/zclconf/go-cty/...", "github.com/zclconf/go-cty-yaml"},
		never:  slices.Concat(disk, network),
		why:    "functions get values and give values; what some of them read is handed to them",
	},
	"config/files": {
		never: append([]string{"os/exec", "os/signal", "os/user"}, network...), // syscall has the errors of special files
		why:   "files are bytes here, whatever is in them",
	},
	"config/diag": {
		ours:   []string{"config/scan"},
		others: []string{"github.com/hashicorp/hcl/v2/...", "github.com/zclconf/go-cty/cty", "github.com/agext/levenshtein", "github.com/mitchellh/go-wordwrap", "github.com/rivo/uniseg"},
		never:  slices.Concat(disk, network),
		why:    "diagnostics are quoted from text that is handed over",
	},
	"config/textfile": {
		never: slices.Concat(disk, network),
		why:   "bytes become text here, whatever the text is about",
	},
	"config/scan": {
		never: slices.Concat(disk, network),
		why:   "source is looked over before anything knows what it means",
	},
	"config/lockfile": {
		ours:   []string{"spotify", "config/scan", "config/textfile"},
		others: []string{"github.com/hashicorp/hcl/v2/...", "github.com/zclconf/go-cty/...", "golang.org/x/text/unicode/norm"},
		never:  slices.Concat(disk, network),
		why:    "the lock file is text in and text out; who writes it to disk is somebody else's business",
	},
	"config/tracklist": {
		ours:  []string{"spotify", "config/textfile"},
		never: slices.Concat(disk, network),
		why:   "lists of tracks are text in and entries out; what may be opened is decided by config",
	},
	"config/rewrite": {
		ours:   []string{"spotify", "config", "config/lockfile", "config/textfile", "config/tracklist", "reconcile/edit"},
		others: []string{"github.com/hashicorp/hcl/v2/...", "github.com/zclconf/go-cty/..."},
		never:  slices.Concat(disk, network),
		why:    "HCL is written back as bytes that a command shows before it writes them",
	},
	"reconcile/edit": {
		ours:  []string{"spotify"},
		never: slices.Concat(disk, network, []string{"time", "context", "math/rand", "crypto/rand"}),
		why:   "turning one list into another is arithmetic: same lists, same edits",
	},
	"reconcile/store": {
		ours:   []string{"spotify"},
		others: []string{"github.com/gofrs/flock"},
		never:  append([]string{"os/exec", "os/signal"}, network...),
		why:    "what is kept on disk knows neither what is wanted nor how Spotify is asked",
	},
	"reconcile": {
		ours:      []string{"spotify", "config", "config/lockfile", "reconcile/edit", "reconcile/store"},
		others:    []string{"github.com/hashicorp/hcl/v2", "golang.org/x/text/unicode/norm"},
		never:     slices.Concat(disk, network, []string{"context", "sync", "math/rand/v2", "crypto/rand"}),
		clockless: true,
		why:       "what differs is decided from values alone: same files, same reads, same time, same plan",
	},
	"reconcile/observe": {
		ours:   []string{"spotify", "reconcile", "reconcile/store"},
		others: []string{"golang.org/x/sync/errgroup"},
		never:  slices.Concat(disk, network),
		why:    "reading goes through the interface it is given, which has no request that changes anything",
	},
	"reconcile/lockstore": {
		ours:  []string{"spotify", "config/lockfile", "reconcile", "reconcile/store"},
		never: append([]string{"os", "os/exec", "os/signal"}, network...), // syscall has the error of a read-only file system
		why:   "the lock file is written through the file system it is given, so that tests can break each step",
	},
	"reconcile/apply": {
		ours:  []string{"spotify", "config", "config/lockfile", "reconcile", "reconcile/edit", "reconcile/lockstore", "reconcile/observe", "reconcile/store"},
		never: slices.Concat(disk, network),
		why:   "writing goes through the interfaces it is given, so that tests can break each step",
	},
	"cmd/spotsync/internal/words": {
		others: []string{"github.com/rivo/uniseg"},
		never:  slices.Concat(disk, network),
		why:    "words are text in and text out, for every part that shows something",
	},
	"cmd/spotsync/internal/schematest": {
		others: []string{"github.com/santhosh-tekuri/jsonschema/v6"},
		never:  network,
		why:    "tests of several packages check JSON here; no program imports it",
	},
	"cmd/spotsync/internal/notify": {
		ours:   []string{"cmd/spotsync/internal/words"},
		others: []string{"github.com/rs/zerolog"},
		never:  []string{"os/exec", "os/signal"},
		why:    "the webhook gets text and an address; it can reach no login and no playlist",
	},
	"cmd/spotsync/internal/watch": {
		others: []string{"github.com/rs/zerolog", "github.com/fsnotify/fsnotify"},
		never:  append([]string{"os/exec", "os/signal"}, network...),
		why:    "watching files is told paths and tells that something changed; it can reach no Spotify",
	},
	"cmd/spotsync/internal/render": {
		ours:   []string{"cmd/spotsync/internal/words", "reconcile", "reconcile/edit", "spotify"},
		others: []string{"github.com/fatih/color"},
		never:  append([]string{"os/exec", "os/signal"}, network...),
		why:    "a plan is data, and showing it asks nobody",
	},
	"cmd/spotsync/internal/plantest": {
		ours:  []string{"config", "config/lockfile", "reconcile", "reconcile/edit", "reconcile/store", "spotify"},
		never: slices.Concat(disk, network),
		why:   "tests of several packages show and check these plans; no program imports it",
	},
	"cmd/spotsync/internal/statuspage": {
		ours:   []string{"config/hostport", "cmd/spotsync/internal/words", "reconcile/edit", "spotify"},
		others: []string{"github.com/prometheus/client_golang/...", "github.com/rs/zerolog"},
		never:  []string{"os/exec", "os/signal"},
		why:    "the page shows what it is given and asks for what a person wants; it can reach no login, no plan and no file but its token",
	},
	"cmd/spotsync/internal/pagetest": {
		never: []string{"os", "os/exec", "os/signal"}, // syscall has the error of a closed port
		why:   "tests of several packages read pages and reach servers here; no program imports it",
	},
	"config/longtest": {
		others: []string{"pgregory.net/rapid"},
		never:  network,
		why:    "tests of all packages ask here how much to do; no program imports it",
	},
	"config/longtest/names": {
		never: network,
		why:   "the tests that have a long form are found in the source",
	},
	"reconcile/run": {
		ours:   []string{"spotify", "config", "reconcile", "reconcile/apply", "reconcile/lockstore", "reconcile/observe", "reconcile/store"},
		others: []string{"github.com/hashicorp/hcl/v2"},
		never:  slices.Concat(disk, network),
		why:    "the way from files to Spotify is gone once, by commands, daemon and tests; who opens accounts is told to it",
	},
	"reconcile/heal": {
		ours:      []string{"spotify", "config", "config/lockfile", "reconcile", "reconcile/edit", "reconcile/store"},
		never:     slices.Concat(disk, network, []string{"context"}),
		clockless: true,
		why:       "what a daemon may do is decided from a plan and a memory, without a look at Spotify or the clock",
	},
	"cmd/spotsync/internal/term": {
		ours:   []string{"cmd/spotsync/internal/words", "config/diag"},
		others: []string{"github.com/hashicorp/hcl/v2", "github.com/mattn/go-isatty", "github.com/rs/zerolog", "github.com/schollz/progressbar/v3", "golang.org/x/term"},
		never:  []string{"os/exec", "os/signal"}, // net: what listens is handed on
		why:    "how people are talked to is told neither what about nor by whom",
	},
	"cmd/spotsync/internal/session": {
		ours:   []string{"auth", "cmd/spotsync/internal/render", "cmd/spotsync/internal/term", "cmd/spotsync/internal/words", "config", "config/diag", "config/files", "config/lockfile", "config/textfile", "reconcile", "reconcile/apply", "reconcile/edit", "reconcile/lockstore", "reconcile/observe", "reconcile/run", "reconcile/store", "spotify", "spotify/sandbox"},
		others: []string{"github.com/hashicorp/hcl/v2", "github.com/mitchellh/go-wordwrap", "github.com/rs/zerolog", "golang.org/x/text/unicode/norm"},
		never:  []string{"os/exec", "os/signal"},
		why:    "a run is told its options as values: it knows no flags, no exit codes and no daemon",
	},
	"cmd/spotsync/internal/daemon": {
		ours: []string{"auth", "cmd/spotsync/internal/notify", "cmd/spotsync/internal/render", "cmd/spotsync/internal/session", "cmd/spotsync/internal/statuspage", "cmd/spotsync/internal/term",
			"cmd/spotsync/internal/watch", "cmd/spotsync/internal/words", "config", "config/lockfile", "config/textfile", "reconcile", "reconcile/apply", "reconcile/heal", "reconcile/lockstore", "reconcile/observe", "reconcile/run", "reconcile/store", "spotify"},
		others: []string{"github.com/coreos/go-systemd/v22/daemon", "github.com/rs/zerolog"},
		never:  []string{"os/exec"},
		why:    "a daemon opens sessions as a command does, and knows no commands",
	},
	"cmd/spotsync": {
		ours: []string{"auth", "cmd/spotsync/internal/daemon", "cmd/spotsync/internal/notify", "cmd/spotsync/internal/render", "cmd/spotsync/internal/session",
			"cmd/spotsync/internal/statuspage", "cmd/spotsync/internal/term", "cmd/spotsync/internal/words", "config", "config/diag", "config/lockfile", "config/rewrite",
			"reconcile", "reconcile/apply", "reconcile/heal", "reconcile/lockstore", "reconcile/observe", "reconcile/run", "reconcile/store", "spotify", "spotify/sandbox"},
		others: []string{"github.com/hashicorp/hcl/v2/...", "github.com/zclconf/go-cty/...", "github.com/spf13/cobra/...", "github.com/spf13/pflag",
			"github.com/rs/zerolog", "github.com/cli/browser", "github.com/rogpeppe/go-internal/diff", "golang.org/x/term"},
		never: []string{"os/user", "log"},
		why:   "commands turn flags into values and errors into exit codes; what they do is done in the rooms below",
	},
}

// everywhere are packages of the standard library that nothing here imports.
var everywhere = map[string]string{
	"unsafe":    "nothing here needs to be that quick",
	"math/rand": "math/rand/v2 is its successor; for secrets there is crypto/rand",
	"io/ioutil": "os and io have it all",
}

// breach is what is wrong with an import, empty if nothing is.
func (r room) breach(imported string) string {
	if ours, ok := strings.CutPrefix(imported, modulePath+"/"); ok {
		if !slices.Contains(r.ours, ours) {
			return r.why
		}
		return ""
	}
	first, _, _ := strings.Cut(imported, "/")
	if !strings.Contains(first, ".") {
		if why := everywhere[imported]; why != "" {
			return why
		}
		if slices.Contains(r.never, imported) {
			return r.why
		}
		return ""
	}
	for _, o := range r.others {
		below, all := strings.CutSuffix(o, "/...")
		if imported == o || all && (imported == below || strings.HasPrefix(imported, below+"/")) {
			return ""
		}
	}
	return "it is not among the modules this package is known to use: if it must be, add it to rooms"
}

// Packages import what the table of rooms allows, on every system, and the table names no room that is gone.
func TestRooms(t *testing.T) {
	imports := importsOf(t, filepath.Join("..", ".."))
	for _, dir := range slices.Sorted(maps.Keys(imports)) {
		r, ok := rooms[dir]
		if !ok {
			t.Errorf("%s is in no room: say in rooms what it may import, and why", dir)
			continue
		}
		for _, imported := range slices.Sorted(maps.Keys(imports[dir])) {
			if why := r.breach(imported); why != "" {
				t.Errorf("%s: %s imports %s: %s", imports[dir][imported], dir, imported, why)
			}
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(rooms)) {
		if imports[dir] == nil {
			t.Errorf("the table has a room for %s, which is no package", dir)
		}
		for _, ours := range rooms[dir].ours {
			if _, ok := rooms[ours]; !ok {
				t.Errorf("%s may import %s, which is in no room", dir, ours)
			}
		}
		if rooms[dir].why == "" {
			t.Errorf("the room of %s has no reason", dir)
		}
	}
}

// The table says no where it should: a rule that lets everything pass would not be noticed.
func TestRoomBreach(t *testing.T) {
	for _, c := range []struct {
		dir, imported string
		allowed       bool
	}{
		{"reconcile", modulePath + "/spotify", true},
		{"reconcile", modulePath + "/spotify/sandbox", false},
		{"reconcile", modulePath + "/auth", false},
		{"reconcile", "net/http", false},
		{"reconcile", "context", false},
		{"reconcile", modulePath + "/reconcile/observe", false},
		{"reconcile/observe", modulePath + "/reconcile/apply", false},
		{"reconcile/edit", "time", false},
		{"reconcile/edit", "slices", true},
		{"spotify", modulePath + "/reconcile", false},
		{"spotify", "os", false},
		{"auth", modulePath + "/spotify", false},
		{"auth", "golang.org/x/oauth2", true},
		{"auth", "golang.org/x/oauth2/google", false},
		{"config", "github.com/hashicorp/hcl/v2", true},
		{"config", "github.com/hashicorp/hcl/v2/hclsyntax", true},
		{"config", "github.com/hashicorp/hcl/v2x", false},
		{"cmd/spotsync", "log", false},
		{"cmd/spotsync", "unsafe", false},
	} {
		if why := rooms[c.dir].breach(c.imported); (why == "") != c.allowed {
			t.Errorf("%s imports %s: %q", c.dir, c.imported, why)
		}
	}
}

// clocks are what of package time looks at a clock or waits for it.
var clocks = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// readsClock is what a file uses of them, empty if nothing.
func readsClock(file *ast.File) string {
	name := ""
	for _, i := range file.Imports {
		if i.Path.Value == `"time"` {
			if name = "time"; i.Name != nil {
				name = i.Name.Name
			}
		}
	}
	found := ""
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == name && slices.Contains(clocks, sel.Sel.Name) {
				found = "time." + sel.Sel.Name
			}
		}
		return true
	})
	if name == "." {
		return "all of package time"
	}
	return found
}

// Where time is data, nothing looks at a clock.
func TestRoomsWithoutClock(t *testing.T) {
	rooms := maps.Clone(rooms)
	maps.DeleteFunc(rooms, func(_ string, r room) bool { return !r.clockless })
	if len(rooms) < 2 {
		t.Fatal("the table has too few rooms without a clock")
	}
	for _, dir := range slices.Sorted(maps.Keys(rooms)) {
		files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(dir), "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files (%v)", dir, err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			if used := readsClock(parsed); used != "" {
				t.Errorf("%s uses %s: %s", f, used, rooms[dir].why)
			}
		}
	}
}

// The test for clocks finds them under any name.
func TestReadsClock(t *testing.T) {
	for src, want := range map[string]string{
		"import \"time\"\nvar x time.Time":                               "",
		"import \"time\"\nvar x = time.Now()":                            "time.Now",
		"import \"time\"\nvar x = time.Now":                              "time.Now",
		"import t \"time\"\nfunc f(a t.Time) any { return t.Since(a) }":  "time.Since",
		"import . \"time\"\nvar x = Now()":                               "all of package time",
		"var time struct{ Now int }\nvar x = time.Now":                   "",
		"import \"time\"\nfunc f(a time.Time) any { return a.After(a) }": "",
	} {
		parsed, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\n"+src, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if got := readsClock(parsed); got != want {
			t.Errorf("%s: %q, want %q", src, got, want)
		}
	}
}

// importsOf are the packages under root and what their files import, tests apart, with a file that does.
func importsOf(t *testing.T, root string) map[string]map[string]string {
	t.Helper()
	found := make(map[string]map[string]string)
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && file != root && (strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_") || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go"):
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		dir := path.Dir(filepath.ToSlash(rel))
		if found[dir] == nil {
			found[dir] = make(map[string]string)
		}
		for _, i := range parsed.Imports {
			imported, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			found[dir][imported] = filepath.ToSlash(rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
