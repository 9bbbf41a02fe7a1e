package sandbox

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Fault spoils requests. Of several that match, the one scheduled first is used; each request meets one at most.
type Fault struct {
	Method string // "" any
	Route  string // template, as "/playlists/{id}/items", "/api/token"; "" any
	Skip   int    // requests let pass first
	Times  int    // requests spoilt; 0 means one, negative for ever

	Before bool // spoil before the request takes effect: it has none. The default, and here to be said
	After  bool // the request takes effect, and then is spoilt

	Delay time.Duration // wait, in real time, with nothing locked
	Then  func()        // called after the wait, with nothing locked: somebody else's edit in between. Before the effect, or with After, past it

	// The answer; with none of these the true one is given.
	Status     int // 0 with any below: 429 for RetryAfter or Reason, else 500
	Body       string
	Header     http.Header
	RetryAfter string // the header, as written
	Reason     string // member of the error, as "QUOTA_EXCEEDED"
	Drop       bool   // no answer: the connection is lost
	CutBody    bool   // the true answer stops half way; the request has taken effect
	Garbage    bool   // the status is the true one, the body nonsense; the request has taken effect
}

// Fail schedules a fault.
func (s *Server) Fail(f Fault) {
	if f.Times == 0 {
		f.Times = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// ClearFaults unschedules all faults.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// takeFault is the fault the request meets, or nil.
func (s *Server) takeFault(method, route string) *Fault {
	for _, f := range s.faults {
		if f.Times == 0 || f.Method != "" && f.Method != method || f.Route != "" && f.Route != route {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times > 0 {
			f.Times--
		}
		c := *f
		return &c
	}
	return nil
}

// happen waits and lets somebody else act.
func (f *Fault) happen(ctx context.Context) {
	if f.Delay > 0 {
		t := time.NewTimer(f.Delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
	if f.Then != nil {
		f.Then()
	}
}

// answers reports whether the fault stands in for the true answer.
func (f *Fault) answers() bool {
	return f.Status != 0 || f.Body != "" || f.RetryAfter != "" || f.Reason != "" || f.Drop
}

// takesEffect reports whether the request is carried out although it is spoilt.
func (f *Fault) takesEffect() bool { return f.After || !f.answers() }

// answer is what a fault says instead of the true answer, which is empty when the request was not carried out.
func (f *Fault) answer(truth answer, accounts bool) answer {
	a := truth
	if f.answers() {
		a = f.refusal(accounts)
	}
	if f.Garbage {
		a.header = jsonHeader()
		a.body = []byte("<!doctype html>\x00\xff{\"items\":[{]}")
	}
	a.drop, a.cut = f.Drop, f.CutBody
	if len(f.Header) > 0 {
		a.header = a.header.Clone()
		if a.header == nil {
			a.header = http.Header{}
		}
		for k, v := range f.Header {
			a.header[http.CanonicalHeaderKey(k)] = v
		}
	}
	return a
}

// refusal is the answer a fault spells out.
func (f *Fault) refusal(accounts bool) answer {
	status := f.Status
	if status == 0 {
		status = http.StatusInternalServerError
		if f.RetryAfter != "" || f.Reason != "" {
			status = http.StatusTooManyRequests
		}
	}
	member := map[string]any{"status": status, "message": faultMessage(status, f.Reason)}
	if f.Reason != "" {
		member["reason"] = f.Reason
	}
	a := jsonAnswer(status, map[string]any{"error": member})
	if accounts {
		a = jsonAnswer(status, map[string]any{"error": "server_error", "error_description": faultMessage(status, f.Reason)})
	}
	if f.Body != "" {
		a.body = []byte(f.Body)
		if f.Body[0] != '{' && f.Body[0] != '[' {
			a.header.Set("Content-Type", "text/plain; charset=utf-8")
		}
	}
	if f.RetryAfter != "" {
		a.header.Set("Retry-After", f.RetryAfter)
	}
	return a
}

func faultMessage(status int, reason string) string {
	switch {
	case reason != "":
		return "Too many requests"
	case status == http.StatusTooManyRequests:
		return "API rate limit exceeded"
	case status == http.StatusInternalServerError:
		return "Server error."
	case status == http.StatusBadGateway:
		return "Error while loading resource"
	}
	return http.StatusText(status)
}

// limiter counts what each client asks for over a rolling window.
type limiter struct {
	n      int
	window time.Duration
	asked  map[string][]time.Time // by client ID
}

// SetRateLimit lets each client make n requests to the Web API in any window; more are answered 429 with Retry-After.
// n 0 means no limit.
func (s *Server) SetRateLimit(n int, window time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = limiter{n: n, window: window, asked: map[string][]time.Time{}}
}

// take counts a request, or refuses it saying in how many seconds the next may pass. Refused ones don't count.
func (l *limiter) take(client string, now time.Time) error {
	if l.n <= 0 {
		return nil
	}
	asked := l.asked[client]
	for len(asked) > 0 && !asked[0].Add(l.window).After(now) {
		asked = asked[1:]
	}
	if len(asked) >= l.n {
		l.asked[client] = asked
		wait := asked[0].Add(l.window).Sub(now)
		seconds := max(1, int((wait+time.Second-1)/time.Second))
		return &refusal{status: http.StatusTooManyRequests, message: "API rate limit exceeded",
			header: http.Header{"Retry-After": {strconv.Itoa(seconds)}}}
	}
	l.asked[client] = append(asked, now)
	return nil
}

// refusal is an answer other than success.
type refusal struct {
	status  int
	message string
	header  http.Header
	plain   bool   // text, not JSON
	reason  string // a member of the error, where Spotify gives one
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s", r.status, r.message) }

func refuse(status int, format string, args ...any) error {
	return &refusal{status: status, message: fmt.Sprintf(format, args...)}
}
