package apply

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/observe"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// finish remembers what is there now: base, cache and lock entry.
func (w *writer) finish(ctx context.Context) error {
	w.ours = nil // both agree now
	if w.requests > 0 {
		if err := w.settled(); err != nil {
			return err
		}
	} else if w.earlier != nil {
		w.earlier.Ours = nil
		if err := w.account.SaveSettling(*w.earlier); err != nil {
			return err
		}
	}
	unhonoured, seen, err := w.checkPublic(ctx)
	if err != nil {
		return err
	}
	if w.checkTexts(ctx) {
		if err := w.settled(); err != nil {
			return err
		}
	}
	if w.requests > 0 {
		w.cache()
	}
	w.change.PublicIgnored = unhonoured
	b := store.Base{Address: w.change.Address, Time: time.Now().UTC(), Contents: w.now, PublicSeen: seen}
	w.change.Learned.KeepIn(&b)
	if b.Wrote = w.wrote.UTC(); w.wrote.IsZero() && w.base != nil {
		b.Wrote = reconcile.Recollect(w.base).WrittenAt // its rows without a date are of that time
	}
	b.Removed = w.change.Removed(w.base)
	if w.agreed(&b) {
		if err := w.a.State.SaveBase(b); err != nil {
			return err
		}
	}
	return w.a.Lock.Update(func(f *lockfile.File) {
		f.ChangePlaylist(w.change.Address, func(e *lockfile.Playlist) {
			e.ID, e.Account = w.id, w.change.Account
			if !slices.Contains(w.change.LeftAsIs, "name") {
				e.Name = w.change.WrittenName(w.now.Details.Name)
			}
			w.change.UpdateEntry(e)
			e.Held = w.change.Hold(time.Now())
			w.forgetWithdrawn(e)
		})
	})
}

// agreed takes out of a base what somebody's edit left there and this change did not touch: on that nobody agreed, and
// what was agreed on before stays. It reports whether anything is known to be agreed on.
func (w *writer) agreed(b *store.Base) bool {
	if len(w.change.LeftAsIs) == 0 {
		return true
	}
	if w.base == nil {
		return false
	}
	was, is := w.base.Contents, &b.Contents
	for _, attr := range w.change.LeftAsIs {
		if a, ok := reconcile.AttributeNamed(attr); ok {
			a.Copy(&is.Details, &was.Details)
		} else if attr == "tracks" {
			is.Items, is.Snapshot = was.Items, ""
		}
	}
	return true
}

// cache keeps what is there now, so that it need not be read: the answer to our last write told its snapshot. What is not
// sure, or has no known snapshot, is kept for --refresh=false alone. A cache that can't be written costs requests, nothing
// else.
func (w *writer) cache() {
	c := w.now
	c.Written = w.certainty != read
	if w.certainty < counted {
		c.Snapshot = ""
	}
	if old, ok := w.account.Cached(w.id); ok {
		c.Items = withFacts(c.Items, old.Items)
	}
	_ = w.account.SaveCached(c)
}

// withFacts gives rows back what was known of them before they went through a plan, which keeps their titles alone.
func withFacts(items, known []spotify.Item) []spotify.Item {
	type row struct {
		uri   spotify.URI
		added time.Time
	}
	tracks := make(map[spotify.URI]spotify.Track, len(known))
	adders := make(map[row]spotify.ID, len(known))
	for _, it := range known {
		if it.Track.Title != "" {
			tracks[it.URI] = it.Track
		}
		adders[row{it.URI, it.AddedAt}] = it.AddedBy
	}
	out := slices.Clone(items)
	for i, it := range out {
		if t, ok := tracks[it.URI]; ok {
			t.LinkedFrom = it.Track.LinkedFrom
			out[i].Track = t
		}
		if it.AddedBy == "" && !it.AddedAt.IsZero() {
			out[i].AddedBy = adders[row{it.URI, it.AddedAt}]
		}
	}
	return out
}

// forgetWithdrawn drops refused URIs that are wanted no more, or were taken after all.
func (w *writer) forgetWithdrawn(e *lockfile.Playlist) {
	if w.change.Desired == nil || !w.change.Desired.HasTracks {
		return
	}
	wanted, there := w.change.Desired.Copies(), make(map[spotify.URI]bool, len(w.now.Items))
	for _, it := range w.now.Items {
		there[reconcile.URIOf(it)] = true
	}
	e.Withdrawn = maps.Clone(e.Withdrawn)
	maps.DeleteFunc(e.Withdrawn, func(u spotify.URI, tried time.Time) bool {
		old := time.Since(tried) >= reconcile.RetryWithdrawn
		return wanted[u] == 0 || !w.refusing(u) && (w.taken[u] || there[u] && old)
	})
	if len(e.Withdrawn) == 0 {
		e.Withdrawn = nil
	}
}

// checkPublic looks a few times whether a change of public was honoured: Spotify sometimes answers 200 and does nothing.
// What is not seen is not taken for honoured or not, and what else changed meanwhile may have changed that too.
func (w *writer) checkPublic(ctx context.Context) (unhonoured *bool, seen bool, err error) {
	desired := w.change.Desired
	if desired == nil || desired.Public == nil || !slices.ContainsFunc(w.change.Edits, func(e reconcile.Edit) bool {
		return e.Kind == reconcile.ChangeDetails && e.Details != nil && e.Details.Public != nil
	}) {
		return w.change.PublicIgnored, w.sawPublic(), nil
	}
	p, v, err := observe.Until(ctx, func(ctx context.Context) (spotify.Playlist, error) { return w.api.Playlist(ctx, w.id) },
		func(p spotify.Playlist) observe.ReadState {
			if p.Public == nil || *p.Public == *desired.Public {
				return observe.Current
			}
			return observe.Stale
		})
	if err != nil || v == observe.Current {
		return nil, v == observe.Current && p.Public != nil, err
	}
	w.now.Details.Public = p.Public
	if p.Collaborative != w.now.Details.Collaborative { // somebody else's doing; the next plan compares anew
		return nil, true, nil
	}
	w.warn(w.change.AttributeLine("public"), "Spotify answered that public is %s now, and it is not; it is not asked again. Change it in a Spotify app, or leave it out of the file", strconv.FormatBool(*desired.Public))
	return desired.Public, true, nil
}

// sawPublic reports whether the visibility that was there before this change was read, and is as it was: a change of
// something else does not make a question of it again.
func (w *writer) sawPublic() bool {
	was := w.change.Before
	return w.change.Action != reconcile.Create && was != nil && was.Public != nil && w.now.Details.Public != nil && *was.Public == *w.now.Details.Public
}

// checkTexts reads back texts that Spotify may show otherwise than they were written, so that the next plan takes what is
// shown for them. Failing to costs the next run one more write.
func (w *writer) checkTexts(ctx context.Context) (learned bool) {
	if w.requests == 0 {
		return false
	}
	w.a.mu.Lock()
	plain := spotify.NamesArePlain(w.a.Library[w.change.Account])
	w.a.mu.Unlock()
	texts, doubtful := w.change.DoubtfulTexts(w.base, plain, w.change.RefusedDescription != "")
	if !doubtful {
		return false
	}
	p, v, err := observe.Until(ctx, func(ctx context.Context) (spotify.Playlist, error) { return w.api.Playlist(ctx, w.id) }, func(p spotify.Playlist) observe.ReadState {
		if texts.AnsweredBy(reconcile.DetailsOf(p)) {
			return observe.Current
		}
		return observe.Stale
	})
	if err != nil || v == observe.Foreign {
		return false
	}
	return w.change.LearnTexts(texts, reconcile.DetailsOf(p), &w.now.Details)
}
