package session

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

// Environment is which Spotify is meant, and where on this computer what concerns it is kept.
type Environment struct {
	Issuer      auth.Issuer
	FS          store.OS
	StateDir    string
	CacheDir    string
	Credentials string            // path of the credentials file
	Inner       http.RoundTripper // nil: the network
	Sandbox     *embedded         // with --sandbox

	app   *term.App
	hooks Hooks
}

// Hooks are what a program that goes on for long adds to a run. Their zero value is right for a command.
type Hooks struct {
	Sources *Sources              // logins kept from one run to the next; nil: each run has its own
	Learned *spotify.Learned      // what clients found out about Spotify, kept likewise; nil: each client finds out
	Request func(spotify.Request) // told of each attempt; may be nil, and called from several goroutines, as the next
	Retry   func(spotify.Retry)   // told of each wait
	Event   func(reconcile.Event) // told what happens to playlists, in place of whoever reads Err
	WaitFor func(holder string)   // told of the process that is waited for, in place of whoever reads Err
}

// OpenEnvironment works out which Spotify is meant.
func OpenEnvironment(a *term.App, h Hooks) (*Environment, error) {
	state, cache, conf, err := store.UserDirs(a.Getenv, runtime.GOOS)
	if err != nil {
		return nil, err
	}
	w := &Environment{StateDir: state, CacheDir: cache, Credentials: filepath.Join(conf, "credentials.json"), Inner: a.Transport, app: a, hooks: h}
	if path := a.Getenv("SPOTSYNC_CREDENTIALS_FILE"); path != "" {
		if w.Credentials, err = filepath.Abs(path); err != nil {
			return nil, err
		}
	}
	if a.Settings.Sandbox && (a.Getenv("SPOTSYNC_API_URL") != "" || a.Getenv("SPOTSYNC_ACCOUNTS_URL") != "") {
		return nil, errors.New("--sandbox has a Spotify of its own: unset SPOTSYNC_API_URL and SPOTSYNC_ACCOUNTS_URL, or leave --sandbox out")
	}
	if a.Settings.Sandbox {
		home := SandboxHome(state)
		w.StateDir, w.CacheDir, w.Credentials = filepath.Join(home, "state"), filepath.Join(home, "cache"), filepath.Join(home, "credentials.json")
		if w.Sandbox, err = openEmbedded(filepath.Join(home, "spotify.json")); err != nil {
			return nil, err
		}
		w.Inner = w.Sandbox
		w.Issuer = auth.Issuer{Name: auth.Loopback, APIURL: embeddedURL + "/v1", AccountsURL: embeddedURL}
		return w, nil
	}
	if w.Issuer, err = issuerOf(a); err != nil {
		return nil, err
	}
	return w, nil
}

// issuerOf is the Spotify that the environment names, the real one if it names none.
func issuerOf(a *term.App) (auth.Issuer, error) {
	issuer, err := auth.ParseIssuer(a.Getenv("SPOTSYNC_API_URL"), a.Getenv("SPOTSYNC_ACCOUNTS_URL"))
	if err != nil {
		return auth.Issuer{}, fmt.Errorf("SPOTSYNC_API_URL and SPOTSYNC_ACCOUNTS_URL: %w", err)
	}
	return issuer, nil
}

// LockPath is where the lock file of a configuration is: with --sandbox in the sandbox's own folder, so that a checkout
// stays clean.
func (w *Environment) LockPath(usual string) string {
	if w.Sandbox == nil || w.app.Settings.LockFile != "" {
		return usual
	}
	sum := sha256.Sum256([]byte(usual))
	return filepath.Join(filepath.Dir(w.StateDir), "locks", hex.EncodeToString(sum[:6])+"-"+filepath.Base(usual))
}

// CoreScopes are what every configuration needs: reading and writing playlists, and the library they are in.
var CoreScopes = []string{
	"playlist-read-private", "playlist-read-collaborative", "playlist-modify-public", "playlist-modify-private",
	"user-library-read", "user-library-modify", "user-follow-read", "user-follow-modify",
}

// Login is one account that can be talked to.
type Login struct {
	Label  string
	App    auth.App
	Source *auth.Source
	Client *spotify.Client
	Token  auth.Token
	User   spotify.User
}

// ClientOptions are the flags that concern requests.
type ClientOptions struct {
	Limiter *spotify.Limiter
	budget  *spotify.Budget
	Wait    time.Duration
}

// OpenCredentials opens the credentials file.
func (w *Environment) OpenCredentials() (*auth.Credentials, error) {
	return auth.OpenCredentials(w.FS, w.Credentials)
}

// AppFor is the OAuth app an account is used through: the environment beats the configuration, and with neither it is that
// of the environment's token, else of the only login there is.
func (w *Environment) AppFor(acc config.Account, creds *auth.Credentials) (auth.App, error) {
	out := auth.App{Issuer: w.Issuer, ClientID: acc.ClientID, RedirectURI: acc.RedirectURI, CallbackListen: acc.CallbackListen}
	if id := w.app.Getenv("SPOTSYNC_CLIENT_ID"); id != "" {
		out.ClientID = id
	}
	if w.Sandbox != nil {
		out.ClientID = w.Sandbox.clientID()
	}
	secretFile := acc.ClientSecretFile
	if f := w.app.Getenv("SPOTSYNC_CLIENT_SECRET_FILE"); f != "" {
		secretFile = f
	}
	switch secret := w.app.Getenv("SPOTSYNC_CLIENT_SECRET"); {
	case w.Sandbox != nil:
	case secret != "":
		out.ClientSecret = secret
	case secretFile != "":
		secret, err := readSecret(w.app.ExpandHome(secretFile))
		if err != nil {
			return out, fmt.Errorf("read the client secret: %w", err)
		}
		out.ClientSecret = secret
	}
	if out.ClientID == "" && creds != nil && acc.Label == reconcile.DefaultAccount {
		if seed, _, err := w.Seed(); err == nil { // what is wrong with it is told where it is used
			out.ClientID = seed.ClientID
		}
	}
	if out.ClientID == "" && creds != nil {
		id, err := OnlyClient(creds, w.Issuer.Name, acc.Label)
		if err != nil {
			return out, err
		}
		out.ClientID = id
	}
	return out, nil
}

