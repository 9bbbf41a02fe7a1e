package spotify

import "time"

// ID is a base-62 identifier of a playlist, track, user and so on, as Spotify gives it.
type ID string

// URI names a track, episode or other object: spotify:track:<ID>.
// [ParseRef] is the way to make one from text a person wrote.
type URI string

// Snapshot is a version of a playlist. It is opaque: equal snapshots mean equal contents, different ones mean nothing.
type Snapshot string

// User is who a token speaks for (GET /me).
type User struct {
	ID          ID     // what a playlist's owner is compared with
	AccountID   ID     // permanent and pseudonymous since May 2026; may be empty
	DisplayName string // may be empty
}

// Account is the identity to remember a login by: the account ID, else the user ID.
func (u User) Account() ID {
	if u.AccountID != "" {
		return u.AccountID
	}
	return u.ID
}

// Playlist is one playlist as Spotify describes it, without its items.
type Playlist struct {
	ID            ID
	Name          string // as served; see [NamesArePlain]
	Description   string // as written: not escaped; empty for null
	Public        *bool  // nil: not applicable or not told
	Collaborative bool
	Owner         ID
	OwnerName     string
	Snapshot      Snapshot
	Total         int  // number of items; -1 when it is not told
	ItemsVisible  bool // false: neither owned nor collaborated on, items are kept from us
	Images        []Image
}

// FullPlaylist is a playlist with its items.
type FullPlaylist struct {
	Playlist
	Items   []Item // nil where ItemsVisible is false
	Answers int    // how many it was put together from; from more than one, its parts may be of different versions
}

// Image is a cover as served. Its URL lives less than a day.
type Image struct {
	URL           string
	Width, Height int // pixels, 0 when not told
}

// Item is one row of a playlist.
type Item struct {
	URI     URI       // empty when Spotify gave no object and no URI
	AddedAt time.Time // UTC; zero when not told
	AddedBy ID
	Local   bool  // a file of somebody's computer
	Null    bool  // the row has no object (withdrawn, region)
	Track   Track // what is known of it; zero when Null
}

// Opaque reports whether the row can be seen but not named in a request: local, withdrawn or of an unknown kind.
func (i Item) Opaque() bool {
	if i.Local || i.Null || i.URI == "" {
		return true
	}
	r, err := ParseRef(string(i.URI))
	return err != nil || (r.Kind != KindTrack && r.Kind != KindEpisode)
}

// Track is a track or an episode, as far as Spotify tells.
type Track struct {
	URI         URI       `json:"uri"`
	Kind        Kind      `json:"kind,omitempty"` // KindTrack or KindEpisode
	Title       string    `json:"title,omitempty"`
	Artists     []string  `json:"artists,omitempty"` // for an episode: the show's name
	Album       string    `json:"album,omitempty"`   // for an episode: the show's name
	AlbumURI    URI       `json:"album_uri,omitempty"`
	ISRC        string    `json:"isrc,omitempty"` // as [NormalISRC] has it
	DurationMS  int       `json:"duration_ms,omitempty"`
	Explicit    bool      `json:"explicit,omitempty"`
	ReleaseDate string    `json:"release_date,omitempty"` // 2006, 2006-01 or 2006-01-02
	TrackNumber int       `json:"track_number,omitempty"`
	LinkedFrom  URI       `json:"linked_from,omitempty"` // the URI asked for, where Spotify served a twin
	AddedAt     time.Time `json:"added_at,omitzero"`     // for rows of a list
}

// NewPlaylist is what a playlist is created with (POST /me/playlists).
type NewPlaylist struct {
	Name          string
	Description   string // sent as one space when empty: left out, Spotify may store the text "null"
	Public        bool
	Collaborative bool
}

// DetailsChange is a change of some details (PUT /playlists/{id}); nil members are left alone.
type DetailsChange struct {
	Name          *string
	Description   *string // "" is sent as one space: Spotify refuses an empty one
	Public        *bool
	Collaborative *bool
}

// Details are the details of a playlist that spotsync manages.
type Details struct {
	Name          string `json:"name"`
	Description   string `json:"description"` // plain text
	Public        *bool  `json:"public"`      // nil: not known, or not managed
	Collaborative bool   `json:"collaborative"`
}

// Album is an album of the catalogue.
type Album struct {
	ID          ID
	URI         URI
	Name        string
	Artists     []string
	ReleaseDate string  // 2006, 2006-01 or 2006-01-02
	Total       int     // number of tracks
	Tracks      []Track // in order; nil where only the album was asked about
}

// Artist is an artist of the catalogue.
type Artist struct {
	ID   ID
	URI  URI
	Name string
}

// Show is a podcast of the catalogue.
type Show struct {
	ID    ID
	URI   URI
	Name  string
	Total int // number of episodes
}

// SearchResult is what a search found, best first within each kind; kinds not asked for are empty.
type SearchResult struct {
	Tracks    []Track
	Episodes  []Track
	Albums    []Album
	Artists   []Artist
	Shows     []Show
	Playlists []Playlist
}
