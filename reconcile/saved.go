package reconcile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/spotify"
)

// Check reports a plan that this program can't understand or carry out: one of another format, and one that somebody
// has taken apart.
func (p *Plan) Check() error {
	major, _, _ := strings.Cut(p.FormatVersion, ".")
	ours, _, _ := strings.Cut(FormatVersion, ".")
	switch {
	case p.FormatVersion == "":
		return errors.New("it is not a plan of spotsync")
	case major != ours:
		return fmt.Errorf("it is a plan of format %s and this spotsync reads %s: plan again", p.FormatVersion, FormatVersion)
	}
	for _, c := range p.Changes {
		what := c.lacks()
		if _, why := p.RefusalOf(c.Address); what == "" && why != c.Refused {
			what = "a refusal, or the mark of one"
		}
		if what != "" {
			return fmt.Errorf("the plan of %s lacks %s: plan again", c.Address, what)
		}
	}
	return nil
}

// lacks is what a change would have if it were whole.
func (c Change) lacks() string {
	if !slices.Contains([]Action{Create, Update, Delete, Adopt, Restore, Held, Skipped, None}, c.Action) {
		return "an action"
	}
	if w := c.Desired; w != nil && len(w.Titles) > len(w.Tracks) {
		return "wanted tracks"
	}
	switch {
	case !c.Acts():
	case c.Action != Create && (c.ID == "" || c.Before == nil):
		return "the playlist as it was"
	case c.Action != Delete && (c.After == nil || c.Desired == nil):
		return "the playlist as it is to be"
	}
	return ""
}

// IDs are the playlists of one account that the plan speaks of.
func (p *Plan) IDs(label string) []spotify.ID {
	var ids []spotify.ID
	for _, c := range p.Changes {
		if c.Account == label && c.ID != "" && c.Acts() {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// Refresh compares what a saved plan was made from with what is on Spotify now. Where the contents are the same the plan
// takes over the snapshot just seen, which alone makes no plan stale. It returns the addresses that changed.
func (p *Plan) Refresh(observed map[string]*Observed) (stale []string) {
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Before == nil || !c.Acts() {
			continue
		}
		o := observed[c.Account]
		if o == nil {
			stale = append(stale, c.Address)
			continue
		}
		s := o.Seen[c.ID]
		was := c.Before.Contents(c.ID)
		there := s.Presence == Present && c.Before.Following || s.Presence == Absent && !c.Before.Following
		if !there || !SameItems(was.Items, s.Contents.Items) || !SameDetails(was.Details, s.Contents.Details) {
			stale = append(stale, c.Address)
			continue
		}
		c.Before.Snapshot, c.Before.Seen = s.Contents.Snapshot, s.At
	}
	return stale
}

// SameAs reports whether two plans do the same, whatever snapshots and times they were made at.
func (p *Plan) SameAs(other *Plan) bool {
	return p.Command == other.Command && p.Issuer == other.Issuer && p.Lock == other.Lock &&
		slices.Equal(p.LockChanges, other.LockChanges) && slices.Equal(p.Refusals, other.Refusals) &&
		slices.EqualFunc(p.Changes, other.Changes, func(a, b Change) bool {
			return a.Address == b.Address && a.Account == b.Account && a.Action == b.Action && a.ID == b.ID && SameEdits(a.Edits, b.Edits)
		})
}

// CheaperSaves is how many requests the way that gives up dates saves; 0 where there is none.
func (c Change) CheaperSaves() int {
	if c.Cheaper == nil {
		return 0
	}
	n := -len(c.Cheaper.Edits)
	for _, e := range c.Edits {
		if e.Items() {
			n++
		}
	}
	return n
}

// TakeCheaper makes the plan go the way that gives up dates for fewer requests, wherever there is one.
func (p *Plan) TakeCheaper() {
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Cheaper == nil {
			continue
		}
		p.Summary.Requests -= c.CheaperSaves()
		details := slices.DeleteFunc(slices.Clone(c.Edits), Edit.Items)
		c.Edits, c.DatesLost, c.Cheaper = append(details, c.Cheaper.Edits...), c.Cheaper.DatesLost, nil
		c.Desired.KeepDates = config.KeepNever
	}
}
