package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// Presence is where a playlist was found.
type Presence string

// Where a playlist may be.
const (
	Present  Presence = "present"  // in the account's library
	Absent   Presence = "absent"   // exists, but was removed from the library: what Spotify calls deleting
	Gone     Presence = "gone"     // Spotify does not know the ID (404)
	Unread   Presence = "unread"   // could not be read; nothing may be concluded
	NotOwned Presence = "notowned" // belongs to somebody else
)

// Seen is one managed playlist as observed.
type Seen struct {
	Presence Presence
	Contents store.Contents // meaningful when Present or Absent
	Owner    spotify.ID
	Expected bool      // contents come from our own record of a write too recent for reads to be believed
	At       time.Time // when its snapshot was seen; zero when taken from memory
	Err      error     // why it is Unread
}

// Observed is what was seen of one account.
type Observed struct {
	Label   string
	User    spotify.User
	Library []spotify.Playlist // owned and followed, without what we have just removed; nil when not asked
	Asked   bool               // Library is complete
	Seen    map[spotify.ID]Seen
	Missing []spotify.ID // managed playlists that a complete listing lacked, sorted
}

// Owned are the playlists of the library that belong to the account.
func (o *Observed) Owned() []spotify.Playlist {
	var own []spotify.Playlist
	for _, p := range o.Library {
		if p.Owner == o.User.ID {
			own = append(own, p)
		}
	}
	return own
}

// Observer reads one account.
type Observer struct {
	API         API
	Account     *store.Account
	User        spotify.User
	Label       string
	Scopes      []string // granted; absence is believed only with both read scopes
	Parallelism int      // playlists read side by side; 0 means 4
	Offline     bool     // --refresh=false: ask nothing, plan from memory
	Certain     bool     // read also what was written a moment ago, until a read shows it: a saved plan must still fit
	Progress    func(done, total int)
}

