package reconcile

import (
	"errors"
	"slices"
	"time"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/spotify"
)

// FormatVersion is the version of a plan's JSON. The part before the dot changes when readers must.
const FormatVersion = "1.0"

// Action is what a plan means to do with one playlist.
type Action string

// The actions.
const (
	Create  Action = "create"  // it does not exist yet
	Update  Action = "update"  // it differs
	Delete  Action = "delete"  // it is no longer wanted: removed from the library, which Spotify can undo
	Adopt   Action = "adopt"   // it exists and is managed from now on
	Restore Action = "restore" // it was deleted elsewhere: put back, with its followers and dates
	Held    Action = "held"    // left alone until released
	Skipped Action = "skipped" // could not be planned; nothing is concluded
	None    Action = "none"    // it is as wanted
)

// Changes reports whether the action does something, unless the change is refused: see [Change.Acts].
func (a Action) Changes() bool { return a != None && a != Held && a != Skipped }

// Origin is where a difference comes from.
type Origin string

// The origins.
const (
	FromFiles   Origin = "files"
	FromSpotify Origin = "spotify"
	FromBoth    Origin = "both"
	FromUnknown Origin = "unknown" // nothing is remembered of when both last agreed
)

// Plan is the difference between files and Spotify, as data: complete in itself, so that it can be shown, saved,
// compared, and applied by somebody who has nothing else.
type Plan struct {
	FormatVersion string                 `json:"format_version"`
	Command       Command                `json:"command"`
	Path          string                 `json:"path,omitempty"` // the configuration, as it was named
	Issuer        string                 `json:"issuer"`
	PlannedAt     time.Time              `json:"planned_at"`
	Lock          string                 `json:"lock"` // digest of the lock file it was made with
	Accounts      map[string]PlanAccount `json:"accounts"`
	Changes       []Change               `json:"changes"`      // by address
	LockChanges   []LockChange           `json:"lock_changes"` // what only the lock file will say differently
	Warnings      []Warning              `json:"warnings"`
	Checks        []CheckResult          `json:"checks"`
	Refusals      []Refusal              `json:"refusals"` // what is not done, to protect something
	Summary       Summary                `json:"summary"`
	Complete      bool                   `json:"complete"` // nothing was skipped, left out or unknown
}

// PlanAccount is who a label means.
type PlanAccount struct {
	ID   spotify.ID `json:"id"`
	User spotify.ID `json:"user"`
	Name string     `json:"name,omitempty"`
}

// Change is what a plan means to do with one playlist, and why.
type Change struct {
	Address string     `json:"address"`
	Account string     `json:"account"`
	Action  Action     `json:"action"`
	ID      spotify.ID `json:"id,omitempty"` // empty for one to be created
	Before  *Picture   `json:"before"`       // nil for one to be created
	After   *Picture   `json:"after"`        // nil for one to be deleted
	Edits   []Edit     `json:"edits"`
	Origin  Origin     `json:"origin"`
	Reasons []string   `json:"reasons"`

	KeyGone      bool          `json:"key_gone,omitempty"`      // none: for_each has lost its key, which may be a mistake
	Refused      bool          `json:"refused,omitempty"`       // not done: a refusal names it
	Unknown      []string      `json:"unknown,omitempty"`       // attributes that need the ID of another playlist still to be created
	SongsRemoved int           `json:"songs_removed,omitempty"` // rows that go while the playlist stays
	DatesLost    int           `json:"dates_lost,omitempty"`    // rows that stay and lose their date
	Proven       bool          `json:"proven,omitempty"`        // no shorter list of edits exists
	Cheaper      *Cheaper      `json:"cheaper,omitempty"`       // keep_dates = "auto": the way that costs dates
	Desired      *DesiredState `json:"desired,omitempty"`       // what Apply plans again from when the playlist has moved
	Unfinished   bool          `json:"unfinished,omitempty"`    // an earlier run was cut short while replacing its items
	Learned
	HoldFingerprint string     `json:"hold_fingerprint,omitempty"` // of rollback: fingerprint of the block that is held back afterwards
	Err             error      `json:"-"`                          // of skipped: what went wrong; nil in a saved plan, and where a refusal says it
	ReplacesID      spotify.ID `json:"-"`                          // of create: what the playlist was before Spotify knew it no more
	LeftAsIs        []string   `json:"-"`                          // attributes a daemon leaves as somebody's edit left them; see [heal.State.Restrict]
}

