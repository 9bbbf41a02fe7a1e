package daemon

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/render"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/statuspage"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/watch"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/apply"
	"github.com/spotsync/spotsync/reconcile/heal"
	"github.com/spotsync/spotsync/reconcile/run"
	"github.com/spotsync/spotsync/spotify"
)

// maxLimitWait is how long a round sits out a limit of Spotify's. A longer one ends the round, and the next begins after it.
const maxLimitWait = 5 * time.Second

// attempt is one round and what it found out.
type attempt struct {
	statuspage.Round
	planned  *run.Planned // what differs; nil where that could not be found out
	tamed    *reconcile.Plan
	verdicts []heal.Verdict
	applied  map[string]bool
	done     []doneChange
	failures map[string]error

	conflicts map[string]string // of the lock file: addresses that came to mean two playlists, and what to tell people
	accounts  []statuspage.Account
	waiting   []string // addresses whose lock entries are not in the lock file yet
	waits     bool     // for a branch
	err       error
}

// doneChange is a change that was made, and the plan it belongs to.
type doneChange struct {
	plan   *reconcile.Plan
	change *reconcile.Change
}

// made are the changes that a round made of one playlist, in order.
func (r *attempt) made(address string) []doneChange {
	return slices.DeleteFunc(slices.Clone(r.done), func(x doneChange) bool { return x.change.Address != address })
}

// round looks once, does what may be done, and says what came of it. Its error is the command's with --once: see [runner.ended].
func (d *runner) round(ctx context.Context, why string) error {
	d.began = time.Now()
	reloads := d.reloads.Swap(0)
	last := d.view().Last
	r := attempt{Round: statuspage.Round{Number: 1, Why: why, Began: d.began}, applied: map[string]bool{}, failures: map[string]error{}}
	if last != nil {
		r.Number = last.Number + 1
	}
	d.mu.Lock()
	d.sent, d.events = 0, nil
	d.mu.Unlock()
	log := d.app.Log.With().Int("round", r.Number).Logger()
	log.Debug().Str("why", why).Msg("round begins")

	// Nobody reads what a command would say: the log and the page have it from the plan and the error.
	a := *d.app
	a.Out, a.Err, a.Log = io.Discard, io.Discard, log
	a.AsText()
	a.Asks, a.OutTTY, a.ErrTTY, a.Color = false, false, false, false
	r.err = d.attempt(ctx, &a, &r)

	now := time.Now()
	d.mu.Lock()
	r.Requests = d.sent
	d.mu.Unlock()
	r.Took = now.Sub(r.Began)
	d.judge(&r)
	d.loop.Spend(r.Requests, now)
	if err := d.save(); err != nil {
		log.Warn().Err(err).Msg("what was learned in this round could not be written down")
	}
	if r.Result != statuspage.RoundLogin {
		d.watch.Accept(d.logins) // a login that was renewed by itself is no news
	}
	next := d.next(&r, now)
	d.show(&r, next, now)
	d.metrics.Round(r.Round)
	d.tell(&r, now)
	d.tellWarnings(&r)
	event := log.Debug()
	switch {
	case r.err != nil && last != nil && last.Problem == r.Problem && why == "interval":
		event = event.Str("problem", r.Problem) // said already
	case r.err != nil && r.Result != statuspage.RoundStopped:
		event = log.Error().Str("problem", r.Problem)
	case r.Result != statuspage.RoundOK && r.Result != statuspage.RoundStopped || why != "interval":
		event = log.Info()
	}
	event.Str("why", why).Str("result", string(r.Result)).Int("requests", r.Requests).Strs("applied", words.Few(r.Applied)).Stringer("took", r.Took.Round(time.Millisecond)).Time("next", next).Msg("round")
	if reloads > 0 {
		d.manager.ready() // for the signals that came before this round, whatever else it was for
	}
	if d.o.Once {
		return d.ended(&r)
	}
	return r.err
}

