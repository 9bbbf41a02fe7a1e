package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/edit"
	"github.com/spotsync/spotsync/reconcile/observe"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// refusedBy deals with an edit that Spotify refused, so it did not happen: without what was refused it is tried again.
func (w *writer) refusedBy(ctx context.Context, e reconcile.Edit, cause error) (outcome, error) {
	switch {
	case e.Kind == reconcile.ChangeDetails && e.Details.Description != nil && refusedDescription(cause, *e.Details.Description):
		rest := *e.Details
		rest.Description = nil
		if rest != (reconcile.Details{}) {
			if became, err := w.sendOne(ctx, reconcile.NewEdit(reconcile.ChangeDetails, &rest)); became != done || err != nil {
				return became, err // it is not the description, or not it alone
			}
		}
		w.refusedDescription(*e.Details)
		return done, nil
	case e.Kind == reconcile.ChangeDetails && errors.Is(cause, spotify.ErrBadRequest):
		w.source = w.change.DetailsLine(*e.Details)
	case e.Kind == edit.Insert && blamesItem(cause):
		return w.halves(ctx, e, cause)
	case e.Kind == edit.Replace && blamesItem(cause) && len(e.URIs) > 0:
		return w.instead(ctx, cause)
	}
	return done, cause
}

// failing deals with an edit that Spotify fails to do, and that did not happen. done means that it may be sent once more as
// it is. A withdrawn episode makes Spotify answer 502 for ever, so those are looked for first.
func (w *writer) failing(ctx context.Context, e reconcile.Edit, cause error) (outcome, error) {
	if found, err := w.withdrawnEpisodes(ctx, e); found || err != nil {
		return around, err
	}
	if !w.attempts.spent(e) {
		return done, nil
	}
	cause = &failingError{fmt.Errorf("Spotify failed %d times to %s, and it did not happen. Try again later: %w", MaxSame, doing(e.Kind), cause)}
	switch {
	case e.Kind == edit.Insert && !w.probing:
		return w.apart(ctx, e, cause, false)
	case e.Kind == edit.Replace && len(e.URIs) > 0:
		if found, err := w.withdrawn(ctx, e.URIs); found || err != nil {
			return around, err
		}
		if !replaces(w.keepingEdits(w.now)) {
			return w.instead(ctx, cause)
		}
	}
	return done, cause
}

// instead gives up replacing for edits that name only what is new, of which the refused one can be told.
func (w *writer) instead(ctx context.Context, cause error) (outcome, error) {
	if w.keeping {
		return done, cause
	}
	if _, err := w.withdrawn(ctx, w.thinned()); err != nil {
		return done, err
	}
	w.keeping = true
	return around, nil
}

// refusedDescription reports whether a request was refused for its description: a link in it is the usual reason, and
// the answer does not say so.
func refusedDescription(err error, description string) bool {
	return errors.Is(err, spotify.ErrBadRequest) && strings.TrimSpace(description) != ""
}

func (w *writer) refusedDescription(d reconcile.Details) {
	if d.Description == nil {
		return
	}
	w.change.RefusedDescription = *d.Description
	w.warn(w.change.AttributeLine("description"), "Spotify refused its description, so the rest was sent without it; links are the usual reason")
}

// blamesItem reports whether a request was refused for one of its items. Anything else that is wrong with a request must
// not be taken for that: it would have every item left out, one after the other.
func blamesItem(err error) bool {
	var e *spotify.Error
	if !errors.As(err, &e) || !errors.Is(err, spotify.ErrBadRequest) {
		return false
	}
	said := strings.ToLower(e.Message)
	return slices.ContainsFunc([]string{"non-existing", "base62", "track uri", "invalid uri", "invalid id", "unsupported"}, func(s string) bool {
		return strings.Contains(said, s)
	})
}

// halves sends an insert in halves until each item that Spotify refuses stands alone, and is left out.
func (w *writer) halves(ctx context.Context, e reconcile.Edit, cause error) (outcome, error) {
	if len(e.URIs) == 1 {
		return w.refuse(e.URIs[0], cause)
	}
	half, had := len(e.URIs)/2, len(w.now.Items)
	first, second := e, e
	first.URIs, second.URIs = e.URIs[:half], e.URIs[half:]
	became, err := w.sendOne(ctx, first)
	if became == moved || err != nil {
		return became, err
	}
	second.At = e.At + len(w.now.Items) - had
	second.URIs = slices.DeleteFunc(slices.Clone(second.URIs), func(u spotify.URI) bool { return w.refusing(u) }) // other copies of what was just refused
	if len(second.URIs) == 0 {
		return became, nil
	}
	then, err := w.sendOne(ctx, second)
	return max(became, then), err
}

