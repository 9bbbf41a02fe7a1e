package heal

import (
	"slices"
	"time"

	"github.com/spotsync/spotsync/spotify"
)

// hour is how many requests were sent in one hour.
type hour struct {
	Start time.Time `json:"start"` // UTC, a whole hour
	N     int       `json:"n"`
}

const day = 24 * time.Hour

// QuietCost is how many requests a round takes in which nothing changed, given how many playlists each account's library
// holds.
func QuietCost(libraries ...int) int {
	n := 0
	for _, playlists := range libraries {
		n += spotify.Pages(playlists)
	}
	return n
}

// Spend counts requests that were sent. What the hour under way has cost so far is written down with the next thing worth
// that, and by [State.Close].
func (l *State) Spend(requests int, now time.Time) {
	if start := now.UTC().Truncate(time.Hour); !start.Equal(l.current.Start) {
		l.fold()
		l.current = hour{Start: start}
		l.Hours = slices.DeleteFunc(l.Hours, func(h hour) bool { return h.left(now) == 0 })
	}
	l.current.N += requests
}

// Close counts the hour under way, for a daemon that ends.
func (l *State) Close() { l.fold() }

func (l *State) fold() {
	if l.current.N == 0 {
		return
	}
	if n := len(l.Hours); n > 0 && l.Hours[n-1].Start.Equal(l.current.Start) {
		l.Hours[n-1].N += l.current.N
	} else {
		l.Hours = append(l.Hours, l.current)
	}
	l.current.N = 0
}

// Used is how many requests were sent in the 24 hours before now. An hour that lies partly before them counts whole.
func (l *State) Used(now time.Time) int {
	n := l.current.left(now)
	for _, h := range l.Hours {
		n += h.left(now)
	}
	return n
}

// left is how many requests of an hour count at a time.
func (h hour) left(at time.Time) int {
	if at.Before(h.Start.Add(time.Hour + day)) {
		return h.N
	}
	return 0
}

// Interval is how long to wait between two quiet rounds of that cost: as long as the policy says, and longer where that is
// needed to stay under its requests a day, which those sent in the last 24 hours count for.
func (l *State) Interval(policy Policy, cost int, now time.Time) time.Duration {
	least := policy.Interval
	if policy.RequestsPerDay <= 0 || cost <= 0 {
		return least
	}
	perDay := float64(policy.RequestsPerDay)
	perDay -= min(2*float64(cost), perDay/10) // kept back for the rounds at both ends of a day
	least = max(least, evenly(cost, perDay, day))
	// Before the end of each hour to come no more may have been sent than a day allows, with what is sent evenly from now on.
	for end := now.Truncate(time.Hour).Add(time.Hour); end.Sub(now) <= day; end = end.Add(time.Hour) {
		free, ahead := perDay-float64(l.Used(end.Add(-1))), end.Sub(now)
		if free < float64(cost) {
			least = max(least, ahead)
			continue
		}
		least = max(least, evenly(cost, free, ahead))
	}
	return least.Round(time.Second)
}

// evenly is how far apart rounds of a cost are when so many requests are spread over a time.
func evenly(cost int, requests float64, over time.Duration) time.Duration {
	return time.Duration(float64(cost) / requests * float64(over))
}

// Next is when the next round begins if nothing else causes one: after the interval, made up to a tenth longer by jitter,
// which lies in [0, 1), or as soon as something that waits has waited long enough; never before until, when Spotify takes
// requests again. now is the end of the last round.
func (l *State) Next(policy Policy, cost int, until, now time.Time, jitter float64) time.Time {
	wait := l.Interval(policy, cost, now)
	at := now.Add(wait + time.Duration(jitter*float64(wait)/10))
	if policy.RequestsPerDay <= 0 || l.Used(now)+cost <= policy.RequestsPerDay {
		for _, w := range l.waits() {
			if w.After(now) && w.Before(at) {
				at = w
			}
		}
	}
	if at.Before(until) {
		return until
	}
	return at
}

// waits are the times something waits for.
func (l *State) waits() []time.Time {
	var all []time.Time
	for _, w := range l.Playlists {
		if w.Failures > 0 && w.Sent < MaxSent {
			all = append(all, w.RetryAt)
		}
		for _, t := range w.Troubles {
			if !t.Since.IsZero() && !t.Flaps && t.Missed < maxMissed {
				all = append(all, t.RetryAt)
			}
		}
	}
	for _, d := range l.PendingDeletes {
		all = append(all, d.Since.Add(pruneAfter))
	}
	return all
}

// rewind is for a clock that was set back, or was wrong when things were written down: nothing happened later than now, and
// nothing waits longer than it would have from now on.
func (l *State) rewind(now time.Time) {
	now = now.UTC()
	past := func(t *time.Time) (by time.Duration) {
		if t.After(now) {
			by = t.Sub(now)
			*t = now
		}
		return by
	}
	for _, w := range l.Playlists {
		if most := now.Add(maxBackoff); w.RetryAt.After(most) {
			w.RetryAt = most
		}
		for _, t := range w.Troubles {
			past(&t.Wrote)
			t.RetryAt = t.RetryAt.Add(-past(&t.Since))
			for i := range t.Values {
				past(&t.Values[i].At)
			}
		}
	}
	for address, d := range l.PendingDeletes {
		past(&d.Since)
		l.PendingDeletes[address] = d
	}
	for i := range l.Hours {
		if h := &l.Hours[i]; h.Start.After(now) {
			h.Start = now.Truncate(time.Hour)
		}
	}
}

// NoteReminder reports whether an account's owner is to be told how near the end of the login is: once at each level, of which a
// higher one is nearer and 0 none. A lower one than was told of means a new login.
func (l *State) NoteReminder(account string, level int) bool {
	was := l.Told[account]
	if level == was {
		return false
	}
	if l.Told == nil {
		l.Told = make(map[string]int)
	}
	if level == 0 {
		delete(l.Told, account)
	} else {
		l.Told[account] = level
	}
	return level > was
}
