package reconcile

import (
	"strconv"
	"time"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/reconcile/edit"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// Spotify removes a song by the URI it was added by. Where it shows another one in its place and keeps the first to itself,
// as to newer apps, a song that somebody else added can't be removed: the request is answered with 200 and does nothing. A row
// that is there after its removal, as old as before, is such a one. It is left alone as an opaque row is.

// Removed are the rows that a change took out by the URI they are shown under, by when they were added, and those a base
// says were there after their removal and still were before this change.
func (c Change) Removed(base *store.Base) map[spotify.URI]time.Time {
	if c.Before == nil {
		return nil
	}
	return joined(staying(base, c.Before.Tracks), c.removed())
}

// removed are the rows that a change took out by the URI they are shown under, by when they were added.
func (c Change) removed() map[spotify.URI]time.Time {
	if c.Before == nil {
		return nil
	}
	out := make(map[spotify.URI]time.Time)
	for _, e := range c.Edits {
		if e.Kind != edit.Remove {
			continue
		}
		sent := count(e.URIs)
		for _, r := range c.Before.Tracks {
			if sent[r.URI] > 0 && !r.Opaque && r.shown() == r.URI && !r.AddedAt.IsZero() {
				out[r.URI] = r.AddedAt
			}
		}
	}
	return out
}

// shown is the URI that Spotify shows for a row.
func (r Row) shown() spotify.URI {
	if r.ObservedURI != "" {
		return r.ObservedURI
	}
	return r.URI
}

// staying are the rows of a base's that were there after they were removed, and still are.
func staying(base *store.Base, rows []Row) map[spotify.URI]time.Time {
	if base == nil || len(base.Removed) == 0 {
		return nil
	}
	out := make(map[spotify.URI]time.Time)
	for _, r := range rows {
		if at, ok := base.Removed[r.shown()]; ok && r.AddedAt.Equal(at) {
			out[r.shown()] = at
		}
	}
	return out
}

// leaveStaying makes opaque what Spotify does not remove.
func (d *difference) leaveStaying(w DesiredState, rows []Row, want []spotify.URI, base *store.Base) {
	stays := staying(base, rows)
	if len(stays) == 0 || w.Mode == config.ModeAppend {
		return
	}
	wanted := count(want)
	for i, r := range rows {
		if at, ok := stays[r.shown()]; !ok || !r.AddedAt.Equal(at) || r.Opaque || wanted[r.URI] > 0 {
			continue
		}
		rows[i].Opaque = true
		if w.DropOpaque {
			continue
		}
		name := r.Title
		if name == "" {
			name = string(r.shown())
		}
		d.warnings = append(d.warnings, note{"tracks", "Spotify was asked to remove " + strconv.Quote(name) + " and did not: it shows it in place of another recording, and does not say which. It is left alone. Remove it in a Spotify app, or set drop_opaque = true in the lifecycle block, which writes the list anew with new dates"})
	}
}
