package heal

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/spotify"
)

// watched is what a daemon remembers of one playlist. Nothing is remembered of one that gives no trouble but which wishes
// Spotify was once seen to fulfil.
type watched struct {
	Kept     map[trait]string   `json:"kept,omitempty"`     // digest of the wish that was last seen fulfilled
	Troubles map[trait]*trouble `json:"troubles,omitempty"` // what had to be written

	Failures int       `json:"failures,omitempty"` // in a row
	RetryAt  time.Time `json:"retry_at,omitzero"`  // after a failure
	Problem  string    `json:"problem,omitempty"`  // what failed
	Failed   string    `json:"failed,omitempty"`   // digest of the wish that could not be done
	Sent     int       `json:"sent,omitempty"`     // how many of the failures were Spotify's: a request was sent, and refused or not done

	wish    string // digest of the one that was last looked at
	address string // its own
}

// trouble is one trait that was written, or has to be.
type trouble struct {
	Wrote   time.Time `json:"wrote,omitzero"`    // when it was last written
	Written string    `json:"written,omitempty"` // digest of what was written

	Heals   int       `json:"heals,omitempty"`   // how often an edit made elsewhere was undone, without a quiet day between
	Since   time.Time `json:"since,omitzero"`    // since when it differs again; zero: it doesn't, as far as is known
	RetryAt time.Time `json:"retry_at,omitzero"` // when that is undone

	Missed int     `json:"missed,omitempty"` // how often it was written and never seen so
	Values []value `json:"values,omitempty"` // wanted one after the other, from files that did not change
	Flaps  bool    `json:"flaps,omitempty"`  // there were too many of those
}

// value is one that the files came to want.
type value struct {
	Digest string    `json:"digest"`
	At     time.Time `json:"at"`
}

const (
	maxMissed   = 3              // so often a wish is written that is never seen fulfilled
	maxValues   = 2              // so many different values are allowed
	maxSwitches = 4              // so many values, be they the same again
	valueWindow = time.Hour      // within so much time, or without a round between in which nothing changed
	Memory      = 24 * time.Hour // so long it must be quiet until what was undone is forgotten
	maxBackoff  = 6 * time.Hour
	MaxSent     = 10 // so often the same wish is sent that Spotify refuses or fails to do
)

// healDelays are how long the undoing of an edit waits, by how often it has been undone; the last goes on.
var healDelays = [...]time.Duration{0, 0, 0, 15 * time.Minute, time.Hour, 6 * time.Hour}

// release forgets all but what proves that Spotify can fulfil a wish.
func (w *watched) release() { *w = watched{Kept: w.Kept} }

// reread is release where the files say something new, be it about other playlists: what failed and is still wanted as it
// was goes on waiting.
func (w *watched) reread() { w.Troubles = nil }

func (w *watched) empty() bool {
	return len(w.Kept) == 0 && len(w.Troubles) == 0 && w.Failures == 0
}

func (w *watched) succeeded() {
	w.Failures, w.RetryAt, w.Problem, w.Failed, w.Sent = 0, time.Time{}, "", "", 0
}

// failed waits 1, 2, 4 … minutes.
func (w *watched) failed(err error, now time.Time) {
	wait := maxBackoff
	if w.Failures < 9 {
		wait = min(wait, time.Minute<<w.Failures)
	}
	w.Failures = min(w.Failures+1, 100)
	w.RetryAt, w.Problem, w.Failed = now.Add(wait).UTC(), "the last try failed: "+err.Error(), w.wish
	var refused *spotify.Error
	var unavailable *spotify.UnavailableError
	if errors.As(err, &refused) || errors.As(err, &unavailable) {
		w.Sent = min(w.Sent+1, MaxSent)
	}
}

// waits says whether what failed waits, and why: until its time comes, or, where Spotify would only be sent the same again
// and again, until somebody does something about it.
func (w *watched) waits(now time.Time) (VerdictState, string, time.Time) {
	switch {
	case w.Sent >= MaxSent:
		return Held, fmt.Sprintf("Spotify did not do it %d times in a row, and is not asked again for the same; write something else, or: spotsync resume %s; %s", w.Sent, reconcile.ShellQuote(w.address), w.Problem), time.Time{}
	case now.Before(w.RetryAt):
		return Failed, w.Problem, w.RetryAt
	}
	return Pending, "", time.Time{}
}

func (w *watched) trouble(k trait) *trouble {
	if w.Troubles == nil {
		w.Troubles = make(map[trait]*trouble)
	}
	t := w.Troubles[k]
	if t == nil {
		t = &trouble{}
		w.Troubles[k] = t
	}
	return t
}

