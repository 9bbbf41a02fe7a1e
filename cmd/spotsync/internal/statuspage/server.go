package statuspage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// Server shows a daemon over HTTP and takes a few wishes. It decides who may ask; what is asked for is done by the
// functions it is given, which may be called at any time and from several requests at once.
//
// /healthz, /readyz and /metrics are for machines: they tell no secret, change nothing, and answer whatever name they are
// asked by. The page and its buttons are for one person: see [Server.admit].
type Server struct {
	Status    func() Status
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
	Options Options
}

const (
	maxBody        = 64 << 10
	maxHeader      = 16 << 10
	minToken       = 16 // characters
	maxTokenFile   = 4 << 10
	LoginTimeout   = 40 * time.Second // for the accounts service, when a login is begun or finished
	sessionCookie  = "spotsync"
	sessionLasts   = 30 * 24 * time.Hour
	shutdownWithin = 5 * time.Second
)

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

func (s *Server) routes() map[string]route {
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

// Handler answers everything.
func (s *Server) handler() http.Handler {
	here := *s
	few := &zerolog.BurstSampler{Burst: 10, Period: time.Minute} // so that no stranger fills the log
	here.Log = s.Log.Sample(&zerolog.LevelSampler{WarnSampler: few, ErrorSampler: few})
	s = &here
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

func (s *Server) dispatch(w http.ResponseWriter, r *http.Request, routes map[string]route) error {
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

// wantsPage is whether a browser asks.
func wantsPage(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }

// say answers with an error, as a page or a line.
func (s *Server) say(w http.ResponseWriter, r *http.Request, err error) {
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

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) error {
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

// Readiness is the document of /readyz.
type Readiness struct {
	Ready     bool        `json:"ready"`
	Reasons   []string    `json:"reasons"`
	State     string      `json:"state"`      // [store.State.Key] of the lock file
	LastRound *readyRound `json:"last_round"` // null: none has ended yet
	NextRound *time.Time  `json:"next_round"` // null: one is under way
}

// readyRound is what a round came to.
type readyRound struct {
	Why      string    `json:"why"`
	Began    time.Time `json:"began"`
	Result   Result    `json:"result"`
	Changed  int       `json:"changed"` // playlists
	Healed   int       `json:"healed"`  // of them those that were changed elsewhere and are as before again
	Waiting  int       `json:"waiting"` // playlists that are not as the files say
	Requests int       `json:"requests"`
}

// roundOf is a round as /readyz tells it.
func roundOf(r Round) readyRound {
	return readyRound{Why: r.Why, Began: r.Began.UTC().Truncate(time.Second), Result: r.Result, Changed: len(r.Applied), Healed: r.Healed, Waiting: r.Waiting, Requests: r.Requests}
}

// readinessOf is a status as /readyz tells it.
func readinessOf(s Status) Readiness {
	r := Readiness{Ready: len(s.Reasons) == 0, Reasons: append([]string{}, s.Reasons...), State: s.State}
	if l := s.Last; l != nil {
		last := roundOf(*l)
		r.LastRound = &last
	}
	if s.Busy == "" && !s.Next.IsZero() {
		next := s.Next.UTC().Truncate(time.Second)
		r.NextRound = &next
	}
	return r
}

func (s *Server) readyz(w http.ResponseWriter, r *http.Request) error {
	now := s.Status()
	reasons := now.Reasons
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
	enc.Encode(readinessOf(now)) // a reader who left needs no answer
	return nil
}

func (s *Server) metrics(w http.ResponseWriter, r *http.Request) error {
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
func (s *Server) done(w http.ResponseWriter, r *http.Request, what string) {
	if wantsPage(r) {
		w.Header().Set("Location", "/?done="+what)
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	text(w, http.StatusAccepted, notices[what])
}

func (s *Server) reconcile(w http.ResponseWriter, r *http.Request) error {
	if _, err := form(r); err != nil {
		return err
	}
	s.Reconcile()
	s.done(w, r, "reconcile")
	return nil
}

func (s *Server) reload(w http.ResponseWriter, r *http.Request) error {
	if _, err := form(r); err != nil {
		return err
	}
	s.Reload()
	s.done(w, r, "reload")
	return nil
}

func (s *Server) release(w http.ResponseWriter, r *http.Request) error {
	f, err := form(r)
	if err != nil {
		return err
	}
	address := f.Get("address")
	all := s.Status().Playlists
	i := slices.IndexFunc(all, func(p Playlist) bool { return p.Address == address })
	if i < 0 {
		return refuse(http.StatusNotFound, "There is no such playlist: send its address, such as playlist.morning, as \"address\".")
	}
	if p := all[i]; p.State == Held && !p.Releasable {
		return refuse(http.StatusConflict, "%s", ended("Releasing "+address+" does not help: "+p.Reason))
	}
	if err := s.Release(address); err != nil {
		return refuse(http.StatusConflict, "%s", ended(fmt.Sprintf("%s was not released: %v", address, err)))
	}
	s.done(w, r, "release")
	return nil
}

// login begins a login and, when something was pasted, finishes it.
func (s *Server) login(w http.ResponseWriter, r *http.Request) error {
	f, err := form(r)
	if err != nil {
		return err
	}
	label := f.Get("account")
	accounts := s.Status().Accounts
	i := slices.IndexFunc(accounts, func(a Account) bool { return a.Label == label })
	if i < 0 {
		return refuse(http.StatusNotFound, "There is no such account: send its label, such as default, as \"account\".")
	}
	var failed string
	if pasted := strings.TrimSpace(f.Get("pasted")); pasted != "" {
		ctx, cancel := context.WithTimeout(r.Context(), LoginTimeout)
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

// httpServer is who answers. What net/http has to say of connections is for who asks to see it: somebody scans the port, or
// hangs up in the middle.
func (s *Server) httpServer() *http.Server {
	return &http.Server{Handler: s.handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 3 * LoginTimeout,
		IdleTimeout: time.Minute, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(zerolog.NewSlogHandler(s.Log), slog.LevelDebug)}
}

// Serve answers on ln until ctx ends.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	here := *s
	here.Options.Listen = ln.Addr().String() // what a name in --listen came to
	if here.Options.exposed() && here.Options.TokenFile == "" {
		s.Log.Warn().Str("address", here.Options.Listen).Msg("others can reach this address, so the page and its buttons stay shut: give them a token with --http-token-file, or listen on 127.0.0.1:7979; /healthz, /readyz and /metrics are open")
	}
	return ServeUntil(ctx, here.httpServer(), ln)
}

// ServeUntil has srv answer on ln until ctx ends, and then lets the requests under way finish for a moment.
func ServeUntil(ctx context.Context, srv *http.Server, ln net.Listener) error {
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
