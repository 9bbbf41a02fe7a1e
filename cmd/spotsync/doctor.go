package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/lockstore"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// doctorFormat is the version of the JSON of "doctor". The part before the dot changes when readers must.
const doctorFormat = "1.0"

// doctorOptions are the flags of "doctor".
type doctorOptions struct {
	session.Inputs
	json      bool
	notify    bool   // send a test notice
	notifyURL string // where notices go; empty: nowhere
}

func newDoctor(a *term.App) *cobra.Command {
	var o doctorOptions
	cmd := &cobra.Command{
		Use:   "doctor [flags] [PATH]",
		Short: "Check everything spotsync needs, one by one",
		Long: `doctor checks folders, credentials, configuration, lock file, app, clock, network, login and account, and says what to
do about each that is wrong. It sends about three requests and changes nothing but the access token, which it renews.
With --notify it also sends a test notice to where the daemon sends its own, and shows what is answered there.

It exits with 0 when nothing is wrong, 4 when only the login is, 5 when Spotify can't be asked now, else 1.`,
		Args: atMost(1, "one folder or file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runDoctor(cmd.Context(), a, pathArg(args), o)
		},
	}
	registerInputs(cmd.Flags(), &o.Inputs)
	cmd.Flags().BoolVar(&o.json, "json", false, "write JSON")
	cmd.Flags().BoolVar(&o.notify, "notify", false, "send a test notice")
	cmd.Flags().StringVar(&o.notifyURL, "notify-url", "", "where notices go: a webhook's `URL`")
	return cmd
}

// The outcomes of a check.
const (
	checkOK      = "ok"
	checkWarning = "warning"
	checkFailed  = "failed"
	checkSkipped = "skipped"
)

// finding is the outcome of one check.
type finding struct {
	Check  string       `json:"check"`
	Result string       `json:"result"`
	What   string       `json:"what"`
	Fix    string       `json:"fix,omitempty"`
	kind   session.Kind // when failed
}

// checkup gathers findings and, without --json, shows each as it is made.
type checkup struct {
	app      *term.App
	w        *session.Environment
	show     io.Writer // nil: at the end, as JSON
	findings []finding
	creds    *auth.Credentials
	accounts map[string]config.Account
	locked   map[string]lockfile.Account
}

func (c *checkup) add(f finding) {
	c.findings = append(c.findings, f)
	if c.show == nil {
		return
	}
	sign := map[string]string{checkOK: "✓", checkWarning: "!", checkFailed: "✗", checkSkipped: "–"}[f.Result]
	if c.app.Color {
		color := map[string]string{checkOK: "32", checkWarning: "33", checkFailed: "31", checkSkipped: "2"}[f.Result]
		sign = "\x1b[" + color + "m" + sign + "\x1b[0m"
	}
	fmt.Fprintf(c.show, "%s %s: %s\n", sign, f.Check, f.What)
	if f.Fix != "" {
		fmt.Fprintf(c.show, "    %s\n", strings.ReplaceAll(f.Fix, "\n", "\n    "))
	}
}

func (c *checkup) ok(check, format string, args ...any) {
	c.add(finding{Check: check, Result: checkOK, What: fmt.Sprintf(format, args...)})
}

func (c *checkup) skip(check, why string) {
	c.add(finding{Check: check, Result: checkSkipped, What: why})
}

func (c *checkup) warn(check, what, fix string) {
	c.add(finding{Check: check, Result: checkWarning, What: what, Fix: fix})
}

func (c *checkup) fail(check, what, fix string) {
	c.add(finding{Check: check, Result: checkFailed, What: what, Fix: fix, kind: session.KindError})
}

// failed is fail for an error that tells what to do itself.
func (c *checkup) failed(check string, err error) {
	what := err.Error()
	c.add(finding{Check: check, Result: checkFailed, What: what, kind: session.KindOf(err)})
}