// learn takes note of the wishes that are fulfilled. What was not read, but expected after a write of ours, proves nothing.
func (w *watched) learn(c reconcile.Change, now time.Time) {
	if c.Desired == nil || c.Before == nil || c.Before.Seen.IsZero() || len(c.Unknown) > 0 {
		return
	}
	differs := touched(c)
	for _, k := range allTraits {
		if !manages(c.Desired, k) || slices.Contains(differs, k) {
			continue
		}
		want := digestOf(c.Desired, k)
		if w.Kept[k] != want {
			if w.Kept == nil {
				w.Kept = make(map[trait]string)
			}
			w.Kept[k] = want
		}
		if t := w.Troubles[k]; t != nil && t.calm(want, now) {
			delete(w.Troubles, k)
		}
	}
}

// calm takes note that the trait is as wanted, and reports whether nothing of its trouble is worth remembering.
func (t *trouble) calm(want string, now time.Time) bool {
	t.Since, t.RetryAt, t.Missed = time.Time{}, time.Time{}, 0
	if n := len(t.Values); n > 0 && t.Values[n-1].Digest == want {
		last := t.Values[n-1]
		t.Values = append(slices.DeleteFunc(t.Values[:n-1], func(v value) bool { return now.Sub(v.At) >= valueWindow }), last)
	}
	if now.Sub(t.Wrote) >= Memory {
		t.Heals = 0
	}
	return !t.Flaps && t.Heals == 0 && len(t.Values) < 2 && now.Sub(t.Wrote) >= valueWindow
}

// judge says whether a trait that differs is written now.
func (w *watched) judge(k trait, want string, drift bool, now time.Time) (VerdictState, string, time.Time) {
	t := w.trouble(k)
	switch {
	case t.Flaps:
	case t.flaps(want):
		t.Flaps = true
	case !drift:
		t.Since, t.RetryAt = time.Time{}, time.Time{}
	case t.Since.IsZero(): // it differs again
		if !t.Wrote.IsZero() && now.Sub(t.Wrote) >= Memory {
			t.Heals = 0
		}
		if t.Written == want && w.Kept[k] != want {
			t.Missed++
		}
		t.Since = now.UTC()
		t.RetryAt = t.Since.Add(healDelays[min(t.Heals, len(healDelays)-1)])
	}
	return t.waits(w.address, k, now)
}

// waits says whether a trait waits, and why, as was found out.
func (t *trouble) waits(address string, k trait, now time.Time) (VerdictState, string, time.Time) {
	switch {
	case t.Flaps:
		return Held, k.its() + " changes again and again while the files don't; write one that stays the same, or: spotsync resume " + reconcile.ShellQuote(address), time.Time{}
	case t.Since.IsZero():
	case t.Missed >= maxMissed:
		return Held, fmt.Sprintf("%s was written %d times and is never what was asked for afterwards; change the line, or: spotsync resume %s", k.its(), t.Missed, reconcile.ShellQuote(address)), time.Time{}
	case now.Before(t.RetryAt):
		return Braked, fmt.Sprintf("%s was changed back %d times, so that undoing it waits", k.its(), t.Heals), t.RetryAt
	}
	return Pending, "", time.Time{}
}

// flaps reports whether writing want would be one value too many.
func (t *trouble) flaps(want string) bool {
	n := len(t.Values)
	if n == 0 || t.Values[n-1].Digest == want {
		return false
	}
	different := map[string]bool{want: true}
	for _, v := range t.Values {
		different[v.Digest] = true
	}
	return len(different) > maxValues || n >= maxSwitches
}

// wrote takes note that a trait was written.
func (w *watched) wrote(k trait, want string, drift bool, now time.Time) {
	t := w.trouble(k)
	if drift && (t.Written == "" || t.Written == want || w.Kept[k] == want) {
		t.Heals = min(t.Heals+1, len(healDelays))
	}
	if t.Written != want {
		t.Missed = 0
	}
	if k != traitTracks { // which may change with what they are made of as often as they like
		if len(t.Values) == 0 && w.Kept[k] != "" {
			t.Values = append(t.Values, value{w.Kept[k], now.UTC()})
		}
		if n := len(t.Values); n == 0 || t.Values[n-1].Digest != want {
			t.Values = append(t.Values, value{want, now.UTC()})
		}
	}
	t.Wrote, t.Written = now.UTC(), want
	t.Since, t.RetryAt = time.Time{}, time.Time{}
}
