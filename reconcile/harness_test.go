package reconcile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// world is a user with a folder of files, a computer and a Spotify. It lives in a bubble of its own time.
type world struct {
	t      testing.TB
	server *sandbox.Server
	dir    string
	hcl    string
	wire   *wire
	fsys   store.FS
	user   string
	issuer string
	scopes []string // granted; nil means all

	command  string
	verify   Verify
	targets  []string
	force    bool
	adopt    bool
	twice    bool // --create-duplicate
	attended bool
	oneByOne bool // --parallelism 1
	stop     chan struct{}
	limited  func() bool
	answer   time.Duration // how long the prompt waits between plan and apply
	between  func()        // what happens meanwhile
	events   []Event
}

// inWorld runs a test in a bubble, with every default quirk on.
func inWorld(t *testing.T, hcl string, test func(*testing.T, *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newWorld(t, hcl)) })
}

// inBubble is inWorld for tests that make the world themselves.
func inBubble(t *testing.T, test func(*testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

func newWorld(t testing.TB, hcl string) *world {
	w := &world{t: t, server: sandbox.New(sandbox.Options{Seed: 1}), dir: t.TempDir(), hcl: hcl, user: sandbox.SandboxUser,
		issuer: "loopback", command: "apply", fsys: store.OS{}}
	w.wire = &wire{server: w.server}
	return w
}

func (w *world) lockPath() string { return filepath.Join(w.dir, "spotsync.lock.hcl") }

// wire is an http.RoundTripper to a server in memory that can spoil one request, or go dead for good.
type wire struct {
	server *sandbox.Server

	mu    sync.Mutex
	n     int // requests so far
	log   []string
	at    int // which one is spoilt, counted from 1; 0 for none
	spoil fault
	dead  bool
	edit  func() // what somebody else does just before the spoilt request
}

// fault is what happens to a request.
type fault string

const (
	status500      fault = "500 before the effect"
	status500After fault = "500 after the effect"
	dropBefore     fault = "dropped before the effect"
	dropAfter      fault = "dropped after the effect"
	cutBody        fault = "cut answer"
	garbage        fault = "senseless answer"
	tooMany        fault = "429"
	editBefore     fault = "somebody's edit before"
	dropEdited     fault = "somebody's edit before and dropped after the effect"
	killBefore     fault = "killed before the effect"
	killAfter      fault = "killed after the effect"
)

var allFaults = []fault{status500, status500After, dropBefore, dropAfter, cutBody, garbage, tooMany, editBefore, dropEdited}

var errDead = errors.New("this process is dead")

func (x *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	x.mu.Lock()
	x.n++
	x.log = append(x.log, req.Method)
	hit, spoil := x.n == x.at, x.spoil
	if hit && (spoil == killBefore) {
		x.dead = true
	}
	dead := x.dead
	x.mu.Unlock()
	if dead {
		return nil, errDead
	}
	if !hit {
		return x.serve(req)
	}
	if x.edit != nil && (spoil == editBefore || spoil == dropEdited) {
		x.edit()
	}
	switch spoil {
	case status500:
		return respond(req, http.StatusInternalServerError, `{"error":{"status":500,"message":"Server error."}}`), nil
	case dropBefore:
		return nil, io.ErrUnexpectedEOF
	case tooMany:
		r := respond(req, http.StatusTooManyRequests, `{"error":{"status":429,"message":"API rate limit exceeded"}}`)
		r.Header.Set("Retry-After", "3")
		return r, nil
	}
	r, err := x.serve(req)
	if err != nil {
		return r, err
	}
	switch spoil {
	case status500After:
		return respond(req, http.StatusInternalServerError, `{"error":{"status":500,"message":"Server error."}}`), nil
	case dropAfter, dropEdited:
		return nil, io.ErrUnexpectedEOF
	case killAfter:
		x.mu.Lock()
		x.dead = true
		x.mu.Unlock()
		return nil, errDead
	case cutBody:
		whole, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(whole[:len(whole)/2]), errReader{}))
	case garbage:
		r.Body = io.NopCloser(strings.NewReader("<!doctype html>\x00{"))
	}
	return r, nil
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func respond(req *http.Request, status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: req}
}

