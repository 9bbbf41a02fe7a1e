package sandbox

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// grant is a user's permission for a client: what a refresh token stands for.
type grant struct {
	User     string    `json:"user"`
	ClientID string    `json:"client_id"`
	Scopes   []string  `json:"scopes"`
	Given    time.Time `json:"given"` // when the user agreed; rotation doesn't change it
	PKCE     bool      `json:"pkce,omitempty"`
	Revoked  bool      `json:"revoked,omitempty"` // by the user, or burnt by rotation
}

// access is what an access token stands for.
type access struct {
	User     string    `json:"user"`
	ClientID string    `json:"client_id"`
	Scopes   []string  `json:"scopes"`
	Expires  time.Time `json:"expires"`
}

// knownScopes are the scopes Spotify has for what is served here; asking for another is refused.
func knownScopes() []string {
	return strings.Fields(`playlist-read-private playlist-read-collaborative playlist-modify-public playlist-modify-private
		user-library-read user-library-modify user-follow-read user-follow-modify ugc-image-upload user-top-read
		user-read-recently-played user-read-playback-position user-read-private user-read-email
		user-read-playback-state user-modify-playback-state user-read-currently-playing streaming app-remote-control`)
}

// IssueToken is a login without the dance: tokens with which the client speaks for the user from now on. No scopes
// means all there are. The refresh token can be used with PKCE's client ID alone.
func (s *Server) IssueToken(userID, clientID string, scopes ...string) (refresh, accessToken string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(scopes) == 0 {
		scopes = knownScopes()
	}
	g := &grant{User: userID, ClientID: clientID, Scopes: slices.Clone(scopes), Given: s.now().UTC(), PKCE: true}
	refresh = s.newRefresh(g)
	return refresh, s.newAccess(g)
}

// RevokeTokens withdraws the user's permission from every client, as on the account page. Access tokens work on until
// they expire, as Spotify's do, unless [Quirks.RevokedAccessRefused].
func (s *Server) RevokeTokens(userID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.world.Grants {
		if g.User == userID {
			g.Revoked = true
		}
	}
	for _, a := range s.world.Access {
		if a.User == userID && s.quirks.RevokedAccessRefused {
			a.Expires = time.Time{}
		}
	}
	if u := s.world.Users[userID]; u != nil {
		u.Consents = map[string][]string{}
	}
}

// ExpireAccessTokens ends every access token at once; refresh tokens live on.
func (s *Server) ExpireAccessTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.world.Access {
		a.Expires = time.Time{}
	}
}

func (s *Server) newRefresh(g *grant) string {
	sum := s.next("refresh")
	token := "AQ" + base64.RawURLEncoding.EncodeToString(append(sum[:], sum[:16]...))
	s.world.Grants[token] = g
	return token
}

func (s *Server) newAccess(g *grant) string {
	now := s.now().UTC()
	for k, a := range s.world.Access { // keep the dead a day, to tell expired from invalid
		if a.Expires.Add(24*time.Hour).Before(now) && !a.Expires.IsZero() {
			delete(s.world.Access, k)
		}
	}
	sum := s.next("access")
	token := "BQ" + base64.RawURLEncoding.EncodeToString(append(sum[:], sum[16:]...))
	s.world.Access[token] = &access{g.User, g.ClientID, slices.Clone(g.Scopes), now.Add(s.quirks.tokenLife())}
	return token
}

func (c *Client) mayServe(userID string) bool {
	return len(c.Users) == 0 || slices.Contains(c.Users, userID)
}

// oauthError is an error answer of the token endpoint (RFC 6749, section 5.2).
func oauthError(code, description string) answer {
	return jsonAnswer(http.StatusBadRequest, object{"error": code, "error_description": description})
}

// token answers POST /api/token.
func (c *call) token() answer {
	form, err := url.ParseQuery(string(c.body))
	kind, _, _ := strings.Cut(c.r.Header.Get("Content-Type"), ";")
	if err != nil || strings.TrimSpace(kind) != "application/x-www-form-urlencoded" {
		return oauthError("unsupported_grant_type", "grant_type parameter is missing")
	}
	client, proven, bad := c.client(form)
	if bad != nil {
		return *bad
	}
	switch form.Get("grant_type") {
	case "authorization_code":
		return c.exchange(form, client, proven)
	case "refresh_token":
		return c.refresh(form, client, proven)
	case "":
		return oauthError("unsupported_grant_type", "grant_type parameter is missing")
	}
	return oauthError("unsupported_grant_type", "grant_type must be authorization_code or refresh_token")
}

// client finds out which client asks, and whether it proved it with its secret.
func (c *call) client(form url.Values) (client *Client, proven bool, bad *answer) {
	refused := func(text string) (*Client, bool, *answer) {
		a := oauthError("invalid_client", text)
		return nil, false, &a
	}
	id, secret, basic := c.r.BasicAuth()
	if basic { // RFC 6749, section 2.3.1: both are form-encoded inside
		var err1, err2 error
		id, err1 = url.QueryUnescape(id)
		secret, err2 = url.QueryUnescape(secret)
		if err1 != nil || err2 != nil {
			return refused("Invalid client")
		}
	} else {
		id, secret = form.Get("client_id"), form.Get("client_secret")
	}
	client = c.s.world.Clients[id]
	switch {
	case client == nil:
		return refused("Invalid client")
	case !basic && secret == "":
		return client, false, nil
	case client.Secret == "" || secret != client.Secret:
		return refused("Invalid client secret")
	}
	return client, true, nil
}

// refresh gives a new access token for a refresh token.
func (c *call) refresh(form url.Values, client *Client, proven bool) answer {
	token := form.Get("refresh_token")
	g := c.s.world.Grants[token]
	switch {
	case token == "":
		return oauthError("invalid_request", "refresh_token must be supplied")
	case g == nil || g.ClientID != client.ID:
		return oauthError("invalid_grant", "Invalid refresh token")
	case !proven && !g.PKCE:
		return oauthError("invalid_client", "Invalid client")
	case g.Revoked:
		return oauthError("invalid_grant", "Refresh token revoked")
	case !c.now.Before(c.s.quirks.refreshDies(g.Given)):
		return oauthError("invalid_grant", "Refresh token expired")
	}
	c.log.User = g.User
	answer := ""
	if c.s.quirks.RotateRefreshTokens {
		fresh := *g
		g.Revoked = true
		g, answer = &fresh, c.s.newRefresh(&fresh)
	}
	return c.tokens(g, answer)
}

// tokens is the answer with a new access token; refresh is left out when empty.
func (c *call) tokens(g *grant, refresh string) answer {
	body := object{"access_token": c.s.newAccess(g), "token_type": "Bearer",
		"expires_in": int(c.s.quirks.tokenLife() / time.Second), "scope": strings.Join(g.Scopes, " ")}
	if refresh != "" {
		body["refresh_token"] = refresh
	}
	a := jsonAnswer(http.StatusOK, body)
	a.header.Set("Cache-Control", "no-store")
	return a
}
