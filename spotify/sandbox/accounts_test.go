package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const callback = "http://127.0.0.1:4711/callback"

var verifier = strings.Repeat("v", 64)

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// loginQuery is a login's query with changes: "name=value" sets, "name" removes.
func loginQuery(changes ...string) string {
	q := url.Values{"client_id": {SandboxClientID}, "response_type": {"code"}, "redirect_uri": {callback}, "state": {"st&te"},
		"scope": {"playlist-read-private playlist-modify-private"}, "code_challenge_method": {"S256"}, "code_challenge": {challenge()}}
	return changed(q, changes)
}

func changed(q url.Values, changes []string) string {
	for _, c := range changes {
		k, v, set := strings.Cut(c, "=")
		if q.Del(k); set {
			q.Set(k, v)
		}
	}
	return q.Encode()
}

func (b *bench) authorize(changes ...string) (int, string, url.Values) {
	b.t.Helper()
	w := b.raw("GET", "/authorize?"+loginQuery(changes...), "", http.Header{})
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil {
		b.t.Fatal(err)
	}
	return w.Code, w.Body.String(), to.Query()
}

func (b *bench) code(changes ...string) string {
	b.t.Helper()
	status, body, q := b.authorize(append(changes, "sandbox_approve=1")...)
	if status != 302 || q.Get("state") != "st&te" || q.Get("code") == "" {
		b.t.Fatalf("authorize: %d %s %v", status, body, q)
	}
	return q.Get("code")
}

func (b *bench) form(secret string, form url.Values) (int, map[string]any) {
	b.t.Helper()
	h := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	if secret != "" {
		h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(secret)))
	}
	w := b.raw("POST", "/api/token", form.Encode(), h)
	var v map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		b.t.Fatalf("%v in %s", err, w.Body)
	}
	return w.Code, v
}

func exchange(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback},
		"client_id": {SandboxClientID}, "code_verifier": {verifier}}
}

func refreshForm(token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {SandboxClientID}}
}

func TestLogin(t *testing.T) {
	b := newBench(t, NoQuirks())
	code := b.code()
	status, v := b.form("", exchange(code))
	if status != 200 || v["token_type"] != "Bearer" || v["expires_in"] != 3600.0 || v["scope"] != "playlist-read-private playlist-modify-private" {
		t.Fatalf("exchange: %d %v", status, v)
	}
	b.token = v["access_token"].(string)
	if me := b.must("GET", "/me", ""); me["id"] != SandboxUser {
		t.Errorf("me: %v", me)
	}
	if status, v := b.form("", exchange(code)); status != 400 || v["error"] != "invalid_grant" || v["error_description"] != "Invalid authorization code" {
		t.Errorf("a code used twice: %d %v", status, v)
	}
	status, v = b.form("", refreshForm(v["refresh_token"].(string)))
	if status != 200 || v["refresh_token"] != nil || v["access_token"] == b.token {
		t.Errorf("refresh: %d %v", status, v)
	}
}

func TestExchangeRefused(t *testing.T) {
	b := newBench(t, NoQuirks())
	b.AddClient(Client{ID: "other", RedirectURIs: []string{callback}})
	for _, tt := range []struct {
		name, secret, code, description string
		change                          []string
	}{
		{"another redirect", "", "invalid_grant", "Invalid redirect URI", []string{"redirect_uri=http://127.0.0.1:4712/callback"}},
		{"another client", "", "invalid_grant", "Invalid authorization code", []string{"client_id=other"}},
		{"unknown client", "", "invalid_client", "Invalid client", []string{"client_id=nobody"}},
		{"no client", "", "invalid_client", "Invalid client", []string{"client_id"}},
		{"no verifier", "", "invalid_request", "code_verifier required", []string{"code_verifier"}},
		{"wrong verifier", "", "invalid_grant", "code_verifier was incorrect", []string{"code_verifier=" + strings.Repeat("w", 64)}},
		{"wrong secret", SandboxClientID + ":wrong", "invalid_client", "Invalid client secret", nil},
		{"secret of a client without", "other:secret", "invalid_client", "Invalid client secret", nil},
		{"no code", "", "invalid_request", "code must be supplied", []string{"code"}},
		{"no grant type", "", "unsupported_grant_type", "missing", []string{"grant_type"}},
		{"other grant type", "", "unsupported_grant_type", "must be", []string{"grant_type=password"}},
	} {
		q, err := url.ParseQuery(changed(exchange(b.code()), tt.change))
		if err != nil {
			t.Fatal(err)
		}
		if status, v := b.form(tt.secret, q); status != 400 || v["error"] != tt.code || !strings.Contains(v["error_description"].(string), tt.description) {
			t.Errorf("%s: %d %v", tt.name, status, v)
		}
	}
	code := b.code()
	b.clock.advance(11 * time.Minute)
	if _, v := b.form("", exchange(code)); v["error_description"] != "Authorization code expired" {
		t.Errorf("an old code: %v", v)
	}
	secret := SandboxClientID + ":" + SandboxClientSecret
	plain := exchange(b.code("code_challenge", "code_challenge_method"))
	plain.Del("code_verifier")
	if status, v := b.form("", plain); status != 400 || v["error"] != "invalid_client" {
		t.Errorf("neither PKCE nor secret: %d %v", status, v)
	}
	status, v := b.form(secret, plain)
	if status != 200 {
		t.Fatalf("with the secret: %d %v", status, v)
	}
	token := v["refresh_token"].(string)
	if _, v := b.form("", refreshForm(token)); v["error"] != "invalid_client" {
		t.Errorf("refreshing without the secret: %v", v)
	}
	if status, v := b.form(secret, refreshForm(token)); status != 200 {
		t.Errorf("refreshing with the secret: %d %v", status, v)
	}
}

