package spotify

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// tokens is what a login's transport is to the client.
type tokens struct {
	inner http.RoundTripper
	token atomic.Value
}

func (t *tokens) RoundTrip(req *http.Request) (*http.Response, error) {
	r := req.Clone(req.Context())
	r.Header.Set("Authorization", "Bearer "+t.token.Load().(string))
	return t.inner.RoundTrip(r)
}

func (t *tokens) Refresh(context.Context) error { t.token.Store("new"); return nil }

func protocols(t *testing.T, handler func(http2 bool) http.Handler, test func(t *testing.T, c *Client)) {
	for _, h2 := range []bool{false, true} {
		t.Run(map[bool]string{false: "HTTP/1.1", true: "HTTP/2"}[h2], func(t *testing.T) {
			srv := httptest.NewUnstartedServer(handler(h2))
			srv.EnableHTTP2 = h2
			if h2 {
				srv.StartTLS()
			} else {
				srv.Start()
			}
			defer srv.Close()
			inner := srv.Client().Transport
			defer srv.Client().CloseIdleConnections()
			tr := &tokens{inner: inner}
			tr.token.Store("old")
			test(t, &Client{HTTP: &http.Client{Transport: tr}, BaseURL: srv.URL + "/v1/", MaxWait: time.Minute, Jitter: func() float64 { return 0 }})
		})
	}
}

// Each attempt carries the whole body, whatever became of the one before.
func TestBodiesEqualOnEachAttempt(t *testing.T) {
	bodies := make([][]string, 2)
	protocols(t, func(h2 bool) http.Handler {
		seen := &bodies[map[bool]int{true: 1}[h2]]
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if got := map[bool]int{false: 1, true: 2}[h2]; r.ProtoMajor != got {
				t.Errorf("protocol %s", r.Proto)
			}
			b, _ := io.ReadAll(r.Body)
			*seen = append(*seen, r.Method+" "+r.URL.Path+" "+string(b))
			switch len(*seen) {
			case 1:
				w.WriteHeader(429)
				io.WriteString(w, `{"error":{"status":429,"message":"`+strings.Repeat("slow ", 3000)+`"}}`)
			case 2:
				w.WriteHeader(401)
				io.WriteString(w, `{"error":{"status":401,"message":"The access token expired"}}`)
			default:
				if r.Header.Get("Authorization") != "Bearer new" {
					t.Errorf("Authorization %q after a refresh", r.Header.Get("Authorization"))
				}
				w.WriteHeader(201)
				io.WriteString(w, `{"snapshot_id":"S"}`)
			}
		})
	}, func(t *testing.T, c *Client) {
		s, err := c.AddItems(t.Context(), anID, []URI{"spotify:track:003vvx7Niy0yvhvHt4a68B"}, 3)
		if s != "S" || err != nil {
			t.Fatal(s, err)
		}
	})
	want := `POST /v1/playlists/4XzvE3vG5tVbQeJb8Kk2aP/items {"uris":["spotify:track:003vvx7Niy0yvhvHt4a68B"],"position":3}`
	for i := range bodies {
		if len(bodies[i]) != 3 {
			t.Fatalf("%d attempts", len(bodies[i]))
		}
		for _, got := range bodies[i] {
			if got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		}
	}
}

func TestReadsAreRepeatedAfterFailures(t *testing.T) {
	var n atomic.Int32
	protocols(t, func(bool) http.Handler {
		n.Store(0)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch n.Add(1) {
			case 1:
				w.WriteHeader(503)
				io.WriteString(w, "upstream connect error")
			case 2:
				panic(http.ErrAbortHandler)
			default:
				io.WriteString(w, `{"id":"me"}`)
			}
		})
	}, func(t *testing.T, c *Client) {
		if u, err := c.Me(t.Context()); err != nil || u.ID != "me" || n.Load() != 3 {
			t.Fatal(u, err, n.Load())
		}
	})
}

