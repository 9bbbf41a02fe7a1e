package auth

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func (a *accounts) seed(t *testing.T, c *Credentials, value string) *Source {
	t.Helper()
	token, err := ParseHandover(value)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSeed(c, testApp(), token, &http.Client{Transport: a})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The environment holds one seed for good; run after run goes on from its last successor.
func TestSeedSuccessors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, c := newAccounts(), openFile(t, &disk{})
		a.rotate = true
		value := a.grant()
		for range 5 {
			s := a.seed(t, c, value)
			mustToken(t, s)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
		}
		// The same secret as a whole line means the same seed.
		mustToken(t, a.seed(t, c, Token{RefreshToken: value, ClientID: clientID}.Handover()))
		if a.count() != 6 || a.reused != 0 {
			t.Errorf("%d requests, %d burned tokens", a.count(), a.reused)
		}
		data, _ := os.ReadFile(c.Path())
		if strings.Contains(string(data), value) || !strings.Contains(string(data), SeedHash(Token{RefreshToken: value})) {
			t.Error("the seed must be kept as its hash")
		}
		// Another seed starts from itself.
		mustToken(t, a.seed(t, c, a.grant()))
	})
}

func TestSeedWithNowhereToWrite(t *testing.T) {
	for name, readOnly := range map[string]bool{"no file": false, "read-only folder": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAccounts()
				var c *Credentials
				if readOnly {
					c = openFile(t, &disk{fail: func(op string) error {
						if op != "read" {
							return syscall.EROFS
						}
						return nil
					}})
				}
				value := a.grant()
				s := a.seed(t, c, value)
				mustToken(t, s)
				if err := s.SetAccount(t.Context(), "acc", "jo", "Jo"); err != nil {
					t.Error(err)
				}
				if err := s.Close(); err != nil {
					t.Errorf("without rotation: Close() = %v", err)
				}
				if mustToken(t, s).AccountID != "acc" {
					t.Error("the account is forgotten")
				}
				a.set(func() { a.rotate = true })
				for range 3 { // the work is finished
					time.Sleep(time.Hour)
					mustToken(t, s)
				}
				err := s.Close()
				var unsaved *UnsavedError
				if !errors.As(err, &unsaved) || !unsaved.Seed || !strings.HasPrefix(err.Error(), "this secret is spent") {
					t.Errorf("Close() = %v", err)
				}
				a.hides(t, err, s)
				_, err = a.seed(t, c, value).Token(t.Context())
				var login *LoginRequiredError
				if !errors.As(err, &login) || !login.Seed || !strings.Contains(err.Error(), "spotsync login --print-token") {
					t.Errorf("the next run: %v", err)
				}
			})
		})
	}
}

func TestSeedRefused(t *testing.T) {
	a, c := newAccounts(), openFile(t, &disk{})
	value := a.grant()
	a.revoke()
	for range 3 {
		if _, err := a.seed(t, c, value).Token(t.Context()); !errors.Is(err, ErrLoginRequired) {
			t.Errorf("Token() = %v", err)
		}
	}
	if a.count() != 1 {
		t.Errorf("%d requests, want one", a.count())
	}
	mustToken(t, a.seed(t, c, a.grant())) // another secret is not blamed for it
}

func TestSeedOfAnotherAppOrIssuer(t *testing.T) {
	for _, seed := range []Token{
		{RefreshToken: "secret-token", ClientID: "another"},
		{RefreshToken: "secret-token", Issuer: Spotify},
		{},
	} {
		if _, err := NewSeed(nil, testApp(), seed, nil); err == nil || strings.Contains(err.Error(), "secret-token") {
			t.Errorf("NewSeed(%v) = %v", seed, err)
		}
	}
	app := testApp()
	app.ClientID = ""
	if s, err := NewSeed(nil, app, Token{RefreshToken: "x", ClientID: clientID}, nil); err != nil || s.app.ClientID != clientID {
		t.Errorf("the line's client ID is not used: %v", err)
	}
}

func TestKeep(t *testing.T) {
	a, c := newAccounts(), openFile(t, &disk{})
	a.rotate = true
	s := a.seed(t, c, a.grant())
	mustToken(t, s)
	kept, err := s.Keep(t.Context(), "work")
	if err != nil || !a.alive(kept.RefreshToken) {
		t.Fatal(kept, err)
	}
	list, _ := c.List()
	if len(list) != 1 || list[0].Key != testApp().Key("work") || list[0].Token.RefreshToken != kept.RefreshToken {
		t.Errorf("List() = %v", list)
	}
	mustToken(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
