package spotify

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limiter keeps the requests of everybody who shares it within what Spotify allows: few at once, at a modest pace, and
// none at all before the time a "too many requests" named. Spotify counts per app, so one Limiter serves all accounts
// of a client ID (Web API, Rate Limits). It is safe for simultaneous use.
type Limiter struct {
	slots chan struct{}
	pace  *rate.Limiter
	top   rate.Limit
	load  func() (time.Time, string)
	save  func(time.Time, string) error

	mu   sync.Mutex
	held hold
}

// LimiterOptions say how strict a Limiter is. The zero value is a careful one that remembers nothing.
type LimiterOptions struct {
	Concurrency int     // requests at once; 0 for 4
	Rate        float64 // requests a second over time; 0 for 5
	Burst       int     // requests at a stroke after a rest; 0 for 10

	// Load and Save share the time before which nothing is sent with other processes and later runs, with its reason:
	// [ReasonQuota] or [ReasonRate]. Load is asked before each request; a time gone by or zero means none.
	// Either may be nil. Both are called from several goroutines, Save one at a time.
	Load func() (until time.Time, reason string)
	Save func(until time.Time, reason string) error
}

// hold is a time before which nothing is sent.
type hold struct {
	until  time.Time
	reason string
}

const (
	slowest  = rate.Limit(0.5) // requests a second, however often Spotify complains
	recovery = 1.02            // each success brings the pace this much back
)

// NewLimiter returns a limiter that lets requests through at once.
func NewLimiter(o LimiterOptions) *Limiter {
	if o.Concurrency <= 0 {
		o.Concurrency = 4
	}
	if o.Rate <= 0 {
		o.Rate = 5
	}
	if o.Burst <= 0 {
		o.Burst = 10
	}
	top := rate.Limit(o.Rate)
	return &Limiter{slots: make(chan struct{}, o.Concurrency), pace: rate.NewLimiter(top, o.Burst), top: top, load: o.Load, save: o.Save}
}

// unpaced is a limiter for a single call: it knows holds and nothing else.
func unpaced() *Limiter {
	return &Limiter{slots: make(chan struct{}, 1), pace: rate.NewLimiter(rate.Inf, 1), top: rate.Inf}
}

// NotBefore tells until when nothing is sent, and why; the zero time when nothing is in the way.
func (l *Limiter) NotBefore() (until time.Time, reason string) {
	h := l.current()
	return h.until, h.reason
}

// current is the hold in force, here or in another process.
func (l *Limiter) current() hold {
	var loaded hold
	if l.load != nil {
		loaded.until, loaded.reason = l.load()
	}
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if loaded.until.After(l.held.until) && loaded.until.Before(now.Add(maxHold+time.Minute)) {
		l.held = loaded
	}
	if !l.held.until.After(now) {
		return hold{}
	}
	return l.held
}

// acquire waits until a request may be sent, which release ends. Before it waits for a hold it asks sitOut, whose
// error it returns.
func (l *Limiter) acquire(ctx context.Context, sitOut func(hold) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if h := l.current(); !h.until.IsZero() {
			if err := sitOut(h); err != nil {
				return err
			}
			if err := sleep(ctx, time.Until(h.until)); err != nil {
				return err
			}
			continue
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case l.slots <- struct{}{}:
		}
		turn := l.pace.Reserve()
		if err := sleep(ctx, turn.Delay()); err != nil {
			turn.Cancel()
			<-l.slots
			return err
		}
		if l.current().until.IsZero() {
			return nil
		}
		<-l.slots // held back while waiting: all stop at once
	}
}

// release ends a request that was answered with status. Complaints halve the pace, successes bring it back.
func (l *Limiter) release(status int) {
	<-l.slots
	if l.top == rate.Inf {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch now := l.pace.Limit(); {
	case status == http.StatusTooManyRequests:
		l.pace.SetLimit(max(now/2, min(slowest, l.top)))
	case status >= 200 && status < 300 && now < l.top:
		l.pace.SetLimit(min(now*recovery, l.top))
	}
}

// hold stops everybody until h is over, and writes it down. An error means that only this process knows.
func (l *Limiter) hold(h hold) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !h.until.After(l.held.until) {
		return nil
	}
	l.held = h
	if l.save == nil {
		return nil
	}
	if err := l.save(h.until, h.reason); err != nil {
		return fmt.Errorf("the time until which Spotify wants no requests could not be remembered: %w", err)
	}
	return nil
}

// Budget is a number of requests that may be sent, attempts counted, shared by every client that points at it.
// A nil Budget has no end.
type Budget struct {
	mu        sync.Mutex
	max, used int
}

// NewBudget allows n requests; 0 or less allows any number.
func NewBudget(n int) *Budget { return &Budget{max: n} }

// Used is the number of requests sent so far.
func (b *Budget) Used() int {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

func (b *Budget) take() error {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.max > 0 && b.used >= b.max {
		return &BudgetError{Max: b.max}
	}
	b.used++
	return nil
}