// withdrawnEpisodes looks for the episodes that make Spotify answer 502 for ever, and reports whether there are any that
// this run did not know of.
func (w *writer) withdrawnEpisodes(ctx context.Context, e reconcile.Edit) (found bool, err error) {
	if e.Kind != edit.Insert && e.Kind != edit.Replace {
		return false, nil
	}
	return w.withdrawn(ctx, slices.DeleteFunc(slices.Clone(e.URIs), func(u spotify.URI) bool {
		ref, err := spotify.ParseRef(string(u))
		return err != nil || ref.Kind != spotify.KindEpisode
	}))
}

// thinned are songs of which fewer copies are wanted than there are: a remove takes all of them, and one that Spotify
// refuses could not be put back.
func (w *writer) thinned() []spotify.URI {
	there, wanted := make(map[spotify.URI]int), w.change.Desired.Copies()
	for _, it := range w.now.Items {
		there[reconcile.URIOf(it)]++
	}
	maps.DeleteFunc(there, func(u spotify.URI, n int) bool { return wanted[u] == 0 || wanted[u] >= n })
	all := slices.Sorted(maps.Keys(there))
	return all[:min(len(all), maxThinned)]
}

// withdrawn looks items up that Spotify may have withdrawn, each once, and reports whether it has.
func (w *writer) withdrawn(ctx context.Context, uris []spotify.URI) (found bool, err error) {
	for _, u := range uris {
		ref, err := spotify.ParseRef(string(u))
		if err != nil || w.lookedUp[u] {
			continue
		}
		w.lookedUp[u] = true
		if ref.Kind == spotify.KindEpisode {
			_, err = w.api.Episode(ctx, ref.ID)
		} else {
			_, err = w.api.Track(ctx, ref.ID)
		}
		switch {
		case errors.Is(err, spotify.ErrNotFound):
			if _, err := w.refuse(u, err); err != nil {
				return found, err
			}
			found = true
		case err != nil && observe.StopsRun(err):
			return found, err
		}
	}
	return found, nil
}

// refusing reports whether this run found out that Spotify refuses an item.
func (w *writer) refusing(uri spotify.URI) bool {
	_, found := w.change.Withdrawn[uri]
	return found
}

// refuse notes an item that Spotify refuses. One that is not in the playlist is left out; one that is there stays, and
// nothing names it any more.
func (w *writer) refuse(uri spotify.URI, cause error) (outcome, error) {
	if w.refusing(uri) {
		w.source = w.change.SongLine(uri)
		return done, cause // there is no way around it
	}
	found := reconcile.Learned{Withdrawn: map[spotify.URI]time.Time{uri: time.Now().UTC().Truncate(time.Second)}}
	w.change.Learned = w.change.Learned.With(found)
	err := w.a.Lock.Update(func(f *lockfile.File) {
		f.ChangePlaylist(w.change.Address, func(p *lockfile.Playlist) {
			p.Withdrawn = reconcile.LearnedBefore(*p).With(found).Withdrawn
		})
	})
	if err != nil {
		return done, err
	}
	title := w.change.Desired.TitlesByURI()[uri]
	if title != "" {
		title = " (" + title + ")"
	}
	becomes := "is left out"
	if slices.ContainsFunc(w.now.Items, func(it spotify.Item) bool { return reconcile.URIOf(it) == uri }) {
		becomes = "stays as it is in the playlist"
	}
	w.warn(w.change.SongLine(uri), "%s%s was refused by Spotify (%v) and %s; it is tried again in 7 days", uri, title, cause, becomes)
	return around, nil
}

// withoutReplace turns a replacement into removes and inserts, which can be refused one item at a time.
func withoutReplace(edits []reconcile.Edit, now store.Contents) []reconcile.Edit {
	var out []reconcile.Edit
	for _, e := range edits {
		if e.Kind != edit.Replace {
			out = append(out, e)
			continue
		}
		uris := make([]spotify.URI, 0, len(now.Items))
		for _, it := range now.Items {
			if u := reconcile.URIOf(it); u != "" && !slices.Contains(uris, u) {
				uris = append(uris, u)
			}
		}
		for batch := range slices.Chunk(uris, edit.MaxURIs) {
			out = append(out, reconcile.Edit{Edit: edit.Edit{Kind: edit.Remove, URIs: batch}})
		}
		if len(e.URIs) > 0 {
			out = append(out, reconcile.Edit{Edit: edit.Edit{Kind: edit.Insert, URIs: e.URIs}})
		}
	}
	return out
}
