package statuspage

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/pagetest"
)

const testToken = "correct-horse-battery-staple"

func post(path, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:7979"+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

func answerTo(s *Server, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.handler().ServeHTTP(w, r)
	return w
}

func tokenFile(t *testing.T, token string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestServeProbes(t *testing.T) {
	s, _ := testServer(sampleStatus())
	s.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "spotsync_build_info 1\n") })
	s.Options = Options{Listen: "0.0.0.0:7979", TokenFile: tokenFile(t, testToken)} // what would close the page closes no probe
	get := func(path, accept string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "http://any.example.org"+path, nil)
		r.Header.Set("Accept", accept)
		return answerTo(s, r)
	}
	check := func(path, accept string, status int, body string) {
		t.Helper()
		if w := get(path, accept); w.Code != status || w.Body.String() != body {
			t.Errorf("%s (%s): %d %q, want %d %q", path, accept, w.Code, w.Body, status, body)
		}
	}
	last := s.Status().Last.Began.UTC().Format(time.RFC3339)
	rounds := `"state":"lock-1","last_round":{"why":"interval","began":"` + last + `","result":"ok","changed":0,"healed":0,"waiting":0,"requests":2},"next_round":"` + s.Status().Next.UTC().Format(time.RFC3339) + `"}` + "\n"
	check("/healthz", "", 200, "ok\n")
	check("/readyz", "", 200, "ok\n")
	check("/readyz", "application/json", 200, `{"ready":true,"reasons":[],`+rounds)
	check("/metrics", "", 200, "spotsync_build_info 1\n")

	status := sampleStatus()
	status.Reasons = []string{"The configuration is broken.", "Account \"kids\"\nneeds a login."}
	s.Status = func() Status { return status }
	s.Alive = func() error { return errors.New("the loop has not moved for 10m0s") }
	check("/healthz", "", 503, "the loop has not moved for 10m0s\n")
	check("/readyz", "", 503, "The configuration is broken.\nAccount \"kids\" needs a login.\n")
	check("/readyz", "application/json", 503, `{"ready":false,"reasons":["The configuration is broken.","Account \"kids\"\nneeds a login."],`+rounds)
	s.Metrics = nil
	check("/metrics", "", 404, "There is nothing here.\n")
}

func TestServeMethods(t *testing.T) {
	s, deeds := testServer(sampleStatus())
	for _, c := range []struct{ path, allow string }{
		{"/healthz", "GET, HEAD"}, {"/readyz", "GET, HEAD"}, {"/metrics", "GET, HEAD"}, {"/", "GET, HEAD"},
		{"/-/reconcile", "POST"}, {"/-/reload", "POST"}, {"/-/release", "POST"}, {"/-/login", "POST"}, {"/-/enter", "POST"}, {"/-/leave", "POST"},
	} {
		for _, m := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get"} {
			r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:7979"+c.path, nil)
			r.Method = m
			w := answerTo(s, r)
			if allowed := slices.Contains(strings.Split(c.allow, ", "), m); allowed != (w.Code != http.StatusMethodNotAllowed) {
				t.Errorf("%s %s: %d", m, c.path, w.Code)
			} else if !allowed && w.Header().Get("Allow") != c.allow {
				t.Errorf("%s %s allows %q", m, c.path, w.Header().Get("Allow"))
			}
		}
	}
	if want := []string{"reconcile", "reload"}; !slices.Equal(*deeds, want) {
		t.Errorf("did %q, want %q", *deeds, want)
	}
	for _, path := range []string{"/x", "//", "/healthz/", "/-/", "/-/reconcile/", "/style.css", "/debug/pprof/", "/../etc/passwd", "/-/reconcile/../reload"} {
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:7979/", nil)
		r.URL.Path = path
		if w := answerTo(s, r); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// Every answer, good or bad, forbids what it does not need.
func TestServeHeaders(t *testing.T) {
	s, _ := testServer(sampleStatus())
	foreign := httptest.NewRequest(http.MethodGet, "http://evil.example.org/", nil)
	for _, r := range []*http.Request{httptest.NewRequest(http.MethodGet, "http://localhost/", nil), httptest.NewRequest(http.MethodGet, "http://localhost/healthz", nil),
		httptest.NewRequest(http.MethodGet, "http://localhost/none", nil), post("/-/reload", ""), foreign} {
		h := answerTo(s, r).Header()
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "style-src 'sha256-", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: policy %q lacks %s", r.URL, csp, want)
			}
		}
		if strings.Contains(csp, "script") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", r.URL, csp)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
			"Cache-Control": "no-store", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", r.URL, name, h.Get(name))
			}
		}
		if h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: lets other sites read it", r.URL)
		}
	}
}