func runDoctor(ctx context.Context, a *term.App, path string, o doctorOptions) (err error) {
	c := &checkup{app: a}
	if !o.json {
		c.show = a.Out
	}
	c.ok("version", "%s, %s, %s/%s", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	c.terminal()
	if c.w, err = session.OpenEnvironment(a, session.Hooks{}); err != nil {
		c.failed("environment", err)
	} else {
		c.w.SayWhere()
		c.here(ctx, path, o.Inputs)
		c.spotify(ctx)
	}
	c.notices(ctx, o)
	if ctx.Err() != nil {
		return term.ErrInterrupted
	}
	return c.conclude(o.json)
}

// conclude ends as fits what failed.
func (c *checkup) conclude(asJSON bool) error {
	worst, failures := session.KindOK, 0
	for _, f := range c.findings {
		if f.Result != checkFailed {
			continue
		}
		failures++
		switch {
		case worst == session.KindOK:
			worst = f.kind
		case f.kind != worst && (f.kind == session.KindLogin || f.kind == session.KindLater) && (worst == session.KindLogin || worst == session.KindLater):
			worst = session.KindLogin
		case f.kind != worst:
			worst = session.KindError
		}
	}
	if worst != session.KindOK && worst != session.KindLogin && worst != session.KindLater {
		worst = session.KindError
	}
	if asJSON {
		doc := map[string]any{"format_version": doctorFormat, "ok": failures == 0, "checks": c.findings}
		if found := c.app.Answer.Diagnostics(); len(found) > 0 {
			doc["diagnostics"] = found
		}
		if err := c.app.WriteJSON(doc); err != nil {
			return err
		}
	} else if failures > 0 {
		c.app.Say("\n%s failed.", words.Plural(failures, "check"))
	}
	if failures > 0 {
		return session.Silent(worst)
	}
	return nil
}

func (c *checkup) terminal() {
	color := "no colour"
	if c.app.Color {
		color = "colour"
	}
	switch {
	case c.app.OutTTY && c.app.Asks:
		c.ok("terminal", "%d columns, %s, questions are asked", c.app.Width, color)
	case c.app.OutTTY:
		c.ok("terminal", "%d columns, %s; input is no terminal, so nothing is asked", c.app.Width, color)
	default:
		c.ok("terminal", "output is no terminal: %s", color)
	}
}

// here checks what is on this computer.
func (c *checkup) here(ctx context.Context, path string, in session.Inputs) {
	c.folder("state folder", c.w.StateDir)
	c.folder("cache folder", c.w.CacheDir)
	c.folder("credentials folder", filepath.Dir(c.w.Credentials))
	var err error
	if c.creds, err = c.w.OpenCredentials(); err != nil {
		c.failed("credentials file", err)
	} else if !exists(c.w.Credentials) {
		c.ok("credentials file", "%s is not there yet; a login makes it", c.w.Credentials)
	} else {
		c.ok("credentials file", "%s, open to nobody else", c.w.Credentials)
	}
	lockPath := c.configuration(ctx, path, in)
	if lockPath == "" {
		c.skip("lock file", "it can't be told which")
		return
	}
	lockPath = c.w.LockPath(lockPath)
	lock, err := lockstore.Open(c.w.FS, store.OpenState(c.w.FS, c.w.StateDir, c.w.Issuer.Name, lockPath), lockPath, c.w.Issuer.Name)
	switch {
	case err != nil:
		c.fail("lock file", err.Error(), "")
		return
	case lock.Pending():
		c.warn("lock file", lockPath+" could not be written, so entries wait on this computer", "Make it writable and run spotsync apply.")
	case !exists(lockPath):
		c.ok("lock file", "%s is not there yet; the first apply makes it", lockPath)
	default:
		c.ok("lock file", "%s, %s, for %s", lockPath, words.Plural(len(lock.Current().Playlists), "playlist"), lock.Current().Issuer)
	}
	c.locked = lock.Current().Accounts
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// folder makes sure that files can be written there.
func (c *checkup) folder(check, dir string) {
	err := os.MkdirAll(dir, 0o700)
	var f *os.File
	if err == nil {
		f, err = os.CreateTemp(dir, ".doctor-*")
	}
	if err == nil {
		err = errors.Join(f.Close(), os.Remove(f.Name()))
	}
	if err != nil {
		c.fail(check, fmt.Sprintf("%s can't be written to: %v", dir, err), "Make it writable, or name another place: SPOTSYNC_DATA_DIR for state and cache, SPOTSYNC_CREDENTIALS_FILE for logins.")
		return
	}
	c.ok(check, "%s can be written to", dir)
}

// configuration checks the files, and returns where their lock file is.
func (c *checkup) configuration(ctx context.Context, path string, in session.Inputs) string {
	f, diags, err := session.AccountsAt(ctx, c.app, path, in)
	switch {
	case err != nil:
		c.fail("configuration", err.Error(), "")
		return f.LockPath
	case !diags.HasErrors() && f.Sources == nil:
		c.skip("configuration", "there is no .hcl file in "+path)
		return f.LockPath
	case !diags.HasErrors():
		c.accounts = f.Accounts
		if diags, err = c.evaluateAt(ctx, path, in); err != nil {
			c.fail("configuration", err.Error(), "")
			return f.LockPath
		}
	}
	if !diags.HasErrors() {
		c.ok("configuration", "%s is fine", path)
		return f.LockPath
	}
	c.app.Answer.Add(f.Sources, diags)
	errs := 0
	first := ""
	for _, d := range diags.Errs() {
		if errs++; errs == 1 {
			first = d.Error()
		}
	}
	c.fail("configuration", fmt.Sprintf("%s in %s, the first: %s", words.Plural(errs, "mistake"), path, first), "To see them: spotsync validate "+path)
	return f.LockPath
}

// evaluateAt works a configuration out and returns what is wrong with it.
func (c *checkup) evaluateAt(ctx context.Context, path string, in session.Inputs) (diags hcl.Diagnostics, err error) {
	source, diags := session.ReadSource(c.app, path, in)
	if diags.HasErrors() {
		return diags, nil
	}
	module, diags := config.Parse(source.Files, config.ForVersion(version()))
	if diags.HasErrors() {
		return diags, nil
	}
	conf, err := session.NewConfiguration(c.app, source, module, in)
	if err != nil {
		return nil, err
	}
	defer term.Closing(conf.Files.Close, &err)
	_, diags = module.Evaluate(ctx, conf.Inputs(nil, time.Now().UTC()))
	return diags, nil
}

// spotify checks what the network is needed for.
func (c *checkup) spotify(ctx context.Context) {
	if c.w.Sandbox == nil {
		c.accountsService(ctx)
	} else {
		c.skip("accounts service", "the sandbox needs no network")
	}
	if c.creds == nil {
		c.skip("login", "the credentials file can't be used")
		return
	}
	names := map[string]bool{reconcile.DefaultAccount: true}
	for label := range c.accounts {
		names[label] = true
	}
	for label := range c.locked {
		names[label] = true
	}
	for _, label := range slices.Sorted(maps.Keys(names)) {
		if ctx.Err() != nil {
			return
		}
		c.account(ctx, label, len(names) > 1)
	}
}

// maxSkew is how far this computer's clock may be off. Tokens live an hour, so a minute does no harm.
const maxSkew = time.Minute

// accountsService asks for the accounts service's front page, and compares clocks.
func (c *checkup) accountsService(ctx context.Context) {
	base := c.w.Issuer.AccountsURL
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, base+"/", nil)
	if err != nil {
		c.fail("accounts service", err.Error(), "")
		return
	}
	req.Header.Set("User-Agent", c.app.UserAgent())
	asked := time.Now()
	resp, err := auth.HTTPClient(c.w.Inner).Do(req)
	switch {
	case err != nil:
		c.add(finding{Check: "accounts service", Result: checkFailed, kind: session.KindLater, What: fmt.Sprintf("%s can't be reached: %v", base, errors.Unwrap(err)),
			Fix: "Check the network and the proxy (HTTPS_PROXY, NO_PROXY)."})
		return
	case resp.StatusCode >= 500:
		resp.Body.Close()
		c.add(finding{Check: "accounts service", Result: checkFailed, kind: session.KindLater, What: fmt.Sprintf("%s answers %s", base, resp.Status), Fix: "Try again later."})
		return
	}
	resp.Body.Close()
	answered := time.Now()
	c.ok("accounts service", "%s answers", base)
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		c.skip("clock", "the answer has no date to compare with")
		return
	}
	c.clock(skew(date, asked, answered))
}

