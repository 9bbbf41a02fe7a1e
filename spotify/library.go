package spotify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	maxLibrary    = 40 // URIs in one request about the library
	scopesLibrary = "user-library-modify user-follow-modify playlist-modify-public"
	scopesSaved   = "user-library-read user-follow-read playlist-read-private"
)

// Save puts tracks, albums, shows and episodes into the library and follows playlists and artists, which is also how
// an unfollowed playlist comes back (PUT /me/library). More than 40 take several requests; doing it twice does no harm.
func (c *Client) Save(ctx context.Context, uris ...URI) error {
	return c.library(ctx, http.MethodPut, "save", uris)
}

// Unsave is the opposite of [Client.Save] (DELETE /me/library). Unfollowing an own playlist is what Spotify calls
// deleting it.
func (c *Client) Unsave(ctx context.Context, uris ...URI) error {
	return c.library(ctx, http.MethodDelete, "unsave", uris)
}

func (c *Client) library(ctx context.Context, method, verb string, uris []URI) error {
	for some := range slices.Chunk(uris, maxLibrary) {
		r, err := onLibrary(method, "/me/library", verb, scopesLibrary, some)
		if err != nil {
			return err
		}
		if err := c.do(ctx, r, nil); err != nil {
			return err
		}
	}
	return nil
}

// Contains tells of each URI whether it is in the library or followed (GET /me/library/contains).
func (c *Client) Contains(ctx context.Context, uris ...URI) ([]bool, error) {
	var all []bool
	for some := range slices.Chunk(uris, maxLibrary) {
		r, err := onLibrary(http.MethodGet, "/me/library/contains", "look in your library for", scopesSaved, some)
		if err != nil {
			return nil, err
		}
		var part []bool
		err = c.do(ctx, r, into(&part, func(b []byte) ([]bool, error) { return decodeContains(b, len(some)) }))
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
	}
	return all, nil
}

func decodeContains(b []byte, n int) ([]bool, error) {
	var raw []*bool
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, senseless(err)
	}
	if len(raw) != n {
		return nil, fmt.Errorf("the answer speaks of %d objects, not of %d", len(raw), n)
	}
	list := make([]bool, n)
	for i, b := range raw {
		if b == nil {
			return nil, fmt.Errorf("the answer leaves out the object number %d", i+1)
		}
		list[i] = *b
	}
	return list, nil
}

// onLibrary is a request about some URIs. They go into the query: a body is refused.
func onLibrary(method, route, verb, scopes string, uris []URI) (request, error) {
	names := make([]string, len(uris))
	for i, u := range uris {
		if !strings.HasPrefix(string(u), "spotify:") || strings.ContainsAny(string(u), ", ") {
			return request{}, fmt.Errorf("could not %s %q: it is not a URI", verb, tidy(string(u)))
		}
		names[i] = string(u)
	}
	what := verb + " " + names[0]
	if len(names) > 1 {
		what += fmt.Sprintf(" and %d more", len(names)-1)
	}
	return request{method: method, route: route, path: route, query: url.Values{"uris": {strings.Join(names, ",")}}, what: what, scopes: scopes}, nil
}