// A write whose connection breaks after it was received is never sent again, and says that its outcome is not known.
func TestLostWriteIsSentOnce(t *testing.T) {
	var n atomic.Int32
	protocols(t, func(bool) http.Handler {
		n.Store(0)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n.Add(1)
			io.Copy(io.Discard, r.Body)
			panic(http.ErrAbortHandler)
		})
	}, func(t *testing.T, c *Client) {
		_, err := c.CreatePlaylist(t.Context(), NewPlaylist{Name: "N"})
		if !OutcomeUnknown(err) || n.Load() != 1 {
			t.Fatal(err, n.Load())
		}
	})
}

func TestSlowAnswerIsALostOne(t *testing.T) {
	protocols(t, func(bool) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body) // only then does the server notice that we hang up
			<-r.Context().Done()
		})
	}, func(t *testing.T, c *Client) {
		c.Timeout = 50 * time.Millisecond
		_, err := c.ReplaceItems(t.Context(), anID, nil)
		if !OutcomeUnknown(err) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no answer within 50ms") {
			t.Fatal(err)
		}
	})
}

// A port nobody listens on: nothing can have happened.
func TestDialErrorIsRepeatedAndKnown(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	inner := &http.Transport{}
	tr := &tokens{inner: inner}
	tr.token.Store("t")
	c := &Client{HTTP: &http.Client{Transport: tr}, BaseURL: "http://" + l.Addr().String(), Jitter: func() float64 { return -0.49 }}
	var waits int
	c.OnRetry = func(Retry) { waits++ }
	_, err = c.CreatePlaylist(t.Context(), NewPlaylist{Name: "N"})
	var u *UnavailableError
	if !errors.As(err, &u) || u.Sent || OutcomeUnknown(err) || waits != maxTries-1 {
		t.Fatal(err, waits)
	}
	if !strings.Contains(err.Error(), "could not be reached") {
		t.Error(err)
	}
}

// A login's own errors pass through as they are: not repeated, and nothing was sent. That the token was asked for on the
// way, with the request's own context and of the same host, must not look like the request itself.
func TestLoginErrorsPass(t *testing.T) {
	errLogin := errors.New("log in again")
	var n atomic.Int32
	protocols(t, func(bool) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { n.Add(1); w.WriteHeader(400) })
	}, func(t *testing.T, c *Client) {
		n.Store(0)
		inner := c.HTTP.Transport.(*tokens).inner
		c.HTTP.Transport = roundTrip(func(req *http.Request) (*http.Response, error) {
			ask, _ := http.NewRequestWithContext(req.Context(), "POST", c.BaseURL+"token", strings.NewReader("grant_type=refresh_token"))
			ask.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			resp, err := inner.RoundTrip(ask)
			if err != nil {
				return nil, err
			}
			resp.Body.Close()
			return nil, errLogin
		})
		_, err := c.CreatePlaylist(t.Context(), NewPlaylist{Name: "N"})
		if !errors.Is(err, errLogin) || OutcomeUnknown(err) || n.Load() != 1 {
			t.Fatal(err, n.Load())
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestNoRedirectIsFollowed(t *testing.T) {
	var leaks atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { leaks.Add(1) }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		protocols(t, func(bool) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", other.URL)
				w.WriteHeader(status)
			})
		}, func(t *testing.T, c *Client) {
			if _, err := c.Me(t.Context()); !errors.Is(err, ErrRedirect) {
				t.Error(err)
			}
			if err := c.Unsave(t.Context(), "spotify:playlist:"+URI(anID)); !errors.Is(err, ErrRedirect) || OutcomeUnknown(err) {
				t.Error(err)
			}
		})
	}
	if leaks.Load() != 0 {
		t.Errorf("%d requests went elsewhere", leaks.Load())
	}
}

