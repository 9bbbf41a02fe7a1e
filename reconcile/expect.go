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
