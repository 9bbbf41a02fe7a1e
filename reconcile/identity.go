package reconcile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// DefaultAccount is the label of the account a playlist belongs to when its block says nothing.
const DefaultAccount = "default"

// checkAccounts makes sure that every label still means who it meant.
func (p *planner) checkAccounts() {
	for _, label := range sortedKeys(p.Observed) {
		o := p.Observed[label]
		p.plan.Accounts[label] = PlanAccount{ID: o.User.Account(), User: o.User.ID, Name: o.User.DisplayName}
		if locked, ok := p.Lock.Accounts[label]; ok && !SameAccount(locked, o.User) {
			p.refuse(Refusal{Summary: "The login belongs to another account",
				Detail: fmt.Sprintf("The lock file says account %q is %s, and the login is for %s. Log in as the right one (spotsync login%s), or use the lock file that belongs to this account (--lock-file).",
					label, who(locked.Name, locked.ID), who(o.User.DisplayName, o.User.Account()), LoginFlag(label))})
		}
	}
}

// SameAccount reports whether a login is for the account that the lock file means. One locked before Spotify told account
// IDs is known by its user ID.
func SameAccount(locked lockfile.Account, u spotify.User) bool {
	return locked.ID == u.Account() || locked.ID == u.ID
}

// checkMissing refuses to believe that all locked playlists were deleted: more likely the listing is somebody else's.
// What is held or on its way out anyway proves nothing.
func (p *planner) checkMissing() {
	for _, label := range sortedKeys(p.Observed) {
		o := p.Observed[label]
		locked, missing, restored := 0, 0, 0
		for _, m := range p.managed {
			_, seen := o.Seen[m.id]
			if m.account != label || m.entry.ID == "" || m.entry.ID != m.id || m.entry.Held != nil || !seen || !p.Includes(m.address) {
				continue
			}
			locked++
			if slices.Contains(o.Missing, m.id) {
				missing++
				if m.block != nil {
					restored++
				}
			}
		}
		if o.Asked && locked >= 2 && missing == locked && restored > 0 && p.Command != CommandDestroy {
			p.refuse(Refusal{Summary: "None of the managed playlists is in this account",
				Detail: fmt.Sprintf("The lock file names %d playlists of account %q, and %s has none of them. Nothing is restored, for this looks like another account or a reset one. Check who is logged in (spotsync auth status); to put a playlist back on purpose: spotsync apply --target REF with one of them, or spotsync rollback.",
					locked, label, who(o.User.DisplayName, o.User.Account()))})
		}
	}
}

func who(name string, id spotify.ID) string {
	if name == "" {
		return string(id)
	}
	return fmt.Sprintf("%s (%s)", name, id)
}

// identify works out which playlist each address means, and refuses where that would be a guess.
func (p *planner) identify() {
	entries := maps.Clone(p.Lock.Playlists)
	if entries == nil {
		entries = make(map[string]lockfile.Playlist)
	}
	blocks := make(map[string]*config.Playlist, len(p.Desired.Playlists))
	for i := range p.Desired.Playlists {
		blocks[p.Desired.Playlists[i].Address] = &p.Desired.Playlists[i]
	}
	p.moveEntries(entries, blocks)
	p.removeEntries(entries, blocks)

	for _, address := range slices.Sorted(maps.Keys(blocks)) {
		p.managed = append(p.managed, p.identifyBlock(address, blocks[address], entries))
	}
	for _, address := range sortedKeys(entries) {
		if blocks[address] == nil {
			e := entries[address]
			p.managed = append(p.managed, managed{address: address, account: e.Account, id: e.ID, entry: e})
		}
	}
	slices.SortFunc(p.managed, func(a, b managed) int { return strings.Compare(a.address, b.address) })
	p.checkUnique()
	p.checkRenamed()
	p.checkMissing()
}

func (p *planner) diagnose(rng hcl.Range, summary, format string, args ...any) {
	p.diags = append(p.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: &rng})
}

func (p *planner) removeEntries(entries map[string]lockfile.Playlist, blocks map[string]*config.Playlist) {
	for _, r := range p.Desired.Removed {
		e, ok := entries[r.From]
		if !ok {
			continue
		}
		if blocks[r.From] != nil {
			p.diagnose(r.Range, "Removed playlist still exists", "%s is said to be removed, and there is still a block of that name. Remove one of the two.", r.From)
			continue
		}
		if r.Destroy {
			continue
		}
		delete(entries, r.From)
		p.plan.LockChanges = append(p.plan.LockChanges, LockChange{Kind: LockForget, Address: r.From, ID: e.ID, Reason: "removed block; it stays on Spotify"})
	}
}

