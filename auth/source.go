package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// Source gives out access tokens of one login and refreshes them when they are due.
//
// In a process one call at a time asks the accounts service and the others wait for its answer; between processes the
// credentials file's lock does the same, and whoever gets it reads the file again first. A refresh token that comes back is
// on the disk before its access token is given out. Where it can't be written it is kept in memory, saving is tried again at
// each call, and [Source.Close] says so if it never worked.
//
// A Source is safe for concurrent use. Close it.
type Source struct {
	creds *Credentials // nil: nowhere to write
	app   App
	http  *http.Client

	turn chan struct{} // held by the one call at work; a channel, so that waiting ends with the caller's context

	// Of whoever has the turn:
	key         Key
	seed        Token  // zero for an account
	token       Token  // the newest there is
	storedToken string // refresh token the file had when last read or written
	unsaved     error  // why token, which replaced held, is in memory only
	refused     string // refresh token answered with invalid_grant
	refusal     error  // what to say about it

	mu       sync.Mutex
	rejected string // access token the Web API answered 401 to
	rounds   int    // calls that asked the accounts service
	failure  error  // how the last of them failed
}

// NewSource returns the source for the login of an account, by its label. It reads and asks nothing yet; without a login
// [Source.Token] returns a *[LoginRequiredError]. hc sends the token requests; nil is [HTTPClient]'s default.
func NewSource(creds *Credentials, app App, account string, hc *http.Client) *Source {
	return newSource(creds, app, app.Key(account), hc)
}

// NewSeed returns the source for a refresh token from the environment ([ParseHandover]). Its successors are kept in creds
// under the seed's SHA-256 and used as long as the environment holds that seed. creds may be nil: then, and where the file
// can't be written, a replaced refresh token lasts as long as the process, and [Source.Close] says that the secret is spent.
//
// The client ID is the app's, else the one the seed came with. It is an error when they differ, when there is none, and when
// the seed belongs to the other issuer.
func NewSeed(creds *Credentials, app App, seed Token, hc *http.Client) (*Source, error) {
	if seed.Issuer != "" && seed.Issuer != app.Issuer.Name {
		return nil, fmt.Errorf("the refresh token from the environment was issued by %q, and this run talks to %q: a login never moves from one to the other", seed.Issuer, app.Issuer.Name)
	}
	if app.ClientID == "" {
		app.ClientID = seed.ClientID
	}
	if err := app.checkClient(); err != nil {
		return nil, err
	}
	if seed.ClientID != "" && seed.ClientID != app.ClientID {
		return nil, fmt.Errorf("the refresh token from the environment belongs to client ID %s, and the configuration says %s: use one client ID for both", seed.ClientID, app.ClientID)
	}
	if seed.RefreshToken == "" {
		return nil, errors.New("the refresh token from the environment is empty")
	}
	seed.Issuer, seed.ClientID, seed.AccessToken = app.Issuer.Name, app.ClientID, ""
	s := newSource(creds, app, Key{Issuer: app.Issuer.Name, ClientID: app.ClientID, Seed: SeedHash(seed)}, hc)
	s.seed = seed
	return s, nil
}

func newSource(creds *Credentials, app App, key Key, hc *http.Client) *Source {
	return &Source{creds: creds, app: app, key: key, http: noRedirects(hc), turn: make(chan struct{}, 1)}
}

// String names the app.
func (s *Source) String() string { return "tokens for " + s.app.String() }

// Format writes String under every verb, so that no formatting shows a secret.
func (s *Source) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// Token returns the login with an access token that lasts at least a little longer, asking for one if need be.
//
// Errors: *[LoginRequiredError] when there is no login or the service refuses it (asked once, remembered in the file, and
// not asked again until there is another login); *[ClientError] when it refuses the app; *[UnavailableError] when it can't be
// asked, after a few tries; *[CredentialsError]; the context's.
func (s *Source) Token(ctx context.Context) (Token, error) {
	shared, err := s.acquire(ctx)
	if err != nil {
		return Token{}, err
	}
	defer s.release()
	s.saveAgain(ctx)
	if s.refusal == nil && s.usable() {
		return s.token, nil
	}
	if shared != nil {
		return Token{}, shared
	}
	return s.renew(ctx)
}

// Refresh replaces the access token that the Web API last answered 401 to, or the present one if there was no such answer.
// When it has been replaced already, by another call or process, nothing is asked.
func (s *Source) Refresh(ctx context.Context) error {
	shared, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	defer s.release()
	s.mu.Lock()
	if s.rejected == "" {
		s.rejected = s.token.AccessToken
	}
	s.mu.Unlock()
	if s.refusal == nil && s.usable() {
		return nil
	}
	if shared != nil {
		return shared
	}
	_, err = s.renew(ctx)
	return err
}

// reject notes that the Web API answered 401 to an access token.
func (s *Source) reject(accessToken string) {
	s.mu.Lock()
	s.rejected = accessToken
	s.mu.Unlock()
}

// acquire waits for the turn. shared is the failure of a round that ended meanwhile: it would be this call's own.
func (s *Source) acquire(ctx context.Context) (shared, err error) {
	s.mu.Lock()
	before := s.rounds
	s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rounds != before {
		return s.failure, nil
	}
	return nil, nil
}

func (s *Source) release() { <-s.turn }

func (s *Source) usable() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.token.due(time.Now()) && s.token.AccessToken != s.rejected
}

// renew finds a usable access token: in the file, where another process may have put it, else by asking.
func (s *Source) renew(ctx context.Context) (Token, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return Token{}, err
	}
	defer unlock()
	if err := s.load(); err != nil {
		return Token{}, err
	}
	if s.usable() {
		return s.token, nil
	}
	t, err := s.ask(ctx)
	s.mu.Lock()
	s.rounds++
	s.failure = err
	if ctx.Err() != nil {
		s.failure = nil // this caller's own affair
	}
	s.mu.Unlock()
	return t, err
}

// ask refreshes s.token, with the lock held, and keeps the answer.
func (s *Source) ask(ctx context.Context) (Token, error) {
	asked := s.token
	answer, err := s.request(ctx, asked)
	if grant := (*refusedGrant)(nil); errors.As(err, &grant) {
		return s.refuse(ctx, asked, grant)
	}
	if err != nil {
		return Token{}, err
	}
	s.token = asked.merge(answer, time.Now())
	s.save()
	return s.token, nil
}

// request asks once, and a little later again while the service is out of order.
func (s *Source) request(ctx context.Context, t Token) (*oauth2.Token, error) {
	pauses := [...]time.Duration{time.Second, 3 * time.Second}
	for i := 0; ; i++ {
		answer, err := s.app.askToken(ctx, s.http, "get a fresh access token", []string{t.RefreshToken, t.AccessToken},
			func(ctx context.Context) (*oauth2.Token, error) {
				return s.app.oauth().TokenSource(ctx, &oauth2.Token{RefreshToken: t.RefreshToken}).Token()
			})
		gone := (*UnavailableError)(nil)
		if i == len(pauses) || !errors.As(err, &gone) || !gone.passing() {
			return answer, err
		}
		select {
		case <-time.After(pauses[i]):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
