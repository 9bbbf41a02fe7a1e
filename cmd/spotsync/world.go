package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// world is which Spotify is meant, and where on this computer what concerns it is kept.
type Environment struct {
	issuer      auth.Issuer
	FS        store.OS
	stateDir    string
	cacheDir    string
	credentials string            // path of the credentials file
	inner       http.RoundTripper // nil: the network
	sandbox     *embedded         // with --sandbox

	app   *term.App
	hooks Hooks
}

// hooks are what a program that goes on for long adds to a run. Their zero value is right for a command.
type Hooks struct {
	sources *sources              // logins kept from one run to the next; nil: each run has its own
	learned *spotify.Learned      // what clients found out about Spotify, kept likewise; nil: each client finds out
	request func(spotify.Request) // told of each attempt; may be nil, and called from several goroutines, as the next
	retry   func(spotify.Retry)   // told of each wait
	event   func(reconcile.Event) // told what happens to playlists, in place of whoever reads Err
	waitFor func(holder string)   // told of the process that is waited for, in place of whoever reads Err
}

// openWorld works out which Spotify is meant.
func OpenEnvironment(a *term.App, h Hooks) (*Environment, error) {
	state, cache, conf, err := store.UserDirs(a.Getenv, runtime.GOOS)
	if err != nil {
		return nil, err
	}
	w := &Environment{stateDir: state, cacheDir: cache, credentials: filepath.Join(conf, "credentials.json"), inner: a.Transport, app: a, hooks: h}
	if path := a.Getenv("SPOTSYNC_CREDENTIALS_FILE"); path != "" {
		if w.credentials, err = filepath.Abs(path); err != nil {
			return nil, err
		}
	}
	if a.Settings.Sandbox && (a.Getenv("SPOTSYNC_API_URL") != "" || a.Getenv("SPOTSYNC_ACCOUNTS_URL") != "") {
		return nil, errors.New("--sandbox has a Spotify of its own: unset SPOTSYNC_API_URL and SPOTSYNC_ACCOUNTS_URL, or leave --sandbox out")
	}
	if a.Settings.Sandbox {
		home := SandboxHome(state)
		w.stateDir, w.cacheDir, w.credentials = filepath.Join(home, "state"), filepath.Join(home, "cache"), filepath.Join(home, "credentials.json")
		if w.sandbox, err = openEmbedded(filepath.Join(home, "spotify.json")); err != nil {
			return nil, err
		}
		w.inner = w.sandbox
		w.issuer = auth.Issuer{Name: auth.Loopback, APIURL: embeddedURL + "/v1", AccountsURL: embeddedURL}
		return w, nil
	}
	if w.issuer, err = issuerOf(a); err != nil {
		return nil, err
	}
	return w, nil
}

// issuer is the Spotify that the environment names, the real one if it names none.
func issuerOf(a *term.App) (auth.Issuer, error) {
	issuer, err := auth.ParseIssuer(a.Getenv("SPOTSYNC_API_URL"), a.Getenv("SPOTSYNC_ACCOUNTS_URL"))
	if err != nil {
		return auth.Issuer{}, fmt.Errorf("SPOTSYNC_API_URL and SPOTSYNC_ACCOUNTS_URL: %w", err)
	}
	return issuer, nil
}

// lockPath is where the lock file of a configuration is: with --sandbox in the sandbox's own folder, so that a checkout
// stays clean.
func (w *Environment) lockPath(usual string) string {
	if w.sandbox == nil || w.app.Settings.LockFile != "" {
		return usual
	}
	sum := sha256.Sum256([]byte(usual))
	return filepath.Join(filepath.Dir(w.stateDir), "locks", hex.EncodeToString(sum[:6])+"-"+filepath.Base(usual))
}

// coreScopes are what every configuration needs: reading and writing playlists, and the library they are in.
var coreScopes = []string{
	"playlist-read-private", "playlist-read-collaborative", "playlist-modify-public", "playlist-modify-private",
	"user-library-read", "user-library-modify", "user-follow-read", "user-follow-modify",
}

// login is one account that can be talked to.
type Login struct {
	label  string
	app    auth.App
	source *auth.Source
	client *spotify.Client
	token  auth.Token
	user   spotify.User
}

