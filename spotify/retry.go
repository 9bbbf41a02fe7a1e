package spotify

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	firstBackoff = 500 * time.Millisecond
	maxBackoff   = 30 * time.Second
	maxHold      = 7 * 24 * time.Hour // no true Retry-After came near it; a false one must not lock anybody out for ever
	quotaHold    = 6 * time.Hour      // where an exhausted quota comes without a Retry-After: those seen lasted 6 to 24 hours
	quotaAfter   = 2 * time.Minute    // a Retry-After of that and more is a quota's: the rate is counted over 30 seconds
)

// Why Spotify wants no requests for a while, as a [Limiter] remembers it.
const (
	ReasonQuota = "QUOTA_EXCEEDED" // error.reason of a 429 that means the developer's quota, not the rate (July 2026 changes)
	ReasonLong  = "LONG_WAIT"      // a 429 that is to last minutes and more: the quota too, though Spotify doesn't say so
	ReasonRate  = "RATE_LIMITED"   // any other 429
)

// backoff is the wait after n failures: twice as long each time, give or take a half.
func (c *Client) backoff(n int) time.Duration {
	jitter := c.Jitter
	if jitter == nil {
		jitter = rand.Float64
	}
	d := min(firstBackoff<<min(n-1, 10), maxBackoff)
	return d/2 + time.Duration(jitter()*float64(d))
}

// holdFor reads a 429; n counts how many came in a row. A quota shuts the routes that share it, whatever the answer says of
// its reason; a rate limit counts all requests of an app (Web API, Rate Limits).
func (c *Client) holdFor(r request, a answer, n int) Hold {
	now := time.Now().Round(0) // the wall's clock: a sleeping computer's others stand still
	wait, ok := a.retryAfter(now)
	told := ok && wait > 0
	h := Hold{Reason: ReasonRate}
	switch {
	case a.errorBody().reason == ReasonQuota:
		h.Reason = ReasonQuota
	case told && wait >= quotaAfter:
		h.Reason = ReasonLong
	}
	if h.Quota() || r.group() == GroupCovers { // which has a rate of its own too
		h.Group = r.group()
	}
	switch {
	case told:
	case h.Quota():
		wait = quotaHold
	default:
		wait = 2 * c.backoff(n)
	}
	h.Until = now.Add(wait)
	return h
}

// retryAfter reads Retry-After (RFC 9110, section 10.2.3): whole seconds, or a date, which is taken relative to the
// sender's clock where the answer tells it.
func (a answer) retryAfter(now time.Time) (time.Duration, bool) {
	text := strings.TrimSpace(a.header.Get("Retry-After"))
	if text == "" {
		return 0, false
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		n = max(0, min(n, int64(maxHold/time.Second)))
		return time.Duration(n) * time.Second, true
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	if theirs, err := http.ParseTime(a.header.Get("Date")); err == nil {
		now = theirs
	}
	return max(0, min(at.Sub(now), maxHold)), true
}
