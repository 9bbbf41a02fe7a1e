package apply

import (
	"encoding/json"
	"fmt"

	"github.com/spotsync/spotsync/reconcile"
)

const (
	// maxRounds is how often a playlist is planned again because it holds what nobody expected.
	maxRounds = 3
	// MaxSame is how often a request is sent that Spotify fails to do: the second time is the last.
	MaxSame = 2
	// maxSuspects is how many items of a failing insert are looked up right away. Of more, half are sent first, which is
	// cheaper than asking for each.
	maxSuspects = 20
	// maxThinned is how many songs are looked up before copies of them are taken out.
	maxThinned = 20
)

// outcome is what became of an edit.
type outcome int

const (
	done   outcome = iota // it happened, or is not wanted any more
	around                // Spotify refuses a part of it: the rest is to be planned without that part
	moved                 // the playlist holds what nobody expected: somebody else edited it
)

// attempts bounds what one run writes to one playlist. All that ends a loop of a writer is counted here, and it is counted by
// what was sent, not by what came of it.
type attempts struct {
	left   int            // how many writes may still be sent
	most   int            // how many there were at first
	failed map[string]int // by request: how often it did not happen
	rounds int            // how often the playlist held what nobody expected
}

// newAttempts allows a change what its plan takes, a second plan that names each song by itself, and finding each refused
// song by halving.
func newAttempts(c reconcile.Change) *attempts {
	most := MostRequests(c)
	return &attempts{left: most, most: most, failed: make(map[string]int)}
}

// MostRequests is how many writes a run sends for a change, whatever happens.
func MostRequests(c reconcile.Change) int {
	songs := 0
	if c.Before != nil {
		songs = len(c.Before.Tracks)
	}
	if c.Desired != nil {
		songs += len(c.Desired.Tracks)
	}
	return 10 + 2*len(c.Edits) + 4*songs
}

// take counts a write that is about to be sent, and refuses one too many.
func (a *attempts) take() error {
	if a.left == 0 {
		return fmt.Errorf("%d requests did not bring it to what the files say, which is more than its plan can take; what was there is safe in history. Look at what others change in it, then apply again", a.most)
	}
	a.left--
	return nil
}

// fail counts a request that did not happen.
func (a *attempts) fail(e reconcile.Edit) { a.failed[requestKey(e)]++ }

// refuse notes a request that Spotify refuses, which it would do again.
func (a *attempts) refuse(e reconcile.Edit) { a.failed[requestKey(e)] = MaxSame }

// spent reports whether a request did not happen so often that it is not sent again as it is.
func (a *attempts) spent(e reconcile.Edit) bool { return a.failed[requestKey(e)] >= MaxSame }

// requestKey is the same for edits that send the same.
func requestKey(e reconcile.Edit) string {
	key, err := json.Marshal(e)
	if err != nil {
		panic("reconcile: an edit can always be written as JSON: " + err.Error())
	}
	return string(key)
}

// round counts a plan made again because somebody else edits the playlist, and refuses one too many.
func (a *attempts) round() error {
	if a.rounds++; a.rounds == maxRounds {
		return fmt.Errorf("it keeps changing while it is written (%d attempts); what was there is safe in history. Apply again when nobody edits it", maxRounds)
	}
	return nil
}