// clientOptions are the flags that concern requests.
type clientOptions struct {
	limiter *spotify.Limiter
	budget  *spotify.Budget
	wait    time.Duration
}

// openCredentials opens the credentials file.
func (w *Environment) openCredentials() (*auth.Credentials, error) {
	return auth.OpenCredentials(w.FS, w.credentials)
}

// appFor is the OAuth app an account is used through: the environment beats the configuration, and with neither it is that
// of the environment's token, else of the only login there is.
func (w *Environment) appFor(acc config.Account, creds *auth.Credentials) (auth.App, error) {
	out := auth.App{Issuer: w.issuer, ClientID: acc.ClientID, RedirectURI: acc.RedirectURI, CallbackListen: acc.CallbackListen}
	if id := w.app.Getenv("SPOTSYNC_CLIENT_ID"); id != "" {
		out.ClientID = id
	}
	if w.sandbox != nil {
		out.ClientID = w.sandbox.clientID()
	}
	secretFile := acc.ClientSecretFile
	if f := w.app.Getenv("SPOTSYNC_CLIENT_SECRET_FILE"); f != "" {
		secretFile = f
	}
	switch secret := w.app.Getenv("SPOTSYNC_CLIENT_SECRET"); {
	case w.sandbox != nil:
	case secret != "":
		out.ClientSecret = secret
	case secretFile != "":
		secret, err := readSecret(w.app.ExpandHome(secretFile))
		if err != nil {
			return out, fmt.Errorf("read the client secret: %w", err)
		}
		out.ClientSecret = secret
	}
	if out.ClientID == "" && creds != nil && acc.Label == defaultLabel {
		if seed, _, err := w.seed(); err == nil { // what is wrong with it is told where it is used
			out.ClientID = seed.ClientID
		}
	}
	if out.ClientID == "" && creds != nil {
		id, err := onlyClient(creds, w.issuer.Name, acc.Label)
		if err != nil {
			return out, err
		}
		out.ClientID = id
	}
	return out, nil
}

// onlyClient is the client ID of the one login an account has, empty where there is none. Several are an error.
func onlyClient(creds *auth.Credentials, issuer, label string) (string, error) {
	entries, err := creds.List()
	if err != nil {
		return "", err
	}
	found := ""
	for _, e := range entries {
		if e.Key.Issuer != issuer || e.Key.Account != label || e.Key.Seed != "" {
			continue
		}
		if found != "" && found != e.Key.ClientID {
			return "", fmt.Errorf("account %q has logins through several apps, %s and %s among them: say which with client_id in its block, or SPOTSYNC_CLIENT_ID", label, found, e.Key.ClientID)
		}
		found = e.Key.ClientID
	}
	return found, nil
}

// seed is the refresh token the environment holds, if any.
func (w *Environment) seed() (auth.Token, bool, error) {
	line := w.app.Getenv("SPOTSYNC_REFRESH_TOKEN")
	if path := w.app.Getenv("SPOTSYNC_REFRESH_TOKEN_FILE"); line == "" && path != "" {
		secret, err := readSecret(w.app.ExpandHome(path))
		if err != nil {
			return auth.Token{}, false, fmt.Errorf("SPOTSYNC_REFRESH_TOKEN_FILE: %w", err)
		}
		line = secret
	}
	if line == "" {
		return auth.Token{}, false, nil
	}
	t, err := auth.ParseHandover(line)
	if err != nil {
		return auth.Token{}, false, fmt.Errorf("SPOTSYNC_REFRESH_TOKEN: %w", err)
	}
	return t, true, nil
}

