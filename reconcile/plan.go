package reconcile

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile/store"
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

	KeyGone         bool                        `json:"key_gone,omitempty"`         // none: for_each has lost its key, which may be a mistake
	Refused         bool                        `json:"refused,omitempty"`          // not done: a refusal names it
	Unknown         []string                    `json:"unknown,omitempty"`          // attributes that need the ID of another playlist still to be created
	SongsRemoved    int                         `json:"songs_removed,omitempty"`    // rows that go while the playlist stays
	DatesLost       int                         `json:"dates_lost,omitempty"`       // rows that stay and lose their date
	Proven          bool                        `json:"proven,omitempty"`           // no shorter list of edits exists
	Cheaper         *Cheaper                    `json:"cheaper,omitempty"`          // keep_dates = "auto": the way that costs dates
	Desired         *DesiredState               `json:"desired,omitempty"`          // what Apply plans again from when the playlist has moved
	Unfinished      bool                        `json:"unfinished,omitempty"`       // an earlier run was cut short while replacing its items
	Aliases         map[spotify.URI]spotify.URI `json:"aliases,omitempty"`          // learned: wanted URI → the one Spotify shows for it
	Refuted         map[spotify.URI]spotify.URI `json:"refuted,omitempty"`          // wanted URI → another song that somebody put in its place
	Shown           map[string]string           `json:"shown,omitempty"`            // learned: "name: …" and "description: …" of the files → how Spotify shows it
	PublicIgnored   *bool                       `json:"public_ignored,omitempty"`   // what was asked of public and Spotify ignores
	HoldFingerprint string                      `json:"hold_fingerprint,omitempty"` // of rollback: fingerprint of the block that is held back afterwards
	Err             error                       `json:"-"`                          // of skipped: what went wrong; nil in a saved plan, and where a refusal says it
	ReplacesID      spotify.ID                  `json:"-"`                          // of create: what the playlist was before Spotify knew it no more
	LeftAsIs        []string                    `json:"-"`                          // attributes a daemon leaves as somebody's edit left them; see [heal.State.Restrict]
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

// Input is everything a plan depends on.
type Input struct {
	Command    Command
	Issuer     string
	Now        time.Time
	Desired    *config.Desired
	Lock       *lockfile.File
	Observed   map[string]*Observed // by account label
	Bases      map[string]store.Base
	Remembered map[string][]store.Remembered
	Creates    []store.Create      // asked for by an earlier run, outcome not recorded
	Unfinished map[spotify.ID]bool // playlists whose replacement an earlier run began

	Targeted        func(address string) bool // nil: everything
	AdoptByName     bool
	CreateDuplicate bool
	Attended        bool // somebody will be asked before anything is done
	NoDelete        bool // nothing is deleted, whatever the plan says, so the guards on deleting do not apply
	Force           bool // lift the guards on size
}

func (in Input) targeted(address string) bool { return in.Targeted == nil || in.Targeted(address) }

// NewPlan works out what differs. It reads nothing and changes none of its input; the same input gives the same plan.
// What a file is to blame for comes back as diagnostics with no plan; what must not be done comes as the plan's refusals.
func NewPlan(in Input) (*Plan, hcl.Diagnostics) {
	p := &planner{Input: in, plan: &Plan{
		FormatVersion: FormatVersion,
		Command:       in.Command,
		Issuer:        in.Issuer,
		PlannedAt:     in.Now.UTC(),
		Lock:          Digest(in.Lock),
		Accounts:      make(map[string]PlanAccount),
		Complete:      in.Targeted == nil,
	}}
	p.checkAccounts()
	if len(p.plan.Refusals) > 0 { // whatever else was seen belongs to somebody else
		p.plan.Complete = false
		p.finish()
		return p.plan, nil
	}
	p.identify()
	if p.diags.HasErrors() {
		return nil, p.diags
	}
	for _, m := range p.managed {
		if !in.targeted(m.address) {
			continue
		}
		if why := p.refused(m.address); why != "" {
			p.addChange(Change{Address: m.address, Account: m.account, ID: m.id, Action: Skipped, Origin: FromUnknown, Reasons: []string{why}})
			continue
		}
		c := p.change(m)
		if in.Command == CommandRefreshOnly && c.Action.Changes() {
			c.Action, c.Edits, c.After = None, nil, c.Before
		}
		p.addChange(c)
		if m.refusal != nil && p.refused(m.address) == "" {
			p.refuse(*m.refusal)
		}
	}
	if in.Command == CommandRefreshOnly {
		p.plan.LockChanges = nil
	}
	p.guards()
	p.refuseMadeOfNothing()
	p.refuseDependents()
	p.finish()
	return p.plan, p.diags
}

type planner struct {
	Input
	plan    *Plan
	diags   hcl.Diagnostics
	managed []managed // by address
}

// managed is one address with the playlist it means.
type managed struct {
	address string
	account string
	block   *config.Playlist // nil: no longer in the files
	id      spotify.ID       // empty: to be created
	entry   lockfile.Playlist
	adopted string   // why it is managed only from now on; empty for one the lock file knows
	created bool     // an interrupted run made it, and it is as that left it: empty
	refusal *Refusal // why it is not managed although it was found: what that would change is shown
}

