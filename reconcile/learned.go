package reconcile

import (
	"time"

	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// Learned is what was found out of how Spotify takes and shows what the files say of one playlist. The lock file, a base, a read
// and a plan each hold a part of it; what they hold is joined by [Learned.With] alone.
type Learned struct {
	Aliases       map[spotify.URI]spotify.URI `json:"aliases,omitempty"`        // wanted URI → the one Spotify shows for it
	Refuted       map[spotify.URI]spotify.URI `json:"refuted,omitempty"`        // wanted URI → another song that somebody put in its place; found out by each run anew
	Shown         map[string]string           `json:"shown,omitempty"`          // "name: …" and "description: …" of the files → how Spotify shows it
	PublicIgnored *bool                       `json:"public_ignored,omitempty"` // what was asked of public and Spotify ignores

	Withdrawn          map[spotify.URI]time.Time `json:"-"` // URIs that Spotify refused, and when that was last tried; in a change those of this run
	RefusedDescription string                    `json:"-"` // a description that Spotify refused; in a change that of this run
}

// LearnedBefore is what the lock file says was learned of a playlist.
func LearnedBefore(e lockfile.Playlist) Learned {
	return Learned{Aliases: e.Aliases, Shown: e.Shown, PublicIgnored: e.PublicIgnored, Withdrawn: e.Withdrawn, RefusedDescription: e.RefusedDescription}
}

// learnedThen is what a base says was learned of a playlist when both sides last agreed; nothing where there is none.
func learnedThen(b *store.Base) Learned {
	if b == nil {
		return Learned{}
	}
	return Learned{Aliases: b.Aliases, Shown: b.Shown, PublicIgnored: b.PublicIgnored}
}

// With is both in one, where newer counts.
func (l Learned) With(newer Learned) Learned {
	l.Aliases = joined(l.Aliases, newer.Aliases)
	l.Refuted = joined(l.Refuted, newer.Refuted)
	l.Shown = joined(l.Shown, newer.Shown)
	l.Withdrawn = joined(l.Withdrawn, newer.Withdrawn)
	if newer.PublicIgnored != nil {
		l.PublicIgnored = newer.PublicIgnored
	}
	if newer.RefusedDescription != "" {
		l.RefusedDescription = newer.RefusedDescription
	}
	return l
}

// KeepIn notes in a base what a base holds of it.
func (l Learned) KeepIn(b *store.Base) {
	b.Aliases, b.Shown, b.PublicIgnored = l.Aliases, l.Shown, l.PublicIgnored
}

// UpdateEntry notes in a lock entry what the plan and the run learned, and drops what is about texts that the files no longer
// say, or about a visibility that they no longer ask for.
func (c Change) UpdateEntry(e *lockfile.Playlist) {
	if c.Desired == nil {
		return
	}
	e.PreventDestroy = c.Desired.Protected
	all := LearnedBefore(*e).With(c.Learned)
	e.Aliases, e.Shown, e.Withdrawn = all.Aliases, renderings(all.Shown).of(*c.Desired), all.Withdrawn
	e.PublicIgnored, e.RefusedDescription = c.PublicIgnored, all.RefusedDescription
}

// ignoresPublic reports whether Spotify is known to ignore that this visibility is asked for.
func (l Learned) ignoresPublic(public bool) bool {
	return l.PublicIgnored != nil && *l.PublicIgnored == public
}

// refusesDescription reports whether Spotify has refused a description already. An empty one is none.
func (l Learned) refusesDescription(description string) bool {
	return l.RefusedDescription != "" && l.RefusedDescription == description
}
