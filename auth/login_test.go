package auth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// notes collects messages while the login that writes them goes on.
type notes struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (n *notes) Write(p []byte) (int, error) { n.mu.Lock(); defer n.mu.Unlock(); return n.b.Write(p) }
func (n *notes) String() string              { n.mu.Lock(); defer n.mu.Unlock(); return n.b.String() }

// stand is an accounts service on the network, a user's browser, and what a login wrote.
type stand struct {
	*accounts
	t     *testing.T
	app   App
	notes *notes
	http  *http.Client
}

func newStand(t *testing.T) *stand {
	a := newAccounts()
	srv := httptest.NewServer(a)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	t.Cleanup(srv.Close)
	app := testApp()
	app.Issuer.AccountsURL = srv.URL
	return &stand{accounts: a, t: t, app: app, notes: &notes{}, http: client}
}

// get fetches without following redirects and checks what holds for every page of ours.
func (s *stand) get(address string) (int, string) {
	s.t.Helper()
	resp, err := noRedirects(s.http).Get(address)
	if err != nil {
		s.t.Errorf("GET %s: %v", address, err)
		return 0, ""
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body)
}

// agree is the browser of a user who agrees: it returns the address Spotify sends it to.
func (s *stand) agree(address string) string {
	s.t.Helper()
	resp, err := noRedirects(s.http).Get(address)
	if err != nil {
		s.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.Header.Get("Location")
}

func (s *stand) login(o LoginOptions) (Token, error) {
	s.t.Helper()
	if o.Timeout == 0 {
		o.Timeout = 20 * time.Second
	}
	o.Out, o.HTTP = s.notes, s.http
	return Login(s.t.Context(), s.app, o)
}

// browser returns an Open that hands the address to a user in a goroutine of the test's.
func (s *stand) browser(user func(address string)) func(string) error {
	var wg sync.WaitGroup
	s.t.Cleanup(wg.Wait)
	return func(address string) error {
		wg.Go(func() { user(address) })
		return nil
	}
}

func TestLogin(t *testing.T) {
	for name, secret := range map[string]string{"PKCE alone": "", "with a client secret": "client-secret"} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			s.secret, s.app.ClientSecret, s.scope = secret, secret, "a c"
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/v1/me" || !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer access-") {
					w.WriteHeader(401)
				}
				io.WriteString(w, "jo")
			}))
			defer api.Close()
			s.app.Issuer.APIURL = api.URL + "/v1"
			var asked url.Values
			before := time.Now().Truncate(time.Second)
			token, err := s.login(LoginOptions{
				Scopes: []string{"a", "b"}, ShowDialog: true,
				Open: s.browser(func(address string) {
					u, _ := url.Parse(address)
					asked = u.Query()
					if status, body := s.get(s.agree(address)); status != 200 || !strings.Contains(body, "Back to the terminal") {
						t.Errorf("the callback answers %d %s", status, body)
					}
				}),
				Me: func(ctx context.Context, c *http.Client) (string, string, string, error) {
					resp, err := c.Get(api.URL + "/v1/me")
					if err != nil || resp.StatusCode != 200 {
						return "", "", "", fmt.Errorf("status %v: %w", resp, err)
					}
					resp.Body.Close()
					if _, err := c.Get(s.app.Issuer.AccountsURL + "/me"); err == nil {
						t.Error("the client sends the token elsewhere")
					}
					return "acc", "jo", "Jo", nil
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			if token.AccountID != "acc" || token.DisplayName != "Jo" || token.ClientID != clientID || token.Issuer != Loopback ||
				!s.alive(token.RefreshToken) || token.AuthorizedAt.Before(before) || token.due(time.Now()) {
				t.Errorf("Login() = %v", token)
			}
			if diff := cmp.Diff([]string{"a", "c"}, token.Scopes); diff != "" {
				t.Error("the answer's scopes count:", diff)
			}
			redirect, _ := url.Parse(asked.Get("redirect_uri"))
			if asked.Get("show_dialog") != "true" || asked.Get("scope") != "a b" || asked.Get("response_type") != "code" ||
				len(asked.Get("state")) < 26 || redirect.Hostname() != "127.0.0.1" || redirect.Port() == "" || redirect.Path != "/callback" {
				t.Errorf("asked for %v", asked)
			}
			if s.count() != 1 {
				t.Errorf("%d token requests", s.count())
			}
			s.hides(t, s.notes.String(), token)
			if strings.Contains(s.notes.String(), "verifier") || !strings.Contains(s.notes.String(), "/authorize?") {
				t.Errorf("messages: %s", s.notes)
			}
		})
	}
}