// skew is how far this computer's clock is ahead of a Date header, which has whole seconds and was written between asked
// and answered.
func skew(date, asked, answered time.Time) time.Duration {
	switch {
	case asked.After(date.Add(time.Second)):
		return asked.Sub(date.Add(time.Second))
	case answered.Before(date):
		return answered.Sub(date)
	}
	return 0
}

func (c *checkup) clock(off time.Duration) {
	off = off.Round(time.Second)
	switch {
	case off > maxSkew:
		c.warn("clock", fmt.Sprintf("this computer's clock is %s ahead of Spotify's", off), "Set it by the network (NTP): logins and rate limits are counted by it.")
	case off < -maxSkew:
		c.warn("clock", fmt.Sprintf("this computer's clock is %s behind Spotify's", -off), "Set it by the network (NTP): logins and rate limits are counted by it.")
	default:
		c.ok("clock", "right to the minute")
	}
}

// account checks one account's app, login and owner.
func (c *checkup) account(ctx context.Context, label string, several bool) {
	name := func(check string) string {
		if several {
			return check + " of " + label
		}
		return check
	}
	acc, ok := c.accounts[label]
	if !ok {
		acc = config.Account{Label: label}
	}
	app, err := c.w.AppFor(acc, c.creds)
	if err != nil {
		c.fail(name("app"), err.Error(), "")
		return
	}
	seed, seeded, err := c.w.Seed()
	seeded = seeded && label == reconcile.DefaultAccount && c.w.Sandbox == nil
	switch {
	case err != nil && label == reconcile.DefaultAccount && c.w.Sandbox == nil:
		c.fail(name("login"), err.Error(), "")
		return
	case app.ClientID == "":
		c.add(finding{Check: name("app"), Result: checkFailed, kind: session.KindLogin, What: "no client ID is set, and nobody is logged in",
			Fix: "Run spotsync login" + reconcile.LoginFlag(label) + ": it tells how to make an app."})
		return
	}
	if err := app.Check(); err != nil {
		c.fail(name("app"), err.Error(), "")
	} else if app.RedirectURI == "" {
		c.ok(name("app"), "client ID %s, redirect to any free port (http://127.0.0.1/callback in the dashboard)", app.ClientID)
	} else {
		c.ok(name("app"), "client ID %s, redirect to %s, to the letter as in the dashboard", app.ClientID, app.RedirectURI)
	}
	if c.w.Sandbox != nil {
		if err := c.w.Sandbox.LogIn(ctx, c.creds, app, label); err != nil {
			c.failed(name("login"), err)
			return
		}
	}
	source := auth.NewSource(c.creds, app, label, auth.HTTPClient(c.w.Inner))
	if seeded {
		if source, err = auth.NewSeed(c.creds, app, seed, auth.HTTPClient(c.w.Inner)); err != nil {
			c.fail(name("login"), err.Error(), "")
			return
		}
	}
	c.login(ctx, name, label, app, source)
	if err := source.Close(); err != nil {
		c.failed(name("credentials"), err)
	}
}