func TestServeHosts(t *testing.T) {
	s, deeds := testServer(sampleStatus())
	s.Options.AllowedHosts = []string{"Music.home", "box:8080"}
	for _, c := range []struct {
		host    string
		allowed bool
	}{
		{"127.0.0.1", true}, {"127.0.0.1:7979", true}, {"127.9.9.9:1", true}, {"[::1]:7979", true}, {"[::1]", true}, {"[::ffff:127.0.0.1]:80", true},
		{"localhost", true}, {"LOCALHOST:7979", true}, {"music.home", true}, {"MUSIC.HOME:443", true}, {"box", true},
		{"", false}, {"evil.example.org", false}, {"evil.example.org:7979", false}, {"127.0.0.1.nip.io", false}, {"localhost.evil.example.org", false},
		{"192.168.1.5:7979", false}, {"0.0.0.0:7979", false}, {"[::]:7979", false}, {"2130706433", false}, {"127.1", false}, {"sub.music.home", false},
		{"evil.example.org:127.0.0.1", false}, {"127.0.0.1@evil.example.org", false}, {"[::1%25lo]:7979", false},
	} {
		for _, r := range []*http.Request{httptest.NewRequest(http.MethodGet, "http://x/", nil), post("/-/reconcile", "")} {
			r.Host = c.host
			*deeds = nil
			w := answerTo(s, r)
			if (w.Code != http.StatusForbidden) != c.allowed || (w.Code >= 400) == c.allowed {
				t.Errorf("%s of host %q: %d", r.Method, c.host, w.Code)
			}
			if !c.allowed {
				if got := w.Body.String(); !strings.Contains(got, "--allowed-host") || strings.Contains(got, "Marta") {
					t.Errorf("host %q is told %q", c.host, got)
				}
				if len(*deeds) > 0 {
					t.Errorf("host %q made it %q", c.host, *deeds)
				}
			}
		}
	}
}

func TestServeOrigins(t *testing.T) {
	s, deeds := testServer(sampleStatus())
	s.Options.AllowedHosts = []string{"music.home"}
	for _, c := range []struct {
		host, origin, site string
		allowed            bool
	}{
		{"127.0.0.1:7979", "", "", true}, // no browser
		{"127.0.0.1:7979", "http://127.0.0.1:7979", "", true},
		{"127.0.0.1:7979", "http://127.0.0.1:7979", "same-origin", true},
		{"music.home", "https://music.home", "", true}, // behind a proxy
		{"127.0.0.1:7979", "http://127.0.0.1:3000", "", false},
		{"127.0.0.1:7979", "http://localhost:7979", "", false},
		{"127.0.0.1:7979", "https://evil.example.org", "", false},
		{"127.0.0.1:7979", "null", "", false},
		{"127.0.0.1:7979", "http://127.0.0.1:3000", "same-site", false},
		{"127.0.0.1:7979", "", "cross-site", false},
		{"music.home", "http://evil.example.org", "cross-site", false},
	} {
		for _, path := range []string{"/-/reconcile", "/-/reload", "/-/release", "/-/login", "/-/enter", "/-/leave"} {
			r := post(path, "address=playlist.morning&account=default")
			r.Host = c.host
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			if c.site != "" {
				r.Header.Set("Sec-Fetch-Site", c.site)
			}
			*deeds = nil
			if w := answerTo(s, r); (w.Code != http.StatusForbidden) != c.allowed {
				t.Errorf("%s of %+v: %d %s", path, c, w.Code, w.Body)
			}
			if !c.allowed && len(*deeds) > 0 {
				t.Errorf("%s of %+v made it %q", path, c, *deeds)
			}
		}
	}
	// Looking changes nothing, and a link from elsewhere may lead here.
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:7979/", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if w := answerTo(s, r); w.Code != http.StatusOK {
		t.Errorf("a link leads to %d", w.Code)
	}
}