// OnlyClient is the client ID of the one login an account has, empty where there is none. Several are an error.
func OnlyClient(creds *auth.Credentials, issuer, label string) (string, error) {
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

// Seed is the refresh token the environment holds, if any.
func (w *Environment) Seed() (auth.Token, bool, error) {
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

// LogIn makes an account ready to talk to: its token is found and its owner known. Nothing is asked of Spotify that is
// known from an earlier login.
func (w *Environment) LogIn(ctx context.Context, creds *auth.Credentials, app auth.App, label string, o ClientOptions) (*Login, error) {
	w.SayWhere()
	l := &Login{Label: label, App: app}
	hc := auth.HTTPClient(w.Inner)
	seed, seeded, err := w.Seed()
	switch {
	case err != nil:
		return nil, err
	case w.Sandbox != nil:
		if err := w.Sandbox.LogIn(ctx, creds, app, label); err != nil {
			return nil, err
		}
		l.Source = auth.NewSource(creds, app, label, hc)
	case seeded && label == reconcile.DefaultAccount:
		l.Source, err = w.hooks.Sources.get(app.ClientID+" "+auth.SeedHash(seed), func() (*auth.Source, error) { return auth.NewSeed(creds, app, seed, hc) })
		if err != nil {
			return nil, err
		}
	case app.ClientID == "":
		return nil, &auth.LoginRequiredError{Account: label}
	default:
		if l.Source, err = w.hooks.Sources.get(app.ClientID+" "+label, func() (*auth.Source, error) { return auth.NewSource(creds, app, label, hc), nil }); err != nil {
			return nil, err
		}
	}
	if l.Token, err = l.Source.Token(ctx); err != nil {
		return nil, err
	}
	l.Client = w.NewClient(l.Source, o)
	l.User = spotify.User{ID: spotify.ID(l.Token.UserID), AccountID: spotify.ID(l.Token.AccountID), DisplayName: l.Token.DisplayName}
	if l.Token.UserID == "" {
		if l.User, err = l.Client.Me(ctx); err != nil {
			return nil, err
		}
		if err := l.Source.SetAccount(ctx, string(l.User.Account()), string(l.User.ID), l.User.DisplayName); err != nil {
			w.app.Log.Warn().Err(err).Msg("could not remember whose login this is")
		}
	}
	return l, nil
}

// Sources are logins that outlive a run, so that what could not be saved of one is not lost with it. A nil one keeps none.
type Sources struct {
	mu    sync.Mutex
	known map[string]*auth.Source
}

// get is the login of that name, made anew where there is none yet.
func (s *Sources) get(name string, make func() (*auth.Source, error)) (*auth.Source, error) {
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

// NewClient is a client of the Web API with an account's tokens.
func (w *Environment) NewClient(source *auth.Source, o ClientOptions) *spotify.Client {
	return w.ClientOver(&http.Client{Transport: source.Transport(w.Issuer.APIURL, w.Inner)}, o)
}

// ClientOver is a client of the Web API over an HTTP client that adds the tokens.
func (w *Environment) ClientOver(hc *http.Client, o ClientOptions) *spotify.Client {
	return &spotify.Client{
		HTTP:      hc,
		BaseURL:   w.Issuer.APIURL,
		Limiter:   o.Limiter,
		Learned:   w.hooks.Learned,
		Budget:    o.budget,
		MaxWait:   o.Wait,
		UserAgent: w.app.UserAgent(),
		OnRetry: func(r spotify.Retry) {
			why := "Spotify does not answer"
			var limited *spotify.RateLimitError
			if errors.As(r.Err, &limited) {
				why = "Spotify's rate limit"
			}
			w.app.Waiting(r.Wait, why)
			if w.hooks.Retry != nil {
				w.hooks.Retry(r)
			}
			w.app.Log.Info().Str("method", r.Method).Str("route", r.Route).Dur("wait", r.Wait).Err(r.Err).Msg("waiting before asking again")
		},
		OnRequest: func(r spotify.Request) {
			if w.hooks.Request != nil {
				w.hooks.Request(r)
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
	secret, err := Trimmed(data)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if secret == "" {
		return "", errors.New(path + " is empty")
	}
	return secret, nil
}

// SayWhere says, before the first request, that requests go somewhere else than to Spotify: once in a process.
func (w *Environment) SayWhere() {
	if w.Sandbox == nil && w.app.Getenv("SPOTSYNC_API_URL") != "" {
		w.app.SayOnce("Not talking to Spotify but to %s (SPOTSYNC_API_URL, SPOTSYNC_ACCOUNTS_URL).", w.Issuer.APIURL)
	}
}
