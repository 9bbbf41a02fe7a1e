package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// loginWorld is a computer and a Spotify to log in to.
type loginWorld struct {
	t      *testing.T
	server *sandbox.Server
	home   string
	env    map[string]string

	mu      sync.Mutex
	secrets []string // every token and code Spotify gave
	shown   strings.Builder
}

func newLoginWorld(t *testing.T, q sandbox.Quirks) *loginWorld {
	w := &loginWorld{t: t, home: t.TempDir()}
	w.server = sandbox.New(sandbox.Options{Seed: 3, Quirks: q})
	w.server.AddUser(sandbox.User{ID: "kid", DisplayName: "The Kid", Premium: true})
	srv := httptest.NewServer(w.listening(w.server.Handler()))
	t.Cleanup(srv.Close)
	work := filepath.Join(w.home, "work")
	if err := os.Mkdir(work, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(work)
	w.env = map[string]string{
		"HOME": w.home, "AppData": w.home, "LocalAppData": w.home, "SPOTSYNC_DATA_DIR": filepath.Join(w.home, "data"),
		"SPOTSYNC_CREDENTIALS_FILE": filepath.Join(w.home, "c", "credentials.json"), "SPOTSYNC_CLIENT_ID": sandbox.SandboxClientID,
		"SPOTSYNC_API_URL": srv.URL + "/v1", "SPOTSYNC_ACCOUNTS_URL": srv.URL,
	}
	t.Cleanup(w.noSecretsShown)
	return w
}

var given = regexp.MustCompile(`"(?:access|refresh)_token": ?"([^"]+)"`)

// listening takes down the secrets that the service gives away.
func (w *loginWorld) listening(h http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		w.mu.Lock()
		for _, m := range given.FindAllStringSubmatch(rec.Body.String(), -1) {
			w.secrets = append(w.secrets, m[1])
		}
		w.mu.Unlock()
		for k, v := range rec.Header() {
			rw.Header()[k] = v
		}
		rw.WriteHeader(rec.Code)
		rw.Write(rec.Body.Bytes())
	})
}

// noSecretsShown looks for every token in all that was printed and in every file but the credentials.
func (w *loginWorld) noSecretsShown() {
	if len(w.secrets) == 0 {
		return
	}
	check := func(where, text string) {
		for _, s := range w.secrets {
			if strings.Contains(text, s) {
				w.t.Errorf("a token is in %s", where)
			}
		}
	}
	check("the output", w.shown.String())
	err := filepath.WalkDir(w.home, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(path) == "credentials.json" {
			return err
		}
		data, err := os.ReadFile(path)
		check(path, string(data))
		return err
	})
	if err != nil {
		w.t.Error(err)
	}
}

// watched is a writer that a test can wait on.
type watched struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.Write(p)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.String()
}

// since is what came after so many bytes.
func (w *watched) since(n int) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.buf.Bytes()[n:])
}

var authorizeURL = regexp.MustCompile(`http://127\.0\.0\.1:\d+/authorize\?\S+`)

