package sandbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// code is an authorization code waiting to be exchanged.
type code struct {
	User        string    `json:"user"`
	ClientID    string    `json:"client_id"`
	RedirectURI string    `json:"redirect_uri"`
	Scopes      []string  `json:"scopes"`
	Challenge   string    `json:"challenge,omitempty"` // PKCE, S256
	Given       time.Time `json:"given"`
	Used        bool      `json:"used,omitempty"`
}

const codeLife = 10 * time.Minute // of an authorization code

// Accounts serves the accounts service: /authorize, a page where a user agrees, and /api/token.
// The query parameter sandbox_approve=1 agrees without the page, sandbox_user=ID as somebody in particular.
func (s *Server) Accounts() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /authorize", s.through("/authorize", (*call).authorize))
	mux.HandleFunc("POST /authorize", s.through("/authorize", (*call).authorize))
	mux.HandleFunc("POST /api/token", s.through("/api/token", (*call).token))
	return mux
}

// authorize answers GET /authorize with a page or by sending the browser back, and POST /authorize, which is the page's
// two buttons. What is wrong with the client or the redirect is told here, the rest to the redirect (RFC 6749, 4.1.2.1).
func (c *call) authorize() answer {
	client := c.s.world.Clients[c.q.Get("client_id")]
	if client == nil {
		return plainAnswer("INVALID_CLIENT: Invalid client")
	}
	redirect := c.q.Get("redirect_uri")
	switch {
	case insecureRedirect(redirect):
		return plainAnswer("INVALID_CLIENT: Insecure redirect URI")
	case !client.redirectsTo(redirect):
		return plainAnswer("INVALID_CLIENT: Invalid redirect URI")
	}
	scopes := strings.Fields(c.q.Get("scope"))
	switch method := c.q.Get("code_challenge_method"); {
	case c.q.Get("response_type") != "code":
		return c.sendBack(url.Values{"error": {"unsupported_response_type"}})
	case slices.ContainsFunc(scopes, func(sc string) bool { return !slices.Contains(knownScopes(), sc) }):
		return c.sendBack(url.Values{"error": {"invalid_scope"}})
	case c.q.Has("code_challenge") != c.q.Has("code_challenge_method"), method != "" && method != "S256",
		c.q.Has("code_challenge") && len(c.q.Get("code_challenge")) != 43:
		return c.sendBack(url.Values{"error": {"invalid_request"}, "error_description": {"code_challenge_method must be S256"}})
	}
	who := orText(c.q.Get("sandbox_user"), c.s.world.Browser)
	if c.r.Method == http.MethodPost {
		form, err := url.ParseQuery(string(c.body))
		if err != nil || form.Get("decision") != "agree" {
			return c.sendBack(url.Values{"error": {"access_denied"}})
		}
		return c.agree(client, orText(form.Get("user"), who), scopes)
	}
	if c.s.autoApprove || c.q.Get("sandbox_approve") == "1" {
		return c.agree(client, who, scopes)
	}
	dialog := c.q.Get("show_dialog") == "true"
	if u := c.s.world.Users[who]; u != nil && !dialog {
		had, agreed := u.Consents[client.ID]
		if agreed && c.s.quirks.NewScopesNeedDialog {
			return c.agree(client, who, had)
		}
		if agreed && !slices.ContainsFunc(scopes, func(sc string) bool { return !slices.Contains(had, sc) }) {
			return c.agree(client, who, scopes)
		}
	}
	return c.consentPage(client, who, scopes, dialog)
}

// agree gives the client a code for the user.
func (c *call) agree(client *Client, userID string, scopes []string) answer {
	u := c.s.world.Users[userID]
	if u == nil {
		return plainAnswer("Nobody here is called that: sandbox_user or the user chosen is unknown")
	}
	c.s.world.Browser, c.log.User = userID, userID
	had := u.Consents[client.ID]
	for _, sc := range scopes {
		if !slices.Contains(had, sc) {
			had = append(slices.Clip(had), sc)
		}
	}
	u.Consents[client.ID] = append([]string{}, had...)
	for k, old := range c.s.world.Codes {
		if c.now.Sub(old.Given) > codeLife {
			delete(c.s.world.Codes, k)
		}
	}
	sum := c.s.next("code")
	name := "AQ" + base64.RawURLEncoding.EncodeToString(append(sum[:], sum[8:]...))
	c.s.world.Codes[name] = &code{User: userID, ClientID: client.ID, RedirectURI: c.q.Get("redirect_uri"),
		Scopes: append([]string{}, scopes...), Challenge: c.q.Get("code_challenge"), Given: c.now}
	return c.sendBack(url.Values{"code": {name}})
}