func TestServeToken(t *testing.T) {
	path := tokenFile(t, testToken)
	for _, c := range []struct {
		listen, file string
		auth         string
		want         int
	}{
		{"127.0.0.1:7979", "", "", 200},
		{"[::1]:7979", "", "", 200},
		{"localhost:7979", "", "", 200},
		{"0.0.0.0:7979", "", "", 403},
		{":7979", "", "", 403},
		{"192.168.1.5:7979", "", "Bearer " + testToken, 403},
		{"0.0.0.0:7979", path, "", 401},
		{"127.0.0.1:7979", path, "", 401}, // who names a token means it
		{"0.0.0.0:7979", path, "Bearer " + testToken, 200},
		{"0.0.0.0:7979", path, "bearer  " + testToken, 200},
		{"0.0.0.0:7979", path, "Bearer " + testToken + "x", 401},
		{"0.0.0.0:7979", path, "Bearer " + testToken[:20], 401},
		{"0.0.0.0:7979", path, "Bearer ", 401},
		{"0.0.0.0:7979", path, "Bearer", 401},
		{"0.0.0.0:7979", path, "Basic " + testToken, 401},
		{"0.0.0.0:7979", path, testToken, 401},
		{"0.0.0.0:7979", filepath.Join(t.TempDir(), "gone"), "Bearer " + testToken, 503},
		{"0.0.0.0:7979", tokenFile(t, ""), "Bearer ", 503},
		{"0.0.0.0:7979", tokenFile(t, "short"), "Bearer short", 503},
	} {
		s, deeds := testServer(sampleStatus())
		s.Options.Listen, s.Options.TokenFile = c.listen, c.file
		for _, r := range []*http.Request{httptest.NewRequest(http.MethodGet, "http://127.0.0.1:7979/", nil), post("/-/reconcile", "")} {
			want := c.want
			if r.Method == http.MethodPost && want == 200 {
				want = http.StatusAccepted
			}
			if c.auth != "" {
				r.Header.Set("Authorization", c.auth)
			}
			w := answerTo(s, r)
			if w.Code != want {
				t.Errorf("%s %+v: %d %s", r.Method, c, w.Code, w.Body)
			}
			if (w.Header().Get("WWW-Authenticate") != "") != (want == 401) {
				t.Errorf("%s %+v: WWW-Authenticate %q", r.Method, c, w.Header().Get("WWW-Authenticate"))
			}
			if strings.Contains(w.Body.String(), testToken[:12]) {
				t.Errorf("%s %+v: tells the token", r.Method, c)
			}
		}
		if (len(*deeds) > 0) != (c.want == 200) {
			t.Errorf("%+v did %q", c, *deeds)
		}
	}
}