// address waits for the address to open.
func (w *watched) address(t *testing.T) string {
	for range 500 {
		if u := authorizeURL.FindString(w.String()); u != "" {
			return u
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("no address to open was shown")
	return "http://127.0.0.1:0/"
}

// run runs spotsync. With user, meanwhile, that is called with the address login shows, and may write to its input.
func (w *loginWorld) run(user func(address string, in io.Writer), args ...string) (code int, out, errs string) {
	w.t.Helper()
	r, pipe := io.Pipe()
	stdout, stderr := &watched{}, &watched{}
	a := &term.App{In: r, Out: stdout, Err: stderr, Getenv: func(k string) string { return w.env[k] }, Environ: func() []string { return nil }, Width: 80}
	var wg sync.WaitGroup
	if user == nil {
		pipe.Close()
	} else {
		wg.Go(func() {
			user(stderr.address(w.t), pipe)
			pipe.Close()
		})
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	code = execute(ctx, a, append([]string{"--log-level", "trace"}, args...))
	r.Close()
	wg.Wait()
	w.shown.WriteString(stderr.String())
	if !strings.Contains(strings.Join(args, " "), "--print-token") {
		w.shown.WriteString(stdout.String())
	}
	return code, stdout.String(), stderr.String()
}

// agree is a person who opens the address and agrees, as user; the browser follows the redirect.
func (w *loginWorld) agree(user string) func(string, io.Writer) {
	return func(address string, _ io.Writer) {
		resp, err := http.Get(address + "&sandbox_approve=1&sandbox_user=" + user)
		if err != nil {
			w.t.Error(err)
			return
		}
		defer resp.Body.Close()
		if page, _ := io.ReadAll(resp.Body); !bytes.Contains(page, []byte("Back to the terminal")) {
			w.t.Errorf("the browser ends on %d %s", resp.StatusCode, page)
		}
	}
}

// redirected is where the browser would go after agreeing.
func (w *loginWorld) redirected(address, user string) string {
	hc := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := hc.Get(address + "&sandbox_approve=1&sandbox_user=" + user)
	if err != nil {
		w.t.Error(err)
		return ""
	}
	resp.Body.Close()
	return resp.Header.Get("Location")
}

func want(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("no %q in:\n%s", p, text)
		}
	}
}

func wantCode(t *testing.T, got, want int, errs string) {
	t.Helper()
	if got != want {
		t.Fatalf("exit code %d, want %d; it said:\n%s", got, want, errs)
	}
}

func TestLoginByBrowser(t *testing.T) {
	w := newLoginWorld(t, sandbox.NoQuirks())
	code, out, errs := w.run(nil, "auth", "status")
	wantCode(t, code, exitLogin, errs)
	want(t, out, "Nobody is logged in")

	code, out, errs = w.run(w.agree("sandbox"), "login", "--no-browser")
	wantCode(t, code, exitOK, errs)
	want(t, out, `Logged in as Sandbox Listener (sandbox), account "default", until `, " days).")
	want(t, errs, w.env["SPOTSYNC_CREDENTIALS_FILE"])
	if strings.Contains(errs, "show_dialog") {
		t.Error("the first login asks with show_dialog")
	}

	w.server.ResetRequests()
	code, out, errs = w.run(nil, "auth", "status")
	wantCode(t, code, exitOK, errs)
	want(t, out, "Sandbox Listener (sandbox)", "logged in until", "client ID", "playlist-modify-private")
	code, out, errs = w.run(nil, "auth", "status", "--json")
	wantCode(t, code, exitOK, errs)
	var r authReport
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if !r.LoggedIn || r.FormatVersion == "" || len(r.Logins) != 1 || r.Logins[0].UserID != "sandbox" || *r.Logins[0].DaysLeft < 178 || len(r.Logins[0].Missing) != 0 {
		t.Errorf("auth status --json: %s", out)
	}
	if n := len(w.server.Requests()); n != 0 {
		t.Errorf("auth status sent %d requests", n)
	}

	// A further account is asked for with show_dialog, and consent may be denied.
	denied := func(address string, _ io.Writer) {
		want(t, address, "show_dialog=true")
		if resp, err := http.PostForm(address, url.Values{"decision": {"cancel"}}); err != nil {
			t.Error(err)
		} else {
			resp.Body.Close()
		}
	}
	code, _, errs = w.run(denied, "login", "--account", "kid", "--no-browser")
	wantCode(t, code, exitError, errs)
	want(t, errs, "Permission was refused")
	code, out, errs = w.run(w.agree("kid"), "login", "--account=kid", "--no-browser")
	wantCode(t, code, exitOK, errs)
	want(t, out, `The Kid (kid), account "kid"`)

	code, out, errs = w.run(nil, "logout")
	wantCode(t, code, exitOK, errs)
	want(t, out, `Logged out Sandbox Listener (sandbox), account "default".`)
	want(t, errs, "spotify.com/account/apps")
	code, _, errs = w.run(nil, "logout")
	wantCode(t, code, exitOK, errs)
	want(t, errs, "not logged in", "kid")
	code, out, errs = w.run(nil, "auth", "status")
	wantCode(t, code, exitOK, errs)
	if strings.Contains(out, "Sandbox Listener") {
		t.Errorf("still there after logout:\n%s", out)
	}
	code, _, errs = w.run(nil, "logout", "--all")
	wantCode(t, code, exitOK, errs)
	code, _, errs = w.run(nil, "auth", "status")
	wantCode(t, code, exitLogin, errs)
}

func TestLoginByHand(t *testing.T) {
	w := newLoginWorld(t, sandbox.NoQuirks())
	code, out, errs := w.run(func(address string, in io.Writer) {
		fmt.Fprintln(in, "what?")
		fmt.Fprintln(in, address)
		fmt.Fprintln(in, "http://127.0.0.1/callback?code=abcdefgh&state=ofanother")
		fmt.Fprintln(in, w.redirected(address, "sandbox"))
	}, "login", "--no-browser")
	wantCode(t, code, exitOK, errs)
	want(t, errs, "neither an address nor a code", "the address to open", "another login")
	want(t, out, "Logged in as Sandbox Listener")
}

func TestLoginNeedsAClientID(t *testing.T) {
	w := newLoginWorld(t, sandbox.NoQuirks())
	delete(w.env, "SPOTSYNC_CLIENT_ID")
	code, _, errs := w.run(nil, "login")
	wantCode(t, code, exitError, errs)
	want(t, errs, "developer.spotify.com/dashboard", "Premium", "http://127.0.0.1/callback", `"Spot"`, "--client-id")

	// With the flag, and from then on by the login.
	code, _, errs = w.run(w.agree("sandbox"), "login", "--no-browser", "--client-id", sandbox.SandboxClientID)
	wantCode(t, code, exitOK, errs)
	code, _, errs = w.run(nil, "doctor")
	wantCode(t, code, exitOK, errs)

	// Logins through two apps: it must be said which.
	w.server.AddClient(sandbox.Client{ID: "second", RedirectURIs: []string{"http://127.0.0.1/callback"}})
	code, _, errs = w.run(w.agree("sandbox"), "login", "--no-browser", "--client-id", "second")
	wantCode(t, code, exitOK, errs)
	want(t, errs, "Warning", sandbox.SandboxClientID, "client_id")
	code, out, errs := w.run(nil, "doctor")
	wantCode(t, code, exitError, errs)
	want(t, out, "several apps")

	// A token from the environment says it itself.
	_, line, _ := w.run(w.agree("sandbox"), "login", "--no-browser", "--client-id", "second", "--print-token")
	w.env["SPOTSYNC_REFRESH_TOKEN"] = line
	code, out, errs = w.run(nil, "doctor")
	wantCode(t, code, exitOK, errs)
	want(t, out, "client ID second")
	delete(w.env, "SPOTSYNC_REFRESH_TOKEN")

	// From the account block, though the playlists beside it are broken; not from a file that can't be read.
	code, _, errs = w.run(nil, "logout")
	wantCode(t, code, exitOK, errs)
	write(t, "main.hcl", `
locals { id = "`+sandbox.SandboxClientID+`" }
variable "unset" {}
account "default" { client_id = local.id }
playlist "p" {
  name   = var.unset
  tracks = ["nonsense"]
}`)
	code, _, errs = w.run(w.agree("sandbox"), "login", "--no-browser")
	wantCode(t, code, exitOK, errs)
	write(t, "main.hcl", `account "default" {`)
	code, _, errs = w.run(nil, "login", "--no-browser")
	wantCode(t, code, exitError, errs)
	want(t, errs, "main.hcl")
	code, _, errs = w.run(w.agree("sandbox"), "login", "--no-browser", "--client-id", sandbox.SandboxClientID)
	wantCode(t, code, exitOK, errs)
	want(t, errs, "Warning: the configuration")
	write(t, "main.hcl", `account "default" { redirect_uri = "http://localhost/callback" }`)
	code, _, errs = w.run(nil, "login", "--no-browser")
	wantCode(t, code, exitError, errs)
	want(t, errs, "localhost")
	code, _, errs = w.run(nil, "login", "--no-browser", "--client-id", sandbox.SandboxClientID) // the block is meant, not passed over
	wantCode(t, code, exitError, errs)
	want(t, errs, "localhost")
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestLoginLines(t *testing.T) {
	q := sandbox.NoQuirks()
	q.RotateRefreshTokens = true
	w := newLoginWorld(t, q)
	code, line, errs := w.run(w.agree("sandbox"), "login", "--print-token", "--no-browser")
	wantCode(t, code, exitOK, errs)
	if strings.Count(line, "\n") != 1 || !strings.HasPrefix(line, "spotsync1:") {
		t.Fatalf("--print-token prints %d lines", strings.Count(line, "\n"))
	}
	want(t, errs, "Logged in as Sandbox Listener", "secret")
	if _, err := os.Stat(w.env["SPOTSYNC_CREDENTIALS_FILE"]); err == nil {
		t.Error("--print-token stored something")
	}

	// In the environment it is a login, and takes precedence over a saved one.
	w.env["SPOTSYNC_REFRESH_TOKEN"] = strings.TrimSpace(line)
	code, out, errs := w.run(nil, "auth", "status")
	wantCode(t, code, exitOK, errs)
	want(t, out, "SPOTSYNC_REFRESH_TOKEN", "Sandbox Listener")
	code, _, errs = w.run(nil, "doctor")
	wantCode(t, code, exitOK, errs)
	code, _, errs = w.run(w.agree("sandbox"), "login", "--no-browser")
	wantCode(t, code, exitOK, errs)
	want(t, errs, "takes precedence")
	delete(w.env, "SPOTSYNC_REFRESH_TOKEN")

	// Taken over, what followed it becomes the saved login. Once more it is spent, and the login that is there stays.
	code, _, errs = w.withToken(line, "login", "--with-token")
	wantCode(t, code, exitOK, errs)
	code, _, errs = w.withToken(line, "login", "--with-token")
	wantCode(t, code, exitLogin, errs)
	want(t, errs, "make a new one", "--print-token")
	code, _, errs = w.run(nil, "auth", "status")
	wantCode(t, code, exitOK, errs)

	// A fresh one is taken over, proven and kept.
	_, line, _ = w.run(w.agree("kid"), "login", "--print-token", "--no-browser", "--account", "kid")
	code, out, errs = w.withToken(line, "login", "--with-token", "--account=kid")
	wantCode(t, code, exitOK, errs)
	want(t, out, "The Kid (kid)")
	code, _, errs = w.run(nil, "logout", "--account=kid")
	wantCode(t, code, exitOK, errs)

	for name, bad := range map[string]string{"": "Nothing came", "spotsync1:eyJ": "cut or changed", "two words": "a space"} {
		code, _, errs = w.withToken(name, "login", "--with-token")
		wantCode(t, code, exitError, errs)
		want(t, errs, bad)
	}
}

// withToken runs spotsync with a line on standard input.
func (w *loginWorld) withToken(line string, args ...string) (int, string, string) {
	out, errs := &watched{}, &watched{}
	a := &term.App{In: strings.NewReader(line), Out: out, Err: errs, Getenv: func(k string) string { return w.env[k] }, Environ: func() []string { return nil }, Width: 80}
	code := execute(w.t.Context(), a, append([]string{"--log-level", "trace"}, args...))
	w.shown.WriteString(out.String() + errs.String())
	return code, out.String(), errs.String()
}

func TestLoginOfAnotherAccount(t *testing.T) {
	w := newLoginWorld(t, sandbox.NoQuirks())
	f := lockfile.New(lockfile.IssuerLoopback)
	f.Accounts["default"] = lockfile.Account{ID: "somebody", User: "somebody", Name: "Some Body"}
	f.Playlists["playlist.p"] = lockfile.Playlist{ID: "4XzvE3vG5tVbQeJb8Kk2aP", Account: "default", Name: "P"}
	write(t, "spotsync.lock.hcl", string(f.Bytes()))
	for _, args := range [][]string{{"login", "--no-browser"}, {"login", "--no-browser", "--print-token"}} {
		code, out, errs := w.run(func(address string, in io.Writer) {
			want(t, address, "show_dialog=true") // for the browser may be logged in as the wrong one
			w.agree("sandbox")(address, in)
		}, args...)
		wantCode(t, code, exitRefused, errs)
		want(t, errs, "Some Body", "Sandbox Listener")
		if out != "" {
			t.Errorf("%v prints %s", args, out)
		}
	}
	if _, err := os.Stat(w.env["SPOTSYNC_CREDENTIALS_FILE"]); err == nil {
		t.Error("the refused login was kept")
	}
	code, line, errs := w.run(w.agree("sandbox"), "login", "--no-browser", "--print-token", "--account", "other")
	wantCode(t, code, exitOK, errs)
	code, _, errs = w.withToken(line, "login", "--with-token")
	wantCode(t, code, exitRefused, errs)
	code, _, errs = w.run(nil, "auth", "status")
	wantCode(t, code, exitLogin, errs)

	// A bare token will do, without saying when it ends.
	_, line, _ = w.run(w.agree("sandbox"), "login", "--no-browser", "--print-token", "--account", "other")
	token, err := auth.ParseHandover(line)
	if err != nil {
		t.Fatal(err)
	}
	code, out, errs := w.withToken(token.RefreshToken, "login", "--with-token", "--account=other")
	wantCode(t, code, exitOK, errs)
	want(t, out, "Sandbox Listener", "until a day that this refresh token doesn't tell")
	code, out, errs = w.run(nil, "auth", "status")
	wantCode(t, code, exitOK, errs)
	want(t, out, "when it ends is not known")
}

func TestLoginInterrupted(t *testing.T) {
	w := newLoginWorld(t, sandbox.NoQuirks())
	ctx, cancel := context.WithCancel(t.Context())
	stderr := &watched{}
	go func() {
		stderr.address(t)
		cancel()
	}()
	r, _ := io.Pipe()
	a := &term.App{In: r, Out: io.Discard, Err: stderr, Getenv: func(k string) string { return w.env[k] }, Environ: func() []string { return nil }}
	code := execute(ctx, a, []string{"login", "--no-browser"})
	r.Close()
	wantCode(t, code, exitInterrupted, stderr.String())
	want(t, stderr.String(), "Interrupted")
}

func TestLoginToTheSandbox(t *testing.T) {
	w := newLoginWorld(t, sandbox.NoQuirks())
	for _, k := range []string{"SPOTSYNC_API_URL", "SPOTSYNC_ACCOUNTS_URL", "SPOTSYNC_CLIENT_ID"} {
		delete(w.env, k)
	}
	code, out, errs := w.run(nil, "--sandbox", "login")
	wantCode(t, code, exitOK, errs)
	want(t, out, "Logged in as Sandbox Listener")
	want(t, errs, "logs in by itself")
	for _, args := range [][]string{{"auth", "status"}, {"doctor"}, {"login", "--print-token"}} {
		code, _, errs = w.run(nil, append([]string{"--sandbox"}, args...)...)
		wantCode(t, code, exitOK, errs)
	}
}
