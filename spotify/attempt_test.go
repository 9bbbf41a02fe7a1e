package spotify

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
)

// Whether Spotify may have seen a request decides whether a write may be sent again. In doubt it was seen.
func TestWhatAnErrorProves(t *testing.T) {
	timeout, dial, read, dns := error(os.ErrDeadlineExceeded), &net.OpError{Op: "dial", Err: errors.New("refused")}, &net.OpError{Op: "read", Err: errors.New("reset")}, &net.DNSError{Err: "no such host"}
	for _, c := range []struct {
		name                     string
		connecting, got, written bool
		err                      error
		sent, network            bool
	}{
		{"refused", true, false, false, dial, false, true},
		{"no such host", true, false, false, dns, false, true},
		{"timeout while connecting", true, false, false, timeout, false, true},
		{"timeout on a connection", true, true, false, timeout, true, true},
		{"canceled on a connection", true, true, false, context.Canceled, true, true},
		{"reset on a connection before a header", true, true, false, read, false, true},
		{"reset after the header", true, true, true, read, true, true},
		{"the answer was cut off", true, true, true, io.ErrUnexpectedEOF, true, true},
		{"another transport", false, false, false, read, true, true},
		{"refused by the transport itself", false, false, false, errors.New("no token"), false, false},
	} {
		w := &wire{}
		w.connecting.Store(c.connecting)
		w.got.Store(c.got)
		w.written.Store(c.written)
		if sent, network := w.judge(c.err); sent != c.sent || network != c.network {
			t.Errorf("%s: sent %t, network %t; want %t, %t", c.name, sent, network, c.sent, c.network)
		}
	}
}
