package auth

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	standalone "github.com/go-oauth2/oauth2/v4"
	"github.com/go-oauth2/oauth2/v4/manage"
	"github.com/go-oauth2/oauth2/v4/models"
	"github.com/go-oauth2/oauth2/v4/server"
	"golang.org/x/oauth2"
)

// A server that isn't ours and has never heard of Spotify: PKCE demanded, every refresh burns the refresh token it used.
func newStandalone(t *testing.T, secret string) *httptest.Server {
	m := manage.NewDefaultManager()
	m.MapTokenStorage(&tokenStore{m: map[string]standalone.TokenInfo{}})
	m.MapClientStorage(clients{&models.Client{ID: clientID, Secret: secret, Public: secret == ""}})
	m.SetValidateURIHandler(func(_, redirect string) error { return nil })
	m.SetAuthorizeCodeTokenCfg(&manage.Config{AccessTokenExp: time.Hour, RefreshTokenExp: 0, IsGenerateRefresh: true})
	m.SetRefreshTokenCfg(&manage.RefreshingConfig{IsGenerateRefresh: true, IsRemoveAccess: true, IsRemoveRefreshing: true})

	config := server.NewConfig()
	config.ForcePKCE = true
	config.AllowedCodeChallengeMethods = []standalone.CodeChallengeMethod{standalone.CodeChallengeS256}
	srv := server.NewServer(config, m)
	if secret == "" {
		srv.SetClientInfoHandler(server.ClientFormHandler)
	}
	srv.SetUserAuthorizationHandler(func(http.ResponseWriter, *http.Request) (string, error) { return "jo", nil })

	var one sync.Mutex // its refresh is not atomic, and what is tested is our side
	mux := http.NewServeMux()
	mux.HandleFunc("/authorize", func(w http.ResponseWriter, r *http.Request) { srv.HandleAuthorizeRequest(w, r) })
	mux.HandleFunc("/api/token", func(w http.ResponseWriter, r *http.Request) {
		one.Lock()
		defer one.Unlock()
		srv.HandleTokenRequest(w, r)
	})
	ts := httptest.NewServer(mux)
	t.Cleanup(ts.Close)
	return ts
}

type clients struct{ one standalone.ClientInfo }

func (c clients) GetByID(context.Context, string) (standalone.ClientInfo, error) { return c.one, nil }

// tokenStore keeps the server's codes and tokens; the library's own stores need a database.
type tokenStore struct {
	mu sync.Mutex
	m  map[string]standalone.TokenInfo
}

func (s *tokenStore) Create(_ context.Context, info standalone.TokenInfo) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := *info.(*models.Token) // the library goes on writing into info
	if kept.Code != "" {
		s.m["code "+kept.Code] = &kept
		return nil
	}
	s.m["access "+kept.Access] = &kept
	s.m["refresh "+kept.Refresh] = &kept
	return nil
}

func (s *tokenStore) remove(key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.m, key)
	return nil
}

func (s *tokenStore) get(key string) (standalone.TokenInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.m[key].(*models.Token)
	if !ok {
		return nil, nil
	}
	copied := *t
	return &copied, nil
}

func (s *tokenStore) RemoveByCode(_ context.Context, c string) error { return s.remove("code " + c) }
func (s *tokenStore) RemoveByAccess(_ context.Context, a string) error {
	return s.remove("access " + a)
}
func (s *tokenStore) RemoveByRefresh(_ context.Context, r string) error {
	return s.remove("refresh " + r)
}
func (s *tokenStore) GetByCode(_ context.Context, c string) (standalone.TokenInfo, error) {
	return s.get("code " + c)
}
func (s *tokenStore) GetByAccess(_ context.Context, a string) (standalone.TokenInfo, error) {
	return s.get("access " + a)
}
func (s *tokenStore) GetByRefresh(_ context.Context, r string) (standalone.TokenInfo, error) {
	return s.get("refresh " + r)
}

// Login, then a hundred forced refreshes by callers in two processes: the login is alive at the end, in memory and in the
// file, and the token each refresh burned is dead.
func TestStandaloneServerHundredRounds(t *testing.T) {
	for name, secret := range map[string]string{"PKCE alone": "", "with a client secret": "client-secret"} {
		t.Run(name, func(t *testing.T) {
			ts := newStandalone(t, secret)
			hc := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			app := testApp()
			app.Issuer.AccountsURL, app.ClientSecret = ts.URL, secret
			s := &stand{accounts: newAccounts(), t: t, app: app, notes: &notes{}, http: hc}
			token, err := s.login(LoginOptions{Scopes: []string{"a"}, Open: s.browser(func(address string) { s.get(s.agree(address)) })})
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "spotsync", "credentials.json")
			c := reopen(t, &disk{}, path)
			put(t, c, app.Key("default"), token)
			sources := []*Source{NewSource(c, app, "default", hc), NewSource(reopen(t, &disk{}, path), app, "default", hc)}
			spent := map[string]bool{}
			for round := range 100 {
				old, err := c.Get(app.Key("default"))
				if err != nil || spent[old.RefreshToken] {
					t.Fatalf("round %d: the file holds a spent token, or none: %v", round, err)
				}
				spent[old.RefreshToken] = true
				var wg sync.WaitGroup
				for i := range 4 {
					wg.Go(func() {
						s := sources[i%2]
						s.reject(old.AccessToken)
						if err := s.Refresh(t.Context()); err != nil {
							t.Errorf("round %d: %v", round, err)
						}
					})
				}
				wg.Wait()
				if t.Failed() {
					return
				}
			}
			if len(spent) != 100 {
				t.Errorf("%d refresh tokens in 100 rounds: it does not rotate, or one round made two", len(spent))
			}
			for old := range spent {
				_, err := app.askToken(t.Context(), hc, "", nil, func(ctx context.Context) (*oauth2.Token, error) {
					return app.oauth().TokenSource(ctx, &oauth2.Token{RefreshToken: old}).Token()
				})
				if grant := (*refusedGrant)(nil); !errors.As(err, &grant) {
					t.Errorf("a spent token is answered with %v: this server proves nothing", err)
				}
				break
			}
			for _, s := range sources {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