func TestScopesAsRequestedWhenNotSaid(t *testing.T) {
	s := newStand(t)
	token, err := s.login(LoginOptions{Scopes: []string{"x", "y"}, Open: s.browser(func(a string) { s.get(s.agree(a)) })})
	if err != nil || !cmp.Equal(token.Scopes, []string{"x", "y"}) {
		t.Errorf("%v, scopes %v", err, token.Scopes)
	}
}

// Strangers at the callback are refused without learning anything, and the login goes on.
func TestCallbackRefusesStrangers(t *testing.T) {
	s := newStand(t)
	_, err := s.login(LoginOptions{Open: s.browser(func(address string) {
		home, _ := url.Parse(s.agree(address))
		with := func(change func(url.Values)) string {
			u := *home
			q := u.Query()
			change(q)
			u.RawQuery = q.Encode()
			return u.String()
		}
		for name, tt := range map[string]struct {
			address string
			status  int
		}{
			"wrong state":      {with(func(q url.Values) { q.Set("state", "evil<script>") }), 400},
			"no state":         {with(func(q url.Values) { q.Del("state") }), 400},
			"two states":       {with(func(q url.Values) { q.Add("state", "evil") }), 400},
			"two codes":        {with(func(q url.Values) { q.Add("code", "evil") }), 400},
			"no code":          {with(func(q url.Values) { q.Del("code") }), 400},
			"refusal, unasked": {with(func(q url.Values) { q.Set("state", "evil"); q.Set("error", "access_denied") }), 400},
			"other path":       {strings.Replace(home.String(), "/callback", "/favicon.ico", 1), 404},
			"deeper path":      {strings.Replace(home.String(), "/callback", "/callback/", 1), 404},
		} {
			status, body := s.get(tt.address)
			if status != tt.status || strings.Contains(body, "evil") || strings.Contains(body, home.Query().Get("code")) {
				t.Errorf("%s: %d %s", name, status, body)
			}
		}
		resp, err := s.http.Post(home.String(), "text/plain", nil)
		if err != nil || resp.StatusCode != 405 {
			t.Errorf("POST: %v %v", resp, err)
			return
		}
		resp.Body.Close()
		resp, err = s.http.Get(home.String())
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		style := string(body[bytes.Index(body, []byte("<style>"))+7 : bytes.Index(body, []byte("</style>"))])
		sum := sha256.Sum256([]byte(style))
		policy := resp.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, base64.StdEncoding.EncodeToString(sum[:])) {
			t.Errorf("policy %q does not allow the page's own style, or too much", policy)
		}
		for h, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "Content-Type": "text/html; charset=utf-8"} {
			if resp.Header.Get(h) != want {
				t.Errorf("%s: %q", h, resp.Header.Get(h))
			}
		}
		s.hides(t, string(body))
	})})
	if err != nil {
		t.Fatal(err)
	}
}

func TestDenied(t *testing.T) {
	s := newStand(t)
	_, err := s.login(LoginOptions{Open: s.browser(func(address string) {
		home, _ := url.Parse(s.agree(address))
		home.RawQuery = url.Values{"error": {"access_denied"}, "state": {home.Query().Get("state")}}.Encode()
		if _, body := s.get(home.String()); !strings.Contains(body, "Nobody was logged in") {
			t.Error(body)
		}
	})})
	var denied *DeniedError
	if !errors.As(err, &denied) || denied.Code != "access_denied" || s.count() != 0 {
		t.Errorf("Login() = %v after %d token requests", err, s.count())
	}
}

func TestPortInUse(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	s := newStand(t)
	for _, set := range []func(*App){
		func(a *App) { a.RedirectURI = "http://127.0.0.1:" + port + "/callback" },
		func(a *App) { a.CallbackListen = "127.0.0.1:" + port },
	} {
		app := s.app
		set(&app)
		opened := false
		_, err = Login(t.Context(), app, LoginOptions{Open: func(string) error { opened = true; return nil }})
		if err == nil || opened || !strings.Contains(err.Error(), "port "+port+" is in use") || !strings.Contains(err.Error(), "callback_listen") || !strings.Contains(err.Error(), "without a port") {
			t.Errorf("Login() = %v, browser opened: %v", err, opened)
		}
	}
}