func TestRefusals(t *testing.T) {
	long := strings.Repeat("x", 500)
	for _, test := range []struct {
		status int
		body   string
		kind   error
		says   string // part of the message
	}{
		{400, `{"error":{"status":400,"message":"Payload contains a non-existing ID"}}`, ErrBadRequest, "one of the items does not exist"},
		{400, `{"error":{"status":400,"message":"Attribute description is empty"}}`, ErrBadRequest, "a description without links"},
		{401, `{"error":{"status":401,"message":"Invalid access token"}}`, ErrUnauthorized, `"spotsync login"`},
		{401, `{"error":{"status":401,"message":"Insufficient client scope"}}`, ErrScope, "playlist-modify-public playlist-modify-private; run"},
		{403, `{"error":{"status":403,"message":"Insufficient client scope"}}`, ErrScope, `run "spotsync login"`},
		{403, "Active premium subscription required for the owner of the app.", ErrPremium, "takes some hours"},
		{403, "User not registered in the Developer Dashboard", ErrNotRegistered, "room for five"},
		{403, `{"error":{"status":403,"message":"Check settings on developer.spotify.com/dashboard, the user may not be registered."}}`, ErrNotRegistered, "User Management"},
		{403, `{"error":{"status":403,"message":"Forbidden"}}`, ErrForbidden, "(403: Forbidden)"},
		{403, "", ErrForbidden, "(403)"},
		{404, `{"error":{"status":404,"message":"Not found."}}`, ErrNotFound, "check the ID"},
		{404, `{"error":"not_found","error_description":"gone"}`, ErrNotFound, "(404: gone)"},
		{404, `{"error":"not_found"}`, ErrNotFound, "(404: not_found)"},
		{404, `{"error":null}`, ErrNotFound, "(404)"},
		{404, `null`, ErrNotFound, "(404)"},
		{404, "<html><body>no", ErrNotFound, "(404: a web page)"},
		{413, "", ErrTooLarge, "make it smaller"},
		{418, "\x1b[31mred\r\n\u202eteapot" + long, ErrBadRequest, "(418: [31mred teapotxxx"},
		{304, "", ErrRedirect, "no redirect"},
	} {
		c, f := client(reply{status: test.status, body: test.body})
		err := c.ChangeDetails(t.Context(), anID, DetailsChange{Name: new("n")})
		var e *Error
		if !errors.Is(err, test.kind) || !errors.As(err, &e) || e.Status != test.status || e.Route != "/playlists/{id}" || e.Method != "PUT" {
			t.Errorf("%d %q: %#v", test.status, test.body, err)
			continue
		}
		if !strings.Contains(err.Error(), test.says) || len(err.Error()) > 600 || strings.ContainsAny(err.Error(), "\x1b\n\r\u202e") {
			t.Errorf("%d %q: %s", test.status, test.body, err)
		}
		if !strings.HasPrefix(err.Error(), "could not change the details of playlist "+string(anID)+": ") {
			t.Error(err)
		}
		if len(f.asked) != 1 || OutcomeUnknown(err) {
			t.Errorf("%d %q: %d requests, outcome unknown %v", test.status, test.body, len(f.asked), OutcomeUnknown(err))
		}
		if denied := test.kind == ErrUnauthorized || test.kind == ErrScope || test.kind == ErrPremium || test.kind == ErrNotRegistered; AccessDenied(err) != denied {
			t.Errorf("%v: access denied %v", err, !denied)
		}
	}
}

