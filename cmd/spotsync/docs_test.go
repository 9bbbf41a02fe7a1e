package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/diag"
)

var update = flag.Bool("update", false, "write the generated parts of the docs anew")

const repository = "../.."

func readDoc(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(repository, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// testApp is an app without a world around it.
func testApp(in string) (a *term.App, out, errs *bytes.Buffer) {
	out, errs = new(bytes.Buffer), new(bytes.Buffer)
	return &term.App{In: strings.NewReader(in), Out: out, Err: errs, Getenv: func(string) string { return "" },
		Environ: func() []string { return nil }, Stop: make(chan struct{}), Width: 80}, out, errs
}

// TestCommandsPage holds the list in docs/commands.md: everything below its second part is what the commands say of
// themselves, written by go test ./cmd/spotsync -run TestCommandsPage -update.
func TestCommandsPage(t *testing.T) {
	const begin = "\n## Global flags\n"
	page := readDoc(t, "docs/commands.md")
	intro, _, _ := strings.Cut(page, begin)
	a, _, _ := testApp("")
	root := newRoot(a)
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s\n```text\n%s```\n", intro, begin, globalFlags(root).FlagUsages())
	var write func(*cobra.Command)
	write = func(c *cobra.Command) {
		fmt.Fprintf(&b, "\n%s %s\n\n```text\n%s\n```\n\n%s\n", "##"+strings.Repeat("#", strings.Count(c.CommandPath(), " ")-1),
			strings.TrimPrefix(c.CommandPath(), "spotsync "), c.UseLine(), prosaic(c))
		c.InitDefaultHelpFlag()
		c.LocalFlags().Lookup("help").Hidden = true
		if usages := c.LocalNonPersistentFlags().FlagUsages(); usages != "" {
			fmt.Fprintf(&b, "\n```text\n%s```\n", usages)
		}
		for _, sub := range c.Commands() {
			write(sub)
		}
	}
	for _, g := range groups {
		for _, name := range g.names {
			for _, c := range root.Commands() {
				if c.Name() == name {
					write(c)
				}
			}
		}
	}
	if *update {
		if err := os.WriteFile(filepath.Join(repository, "docs/commands.md"), []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(b.String(), page); d != "" {
		t.Errorf("docs/commands.md is not what the commands say; run: go test ./cmd/spotsync -run TestCommandsPage -update\n%s", d)
	}
}

// prosaic is a command's long text as Markdown: lines moved in are examples.
func prosaic(c *cobra.Command) string {
	text := strings.TrimRight(c.Long, "\n")
	if text == "" {
		text = c.Short + "."
	}
	var out []string
	example := false
	for line := range strings.SplitSeq(text, "\n") {
		if is := strings.HasPrefix(line, "  "); is != example && line != "" {
			fence := "```"
			if is {
				fence = "```text"
			}
			example = is
			out = append(out, fence)
		}
		out = append(out, line)
	}
	if example {
		out = append(out, "```")
	}
	return strings.Join(out, "\n")
}

func TestEveryCommandIsInAGroup(t *testing.T) {
	a, _, _ := testApp("")
	var grouped []string
	for _, g := range groups {
		grouped = append(grouped, g.names...)
	}
	for _, c := range newRoot(a).Commands() {
		if !slices.Contains(grouped, c.Name()) {
			t.Errorf("the command %s is in no group, so spotsync --help does not show it", c.Name())
		}
	}
}

func TestExitCodesPage(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "exit.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	page, topic := readDoc(t, "docs/exit-codes.md"), readDoc(t, "cmd/spotsync/topics/exit-codes.txt")
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "exit") || len(spec.Values) != 1 {
			return true
		}
		lit, ok := spec.Values[0].(*ast.BasicLit)
		if !ok {
			return true
		}
		found++
		if !strings.Contains(page, "\n| "+lit.Value+" |") {
			t.Errorf("docs/exit-codes.md has no row for %s", lit.Value)
		}
		if !regexp.MustCompile(`(?m)^ +` + lit.Value + `  `).MatchString(topic) {
			t.Errorf("help exit-codes has no line for %s", lit.Value)
		}
		return true
	})
	if found < 8 {
		t.Errorf("found %d exit codes in exit.go", found)
	}
}

// TestEveryAttributeIsExplained looks for what a file may hold, as the source of config lists it.
func TestEveryAttributeIsExplained(t *testing.T) {
	page, topic := readDoc(t, "docs/language.md"), readDoc(t, "cmd/spotsync/topics/language.txt")
	names := slices.Concat(slices.Sorted(maps.Keys(grammarNames.attrs)), slices.Sorted(maps.Keys(grammarNames.blocks)))
	for _, name := range names {
		if !regexp.MustCompile("`"+name+"[`: ]|(?m)^## .*\\b"+name+"\\b|(?m)^### "+name).MatchString(page) && !strings.Contains(page, "\n  "+name+" {") && !strings.Contains(page, "\n  "+name+" ") {
			t.Errorf("docs/language.md does not explain %q", name)
		}
		if !regexp.MustCompile(`\b` + name + `\b`).MatchString(topic) {
			t.Errorf("help language does not name %q", name)
		}
	}
	if len(names) < 30 {
		t.Errorf("found %d names in the source of config", len(names))
	}
}

// TestReadmeSteps does, in a new folder, what README tells a newcomer to type: the blocks of "Ten minutes to your own account"
// and of its top, in order. A login is there already, and questions are answered by --auto-approve.
func TestReadmeSteps(t *testing.T) {
	_, steps, ok := strings.Cut(readDoc(t, "README.md"), "\n## Ten minutes")
	steps, _, _ = strings.Cut(steps, "\n## ")
	blocks := regexp.MustCompile("(?ms)^( *)```sh\n(.*?)^ *```$").FindAllStringSubmatch(steps, -1)
	if !ok || len(blocks) < 2 {
		t.Fatalf("found %d blocks of commands in README", len(blocks))
	}
	example := regexp.MustCompile("(?s)```hcl\n(.*?)```").FindStringSubmatch(readDoc(t, "README.md"))
	script := "mkdir $HOME/playlists\ncp morning.hcl $HOME/playlists/morning.hcl\nexec sh -e steps.sh\nexists $HOME/playlists/spotsync.lock.hcl\nexec git -C $HOME/playlists log --oneline\nstdout 'My playlists'\n" +
		"exec git -C $HOME/playlists ls-files\nstdout spotsync.lock.hcl\n-- morning.hcl --\n" + example[1] + "-- steps.sh --\n" +
		"export GIT_AUTHOR_NAME=T GIT_AUTHOR_EMAIL=t@example.org GIT_COMMITTER_NAME=T GIT_COMMITTER_EMAIL=t@example.org\n"
	for _, b := range blocks {
		for line := range strings.Lines(b[2]) {
			line = strings.TrimSpace(line)
			switch {
			case strings.HasPrefix(line, "export SPOTSYNC_CLIENT_ID="), line == "spotsync login": // done already
				continue
			case line == "spotsync apply":
				line += " --auto-approve"
			}
			script += line + "\n"
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "readme.txtar"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{Dir: dir, Setup: setUpScript, RequireExplicitExec: true})
}

// TestEveryVariableIsListed finds the names of environment variables in the source.
func TestEveryVariableIsListed(t *testing.T) {
	a, out, _ := testApp("")
	if code := execute(context.Background(), a, []string{"help", "environment"}); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	listed := map[string]bool{}
	for _, name := range regexp.MustCompile(`(?m)^  (SPOTSYNC_[A-Z_]+)(?:name)? `).FindAllStringSubmatch(out.String(), -1) {
		listed[name[1]] = false
	}
	read := func(name, where string) {
		if _, ok := listed[name]; !ok {
			t.Errorf("%s reads %s, which help environment does not list", where, name)
		}
		listed[name] = true
	}
	for _, flag := range fromEnv {
		read("SPOTSYNC_"+strings.ToUpper(strings.ReplaceAll(flag, "-", "_")), "root.go")
	}
	fset := token.NewFileSet()
	err := filepath.WalkDir(repository, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() && (e.Name() == ".git" || e.Name() == "testdata" || e.Name() == "longtest") { // longtest reads what only tests do
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil && regexp.MustCompile(`^SPOTSYNC_[A-Z_]+$`).MatchString(s) && s != "SPOTSYNC_" {
					read(s, path)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, isRead := range listed {
		if !isRead {
			t.Errorf("help environment lists %s, which nothing reads", name)
		}
	}
}

func TestTopics(t *testing.T) {
	for _, topic := range topics {
		a, out, _ := testApp("")
		if code := execute(context.Background(), a, []string{"help", topic.name}); code != 0 || out.Len() < 200 {
			t.Errorf("help %s: exit code %d, %d bytes", topic.name, code, out.Len())
		}
		for line := range strings.SplitSeq(out.String(), "\n") {
			if len([]rune(line)) > 120 {
				t.Errorf("help %s: a line of more than 120 characters: %s", topic.name, line)
			}
		}
	}
}

// TestSamples parses every sample of HCL in the documents, as a configuration without values for its variables.
func TestSamples(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(repository, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^( *)```hcl\n(.*?)^ *```$")
	n := 0
	for _, path := range append(paths, filepath.Join(repository, "README.md")) {
		text := readDoc(t, path[len(repository)+1:])
		for _, m := range blocks.FindAllStringSubmatchIndex(text, -1) {
			n++
			line := 1 + strings.Count(text[:m[4]], "\n")
			src := regexp.MustCompile(`(?m)^`+text[m[2]:m[3]]).ReplaceAllString(text[m[4]:m[5]], "")
			name := fmt.Sprintf("%s:%d", filepath.Base(path), line)
			t.Run(name, func(t *testing.T) {
				files := diag.Files{name: []byte(src)}
				module, diags := config.Parse(files, config.ForVersion(version()))
				if module != nil {
					diags = append(diags, module.Validate(t.Context(), config.Inputs{Now: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)})...)
				}
				if len(diags) > 0 {
					var b strings.Builder
					_ = diag.Write(&b, files, diags, false, 0)
					t.Error(b.String())
				}
				if out, _, _ := testApp(src); runFmt(out, []string{"-"}, fmtOptions{check: true, write: true}) != nil {
					t.Error("the sample is not formatted as spotsync fmt does")
				}
			})
		}
	}
	if n < 10 {
		t.Errorf("found %d samples", n)
	}
}

// TestReadmePlan makes the change README tells of, after its first command in the same sandbox, and compares all of the plan
// it shows.
func TestReadmePlan(t *testing.T) {
	page := readDoc(t, "README.md")
	block := func(kind string) string {
		_, rest, _ := strings.Cut(page, "```"+kind+"\n")
		text, _, _ := strings.Cut(rest, "```")
		return text
	}
	after := block("hcl")
	norah := regexp.MustCompile(`(?m)^.*Norah Jones.*\n`).FindString(after)
	killers := regexp.MustCompile(`(?m)^.*The Killers.*\n`).FindString(after)
	before := strings.Replace(strings.Replace(after, norah, "", 1), killers, norah, 1)
	before = strings.Replace(before, ", then the news", "", 1)
	run := inFolder(t, map[string]string{"a.hcl": before, "examples/playlists.hcl": readDoc(t, "examples/playlists.hcl")})
	for _, args := range [][]string{{"apply", "--sandbox", "--auto-approve", "examples/playlists.hcl"}, {"apply", "--sandbox", "--auto-approve"}} {
		if code, out, errs := run("", args...); code != 0 {
			t.Fatalf("%v: %d\n%s%s", args, code, out, errs)
		}
	}
	if err := os.WriteFile("a.hcl", []byte(after), 0o644); err != nil {
		t.Fatal(err)
	}
	code, out, errs := run("", "plan", "--sandbox")
	if shown := "$ spotsync plan --sandbox\n" + out; code != 0 || shown != block("console") {
		t.Errorf("%d\n%s%s", code, cmp.Diff(block("console"), shown), errs)
	}
}

// TestLinks looks for what the documents link to.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	for _, dir := range []string{".", "docs"} {
		paths, err := filepath.Glob(filepath.Join(repository, dir, "*.md"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text := readDoc(t, path[len(repository)+1:])
			for _, m := range link.FindAllStringSubmatch(text, -1) {
				if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
					t.Errorf("%s links to %s: %v", path, m[1], err)
				}
			}
		}
	}
}

// TestTroubleshootingQuotes looks for each message that docs/troubleshooting.md quotes in the source.
func TestTroubleshootingQuotes(t *testing.T) {
	var source strings.Builder
	err := filepath.WalkDir(repository, func(path string, e fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".go" && !strings.HasSuffix(path, "_test.go") {
			f, err := os.Open(path)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = io.Copy(&source, f)
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	const gap = "\x00"
	pieces := regexp.MustCompile(`…|\([^)]*\)|\d[\d,]*|:? ?spotsync login`)
	found := 0
	page := readDoc(t, "docs/troubleshooting.md")
	for _, bold := range regexp.MustCompile(`(?s)\*\*(.*?)\*\*`).FindAllStringSubmatch(page, -1) {
		for _, q := range regexp.MustCompile("(?s)`(.*?)`").FindAllStringSubmatch(bold[1], -1) {
			for piece := range strings.SplitSeq(pieces.ReplaceAllString(strings.Join(strings.Fields(q[1]), " "), gap), gap) {
				if piece = strings.Trim(piece, " ;,."); len(piece) < 4 {
					continue
				}
				found++
				if !strings.Contains(source.String(), piece) {
					t.Errorf("docs/troubleshooting.md quotes %q, and nothing says %q", q[1], piece)
				}
			}
		}
	}
	if found < 25 {
		t.Errorf("found %d quotes", found)
	}
}

// TestPerformancePage looks for what docs/performance.md says can be measured: packages, benchmarks, runs and flags.
func TestPerformancePage(t *testing.T) {
	page := readDoc(t, "docs/performance.md")
	command := regexp.MustCompile(`(?m)^go test \./(\S+) -run '\^\$' -bench '?([\w/|]+)'?`)
	sources := make(map[string]string) // tests, by package
	for _, m := range command.FindAllStringSubmatch(page, -1) {
		paths, err := filepath.Glob(filepath.Join(repository, m[1], "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			sources[m[1]] += readDoc(t, path[len(repository)+1:])
		}
		for name := range strings.SplitSeq(m[2], "|") {
			name, _, _ = strings.Cut(name, "/")
			if !regexp.MustCompile(`func Benchmark\w*` + name).MatchString(sources[m[1]]) {
				t.Errorf("docs/performance.md measures %s in %s, which has no such benchmark", name, m[1])
			}
		}
	}
	if len(sources) != 5 {
		t.Errorf("found commands for %d packages", len(sources))
	}
	// Runs are named in the second column, as are the lists of reconcile/edit, and benchmarks without the word Benchmark.
	cells := regexp.MustCompile("(?m)^\\|[^|]*\\| `([^`]+)` \\|").FindAllStringSubmatch(page, -1)
	for _, m := range cells {
		name, _, _ := strings.Cut(m[1], ",")
		found := false
		for _, src := range sources {
			_, last, _ := cutLast("/"+name, "/")
			found = found || strings.Contains(src, `"`+name) || strings.Contains(src, `"`+last+`"`) || strings.Contains(src, "func Benchmark"+strings.Split(name, "/")[0]+"(")
		}
		if !found {
			t.Errorf("docs/performance.md has a row for %s, which no benchmark measures", m[1])
		}
	}
	runs := regexp.MustCompile(`measure\("([^"]+)"`).FindAllStringSubmatch(sources["cmd/spotsync"], -1)
	for _, m := range runs {
		if !strings.Contains(page, "| `"+m[1]+"` |") {
			t.Errorf("docs/performance.md has no row for the run %s", m[1])
		}
	}
	if len(cells) < 20 || len(runs) < 10 {
		t.Errorf("found %d rows and %d runs", len(cells), len(runs))
	}
	a, _, _ := testApp("")
	var flags []string
	for _, c := range newRoot(a).Commands() {
		c.Flags().VisitAll(func(f *pflag.Flag) { flags = append(flags, f.Name) })
	}
	for _, m := range regexp.MustCompile("`--([a-z-]+)").FindAllStringSubmatch(page, -1) {
		if !slices.Contains(flags, m[1]) {
			t.Errorf("docs/performance.md speaks of --%s, which no command has", m[1])
		}
	}
}
