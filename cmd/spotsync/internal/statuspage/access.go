package statuspage

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spotsync/spotsync/config/hostport"
)

// Options are who may reach the daemon, and where.
type Options struct {
	Listen       string   // address; serve takes the listener's own
	AllowedHosts []string // further names the page may be asked for by
	TokenFile    string   // file with the token that opens the page; needed where Listen is not on loopback

	// Decode turns the bytes of that file into text; nil takes them as UTF-8.
	Decode func([]byte) (string, error)
}

// Check says what is wrong with the options before anything listens.
func (o Options) Check() error {
	if err := checkListen(o.Listen, 0); err != nil {
		return err
	}
	for _, h := range o.AllowedHosts {
		if h == "" || strings.ContainsAny(h, "/@* ") {
			return fmt.Errorf("--allowed-host %q: write a name alone, such as music.example.org", h)
		}
	}
	if o.TokenFile == "" {
		return nil
	}
	_, err := o.token()
	return err
}

// checkListen says what is wrong with an address to listen on, or to ask on, where port 0 names none.
func checkListen(address string, least int) error {
	if !hostport.Valid(address, least) {
		return fmt.Errorf("--listen %q: write HOST:PORT with a port up to 65535, such as 127.0.0.1:7979 or [::1]:7979", address)
	}
	return nil
}

// exposed is whether others than this computer can reach the listener.
func (o Options) exposed() bool {
	host, _, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return true
	}
	return !loopbackHost(host)
}

// guarded is whether the page needs a token. Who names a file wants it asked for, on loopback too: that may be the far end
// of a proxy.
func (o Options) guarded() bool { return o.TokenFile != "" || o.exposed() }

// token reads the token. It is read when it is needed: a secret that is replaced works at once, and the old one no more.
func (o Options) token() (string, error) {
	f, err := os.Open(o.TokenFile)
	if err != nil {
		return "", fmt.Errorf("--http-token-file: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxTokenFile+1))
	if err != nil {
		return "", fmt.Errorf("--http-token-file: %w", err)
	}
	token := string(b)
	if o.Decode != nil {
		token, err = o.Decode(b)
	}
	token = strings.TrimSpace(token)
	switch {
	case len(b) > maxTokenFile:
		return "", fmt.Errorf("--http-token-file: %s is too long for a token", o.TokenFile)
	case err != nil:
		return "", fmt.Errorf("--http-token-file: %s: %w", o.TokenFile, err)
	case len(token) < minToken:
		return "", fmt.Errorf("--http-token-file: %s holds fewer than %d characters, which could be guessed", o.TokenFile, minToken)
	}
	return token, nil
}

// loopbackHost is whether a host without port means this computer, and means nothing else whoever is asked about it.
func loopbackHost(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	return err == nil && ip.Unmap().IsLoopback() && ip.Zone() == ""
}

// hostName is a Host header without its port.
func hostName(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return hostport
}

// knows is whether the page may be asked for by this Host header. Any other name may belong to somebody who has pointed it
// here to have a browser read the page for him (DNS rebinding).
func (o Options) knows(hostport string) bool {
	host := hostName(hostport)
	return loopbackHost(host) || slices.ContainsFunc(o.AllowedHosts, func(h string) bool { return strings.EqualFold(hostName(h), host) })
}

// admit is whether who asks may see the page and press its buttons: a page of another origin may make a browser send
// things, so those that change something must come from ours or from no browser; and where others than this computer can
// ask, or a token was named, it must be shown.
func (s *Server) admit(r *http.Request, entry bool) error {
	var guard http.CrossOriginProtection
	if guard.Check(r) != nil {
		return refuse(http.StatusForbidden, "This was asked for by a page of another site; open spotsync's own page and press the button there.")
	}
	if !s.Options.guarded() {
		return nil
	}
	if s.Options.TokenFile == "" {
		return refuse(http.StatusForbidden, "spotsync listens where others can reach it, and has no token to know you by: start spotsync daemon with --http-token-file, or with --listen 127.0.0.1:7979.")
	}
	token, err := s.Options.token()
	if err != nil {
		return &refusal{status: http.StatusServiceUnavailable, say: "The token that opens this page can't be read; spotsync's log says why.", log: err}
	}
	if entry || hasToken(r, token) {
		return nil
	}
	return refuse(http.StatusUnauthorized, "This page needs the token of --http-token-file: send it as \"Authorization: Bearer TOKEN\".")
}

// hasToken is whether a request carries the token or the cookie made from it.
func hasToken(r *http.Request, token string) bool {
	if scheme, given, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return sameSecret(strings.TrimSpace(given), token)
	}
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return false
	}
	until, _, _ := strings.Cut(c.Value, ".")
	unix, err := strconv.ParseInt(until, 10, 64)
	return err == nil && sameSecret(c.Value, sessionValue(token, unix)) && time.Now().Unix() < unix
}

// sameSecret compares in a time that tells neither where two strings differ nor how long they are.
func sameSecret(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// sessionValue is the cookie of somebody who has shown the token: an end, and a mark that only the token's holder can
// make. It does not tell the token, and dies with it.
func sessionValue(token string, until int64) string {
	mac := hmac.New(sha256.New, []byte(token))
	fmt.Fprintf(mac, "spotsync page until %d", until)
	return strconv.FormatInt(until, 10) + "." + hex.EncodeToString(mac.Sum(nil))
}

// enter takes the token from the form and gives a cookie for it.
func (s *Server) enter(w http.ResponseWriter, r *http.Request) error {
	f, err := form(r)
	if err != nil {
		return err
	}
	if !s.Options.guarded() {
		return refuse(http.StatusNotFound, "There is nothing here.")
	}
	token, err := s.Options.token() // admit has seen that there is one
	if err != nil {
		return err
	}
	if !sameSecret(strings.TrimSpace(f.Get("token")), token) {
		s.Log.Warn().Str("from", r.RemoteAddr).Msg("a wrong token was given to the page")
		if !wantsPage(r) {
			return refuse(http.StatusUnauthorized, "That is not the token.")
		}
		s.render(w, http.StatusUnauthorized, "enter.html", enterView{Wrong: true})
		return nil
	}
	s.session(w, r, sessionValue(token, time.Now().Add(sessionLasts).Unix()), int(sessionLasts.Seconds()))
	return nil
}

// leave takes the cookie away.
func (s *Server) leave(w http.ResponseWriter, r *http.Request) error {
	if _, err := form(r); err != nil {
		return err
	}
	s.session(w, r, "", -1)
	return nil
}

func (s *Server) session(w http.ResponseWriter, r *http.Request, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: strings.HasPrefix(r.Header.Get("Origin"), "https://")}) // behind a proxy only the browser knows
	w.Header().Set("Location", "/")
	w.WriteHeader(http.StatusSeeOther)
}