func (x *wire) serve(req *http.Request) (*http.Response, error) {
	in := req.Clone(req.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RequestURI, in.RemoteAddr, in.Host = req.URL.RequestURI(), "127.0.0.1:1", req.URL.Host
	a := &heard{header: make(http.Header), status: http.StatusOK}
	dropped := false
	func() {
		defer func() {
			if p := recover(); p != nil {
				if p != any(http.ErrAbortHandler) {
					panic(p)
				}
				dropped = true
			}
		}()
		x.server.Handler().ServeHTTP(a, in)
	}()
	if dropped {
		return nil, io.ErrUnexpectedEOF
	}
	r := respond(req, a.status, a.body.String())
	r.Header = a.header
	return r, nil
}

type heard struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *heard) Header() http.Header         { return a.header }
func (a *heard) WriteHeader(status int)      { a.status = status }
func (a *heard) Write(p []byte) (int, error) { return a.body.Write(p) }

// bearer adds a token, as auth's transport does.
type bearer struct {
	token string
	next  http.RoundTripper
}

func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(req)
}

// run is what came of one command.
type run struct {
	plan  *Plan
	diags hcl.Diagnostics
	res   *Result
	err   error // of planning, or of what ended the run
	state *store.State
	lock  *LockFile
}

// failed is the first thing that went wrong, if any.
func (r run) failed() error {
	switch {
	case r.err != nil:
		return r.err
	case r.diags.HasErrors():
		return r.diags
	case r.plan != nil && len(r.plan.Refusals) > 0:
		return &RefusedError{Refusals: r.plan.Refusals}
	case r.res != nil && len(r.res.Failures) > 0:
		return r.res.Failures[0].Err
	case r.res != nil && r.res.Stopped:
		return errStopped
	}
	return nil
}

// session is a process: everything opened anew.
type session struct {
	*world
	client  *spotify.Client
	account *store.Account
	state   *store.State
	lock    *LockFile
	me      spotify.User
	granted []string
}

func (w *world) open(ctx context.Context) (*session, error) {
	_, token := w.server.IssueToken(w.user, sandbox.SandboxClientID, w.scopes...)
	s := &session{world: w}
	s.client = &spotify.Client{HTTP: &http.Client{Transport: bearer{token, w.wire}}, BaseURL: "http://127.0.0.1:1/v1", MaxWait: time.Minute,
		Limiter: spotify.NewLimiter(spotify.LimiterOptions{Rate: 1e6, Burst: 1e6}), Jitter: func() float64 { return 0.5 }}
	state, cache := filepath.Join(w.dir, "state"), filepath.Join(w.dir, "cache")
	s.state = store.OpenState(w.fsys, state, w.issuer, w.lockPath())
	var err error
	if s.lock, err = OpenLockFile(w.fsys, s.state, w.lockPath(), w.issuer); err != nil {
		return nil, err
	}
	if s.me, err = s.client.Me(ctx); err != nil {
		return nil, err
	}
	s.account = store.OpenAccount(w.fsys, state, cache, w.issuer, s.me.Account())
	s.granted = w.scopes
	return s, nil
}

// desire works out what the files want.
func (w *world) desire(lock *LockFile) (*config.Desired, hcl.Diagnostics) {
	ids := make(map[string]spotify.ID)
	for a, p := range lock.Current().Playlists {
		ids[a] = p.ID
	}
	m, diags := config.Parse(config.Files{"playlists.hcl": []byte(w.hcl)})
	if diags.HasErrors() {
		return nil, diags
	}
	return m.Evaluate(context.Background(), config.Inputs{Now: time.Now(), IDs: ids})
}

