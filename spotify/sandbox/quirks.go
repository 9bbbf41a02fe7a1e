package sandbox

import "time"

// Shape is under which names a playlist's items are served.
type Shape int

// The names of a playlist's items and of what a row holds.
const (
	CurrentShape Shape = iota // items and item, as since February 2026
	BothShapes                // those, with the deprecated tracks and track beside them
	OldShape                  // tracks and track alone
)

// Quirks are the ways in which Spotify's Web API differs from what its reference says or a client would hope. A field's
// comment says what happens while it is on. [DefaultQuirks] are what a client meets today.
type Quirks struct {
	StaleFor         time.Duration // reads lag writes: for this long a read shows what was before
	SnapshotWanders  time.Duration // for this long after a write, reads show snapshots other than the one it returned
	SnapshotOnDelete bool          // removing items with a snapshot_id answers 502

	EscapeDescriptions     bool          // descriptions are read HTML-escaped
	TrimDescriptions       bool          // a description of spaces is read as empty
	RefuseEmptyDescription bool          // "" is answered 400 "Attribute description is empty"
	NullDescription        bool          // left out at creation, the description becomes the text "null"
	EscapeNames            bool          // names are read HTML-escaped, too
	NewlineIs500           bool          // a newline in a description is answered 500
	RefuseLongText         bool          // more than 300 characters in a description are answered 500, more than 100 in a name 400; off, they are stored
	URLInDescriptionIs400  bool          // a link in a description is answered 400
	IgnorePublic           bool          // public is echoed but not honoured: playlists are created public and stay as they are
	PublicDelay            time.Duration // a change of public is read only after this long

	NullItems         bool              // rows of withdrawn songs have no object; off, they have one marked not playable
	NullItemsKeepURI  bool              // and yet the URI, where fields asks for it
	Relink            map[string]string // URIs served instead of others, as when a song is played in another country
	RelinkNeedsMarket bool              // only where the request names a market
	DropLinkedFrom    bool              // without telling the URI it stands for
	RemoveByTwin      bool              // removing takes the URI that is served, not the one that was added
	LegacyShape       Shape             // under which names items are served
	NullListEntries   bool              // lists of playlists, saved albums and search results hold a null
	NullImages        bool              // a list of playlists holds null where a playlist has no picture; off, an empty list
	AlbumsOutOfOrder  bool              // saved albums are not served newest first, and one was added in 1998
	ShowsOldestFirst  bool              // the episodes of a show are served oldest first
	Editions          int               // tracks that share one ISRC, as a search for it shows; 0 means 1
	PoisonEpisodes    bool              // adding or replacing with a withdrawn episode is answered 502 for ever, not 400

	ParallelWritesAre500 bool // a write to a playlist while another is under way is answered 500, and has no effect

	PageLimit           int  // largest page of playlist items: 0 means 100, which is tolerated everywhere; 50 is documented, more is answered 400 "Invalid limit"
	EmbeddedRows        int  // rows that come with a playlist: 0 means 100; below 0 there are none
	OffsetAtEndIs5xx    bool // a page that begins where a list ends is answered 500, not empty; an empty list has its first page
	CoverScopeIs401     bool // setting a cover without ugc-image-upload is answered 401, not 403
	PlaylistLimit       int  // most items of a playlist; 0 means 10,000
	DeletedByIDIs404    bool // a playlist its owner has deleted is gone; off, reads and writes by ID go on working
	GrandfatheredLimits bool // search takes pages of 50 and profiles have their old fields, as for apps made before February 2026

	RotateRefreshTokens  bool          // each refresh returns a new refresh token and burns the old
	RefreshTokenLife     time.Duration // from the user's permission; 0 means six calendar months
	TokenLife            time.Duration // of an access token; 0 means an hour
	NewScopesNeedDialog  bool          // a user who agreed before is sent back with the old scopes unless show_dialog is true
	PlainTextPremium403  bool          // the owner's Premium has lapsed: the Web API answers 403 in plain text
	NotRegistered403     bool          // the user is not on the app's list: login works, the Web API answers 403
	RevokedAccessRefused bool          // revoking ends access tokens at once; off, they work until they expire
}

// DefaultQuirks are those a new app in development mode meets: a client that converges under them is a correct one.
func DefaultQuirks() Quirks {
	q := NoQuirks()
	q.StaleFor = time.Second
	q.SnapshotWanders = 30 * time.Second
	q.EscapeDescriptions = true
	q.TrimDescriptions = true
	q.RefuseEmptyDescription = true
	q.NullDescription = true
	q.NewlineIs500 = true
	q.URLInDescriptionIs400 = true
	q.NullItems = true
	q.NullImages = true
	q.DropLinkedFrom = true
	q.OffsetAtEndIs5xx = true
	q.CoverScopeIs401 = true
	q.PoisonEpisodes = true
	return q
}

// NoQuirks is a Spotify that does what its reference says, but for the size of a page of playlist items: 100 rows, which
// every app measured in 2026 is given. It is not the zero value, which [New] reads as the default.
func NoQuirks() Quirks {
	return Quirks{PageLimit: maxItemsPage, PlaylistLimit: 10_000, TokenLife: time.Hour}
}

func (q Quirks) pageLimit() int     { return orDefault(q.PageLimit, maxItemsPage) }
func (q Quirks) embeddedRows() int  { return max(0, orDefault(q.EmbeddedRows, maxItemsPage)) }
func (q Quirks) playlistLimit() int { return orDefault(q.PlaylistLimit, 10_000) }

func (q Quirks) tokenLife() time.Duration { return orDefault(q.TokenLife, time.Hour) }

// refreshDies is when a refresh token ends that was given at the time.
func (q Quirks) refreshDies(given time.Time) time.Time {
	if q.RefreshTokenLife > 0 {
		return given.Add(q.RefreshTokenLife)
	}
	return given.AddDate(0, 6, 0)
}

func orDefault[T int | time.Duration](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}
