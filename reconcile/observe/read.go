package observe

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// contents finds out what each of the playlists holds. What is known is taken from memory; the rest is read side by side,
// and looked at again where reading took several requests.
func (o *Observer) contents(ctx context.Context, ids []spotify.ID, at libraryView, now time.Time) (map[spotify.ID]reconcile.Seen, error) {
	seen := make(map[spotify.ID]reconcile.Seen, len(ids))
	var unread []spotify.ID
	requests := 0
	for _, id := range ids {
		if err := at.unknown[id]; err != nil {
			seen[id] = reconcile.Seen{Presence: reconcile.Unread, Err: err}
			continue
		}
		s, known := o.known(id, at, now)
		if known {
			seen[id] = s
			continue
		}
		unread = append(unread, id)
		requests += spotify.PlaylistRequests(at.playlists[id].Total)
	}
	if len(unread) == 0 {
		return seen, nil
	}
	if o.Announce != nil {
		o.Announce(len(unread), requests)
	}
	read := make([]reading, len(unread))
	var mu sync.Mutex
	done := len(seen)
	err := Parallel(o.Parallelism, len(unread), func(i int) (err error) {
		if read[i], err = o.read(ctx, unread[i], at, now); err != nil {
			if StopsRun(err) {
				return err
			}
			read[i] = reading{Seen: reconcile.Seen{Presence: reconcile.Unread, Err: err}}
		}
		mu.Lock()
		defer mu.Unlock()
		done++
		if o.Progress != nil {
			o.Progress(done, len(ids))
		}
		return nil
	})
	if err == nil {
		err = o.confirm(ctx, unread, read, at)
	}
	o.keep(read)
	for i, id := range unread {
		seen[id] = read[i].Seen
	}
	return seen, err
}

// reading is a playlist that was read.
type reading struct {
	reconcile.Seen
	torn bool // the items took several requests to read, or don't fit: they may be of two versions
}

// known is what need not be read: a playlist we have just written to, one whose snapshot is that of what was read before,
// or somebody else's.
func (o *Observer) known(id spotify.ID, at libraryView, now time.Time) (s reconcile.Seen, ok bool) {
	recent := at.recent[id]
	p, found := at.playlists[id]
	expected := recent != nil && recent.Expected != nil && !o.Certain && !(o.Watching && found && p.Snapshot != recent.Expected.Snapshot)
	if !found {
		if expected && at.inLibrary[id] {
			return reconcile.Seen{Presence: reconcile.Present, Contents: *recent.Expected, Owner: o.User.ID, Expected: true}, true
		}
		return reconcile.Seen{}, false
	}
	if p.Owner != o.User.ID {
		return reconcile.Seen{Presence: reconcile.NotOwned, Owner: p.Owner, Contents: store.Contents{ID: id, Details: reconcile.DetailsOf(p)}, At: now}, true
	}
	s = reconcile.Seen{Presence: presence(at.inLibrary[id]), Owner: p.Owner}
	switch {
	case expected:
		s.Contents, s.Expected = *recent.Expected, true
		if CompareDetails(recent.States, reconcile.DetailsOf(p)) == Foreign {
			s.Contents.Details = reconcile.DetailsOf(p)
		}
	case recent != nil:
		return reconcile.Seen{}, false
	default:
		c, cached := o.Account.Cached(id)
		if !cached || !StillHolds(c, p) {
			return reconcile.Seen{}, false
		}
		s.Contents, s.At = *c, now
		s.Contents.Details = reconcile.DetailsOf(p)
	}
	s.Contents.Following = at.inLibrary[id]
	return s, true
}

// StillHolds reports whether a playlist still is what was cached of it. The snapshot of a write of ours covers an edit that
// somebody made just before; that one shows in the number of items.
func StillHolds(c *store.Contents, p spotify.Playlist) bool {
	return p.Snapshot != "" && c.Snapshot == p.Snapshot && (p.Total < 0 || p.Total == len(c.Items))
}

func presence(held bool) reconcile.Presence {
	if held {
		return reconcile.Present
	}
	return reconcile.Absent
}

