package spotify

import (
	"slices"
	"time"
)

// Allowance is what was learned of how much Spotify lets one app ask, so that the next process need not learn it again.
type Allowance struct {
	Requests int       `json:"requests"`         // in any 30 seconds; 0: not known
	Time     time.Time `json:"time"`             // when Spotify said so, by refusing one more
	Recent   []Recent  `json:"recent,omitempty"` // what was sent lately and may still count, oldest first
}

// believed reports whether the figure is worth more than none. One from the future was written by a clock that was wrong.
func (a Allowance) believed(now time.Time) bool {
	return a.Requests >= fewest && !a.Time.After(now.Add(time.Minute)) && now.Sub(a.Time) < believedFor
}

// Recent is a number of requests answered within one second.
type Recent struct {
	Time     time.Time `json:"time"` // the end of that second
	Requests int       `json:"requests"`
}

const (
	spotifyWindow = 30 * time.Second // Spotify counts over any 30 seconds (Web API, Rate Limits)
	believedFor   = 24 * time.Hour   // how long a figure is worth more than none
	fewest        = 15               // requests in 30 seconds, however often Spotify complains
	probeAfter    = 90 * time.Second // without a complaint, before more than the figure is tried
	probeGrowth   = 4                // an allowance grows by one part in so many per 30 seconds
)

// window counts the requests of the last 30 seconds and knows how many there may be. The number is Spotify's secret, but
// a "too many requests" gives it away: it is what was not refused in the 30 seconds before. From then on no more than
// that are sent in any 30 seconds, each counted from before it leaves until 30 seconds after its answer, so that whenever
// in between Spotify counted it, it has forgotten it by then. Refused requests count too, since they may do so there.
//
// The figure may be wrong or change. When it is too high, Spotify complains again and names a lower one, at worst half
// of it. When it is too low, nobody complains: after a while one request more than it is tried, and the answer, good or
// not, corrects it.
type window struct {
	claimed  int         // about to be sent
	flying   int         // sent and not answered
	answered []time.Time // when, oldest first
	refused  []time.Time // those of answered that were one too many

	allowed  int       // in 30 seconds; 0: not known
	before   int       // allowed, as it was before the complaint at learned
	unharmed int       // sent in the 30 seconds before it and, as far as is known, not refused
	learned  time.Time // when Spotify complained last
	probed   time.Time // when more than allowed was tried last
}

// forget drops what Spotify has forgotten.
func (w *window) forget(now time.Time) {
	old := func(times []time.Time) []time.Time {
		n := 0
		for n < len(times) && now.Sub(times[n]) >= spotifyWindow {
			n++
		}
		return times[n:]
	}
	w.answered, w.refused = old(w.answered), old(w.refused)
}

// claim takes the place of one request and returns 0, or how long until there may be one. It ends in drop or start.
func (w *window) claim(now time.Time) time.Duration {
	w.forget(now)
	used := w.claimed + w.flying + len(w.answered)
	if w.allowed == 0 || used < w.allowed {
		w.claimed++
		return 0
	}
	wait := spotifyWindow // those under way count for at least as long
	if over := used - w.allowed; over < len(w.answered) {
		wait = w.answered[over].Add(spotifyWindow).Sub(now)
	}
	if used > w.allowed {
		return wait
	}
	probe := max(w.learned.Add(probeAfter).Sub(now), w.probed.Add(probeGrowth*spotifyWindow/time.Duration(w.allowed)).Sub(now))
	if probe > 0 {
		return min(wait, probe)
	}
	w.probed = now
	w.allowed++
	w.claimed++
	return 0
}

// drop gives a place back that was not used.
func (w *window) drop() { w.claimed-- }

// start says that a request leaves.
func (w *window) start() {
	w.claimed--
	w.flying++
}

// refuse learns from a complaint about a request that left at sent and is still counted as under way. It reports whether
// this is news: the others that were under way only correct the figure, by having been refused too.
func (w *window) refuse(now, sent time.Time) bool {
	w.forget(now)
	w.refused = append(w.refused, now)
	news := w.learned.IsZero() || sent.After(w.learned)
	if news {
		w.before, w.learned = w.allowed, now
		w.unharmed = w.flying + len(w.answered) - len(w.refused) // it is still flying, and refused
	} else {
		w.unharmed--
	}
	switch {
	case w.before > 0:
		w.allowed = max(w.unharmed, w.before/2, fewest)
	case w.unharmed >= fewest:
		w.allowed = w.unharmed
	default: // hardly anything was sent: somebody else used it up
		w.allowed = 0
	}
	return news
}

// answer says that a request is no longer under way.
func (w *window) answer(now time.Time) {
	w.flying--
	w.forget(now)
	w.answered = append(w.answered, now)
}

// recall takes over what another process knew.
func (w *window) recall(a Allowance, now time.Time) {
	if a.believed(now) {
		w.allowed, w.learned = a.Requests, a.Time
	}
	for _, r := range a.Recent {
		age := now.Sub(r.Time)
		if age >= spotifyWindow || age < -2*time.Second { // a clock that was wrong
			continue
		}
		for range min(r.Requests, maxRecent-len(w.answered)) {
			w.answered = append(w.answered, now.Add(-max(0, age))) // on the clock of this process, which nobody sets
		}
	}
	slices.SortFunc(w.answered, time.Time.Compare)
}

// maxRecent bounds what a damaged record can make a process believe was sent.
const maxRecent = 10_000

// tell is what another process should know. Those under way count as answered now.
func (w *window) tell(now time.Time) Allowance {
	w.forget(now)
	a := Allowance{Requests: w.allowed, Time: w.learned.Round(0).UTC()}
	add := func(t time.Time, n int) {
		t = t.Round(0).UTC().Add(time.Second - 1).Truncate(time.Second)
		if last := len(a.Recent) - 1; last >= 0 && a.Recent[last].Time.Equal(t) {
			a.Recent[last].Requests += n
		} else if n > 0 {
			a.Recent = append(a.Recent, Recent{t, n})
		}
	}
	for _, t := range w.answered {
		add(t, 1)
	}
	add(now, w.flying)
	return a
}
