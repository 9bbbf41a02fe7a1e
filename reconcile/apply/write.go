package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/edit"
	"github.com/spotsync/spotsync/reconcile/observe"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// writer does one change. Everything it knows of the playlist is in now: what a read would show once all is settled.
type writer struct {
	a       *Applier
	plan    *reconcile.Plan
	change  reconcile.Change
	api     API
	account *store.Account

	id        spotify.ID
	now       store.Contents
	states    []store.Mark    // what reads may show: now, and what was before it within the last minute
	ours      []store.Mark    // what our writes made since files and Spotify last agreed
	earlier   *store.Settling // the record of the run before, where that was cut short
	base      *store.Base     // what both agreed on before this run; nil where not known
	requests  int
	wrote     time.Time // when the last edit of the items was answered
	progress  progress
	certainty certainty

	source   string // the line to blame for what ended it
	attempts *attempts
	taken    map[spotify.URI]bool // items that Spotify took
	lookedUp map[spotify.URI]bool // items that were looked up, for they may be withdrawn
	probing  bool                 // a part of a failing insert is sent, to see whether that fails too
	keeping  bool                 // a replace was refused: what stays is not named, so that what is new can be
}

func newWriter(a *Applier, p *reconcile.Plan, c reconcile.Change) *writer {
	return &writer{a: a, plan: p, change: c, api: a.APIs[c.Account], account: a.Accounts[c.Account], id: c.ID,
		certainty: assumed, attempts: newAttempts(c),
		taken: make(map[spotify.URI]bool), lookedUp: make(map[spotify.URI]bool)}
}

// do brings one playlist to what the plan says. Where it ends early, what is certain is written down.
func (w *writer) do(ctx context.Context) error {
	if w.api == nil || w.account == nil {
		return fmt.Errorf("account %q is not logged in", w.change.Account)
	}
	err := w.bring(ctx)
	switch {
	case err == nil:
	case w.progress == announced && w.earlier != nil:
		_ = w.account.SaveSettling(*w.earlier)
	case w.progress == announced:
		_ = w.account.DropSettling(w.id) // nothing happened, so reads may be believed as before
	case w.progress == unrecorded:
		_ = w.settled() // without it the next run finds out by reading
	}
	return err
}

func (w *writer) bring(ctx context.Context) error {
	if w.change.Action == reconcile.Delete {
		return w.delete(ctx)
	}
	edits := w.change.Edits
	if w.change.Action == reconcile.Create {
		if len(edits) == 0 || edits[0].Kind != reconcile.CreateIt || edits[0].Details == nil {
			return errors.New("the plan creates it without saying how")
		}
		if err := w.create(ctx, *edits[0].Details); err != nil {
			return err
		}
		edits = edits[1:]
	} else {
		if w.change.Before == nil {
			return errors.New("the plan changes it without saying what was there")
		}
		w.now = w.change.Before.Contents(w.id)
		if err := w.freshen(ctx); err != nil {
			return err
		}
		if w.a.Lock.Current().Playlists[w.change.Address].ID != w.id {
			if err := w.locked(w.now.Details.Name); err != nil {
				return err
			}
			if err := w.closeEarlierCreates(); err != nil {
				return err
			}
		}
		if len(edits) > 0 {
			before := w.now
			if err := w.version(&before); err != nil {
				return err
			}
			if w.base == nil && len(w.change.LeftAsIs) == 0 { // a run that is cut short is told from an edit made elsewhere by what was there before
				b := store.Base{Address: w.change.Address, Time: time.Now().UTC(), Confirmed: true, Contents: w.now}
				if err := w.a.State.SaveBase(b); err != nil {
					return err
				}
			}
		}
	}
	if err := w.write(ctx, edits); err != nil {
		return err
	}
	return w.finish(ctx)
}

// delete removes the playlist from the library, which is what Spotify calls deleting. It can be undone.
func (w *writer) delete(ctx context.Context) error {
	w.now = w.change.Before.Contents(w.id)
	if err := w.freshen(ctx); err != nil {
		return err
	}
	before := w.now
	if err := w.version(&before); err != nil {
		return err
	}
	if err := w.write(ctx, w.change.Edits); err != nil {
		return err
	}
	w.ours = nil
	if err := w.settled(); err != nil {
		return err
	}
	if err := w.a.Lock.Update(func(f *lockfile.File) {
		e, ok := f.Playlists[w.change.Address]
		switch {
		case !ok || e.ID != w.id:
		case w.change.HoldFingerprint != "": // taken back, and to be put back by the same ID should the block say something else
			e.Held = w.change.Hold(time.Now())
			f.Playlists[w.change.Address] = e
		default:
			delete(f.Playlists, w.change.Address)
		}
	}); err != nil {
		return err
	}
	_ = w.account.DropCached(w.id)
	if w.change.HoldFingerprint != "" {
		return w.a.State.DropBase(w.change.Address)
	}
	return errors.Join(w.a.State.Forget(w.change.Address), w.a.State.DropBase(w.change.Address))
}

// version saves what is there for rollback, before the first write.
func (w *writer) version(before *store.Contents) error {
	log, err := w.a.history(w.plan, w.change.Account)
	if err != nil {
		return err
	}
	if err := log.SaveVersion(store.Version{Address: w.change.Address, Action: store.Action(w.change.Action), Time: time.Now().UTC(), ID: w.id, Before: before, Healed: w.a.Healed[w.change.Address]}); err != nil {
		return fmt.Errorf("nothing was changed, for history could not be written: %w", err)
	}
	return nil
}

