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
	quotaHold    = time.Hour          // where an exhausted quota comes without a Retry-After
)

// Why Spotify wants no requests for a while, as a [Limiter] remembers it.
const (
	ReasonQuota = "QUOTA_EXCEEDED" // error.reason of a 429 that means the developer's quota, not the rate (July 2026 changes)
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

// holdFor reads a 429; n counts how many came in a row.
func (c *Client) holdFor(a answer, n int) hold {
	now := time.Now().Round(0) // the wall's clock: a sleeping computer's others stand still
	h := hold{reason: ReasonRate}
	if a.said().reason == ReasonQuota {
		h.reason = ReasonQuota
	}
	wait, ok := a.retryAfter(now)
	switch {
	case ok && wait > 0:
	case h.reason == ReasonQuota:
		wait = quotaHold
	default:
		wait = 2 * c.backoff(n)
	}
	h.until = now.Add(wait)
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