func TestFailures(t *testing.T) {
	reset := &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
	dial := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	read := func(c *Client) error { _, err := c.Playlist(context.Background(), anID); return err }
	write := func(c *Client) error {
		_, err := c.AddItems(context.Background(), anID, []URI{"spotify:track:a"}, -1)
		return err
	}
	details := func(c *Client) error {
		return c.ChangeDetails(context.Background(), anID, DetailsChange{Public: new(true)})
	}
	for _, test := range []struct {
		name    string
		do      func(*Client) error
		reply   reply
		tries   int
		unknown bool
		ok      bool
	}{
		{"read 500", read, reply{status: 500}, 4, false, false},
		{"read 502", read, reply{status: 502, body: "<html>"}, 4, false, false},
		{"read 504", read, reply{status: 504}, 4, false, false},
		{"read 408", read, reply{status: 408}, 4, false, false},
		{"read 501", read, reply{status: 501}, 1, false, false},
		{"read reset", read, reply{err: reset}, 4, false, false},
		{"read EOF", read, reply{err: io.EOF}, 4, false, false},
		{"read dial", read, reply{err: dial}, 4, false, false},
		{"read garbage", read, reply{status: 200, body: "<html>"}, 4, false, false},
		{"read null", read, reply{status: 200, body: "null"}, 4, false, false},
		{"read empty", read, reply{status: 204}, 4, false, false},
		{"read cut", read, reply{status: 200, body: `{"id":"` + string(anID) + `"}`, cut: true}, 4, false, false},
		{"read unknown error", read, reply{err: errors.New("log in")}, 1, false, false},
		{"write 500", write, reply{status: 500}, 1, true, false},
		{"write 501", write, reply{status: 501}, 1, true, false},
		{"write 503 with Retry-After", write, reply{status: 503, header: map[string]string{"Retry-After": "1"}}, 1, true, false},
		{"write 408", write, reply{status: 408}, 1, true, false},
		{"write reset", write, reply{err: reset}, 1, true, false},
		{"write EOF", write, reply{err: io.ErrUnexpectedEOF}, 1, true, false},
		{"write dial", write, reply{err: dial}, 4, false, false},
		{"write unknown error", write, reply{err: errors.New("log in")}, 1, false, false},
		{"write garbage", write, reply{status: 201, body: "<html>"}, 1, true, false},
		{"write empty", write, reply{status: 200}, 1, true, false},
		{"write cut", write, reply{status: 200, body: `{"snap`, cut: true}, 1, true, false},
		{"write without snapshot", write, reply{status: 200, body: `{}`}, 1, false, true},
		{"details, garbage", details, reply{status: 200, body: "<html>"}, 1, false, true},
		{"details, cut", details, reply{status: 200, cut: true}, 1, false, true},
		{"details 502", details, reply{status: 502}, 1, true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, f := client(test.reply)
				err := test.do(c)
				if (err == nil) != test.ok || len(f.asked) != test.tries || OutcomeUnknown(err) != test.unknown {
					t.Errorf("%d tries, unknown %v: %v", len(f.asked), OutcomeUnknown(err), err)
				}
				var u *UnavailableError
				if wantType := !test.ok && (test.tries > 1 || test.unknown); errors.As(err, &u) != wantType && test.name != "read 501" {
					t.Errorf("%T", err)
				}
			})
		})
	}
}

func TestRefresh(t *testing.T) {
	expired := reply{status: 401, body: `{"error":{"status":401,"message":"The access token expired"}}`}
	scope := reply{status: 401, body: `{"error":{"status":401,"message":"Insufficient client scope"}}`}
	for _, test := range []struct {
		name         string
		replies      []reply
		refresh      error
		asked, fresh int
		want         error
	}{
		{"once is enough", []reply{expired, {status: 200}}, nil, 2, 1, nil},
		{"not twice", []reply{expired, expired}, nil, 2, 1, ErrUnauthorized},
		{"a refresh that fails", []reply{expired}, io.ErrNoProgress, 1, 1, io.ErrNoProgress},
		{"a scope is not a token", []reply{scope}, nil, 1, 0, ErrScope},
	} {
		c, f := client(test.replies...)
		f.refresh = test.refresh
		c.HTTP.Transport = refreshing{f}
		err := c.Save(t.Context(), "spotify:track:a")
		if !errors.Is(err, test.want) || len(f.asked) != test.asked || f.fresh != test.fresh {
			t.Errorf("%s: %v, %d requests, %d refreshes", test.name, err, len(f.asked), f.fresh)
		}
	}
}