// read reads one playlist.
func (o *Observer) read(ctx context.Context, id spotify.ID, at libraryView, now time.Time) (reading, error) {
	p, found := at.playlists[id]
	if _, cached := o.Account.Cached(id); !found && (cached || at.recent[id] != nil) {
		var err error // a small look may tell that nothing else need be read
		p, err = o.API.Playlist(ctx, id)
		if errors.Is(err, spotify.ErrNotFound) {
			return reading{Seen: reconcile.Seen{Presence: reconcile.Gone}}, nil
		}
		if err != nil {
			return reading{}, fmt.Errorf("read playlist %s: %w", id, err)
		}
		at.playlists = map[spotify.ID]spotify.Playlist{id: p}
		if s, ok := o.known(id, at, now); ok {
			return reading{Seen: s}, nil
		}
	}
	if recent := at.recent[id]; recent != nil {
		c, err := o.resolve(ctx, store.Contents{ID: id, Details: reconcile.DetailsOf(p), Snapshot: p.Snapshot, Following: at.inLibrary[id]}, *recent)
		if err != nil {
			return reading{}, fmt.Errorf("read playlist %q (%s): %w", p.Name, id, err)
		}
		return reading{Seen: reconcile.Seen{Presence: presence(at.inLibrary[id]), Owner: p.Owner, Contents: c, Expected: true, Reread: true}}, nil
	}
	full, err := readFull(ctx, o.API, id)
	switch {
	case !found && errors.Is(err, spotify.ErrNotFound):
		return reading{Seen: reconcile.Seen{Presence: reconcile.Gone}}, nil
	case err != nil:
		return reading{}, fmt.Errorf("read playlist %q (%s): %w", p.Name, id, err)
	case full.Owner != o.User.ID:
		return reading{Seen: reconcile.Seen{Presence: reconcile.NotOwned, Owner: full.Owner, Contents: store.Contents{ID: id, Details: reconcile.DetailsOf(full.Playlist)}, At: now}}, nil
	}
	c := store.Contents{ID: id, Details: reconcile.DetailsOf(full.Playlist), Snapshot: full.Snapshot, Items: full.Items, Following: at.inLibrary[id]}
	return reading{Seen: reconcile.Seen{Presence: presence(at.inLibrary[id]), Owner: full.Owner, At: now, Contents: c}, torn: full.Answers > 1}, nil
}

// readFull reads a playlist with its items, also where they did not come along although it may be ours.
func readFull(ctx context.Context, api Reader, id spotify.ID) (full spotify.FullPlaylist, err error) {
	if full, err = api.FullPlaylist(ctx, id); err != nil || full.Items != nil {
		return full, err
	}
	full.Items, err = api.Items(ctx, id)
	full.Answers++
	if errors.Is(err, spotify.ErrForbidden) { // somebody else's
		return full, nil
	}
	return full, err
}

// confirm looks again at playlists that may have been changed while they were read, and reads those anew that were.
func (o *Observer) confirm(ctx context.Context, ids []spotify.ID, seen []reading, at libraryView) error {
	var doubtful []int
	var ask []spotify.ID
	for i, s := range seen {
		if s.torn {
			doubtful, ask = append(doubtful, i), append(ask, ids[i])
		}
	}
	if len(ask) == 0 {
		return nil
	}
	now := time.Now()
	after, err := o.recheck(ctx, ask, at)
	if err != nil && StopsRun(err) {
		return err
	}
	return Parallel(o.Parallelism, len(doubtful), func(i int) error {
		s := &seen[doubtful[i]]
		p, found := after[ask[i]]
		if !found { // it left the library meanwhile, or asking failed
			p = spotify.Playlist{ID: ask[i], Total: -1}
		}
		c := &s.Contents
		s.torn, s.At = false, now
		if unchanged(c.Snapshot, c.Items, p) {
			return nil
		}
		p, items, err := ReadWhole(ctx, o.API, p.ID, c.Items)
		switch {
		case err != nil && StopsRun(err):
			return err
		case err != nil:
			s.Seen = reconcile.Seen{Presence: reconcile.Unread, Err: fmt.Errorf("read playlist %q (%s): %w", c.Details.Name, ask[i], err)}
			return nil
		}
		c.Items, c.Snapshot, c.Details = items, p.Snapshot, reconcile.DetailsOf(p)
		return nil
	})
}

