package spotify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

const (
	maxError = 64 << 10  // how much is read of an answer that says what is wrong, in bytes
	maxDrain = 256 << 10 // how much of an unwanted rest is read so that the connection can be used again
)

// answer is what one attempt came to.
type answer struct {
	status int // 0: no answer
	header http.Header
	body   []byte
	err    error // no answer, a part of one, or one that makes no sense
	sent   bool  // Spotify may have seen the request
	net    bool  // err is the network's doing

	endless bool  // it is longer than any true answer, and would be again
	hold    Hold  // after a "too many requests"
	unsaved error // the hold could not be written down
}

func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

// lost reports whether the answer is missing, cut, senseless or a failure on Spotify's side: the request may have had
// its effect or not.
func (a answer) lost() bool {
	return a.status >= 500 || a.status == http.StatusRequestTimeout || (a.ok() && a.err != nil) || (a.status == 0 && a.net)
}

// passing reports whether a lost answer may come when asked for again.
func (a answer) passing() bool {
	return a.status < 500 || a.status == http.StatusInternalServerError ||
		(a.status >= http.StatusBadGateway && a.status <= http.StatusGatewayTimeout)
}

// attempt sends r once. Nothing of an earlier attempt is used again, the body's reader least of all.
func (c *Client) attempt(ctx context.Context, r request) answer {
	timeout := c.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no answer within %s: %w", timeout, context.DeadlineExceeded))
	defer cancel()
	w := new(wire)
	req, err := c.build(httptrace.WithClientTrace(ctx, w.trace()), r)
	if err != nil {
		return answer{err: err}
	}
	w.host = req.URL.Host

	client := http.Client{Transport: c.transport()} // no cookie jar, and redirects come back as they are
	if c.HTTP != nil {
		client.Timeout = c.HTTP.Timeout
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	if err != nil {
		var u *url.Error // it would repeat the address
		if errors.As(err, &u) {
			err = u.Err
		}
		sent, network := w.judge(err)
		if network && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return answer{err: err, sent: sent, net: network}
	}
	a := answer{status: resp.StatusCode, header: resp.Header, sent: true, net: true}
	defer func() {
		if !a.endless {
			_, _ = io.CopyN(io.Discard, resp.Body, maxDrain)
		}
		_ = resp.Body.Close()
	}()
	limit := r.maxBody()
	if !a.ok() {
		limit = maxError
	}
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case !a.ok(): // whatever there is of an explanation will do
	case err != nil && ctx.Err() != nil:
		a.err = context.Cause(ctx)
	case err != nil:
		a.err = fmt.Errorf("the answer broke off: %w", err)
	case int64(len(a.body)) > limit:
		a.endless = true
		a.err = fmt.Errorf("the answer to %s %s is longer than %.1f MB, more than it can have to say", r.method, r.route, float64(limit)/1e6)
	}
	return a
}

// build makes the request anew, addressed to the base URL and nowhere else.
func (c *Client) build(ctx context.Context, r request) (*http.Request, error) {
	base := c.BaseURL
	if base == "" {
		base = DefaultBaseURL
	}
	u, err := url.Parse(strings.TrimRight(base, "/") + r.path)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, fmt.Errorf("%q is not the address of an API", base)
	}
	u.RawQuery = r.query.Encode()
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", defaultUserAgent)
	if c.UserAgent != "" {
		req.Header.Set("User-Agent", c.UserAgent)
	}
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
		if r.ctype != "" {
			req.Header.Set("Content-Type", r.ctype)
		}
	}
	return req, nil
}

// wire watches how far a request got: whether it may be sent again hangs on it. The Transport may ask for a token on
// the way, in the same context and maybe of the same host, so a connection alone proves nothing. The headers tell:
// Host comes first in each request, and a token is asked for with a form (RFC 6749, section 4.1.3), which the Web API
// never is.
type wire struct {
	host                     string
	connecting, got, written atomic.Bool
}

func (w *wire) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { w.connecting.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { w.got.Store(true) },
		WroteHeaderField: func(key string, value []string) {
			switch strings.ToLower(key) {
			case "host", ":authority":
				w.written.Store(len(value) == 1 && strings.EqualFold(value[0], w.host))
			case "content-type":
				if len(value) == 1 && strings.HasPrefix(value[0], "application/x-www-form-urlencoded") {
					w.written.Store(false)
				}
			}
		},
	}
}

// judge tells from an error without an answer whether Spotify may have seen the request, and whether the network is
// to blame. In doubt it was seen.
func (w *wire) judge(err error) (sent, network bool) {
	var op *net.OpError
	var dns *net.DNSError
	var timeout net.Error
	isTimeout := (errors.As(err, &timeout) && timeout.Timeout()) || errors.Is(err, context.Canceled)
	network = isTimeout || errors.As(err, &op) || errors.As(err, &dns) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
	switch {
	case w.written.Load():
		return true, true
	case errors.As(err, &dns), errors.As(err, &op) && op.Op == "dial":
		return false, true
	case w.got.Load() && isTimeout: // the writer may have been about to
		return true, true
	case w.connecting.Load():
		return false, network
	default: // not net/http's Transport, or it never got the request
		return network, network
	}
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 { // no timer: one of 0 brings Go 1.26's race detector down now and then, in a test that has a time of its own
		return context.Cause(ctx)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
