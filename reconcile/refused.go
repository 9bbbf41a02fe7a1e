package reconcile

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile/edit"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// refusedBy deals with an edit that Spotify refused, so it did not happen: without what was refused it is tried again.
func (w *writer) refusedBy(ctx context.Context, e Edit, err error) (moved bool, _ error) {
	switch {
	case e.Kind == ChangeDetails && e.Details.Description != nil && refusedDescription(err, *e.Details.Description):
		w.refusedDescription(*e.Details)
		rest := *e.Details
		rest.Description = nil
		if rest == (Details{}) {
			return false, nil
		}
		return w.sendOne(ctx, about(ChangeDetails, &rest))
	case (e.Kind == edit.Insert || e.Kind == edit.Replace) && blamesItem(err):
		return w.withoutRefused(ctx, e, err)
	}
	return false, err
}

// refusedDescription reports whether a request was refused for its description: a link in it is the usual reason, and
// the answer does not say so.
func refusedDescription(err error, description string) bool {
	return errors.Is(err, spotify.ErrBadRequest) && strings.TrimSpace(description) != ""
}

func (w *writer) refusedDescription(d Details) {
	if d.Description == nil {
		return
	}
	w.refused = *d.Description
	w.warn("Spotify refused its description, so the rest was sent without it; links are the usual reason")
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

// withoutRefused sends an insert in halves until an item that Spotify refuses stands alone. It is noted in the lock file
// and left out for a week, and what is left is planned again.
func (w *writer) withoutRefused(ctx context.Context, e Edit, cause error) (moved bool, err error) {
	if e.Kind == edit.Replace { // refused whole; adding names the one to blame
		if len(e.URIs) == 0 || w.adding {
			return false, cause
		}
		w.adding, w.withdrew = true, true
		return true, nil
	}
	if len(e.URIs) == 1 {
		return true, w.withdraw(e.URIs[0], cause)
	}
	half := len(e.URIs) / 2
	first, second := e, e
	first.URIs, second.URIs, second.At = e.URIs[:half], e.URIs[half:], e.At+half
	if moved, err = w.sendOne(ctx, first); moved || err != nil {
		return moved, err
	}
	return w.sendOne(ctx, second)
}

// withdrawnEpisodes looks for the episodes that make Spotify answer 502 for ever, and reports whether there were any.
func (w *writer) withdrawnEpisodes(ctx context.Context, e Edit) (any bool, err error) {
	for _, u := range e.URIs {
		ref, err := spotify.ParseRef(string(u))
		if err != nil || ref.Kind != spotify.KindEpisode || e.Kind == edit.Remove {
			continue
		}
		_, err = w.api.Episode(ctx, ref.ID)
		if errors.Is(err, spotify.ErrNotFound) {
			if err := w.withdraw(u, err); err != nil {
				return any, err
			}
			any = true
		}
	}
	return any, nil
}

// withdraw notes a URI that Spotify refuses.
func (w *writer) withdraw(uri spotify.URI, cause error) error {
	err := w.a.Lock.Update(func(f *lockfile.File) {
		setPlaylist(f, w.change.Address, func(p *lockfile.Playlist) {
			p.Withdrawn = joined(p.Withdrawn, map[spotify.URI]time.Time{uri: time.Now().UTC().Truncate(time.Second)})
		})
	})
	if err != nil {
		return err
	}
	w.withdrew = true
	title := w.change.Wish.names()[uri]
	if title != "" {
		title = " (" + title + ")"
	}
	w.warn("%s%s was refused by Spotify (%v) and is left out; it is tried again in 7 days", uri, title, cause)
	return nil
}

// withoutReplace turns a replacement into removes and inserts, which can be refused one item at a time.
func withoutReplace(edits []Edit, now store.Contents) []Edit {
	var out []Edit
	for _, e := range edits {
		if e.Kind != edit.Replace {
			out = append(out, e)
			continue
		}
		uris := make([]spotify.URI, 0, len(now.Items))
		for _, it := range now.Items {
			if u := uriOf(it); u != "" && !slices.Contains(uris, u) {
				uris = append(uris, u)
			}
		}
		for batch := range slices.Chunk(uris, edit.MaxURIs) {
			out = append(out, Edit{Edit: edit.Edit{Kind: edit.Remove, URIs: batch}})
		}
		if len(e.URIs) > 0 {
			out = append(out, Edit{Edit: edit.Edit{Kind: edit.Insert, URIs: e.URIs}})
		}
	}
	return out
}
