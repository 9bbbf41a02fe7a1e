package auth

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// stored returns a file with one login, and the service that granted it.
func stored(t *testing.T, files Files) (*accounts, *Credentials) {
	a, c := newAccounts(), openFile(t, files)
	put(t, c, testApp().Key("default"), Token{RefreshToken: a.grant(), Scopes: []string{"user-library-read"}, AuthorizedAt: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)})
	return a, c
}

func (a *accounts) source(c *Credentials) *Source {
	return NewSource(c, testApp(), "default", &http.Client{Transport: a})
}

func mustToken(t *testing.T, s *Source) Token {
	t.Helper()
	token, err := s.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// Two processes with five callers each, on one file, through 60 hours of a service that burns every refresh token it gets:
// one request an hour, none with a burned token, and the file always has the live one.
func TestRotationLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, c := stored(t, &disk{})
		a.rotate = true
		sources := []*Source{a.source(c), a.source(reopen(t, &disk{}, c.Path()))}
		for round := 1; round <= 60; round++ {
			var wg sync.WaitGroup
			for _, s := range sources {
				for range 5 {
					wg.Go(func() {
						token, err := s.Token(t.Context())
						if err != nil || token.AccessToken == "" || token.due(time.Now()) {
							t.Errorf("round %d: %v, %v", round, token, err)
						}
					})
				}
			}
			wg.Wait()
			saved, err := c.Get(testApp().Key("default"))
			if err != nil || !a.alive(saved.RefreshToken) {
				t.Fatalf("round %d: the file does not hold the live token: %v", round, err)
			}
			if a.count() != round {
				t.Fatalf("round %d: %d requests", round, a.count())
			}
			time.Sleep(time.Hour)
		}
		if a.reused != 0 {
			t.Errorf("%d burned tokens were sent again", a.reused)
		}
		saved, _ := c.Get(testApp().Key("default"))
		if saved.AuthorizedAt.Year() != 2026 || len(saved.Scopes) != 1 {
			t.Errorf("refreshing changed the date of the login or its scopes: %v %v", saved.AuthorizedAt, saved.Scopes)
		}
	})
}

func TestRefreshesAMinuteEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, c := stored(t, &disk{})
		s := a.source(c)
		first := mustToken(t, s)
		time.Sleep(59*time.Minute - time.Second)
		if mustToken(t, s).AccessToken != first.AccessToken || a.count() != 1 {
			t.Error("asked before it was due")
		}
		time.Sleep(time.Second)
		if mustToken(t, s).AccessToken == first.AccessToken || a.count() != 2 {
			t.Error("not replaced a minute before its end")
		}
		a.set(func() { a.life = 10 })
		time.Sleep(time.Hour)
		mustToken(t, s)
		time.Sleep(4 * time.Second)
		mustToken(t, s)
		if a.count() != 3 {
			t.Errorf("a short-lived token was asked for %d times", a.count()-2)
		}
		if again := a.source(c); mustToken(t, again).AccessToken == "" || a.count() != 3 {
			t.Error("the next process did not use the saved access token")
		}
	})
}

func TestKeepsRefreshTokenWhenNoneReturned(t *testing.T) {
	a, c := stored(t, &disk{})
	before, _ := c.Get(testApp().Key("default"))
	mustToken(t, a.source(c))
	after, _ := c.Get(testApp().Key("default"))
	if after.RefreshToken != before.RefreshToken || after.AccessToken == "" {
		t.Error("a refresh without a new refresh token must keep the old one")
	}
}

// The order of events: the new refresh token is in the file when the access token is given out.
func TestSavesBeforeUse(t *testing.T) {
	a, c := stored(t, &disk{})
	a.rotate = true
	api := roundTripper(func(r *http.Request) (*http.Response, error) {
		saved, err := c.Get(testApp().Key("default"))
		if err != nil || !a.alive(saved.RefreshToken) || r.Header.Get("Authorization") != "Bearer "+saved.AccessToken {
			t.Error("the access token is used before the refresh token that came with it is saved")
		}
		return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
	})
	req, _ := http.NewRequest("GET", "http://127.0.0.1:2/v1/me", nil)
	if _, err := a.source(c).Transport("http://127.0.0.1:2/v1", api).RoundTrip(req); err != nil {
		t.Fatal(err)
	}
}

func TestFailedSaveIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		a, c := stored(t, d)
		a.rotate = true
		s := a.source(c)
		d.fail = func(op string) error {
			if op == "write" {
				return syscall.ENOSPC
			}
			return nil
		}
		mustToken(t, s)
		time.Sleep(time.Hour)
		last := mustToken(t, s) // rotates on from the one in memory
		if a.reused != 0 || a.count() != 2 {
			t.Fatalf("%d requests, %d with a burned token", a.count(), a.reused)
		}
		err := s.Unsaved()
		var unsaved *UnsavedError
		if !errors.As(err, &unsaved) || !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), c.Path()) || !strings.Contains(err.Error(), "spotsync login") {
			t.Errorf("Unsaved() = %v", err)
		}
		a.hides(t, err, s)

		// Another process finds the burned token in the file and has it refused: that must not cost the good one.
		if _, err := a.source(reopen(t, &disk{}, c.Path())).Token(t.Context()); !errors.Is(err, ErrLoginRequired) {
			t.Fatalf("the other process: %v", err)
		}
		d.fail = nil
		mustToken(t, s)
		if err := s.Close(); err != nil {
			t.Errorf("Close() = %v after the disk had room again", err)
		}
		saved, err := c.Get(testApp().Key("default"))
		if err != nil || saved.RefreshToken != last.RefreshToken || !a.alive(saved.RefreshToken) {
			t.Errorf("the good token is not in the file: %v", err)
		}
	})
}

func TestCloseSavesOrSaysSo(t *testing.T) {
	d := &disk{}
	a, c := stored(t, d)
	a.rotate = true
	s := a.source(c)
	d.fail = func(op string) error {
		if op != "read" {
			return syscall.EROFS
		}
		return nil
	}
	mustToken(t, s)
	var unsaved *UnsavedError
	if err := s.Close(); !errors.As(err, &unsaved) {
		t.Errorf("Close() = %v, want an UnsavedError", err)
	}
	d.fail = nil
	if err := s.Close(); err != nil {
		t.Errorf("Close() = %v once the disk can be written", err)
	}
	if saved, _ := c.Get(testApp().Key("default")); !a.alive(saved.RefreshToken) {
		t.Error("Close did not save")
	}
}

