package spotify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// DefaultBaseURL is where Spotify's Web API lives.
const DefaultBaseURL = "https://api.spotify.com/v1"

const (
	defaultTimeout   = 30 * time.Second
	defaultUserAgent = "spotsync"

	maxTries  = 4 // attempts at one request that meets failures
	maxLimits = 5 // "too many requests" in a row before one request gives up
)

// Client sends requests to the Web API and says what came back. Its methods return everything asked for or an error,
// never a part. A Client is safe for simultaneous use and must not be copied into two that share no Limiter, or the two
// would each believe to be alone. Its fields are set before the first use.
//
// Reads are repeated when Spotify or the network fails. A write is sent again only where nothing can have happened;
// [OutcomeUnknown] tells when a write may have happened although it ended in an error.
type Client struct {
	// HTTP brings the token, through its Transport; if that is a [Refresher], it is asked once for a new token after a
	// 401. Redirects are never followed, whatever HTTP says, and no cookies are kept. A RoundTripper other than
	// net/http's reports a lost connection with io.ErrUnexpectedEOF or a net.Error; any other error of its own is
	// taken to mean that nothing was sent.
	HTTP *http.Client

	BaseURL string        // where requests go, and nowhere else; empty for [DefaultBaseURL]
	Limiter *Limiter      // shared by all clients of one issuer and client ID; nil for none
	Budget  *Budget       // how many requests may still be sent, shared at will; nil for any number
	MaxWait time.Duration // the longest wait Spotify may ask for that is sat out; a longer one ends with a *[RateLimitError]
	Timeout time.Duration // for one attempt, answer included; 0 for 30 s

	OnRetry   func(Retry)   // told before each wait, maybe from several goroutines at once
	OnRequest func(Request) // told after each attempt, maybe from several goroutines at once

	Learned *Learned // what was found out of Spotify, shared by all clients of a process; nil for none but this client's
	learned Learned

	UserAgent string         // empty for "spotsync"
	Jitter    func() float64 // in [0,1), spreads waits whose length is ours to choose; nil for chance
}

// Learned is what clients found out about Spotify that no page of its reference tells. The zero value knows nothing. It is
// safe for simultaneous use.
type Learned struct {
	smallPages uint32 // 1 once pages of 100 items were refused; used atomically
}

// Refresher is a Transport that can be asked for a new access token, after one was refused before its time.
// An error is final: it reaches the caller, who may tell its kind with errors.Is or errors.As.
type Refresher interface {
	Refresh(ctx context.Context) error
}

// Retry is a wait about to begin, before a request is sent again or for the first time.
type Retry struct {
	Method, Route string        // as in [Request]
	Wait          time.Duration // how long
	Err           error         // why: a *[RateLimitError] or an *[UnavailableError]
}

// Request is one attempt, for logs and counters. It holds neither token nor ID.
type Request struct {
	Method   string
	Route    string        // a template: /playlists/{id}/items
	Status   int           // 0 when no answer came
	Duration time.Duration // until the answer was read
	Err      error         // why no whole answer came
}

// request is what to send, as a value: each attempt builds its own *http.Request from it.
type request struct {
	method string
	route  string // template, for people and counters
	path   string // the route with its values, escaped
	query  url.Values
	body   []byte // nil for none
	ctype  string // of the body; empty for JSON
	what   string // what it does, to go after "could not": "read playlist 37i9…"
	scopes string // what the login must grant, for the message when it doesn't
	rows   int    // how many rows or objects the answer may hold; 0 for one or none

	failed func(context.Context) error // asked after a first failure of Spotify's, before another attempt; its error ends the request
}

func (r request) read() bool { return r.method == http.MethodGet }

// maxBody is how long the answer may be, in bytes. Rows recorded take 1 to 5 KB each, a saved album with its tracks 60 KB.
func (r request) maxBody() int64 { return 1<<20 + int64(r.rows)*(64<<10) }

