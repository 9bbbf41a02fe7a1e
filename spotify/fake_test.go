package spotify

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const anID = ID("4XzvE3vG5tVbQeJb8Kk2aP")

// reply is what the fake answers to one request.
type reply struct {
	status int
	body   string
	header map[string]string
	err    error // instead of an answer
	cut    bool  // the body breaks off
}

// fake is a RoundTripper that plays replies in order, the last one for ever, and remembers what it was asked.
type fake struct {
	mu      sync.Mutex
	replies []reply
	asked   []asked
	refresh error // what Refresh answers
	fresh   int   // calls of Refresh
}

type asked struct {
	line string // method, path and query
	body string
	at   time.Time
}

func (f *fake) RoundTrip(req *http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		req.Body.Close()
	}
	f.asked = append(f.asked, asked{req.Method + " " + req.URL.RequestURI(), string(body), time.Now()})
	r := f.replies[min(len(f.asked), len(f.replies))-1]
	if r.err != nil {
		return nil, r.err
	}
	var content io.Reader = strings.NewReader(r.body)
	if r.cut {
		content = io.MultiReader(content, broken{})
	}
	resp := &http.Response{StatusCode: r.status, Status: fmt.Sprint(r.status), Header: http.Header{}, Body: io.NopCloser(content), Request: req}
	for k, v := range r.header {
		resp.Header.Set(k, v)
	}
	return resp, nil
}

func (f *fake) lines() string {
	var b strings.Builder
	for _, a := range f.asked {
		fmt.Fprintln(&b, a.line)
	}
	return b.String()
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// refreshing is a fake that can be asked for a new token.
type refreshing struct{ *fake }

func (f refreshing) Refresh(context.Context) error {
	f.fresh++
	return f.refresh
}

// client talks to replies and waits without chance.
func client(replies ...reply) (*Client, *fake) {
	f := &fake{replies: replies}
	return &Client{HTTP: &http.Client{Transport: f}, MaxWait: time.Minute, Jitter: func() float64 { return 0.5 }}, f
}
