// Package pagetest reads pages and reaches servers without a network, for the tests of what serves a page.
package pagetest

import (
	"context"
	"net"
	"regexp"
	"strings"
	"syscall"
)

var (
	pageTags  = regexp.MustCompile(`(?s)<style>.*?</style>|<[^>]*>`)
	pageSpace = regexp.MustCompile(`\s+`)
)

// Words are what a page says, without its tags.
func Words(page string) string {
	page = pageTags.ReplaceAllString(page, " ")
	for _, e := range [][2]string{{"&#34;", `"`}, {"&#39;", "'"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&#43;", "+"}, {"&amp;", "&"}} {
		page = strings.ReplaceAll(page, e[0], e[1])
	}
	return pageSpace.ReplaceAllString(page, " ")
}

// Listener hands out connections that live in memory, so that the time limits can be tested in none.
type Listener struct {
	Conns  chan net.Conn
	Closed chan struct{}
}

// Accept waits for one that Dial makes.
func (l Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.Conns:
		return c, nil
	case <-l.Closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and Dial.
func (l Listener) Close() error { close(l.Closed); return nil }

// Addr is on loopback.
func (l Listener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7979} }

// Dial is the other side's way to a Listener.
func (l Listener) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.Conns <- theirs:
		return ours, nil
	case <-l.Closed:
		return nil, syscall.ECONNREFUSED
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// NewListener is one that is open.
func NewListener() Listener { return Listener{make(chan net.Conn), make(chan struct{})} }
