package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/pagetest"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/statuspage"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// daemonWorld is a computer with a daemon, and a Spotify, in a bubble of their own time. Requests of both kinds, to
// Spotify and to the daemon, go through memory, and files are looked at rather than waited for, so that whatever happens
// the bubble knows when all is quiet.
type daemonWorld struct {
	t       *testing.T
	server  *sandbox.Server
	spotify http.Handler // of server
	home    string
	conf    string // folder of the configuration
	env     map[string]string
	hooks   *[]string // bodies of notices
	started []*runningDaemon

	mu      sync.Mutex
	secrets []string // every token Spotify gave
	shown   strings.Builder
}

// inDaemonWorld runs a test in a bubble, logged in, with the files given as names and texts.
func inDaemonWorld(t *testing.T, q sandbox.Quirks, files map[string]string, test func(*testing.T, *daemonWorld)) {
	t.Helper()
	// What the runtime starts once for signals must not belong to a bubble.
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	defer signal.Stop(c)
	synctest.Test(t, func(t *testing.T) {
		w := &daemonWorld{t: t, home: t.TempDir(), server: sandbox.New(sandbox.Options{Seed: 1, Quirks: q, AutoApprove: true})}
		w.spotify, w.conf = w.server.Handler(), filepath.Join(w.home, "conf")
		w.env = map[string]string{
			"HOME": w.home, "AppData": w.home, "LocalAppData": w.home, "SPOTSYNC_DATA_DIR": filepath.Join(w.home, "data"),
			"SPOTSYNC_CREDENTIALS_FILE": filepath.Join(w.home, "credentials.json"), "SPOTSYNC_CLIENT_ID": sandbox.SandboxClientID,
			"SPOTSYNC_API_URL": "http://127.0.0.1:1/v1", "SPOTSYNC_ACCOUNTS_URL": "http://127.0.0.1:1",
		}
		w.write(files)
		w.logIn(sandbox.SandboxUser)
		t.Cleanup(func() {
			for _, d := range w.started {
				d.stop()
			}
			w.noSecretsShown()
		})
		test(t, w)
	})
}

// oneFile is a configuration with one playlist.
func oneFile(name string, songs ...string) map[string]string {
	var tracks []string
	for _, s := range songs {
		tracks = append(tracks, `"`+string(song(s))+`"`)
	}
	return map[string]string{"main.hcl": "playlist \"p\" {\n  name   = \"" + name + "\"\n  tracks = [" + strings.Join(tracks, ", ") + "]\n}\n"}
}

