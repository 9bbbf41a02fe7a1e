// Package statuspage is what can be seen of a daemon from outside: status.go what there is to see, page.go the page, server.go who
// answers, access.go who may ask, metrics.go the numbers, client.go how another process asks. It takes data, and reaches no login.
package statuspage

import (
	"strings"
	"time"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/spotify"
)

// Status is all that is to be seen of a daemon from outside: what the page, /readyz, /metrics and the logs tell. It
// is a copy, made whole between two steps of the daemon's work, and holds no secret.
type Status struct {
	Version  string
	Started  time.Time
	Now      time.Time
	Path     string // the configuration; the home folder is ~
	Apply    string // the command that writes the lock file, as a shell reads it
	LockFile string
	State    string // [store.State.Key] of the lock file

	Reasons []string // why it is not ready, each a sentence; none: it is

	Config    Config
	Accounts  []Account  // by label
	Playlists []Playlist // by address
	Last      *Round     // nil before the first has ended
	Busy      string     // what is being done right now; empty between rounds
	Next      time.Time  // when the next round begins; zero while one is under way
	Interval  time.Duration

	Waiting []string // addresses whose lock entries wait on this computer for an apply

	Requests       int // sent in the last 24 hours
	RequestsPerDay int // how many it means to stay under
}

// Config is what became of the files.
type Config struct {
	Good    time.Time // when they were last read without errors; zero: never
	Tried   time.Time // when they were last read
	Problem string    // what is wrong with them since, as diagnostics with the lines quoted; empty: nothing
	Files   int

	Playlists int // how many it has, when it was last without errors
}

// NeverGood is why nothing is done when the files were never without errors.
const NeverGood = "the configuration is broken, and was from the start: nothing is done until it is mended"

// Broken says what a problem with the files means.
func (c Config) Broken() string {
	if c.Good.IsZero() {
		return words.Capital(NeverGood) + "."
	}
	return "The configuration is broken; the last version without errors stays in force."
}

// Account is one account.
type Account struct {
	Label      string
	Name       string         // display name
	User       string         // Spotify's ID for people
	Problem    string         // why it can't be used now, and what to do; empty: it can
	NeedsLogin bool           // a person must log in
	Ends       time.Time      // of the login; zero: not known
	Days       int            // until then
	NotBefore  time.Time      // until when Spotify wants no requests about playlists; zero: it takes them
	Waits      string         // why, when there is more to say than that; a sentence
	Shut       []spotify.Hold // what else it wants no requests for, while playlists are read and written
	Missing    []string       // scopes that were not granted
}

// Waiting says until when no requests are sent. It is the same to the minute wherever it is shown, and needs no now.
func (a Account) Waiting() string {
	return strings.TrimSpace("Spotify wants no requests until " + a.NotBefore.UTC().Format("2 Jan, 15:04 UTC") + ". " + a.Waits)
}

// PlaylistState is how a playlist is, as a daemon sees it.
type PlaylistState string

// The states of a playlist.
const (
	Same    PlaylistState = "same"    // Spotify is as the files say
	Drift   PlaylistState = "drift"   // it differs, and the daemon may not or must not undo that: reported only
	Pending PlaylistState = "pending" // it differs, and the next round will see to it
	Held    PlaylistState = "held"    // left alone until released
	Braked  PlaylistState = "braked"  // came back so often that healing waits
	Failed  PlaylistState = "failed"  // the last try failed; tried again at RetryAt
	Unknown PlaylistState = "unknown" // could not be looked at
)

// Playlist is one managed playlist.
type Playlist struct {
	Address string
	Name    string
	ID      string
	Account string
	State   PlaylistState
	Reason  string    // why it is in that state, a sentence
	Warned  []string  // what the last plan and what was done since warn of, a line each
	Kept    bool      // its songs stay though its list came to nothing
	Changes []string  // what a plan would do, a line each, short
	Tracks  int       // as last seen
	Synced  time.Time // when it was last seen to be as the files say
	Changed time.Time // when the daemon last changed it
	Healed  []string  // what the last heal undid, a line each, and
	HealAt  time.Time // when that was
	RetryAt time.Time // of failed and braked ones

	Releasable bool // releasing it helps
}

// Result is how a round ended.
type Result string

// The results of a round.
const (
	RoundOK      Result = "ok"      // nothing was to be done
	RoundChanged Result = "changed" // all that was to be done is done
	RoundPartly  Result = "partly"  // some playlists failed
	RoundFailed  Result = "failed"
	RoundLimited Result = "limited" // Spotify wants no requests for a while
	RoundLogin   Result = "login"   // a person must log in
	RoundRefused Result = "refused" // something is not done, to protect something
	RoundStopped Result = "stopped" // by a signal
)

// Round is what one round did.
type Round struct {
	Number   int
	Why      string // start, interval, files, signal, request, login
	Began    time.Time
	Took     time.Duration
	Result   Result
	Applied  []string // addresses
	Done     []string // what was changed of them, a line each; may be shorter
	Healed   int      // how many of them were healed and nothing else
	Waiting  int      // playlists that are not as the files say after it
	Requests int
	Problem  string
}
