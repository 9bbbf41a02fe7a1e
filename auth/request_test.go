package auth

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

// TestBegin: a login whose answer is brought by hand, with nobody listening for it.
func TestBegin(t *testing.T) {
	s := newStand(t)
	p, err := Begin(s.app, LoginOptions{HTTP: s.http, Scopes: []string{"playlist-read-private"}, ShowDialog: true})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("state") == "" || q.Get("show_dialog") != "true" || !strings.HasPrefix(q.Get("redirect_uri"), "http://127.0.0.1:") {
		t.Errorf("the user is sent to %s", p.URL)
	}
	ended := s.agree(p.URL)
	for _, bad := range []string{"", "no", p.URL, strings.Replace(ended, "state=", "state=x", 1), "http://127.0.0.1/callback"} {
		_, err := p.Finish(t.Context(), bad)
		var again *PasteError
		if !errors.As(err, &again) || again.Again == "" {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if n := s.count(); n != 0 {
		t.Errorf("%d requests for what is no answer", n)
	}
	token, err := p.Finish(t.Context(), " "+ended+"\n")
	if err != nil || token.RefreshToken == "" || token.AuthorizedAt.IsZero() {
		t.Fatalf("%v, %v", token, err)
	}
	if _, err = p.Finish(t.Context(), ended); err == nil {
		t.Error("a code is taken twice")
	}
	s.hides(t, err)
	if _, err := p.Finish(t.Context(), "http://127.0.0.1/callback?error=access_denied&state="+url.QueryEscape(q.Get("state"))); !errors.As(err, new(*DeniedError)) {
		t.Errorf("denied: %v", err)
	}
}

func TestBeginRefuses(t *testing.T) {
	s := newStand(t)
	s.app.RedirectURI = "http://localhost/callback"
	if _, err := Begin(s.app, LoginOptions{}); err == nil || !strings.Contains(err.Error(), "localhost") {
		t.Error(err)
	}
	s.app.ClientID = ""
	if _, err := Begin(s.app, LoginOptions{}); err == nil {
		t.Error("begun without a client ID")
	}
}
