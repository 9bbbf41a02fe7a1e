package reconcile

import (
	"errors"
	"fmt"
	"time"

	"github.com/spotsync/spotsync/spotify"
)

// Result is what became of a plan.
type Result struct {
	Applied    []string // addresses, sorted
	Failures   []Failure
	Refused    []string // addresses the plan leaves alone, sorted
	Unfinished []string // begun, and cut short by what ended the run; sorted
	Requests   int      // writes that succeeded
	Stopped    bool     // by an interrupt, before all was done
	Pending    bool     // the lock file could not be written; its entries wait in the state directory
}

// Failure is a playlist that was not brought to what the plan says.
type Failure struct {
	Address string
	Err     error
	Source  string // "playlists.hcl:12", where a line is to blame
}

// Errors of single playlists that a caller may tell apart.
var (
	// ErrMoved means that the playlist was changed on Spotify after it was planned, and the plan for it is another now.
	ErrMoved = errors.New("it was changed on Spotify while this was being planned; plan again")
	// ErrOpen means that a create was sent and it is not known whether it happened. The next run looks first.
	ErrOpen = errors.New("Spotify did not say whether it was created, and it can't be seen; the next run looks for it before creating anything")

	ErrStopped = errors.New("interrupted")
)

// Located is the error with the line to blame in front, where one is known.
func (f Failure) Located() error {
	if f.Source == "" {
		return f.Err
	}
	return fmt.Errorf("%s: %w", f.Source, f.Err)
}

// EventType is what an [Event] tells of a playlist.
type EventType string

// The types of events.
const (
	EventStarted   EventType = "started"
	EventRequested EventType = "request" // a write succeeded
	EventCreated   EventType = "created"
	EventApplied   EventType = "applied"
	EventFailed    EventType = "failed"
	EventRefused   EventType = "refused"
	EventWarned    EventType = "warning"
)

// Event is something that happened to one playlist while a plan was applied.
type Event struct {
	Type    EventType  `json:"type"`
	Address string     `json:"address"`
	Account string     `json:"account"`
	Action  Action     `json:"action,omitempty"`
	ID      spotify.ID `json:"id,omitempty"`
	Edit    *Edit      `json:"edit,omitempty"` // of request: the one that succeeded
	Message string     `json:"message,omitempty"`
	Source  string     `json:"source,omitempty"`        // "playlists.hcl:12", where a line is to blame
	Removed int        `json:"songs_removed,omitempty"` // of applied
	Time    time.Time  `json:"time"`
}
