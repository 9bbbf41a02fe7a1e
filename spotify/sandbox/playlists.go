package sandbox

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spotsync/spotsync/spotify"
)

// Spotify's limits for playlists, of its reference or, where that is silent, as clients found them.
const (
	maxName         = 100 // characters
	maxDescription  = 300 // characters
	maxURIs         = 100 // of one request
	maxMyPlaylists  = 11_000
	maxItemsPage    = 100      // rows of a page of items; documented are 50
	algorithmicHead = "37i9dQ" // how IDs of playlists Spotify makes begin
)

// find is a playlist as a request may know it.
func (c *call) find(id string) (*playlist, error) {
	p := c.s.world.Playlists[id]
	if p == nil || strings.HasPrefix(id, algorithmicHead) || c.s.quirks.DeletedByIDIs404 && c.s.deleted(p) {
		return nil, refuse(http.StatusNotFound, "Resource not found")
	}
	return p, nil
}

// readable is a playlist the token may look at.
func (c *call) readable(id string) (*playlist, error) {
	p, err := c.find(id)
	if err != nil {
		return nil, err
	}
	if p.Owner == c.user.ID && !p.Public.Current && !c.has("playlist-read-private") {
		return nil, refuse(http.StatusForbidden, "Insufficient client scope")
	}
	return p, nil
}

// writable is a playlist the token may change the items of, or with details, everything.
func (c *call) writable(id string, details bool) (*playlist, error) {
	p, err := c.find(id)
	if err != nil {
		return nil, err
	}
	if p.Owner != c.user.ID && (details || !p.State.Current.shared(c.user.ID)) {
		return nil, refuse(http.StatusForbidden, "Forbidden")
	}
	return p, c.needsVisibility(p.Public.Current)
}

// needsVisibility refuses a token that may not change playlists of this visibility.
func (c *call) needsVisibility(public bool) error {
	if public {
		return c.needs("playlist-modify-public")
	}
	return c.needs("playlist-modify-private")
}

func (st playlistState) shared(user string) bool { return slices.Contains(st.Collaborators, user) }

// write changes a playlist and is the snapshot of the change, which reads will see later.
func (c *call) write(p *playlist, change func(*playlistState)) string {
	st := p.State.Current
	change(&st)
	st.Revision, st.WroteAt, st.Steady = st.Revision+1, c.now, false
	p.State.write(st, c.now, c.s.quirks.StaleFor)
	return c.s.snapshot(p.ID, st.Revision)
}

// wrote answers with the snapshot a write made.
func wrote(status int, snapshot string) (answer, error) {
	return jsonAnswer(status, object{"snapshot_id": snapshot}), nil
}

// details is the body of a create or a change of details; nil members were left out.
type details struct {
	Name          *string `json:"name"`
	Description   *string `json:"description"`
	Public        *bool   `json:"public"`
	Collaborative *bool   `json:"collaborative"`
}

var linkPattern = regexp.MustCompile(`(?i)\b(https?://|www\.)\S`)

// check refuses what Spotify refuses of a new playlist, or of a change given what the playlist is before.
func (d details) check(q Quirks, create, public, collaborative bool) error {
	if d.Name != nil {
		if create && strings.TrimSpace(*d.Name) == "" {
			return refuse(http.StatusBadRequest, "Missing required field: name")
		}
		if q.RefuseLongText && utf8.RuneCountInString(*d.Name) > maxName {
			return refuse(http.StatusBadRequest, "Invalid name: at most %d characters", maxName)
		}
	}
	if d.Description != nil {
		text := *d.Description
		switch {
		case text == "" && q.RefuseEmptyDescription:
			return refuse(http.StatusBadRequest, "Attribute description is empty")
		case q.NewlineIs500 && strings.ContainsAny(text, "\r\n"), q.RefuseLongText && utf8.RuneCountInString(text) > maxDescription:
			return refuse(http.StatusInternalServerError, "Server error.")
		case q.URLInDescriptionIs400 && linkPattern.MatchString(text):
			return refuse(http.StatusBadRequest, "Invalid description")
		}
	}
	if !create && d.Public == nil && d.Collaborative == nil { // a playlist may have both flags; only setting them is refused
		return nil
	}
	if d.Public != nil {
		public = *d.Public
	}
	if d.Collaborative != nil {
		collaborative = *d.Collaborative
	}
	if public && collaborative {
		return refuse(http.StatusBadRequest, "A public playlist cannot be collaborative")
	}
	return nil
}

