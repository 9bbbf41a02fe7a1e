// Package lockfile reads and writes spotsync.lock.hcl: which playlist each address is, and what names and wishes turned into.
//
// A map: lockfile.go holds the nouns; write.go makes the file, so that two branches' changes merge; parse.go finds out what is
// wrong with a file before it believes it, decode.go reads its blocks; errors.go is how that is told.
// Nothing here touches the disk.
package lockfile

import (
	"bytes"
	"maps"
	"slices"
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
	PublicIgnored      *bool                       // the wish for public that Spotify ignored
	Shown              map[string]string           // "name: …" and "description: …" of the files → how Spotify shows it
	RefusedDescription string                      // the wish for a description that Spotify answered 400
	Cover              string                      // SHA-256 of the uploaded file
	PreventDestroy     bool
	Held               *Hold
}

// Hold keeps a playlist from being changed.
type Hold struct {
	Reason      string    // "paused" or "rolled back"
	Since       time.Time // UTC, whole seconds
	Until       time.Time // zero: until released
	Fingerprint string    // rolled back: fingerprint of what the block said; another one releases it
}

// Pin is what a by-name entry or a search resolved to.
type Pin struct {
	URI  spotify.URI
	ISRC string
	Note string // "Artist – Title", for people
}

// New returns an empty lock file.
func New(issuer string) *File {
	return &File{
		Version:   Version,
		Issuer:    issuer,
		Accounts:  map[string]Account{},
		Playlists: map[string]Playlist{},
		Pins:      map[string]Pin{},
	}
}

// AddressOf returns the address whose playlist has that ID, the first by name should there be several.
func (f *File) AddressOf(id spotify.ID) (string, bool) {
	for _, address := range slices.Sorted(maps.Keys(f.Playlists)) {
		if f.Playlists[address].ID == id {
			return address, true
		}
	}
	return "", false
}

// ChangePlaylist changes one entry, which may be a new one.
func (f *File) ChangePlaylist(address string, change func(*Playlist)) {
	if f.Playlists == nil {
		f.Playlists = make(map[string]Playlist)
	}
	e := f.Playlists[address]
	change(&e)
	f.Playlists[address] = e
}

// Check reports, as a *DuplicateIDError, a playlist that two addresses claim: what [Parse] would refuse to read back.
func (f *File) Check() error {
	seen := map[spotify.ID]string{}
	for _, address := range slices.Sorted(maps.Keys(f.Playlists)) {
		id := f.Playlists[address].ID
		if other, ok := seen[id]; ok {
			return &DuplicateIDError{ID: id, Addresses: [2]string{other, address}}
		}
		seen[id] = address
	}
	return nil
}

// Clone returns a copy that shares nothing with f.
func (f *File) Clone() *File {
	g := *f
	g.Accounts = maps.Clone(f.Accounts)
	g.Pins = maps.Clone(f.Pins)
	g.Playlists = maps.Clone(f.Playlists)
	for address, p := range g.Playlists {
		p.Aliases = maps.Clone(p.Aliases)
		p.Withdrawn = maps.Clone(p.Withdrawn)
		p.Shown = maps.Clone(p.Shown)
		if p.PublicIgnored != nil {
			public := *p.PublicIgnored
			p.PublicIgnored = &public
		}
		if p.Held != nil {
			held := *p.Held
			p.Held = &held
		}
		g.Playlists[address] = p
	}
	return &g
}

// Equal reports whether both would be written alike.
func (f *File) Equal(g *File) bool {
	return f == g || bytes.Equal(f.Bytes(), g.Bytes())
}
