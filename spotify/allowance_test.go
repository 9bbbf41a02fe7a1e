package spotify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// The settings of the limiter that matter: those for Spotify itself, and those for a server on this computer.
var (
	modest = LimiterOptions{}
	local  = LimiterOptions{Rate: 1000, Burst: 1000}
)

// metered is a RoundTripper that lets a number of requests through in any 30 seconds, in one of the ways servers count.
type metered struct {
	allowed int
	way     string // sliding, fixed: from the first request on, aligned: by the clock, strict: refused ones count too, bucket
	latency time.Duration
	jitter  bool   // every third answer takes five times as long
	after   string // Retry-After: "" rounded up to seconds, early: rounded down, missing

	mu      sync.Mutex
	counted []time.Time
	began   time.Time // of the fixed window
	tokens  float64
	filled  time.Time

	asked, served, refused int
	flying, most           int // under way
	toldAt, toldUntil      time.Time
	afterHold              int // sent although told to wait
}

func (m *metered) RoundTrip(req *http.Request) (*http.Response, error) {
	m.mu.Lock()
	m.asked++
	m.flying++
	m.most = max(m.most, m.flying)
	latency := m.latency
	if m.jitter && m.asked%3 == 0 {
		latency *= 5
	}
	if now := time.Now(); now.After(m.toldAt) && now.Before(m.toldUntil) { // at the same instant nobody can know
		m.afterHold++
	}
	m.mu.Unlock()
	time.Sleep(latency / 2)
	wait, ok := m.count(time.Now())
	time.Sleep(latency - latency/2)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.flying--
	resp := &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"id":"me"}`)), Request: req}
	if ok {
		m.served++
		return resp, nil
	}
	m.refused++
	resp.StatusCode = 429
	resp.Body = io.NopCloser(strings.NewReader(`{"error":{"status":429,"message":"Too many requests"}}`))
	if m.after != "missing" {
		seconds := math.Ceil(wait.Seconds())
		if m.after == "early" {
			seconds = max(1, seconds-1)
		}
		resp.Header.Set("Retry-After", strconv.Itoa(int(seconds)))
		m.toldAt = time.Now()
		m.toldUntil = m.toldAt.Add(time.Duration(seconds) * time.Second)
	}
	return resp, nil
}

// count admits a request that arrives now, or says how long it is too early.
func (m *metered) count(now time.Time) (wait time.Duration, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch m.way {
	case "fixed", "aligned":
		if now.Sub(m.began) >= spotifyWindow {
			m.began, m.counted = now, nil
			if m.way == "aligned" {
				m.began = now.Truncate(spotifyWindow)
			}
		}
		if len(m.counted) < m.allowed {
			m.counted = append(m.counted, now)
			return 0, true
		}
		return m.began.Add(spotifyWindow).Sub(now), false
	case "bucket":
		if m.filled.IsZero() {
			m.tokens = float64(m.allowed)
		}
		perSecond := float64(m.allowed) / spotifyWindow.Seconds()
		m.tokens = min(float64(m.allowed), m.tokens+now.Sub(m.filled).Seconds()*perSecond)
		m.filled = now
		if m.tokens >= 1 {
			m.tokens--
			return 0, true
		}
		return time.Duration((1 - m.tokens) / perSecond * float64(time.Second)), false
	}
	for len(m.counted) > 0 && now.Sub(m.counted[0]) >= spotifyWindow {
		m.counted = m.counted[1:]
	}
	full := len(m.counted) >= m.allowed
	if !full || m.way == "strict" {
		m.counted = append(m.counted, now)
	}
	if full {
		return m.counted[len(m.counted)-m.allowed].Add(spotifyWindow).Sub(now), false
	}
	return 0, true
}

// allKnowing is how long n requests take somebody who knows the allowance: the first as fast as they go, each later one
// when that many before it was 30 seconds ago.
func (m *metered) allKnowing(n, workers int) time.Duration {
	free := make([]time.Duration, workers)
	left := make([]time.Duration, n)
	for i := range n {
		w := slices.Index(free, slices.Min(free))
		left[i] = free[w]
		if i >= m.allowed {
			left[i] = max(left[i], left[i-m.allowed]+spotifyWindow)
		}
		free[w] = left[i] + m.latency
	}
	return slices.Max(free)
}

// run sends n requests through l with so many workers and says how long that took. Each has its answer at the end.
func (m *metered) run(t *testing.T, l *Limiter, n, workers int) time.Duration {
	t.Helper()
	c := &Client{HTTP: &http.Client{Transport: m}, MaxWait: time.Minute, Jitter: func() float64 { return 0.5 }, Limiter: l}
	start := time.Now()
	work := make(chan struct{}, n)
	for range n {
		work <- struct{}{}
	}
	close(work)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for range work {
				if _, err := c.Me(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	return time.Since(start)
}

func limiterFor(o LimiterOptions, workers int) *Limiter {
	o.Concurrency = workers
	return NewLimiter(o)
}

// Three times what the server allows in 30 seconds costs one complaint, which those under way share, and takes hardly
// longer than it must.
func TestAllowanceIsFound(t *testing.T) {
	try := func(name string, o LimiterOptions, m *metered, workers int) {
		t.Run(fmt.Sprintf("%s/%d %s/%s by %d/after %s/jitter %v", name, m.allowed, m.way, m.latency, workers, m.after, m.jitter), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				took, best := m.run(t, limiterFor(o, workers), 3*m.allowed, workers), m.allKnowing(3*m.allowed, workers)
				if took > best*115/100+5*time.Second {
					t.Errorf("took %s, and %s is possible", took, best)
				}
				if m.refused > workers {
					t.Errorf("%d refused", m.refused)
				}
				if m.served != 3*m.allowed || m.most > workers || m.afterHold > 0 {
					t.Errorf("%d served, %d at once, %d sent while told to wait", m.served, m.most, m.afterHold)
				}
			})
		})
	}
	for name, o := range map[string]LimiterOptions{"spotify": modest, "loopback": local} {
		for _, allowed := range []int{20, 60, 90, 180, 300, 600} {
			for _, way := range []string{"sliding", "fixed", "strict"} {
				for _, latency := range []time.Duration{5 * time.Millisecond, 100 * time.Millisecond} {
					for _, workers := range []int{1, 4, 10} {
						try(name, o, &metered{allowed: allowed, way: way, latency: latency}, workers)
					}
				}
				for _, after := range []string{"early", "missing"} {
					try(name, o, &metered{allowed: allowed, way: way, latency: 20 * time.Millisecond, after: after}, 4)
				}
				try(name, o, &metered{allowed: allowed, way: way, latency: 20 * time.Millisecond, jitter: true}, 4)
			}
		}
	}
}

// Servers that count otherwise are asked a little too much at first, since the first 30 seconds saw more than there is,
// and no quicker than in any 30 seconds later.
func TestAllowanceOfOtherKinds(t *testing.T) {
	for name, o := range map[string]LimiterOptions{"spotify": modest, "loopback": local} {
		for _, allowed := range []int{20, 90, 300} {
			for _, way := range []string{"bucket", "aligned"} {
				for _, phase := range []time.Duration{0, 10 * time.Second, 25 * time.Second, 29 * time.Second} {
					t.Run(fmt.Sprintf("%s/%d %s/%s", name, allowed, way, phase), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							time.Sleep(phase)
							m := &metered{allowed: allowed, way: way, latency: 50 * time.Millisecond}
							took, best := m.run(t, limiterFor(o, 4), 3*allowed, 4), m.allKnowing(3*allowed, 4)
							if took > best*115/100+5*time.Second || m.refused > 12 || m.afterHold > 0 {
								t.Errorf("took %s, and %s is possible; %d refused, %d while told to wait", took, best, m.refused, m.afterHold)
							}
						})
					})
				}
			}
		}
	}
}

// A figure that falls is learned again at once, one that rises within minutes, and a right one is left alone but for a
// try now and then.
func TestAllowanceChanges(t *testing.T) {
	for _, test := range []struct {
		name        string
		first, then int
		took        time.Duration // for windows times what is allowed then, at most
		refused     int           // at most, then
		windows     int
	}{
		{name: "stays", first: 100, then: 100, windows: 40, took: 40*30*time.Second + 30*time.Second, refused: 20},
		{name: "halved", first: 200, then: 100, windows: 10, took: 11 * 30 * time.Second, refused: 12},
		{name: "a fifth", first: 300, then: 60, windows: 10, took: 12 * 30 * time.Second, refused: 20},
		{name: "doubled", first: 100, then: 200, windows: 20, took: 26 * 30 * time.Second, refused: 14},
		{name: "ten times", first: 60, then: 600, windows: 20, took: 35 * 30 * time.Second, refused: 14},
	} {
		for _, o := range []LimiterOptions{modest, local} {
			t.Run(test.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m := &metered{allowed: test.first, way: "sliding", latency: 50 * time.Millisecond}
					l := limiterFor(o, 4)
					m.run(t, l, 3*test.first, 4)
					m.mu.Lock()
					m.allowed, m.refused = test.then, 0
					m.mu.Unlock()
					took := m.run(t, l, test.windows*test.then, 4)
					if took > test.took || m.refused > test.refused {
						t.Errorf("took %s, %d refused", took, m.refused)
					}
				})
			})
		}
	}
}

// What somebody else uses of the allowance is not taken for its size: a complaint at the first request teaches nothing,
// and one later halves the figure at worst, once.
func TestAllowanceSharedWithOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &metered{allowed: 300, way: "sliding", latency: 5 * time.Millisecond}
		for range 299 {
			m.count(time.Now())
		}
		l := limiterFor(modest, 4)
		m.run(t, l, 5, 4)
		if l.window.allowed != 0 || m.refused == 0 {
			t.Errorf("allowed %d after %d complaints", l.window.allowed, m.refused)
		}
		time.Sleep(time.Minute)
		m.run(t, l, 310, 4)
		if l.window.allowed != 300 {
			t.Errorf("allowed %d", l.window.allowed)
		}
		time.Sleep(time.Minute)
		for range 280 {
			m.count(time.Now())
		}
		m.run(t, l, 30, 4)
		if l.window.allowed != 150 {
			t.Errorf("allowed %d", l.window.allowed)
		}
	})
}

// The quota is another count.
func TestQuotaTeachesNoAllowance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := client(append(slices.Repeat([]reply{fine}, 50), limitedFor("5", ReasonQuota))...)
		c.Limiter = NewLimiter(LimiterOptions{Remember: func(Allowance) error { t.Error("remembered"); return nil }})
		for range 51 {
			_, _ = c.Me(t.Context())
		}
		if h := c.Limiter.NotBefore(GroupAccount); !h.Quota() || h.Until.IsZero() || c.Limiter.window.allowed != 0 {
			t.Error(h, c.Limiter.window.allowed)
		}
	})
	synctest.Test(t, func(t *testing.T) { // nor does a wait of minutes, whatever it is called
		c, _ := client(append(slices.Repeat([]reply{fine}, 50), limitedFor("120", ""))...)
		c.Limiter = NewLimiter(LimiterOptions{Remember: func(Allowance) error { t.Error("remembered"); return nil }})
		for range 50 {
			_, _ = c.Me(t.Context())
		}
		pace := c.Limiter.pace.Limit()
		var r *RateLimitError
		if _, err := c.Me(t.Context()); !errors.As(err, &r) || !r.Quota || c.Limiter.window.allowed != 0 || c.Limiter.pace.Limit() != pace {
			t.Error(err, c.Limiter.window.allowed, c.Limiter.pace.Limit())
		}
	})
}

// The next process knows the figure and what was sent just before, and gets no complaint at all.
func TestAllowanceIsRemembered(t *testing.T) {
	for _, way := range []string{"sliding", "strict"} {
		for _, first := range []int{30, 110, 250} { // of 100 allowed: nothing learned, just so, well into the third window
			t.Run(fmt.Sprint(way, first), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var kept Allowance
					writes := 0
					o := modest
					o.Recall = func() Allowance { return kept }
					o.Remember = func(a Allowance) error { kept = a; writes++; return nil }
					m := &metered{allowed: 100, way: way, latency: 50 * time.Millisecond}
					start := time.Now()
					l := limiterFor(o, 4)
					m.run(t, l, first, 4)
					for range 2 {
						if err := l.Close(); err != nil { // twice in a row writes once
							t.Fatal(err)
						}
					}
					before := m.refused
					if want := 1 + min(before, 1); writes != want || len(kept.Recent) == 0 || len(kept.Recent) > 32 {
						t.Fatalf("%d writes, %v", writes, kept)
					}
					if (kept.Requests == 100) != (first > 100) {
						t.Fatalf("kept %v", kept)
					}
					l = limiterFor(o, 4)
					m.run(t, l, 300-first, 4)
					if kept.Requests == 100 && before > 0 && m.refused != before || m.refused > 4 {
						t.Errorf("refused %d, then %d", before, m.refused-before)
					}
					if took := time.Since(start); took > 70*time.Second {
						t.Errorf("both took %s", took)
					}
				})
			})
		}
	}
}

func TestAllowanceRecalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		for name, test := range map[string]struct {
			kept        Allowance
			allowed, in int
		}{
			"nothing":          {},
			"a figure":         {kept: Allowance{Requests: 100, Time: now.Add(-23 * time.Hour)}, allowed: 100},
			"an old one":       {kept: Allowance{Requests: 100, Time: now.Add(-25 * time.Hour)}},
			"of another clock": {kept: Allowance{Requests: 100, Time: now.Add(time.Hour), Recent: []Recent{{now.Add(time.Hour), 5}}}},
			"absurd":           {kept: Allowance{Requests: -3, Time: now, Recent: []Recent{{now, -7}, {now, 1 << 40}}}, in: maxRecent},
			"sent lately":      {kept: Allowance{Recent: []Recent{{now.Add(-31 * time.Second), 1}, {now.Add(-30 * time.Second), 2}, {now.Add(-29 * time.Second), 4}, {now.Add(time.Second), 8}}}, in: 12},
		} {
			l := NewLimiter(LimiterOptions{Recall: func() Allowance { return test.kept }})
			l.start()
			if l.window.allowed != test.allowed || len(l.window.answered) != test.in {
				t.Errorf("%s: allowed %d, %d sent", name, l.window.allowed, len(l.window.answered))
			}
			if slices.ContainsFunc(l.window.answered, now.Before) {
				t.Errorf("%s: sent in the future", name)
			}
		}
	})
}

// Of two processes at once the one that heard more lately is believed, whichever ends last.
func TestAllowanceOfTwoProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept Allowance
		limiter := func() *Limiter {
			return NewLimiter(LimiterOptions{Recall: func() Allowance { return kept }, Remember: func(a Allowance) error { kept = a; return nil }})
		}
		m := &metered{allowed: 1000, way: "sliding", latency: 5 * time.Millisecond}
		early, late := limiter(), limiter()
		m.run(t, early, 20, 4)
		now := time.Now().UTC()
		for _, test := range []struct {
			there Allowance
			want  int
		}{
			{Allowance{Requests: 300, Time: now}, 300},
			{Allowance{Requests: 300, Time: now.Add(-25 * time.Hour)}, 0},
			{Allowance{Requests: 300, Time: now.Add(25 * time.Hour)}, 0},
		} {
			kept = test.there
			early.news = true
			if err := early.Close(); err != nil || kept.Requests != test.want || len(kept.Recent) == 0 {
				t.Errorf("%v: %v, %v", test.there, err, kept)
			}
		}
		kept = Allowance{Requests: 300, Time: now.Add(-time.Hour)}
		m.allowed = 100
		m.run(t, late, 200, 4)
		if kept.Requests != 100 || late.Close() != nil || kept.Requests != 100 {
			t.Errorf("%v", kept)
		}
	})
}

func TestAllowanceThatCannotBeRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("disk full")
		c, _ := client(limitedFor("90", ""))
		c.Limiter = NewLimiter(LimiterOptions{Remember: func(Allowance) error { return full }})
		_, err := c.Me(t.Context())
		if !errors.As(err, new(*RateLimitError)) || !errors.Is(err, full) {
			t.Error(err)
		}
		c, _ = client(fine)
		c.Limiter = NewLimiter(LimiterOptions{Remember: func(Allowance) error { return full }})
		for range minToRemember - 1 {
			_, _ = c.Me(t.Context())
		}
		if err := c.Limiter.Close(); err != nil {
			t.Error("hardly anything was sent, and yet:", err)
		}
		_, _ = c.Me(t.Context())
		if err := c.Limiter.Close(); !errors.Is(err, full) {
			t.Error(err)
		}
	})
}

// Where nobody complains, a server on this computer is asked as fast as the workers can.
func TestNothingIsPacedWithoutNeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &metered{allowed: 1 << 20, way: "sliding", latency: 20 * time.Millisecond}
		if took := m.run(t, limiterFor(local, 4), 400, 4); took != 2*time.Second || m.refused != 0 {
			t.Errorf("400 requests took %s", took)
		}
		m = &metered{allowed: 1 << 20, way: "sliding", latency: 100 * time.Millisecond}
		if took := m.run(t, limiterFor(modest, 4), 600, 4); took > 20*time.Second {
			t.Errorf("600 requests to Spotify took %s, 15 s at worker speed", took)
		}
	})
}

// The bound on requests at once is one for all accounts, of one app or several, and nobody keeps a place while he waits.
func TestConcurrencyIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &metered{allowed: 1 << 20, way: "sliding", latency: 20 * time.Millisecond}
		one := limiterFor(local, 3)
		o := local
		o.Beside = one
		other := limiterFor(o, 10)
		var group sync.WaitGroup
		for _, l := range []*Limiter{one, other, one} {
			group.Go(func() { m.run(t, l, 50, 8) })
		}
		group.Wait()
		if m.most != 3 {
			t.Errorf("%d at once", m.most)
		}
		narrow := &metered{allowed: 20, way: "sliding", latency: 20 * time.Millisecond}
		group.Go(func() { narrow.run(t, one, 60, 8) })
		time.Sleep(10 * time.Second)
		if took := m.run(t, other, 30, 3); took != 200*time.Millisecond {
			t.Errorf("30 requests of another app took %s", took)
		}
		group.Wait()
	})
}

// A long wait of our own is told to whoever watches, and ends with the context.
func TestWaitingForTheWindowIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		c, f := client(fine)
		c.Limiter = NewLimiter(LimiterOptions{Rate: 100, Burst: 100, Recall: func() Allowance {
			return Allowance{Requests: 20, Time: now, Recent: []Recent{{now, 19}}}
		}})
		var told []Retry
		c.OnRetry = func(r Retry) { told = append(told, r) }
		_, err := c.Me(t.Context())
		if err != nil || len(told) != 0 {
			t.Fatal(err, told)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err = c.Me(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || len(f.asked) != 1 || len(told) != 1 || told[0].Wait != 30*time.Second {
			t.Fatal(err, len(f.asked), told)
		}
		if _, err = c.Me(t.Context()); err != nil || time.Since(now) != 30*time.Second {
			t.Error(err, time.Since(now))
		}
	})
}

func TestEstimate(t *testing.T) {
	known := NewLimiter(LimiterOptions{Assumed: 90, Recall: func() Allowance { return Allowance{Requests: 300, Time: time.Now()} }})
	for _, test := range []struct {
		l       *Limiter
		n       int
		want    time.Duration
		learned bool
	}{
		{l: NewLimiter(LimiterOptions{}), n: 1e6},
		{l: NewLimiter(LimiterOptions{Assumed: 90}), n: 0},
		{l: NewLimiter(LimiterOptions{Assumed: 90}), n: 90},
		{l: NewLimiter(LimiterOptions{Assumed: 90}), n: 91, want: 30 * time.Second},
		{l: NewLimiter(LimiterOptions{Assumed: 90}), n: 900, want: 270 * time.Second},
		{l: known, n: 300, learned: true},
		{l: known, n: 900, want: time.Minute, learned: true},
	} {
		if got, learned := test.l.Estimate(test.n); got != test.want || learned != test.learned {
			t.Errorf("%d: %s, %v", test.n, got, learned)
		}
	}
}
