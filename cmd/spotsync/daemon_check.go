package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// checkDaemon asks the daemon that listens at an address whether it is alive, as a container's health check without a
// shell and curl. That a login has ended or Spotify wants no requests is no reason to say no: starting anew mends neither.
func checkDaemon(ctx context.Context, listen string) error {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("--listen %q: use an address and a port, such as 127.0.0.1:7979", listen)
	}
	if addr, err := netip.ParseAddr(host); host == "" || err == nil && addr.IsUnspecified() {
		host = "127.0.0.1" // it listens everywhere, so here too
		if err == nil && addr.Is6() {
			host = "::1"
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	address := net.JoinHostPort(host, port)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/healthz", nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", "spotsync/"+version())
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("no daemon answers at %s: %w", address, err)
	}
	defer resp.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(resp.Body, 200)) // only for the message
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the daemon at %s answers %s: %s", address, resp.Status, printable(strings.TrimSpace(string(said))))
	}
	return nil
}