// Observe reads what the account holds of the managed playlists: all of a page or an error, and contents only where the
// snapshot moved. A playlist that cannot be read is reported as such; the rest is still observed.
func (o *Observer) Observe(ctx context.Context, managed []spotify.ID) (*Observed, error) {
	managed = slices.Compact(slices.Sorted(slices.Values(managed)))
	out := &Observed{Label: o.Label, User: o.User, Seen: make(map[spotify.ID]Seen, len(managed))}
	now := time.Now()
	if o.Offline {
		for _, id := range managed {
			out.Seen[id] = o.remembered(id, now)
		}
		return out, nil
	}
	listing, err := o.API.Playlists(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the playlists of account %q: %w", o.Label, err)
	}
	out.Asked = true
	out.Library = o.current(listing, now)
	listed := make(map[spotify.ID]spotify.Playlist, len(listing))
	for _, p := range listing {
		listed[p.ID] = p
	}
	inLibrary, err := o.inLibrary(ctx, managed, listed, now)
	if err != nil {
		return nil, err
	}

	seen := make([]Seen, len(managed))
	var done int
	var mu sync.Mutex
	err = sideBySide(o.Parallelism, len(managed), func(i int) error {
		id := managed[i]
		s, err := o.observeOne(ctx, id, listed, inLibrary[id], now)
		if err != nil {
			if StopsRun(err) {
				return err
			}
			s = Seen{Presence: Unread, Err: err}
		}
		seen[i] = s
		mu.Lock()
		defer mu.Unlock()
		done++
		if o.Progress != nil {
			o.Progress(done, len(managed))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i, id := range managed {
		out.Seen[id] = seen[i]
		if seen[i].Presence == Absent || seen[i].Presence == Gone {
			out.Missing = append(out.Missing, id)
		}
	}
	return out, nil
}

// current is a listing without what we have removed a moment ago: listings lag.
func (o *Observer) current(listing []spotify.Playlist, now time.Time) []spotify.Playlist {
	return slices.DeleteFunc(slices.Clone(listing), func(p spotify.Playlist) bool {
		s, err := o.Account.Settling(p.ID, now)
		return err == nil && s != nil && !s.Unsure && !lastMark(s).Following
	})
}

// inLibrary tells which of the managed playlists the library holds. For a minute our own record of what we did counts.
// A listing that lacks one says nothing by itself, for it leaves out what the granted scopes do not cover: it is asked.
func (o *Observer) inLibrary(ctx context.Context, managed []spotify.ID, listed map[spotify.ID]spotify.Playlist, now time.Time) (map[spotify.ID]bool, error) {
	in := make(map[spotify.ID]bool, len(managed))
	var ask []spotify.URI
	var ids []spotify.ID
	for _, id := range managed {
		_, in[id] = listed[id]
		s, err := o.Account.Settling(id, now)
		if err != nil {
			return nil, err
		}
		switch {
		case s != nil && !s.Unsure:
			in[id] = lastMark(s).Following
		case s != nil && in[id] != lastMark(s).Following && len(s.States) > 1 && s.States[len(s.States)-2].Following != lastMark(s).Following:
			// It was put there or taken out, and no answer came. That it happened takes one read, that it did not all of them.
			_, v, err := until(ctx, func(ctx context.Context) ([]bool, error) { return o.API.Contains(ctx, playlistURI(id)) }, func(got []bool) verdict {
				if len(got) == 1 && got[0] == lastMark(s).Following {
					return settled
				}
				return stale
			})
			if err != nil {
				return nil, fmt.Errorf("ask whether %s is in the library: %w", id, err)
			}
			in[id] = (v == settled) == lastMark(s).Following
		case s != nil && lastMark(s).Following:
			in[id] = true
		case !in[id]:
			ids = append(ids, id)
			ask = append(ask, playlistURI(id))
		}
	}
	if len(ask) == 0 {
		return in, nil
	}
	for _, scope := range []string{"playlist-read-private", "playlist-read-collaborative"} {
		if o.Scopes != nil && !slices.Contains(o.Scopes, scope) {
			return nil, fmt.Errorf("account %q was not granted %s, so Spotify hides playlists from spotsync and a missing one means nothing: run spotsync login", o.Label, scope)
		}
	}
	found, err := o.API.Contains(ctx, ask...)
	if err != nil {
		return nil, fmt.Errorf("ask whether %d missing playlists are still in the library: %w", len(ask), err)
	}
	if len(found) != len(ask) {
		return nil, fmt.Errorf("ask whether missing playlists are still in the library: %d answers to %d questions", len(found), len(ask))
	}
	for i, id := range ids {
		in[id] = found[i]
	}
	return in, nil
}

func (o *Observer) observeOne(ctx context.Context, id spotify.ID, listed map[spotify.ID]spotify.Playlist, inLibrary bool, now time.Time) (Seen, error) {
	settling, err := o.Account.Settling(id, now)
	if err != nil {
		return Seen{}, err
	}
	p, ok := listed[id]
	if !ok {
		if settling != nil && inLibrary && settling.Expected != nil && !o.Certain {
			return Seen{Presence: Present, Contents: *settling.Expected, Owner: o.User.ID, Expected: true}, nil
		}
		p, err = o.API.Playlist(ctx, id)
		if errors.Is(err, spotify.ErrNotFound) {
			return Seen{Presence: Gone}, nil
		}
		if err != nil {
			return Seen{}, fmt.Errorf("read playlist %s: %w", id, err)
		}
	}
	presence := Present
	switch {
	case p.Owner != o.User.ID:
		return Seen{Presence: NotOwned, Owner: p.Owner, Contents: store.Contents{ID: id, Details: DetailsOf(p)}, At: now}, nil
	case !inLibrary:
		presence = Absent
	}
	c, expected, err := o.contents(ctx, p, inLibrary, settling)
	if err != nil {
		return Seen{}, fmt.Errorf("read playlist %q (%s): %w", p.Name, id, err)
	}
	s := Seen{Presence: presence, Contents: c, Owner: p.Owner, Expected: expected}
	if !expected {
		s.At = now
	}
	return s, nil
}

// contents are what a playlist holds: what we expect while reads may lie, what is cached while the snapshot is the same,
// else what a read says. expected tells the first of these.
func (o *Observer) contents(ctx context.Context, p spotify.Playlist, following bool, s *store.Settling) (c store.Contents, expected bool, err error) {
	if s != nil && s.Expected != nil && !o.Certain {
		c = *s.Expected
		c.Following = following
		if judgeDetails(s.States, DetailsOf(p)) == foreign {
			c.Details = DetailsOf(p)
		}
		return c, true, nil
	}
	if s == nil {
		if c, ok := o.Account.Cached(p.ID); ok && p.Snapshot != "" && c.Snapshot == p.Snapshot {
			c.Details, c.Following = DetailsOf(p), following
			return *c, false, nil
		}
	}
	c = store.Contents{ID: p.ID, Details: DetailsOf(p), Snapshot: p.Snapshot, Following: following}
	if s != nil {
		return o.resolve(ctx, c, *s)
	}
	c.Items, err = o.API.Items(ctx, p.ID)
	if err != nil {
		return c, false, err
	}
	if len(c.Items) == p.Total { // a replica that is behind shows another number: then the snapshot proves nothing
		_ = o.Account.SaveCached(c) // a cache that can't be written costs requests, nothing else
	}
	return c, false, nil
}

// resolve finds out by reading what became of a write whose answer was never recorded, and records it, so that it need
// not be found out again.
func (o *Observer) resolve(ctx context.Context, c store.Contents, s store.Settling) (store.Contents, bool, error) {
	items, v, err := until(ctx, func(ctx context.Context) ([]spotify.Item, error) { return o.API.Items(ctx, c.ID) },
		func(items []spotify.Item) verdict { return judgeItems(s.States, items) })
	if err != nil {
		return c, false, err
	}
	c.Items = items
	d := judgeDetails(s.States, c.Details)
	if d != settled {
		var p spotify.Playlist
		p, d, err = until(ctx, func(ctx context.Context) (spotify.Playlist, error) { return o.API.Playlist(ctx, c.ID) },
			func(p spotify.Playlist) verdict { return judgeDetails(s.States, DetailsOf(p)) })
		if err != nil {
			return c, false, err
		}
		c.Details = DetailsOf(p)
	}
	c.Snapshot = ""
	if v != settled || d != settled || c.Following != lastMark(&s).Following {
		s.States = append(s.States, mark(c))
	}
	s.Unsure, s.Expected = false, &c
	_ = o.Account.SaveSettling(s) // without it the next run reads once more
	return c, true, nil
}

// remembered is a playlist as far as it is known without asking.
func (o *Observer) remembered(id spotify.ID, now time.Time) Seen {
	if s, err := o.Account.Settling(id, now); err == nil && s != nil && s.Expected != nil {
		return Seen{Presence: Present, Contents: *s.Expected, Owner: o.User.ID, Expected: true}
	}
	if c, ok := o.Account.Cached(id); ok {
		c.Following = true
		return Seen{Presence: Present, Contents: *c, Owner: o.User.ID}
	}
	return Seen{Presence: Unread, Err: errors.New("nothing is remembered of it: plan without --refresh=false")}
}

// StopsRun reports whether an error concerns the whole run and not one playlist.
func StopsRun(err error) bool {
	var limit *spotify.RateLimitError
	var budget *spotify.BudgetError
	if errors.As(err, &limit) || errors.As(err, &budget) {
		return true
	}
	return spotify.AccessDenied(err) || errors.Is(err, context.Canceled)
}

// sideBySide calls do for 0 to n-1, at most limit at once, and waits for all it started. After the first error it starts
// no more, and lets those under way finish: cutting off a request that writes would leave its outcome unknown.
func sideBySide(limit, n int, do func(int) error) error {
	if limit <= 0 {
		limit = 4
	}
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		first error
	)
	failed := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return first != nil
	}
	slots := make(chan struct{}, limit)
	for i := range n {
		slots <- struct{}{}
		if failed() {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := do(i); err != nil {
				mu.Lock()
				defer mu.Unlock()
				if first == nil {
					first = err
				}
			}
		})
	}
	wg.Wait()
	return first
}