// login renews the access token and asks whose it is.
func (c *checkup) login(ctx context.Context, name func(string) string, label string, app auth.App, source *auth.Source) {
	_, err := source.Token(ctx)
	if err == nil {
		err = source.Refresh(ctx) // the one there was may have been still good: that proves nothing
	}
	var token auth.Token
	if err == nil {
		token, err = source.Token(ctx)
	}
	if err != nil {
		c.failed(name("login"), err)
		return
	}
	c.ok(name("login"), "Spotify gives fresh access tokens")
	if ends, ok := token.Ends(); !ok {
		c.ok(name("six months"), "when this login ends is not known")
	} else if days, level := auth.Countdown(ends, time.Now()); level != auth.LevelNone {
		c.warn(name("six months"), fmt.Sprintf("this login ends on %s, in %s", ends.Format("2 Jan 2006"), words.Plural(days, "day")), "Renew it: spotsync login"+reconcile.LoginFlag(label))
	} else {
		c.ok(name("six months"), "this login lasts until %s (%s)", ends.Format("2 Jan 2006"), words.Plural(days, "day"))
	}
	switch missing := auth.Missing(token.Scopes, session.CoreScopes); {
	case len(missing) > 0:
		c.add(finding{Check: name("scopes"), Result: checkFailed, kind: session.KindLogin, What: "not granted: " + strings.Join(missing, ", "),
			Fix: "Log in again and agree to everything: spotsync login" + reconcile.LoginFlag(label)})
	case token.Scopes == nil:
		c.ok(name("scopes"), "not known; Spotify will say when one is missing")
	default:
		c.ok(name("scopes"), "all that are needed")
	}
	limiter := c.w.NewLimiter(app.ClientID, 1)
	holds := limiter.Holds()
	for _, h := range holds {
		c.add(finding{Check: name("rate limit"), Result: checkFailed, kind: session.KindLater, What: session.ShutUntil(h), Fix: "Wait until then; nothing else helps. What doesn't need it works."})
	}
	if len(holds) == 0 {
		c.ok(name("rate limit"), "none in force")
	}
	if !limiter.NotBefore(spotify.GroupAccount).Until.IsZero() {
		c.skip(name("account"), "not asked, because of the rate limit")
		return
	}
	user, err := c.w.NewClient(source, session.ClientOptions{Limiter: limiter}).Me(ctx)
	if err != nil {
		c.failed(name("account"), err)
		return
	}
	who := auth.Token{UserID: string(user.ID), AccountID: string(user.Account()), DisplayName: user.DisplayName}
	target := session.LoginTarget{Label: label}
	if locked, ok := c.locked[label]; ok {
		target.Locked = &locked
	}
	if err := target.WrongAccount(who); err != nil {
		c.fail(name("account"), err.Error(), "")
		return
	}
	c.ok(name("account"), "the Web API answers; this is %s", session.Person(who))
}