func (w *daemonWorld) write(files map[string]string) {
	w.t.Helper()
	for name, text := range files {
		path := filepath.Join(w.conf, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			w.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
}

// logIn puts a login of a user into the credentials file, as spotsync login in another process does.
func (w *daemonWorld) logIn(user string) {
	w.t.Helper()
	refresh, _ := w.server.IssueToken(user, sandbox.SandboxClientID, session.CoreScopes...)
	creds, err := auth.OpenCredentials(store.OS{}, w.env["SPOTSYNC_CREDENTIALS_FILE"])
	if err != nil {
		w.t.Fatal(err)
	}
	app := auth.App{Issuer: auth.Issuer{Name: auth.Loopback}, ClientID: sandbox.SandboxClientID}
	err = creds.Put(w.t.Context(), app.Key(reconcile.DefaultAccount), auth.Token{RefreshToken: refresh, AuthorizedAt: time.Now().UTC(),
		Scopes: session.CoreScopes, Issuer: auth.Loopback, ClientID: app.ClientID})
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	w.secrets = append(w.secrets, refresh)
	w.mu.Unlock()
}

// notices are what was posted to notices.test so far.
func (w *daemonWorld) notices() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(*w.hooks)
}

// RoundTrip is the daemon's and the commands' way to Spotify. What is posted to notices.test is kept.
func (w *daemonWorld) RoundTrip(req *http.Request) (res *http.Response, err error) {
	in := req.Clone(req.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer in.Body.Close()
	a := httptest.NewRecorder()
	if req.URL.Hostname() == "notices.test" {
		body, err := io.ReadAll(in.Body)
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.hooks != nil {
			*w.hooks = append(*w.hooks, string(body))
		}
		return answered(a, req), err
	}
	if req.URL.Host == "127.0.0.1:7979" { // a command asks the daemon
		return w.started[len(w.started)-1].browser.Do(in)
	}
	in.RequestURI, in.RemoteAddr, in.Host = req.URL.RequestURI(), "127.0.0.1:1", req.URL.Host
	defer func() {
		if p := recover(); p == http.ErrAbortHandler {
			res, err = nil, io.ErrUnexpectedEOF
		} else if p != nil {
			panic(p)
		}
	}()
	w.spotify.ServeHTTP(a, in)
	w.mu.Lock()
	for _, m := range given.FindAllStringSubmatch(a.Body.String(), -1) {
		w.secrets = append(w.secrets, m[1])
	}
	w.mu.Unlock()
	return answered(a, req), nil
}

// answered is what was recorded, as the answer to a request.
func answered(a *httptest.ResponseRecorder, req *http.Request) *http.Response {
	res := a.Result()
	res.Request = req
	return res
}

// runningDaemon is a daemon at work, or one that has ended.
type runningDaemon struct {
	*program
	w       *daemonWorld
	log     *watched
	pipe    pagetest.Listener
	browser *http.Client
	done    chan struct{}
	code    int
	stopped bool
	cancel  context.CancelFunc
	read    int         // bytes of the log of which known has the rounds
	known   []roundLine // so that waiting does not mean reading everything again and again
}

// start starts a daemon. It looks at its files each second, and its requests of a day have no limit unless args say so.
func (w *daemonWorld) start(args ...string) *runningDaemon {
	return w.startAs(append([]string{"--requests-per-day", "0"}, args...)...)
}

// startAs is start with the usual limit on the requests of a day.
func (w *daemonWorld) startAs(args ...string) *runningDaemon {
	d := &runningDaemon{program: newProgram(w.env), w: w, log: &watched{}, pipe: pagetest.NewListener(), done: make(chan struct{})}
	d.app.Err = d.log
	d.app.Transport = w
	d.app.Listen = func(string, string) (net.Listener, error) { return d.pipe, nil }
	d.browser = &http.Client{Transport: &http.Transport{DialContext: d.pipe.Dial, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ctx, cancel := context.WithCancel(context.Background())
	d.cancel = cancel
	go func() {
		defer close(d.done)
		d.code = execute(ctx, d.app, append([]string{"daemon", "--poll", "1s", "--log-level", "trace", "--log-format", "json"}, append(args, w.conf)...))
	}()
	w.started = append(w.started, d)
	return d
}

// term sends what SIGTERM sends.
func (d *runningDaemon) term() {
	if !d.stopped {
		d.stopped = true
		close(d.program.stop)
		d.cancel()
	}
}

// stop stops the daemon and returns its exit code.
func (d *runningDaemon) stop() int {
	d.w.t.Helper()
	d.term()
	return d.ended()
}

// ended waits for its end.
func (d *runningDaemon) ended() int {
	d.w.t.Helper()
	select {
	case <-d.done:
	case <-time.After(time.Hour):
		d.w.t.Fatalf("it does not end:\n%s", d.tail())
	}
	d.cancel()
	d.w.shown.WriteString(d.log.String() + d.out.String())
	return d.code
}

// roundLine is what the log says of a round.
type roundLine struct {
	Message  string
	Why      string
	Result   statuspage.Result
	Round    int
	Requests int
	Applied  []string
	Problem  string
	Next     time.Time
}

// tail is the end of the log.
func (d *runningDaemon) tail() string {
	lines := strings.Split(d.log.String(), "\n")
	return strings.Join(lines[max(0, len(lines)-25):], "\n")
}

// rounds are those that have ended.
func (d *runningDaemon) rounds() []roundLine {
	log := d.log.since(d.read)
	for {
		line, rest, whole := strings.Cut(log, "\n")
		if !whole {
			return slices.Clip(d.known)
		}
		log = rest
		d.read += len(line) + 1
		var r roundLine
		if strings.HasSuffix(line, `"message":"round"}`) && json.Unmarshal([]byte(line), &r) == nil {
			d.known = append(d.known, r)
		}
	}
}

// awaits waits until something is so.
func (d *runningDaemon) awaits(what string, is func() bool) {
	d.w.t.Helper()
	for range 6 * 3600 {
		synctest.Wait()
		if is() {
			return
		}
		select {
		case <-d.done:
			d.w.t.Fatalf("%s: it has ended with exit code %d\n%s", what, d.code, d.tail())
		case <-time.After(time.Second):
		}
	}
	d.w.t.Fatalf("%s: not within hours\n%s", what, d.tail())
}

// round waits for the next round, or the first, and returns it.
func (d *runningDaemon) round(n int) roundLine {
	d.w.t.Helper()
	d.awaits("a round", func() bool { return len(d.rounds()) >= n })
	return d.rounds()[n-1]
}

// next does something and returns the first round that ended since. Nothing may be under way.
func (d *runningDaemon) next(do func()) roundLine {
	d.w.t.Helper()
	synctest.Wait()
	n := len(d.rounds())
	do()
	return d.round(n + 1)
}

// ends expects how a round ended.
func (d *runningDaemon) ends(r roundLine, why string, result statuspage.Result) {
	d.w.t.Helper()
	if r.Why != why || r.Result != result {
		d.w.t.Fatalf("a round for %q ended %q, want %q and %q: %s\n%s", r.Why, r.Result, why, result, r.Problem, d.tail())
	}
}

// recovers does something, and expects that the daemon can work again before long.
func (d *runningDaemon) recovers(do func(), result statuspage.Result) {
	d.w.t.Helper()
	began := time.Now()
	if r := d.next(do); r.Result != result || time.Since(began) > 15*time.Second {
		d.w.t.Fatalf("after %s a round for %q ended %q, want %q: %s\n%s", time.Since(began), r.Why, r.Result, result, r.Problem, d.tail())
	}
	d.ready("")
}

// asks sends the daemon a request.
func (d *runningDaemon) asks(method, path string, form url.Values) (status int, body string, header http.Header) {
	d.w.t.Helper()
	req, err := http.NewRequest(method, "http://127.0.0.1:7979"+path, strings.NewReader(form.Encode()))
	if err != nil {
		d.w.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if path == "/" || strings.HasPrefix(path, "/-/login") {
		req.Header.Set("Accept", "text/html")
	}
	res, err := d.browser.Do(req)
	if err != nil {
		d.w.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		d.w.t.Fatal(err)
	}
	if method == http.MethodGet {
		d.w.shown.Write(b)
	}
	return res.StatusCode, string(b), res.Header
}

// ready expects readiness, or its lack for a reason.
func (d *runningDaemon) ready(reason string) {
	d.w.t.Helper()
	want := http.StatusOK
	if reason != "" {
		want = http.StatusServiceUnavailable
	}
	status, body, _ := d.asks("GET", "/readyz", nil)
	if status != want || !strings.Contains(body, reason) {
		d.w.t.Errorf("/readyz: %d %s, want %d for %q\n%s", status, body, want, reason, d.tail())
	}
	if status, body, _ := d.asks("GET", "/healthz", nil); status != http.StatusOK {
		d.w.t.Errorf("/healthz: %d %s", status, body)
	}
}

// page expects the page to say something.
func (d *runningDaemon) page(says string) {
	d.w.t.Helper()
	if status, body, _ := d.asks("GET", "/", nil); status != http.StatusOK || !strings.Contains(body, says) {
		d.w.t.Errorf("the page (%d) does not say %q:\n%s", status, says, body[strings.Index(body, "</style>")+1:])
	}
}

func (d *runningDaemon) reconcile() {
	d.w.t.Helper()
	if status, body, _ := d.asks("POST", "/-/reconcile", url.Values{}); status != http.StatusAccepted {
		d.w.t.Errorf("/-/reconcile: %d %s", status, body)
	}
}

// has expects the listener's playlists, by name, with their songs as letters: "P: A B".
func (w *daemonWorld) has(want ...string) {
	w.t.Helper()
	var got []string
	for _, p := range w.server.Playlists(sandbox.SandboxUser) {
		line := p.Name + ":"
		for _, r := range p.Rows {
			line += " " + shortSong(r.URI)
		}
		got = append(got, line)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.t.Fatalf("Spotify has %q, want %q", got, want)
	}
}

// edits changes the listener's playlist of that name, as on the phone.
func (w *daemonWorld) edits(name string, change func(*sandbox.Playlist)) {
	w.t.Helper()
	for _, p := range w.server.Playlists(sandbox.SandboxUser) {
		if p.Name == name {
			w.server.Edit(p.ID, change)
			return
		}
	}
	w.t.Fatalf("there is no playlist %q", name)
}

// tokens is how often a token was asked for.
func (w *daemonWorld) tokens() int { return w.server.Counts()["POST /api/token"] }

// command runs another spotsync on the same computer.
func (w *daemonWorld) command(want int, args ...string) (out string) {
	w.t.Helper()
	p := newProgram(w.env)
	p.app.Transport = w
	if got := execute(context.Background(), p.app, args); got != want {
		w.t.Fatalf("spotsync %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, want, p.out, p.err)
	}
	w.shown.WriteString(p.out.String() + p.err.String())
	return p.out.String() + p.err.String()
}

// noSecretsShown looks for every token in all that was told, and in every file but the credentials.
func (w *daemonWorld) noSecretsShown() {
	if len(w.secrets) < 2 {
		return
	}
	all := map[string]string{"what was told": w.shown.String()}
	for path, f := range filesBelow(w.t, w.home) {
		if filepath.Base(path) != "credentials.json" {
			all[path] = f.text
		}
	}
	for where, text := range all {
		for _, secret := range w.secrets {
			if strings.Contains(text, secret) {
				w.t.Errorf("a token is in %s", where)
			}
		}
		for _, never := range nobodySees {
			if found := never.FindString(text); found != "" {
				w.t.Errorf("%q is in %s", found, where)
			}
		}
	}
}

// fileSeen is a file as it is found.
type fileSeen struct {
	text    string
	changed time.Time
	inode   os.FileInfo
}

// filesBelow are all files below a folder.
func filesBelow(t *testing.T, root string) map[string]fileSeen {
	t.Helper()
	all := make(map[string]fileSeen)
	err := filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		f := fileSeen{changed: info.ModTime(), inode: info}
		if !info.IsDir() {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			f.text = string(text)
		}
		all[path] = f
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// touched are the files and folders that differ, or were written though they don't.
func touched(before, after map[string]fileSeen) (paths []string) {
	for path, a := range after {
		b, ok := before[path]
		if !ok || a.text != b.text || !a.changed.Equal(b.changed) || !os.SameFile(a.inode, b.inode) {
			paths = append(paths, path)
		}
	}
	for path := range before {
		if _, ok := after[path]; !ok {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}