// Acts reports whether applying the plan does something to the playlist.
func (c Change) Acts() bool { return c.Action.Changes() && !c.Refused }

// skip makes it the change of a playlist that could not be read: nothing is concluded.
func (c Change) skip(err error) Change {
	if err == nil {
		err = errors.New("it could not be read")
	}
	c.Action, c.Reasons, c.Err = Skipped, []string{err.Error()}, err
	return c
}

// Skipped are the changes of playlists that could not be planned. What a refusal names is not among them.
func (p *Plan) Skipped() []Change {
	var all []Change
	for _, c := range p.Changes {
		if c.Action == Skipped && !c.Refused {
			all = append(all, c)
		}
	}
	return all
}

// Alters reports whether the change makes a playlist that exists another one: also while it is adopted or restored.
func (c Change) Alters() bool {
	switch c.Action {
	case Update:
		return true
	case Adopt, Restore:
		return len(c.Unknown) > 0 || slices.ContainsFunc(c.Edits, func(e Edit) bool { return e.Kind != Follow })
	}
	return false
}

// Cheaper is a way to the same contents that gives up dates for requests.
type Cheaper struct {
	Edits     []Edit `json:"edits"`
	DatesLost int    `json:"dates_lost"`
}

// Picture is a playlist before or after a change.
type Picture struct {
	Name          string           `json:"name"`
	Description   string           `json:"description"`
	Public        *bool            `json:"public"`
	Collaborative bool             `json:"collaborative"`
	Tracks        []Row            `json:"tracks"`
	Snapshot      spotify.Snapshot `json:"snapshot,omitempty"`
	Following     bool             `json:"following"`
	Seen          time.Time        `json:"seen,omitzero"` // when its snapshot was seen; zero: from memory
}

// DesiredState is what the files want of one playlist. Nil members are not managed.
type DesiredState struct {
	Name          *string          `json:"name,omitempty"`
	Description   *string          `json:"description,omitempty"`
	Public        *bool            `json:"public,omitempty"`
	Collaborative *bool            `json:"collaborative,omitempty"`
	HasTracks     bool             `json:"has_tracks"`
	Tracks        []spotify.URI    `json:"tracks"`
	Titles        []string         `json:"titles,omitempty"` // of Tracks, where any is known
	Mode          config.Mode      `json:"mode"`
	KeepDates     config.KeepDates `json:"keep_dates"`
	DropOpaque    bool             `json:"drop_opaque,omitempty"`
	Nothing       string           `json:"nothing,omitempty"`    // Tracks came to nothing: which step did
	WhenEmpty     config.WhenEmpty `json:"when_empty,omitempty"` // what that means
	MaxRemovals   *config.Share    `json:"max_removals,omitempty"`
	Protected     bool             `json:"prevent_destroy,omitempty"`

	Block *config.Playlist `json:"-"` // where the files say so; nil in a saved plan until [Plan.Locate]
}

// LockChangeKind is what a [LockChange] does to an address.
type LockChangeKind string

// The kinds of lock changes.
const (
	LockMove   LockChangeKind = "move"   // its playlist goes by another address
	LockForget LockChangeKind = "forget" // its playlist is managed no more
)

// LockChange is a change of the lock file alone.
type LockChange struct {
	Kind    LockChangeKind `json:"kind"`
	Address string         `json:"address"`
	To      string         `json:"to,omitempty"`
	ID      spotify.ID     `json:"id"`
	Reason  string         `json:"reason"`
}

// Warning is something a person should know that stops nothing.
type Warning struct {
	Address string `json:"address,omitempty"`
	Text    string `json:"text"`
	Source  string `json:"source,omitempty"` // "playlists.hcl:12", where a line is to blame
}

// CheckResult is what became of one condition that the files set.
type CheckResult struct {
	Address string `json:"address"`
	Kind    string `json:"kind"`              // check, precondition, when_empty
	Status  string `json:"status"`            // pass, fail, unknown
	Message string `json:"message,omitempty"` // what came to nothing, or what does not hold
	Source  string `json:"source,omitempty"`  // "playlists.hcl:12"
}