func TestInterruptedWriteIsUnknown(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c, _ := client()
	c.HTTP.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		cancel()
		return nil, context.Cause(r.Context())
	})
	_, err := c.CreatePlaylist(ctx, NewPlaylist{Name: "N"})
	if !OutcomeUnknown(err) || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	_, err = c.CreatePlaylist(ctx, NewPlaylist{Name: "N"}) // not even begun
	if OutcomeUnknown(err) || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// An answer that doesn't end is cut where no true one gets to, whatever was asked; the error names the route, it is asked
// once, and of a write it is not known whether it happened.
func TestEndlessAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		do    func(*Client) error
		most  int64 // bytes read
		route string
	}{
		"me":       {func(c *Client) error { _, err := c.Me(t.Context()); return err }, 2 << 20, "GET /me "},
		"items":    {func(c *Client) error { _, err := c.Items(t.Context(), anID); return err }, 8 << 20, "GET /playlists/{id}/items "},
		"playlist": {func(c *Client) error { _, err := c.FullPlaylist(t.Context(), anID); return err }, 8 << 20, "GET /playlists/{id} "},
		"lists":    {func(c *Client) error { _, err := c.Playlists(t.Context()); return err }, 5 << 20, "GET /me/playlists "},
		"search":   {func(c *Client) error { _, err := c.Search(t.Context(), "x", nil, 10); return err }, 2 << 20, "GET /search "},
		"create": {func(c *Client) error { _, err := c.CreatePlaylist(t.Context(), NewPlaylist{Name: "N"}); return err }, 2 << 20,
			"POST /me/playlists "},
		"add": {func(c *Client) error {
			_, err := c.AddItems(t.Context(), anID, []URI{"spotify:track:a"}, 0)
			return err
		}, 2 << 20,
			"POST /playlists/{id}/items "},
	} {
		for _, status := range []int{200, 400} {
			c, _ := client()
			body, asked := &endless{}, 0
			c.HTTP.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
				asked++
				return &http.Response{StatusCode: status, Body: io.NopCloser(body)}, nil
			})
			err := test.do(c)
			most := 1
			if status == 400 && name == "items" { // the page may have been too large
				most = 2
			}
			if err == nil || asked > most || body.read > test.most {
				t.Errorf("%s, %d: %v, asked %d times, %d bytes", name, status, err, asked, body.read)
			} else if status == 200 && (!strings.Contains(err.Error(), "the answer to "+test.route+"is longer than ") || OutcomeUnknown(err) != (test.route[0] == 'P')) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.read += int64(len(p))
	return copy(p, bytes.Repeat([]byte{' '}, len(p))), nil
}

// An answer that unpacks to much more than it weighs, one that comes drop by drop, and one nested without end.
func TestHostileAnswers(t *testing.T) {
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	for range 64 {
		_, _ = zip.Write(bytes.Repeat([]byte{' '}, 1<<20))
	}
	_ = zip.Close()
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/me":
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(packed.Bytes())
		case "/tracks/nested":
			_, _ = io.WriteString(w, strings.Repeat(`{"artists":[`, 5000)+strings.Repeat("]}", 5000))
		default:
			for {
				if _, err := w.Write([]byte(" ")); err != nil || http.NewResponseController(w).Flush() != nil {
					return
				}
				select {
				case <-done:
					return
				case <-time.After(time.Millisecond):
				}
			}
		}
	}))
	defer server.Close()
	defer close(done)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	c := &Client{HTTP: &http.Client{Transport: transport}, BaseURL: server.URL, Jitter: func() float64 { return -0.499 }, Timeout: 300 * time.Millisecond}
	if _, err := c.Track(t.Context(), "drops"); err == nil || !strings.Contains(err.Error(), "no answer within 300ms") {
		t.Error(err)
	}
	c.Timeout = time.Minute
	if _, err := c.Me(t.Context()); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Error(err)
	}
	if _, err := c.Track(t.Context(), "nested"); err == nil || !strings.Contains(err.Error(), "nested more than 32 deep") {
		t.Error(err)
	}
}

