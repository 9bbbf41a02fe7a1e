package reconcile

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/spotsync/spotsync/config"
)

// This file: results of evaluation that may be a mistake somewhere in a file, a list of songs that came to nothing and a key
// that is gone from for_each. Neither takes anything away unless its owner has said that it may.

// The statuses of a [CheckResult].
const (
	CheckPass = "pass"
	CheckFail = "fail"
)

// cameToNothing reports whether the wanted list was worked out, is empty, and would be made so.
func (w *DesiredState) cameToNothing() bool {
	return w != nil && w.Nothing != "" && w.HasTracks && w.Mode == config.ModeSync && len(w.Tracks) == 0
}

// keepSongs leaves the songs alone where the wanted list came to nothing and nothing is to be taken out for that: always with
// when_empty = "keep", and with "refuse" when there is none, so that one added meanwhile is safe too. items is how many there
// are.
func (w DesiredState) keepSongs(items int) DesiredState {
	if w.cameToNothing() && (w.WhenEmpty == config.EmptyKeep || w.WhenEmpty == config.EmptyRefuse && items == 0) {
		w.HasTracks, w.Tracks, w.Titles = false, nil, nil
	}
	return w
}

// checkEmpty looks at a playlist that has songs and whose wanted list came to nothing; wanted is what the files want, and c
// what is to be done.
func (p *planner) checkEmpty(m managed, wanted *DesiredState, c *Change) {
	if !wanted.cameToNothing() || len(c.Before.Tracks) == 0 || p.Command == CommandRefreshOnly {
		return
	}
	songs := plural(len(c.Before.Tracks), "song")
	result := CheckResult{Address: m.address, Kind: "when_empty", Status: CheckPass, Source: source(m.block.Ranges["tracks"])}
	switch wanted.WhenEmpty {
	case config.EmptyKeep:
		result.Message = fmt.Sprintf("The list came to nothing: %s. when_empty is \"keep\", so the %s in it stay.", wanted.Nothing, songs)
		c.Reasons = append(c.Reasons, fmt.Sprintf("its %s stay, as when_empty = \"keep\" says: %s", songs, wanted.Nothing))
	case config.EmptyClear:
		result.Message = fmt.Sprintf("The list came to nothing: %s. when_empty is \"clear\", so the playlist becomes empty.", wanted.Nothing)
		c.Reasons = append(c.Reasons, fmt.Sprintf("it becomes empty, as when_empty = \"clear\" says: %s", wanted.Nothing))
	default:
		gone := removals(*c)
		if gone == 0 {
			return // what there is can't be taken out, or stays
		}
		result.Status = CheckFail
		result.Message = fmt.Sprintf("The list came to nothing: %s.", wanted.Nothing)
		where := ""
		if result.Source != "" {
			where = " in " + result.Source
		}
		p.refuse(Refusal{Address: m.address, Summary: "Its list of songs came to nothing",
			Detail: fmt.Sprintf("%q has %s, and the list%s has none: %s. If that is a mistake, mend it. If the playlist is to be empty then, write when_empty = \"clear\" in its block; to keep its songs then, when_empty = \"keep\".",
				c.Before.Name, songs, where, wanted.Nothing)})
	}
	p.plan.Checks = append(p.plan.Checks, result)
}

// refuseMadeOfNothing leaves alone what would lose songs while its list uses one that came to nothing, unless the owner of
// that one has said that it may be empty.
func (p *planner) refuseMadeOfNothing() {
	if p.Command == CommandDestroy || p.Command == CommandRefreshOnly {
		return
	}
	suspect := make(map[string]CheckResult)
	for _, r := range p.plan.Checks {
		if r.Kind == "when_empty" {
			suspect[r.Address] = r
		}
	}
	for _, m := range p.managed {
		if m.block == nil {
			continue
		}
		i := slices.IndexFunc(p.plan.Changes, func(c Change) bool { return c.Address == m.address })
		if i < 0 || p.refused(m.address) != "" {
			continue
		}
		c := p.plan.Changes[i]
		if !c.Action.Changes() || c.Before == nil || c.After == nil || removals(c) == 0 {
			continue
		}
		on := slices.IndexFunc(m.block.MadeOf, func(a string) bool {
			r, known := suspect[a]
			return known && (r.Status == CheckFail || p.whenEmpty(a) == config.EmptyKeep)
		})
		if on < 0 {
			continue
		}
		empty := m.block.MadeOf[on]
		p.refuse(Refusal{Address: m.address, Summary: "It is made of a list that came to nothing",
			Detail: fmt.Sprintf("%s of %q would go, and its list uses the songs of %s. %s If that is a mistake, mend it. If %s may be empty, write when_empty = \"clear\" in its block.",
				plural(removals(c), "song"), c.Before.Name, empty, suspect[empty].Message, empty)})
	}
}

// whenEmpty is what the block of an address says of an empty list.
func (p *planner) whenEmpty(address string) config.WhenEmpty {
	for _, b := range p.Desired.Playlists {
		if b.Address == address {
			return b.WhenEmpty
		}
	}
	return ""
}

// source is a place in a file, for plans.
func source(rng hcl.Range) string {
	if rng.Filename == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", rng.Filename, rng.Start.Line)
}

// keyGone finds the for_each that an address without a block has left, if its keys are worked out and nobody has said what
// is to become of the playlist.
func (p *planner) keyGone(m managed) (config.Worked, config.Address, bool) {
	a, err := config.ParseAddress(m.address)
	if m.block != nil || p.Command == CommandDestroy || err != nil || !a.Indexed || p.isRemoved(m.address) {
		return config.Worked{}, a, false
	}
	i := slices.IndexFunc(p.Desired.Worked, func(w config.Worked) bool { return w.Label == a.Label })
	if i < 0 {
		return config.Worked{}, a, false
	}
	return p.Desired.Worked[i], a, true
}

// leave is the change of a playlist whose key is gone: none, with both ways on.
func (p *planner) leave(c Change, m managed, w config.Worked, a config.Address) Change {
	c.Action, c.KeyGone = None, true
	c.Reasons = []string{fmt.Sprintf("for_each no longer has the key %q; it is worked out from %s (%s), so that may be a mistake, and nothing is deleted. "+
		"To delete it, add a removed block with from = %s and lifecycle { destroy = true }, or run spotsync destroy --target %s; with destroy = false it stays on Spotify and is no longer managed",
		a.Key, w.From, source(w.Range), m.address, ShellQuote(m.address))}
	return c
}

// apart names the way out where a playlist that has lost its key looks like a new one.
func (p *planner) apart(gone managed) string {
	if _, _, left := p.keyGone(gone); left {
		return fmt.Sprintf("add a removed block with from = %s for the old one", gone.address)
	}
	return fmt.Sprintf("apply the removal first: spotsync apply --target %s", ShellQuote(gone.address))
}
