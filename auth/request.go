package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// request is one question to a user for permission (RFC 6749, 4.1; RFC 7636).
type request struct {
	app      App
	config   *oauth2.Config
	url      string // where the user answers
	state    string
	verifier string
	me       func(context.Context, *http.Client) (accountID, userID, displayName string, err error)
}

// request makes the question, for an answer that comes to l.
func (a App) request(l redirect, o LoginOptions) request {
	r := request{app: a, config: a.oauth(), state: rand.Text(), verifier: oauth2.GenerateVerifier(), me: o.Me}
	r.config.RedirectURL, r.config.Scopes = l.redirect.String(), slices.Clone(o.Scopes)
	extra := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(r.verifier)}
	if o.ShowDialog {
		extra = append(extra, oauth2.SetAuthURLParam("show_dialog", "true"))
	}
	r.url = r.config.AuthCodeURL(r.state, extra...)
	return r
}

// finish exchanges the code for the first token.
func (r request) finish(ctx context.Context, hc *http.Client, code string) (Token, error) {
	agreed := time.Now()
	raw, err := r.app.askToken(ctx, hc, "finish the login", []string{code, r.verifier}, func(ctx context.Context) (*oauth2.Token, error) {
		return r.config.Exchange(ctx, code, oauth2.VerifierOption(r.verifier))
	})
	if grant := (*refusedGrant)(nil); errors.As(err, &grant) {
		return Token{}, fmt.Errorf("the code Spotify gave for this login is no longer taken (%w): it is used, too old, or from another login; log in again", grant)
	}
	if err != nil {
		return Token{}, err
	}
	if raw.RefreshToken == "" {
		return Token{}, errors.New("no refresh token came with this login, so it could not last; log in again")
	}
	t := Token{
		Issuer: r.app.Issuer.Name, ClientID: r.app.ClientID,
		Scopes: slices.Clone(r.config.Scopes), AuthorizedAt: agreed.UTC().Truncate(time.Second),
	}.merge(raw, agreed)
	if r.me == nil {
		return t, nil
	}
	fixed := func(context.Context) (string, error) { return t.AccessToken, nil }
	client := HTTPClient(newTransport(r.app.Issuer.APIURL, hc.Transport, fixed))
	if t.AccountID, t.UserID, t.DisplayName, err = r.me(ctx, client); err != nil {
		return Token{}, fmt.Errorf("asking Spotify who logged in: %w", err)
	}
	return t, nil
}

// Pending is a login whose answer a person brings by hand: nothing listens for it. It may be used from several goroutines.
type Pending struct {
	URL string // where the user answers; not a secret, and of no use to anybody else

	request request
	http    *http.Client
}

// PasteError says what is wrong with what a person pasted, when another try is worth while.
type PasteError struct{ Again string }

// Error implements error.
func (e *PasteError) Error() string { return e.Again }

// Begin asks a user for permission, to be answered by [Pending.Finish]. Of the options it heeds Scopes, ShowDialog, Me and
// HTTP. Errors are those of [Login] that come before the browser.
func Begin(app App, o LoginOptions) (*Pending, error) {
	if err := app.checkClient(); err != nil {
		return nil, err
	}
	l, err := app.redirect()
	if err != nil {
		return nil, err
	}
	if l.redirect.Scheme == "http" && l.redirect.Port() == "" { // any will do, best one where nobody answers
		ln, err := net.Listen("tcp", net.JoinHostPort(l.redirect.Hostname(), "0"))
		if err != nil {
			return nil, fmt.Errorf("find a free port for the address the browser ends on: %w", err)
		}
		l.redirect.Host = net.JoinHostPort(l.redirect.Hostname(), strconv.Itoa(ln.Addr().(*net.TCPAddr).Port))
		if err := ln.Close(); err != nil {
			return nil, err
		}
	}
	p := &Pending{request: app.request(l, o), http: noRedirects(o.HTTP)}
	p.URL = p.request.url
	return p, nil
}

// Finish takes what the user copied: the whole address that the browser ended on, or the code in it. A *[PasteError] asks for
// another try; other errors are those of [Login].
func (p *Pending) Finish(ctx context.Context, pasted string) (Token, error) {
	a, again := parsePasted(strings.TrimSpace(pasted), p.request.state)
	if again != "" {
		return Token{}, &PasteError{again}
	}
	if a.err != nil {
		return Token{}, a.err
	}
	return p.request.finish(ctx, p.http, a.code)
}
