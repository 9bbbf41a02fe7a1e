package spotify

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func limitedFor(retryAfter, reason string) reply {
	r := reply{status: 429, body: `{"error":{"status":429,"message":"Too many requests","reason":"` + reason + `"}}`}
	if retryAfter != "" {
		r.header = map[string]string{"Retry-After": retryAfter}
	}
	return r
}

var fine = reply{status: 200, body: `{"id":"me"}`}

func TestRetryAfter(t *testing.T) {
	for _, test := range []struct {
		name, header, date, reason string
		wait                       time.Duration // until the second request; 0: there is none
		until                      time.Duration // in the error
		quota                      bool
	}{
		{name: "seconds", header: "3", wait: 3 * time.Second},
		{name: "the longest sat out", header: "60", wait: time.Minute},
		{name: "longer", header: "61", until: 61 * time.Second},
		{name: "under two minutes", header: "119", until: 119 * time.Second},
		{name: "minutes", header: "120", until: 2 * time.Minute, quota: true},
		{name: "a day", header: "86400", until: 24 * time.Hour, quota: true},
		{name: "absurd", header: "99999999999999999", until: maxHold, quota: true},
		{name: "missing", wait: time.Second},
		{name: "nonsense", header: "soon", wait: time.Second},
		{name: "zero", header: "0", wait: time.Second},
		{name: "negative", header: "-5", wait: time.Second},
		{name: "date", header: "Sat, 01 Jan 2000 00:00:07 GMT", wait: 7 * time.Second},
		{name: "date by another clock", header: "Mon, 23 Nov 2026 12:00:09 GMT", date: "Mon, 23 Nov 2026 12:00:00 GMT", wait: 9 * time.Second},
		{name: "quota", header: "5", reason: "QUOTA_EXCEEDED", until: 5 * time.Second, quota: true},
		{name: "quota without a time", reason: "QUOTA_EXCEEDED", until: 6 * time.Hour, quota: true},
		{name: "quota after no time", header: "0", reason: "QUOTA_EXCEEDED", until: 6 * time.Hour, quota: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first := limitedFor(test.header, test.reason)
				if test.date != "" {
					first.header["Date"] = test.date
				}
				c, f := client(first, fine)
				start := time.Now()
				_, err := c.Me(t.Context())
				if test.wait > 0 {
					if err != nil || len(f.asked) != 2 || f.asked[1].at.Sub(start) != test.wait {
						t.Fatal(err, len(f.asked), time.Since(start))
					}
					return
				}
				var r *RateLimitError
				if !errors.As(err, &r) || r.Until.Sub(start) != test.until || r.RetryAfter != test.until || r.Quota != test.quota || (r.Group == GroupAccount) != test.quota || len(f.asked) != 1 {
					t.Fatalf("%#v, %d requests", err, len(f.asked))
				}
				if OutcomeUnknown(err) || !strings.Contains(err.Error(), "could not ask who is logged in: ") || !strings.Contains(err.Error(), "2000-01-0") {
					t.Error(err)
				}
			})
		})
	}
}

func TestWritesAreSentAgainAfterALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := client(limitedFor("2", ""), limitedFor("4", ""), reply{status: 201, body: `{"snapshot_id":"S"}`})
		var waits []time.Duration
		c.OnRetry = func(r Retry) { waits = append(waits, r.Wait) }
		if _, err := c.AddItems(t.Context(), anID, []URI{"spotify:track:a"}, -1); err != nil || len(f.asked) != 3 {
			t.Fatal(err)
		}
		if len(waits) != 2 || waits[0] != 2*time.Second || waits[1] != 4*time.Second {
			t.Error(waits)
		}
		for _, a := range f.asked {
			if a.body != `{"uris":["spotify:track:a"]}` {
				t.Error(a.body)
			}
		}
	})
}

func TestLimitsWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := client(limitedFor("1", ""))
		_, err := c.Me(t.Context())
		var r *RateLimitError
		if !errors.As(err, &r) || len(f.asked) != maxLimits {
			t.Fatal(err, len(f.asked))
		}
	})
}

func TestReadsWaitLongerEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := client(reply{status: 500}, reply{status: 503, header: map[string]string{"Retry-After": "20"}}, reply{status: 502}, fine)
		start := time.Now()
		if _, err := c.Me(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i, want := range []time.Duration{0, 500 * time.Millisecond, 20500 * time.Millisecond, 22500 * time.Millisecond} {
			if got := f.asked[i].at.Sub(start); got != want {
				t.Errorf("attempt %d after %s, want %s", i+1, got, want)
			}
		}
		c, f = client(reply{status: 503, header: map[string]string{"Retry-After": "7200"}})
		if _, err := c.Me(t.Context()); err == nil || len(f.asked) != 1 {
			t.Error(err, len(f.asked))
		}
	})
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, first := range []reply{limitedFor("30", ""), {status: 503, header: map[string]string{"Retry-After": "30"}}} {
			c, f := client(first)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			start := time.Now()
			_, err := c.Me(ctx)
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 10*time.Second || len(f.asked) != 1 {
				t.Error(err, time.Since(start))
			}
		}
	})
}