// A read-only folder costs nothing while the service does not rotate.
func TestReadOnlyFolderWithoutRotation(t *testing.T) {
	d := &disk{}
	a, c := stored(t, d)
	s := a.source(c)
	d.fail = func(op string) error {
		if op != "read" {
			return fs.ErrPermission
		}
		return nil
	}
	mustToken(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// A login made elsewhere while ours could not be saved is the newer one.
func TestNewLoginBeatsUnsaved(t *testing.T) {
	d := &disk{}
	a, c := stored(t, d)
	a.rotate = true
	s := a.source(c)
	d.fail = func(op string) error {
		if op == "write" {
			return syscall.ENOSPC
		}
		return nil
	}
	mustToken(t, s)
	d.fail = nil
	fresh := a.grant()
	put(t, c, testApp().Key("default"), Token{RefreshToken: fresh})
	mustToken(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	saved, _ := c.Get(testApp().Key("default"))
	if !a.burned[fresh] || !a.alive(saved.RefreshToken) {
		t.Error("the new login was not taken over")
	}
}

func TestLogoutIsNotUndone(t *testing.T) {
	d := &disk{}
	a, c := stored(t, d)
	a.rotate = true
	s := a.source(c)
	d.fail = func(op string) error {
		if op == "write" {
			return syscall.ENOSPC
		}
		return nil
	}
	mustToken(t, s)
	d.fail = nil
	if found, err := c.Remove(t.Context(), testApp().Key("default")); !found || err != nil {
		t.Fatal(found, err)
	}
	if _, err := s.Token(t.Context()); !errors.Is(err, ErrLoginRequired) {
		t.Errorf("Token() after a logout = %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.Get(testApp().Key("default")); !errors.Is(err, ErrLoginRequired) {
		t.Error("the logout was undone")
	}
}

func TestInvalidGrantIsAskedOnce(t *testing.T) {
	a, c := stored(t, &disk{})
	old, _ := c.Get(testApp().Key("default"))
	a.revoke()
	s := a.source(c)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := s.Token(t.Context()); !errors.Is(err, ErrLoginRequired) {
				t.Errorf("Token() = %v", err)
			}
		})
	}
	wg.Wait()
	_, err := s.Token(t.Context())
	_, err2 := a.source(reopen(t, &disk{}, c.Path())).Token(t.Context())
	for _, err := range []error{err, err2} {
		var e *LoginRequiredError
		if !errors.As(err, &e) || e.Account != "default" || !strings.HasSuffix(err.Error(), "log in again: spotsync login") || !strings.Contains(err.Error(), "Refresh token revoked") {
			t.Errorf("Token() = %v", err)
		}
		a.hides(t, err)
	}
	if a.count() != 1 {
		t.Errorf("%d requests, want one", a.count())
	}
	data, _ := os.ReadFile(c.Path())
	if !strings.Contains(string(data), old.RefreshToken) {
		t.Error("the refused token was destroyed")
	}
	list, _ := c.List()
	if len(list) != 1 || list[0].Refused == "" {
		t.Errorf("List() = %v", list)
	}

	// A login made by another process brings this one back.
	put(t, c, testApp().Key("default"), Token{RefreshToken: a.grant()})
	mustToken(t, s)
	if list, _ := c.List(); len(list) != 1 || list[0].Refused != "" {
		t.Errorf("List() after a new login = %v", list)
	}
}

func TestNoLogin(t *testing.T) {
	a := newAccounts()
	s := NewSource(openFile(t, &disk{}), testApp(), "my wife's", &http.Client{Transport: a})
	_, err := s.Token(t.Context())
	if !errors.Is(err, ErrLoginRequired) || !strings.Contains(err.Error(), `spotsync login --account 'my wife'\''s'`) || a.count() != 0 {
		t.Errorf("Token() = %v after %d requests", err, a.count())
	}
}

func TestInvalidClient(t *testing.T) {
	a, c := stored(t, &disk{})
	a.secret = "right-client-secret"
	s := a.source(c)
	_, err := s.Token(t.Context())
	var e *ClientError
	if !errors.As(err, &e) || e.HasSecret || !strings.Contains(err.Error(), clientID) || errors.Is(err, ErrLoginRequired) || a.count() != 1 {
		t.Errorf("Token() = %v after %d requests", err, a.count())
	}
	app := testApp()
	app.ClientSecret = "wrong-client-secret"
	_, err = NewSource(c, app, "default", &http.Client{Transport: a}).Token(t.Context())
	if !errors.As(err, &e) || !e.HasSecret || !strings.Contains(err.Error(), "SPOTSYNC_CLIENT_SECRET") || strings.Contains(err.Error(), app.ClientSecret) {
		t.Errorf("Token() = %v", err)
	}
	app.ClientSecret = a.secret
	a.hides(t, app, &app, err)
	mustToken(t, NewSource(c, app, "default", &http.Client{Transport: a}))
}

func TestServiceOutOfOrder(t *testing.T) {
	reply := func(status int, header ...string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
			w.Write([]byte("<p>" + r.PostForm.Get("refresh_token"))) // hostile: it echoes
			return true
		}
	}
	for _, tt := range []struct {
		name     string
		hook     func(http.ResponseWriter, *http.Request) bool
		requests int
		want     string
	}{
		{"503", reply(503), 3, "503 Service Unavailable; the login is kept, try again later"},
		{"429", reply(429, "Retry-After", "90"), 1, "try again in 1m30s"},
		{"redirect", reply(307, "Location", "http://127.0.0.1:3/elsewhere"), 1, "redirect (307), which is never followed"},
		{"a page instead of an answer", reply(200, "Content-Type", "text/html"), 3, "not one of an accounts service"},
		{"502 with an OAuth body", oauthReply(502, "invalid_request"), 3, "502 Bad Gateway"},
		{"429 with an OAuth body", oauthReply(429, "slow_down"), 1, "429 Too Many Requests"},
		{"temporarily unavailable", oauthReply(400, "temporarily_unavailable"), 1, "400 Bad Request"},
		{"a blocking proxy", reply(403), 1, "403 Forbidden"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, c := stored(t, &disk{})
				a.hook = tt.hook
				s := a.source(c)
				_, err := s.Token(t.Context())
				var gone *UnavailableError
				if !errors.As(err, &gone) || !strings.Contains(err.Error(), tt.want) || a.count() != tt.requests {
					t.Errorf("Token() = %v after %d requests, want %q after %d", err, a.count(), tt.want, tt.requests)
				}
				a.hides(t, err)
				a.hook = nil
				mustToken(t, s)
			})
		})
	}
}

func oauthReply(status int, code string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool { oauthError(w, status, code, ""); return true }
}

// Where the refusal can't be written down it is remembered by the process.
func TestRefusalIsRememberedWithoutADisk(t *testing.T) {
	d := &disk{}
	a, c := stored(t, d)
	a.revoke()
	d.fail = func(op string) error {
		if op == "write" {
			return syscall.ENOSPC
		}
		return nil
	}
	s := a.source(c)
	for range 3 {
		if _, err := s.Token(t.Context()); !errors.Is(err, ErrLoginRequired) {
			t.Errorf("Token() = %v", err)
		}
	}
	if a.count() != 1 {
		t.Errorf("%d requests, want one", a.count())
	}
}

