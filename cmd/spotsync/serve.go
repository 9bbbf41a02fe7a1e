package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// serverOptions are who may reach the daemon, and where.
type serverOptions struct {
	Listen       string   // address; serve takes the listener's own
	AllowedHosts []string // further names the page may be asked for by
	TokenFile    string   // file with the token that opens the page; needed where Listen is not on loopback
}

// daemonServer shows a daemon over HTTP and takes a few wishes. It decides who may ask; what is asked for is done by the
// functions it is given, which may be called at any time and from several requests at once.
//
// /healthz, /readyz and /metrics are for machines: they tell no secret, change nothing, and answer whatever name they are
// asked by. The page and its buttons are for one person: see [daemonServer.admit].
type daemonServer struct {
	Status    func() daemonStatus
	Alive     func() error // why the main loop is stuck; nil: it is not
	Reconcile func()       // asks for a round; returns at once
	Reload    func()       // asks for the files to be read; returns at once
	Release   func(address string) error

	// BeginLogin gives Spotify's address to open. Called again before the login is finished it may give the same.
	BeginLogin func(account string) (url string, err error)
	// FinishLogin takes the address that the browser ended on. Its errors are shown, so they must not hold it.
	FinishLogin func(ctx context.Context, account, pasted string) error

	Metrics http.Handler
	Log     zerolog.Logger
	Options serverOptions
}

const (
	maxBody        = 64 << 10
	maxHeader      = 16 << 10
	minToken       = 16 // characters
	maxTokenFile   = 4 << 10
	loginPatience  = 40 * time.Second // for the accounts service, when a login is finished; less than the server's
	sessionCookie  = "spotsync"
	sessionLasts   = 30 * 24 * time.Hour
	shutdownWithin = 5 * time.Second
)