// createPlaylist answers POST /me/playlists.
func (c *call) createPlaylist() (answer, error) {
	var d details
	if err := c.decode(&d); err != nil {
		return answer{}, err
	}
	if d.Name == nil {
		return answer{}, refuse(http.StatusBadRequest, "Missing required field: name")
	}
	q, public := c.s.quirks, d.Public == nil || *d.Public
	collaborative := d.Collaborative != nil && *d.Collaborative
	if err := d.check(q, true, true, false); err != nil {
		return answer{}, err
	}
	err := c.needsVisibility(public)
	if err == nil && collaborative {
		err = c.needs("playlist-modify-public", "playlist-modify-private")
	}
	if err != nil {
		return answer{}, err
	}
	if len(c.user.Library.Current.Playlists) >= maxMyPlaylists {
		return answer{}, refuse(http.StatusForbidden, "You have reached the limit of playlists")
	}
	st := playlistState{Revision: 1, WroteAt: c.now, Name: *d.Name, Collaborative: collaborative, Rows: []Row{}}
	switch {
	case d.Description != nil:
		st.Description = *d.Description
	case q.NullDescription:
		st.Description = "null"
	}
	p := &playlist{ID: id62(c.s.next("playlist")), Owner: c.user.ID}
	p.State.Current = st
	p.Public.Current = public || q.IgnorePublic
	if !p.Public.Current && q.PublicDelay > 0 {
		p.Public = versioned[bool]{Current: true}
		p.Public.write(false, c.now, q.PublicDelay)
	}
	c.s.world.Playlists[p.ID] = p
	c.changeLibrary(func(l *library) { l.follow(p.ID) })
	body := c.playlistObject(p, st, true)
	body["public"], body["snapshot_id"] = public, c.s.snapshot(p.ID, st.Revision)
	c.underNames(body, "items", "tracks", c.rowPage("/playlists/"+p.ID+"/items", st, window{limit: c.s.quirks.embeddedRows()}))
	a := jsonAnswer(http.StatusCreated, body)
	a.header.Set("Location", c.base()+"/playlists/"+p.ID)
	return a, nil
}

// changeDetails answers PUT /playlists/{id}.
func (c *call) changeDetails() (answer, error) {
	p, err := c.writable(c.r.PathValue("id"), true)
	if err != nil {
		return answer{}, err
	}
	var d details
	if err := c.decode(&d); err != nil {
		return answer{}, err
	}
	q := c.s.quirks
	if err := d.check(q, false, p.Public.Current, p.State.Current.Collaborative); err != nil {
		return answer{}, err
	}
	if d.Public != nil || d.Collaborative != nil && *d.Collaborative {
		if err := c.needs("playlist-modify-public", "playlist-modify-private"); err != nil {
			return answer{}, err
		}
	}
	c.write(p, func(st *playlistState) {
		if d.Name != nil && *d.Name != "" { // an empty one is ignored
			st.Name = *d.Name
		}
		if d.Description != nil {
			st.Description = *d.Description
		}
		if d.Collaborative != nil {
			st.Collaborative = *d.Collaborative
		}
	})
	if d.Public != nil && !q.IgnorePublic {
		p.Public.write(*d.Public, c.now, max(q.StaleFor, q.PublicDelay))
	}
	return answer{status: http.StatusOK}, nil
}

// getPlaylist answers GET /playlists/{id}.
func (c *call) getPlaylist() (answer, error) {
	p, err := c.readable(c.r.PathValue("id"))
	if err != nil {
		return answer{}, err
	}
	st := p.State.read(c.now)
	body := c.playlistObject(p, st, true)
	if p.Owner == c.user.ID || st.shared(c.user.ID) {
		c.underNames(body, "items", "tracks", c.rowPage("/playlists/"+p.ID+"/items", st, window{limit: c.s.quirks.embeddedRows()}))
	}
	return c.filtered(body)
}

