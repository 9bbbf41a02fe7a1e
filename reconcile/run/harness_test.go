package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/apply"
	"github.com/spotsync/spotsync/reconcile/lockstore"
	"github.com/spotsync/spotsync/reconcile/observe"
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

	command  reconcile.Command
	verify   apply.Verify
	targets  []string
	force    bool
	adopt    bool
	twice    bool // --create-duplicate
	attended bool
	oneByOne bool // --parallelism 1
	noDelete bool // a daemon without --prune
	apart    bool // a daemon: nothing is written to the folder
	watching bool // a daemon that looks every so often
	stop     chan struct{}
	limited  func() bool
	answer   time.Duration // how long the prompt waits between plan and apply
	between  func()        // what happens meanwhile
	events   []reconcile.Event
	announce func(playlists, requests int)
	budget   *spotify.Budget // --max-requests
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

// quickDisk is a disk that is not waited for: nobody switches these computers off. What a computer that is switched off
// leaves behind is tested with [store.CrashAt].
type quickDisk struct{ store.OS }

func (d quickDisk) WriteFile(path string, data []byte, perm fs.FileMode) error {
	return d.WriteUnsynced(path, data, perm)
}

func (d quickDisk) Append(path string, line []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(line)
	return errors.Join(err, f.Close())
}

func newWorld(t testing.TB, hcl string) *world {
	w := &world{t: t, server: sandbox.New(sandbox.Options{Seed: 1}), dir: t.TempDir(), hcl: hcl, user: sandbox.SandboxUser,
		issuer: "loopback", command: "apply", fsys: quickDisk{}}
	w.wire = &wire{server: w.server}
	return w
}

func (w *world) lockPath() string { return filepath.Join(w.dir, "spotsync.lock.hcl") }

// run is what came of one command.
type run struct {
	plan  *reconcile.Plan
	diags hcl.Diagnostics
	res   *reconcile.Result
	err   error // of planning, or of what ended the run
	state *store.State
	lock  *lockstore.File
}

// failed is the first thing that went wrong, if any.
func (r run) failed() error {
	switch {
	case r.err != nil:
		return r.err
	case r.diags.HasErrors():
		return r.diags
	case r.plan != nil && len(r.plan.Refusals) > 0:
		return &reconcile.RefusedError{Refusals: r.plan.Refusals}
	case r.res != nil && len(r.res.Failures) > 0:
		return r.res.Failures[0].Err
	case r.res != nil && r.res.Stopped:
		return reconcile.ErrStopped
	}
	return nil
}

// session is a process: everything opened anew.
type session struct {
	*world
	client  *spotify.Client
	account *store.Account
	state   *store.State
	lock    *lockstore.File
	me      spotify.User
	granted []string
}

