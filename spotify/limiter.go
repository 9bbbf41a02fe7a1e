package spotify

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limiter keeps the requests of everybody who shares it within what Spotify allows: few at once, none before the time a
// "too many requests" named (for all routes, or where a quota is used up, for those of its [Group]), and in any 30 seconds no more than Spotify lets through. How many that is Spotify keeps to
// itself, so it is found out: the pace is modest at first and rises with each answer, until Spotify complains; that
// complaint tells the number, which is kept to, remembered for the next process, and tried again from time to time (see
// [Allowance]). Spotify counts per app, so one Limiter serves all accounts of a client ID (Web API, Rate Limits). It is
// safe for simultaneous use.
type Limiter struct {
	slots    chan struct{}
	pace     *rate.Limiter // before Spotify complained; later the window is narrower
	slow     rate.Limit    // the pace to begin with
	top      rate.Limit    // the fastest
	assumed  int
	load     func(Group) (time.Time, string)
	save     func(Group, time.Time, string) error
	recall   func() Allowance
	remember func(Allowance) error
	recalled sync.Once

	mu     sync.Mutex
	shut   map[Group]Hold
	window window
	news   bool // the window holds what was not remembered yet
}

// LimiterOptions say how strict a Limiter is. The zero value is a careful one that remembers nothing.
type LimiterOptions struct {
	Concurrency int      // requests at once; 0 for 4
	Beside      *Limiter // shares its Concurrency, so that the bound is on both together; nil for a bound of its own
	Rate        float64  // requests a second to begin with and after a complaint; 0 for 10
	Top         float64  // requests a second at most, however well all goes; 0 for 100, and never below Rate
	Burst       int      // requests at a stroke after a rest; 0 for 10
	Assumed     int      // requests in 30 seconds that [Limiter.Estimate] reckons with as long as none is known; 0 for any number

	// Load and Save share the time before which nothing of a group is sent with other processes and later runs, with its
	// reason: [ReasonQuota], [ReasonLong] or [ReasonRate]. The group "" is all of them. Load is asked before each request for its group and
	// for all; a time gone by or zero means none. Either may be nil. Both are called from several goroutines, Save one at a time.
	Load func(g Group) (until time.Time, reason string)
	Save func(g Group, until time.Time, reason string) error

	// Recall and Remember share what was learned of the allowance in the same way, but seldom: Recall is asked
	// before the first request, Remember told after a complaint and by [Limiter.Close]; right before, Recall is asked again.
	// Either may be nil; they are called one at a time.
	Recall   func() Allowance
	Remember func(Allowance) error
}

// Hold is a time before which nothing of a group is sent.
type Hold struct {
	Group  Group // "" for all requests
	Until  time.Time
	Reason string // ReasonQuota, ReasonLong or ReasonRate
}

// Quota reports whether a quota is used up, and not only the rate too high.
func (h Hold) Quota() bool { return h.Reason == ReasonQuota || h.Reason == ReasonLong }

// StopsPlaylists reports whether it keeps playlists from being read and written, and not only what some of them need.
func (h Hold) StopsPlaylists() bool { return h.Group == "" || h.Group == GroupPlaylists }

// What says what Spotify wants no requests for, to go before "until".
func (h Hold) What() string {
	if h.Group == "" {
		return "Spotify wants no requests"
	}
	return h.Group.Doing() + " is shut"
}

// Why says why, to go after a time; empty where that is not known.
func (h Hold) Why() string {
	if h.Quota() {
		return ": Spotify's quota for it is used up"
	}
	return ""
}

const (
	speedup       = 1. / 3          // each good answer makes the pace so many requests a second faster: 600 requests take 10 seconds, not a minute
	noticeable    = 2 * time.Second // a wait of our own that somebody who watches should be told of
	minToRemember = 10              // requests lately that the next process should know of
)

// NewLimiter returns a limiter that lets requests through at once.
func NewLimiter(o LimiterOptions) *Limiter {
	if o.Concurrency <= 0 {
		o.Concurrency = 4
	}
	if o.Rate <= 0 {
		o.Rate = 10
	}
	if o.Top <= 0 {
		o.Top = 100
	}
	if o.Burst <= 0 {
		o.Burst = 10
	}
	slow := rate.Limit(o.Rate)
	l := &Limiter{shut: make(map[Group]Hold), pace: rate.NewLimiter(slow, o.Burst), slow: slow, top: max(slow, rate.Limit(o.Top)), assumed: o.Assumed,
		load: o.Load, save: o.Save, recall: o.Recall, remember: o.Remember}
	if o.Beside != nil {
		l.slots = o.Beside.slots
	} else {
		l.slots = make(chan struct{}, o.Concurrency)
	}
	return l
}

// unpaced is a limiter for a single call: it knows holds and nothing else.
func unpaced() *Limiter {
	return &Limiter{shut: make(map[Group]Hold), slots: make(chan struct{}, 1), pace: rate.NewLimiter(rate.Inf, 1), slow: rate.Inf, top: rate.Inf}
}

// NotBefore tells until when nothing of a group is sent, and why; the zero value when nothing is in the way.
func (l *Limiter) NotBefore(g Group) Hold { return l.current(g) }

// Holds are all that are in force, the one on all requests first.
func (l *Limiter) Holds() []Hold {
	var all []Hold
	for _, g := range append([]Group{everything}, Groups()...) {
		if h := l.current(g); !h.Until.IsZero() && h.Group == g {
			all = append(all, h)
		}
	}
	return all
}

