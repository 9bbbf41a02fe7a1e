package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/lockstore"
	"github.com/spotsync/spotsync/reconcile/store"
)

// accountOptions are what a login is for.
type accountOptions struct {
	session.Inputs
	account   string
	clientID  string
	listen    string // beats callback_listen of the configuration
	withToken bool   // the token may know its app
}

// loginTarget is what a login is for.
type loginTarget struct {
	label  string
	app    auth.App
	locked *lockfile.Account // who the label means already; nil: nobody yet
	known  bool              // the client ID is from a flag, the environment or the configuration
	named  bool              // and a later command will find it there
}

// targetOfLogin works out through which app to log in, and whose login it must be.
func targetOfLogin(ctx context.Context, a *term.App, w *session.Environment, creds *auth.Credentials, path string, o accountOptions) (loginTarget, error) {
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
	module, diags := config.Parse(source.Files, config.ForVersion(a.Version))
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
