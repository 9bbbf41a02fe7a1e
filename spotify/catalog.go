package spotify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxQuery is how many characters a search may have (answered 400 beyond, measured in June 2026).
const MaxQuery = 250

const (
	maxSearch       = 10 // of one kind in one search, and albums of an artist in one page, in development mode
	scopesEpisodes  = "user-read-playback-position"
	allAlbumsGroups = "album,single,compilation"
)

// Track looks up a track (GET /tracks/{id}).
func (c *Client) Track(ctx context.Context, id ID) (t Track, err error) {
	err = c.look(ctx, KindTrack, id, into(&t, decodeTrack))
	return t, err
}

// Episode looks up an episode of a show (GET /episodes/{id}).
func (c *Client) Episode(ctx context.Context, id ID) (t Track, err error) {
	err = c.look(ctx, KindEpisode, id, into(&t, decodeTrack))
	return t, err
}

// Album looks up an album with all its tracks (GET /albums/{id}, and /albums/{id}/tracks where it has many).
// They come without ISRC.
func (c *Client) Album(ctx context.Context, id ID) (Album, error) {
	var a Album
	var whole bool
	err := c.look(ctx, KindAlbum, id, func(b []byte) error {
		raw, err := decodeNamed(b, KindAlbum)
		if err != nil {
			return err
		}
		a = raw.album()
		var inner struct {
			Tracks json.RawMessage `json:"tracks"`
		}
		_ = json.Unmarshal(b, &inner) // it was an object a moment ago
		p, err := decodePage(inner.Tracks)
		whole = err == nil && p.offset <= 0 && len(p.rows) == p.total
		for _, row := range p.rows {
			t, keep, err := a.track(row)
			if err != nil {
				whole = false
			} else if keep {
				a.Tracks = append(a.Tracks, t)
			}
		}
		return nil
	})
	if err != nil {
		return Album{}, err
	}
	if !whole {
		r := request{method: http.MethodGet, route: "/albums/{id}/tracks", path: "/albums/" + string(id) + "/tracks",
			what: "list the tracks of album " + string(id)}
		if a.Tracks, _, err = list(ctx, c, listing[Track]{request: r, limit: every(pageSize), row: a.track}); err != nil {
			return Album{}, err
		}
	}
	return a, nil
}

// track reads a row of the album's, which leaves out what all of them share.
func (a Album) track(b json.RawMessage) (Track, bool, error) {
	if absent(b) {
		return Track{}, false, nil
	}
	t, err := decodeTrack(b)
	t.Album, t.AlbumURI, t.ReleaseDate = a.Name, a.URI, a.ReleaseDate
	return t, true, err
}

// Artist looks up an artist (GET /artists/{id}).
func (c *Client) Artist(ctx context.Context, id ID) (Artist, error) {
	var raw rawNamed
	err := c.look(ctx, KindArtist, id, into(&raw, func(b []byte) (rawNamed, error) { return decodeNamed(b, KindArtist) }))
	return raw.artist(), err
}

// ArtistAlbums lists an artist's albums without their tracks (GET /artists/{id}/albums). Groups are album, single,
// appears_on and compilation; none means all but appears_on.
func (c *Client) ArtistAlbums(ctx context.Context, id ID, groups ...string) ([]Album, error) {
	if err := id.check(); err != nil {
		return nil, fmt.Errorf("could not list the albums of an artist: %w", err)
	}
	include := strings.Join(groups, ",")
	if include == "" {
		include = allAlbumsGroups
	}
	r := request{method: http.MethodGet, route: "/artists/{id}/albums", path: "/artists/" + string(id) + "/albums",
		query: url.Values{"include_groups": {include}}, what: "list the albums of artist " + string(id)}
	all, _, err := list(ctx, c, listing[Album]{request: r, limit: every(maxSearch), row: func(b json.RawMessage) (Album, bool, error) {
		if absent(b) {
			return Album{}, false, nil
		}
		raw, err := decodeNamed(b, KindAlbum)
		return raw.album(), true, err
	}})
	return all, err
}

// Show looks up a show (GET /shows/{id}).
func (c *Client) Show(ctx context.Context, id ID) (Show, error) {
	var raw rawNamed
	err := c.look(ctx, KindShow, id, into(&raw, func(b []byte) (rawNamed, error) { return decodeNamed(b, KindShow) }))
	return raw.show(), err
}

