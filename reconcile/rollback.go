package reconcile

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// RollbackInput is everything the plan of a rollback depends on.
type RollbackInput struct {
	Issuer   string
	Now      time.Time
	Desired  *config.Desired // what the files say, which is held back afterwards
	Lock     *lockfile.File
	Observed map[string]*Observed
	Versions []store.Version   // what to go back to, one for each address
	Accounts map[string]string // address → account label
	Creates  []store.Create    // asked for by an earlier run, outcome not recorded
	Force    bool              // lift the guards on size
	Bases    map[string]store.Base
}

// NewRollback plans to bring playlists back to versions that history holds: what was created is taken out of the library,
// what was deleted is put back, what was changed gets back what it held. Each that changes is held afterwards, until
// its text is changed. The guards hold as they do for an apply. Like [NewPlan] it reads nothing and changes none of its input.
func NewRollback(in RollbackInput) *Plan {
	p := &planner{
		Input: Input{Command: CommandRollback, Issuer: in.Issuer, Now: in.Now, Desired: in.Desired, Lock: in.Lock, Observed: in.Observed, Creates: in.Creates, Bases: in.Bases, Attended: true, Force: in.Force},
		plan: &Plan{FormatVersion: FormatVersion, Command: CommandRollback, Issuer: in.Issuer, PlannedAt: in.Now.UTC(), Lock: Digest(in.Lock),
			Accounts: make(map[string]PlanAccount), Complete: true},
	}
	p.checkAccounts()
	versions := slices.Clone(in.Versions)
	slices.SortFunc(versions, func(a, b store.Version) int { return strings.Compare(a.Address, b.Address) })
	for _, v := range versions {
		c := p.goBack(v, in.Accounts[v.Address])
		if c.Action.Changes() {
			c.HoldFingerprint = Fingerprint(p.block(v.Address))
		}
		p.addChange(c)
	}
	p.guards()
	p.finish()
	return p.plan
}

func (in Input) block(address string) *config.Playlist {
	for i := range in.Desired.Playlists {
		if in.Desired.Playlists[i].Address == address {
			return &in.Desired.Playlists[i]
		}
	}
	return nil
}

// goBack plans the way of one playlist back to a version.
func (p *planner) goBack(v store.Version, account string) Change {
	entry := p.Lock.Playlists[v.Address]
	m := managed{address: v.Address, account: account, id: v.ID, entry: entry, block: p.block(v.Address)}
	c := Change{Address: v.Address, Account: account, ID: v.ID, Action: None, Origin: FromFiles}
	if v.Before == nil {
		m.id = entry.ID // the ID was not known when the version was written
		c.ID = m.id
	}
	if m.id == "" {
		c.Reasons = []string{"the run did not come to create it"}
		return c
	}
	if entry.ID != "" && entry.ID != m.id {
		return c.skip(fmt.Errorf("the address is playlist %s now, and that version is of %s", entry.ID, m.id))
	}
	seen := p.seen(m)
	switch {
	case seen.Presence == Unread:
		return c.skip(seen.Err)
	case seen.Presence == NotOwned:
		p.refuse(somebodyElses(m, seen.Owner))
		c.Action, c.Reasons = Skipped, []string{"it belongs to " + string(seen.Owner)}
		return c
	case v.Before == nil || !v.Before.Following:
		if seen.Presence != Present {
			c.Reasons = []string{"it is already gone from the library"}
			return c
		}
		c = p.deletion(c, m)
		c.Reasons = []string{"it did not exist before: the run created it"}
		if v.Before != nil {
			c.Reasons = []string{"the run put it back into the library"}
		}
		return c
	}
	wish := stateBefore(*v.Before, renderings(entry.Shown))
	wish.Protected = entry.PreventDestroy
	if m.block != nil {
		wish.MaxRemovals = m.block.Lifecycle.MaxRemovals
	}
	c.Desired = &wish
	local := slices.ContainsFunc(v.Before.Items, func(it spotify.Item) bool { return it.Local })
	if o := p.Observed[account]; seen.Presence == Gone && o.Asked && p.finishCreate(&m, o) {
		if why := p.refused(v.Address); why != "" {
			c.Action, c.Reasons = Skipped, []string{why}
			return c
		}
		c.ID, c.Reasons = m.id, []string{m.adopted}
		seen = p.seen(m)
	}
	if seen.Presence == Gone {
		d := diff(wish, store.Contents{}, Learned{}, nil, p.Now)
		c.apply(d)
		c.Action, c.ID, c.Before = Create, "", nil
		c.Edits = append([]Edit{NewEdit(CreateIt, &Details{Name: wish.Name, Description: wish.Description, Public: visibility(wish), Collaborative: wish.Collaborative})}, d.items...)
		c.Reasons = []string{"Spotify no longer knows " + string(m.id) + "; it is made anew from history"}
		return c
	}
	if b, ok := p.Bases[v.Address]; ok && b.Contents.ID == m.id {
		seen.Contents.Items = Recognize(seen.Contents.Items, Recollect(&b))
	}
	c.apply(diff(wish, seen.Contents, Learned{Aliases: entry.Aliases, Withdrawn: entry.Withdrawn, Shown: entry.Shown}, nil, p.Now))
	c.Origin, c.Before.Seen = FromFiles, seen.At
	switch {
	case seen.Presence == Absent:
		c.Action = Restore
		c.Edits = append([]Edit{NewEdit(Follow, nil)}, c.Edits...)
	case m.adopted != "":
		c.Action = Adopt
	case len(c.Edits) > 0:
		c.Action = Update
	}
	if local && c.Action.Changes() {
		p.warn(v.Address, "local files that were taken out of it since can't be put back: Spotify's API does not add them")
	}
	return c
}

// wishFor is a block that would say what a playlist held.
func stateBefore(c store.Contents, shown renderings) DesiredState {
	name, description := shown.written(c.Details.Name, nameText), shown.written(c.Details.Description, descriptionText)
	w := DesiredState{Name: &name, Description: &description, Public: c.Details.Public, Collaborative: &c.Details.Collaborative,
		HasTracks: true, Mode: config.ModeSync, KeepDates: config.KeepAlways}
	if name == "" {
		w.Name = nil // Spotify ignores an empty one
	}
	if c.Details.Collaborative && c.Details.Public != nil && *c.Details.Public {
		w.Public = nil // it showed both, which can't be asked for
	}
	for _, it := range c.Items {
		if it.Opaque() {
			continue
		}
		w.Tracks = append(w.Tracks, URIOf(it))
		w.Titles = append(w.Titles, TitleOf(it.Track))
	}
	return w
}
