package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/rs/zerolog"

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

// inputFlags are what variables get their values from, beside the configuration.
type inputFlags struct {
	vars     []string
	varFiles []string
	after    []int // how many --var stood before each --var-file
}

// configuration is files read and parsed, not yet worked out.
type configuration struct {
	source *config.Source
	module *config.Module // nil: not parsed yet
	vars   config.VarSources
	files  *config.DirFiles
	text   bool // whether the text of each block says something else than before is of interest
}

// loadConfiguration reads a configuration.
func loadConfiguration(a *term.App, path string, in inputFlags) (*configuration, error) {
	c, err := loadSource(a, path, in)
	if err != nil {
		return nil, err
	}
	if err := parseConfiguration(a, c); err != nil {
		return nil, errors.Join(err, c.files.Close())
	}
	return c, nil
}

// loadSource is load as far as the disk is concerned.
func loadSource(a *term.App, path string, in inputFlags) (*configuration, error) {
	source, diags := readSource(a, path, in)
	if err := checked(a, nil, diags); err != nil {
		return nil, err
	}
	return newConfiguration(a, source, nil, in)
}

// parseConfiguration parses what was read, unless that was done.
func parseConfiguration(a *term.App, c *configuration) error {
	if c.module != nil {
		return nil
	}
	module, diags := config.Parse(c.source.Files, config.ForVersion(a.Version))
	if err := checked(a, c.source.Sources(), diags); err != nil {
		return err
	}
	c.module = module
	return nil
}

// readSource reads a configuration's files.
func readSource(a *term.App, path string, in inputFlags) (*config.Source, hcl.Diagnostics) {
	source, diags := config.Load(config.LoadOptions{Path: path, Root: a.Settings.Root, LockFile: a.Settings.LockFile, VarFiles: in.varFiles})
	if source != nil {
		for i := range source.VarFiles {
			source.VarFiles[i].After = in.after[i]
		}
	}
	return source, diags
}

// newConfiguration puts together what an evaluation needs.
func newConfiguration(a *term.App, source *config.Source, module *config.Module, in inputFlags) (*configuration, error) {
	files, err := config.OpenFiles(source.Dir, source.Root)
	if err != nil {
		return nil, err
	}
	return &configuration{source: source, module: module, files: files,
		vars: config.VarSources{Env: a.Environ(), Auto: source.AutoVars, Files: source.VarFiles, Flags: in.vars}}, nil
}

func (c *configuration) inputs(ids map[string]spotify.ID, now time.Time) config.Inputs {
	in := config.Inputs{Vars: c.vars, Now: now, IDs: ids, Files: c.files}
	if c.text {
		in.Text = func(string) bool { return true }
	}
	return in
}

// evaluateConfiguration works out what the configuration wants.
func evaluateConfiguration(ctx context.Context, a *term.App, c *configuration, ids map[string]spotify.ID, now time.Time) (*config.Desired, error) {
	desired, diags := c.module.Evaluate(ctx, c.inputs(ids, now))
	if err := ctx.Err(); err != nil { // the files are not to blame
		return nil, err
	}
	if err := checked(a, c.source.Sources(), diags); err != nil {
		return nil, err
	}
	return desired, nil
}

// diagnosticsError is what is wrong with files. Who prints it quotes them.
type diagnosticsError struct {
	files config.Files
	diags hcl.Diagnostics
}

// Error is all of it as plain text.
func (e *diagnosticsError) Error() string {
	var b strings.Builder
	_ = config.WriteDiagnostics(&b, e.files, e.diags, false, 0) // a builder takes everything
	return strings.TrimSpace(b.String())
}

// checked is diags as an error, if one is among them. Warnings alone are printed.
func checked(a *term.App, files config.Files, diags hcl.Diagnostics) error {
	if diags.HasErrors() {
		return &diagnosticsError{files, diags}
	}
	return showDiagnostics(a, files, diags)
}

// showDiagnostics prints diagnostics.
func showDiagnostics(a *term.App, files config.Files, diags hcl.Diagnostics) error {
	if len(diags) == 0 {
		return nil
	}
	a.Answer.Add(files, diags)
	level := zerolog.WarnLevel
	if diags.HasErrors() {
		level = zerolog.ErrorLevel
	}
	return a.Message(level, func(w io.Writer, color bool, width int) error {
		return config.WriteDiagnostics(w, files, diags, color, width)
	})
}

// session is everything a command works with that talks about a configuration and its accounts.
type session struct {
	app   *term.App
	world *world
	conf  *configuration
	state *store.State
	lock  *reconcile.LockFile

	options sessionOptions
	budget  *spotify.Budget
	limits  map[string]*spotify.Limiter // by client ID
	logins  map[string]*login           // by label
	now     time.Time
	unlock  func() error // nil while others may have the lock file
}