// The form gives a cookie that opens the page, is not the token, and ends with it.
func TestServeSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s, _ := testServer(sampleStatus())
		s.Log = zerolog.New(&log)
		s.Options = Options{Listen: "0.0.0.0:7979", TokenFile: tokenFile(t, testToken)}
		browse := func(r *http.Request, cookie *http.Cookie) *httptest.ResponseRecorder {
			r.Header.Set("Accept", "text/html,*/*")
			if cookie != nil {
				r.AddCookie(cookie)
			}
			return answerTo(s, r)
		}
		look := func(cookie *http.Cookie) int {
			return browse(httptest.NewRequest(http.MethodGet, "http://localhost/", nil), cookie).Code
		}
		if w := browse(httptest.NewRequest(http.MethodGet, "http://localhost/", nil), nil); w.Code != 401 || !strings.Contains(w.Body.String(), `type="password"`) {
			t.Fatalf("%d, no form", w.Code)
		}
		if w := browse(post("/-/enter", "token=wrong-wrong-wrong-wrong"), nil); w.Code != 401 || len(w.Result().Cookies()) != 0 || strings.Contains(w.Body.String(), "wrong-wrong") {
			t.Fatalf("a wrong token: %d", w.Code)
		}
		if w := answerTo(s, post("/-/enter", "token=wrong-wrong-wrong-wrong")); w.Code != 401 || strings.Contains(w.Body.String(), "wrong-wrong") {
			t.Fatalf("a wrong token: %d", w.Code)
		}
		enter := func(origin string) *http.Cookie {
			r := post("/-/enter", "token="+testToken)
			r.Header.Set("Origin", origin)
			w := browse(r, nil)
			cookies := w.Result().Cookies()
			if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/" || len(cookies) != 1 {
				t.Fatalf("the token: %d, %d cookies", w.Code, len(cookies))
			}
			return cookies[0]
		}
		c := enter("http://127.0.0.1:7979")
		if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure || c.Domain != "" || strings.Contains(c.Value, testToken[:7]) {
			t.Errorf("cookie %v", c)
		}
		if enter("https://127.0.0.1:7979").Secure != true {
			t.Error("over TLS the cookie is not kept to it")
		}
		if got := look(c); got != 200 {
			t.Errorf("with the cookie: %d", got)
		}
		w := browse(httptest.NewRequest(http.MethodGet, "http://localhost/", nil), c)
		if !strings.Contains(w.Body.String(), "/-/leave") {
			t.Error("no way to leave")
		}
		until, mark, _ := strings.Cut(c.Value, ".")
		for _, forged := range []string{"", ".", until + ".", until + "." + mark[:62], "9" + until + "." + mark, until + "." + strings.Repeat("0", 64), testToken, "x." + mark} {
			if got := look(&http.Cookie{Name: sessionCookie, Value: forged}); got != 401 {
				t.Errorf("with %q: %d", forged, got)
			}
		}
		time.Sleep(sessionLasts - time.Second)
		if got := look(c); got != 200 {
			t.Errorf("just before its end: %d", got)
		}
		time.Sleep(2 * time.Second)
		if got := look(c); got != 401 {
			t.Errorf("after its end: %d", got)
		}
		c = enter("http://127.0.0.1:7979")
		if err := os.WriteFile(s.Options.TokenFile, []byte("another-token-altogether"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := look(c); got != 401 {
			t.Errorf("after another token: %d", got)
		}
		if w := browse(post("/-/leave", ""), &http.Cookie{Name: sessionCookie, Value: sessionValue("another-token-altogether", time.Now().Unix()+60)}); w.Code != 303 || w.Result().Cookies()[0].MaxAge >= 0 {
			t.Errorf("leaving: %d", w.Code)
		}
		if got := log.String(); strings.Contains(got, testToken[:12]) || strings.Contains(got, "wrong-wrong") {
			t.Errorf("logged: %s", got)
		}
	})
}

func TestServeSizes(t *testing.T) {
	s, deeds := testServer(sampleStatus())
	for _, path := range []string{"/-/reconcile", "/-/reload", "/-/release", "/-/login", "/-/leave", "/-/enter"} {
		if w := answerTo(s, post(path, "pasted="+strings.Repeat("x", maxBody))); w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %d", path, w.Code)
		}
		r := post(path, `{"account":"default"}`)
		r.Header.Set("Content-Type", "application/json")
		if w := answerTo(s, r); w.Code != http.StatusUnsupportedMediaType {
			t.Errorf("%s as JSON: %d", path, w.Code)
		}
		if w := answerTo(s, post(path, "account=%zz")); w.Code != http.StatusBadRequest {
			t.Errorf("%s garbled: %d", path, w.Code)
		}
	}
	if len(*deeds) > 0 {
		t.Errorf("did %q", *deeds)
	}
}