func TestAuthorizeRefused(t *testing.T) {
	b := newBench(t, NoQuirks())
	b.AddClient(Client{ID: "exact", RedirectURIs: []string{"http://127.0.0.1:8888/cb", "https://example.org/cb", "http://localhost:8888/cb", "http://[::1]/cb"}})
	for _, tt := range []struct {
		text    string // of the page; empty when sent back
		err     string // sent back
		changes []string
	}{
		{"INVALID_CLIENT: Invalid client", "", []string{"client_id=nobody"}},
		{"INVALID_CLIENT: Insecure redirect URI", "", []string{"redirect_uri=http://localhost:4711/callback"}},
		{"INVALID_CLIENT: Insecure redirect URI", "", []string{"client_id=exact", "redirect_uri=http://localhost:8888/cb"}},
		{"INVALID_CLIENT: Insecure redirect URI", "", []string{"redirect_uri=http://example.org/callback"}},
		{"INVALID_CLIENT: Invalid redirect URI", "", []string{"redirect_uri=http://127.0.0.1:4711/callback/"}},
		{"INVALID_CLIENT: Invalid redirect URI", "", []string{"redirect_uri=http://127.0.0.1:4711/Callback"}},
		{"INVALID_CLIENT: Invalid redirect URI", "", []string{"redirect_uri"}},
		{"INVALID_CLIENT: Invalid redirect URI", "", []string{"client_id=exact", "redirect_uri=http://127.0.0.1:8889/cb"}},
		{"INVALID_CLIENT: Invalid redirect URI", "", []string{"client_id=exact", "redirect_uri=https://example.org:8443/cb"}},
		{"", "", []string{"client_id=exact", "redirect_uri=http://127.0.0.1:8888/cb"}},
		{"", "", []string{"client_id=exact", "redirect_uri=https://example.org/cb"}},
		{"", "", []string{"client_id=exact", "redirect_uri=http://[::1]:7777/cb"}},
		{"", "", []string{"redirect_uri=http://127.0.0.1/callback"}},
		{"", "unsupported_response_type", []string{"response_type=token"}},
		{"", "invalid_scope", []string{"scope=playlist-read-everything"}},
		{"", "invalid_request", []string{"code_challenge_method=plain"}},
		{"", "invalid_request", []string{"code_challenge_method"}},
	} {
		status, body, q := b.authorize(append(tt.changes, "sandbox_approve=1")...)
		switch {
		case tt.text != "":
			if status != 400 || body != tt.text {
				t.Errorf("%v: %d %s %v", tt.changes, status, body, q)
			}
		case status != 302 || q.Get("state") != "st&te" || q.Get("error") != tt.err || (q.Get("code") == "") != (tt.err != ""):
			t.Errorf("%v: %d %s %v", tt.changes, status, body, q)
		}
	}
}