func TestErrorsEchoNoSecret(t *testing.T) {
	for _, code := range []string{"invalid_grant", "invalid_client", "server_error", "invalid_request"} {
		synctest.Test(t, func(t *testing.T) {
			a, c := stored(t, &disk{})
			a.hook = func(w http.ResponseWriter, r *http.Request) bool {
				oauthError(w, 400, code, "no good: "+r.PostForm.Get("refresh_token")+"\n\x1b[2J")
				return true
			}
			_, err := a.source(c).Token(t.Context())
			if err == nil || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("%s: %q", code, err)
			}
			a.hides(t, err)
		})
	}
}

// Callers that waited for a request that failed share its failure; they don't each ask anew.
func TestFailureIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, c := stored(t, &disk{})
		a.hook = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(502); return true }
		s := a.source(c)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if _, err := s.Token(t.Context()); err == nil {
					t.Error("no error")
				}
			})
		}
		wg.Wait()
		if a.count() != 3 {
			t.Errorf("%d requests, want the three tries of one", a.count())
		}
	})
}

// A caller that is cancelled while the request is under way does not make the answer, and the new token in it, be lost.
func TestCancelledCallerLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, c := stored(t, &disk{})
		a.rotate = true
		ctx, cancel := context.WithCancel(t.Context())
		slow := roundTripper(func(r *http.Request) (*http.Response, error) {
			resp, err := a.RoundTrip(r)
			cancel()
			time.Sleep(time.Second)
			return resp, errors.Join(err, r.Context().Err())
		})
		s := NewSource(c, testApp(), "default", &http.Client{Transport: slow})
		s.Token(ctx)
		saved, err := c.Get(testApp().Key("default"))
		if err != nil || !a.alive(saved.RefreshToken) || a.count() != 1 {
			t.Errorf("the answer was thrown away: %v, %d requests", err, a.count())
		}
	})
}

// Ten requests meet 401 with the same access token; one refresh serves them all, and another process's serves as well.
func TestForcedRefreshOnce(t *testing.T) {
	a, c := stored(t, &disk{})
	s, other := a.source(c), a.source(c)
	old := mustToken(t, s)
	mustToken(t, other)
	s.reject(old.AccessToken)
	other.reject(old.AccessToken)
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			if err := []*Source{s, other}[i%2].Refresh(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if now := mustToken(t, s); now.AccessToken == old.AccessToken || a.count() != 2 {
		t.Errorf("%d requests, want 2", a.count())
	}
	if mustToken(t, other).AccessToken != mustToken(t, s).AccessToken {
		t.Error("the other process asked for itself")
	}
}

func TestForcedRefreshUnasked(t *testing.T) {
	a, c := stored(t, &disk{})
	s := a.source(c)
	old := mustToken(t, s)
	if err := s.Refresh(t.Context()); err != nil || mustToken(t, s).AccessToken == old.AccessToken || a.count() != 2 {
		t.Errorf("Refresh() = %v after %d requests", err, a.count())
	}
}

func TestSetAccount(t *testing.T) {
	a, c := stored(t, &disk{})
	s := a.source(c)
	mustToken(t, s)
	if err := s.SetAccount(t.Context(), "acc1", "jo", "Jo"); err != nil {
		t.Fatal(err)
	}
	saved, _ := c.Get(testApp().Key("default"))
	if saved.AccountID != "acc1" || saved.UserID != "jo" || mustToken(t, s).DisplayName != "Jo" {
		t.Errorf("saved %v", saved)
	}
}

// An account that was asked for with one login is not written onto another one, which somebody made meanwhile.
func TestSetAccountLeavesANewLoginAlone(t *testing.T) {
	a, c := stored(t, &disk{})
	s := a.source(c)
	mustToken(t, s)
	key := testApp().Key("default")
	put(t, c, key, Token{RefreshToken: a.grant(), Scopes: []string{"user-library-read"}, AuthorizedAt: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)})
	if err := s.SetAccount(t.Context(), "acc1", "jo", "Jo"); err != nil {
		t.Fatal(err)
	}
	if saved, err := c.Get(key); err != nil || saved.AccountID != "" || saved.UserID != "" {
		t.Errorf("saved %v, %v", saved, err)
	}
}
