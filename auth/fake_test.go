package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// accounts is an accounts service that does what the tests ask of it. It is an http.RoundTripper too, so that it works where
// time is a fake.
type accounts struct {
	mu       sync.Mutex
	rotate   bool   // every refresh gives a new refresh token and burns the one before
	life     int    // expires_in
	secret   string // client secret it insists on
	scope    string // scope it answers; empty: none
	hook     func(http.ResponseWriter, *http.Request) bool
	n        int
	requests int             // to the token endpoint
	reused   int             // burned refresh tokens it was shown
	live     map[string]bool // refresh tokens
	burned   map[string]bool
	codes    map[string]url.Values
	issued   []string // everything that must never be shown
}

const clientID = "0123456789abcdef0123456789abcdef"

func newAccounts() *accounts {
	return &accounts{life: 3600, live: map[string]bool{}, burned: map[string]bool{}, codes: map[string]url.Values{}}
}

func (a *accounts) issue(kind string) string {
	a.n++
	s := fmt.Sprintf("%s-%04d-secret", kind, a.n)
	a.issued = append(a.issued, s)
	return s
}

// grant returns a refresh token that works.
func (a *accounts) grant() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.issue("refresh")
	a.live[r] = true
	return r
}

func (a *accounts) revoke() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.live)
}

func (a *accounts) set(change func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change()
}

func (a *accounts) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.requests
}

func (a *accounts) alive(refresh string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.live[refresh]
}

func (a *accounts) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

func (a *accounts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case r.URL.Path == "/authorize":
		a.authorize(w, r)
	case r.URL.Path == "/api/token" && r.Method == http.MethodPost:
		a.requests++
		a.token(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (a *accounts) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	code := a.issue("code")
	a.codes[code] = q
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
}

func oauthError(w http.ResponseWriter, status int, code, detail string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": detail})
}

func (a *accounts) token(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	if a.hook != nil && a.hook(w, r) {
		return
	}
	id, secret, basic := r.BasicAuth()
	if a.secret != "" && (!basic || id != clientID || secret != a.secret || r.PostForm.Has("client_secret")) {
		oauthError(w, 400, "invalid_client", "Invalid client secret")
		return
	}
	if a.secret == "" && (basic || r.PostForm.Get("client_id") != clientID) {
		oauthError(w, 400, "invalid_client", "Invalid client")
		return
	}
	answer := map[string]any{"access_token": a.issue("access"), "token_type": "Bearer", "expires_in": a.life}
	if a.scope != "" {
		answer["scope"] = a.scope
	}
	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		q, ok := a.codes[r.PostForm.Get("code")]
		delete(a.codes, r.PostForm.Get("code"))
		sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
		if !ok || q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) || q.Get("redirect_uri") != r.PostForm.Get("redirect_uri") {
			oauthError(w, 400, "invalid_grant", "Invalid authorization code")
			return
		}
		refresh := a.issue("refresh")
		a.live[refresh] = true
		answer["refresh_token"] = refresh
	case "refresh_token":
		old := r.PostForm.Get("refresh_token")
		if a.burned[old] {
			a.reused++
		}
		if !a.live[old] {
			oauthError(w, 400, "invalid_grant", "Refresh token revoked")
			return
		}
		if a.rotate {
			refresh := a.issue("refresh")
			delete(a.live, old)
			a.burned[old], a.live[refresh] = true, true
			answer["refresh_token"] = refresh
		}
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(answer)
}

// hides fails the test when a secret is in any way of formatting one of the values.
func (a *accounts) hides(t *testing.T, values ...any) {
	t.Helper()
	a.mu.Lock()
	secrets := append(slices.Clone(a.issued), a.secret)
	a.mu.Unlock()
	for _, v := range values {
		j, _ := json.Marshal(v)
		text := fmt.Sprintf("%v %+v %#v %s %q %x %d ", v, v, v, v, v, v, v) + string(j)
		for err, ok := v.(error); ok && err != nil; err = errors.Unwrap(err) {
			text += fmt.Sprintf("%v %+v %#v", err, err, err)
		}
		for _, s := range secrets {
			if s != "" && (strings.Contains(text, s) || strings.Contains(text, fmt.Sprintf("%x", s))) {
				t.Errorf("%T shows the secret %q: %s", v, s, text)
			}
		}
	}
}

func testApp() App {
	return App{Issuer: Issuer{Name: Loopback, AccountsURL: "http://127.0.0.1:1", APIURL: "http://127.0.0.1:2/v1"}, ClientID: clientID}
}

// disk is the smallest honest Files. fail, if set, is asked before each operation.
type disk struct {
	fail func(op string) error
}

func (d *disk) step(op string) error {
	if d.fail == nil {
		return nil
	}
	return d.fail(op)
}

func (d *disk) ReadFile(path string) ([]byte, error) {
	if err := d.step("read"); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

func (d *disk) WriteFile(path string, data []byte, perm fs.FileMode) error {
	if err := d.step("write"); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func (d *disk) Lock(ctx context.Context, path string) (func() error, error) {
	if err := d.step("lock"); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	l := flock.New(path)
	if _, err := l.TryLockContext(ctx, 3*time.Millisecond); err != nil {
		return nil, err
	}
	return l.Unlock, nil
}

func openFile(t *testing.T, files Files) *Credentials {
	t.Helper()
	return reopen(t, files, filepath.Join(t.TempDir(), "spotsync", "credentials.json"))
}

func reopen(t *testing.T, files Files, path string) *Credentials {
	t.Helper()
	c, err := OpenCredentials(files, path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func put(t *testing.T, c *Credentials, k Key, token Token) {
	t.Helper()
	if err := c.Put(t.Context(), k, token); err != nil {
		t.Fatal(err)
	}
}