// attempt does a round's work.
func (d *runner) attempt(ctx context.Context, a *term.App, r *attempt) error {
	d.busy("Reading the files")
	if err := d.watch.Settle(ctx); err != nil {
		return err
	}
	if d.o.Branch != "" {
		branch, err := watch.BranchOf(folderOf(d.path))
		if err != nil {
			return fmt.Errorf("find out which branch is checked out: %w", err)
		}
		if r.waits = branch != d.o.Branch; r.waits {
			return nil
		}
	}
	s, err := d.read(ctx, a)
	if s == nil {
		return err
	}
	defer func() {
		r.waiting = s.Lock.Waiting()
		if cerr := s.Close(); cerr != nil {
			a.Log.Error().Err(cerr).Msg("a login could not be saved")
		}
	}()
	if err := d.recall(); err != nil {
		return err
	}
	if err := d.releaseNow(s); err != nil {
		return err
	}
	d.busy("Looking at Spotify")
	s.Options.Watching = r.Why == "interval" // who looks so often that it is within a minute of a write wants to know
	r.planned, err = s.PlanFor(ctx, reconcile.CommandApply, d.good, d.planning())
	d.accounts(s, r, err)
	if err != nil {
		return err
	}
	d.learnCost(r)
	d.tame(s, r)
	if !r.tamed.Empty() { // who looks meanwhile sees what is about to be done
		d.update(func(st *statuspage.Status) {
			st.Accounts, st.Playlists = r.accounts, d.playlists(r, st.Playlists, time.Now())
		})
	}
	return d.apply(ctx, s, r)
}

// planning is what a daemon's plan is about.
func (d *runner) planning() session.PlanOptions {
	return session.PlanOptions{Refresh: true, NoDelete: !d.policy.Prune || d.view().Config.Problem != ""}
}

// tame takes out of the plan what the daemon may not do, or not yet.
func (d *runner) tame(s *session.Session, r *attempt) {
	policy := d.policy
	r.conflicts = s.Lock.Conflicts()
	policy.Hold, policy.Stale = r.conflicts, d.view().Config.Problem != ""
	r.tamed, r.verdicts = d.loop.Restrict(r.planned.Plan, d.good, d.files, policy, time.Now())
}

// apply does what a round may do. Names that need the ID of a new playlist come in a second wave.
func (d *runner) apply(ctx context.Context, s *session.Session, r *attempt) error {
	o := session.ApplyOptions{Plan: d.planning(), Verify: apply.VerifyAuto}
	first, err := d.allowed(r)
	if first == nil {
		return err
	}
	stopped := false
	doing := s.Doing(o, d.good)
	doing.By, doing.Healed, doing.StopAtFailure = "daemon", render.HealedBy, false
	_, err = s.Pipeline().Apply(ctx, first, doing, func(ctx context.Context) (*run.Planned, error) {
		if s.Conf != nil { // names may hold the ID of what was just created
			if err := d.understand(ctx, s); err != nil {
				return nil, err
			}
		}
		if r.planned, err = s.PlanFor(ctx, reconcile.CommandApply, d.good, o.Plan); err != nil {
			return nil, err
		}
		d.tame(s, r)
		return d.allowed(r)
	}, func(_ *run.Planned, res *reconcile.Result) {
		stopped = res.Stopped
		d.loop.Record(r.tamed, res, time.Now())
		for _, address := range res.Applied {
			r.applied[address] = true
			delete(r.failures, address)
			if c := changeOf(r.tamed, address); c != nil {
				r.done = append(r.done, doneChange{r.tamed, c})
			}
		}
		for _, f := range res.Failures {
			r.failures[f.Address] = f.Located()
		}
	})
	if err == nil && stopped {
		return context.Canceled
	}
	return err
}