// Estimate is about how long n requests take at what Spotify allows, as far as that is known or else assumed; learned
// tells which. It is 0 where they need not wait: an allowance may be used up at a stroke. It asks nobody and changes
// nothing.
func (l *Limiter) Estimate(n int) (d time.Duration, learned bool) {
	l.start()
	l.mu.Lock()
	defer l.mu.Unlock()
	allowed := l.window.allowed
	if learned = allowed > 0; !learned {
		allowed = l.assumed
	}
	if allowed <= 0 || n <= 0 {
		return 0, learned
	}
	return time.Duration((n-1)/allowed) * spotifyWindow, learned
}

// Close remembers what was learned since the last complaint, and what was sent lately, if that is worth it. The limiter
// may be used on.
func (l *Limiter) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.window.forget(time.Now())
	if !l.news || l.window.allowed == 0 && len(l.window.answered) < minToRemember {
		return nil
	}
	return l.tell()
}

// tell has the allowance remembered. The caller holds mu.
func (l *Limiter) tell() error {
	l.news = false
	if l.remember == nil {
		return nil
	}
	now := time.Now()
	a := l.window.tell(now)
	if l.recall != nil { // another process may have learned meanwhile: the later complaint counts
		if other := l.recall(); other.believed(now) && (a.Requests == 0 || other.Time.After(a.Time)) {
			a.Requests, a.Time = other.Requests, other.Time
		}
	}
	if err := l.remember(a); err != nil {
		return fmt.Errorf("what Spotify allows could not be remembered: %w", err)
	}
	return nil
}

// start recalls what an earlier process learned.
func (l *Limiter) start() {
	l.recalled.Do(func() {
		if l.recall == nil {
			return
		}
		a := l.recall()
		l.mu.Lock()
		defer l.mu.Unlock()
		l.window.recall(a, time.Now())
	})
}

// current is the hold on a group that is in force, here or in another process; the longer one of its own and that on all.
func (l *Limiter) current(g Group) Hold {
	groups := []Group{everything}
	if g != everything {
		groups = append(groups, g)
	}
	loaded := make([]Hold, len(groups))
	if l.load != nil {
		for i, g := range groups {
			loaded[i].Until, loaded[i].Reason = l.load(g)
		}
	}
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	var longest Hold
	for i, g := range groups {
		h := loaded[i]
		if h.Until.After(l.shut[g].Until) && h.Until.Before(now.Add(maxHold+time.Minute)) {
			h.Group = g
			l.shut[g] = h
		}
		if h := l.shut[g]; h.Until.After(now) && h.Until.After(longest.Until) {
			longest = h
		}
	}
	return longest
}

// acquire waits until a request may be sent, which release ends, and returns when that was. Before it waits for a hold it
// asks sitOut, whose error it returns; of a long wait for the window it tells waiting.
func (l *Limiter) acquire(ctx context.Context, g Group, sitOut func(Hold) error, waiting func(time.Duration)) (time.Time, error) {
	l.start()
	for {
		if err := ctx.Err(); err != nil {
			return time.Time{}, context.Cause(ctx)
		}
		if h := l.current(g); !h.Until.IsZero() {
			if err := sitOut(h); err != nil {
				return time.Time{}, err
			}
			if err := sleep(ctx, time.Until(h.Until)); err != nil {
				return time.Time{}, err
			}
			continue
		}
		select {
		case <-ctx.Done():
			return time.Time{}, context.Cause(ctx)
		case l.slots <- struct{}{}:
		}
		if wait := l.claim(); wait > 0 {
			<-l.slots // others of another window may have use for it
			if wait >= noticeable {
				waiting(wait)
			}
			if err := sleep(ctx, wait); err != nil {
				return time.Time{}, err
			}
			continue
		}
		turn := l.pace.Reserve()
		err := sleep(ctx, turn.Delay())
		if sent, ok := l.leave(g, err == nil); ok {
			return sent, nil
		}
		<-l.slots // given up, or held back while waiting: all stop at once
		if err != nil {
			turn.Cancel()
			return time.Time{}, err
		}
	}
}

// leave makes a claim a request under way, or gives it back if it is not wanted any more or a hold has come.
func (l *Limiter) leave(g Group, wanted bool) (sent time.Time, ok bool) {
	if wanted {
		l.current(g) // another process may have been told
	}
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !wanted || l.shut[everything].Until.After(now) || l.shut[g].Until.After(now) {
		l.window.drop()
		return now, false
	}
	l.window.start()
	l.news = true
	return now, true
}

// claim takes a place in the window, or says how long until there may be one.
func (l *Limiter) claim() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.window.claim(time.Now())
}

// release ends a request that was answered with status. After a complaint it comes after hold, so that nobody slips
// between the two. A success makes the pace faster.
func (l *Limiter) release(status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.window.answer(time.Now())
	if now := l.pace.Limit(); status >= 200 && status < 300 && now < l.top {
		l.pace.SetLimit(min(now+speedup, l.top))
	}
	<-l.slots
}

// hold stops everybody in its group until it is over, which a request sent at the given time was told, and writes it down.
// An error means that only this process knows.
func (l *Limiter) hold(h Hold, sent time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	if h.Until.After(l.shut[h.Group].Until) {
		l.shut[h.Group] = h
		if l.save != nil {
			if err := l.save(h.Group, h.Until, h.Reason); err != nil {
				errs = append(errs, fmt.Errorf("the time until which Spotify wants no requests could not be remembered: %w", err))
			}
		}
	}
	if h.Quota() || h.Group != everything { // another count, of which this says nothing
		return errors.Join(errs...)
	}
	l.pace.SetLimit(l.slow)
	l.news = true
	if l.window.refuse(time.Now(), sent) {
		errs = append(errs, l.tell())
	}
	return errors.Join(errs...)
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