// sessionOptions are how to talk to Spotify about a configuration.
type sessionOptions struct {
	inputFlags
	lockTimeout time.Duration
	parallelism int
	maxRequests int
	maxWait     time.Duration
	apart       bool // nothing is written into the configuration folder
	watching    bool // an edit made elsewhere is looked for even just after a write of ours
	hooks       hooks
}

// openSession reads the configuration and the lock file. Close the session.
func openSession(a *term.App, path string, o sessionOptions) (*session, error) {
	conf, err := loadConfiguration(a, path, o.inputFlags)
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
func openLockOnly(a *term.App, o sessionOptions, lockPath string) (*session, error) {
	return openResolving(a, o, lockPath, nil)
}

// openResolving is openLockOnly where a person has said which playlist an address that came to mean two is.
func openResolving(a *term.App, o sessionOptions, lockPath string, choose map[string]spotify.ID) (*session, error) {
	w, err := openWorld(a, o.hooks)
	if err != nil {
		return nil, err
	}
	s := &session{app: a, world: w, options: o, limits: make(map[string]*spotify.Limiter), logins: make(map[string]*login), now: time.Now().UTC()}
	if o.maxRequests > 0 {
		s.budget = spotify.NewBudget(o.maxRequests)
	}
	path := w.lockPath(lockPath)
	s.state = store.OpenState(w.fsys, w.stateDir, w.issuer.Name, path)
	s.state.Command, s.state.Often = a.Command, o.apart
	s.state.Warn = func(err error) { a.Log.Warn().Err(err).Msg("what was remembered is damaged") }
	if o.apart {
		s.lock, err = reconcile.OpenLockFileApart(w.fsys, s.state, path, w.issuer.Name)
	} else {
		s.lock, err = reconcile.OpenLockFileChoosing(w.fsys, s.state, path, w.issuer.Name, choose)
	}
	if err != nil {
		return nil, w.about(err)
	}
	return s, nil
}

// about adds the way out to an error of the state folder that trying again does not mend.
func (w *world) about(err error) error {
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
func (s *session) Close() error {
	s.remember()
	s.letGo()
	var errs []error
	for _, label := range sortedKeys(s.logins) {
		errs = append(errs, s.logins[label].source.Close())
	}
	if s.conf != nil {
		errs = append(errs, s.conf.files.Close())
	}
	return errors.Join(errs...)
}

// take keeps other spotsyncs away from the lock file until letGo or Close, and reads what it says then.
func (s *session) take(ctx context.Context) error {
	unlock, err := s.state.Lock(ctx, s.options.lockTimeout, s.waitFor)
	if err != nil {
		return s.world.about(err)
	}
	s.unlock = unlock
	_, err = s.lock.Reload()
	return err
}

// waitFor says who is being waited for.
func (s *session) waitFor(holder string) {
	if s.world.hooks.waitFor != nil {
		s.world.hooks.waitFor(holder)
		return
	}
	s.app.Say("Waiting for %s.", holder)
}

// letGo lets others have the lock file.
func (s *session) letGo() {
	if s.unlock == nil {
		return
	}
	if err := s.unlock(); err != nil {
		s.app.Log.Warn().Err(err).Msg("could not let go of the lock")
	}
	s.unlock = nil
}

// ids are the playlists' IDs as the lock file knows them.
func (s *session) ids() map[string]spotify.ID {
	ids := make(map[string]spotify.ID)
	for address, e := range s.lock.Current().Playlists {
		ids[address] = e.ID
	}
	return ids
}

// desire works out what the files want now.
func (s *session) desire(ctx context.Context) (*config.Desired, error) {
	if err := parseConfiguration(s.app, s.conf); err != nil {
		return nil, err
	}
	for _, e := range s.lock.Current().Playlists {
		s.conf.text = s.conf.text || e.Held != nil && e.Held.Fingerprint != ""
	}
	return evaluateConfiguration(ctx, s.app, s.conf, s.ids(), s.now)
}

// logIn logs an account in, once per session.
func (s *session) logIn(ctx context.Context, acc config.Account) (*login, error) {
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

func (s *session) accountStore(l *login) *store.Account {
	return s.openAccount(l.user.Account())
}

// openAccount is what this computer keeps of an account.
func (s *session) openAccount(id spotify.ID) *store.Account {
	account := store.OpenAccount(s.world.fsys, s.world.stateDir, s.world.cacheDir, s.world.issuer.Name, id)
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
func (s *session) countdown() {
	for _, label := range sortedKeys(s.logins) {
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
