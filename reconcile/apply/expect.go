package apply

import (
	"fmt"
	"time"

	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
)

// learned is what was learned of the playlist: before, by the plan, and by this run.
func (w *writer) learned() reconcile.Learned {
	return reconcile.LearnedBefore(w.a.Lock.Current().Playlists[w.change.Address]).With(w.change.Learned)
}

// settled writes down that the playlist is as expected now, and which states a reader may meet for the next minute.
func (w *writer) settled() error {
	if err := w.record(&w.now); err != nil {
		return err
	}
	w.progress = recorded
	return nil
}

// keepStates is how many states a reader may meet are remembered.
const keepStates = 200

// keepOurs is how many states of our own making are remembered until files and Spotify agree. A run that is cut short leaves
// the last one, or the one before where the last request did not happen.
const keepOurs = 8

// announce writes down what the next request will make.
func (w *writer) announce(next store.Contents) error {
	w.states, w.ours = append(w.states, reconcile.MarkOf(next)), append(w.ours, reconcile.MarkOf(next))
	if err := w.record(nil); err != nil {
		w.withdraw()
		return err
	}
	w.progress = w.progress.announce()
	return nil
}

// withdraw takes back what was announced, where it is sure that it did not happen. The record on disk stays, until the next one.
func (w *writer) withdraw() {
	w.states = w.states[:len(w.states)-1]
	w.ours = w.ours[:len(w.ours)-1]
}

// record writes down which states a reader may meet for the next minute; expected is nil while that is not sure.
func (w *writer) record(expected *store.Contents) error {
	w.states = w.states[max(0, len(w.states)-keepStates):]
	w.ours = w.ours[max(0, len(w.ours)-keepOurs):]
	s := store.Settling{ID: w.id, Time: time.Now().UTC(), States: w.states, Unsure: expected == nil, Expected: expected, Ours: w.ours}
	if err := w.account.SaveSettling(s); err != nil {
		return fmt.Errorf("remember what is written: %w", err)
	}
	return nil
}
