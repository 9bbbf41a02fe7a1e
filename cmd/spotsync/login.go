package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/cli/browser"
	"github.com/hashicorp/hcl/v2"
	"github.com/rs/zerolog"
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

// loginOptions are the flags of login.
type loginOptions struct {
	session.Inputs
	account    string
	clientID   string
	listen     string
	noBrowser  bool
	printToken bool
	withToken  bool
	wait       time.Duration
}

func newLogin(a *term.App) *cobra.Command {
	var o loginOptions
	cmd := &cobra.Command{
		Use:   "login [flags] [PATH]",
		Short: "Log in to Spotify and keep the login",
		Long: `login opens Spotify's page in the browser, where you agree once, and keeps the login for six months: that is how long
Spotify lets it live.

It needs the client ID of an app of your own: --client-id, SPOTSYNC_CLIENT_ID, or client_id in the account block of the
configuration at PATH (the current folder if left out; there need not be one). Where there is a lock file, the login must
be for the account it names.

On a computer without a browser use --no-browser and open the address on another one. For CI, "login --print-token" prints
a login as one line for SPOTSYNC_REFRESH_TOKEN or for "login --with-token"; whoever has that line has the login.`,
		Args: atMost(1, "one folder or file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runLogin(cmd.Context(), a, pathArg(args), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.account, "account", reconcile.DefaultAccount, "`label` of the account, as in the configuration")
	f.StringVar(&o.clientID, "client-id", "", "client `ID` of your app")
	f.StringVar(&o.listen, "callback-listen", "", "`address` to listen on for the browser, where redirect_uri reaches it through a proxy")
	f.BoolVar(&o.noBrowser, "no-browser", false, "open no browser; take the address it ended on, pasted or piped")
	f.BoolVar(&o.printToken, "print-token", false, "log in anew, keep nothing, print the login as one line")
	f.BoolVar(&o.withToken, "with-token", false, "take a login from standard input: such a line, or a refresh token")
	registerMaxWait(f, &o.wait, time.Minute)
	registerInputs(f, &o.Inputs)
	cmd.MarkFlagsMutuallyExclusive("print-token", "with-token")
	return cmd
}

// loginTarget is what a login is for.
type loginTarget struct {
	label  string
	app    auth.App
	locked *lockfile.Account // who the label means already; nil: nobody yet
	known  bool              // the client ID is from a flag, the environment or the configuration
	named  bool              // and a later command will find it there
}

func runLogin(ctx context.Context, a *term.App, path string, o loginOptions) (err error) {
	w, err := session.OpenEnvironment(a, session.Hooks{})
	if err != nil {
		return err
	}
	creds, err := w.OpenCredentials()
	if err != nil {
		return err
	}
	t, err := targetOfLogin(ctx, a, w, creds, path, o)
	if err != nil {
		return err
	}
	w.SayWhere()
	limiter := w.NewLimiter(t.app.ClientID, 1)
	if h := limiter.NotBefore(spotify.GroupAccount); time.Until(h.Until) > o.wait {
		return &spotify.RateLimitError{What: "ask Spotify who logs in", Group: h.Group, Until: h.Until, RetryAfter: time.Until(h.Until), Quota: h.Quota()}
	}
	client := session.ClientOptions{Limiter: limiter, Wait: o.wait}
	var token auth.Token
	switch {
	case o.withToken:
		token, err = takeToken(ctx, a, w, creds, &t, client)
	case w.Sandbox != nil && o.printToken:
		a.Say("The sandbox logs in by itself.")
		token, err = w.Sandbox.Issue(ctx, t.app, t.label)
	case w.Sandbox != nil:
		a.Say("The sandbox logs in by itself, so there is nothing to agree to.")
		var l *session.Login
		if l, err = w.LogIn(ctx, creds, t.app, t.label, client); err == nil {
			defer term.Closing(l.Source.Close, &err)
			token, err = creds.Get(t.app.Key(t.label))
		}
	default:
		token, err = askUser(ctx, a, w, creds, t, o, client)
	}
	if err != nil {
		return err
	}
	switch {
	case o.printToken:
		fmt.Fprintln(a.Out, token.Handover())
		a.Say("%s", describeLogin(a, token, t.label))
		a.Say("Nothing is kept on this computer. Whoever has the line has the login: put it into a secret store, as SPOTSYNC_REFRESH_TOKEN.")
		return afterLogin(a, w, creds, t, token, o)
	case !o.withToken && w.Sandbox == nil:
		if err := creds.Put(context.WithoutCancel(ctx), t.app.Key(t.label), token); err != nil {
			return fmt.Errorf("keep the login: %w", err)
		}
	}
	fmt.Fprintln(a.Out, describeLogin(a, token, t.label))
	a.Say("The login is kept in %s.", creds.Path())
	return afterLogin(a, w, creds, t, token, o)
}

// describeLogin says who is logged in and until when.
func describeLogin(a *term.App, t auth.Token, label string) string {
	s := fmt.Sprintf("Logged in as %s, account %q, ", person(t), label)
	ends, ok := t.Ends()
	if !ok {
		return s + "until a day that this refresh token doesn't tell (six months after it was made)."
	}
	days, _ := auth.Countdown(ends, time.Now())
	return s + fmt.Sprintf("until %s (%s).", ends.Format("2 Jan 2006"), words.Plural(days, "day"))
}

// person is who a login is for.
func person(t auth.Token) string {
	id := t.UserID
	if id == "" {
		id = t.AccountID
	}
	switch {
	case id == "" && t.DisplayName == "":
		return "a user not asked for yet"
	case t.DisplayName == "" || t.DisplayName == id:
		return words.Printable(id)
	}
	return fmt.Sprintf("%s (%s)", words.Printable(t.DisplayName), words.Printable(id))
}

// afterLogin says what could surprise later.
func afterLogin(a *term.App, w *session.Environment, creds *auth.Credentials, t loginTarget, token auth.Token, o loginOptions) error {
	if missing := auth.Missing(token.Scopes, session.CoreScopes); len(missing) > 0 {
		a.Note("Spotify did not grant %s; what needs it will fail. Run spotsync login%s again and agree to everything.", strings.Join(missing, ", "), reconcile.LoginFlag(t.label))
	}
	if o.printToken {
		return nil
	}
	if _, seeded, err := w.Seed(); (seeded || err != nil) && t.label == reconcile.DefaultAccount && !a.Settings.Sandbox {
		a.Note("SPOTSYNC_REFRESH_TOKEN (or …_FILE) is set and takes precedence, so this login is not used until it is unset.")
	}
	if t.named || a.Settings.Sandbox {
		return nil
	}
	entries, err := creds.List()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Key.Issuer == t.app.Issuer.Name && e.Key.Account == t.label && e.Key.ClientID != t.app.ClientID {
			a.Note("account %q also has a login through the app %s, so commands need to be told which: set client_id = %q in the account block, or SPOTSYNC_CLIENT_ID.", t.label, e.Key.ClientID, t.app.ClientID)
			break
		}
	}
	return nil
}

// targetOfLogin works out through which app to log in, and whose login it must be.
func targetOfLogin(ctx context.Context, a *term.App, w *session.Environment, creds *auth.Credentials, path string, o loginOptions) (loginTarget, error) {
	t := loginTarget{label: o.account}
	if strings.TrimSpace(t.label) == "" {
		return t, errors.New("--account wants the label of an account, such as default")
	}
	env := a.Getenv("SPOTSYNC_CLIENT_ID") != ""
	f, diags, err := accountsAt(ctx, a, path, o.Inputs)
	if err != nil {
		return t, err
	}
	if diags.HasErrors() && (w.Sandbox != nil || !f.judged && (o.clientID != "" || env)) {
		a.Note("the configuration in %s can't be read (%s), so its account block isn't used; see spotsync validate.", path, diags[0].Summary)
	} else if err := session.Checked(a, f.sources, diags); err != nil {
		return t, err
	}
	acc, declared := f.accounts[t.label]
	if len(f.accounts) > 0 && !declared {
		a.Note("the configuration has no account %q yet; for playlists to use it, write: account %q {}", t.label, t.label)
	}
	acc.Label = t.label
	if o.listen != "" {
		acc.CallbackListen = o.listen
	}
	if t.app, err = w.AppFor(acc, nil); err != nil {
		return t, err
	}
	t.named = t.app.ClientID != ""
	if o.clientID != "" && w.Sandbox == nil {
		t.named = t.app.ClientID == o.clientID
		t.app.ClientID = o.clientID
	}
	t.known = t.app.ClientID != ""
	if !t.known {
		if t.app.ClientID, err = usualClient(creds, w.Issuer.Name, t.label, f.accounts); err != nil {
			return t, err
		}
	}
	if t.app.ClientID == "" && !o.withToken {
		return t, noClientID(t.app)
	}
	if t.app.ClientID != "" {
		if err := t.app.Check(); err != nil {
			return t, err
		}
	}
	if f.lockPath == "" {
		return t, nil
	}
	lockPath := w.LockPath(f.lockPath)
	lock, err := lockstore.Open(w.FS, store.OpenState(w.FS, w.StateDir, w.Issuer.Name, lockPath), lockPath, w.Issuer.Name)
	if err != nil {
		return t, err
	}
	if locked, ok := lock.Current().Accounts[t.label]; ok {
		t.locked = &locked
	}
	return t, nil
}

// usualClient is the app to use when nothing names one: that of an earlier login of the account, else the one the default
// account uses. One app serves several people.
func usualClient(creds *auth.Credentials, issuer, label string, accounts map[string]config.Account) (string, error) {
	for _, l := range []string{label, reconcile.DefaultAccount} {
		if id := accounts[l].ClientID; id != "" {
			return id, nil
		}
		if id, err := session.OnlyClient(creds, issuer, l); id != "" || err != nil {
			return id, err
		}
	}
	return "", nil
}

// accountsFile is what a configuration says about accounts.
type accountsFile struct {
	accounts map[string]config.Account // by label; empty where there is no configuration
	lockPath string                    // empty when it can't be told
	sources  config.Files              // for quoting
	judged   bool                      // the files could be read, so what is wrong is in an account block
}

// accountsAt reads the account blocks of a configuration, and where its lock file is. A folder without configuration has
// none, which is no error. What is wrong with the files is in the diagnostics.
func accountsAt(ctx context.Context, a *term.App, path string, in session.Inputs) (f accountsFile, diags hcl.Diagnostics, err error) {
	source, diags := session.ReadSource(a, path, in)
	if config.IsNoFiles(diags) {
		f.lockPath = a.Settings.LockFile
		if f.lockPath == "" {
			f.lockPath = filepath.Join(path, "spotsync.lock.hcl")
		}
		f.lockPath, err = filepath.Abs(f.lockPath)
		return f, nil, err
	}
	if diags.HasErrors() {
		return f, diags, nil
	}
	f.lockPath, f.sources = source.LockPath, source.Sources()
	module, diags := config.Parse(source.Files, config.ForVersion(version()))
	if diags.HasErrors() {
		return f, diags, nil
	}
	c, err := session.NewConfiguration(a, source, module, in)
	if err != nil {
		return f, nil, err
	}
	defer term.Closing(c.Files.Close, &err)
	f.judged = true
	f.accounts, diags = module.EvaluateAccounts(ctx, c.Inputs(nil, time.Now().UTC()))
	return f, diags, ctx.Err() // interrupted, it blames the files
}

// noClientID says how to get one.
func noClientID(app auth.App) error {
	redirect := app.RedirectURI
	if redirect == "" {
		redirect = "http://127.0.0.1/callback"
	}
	return fmt.Errorf(`no client ID is set, so Spotify would not know which app asks. Make an app of your own, once:

  1. Open https://developer.spotify.com/dashboard, log in with an account that has Premium, and choose "Create app".
  2. App name: anything that does not begin with "Spot", which Spotify's rules forbid. Description: anything.
  3. Redirect URI:  %s   exactly so, then "Add".
  4. Tick "Web API", accept the terms, save, and copy the client ID from the app's page. The secret is not needed.
  5. Run:  spotsync login --client-id THE_ID

Commands find it again by the login. To have it in git for other computers, write client_id into the account block.`, redirect)
}

// wrongAccount refuses a login for somebody else than the lock file says; nil: it is not.
func (t loginTarget) wrongAccount(token auth.Token) error {
	if t.locked == nil || string(t.locked.ID) == token.AccountID || string(t.locked.ID) == token.UserID {
		return nil
	}
	meant := string(t.locked.User)
	if t.locked.Name != "" {
		meant = fmt.Sprintf("%s (%s)", t.locked.Name, t.locked.User)
	}
	return &reconcile.RefusedError{Refusals: []reconcile.Refusal{{Summary: "This login belongs to another account",
		Detail: fmt.Sprintf("The lock file says account %q is %s, and the login is for %s, so it was not kept. Log in as %s: choose \"Not you?\" on Spotify's page, or log out at https://accounts.spotify.com first. To use another account on purpose, give it a label of its own (--account) or another --lock-file.",
			t.label, meant, person(token), meant)}}}
}

// askUser runs the login in the browser.
func askUser(ctx context.Context, a *term.App, w *session.Environment, creds *auth.Credentials, t loginTarget, o loginOptions, client session.ClientOptions) (auth.Token, error) {
	again, err := t.showDialog(creds)
	if err != nil {
		return auth.Token{}, err
	}
	token, err := auth.Login(ctx, t.app, auth.LoginOptions{
		Scopes: session.CoreScopes, ShowDialog: again,
		Open: openBrowser, NoBrowser: o.noBrowser, In: a.In, Out: a.MessageWriter(zerolog.InfoLevel), HTTP: auth.HTTPClient(w.Inner),
		Me: func(ctx context.Context, hc *http.Client) (accountID, userID, name string, err error) {
			u, err := w.ClientOver(hc, client).Me(ctx)
			return string(u.Account()), string(u.ID), u.DisplayName, err
		},
	})
	if err != nil {
		return auth.Token{}, err
	}
	return token, t.wrongAccount(token)
}

// showDialog reports whether Spotify's page must ask even a user who agreed before: for a further account, since the
// browser may be logged in as another; where the lock file names an account this computer has no login of, for the same
// reason; and when an earlier login lacks scopes, which are not added silently.
func (t loginTarget) showDialog(creds *auth.Credentials) (bool, error) {
	entries, err := creds.List()
	if err != nil {
		return false, err
	}
	right := false
	for _, e := range entries {
		switch {
		case e.Key.Issuer != t.app.Issuer.Name || e.Key.Seed != "":
		case e.Key.Account != t.label:
			return true, nil
		case len(auth.Missing(e.Token.Scopes, session.CoreScopes)) > 0:
			return true, nil
		case e.Key.ClientID == t.app.ClientID && t.wrongAccount(e.Token) == nil:
			right = true
		}
	}
	return t.locked != nil && !right, nil
}

// openBrowser opens the user's browser. Some ways to open one return only when its window is closed, and what it prints is
// no concern of the user's: after a moment it counts as open, and the process that waits for it ends with this one.
func openBrowser(url string) error {
	browser.Stdout, browser.Stderr = io.Discard, io.Discard
	done := make(chan error, 1)
	go func() { done <- browser.OpenURL(url) }()
	select {
	case err := <-done:
		if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
			return fmt.Errorf("the program this computer opens addresses with failed (%w)", err)
		}
		return err
	case <-time.After(2 * time.Second):
		return nil
	}
}
