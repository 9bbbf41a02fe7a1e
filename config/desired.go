package config

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/spotsync/spotsync/spotify"
)

// Desired is what a configuration wants, with every expression worked out.
type Desired struct {
	Accounts  map[string]Account   // by label; always has "default"
	Playlists []Playlist           // sorted by address
	Imports   []Import             // in file order
	Moved     []Moved              // in file order
	Removed   []Removed            // in file order
	Worked    []Worked             // for_each that are worked out, by label
	Outputs   map[string]cty.Value // may hold unknown values: an ID known after apply
	Reads     []string             // every path an expression tried to read, absolute, sorted: what a daemon watches
	Pure      bool                 // nothing but the files, the variables and the IDs decided it: neither other files nor the day
}

// Account is how to log in to one Spotify account.
type Account struct {
	Label            string // "default" unless the file says more
	ClientID         string
	ClientSecretFile string
	RedirectURI      string
	CallbackListen   string
	Range            hcl.Range
}

// Mode is what a playlist's tracks mean.
type Mode string

// The modes.
const (
	ModeSync   Mode = "sync"   // exactly these, in this order
	ModeAppend Mode = "append" // missing ones go at the end, nothing is removed or moved
)

// KeepDates is how much the "date added" of items is worth.
type KeepDates string

// The values of keep_dates.
const (
	KeepAuto   KeepDates = "auto"
	KeepAlways KeepDates = "always"
	KeepNever  KeepDates = "never"
)

// SelfHeal is what a daemon may undo of edits made elsewhere.
type SelfHeal string

// The values of self_heal.
const (
	HealAll     SelfHeal = "true"
	HealDetails SelfHeal = "details"
	HealNothing SelfHeal = "false"
)

// WhenEmpty is what it means that a list of tracks which was worked out came to nothing.
type WhenEmpty string

// The values of when_empty.
const (
	EmptyRefuse WhenEmpty = "refuse" // it may be a mistake: the playlist is left alone
	EmptyKeep   WhenEmpty = "keep"   // its songs stay
	EmptyClear  WhenEmpty = "clear"  // it is to be empty
)

// Worked is a for_each whose keys are worked out from files or the day: a key that is gone from it may be a mistake.
type Worked struct {
	Label string
	From  string // the call that decides, as written, in backquotes
	Range hcl.Range
}

// Playlist is one playlist block, or one instance of a block with for_each. A nil member is not managed.
type Playlist struct {
	Address       string     // playlist.morning, playlist.year["2023"]
	Account       string     // label
	ID            spotify.ID // the id attribute; empty when not written
	Name          *string
	Description   *string
	Public        *bool
	Collaborative *bool
	Tracks        []Entry // meaningful when HasTracks
	HasTracks     bool
	Nothing       string   // Tracks was worked out and is empty: which step came to nothing; empty when [] is written
	MadeOf        []string // addresses whose songs Tracks uses, sorted; only if some list came to nothing
	WhenEmpty     WhenEmpty
	Mode          Mode
	KeepDates     KeepDates
	SelfHeal      SelfHeal
	Lifecycle     Lifecycle
	Unknown       []string             // attributes not known until apply: "name", "description"
	Needs         []string             // of those: addresses whose IDs they may need and that have none yet, sorted
	Text          string               // tells whether what is written of it says something else than before; only if [Inputs.Text] asks for it
	Range         hcl.Range            // of the block's header
	Ranges        map[string]hcl.Range // of each attribute written, by name
}

// Entry is one wanted item.
type Entry struct {
	URI   spotify.URI
	Title string    // "Artist – Title" when an object or a comment on the line tells; may be empty
	Range hcl.Range // of the element; of the whole expression when it was computed
}

// Lifecycle is what may not happen to a playlist.
type Lifecycle struct {
	PreventDestroy bool
	IgnoreChanges  []string // name, description, public, collaborative, tracks
	MaxRemovals    *Share   // nil: the default, half
	DropOpaque     bool
}

// Share is a number of items or a part of all of them.
type Share struct {
	Count     int
	Percent   float64 // used when IsPercent
	IsPercent bool
}

// Import says that an address means a playlist that exists already.
type Import struct {
	To    string
	ID    spotify.ID
	Range hcl.Range
}

// Moved says that an address has a new name.
type Moved struct {
	From, To string
	Range    hcl.Range
}

// Removed says that an address is no longer managed.
type Removed struct {
	From    string
	Destroy bool
	Range   hcl.Range
}