// sendBack sends the browser to the client with the outcome.
func (c *call) sendBack(outcome url.Values) answer {
	if c.q.Has("state") {
		outcome.Set("state", c.q.Get("state"))
	}
	to := c.q.Get("redirect_uri")
	sep := "?"
	if strings.Contains(to, "?") {
		sep = "&"
	}
	return answer{status: http.StatusFound, header: http.Header{"Location": {to + sep + outcome.Encode()}, "Cache-Control": {"no-store"}}}
}

// exchange gives tokens for a code, which can be used once.
func (c *call) exchange(form url.Values, client *Client, proven bool) answer {
	k := c.s.world.Codes[form.Get("code")]
	switch {
	case form.Get("code") == "":
		return oauthError("invalid_request", "code must be supplied")
	case k == nil || k.ClientID != client.ID || k.Used:
		return oauthError("invalid_grant", "Invalid authorization code")
	case c.now.Sub(k.Given) > codeLife:
		return oauthError("invalid_grant", "Authorization code expired")
	case form.Get("redirect_uri") != k.RedirectURI:
		return oauthError("invalid_grant", "Invalid redirect URI")
	case k.Challenge == "" && !proven:
		return oauthError("invalid_client", "Invalid client")
	case k.Challenge != "" && form.Get("code_verifier") == "":
		return oauthError("invalid_request", "code_verifier required")
	}
	k.Used = true
	if sum := sha256.Sum256([]byte(form.Get("code_verifier"))); k.Challenge != "" &&
		base64.RawURLEncoding.EncodeToString(sum[:]) != k.Challenge {
		return oauthError("invalid_grant", "code_verifier was incorrect")
	}
	c.log.User = k.User
	g := &grant{User: k.User, ClientID: client.ID, Scopes: k.Scopes, Given: k.Given, PKCE: k.Challenge != ""}
	return c.tokens(g, c.s.newRefresh(g))
}

// insecureRedirect reports plain HTTP to anything but a loopback literal; localhost is a name, not a literal.
func insecureRedirect(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" {
		return false
	}
	return !isLoopback(u.Hostname())
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && (a == netip.AddrFrom4([4]byte{127, 0, 0, 1}) || a == netip.IPv6Loopback())
}

// redirectsTo reports whether the redirect URI is registered: exactly, or as a loopback literal without a port.
func (c *Client) redirectsTo(uri string) bool {
	if uri == "" {
		return false
	}
	if slices.Contains(c.RedirectURIs, uri) {
		return true
	}
	u, err := url.Parse(uri)
	if err != nil || !isLoopback(u.Hostname()) || u.Port() == "" {
		return false
	}
	host := u.Hostname()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if _, port, err := net.SplitHostPort(u.Host); err != nil || port != u.Port() {
		return false
	}
	bare := strings.Replace(uri, "://"+u.Host, "://"+host, 1)
	return slices.Contains(c.RedirectURIs, bare)
}

func plainAnswer(text string) answer {
	return answer{status: http.StatusBadRequest, header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, body: []byte(text)}
}

var consentTemplate = template.Must(template.New("consent").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Sandbox: authorize</title>
<h1>A Spotify that lives in memory</h1>
<p>The app <code>{{.Client}}</code> asks to act for {{if .Choice}}one of these accounts{{else}}<b>{{.Name}}</b>{{end}}:</p>
<ul>{{range .Scopes}}<li><code>{{.}}</code></li>{{else}}<li>nothing but the public profile</li>{{end}}</ul>
<form method="post" action="?{{.Query}}">
{{range .Choice}}<p><label><input type="radio" name="user" value="{{.ID}}"{{if eq .ID $.Who}} checked{{end}}> {{.DisplayName}} ({{.ID}})</label></p>
{{end}}<button name="decision" value="agree">Agree</button> <button name="decision" value="cancel">Cancel</button>
</form></html>
`))

// consentPage asks the person in front of the browser; with choice, also who they are.
func (c *call) consentPage(client *Client, who string, scopes []string, choice bool) answer {
	view := struct {
		Client, Who, Name string
		Query             template.URL
		Scopes            []string
		Choice            []User
	}{Client: client.ID, Who: who, Name: who, Query: template.URL(c.q.Encode()), Scopes: scopes}
	if u := c.s.world.Users[who]; u != nil {
		view.Name = u.DisplayName
	}
	if choice {
		for _, id := range slices.Sorted(maps.Keys(c.s.world.Users)) {
			view.Choice = append(view.Choice, c.s.world.Users[id].User)
		}
	}
	var b bytes.Buffer
	if err := consentTemplate.Execute(&b, view); err != nil {
		return plainAnswer(err.Error())
	}
	return answer{status: http.StatusOK, header: http.Header{"Content-Type": {"text/html; charset=utf-8"},
		"Content-Security-Policy": {"default-src 'none'"}, "Cache-Control": {"no-store"}}, body: b.Bytes()}
}
