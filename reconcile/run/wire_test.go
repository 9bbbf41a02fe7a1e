package run

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/spotsync/spotsync/spotify/sandbox"
)

// wire is an http.RoundTripper to a server in memory that can spoil one request, or go dead for good.
type wire struct {
	server *sandbox.Server

	mu    sync.Mutex
	n     int // requests so far
	log   []string
	at    int // which one is spoilt, counted from 1; 0 for none
	spoil fault
	dead  bool
	edit  func() // what somebody else does just before the spoilt request
}

// fault is what happens to a request.
type fault string

const (
	status500      fault = "500 before the effect"
	status500After fault = "500 after the effect"
	dropBefore     fault = "dropped before the effect"
	dropAfter      fault = "dropped after the effect"
	cutBody        fault = "cut answer"
	garbage        fault = "senseless answer"
	tooMany        fault = "429"
	editBefore     fault = "somebody's edit before"
	dropEdited     fault = "somebody's edit before and dropped after the effect"
	killBefore     fault = "killed before the effect"
	killAfter      fault = "killed after the effect"
)

var allFaults = []fault{status500, status500After, dropBefore, dropAfter, cutBody, garbage, tooMany, editBefore, dropEdited}

var errDead = errors.New("this process is dead")

func (x *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	x.mu.Lock()
	x.n++
	x.log = append(x.log, req.Method)
	hit, spoil := x.n == x.at, x.spoil
	if hit && (spoil == killBefore) {
		x.dead = true
	}
	dead := x.dead
	x.mu.Unlock()
	if dead {
		return nil, errDead
	}
	if !hit {
		return x.serve(req)
	}
	if x.edit != nil && (spoil == editBefore || spoil == dropEdited) {
		x.edit()
	}
	switch spoil {
	case status500:
		return respond(req, http.StatusInternalServerError, `{"error":{"status":500,"message":"Server error."}}`), nil
	case dropBefore:
		return nil, io.ErrUnexpectedEOF
	case tooMany:
		r := respond(req, http.StatusTooManyRequests, `{"error":{"status":429,"message":"API rate limit exceeded"}}`)
		r.Header.Set("Retry-After", "3")
		return r, nil
	}
	r, err := x.serve(req)
	if err != nil {
		return r, err
	}
	switch spoil {
	case status500After:
		return respond(req, http.StatusInternalServerError, `{"error":{"status":500,"message":"Server error."}}`), nil
	case dropAfter, dropEdited:
		return nil, io.ErrUnexpectedEOF
	case killAfter:
		x.mu.Lock()
		x.dead = true
		x.mu.Unlock()
		return nil, errDead
	case cutBody:
		whole, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(whole[:len(whole)/2]), errReader{}))
	case garbage:
		r.Body = io.NopCloser(strings.NewReader("<!doctype html>\x00{"))
	}
	return r, nil
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func respond(req *http.Request, status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: req}
}

func (x *wire) serve(req *http.Request) (*http.Response, error) {
	in := req.Clone(req.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RequestURI, in.RemoteAddr, in.Host = req.URL.RequestURI(), "127.0.0.1:1", req.URL.Host
	a := &heard{header: make(http.Header), status: http.StatusOK}
	dropped := false
	func() {
		defer func() {
			if p := recover(); p != nil {
				if p != any(http.ErrAbortHandler) {
					panic(p)
				}
				dropped = true
			}
		}()
		x.server.Handler().ServeHTTP(a, in)
	}()
	if dropped {
		return nil, io.ErrUnexpectedEOF
	}
	r := respond(req, a.status, a.body.String())
	r.Header = a.header
	return r, nil
}

type heard struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *heard) Header() http.Header         { return a.header }
func (a *heard) WriteHeader(status int)      { a.status = status }
func (a *heard) Write(p []byte) (int, error) { return a.body.Write(p) }

// bearer adds a token, as auth's transport does.
type bearer struct {
	token string
	next  http.RoundTripper
}

func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(req)
}
