package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/notify"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/statuspage"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/watch"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/textfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/heal"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// Options are how a daemon keeps Spotify as the files say.
type Options struct {
	session.Inputs
	Interval       time.Duration
	Poll           time.Duration
	Branch         string
	Prune          bool
	NoCreate       bool
	Once           bool
	RequestsPerDay int
	Parallelism    int
	NotifyURL      string
	Server         statuspage.Options
	Build          statuspage.Build
}

// runner is a running daemon. Its main loop does one thing at a time; other goroutines wake it and look at its status.
type runner struct {
	app     *term.App
	o       Options
	hooks   session.Hooks // of its rounds
	path    string        // the configuration, as it was named
	policy  heal.Policy
	state   *store.State
	loop    *heal.State
	watch   *watch.Watcher
	metrics *statuspage.Metrics
	notify  *notify.Notifier
	manager serviceManager
	wake    chan string // why a round is wanted now

	// What only the main loop touches.
	lockPath  string
	usual     string                // path of the lock file before the sandbox moves it
	logins    string                // path of the credentials file
	tokens    []string              // what changes when somebody logs in: the credentials file, and those that hold secrets
	good      *config.Desired       // what the files said when they were last without errors; nil: never
	files     string                // fingerprint of them
	ids       map[string]spotify.ID // by address, which they were worked out with
	saved     []byte                // what the loop's record held when it was last read or written
	basics    []string              // paths watched whatever the files say
	cost      int                   // requests of a quiet round; 0: not known yet
	stretched bool                  // that the interval is stretched was told
	began     time.Time             // of the round under way
	applying  *reconcile.Plan       // the one being applied
	unseen    int                   // rounds in a row that were tried again soon, because they could see nothing
	failing   bool                  // the last round did not do what it should
	refusals  string                // told last
	broken    string                // what was wrong with the files, told last
	held      map[string]string     // why playlists are held back, by address, told last
	warned    map[planWarning]bool  // what the last plan warns of, told
	lacking   map[string]string     // scopes that an account was not granted, by label, told last

	reloads atomic.Int32 // asked for by signal, and not yet begun

	mu       sync.Mutex
	status   statuspage.Status
	moved    time.Time               // when the main loop was last seen to move
	sent     int                     // requests of the round under way
	events   []reconcile.Event       // warnings of what the round under way does
	releases []string                // playlists to release
	begun    map[string]pendingLogin // by account label
}

// Run runs until it is stopped, and then returns nil.
func Run(ctx context.Context, a *term.App, path string, o Options) (err error) {
	if o.Server.Listen != "" {
		o.Server.Decode = textfile.Decode
		if err := o.Server.Check(); err != nil {
			return err
		}
	}
	if o.Interval < time.Second || o.Poll < 0 || o.RequestsPerDay < 0 {
		return errors.New("--interval wants a second or more, --poll and --requests-per-day nothing below 0")
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50) // it lives for years, and works for a second now and then
	}
	d := &runner{app: a, o: o, path: path, policy: heal.Policy{Prune: o.Prune, NoCreate: o.NoCreate, Interval: o.Interval, RequestsPerDay: o.RequestsPerDay},
		metrics: statuspage.NewMetrics(o.Build), manager: serviceManager{a.Log}, wake: make(chan string, 1), begun: make(map[string]pendingLogin)}
	host, _ := os.Hostname() // for notices; they go without as well
	if d.notify, err = notify.New(o.NotifyURL, host, a.UserAgent(), a.Log, a.Transport); err != nil {
		return err
	}
	if err := d.open(ctx); err != nil {
		return err
	}
	unlock, err := d.state.LockDaemon(ctx)
	if err != nil {
		return err
	}
	defer term.Closing(unlock, &err)
	if d.loop, err = heal.Load(d.state); err != nil {
		return err
	}
	d.status.Requests = d.loop.Used(time.Now())
	var listener net.Listener
	if o.Server.Listen != "" && !o.Once {
		listen := net.Listen
		if a.Listen != nil {
			listen = a.Listen
		}
		if listener, err = listen("tcp", o.Server.Listen); err != nil {
			return fmt.Errorf("listen on %s: %w; another address goes with --listen", o.Server.Listen, err)
		}
		a.Log.Info().Str("address", "http://"+listener.Addr().String()).Msg("listening")
		erase, err := d.state.NoteDaemonAddress(listener.Addr().String())
		if err != nil {
			a.Log.Debug().Err(err).Msg("spotsync status will not know of this daemon")
		} else {
			defer term.Closing(erase, &err)
		}
	}

	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	wg.Go(func() { d.watch.Run(background) })
	wg.Go(func() { d.notify.Run(background) })
	wg.Go(func() { d.signals(background) })
	wg.Go(func() { d.feedWatchdog(background) })
	wg.Go(func() {
		select {
		case <-ctx.Done():
			d.manager.stopping() // at once, though what is under way may take its time
			d.manager.status("Stopping; what is under way is finished first")
		case <-background.Done():
		}
	})
	if listener != nil {
		wg.Go(func() {
			if err := d.server().Serve(background, listener); err != nil {
				a.Log.Error().Err(err).Msg("the HTTP server ended")
			}
		})
	}
	d.manager.ready()
	return d.run(ctx)
}

