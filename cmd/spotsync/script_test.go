package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/spotsync/spotsync/spotify/sandbox"
)

// TestMain lets the test binary be spotsync itself: the scripts run it as a program of its own.
func TestMain(m *testing.M) {
	if f := flag.Lookup("test.parallel"); f != nil {
		f.Value.Set("12") // scripts mostly wait, for reads that lag writes; the command line still has the last word
	}
	testscript.Main(m, map[string]func(){
		"spotsync": func() {
			if path := os.Getenv("SCRIPT_PID_FILE"); path != "" { // for faults that kill
				if err := os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(125)
				}
			}
			main()
		},
	})
}

// TestScripts runs the stories of testdata/script. Each has a home and a Spotify of its own, served on loopback, and is
// logged in to it. Besides testscript's commands there are exits, converged, json, and spotify: see their functions.
func TestScripts(t *testing.T) {
	dir := filepath.Join("testdata", "script")
	var files []string
	if testing.Short() { // those in which much goes on side by side: a race shows in no others
		for _, name := range []string{"first_apply", "interrupted", "login_expired", "rate_limit", "references", "sandbox_embedded", "server_errors", "sizes", "state_lost", "two_at_once"} {
			files = append(files, filepath.Join(dir, name+".txtar"))
		}
		dir = ""
	}
	runScripts(t, dir, files...)
}

// runScripts runs the scripts of a folder, and those named.
func runScripts(t *testing.T, dir string, files ...string) {
	t.Helper()
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		Files:               files,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setUpScript,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"converged": converged,
			"json":      jsonValue,
			"spotify":   spotifyCommand,
		},
	})
}

type spotifyKey struct{}

// theirs is the Spotify of a script.
func theirs(ts *testscript.TestScript) *scriptSpotify { return ts.Value(spotifyKey{}).(*scriptSpotify) }

func setUpScript(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, "home")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	s := newScriptSpotify(home)
	srv := httptest.NewServer(s.Handler())
	env.Defer(srv.Close)
	env.Values[spotifyKey{}] = s
	for _, v := range [][2]string{
		{"HOME", home}, {"USERPROFILE", home}, {"AppData", filepath.Join(home, "roaming")}, {"LocalAppData", filepath.Join(home, "local")},
		{"SPOTSYNC_API_URL", srv.URL + "/v1"}, {"SPOTSYNC_ACCOUNTS_URL", srv.URL}, {"SPOTSYNC_CLIENT_ID", sandbox.SandboxClientID},
		{"SPOTSYNC_CREDENTIALS_FILE", filepath.Join(home, "credentials.json")}, {"SPOTSYNC_DATA_DIR", filepath.Join(home, "data")},
		{"SCRIPT_PID_FILE", s.pidFile},
	} {
		env.Setenv(v[0], v[1])
	}
	return s.logIn(filepath.Join(home, "credentials.json"), "default", sandbox.SandboxUser)
}

// exits runs a program and checks its exit code:
//
//	exits 6 spotsync apply --auto-approve
//	exits killed spotsync apply --auto-approve
//
// What it wrote must not have secrets in it, nor the marks of a crash.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE|killed PROGRAM [ARGUMENT...]")
	}
	want := -1
	if args[0] != "killed" {
		var err error
		want, err = strconv.Atoi(args[0])
		ts.Check(err)
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
	for _, out := range []string{"stdout", "stderr"} {
		for _, never := range nobodySees {
			if found := never.FindString(ts.ReadFile(out)); found != "" {
				ts.Fatalf("%s has %q in it", out, found)
			}
		}
	}
}

// nobodySees is what no output may have in it: tokens, and the marks of a crash.
var nobodySees = []*regexp.Regexp{
	regexp.MustCompile(`\b[AB]Q[A-Za-z0-9_-]{60,}`),
	regexp.MustCompile(`\bpanic: `),
	regexp.MustCompile(`\bgoroutine \d+ \[`),
	regexp.MustCompile(`%!\w?\(`), // a format verb that met the wrong value
}

// converged checks that another plan finds nothing to do, and that planning sends no write. Its arguments are the plan's.
func converged(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("unsupported: ! converged")
	}
	before := theirs(ts).Writes()
	exits(ts, false, append([]string{"0", "spotsync", "plan", "--detailed-exitcode"}, args...))
	if n := theirs(ts).Writes() - before; n != 0 {
		ts.Fatalf("planning sent %d writes", n)
	}
}

// jsonValue checks a value in the JSON a command wrote, or in a file: a path of member names and indexes (-1: the last),
// with # for a length, and the value, text as it is and everything else as JSON.
//
//	json stdout .changes.0.action update
//	json stdout .changes.# 2
//	! json stdout .changes.0.id
//
// Without a value the path has to be there; several documents in one file are a list.
func jsonValue(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 && len(args) != 3 {
		ts.Fatalf("usage: [!] json FILE PATH [VALUE]")
	}
	var docs []any
	for dec := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0]))); ; {
		var doc any
		err := dec.Decode(&doc)
		if err == io.EOF {
			break
		}
		ts.Check(err)
		docs = append(docs, doc)
	}
	var at any = docs
	if len(docs) == 1 {
		at = docs[0]
	}
	at, ok := follow(at, strings.Split(strings.Trim(args[1], "."), "."))
	got := ""
	if text, isText := at.(string); isText {
		got = text
	} else if ok {
		b := &bytes.Buffer{}
		enc := json.NewEncoder(b)
		enc.SetEscapeHTML(false)
		ts.Check(enc.Encode(at))
		got = strings.TrimSpace(b.String())
	}
	switch is := ok && (len(args) == 2 || got == args[2]); {
	case is && neg:
		ts.Fatalf("%s is %s", args[1], got)
	case !is && !neg && !ok:
		ts.Fatalf("there is no %s", args[1])
	case !is && !neg:
		ts.Fatalf("%s is %s, want %s", args[1], got, args[2])
	}
}

// follow walks into decoded JSON. Where the path's end is # the result is a length.
func follow(at any, path []string) (any, bool) {
	for _, step := range path {
		switch v := at.(type) {
		case map[string]any:
			next, ok := v[step]
			if step == "#" && !ok {
				next, ok = len(v), true
			}
			if !ok {
				return nil, false
			}
			at = next
		case []any:
			if step == "#" {
				at = len(v)
				continue
			}
			i, err := strconv.Atoi(step)
			if i < 0 {
				i += len(v)
			}
			if err != nil || i < 0 || i >= len(v) {
				return nil, false
			}
			at = v[i]
		default:
			return nil, false
		}
	}
	return at, true
}

// What the checks of the scripts must not let pass.
func TestNobodySees(t *testing.T) {
	for _, bad := range []string{
		"token AQ" + strings.Repeat("aZ0_-", 15) + " was sent", `refresh_token="BQ` + strings.Repeat("x", 64) + `"`,
		"panic: runtime error", "goroutine 1 [running]:", "there are %!d(string=x) items", "%!(EXTRA int=1)",
	} {
		if !slices.ContainsFunc(nobodySees, func(re *regexp.Regexp) bool { return re.MatchString(bad) }) {
			t.Errorf("%q passes", bad)
		}
	}
	if slices.ContainsFunc(nobodySees, func(re *regexp.Regexp) bool {
		return re.MatchString("spotify:track:003vvx7Niy0yvhvHt4a68B costs 100%! Don't panic, MSw4ZmQ3ZjQ0NzU0")
	}) {
		t.Error("harmless text is refused")
	}
}
