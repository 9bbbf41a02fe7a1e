package edit

import "github.com/spotsync/spotsync/spotify"

// Limits of one request and of a playlist (Spotify's reference for /playlists/{id}/items).
const (
	MaxURIs  = 100    // URIs an insert or replace may carry, distinct URIs a remove may name
	MaxItems = 10_000 // items a playlist may hold
)

// Row is one row of a list as observed.
type Row struct {
	URI    spotify.URI
	Opaque bool // seen but not nameable: never matched, never removed, keeps its place after its predecessor
}

// Kind is what an edit does.
type Kind string

// The kinds of edit; each is one request.
const (
	Insert  Kind = "insert"  // URIs placed before position At
	Remove  Kind = "remove"  // every occurrence of each of URIs
	Move    Kind = "move"    // N rows from Start to before position Before, counted before the move
	Replace Kind = "replace" // the whole list becomes URIs
)

// Edit is one request to a playlist.
type Edit struct {
	Kind   Kind          `json:"kind"`
	At     int           `json:"at,omitempty"`
	Start  int           `json:"start,omitempty"`
	N      int           `json:"n,omitempty"`
	Before int           `json:"before,omitempty"`
	URIs   []spotify.URI `json:"uris,omitempty"`
}

// Mode says what may be given up for fewer requests.
type Mode string

// The modes; what "auto" means is decided above this package.
const (
	Always Mode = "always" // keep every date that can be kept, then the fewest requests
	Never  Mode = "never"  // the fewest requests, dates may go
)

// Options of [Make]; the zero value means Always and Spotify's limits.
type Options struct {
	Mode     Mode
	MaxURIs  int // 0 means [MaxURIs]; tests use small ones
	MaxItems int // 0 means [MaxItems]
}

// Script is a sequence of edits, to be sent in order, each exactly once.
type Script struct {
	Edits     []Edit
	Final     []Row // the list after the last edit: want, with opaque rows where they ended up
	DatesLost int   // rows of have that want still has but whose date goes; a URI thinned from h copies to w loses w
	Proven    bool  // no script of this mode is shorter; false means not known
}

// limits fills in Spotify's limits where o leaves them out.
func (o Options) limits() Options {
	if o.MaxURIs <= 0 {
		o.MaxURIs = MaxURIs
	}
	if o.MaxItems <= 0 {
		o.MaxItems = MaxItems
	}
	return o
}

// ReplaceCost is the number of requests that replacing a whole list by n URIs takes.
func ReplaceCost(n int) int { return max(1, batches(n, MaxURIs)) }

// batches is the number of batches of size that n things make.
func batches(n, size int) int { return (n + size - 1) / size }