func TestCallbackListen(t *testing.T) {
	for redirect, want := range map[string]string{
		"":                              "http://127.0.0.1:PORT/callback",
		"http://127.0.0.1:8888/cb":      "http://127.0.0.1:8888/cb",
		"https://music.example.org/cb/": "https://music.example.org/cb/",
	} {
		s := newStand(t)
		ln, _ := net.Listen("tcp", "127.0.0.1:0")
		listen := ln.Addr().String()
		ln.Close()
		_, port, _ := net.SplitHostPort(listen)
		s.app.RedirectURI, s.app.CallbackListen = redirect, listen
		_, err := s.login(LoginOptions{Open: s.browser(func(address string) {
			home, _ := url.Parse(s.agree(address))
			if got := home.Scheme + "://" + home.Host + home.Path; got != strings.Replace(want, "PORT", port, 1) {
				t.Errorf("redirect_uri %q became %q", redirect, got)
			}
			home.Scheme, home.Host = "http", listen // the proxy
			s.get(home.String())
		})})
		if err != nil {
			t.Errorf("redirect_uri %q: %v", redirect, err)
		}
	}
}

func TestCheckRefusesRedirects(t *testing.T) {
	for redirect, want := range map[string]string{
		"http://localhost:8888/callback":  "register http://127.0.0.1/callback",
		"http://LOCALHOST/callback":       "register http://127.0.0.1/callback",
		"http://x.localhost/callback":     "register http://127.0.0.1/callback",
		"https://localhost/callback":      "register http://127.0.0.1/callback",
		"http://example.org/callback":     "only for 127.0.0.1",
		"http://192.168.1.2/callback":     "only for 127.0.0.1",
		"https://example.org/callback":    "callback_listen",
		"spotsync://callback":             "http:// or https://",
		"127.0.0.1/callback":              "plain web address",
		"http://127.0.0.1/callback#x":     "plain web address",
		"http://127.0.0.1/callback?x=1":   "plain web address",
		"http://u:pw@127.0.0.1/callback":  "plain web address",
		"http://127.0.0.1:99999/callback": "1 to 65535",
		"http://127.0.0.1:0/callback":     "1 to 65535",
		"https://999.1.1.1/callback":      "callback_listen",
		"http://127.0.0.1:/callback":      "1 to 65535",
	} {
		app := testApp()
		app.RedirectURI = redirect
		if err := app.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("redirect_uri %q: %v, want %q", redirect, err, want)
		}
	}
	for _, redirect := range []string{"", "http://127.0.0.1/callback", "http://[::1]:8888/x", "http://127.0.0.1:1"} {
		app := testApp()
		app.RedirectURI = redirect
		if err := app.Check(); err != nil {
			t.Errorf("redirect_uri %q: %v", redirect, err)
		}
	}
	for _, change := range []func(*App){
		func(a *App) { a.ClientID = "" },
		func(a *App) { a.ClientID = "with space" },
		func(a *App) { a.Issuer.Name, a.ClientID = Spotify, "0123456789abcdef0123456789abcde" },
		func(a *App) { a.Issuer.Name, a.ClientID = Spotify, "my-app" },
		func(a *App) { a.CallbackListen = "8888" },
		func(a *App) { a.CallbackListen = "127.0.0.1:x" },
		func(a *App) { a.Issuer = Issuer{} },
	} {
		app := testApp()
		change(&app)
		if app.Check() == nil {
			t.Errorf("%v is accepted", app)
		}
	}
}

