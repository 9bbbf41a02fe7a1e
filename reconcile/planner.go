package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
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

func (in Input) Includes(address string) bool { return in.Targeted == nil || in.Targeted(address) }

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
		if !in.Includes(m.address) {
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
		b.Refuted = seen.Learned.Refuted
		base = &b
		base.Ours = OursSince(seen.Written, base)
	} else if m.created { // and nobody has touched it since
		base = &store.Base{Address: m.address, Time: p.Now, Confirmed: true, Contents: seen.Contents}
	}
	if p.flagsExclude(m, wish, seen.Contents, base) {
		c.Action, c.Reasons = Skipped, []string{flagsSummary}
		return c
	}
	d := diff(wish, seen.Contents, LearnedBefore(m.entry).With(seen.Learned), base, p.Now)
	d.learned = d.learned.With(seen.Learned)
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
	d := diff(wish, store.Contents{}, Learned{Withdrawn: m.entry.Withdrawn}, nil, p.Now)
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