// ShowEpisodes lists the episodes of a show that [Client.Show] gave (GET /shows/{id}/episodes), in Spotify's order,
// which is not documented.
func (c *Client) ShowEpisodes(ctx context.Context, show Show) ([]Track, error) {
	if err := show.ID.check(); err != nil {
		return nil, fmt.Errorf("could not list the episodes of a show: %w", err)
	}
	r := request{method: http.MethodGet, route: "/shows/{id}/episodes", path: "/shows/" + string(show.ID) + "/episodes",
		what: "list the episodes of show " + string(show.ID), scopes: scopesEpisodes}
	all, _, err := list(ctx, c, listing[Track]{request: r, limit: every(pageSize), row: func(b json.RawMessage) (Track, bool, error) {
		if absent(b) {
			return Track{}, false, nil
		}
		t, err := decodeTrack(b)
		if show.Name != "" {
			t.Artists, t.Album, t.AlbumURI = []string{show.Name}, show.Name, show.URI
		}
		return t, true, err
	}})
	return all, err
}

// Search looks for query among the kinds, tracks if none are named, and returns at most limit of each; Spotify gives
// no more than 10 (GET /search). The query may use the filters of the API's reference: isrc:, artist:, track: and so on.
func (c *Client) Search(ctx context.Context, query string, kinds []Kind, limit int) (SearchResult, error) {
	if query == "" {
		return SearchResult{}, errors.New("nothing to search for")
	}
	if n := utf8.RuneCountInString(query); n > MaxQuery {
		return SearchResult{}, fmt.Errorf("could not search for %q: it has %d characters and Spotify takes %d; shorten it", tidy(query), n, MaxQuery)
	}
	if len(kinds) == 0 {
		kinds = []Kind{KindTrack}
	}
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	if limit <= 0 || limit > maxSearch {
		limit = maxSearch
	}
	r := request{method: http.MethodGet, route: "/search", path: "/search", rows: limit * len(kinds), what: fmt.Sprintf("search for %q", tidy(query)),
		query: url.Values{"q": {query}, "type": {strings.Join(names, ",")}, "limit": {strconv.Itoa(limit)}}}
	var found SearchResult
	err := c.do(ctx, r, into(&found, func(b []byte) (SearchResult, error) { return decodeSearch(b, kinds) }))
	return found, err
}

func decodeSearch(b []byte, kinds []Kind) (found SearchResult, err error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return SearchResult{}, senseless(err)
	}
	for _, k := range kinds {
		var section struct {
			Items lax[[]json.RawMessage] `json:"items"`
		}
		if json.Unmarshal(raw[string(k)+"s"], &section) != nil || !section.Items.ok {
			return SearchResult{}, fmt.Errorf("the answer says nothing about %ss", k)
		}
		for _, row := range section.Items.v {
			if !absent(row) {
				if err := found.add(k, row); err != nil {
					return SearchResult{}, err
				}
			}
		}
	}
	return found, nil
}

func (s *SearchResult) add(k Kind, row []byte) error {
	if k == KindTrack || k == KindEpisode {
		t, err := decodeTrack(row)
		if k == KindTrack {
			s.Tracks = append(s.Tracks, t)
		} else {
			s.Episodes = append(s.Episodes, t)
		}
		return err
	}
	if k == KindPlaylist {
		p, err := decodePlaylist(row)
		s.Playlists = append(s.Playlists, p)
		return err
	}
	raw, err := decodeNamed(row, k)
	switch k {
	case KindAlbum:
		s.Albums = append(s.Albums, raw.album())
	case KindArtist:
		s.Artists = append(s.Artists, raw.artist())
	case KindShow:
		s.Shows = append(s.Shows, raw.show())
	}
	return err
}

// look gets one object of the catalogue.
func (c *Client) look(ctx context.Context, k Kind, id ID, decode func([]byte) error) error {
	what := fmt.Sprintf("look up %s %s", k, tidy(string(id)))
	if err := id.check(); err != nil {
		return fmt.Errorf("could not %s: %w", what, err)
	}
	r := request{method: http.MethodGet, route: "/" + string(k) + "s/{id}", path: "/" + string(k) + "s/" + string(id), what: what,
		rows: pageSize} // albums and shows bring a page of what they hold
	if k == KindEpisode || k == KindShow {
		r.scopes = scopesEpisodes
	}
	return c.do(ctx, r, decode)
}