// open finds out what is watched, and what must be remembered where, before anything is read.
func (d *runner) open(ctx context.Context) error {
	w, err := session.OpenEnvironment(d.app, session.Hooks{})
	if err != nil {
		return err
	}
	w.SayWhere()
	if err := d.absolute(); err != nil {
		return err
	}
	full := d.path
	d.lockPath = d.app.Settings.LockFile
	switch {
	case d.lockPath != "":
	case strings.HasSuffix(full, ".hcl"):
		d.lockPath = strings.TrimSuffix(full, ".hcl") + ".lock.hcl"
	default:
		d.lockPath = filepath.Join(full, "spotsync.lock.hcl")
	}
	d.usual = d.lockPath
	d.lockPath = w.LockPath(d.usual)
	d.state = store.OpenState(w.FS, w.StateDir, w.Issuer.Name, d.lockPath)
	d.state.Command = d.app.Command
	d.state.Warn = func(err error) { d.app.Log.Warn().Err(err).Msg("what was remembered is damaged") }
	d.watch = watch.New(d.app.Log, watch.Options{Poll: d.o.Poll})
	d.logins = w.Credentials
	d.tokens = []string{w.Credentials}
	for _, name := range []string{"SPOTSYNC_REFRESH_TOKEN_FILE", "SPOTSYNC_CLIENT_SECRET_FILE"} {
		if path := d.app.Getenv(name); path != "" {
			if path, err = filepath.Abs(d.app.ExpandHome(path)); err != nil {
				return err
			}
			d.tokens = append(d.tokens, path)
		}
	}
	d.basics = slices.Concat([]string{full, d.lockPath, d.state.LoopPath()}, d.tokens, d.o.VarFiles)
	if d.o.Branch != "" {
		d.basics = append(d.basics, watch.BranchPaths(folderOf(full))...)
	}
	d.watch.Watch(d.basics) // before they are read, so that no change is missed
	now := time.Now()
	d.moved = now
	d.status = statuspage.Status{Version: d.app.Version, Started: now, Path: d.tilde(full), Apply: applyCommand(d.tilde(full)), LockFile: d.lockPath, State: d.state.Key(), Interval: d.o.Interval,
		RequestsPerDay: d.policy.RequestsPerDay, Reasons: []string{"It has not looked yet."}}
	if d.app.Transport == nil {
		d.app.Transport = http.DefaultTransport.(*http.Transport).Clone()
	}
	d.hooks.WaitFor = func(holder string) { d.app.Log.Info().Str("holder", holder).Msg("waiting for another spotsync") }
	d.hooks.Sources, d.hooks.Learned = &session.Sources{}, &spotify.Learned{}
	d.hooks.Request, d.hooks.Retry, d.hooks.Event = d.requested, d.waited, d.happened
	return ctx.Err()
}

// absolute frees what was named on the command line from the working folder, which is gone for good when somebody replaces
// it, even by one of the same name.
func (d *runner) absolute() (err error) {
	d.o.VarFiles = slices.Clone(d.o.VarFiles)
	paths := []*string{&d.path}
	for i := range d.o.VarFiles {
		paths = append(paths, &d.o.VarFiles[i])
	}
	for _, p := range []*string{&d.app.Settings.LockFile, &d.app.Settings.Root} {
		if *p != "" {
			paths = append(paths, p)
		}
	}
	for _, p := range paths {
		if *p, err = filepath.Abs(*p); err != nil {
			return err
		}
	}
	return nil
}

// tilde is a path as people write it: from their home folder, where it is below that.
func (d *runner) tilde(path string) string {
	if home := d.app.Getenv("HOME"); home != "" {
		if rest, err := filepath.Rel(home, path); err == nil && filepath.IsLocal(rest) {
			return filepath.Join("~", rest)
		}
	}
	return path
}

// folderOf is the folder of a configuration.
func folderOf(path string) string {
	if strings.HasSuffix(path, ".hcl") {
		return filepath.Dir(path)
	}
	return path
}

var plainPath = regexp.MustCompile(`^[A-Za-z0-9_./-]+$`)

// applyCommand is the command that applies what is at a path, as a shell reads it. The home folder is ~.
func applyCommand(path string) string {
	home, rest := "", path
	if strings.HasPrefix(rest, "~/") {
		home, rest = rest[:2], rest[2:]
	}
	if !plainPath.MatchString(rest) {
		rest = reconcile.ShellQuote(rest)
	}
	return "spotsync apply " + home + rest
}

