package spotify

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Limits of the playlist routes (Web API reference, November 2026).
const (
	MaxURIs   = 100        // items in one add, replace or remove
	MaxCover  = 256 * 1024 // bytes of a cover after base64
	pageSize  = 50
	itemsPage = 100 // documented are 50 rows; 100 are served (see itemsLimit) and come with a playlist
)

// playlistFields asks for everything about a playlist but its items: the cheapest answer that tells whether it changed.
const playlistFields = "id,name,description,public,collaborative,snapshot_id,owner(id,display_name),images,items(total),tracks(total)"

const (
	scopesRead   = "playlist-read-private playlist-read-collaborative"
	scopesModify = "playlist-modify-public playlist-modify-private"
	scopesCover  = "ugc-image-upload " + scopesModify
)

// Me tells whose token it is (GET /me).
func (c *Client) Me(ctx context.Context) (u User, err error) {
	err = c.do(ctx, request{method: http.MethodGet, route: "/me", path: "/me", what: "ask who is logged in"}, into(&u, decodeUser))
	return u, err
}

// Playlists lists what the user owns and follows, whole (GET /me/playlists). Without the scopes playlist-read-private
// and playlist-read-collaborative Spotify leaves some out and doesn't say so.
func (c *Client) Playlists(ctx context.Context) ([]Playlist, error) {
	r := request{method: http.MethodGet, route: "/me/playlists", path: "/me/playlists", what: "list your playlists", scopes: scopesRead}
	all, _, err := list(ctx, c, listing[Playlist]{request: r, limit: every(pageSize),
		gaps: true, // those made by Spotify are hidden from new apps
		row: func(b json.RawMessage) (Playlist, bool, error) {
			if absent(b) {
				return Playlist{}, false, nil
			}
			p, err := decodePlaylist(b)
			return p, true, err
		},
		settled: func(all []Playlist) bool {
			seen := make(map[ID]bool, len(all))
			for _, p := range all {
				if seen[p.ID] {
					return false
				}
				seen[p.ID] = true
			}
			return true
		}})
	return all, err
}

// Playlist reads a playlist without its items (GET /playlists/{id}). It answers for unfollowed ("deleted") playlists
// too; [Client.Contains] tells whether the user still has it.
func (c *Client) Playlist(ctx context.Context, id ID) (p Playlist, err error) {
	r, err := onPlaylist(http.MethodGet, id, "", "read playlist "+string(id))
	if err != nil {
		return Playlist{}, err
	}
	r.query = url.Values{"fields": {playlistFields}}
	err = c.do(ctx, r, into(&p, decodePlaylist))
	return p, err
}

// FullPlaylist reads a playlist with all its items: the first 100 come with it (GET /playlists/{id}), the others in pages
// (GET /playlists/{id}/items). Somebody may change it between two answers without changing the number of items: where it
// took more than one, ask for the snapshot again.
func (c *Client) FullPlaylist(ctx context.Context, id ID) (FullPlaylist, error) {
	var full FullPlaylist
	r, err := onPlaylist(http.MethodGet, id, "", "read playlist "+string(id))
	if err != nil {
		return FullPlaylist{}, err
	}
	r.query, r.rows = url.Values{"additional_types": {"track,episode"}}, itemsPage // fields are not known to reach the items
	l, err := c.items(id)
	if err != nil {
		return FullPlaylist{}, err
	}
	var hidden bool
	l.first = func(ctx context.Context) (page, error) {
		var p page
		err := c.do(ctx, r, func(b []byte) (err error) {
			if full.Playlist, err = decodePlaylist(b); err == nil {
				p = decodeEmbedded(b)
			}
			return err
		})
		if hidden = !full.ItemsVisible; hidden { // somebody else's: not asked for, which would be refused
			p = page{rows: []json.RawMessage{}}
		}
		return p, err
	}
	items, answers, err := list(ctx, c, l)
	if err != nil {
		return FullPlaylist{}, err
	}
	full.Answers = answers
	if !hidden {
		full.Items, full.Total = items, len(items)
	}
	return full, nil
}

// Items reads the rows of a playlist, all of them (GET /playlists/{id}/items). Rows without an object keep their place.
// No market is sent: Spotify would serve other tracks in place of those asked for. That the total stood still is
// checked; that nothing was swapped meanwhile only the playlist's snapshot can tell.
func (c *Client) Items(ctx context.Context, id ID) ([]Item, error) {
	l, err := c.items(id)
	if err != nil {
		return nil, err
	}
	all, _, err := list(ctx, c, l)
	return all, err
}

