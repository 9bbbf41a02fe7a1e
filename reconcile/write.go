package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile/edit"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// maxRounds is how often a playlist is planned again when what was written is not what is then read.
const maxRounds = 3

// writer does one change. Everything it knows of the playlist is in now: what a read would show once all is settled.
type writer struct {
	a       *Applier
	plan    *Plan
	change  Change
	api     API
	account *store.Account

	id       spotify.ID
	now      store.Contents
	states   []store.Mark // what reads may show: now, and what was before it within the last minute
	base     *store.Base  // what both agreed on before this run; nil where not known
	requests int
	lost     bool   // an answer was lost, so what was written is verified
	asked    bool   // a request is under way, or was, and its outcome is not known
	unsure   bool   // so says the record on disk
	saved    bool   // history holds what was there before
	refused  string // a description that Spotify refused
	verified bool   // items were read after the last write, and are as expected
	withdrew bool   // an item was refused since the last plan
	adding   bool   // a replace was refused: items are removed and added instead, so that the refused one can be named
}

// do brings one playlist to what the plan says. Where it ends early, what is certain is written down.
func (w *writer) do(ctx context.Context) error {
	if w.api == nil || w.account == nil {
		return fmt.Errorf("account %q is not logged in", w.change.Account)
	}
	err := w.bring(ctx)
	if err != nil && w.unsure && !w.asked {
		_ = w.settled() // without it the next run finds out by reading
	}
	return err
}

