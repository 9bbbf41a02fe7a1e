package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spotsync/spotsync/spotify"
)

// getItems answers GET /playlists/{id}/items.
func (c *call) getItems() (answer, error) {
	p, err := c.readable(c.r.PathValue("id"))
	if err != nil {
		return answer{}, err
	}
	st := p.State.read(c.now)
	if p.Owner != c.user.ID && !st.shared(c.user.ID) {
		return answer{}, refuse(http.StatusForbidden, "Forbidden")
	}
	if st.Collaborative {
		if err := c.needs("playlist-read-collaborative"); err != nil {
			return answer{}, err
		}
	}
	w, err := c.page(20, c.s.quirks.pageLimit())
	if err == nil {
		err = c.s.quirks.within(w, len(st.Rows))
	}
	if err != nil {
		return answer{}, err
	}
	return c.filtered(c.rowPage("/playlists/"+p.ID+"/items", st, w))
}

// rowPage is one page of a playlist's rows.
func (c *call) rowPage(path string, st playlistState, w window) object {
	from, to := w.of(len(st.Rows))
	rows := []any{}
	for _, r := range st.Rows[from:to] {
		rows = append(rows, c.rowObject(r))
	}
	return c.paging(path, w, len(st.Rows), rows)
}

// rowObject is a row as a read shows it.
func (c *call) rowObject(r Row) object {
	o := object{"added_at": r.AddedAt.UTC().Format(time.RFC3339), "added_by": c.userObject(r.AddedBy), "is_local": r.Local,
		"primary_color": nil, "video_thumbnail": object{"url": nil}}
	var item any
	if media := c.media(r, true); media != nil {
		item = media
	}
	c.underNames(o, "item", "track", item)
	return o
}

// media is what a row holds, or nil where Spotify serves null. In a row of a playlist it says twice of what kind it is.
func (c *call) media(r Row, row bool) object {
	q, uri := c.s.quirks, string(r.URI)
	if r.Local {
		return localObject(uri)
	}
	if c.s.world.Gone[uri] != "" && q.NullItems {
		if q.NullItemsKeepURI && strings.Contains(c.q.Get("fields"), "uri") {
			return object{"uri": uri}
		}
		return nil
	}
	shown := c.served(uri)
	_, kind, id := splitURI(shown)
	var o object
	switch kind {
	case "track":
		o = c.trackObject(c.s.song(id), true)
		if row {
			o["track"], o["episode"] = true, false
		}
	case "episode":
		if !slices.Contains(strings.Split(c.q.Get("additional_types"), ","), "episode") {
			return nil
		}
		o = c.episodeObject(c.s.episode(id), true)
		if row {
			o["track"], o["episode"] = false, true
		}
	default:
		return nil
	}
	if c.s.world.Gone[uri] != "" {
		o["is_playable"] = false
	}
	if shown != uri && !q.DropLinkedFrom {
		_, k, was := splitURI(uri)
		o["linked_from"] = c.reference(k, was)
	}
	return o
}

// served is the URI a row is served under.
func (c *call) served(uri string) string {
	q := c.s.quirks
	if twin := q.Relink[uri]; twin != "" && (!q.RelinkNeedsMarket || c.q.Has("market")) {
		return twin
	}
	return uri
}

// localObject is a local file, as far as its URI tells: spotify:local:artist:album:title:seconds.
func localObject(uri string) object {
	part := strings.Split(strings.TrimPrefix(uri, "spotify:local:"), ":")
	for len(part) < 4 {
		part = append(part, "")
	}
	for i := range part {
		part[i] = unescapeURI(part[i])
	}
	empty := object{}
	artist := object{"name": part[0], "type": "artist", "id": nil, "href": nil, "uri": nil, "external_urls": empty}
	album := object{"name": part[1], "type": "album", "id": nil, "href": nil, "uri": nil, "external_urls": empty, "images": []any{},
		"artists": []any{}, "album_type": nil, "release_date": nil, "release_date_precision": nil}
	return object{"type": "track", "is_local": true, "id": nil, "href": nil, "uri": uri, "name": part[2], "external_urls": empty,
		"external_ids": empty, "artists": []any{artist}, "album": album, "duration_ms": seconds(part[3]) * 1000,
		"disc_number": 0, "track_number": 0, "explicit": false, "is_playable": true, "preview_url": nil}
}

// checkURIs refuses URIs that can't be put into a playlist.
func (c *call) checkURIs(uris []string) error {
	if len(uris) > maxURIs {
		return refuse(http.StatusBadRequest, "You can add a maximum of %d tracks per request", maxURIs)
	}
	for _, u := range uris {
		_, kind, id := splitURI(u)
		if kind != "track" && kind != "episode" || !isID(id) {
			return refuse(http.StatusBadRequest, "Invalid track uri: %s", u)
		}
	}
	for _, u := range uris {
		switch gone := c.s.world.Gone[u]; {
		case gone == "":
		case gone == withdrawn && strings.HasPrefix(u, "spotify:episode:") && c.s.quirks.PoisonEpisodes:
			return refuse(http.StatusBadGateway, "Error while loading resource")
		default:
			return refuse(http.StatusBadRequest, "Payload contains a non-existing ID")
		}
	}
	return nil
}

func (c *call) newRows(uris []string) []Row {
	rows := make([]Row, 0, len(uris))
	for _, u := range uris {
		rows = append(rows, Row{URI: spotify.URI(u)})
	}
	return completeRows(rows, c.user.ID, c.now)
}