// Summary counts a plan. What is refused is counted there only.
type Summary struct {
	Create       int `json:"create"` // includes adopt and restore, which bring a playlist under management or back
	Update       int `json:"update"` // includes what is adopted or restored and becomes another: see [Change.Alters]
	Delete       int `json:"delete"`
	Refused      int `json:"refused"`
	Skipped      int `json:"skipped"`
	SongsRemoved int `json:"songs_removed"` // from playlists that stay
	Requests     int `json:"requests"`      // writes
}

// Empty reports whether applying the plan would do nothing at all.
func (p *Plan) Empty() bool {
	return len(p.LockChanges) == 0 && !slices.ContainsFunc(p.Changes, Change.Acts)
}

// Command is what a plan is for.
type Command string

// The commands that plan.
const (
	CommandApply       Command = "apply"
	CommandDestroy     Command = "destroy"
	CommandRefreshOnly Command = "refresh-only" // change no playlist, and take note of what changed on Spotify
	CommandRollback    Command = "rollback"
)

// count counts what the changes do.
func (p *Plan) Count() (s Summary) {
	for _, c := range p.Changes {
		if c.Refused {
			s.Refused++
			continue // its requests are not sent
		}
		switch c.Action {
		case Create, Adopt, Restore:
			s.Create++
		case Delete:
			s.Delete++
		case Skipped:
			s.Skipped++
		}
		if c.Alters() {
			s.Update++
		}
		s.SongsRemoved += c.SongsRemoved
		s.Requests += len(c.Edits)
	}
	return s
}

// listed is a list that is [] in JSON when it is empty, and not null: programs go through it unasked.
func Listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// desiredState is what a block wants.
func desiredState(b *config.Playlist) DesiredState {
	w := DesiredState{Name: b.Name, Description: b.Description, Public: b.Public, Collaborative: b.Collaborative,
		HasTracks: b.HasTracks, Mode: b.Mode, KeepDates: b.KeepDates, DropOpaque: b.Lifecycle.DropOpaque,
		Nothing: b.Nothing, MaxRemovals: b.Lifecycle.MaxRemovals, Protected: b.Lifecycle.PreventDestroy}
	w.Block = b
	if w.Nothing != "" || b.WhenEmpty != config.EmptyRefuse {
		w.WhenEmpty = b.WhenEmpty
	}
	titled := false
	for _, e := range b.Tracks {
		w.Tracks = append(w.Tracks, e.URI)
		w.Titles = append(w.Titles, e.Title)
		titled = titled || e.Title != ""
	}
	if !titled {
		w.Titles = nil
	}
	return w
}

// without makes attributes unmanaged. What is ignored still counts when a playlist is created.
func (w DesiredState) Without(attrs []string) DesiredState {
	for _, attr := range attrs {
		if a, ok := AttributeNamed(attr); ok {
			a.Unwant(&w)
		} else if attr == "tracks" {
			w.HasTracks, w.Tracks, w.Titles = false, nil, nil
		}
	}
	return w
}

// TitlesByURI are what the files call the wanted items, where they say.
func (w *DesiredState) TitlesByURI() map[spotify.URI]string {
	if w == nil {
		return nil
	}
	names := make(map[spotify.URI]string, len(w.Titles))
	for i, t := range w.Titles {
		if t != "" {
			names[w.Tracks[i]] = t
		}
	}
	return names
}

// Copies says how often each item is wanted.
func (w *DesiredState) Copies() map[spotify.URI]int { return count(w.Tracks) }

// Leave is a change that is not done, for a reason.
func (c Change) Leave(reason string) Change {
	if c.Action.Changes() || c.Action == None && reason != "" {
		c.Reasons = append(slices.Clone(c.Reasons), reason)
	}
	if c.Action != Skipped {
		c.Action = Held
	}
	c.Edits, c.After, c.SongsRemoved, c.DatesLost, c.Cheaper, c.Unfinished = []Edit{}, c.Before, 0, 0, nil, false
	return c
}
