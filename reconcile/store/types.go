package store

import (
	"encoding/json"
	"reflect"
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
	// Written: this is what our own writes left; it was not read from Spotify since.
	Written bool `json:"written,omitempty"`
}

// row is an item as written to disk: its names there don't change when the Go type's do.
type row struct {
	URI     spotify.URI    `json:"uri,omitempty"`
	AddedAt time.Time      `json:"added_at,omitzero"`
	AddedBy spotify.ID     `json:"added_by,omitempty"`
	Local   bool           `json:"local,omitempty"`
	Null    bool           `json:"null,omitempty"`
	Track   *spotify.Track `json:"track,omitempty"` // left out when nothing is known of it
}

type plainContents Contents // without the methods

// MarshalJSON implements [json.Marshaler].
func (c Contents) MarshalJSON() ([]byte, error) {
	var rows []row
	if c.Items != nil {
		rows = make([]row, len(c.Items))
	}
	for i, it := range c.Items {
		rows[i] = row{URI: it.URI, AddedAt: it.AddedAt, AddedBy: it.AddedBy, Local: it.Local, Null: it.Null}
		if !reflect.ValueOf(it.Track).IsZero() {
			rows[i].Track = &c.Items[i].Track
		}
	}
	return json.Marshal(struct {
		plainContents
		Items []row `json:"items"`
	}{plainContents(c), rows})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (c *Contents) UnmarshalJSON(data []byte) error {
	var v struct {
		plainContents
		Items []row `json:"items"`
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	*c = Contents(v.plainContents)
	c.Items = nil
	if v.Items != nil {
		c.Items = make([]spotify.Item, len(v.Items))
	}
	for i, r := range v.Items {
		c.Items[i] = spotify.Item{URI: r.URI, AddedAt: r.AddedAt, AddedBy: r.AddedBy, Local: r.Local, Null: r.Null}
		if r.Track != nil {
			c.Items[i].Track = *r.Track
		}
	}
	return nil
}

// Base is what files and Spotify last agreed on for one address.
type Base struct {
	Address  string    `json:"address"`
	Time     time.Time `json:"time"`
	Contents Contents  `json:"contents"`

	// Confirmed: read from Spotify, not only expected after a write. Rows a write added have no date until then.
	Confirmed bool `json:"confirmed"`
	// PublicIgnored is what was asked of public and Spotify ignored.
	PublicIgnored *bool `json:"public_ignored,omitempty"`
	// PublicSeen: a read after our write has shown the visibility of Contents, so Spotify honoured it.
	PublicSeen bool `json:"public_seen,omitempty"`
	// Shown are texts of the files and how Spotify shows them, where it does so otherwise.
	Shown map[string]string `json:"shown,omitempty"`
	// Wrote is when our last write to its items was answered; zero where it is not known.
	Wrote time.Time `json:"wrote,omitzero"`
	// Refuted are songs of ours in whose place somebody has put another one. It is found out by each run anew.
	Refuted map[spotify.URI]spotify.URI `json:"-"`
	// Aliases are wanted URIs and the ones that Spotify shows for them.
	Aliases map[spotify.URI]spotify.URI `json:"aliases,omitempty"`

	// Removed are the items that our last edits took out by the URI that Spotify shows, and when those had been added: where one
	// is there still, Spotify ignored that.
	Removed map[spotify.URI]time.Time `json:"removed,omitempty"`

	// Ours are the states that writes of ours have made since; see [Settling]. They are kept there.
	Ours []Mark `json:"-"`
}

// Settling is what recent writes of ours to one playlist make a reader expect.
type Settling struct {
	ID     spotify.ID `json:"id"`
	Time   time.Time  `json:"time"`   // of the last write
	States []Mark     `json:"states"` // oldest first: before the first write of the last minute, then after each

	// Unsure: the last state was asked for, and no answer is recorded. It may or may not have happened.
	Unsure bool `json:"unsure,omitempty"`
	// Expected is the playlist in the last state; nil when Unsure.
	Expected *Contents `json:"expected,omitempty"`

	// Ours are the states that writes of ours made, or may have made, since files and Spotify last agreed. A run that is cut
	// short leaves the playlist in one of them, so they are kept until both agree again, however long that takes.
	Ours []Mark `json:"ours,omitempty"`
}

// Mark tells one state of a playlist from another.
type Mark struct {
	Items     string          `json:"items"` // fingerprint of the rows
	Details   spotify.Details `json:"details"`
	Following bool            `json:"following"`
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

// Replace is a rewrite of a long playlist that takes several requests and was begun.
type Replace struct {
	Address string        `json:"address"`
	ID      spotify.ID    `json:"id"`
	Want    []spotify.URI `json:"want"` // what the playlist holds when it is done
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
	Command  string     `json:"command"`      // apply, destroy, rollback
	By       string     `json:"by,omitempty"` // "daemon", for a run that nobody asked for
	LockFile string     `json:"lock_file"`
	Account  spotify.ID `json:"account"`
	Versions []Version  `json:"versions"`
}

// Action is what a run did to a playlist, in the words of reconcile.Action: create, update, delete, adopt, restore.
type Action string

// Version is a playlist as it was before a run changed it.
type Version struct {
	Address string     `json:"address"`
	Action  Action     `json:"action"`
	Time    time.Time  `json:"time"`
	Before  *Contents  `json:"before"` // nil for a create
	ID      spotify.ID `json:"id"`
	Healed  []string   `json:"healed,omitempty"` // what of an edit made elsewhere the run undid, for people
}

// NotBefore is when the next request may be sent, and why not sooner.
type NotBefore struct {
	Until  time.Time `json:"until"`
	Reason string    `json:"reason"` // spotify.ReasonQuota or ReasonRate
}