// identifyBlock finds the playlist of one block: what the block itself says, an import, the lock file; else a new one,
// unless something hints that it exists.
func (p *planner) identifyBlock(address string, b *config.Playlist, entries map[string]lockfile.Playlist) managed {
	e, locked := entries[address]
	m := managed{address: address, account: b.Account, block: b, entry: e}
	given, rng := b.ID, b.Ranges["id"]
	for _, i := range p.Desired.Imports {
		if i.To != address {
			continue
		}
		switch {
		case given != "" && given != i.ID:
			p.diagnose(i.Range, "Import contradicts id", "%s has id = %q and is imported as %q. Keep one.", address, given, i.ID)
		case locked && e.ID != i.ID:
			p.diagnose(i.Range, "Address is taken", "%s is playlist %s in the lock file, so %s can't be imported to it. First: spotsync lock rm %s", address, e.ID, i.ID, ShellQuote(address))
		case given == "":
			given, rng = i.ID, i.Range
		}
	}
	if locked && e.Account != b.Account && (given == "" || given == e.ID) {
		p.refuse(Refusal{Address: address, Summary: "A playlist can't change accounts",
			Detail: fmt.Sprintf("%s belongs to account %q in the lock file and the block says %q. Give the new account a block of its own; what becomes of the old one is up to a removed block or: spotsync lock rm %s", address, e.Account, b.Account, ShellQuote(address))})
		m.id = e.ID
		return m
	}
	if given != "" && (!locked || e.ID != given) {
		m.id, m.entry = given, lockfile.Playlist{}
		m.adopted = "managed from now on, as the files say"
		p.checkOwner(m, rng)
		return m
	}
	if locked {
		m.id = e.ID
		p.checkOwner(m, rng)
		if o := p.Observed[m.account]; o != nil && p.Includes(address) && p.seen(m).Presence == Gone {
			p.identifyGone(&m, o)
		}
		return m
	}
	p.identifyNew(&m)
	return m
}

// checkOwner refuses to touch somebody else's playlist.
func (p *planner) checkOwner(m managed, rng hcl.Range) {
	if !p.Includes(m.address) {
		return
	}
	s := p.seen(m)
	switch {
	case s.Presence == NotOwned && m.adopted != "":
		p.diagnose(rng, "Not your playlist", "%s belongs to %s. Only playlists of the account itself can be managed; to have a copy, leave out the ID.", m.id, s.Owner)
	case s.Presence == Gone && m.adopted != "":
		p.diagnose(rng, "No such playlist", "Spotify knows no playlist %s that this account may see. Playlists made by Spotify itself can't be managed.", m.id)
	case s.Presence == NotOwned:
		p.refuse(somebodyElses(m, s.Owner))
	}
}

func somebodyElses(m managed, owner spotify.ID) Refusal {
	return Refusal{Address: m.address, Summary: "The playlist belongs to somebody else",
		Detail: fmt.Sprintf("%s (%s) belongs to %s. Nothing is changed. If the lock file is another account's, use --lock-file; to forget it: spotsync lock rm %s", m.address, m.id, owner, ShellQuote(m.address))}
}

// identifyNew decides about an address that nothing names: it is new, unless that would make a twin.
func (p *planner) identifyNew(m *managed) {
	if !p.Includes(m.address) {
		return
	}
	if r := p.lastRemembered(m.address); r != "" {
		p.refuse(Refusal{Address: m.address, Whole: true, Summary: "The lock file has forgotten this playlist",
			Detail: fmt.Sprintf("This computer made %s playlist %s, and the lock file no longer says so. Bring the file back from git, or run: spotsync lock restore %s. If a new playlist is meant: spotsync lock rm %s", m.address, r, ShellQuote(m.address), ShellQuote(m.address))})
		return
	}
	name := m.block.Name
	o := p.Observed[m.account]
	if name == nil || o == nil || !o.Asked {
		return
	}
	if p.finishCreate(m, o) {
		return
	}
	p.checkTwin(m, o)
}

// identifyGone decides about an address whose playlist Spotify no longer knows: it is made anew, unless its ID in the lock
// file is a mistake and the playlist is there under another.
func (p *planner) identifyGone(m *managed, o *Observed) {
	if p.finishCreate(m, o) {
		m.entry = lockfile.Playlist{} // an interrupted run had begun to make it anew
		return
	}
	r := p.lastRemembered(m.address)
	if slices.ContainsFunc(o.Owned(), func(pl spotify.Playlist) bool { return pl.ID == r }) && !p.claimed(r) {
		p.refuse(Refusal{Address: m.address, Whole: true, Summary: "The lock file names another playlist",
			Detail: fmt.Sprintf("The lock file says %s is playlist %s, which Spotify does not know; this computer made it playlist %s. Bring the file back from git, or run: spotsync lock restore %s. If a new playlist is meant: spotsync lock rm %s", m.address, m.id, r, ShellQuote(m.address), ShellQuote(m.address))})
		return
	}
	p.checkTwin(m, o)
}