// do sends r until there is an outcome. decode, which may be nil, reads the body of a success; its error means that the
// body makes no sense, which is treated as a lost connection.
func (c *Client) do(ctx context.Context, r request, decode func([]byte) error) error {
	limiter := c.Limiter
	if limiter == nil {
		limiter = unpaced()
	}
	var failures, limits int
	var refreshed bool
	var unsaved error // the limiter could not write down what it was told
	for {
		a, err := c.send(ctx, limiter, r, limits+1)
		if err != nil {
			return join(err, unsaved)
		}
		if a.ok() && a.err == nil && decode != nil {
			if a.err = shallow(a.body); a.err == nil {
				a.err = decode(a.body)
			}
		}
		switch {
		case a.ok() && (a.err == nil || decode == nil):
			return nil
		case a.status == http.StatusTooManyRequests:
			limits++
			unsaved = a.unsaved
			if limits >= maxLimits {
				return join(c.limited(r, a.hold), unsaved)
			}
			continue // acquiring the limiter sits the hold out, or refuses to
		case a.status == http.StatusUnauthorized && !refreshed && !aboutScope(a.errorBody()):
			t, able := c.transport().(Refresher)
			if !able {
				return newError(r, a)
			}
			refreshed = true
			if err := t.Refresh(ctx); err != nil {
				return fmt.Errorf("could not %s: Spotify refused the access token, and getting a new one failed: %w", r.what, err)
			}
			continue
		case !a.lost() && a.err != nil:
			return fmt.Errorf("could not %s: nothing was sent: %w", r.what, a.err)
		case !a.lost():
			return newError(r, a)
		}

		failures++
		fail := &UnavailableError{Method: r.method, Route: r.route, What: r.what, Status: a.status, Message: a.errorBody().message,
			Tries: failures, Sent: a.sent, Err: a.err}
		wait := c.backoff(failures)
		if asked, ok := a.retryAfter(time.Now()); ok && asked > wait {
			wait = asked
		}
		if r.failed != nil && failures == 1 && a.status >= http.StatusInternalServerError {
			if err := r.failed(ctx); err != nil {
				return err
			}
		}
		repeatable := (r.read() && a.passing() && !a.endless) || !a.sent
		if ctx.Err() != nil || !repeatable || failures >= maxTries || (wait > c.MaxWait && wait > maxBackoff) {
			if ctx.Err() != nil {
				fail.Err = context.Cause(ctx)
			}
			return fail
		}
		c.retrying(Retry{Method: r.method, Route: r.route, Wait: wait, Err: fail})
		if err := sleep(ctx, wait); err != nil {
			fail.Err = err
			return fail
		}
	}
}

// send makes one attempt when limiter and budget allow it. A "too many requests" is the limits-th in a row.
func (c *Client) send(ctx context.Context, limiter *Limiter, r request, limits int) (answer, error) {
	start, err := limiter.acquire(ctx, r.group(), func(h Hold) error { return c.sitOut(r, h) }, func(d time.Duration) { c.pausing(r, d) })
	if err != nil {
		var limited *RateLimitError
		if errors.As(err, &limited) {
			return answer{}, err
		}
		return answer{}, fmt.Errorf("could not %s: nothing was sent: %w", r.what, err)
	}
	var a answer
	defer func() { limiter.release(a.status) }()
	if err := c.Budget.take(); err != nil {
		return answer{}, fmt.Errorf("could not %s: %w", r.what, err)
	}
	a = c.attempt(ctx, r)
	if a.status == http.StatusTooManyRequests { // before the slot is free, or the next in the queue would be refused too
		a.hold = c.holdFor(r, a, limits)
		a.unsaved = limiter.hold(a.hold, start)
	}
	if c.OnRequest != nil {
		c.OnRequest(Request{Method: r.method, Route: r.route, Status: a.status, Duration: time.Since(start), Err: a.err})
	}
	return a, nil
}

// sitOut decides whether a hold is waited for. One that Spotify calls the quota ends the run, however short it says it is.
func (c *Client) sitOut(r request, h Hold) error {
	err := c.limited(r, h)
	if err.RetryAfter > c.MaxWait || h.Reason == ReasonQuota {
		return err
	}
	c.retrying(Retry{Method: r.method, Route: r.route, Wait: err.RetryAfter, Err: err})
	return nil
}

// pausing tells of a wait that keeps within what Spotify allows.
func (c *Client) pausing(r request, wait time.Duration) {
	c.retrying(Retry{Method: r.method, Route: r.route, Wait: wait, Err: c.limited(r, Hold{Until: time.Now().Add(wait), Reason: ReasonRate})})
}

func (c *Client) limited(r request, h Hold) *RateLimitError {
	return &RateLimitError{Method: r.method, Route: r.route, What: r.what, Group: h.Group, Until: h.Until, RetryAfter: time.Until(h.Until),
		Quota: h.Quota()}
}

func (c *Client) retrying(r Retry) {
	if c.OnRetry != nil {
		c.OnRetry(r)
	}
}

func (c *Client) transport() http.RoundTripper {
	if c.HTTP == nil {
		return nil
	}
	return c.HTTP.Transport
}

// join adds what else went wrong to an error that ends a call.
func join(err, other error) error {
	if other == nil {
		return err
	}
	return errors.Join(err, other)
}
