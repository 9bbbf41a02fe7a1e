package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Transport adds an access token to requests under one base URL and refuses all others, unsent: another scheme, host, port
// or path never sees the token.
type Transport struct {
	base  *url.URL // nil: not a URL, everything is refused
	inner http.RoundTripper
	token func(context.Context) (string, error)

	source *Source // nil: the token is fixed
}

// Transport returns a transport for requests under apiBase with tokens of s. It sends through inner; nil is [HTTPClient]'s
// default.
func (s *Source) Transport(apiBase string, inner http.RoundTripper) *Transport {
	t := newTransport(apiBase, inner, func(ctx context.Context) (string, error) {
		token, err := s.Token(ctx)
		return token.AccessToken, err
	})
	t.source = s
	return t
}

func newTransport(apiBase string, inner http.RoundTripper, token func(context.Context) (string, error)) *Transport {
	base, err := url.Parse(strings.TrimRight(apiBase, "/"))
	if err != nil || base.Host == "" || base.Opaque != "" {
		base = nil
	}
	if inner == nil {
		inner = HTTPClient(nil).Transport
	}
	return &Transport{base: base, inner: inner, token: token}
}

// Format writes what it is for under every verb, so that no formatting shows a secret.
func (t *Transport) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "transport to %v", t.base) }

// Refresh gets a new access token in place of one the Web API answered 401 to; see [Source.Refresh]. What can't be
// refreshed stays as it is.
func (t *Transport) Refresh(ctx context.Context) error {
	if t.source == nil {
		return nil
	}
	return t.source.Refresh(ctx)
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the transport underneath.
func (t *Transport) CloseIdleConnections() {
	if c, ok := t.inner.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// RoundTrip implements http.RoundTripper. Errors of [Source.Token] come back as they are.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	err := t.check(req)
	var token string
	if err == nil {
		token, err = t.token(req.Context())
	}
	if err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	r := req.Clone(req.Context())
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := t.inner.RoundTrip(r)
	if err == nil && resp.StatusCode == http.StatusUnauthorized && t.source != nil {
		t.source.reject(token)
	}
	return resp, err
}

// check refuses a request that would carry the token elsewhere.
func (t *Transport) check(req *http.Request) error {
	u := req.URL
	if t.base == nil {
		return errors.New("the base URL of the Web API is not a URL: nothing is sent")
	}
	same := u != nil && u.Opaque == "" && u.User == nil &&
		strings.EqualFold(u.Scheme, t.base.Scheme) &&
		strings.EqualFold(u.Hostname(), t.base.Hostname()) &&
		port(u) == port(t.base) &&
		(req.Host == "" || strings.EqualFold(req.Host, u.Host)) &&
		(u.Path == t.base.Path || strings.HasPrefix(u.Path, t.base.Path+"/")) &&
		!slices.ContainsFunc(strings.Split(u.Path, "/"), func(s string) bool { return s == ".." || s == "." })
	if !same {
		where := "elsewhere"
		if u != nil {
			where = scrub(u.Scheme + "://" + u.Host)
		}
		return fmt.Errorf("refused to send the access token to %s: it goes to %s and nowhere else", where, t.base)
	}
	return nil
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return map[string]string{"http": "80", "https": "443"}[strings.ToLower(u.Scheme)]
}