// finishCreate looks for the playlist of a create whose outcome was never recorded: of that name, owned, empty, neither
// locked nor there before. It reports whether the address is settled by that.
func (p *planner) finishCreate(m *managed, o *Observed) bool {
	for _, c := range p.Creates {
		if c.Address != m.address {
			continue
		}
		found := p.candidates(c.Name, c.Known, o)
		switch len(found) {
		case 0:
			continue
		case 1:
			m.id, m.adopted, m.created = found[0].ID, "an interrupted run created it", true
			return true
		}
		ids := make([]string, len(found))
		for i, pl := range found {
			ids[i] = string(pl.ID)
		}
		p.refuse(Refusal{Address: m.address, Summary: "An interrupted run may have created more than one playlist",
			Detail: fmt.Sprintf("%q is empty and new in %s. Delete all but one in Spotify, or name the right one with id = \"…\" in the block.", c.Name, strings.Join(ids, ", "))})
		return true
	}
	return false
}

// candidates are the playlists an unanswered create may have made.
func (p *planner) candidates(name string, known []spotify.ID, o *Observed) []spotify.Playlist {
	return Candidates(name, known, o.Owned(), func(id spotify.ID) bool {
		return p.locked(id) || p.claimed(id)
	})
}

// awaited reports whether the playlist may be what an interrupted run made for another address.
func (in Input) awaited(address string, pl spotify.Playlist) bool {
	return slices.ContainsFunc(in.Creates, func(c store.Create) bool {
		return c.Address != address && len(Candidates(c.Name, c.Known, []spotify.Playlist{pl}, in.locked)) == 1 &&
			slices.ContainsFunc(in.Desired.Playlists, func(b config.Playlist) bool { return b.Address == c.Address && in.Includes(b.Address) })
	})
}

// Candidates are the playlists a create whose answer was lost may have made: of that name, empty, and neither there
// before nor taken by another address.
func Candidates(name string, known []spotify.ID, owned []spotify.Playlist, taken func(spotify.ID) bool) []spotify.Playlist {
	var found []spotify.Playlist
	for _, pl := range owned {
		if NamedLike(name, pl.Name) && pl.Total <= 0 && !slices.Contains(known, pl.ID) && !taken(pl.ID) {
			found = append(found, pl)
		}
	}
	return found
}

// claimed reports whether another block or import of these files means the playlist.
func (p *planner) claimed(id spotify.ID) bool { return p.named(id) || p.taken(id) }

// named reports whether a block or import of these files names the playlist by its ID.
func (in Input) named(id spotify.ID) bool {
	return slices.ContainsFunc(in.Desired.Playlists, func(b config.Playlist) bool { return b.ID == id }) ||
		slices.ContainsFunc(in.Desired.Imports, func(i config.Import) bool { return i.ID == id })
}

// taken reports whether the playlist was found to be that of an address. One that may not be adopted is nobody's.
func (p *planner) taken(id spotify.ID) bool {
	return slices.ContainsFunc(p.managed, func(m managed) bool { return m.id == id && m.refusal == nil })
}

func (p *planner) lastRemembered(address string) spotify.ID {
	list := p.Remembered[address]
	if len(list) == 0 || list[len(list)-1].Forgotten {
		return ""
	}
	id := list[len(list)-1].ID
	if _, elsewhere := p.Lock.AddressOf(id); elsewhere {
		return "" // it is managed under another address
	}
	return id
}

// checkUnique makes sure that no playlist has two addresses.
func (p *planner) checkUnique() {
	first := make(map[spotify.ID]managed)
	for _, m := range p.managed {
		if m.id == "" || m.refusal != nil {
			continue
		}
		other, twice := first[m.id]
		if !twice {
			first[m.id] = m
			continue
		}
		b := m.block
		if b == nil {
			b = other.block
		}
		if b == nil {
			continue // the lock file itself refuses this
		}
		hint := "Give each block a playlist of its own."
		if m.block == nil || other.block == nil {
			gone, here := other.address, m.address
			if m.block == nil {
				gone, here = here, gone
			}
			hint = fmt.Sprintf("If the block was renamed, add:\n\nmoved {\n  from = %s\n  to   = %s\n}", gone, here)
		}
		p.diagnose(b.Range, "One playlist at two addresses", "%s and %s both mean playlist %s. %s", other.address, m.address, m.id, hint)
	}
}