// myPlaylists answers GET /me/playlists.
func (c *call) myPlaylists() (answer, error) {
	w, err := c.page(20, 50)
	if err != nil {
		return answer{}, err
	}
	var all []*playlist // nil: an entry that is null
	for _, id := range c.user.Library.read(c.now).Playlists {
		p := c.s.world.Playlists[id]
		if p == nil {
			continue
		}
		shared := p.State.read(c.now).Collaborative
		if shared && !c.has("playlist-read-collaborative") || !p.Public.read(c.now) && !shared && !c.has("playlist-read-private") {
			continue
		}
		all = append(all, p)
	}
	if c.s.quirks.NullListEntries {
		all = slices.Insert(all, min(1, len(all)), nil)
	}
	if err := c.s.quirks.within(w, len(all)); err != nil {
		return answer{}, err
	}
	from, to := w.of(len(all))
	rows := []any{}
	for _, p := range all[from:to] {
		if p == nil {
			rows = append(rows, nil)
			continue
		}
		st := p.State.read(c.now)
		body := c.playlistObject(p, st, false)
		if p.Owner == c.user.ID || st.shared(c.user.ID) {
			ref := object{"href": c.base() + "/playlists/" + p.ID + "/items", "total": len(st.Rows)}
			c.underNames(body, "items", "tracks", ref)
		}
		rows = append(rows, body)
	}
	return jsonAnswer(http.StatusOK, c.paging("/me/playlists", w, len(all), rows)), nil
}

// playlistObject is a playlist without its items, as a read sees it.
func (c *call) playlistObject(p *playlist, st playlistState, full bool) object {
	owner := c.userObject(p.Owner)
	if u := c.s.world.Users[p.Owner]; u != nil {
		owner["display_name"] = u.DisplayName
	}
	body := c.reference("playlist", p.ID)
	body["name"] = c.shownName(st.Name)
	body["description"] = c.shownDescription(st.Description)
	body["public"] = p.Public.read(c.now)
	body["collaborative"] = st.Collaborative
	body["owner"] = owner
	body["images"] = c.imagesOf(p, st, full)
	if !full && c.s.quirks.NullImages && len(c.imagesOf(p, st, full)) == 0 {
		body["images"] = nil
	}
	body["snapshot_id"] = c.s.seenSnapshot(p.ID, st, c.now)
	body["primary_color"] = nil
	if full && c.s.quirks.GrandfatheredLimits {
		body["followers"] = object{"href": nil, "total": 0}
	}
	return body
}

// shownDescription is a description as reads show it.
func (c *call) shownDescription(text string) string {
	if c.s.quirks.TrimDescriptions {
		text = strings.TrimSpace(text)
	}
	if c.s.quirks.EscapeDescriptions {
		text = escapes.Replace(text)
	}
	return text
}

// shownName is a name as reads show it.
func (c *call) shownName(text string) string {
	if c.s.quirks.EscapeNames {
		text = escapes.Replace(text)
	}
	return text
}

// escapes are the characters that Spotify serves escaped.
var escapes = strings.NewReplacer("&", "&amp;", "'", "&#x27;", "/", "&#x2F;", `"`, "&quot;", "<", "&lt;", ">", "&gt;")

// underNames puts a member in an object under its present name, its old one, or both.
func (c *call) underNames(o object, name, old string, value any) {
	if c.s.quirks.LegacyShape != OldShape {
		o[name] = value
	}
	if c.s.quirks.LegacyShape != CurrentShape {
		o[old] = value
	}
}

// reference are the members every object of Spotify's has.
func (c *call) reference(kind, id string) object {
	escaped := strings.ReplaceAll(url.QueryEscape(id), "+", "%20") // users' IDs were once chosen freely
	return object{"type": kind, "id": id, "uri": "spotify:" + kind + ":" + escaped, "href": c.base() + "/" + kind + "s/" + escaped,
		"external_urls": object{"spotify": "https://open.spotify.com/" + kind + "/" + escaped}}
}

// userObject is somebody as others see them.
func (c *call) userObject(id string) object { return c.reference(string(spotify.KindUser), id) }
