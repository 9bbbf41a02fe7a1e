package sandbox

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Request is one request that was made. Tokens, codes and secrets are not in it.
type Request struct {
	Method string
	Path   string // /v1/playlists/37…/items
	Route  string // /playlists/{id}/items; empty for a route there is none of
	Query  url.Values
	Body   []byte
	Status int    // as answered; 0 while under way, or when the connection was dropped
	User   string // ID of who the token speaks for; empty when there was none
	Time   time.Time
}

// Requests are the requests made since the start or the last [Server.ResetRequests], in order of arrival.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Request, 0, len(s.log))
	for _, r := range s.log {
		c := *r
		c.Query, c.Body = maps.Clone(r.Query), slices.Clone(r.Body)
		out = append(out, c)
	}
	return out
}

// ResetRequests forgets the requests made so far.
func (s *Server) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = nil
}

// Counts are the numbers of requests by method and route: "GET /playlists/{id}/items".
func (s *Server) Counts() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]int{}
	for _, r := range s.log {
		out[r.Method+" "+orText(r.Route, r.Path)]++
	}
	return out
}

// Writes is the number of requests to the Web API that asked for a change, whatever came of them.
func (s *Server) Writes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.log {
		if r.Method != http.MethodGet && r.Method != http.MethodHead && isAPI(r.Path) {
			n++
		}
	}
	return n
}

// secretFields are the members of a form nobody should read in a log.
var secretFields = []string{"refresh_token", "code", "code_verifier", "client_secret", "access_token"}

// redactForm hides what is secret in a form; what isn't a form is hidden whole.
func redactForm(body []byte) []byte {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return []byte("(hidden)")
	}
	for _, f := range secretFields {
		if form.Has(f) {
			form.Set(f, "(hidden)")
		}
	}
	return []byte(form.Encode())
}

func orText(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
