package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/textfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

const defaultLabel = "default"

// session is everything a command works with that talks about a configuration and its accounts.
type Session struct {
	app   *term.App
	world *Environment
	conf  *Configuration
	state *store.State
	lock  *reconcile.LockFile

	options Options
	budget  *spotify.Budget
	limits  map[string]*spotify.Limiter // by client ID
	logins  map[string]*Login           // by label
	now     time.Time
	unlock  func() error // nil while others may have the lock file
}

// sessionOptions are how to talk to Spotify about a configuration.
type Options struct {
	Inputs
	lockTimeout time.Duration
	parallelism int
	maxRequests int
	maxWait     time.Duration
	apart       bool // nothing is written into the configuration folder
	watching    bool // an edit made elsewhere is looked for even just after a write of ours
	hooks       Hooks
}

// openSession reads the configuration and the lock file. Close the session.
func Open(a *term.App, path string, o Options) (*Session, error) {
	conf, err := Load(a, path, o.Inputs)
	if err != nil {
		return nil, err
	}
	s, err := openLockOnly(a, o, conf.source.LockPath)
	if err != nil {
		return nil, errors.Join(err, conf.files.Close())
	}
	s.conf = conf
	return s, nil
}

// openLockOnly is openSession for commands that need no configuration, but its lock file.
func openLockOnly(a *term.App, o Options, lockPath string) (*Session, error) {
	return openResolving(a, o, lockPath, nil)
}

// openResolving is openLockOnly where a person has said which playlist an address that came to mean two is.
func openResolving(a *term.App, o Options, lockPath string, choose map[string]spotify.ID) (*Session, error) {
	w, err := OpenEnvironment(a, o.hooks)
	if err != nil {
		return nil, err
	}
	s := &Session{app: a, world: w, options: o, limits: make(map[string]*spotify.Limiter), logins: make(map[string]*Login), now: time.Now().UTC()}
	if o.maxRequests > 0 {
		s.budget = spotify.NewBudget(o.maxRequests)
	}
	path := w.lockPath(lockPath)
	s.state = store.OpenState(w.FS, w.stateDir, w.issuer.Name, path)
	s.state.Command, s.state.Often = a.Command, o.apart
	s.state.Warn = func(err error) { a.Log.Warn().Err(err).Msg("what was remembered is damaged") }
	if o.apart {
		s.lock, err = reconcile.OpenLockFileApart(w.FS, s.state, path, w.issuer.Name)
	} else {
		s.lock, err = reconcile.OpenLockFileChoosing(w.FS, s.state, path, w.issuer.Name, choose)
	}
	if err != nil {
		return nil, w.about(err)
	}
	return s, nil
}

// about adds the way out to an error of the state folder that trying again does not mend.
func (w *Environment) about(err error) error {
	var at *fs.PathError
	if !errors.As(err, &at) || !strings.HasPrefix(at.Path, w.stateDir) && !strings.HasPrefix(w.stateDir, at.Path) {
		return err
	}
	for _, e := range []error{fs.ErrPermission, syscall.EROFS, syscall.ENOTDIR} {
		if errors.Is(err, e) {
			return fmt.Errorf("%w; spotsync keeps there what it must remember, so make the folder writable, or name another with SPOTSYNC_DATA_DIR", err)
		}
	}
	return err
}

// Close lets go of everything. A login that could not be saved is an error: the next run would have to log in.
func (s *Session) Close() error {
	s.remember()
	s.letGo()
	var errs []error
	for _, label := range slices.Sorted(maps.Keys(s.logins)) {
		errs = append(errs, s.logins[label].source.Close())
	}
	if s.conf != nil {
		errs = append(errs, s.conf.files.Close())
	}
	return errors.Join(errs...)
}

// take keeps other spotsyncs away from the lock file until letGo or Close, and reads what it says then.
func (s *Session) take(ctx context.Context) error {
	unlock, err := s.state.Lock(ctx, s.options.lockTimeout, s.waitFor)
	if err != nil {
		return s.world.about(err)
	}
	s.unlock = unlock
	_, err = s.lock.Reload()
	return err
}

// waitFor says who is being waited for.
func (s *Session) waitFor(holder string) {
	if s.world.hooks.waitFor != nil {
		s.world.hooks.waitFor(holder)
		return
	}
	s.app.Say("Waiting for %s.", holder)
}

// letGo lets others have the lock file.
func (s *Session) letGo() {
	if s.unlock == nil {
		return
	}
	if err := s.unlock(); err != nil {
		s.app.Log.Warn().Err(err).Msg("could not let go of the lock")
	}
	s.unlock = nil
}

// ids are the playlists' IDs as the lock file knows them.
func (s *Session) ids() map[string]spotify.ID {
	ids := make(map[string]spotify.ID)
	for address, e := range s.lock.Current().Playlists {
		ids[address] = e.ID
	}
	return ids
}

// desire works out what the files want now.
func (s *Session) desire(ctx context.Context) (*config.Desired, error) {
	if err := parseConfiguration(s.app, s.conf); err != nil {
		return nil, err
	}
	for _, e := range s.lock.Current().Playlists {
		s.conf.text = s.conf.text || e.Held != nil && e.Held.Fingerprint != ""
	}
	return Evaluate(ctx, s.app, s.conf, s.ids(), s.now)
}

// logIn logs an account in, once per session.
func (s *Session) logIn(ctx context.Context, acc config.Account) (*Login, error) {
	if l, ok := s.logins[acc.Label]; ok {
		return l, nil
	}
	creds, err := s.world.openCredentials()
	if err != nil {
		return nil, err
	}
	app, err := s.world.appFor(acc, creds)
	if err != nil {
		return nil, err
	}
	l, err := s.world.logIn(ctx, creds, app, acc.Label, clientOptions{limiter: s.limiter(app.ClientID), budget: s.budget, wait: s.options.maxWait})
	if err != nil {
		return nil, err
	}
	s.logins[acc.Label] = l
	return l, nil
}

func (s *Session) accountStore(l *Login) *store.Account {
	return s.openAccount(l.user.Account())
}

// openAccount is what this computer keeps of an account.
func (s *Session) openAccount(id spotify.ID) *store.Account {
	account := store.OpenAccount(s.world.FS, s.world.stateDir, s.world.cacheDir, s.world.issuer.Name, id)
	account.Command = s.app.Command
	return account
}

// accountOf is how to log in to an account; one the files do not mention is used with what the environment says.
func accountOf(desired *config.Desired, label string) config.Account {
	if acc, ok := desired.Accounts[label]; ok {
		return acc
	}
	return config.Account{Label: label}
}

// trimmed is a secret as it stands in a file, without the space around it. Windows' own shell writes UTF-16.
func trimmed(data []byte) (string, error) {
	text, err := textfile.Decode(data)
	return strings.TrimSpace(text), err
}

// countdown warns when a login is about to end.
func (s *Session) countdown() {
	for _, label := range slices.Sorted(maps.Keys(s.logins)) {
		l := s.logins[label]
		ends, ok := l.token.Ends()
		if !ok {
			continue
		}
		if days, level := auth.Countdown(ends, s.now); level != auth.LevelNone {
			s.app.Note("the login of account %q ends in %s, on %s; renew it with: spotsync login%s", l.label, words.Plural(days, "day"), ends.Format("2 Jan 2006"), loginFlag(l.label))
		}
	}
}

func loginFlag(label string) string {
	return reconcile.LoginFlag(label)
}
