package auth

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTransportSendsTokenToOneBaseOnly(t *testing.T) {
	for _, tt := range []struct {
		base, url, host string
		sent            bool
	}{
		{"https://api.spotify.com/v1", "https://api.spotify.com/v1/me", "", true},
		{"https://api.spotify.com/v1", "https://API.spotify.com:443/v1/me?x=1", "", true},
		{"https://api.spotify.com/v1/", "https://api.spotify.com/v1", "", true},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080/me", "", true},
		{"https://api.spotify.com/v1", "http://api.spotify.com/v1/me", "", false},
		{"https://api.spotify.com/v1", "https://api.spotify.com:444/v1/me", "", false},
		{"https://api.spotify.com/v1", "https://api.spotify.com.example.com/v1/me", "", false},
		{"https://api.spotify.com/v1", "https://example.com/v1/me", "", false},
		{"https://api.spotify.com/v1", "https://api.spotify.com/v2/me", "", false},
		{"https://api.spotify.com/v1", "https://api.spotify.com/v1x/me", "", false},
		{"https://api.spotify.com/v1", "https://api.spotify.com/v1/../v2", "", false},
		{"https://api.spotify.com/v1", "https://api.spotify.com/v1/%2e%2e/v2", "", false},
		{"https://api.spotify.com/v1", "https://u:p@api.spotify.com/v1/me", "", false},
		{"https://api.spotify.com/v1", "https://api.spotify.com/v1/me", "example.com", false},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8081/me", "", false},
		{"https://127.0.0.1:8080", "http://127.0.0.1:8080/me", "", false},
		{"http://127.0.0.1:8080", "http://localhost:8080/me", "", false},
		{"::", "https://api.spotify.com/v1/me", "", false},
	} {
		sent, asked := "", false
		inner := roundTripper(func(r *http.Request) (*http.Response, error) {
			sent = r.Header.Get("Authorization")
			return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
		})
		tr := newTransport(tt.base, inner, func(context.Context) (string, error) { asked = true; return "tok", nil })
		body := &closeNoter{Reader: strings.NewReader("x")}
		req, err := http.NewRequest("POST", tt.url, body)
		if err != nil {
			t.Fatal(err)
		}
		if tt.host != "" {
			req.Host = tt.host
		}
		_, err = tr.RoundTrip(req)
		if tt.sent != (err == nil) || tt.sent != (sent == "Bearer tok") || tt.sent != asked {
			t.Errorf("base %s, request %s: error %v, sent %q", tt.base, tt.url, err, sent)
		}
		if !tt.sent && !body.closed {
			t.Errorf("%s: the body of a refused request stays open", tt.url)
		}
		if req.Header.Get("Authorization") != "" {
			t.Error("the caller's request was changed")
		}
	}
}

type closeNoter struct {
	io.Reader
	closed bool
}

func (c *closeNoter) Close() error { c.closed = true; return nil }

func TestTransportRefreshAfter401(t *testing.T) {
	a, c := stored(t, &disk{})
	var bad string
	api := roundTripper(func(r *http.Request) (*http.Response, error) {
		status := 200
		if r.Header.Get("Authorization") == bad {
			status = 401
		}
		return &http.Response{StatusCode: status, Body: http.NoBody, Request: r}, nil
	})
	tr := a.source(c).Transport(testApp().Issuer.APIURL, api)
	a.hides(t, tr)
	get := func() int {
		req, _ := http.NewRequestWithContext(t.Context(), "GET", testApp().Issuer.APIURL+"/me", nil)
		resp, err := tr.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode
	}
	get()
	var refresher interface{ Refresh(context.Context) error } = tr
	for round := 2; round <= 3; round++ {
		bad = "Bearer " + mustToken(t, tr.source).AccessToken
		if get() != 401 {
			t.Fatal("not rejected")
		}
		for range 2 { // two requests met the same 401
			if err := refresher.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if get() != 200 || a.count() != round {
			t.Errorf("%d token requests, want %d", a.count(), round)
		}
	}
}

// What a Source says reaches through http.Client to who decides by it.
func TestTransportErrorsKeepTheirType(t *testing.T) {
	s := NewSource(openFile(t, &disk{}), testApp(), "default", &http.Client{Transport: newAccounts()})
	_, err := HTTPClient(s.Transport(testApp().Issuer.APIURL, nil)).Get(testApp().Issuer.APIURL + "/me")
	if !errors.Is(err, ErrLoginRequired) {
		t.Errorf("Get() = %v", err)
	}
}
