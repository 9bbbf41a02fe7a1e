package statuspage

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
)

// Check asks the daemon that listens at an address whether it is alive, as a container's health check without a
// shell and curl. That a login has ended or Spotify wants no requests is no reason to say no: starting anew mends neither.
func Check(ctx context.Context, agent, listen string) error {
	if err := checkListen(listen, 1); err != nil {
		return err
	}
	address := Nearby(listen)
	status, said, err := Ask(ctx, nil, agent, address, "/healthz")
	switch {
	case err != nil:
		return fmt.Errorf("no daemon answers at %s: %w", address, err)
	case status != http.StatusOK:
		return fmt.Errorf("the daemon at %s answers %d %s: %s", address, status, http.StatusText(status), words.Printable(strings.TrimSpace(string(said[:min(len(said), 200)]))))
	}
	return nil
}

// Nearby is where to reach, from this computer, who listens at an address.
func Nearby(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if addr, err := netip.ParseAddr(host); host == "" || err == nil && addr.IsUnspecified() {
		host = "127.0.0.1" // it listens everywhere, so here too
		if err == nil && addr.Is6() {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port)
}

// Ask asks one of the documents for machines, as JSON where there is a choice. No proxy is asked, and nobody else.
func Ask(ctx context.Context, inner http.RoundTripper, agent, address, path string) (status int, said []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("User-Agent", agent)
	req.Header.Set("Accept", "application/json")
	if inner == nil {
		inner = &http.Transport{DisableKeepAlives: true}
	}
	client := http.Client{Transport: inner, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	said, err = io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	return resp.StatusCode, said, err
}