func lastMark(s *store.Settling) store.Mark { return s.States[len(s.States)-1] }

func playlistURI(id spotify.ID) spotify.URI { return spotify.Ref{ID: id}.URI(spotify.KindPlaylist) }

// Settle looks at playlists that matter only because of what the listing shows: those that an interrupted create may
// have made, and those that could be adopted by name. While a create is recent and nothing shows, it looks again: a
// listing lags.
func (o *Observer) Settle(ctx context.Context, seen *Observed, in Input) error {
	for i := 0; in.openCreate(o.Label, seen) && i < len(settleDelays); i++ {
		if err := pause(ctx, settleDelays[i]); err != nil {
			return err
		}
		all, err := o.API.Playlists(ctx)
		if err != nil {
			return fmt.Errorf("look for a playlist that an interrupted run may have created: %w", err)
		}
		seen.Library = o.current(all, in.Now)
	}
	for _, p := range seen.Owned() {
		if _, ok := seen.Seen[p.ID]; ok || !in.mayAdopt(o.Label, p) {
			continue
		}
		s, err := o.observeOne(ctx, p.ID, map[spotify.ID]spotify.Playlist{p.ID: p}, true, in.Now)
		if err != nil {
			return err
		}
		seen.Seen[p.ID] = s
	}
	return nil
}
