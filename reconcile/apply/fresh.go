package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/observe"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// freshen makes sure that the playlist still is what the plan was made from. Where it moved, what is to be done is
// worked out again, and done only if it is the same.
func (w *writer) freshen(ctx context.Context) error {
	b, err := w.a.State.Base(w.change.Address)
	if err != nil {
		return err
	}
	if b != nil && b.Contents.ID == w.id {
		b.Refuted = w.change.Refuted
		w.base = b
	}
	settling, err := w.account.Settling(w.id, time.Now())
	if err != nil {
		return err
	}
	if written, err := w.account.Written(w.id); err != nil {
		return err
	} else if w.ours = reconcile.OursSince(written, w.base); len(w.ours) > 0 {
		w.earlier = written
	}
	w.states, w.progress = []store.Mark{reconcile.MarkOf(w.now)}, untouched
	if settling != nil {
		w.progress = recorded
		w.states = settling.States
		if m := reconcile.MarkOf(w.now); len(w.states) == 0 || w.states[len(w.states)-1].Items != m.Items {
			w.states = append(w.states, m) // the same rows, where some were recognized since
		}
	}
	if len(w.change.Edits) == 0 {
		return nil
	}
	replacing := replaces(w.change.Edits)
	seen := w.change.Before.Seen
	if !seen.IsZero() && time.Since(seen) < freshFor && !replacing {
		return nil
	}
	p, known, err := w.details(ctx, settling != nil)
	if err != nil {
		return err
	}
	if !known { // the next plan must not expect it to be there
		return errors.Join(fmt.Errorf("%w: Spotify no longer knows %s", reconcile.ErrMoved, w.id), w.account.DropSettling(w.id), w.account.DropCached(w.id))
	}
	unmoved := p.Snapshot != "" && p.Snapshot == w.now.Snapshot && settling == nil
	if unmoved && !replacing {
		return nil
	}
	var items []spotify.Item
	if settling == nil {
		p, items, err = observe.ReadWhole(ctx, w.api, w.id, nil)
	} else {
		items, _, err = observe.Until(ctx, func(ctx context.Context) ([]spotify.Item, error) { return w.api.Items(ctx, w.id) },
			func(items []spotify.Item) observe.ReadState {
				return observe.CompareItems(w.states, w.recognized(items))
			})
	}
	if err != nil {
		return err
	}
	raw := items
	items = w.recognized(items)
	now := store.Contents{ID: w.id, Details: reconcile.DetailsOf(p), Snapshot: p.Snapshot, Items: raw, Following: w.now.Following}
	if settling == nil {
		_ = w.account.SaveCached(now) // what was read is not read again, whatever comes of it
	}
	now.Items = items
	if m := reconcile.MarkOf(now); observe.CompareItems(w.states, items) != observe.Current || observe.CompareDetails(w.states, now.Details) != observe.Current {
		w.states = append(w.states, m)
	}
	if reconcile.SameItems(now.Items, w.now.Items) && reconcile.SameDetails(now.Details, w.now.Details) {
		now.Details = w.now.Details
		w.now = now
		return nil
	}
	if w.change.Action == reconcile.Delete {
		w.now = now
		return nil
	}
	again := w.again(now)
	if w.change.Action == reconcile.Restore {
		again = append([]reconcile.Edit{reconcile.NewEdit(reconcile.Follow, nil)}, again...)
	}
	if !reconcile.SameEdits(again, w.change.Edits) {
		// The next plan is made from this, not from what we expected, nor from a listing that lags.
		if settling == nil {
			settling = &store.Settling{ID: w.id, Time: time.Now().UTC(), Ours: w.ours}
		}
		settling.States, settling.Unsure, settling.Expected = w.states, false, &now
		return errors.Join(reconcile.ErrMoved, w.account.SaveSettling(*settling))
	}
	w.now = now
	return nil
}

// details reads the playlist's details; known is false where Spotify has nothing under its ID. Where reads may lag, what is not
// as it was planned from is read again before it is believed.
func (w *writer) details(ctx context.Context, lags bool) (p spotify.Playlist, known bool, err error) {
	p, _, err = observe.Until(ctx, func(ctx context.Context) (spotify.Playlist, error) {
		p, err := w.api.Playlist(ctx, w.id)
		known = !errors.Is(err, spotify.ErrNotFound)
		if !known {
			return p, nil
		}
		return p, err
	}, func(p spotify.Playlist) observe.ReadState {
		switch {
		case !lags || known && reconcile.SameDetails(reconcile.DetailsOf(p), w.now.Details):
			return observe.Current
		case !known:
			return observe.Stale
		}
		return observe.CompareDetails(w.states, reconcile.DetailsOf(p))
	})
	return p, known, err
}

// again works out the requests from what was just read to what is wanted.
func (w *writer) again(now store.Contents) []reconcile.Edit {
	if w.keeping {
		return w.keepingEdits(now)
	}
	return w.editsTo(w.desired(), now)
}

// keepingEdits are the edits from what is there that replace nothing, unless nothing stays.
func (w *writer) keepingEdits(now store.Contents) []reconcile.Edit {
	desired := w.desired()
	desired.KeepDates, desired.DropOpaque = config.KeepAlways, false // opaque rows go with a replace alone
	return w.editsTo(desired, now)
}

func (w *writer) desired() reconcile.DesiredState {
	if w.change.Desired == nil {
		return reconcile.DesiredState{}
	}
	return *w.change.Desired
}

func (w *writer) editsTo(desired reconcile.DesiredState, now store.Contents) []reconcile.Edit {
	return desired.EditsFrom(now, w.learned(), w.base, time.Now())
}
