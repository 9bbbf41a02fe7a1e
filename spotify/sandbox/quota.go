package sandbox

import (
	"net/http"
	"strconv"
	"time"
)

// Quota is how much of some routes an app may ask for in a day: the developer's quota, which is counted apart from the
// rate. Routes of other quotas go on working when this one is used up.
type Quota struct {
	Method       string        // "" any
	Routes       []string      // templates that share it, as "/me/tracks"; none: all
	Requests     int           // in any Window
	Window       time.Duration // 0 means a day
	NoRetryAfter bool          // the refusal doesn't say when to come back
	NoReason     bool          // nor that it is the quota: no QUOTA_EXCEEDED in the error
}

// quota is a Quota and what was asked for.
type quota struct {
	Quota
	asked map[string][]time.Time // by client ID
}

// SetQuota lets each client ask for no more than that, beside quotas set before. [Server.ClearQuotas] ends them.
func (s *Server) SetQuota(q Quota) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q.Window = orDefault(q.Window, 24*time.Hour)
	s.quotas = append(s.quotas, &quota{q, map[string][]time.Time{}})
}

// ClearQuotas makes every quota endless.
func (s *Server) ClearQuotas() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quotas = nil
}

func (q Quota) covers(rt route) bool {
	if q.Method != "" && q.Method != rt.method {
		return false
	}
	for _, path := range q.Routes {
		if path == rt.path {
			return true
		}
	}
	return len(q.Routes) == 0
}

// takeQuota counts a request, or refuses it. Refused ones don't count.
func (s *Server) takeQuota(rt route, client string, now time.Time) error {
	for _, q := range s.quotas {
		if !q.covers(rt) {
			continue
		}
		asked := q.asked[client]
		for len(asked) > 0 && !asked[0].Add(q.Window).After(now) {
			asked = asked[1:]
		}
		if len(asked) < q.Requests {
			q.asked[client] = append(asked, now)
			continue
		}
		q.asked[client] = asked
		r := &refusal{status: http.StatusTooManyRequests, message: "Too many requests", header: http.Header{}}
		if !q.NoReason {
			r.reason = "QUOTA_EXCEEDED"
		}
		if !q.NoRetryAfter {
			wait := q.Window
			if len(asked) > 0 {
				wait = asked[0].Add(q.Window).Sub(now)
			}
			r.header.Set("Retry-After", strconv.Itoa(max(1, int((wait+time.Second-1)/time.Second))))
		}
		return r
	}
	return nil
}