// makePlan is spotsync plan.
func (s *session) makePlan(ctx context.Context) (*Plan, *Observed, hcl.Diagnostics, error) {
	desired, diags := s.desire(s.lock)
	if diags.HasErrors() {
		return nil, nil, diags, nil
	}
	in, err := s.input(desired)
	if err != nil {
		return nil, nil, nil, err
	}
	o := &Observer{API: s.client, Account: s.account, User: s.me, Label: "default", Scopes: s.granted}
	seen, err := o.Observe(ctx, in.managed())
	if err != nil {
		return nil, nil, nil, err
	}
	in.Observed = map[string]*Observed{"default": seen}
	if err := o.Settle(ctx, seen, in.Input); err != nil {
		return nil, nil, nil, err
	}
	plan, diags := NewPlan(in.Input)
	if diags.HasErrors() {
		return nil, nil, diags, nil
	}
	if s.command == "apply" {
		if err := Remember(s.state, plan, in.Bases); err != nil {
			return nil, nil, nil, err
		}
	}
	return plan, seen, nil, nil
}

type testInput struct{ Input }

func (s *session) input(desired *config.Desired) (in testInput, err error) {
	in.Input = Input{Command: s.command, Issuer: s.issuer, Now: time.Now().UTC(), Desired: desired, Lock: s.lock.Current(),
		AdoptByName: s.adopt, CreateDuplicate: s.twice, Attended: s.attended, Force: s.force}
	if len(s.targets) > 0 {
		in.Targeted = func(a string) bool { return slices.Contains(s.targets, a) }
	}
	if in.Bases, err = s.state.Bases(); err != nil {
		return in, err
	}
	if in.Remembered, err = s.state.Remembered(); err != nil {
		return in, err
	}
	if in.Creates, err = s.state.OpenCreates(); err != nil {
		return in, err
	}
	open, err := s.state.OpenReplaces()
	in.Unfinished = make(map[spotify.ID]bool)
	for _, r := range open {
		in.Unfinished[r.ID] = true
	}
	return in, err
}

// managed are the IDs a plan has to know of.
func (in testInput) managed() (ids []spotify.ID) {
	add := func(address string, id spotify.ID) {
		if id != "" && in.targeted(address) {
			ids = append(ids, id)
		}
	}
	for _, p := range in.Desired.Playlists {
		add(p.Address, p.ID)
	}
	for _, i := range in.Desired.Imports {
		add(i.To, i.ID)
	}
	for a, e := range in.Lock.Playlists {
		add(a, e.ID)
		for _, m := range in.Desired.Moved {
			if m.From == a {
				add(m.To, e.ID)
			}
		}
	}
	return ids
}

func (s *session) applier(seen *Observed) *Applier {
	a := &Applier{APIs: map[string]API{"default": s.client}, Accounts: map[string]*store.Account{"default": s.account},
		Lock: s.lock, State: s.state, Verify: s.verify, Stop: s.stop, Limited: s.limited,
		Report: func(e Event) { s.events = append(s.events, e) }}
	if s.oneByOne {
		a.Parallelism = 1
	}
	if seen != nil {
		a.Library = map[string][]spotify.Playlist{"default": seen.Library}
	}
	return a
}

// plan is spotsync plan in a process of its own.
func (w *world) plan() run {
	ctx := context.Background()
	s, err := w.open(ctx)
	if err != nil {
		return run{err: err}
	}
	p, _, diags, err := s.makePlan(ctx)
	return run{plan: p, diags: diags, err: err, state: s.state, lock: s.lock}
}

// apply is spotsync apply --auto-approve in a process of its own.
func (w *world) apply() run { return w.applyContext(context.Background()) }

func (w *world) applyContext(ctx context.Context) run {
	w.events = nil
	s, err := w.open(ctx)
	if err != nil {
		return run{err: err}
	}
	p, seen, diags, err := s.makePlan(ctx)
	r := run{plan: p, diags: diags, err: err, state: s.state, lock: s.lock}
	if r.failed() != nil {
		return r
	}
	time.Sleep(w.answer)
	if w.between != nil {
		w.between()
	}
	r.res, r.err = s.applier(seen).Apply(ctx, p)
	return r
}