// logIn makes an account ready to talk to: its token is found and its owner known. Nothing is asked of Spotify that is
// known from an earlier login.
func (w *Environment) logIn(ctx context.Context, creds *auth.Credentials, app auth.App, label string, o clientOptions) (*Login, error) {
	w.sayWhere()
	l := &Login{label: label, app: app}
	hc := auth.HTTPClient(w.inner)
	seed, seeded, err := w.seed()
	switch {
	case err != nil:
		return nil, err
	case w.sandbox != nil:
		if err := w.sandbox.logIn(ctx, creds, app, label); err != nil {
			return nil, err
		}
		l.source = auth.NewSource(creds, app, label, hc)
	case seeded && label == defaultLabel:
		l.source, err = w.hooks.sources.get(app.ClientID+" "+auth.SeedHash(seed), func() (*auth.Source, error) { return auth.NewSeed(creds, app, seed, hc) })
		if err != nil {
			return nil, err
		}
	case app.ClientID == "":
		return nil, &auth.LoginRequiredError{Account: label}
	default:
		if l.source, err = w.hooks.sources.get(app.ClientID+" "+label, func() (*auth.Source, error) { return auth.NewSource(creds, app, label, hc), nil }); err != nil {
			return nil, err
		}
	}
	if l.token, err = l.source.Token(ctx); err != nil {
		return nil, err
	}
	l.client = w.newClient(l.source, o)
	l.user = spotify.User{ID: spotify.ID(l.token.UserID), AccountID: spotify.ID(l.token.AccountID), DisplayName: l.token.DisplayName}
	if l.token.UserID == "" {
		if l.user, err = l.client.Me(ctx); err != nil {
			return nil, err
		}
		if err := l.source.SetAccount(ctx, string(l.user.Account()), string(l.user.ID), l.user.DisplayName); err != nil {
			w.app.Log.Warn().Err(err).Msg("could not remember whose login this is")
		}
	}
	return l, nil
}

// sources are logins that outlive a run, so that what could not be saved of one is not lost with it. A nil one keeps none.
type sources struct {
	mu    sync.Mutex
	known map[string]*auth.Source
}

// get is the login of that name, made anew where there is none yet.
func (s *sources) get(name string, make func() (*auth.Source, error)) (*auth.Source, error) {
	if s == nil {
		return make()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if l, ok := s.known[name]; ok {
		return l, nil
	}
	l, err := make()
	if err == nil {
		if s.known == nil {
			s.known = map[string]*auth.Source{}
		}
		s.known[name] = l
	}
	return l, err
}

// newClient is a client of the Web API with an account's tokens.
func (w *Environment) newClient(source *auth.Source, o clientOptions) *spotify.Client {
	return w.clientOver(&http.Client{Transport: source.Transport(w.issuer.APIURL, w.inner)}, o)
}

// clientOver is a client of the Web API over an HTTP client that adds the tokens.
func (w *Environment) clientOver(hc *http.Client, o clientOptions) *spotify.Client {
	return &spotify.Client{
		HTTP:      hc,
		BaseURL:   w.issuer.APIURL,
		Limiter:   o.limiter,
		Learned:   w.hooks.learned,
		Budget:    o.budget,
		MaxWait:   o.wait,
		UserAgent: w.app.UserAgent(),
		OnRetry: func(r spotify.Retry) {
			why := "Spotify does not answer"
			var limited *spotify.RateLimitError
			if errors.As(r.Err, &limited) {
				why = "Spotify's rate limit"
			}
			w.app.Waiting(r.Wait, why)
			if w.hooks.retry != nil {
				w.hooks.retry(r)
			}
			w.app.Log.Info().Str("method", r.Method).Str("route", r.Route).Dur("wait", r.Wait).Err(r.Err).Msg("waiting before asking again")
		},
		OnRequest: func(r spotify.Request) {
			if w.hooks.request != nil {
				w.hooks.request(r)
			}
			w.app.Log.Debug().Str("method", r.Method).Str("route", r.Route).Int("status", r.Status).Dur("took", r.Duration).AnErr("problem", r.Err).Msg("request")
		},
	}
}

func readSecret(path string) (string, error) {
	data, err := store.OS{}.ReadFile(path)
	if err != nil {
		return "", err
	}
	secret, err := trimmed(data)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if secret == "" {
		return "", errors.New(path + " is empty")
	}
	return secret, nil
}

// sayWhere says, before the first request, that requests go somewhere else than to Spotify: once in a process.
func (w *Environment) sayWhere() {
	if w.sandbox == nil && w.app.Getenv("SPOTSYNC_API_URL") != "" {
		w.app.SayOnce("Not talking to Spotify but to %s (SPOTSYNC_API_URL, SPOTSYNC_ACCOUNTS_URL).", w.issuer.APIURL)
	}
}
