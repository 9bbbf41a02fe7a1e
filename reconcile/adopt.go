package reconcile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/spotify"
)

// checkTwin refuses to create what has the name of a playlist that is there, or adopts that one if asked to.
func (p *planner) checkTwin(m *managed, o *Observed) {
	if m.block.Name == nil || !o.Asked {
		return
	}
	same := slices.DeleteFunc(p.namesakes(*m.block, o), func(pl spotify.Playlist) bool { return p.taken(pl.ID) })
	switch {
	case len(same) == 0 || p.CreateDuplicate || p.Command == CommandDestroy: // which makes no twins
		return
	case p.AdoptByName && len(same) == 1:
		m.id, m.entry, m.adopted = same[0].ID, lockfile.Playlist{}, "it has the name of the block"
		if !p.Attended {
			m.refusal = p.refuseLosing(*m, same[0])
		}
		return
	}
	how := "To manage one of them, write its id in the block, or use an import block"
	if len(same) == 1 {
		how = "To manage it, write id = \"" + string(same[0].ID) + "\" in the block, or use an import block, or run spotsync apply --adopt-by-name, which asks before it removes anything"
	}
	p.refuse(nameTaken(m.address, same, how))
}

// nameTaken refuses to create a playlist because of those that have its name. how says how to manage one of them.
func nameTaken(address string, same []spotify.Playlist, how string) Refusal {
	ids := make([]string, len(same))
	for i, pl := range same {
		ids[i] = string(pl.ID)
	}
	slices.Sort(ids)
	return Refusal{Address: address, Summary: "A playlist of this name exists already",
		Detail: fmt.Sprintf("The account owns %q (%s), which the lock file does not know. %s. To make another of the same name: spotsync apply --create-duplicate",
			same[0].Name, strings.Join(ids, ", "), how)}
}

// namesakes are the playlists that have the name of a block and that nothing names.
func (in Input) namesakes(block config.Playlist, o *Observed) []spotify.Playlist {
	if block.Name == nil {
		return nil
	}
	return slices.DeleteFunc(o.Owned(), func(pl spotify.Playlist) bool {
		return in.locked(pl.ID) || !NamedLike(*block.Name, pl.Name) || in.named(pl.ID) || in.awaited(block.Address, pl)
	})
}

// refuseLosing refuses to adopt with nobody to ask what would lose something by it: an item, or its exact name.
func (p *planner) refuseLosing(m managed, pl spotify.Playlist) *Refusal {
	trial := *p
	trial.plan, trial.diags = &Plan{}, nil
	c := trial.change(m)
	if c.Before == nil || c.After == nil {
		return nil // it could not be read, and is skipped for that
	}
	var would []string
	if gone := removals(c); gone > 0 {
		what := fmt.Sprintf("%d of its %d items", gone, len(c.Before.Tracks))
		if len(c.Before.Tracks) == 1 {
			what = "its only item"
		}
		would = append(would, "remove "+what)
	}
	if name := *m.block.Name; pl.Name != name && spotify.Unescape(pl.Name) != name {
		would = append(would, "change its name")
	}
	if len(would) == 0 {
		return nil
	}
	r := nameTaken(m.address, []spotify.Playlist{pl}, fmt.Sprintf("Adopting it would %s, which spotsync apply --adopt-by-name does only where it can ask: run that at a terminal, or write id = \"%s\" in the block",
		strings.Join(would, " and "), pl.ID))
	return &r
}

// PlaylistOf is the playlist that a block will turn out to mean, and the address it was known by so far: what the block, an
// import, the lock file or a moved block says, else the one that is adopted by its name. ID is empty for one to be created.
func (in Input) PlaylistOf(block config.Playlist, o *Observed) (id spotify.ID, address string) {
	if block.ID != "" {
		return block.ID, block.Address
	}
	for _, i := range in.Desired.Imports {
		if i.To == block.Address {
			return i.ID, block.Address
		}
	}
	if e, locked := in.Lock.Playlists[block.Address]; locked && o.Seen[e.ID].Presence != Gone {
		return e.ID, block.Address
	}
	for _, from := range sortedKeys(in.Lock.Playlists) {
		if in.movesTo(from, block.Address) {
			return in.Lock.Playlists[from].ID, from
		}
	}
	if same := in.namesakes(block, o); in.AdoptByName && !in.CreateDuplicate && len(same) == 1 {
		return same[0].ID, block.Address
	}
	return "", block.Address
}

// MayAdopt reports whether a playlist may come under management although nothing names its ID.
func (in Input) MayAdopt(label string, p spotify.Playlist) bool {
	if in.locked(p.ID) {
		return false
	}
	for _, c := range in.Creates {
		if c.Account == label && len(Candidates(c.Name, c.Known, []spotify.Playlist{p}, in.locked)) == 1 {
			return true
		}
	}
	return in.AdoptByName && slices.ContainsFunc(in.Desired.Playlists, func(b config.Playlist) bool {
		return b.Account == label && b.Name != nil && in.Includes(b.Address) && NamedLike(*b.Name, p.Name)
	})
}
