package reconcile

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spotsync/spotsync/reconcile/edit"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

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
	sent := e.Edit
	if e.Kind == edit.Remove {
		sent.URIs = removes(c.Items, e.URIs)
	}
	items, err := edit.Replay(c.Items, sent, uriOf,
		func(it spotify.Item) bool { return it.Local || it.URI == "" },
		func(u spotify.URI) spotify.Item {
			it := spotify.Item{URI: u, Track: spotify.Track{Title: names[u]}}
			if a := aliases[u]; a != "" && a != u {
				it.URI, it.Track.LinkedFrom = a, u
			}
			return it
		})
	next.Items = items
	return next, err
}

// removes are the rows that a request takes away, by the URIs they were added by: a row is named by every URI it may have.
func removes(items []spotify.Item, uris []spotify.URI) []spotify.URI {
	names := make(map[spotify.URI]bool, len(items))
	shown := make(map[spotify.URI][]spotify.URI)
	for _, it := range items {
		names[uriOf(it)] = true
		if u := uriOf(it); u != it.URI && !slices.Contains(shown[it.URI], u) {
			shown[it.URI] = append(shown[it.URI], u)
		}
	}
	var out []spotify.URI
	add := func(u spotify.URI) {
		if !slices.Contains(out, u) {
			out = append(out, u)
		}
	}
	for _, u := range uris {
		if names[u] {
			add(u)
			continue
		}
		for _, name := range shown[u] {
			add(name)
		}
	}
	return out
}

// uriOf is the URI that names a row in a request: the original's, where Spotify shows a twin.
func uriOf(it spotify.Item) spotify.URI {
	if it.Track.LinkedFrom != "" {
		return it.Track.LinkedFrom
	}
	return it.URI
}

// aliases are the URIs Spotify is known to show for others, in this playlist.
func (w *writer) aliases() map[spotify.URI]spotify.URI {
	return joined(entryOf(w.a.Lock.Current(), w.change.Address).Aliases, w.change.Aliases)
}

// settled writes down that the playlist is as expected now, and which states a reader may meet for the next minute.
func (w *writer) settled() error { return w.settling(&w.now) }

// keepStates is how many states a reader may meet are remembered.
const keepStates = 200

// keepOurs is how many states of our own making are remembered until files and Spotify agree. A run that is cut short leaves
// the last one, or the one before where the last request did not happen.
const keepOurs = 8

// making notes a state that the next request will make. unmake takes it back where it is sure that it did not happen.
func (w *writer) making(next store.Contents) {
	w.states, w.ours = append(w.states, mark(next)), append(w.ours, mark(next))
}

func (w *writer) unmake() {
	w.states = w.states[:len(w.states)-1]
	w.ours = w.ours[:len(w.ours)-1]
}

// settling writes down which states a reader may meet for the next minute; expected is nil while that is not sure.
func (w *writer) settling(expected *store.Contents) error {
	w.states = w.states[max(0, len(w.states)-keepStates):]
	w.ours = w.ours[max(0, len(w.ours)-keepOurs):]
	s := store.Settling{ID: w.id, Time: time.Now().UTC(), States: w.states, Unsure: expected == nil, Expected: expected, Ours: w.ours}
	if err := w.account.SaveSettling(s); err != nil {
		return fmt.Errorf("remember what is written: %w", err)
	}
	w.unsure = s.Unsure
	return nil
}