// addItems answers POST /playlists/{id}/items.
func (c *call) addItems() (answer, error) {
	p, err := c.writable(c.r.PathValue("id"), false)
	if err != nil {
		return answer{}, err
	}
	var body struct {
		URIs     []string `json:"uris"`
		Position *int     `json:"position"`
	}
	if len(c.body) > 0 || !c.q.Has("uris") {
		if err := c.decode(&body); err != nil {
			return answer{}, err
		}
	}
	if c.q.Has("uris") {
		body.URIs = splitList(c.q.Get("uris"))
	}
	have := p.State.Current.Rows
	if c.q.Has("position") {
		n, err := c.number("position", 0, 0, len(have))
		if err != nil {
			return answer{}, err
		}
		body.Position = &n
	}
	if len(body.URIs) == 0 {
		return answer{}, refuse(http.StatusBadRequest, "No uris provided")
	}
	if err := c.checkURIs(body.URIs); err != nil {
		return answer{}, err
	}
	at := len(have)
	if body.Position != nil {
		at = *body.Position
	}
	if at < 0 || at > len(have) {
		return answer{}, refuse(http.StatusBadRequest, "Index out of bounds.")
	}
	if len(have)+len(body.URIs) > c.s.quirks.playlistLimit() {
		return answer{}, refuse(http.StatusForbidden, "Playlist size limit reached")
	}
	return wrote(http.StatusCreated, c.write(p, func(st *playlistState) {
		st.Rows = slices.Insert(slices.Clone(st.Rows), at, c.newRows(body.URIs)...)
	}))
}

// updateItems answers PUT /playlists/{id}/items: a replace when there are uris, else a reorder.
func (c *call) updateItems() (answer, error) {
	p, err := c.writable(c.r.PathValue("id"), false)
	if err != nil {
		return answer{}, err
	}
	var body struct {
		URIs         *[]string `json:"uris"`
		RangeStart   *int      `json:"range_start"`
		InsertBefore *int      `json:"insert_before"`
		RangeLength  *int      `json:"range_length"`
		Snapshot     *string   `json:"snapshot_id"`
	}
	if len(c.body) > 0 || !c.q.Has("uris") {
		if err := c.decode(&body); err != nil {
			return answer{}, err
		}
	}
	if c.q.Has("uris") {
		uris := splitList(c.q.Get("uris"))
		body.URIs = &uris
	}
	if body.Snapshot != nil && !isSnapshot(*body.Snapshot) {
		return answer{}, refuse(http.StatusBadRequest, "Missing or bad version tag")
	}
	if body.URIs != nil {
		if body.RangeStart != nil || body.InsertBefore != nil || body.RangeLength != nil {
			return answer{}, refuse(http.StatusBadRequest, "Cannot replace and reorder in one request")
		}
		if err := c.checkURIs(*body.URIs); err != nil {
			return answer{}, err
		}
		return wrote(http.StatusOK, c.write(p, func(st *playlistState) { st.Rows = c.newRows(*body.URIs) }))
	}
	if body.RangeStart == nil || body.InsertBefore == nil {
		return answer{}, refuse(http.StatusBadRequest, "No uris provided")
	}
	start, before, n := *body.RangeStart, *body.InsertBefore, 1
	if body.RangeLength != nil {
		n = *body.RangeLength
	}
	have := p.State.Current.Rows
	if start < 0 || n < 1 || n > len(have) || start > len(have)-n || before < 0 || before > len(have) {
		return answer{}, refuse(http.StatusBadRequest, "Index out of bounds.")
	}
	return wrote(http.StatusOK, c.write(p, func(st *playlistState) { st.Rows = moved(have, start, n, before) }))
}

// moved is rows with the n from start put before the row that had index before; len(rows) is the end. Rows keep their
// dates. Into itself a block doesn't move.
func moved(rows []Row, start, n, before int) []Row {
	if before >= start && before <= start+n {
		return rows
	}
	block := rows[start : start+n]
	if before < start {
		return slices.Concat(rows[:before], block, rows[before:start], rows[start+n:])
	}
	return slices.Concat(rows[:start], rows[start+n:before], block, rows[before:])
}

// removeItems answers DELETE /playlists/{id}/items: every occurrence of each URI goes.
func (c *call) removeItems() (answer, error) {
	p, err := c.writable(c.r.PathValue("id"), false)
	if err != nil {
		return answer{}, err
	}
	var body struct {
		Items    []json.RawMessage `json:"items"`
		Snapshot *string           `json:"snapshot_id"`
	}
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	if len(body.Items) == 0 {
		return answer{}, refuse(http.StatusBadRequest, "No uris provided")
	}
	if len(body.Items) > maxURIs {
		return answer{}, refuse(http.StatusBadRequest, "You can remove a maximum of %d tracks per request", maxURIs)
	}
	out := map[spotify.URI]bool{}
	for _, raw := range body.Items {
		var item struct {
			URI string `json:"uri"`
		}
		if json.Unmarshal(raw, &item) != nil {
			return answer{}, refuse(http.StatusBadRequest, "Invalid base62 id")
		}
		if _, kind, id := splitURI(item.URI); kind != "track" && kind != "episode" || !isID(id) {
			return answer{}, refuse(http.StatusBadRequest, "Invalid track uri: %s", item.URI)
		}
		out[spotify.URI(item.URI)] = true
	}
	switch {
	case body.Snapshot != nil && c.s.quirks.SnapshotOnDelete:
		return answer{}, refuse(http.StatusBadGateway, "Error while loading resource")
	case body.Snapshot != nil && !isSnapshot(*body.Snapshot):
		return answer{}, refuse(http.StatusBadRequest, "Missing or bad version tag")
	}
	return wrote(http.StatusOK, c.write(p, func(st *playlistState) {
		st.Rows = slices.DeleteFunc(slices.Clone(st.Rows), func(r Row) bool {
			if c.s.quirks.RemoveByTwin {
				return out[spotify.URI(c.served(string(r.URI)))]
			}
			return out[r.URI]
		})
	}))
}
