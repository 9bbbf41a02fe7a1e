package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
)

// program is one run of spotsync in this process.
type program struct {
	app  *term.App
	out  *bytes.Buffer
	err  *bytes.Buffer
	stop chan struct{}
}

func newProgram(env map[string]string) *program {
	p := &program{out: new(bytes.Buffer), err: new(bytes.Buffer), stop: make(chan struct{})}
	p.app = term.New(version(), p.stop, make(chan struct{}))
	p.app.In, p.app.Out, p.app.Err = strings.NewReader(""), p.out, p.err
	p.app.Getenv = func(name string) string { return env[name] }
	p.app.Environ = func() (all []string) {
		for name, value := range env {
			all = append(all, name+"="+value)
		}
		return all
	}
	p.app.Asks, p.app.OutTTY, p.app.ErrTTY, p.app.Width = false, false, false, 80
	return p
}

// runs runs a command to its end.
func runs(t *testing.T, env map[string]string, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	p := newProgram(env)
	if got := execute(t.Context(), p.app, args); got != want {
		t.Fatalf("spotsync %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, want, p.out, p.err)
	}
	return p.out.String(), p.err.String()
}

// served is a running spotsync sandbox, and what it said to export.
type served struct {
	env  map[string]string
	stop func() int // its exit code
}

func serveSandbox(t *testing.T, args ...string) served {
	t.Helper()
	home := t.TempDir()
	p := newProgram(map[string]string{"HOME": home})
	r, w := io.Pipe()
	p.app.Out = w
	done := make(chan int, 1)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		code := execute(ctx, p.app, append([]string{"sandbox", "--shell", "sh"}, args...))
		w.Close()
		done <- code
	}()
	s := served{env: map[string]string{"HOME": home}}
	stopped, code := false, 0
	s.stop = func() int {
		if !stopped {
			stopped = true
			close(p.stop)
			cancel()
			select {
			case code = <-done:
			case <-time.After(20 * time.Second):
				t.Fatal("the sandbox does not stop")
			}
		}
		return code
	}
	export := regexp.MustCompile(`^export (SPOTSYNC_\w+)='(.*)'$`)
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		m := export.FindStringSubmatch(lines.Text())
		if m == nil {
			t.Fatalf("it printed %q", lines.Text())
		}
		s.env[m[1]] = m[2]
		if m[1] == "SPOTSYNC_LOCK_FILE" { // the last
			break
		}
	}
	if s.env["SPOTSYNC_LOCK_FILE"] == "" {
		t.Fatalf("it printed too little: exit code %d\n%s", <-done, p.err)
	}
	t.Cleanup(func() { s.stop() })
	return s
}

const oneSong = `playlist "p" {
  name   = "P"
  tracks = ["spotify:track:003vvx7Niy0yvhvHt4a68B"]
}
`

// With what spotsync sandbox prints, plan and apply work at once, and a login works through its page.
func TestSandboxServed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "it's kept") // a name a shell would trip over
	conf := t.TempDir()
	if err := os.WriteFile(filepath.Join(conf, "main.hcl"), []byte(oneSong), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serveSandbox(t, "--dir", dir, "--quirks", "none", "--auto-approve-login")
	s.env = unescaped(s.env)
	runs(t, s.env, exitOK, "apply", "--auto-approve", conf)
	runs(t, s.env, exitOK, "plan", "--detailed-exitcode", conf)
	if _, err := os.Stat(filepath.Join(conf, "spotsync.lock.hcl")); err == nil {
		t.Error("the checkout is not clean")
	}
	if got := loginByHand(t, s.env); !strings.Contains(got, "Sandbox Listener") {
		t.Errorf("login says %q", got)
	}
	runs(t, s.env, exitOK, "plan", "--detailed-exitcode", conf)
	if code := s.stop(); code != exitOK {
		t.Errorf("exit code %d", code)
	}

	// The same folder again: all is still there.
	again := serveSandbox(t, "--dir", dir, "--quirks", "none")
	runs(t, unescaped(again.env), exitOK, "plan", "--detailed-exitcode", conf)
}

// unescaped undoes what a shell would.
func unescaped(env map[string]string) map[string]string {
	out := make(map[string]string)
	for name, value := range env {
		out[name] = strings.ReplaceAll(value, `'\''`, "'")
	}
	return out
}

// loginByHand logs in with --no-browser, being the browser.
func loginByHand(t *testing.T, env map[string]string) string {
	t.Helper()
	p := newProgram(env)
	in, typed := io.Pipe()
	shown, said := io.Pipe()
	p.app.In, p.app.Err = in, said
	done := make(chan int, 1)
	go func() {
		code := execute(context.Background(), p.app, []string{"login", "--no-browser"})
		said.Close()
		done <- code
	}()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Timeout: 10 * time.Second}
	page := regexp.MustCompile(`http://\S+/authorize\?\S+`)
	var all strings.Builder
	for lines := bufio.NewScanner(shown); lines.Scan(); {
		all.WriteString(lines.Text() + "\n")
		address := page.FindString(lines.Text())
		if address == "" {
			continue
		}
		res, err := browser.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		go io.WriteString(typed, res.Header.Get("Location")+"\n")
	}
	if code := <-done; code != exitOK {
		t.Fatalf("login: exit code %d\n%s%s", code, all.String(), p.out)
	}
	return p.out.String()
}

// A temporary folder goes when the sandbox does.
func TestSandboxTidies(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s := serveSandbox(t)
	dir := filepath.Dir(s.env["SPOTSYNC_CREDENTIALS_FILE"])
	if _, err := os.Stat(dir); err != nil {
		t.Fatal(err)
	}
	if code := s.stop(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there", dir)
	}
}

func TestSandboxRefuses(t *testing.T) {
	env := map[string]string{"HOME": t.TempDir()}
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--listen", "0.0.0.0:0"}, "loopback"},
		{[]string{"--listen", "192.168.1.2:8080"}, "loopback"},
		{[]string{"--listen", "localhost:8080"}, "loopback"}, // a name can be made to mean anything
		{[]string{"--listen", "127.0.0.1"}, "loopback"},
		{[]string{"--listen", ":8080"}, "loopback"},
		{[]string{"--quirks", "some"}, "default or none"},
		{[]string{"--shell", "tcsh"}, "powershell"},
		{[]string{"somewhere"}, "no arguments"},
	} {
		_, stderr := runs(t, env, exitError, append([]string{"sandbox"}, c.args...)...)
		if !strings.Contains(stderr, c.says) {
			t.Errorf("sandbox %v says %q, without %q", c.args, stderr, c.says)
		}
	}
}

func TestExportWriter(t *testing.T) {
	for shell, want := range map[string]string{
		"sh":         `export A='it'\''s $x \n'`,
		"fish":       `set -gx A 'it\'s $x \\n'`,
		"powershell": `$env:A = 'it''s $x \n'`,
		"cmd":        `set "A=it's $x \n"`,
	} {
		write, err := exportWriter(shell)
		if err != nil {
			t.Fatal(err)
		}
		if got := write("A", `it's $x \n`); got != want {
			t.Errorf("%s: %s, want %s", shell, got, want)
		}
	}
}
