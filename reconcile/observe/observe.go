package observe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// Observer reads one account.
type Observer struct {
	API         Reader
	Account     *store.Account
	User        spotify.User
	Label       string
	Scopes      []string                      // granted; absence is believed only with both read scopes
	Parallelism int                           // playlists read side by side; 0 means 4
	Offline     bool                          // --refresh=false: ask nothing, plan from memory
	Certain     bool                          // read also what was written a moment ago, until a read shows it: a saved plan must still fit
	Watching    bool                          // of those read what has another snapshot than the write left: an edit made elsewhere, or one that wanders
	Alone       bool                          // what else the account holds doesn't matter: nothing is created or adopted
	Announce    func(playlists, requests int) // told before items are read: of how many playlists, in about how many requests
	Progress    func(done, total int)
}

// Observe reads what the account holds of the managed playlists: all of a page or an error, and contents only where the
// snapshot moved. A playlist that cannot be read is reported as such; the rest is still observed.
func (o *Observer) Observe(ctx context.Context, managed []spotify.ID) (*reconcile.Observed, error) {
	managed = slices.Compact(slices.Sorted(slices.Values(managed)))
	out := &reconcile.Observed{Label: o.Label, User: o.User, Seen: make(map[spotify.ID]reconcile.Seen, len(managed))}
	now := time.Now()
	if o.Offline {
		for _, id := range managed {
			out.Seen[id] = o.remembered(id, now)
		}
		return out, o.written(out)
	}
	at, err := o.list(ctx, managed, now)
	if err != nil {
		return nil, err
	}
	if at.complete {
		out.Asked, out.Library = true, o.current(at.listing, now)
	}
	if out.Seen, err = o.contents(ctx, managed, at, now); err != nil {
		return nil, err
	}
	if err := o.written(out); err != nil {
		return nil, err
	}
	for _, id := range managed {
		if p := out.Seen[id].Presence; p == reconcile.Absent || p == reconcile.Gone {
			out.Missing = append(out.Missing, id)
		}
	}
	return out, nil
}

// Settle looks at what matters only because of what was observed: playlists that an interrupted create may have made, or
// that could be adopted by name, and songs that Spotify may have exchanged for others. While a
// create is recent and nothing shows, it looks again: a listing lags.
func (o *Observer) Settle(ctx context.Context, seen *reconcile.Observed, in reconcile.Input) error {
	for i := 0; in.AwaitsCreate(o.Label, seen) && i < len(settleDelays); i++ {
		if err := pause(ctx, settleDelays[i]); err != nil {
			return err
		}
		all, err := o.API.Playlists(ctx)
		if err != nil {
			return fmt.Errorf("look for a playlist that an interrupted run may have created: %w", err)
		}
		seen.Library = o.current(all, in.Now)
	}
	at := libraryView{playlists: make(map[spotify.ID]spotify.Playlist), inLibrary: make(map[spotify.ID]bool)}
	var found []spotify.ID
	for _, p := range seen.Owned() {
		if _, ok := seen.Seen[p.ID]; ok || !in.MayAdopt(o.Label, p) {
			continue
		}
		at.playlists[p.ID], at.inLibrary[p.ID] = p, true
		found = append(found, p.ID)
	}
	var err error
	if at.recent, err = o.recent(found, in.Now); err != nil {
		return err
	}
	more, err := o.contents(ctx, found, at, in.Now)
	maps.Copy(seen.Seen, more)
	if err != nil {
		return err
	}
	if err := o.lookUpRelinked(ctx, seen, in); err != nil {
		return err
	}
	return ctx.Err()
}

// written adds the records of writes that were cut short.
func (o *Observer) written(seen *reconcile.Observed) error {
	for id, s := range seen.Seen {
		w, err := o.Account.Written(id)
		if err != nil {
			return err
		}
		if w != nil && len(w.Ours) > 0 {
			s.Written = w
			seen.Seen[id] = s
		}
	}
	return nil
}

// remembered is a playlist as far as it is known without asking.
func (o *Observer) remembered(id spotify.ID, now time.Time) reconcile.Seen {
	if s, err := o.Account.Settling(id, now); err == nil && s != nil && s.Expected != nil {
		return reconcile.Seen{Presence: reconcile.Present, Contents: *s.Expected, Owner: o.User.ID, Expected: true}
	}
	if c, ok := o.Account.Cached(id); ok {
		c.Following = true
		return reconcile.Seen{Presence: reconcile.Present, Contents: *c, Owner: o.User.ID}
	}
	return reconcile.Seen{Presence: reconcile.Unread, Err: errors.New("nothing is remembered of it: plan without --refresh=false")}
}

// StopsRun reports whether an error concerns the whole run and not one playlist.
func StopsRun(err error) bool {
	var limit *spotify.RateLimitError
	var budget *spotify.BudgetError
	if errors.As(err, &limit) { // another group's stops what needs it
		return limit.Group == "" || limit.Group == spotify.GroupPlaylists
	}
	if errors.As(err, &budget) {
		return true
	}
	return spotify.AccessDenied(err) || errors.Is(err, context.Canceled)
}