// TestConsentPage presses the page's buttons.
func TestConsentPage(t *testing.T) {
	b := newBench(t, NoQuirks())
	b.AddUser(User{ID: "friend", DisplayName: "<Friend>"})
	press := func(form string, changes ...string) url.Values {
		t.Helper()
		w := b.raw("POST", "/authorize?"+loginQuery(changes...), form, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
		to, err := url.Parse(w.Header().Get("Location"))
		if err != nil || w.Code != 302 {
			t.Fatalf("%d %v", w.Code, err)
		}
		return to.Query()
	}
	status, page, _ := b.authorize()
	if status != 200 || !strings.Contains(page, "Agree") || !strings.Contains(page, "playlist-modify-private") || strings.Contains(page, "friend") {
		t.Errorf("page: %d %s", status, page)
	}
	if q := press("decision=cancel"); q.Get("error") != "access_denied" || q.Get("state") != "st&te" {
		t.Errorf("cancel: %v", q)
	}
	if q := press("decision=agree"); q.Get("code") == "" {
		t.Errorf("agree: %v", q)
	}
	if status, _, q := b.authorize(); status != 302 || q.Get("code") == "" {
		t.Errorf("who agreed is asked again: %d", status)
	}
	if status, _, _ := b.authorize("scope=user-top-read"); status != 200 {
		t.Errorf("a new scope is not asked for: %d", status)
	}
	if status, page, _ = b.authorize("show_dialog=true"); status != 200 || !strings.Contains(page, "&lt;Friend&gt;") {
		t.Errorf("dialog: %d %s", status, page)
	}
	_, v := b.form("", exchange(press("decision=agree&user=friend", "show_dialog=true").Get("code")))
	b.token = v["access_token"].(string)
	if me := b.must("GET", "/me", ""); me["id"] != "friend" {
		t.Errorf("me: %v", me)
	}
	b.SetBrowserUser(SandboxUser)
	b.SetQuirks(only(func(q *Quirks) { q.NewScopesNeedDialog = true }))
	_, _, q := b.authorize("scope=user-top-read")
	if _, v := b.form("", exchange(q.Get("code"))); v["scope"] != "playlist-read-private playlist-modify-private" {
		t.Errorf("scopes without the dialog: %v", v["scope"])
	}
}

func TestRefreshTokens(t *testing.T) {
	invalid := func(b *bench, token, why string) {
		b.t.Helper()
		if status, v := b.form("", refreshForm(token)); status != 400 || v["error"] != "invalid_grant" || v["error_description"] != why {
			b.t.Errorf("%d %v, want %s", status, v, why)
		}
	}
	t.Run("rotation", func(t *testing.T) {
		b := newBench(t, only(func(q *Quirks) { q.RotateRefreshTokens = true }))
		token, _ := b.IssueToken(SandboxUser, SandboxClientID)
		for range 3 {
			_, v := b.form("", refreshForm(token))
			fresh, _ := v["refresh_token"].(string)
			if fresh == "" || fresh == token {
				t.Fatalf("refresh: %v", v)
			}
			invalid(b, token, "Refresh token revoked")
			token = fresh
		}
	})
	t.Run("six months", func(t *testing.T) {
		b := newBench(t, only(func(q *Quirks) { q.RotateRefreshTokens = true }))
		token, _ := b.IssueToken(SandboxUser, SandboxClientID)
		b.clock.advance(noon.AddDate(0, 6, 0).Sub(noon) - time.Second)
		_, v := b.form("", refreshForm(token)) // doesn't extend it
		b.clock.advance(time.Second)
		invalid(b, v["refresh_token"].(string), "Refresh token expired")
	})
	t.Run("another life", func(t *testing.T) {
		b := newBench(t, only(func(q *Quirks) { q.RefreshTokenLife = time.Minute }))
		token, _ := b.IssueToken(SandboxUser, SandboxClientID)
		b.clock.advance(time.Minute)
		invalid(b, token, "Refresh token expired")
	})
	t.Run("revoked", func(t *testing.T) {
		b := newBench(t, NoQuirks())
		token, _ := b.IssueToken(SandboxUser, SandboxClientID)
		b.RevokeTokens(SandboxUser)
		invalid(b, token, "Refresh token revoked")
		b.must("GET", "/me", "")
		b.SetQuirks(only(func(q *Quirks) { q.RevokedAccessRefused = true }))
		b.RevokeTokens(SandboxUser)
		b.refused("GET", "/me", "", 401, "expired")
	})
	t.Run("unknown", func(t *testing.T) {
		b := newBench(t, NoQuirks())
		b.AddClient(Client{ID: "other"})
		invalid(b, "sesame", "Invalid refresh token")
		token, _ := b.IssueToken(SandboxUser, "other")
		invalid(b, token, "Invalid refresh token")
	})
}

func TestAutoApprove(t *testing.T) {
	b := newBench(t, NoQuirks())
	b.Server = New(Options{AutoApprove: true})
	if status, _, q := b.authorize(); status != 302 || q.Get("code") == "" {
		t.Errorf("%d %v", status, q)
	}
}
