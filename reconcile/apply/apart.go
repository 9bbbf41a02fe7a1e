package apply

import (
	"context"
	"errors"

	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/edit"
)

// failingError is an edit that Spotify answered with 5xx as often as it is sent. Reading has shown that it did not happen.
type failingError struct{ error }

func (e *failingError) Unwrap() error { return e.error }

// apart finds out which items make Spotify fail to do an insert: a withdrawn one does so for ever. What can be looked up is;
// the rest is sent in halves. others reports whether Spotify took other items of the same insert meanwhile. Without that,
// nothing tells an item that Spotify refuses from a Spotify that is down, and no item is left out on the strength of it.
func (w *writer) apart(ctx context.Context, e reconcile.Edit, cause error, others bool) (outcome, error) {
	if len(e.URIs) <= maxSuspects {
		if found, err := w.withdrawn(ctx, e.URIs); found || err != nil {
			return around, err
		}
	}
	if len(e.URIs) == 1 {
		if others {
			return w.refuse(e.URIs[0], cause)
		}
		return done, cause
	}
	half, had := len(e.URIs)/2, len(w.now.Items)
	first, second := e, e
	first.URIs, second.URIs = e.URIs[:half], e.URIs[half:]
	firstFails, became, err := w.probe(ctx, first)
	if became != done || err != nil {
		return became, err
	}
	second.At = e.At + len(w.now.Items) - had
	secondFails, became, err := w.probe(ctx, second)
	if became != done || err != nil {
		return became, err
	}
	switch {
	case firstFails != nil && secondFails != nil: // both hold a withdrawn item, or Spotify is down
		if found, err := w.withdrawn(ctx, e.URIs); found || err != nil {
			return around, err
		}
		return done, cause
	case firstFails != nil:
		return w.apart(ctx, first, firstFails, true)
	case secondFails != nil:
		return w.apart(ctx, second, secondFails, true)
	}
	return done, nil // they were too many at once
}

// probe sends a part of an insert and does not take it apart: fails says that Spotify fails to do it, and that nothing of
// it is there. A part of which something is there is planned again.
func (w *writer) probe(ctx context.Context, e reconcile.Edit) (fails error, became outcome, err error) {
	had := len(w.now.Items)
	w.probing = true
	became, err = w.sendOne(ctx, e)
	w.probing = false
	if failing := (*failingError)(nil); errors.As(err, &failing) {
		if len(w.now.Items) != had {
			return nil, around, nil
		}
		return err, done, nil
	}
	return nil, became, err
}

// doing is what an edit does, after "to".
func doing(k edit.Kind) string {
	switch k {
	case edit.Insert:
		return "add items"
	case edit.Remove:
		return "remove items"
	case edit.Move:
		return "move items"
	case edit.Replace:
		return "replace its items"
	case reconcile.ChangeDetails:
		return "change its details"
	case reconcile.CreateIt:
		return "create it"
	case reconcile.Follow:
		return "put it into the library"
	case reconcile.Unfollow:
		return "take it out of the library"
	}
	return string(k)
}