func (c *Client) items(id ID) (listing[Item], error) {
	r, err := onPlaylist(http.MethodGet, id, "/items", "read the items of playlist "+string(id))
	r.query = url.Values{"additional_types": {"track,episode"}} // else an episode comes without its object
	return listing[Item]{request: r, limit: c.itemsLimit, refused: c.smallerPages,
		row: func(b json.RawMessage) (Item, bool, error) { return decodeItem(b), true, nil }}, err
}

// CreatePlaylist makes a new, empty playlist (POST /me/playlists). It is never sent twice: after an error for which
// [OutcomeUnknown] is true, look for it before trying again.
func (c *Client) CreatePlaylist(ctx context.Context, n NewPlaylist) (p Playlist, err error) {
	r := request{method: http.MethodPost, route: "/me/playlists", path: "/me/playlists", what: fmt.Sprintf("create playlist %q", n.Name), scopes: scopesModify}
	r.body = encode(struct {
		Name          string `json:"name"`
		Public        bool   `json:"public"`
		Collaborative bool   `json:"collaborative"`
		Description   string `json:"description"`
	}{n.Name, n.Public, n.Collaborative, sendable(n.Description)})
	if err = c.do(ctx, r, into(&p, decodePlaylist)); err != nil {
		return Playlist{}, err
	}
	if !p.ItemsVisible { // it is ours and new, whatever the answer left out
		p.ItemsVisible, p.Total = true, 0
	}
	return p, nil
}

// ChangeDetails changes the details named in d and leaves the others alone (PUT /playlists/{id}). Naming none sends
// nothing.
func (c *Client) ChangeDetails(ctx context.Context, id ID, d DetailsChange) error {
	r, err := onPlaylist(http.MethodPut, id, "", "change the details of playlist "+string(id))
	if err != nil || d == (DetailsChange{}) {
		return err
	}
	if d.Description != nil {
		text := sendable(*d.Description)
		d.Description = &text
	}
	r.body = encode(struct {
		Name          *string `json:"name,omitempty"`
		Public        *bool   `json:"public,omitempty"`
		Collaborative *bool   `json:"collaborative,omitempty"`
		Description   *string `json:"description,omitempty"`
	}{d.Name, d.Public, d.Collaborative, d.Description})
	return c.do(ctx, r, nil)
}

// AddItems inserts 1 to [MaxURIs] items before the row at position, counted from 0; a negative position appends
// (POST /playlists/{id}/items).
func (c *Client) AddItems(ctx context.Context, id ID, uris []URI, position int) (Snapshot, error) {
	if len(uris) == 0 {
		return "", errors.New("no items to add")
	}
	body := struct {
		URIs     []URI `json:"uris"`
		Position *int  `json:"position,omitempty"`
	}{URIs: uris}
	if position >= 0 {
		body.Position = &position
	}
	return c.edit(ctx, http.MethodPost, id, fmt.Sprintf("add %s to playlist %s", count(len(uris)), id), uris, body)
}

// ReplaceItems makes a playlist hold exactly 0 to [MaxURIs] items (PUT /playlists/{id}/items). All dates added are
// lost, and local files for good.
func (c *Client) ReplaceItems(ctx context.Context, id ID, uris []URI) (Snapshot, error) {
	return c.edit(ctx, http.MethodPut, id, fmt.Sprintf("replace the items of playlist %s with %s", id, count(len(uris))), uris, struct {
		URIs []URI `json:"uris"`
	}{append([]URI{}, uris...)})
}

// MoveItems moves n rows from start to before the row at before, both counted in the list as it is; before the list's
// length means its end (PUT /playlists/{id}/items). Dates added are kept. No snapshot is sent: given an old one,
// Spotify moves other rows than meant.
func (c *Client) MoveItems(ctx context.Context, id ID, start, n, before int) (Snapshot, error) {
	if start < 0 || n < 1 || before < 0 {
		return "", fmt.Errorf("no %d rows to move from %d to %d", n, start, before)
	}
	return c.edit(ctx, http.MethodPut, id, fmt.Sprintf("move %s of playlist %s", count(n), id), nil, struct {
		Start  int `json:"range_start"`
		Before int `json:"insert_before"`
		Length int `json:"range_length"`
	}{start, before, n})
}