func (p *planner) addChange(c Change) { p.plan.Changes = append(p.plan.Changes, c) }

func (p *planner) warn(address, format string, args ...any) {
	p.plan.Warnings = append(p.plan.Warnings, Warning{Address: address, Text: fmt.Sprintf(format, args...)})
}

// refused is why nothing can be planned for an address: what it means is not known.
func (p *planner) refused(address string) string {
	for _, r := range p.plan.Refusals {
		if r.Address == address {
			return r.Summary
		}
	}
	return ""
}

// change decides what is to be done with one address.
func (p *planner) change(m managed) Change {
	c := Change{Address: m.address, Account: m.account, ID: m.id, Action: None, Origin: FromFiles}
	if hold := m.entry.Held; hold != nil && holds(hold, Fingerprint(m.block), p.Now) && p.Command != CommandDestroy {
		c.Action, c.Reasons = Held, []string{holdReason(m.address, hold)}
		return c
	}
	if p.Command == CommandDestroy && m.id == "" {
		return c // it was never made, so there is nothing to delete
	}
	if m.block == nil || p.Command == CommandDestroy {
		return p.deletion(c, m)
	}
	wish := desiredState(m.block)
	c.Desired, c.Unknown = &wish, m.block.Unknown
	if m.id == "" {
		return p.creation(c, m, wish)
	}
	seen := p.seen(m)
	switch seen.Presence {
	case Unread:
		return c.skip(seen.Err)
	case Gone:
		c.ID, c.ReplacesID, c.Reasons = "", m.id, []string{"Spotify no longer knows " + string(m.id) + "; it is made anew from the files"}
		return p.creation(c, m, wish)
	}
	wanted := wish.Without(m.block.Lifecycle.IgnoreChanges)
	wish = wanted.keepSongs(len(seen.Contents.Items))
	var base *store.Base
	if b, ok := p.Bases[m.address]; ok && b.Contents.ID == m.id {
		b.Refuted = seen.Refuted
		base = &b
		base.Ours = oursSince(seen.Written, base)
	} else if m.created { // and nobody has touched it since
		base = &store.Base{Address: m.address, Time: p.Now, Confirmed: true, Contents: seen.Contents}
	}
	if p.flagsExclude(m, wish, seen.Contents, base) {
		c.Action, c.Reasons = Skipped, []string{flagsSummary}
		return c
	}
	m.entry.Aliases = joined(m.entry.Aliases, seen.Aliases)
	d := diff(wish, seen.Contents, m.entry, base, p.Now)
	d.aliases = joined(d.aliases, seen.Aliases)
	c.Refuted = seen.Refuted
	c.apply(d)
	c.Before.Seen = seen.At
	p.checkEmpty(m, &wanted, &c)
	p.leftOut(m, d)
	for _, w := range d.warnings {
		p.plan.Warnings = append(p.plan.Warnings, Warning{Address: m.address, Text: w.text, Source: attributeLine(m.block, w.attribute)})
	}
	if p.Unfinished[m.id] {
		c.Unfinished = true
		c.Reasons = append(c.Reasons, "an earlier run was cut short while replacing it")
	}
	switch {
	case seen.Presence == Absent:
		c.Action = Restore
		c.Edits = append([]Edit{NewEdit(Follow, nil)}, c.Edits...)
		c.Reasons = append(c.Reasons, "it was removed from the library elsewhere")
	case m.adopted != "":
		c.Action = Adopt
		c.Reasons = append(c.Reasons, m.adopted)
	case len(c.Edits) > 0 || len(c.Unknown) > 0:
		c.Action = Update
	}
	return c
}

// leftOut warns, with the line to blame, of wanted items that Spotify does not take.
func (p *planner) leftOut(m managed, d difference) {
	tell := func(uris []spotify.URI, becomes string) {
		for _, u := range uris {
			p.plan.Warnings = append(p.plan.Warnings, Warning{Address: m.address, Source: songLine(m.block, u),
				Text: fmt.Sprintf("%s %s: Spotify refused or has withdrawn it on %s, and is asked again 7 days later. Replace or remove the line.",
					u, becomes, m.entry.Withdrawn[u].UTC().Format("2 Jan"))})
		}
	}
	tell(d.refused, "is left out")
	tell(d.stays, "stays as it is in the playlist")
}

func since(b *store.Base) string {
	if b == nil {
		return ""
	}
	return " since " + b.Time.UTC().Format("2 Jan 15:04 UTC")
}

func (p *planner) seen(m managed) Seen {
	if o := p.Observed[m.account]; o != nil {
		if s, ok := o.Seen[m.id]; ok {
			return s
		}
	}
	return Seen{Presence: Unread, Err: fmt.Errorf("account %q was not read", m.account)}
}

