package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/observe"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// create makes the playlist, exactly once: the journal says what is about to be asked for, the request is sent, the ID
// goes to the lock file, the journal is closed. Killed in between, the next run finds the playlist by what the journal
// says. Both files were proven writable before.
func (w *writer) create(ctx context.Context, d reconcile.Details) error {
	name := ""
	if d.Name != nil {
		name = *d.Name
	}
	unlock, err := w.a.name.lock(ctx, w.change.Account+"\x00"+reconcile.NameKey(name))
	if err != nil {
		return err
	}
	defer unlock()

	known, err := w.ownedCalled(ctx, name)
	if err != nil {
		return err
	}
	entry := store.Create{Key: store.NewKey(), Address: w.change.Address, Account: w.change.Account, Name: name, Time: time.Now().UTC(), Known: known}
	if err := w.closeEarlierCreates(); err != nil {
		return err
	}
	if err := w.a.State.BeginCreate(entry); err != nil {
		return fmt.Errorf("nothing was sent, for the journal could not be written: %w", err)
	}
	if err := w.version(nil); err != nil {
		return err
	}
	n := spotify.NewPlaylist{Name: name}
	if d.Description != nil {
		n.Description = *d.Description
	}
	if d.Public != nil {
		n.Public = *d.Public
	}
	if d.Collaborative != nil {
		n.Collaborative = *d.Collaborative
	}
	p, err := w.post(ctx, n)
	switch {
	case spotify.OutcomeUnknown(err):
		if p, err = w.findCreated(ctx, entry); err != nil {
			return err
		}
	case err != nil && refusedDescription(err, n.Description):
		// It did not happen; a playlist without its description is worth more than none.
		n.Description = ""
		if p, err = w.post(ctx, n); spotify.OutcomeUnknown(err) {
			p, err = w.findCreated(ctx, entry)
		}
		if err == nil {
			w.refusedDescription(d)
		}
	}
	if err != nil {
		if errors.Is(err, spotify.ErrBadRequest) {
			w.source = w.change.DetailsLine(d)
		}
		return w.notCreated(entry, err)
	}
	w.requests++
	w.id = p.ID
	public := n.Public
	w.now = store.Contents{ID: p.ID, Following: true, Snapshot: p.Snapshot,
		Details: spotify.Details{Name: n.Name, Description: n.Description, Public: &public, Collaborative: n.Collaborative}}
	// Whoever finds it half filled later knows by this that nobody else did that. Without it the origin is not known.
	_ = w.a.State.SaveBase(store.Base{Address: w.change.Address, Time: time.Now().UTC(), Contents: w.now})
	if err := w.locked(name); err != nil {
		return fmt.Errorf("%q was created as %s, and this could not be written to the lock file: %w", name, p.ID, err)
	}
	w.a.event(reconcile.Event{Type: reconcile.EventCreated, Address: w.change.Address, Account: w.change.Account, Action: reconcile.Create, ID: p.ID})
	w.states = []store.Mark{reconcile.MarkOf(store.Contents{}), reconcile.MarkOf(w.now)}
	if err := w.settled(); err != nil {
		return err
	}
	return w.a.State.EndCreate(entry.Key, p.ID)
}

// post sends the request, once.
func (w *writer) post(ctx context.Context, n spotify.NewPlaylist) (spotify.Playlist, error) {
	if err := w.attempts.take(); err != nil {
		return spotify.Playlist{}, err
	}
	return w.api.CreatePlaylist(ctx, n)
}

// notCreated closes the journal's entry when it is sure that nothing was made.
func (w *writer) notCreated(entry store.Create, err error) error {
	if w.certainty == doubtful {
		return err
	}
	if cerr := w.a.State.EndCreate(entry.Key, ""); cerr != nil {
		return fmt.Errorf("%w; and the journal could not be closed: %w", err, cerr)
	}
	return err
}

// ownedCalled lists the owned playlists of a name that are there before a create, so that a new one can be told apart.
func (w *writer) ownedCalled(ctx context.Context, name string) ([]spotify.ID, error) {
	all, err := w.a.library(ctx, w.change.Account, w.api)
	if err != nil {
		return nil, fmt.Errorf("list playlists before creating %q: %w", name, err)
	}
	var known []spotify.ID
	for _, p := range all {
		if reconcile.NamedLike(name, p.Name) && p.Owner == w.plan.Accounts[w.change.Account].User {
			known = append(known, p.ID)
		}
	}
	return known, nil
}

// findCreated looks for a playlist whose creation was never answered. That it is there takes one look; that it is not
// takes all of them, and even then the journal stays open for the next run.
func (w *writer) findCreated(ctx context.Context, entry store.Create) (spotify.Playlist, error) {
	w.certainty = doubtful
	taken := func(id spotify.ID) bool {
		_, locked := w.a.Lock.Current().AddressOf(id)
		return locked
	}
	var found []spotify.Playlist
	_, _, err := observe.Until(ctx, w.api.Playlists, func(all []spotify.Playlist) observe.ReadState {
		var own []spotify.Playlist
		for _, p := range all {
			if p.Owner == w.plan.Accounts[w.change.Account].User {
				own = append(own, p)
			}
		}
		if found = reconcile.Candidates(entry.Name, entry.Known, own, taken); len(found) == 0 {
			return observe.Stale
		}
		return observe.Current
	})
	switch {
	case err != nil:
		return spotify.Playlist{}, fmt.Errorf("%w (looking for it: %w)", reconcile.ErrOpen, err)
	case len(found) == 0:
		return spotify.Playlist{}, reconcile.ErrOpen
	case len(found) > 1:
		return spotify.Playlist{}, reconcile.RefusedErrorf(w.change.Address, "More than one new playlist of this name",
			"Spotify did not say whether %q was created, and %d empty new ones are there. Delete all but one in Spotify and apply again.", entry.Name, len(found))
	}
	return found[0], nil
}

// closeEarlierCreates closes what earlier runs left open for this address: the plan looked, and nothing was there.
func (w *writer) closeEarlierCreates() error {
	open, err := w.a.State.OpenCreates()
	if err != nil {
		return err
	}
	for _, c := range open {
		if c.Address == w.change.Address {
			if err := w.a.State.EndCreate(c.Key, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// locked writes to the lock file which playlist the address is, and remembers it on this computer too.
func (w *writer) locked(name string) error {
	err := w.a.Lock.Update(func(f *lockfile.File) {
		f.ChangePlaylist(w.change.Address, func(e *lockfile.Playlist) {
			if e.ID != w.id {
				*e = lockfile.Playlist{Withdrawn: e.Withdrawn}
			}
			e.ID, e.Account = w.id, w.change.Account
			if name != "" {
				e.Name = name
			}
			if w.change.Desired != nil {
				e.PreventDestroy = w.change.Desired.Protected
			}
			if e.RefusedDescription == "" {
				e.RefusedDescription = w.change.RefusedDescription
			}
		})
	})
	if err != nil {
		return err
	}
	return w.a.State.Remember(w.change.Address, store.Remembered{ID: w.id, Account: w.change.Account, Name: name, Time: time.Now().UTC()})
}