// write sends edits one at a time, and plans again when what is there turns out to be something else, or when Spotify
// refuses a part of them. Each plan made again counts: see [attempts].
func (w *writer) write(ctx context.Context, edits []reconcile.Edit) error {
	begun := w.change.Unfinished
	for {
		if replaces(edits) && len(edits) > 1 {
			if w.a.Limited != nil && w.a.Limited() {
				return errors.New("replacing more than 100 items isn't begun after Spotify limited this run; nothing of it was sent, apply again later")
			}
			if err := w.a.State.BeginReplace(w.change.Address, w.id, w.change.Desired.Tracks); err != nil {
				return err
			}
			begun = true
		}
		became, err := w.send(ctx, edits)
		if err != nil {
			return err
		}
		if became == done && w.mustVerify(edits) {
			if became, err = w.verify(ctx); err != nil {
				return err
			}
		}
		if became == done {
			if w.certainty < counted && !w.dependent(edits) {
				w.certainty = counted
			}
			break
		}
		if became == moved {
			if err := w.attempts.round(); err != nil {
				return err
			}
		}
		if edits = w.again(w.now); w.keeping {
			edits = withoutReplace(edits, w.now)
		}
		if len(edits) == 0 {
			break
		}
	}
	if begun {
		return w.a.State.EndReplace(w.id)
	}
	return nil
}

func replaces(edits []reconcile.Edit) bool {
	return slices.ContainsFunc(edits, func(e reconcile.Edit) bool { return e.Kind == edit.Replace })
}

// send sends edits in order, until one does not become what it should. Then now says what is there.
func (w *writer) send(ctx context.Context, edits []reconcile.Edit) (outcome, error) {
	for _, e := range edits {
		if became, err := w.sendOne(ctx, e); became != done || err != nil {
			return became, err
		}
	}
	return done, nil
}

// sendOne makes one edit happen exactly once. What it will make is on disk before it is sent, so that a run killed here
// is understood by the next. An edit that did not happen is sent once more as it is; then only a different one is.
func (w *writer) sendOne(ctx context.Context, e reconcile.Edit) (outcome, error) {
	for {
		if w.a.stopping() {
			return done, reconcile.ErrStopped
		}
		next, err := e.After(w.now, w.learned().Aliases, w.change.Desired.TitlesByURI())
		if err != nil {
			return done, fmt.Errorf("the plan does not fit what is there (%w); plan again", err)
		}
		if w.attempts.spent(e) {
			return done, fmt.Errorf("Spotify failed to %s before in this run, and that is not sent again as it is; try again later", doing(e.Kind))
		}
		if err := w.attempts.take(); err != nil {
			return done, err
		}
		if err := w.announce(next); err != nil {
			return done, err
		}
		from := w.progress
		w.progress = inFlight
		snapshot, cause := w.request(ctx, e)
		switch {
		case cause == nil:
			next.Snapshot = snapshot
			w.happened(e, next)
			return done, nil
		case !spotify.OutcomeUnknown(cause):
			w.progress = from
			w.withdraw()
			w.attempts.refuse(e)
			return w.refusedBy(ctx, e, cause)
		}
		w.certainty = doubtful
		now, v, err := w.lookInto(ctx, e, next)
		if err != nil {
			return done, fmt.Errorf("an answer was lost (%w) and it could not be read whether the request took effect (%w). The next run looks first; nothing is sent twice", cause, err)
		}
		w.progress = unrecorded
		switch {
		case v == observe.Current:
			w.happened(e, now)
			return done, nil
		case v == observe.Foreign:
			w.attempts.fail(e)
			w.now, w.states = now, append(w.states, reconcile.MarkOf(now))
			return moved, nil
		}
		w.withdraw()
		w.attempts.fail(e)
		if became, err := w.failing(ctx, e, cause); became != done || err != nil {
			return became, err
		}
	}
}

// happened counts a success. The record on disk, which says it may have happened, is made certain by the next one.
func (w *writer) happened(e reconcile.Edit, next store.Contents) {
	w.now, w.progress, w.certainty = next, unrecorded, min(w.certainty, assumed)
	if e.Items() {
		w.wrote = time.Now()
	}
	w.requests++
	if e.Kind == edit.Insert || e.Kind == edit.Replace {
		for _, u := range e.URIs {
			w.taken[u] = true
		}
	}
	w.a.event(reconcile.Event{Type: reconcile.EventRequested, Address: w.change.Address, Account: w.change.Account, Action: w.change.Action, ID: w.id, Edit: &e})
}

// request sends one edit, once.
func (w *writer) request(ctx context.Context, e reconcile.Edit) (spotify.Snapshot, error) {
	switch e.Kind {
	case reconcile.Follow:
		return "", w.api.Save(ctx, spotify.PlaylistURI(w.id))
	case reconcile.Unfollow:
		return "", w.api.Unsave(ctx, spotify.PlaylistURI(w.id))
	case reconcile.ChangeDetails:
		return "", w.api.ChangeDetails(ctx, w.id, spotify.DetailsChange(*e.Details))
	case edit.Insert:
		at := e.At
		if at == len(w.now.Items) {
			at = -1
		}
		return w.api.AddItems(ctx, w.id, e.URIs, at)
	case edit.Remove:
		return w.api.RemoveItems(ctx, w.id, e.URIs)
	case edit.Move:
		return w.api.MoveItems(ctx, w.id, e.Start, e.N, e.Before)
	case edit.Replace:
		return w.api.ReplaceItems(ctx, w.id, e.URIs)
	}
	return "", fmt.Errorf("unknown kind of edit %q in the plan", e.Kind)
}

// warn tells of something that a line of the files is to blame for; source is empty where that is not known.
func (w *writer) warn(source, format string, args ...any) {
	w.a.event(reconcile.Event{Type: reconcile.EventWarned, Address: w.change.Address, Account: w.change.Account, ID: w.id, Message: fmt.Sprintf(format, args...), Source: source})
}