// A brace inside a text nests nothing.
func TestShallow(t *testing.T) {
	deep := strings.Repeat("[", maxDepth+1)
	for _, ok := range []string{strings.Repeat("[", maxDepth), `{"a":"` + deep + `"}`, `{"a":"\"` + deep + `"}`, `{"a":"\\","b":"` + deep + `"}`, strings.Repeat("[]", 1000)} {
		if err := shallow([]byte(ok)); err != nil {
			t.Errorf("%s: %v", ok, err)
		}
	}
	for _, bad := range []string{deep, `"\\"` + deep, `{"a":"b"` + strings.Repeat(`,"a":{`, maxDepth)} {
		if shallow([]byte(bad)) == nil {
			t.Error(bad)
		}
	}
}

// A request that was handed to a connection before the time was up may have been sent, headers seen or not.
func TestTimeoutOnAConnectionMayHaveBeenSent(t *testing.T) {
	for name, test := range map[string]struct {
		reach func(*httptrace.ClientTrace)
		sent  bool
	}{
		"no connection": {func(h *httptrace.ClientTrace) { h.GetConn("api") }, false},
		"a connection":  {func(h *httptrace.ClientTrace) { h.GetConn("api"); h.GotConn(httptrace.GotConnInfo{}) }, true},
		"headers": {func(h *httptrace.ClientTrace) {
			h.GetConn("api")
			h.GotConn(httptrace.GotConnInfo{})
			h.WroteHeaderField("Host", []string{"api.spotify.com"})
		}, true},
		"not net/http's": {func(*httptrace.ClientTrace) {}, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, _ := client()
			asked := 0
			c.HTTP.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
				asked++
				test.reach(httptrace.ContextClientTrace(r.Context()))
				<-r.Context().Done()
				return nil, r.Context().Err()
			})
			_, err := c.CreatePlaylist(t.Context(), NewPlaylist{Name: "N"})
			if OutcomeUnknown(err) != test.sent || (asked == 1) != test.sent {
				t.Errorf("%s: sent %d times, %v", name, asked, err)
			}
		})
	}
}

func TestBaseURL(t *testing.T) {
	for _, base := range []string{"api.spotify.com", "ftp://x/", "http://", "%", "file:///etc/passwd"} {
		c, f := client(reply{status: 200})
		c.BaseURL = base
		if _, err := c.Me(t.Context()); err == nil || len(f.asked) > 0 {
			t.Errorf("%q: %v", base, err)
		}
	}
}

func TestBudgetAndReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := client(reply{status: 502, body: "bad gateway"}, reply{status: 200, body: `{"id":"a"}`})
		other := *c // another account's
		c.Budget = NewBudget(3)
		other.Budget = c.Budget
		var log []Request
		c.OnRequest = func(r Request) { log = append(log, r) }
		var waits []Retry
		c.OnRetry = func(r Retry) { waits = append(waits, r) }
		if _, err := c.Me(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := other.Playlist(t.Context(), anID); err != nil {
			t.Fatal(err)
		}
		var b *BudgetError
		if _, err := c.Playlist(t.Context(), anID); !errors.As(err, &b) || b.Max != 3 || c.Budget.Used() != 3 || len(f.asked) != 3 {
			t.Fatal(err, c.Budget.Used())
		}
		if len(log) != 2 || log[0].Status != 502 || log[1].Status != 200 || log[0].Route != "/me" || log[0].Method != "GET" {
			t.Errorf("%+v", log)
		}
		if len(waits) != 1 || waits[0].Wait != 500*time.Millisecond || !strings.Contains(waits[0].Err.Error(), "502: bad gateway") {
			t.Errorf("%+v", waits)
		}
	})
}
