package auth

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
)

// endless is an answer that never ends.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.read += int64(len(p))
	return len(p), nil
}

func (e *endless) Close() error { return nil }

// An accounts service whose answer has no end is one that is out of order: little of it is read, and the login is kept.
func TestEndlessAnswerOfTheAccountsService(t *testing.T) {
	for _, status := range []int{200, 400, 503} {
		synctest.Test(t, func(t *testing.T) {
			a, c := stored(t, &disk{})
			body := &endless{}
			s := NewSource(c, testApp(), "default", &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, Request: r}, nil
			})})
			if _, err := s.Token(t.Context()); !errors.As(err, new(*UnavailableError)) || body.read > 8<<20 {
				t.Errorf("%d: %v after %d bytes", status, err, body.read)
			}
			mustToken(t, a.source(c))
		})
	}
}
