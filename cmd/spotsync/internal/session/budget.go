package session

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// assumedAllowance is how many requests in 30 seconds a plan reckons with before Spotify has shown what it allows. The
// true figure is secret and differs between apps; nothing is held back because of this one.
const assumedAllowance = 90

// NewLimiter is the limiter of one issuer and client ID, whose "not before" other processes see.
func (w *Environment) NewLimiter(clientID string, parallelism int) *spotify.Limiter {
	return spotify.NewLimiter(w.limiterOptions(clientID, parallelism))
}

func (w *Environment) limiterOptions(clientID string, parallelism int) spotify.LimiterOptions {
	limits := store.OpenLimits(w.FS, w.StateDir, w.Issuer.Name, clientID)
	o := spotify.LimiterOptions{
		Concurrency: parallelism,
		Assumed:     assumedAllowance,
		Load: func(g spotify.Group) (t time.Time, reason string) {
			n, err := limits.NotBefore(g)
			if err != nil {
				return t, ""
			}
			return n.Until, n.Reason
		},
		Save: func(g spotify.Group, until time.Time, reason string) error {
			return limits.SetNotBefore(g, store.NotBefore{Until: until, Reason: reason})
		},
		Recall: func() spotify.Allowance {
			a, _ := limits.Allowance() // not knowing costs a refused request at worst
			return a
		},
		Remember: limits.SetAllowance,
	}
	if w.Issuer.Name == auth.Loopback { // nobody's quota is spent
		o.Rate, o.Burst, o.Assumed = 1000, 1000, 0
	}
	return o
}

// Limiter is the limiter of one client ID. All of a session's share the bound on requests at once.
func (s *Session) Limiter(clientID string) *spotify.Limiter {
	l := s.limits[clientID]
	if l == nil {
		o := s.World.limiterOptions(clientID, s.Options.Parallelism)
		for _, other := range s.limits { // whichever: the bound is the same
			o.Beside = other
		}
		l = spotify.NewLimiter(o)
		s.limits[clientID] = l
	}
	return l
}

// remember keeps for the next run what this one learned of Spotify's limits.
func (s *Session) remember() {
	for _, id := range slices.Sorted(maps.Keys(s.limits)) {
		if err := s.limits[id].Close(); err != nil {
			s.App.Log.Warn().Err(err).Msg("the next run will not know how much Spotify allows")
		}
	}
}

// Takes says about how long a plan's requests take, as far as Spotify's limits make them; empty where they don't. Apps
// are limited one by one, so the slowest counts.
func (s *Session) Takes(p *reconcile.Plan, desired *config.Desired) string {
	requests := make(map[string]int) // by client ID
	for _, c := range p.Changes {
		if n := len(c.Edits); n > 0 {
			requests[s.clientID(AccountOf(desired, c.Account))] += n
		}
	}
	var longest time.Duration
	var known bool
	for _, id := range slices.Sorted(maps.Keys(requests)) {
		if d, learned := s.Limiter(id).Estimate(requests[id]); d > longest {
			longest, known = d, learned
		}
	}
	return takesLine(longest, known)
}

// clientID is the app of an account, logged in or not; empty where it is not known.
func (s *Session) clientID(acc config.Account) string {
	if l, ok := s.Logins[acc.Label]; ok {
		return l.App.ClientID
	}
	creds, err := s.World.OpenCredentials()
	if err != nil {
		return ""
	}
	app, err := s.World.AppFor(acc, creds)
	if err != nil {
		return ""
	}
	return app.ClientID
}

func takesLine(d time.Duration, known bool) string {
	switch {
	case d <= 0:
		return ""
	case known:
		return "about " + roughly(d) + " at the pace Spotify lately allowed"
	default:
		return "about " + roughly(d) + " at the pace Spotify is assumed to allow"
	}
}

// roughly is a duration for people, rounded up.
func roughly(d time.Duration) string {
	up := func(unit time.Duration) int { return int((d + unit - 1) / unit) }
	switch {
	case d < time.Minute:
		return words.Plural(up(time.Second), "second")
	case d <= 90*time.Minute:
		return words.Plural(up(time.Minute), "minute")
	default:
		return words.Plural(up(time.Hour), "hour")
	}
}

// manyRequests is how many may be sent without saying so first.
const manyRequests = 100

// announcement says before a long piece of work how long it is.
func announcement(work string, n int, takes string) string {
	if takes != "" {
		return fmt.Sprintf("%s takes %d requests, %s.", work, n, takes)
	}
	return fmt.Sprintf("%s takes %d requests.", work, n)
}

// ShutUntil says what Spotify wants no requests for, until when, and why if that is known.
func ShutUntil(h spotify.Hold) string {
	return h.What() + " until " + h.Until.UTC().Format("2 Jan 2006 15:04:05 UTC") + h.Why()
}
