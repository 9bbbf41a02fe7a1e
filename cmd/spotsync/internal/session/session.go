package session

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
	"github.com/spotsync/spotsync/reconcile/lockstore"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// Session is everything a command works with that talks about a configuration and its accounts.
type Session struct {
	App   *term.App
	World *Environment
	Conf  *Configuration
	State *store.State
	Lock  *lockstore.File

	Options Options
	budget  *spotify.Budget
	limits  map[string]*spotify.Limiter // by client ID
	Logins  map[string]*Login           // by label
	Now     time.Time
	unlock  func() error // nil while others may have the lock file
}

// Options are how to talk to Spotify about a configuration.
type Options struct {
	Inputs
	LockTimeout    time.Duration
	Parallelism    int
	MaxRequests    int
	MaxWait        time.Duration
	ReadOnlyConfig bool // nothing is written into the configuration folder
	Watching       bool // an edit made elsewhere is looked for even just after a write of ours
	Hooks          Hooks
}

// Open reads the configuration and the lock file. Close the session.
func Open(a *term.App, path string, o Options) (*Session, error) {
	conf, err := Load(a, path, o.Inputs)
	if err != nil {
		return nil, err
	}
	s, err := OpenLockOnly(a, o, conf.Source.LockPath)
	if err != nil {
		return nil, errors.Join(err, conf.Files.Close())
	}
	s.Conf = conf
	return s, nil
}

// OpenLockOnly is openSession for commands that need no configuration, but its lock file.
func OpenLockOnly(a *term.App, o Options, lockPath string) (*Session, error) {
	return OpenResolving(a, o, lockPath, nil)
}

// OpenResolving is openLockOnly where a person has said which playlist an address that came to mean two is.
func OpenResolving(a *term.App, o Options, lockPath string, choose map[string]spotify.ID) (*Session, error) {
	w, err := OpenEnvironment(a, o.Hooks)
	if err != nil {
		return nil, err
	}
	s := &Session{App: a, World: w, Options: o, limits: make(map[string]*spotify.Limiter), Logins: make(map[string]*Login), Now: time.Now().UTC()}
	if o.MaxRequests > 0 {
		s.budget = spotify.NewBudget(o.MaxRequests)
	}
	path := w.LockPath(lockPath)
	s.State = store.OpenState(w.FS, w.StateDir, w.Issuer.Name, path)
	s.State.Command, s.State.Often = a.Command, o.ReadOnlyConfig
	s.State.Warn = func(err error) { a.Log.Warn().Err(err).Msg("what was remembered is damaged") }
	if o.ReadOnlyConfig {
		s.Lock, err = lockstore.OpenReadOnly(w.FS, s.State, path, w.Issuer.Name)
	} else {
		s.Lock, err = lockstore.OpenChoosing(w.FS, s.State, path, w.Issuer.Name, choose)
	}
	if err != nil {
		return nil, w.about(err)
	}
	return s, nil
}

// about adds the way out to an error of the state folder that trying again does not mend.
func (w *Environment) about(err error) error {
	var at *fs.PathError
	if !errors.As(err, &at) || !strings.HasPrefix(at.Path, w.StateDir) && !strings.HasPrefix(w.StateDir, at.Path) {
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
	for _, label := range slices.Sorted(maps.Keys(s.Logins)) {
		errs = append(errs, s.Logins[label].Source.Close())
	}
	if s.Conf != nil {
		errs = append(errs, s.Conf.Files.Close())
	}
	return errors.Join(errs...)
}

// Take keeps other spotsyncs away from the lock file until letGo or Close, and reads what it says then.
func (s *Session) Take(ctx context.Context) error {
	unlock, err := s.State.Lock(ctx, s.Options.LockTimeout, s.waitFor)
	if err != nil {
		return s.World.about(err)
	}
	s.unlock = unlock
	_, err = s.Lock.Reload()
	return err
}

// waitFor says who is being waited for.
func (s *Session) waitFor(holder string) {
	if s.World.hooks.WaitFor != nil {
		s.World.hooks.WaitFor(holder)
		return
	}
	s.App.Say("Waiting for %s.", holder)
}

// letGo lets others have the lock file.
func (s *Session) letGo() {
	if s.unlock == nil {
		return
	}
	if err := s.unlock(); err != nil {
		s.App.Log.Warn().Err(err).Msg("could not let go of the lock")
	}
	s.unlock = nil
}

// Ids are the playlists' IDs as the lock file knows them.
func (s *Session) Ids() map[string]spotify.ID {
	ids := make(map[string]spotify.ID)
	for address, e := range s.Lock.Current().Playlists {
		ids[address] = e.ID
	}
	return ids
}

// Desire works out what the files want now.
func (s *Session) Desire(ctx context.Context) (*config.Desired, error) {
	if err := parseConfiguration(s.App, s.Conf); err != nil {
		return nil, err
	}
	for _, e := range s.Lock.Current().Playlists {
		s.Conf.Text = s.Conf.Text || e.Held != nil && e.Held.Fingerprint != ""
	}
	return Evaluate(ctx, s.App, s.Conf, s.Ids(), s.Now)
}

// LogIn logs an account in, once per session.
func (s *Session) LogIn(ctx context.Context, acc config.Account) (*Login, error) {
	if l, ok := s.Logins[acc.Label]; ok {
		return l, nil
	}
	creds, err := s.World.OpenCredentials()
	if err != nil {
		return nil, err
	}
	app, err := s.World.AppFor(acc, creds)
	if err != nil {
		return nil, err
	}
	l, err := s.World.LogIn(ctx, creds, app, acc.Label, ClientOptions{Limiter: s.Limiter(app.ClientID), budget: s.budget, Wait: s.Options.MaxWait})
	if err != nil {
		return nil, err
	}
	s.Logins[acc.Label] = l
	return l, nil
}

func (s *Session) AccountStore(l *Login) *store.Account {
	return s.OpenAccount(l.User.Account())
}

// OpenAccount is what this computer keeps of an account.
func (s *Session) OpenAccount(id spotify.ID) *store.Account {
	account := store.OpenAccount(s.World.FS, s.World.StateDir, s.World.CacheDir, s.World.Issuer.Name, id)
	account.Command = s.App.Command
	return account
}

// AccountOf is how to log in to an account; one the files do not mention is used with what the environment says.
func AccountOf(desired *config.Desired, label string) config.Account {
	if acc, ok := desired.Accounts[label]; ok {
		return acc
	}
	return config.Account{Label: label}
}

// Trimmed is a secret as it stands in a file, without the space around it. Windows' own shell writes UTF-16.
func Trimmed(data []byte) (string, error) {
	text, err := textfile.Decode(data)
	return strings.TrimSpace(text), err
}

// Countdown warns when a login is about to end.
func (s *Session) Countdown() {
	for _, label := range slices.Sorted(maps.Keys(s.Logins)) {
		l := s.Logins[label]
		ends, ok := l.Token.Ends()
		if !ok {
			continue
		}
		if days, level := auth.Countdown(ends, s.Now); level != auth.LevelNone {
			s.App.Note("the login of account %q ends in %s, on %s; renew it with: spotsync login%s", l.Label, words.Plural(days, "day"), ends.Format("2 Jan 2006"), reconcile.LoginFlag(l.Label))
		}
	}
}
