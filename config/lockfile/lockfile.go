// Package lockfile reads and writes spotsync.lock.hcl: which playlist each address is, and what names and wishes turned into.
package lockfile

import (
	"time"

	"github.com/spotsync/spotsync/spotify"
)

// Version is the newest format this program writes and reads.
const Version = 1

// The issuers. A lock file belongs to one and never mixes with the other.
const (
	IssuerSpotify  = "spotify"
	IssuerLoopback = "loopback"
)

// File is the content of a lock file. The zero value with Version and Issuer set is an empty one.
type File struct {
	Version   int
	Issuer    string
	Accounts  map[string]Account  // by label
	Playlists map[string]Playlist // by address
	Pins      map[string]Pin      // by query text
}

// Account is who a label meant when it was first used.
type Account struct {
	ID   spotify.ID // account_id, else the user ID
	User spotify.ID // what playlists' owners are compared with
	Name string     // display name, for people
}

// Playlist is one managed playlist.
type Playlist struct {
	ID                 spotify.ID
	Account            string                      // label
	Name               string                      // as last applied, for people reading the file
	Aliases            map[spotify.URI]spotify.URI // wanted URI → the URI Spotify shows for it
	Withdrawn          map[spotify.URI]time.Time   // URIs Spotify refused or withdrew, and when that was last tried
	PublicUnhonoured   *bool                       // the wish for public that Spotify ignored
	RefusedDescription string                      // the wish for a description that Spotify answered 400
	Cover              string                      // SHA-256 of the uploaded file
	PreventDestroy     bool
	Held               *Hold
}

// Hold keeps a playlist from being changed.
type Hold struct {
	Reason string    // "paused" or "rolled back"
	Since  time.Time // UTC, whole seconds
	Until  time.Time // zero: until released
	Wish   string    // rolled back: fingerprint of what the block said; another one releases it
}

// Pin is what a by-name entry or a search resolved to.
type Pin struct {
	URI  spotify.URI
	ISRC string
	Note string // "Artist – Title", for people
}