func (w *world) open(ctx context.Context) (*session, error) {
	_, token := w.server.IssueToken(w.user, sandbox.SandboxClientID, w.scopes...)
	s := &session{world: w}
	s.client = &spotify.Client{HTTP: &http.Client{Transport: bearer{token, w.wire}}, BaseURL: "http://127.0.0.1:1/v1", MaxWait: time.Minute,
		Limiter: spotify.NewLimiter(spotify.LimiterOptions{Rate: 1e6, Burst: 1e6}), Jitter: func() float64 { return 0.5 }, Budget: w.budget}
	state, cache := filepath.Join(w.dir, "state"), filepath.Join(w.dir, "cache")
	s.state = store.OpenState(w.fsys, state, w.issuer, w.lockPath())
	var err error
	openLock := lockstore.Open
	if w.apart {
		openLock = lockstore.OpenReadOnly
	}
	if s.lock, err = openLock(w.fsys, s.state, w.lockPath(), w.issuer); err != nil {
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
func (w *world) desire(lock *lockstore.File) (*config.Desired, hcl.Diagnostics) {
	ids := make(map[string]spotify.ID)
	for a, p := range lock.Current().Playlists {
		ids[a] = p.ID
	}
	m, diags := config.Parse(diag.Files{"playlists.hcl": []byte(w.hcl)})
	if diags.HasErrors() {
		return nil, diags
	}
	return m.Evaluate(context.Background(), config.Inputs{Now: time.Now(), IDs: ids, Text: func(string) bool { return true }})
}

// pipeline is the one that commands and the daemon go.
func (s *session) pipeline() *Run {
	return &Run{Issuer: s.issuer, State: s.state, Lock: s.lock, Warn: func(err error, what string) { s.t.Logf("%s: %v", what, err) },
		Open: func(_ context.Context, _ *config.Desired, label string, _ bool) (*Account, error) {
			o := &observe.Observer{API: s.client, Account: s.account, User: s.me, Label: label, Scopes: s.granted, Announce: s.announce, Watching: s.watching}
			if e, ok := s.lock.Current().Accounts[label]; ok && label != reconcile.DefaultAccount {
				o.User = spotify.User{ID: e.User, AccountID: e.ID}
				o.Account = store.OpenAccount(s.fsys, filepath.Join(s.dir, "state"), filepath.Join(s.dir, "cache"), s.issuer, e.ID)
			}
			return &Account{Observer: o, Client: s.client}, nil
		},
	}
}

// makePlan is spotsync plan.
func (s *session) makePlan(ctx context.Context) (*Planned, hcl.Diagnostics, error) {
	desired, diags := s.desire(s.lock)
	if diags.HasErrors() {
		return nil, diags, nil
	}
	o := Options{Command: s.command, AdoptByName: s.adopt, CreateDuplicate: s.twice, Attended: s.attended, NoDelete: s.noDelete, Force: s.force}
	if len(s.targets) > 0 {
		o.Targeted = func(a string) bool { return slices.Contains(s.targets, a) }
	}
	got, diags, err := s.pipeline().Plan(ctx, desired, o)
	if diags.HasErrors() {
		return nil, diags, err
	}
	return got, nil, err
}

// do applies what one plan knows how to do; what waits for the ID of a new playlist is for the next run.
func (s *session) do(ctx context.Context, got *Planned) (res *reconcile.Result, err error) {
	d := Doing{Verify: s.verify, Stop: s.stop, Limited: s.limited, LockTimeout: time.Minute, Report: func(e reconcile.Event) { s.events = append(s.events, e) }}
	if s.oneByOne {
		d.Parallelism = 1
	}
	_, err = s.pipeline().Apply(ctx, got, d, func(context.Context) (*Planned, error) { return nil, nil },
		func(_ *Planned, r *reconcile.Result) { res = r })
	return res, err
}

// plan is spotsync plan in a process of its own.
func (w *world) plan() run {
	ctx := context.Background()
	s, err := w.open(ctx)
	if err != nil {
		return run{err: err}
	}
	got, diags, err := s.makePlan(ctx)
	return run{plan: got.plan(), diags: diags, err: err, state: s.state, lock: s.lock}
}

// apply is spotsync apply --auto-approve in a process of its own.
func (w *world) apply() run { return w.applyContext(context.Background()) }

func (w *world) applyContext(ctx context.Context) run {
	w.events = nil
	s, err := w.open(ctx)
	if err != nil {
		return run{err: err}
	}
	got, diags, err := s.makePlan(ctx)
	r := run{plan: got.plan(), diags: diags, err: err, state: s.state, lock: s.lock}
	if err != nil || diags.HasErrors() || r.plan.Forbidden() != nil {
		return r
	}
	time.Sleep(w.answer)
	if w.between != nil {
		w.between()
	}
	r.res, r.err = s.do(ctx, got)
	return r
}

// plan is nil where nothing was planned.
func (p *Planned) plan() *reconcile.Plan {
	if p == nil {
		return nil
	}
	return p.Plan
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
		ids = append(ids, v.ID, s.lock.Current().Playlists[v.Address].ID)
	}
	ids = slices.DeleteFunc(ids, func(id spotify.ID) bool { return id == "" })
	seen, err := (&observe.Observer{API: s.client, Account: s.account, User: s.me, Label: "default"}).Observe(ctx, ids)
	if err != nil {
		return run{err: err}
	}
	bases, err := s.state.Bases()
	if err != nil {
		return run{err: err}
	}
	p := reconcile.NewRollback(reconcile.RollbackInput{Bases: bases, Issuer: w.issuer, Now: time.Now().UTC(), Desired: desired, Lock: s.lock.Current(),
		Observed: map[string]*reconcile.Observed{"default": seen}, Versions: last.Versions, Accounts: accounts, Force: w.force})
	r := run{plan: p, state: s.state, lock: s.lock}
	if p.Forbidden() != nil {
		return r
	}
	r.res, r.err = s.do(ctx, &Planned{Plan: p, Desired: desired, Observed: map[string]*reconcile.Observed{"default": seen}})
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
func (w *world) refused(summary string) reconcile.Refusal {
	w.t.Helper()
	writes := w.server.Writes()
	r := w.apply()
	var refused *reconcile.RefusedError
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
	return reconcile.Refusal{}
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
	l, err := lockstore.Open(store.OS{}, store.OpenState(store.OS{}, filepath.Join(w.dir, "state"), w.issuer, w.lockPath()), w.lockPath(), w.issuer)
	if err != nil {
		w.t.Fatal(err)
	}
	return l.Current().Playlists[address].ID
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

func (w *world) warned(text string) bool {
	return slices.ContainsFunc(w.events, func(e reconcile.Event) bool {
		return e.Type == reconcile.EventWarned && strings.Contains(e.Message, text)
	})
}

func planWarns(p *reconcile.Plan, text string) bool {
	return slices.ContainsFunc(p.Warnings, func(w reconcile.Warning) bool { return strings.Contains(w.Text, text) })
}

func (w *world) lockText() string {
	w.t.Helper()
	data, err := os.ReadFile(w.lockPath())
	if err != nil {
		w.t.Fatal(err)
	}
	return string(data)
}
