package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// requestTimeout bounds one token request, from its first byte to the last of the answer.
const requestTimeout = 20 * time.Second

// refusedGrant is the accounts service's invalid_grant: the code or refresh token is expired, revoked or used up.
type refusedGrant struct{ detail string }

func (e *refusedGrant) Error() string { return codeAndDetail("invalid_grant", e.detail) }

// askToken runs one token request of the library with hc and without the redirects hc might follow, and sorts its outcome:
// *refusedGrant, *ClientError, *UnavailableError, or the token. what names the purpose for messages; secrets are kept out
// of them, and so is the body of any answer.
//
// Once sent, the request is finished whatever becomes of ctx: the answer nobody waits for may hold the only refresh token
// that is still good.
func (a App) askToken(ctx context.Context, hc *http.Client, what string, secrets []string, request func(context.Context) (*oauth2.Token, error)) (*oauth2.Token, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
	defer cancel()
	token, err := request(context.WithValue(ctx, oauth2.HTTPClient, noRedirects(hc)))
	if err == nil {
		return token, nil
	}
	secrets = append(secrets, a.ClientSecret)
	var answer *oauth2.RetrieveError
	if !errors.As(err, &answer) {
		if strings.HasPrefix(err.Error(), "oauth2: ") { // an answer that can't be read: what it says may be a token
			err = errors.New("its answer is not one of an accounts service")
		} else {
			err = errors.New(scrub(err.Error(), secrets...))
		}
		return nil, &UnavailableError{What: what, Err: err}
	}
	code, detail := scrub(answer.ErrorCode, secrets...), scrub(answer.ErrorDescription, secrets...)
	status := answer.Response.StatusCode
	switch {
	case code == "invalid_grant":
		return nil, &refusedGrant{detail}
	case code != "" && code != "server_error" && code != "temporarily_unavailable" && status < 500 && status != http.StatusTooManyRequests:
		return nil, &ClientError{ClientID: a.ClientID, HasSecret: a.ClientSecret != "", Code: code, Detail: detail}
	}
	gone := &UnavailableError{What: what, Status: status, RetryAfter: retryAfter(answer.Response.Header)}
	switch {
	case status >= 300 && status < 400:
		gone.Err = fmt.Errorf("%s answers with a redirect (%d), which is never followed", a.Issuer.AccountsURL, status)
	default:
		gone.Err = fmt.Errorf("%s answers %d %s", a.Issuer.AccountsURL, status, http.StatusText(status))
	}
	return nil, gone
}

// passing reports whether the same request may fare better in a moment.
func (e *UnavailableError) passing() bool {
	return (e.Status == 0 || e.Status >= 500) && e.RetryAfter == 0
}

func retryAfter(h http.Header) time.Duration {
	n, err := strconv.Atoi(strings.TrimSpace(h.Get("Retry-After")))
	if err != nil || n <= 0 || n > 10*24*3600 {
		return 0
	}
	return time.Duration(n) * time.Second
}

// merge brings the answer to a token request into t. A refresh token or scope left out is the one before (RFC 6749, 5.1 and 6).
func (t Token) merge(answer *oauth2.Token, now time.Time) Token {
	t.AccessToken = answer.AccessToken
	t.Expiry = answer.Expiry.Round(0).UTC() // without the monotonic clock, which stands still while a laptop sleeps
	if answer.Expiry.IsZero() {
		t.Expiry = time.Time{}
	}
	t.RefreshAt = refreshAt(now, t.Expiry)
	if answer.RefreshToken != "" {
		t.RefreshToken = answer.RefreshToken
	}
	if scope, _ := answer.Extra("scope").(string); strings.TrimSpace(scope) != "" {
		t.Scopes = strings.Fields(scope)
	}
	return t
}

// HTTPClient returns a client that sends through rt, follows no redirect and gives up on a request after a minute. A nil rt
// is a transport of its own with net/http's defaults, proxies from the environment included, and stricter timeouts.
func HTTPClient(rt http.RoundTripper) *http.Client {
	if rt == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.TLSHandshakeTimeout = 10 * time.Second
		t.ResponseHeaderTimeout = 30 * time.Second
		rt = t
	}
	return noRedirects(&http.Client{Transport: rt, Timeout: time.Minute})
}

// noRedirects returns hc, or a default client, changed to hand redirects back instead of following them.
func noRedirects(hc *http.Client) *http.Client {
	if hc == nil {
		return HTTPClient(nil)
	}
	c := *hc
	c.Jar = nil
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}