func TestServeButtons(t *testing.T) {
	s, deeds := testServer(sampleStatuses()["mixed"])
	for _, c := range []struct {
		path, body string
		status     int
		says, did  string
	}{
		{"/-/reconcile", "", 202, notices["reconcile"], "reconcile"},
		{"/-/reload", "", 202, notices["reload"], "reload"},
		{"/-/release", "address=playlist.evening", 202, notices["release"], "release playlist.evening"},
		{"/-/release", "address=playlist.year%5B%222024%22%5D", 409, "does not help: One address means two playlists.", ""},
		{"/-/release", "address=playlist.nobody", 404, "There is no such playlist", ""},
		{"/-/release", "", 404, "There is no such playlist", ""},
		{"/-/login", "account=nobody", 404, "There is no such account", ""},
		{"/-/login", "account=kids", 200, "https://accounts.spotify.com/authorize?client_id=c&state=s\n", "begin kids"},
	} {
		*deeds = nil
		w := answerTo(s, post(c.path, c.body))
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) || strings.Join(*deeds, " ") != c.did {
			t.Errorf("%s %q: %d %q, did %q", c.path, c.body, w.Code, w.Body, *deeds)
		}
	}
	for what := range notices { // and a browser is led back
		w := httptest.NewRecorder()
		r := post("/-/"+what, "")
		r.Header.Set("Accept", "text/html")
		s.done(w, r, what)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/?done="+what {
			t.Errorf("%s leads to %d %s", what, w.Code, w.Header().Get("Location"))
		}
		shown := answerTo(s, httptest.NewRequest(http.MethodGet, "http://localhost"+w.Header().Get("Location"), nil)).Body.String()
		if !strings.Contains(shown, notices[what]) {
			t.Errorf("%s is not said", what)
		}
	}
	if got := answerTo(s, httptest.NewRequest(http.MethodGet, "http://localhost/?done=you+have+won", nil)).Body.String(); strings.Contains(got, "you have won") || strings.Contains(got, `role="status"`) {
		t.Error("the page says what its address says")
	}
	s.Release = func(string) error { return errors.New("its block must change first") }
	if w := answerTo(s, post("/-/release", "address=playlist.evening")); w.Code != 409 || w.Body.String() != "playlist.evening was not released: its block must change first.\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestServeLogin(t *testing.T) {
	s, deeds := testServer(sampleStatuses()["login"])
	const code = "http://127.0.0.1/callback?code=AQsecretcode&state=s"
	var finish error
	s.FinishLogin = func(ctx context.Context, account, pasted string) error {
		if _, ok := ctx.Deadline(); !ok || account != "default" || pasted != code {
			t.Errorf("finishes %q with %q", account, pasted)
		}
		return finish
	}
	ask := func(body, accept string) *httptest.ResponseRecorder {
		r := post("/-/login", body)
		r.Header.Set("Accept", accept)
		return answerTo(s, r)
	}
	const pasted = "account=default&pasted=+http%3A%2F%2F127.0.0.1%2Fcallback%3Fcode%3DAQsecretcode%26state%3Ds%0A"
	w := ask("account=default", "text/html")
	if got := w.Body.String(); w.Code != 200 || !strings.Contains(got, `href="https://accounts.spotify.com/authorize?client_id=c&amp;state=s"`) || !strings.Contains(pagetest.Words(got), "Renew the login of Marta Novák") {
		t.Errorf("beginning: %d %s", w.Code, pagetest.Words(got))
	}
	if w := ask(pasted, "text/html"); w.Code != 303 || w.Header().Get("Location") != "/?done=login" {
		t.Errorf("finishing: %d", w.Code)
	}
	if w := ask(pasted, "*/*"); w.Code != 202 || w.Body.String() != notices["login"]+"\n" {
		t.Errorf("finishing: %d %s", w.Code, w.Body)
	}
	finish = errors.New("this is the login of Otto, and the account is Marta's")
	*deeds = nil
	w = ask(pasted, "text/html")
	if got := pagetest.Words(w.Body.String()); w.Code != 422 || !strings.Contains(got, "That did not work: this is the login of Otto, and the account is Marta's.") || !slices.Equal(*deeds, []string{"begin default"}) {
		t.Errorf("another's: %d %s, did %q", w.Code, got, *deeds)
	}
	if strings.Contains(w.Body.String(), "AQsecretcode") {
		t.Error("shows the code")
	}
	if w := ask(pasted, "*/*"); w.Code != 422 || strings.Contains(w.Body.String(), "AQsecretcode") {
		t.Errorf("another's: %d %s", w.Code, w.Body)
	}
	if w := ask("account=default&pasted=+", "text/html"); w.Code != 422 || !strings.Contains(pagetest.Words(w.Body.String()), "nothing was pasted.") {
		t.Errorf("nothing: %d", w.Code)
	}
	s.BeginLogin = func(string) (string, error) { return "", errors.New("there is no client ID") }
	if w := ask("account=default", "*/*"); w.Code != 409 || w.Body.String() != "The login can't begin: there is no client ID.\n" {
		t.Errorf("no client ID: %d %s", w.Code, w.Body)
	}
	s.BeginLogin = func(string) (string, error) { return "javascript:alert(1)", nil }
	if w := ask("account=default", "text/html"); strings.Contains(w.Body.String(), `href="javascript:`) {
		t.Error("links to a script")
	}
}