func (p *planner) creation(c Change, m managed, wish DesiredState) Change {
	c.Action = Create
	if wish.Name == nil && !slices.Contains(c.Unknown, "name") {
		rng := m.block.Range
		p.diags = append(p.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Missing name", Subject: &rng,
			Detail: fmt.Sprintf("%s does not exist on Spotify yet, and a playlist can't be created without a name. Add name = \"…\", or id = \"…\" if it exists.", m.address)})
		return c
	}
	d := diff(wish, store.Contents{}, lockfile.Playlist{Withdrawn: m.entry.Withdrawn}, nil, p.Now)
	p.leftOut(m, d)
	c.apply(d)
	c.Before, c.Cheaper, c.Origin = nil, nil, FromFiles
	c.After.Public = visibility(wish)
	create := NewEdit(CreateIt, &Details{Name: wish.Name, Description: wish.Description, Public: c.After.Public, Collaborative: wish.Collaborative})
	c.Edits = append([]Edit{create}, d.items...)
	return c
}

// visibility is what a new playlist is created with: private unless the files say otherwise.
func visibility(w DesiredState) *bool {
	if w.Public != nil {
		return w.Public
	}
	return new(bool)
}

func (p *planner) deletion(c Change, m managed) Change {
	c.Action = Delete
	seen := p.seen(m)
	worked, key, left := p.keyGone(m)
	if left && seen.Presence != Present { // nothing is done with it, whatever has become of it
		return p.leave(c, m, worked, key)
	}
	switch seen.Presence {
	case Unread:
		return c.skip(seen.Err)
	case NotOwned:
		c.Action, c.Reasons = Skipped, []string{"it belongs to " + string(seen.Owner)}
		p.refuse(Refusal{Address: m.address, Summary: "The playlist belongs to somebody else",
			Detail: fmt.Sprintf("%s (%s) belongs to %s, so it is not deleted. If the lock file is another account's, use --lock-file; to forget it: spotsync lock rm %s", m.address, m.id, seen.Owner, ShellQuote(m.address))})
		return c
	case Absent, Gone:
		c.Action = None
		c.Reasons = []string{"it is already gone from the library"}
		p.plan.LockChanges = append(p.plan.LockChanges, LockChange{Kind: LockForget, Address: m.address, ID: m.id, Reason: "no longer in the files, and already gone from the library"})
		return c
	}
	c.Before = picture(seen.Contents.Details, rowsOf(seen.Contents.Items, nil, nil))
	c.Before.Snapshot, c.Before.Following, c.Before.Seen = seen.Contents.Snapshot, true, seen.At
	if left {
		c.After = c.Before
		return p.leave(c, m, worked, key)
	}
	c.Edits = []Edit{NewEdit(Unfollow, nil)}
	if p.Command != CommandDestroy {
		c.Reasons = []string{"no longer in the files"}
	}
	protected := m.entry.PreventDestroy
	if m.block != nil {
		protected = m.block.Lifecycle.PreventDestroy
	}
	if protected {
		p.refuse(Refusal{Address: m.address, Summary: "prevent_destroy protects this playlist",
			Detail: fmt.Sprintf("%s would be deleted. To delete it, write the block with prevent_destroy = false, apply, and try again; to keep it but stop managing it: spotsync lock rm %s", m.address, ShellQuote(m.address))})
	}
	return c
}

func (p *planner) finish() {
	pl := p.plan
	slices.SortStableFunc(pl.Changes, func(a, b Change) int { return cmp.Compare(a.Address, b.Address) })
	slices.SortStableFunc(pl.Warnings, func(a, b Warning) int { return cmp.Compare(a.Address, b.Address) })
	slices.SortStableFunc(pl.Refusals, func(a, b Refusal) int { return cmp.Compare(a.Address, b.Address) })
	pl.markRefused()
	pl.LockChanges = slices.DeleteFunc(pl.LockChanges, func(l LockChange) bool { return l.Kind == LockForget && p.refused(l.Address) != "" })
	for i := range pl.Changes {
		c := &pl.Changes[i]
		if c.Action == Skipped || c.Refused || len(c.Unknown) > 0 {
			pl.Complete = false
		}
		if c.Alters() && c.Before != nil && c.After != nil {
			c.SongsRemoved = removals(*c)
		}
		c.Edits, c.Reasons = Listed(c.Edits), Listed(c.Reasons)
		for _, picture := range []*Picture{c.Before, c.After} {
			if picture != nil {
				picture.Tracks = Listed(picture.Tracks)
			}
		}
		if c.Desired != nil {
			c.Desired.Tracks = Listed(c.Desired.Tracks)
		}
	}
	pl.Changes, pl.LockChanges, pl.Warnings = Listed(pl.Changes), Listed(pl.LockChanges), Listed(pl.Warnings)
	pl.Checks, pl.Refusals = Listed(pl.Checks), Listed(pl.Refusals)
	pl.Summary = pl.Count()
}

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
		switch attr {
		case "name":
			w.Name = nil
		case "description":
			w.Description = nil
		case "public":
			w.Public = nil
		case "collaborative":
			w.Collaborative = nil
		case "tracks":
			w.HasTracks, w.Tracks, w.Titles = false, nil, nil
		}
	}
	return w
}

// names are what the files call the wanted items, where they say.
func (w *DesiredState) names() map[spotify.URI]string {
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
