package observe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// libraryView is what a look at an account showed, without the contents of its playlists.
type libraryView struct {
	playlists map[spotify.ID]spotify.Playlist // the managed ones that were found, and whatever a listing showed beside them
	listing   []spotify.Playlist              // the whole library, in Spotify's order, when complete
	complete  bool                            // everything was listed
	inLibrary map[spotify.ID]bool             // managed playlists that the library holds
	unknown   map[spotify.ID]error            // managed ones of which it could not be asked whether it does
	recent    map[spotify.ID]*store.Settling  // of managed ones we wrote to within the last minute
}

// maxContains is how many URIs one question to the library may name (GET /me/library/contains).
const maxContains = 40

// list asks what there is: by listing the library, or by asking for the few playlists that matter where that takes fewer
// requests. The latter serves only while all of them are where they should be; what is missing matters enough to list.
func (o *Observer) list(ctx context.Context, managed []spotify.ID, now time.Time) (libraryView, error) {
	recent, err := o.recent(managed, now)
	if err != nil {
		return libraryView{}, err
	}
	if o.Alone && o.fewer(managed, recent) {
		at, ok, err := o.getEach(ctx, managed, recent)
		if ok || err != nil {
			return at, err
		}
	}
	at := libraryView{complete: true, recent: recent}
	if at.listing, err = o.API.Playlists(ctx); err != nil {
		return libraryView{}, fmt.Errorf("list the playlists of account %q: %w", o.Label, err)
	}
	_ = o.Account.SaveLibrary(len(at.listing)) // without it the library is listed the next time too
	at.playlists = byID(at.listing)
	at.inLibrary, at.unknown, err = o.inLibrary(ctx, managed, at)
	return at, err
}

// fewer reports whether asking for each playlist takes fewer requests than a listing.
func (o *Observer) fewer(managed []spotify.ID, recent map[spotify.ID]*store.Settling) bool {
	for _, s := range recent {
		if s.Unsure {
			return false // whether it is in the library takes a listing to find out
		}
	}
	if len(managed) == 0 {
		return true
	}
	total, known := o.Account.Library()
	return known && len(managed)+(len(managed)+maxContains-1)/maxContains < spotify.Pages(total)
}

// getEach asks for playlists one by one; ok is false where one is not in its place.
func (o *Observer) getEach(ctx context.Context, managed []spotify.ID, recent map[spotify.ID]*store.Settling) (at libraryView, ok bool, err error) {
	found, err := o.each(ctx, managed)
	if err != nil {
		if StopsRun(err) {
			return libraryView{}, false, err
		}
		return libraryView{}, false, nil
	}
	at = libraryView{playlists: found, recent: recent}
	if at.inLibrary, at.unknown, err = o.inLibrary(ctx, managed, at); err != nil {
		return libraryView{}, false, err
	}
	for _, id := range managed {
		if !at.inLibrary[id] {
			return libraryView{}, false, nil
		}
	}
	return at, true, nil
}

// recheck looks once more at some of the playlists of a view, by what takes fewer requests.
func (o *Observer) recheck(ctx context.Context, ids []spotify.ID, at libraryView) (map[spotify.ID]spotify.Playlist, error) {
	if at.complete && spotify.Pages(len(at.listing)) < len(ids) {
		all, err := o.API.Playlists(ctx)
		return byID(all), err
	}
	return o.each(ctx, ids)
}

// each asks for playlists one by one, side by side.
func (o *Observer) each(ctx context.Context, ids []spotify.ID) (map[spotify.ID]spotify.Playlist, error) {
	found := make([]spotify.Playlist, len(ids))
	err := Parallel(o.Parallelism, len(ids), func(i int) (err error) {
		found[i], err = o.API.Playlist(ctx, ids[i])
		return err
	})
	return byID(found), err
}

func byID(list []spotify.Playlist) map[spotify.ID]spotify.Playlist {
	m := make(map[spotify.ID]spotify.Playlist, len(list))
	for _, p := range list {
		m[p.ID] = p
	}
	return m
}

// recent are the records of what we wrote within the last minute.
func (o *Observer) recent(ids []spotify.ID, now time.Time) (map[spotify.ID]*store.Settling, error) {
	m := make(map[spotify.ID]*store.Settling)
	for _, id := range ids {
		s, err := o.Account.Settling(id, now)
		if err != nil {
			return nil, err
		}
		if s != nil {
			m[id] = s
		}
	}
	return m, nil
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
// Where Spotify wants no questions about the library, only the playlists to be asked about are unknown.
func (o *Observer) inLibrary(ctx context.Context, managed []spotify.ID, at libraryView) (in map[spotify.ID]bool, unknown map[spotify.ID]error, err error) {
	in, unknown = make(map[spotify.ID]bool, len(managed)), make(map[spotify.ID]error)
	var ask []spotify.URI
	var ids []spotify.ID
	for _, id := range managed {
		if at.complete {
			_, in[id] = at.playlists[id]
		}
		switch s := at.recent[id]; {
		case s != nil && !s.Unsure:
			in[id] = lastMark(s).Following
		case s != nil && in[id] != lastMark(s).Following && len(s.States) > 1 && s.States[len(s.States)-2].Following != lastMark(s).Following:
			// It was put there or taken out, and no answer came. That it happened takes one read, that it did not all of them.
			_, v, err := Until(ctx, func(ctx context.Context) ([]bool, error) { return o.API.Contains(ctx, spotify.PlaylistURI(id)) }, func(got []bool) ReadState {
				if len(got) == 1 && got[0] == lastMark(s).Following {
					return Current
				}
				return Stale
			})
			if err != nil {
				err = fmt.Errorf("ask whether %s is in the library: %w", id, err)
			}
			if isShut(err) {
				unknown[id] = err
				continue
			}
			if err != nil {
				return nil, nil, err
			}
			in[id] = (v == Current) == lastMark(s).Following
		case s != nil && lastMark(s).Following:
			in[id] = true
		case !in[id]:
			ids = append(ids, id)
			ask = append(ask, spotify.PlaylistURI(id))
		}
	}
	if len(ask) == 0 {
		return in, unknown, nil
	}
	for _, scope := range []string{"playlist-read-private", "playlist-read-collaborative"} {
		if o.Scopes != nil && !slices.Contains(o.Scopes, scope) {
			return nil, nil, hiddenError(fmt.Sprintf("account %q was not granted %s, so Spotify hides playlists from spotsync and a missing one means nothing: run spotsync login%s", o.Label, scope, reconcile.LoginFlag(o.Label)))
		}
	}
	found, err := o.API.Contains(ctx, ask...)
	if err != nil {
		err = fmt.Errorf("ask whether %d missing playlists are still in the library: %w", len(ask), err)
	}
	if isShut(err) {
		for _, id := range ids {
			unknown[id] = err
		}
		return in, unknown, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if len(found) != len(ask) {
		return nil, nil, fmt.Errorf("ask whether missing playlists are still in the library: %d answers to %d questions", len(found), len(ask))
	}
	for i, id := range ids {
		in[id] = found[i]
	}
	return in, unknown, nil
}

// isShut reports whether an error is a limit of Spotify's that leaves the rest of a run alone.
func isShut(err error) bool {
	var limit *spotify.RateLimitError
	return errors.As(err, &limit) && !StopsRun(err)
}

// hiddenError says that a login does not grant what it takes to believe that a playlist is gone.
type hiddenError string

func (e hiddenError) Error() string { return string(e) }

func (hiddenError) Unwrap() error { return spotify.ErrScope }