// unchanged reports whether items that were read between two looks at a playlist are of one version.
func unchanged(before spotify.Snapshot, items []spotify.Item, after spotify.Playlist) bool {
	return before != "" && after.Snapshot == before && (after.Total < 0 || after.Total == len(items))
}

// maxTorn is how often a playlist that changes while it is read is read anew.
const maxTorn = 3

// ReadWhole reads a playlist until nothing changes meanwhile. A snapshot that moves over items that don't proves nothing and
// is left out: it does so for a while after an edit. before is what an earlier read showed, nil for none.
func ReadWhole(ctx context.Context, api Reader, id spotify.ID, before []spotify.Item) (spotify.Playlist, []spotify.Item, error) {
	for i := 0; ; i++ {
		full, err := readFull(ctx, api, id)
		if err != nil {
			return full.Playlist, nil, err
		}
		if full.Answers == 1 {
			return full.Playlist, full.Items, nil
		}
		after, err := api.Playlist(ctx, id)
		if err != nil {
			return after, nil, err
		}
		if unchanged(full.Snapshot, full.Items, after) {
			return after, full.Items, nil
		}
		if before != nil && reconcile.SameItems(full.Items, before) {
			after.Snapshot = ""
			return after, full.Items, nil
		}
		if i == maxTorn {
			return after, nil, errors.New("it changes each time it is read; try again when nobody edits it")
		}
		if err := pause(ctx, settleDelays[i]); err != nil {
			return after, nil, err
		}
		before = full.Items
	}
}

// keep caches what was read, also where a run ends here: a change while it was read gave the playlist another snapshot, so
// that what is kept will not be taken for it. A cache that can't be written costs requests, nothing else.
func (o *Observer) keep(seen []reading) {
	for _, s := range seen {
		if s.Contents.Snapshot != "" && s.Contents.Items != nil && !s.Expected {
			_ = o.Account.SaveCached(s.Contents)
		}
	}
}

// resolve finds out by reading what became of a write whose answer was never recorded, and records it, so that it need
// not be found out again.
func (o *Observer) resolve(ctx context.Context, c store.Contents, s store.Settling) (store.Contents, error) {
	items, v, err := Until(ctx, func(ctx context.Context) ([]spotify.Item, error) { return o.API.Items(ctx, c.ID) },
		func(items []spotify.Item) ReadState {
			return CompareItems(s.States, reconcile.Recognize(items, o.lately(c.ID, s)))
		})
	if err != nil {
		return c, err
	}
	c.Items = reconcile.Recognize(items, o.lately(c.ID, s))
	d := CompareDetails(s.States, c.Details)
	if d != Current {
		var p spotify.Playlist
		p, d, err = Until(ctx, func(ctx context.Context) (spotify.Playlist, error) { return o.API.Playlist(ctx, c.ID) },
			func(p spotify.Playlist) ReadState { return CompareDetails(s.States, reconcile.DetailsOf(p)) })
		if err != nil {
			return c, err
		}
		c.Details = reconcile.DetailsOf(p)
	}
	c.Snapshot = ""
	switch {
	case v != Current || d != Current || c.Following != lastMark(&s).Following:
		s.States = append(s.States, reconcile.MarkOf(c))
	case s.Expected != nil: // nothing new: once snapshots are at rest, that of our write saves reading it again
		c.Snapshot = s.Expected.Snapshot
	}
	s.Unsure, s.Expected = false, &c
	_ = o.Account.SaveSettling(s) // without it the next run reads once more
	return c, nil
}

// lately is what is known of the rows of a playlist that we wrote to within the last minute.
func (o *Observer) lately(id spotify.ID, s store.Settling) reconcile.Recollection {
	if s.Expected != nil {
		return reconcile.Recollection{Rows: s.Expected.Items, KnownOnly: true}
	}
	if c, ok := o.Account.Cached(id); ok {
		return reconcile.Recollection{Rows: c.Items, KnownOnly: true}
	}
	return reconcile.Recollection{}
}

func lastMark(s *store.Settling) store.Mark { return s.States[len(s.States)-1] }