// RemoveItems removes every occurrence of 1 to [MaxURIs] items (DELETE /playlists/{id}/items). No snapshot is sent,
// which has been answered with 502.
func (c *Client) RemoveItems(ctx context.Context, id ID, uris []URI) (Snapshot, error) {
	if len(uris) == 0 {
		return "", errors.New("no items to remove")
	}
	type item struct {
		URI URI `json:"uri"`
	}
	items := make([]item, len(uris))
	for i, u := range uris {
		items[i].URI = u
	}
	return c.edit(ctx, http.MethodDelete, id, fmt.Sprintf("remove %s from playlist %s", count(len(uris)), id), uris, struct {
		Items []item `json:"items"`
	}{items})
}

// edit sends one change of a playlist's items and returns the version it made, empty if Spotify doesn't say.
func (c *Client) edit(ctx context.Context, method string, id ID, what string, uris []URI, body any) (s Snapshot, err error) {
	if len(uris) > MaxURIs {
		return "", fmt.Errorf("could not %s: one request takes at most %d", what, MaxURIs)
	}
	r, err := onPlaylist(method, id, "/items", what)
	if err != nil {
		return "", err
	}
	r.body = encode(body)
	err = c.do(ctx, r, into(&s, decodeSnapshot))
	return s, err
}

// Images reads where the cover is served, largest first (GET /playlists/{id}/images). The addresses live less than a
// day and need no token.
func (c *Client) Images(ctx context.Context, id ID) (list []Image, err error) {
	r, err := onPlaylist(http.MethodGet, id, "/images", "read the cover of playlist "+string(id))
	if err != nil {
		return nil, err
	}
	err = c.do(ctx, r, into(&list, decodeImages))
	return list, err
}

// UploadImage sets the cover (PUT /playlists/{id}/images), a JPEG of at most [MaxCover] bytes once in base64.
// Spotify takes it in and shows it some time later.
func (c *Client) UploadImage(ctx context.Context, id ID, jpeg []byte) error {
	r, err := onPlaylist(http.MethodPut, id, "/images", "set the cover of playlist "+string(id))
	if err != nil {
		return err
	}
	if !strings.HasPrefix(string(jpeg[:min(len(jpeg), 3)]), "\xff\xd8\xff") {
		return fmt.Errorf("could not %s: the picture is not a JPEG", r.what)
	}
	if n := base64.StdEncoding.EncodedLen(len(jpeg)); n > MaxCover {
		return fmt.Errorf("could not %s: the picture takes %d bytes in base64 and Spotify accepts %d; make it smaller", r.what, n, MaxCover)
	}
	r.body, r.ctype, r.scopes = []byte(base64.StdEncoding.EncodeToString(jpeg)), "image/jpeg", scopesCover
	return c.do(ctx, r, nil)
}

// onPlaylist is a request to a playlist or a part of it.
func onPlaylist(method string, id ID, part, what string) (request, error) {
	if err := id.check(); err != nil {
		return request{}, fmt.Errorf("could not %s: %w", what, err)
	}
	r := request{method: method, route: "/playlists/{id}" + part, path: "/playlists/" + string(id) + part, what: what, scopes: scopesModify}
	if method == http.MethodGet {
		r.scopes = scopesRead
	}
	return r, nil
}

// check reports whether an ID can stand in a path.
func (id ID) check() error {
	for _, c := range id {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return fmt.Errorf("%q is not an ID", tidy(string(id)))
		}
	}
	if id == "" {
		return errors.New("there is no ID")
	}
	return nil
}

// sendable is a description as Spotify takes it: an empty one it refuses, and a missing one may become the text "null".
func sendable(description string) string {
	if description == "" {
		return " "
	}
	return description
}

func count(n int) string {
	if n == 1 {
		return "1 item"
	}
	return fmt.Sprintf("%d items", n)
}

// encode makes a body of a struct of strings, numbers and lists, which cannot fail.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// into makes of a decoder one that [Client.do] can use.
func into[T any](dst *T, decode func([]byte) (T, error)) func([]byte) error {
	return func(b []byte) (err error) {
		*dst, err = decode(b)
		return err
	}
}