// One 429 stops everybody at once, everybody resumes when it is over, and it is written down.
func TestHoldIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var saved []string
		start := time.Now()
		l := NewLimiter(LimiterOptions{Rate: 1000, Burst: 1000, Save: func(g Group, until time.Time, reason string) error {
			saved = append(saved, string(g)+until.Sub(start).String()+" "+reason)
			return nil
		}})
		c, f := client(limitedFor("10", ""), fine)
		d := *c
		c.Limiter, d.Limiter = l, l
		if _, err := c.Me(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.replies, f.asked = []reply{limitedFor("20", ""), fine}, nil
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = c.Me(t.Context()) })
		synctest.Wait()
		if h := l.NotBefore(GroupSearch); h.Until.Sub(start) != 30*time.Second || h.Reason != ReasonRate || h.Group != "" {
			t.Error(h)
		}
		for range 5 {
			wg.Go(func() {
				if _, err := d.Me(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for i, a := range f.asked {
			if want := map[bool]time.Duration{true: 10 * time.Second, false: 30 * time.Second}[i == 0]; a.at.Sub(start) != want {
				t.Errorf("request %d after %s, want %s", i, a.at.Sub(start), want)
			}
		}
		if got := strings.Join(saved, ", "); len(f.asked) != 7 || got != "10s RATE_LIMITED, 30s RATE_LIMITED" {
			t.Error(len(f.asked), got)
		}
		if h := l.NotBefore(GroupAccount); !h.Until.IsZero() || len(l.Holds()) > 0 {
			t.Error("still held")
		}
	})
}

// Those who wait for their turn are stopped too, and a shorter hold doesn't end a longer one.
func TestHoldStopsThoseInTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := client(limitedFor("30", ""), limitedFor("5", ""), fine)
		c.Limiter = NewLimiter(LimiterOptions{Concurrency: 3, Rate: 1, Burst: 1})
		inner := c.HTTP.Transport
		c.HTTP.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			defer time.Sleep(1500 * time.Millisecond) // so that a second is under way when the first is refused
			return inner.RoundTrip(r)
		})
		start := time.Now()
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if _, err := c.Me(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		var early int
		for _, a := range f.asked {
			if a.at.Sub(start) < 31*time.Second {
				early++
			}
		}
		if early != 2 || len(f.asked) != 5 {
			t.Errorf("%d of %d requests before the hold was over", early, len(f.asked))
		}
	})
}

// A time remembered from an earlier run is honoured before anything is sent.
func TestHoldIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		until, reason := time.Now().Add(30*time.Second), ReasonRate
		c, f := client(fine)
		c.Limiter = NewLimiter(LimiterOptions{Load: func(Group) (time.Time, string) { return until, reason }})
		start := time.Now()
		if _, err := c.Me(t.Context()); err != nil || time.Since(start) != 30*time.Second {
			t.Fatal(err, time.Since(start))
		}
		var r *RateLimitError
		until = time.Now().Add(2 * time.Hour)
		if _, err := c.Me(t.Context()); !errors.As(err, &r) || r.Quota || r.RetryAfter != 2*time.Hour || len(f.asked) != 1 {
			t.Fatal(err)
		}
		c.Limiter = NewLimiter(LimiterOptions{Load: func(Group) (time.Time, string) { return until, reason }})
		until, reason = time.Now().Add(time.Second), ReasonQuota
		if _, err := c.Me(t.Context()); !errors.As(err, &r) || !r.Quota || len(f.asked) != 1 {
			t.Fatal(err)
		}
		until = time.Now().Add(1000 * maxHold) // a clock that was wrong when it was written
		c.Limiter = NewLimiter(LimiterOptions{Load: func(Group) (time.Time, string) { return until, reason }})
		if _, err := c.Me(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestHoldThatCannotBeRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("disk full")
		c, _ := client(limitedFor("7200", ""))
		c.Limiter = NewLimiter(LimiterOptions{Save: func(Group, time.Time, string) error { return full }})
		_, err := c.Me(t.Context())
		var r *RateLimitError
		if !errors.As(err, &r) || !errors.Is(err, full) {
			t.Error(err)
		}
	})
}

func TestConcurrencyAndPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := client()
		var mu sync.Mutex
		var now, most int
		c.HTTP.Transport = roundTrip(func(*http.Request) (*http.Response, error) {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Millisecond)
			mu.Lock()
			now--
			mu.Unlock()
			return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
		})
		c.Limiter = NewLimiter(LimiterOptions{Concurrency: 3, Rate: 2, Top: 2, Burst: 6})
		start := time.Now()
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if err := c.Save(t.Context(), "spotify:track:a"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if most != 3 || time.Since(start).Round(100*time.Millisecond) != 2*time.Second {
			t.Errorf("%d at once, %s in all", most, time.Since(start))
		}
	})
}