// check says what is wrong with the options before anything listens.
func (o serverOptions) check() error {
	if _, _, err := net.SplitHostPort(o.Listen); err != nil {
		return fmt.Errorf("--listen %q: write HOST:PORT, such as 127.0.0.1:7979", o.Listen)
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

// exposed is whether others than this computer can reach the listener.
func (o serverOptions) exposed() bool {
	host, _, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return true
	}
	return !loopbackHost(host)
}

// guarded is whether the page needs a token. Who names a file wants it asked for, on loopback too: that may be the far end
// of a proxy.
func (o serverOptions) guarded() bool { return o.TokenFile != "" || o.exposed() }

// token reads the token. It is read when it is needed: a secret that is replaced works at once, and the old one no more.
func (o serverOptions) token() (string, error) {
	f, err := os.Open(o.TokenFile)
	if err != nil {
		return "", fmt.Errorf("--http-token-file: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxTokenFile+1))
	if err != nil {
		return "", fmt.Errorf("--http-token-file: %w", err)
	}
	token := strings.TrimSpace(string(b))
	switch {
	case len(b) > maxTokenFile:
		return "", fmt.Errorf("--http-token-file: %s is too long for a token", o.TokenFile)
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
func (o serverOptions) knows(hostport string) bool {
	host := hostName(hostport)
	return loopbackHost(host) || slices.ContainsFunc(o.AllowedHosts, func(h string) bool { return strings.EqualFold(hostName(h), host) })
}

// refusal is why a request is not answered.
type refusal struct {
	status int
	say    string
	log    error // what the asker is not told
}

func (r *refusal) Error() string { return r.say }

func refuse(status int, format string, args ...any) *refusal {
	return &refusal{status: status, say: fmt.Sprintf(format, args...)}
}

// route is one path.
type route struct {
	open    bool // to everybody: for machines
	entry   bool // needs no token: it is where one is given
	methods []string
	serve   func(w http.ResponseWriter, r *http.Request) error
}

func (s *daemonServer) routes() map[string]route {
	get, post := []string{http.MethodGet, http.MethodHead}, []string{http.MethodPost}
	return map[string]route{
		"/healthz":     {open: true, methods: get, serve: s.healthz},
		"/readyz":      {open: true, methods: get, serve: s.readyz},
		"/metrics":     {open: true, methods: get, serve: s.metrics},
		"/":            {methods: get, serve: s.showPage},
		"/-/reconcile": {methods: post, serve: s.reconcile},
		"/-/reload":    {methods: post, serve: s.reload},
		"/-/release":   {methods: post, serve: s.release},
		"/-/login":     {methods: post, serve: s.login},
		"/-/enter":     {methods: post, serve: s.enter, entry: true},
		"/-/leave":     {methods: post, serve: s.leave},
	}
}

// handler answers everything.
func (s *daemonServer) handler() http.Handler {
	routes := s.routes()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				s.Log.Error().Str("path", r.URL.Path).Interface("panic", p).Msg("a request could not be answered")
				s.say(w, r, refuse(http.StatusInternalServerError, "Something is wrong in spotsync; its log says more."))
			}
		}()
		setHeaders(w.Header())
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if err := s.dispatch(w, r, routes); err != nil {
			s.say(w, r, err)
		}
	})
}

// setHeaders forbids what no answer of ours needs: scripts, frames, other people's resources, copies.
func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src "+pageStyleHash+"; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin") // with no-referrer browsers send "Origin: null", and a form of ours looks foreign
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

func (s *daemonServer) dispatch(w http.ResponseWriter, r *http.Request, routes map[string]route) error {
	to, ok := routes[r.URL.Path]
	if !ok {
		return refuse(http.StatusNotFound, "There is nothing here.")
	}
	if !to.open && !s.Options.knows(r.Host) {
		return refuse(http.StatusForbidden, "This page is not shown under the name %q, which could be anybody's: open it as 127.0.0.1 or localhost, or start spotsync daemon with --allowed-host %s if the name is yours.",
			hostName(r.Host), hostName(r.Host))
	}
	if !slices.Contains(to.methods, r.Method) {
		w.Header().Set("Allow", strings.Join(to.methods, ", "))
		return refuse(http.StatusMethodNotAllowed, "This takes %s, not %s.", strings.Join(to.methods, " and "), r.Method)
	}
	if !to.open {
		if err := s.admit(r, to.entry); err != nil {
			return err
		}
	}
	return to.serve(w, r)
}

// admit is whether who asks may see the page and press its buttons: a page of another origin may make a browser send
// things, so those that change something must come from ours or from no browser; and where others than this computer can
// ask, or a token was named, it must be shown.
func (s *daemonServer) admit(r *http.Request, entry bool) error {
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

// wantsPage is whether a browser asks.
func wantsPage(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }

// say answers with an error, as a page or a line.
func (s *daemonServer) say(w http.ResponseWriter, r *http.Request, err error) {
	var ref *refusal
	if !errors.As(err, &ref) {
		ref = &refusal{status: http.StatusInternalServerError, say: "Something is wrong in spotsync; its log says more.", log: err}
	}
	if ref.log != nil {
		s.Log.Error().Err(ref.log).Str("path", r.URL.Path).Msg("a request could not be answered")
	}
	if ref.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="spotsync"`)
	}
	if !wantsPage(r) {
		text(w, ref.status, ref.say)
		return
	}
	if ref.status == http.StatusUnauthorized {
		s.render(w, ref.status, "enter.html", enterView{})
		return
	}
	s.render(w, ref.status, "message.html", messageView{Title: http.StatusText(ref.status), Text: ref.say})
}

func text(w http.ResponseWriter, status int, line string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	io.WriteString(w, line+"\n")
}

func (s *daemonServer) healthz(w http.ResponseWriter, _ *http.Request) error {
	if err := s.Alive(); err != nil {
		text(w, http.StatusServiceUnavailable, err.Error())
		return nil
	}
	text(w, http.StatusOK, "ok")
	return nil
}

// oneLine makes each text one line.
func oneLine(texts []string) []string {
	lines := make([]string, len(texts))
	for i, t := range texts {
		lines[i] = strings.Join(strings.Fields(t), " ")
	}
	return lines
}

// readiness is the document of /readyz.
type readiness struct {
	Ready   bool     `json:"ready"`
	Reasons []string `json:"reasons"`
}

func (s *daemonServer) readyz(w http.ResponseWriter, r *http.Request) error {
	reasons := s.Status().Reasons
	status, answer := http.StatusOK, "ok"
	if len(reasons) > 0 {
		status, answer = http.StatusServiceUnavailable, strings.Join(oneLine(reasons), "\n")
	}
	w.Header().Set("Vary", "Accept")
	if !strings.Contains(r.Header.Get("Accept"), "application/json") {
		text(w, status, answer)
		return nil
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.Encode(readiness{Ready: len(reasons) == 0, Reasons: append([]string{}, reasons...)}) // a reader who left needs no answer
	return nil
}

func (s *daemonServer) metrics(w http.ResponseWriter, r *http.Request) error {
	if s.Metrics == nil {
		return refuse(http.StatusNotFound, "There is nothing here.")
	}
	s.Metrics.ServeHTTP(w, r)
	return nil
}

// form reads the fields that were sent.
func form(r *http.Request) (url.Values, error) {
	if ct := r.Header.Get("Content-Type"); ct != "" {
		if kind, _, err := mime.ParseMediaType(ct); err != nil || kind != "application/x-www-form-urlencoded" {
			return nil, refuse(http.StatusUnsupportedMediaType, "Send the fields as application/x-www-form-urlencoded.")
		}
	}
	if err := r.ParseForm(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, refuse(http.StatusRequestEntityTooLarge, "That is more than %d KiB.", maxBody>>10)
		}
		return nil, refuse(http.StatusBadRequest, "The fields could not be read.")
	}
	return r.PostForm, nil
}

// done answers a wish: a browser is sent back to the page, which says it; anybody else is told here.
func (s *daemonServer) done(w http.ResponseWriter, r *http.Request, what string) {
	if wantsPage(r) {
		w.Header().Set("Location", "/?done="+what)
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	text(w, http.StatusAccepted, notices[what])
}

func (s *daemonServer) reconcile(w http.ResponseWriter, r *http.Request) error {
	if _, err := form(r); err != nil {
		return err
	}
	s.Reconcile()
	s.done(w, r, "reconcile")
	return nil
}

func (s *daemonServer) reload(w http.ResponseWriter, r *http.Request) error {
	if _, err := form(r); err != nil {
		return err
	}
	s.Reload()
	s.done(w, r, "reload")
	return nil
}

func (s *daemonServer) release(w http.ResponseWriter, r *http.Request) error {
	f, err := form(r)
	if err != nil {
		return err
	}
	address := f.Get("address")
	if !slices.ContainsFunc(s.Status().Playlists, func(p daemonPlaylist) bool { return p.Address == address }) {
		return refuse(http.StatusNotFound, "There is no such playlist: send its address, such as playlist.morning, as \"address\".")
	}
	if err := s.Release(address); err != nil {
		return refuse(http.StatusConflict, "%s", ended(fmt.Sprintf("%s was not released: %v", address, err)))
	}
	s.done(w, r, "release")
	return nil
}

// login begins a login and, when something was pasted, finishes it.
func (s *daemonServer) login(w http.ResponseWriter, r *http.Request) error {
	f, err := form(r)
	if err != nil {
		return err
	}
	label := f.Get("account")
	accounts := s.Status().Accounts
	i := slices.IndexFunc(accounts, func(a daemonAccount) bool { return a.Label == label })
	if i < 0 {
		return refuse(http.StatusNotFound, "There is no such account: send its label, such as default, as \"account\".")
	}
	var failed string
	if pasted := strings.TrimSpace(f.Get("pasted")); pasted != "" {
		ctx, cancel := context.WithTimeout(r.Context(), loginPatience)
		defer cancel()
		err := s.FinishLogin(ctx, label, pasted)
		if err == nil {
			s.done(w, r, "login")
			return nil
		}
		if !wantsPage(r) {
			return refuse(http.StatusUnprocessableEntity, "%s", ended(fmt.Sprintf("The login was not finished: %v", err)))
		}
		failed = err.Error()
	} else if f.Has("pasted") {
		failed = "nothing was pasted"
	}
	address, err := s.BeginLogin(label)
	if err != nil {
		return refuse(http.StatusConflict, "%s", ended(fmt.Sprintf("The login can't begin: %v", err)))
	}
	if !wantsPage(r) {
		text(w, http.StatusOK, address)
		return nil
	}
	status := http.StatusOK
	if failed != "" {
		status = http.StatusUnprocessableEntity
	}
	s.render(w, status, "login.html", loginView{Account: accounts[i], URL: address, Failed: failed})
	return nil
}

// enter takes the token from the form and gives a cookie for it.
func (s *daemonServer) enter(w http.ResponseWriter, r *http.Request) error {
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
func (s *daemonServer) leave(w http.ResponseWriter, r *http.Request) error {
	if _, err := form(r); err != nil {
		return err
	}
	s.session(w, r, "", -1)
	return nil
}

func (s *daemonServer) session(w http.ResponseWriter, r *http.Request, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: strings.HasPrefix(r.Header.Get("Origin"), "https://")}) // behind a proxy only the browser knows
	w.Header().Set("Location", "/")
	w.WriteHeader(http.StatusSeeOther)
}

// serve answers on ln until ctx ends, and then lets the requests under way finish for a moment.
func (s *daemonServer) serve(ctx context.Context, ln net.Listener) error {
	here := *s
	here.Options.Listen = ln.Addr().String() // what a name in --listen came to
	srv := &http.Server{Handler: here.handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: time.Minute,
		IdleTimeout: time.Minute, MaxHeaderBytes: maxHeader}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownWithin)
	defer cancel()
	if err := srv.Shutdown(grace); err != nil {
		err = srv.Close() // a request that does not end is cut off
		<-served
		return err
	}
	<-served
	return nil
}
