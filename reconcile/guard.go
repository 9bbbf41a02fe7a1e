package reconcile

import (
	"fmt"

	"github.com/spotsync/spotsync/config"
)

// The guards: how much may go before somebody has to say --force.
const (
	guardPlaylists = 3    // with fewer managed playlists, deleting is not guarded by share
	guardItems     = 10   // shorter playlists are not guarded
	guardShare     = 0.50 // of a playlist's items, unless lifecycle says otherwise
)

// guards refuses plans that would do more harm than a slip of the keyboard should.
func (p *planner) guards() {
	if p.Force || p.Command == CommandDestroy || p.Command == CommandRefreshOnly {
		return
	}
	var deletes int
	for _, c := range p.plan.Changes {
		if c.Action == Delete && !p.NoDelete && p.refused(c.Address) == "" {
			deletes++
		}
		r := guardRemovals(c)
		if r == nil && !p.Attended {
			r = guardTakeover(c)
		}
		if r != nil && p.refused(c.Address) == "" {
			p.refuse(*r)
		}
	}
	total := len(p.Lock.Playlists)
	switch {
	case len(p.Desired.Playlists) == 0 && deletes > 0 && p.Command != CommandRollback:
		p.refuse(Refusal{Guard: true, Summary: "The configuration has no playlists",
			Detail: fmt.Sprintf("The lock file knows %s, and all of them would be deleted. If that is meant: spotsync destroy, or spotsync apply --force. To stop managing them and keep them: spotsync lock rm '*'", plural(total, "playlist"))})
	case total >= guardPlaylists && deletes*3 > total:
		p.refuse(Refusal{Guard: true, Summary: "Too many playlists would be deleted",
			Detail: fmt.Sprintf("%d of %d managed playlists would go, and more than a third is refused. If that is meant: spotsync apply --force", deletes, total)})
	}
}

// guardRemovals refuses a change that takes more out of a playlist than its lifecycle allows.
func guardRemovals(c Change) *Refusal {
	if c.Before == nil || c.After == nil || c.Desired == nil || len(c.Before.Tracks) < guardItems {
		return nil
	}
	if c.Desired.cameToNothing() && c.Desired.WhenEmpty == config.EmptyClear {
		return nil // its owner has said so
	}
	gone := removals(c)
	limit, said := guardShare*float64(len(c.Before.Tracks)), "50%"
	if s := c.Desired.MaxRemovals; s != nil {
		limit, said = allowed(*s, len(c.Before.Tracks))
	}
	if float64(gone) <= limit {
		return nil
	}
	return &Refusal{Address: c.Address, Guard: true, Summary: "Too many items would be removed",
		Detail: fmt.Sprintf("%d of %d items of %q would go, and max_removals is %s. If that is meant: spotsync apply --force, or raise max_removals in the block's lifecycle.",
			gone, len(c.Before.Tracks), c.Before.Name, said)}
}

// guardTakeover refuses to take over, with nobody to ask, a playlist of which no item stays, however short it is: nothing is
// remembered of it, so a wrong ID looks the same. A block that says max_removals has been thought about.
func guardTakeover(c Change) *Refusal {
	if c.Action != Adopt || c.Before == nil || c.After == nil || c.Desired == nil || c.Desired.MaxRemovals != nil {
		return nil
	}
	n := len(c.Before.Tracks)
	if n == 0 || removals(c) < n {
		return nil
	}
	return &Refusal{Address: c.Address, Guard: true, Summary: "Taking it over would keep none of its items",
		Detail: fmt.Sprintf("%q (%s) holds %s, none of which the block wants. Look whether the ID is the right one. If that is meant, run spotsync apply and answer its question, or spotsync apply --force, or write max_removals = \"100%%\" in the block's lifecycle.",
			c.Before.Name, c.ID, plural(n, "item"))}
}

func allowed(s config.Share, of int) (limit float64, said string) {
	if s.IsPercent {
		return s.Percent / 100 * float64(of), fmt.Sprintf("%g%%", s.Percent)
	}
	return float64(s.Count), fmt.Sprint(s.Count)
}

// removals counts the rows a change takes away for good.
func removals(c Change) int {
	stays := make(map[string]int, len(c.After.Tracks))
	for _, r := range c.After.Tracks {
		stays[rowKey(r)]++
	}
	gone := 0
	for _, r := range c.Before.Tracks {
		if stays[rowKey(r)] > 0 {
			stays[rowKey(r)]--
			continue
		}
		gone++
	}
	return gone
}

func rowKey(r Row) string {
	if r.Opaque {
		return "opaque:" + string(r.URI)
	}
	return string(r.URI)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