// atOnce is the shortest time a timer runs for. One of 0 brings Go 1.26's race detector down now and then, in a test that
// has a time of its own.
const atOnce = time.Nanosecond

// run looks, and waits for a reason to look again, until it is stopped.
func (d *runner) run(ctx context.Context) error {
	d.app.Log.Info().Str("path", d.path).Str("lock_file", d.lockPath).Stringer("interval", d.o.Interval).Msg("started")
	timer := time.NewTimer(atOnce)
	defer timer.Stop()
	why := "start"
	for {
		select {
		case <-ctx.Done():
			return d.end()
		case <-d.watch.Changes():
			why = d.changed()
		case why = <-d.wake:
		case <-timer.C:
			if left := d.left(); left > 0 {
				timer.Reset(min(left, maxSleep))
				continue
			}
		}
		if ctx.Err() != nil {
			return d.end()
		}
		res := d.round(ctx, why)
		if d.o.Once {
			return errors.Join(res, d.end())
		}
		debug.FreeOSMemory() // a round takes a hundred megabytes for a second; they are others' until the next
		timer.Reset(max(atOnce, min(d.left(), maxSleep)))
		why = "interval"
	}
}

// maxSleep is how long the main loop sleeps at most. A timer stands still while a computer is suspended; the clock on the wall
// doesn't.
const maxSleep = time.Minute

// left is how long it is until the next round, by the clock that thinks it is sooner: one may have been set back, the other
// have stood still.
func (d *runner) left() time.Duration {
	next, now := d.view().Next, time.Now()
	return min(next.Sub(now), next.Round(0).Sub(now.Round(0)))
}

// changed tells what changed on disk.
func (d *runner) changed() string {
	why := "request" // resume
	for _, path := range d.watch.Changed() {
		switch {
		case path == d.state.LoopPath():
		case path == d.logins || path == d.app.ExpandHome(d.app.Getenv("SPOTSYNC_REFRESH_TOKEN_FILE")):
			if why == "request" {
				why = "login"
			}
		default:
			why = "files"
		}
	}
	return why
}

// end writes down what rounds had not yet reason to write down.
func (d *runner) end() error {
	d.app.Log.Info().Msg("stopped")
	d.loop.Close()
	return d.loop.Save(d.state)
}

// signals makes SIGHUP a wish for a round.
func (d *runner) signals(ctx context.Context) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
			d.manager.reloading()
			d.reloads.Add(1)
			d.ask("signal")
		}
	}
}

// ask wants a round soon; one that is wanted already is enough.
func (d *runner) ask(why string) {
	select {
	case d.wake <- why:
	default:
	}
}

// stuckAfter is how long the main loop may do nothing in the middle of a round.
const stuckAfter = 15 * time.Minute

// alive is an error when the main loop does not move though it should.
func (d *runner) alive() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if idle := time.Since(d.moved); d.status.Busy != "" && idle > stuckAfter {
		return fmt.Errorf("a round has not moved for %s", idle.Round(time.Second))
	}
	return nil
}

// feedWatchdog tells systemd that the daemon lives, as long as it does.
func (d *runner) feedWatchdog(ctx context.Context) {
	every := d.manager.watchdog()
	if every <= 0 {
		return
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if d.alive() == nil {
				d.manager.ping()
			}
		}
	}
}

// Server is what others see of the daemon.
func (d *runner) server() *statuspage.Server {
	return &statuspage.Server{Status: d.view, Alive: d.alive, Reconcile: func() { d.ask("request") }, Reload: func() { d.ask("request") }, Release: d.release,
		BeginLogin: d.beginLogin, FinishLogin: d.finishLogin, Metrics: d.metrics.Handler(), Log: d.app.Log, Options: d.o.Server}
}

// view is a copy of the status.
func (d *runner) view() statuspage.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.status
	s.Now = time.Now()
	return s
}

// update changes the status. What it holds is replaced, never changed: others may be looking at it.
func (d *runner) update(change func(*statuspage.Status)) {
	d.mu.Lock()
	change(&d.status)
	d.moved = time.Now()
	d.mu.Unlock()
	d.metrics.Status(d.view())
}

func (d *runner) busy(what string) {
	d.update(func(s *statuspage.Status) { s.Busy = what })
	if what != "" {
		d.manager.status(what)
	}
}

// release has a playlist released before the next round, which begins at once.
func (d *runner) release(address string) error {
	known := false
	for _, p := range d.view().Playlists {
		known = known || p.Address == address
	}
	if !known {
		return fmt.Errorf("%s is not managed here", address)
	}
	d.mu.Lock()
	d.releases = append(d.releases, address)
	d.mu.Unlock()
	d.ask("request")
	return nil
}
