// Package store keeps on disk what spotsync must remember between runs (state) and what saves requests (cache).
package store

import (
	"time"

	"github.com/spotsync/spotsync/spotify"
)

// Contents is a playlist as it was, or as it is expected to be, at one moment.
type Contents struct {
	ID        spotify.ID       `json:"id"`
	Details   spotify.Details  `json:"details"`
	Snapshot  spotify.Snapshot `json:"snapshot,omitempty"` // empty: not known
	Items     []spotify.Item   `json:"items"`
	Following bool             `json:"following"` // in the owner's library
}

// Base is what files and Spotify last agreed on for one address.
type Base struct {
	Address  string    `json:"address"`
	Time     time.Time `json:"time"`
	Contents Contents  `json:"contents"`

	// Confirmed: read from Spotify, not only expected after a write. Rows a write added have no date until then.
	Confirmed bool `json:"confirmed"`
	// PublicUnhonoured is the wish for public that Spotify ignored.
	PublicUnhonoured *bool `json:"public_unhonoured,omitempty"`
}

// Settling is what recent writes of ours to one playlist make a reader expect.
type Settling struct {
	ID     spotify.ID `json:"id"`
	Time   time.Time  `json:"time"`   // of the last write
	States []Contents `json:"states"` // oldest first: before the first write of the last minute, then after each; the last is expected

	// Unsure: the last state was asked for, and no answer is recorded. It may or may not have happened.
	Unsure bool `json:"unsure,omitempty"`
}

// Create is a playlist that was asked for and whose ID is not known to be recorded yet.
type Create struct {
	Key     string       `json:"key"` // names the entry in the journal
	Address string       `json:"address"`
	Account string       `json:"account"` // label
	Name    string       `json:"name"`
	Time    time.Time    `json:"time"`
	Known   []spotify.ID `json:"known"` // owned playlists of that name before the request
}

// Remembered is one playlist an address of this lock file has ever meant on this computer.
type Remembered struct {
	ID        spotify.ID `json:"id"`
	Account   string     `json:"account"` // label
	Name      string     `json:"name"`
	Time      time.Time  `json:"time"`
	Forgotten bool       `json:"forgotten,omitempty"` // by lock rm, removed or destroy: no reason to refuse
}

// Run is one apply, destroy or rollback as history tells it.
type Run struct {
	ID       string     `json:"id"` // sorts by time: 20261123T144501Z-ab12
	Time     time.Time  `json:"time"`
	Command  string     `json:"command"` // apply, destroy, rollback
	LockFile string     `json:"lock_file"`
	Account  spotify.ID `json:"account"`
	Versions []Version  `json:"versions"`
}

// Version is a playlist as it was before a run changed it.
type Version struct {
	Address string     `json:"address"`
	Action  string     `json:"action"` // create, update, delete, adopt, restore
	Time    time.Time  `json:"time"`
	Before  *Contents  `json:"before"` // nil for a create
	ID      spotify.ID `json:"id"`
}

// NotBefore is when the next request may be sent, and why not sooner.
type NotBefore struct {
	Until  time.Time `json:"until"`
	Reason string    `json:"reason"` // "rate limit" or "quota"
}