// The pace rises with each good answer, and a complaint brings it back to where it began.
func TestPaceRisesAndFalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := client(fine)
		l := NewLimiter(LimiterOptions{Rate: 8, Top: 12})
		c.Limiter = l
		for i, want := range []float64{8 + speedup, 8 + 2*speedup} {
			if _, err := c.Me(t.Context()); err != nil || math.Abs(float64(l.pace.Limit())-want) > 1e-9 {
				t.Fatal(i, err, l.pace.Limit())
			}
		}
		f.replies = append(slices.Repeat([]reply{fine}, 100), limitedFor("1", ""), reply{status: 404})
		for range 98 {
			_, _ = c.Me(t.Context())
		}
		if l.pace.Limit() != 12 {
			t.Error("at most", l.pace.Limit())
		}
		if _, err := c.Me(t.Context()); err == nil || l.pace.Limit() != 8 || len(f.asked) != 102 {
			t.Error("after a complaint", err, l.pace.Limit(), len(f.asked))
		}
	})
}

// A used-up quota shuts its group, in this process and the next, and nothing else.
func TestQuotaShutsItsGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := map[Group]Hold{}
		options := LimiterOptions{Load: func(g Group) (time.Time, string) { return disk[g].Until, disk[g].Reason },
			Save: func(g Group, until time.Time, reason string) error { disk[g] = Hold{g, until, reason}; return nil }}
		c, f := client(limitedFor("86236", ""), fine)
		c.Limiter = NewLimiter(options)
		search := func(c *Client) error { _, err := c.Search(t.Context(), "x", nil, 1); return err }
		me := func(c *Client) error { _, err := c.Me(t.Context()); return err }
		start := time.Now()
		for range 2 { // asked once
			var r *RateLimitError
			err := search(c)
			if !errors.As(err, &r) || !r.Quota || r.Group != GroupSearch || r.Until.Sub(start) != 86236*time.Second {
				t.Fatal(err)
			}
			if want := `could not search for "x": searching is shut until 2000-01-01 23:57:16 UTC (in 23h57m16s), because Spotify's quota for it is used up; try again then`; err.Error() != want {
				t.Errorf("got  %s\nwant %s", err, want)
			}
		}
		if err := me(c); err != nil || len(f.asked) != 2 {
			t.Fatal(err, f.lines())
		}
		next, _ := client(fine)
		next.Limiter = NewLimiter(options)
		if err := me(next); err != nil {
			t.Error(err)
		}
		if err := search(next); err == nil || len(disk) != 1 {
			t.Error(err, disk)
		}
		if all := next.Limiter.Holds(); len(all) != 1 || all[0].Group != GroupSearch || next.Limiter.NotBefore(GroupPlaylists).Group != "" {
			t.Error(all)
		}
		next.MaxWait = 24 * time.Hour // who asks for that waits
		next.HTTP.Transport = roundTrip(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(`{"tracks":{"items":[]}}`))}, nil
		})
		if err := search(next); err != nil || time.Since(start) != 86236*time.Second {
			t.Error(err, time.Since(start))
		}
	})
}

// Setting covers has a limit of its own: being told to wait there holds back nothing else.
func TestCoversHaveTheirOwnLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := client(limitedFor("30", ""), reply{status: 202})
		c.Limiter = NewLimiter(LimiterOptions{Remember: func(Allowance) error { t.Error("remembered"); return nil }})
		c.MaxWait = 0
		var r *RateLimitError
		if err := c.UploadImage(t.Context(), anID, []byte("\xff\xd8\xff")); !errors.As(err, &r) || r.Quota || r.Group != GroupCovers {
			t.Error(err)
		}
		if _, err := c.Images(t.Context(), anID); errors.As(err, &r) && r.Group != GroupCovers {
			t.Error(err)
		}
		if h := c.Limiter.NotBefore(GroupPlaylists); !h.Until.IsZero() {
			t.Error(h)
		}
	})
}

// A cover is refused with 401 where the login lacks its scope: one new token is tried, then a person is needed.
func TestCoverWithoutScope(t *testing.T) {
	c, f := client(reply{status: 401, body: `{"error":{"status":401,"message":"Unauthorized."}}`})
	c.HTTP.Transport = refreshing{f}
	if err := c.UploadImage(t.Context(), anID, []byte("\xff\xd8\xff")); !errors.Is(err, ErrScope) || len(f.asked) != 2 || f.fresh != 1 || !strings.Contains(err.Error(), "ugc-image-upload") {
		t.Error(err, f.fresh, f.lines())
	}
}
