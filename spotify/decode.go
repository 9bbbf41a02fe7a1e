package spotify

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// lax reads a T, or nothing from null and from anything that isn't a T: a member nobody needs must not spoil the rest.
// Whoever does need it looks at ok.
type lax[T any] struct {
	v  T
	ok bool
}

func (l *lax[T]) UnmarshalJSON(b []byte) error {
	*l = lax[T]{}
	if string(b) == "null" {
		return nil
	}
	var v T
	if json.Unmarshal(b, &v) == nil {
		l.v, l.ok = v, true
	}
	return nil
}

type rawUser struct {
	ID          lax[string] `json:"id"`
	AccountID   lax[string] `json:"account_id"`
	DisplayName lax[string] `json:"display_name"`
}

type rawImage struct {
	URL    lax[string] `json:"url"`
	Width  lax[int]    `json:"width"`
	Height lax[int]    `json:"height"`
}

type rawCount struct {
	Total lax[int] `json:"total"`
}

// maxDepth is how deep an answer may be nested; Spotify's are 9 deep. Decoding takes time in proportion to depth times
// length.
const maxDepth = 32

// shallow refuses JSON that is nested too deep, before it is decoded.
func shallow(b []byte) error {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return fmt.Errorf("the answer makes no sense: it is nested more than %d deep", maxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

type rawPlaylist struct {
	ID            lax[string]          `json:"id"`
	Name          lax[string]          `json:"name"`
	Description   lax[string]          `json:"description"`
	Public        lax[bool]            `json:"public"`
	Collaborative lax[bool]            `json:"collaborative"`
	Owner         lax[rawUser]         `json:"owner"`
	Snapshot      lax[string]          `json:"snapshot_id"`
	Images        lax[[]lax[rawImage]] `json:"images"`
	Items         lax[rawCount]        `json:"items"`  // since February 2026
	Tracks        lax[rawCount]        `json:"tracks"` // before, and still for older apps
}

type rawNamed struct {
	ID          lax[string]          `json:"id"`
	URI         lax[string]          `json:"uri"`
	Name        lax[string]          `json:"name"`
	Artists     lax[[]lax[rawNamed]] `json:"artists"`
	ReleaseDate lax[string]          `json:"release_date"`
	TotalTracks lax[int]             `json:"total_tracks"`
	TotalShow   lax[int]             `json:"total_episodes"`
}

type rawTrack struct {
	rawNamed
	Type        lax[string]   `json:"type"`
	Album       lax[rawNamed] `json:"album"`
	Show        lax[rawNamed] `json:"show"`
	DurationMS  lax[int]      `json:"duration_ms"`
	Explicit    lax[bool]     `json:"explicit"`
	TrackNumber lax[int]      `json:"track_number"`
	IsLocal     lax[bool]     `json:"is_local"`
	LinkedFrom  lax[rawNamed] `json:"linked_from"`
	ExternalIDs lax[struct {
		ISRC lax[string] `json:"isrc"`
	}] `json:"external_ids"`
}

type rawRow struct {
	AddedAt lax[string]   `json:"added_at"`
	AddedBy lax[rawUser]  `json:"added_by"`
	IsLocal lax[bool]     `json:"is_local"`
	URI     lax[string]   `json:"uri"`   // seen on rows without an object
	Item    lax[rawTrack] `json:"item"`  // since February 2026
	Track   lax[rawTrack] `json:"track"` // before, and still for older apps
}

// page is one page of a listing.
type page struct {
	rows          []json.RawMessage
	total         int  // -1 when the answer doesn't say
	offset, limit int  // the same
	last, more    bool // as far as it says whether there is a next page
}

// decodePage reads a paging object. Without rows, or without a sign of where the list ends, it is no page.
func decodePage(b []byte) (page, error) {
	var raw rawPage
	if err := json.Unmarshal(b, &raw); err != nil {
		return page{}, senseless(err)
	}
	p := raw.page()
	if !raw.Items.ok || p.total < 0 && !p.last && !p.more {
		return page{}, errors.New("the answer is no page of a list")
	}
	return p, nil
}

type rawPage struct {
	Items  lax[[]json.RawMessage] `json:"items"`
	Total  lax[int]               `json:"total"`
	Offset lax[int]               `json:"offset"`
	Limit  lax[int]               `json:"limit"`
	Next   json.RawMessage        `json:"next"`
}

func (raw rawPage) page() page {
	p := page{rows: raw.Items.v, total: -1, offset: -1, limit: -1, last: string(raw.Next) == "null", more: len(raw.Next) > 0 && raw.Next[0] == '"'}
	if raw.Total.ok && raw.Total.v >= 0 {
		p.total = raw.Total.v
	}
	if raw.Offset.ok {
		p.offset = raw.Offset.v
	}
	if raw.Limit.ok {
		p.limit = raw.Limit.v
	}
	return p
}

// decodeEmbedded is the page of items that came with a playlist, under its present name or its old one; without rows where
// there is none.
func decodeEmbedded(b []byte) page {
	var raw struct {
		Items  lax[rawPage] `json:"items"`
		Tracks lax[rawPage] `json:"tracks"`
	}
	_ = json.Unmarshal(b, &raw) // it was an object a moment ago
	p := raw.Items.v.page()
	if !raw.Items.v.Items.ok {
		p = raw.Tracks.v.page()
	}
	return p
}

func senseless(err error) error { return fmt.Errorf("the answer makes no sense: %w", err) }

// absent reports whether a row of a listing is empty.
func absent(b json.RawMessage) bool { return string(b) == "null" }

func decodeUser(b []byte) (User, error) {
	var raw rawUser
	if err := json.Unmarshal(b, &raw); err != nil {
		return User{}, senseless(err)
	}
	if raw.ID.v == "" {
		return User{}, errors.New("the answer names no user")
	}
	return User{ID: ID(raw.ID.v), AccountID: ID(raw.AccountID.v), DisplayName: raw.DisplayName.v}, nil
}

func decodePlaylist(b []byte) (Playlist, error) {
	var raw rawPlaylist
	if err := json.Unmarshal(b, &raw); err != nil {
		return Playlist{}, senseless(err)
	}
	if raw.ID.v == "" {
		return Playlist{}, errors.New("the answer names no playlist")
	}
	p := Playlist{ID: ID(raw.ID.v), Name: raw.Name.v, Description: Unescape(raw.Description.v), Collaborative: raw.Collaborative.v,
		Owner: ID(raw.Owner.v.ID.v), OwnerName: raw.Owner.v.DisplayName.v, Snapshot: Snapshot(raw.Snapshot.v), Total: -1,
		Images: images(raw.Images.v)}
	if raw.Public.ok {
		p.Public = &raw.Public.v
	}
	for _, count := range []lax[rawCount]{raw.Tracks, raw.Items} { // the newer name has the last word
		p.ItemsVisible = p.ItemsVisible || count.ok
		if count.v.Total.ok && count.v.Total.v >= 0 {
			p.Total = count.v.Total.v
		}
	}
	return p, nil
}

func images(raw []lax[rawImage]) []Image {
	var list []Image
	for _, i := range raw {
		if i.v.URL.v != "" {
			list = append(list, Image{URL: i.v.URL.v, Width: i.v.Width.v, Height: i.v.Height.v})
		}
	}
	return list
}

func decodeImages(b []byte) ([]Image, error) {
	var raw []lax[rawImage]
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, senseless(err)
	}
	return images(raw), nil
}

func decodeSnapshot(b []byte) (Snapshot, error) {
	var raw struct {
		Snapshot lax[string] `json:"snapshot_id"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return "", senseless(err)
	}
	return Snapshot(raw.Snapshot.v), nil
}

// decodeItem reads a row of a playlist. Whatever it is, it takes a place in the list.
func decodeItem(b []byte) Item {
	var row rawRow
	_ = json.Unmarshal(b, &row) // a row that is no object is one without an object
	i := Item{AddedBy: ID(row.AddedBy.v.ID.v), Local: row.IsLocal.v, AddedAt: date(row.AddedAt.v)}
	object := row.Item
	if !object.ok {
		object = row.Track
	}
	if !object.ok {
		i.Null = true
		i.URI = URI(row.URI.v)
	} else {
		i.Track = object.v.track()
		i.Track.AddedAt = i.AddedAt
		i.URI = i.Track.URI
		i.Local = i.Local || object.v.IsLocal.v
	}
	i.Local = i.Local || strings.HasPrefix(string(i.URI), "spotify:local:")
	return i
}

// date reads an RFC 3339 time; the zero time for anything else.
func date(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

func decodeTrack(b []byte) (Track, error) {
	var raw rawTrack
	if err := json.Unmarshal(b, &raw); err != nil {
		return Track{}, senseless(err)
	}
	t := raw.track()
	if t.URI == "" {
		return Track{}, errors.New("the answer names no track")
	}
	return t, nil
}

func (r rawTrack) track() Track {
	t := Track{URI: r.uri(Kind(r.Type.v)), Title: r.Name.v, Artists: names(r.Artists.v), Album: r.Album.v.Name.v,
		AlbumURI: r.Album.v.uri(KindAlbum), ISRC: NormalISRC(r.ExternalIDs.v.ISRC.v), DurationMS: r.DurationMS.v, Explicit: r.Explicit.v,
		ReleaseDate: r.Album.v.ReleaseDate.v, TrackNumber: r.TrackNumber.v}
	switch {
	case strings.HasPrefix(string(t.URI), "spotify:episode:"):
		t.Kind = KindEpisode
		if t.ReleaseDate = r.ReleaseDate.v; t.ReleaseDate == "" {
			t.ReleaseDate = r.Album.v.ReleaseDate.v
		}
		if show := r.Show.v; show.Name.v != "" {
			t.Artists, t.Album, t.AlbumURI = []string{show.Name.v}, show.Name.v, show.uri(KindShow)
		}
	case strings.HasPrefix(string(t.URI), "spotify:track:"):
		t.Kind = KindTrack
	}
	if r.LinkedFrom.ok {
		t.LinkedFrom = r.LinkedFrom.v.uri(t.Kind)
	}
	return t
}

// uri is the object's URI, made from its ID where it comes without.
func (r rawNamed) uri(k Kind) URI {
	if r.URI.v == "" && r.ID.v != "" && k != "" {
		return URI("spotify:" + string(k) + ":" + r.ID.v)
	}
	return URI(r.URI.v)
}

func names(raw []lax[rawNamed]) []string {
	var list []string
	for _, r := range raw {
		if r.v.Name.v != "" {
			list = append(list, r.v.Name.v)
		}
	}
	return list
}

func (r rawNamed) album() Album {
	return Album{ID: ID(r.ID.v), URI: r.uri(KindAlbum), Name: r.Name.v, Artists: names(r.Artists.v), ReleaseDate: r.ReleaseDate.v,
		Total: r.TotalTracks.v}
}

func (r rawNamed) artist() Artist {
	return Artist{ID: ID(r.ID.v), URI: r.uri(KindArtist), Name: r.Name.v}
}

func (r rawNamed) show() Show {
	return Show{ID: ID(r.ID.v), URI: r.uri(KindShow), Name: r.Name.v, Total: r.TotalShow.v}
}

// decodeNamed reads an album, an artist or a show; what says which, for the message.
func decodeNamed(b []byte, what Kind) (rawNamed, error) {
	var raw rawNamed
	if err := json.Unmarshal(b, &raw); err != nil {
		return rawNamed{}, senseless(err)
	}
	if raw.ID.v == "" {
		return rawNamed{}, fmt.Errorf("the answer names no %s", what)
	}
	return raw, nil
}