// rollback undoes the last run that saved versions.
func (w *world) rollback() run {
	ctx := context.Background()
	s, err := w.open(ctx)
	if err != nil {
		return run{err: err}
	}
	desired, diags := w.desire(s.lock)
	if diags.HasErrors() {
		return run{diags: diags}
	}
	runs, err := s.account.Runs()
	if err != nil || len(runs) == 0 {
		return run{err: fmt.Errorf("no runs: %w", err)}
	}
	last, err := s.account.Run(runs[0].ID)
	if err != nil {
		return run{err: err}
	}
	accounts := make(map[string]string)
	var ids []spotify.ID
	for _, v := range last.Versions {
		accounts[v.Address] = "default"
		ids = append(ids, v.ID, idAt(s.lock.Current(), v.Address))
	}
	ids = slices.DeleteFunc(ids, func(id spotify.ID) bool { return id == "" })
	seen, err := (&Observer{API: s.client, Account: s.account, User: s.me, Label: "default"}).Observe(ctx, ids)
	if err != nil {
		return run{err: err}
	}
	p := NewRollback(RollbackInput{Issuer: w.issuer, Now: time.Now().UTC(), Desired: desired, Lock: s.lock.Current(),
		Observed: map[string]*Observed{"default": seen}, Versions: last.Versions, Accounts: accounts})
	r := run{plan: p, state: s.state, lock: s.lock}
	if r.failed() != nil {
		return r
	}
	r.res, r.err = s.applier(seen).Apply(ctx, p)
	return r
}

// mustApply applies and fails the test where that fails.
func (w *world) mustApply() run {
	w.t.Helper()
	r := w.apply()
	if err := r.failed(); err != nil {
		w.t.Fatalf("apply: %v", err)
	}
	return r
}

// refused applies and returns the first refusal.
func (w *world) refused(summary string) Refusal {
	w.t.Helper()
	writes := w.server.Writes()
	r := w.apply()
	var refused *RefusedError
	if !errors.As(r.failed(), &refused) {
		w.t.Fatalf("want a refusal %q, got %v and the plan\n%s", summary, r.failed(), describe(r.plan))
	}
	if n := w.server.Writes() - writes; n != 0 {
		w.t.Errorf("%d writes were sent although the plan was refused", n)
	}
	for _, f := range refused.Refusals {
		if f.Summary == summary {
			return f
		}
	}
	w.t.Fatalf("want a refusal %q, got %v", summary, refused)
	return Refusal{}
}

// converged checks that nothing is left to do: now, and when all has settled.
func (w *world) converged() {
	w.t.Helper()
	w.targets, w.adopt, w.twice = nil, false, false
	for _, wait := range []time.Duration{0, time.Second, 20 * time.Second, 61 * time.Second} {
		time.Sleep(wait)
		w.quiet(fmt.Sprintf("%s later", wait))
	}
}

// quiet checks that nothing is left to do.
func (w *world) quiet(when string) {
	w.t.Helper()
	writes := w.server.Writes()
	r := w.apply()
	if err := r.failed(); err != nil {
		w.t.Fatalf("%s: %v", when, err)
	}
	if !r.plan.Empty() {
		w.t.Fatalf("%s: the plan is not empty:\n%s", when, describe(r.plan))
	}
	if n := w.server.Writes() - writes; n != 0 {
		w.t.Fatalf("%s: %d writes were sent for an empty plan", when, n)
	}
}

// id is the playlist an address means.
func (w *world) id(address string) spotify.ID {
	w.t.Helper()
	l, err := OpenLockFile(store.OS{}, store.OpenState(store.OS{}, filepath.Join(w.dir, "state"), w.issuer, w.lockPath()), w.lockPath(), w.issuer)
	if err != nil {
		w.t.Fatal(err)
	}
	return idAt(l.Current(), address)
}

// there is what an address truly holds.
func (w *world) there(address string) sandbox.Playlist {
	w.t.Helper()
	p, ok := w.server.Playlist(w.id(address))
	if !ok {
		w.t.Fatalf("%s has no playlist", address)
	}
	return p
}

func (w *world) holds(address string, want ...spotify.URI) {
	w.t.Helper()
	if diff := cmp.Diff(append([]spotify.URI{}, want...), rowURIs(w.there(address))); diff != "" {
		w.t.Errorf("%s (-want +got):\n%s", address, diff)
	}
}

func rowURIs(p sandbox.Playlist) []spotify.URI {
	uris := []spotify.URI{}
	for _, r := range p.Rows {
		uris = append(uris, r.URI)
	}
	return uris
}

