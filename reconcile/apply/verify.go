package apply

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/edit"
	"github.com/spotsync/spotsync/reconcile/observe"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// lookInto finds out by reading whether a request whose answer was lost took effect: Current says it did, Stale that it
// did not, Foreign that something else is there. It returns what is there.
func (w *writer) lookInto(ctx context.Context, e reconcile.Edit, next store.Contents) (store.Contents, observe.ReadState, error) {
	now := w.now
	switch e.Kind {
	case reconcile.Follow, reconcile.Unfollow:
		_, v, err := observe.Until(ctx, func(ctx context.Context) ([]bool, error) { return w.api.Contains(ctx, spotify.PlaylistURI(w.id)) },
			func(in []bool) observe.ReadState {
				if len(in) == 1 && in[0] == next.Following {
					return observe.Current
				}
				return observe.Stale
			})
		if v == observe.Current {
			return next, v, err
		}
		return now, v, err
	case reconcile.ChangeDetails:
		p, v, err := observe.Until(ctx, func(ctx context.Context) (spotify.Playlist, error) { return w.api.Playlist(ctx, w.id) },
			func(p spotify.Playlist) observe.ReadState {
				return observe.CompareDetails(w.states, reconcile.DetailsOf(p))
			})
		if v == observe.Current {
			return next, v, err
		}
		if v == observe.Foreign {
			now.Details = reconcile.DetailsOf(p)
		}
		return now, v, err
	}
	items, v, err := observe.Until(ctx, func(ctx context.Context) ([]spotify.Item, error) { return w.api.Items(ctx, w.id) },
		func(items []spotify.Item) observe.ReadState { return w.judge(next, items) })
	switch v {
	case observe.Current:
		next.Items = w.learn(next, items)
		return next, v, err
	case observe.Foreign:
		now.Items, now.Snapshot = w.recognized(items), ""
	}
	return now, v, err
}

// judge tells what a read of the items shows when expected is the latest we made. A row of ours that Spotify shows under
// another URI is as good.
func (w *writer) judge(expected store.Contents, items []spotify.Item) observe.ReadState {
	if v := observe.CompareItems(w.states, reconcile.Recognize(items, w.recollection(expected))); v != observe.Foreign {
		return v
	}
	return observe.CompareItems(w.states, w.recognized(items))
}

// recognized gives rows of a read the URIs they were added by, as far as what is expected to be there tells.
func (w *writer) recognized(items []spotify.Item) []spotify.Item {
	return reconcile.Recognize(items, w.recollection(w.now))
}

// recollection is what is known of the rows while expected is what we believe to be there.
func (w *writer) recollection(expected store.Contents) reconcile.Recollection {
	r := reconcile.Recollection{Rows: expected.Items, WrittenAt: w.wroteBy(), Refuted: reconcile.Recollect(w.base).Refuted}
	if before := w.change.Before; before != nil {
		r.Before = before.Contents(w.id).Items
	}
	return r
}

// learn is recognized for a read that shows what was written, and remembers what is shown as something else.
func (w *writer) learn(expected store.Contents, items []spotify.Item) []spotify.Item {
	named := reconcile.Recognize(items, w.recollection(expected))
	w.change.LearnAliases(items, named)
	return named
}

// wroteBy is until when rows of ours may have been added: a request may be under way.
func (w *writer) wroteBy() time.Time {
	switch {
	case w.certainty == doubtful: // a request may be under way
		return time.Now()
	case !w.wrote.IsZero():
		return w.wrote
	case w.base != nil:
		return reconcile.Recollect(w.base).WrittenAt
	}
	return time.Now()
}

// mustVerify reports whether what was written is to be read again.
func (w *writer) mustVerify(edits []reconcile.Edit) bool {
	switch {
	case w.certainty == doubtful || w.a.Verify == VerifyAlways:
		return slices.ContainsFunc(edits, reconcile.Edit.Items)
	case w.a.Verify == VerifyNever:
		return false
	}
	return w.dependent(edits)
}

// dependent reports whether edits, which were sent, built on each other's positions: where one went wrong, so did the next.
func (w *writer) dependent(edits []reconcile.Edit) bool {
	positional := 0
	for _, e := range edits {
		if e.Items() && e.Kind != edit.Remove && !(e.Kind == edit.Insert && w.change.Action == reconcile.Create) && !appends(e, edits, w) {
			positional++
		}
	}
	return positional >= 2
}

// appends reports whether an insert only adds at the end, where no position can have been wrong.
func appends(e reconcile.Edit, edits []reconcile.Edit, w *writer) bool {
	if e.Kind != edit.Insert {
		return false
	}
	rest := 0
	for _, x := range edits {
		if x.Items() && x.Kind != edit.Insert {
			return false
		}
		if x.Kind == edit.Insert && x.At >= e.At {
			rest += len(x.URIs)
		}
	}
	return e.At+rest == len(w.now.Items)
}

// verify reads the items and tells whether they are what was written.
func (w *writer) verify(ctx context.Context) (outcome, error) {
	items, v, err := observe.Until(ctx, func(ctx context.Context) ([]spotify.Item, error) { return w.api.Items(ctx, w.id) },
		func(items []spotify.Item) observe.ReadState { return w.judge(w.now, items) })
	if err != nil {
		return done, fmt.Errorf("everything was written, and reading it again failed: %w", err)
	}
	if v == observe.Current {
		w.now.Items = w.learn(w.now, items)
		w.certainty = read
		return done, nil
	}
	w.now.Items, w.now.Snapshot = w.recognized(items), ""
	w.states = append(w.states, reconcile.MarkOf(w.now))
	return moved, nil
}