func TestHintAndTimeout(t *testing.T) {
	s := newStand(t)
	_, err := s.login(LoginOptions{Hint: time.Millisecond, Timeout: 100 * time.Millisecond, Open: func(string) error { return errors.New("no display") }})
	if err == nil || !strings.Contains(err.Error(), "in time") {
		t.Errorf("Login() = %v", err)
	}
	for _, want := range []string{"INVALID_CLIENT", "exactly this, then save:  http://127.0.0.1/callback\n", "no display", "--no-browser"} {
		if !strings.Contains(s.notes.String(), want) {
			t.Errorf("messages lack %q: %s", want, s.notes)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Login(ctx, s.app, LoginOptions{HTTP: s.http}); !errors.Is(err, context.Canceled) {
		t.Errorf("Login() = %v", err)
	}
}

// Without a browser: rubbish is explained, and the address or the code is taken; meanwhile the port listens.
func TestNoBrowser(t *testing.T) {
	for name, paste := range map[string]func(home *url.URL) string{
		"address":           func(u *url.URL) string { return u.String() },
		"quoted, spaced":    func(u *url.URL) string { return "  \"" + u.String() + "\" \r" },
		"query":             func(u *url.URL) string { return u.RawQuery },
		"code":              func(u *url.URL) string { return u.Query().Get("code") },
		"nothing, callback": nil,
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			r, w := io.Pipe()
			defer w.Close()
			var wg sync.WaitGroup
			defer wg.Wait()
			wg.Go(func() {
				address := ""
				for address == "" {
					time.Sleep(time.Millisecond)
					if _, after, ok := strings.Cut(s.notes.String(), "\n\n  "); ok {
						address, _, _ = strings.Cut(after, "\n")
					}
				}
				home, _ := url.Parse(s.agree(address))
				if paste == nil {
					w.Close()
					s.get(home.String())
					return
				}
				other := *home
				other.RawQuery = "code=secretcode&state=other"
				fmt.Fprintf(w, "\nhm\n%s\n%s\nhttps://open.spotify.com/\nhttp://x/?code=secretcode\n%s\n", address, &other, paste(home))
			})
			token, err := s.login(LoginOptions{NoBrowser: true, In: r, Open: func(string) error { t.Error("a browser was opened"); return nil }})
			if err != nil || !s.alive(token.RefreshToken) {
				t.Fatal(err)
			}
			if paste == nil {
				return
			}
			for _, want := range []string{"neither an address nor a code", "address to open", "belongs to another login", "no code in it", "is cut"} {
				if !strings.Contains(s.notes.String(), want) {
					t.Errorf("messages lack %q: %s", want, s.notes)
				}
			}
			if strings.Contains(s.notes.String(), "secretcode") {
				t.Error("what was pasted is echoed")
			}
			s.hides(t, s.notes.String())
		})
	}
}

func TestPastedRefusal(t *testing.T) {
	a, again := parsePasted("http://127.0.0.1:1/callback?error=access_denied&state=st", "st")
	var denied *DeniedError
	if again != "" || !errors.As(a.err, &denied) {
		t.Errorf("%v, %q", a, again)
	}
}

func TestLoginFailuresAfterTheCode(t *testing.T) {
	for _, tt := range []struct {
		name string
		hook func(w http.ResponseWriter, r *http.Request) bool
		want string
	}{
		{"code refused", func(w http.ResponseWriter, r *http.Request) bool {
			oauthError(w, 400, "invalid_grant", "bad "+r.PostForm.Get("code")+r.PostForm.Get("code_verifier"))
			return true
		}, "log in again"},
		{"app refused", func(w http.ResponseWriter, r *http.Request) bool {
			oauthError(w, 400, "invalid_client", "Invalid client")
			return true
		}, "dashboard"},
		{"redirect", func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "/api/token?again", http.StatusTemporaryRedirect)
			return true
		}, "never followed"},
		{"no refresh token", func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"access_token":"access-x-secret","token_type":"Bearer"}`)
			return true
		}, "no refresh token"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStand(t)
			s.hook = tt.hook
			var verifier string
			s.hook = func(w http.ResponseWriter, r *http.Request) bool {
				verifier = r.PostForm.Get("code_verifier")
				return tt.hook(w, r)
			}
			_, err := s.login(LoginOptions{Open: s.browser(func(a string) { s.get(s.agree(a)) })})
			if err == nil || !strings.Contains(err.Error(), tt.want) || errors.Is(err, ErrLoginRequired) || s.count() != 1 {
				t.Errorf("Login() = %v after %d requests", err, s.count())
			}
			if verifier == "" || strings.Contains(err.Error(), verifier) {
				t.Errorf("the verifier is missing or shown: %v", err)
			}
			s.hides(t, err)
		})
	}
}

func TestMeFails(t *testing.T) {
	s := newStand(t)
	cause := errors.New("not registered in the dashboard")
	_, err := s.login(LoginOptions{
		Open: s.browser(func(a string) { s.get(s.agree(a)) }),
		Me:   func(context.Context, *http.Client) (string, string, string, error) { return "", "", "", cause },
	})
	if !errors.Is(err, cause) {
		t.Errorf("Login() = %v", err)
	}
}

func TestCheckRefusesCallbackListen(t *testing.T) {
	for address, allowed := range map[string]bool{
		"127.0.0.1:8888": true, "[::1]:8888": true, ":8888": true, "127.0.0.1:0": true,
		"999.1.1.1:80": false, "127.0.0:80": false, "::1:80": false, "[127.0.0.1]:80": false, "127.0.0.1:65536": false, "127.0.0.1": false,
	} {
		app := testApp()
		app.CallbackListen = address
		if err := app.Check(); (err == nil) != allowed || err != nil && !strings.Contains(err.Error(), "callback_listen") {
			t.Errorf("callback_listen %q: %v", address, err)
		}
	}
}
