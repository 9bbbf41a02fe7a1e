package reconcile

import (
	"time"

	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// Presence is where a playlist was found.
type Presence string

// Where a playlist may be.
const (
	Present  Presence = "present"  // in the account's library
	Absent   Presence = "absent"   // exists, but was removed from the library: what Spotify calls deleting
	Gone     Presence = "gone"     // Spotify does not know the ID (404)
	Unread   Presence = "unread"   // could not be read; nothing may be concluded
	NotOwned Presence = "notowned" // belongs to somebody else
)

// Seen is one managed playlist as observed.
type Seen struct {
	Presence Presence
	Contents store.Contents // meaningful when Present or Absent
	Owner    spotify.ID
	Expected bool            // contents come from our own record of a write too recent for reads to be believed
	At       time.Time       // when its snapshot was seen; zero when taken from memory
	Err      error           // why it is Unread
	Learned  Learned         // which songs are shown as others, found out after it was observed
	Written  *store.Settling // the record of our last writes, where those were cut short

	Reread bool // although Expected: it was read all the same, until a read showed our write
}

// Observed is what was seen of one account.
type Observed struct {
	Label   string
	User    spotify.User
	Library []spotify.Playlist // owned and followed, without what we have just removed; nil when not asked
	Asked   bool               // Library is complete
	Seen    map[spotify.ID]Seen
	Missing []spotify.ID // managed playlists that a complete listing lacked, sorted
}

// Owned are the playlists of the library that belong to the account.
func (o *Observed) Owned() []spotify.Playlist {
	var own []spotify.Playlist
	for _, p := range o.Library {
		if p.Owner == o.User.ID {
			own = append(own, p)
		}
	}
	return own
}