// checkRenamed refuses to delete one playlist and create another of the same name in one go: that is a renamed label.
func (p *planner) checkRenamed() {
	if p.Command == CommandDestroy {
		return
	}
	renamed := make(map[string]string) // label of what is gone, to what looks like its new name
	for _, gone := range p.managed {
		if gone.block != nil || !p.Includes(gone.address) {
			continue
		}
		s := p.seen(gone)
		for _, m := range p.managed {
			if m.block == nil || m.id != "" && m.refusal == nil || m.block.Name == nil || m.account != gone.account || !p.Includes(m.address) {
				continue
			}
			known := gone.entry.Name != "" && NamedLike(*m.block.Name, gone.entry.Name)
			if !known && (s.Presence != Present || !NamedLike(*m.block.Name, s.Contents.Details.Name)) {
				continue
			}
			p.refuse(Refusal{Address: m.address, Summary: "This looks like a renamed block",
				Detail: fmt.Sprintf("%s is gone from the files and %s, of the same name, is new. To keep the playlist with its followers and dates, add:\n\nmoved {\n  from = %s\n  to   = %s\n}\n\nIf two different playlists are meant, %s", gone.address, m.address, gone.address, m.address, p.apart(gone))})
			p.refuse(Refusal{Address: gone.address, Summary: "This looks like a renamed block",
				Detail: fmt.Sprintf("It is not deleted while %s looks like its new name.", m.address)})
			renamed[labelOf(gone.address)] = m.address
		}
	}
	for _, gone := range p.managed { // a block that is renamed takes its instances along, those whose key is gone meanwhile too
		to, ok := renamed[labelOf(gone.address)]
		if !ok || gone.block != nil || !p.Includes(gone.address) || p.refused(gone.address) != "" || p.isRemoved(gone.address) {
			continue
		}
		p.refuse(Refusal{Address: gone.address, Summary: "Its block looks renamed",
			Detail: fmt.Sprintf("It is not deleted while %s looks like the new name of another playlist of its block. To delete it all the same, add a removed block with from = %s and lifecycle { destroy = true }.", to, gone.address)})
	}
}

// labelOf is the label of the block that an address belongs to.
func labelOf(address string) string {
	a, err := config.ParseAddress(address)
	if err != nil {
		return ""
	}
	return a.Label
}

// Managed are the playlists of an account that a plan has to know of. all reports that nothing else of the account counts:
// every block means one of them, so that nothing is created, and none that an earlier run began to create is looked for.
func (in Input) Managed(label string) (ids []spotify.ID, all bool) {
	known := make(map[string]bool)
	add := func(address, account string, id spotify.ID) {
		if id != "" && account == label && in.Includes(address) {
			ids = append(ids, id)
			known[address] = true
		}
	}
	account := make(map[string]string, len(in.Desired.Playlists))
	for _, p := range in.Desired.Playlists {
		account[p.Address] = p.Account
		add(p.Address, p.Account, p.ID)
	}
	for _, i := range in.Desired.Imports {
		add(i.To, account[i.To], i.ID)
	}
	for _, address := range sortedKeys(in.Lock.Playlists) {
		e := in.Lock.Playlists[address]
		add(address, e.Account, e.ID)
		for _, m := range concreteMoves(in.Desired.Moved, address) {
			add(m.To, e.Account, e.ID)
		}
	}
	all = !slices.ContainsFunc(in.Desired.Playlists, func(p config.Playlist) bool {
		return p.Account == label && in.Includes(p.Address) && !known[p.Address]
	}) && !slices.ContainsFunc(in.Creates, func(c store.Create) bool { return c.Account == label })
	return ids, all
}

// AwaitsCreate reports whether a create of less than a minute ago shows nowhere yet.
func (in Input) AwaitsCreate(label string, o *Observed) bool {
	for _, c := range in.Creates {
		if c.Account != label || in.Now.Sub(c.Time) > SettleWindow || !in.Includes(c.Address) {
			continue
		}
		if e, locked := in.Lock.Playlists[c.Address]; locked && o.Seen[e.ID].Presence != Gone {
			continue
		}
		if len(Candidates(c.Name, c.Known, o.Owned(), in.locked)) == 0 {
			return true
		}
	}
	return false
}

func (in Input) locked(id spotify.ID) bool {
	_, known := in.Lock.AddressOf(id)
	return known
}