// owned is the number of playlists in the library.
func (w *world) owned(n int) {
	w.t.Helper()
	if all := w.server.Playlists(w.user); len(all) != n {
		var names []string
		for _, p := range all {
			names = append(names, p.Name)
		}
		w.t.Errorf("the library holds %q, want %d playlists", names, n)
	}
}

// song is a track that exists.
func song(n int) spotify.URI { return spotify.URI(fmt.Sprintf("spotify:track:%022d", n)) }

// talk is an episode that exists.
func talk(n int) spotify.URI { return spotify.URI(fmt.Sprintf("spotify:episode:%022d", n)) }

func songs(ns ...int) []spotify.URI {
	out := make([]spotify.URI, len(ns))
	for i, n := range ns {
		out[i] = song(n)
	}
	return out
}

func upTo(n int) []spotify.URI {
	out := make([]spotify.URI, n)
	for i := range out {
		out[i] = song(i + 1)
	}
	return out
}

// block is a playlist block; lines are further lines of it.
func block(label, name string, uris []spotify.URI, lines ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "playlist %q {\n", label)
	if name != "" {
		fmt.Fprintf(&b, "  name = %q\n", name)
	}
	for _, l := range lines {
		b.WriteString("  " + l + "\n")
	}
	if uris != nil {
		b.WriteString("  tracks = [\n")
		for _, u := range uris {
			fmt.Fprintf(&b, "    %q,\n", u)
		}
		b.WriteString("  ]\n")
	}
	b.WriteString("}\n")
	return b.String()
}

// describe is a plan in few words.
func describe(p *Plan) string {
	if p == nil {
		return "(no plan)"
	}
	var b strings.Builder
	for _, c := range p.Changes {
		fmt.Fprintf(&b, "%s %s %s %q", c.Action, c.Address, c.Origin, c.Reasons)
		for _, e := range c.Edits {
			switch {
			case e.Details != nil:
				fmt.Fprintf(&b, "\n  %s", e.Kind)
				if d := e.Details; d.Name != nil {
					fmt.Fprintf(&b, " name=%q", *d.Name)
				}
				if d := e.Details; d.Description != nil {
					fmt.Fprintf(&b, " description=%q", *d.Description)
				}
				if d := e.Details; d.Public != nil {
					fmt.Fprintf(&b, " public=%v", *d.Public)
				}
				if d := e.Details; d.Collaborative != nil {
					fmt.Fprintf(&b, " collaborative=%v", *d.Collaborative)
				}
			case e.Kind == "move":
				fmt.Fprintf(&b, "\n  move %d+%d before %d", e.Start, e.N, e.Before)
			case e.Kind == "insert":
				fmt.Fprintf(&b, "\n  insert %d at %d: %s", len(e.URIs), e.At, short(e.URIs))
			default:
				fmt.Fprintf(&b, "\n  %s %s", e.Kind, short(e.URIs))
			}
		}
		b.WriteString("\n")
	}
	for _, l := range p.LockChanges {
		fmt.Fprintf(&b, "lock %s %s %s\n", l.Kind, l.Address, l.To)
	}
	for _, l := range p.Warnings {
		fmt.Fprintf(&b, "warning %s: %s\n", l.Address, l.Text)
	}
	for _, l := range p.Refusals {
		fmt.Fprintf(&b, "refused %s: %s\n", l.Address, l.Summary)
	}
	return b.String()
}

func short(uris []spotify.URI) string {
	var out []string
	for i, u := range uris {
		if i == 5 {
			out = append(out, "…")
			break
		}
		out = append(out, strings.TrimLeft(string(u[strings.LastIndex(string(u), ":")+1:]), "0"))
	}
	return strings.Join(out, " ")
}

func (w *world) warned(text string) bool {
	return slices.ContainsFunc(w.events, func(e Event) bool { return e.Type == "warning" && strings.Contains(e.Message, text) })
}

func planWarns(p *Plan, text string) bool {
	return slices.ContainsFunc(p.Warnings, func(w Warning) bool { return strings.Contains(w.Text, text) })
}

func (w *world) lockText() string {
	w.t.Helper()
	data, err := os.ReadFile(w.lockPath())
	if err != nil {
		w.t.Fatal(err)
	}
	return string(data)
}
