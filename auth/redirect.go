package auth

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"github.com/spotsync/spotsync/config/hostport"
)

// defaultRedirect is registered without a port, so that any free port will do.
// Spotify: documentation/web-api/concepts/redirect_uri.
const defaultRedirect = "http://127.0.0.1/callback"

// redirect is where Spotify sends the browser and where we wait for it.
type redirect struct {
	redirect *url.URL // as sent to Spotify; its port is put in by listen when there is none
	register string   // what the app's page in the dashboard must list, to the letter
	address  string   // host:port to listen on; port 0 is any free one
}

// redirect works out where a login ends, or why it can't.
func (a App) redirect() (redirect, error) {
	raw := a.RedirectURI
	if raw == "" {
		raw = defaultRedirect
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Opaque != "" || u.User != nil || u.Fragment != "" || u.RawQuery != "" {
		return redirect{}, fmt.Errorf("redirect_uri %q is not a plain web address such as %s", raw, defaultRedirect)
	}
	host := u.Hostname()
	switch {
	case strings.EqualFold(host, "localhost") || strings.HasSuffix(strings.ToLower(host), ".localhost"):
		return redirect{}, fmt.Errorf("redirect_uri %q: Spotify refuses the name localhost; in the dashboard register %s, without a port, and set redirect_uri to the same or leave it out", raw, defaultRedirect)
	case u.Scheme == "http" && !loopbackLiteral(host):
		return redirect{}, fmt.Errorf("redirect_uri %q: Spotify takes http:// only for 127.0.0.1 and [::1]; register %s, or an https:// address together with callback_listen", raw, defaultRedirect)
	case u.Scheme == "https" && a.CallbackListen == "":
		return redirect{}, fmt.Errorf("redirect_uri %q leads to a proxy: say with callback_listen where it hands the request on, for example callback_listen = \"127.0.0.1:8888\"", raw)
	case u.Scheme != "http" && u.Scheme != "https":
		return redirect{}, fmt.Errorf("redirect_uri %q must begin with http:// or https://", raw)
	}
	if port := u.Port(); strings.HasSuffix(u.Host, ":") || port != "" && !hostport.ValidPort(port, 1) {
		return redirect{}, fmt.Errorf("redirect_uri %q: the port must be a number from 1 to 65535; leave it out to take any free one", raw)
	}
	if !hostport.ValidHost(host) {
		return redirect{}, fmt.Errorf("redirect_uri %q: its host is neither an IP address nor a name; register %s, or an https:// address together with callback_listen", raw, defaultRedirect)
	}
	l := redirect{redirect: u, register: raw, address: a.CallbackListen}
	if l.address == "" {
		port := u.Port()
		if port == "" {
			port = "0"
		}
		l.address = net.JoinHostPort(host, port)
		return l, nil
	}
	if !hostport.Valid(l.address, 0) {
		return redirect{}, fmt.Errorf("callback_listen %q must be an address and a port up to 65535, for example \"127.0.0.1:8888\" or \"[::1]:8888\"", l.address)
	}
	return l, nil
}

// listen opens the port and puts it into the redirect URI where that leaves it open.
func (l redirect) listen() (net.Listener, error) {
	ln, err := net.Listen("tcp", l.address)
	if err != nil {
		_, port, _ := net.SplitHostPort(l.address)
		way := fmt.Sprintf("register %s, without a port, in the dashboard and set redirect_uri to it to take any free port, or choose another address with callback_listen", defaultRedirect)
		if portBusy(err) {
			return nil, fmt.Errorf("port %s is in use by another program (%s), and Spotify's answer would come there: stop that program, or %s", port, l.address, way)
		}
		return nil, fmt.Errorf("can't listen on %s for Spotify's answer: %w; %s", l.address, errors.Unwrap(err), way)
	}
	if l.redirect.Scheme == "http" && l.redirect.Port() == "" {
		port := ln.Addr().(*net.TCPAddr).Port
		l.redirect.Host = net.JoinHostPort(l.redirect.Hostname(), strconv.Itoa(port))
	}
	return ln, nil
}

func portBusy(err error) bool {
	const wsaeaddrinuse = syscall.Errno(10048) // Windows says it in its own number
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaeaddrinuse)
}
