package statuspage

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/pagetest"
)

// Serve takes the listener's word for where it is, lets what is under way finish, and leaves nothing behind.
func TestServerServes(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, _ := testServer(sampleStatus())
	s.Options.Listen = "music.home:7979" // whatever that means here
	arrived, finish := make(chan struct{}), make(chan struct{})
	s.Reconcile = func() {
		close(arrived)
		<-finish
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, ln) }()
	base := "http://" + ln.Addr().String()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	resp, err := client.Get(base + "/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("the page on loopback: %d", resp.StatusCode)
	}
	got := make(chan int, 1)
	go func() {
		resp, err := client.Post(base+"/-/reconcile", "", nil)
		if err != nil {
			got <- 0
			return
		}
		resp.Body.Close()
		got <- resp.StatusCode
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
	close(finish)
	if code := <-got; code != http.StatusAccepted {
		t.Errorf("cut off: %d", code)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// Who sends slowly, or too much before the body, is hung up on.
func TestServeSlow(t *testing.T) {
	for _, c := range []struct {
		name, sent string
		within     time.Duration
		answer     string
	}{
		{"headers that don't end", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ", 6 * time.Second, ""},
		{"a body that doesn't come", "POST /-/reconcile HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\na=", 16 * time.Second, "400"},
		{"no request at all", "", 6 * time.Second, ""},
		{"huge headers", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + strings.Repeat("x", maxHeader+8<<10), time.Second, "431"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, deeds := testServer(sampleStatus())
				ln := pagetest.NewListener()
				ctx, cancel := context.WithCancel(t.Context())
				served := make(chan error, 1)
				go func() { served <- s.Serve(ctx, ln) }()
				ours, theirs := net.Pipe()
				ln.Conns <- theirs
				began := time.Now()
				go io.WriteString(ours, c.sent)
				b, _ := io.ReadAll(bufio.NewReader(ours))
				if took := time.Since(began); took > c.within {
					t.Errorf("hung up after %v", took)
				}
				if !strings.Contains(string(b), c.answer) {
					t.Errorf("answered %q", b)
				}
				if len(*deeds) > 0 {
					t.Errorf("did %q", *deeds)
				}
				ours.Close()
				cancel()
				if err := <-served; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// What net/http has to say of connections is for who asks to see it, and listening where nobody can be let in is said.
func TestServerLogs(t *testing.T) {
	var log bytes.Buffer
	s, _ := testServer(sampleStatus())
	s.Log = zerolog.New(&log)
	for _, c := range []struct {
		ip   net.IP
		file string
		says bool
	}{{net.IPv4(127, 0, 0, 1), "", false}, {net.IPv4zero, tokenFile(t, testToken), false}, {net.IPv4zero, "", true}} {
		log.Reset()
		s.Options.TokenFile = c.file
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Serve(ctx, addressed{pagetest.NewListener(), c.ip}); err != nil {
			t.Error(err)
		}
		if got := log.String(); strings.Contains(got, "give them a token with --http-token-file") != c.says || !c.says && got != "" {
			t.Errorf("on %s with %q: %s", c.ip, c.file, got)
		}
	}
	log.Reset()
	s.httpServer().ErrorLog.Printf("http: TLS handshake error from %s", "192.0.2.1:5")
	if got, want := log.String(), "http: TLS handshake error from 192.0.2.1:5"; !strings.HasPrefix(got, `{"level":"debug"`) || !strings.Contains(got, want) {
		t.Errorf("logged %s", got)
	}
}

// addressed is a listener that says it is elsewhere.
type addressed struct {
	pagetest.Listener
	ip net.IP
}

func (l addressed) Addr() net.Addr { return &net.TCPAddr{IP: l.ip, Port: 7979} }
