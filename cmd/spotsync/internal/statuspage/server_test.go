package statuspage

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
)

// TestServeFinishes: the first signal ends the context too, and still a request under way is answered.
func TestServeFinishes(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	arrived, answer := make(chan struct{}), make(chan struct{})
	served := make(chan error, 1)
	go func() {
		served <- ServeUntil(ctx, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			close(arrived)
			<-answer
			io.WriteString(w, "done")
		})}, ln)
	}()
	got := make(chan error, 1)
	go func() {
		resp, err := http.Get("http://" + ln.Addr().String())
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		got <- err
	}()
	<-arrived
	cancel()
	for { // until it listens no more
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			break
		}
		c.Close()
	}
	close(answer)
	if err := <-got; err != nil {
		t.Errorf("cut off: %v", err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}