func TestServePanics(t *testing.T) {
	var log bytes.Buffer
	s, _ := testServer(sampleStatus())
	s.Log = zerolog.New(&log)
	s.Status = func() Status { panic("boom") }
	if w := answerTo(s, httptest.NewRequest(http.MethodGet, "http://localhost/", nil)); w.Code != 500 || strings.Contains(w.Body.String(), "boom") || !strings.Contains(log.String(), "boom") {
		t.Errorf("%d %s, logged %s", w.Code, w.Body, log.String())
	}
}

func TestServerOptionsCheck(t *testing.T) {
	for _, c := range []struct {
		o    Options
		says string
	}{
		{Options{Listen: "127.0.0.1:7979"}, ""},
		{Options{Listen: ":7979", AllowedHosts: []string{"music.home", "::1", "box:80"}, TokenFile: tokenFile(t, testToken)}, ""},
		{Options{Listen: "7979"}, `--listen "7979": write HOST:PORT`},
		{Options{Listen: "999.1.1.1:80"}, `--listen "999.1.1.1:80": write HOST:PORT`},
		{Options{Listen: ":1", AllowedHosts: []string{"*"}}, `--allowed-host "*": write a name alone`},
		{Options{Listen: ":1", AllowedHosts: []string{"http://x/"}}, "write a name alone"},
		{Options{Listen: ":1", TokenFile: "/nowhere/at/all"}, "--http-token-file: open"},
		{Options{Listen: ":1", TokenFile: tokenFile(t, "tooshort")}, "fewer than 16 characters"},
		{Options{Listen: ":1", TokenFile: tokenFile(t, strings.Repeat("x", maxTokenFile+1))}, "too long"},
	} {
		err := c.o.Check()
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%+v: %v", c.o, err)
		}
	}
}

func TestListenTakesAPortThatExists(t *testing.T) {
	for address, ok := range map[string]bool{
		"127.0.0.1:7979": true, ":7979": true, "[::]:65535": true, "127.0.0.1:0": true, "127.0.0.1:65536": false, "127.0.0.1:99999": false,
		"127.0.0.1:-1": false, "127.0.0.1:http": false, "127.0.0.1:": false, "127.0.0.1": false, "7979": false,
	} {
		if err := (Options{Listen: address}).Check(); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
	if err := Check(t.Context(), "spotsync/1", "127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), "--listen") {
		t.Errorf("asking at port 0: %v", err)
	}
}