// allowed is what a round may do of what it planned, nil for nothing.
func (d *runner) allowed(r *attempt) (*run.Planned, error) {
	switch {
	case len(r.tamed.Refusals) > 0:
		return nil, &reconcile.RefusedError{Refusals: r.tamed.Refusals}
	case r.tamed.Empty():
		return nil, nil
	}
	got := *r.planned
	got.Plan = r.tamed
	d.applying = r.tamed
	return &got, nil
}

// changeOf is a plan's change of one playlist.
func changeOf(p *reconcile.Plan, address string) *reconcile.Change {
	for i := range p.Changes {
		if p.Changes[i].Address == address {
			return &p.Changes[i]
		}
	}
	return nil
}

// read reads the files, and holds the lock afterwards. Where they are broken the last valid ones stay in force. Without
// either there is nothing to do, and no session.
func (d *runner) read(ctx context.Context, a *term.App) (*session.Session, error) {
	options := session.Options{Inputs: d.o.Inputs, LockTimeout: 30 * time.Second, Parallelism: d.o.Parallelism, MaxWait: maxLimitWait, ReadOnlyConfig: true, Hooks: d.hooks}
	now := time.Now()
	conf, err := session.LoadSource(a, d.path, d.o.Inputs)
	files := 0
	if conf != nil {
		files = len(conf.Source.Files)
	}
	var s *session.Session
	lost := err // what is wrong with the files
	if err == nil {
		if s, err = session.OpenLockOnly(a, options, conf.Source.LockPath); err != nil {
			return nil, errors.Join(err, conf.Files.Close())
		}
		s.Conf = conf
		if err := s.Take(ctx); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		lost = d.understand(ctx, s)
		if ctx.Err() != nil {
			return nil, errors.Join(ctx.Err(), s.Close())
		}
		if d.watch.Watch(d.paths(conf)) {
			d.ask("files") // it may have changed between reading and watching
		}
	}
	problem := ""
	if lost != nil {
		problem = lost.Error()
		event := a.Log.Error()
		if problem == d.view().Config.Problem {
			event = a.Log.Debug() // said already
		}
		event.Str("problem", problem).Msg("the configuration is broken; the last version without errors stays in force")
	}
	d.update(func(st *statuspage.Status) {
		st.Config.Tried, st.Config.Problem = now, problem
		if lost == nil {
			st.Config.Good, st.Config.Files, st.Config.Playlists = now, files, len(d.good.Playlists)
		}
	})
	switch {
	case lost == nil:
		return s, nil
	case d.good == nil:
		if s != nil {
			err = s.Close()
		}
		return nil, errors.Join(errBroken, err)
	case s != nil:
		// It is open, and plans what was wanted before.
		if err := s.Conf.Files.Close(); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.Conf = nil
		return s, nil
	}
	if s, err = session.OpenLockOnly(a, options, d.usual); err != nil {
		return nil, err
	}
	if err := s.Take(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// understand works out what the files want, unless all that decides it is as it was: that would be half the work of a
// quiet round.
func (d *runner) understand(ctx context.Context, s *session.Session) error {
	ids := s.Ids()
	if d.good != nil && d.good.Pure && d.files == fingerprint(s.Conf.Source, nil) && maps.Equal(d.ids, ids) {
		return nil
	}
	desired, err := s.Desire(ctx)
	if err != nil {
		return err
	}
	d.good, d.files, d.ids = desired, fingerprint(s.Conf.Source, desired.Reads), ids
	return nil
}

// errBroken: nothing can be done before the files are mended.
var errBroken = errors.New(statuspage.NeverGood)

// paths are all that reading the configuration looked at, broken or not, and what it looked at when it was last good.
func (d *runner) paths(conf *session.Configuration) []string {
	source := conf.Source
	paths := slices.Concat(d.basics, conf.Files.Reads(), []string{source.LockPath})
	if d.good != nil {
		paths = append(paths, d.good.Reads...)
	}
	if source.Alone {
		for name := range source.Files {
			paths = append(paths, filepath.Join(source.Dir, filepath.Base(name)))
		}
	} else {
		paths = append(paths, source.Dir)
	}
	for _, f := range append(slices.Clone(source.AutoVars), source.VarFiles...) {
		paths = append(paths, f.Name)
	}
	return paths
}

// fingerprint tells whether files say something else than before.
func fingerprint(source *config.Source, reads []string) string {
	h := sha256.New()
	all := source.Sources()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(h, "%q %d\n%s", name, len(all[name]), all[name])
	}
	for _, path := range reads {
		fmt.Fprintf(h, "%q ", path)
		if f, err := os.Open(path); err == nil {
			_, _ = io.Copy(h, f) // a part of it does as well
			_ = f.Close()
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// releaseNow releases what somebody asked to have released.
func (d *runner) releaseNow(s *session.Session) error {
	d.mu.Lock()
	addresses := d.releases
	d.releases = nil
	d.mu.Unlock()
	for _, address := range addresses {
		d.loop.Release(address)
		err := s.Lock.Update(func(f *lockfile.File) {
			if e, ok := f.Playlists[address]; ok {
				e.Held = nil
				f.Playlists[address] = e
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// recall takes over what a command, such as resume, has written of what the daemon remembers. The lock is held.
func (d *runner) recall() error {
	now, err := d.state.Loop()
	if err != nil || bytes.Equal(now, d.saved) {
		return err
	}
	if d.loop, err = heal.Load(d.state); err != nil {
		return err
	}
	d.saved = now
	return nil
}

// save writes down what the daemon remembers.
func (d *runner) save() error {
	if err := d.loop.Save(d.state); err != nil {
		return err
	}
	d.watch.Accept(d.state.LoopPath())
	var err error
	d.saved, err = d.state.Loop()
	return err
}

// learnCost finds out what a quiet round costs, and says so once.
func (d *runner) learnCost(r *attempt) {
	var libraries []int
	for _, label := range slices.Sorted(maps.Keys(r.planned.Observed)) {
		if o := r.planned.Observed[label]; o.Asked {
			libraries = append(libraries, len(o.Library))
		}
	}
	cost := heal.QuietCost(libraries...)
	if len(libraries) == 0 {
		d.mu.Lock()
		cost = d.sent
		d.mu.Unlock()
	}
	if cost == d.cost {
		return
	}
	d.cost = cost
	interval := d.loop.Interval(d.policy, cost, time.Now())
	event := d.app.Log.Info().Int("requests", cost).Stringer("interval", interval)
	if interval > 0 {
		event = event.Int("requests_a_day", int(24*time.Hour/interval)*cost)
	}
	event.Msg("what a quiet round costs")
	if interval > d.policy.Interval && !d.stretched {
		d.stretched = true
		d.app.Log.Warn().Stringer("asked", d.policy.Interval).Stringer("interval", interval).Int("requests_per_day", d.policy.RequestsPerDay).
			Msg("the interval is stretched to stay under --requests-per-day; --requests-per-day 0 lifts that")
	}
}

// next is when the next round begins.
func (d *runner) next(r *attempt, now time.Time) time.Time {
	until := d.notBefore(r)
	jitter := rand.Float64()
	if r.Result == statuspage.RoundLogin || errors.Is(r.err, errBroken) || r.waits { // a change on disk mends that, and is told
		return now.Add(d.o.Interval)
	}
	cost := d.cost
	if r.planned == nil && r.Result == statuspage.RoundFailed { // nothing was seen: the network, most likely
		if soon := time.Minute << d.unseen; soon < d.o.Interval {
			d.unseen++
			return now.Add(soon)
		}
		cost = max(cost, r.Requests) // trying counts too
	} else {
		d.unseen = 0
	}
	return d.loop.Next(d.policy, cost, until, now, jitter)
}

// notBefore is until when Spotify wants no requests about playlists. Until another group opens again, rounds go on without it.
func (d *runner) notBefore(r *attempt) (until time.Time) {
	var limited *spotify.RateLimitError
	if errors.As(r.err, &limited) && (spotify.Hold{Group: limited.Group}).StopsPlaylists() {
		until = limited.Until
	}
	for _, a := range r.accounts {
		if a.NotBefore.After(until) {
			until = a.NotBefore
		}
	}
	return until
}

// accounts notes how the accounts are that a round was about.
func (d *runner) accounts(s *session.Session, r *attempt, err error) {
	var needed *auth.LoginRequiredError
	errors.As(err, &needed)
	now := time.Now()
	for _, label := range run.Labels(d.good, s.Lock, nil) {
		acc := statuspage.Account{Label: label}
		if locked, ok := s.Lock.Current().Accounts[label]; ok {
			acc.Name, acc.User = locked.Name, string(locked.User)
		}
		if l, ok := s.Logins[label]; ok {
			acc.Name, acc.User, acc.Missing = l.User.DisplayName, string(l.User.ID), auth.Missing(l.Token.Scopes, session.CoreScopes)
			if ends, known := l.Token.Ends(); known {
				acc.Ends = ends
				acc.Days, _ = auth.Countdown(ends, now)
			}
			limiter := s.Limiter(l.App.ClientID)
			if h := limiter.NotBefore(spotify.GroupPlaylists); !h.Until.IsZero() {
				acc.NotBefore, acc.Waits = h.Until, waitReason(h)
			}
			acc.Shut = slices.DeleteFunc(limiter.Holds(), spotify.Hold.StopsPlaylists)
			if unsaved := l.Source.Unsaved(); unsaved != nil {
				acc.Problem = words.FromError(unsaved)
			}
		}
		if needed != nil && (needed.Account == label || needed.Seed && label == reconcile.DefaultAccount) {
			acc.Problem, acc.NeedsLogin = words.FromError(needed), true
		}
		r.accounts = append(r.accounts, acc)
	}
}

// waitReason is what there is to say of a limit beside its end.
func waitReason(h spotify.Hold) string {
	if !h.Quota() {
		return ""
	}
	return words.Capital(h.Group.Doing()) + " is shut: the quota for it is used up."
}

// The hooks of a run: what happens while a round is under way.

func (d *runner) requested(r spotify.Request) {
	d.mu.Lock()
	d.sent++
	d.moved = time.Now()
	d.mu.Unlock()
	d.metrics.Request(r)
}

func (d *runner) waited(r spotify.Retry) {
	d.metrics.Waited(r.Wait)
	d.mu.Lock()
	d.moved = time.Now().Add(r.Wait)
	d.mu.Unlock()
}

func (d *runner) happened(e reconcile.Event) {
	log := d.app.Log.With().Str("playlist", e.Address).Str("account", e.Account).Logger()
	switch e.Type {
	case reconcile.EventStarted:
		d.busy("Changing " + e.Address)
	case reconcile.EventRequested:
		d.metrics.Edit(string(e.Edit.Kind))
		log.Debug().Str("edit", string(e.Edit.Kind)).Msg("sent")
	case reconcile.EventCreated:
		log.Info().Str("id", string(e.ID)).Msg("created")
	case reconcile.EventApplied:
		line := "done"
		if c := changeOf(d.applying, e.Address); c != nil {
			line = render.DoneLine(d.applying, c)
		}
		log.Info().Str("action", string(e.Action)).Msg(line)
	case reconcile.EventFailed:
		blaming(log.Warn(), e.Source).Str("problem", e.Message).Msg("failed")
	case reconcile.EventWarned:
		blaming(log.Warn(), e.Source).Msg(e.Message)
		d.mu.Lock()
		d.events = append(d.events, e)
		d.mu.Unlock()
	}
}

// blaming adds the line of the files that is to blame, where one is known.
func blaming(event *zerolog.Event, source string) *zerolog.Event {
	if source == "" {
		return event
	}
	return event.Str("source", source)
}
