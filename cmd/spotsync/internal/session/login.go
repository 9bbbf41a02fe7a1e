package session

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/lockstore"
	"github.com/spotsync/spotsync/reconcile/store"
)

// LoginOptions are what a login is for.
type LoginOptions struct {
	Inputs
	Account   string
	ClientID  string
	Listen    string // beats callback_listen of the configuration
	WithToken bool   // the token may know its app
}

// LoginTarget is what a login is for.
type LoginTarget struct {
	Label  string
	App    auth.App
	Locked *lockfile.Account // who the label means already; nil: nobody yet
	Known  bool              // the client ID is from a flag, the environment or the configuration
	Named  bool              // and a later command will find it there
}

// TargetOfLogin works out through which app to log in, and whose login it must be.
func TargetOfLogin(ctx context.Context, a *term.App, w *Environment, creds *auth.Credentials, path string, o LoginOptions) (LoginTarget, error) {
	t := LoginTarget{Label: o.Account}
	if strings.TrimSpace(t.Label) == "" {
		return t, errors.New("--account wants the label of an account, such as default")
	}
	env := a.Getenv("SPOTSYNC_CLIENT_ID") != ""
	f, diags, err := AccountsAt(ctx, a, path, o.Inputs)
	if err != nil {
		return t, err
	}
	if diags.HasErrors() && (w.Sandbox != nil || !f.judged && (o.ClientID != "" || env)) {
		a.Note("the configuration in %s can't be read (%s), so its account block isn't used; see spotsync validate.", path, diags[0].Summary)
	} else if err := Checked(a, f.Sources, diags); err != nil {
		return t, err
	}
	acc, declared := f.Accounts[t.Label]
	if len(f.Accounts) > 0 && !declared {
		a.Note("the configuration has no account %q yet; for playlists to use it, write: account %q {}", t.Label, t.Label)
	}
	acc.Label = t.Label
	if o.Listen != "" {
		acc.CallbackListen = o.Listen
	}
	if t.App, err = w.AppFor(acc, nil); err != nil {
		return t, err
	}
	t.Named = t.App.ClientID != ""
	if o.ClientID != "" && w.Sandbox == nil {
		t.Named = t.App.ClientID == o.ClientID
		t.App.ClientID = o.ClientID
	}
	t.Known = t.App.ClientID != ""
	if !t.Known {
		if t.App.ClientID, err = usualClient(creds, w.Issuer.Name, t.Label, f.Accounts); err != nil {
			return t, err
		}
	}
	if t.App.ClientID == "" && !o.WithToken {
		return t, noClientID(t.App)
	}
	if t.App.ClientID != "" {
		if err := t.App.Check(); err != nil {
			return t, err
		}
	}
	if f.LockPath == "" {
		return t, nil
	}
	lockPath := w.LockPath(f.LockPath)
	lock, err := lockstore.Open(w.FS, store.OpenState(w.FS, w.StateDir, w.Issuer.Name, lockPath), lockPath, w.Issuer.Name)
	if err != nil {
		return t, err
	}
	if locked, ok := lock.Current().Accounts[t.Label]; ok {
		t.Locked = &locked
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
		if id, err := OnlyClient(creds, issuer, l); id != "" || err != nil {
			return id, err
		}
	}
	return "", nil
}

// accountsFile is what a configuration says about accounts.
type accountsFile struct {
	Accounts map[string]config.Account // by label; empty where there is no configuration
	LockPath string                    // empty when it can't be told
	Sources  diag.Files                // for quoting
	judged   bool                      // the files could be read, so what is wrong is in an account block
}

// AccountsAt reads the account blocks of a configuration, and where its lock file is. A folder without configuration has
// none, which is no error. What is wrong with the files is in the diagnostics.
func AccountsAt(ctx context.Context, a *term.App, path string, in Inputs) (f accountsFile, diags hcl.Diagnostics, err error) {
	source, diags := ReadSource(a, path, in)
	if config.IsNoFiles(diags) {
		f.LockPath = a.Settings.LockFile
		if f.LockPath == "" {
			f.LockPath = filepath.Join(path, "spotsync.lock.hcl")
		}
		f.LockPath, err = filepath.Abs(f.LockPath)
		return f, nil, err
	}
	if diags.HasErrors() {
		return f, diags, nil
	}
	f.LockPath, f.Sources = source.LockPath, source.Sources()
	module, diags := config.Parse(source.Files, config.ForVersion(a.Version))
	if diags.HasErrors() {
		return f, diags, nil
	}
	c, err := NewConfiguration(a, source, module, in)
	if err != nil {
		return f, nil, err
	}
	defer term.Closing(c.Files.Close, &err)
	f.judged = true
	f.Accounts, diags = module.EvaluateAccounts(ctx, c.Inputs(nil, time.Now().UTC()))
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

// WrongAccount refuses a login for somebody else than the lock file says; nil: it is not.
func (t LoginTarget) WrongAccount(token auth.Token) error {
	if t.Locked == nil || string(t.Locked.ID) == token.AccountID || string(t.Locked.ID) == token.UserID {
		return nil
	}
	meant := string(t.Locked.User)
	if t.Locked.Name != "" {
		meant = fmt.Sprintf("%s (%s)", t.Locked.Name, t.Locked.User)
	}
	return &reconcile.RefusedError{Refusals: []reconcile.Refusal{{Summary: "This login belongs to another account",
		Detail: fmt.Sprintf("The lock file says account %q is %s, and the login is for %s, so it was not kept. Log in as %s: choose \"Not you?\" on Spotify's page, or log out at https://accounts.spotify.com first. To use another account on purpose, give it a label of its own (--account) or another --lock-file.",
			t.Label, meant, Person(token), meant)}}}
}

// ShowDialog reports whether Spotify's page must ask even a user who agreed before: for a further account, since the
// browser may be logged in as another; where the lock file names an account this computer has no login of, for the same
// reason; and when an earlier login lacks scopes, which are not added silently.
func (t LoginTarget) ShowDialog(creds *auth.Credentials) (bool, error) {
	entries, err := creds.List()
	if err != nil {
		return false, err
	}
	right := false
	for _, e := range entries {
		switch {
		case e.Key.Issuer != t.App.Issuer.Name || e.Key.Seed != "":
		case e.Key.Account != t.Label:
			return true, nil
		case len(auth.Missing(e.Token.Scopes, CoreScopes)) > 0:
			return true, nil
		case e.Key.ClientID == t.App.ClientID && t.WrongAccount(e.Token) == nil:
			right = true
		}
	}
	return t.Locked != nil && !right, nil
}

// Person is who a login is for.
func Person(t auth.Token) string {
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