func (w *writer) bring(ctx context.Context) error {
	if w.change.Action == Delete {
		return w.delete(ctx)
	}
	edits := w.change.Edits
	if w.change.Action == Create {
		if len(edits) == 0 || edits[0].Kind != CreateIt || edits[0].Details == nil {
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
		w.now = contentsOf(w.id, w.change.Before)
		if err := w.freshen(ctx); err != nil {
			return err
		}
		if idAt(w.a.Lock.Current(), w.change.Address) != w.id {
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
		}
	}
	if err := w.write(ctx, edits); err != nil {
		return err
	}
	return w.finish(ctx)
}

// delete removes the playlist from the library, which is what Spotify calls deleting. It can be undone.
func (w *writer) delete(ctx context.Context) error {
	w.now = contentsOf(w.id, w.change.Before)
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
	if err := w.settled(); err != nil {
		return err
	}
	if err := w.a.Lock.Update(func(f *lockfile.File) {
		e, ok := f.Playlists[w.change.Address]
		switch {
		case !ok || e.ID != w.id:
		case w.change.Hold != "": // taken back, and to be put back by the same ID should the block say something else
			e.Held = w.change.hold()
			f.Playlists[w.change.Address] = e
		default:
			delete(f.Playlists, w.change.Address)
		}
	}); err != nil {
		return err
	}
	_ = w.account.DropCached(w.id)
	if w.change.Hold != "" {
		return w.a.State.DropBase(w.change.Address)
	}
	return errors.Join(w.a.State.Forget(w.change.Address), w.a.State.DropBase(w.change.Address))
}

// freshen makes sure that the playlist still is what the plan was made from. Where it moved, what is to be done is
// worked out again, and done only if it is the same.
func (w *writer) freshen(ctx context.Context) error {
	b, err := w.a.State.Base(w.change.Address)
	if err != nil {
		return err
	}
	if b != nil && b.Contents.ID == w.id {
		w.base = b
	}
	settling, err := w.account.Settling(w.id, time.Now())
	if err != nil {
		return err
	}
	w.states = []store.Mark{mark(w.now)}
	if settling != nil {
		w.states = settling.States
	}
	if len(w.change.Edits) == 0 {
		return nil
	}
	replaces := slices.ContainsFunc(w.change.Edits, func(e Edit) bool { return e.Kind == edit.Replace })
	seen := w.change.Before.Seen
	if !seen.IsZero() && time.Since(seen) < freshFor && !replaces {
		return nil
	}
	p, err := w.api.Playlist(ctx, w.id)
	if errors.Is(err, spotify.ErrNotFound) {
		return fmt.Errorf("%w: Spotify no longer knows %s", ErrMoved, w.id)
	}
	if err != nil {
		return err
	}
	unmoved := p.Snapshot != "" && p.Snapshot == w.now.Snapshot && settling == nil
	if unmoved && !replaces {
		return nil
	}
	items, err := w.read(ctx, settling != nil)
	if err != nil {
		return err
	}
	now := store.Contents{ID: w.id, Details: detailsOf(p), Snapshot: p.Snapshot, Items: items, Following: w.now.Following}
	if judgeDetails(w.states, now.Details) == stale {
		now.Details = w.now.Details
	}
	if m := mark(now); judgeItems(w.states, items) != settled || judgeDetails(w.states, now.Details) != settled {
		w.states = append(w.states, m)
	}
	if sameItems(now.Items, w.now.Items) && sameDetails(now.Details, w.now.Details) {
		now.Details = w.now.Details
		w.now = now
		return nil
	}
	if w.change.Action == Delete {
		w.now = now
		return nil
	}
	again := w.again(now)
	if !sameEdits(again.edits(w.change.Action), w.change.Edits) {
		if settling != nil { // the next plan is made from this, not from what we expected
			settling.States, settling.Unsure, settling.Expected = w.states, false, &now
			_ = w.account.SaveSettling(*settling)
		}
		return ErrMoved
	}
	w.now = now
	return nil
}

// again works out what lies between the wish and what was just read.
func (w *writer) again(now store.Contents) difference {
	wish := Wish{}
	if w.change.Wish != nil {
		wish = *w.change.Wish
	}
	entry := entryOf(w.a.Lock.Current(), w.change.Address)
	entry.Aliases = w.aliases()
	if entry.RefusedDescription == "" {
		entry.RefusedDescription = w.refused
	}
	return diff(wish, now, entry, w.base, time.Now())
}

// edits are the requests of a difference, as the plan would have them.
func (d difference) edits(a Action) []Edit {
	c := Change{}
	if a == Restore {
		c.Edits = []Edit{about(Follow, nil)}
	}
	c.apply(d)
	return c.Edits
}

func sameEdits(a, b []Edit) bool {
	return slices.EqualFunc(a, b, func(x, y Edit) bool {
		j, err1 := json.Marshal(x)
		k, err2 := json.Marshal(y)
		return err1 == nil && err2 == nil && string(j) == string(k)
	})
}

// read reads the items; after a recent write of ours, until they show it, or something that is not ours.
func (w *writer) read(ctx context.Context, recent bool) ([]spotify.Item, error) {
	if !recent {
		return w.api.Items(ctx, w.id)
	}
	items, _, err := until(ctx, func(ctx context.Context) ([]spotify.Item, error) { return w.api.Items(ctx, w.id) },
		func(items []spotify.Item) verdict { return judgeItems(w.states, items) })
	return items, err
}

// version saves what is there for rollback, before the first write.
func (w *writer) version(before *store.Contents) error {
	if w.saved {
		return nil
	}
	log, err := w.a.history(w.plan, w.change.Account)
	if err != nil {
		return err
	}
	if err := log.SaveVersion(store.Version{Address: w.change.Address, Action: string(w.change.Action), Time: time.Now().UTC(), ID: w.id, Before: before}); err != nil {
		return fmt.Errorf("nothing was changed, for history could not be written: %w", err)
	}
	w.saved = true
	return nil
}

// write sends edits one at a time, and plans again when what is there turns out to be something else.
func (w *writer) write(ctx context.Context, edits []Edit) error {
	begun := w.change.Unfinished
	for round := 1; ; round++ {
		if replaces(edits) && len(edits) > 1 {
			if w.a.Limited != nil && w.a.Limited() {
				return errors.New("replacing more than 100 items isn't begun after Spotify limited this run; nothing of it was sent, apply again later")
			}
			if err := w.a.State.BeginReplace(w.change.Address, w.id, w.change.Wish.Tracks); err != nil {
				return err
			}
			begun = true
		}
		moved, err := w.send(ctx, edits)
		if err != nil {
			return err
		}
		if !moved && w.mustVerify(edits) {
			if moved, err = w.verify(ctx); err != nil {
				return err
			}
		}
		if !moved {
			break
		}
		if w.withdrew { // what was refused is left out from now on; that is progress, not somebody else's edit
			w.withdrew = false
			round--
		}
		if round == maxRounds {
			return fmt.Errorf("it keeps changing while it is written (%d attempts); what is there is safe in history. Apply again when nobody edits it", maxRounds)
		}
		if edits = w.again(w.now).edits(None); w.adding {
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

func replaces(edits []Edit) bool {
	return slices.ContainsFunc(edits, func(e Edit) bool { return e.Kind == edit.Replace })
}

// send sends edits in order. It reports whether the playlist turned out to hold something that was not expected, in
// which case now says what.
func (w *writer) send(ctx context.Context, edits []Edit) (moved bool, err error) {
	for _, e := range edits {
		moved, err := w.sendOne(ctx, e)
		if moved || err != nil {
			return moved, err
		}
	}
	return false, nil
}

// sendOne makes one edit happen exactly once. What it will make is on disk before it is sent, so that a run killed here
// is understood by the next.
func (w *writer) sendOne(ctx context.Context, e Edit) (moved bool, err error) {
	for range maxRounds {
		if w.a.stopping() {
			return false, errStopped
		}
		next, err := after(w.now, e, w.aliases(), w.change.Wish.names())
		if err != nil {
			return false, fmt.Errorf("the plan does not fit what is there (%w); plan again", err)
		}
		w.states = append(w.states, mark(next))
		if err := w.settling(nil); err != nil {
			w.states = w.states[:len(w.states)-1]
			return false, err
		}
		w.asked = true
		snapshot, err := w.request(ctx, e)
		w.asked = spotify.OutcomeUnknown(err)
		if err == nil {
			next.Snapshot = snapshot
			w.happened(e, next)
			return false, nil
		}
		if !spotify.OutcomeUnknown(err) {
			w.states = w.states[:len(w.states)-1]
			return w.refusedBy(ctx, e, err)
		}
		w.lost = true
		now, v, lerr := w.lookInto(ctx, e, next)
		if lerr != nil {
			return false, fmt.Errorf("an answer was lost (%w) and it could not be read whether the request took effect (%w). The next run looks first; nothing is sent twice", err, lerr)
		}
		w.asked = false
		switch {
		case v == settled:
			w.happened(e, now)
			return false, nil
		case v == foreign:
			w.now, w.states = now, append(w.states, mark(now))
			return true, nil
		}
		w.states = w.states[:len(w.states)-1]
		if gone, err := w.withdrawnEpisodes(ctx, e); gone || err != nil {
			return gone, err
		}
	}
	return false, fmt.Errorf("Spotify did not answer a %s %d times, and it did not happen. Try again later", e.Kind, maxRounds)
}

// happened counts a success. The record on disk, which says it may have happened, is made certain by the next one.
func (w *writer) happened(e Edit, next store.Contents) {
	w.now, w.verified = next, false
	w.requests++
	w.a.event(Event{Type: "request", Address: w.change.Address, Account: w.change.Account, Action: w.change.Action, ID: w.id, Edit: &e})
}

// lookInto finds out by reading whether a request whose answer was lost took effect: settled says it did, stale that it
// did not, foreign that something else is there. It returns what is there.
func (w *writer) lookInto(ctx context.Context, e Edit, next store.Contents) (store.Contents, verdict, error) {
	now := w.now
	switch e.Kind {
	case Follow, Unfollow:
		_, v, err := until(ctx, func(ctx context.Context) ([]bool, error) { return w.api.Contains(ctx, playlistURI(w.id)) },
			func(in []bool) verdict {
				if len(in) == 1 && in[0] == next.Following {
					return settled
				}
				return stale
			})
		if v == settled {
			return next, v, err
		}
		return now, v, err
	case ChangeDetails:
		p, v, err := until(ctx, func(ctx context.Context) (spotify.Playlist, error) { return w.api.Playlist(ctx, w.id) },
			func(p spotify.Playlist) verdict { return judgeDetails(w.states, detailsOf(p)) })
		if v == settled {
			return next, v, err
		}
		if v == foreign {
			now.Details = detailsOf(p)
		}
		return now, v, err
	}
	items, v, err := until(ctx, func(ctx context.Context) ([]spotify.Item, error) { return w.api.Items(ctx, w.id) },
		func(items []spotify.Item) verdict { return w.judge(next, items) })
	switch v {
	case settled:
		next.Items = items
		return next, v, err
	case foreign:
		now.Items, now.Snapshot = items, ""
	}
	return now, v, err
}

// request sends one edit, once.
func (w *writer) request(ctx context.Context, e Edit) (spotify.Snapshot, error) {
	switch e.Kind {
	case Follow:
		return "", w.api.Save(ctx, playlistURI(w.id))
	case Unfollow:
		return "", w.api.Unsave(ctx, playlistURI(w.id))
	case ChangeDetails:
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

// judge tells what a read of the items shows when expected is the latest we made. A row of ours that Spotify shows under
// another URI is learned, and is as good.
func (w *writer) judge(expected store.Contents, items []spotify.Item) verdict {
	v := judgeItems(w.states, items)
	if v != foreign || w.change.Wish == nil {
		return v
	}
	learned := learnAliases(expected.Items, time.Now(), items, w.change.Wish.Tracks)
	if learned == nil {
		return foreign
	}
	w.change.Aliases = joined(w.change.Aliases, learned)
	w.states = append(w.states, mark(store.Contents{Items: items, Details: expected.Details, Following: expected.Following}))
	return settled
}

// aliases are the URIs Spotify is known to show for others, in this playlist.
func (w *writer) aliases() map[spotify.URI]spotify.URI {
	return joined(entryOf(w.a.Lock.Current(), w.change.Address).Aliases, w.change.Aliases)
}

// after is what a playlist holds, as Spotify shows it, once an edit has happened. names are what the files call the songs.
func after(c store.Contents, e Edit, aliases map[spotify.URI]spotify.URI, names map[spotify.URI]string) (store.Contents, error) {
	next := c
	next.Snapshot = ""
	switch e.Kind {
	case Follow, Unfollow:
		next.Following, next.Snapshot = e.Kind == Follow, c.Snapshot
		return next, nil
	case ChangeDetails:
		if e.Details == nil {
			return next, errors.New("a change of details without details")
		}
		e.Details.set(&next.Details)
		return next, nil
	}
	there := make(map[spotify.URI]bool, len(c.Items))
	for _, it := range c.Items {
		there[uriOf(it)] = true
	}
	shown := e.Edit
	shown.URIs = nil
	for _, u := range e.URIs {
		if a := aliases[u]; a != "" && (e.Kind != edit.Remove || there[a]) {
			u = a
		}
		if e.Kind == edit.Remove && (!there[u] || slices.Contains(shown.URIs, u)) {
			continue // a row is taken away by every name it may have
		}
		shown.URIs = append(shown.URIs, u)
	}
	items, err := edit.Replay(c.Items, shown, uriOf,
		func(it spotify.Item) bool { return it.Local || it.URI == "" },
		func(u spotify.URI) spotify.Item { return spotify.Item{URI: u, Track: spotify.Track{Title: names[u]}} })
	next.Items = items
	return next, err
}

// uriOf is the URI that names a row in a request: the original's, where Spotify shows a twin.
func uriOf(it spotify.Item) spotify.URI {
	if it.Track.LinkedFrom != "" {
		return it.Track.LinkedFrom
	}
	return it.URI
}

// settled writes down that the playlist is as expected now, and which states a reader may meet for the next minute.
func (w *writer) settled() error { return w.settling(&w.now) }

// keepStates is how many states a reader may meet are remembered.
const keepStates = 200

// settling writes down which states a reader may meet for the next minute; expected is nil while that is not sure.
func (w *writer) settling(expected *store.Contents) error {
	w.states = w.states[max(0, len(w.states)-keepStates):]
	s := store.Settling{ID: w.id, Time: time.Now().UTC(), States: w.states, Unsure: expected == nil, Expected: expected}
	if err := w.account.SaveSettling(s); err != nil {
		return fmt.Errorf("remember what is written: %w", err)
	}
	w.unsure = s.Unsure
	return nil
}

// mustVerify reports whether what was written is to be read again.
func (w *writer) mustVerify(edits []Edit) bool {
	items, positional := 0, 0
	for _, e := range edits {
		if e.Items() {
			items++
			if e.Kind != edit.Remove && !(e.Kind == edit.Insert && w.change.Action == Create) && !appends(e, edits, w) {
				positional++
			}
		}
	}
	switch {
	case w.lost:
		return items > 0
	case w.a.Verify == VerifyNever:
		return false
	case w.a.Verify == VerifyAlways:
		return items > 0
	}
	return positional >= 2
}

// appends reports whether an insert only adds at the end, where no position can have been wrong.
func appends(e Edit, edits []Edit, w *writer) bool {
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

// verify reads the items and reports whether they are something else than was written.
func (w *writer) verify(ctx context.Context) (moved bool, err error) {
	items, v, err := until(ctx, func(ctx context.Context) ([]spotify.Item, error) { return w.api.Items(ctx, w.id) },
		func(items []spotify.Item) verdict { return w.judge(w.now, items) })
	if err != nil {
		return false, fmt.Errorf("everything was written, and reading it again failed: %w", err)
	}
	w.now.Items = items
	if v == settled {
		w.verified = true
		return false, nil
	}
	w.now.Snapshot = ""
	w.states = append(w.states, mark(w.now))
	return true, nil
}

// finish remembers what is there now: base, cache and lock entry.
func (w *writer) finish(ctx context.Context) error {
	if w.requests > 0 {
		if err := w.settled(); err != nil {
			return err
		}
	}
	unhonoured, err := w.checkPublic(ctx)
	if err != nil {
		return err
	}
	// Only what was read is cached: an edit made just before a write of ours hides behind the snapshot of that write.
	// One that was made and nothing more needs no reading.
	if w.now.Snapshot != "" && (w.verified || w.change.Action == Create && len(w.now.Items) == 0) {
		_ = w.account.SaveCached(w.now) // a cache that can't be written costs requests, nothing else
	} else {
		_ = w.account.DropCached(w.id)
	}
	w.change.PublicUnhonoured = unhonoured
	b := store.Base{Address: w.change.Address, Time: time.Now().UTC(), Contents: w.now, PublicUnhonoured: unhonoured, Aliases: w.change.Aliases}
	if err := w.a.State.SaveBase(b); err != nil {
		return err
	}
	return w.a.Lock.Update(func(f *lockfile.File) {
		setPlaylist(f, w.change.Address, func(e *lockfile.Playlist) {
			e.ID, e.Account, e.Name = w.id, w.change.Account, w.now.Details.Name
			w.change.note(e)
			e.Held = w.change.hold()
			w.forgetWithdrawn(e)
			if w.refused != "" {
				e.RefusedDescription = w.refused
			}
		})
	})
}

// forgetWithdrawn drops refused URIs that are wanted no more, or were taken after all.
func (w *writer) forgetWithdrawn(e *lockfile.Playlist) {
	if w.change.Wish == nil || !w.change.Wish.HasTracks {
		return
	}
	wanted := count(w.change.Wish.Tracks)
	e.Withdrawn = maps.Clone(e.Withdrawn)
	maps.DeleteFunc(e.Withdrawn, func(u spotify.URI, _ time.Time) bool {
		return wanted[u] == 0 || slices.ContainsFunc(w.now.Items, func(it spotify.Item) bool { return it.URI == u })
	})
	if len(e.Withdrawn) == 0 {
		e.Withdrawn = nil
	}
}

// hold is what a rollback leaves behind: the files still want what was taken back. Anything else that changes a playlist
// releases it.
func (c Change) hold() *lockfile.Hold {
	if c.Hold == "" {
		return nil
	}
	return &lockfile.Hold{Reason: RolledBack, Since: time.Now().UTC().Truncate(time.Second), Wish: c.Hold}
}

// checkPublic looks a few times whether a change of public was honoured: Spotify sometimes answers 200 and does nothing.
func (w *writer) checkPublic(ctx context.Context) (unhonoured *bool, err error) {
	wish := w.change.Wish
	if wish == nil || wish.Public == nil || !slices.ContainsFunc(w.change.Edits, func(e Edit) bool {
		return e.Kind == ChangeDetails && e.Details != nil && e.Details.Public != nil
	}) {
		return w.change.PublicUnhonoured, nil
	}
	p, v, err := until(ctx, func(ctx context.Context) (spotify.Playlist, error) { return w.api.Playlist(ctx, w.id) },
		func(p spotify.Playlist) verdict {
			if p.Public == nil || *p.Public == *wish.Public {
				return settled
			}
			return stale
		})
	if err != nil || v == settled {
		return nil, err
	}
	w.now.Details.Public = p.Public
	w.warn("Spotify answered that public is %s now, and it is not; it is not asked again. Change it in a Spotify app, or leave it out of the file", yes(*wish.Public))
	return wish.Public, nil
}

func (w *writer) warn(format string, args ...any) {
	w.a.event(Event{Type: "warning", Address: w.change.Address, Account: w.change.Account, ID: w.id, Message: fmt.Sprintf(format, args...)})
}
