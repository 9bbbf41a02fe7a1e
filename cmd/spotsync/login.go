package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"time"

	"github.com/cli/browser"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/spotify"
)

// loginOptions are the flags of login.
type loginOptions struct {
	session.LoginOptions
	noBrowser  bool
	printToken bool
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
	f.StringVar(&o.Account, "account", reconcile.DefaultAccount, "`label` of the account, as in the configuration")
	f.StringVar(&o.ClientID, "client-id", "", "client `ID` of your app")
	f.StringVar(&o.Listen, "callback-listen", "", "`address` to listen on for the browser, where redirect_uri reaches it through a proxy")
	f.BoolVar(&o.noBrowser, "no-browser", false, "open no browser; take the address it ended on, pasted or piped")
	f.BoolVar(&o.printToken, "print-token", false, "log in anew, keep nothing, print the login as one line")
	f.BoolVar(&o.WithToken, "with-token", false, "take a login from standard input: such a line, or a refresh token")
	registerMaxWait(f, &o.wait, time.Minute)
	registerInputs(f, &o.Inputs)
	cmd.MarkFlagsMutuallyExclusive("print-token", "with-token")
	return cmd
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
	t, err := session.TargetOfLogin(ctx, a, w, creds, path, o.LoginOptions)
	if err != nil {
		return err
	}
	w.SayWhere()
	limiter := w.NewLimiter(t.App.ClientID, 1)
	if h := limiter.NotBefore(spotify.GroupAccount); time.Until(h.Until) > o.wait {
		return &spotify.RateLimitError{What: "ask Spotify who logs in", Group: h.Group, Until: h.Until, RetryAfter: time.Until(h.Until), Quota: h.Quota()}
	}
	client := session.ClientOptions{Limiter: limiter, Wait: o.wait}
	var token auth.Token
	switch {
	case o.WithToken:
		token, err = takeToken(ctx, a, w, creds, &t, client)
	case w.Sandbox != nil && o.printToken:
		a.Say("The sandbox logs in by itself.")
		token, err = w.Sandbox.Issue(ctx, t.App, t.Label)
	case w.Sandbox != nil:
		a.Say("The sandbox logs in by itself, so there is nothing to agree to.")
		var l *session.Login
		if l, err = w.LogIn(ctx, creds, t.App, t.Label, client); err == nil {
			defer term.Closing(l.Source.Close, &err)
			token, err = creds.Get(t.App.Key(t.Label))
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
		a.Say("%s", describeLogin(a, token, t.Label))
		a.Say("Nothing is kept on this computer. Whoever has the line has the login: put it into a secret store, as SPOTSYNC_REFRESH_TOKEN.")
		return afterLogin(a, w, creds, t, token, o)
	case !o.WithToken && w.Sandbox == nil:
		if err := creds.Put(context.WithoutCancel(ctx), t.App.Key(t.Label), token); err != nil {
			return fmt.Errorf("keep the login: %w", err)
		}
	}
	fmt.Fprintln(a.Out, describeLogin(a, token, t.Label))
	a.Say("The login is kept in %s.", creds.Path())
	return afterLogin(a, w, creds, t, token, o)
}

// describeLogin says who is logged in and until when.
func describeLogin(a *term.App, t auth.Token, label string) string {
	s := fmt.Sprintf("Logged in as %s, account %q, ", session.Person(t), label)
	ends, ok := t.Ends()
	if !ok {
		return s + "until a day that this refresh token doesn't tell (six months after it was made)."
	}
	days, _ := auth.Countdown(ends, time.Now())
	return s + fmt.Sprintf("until %s (%s).", ends.Format("2 Jan 2006"), words.Plural(days, "day"))
}

// afterLogin says what could surprise later.
func afterLogin(a *term.App, w *session.Environment, creds *auth.Credentials, t session.LoginTarget, token auth.Token, o loginOptions) error {
	if missing := auth.Missing(token.Scopes, session.CoreScopes); len(missing) > 0 {
		a.Note("Spotify did not grant %s; what needs it will fail. Run spotsync login%s again and agree to everything.", strings.Join(missing, ", "), reconcile.LoginFlag(t.Label))
	}
	if o.printToken {
		return nil
	}
	if _, seeded, err := w.Seed(); (seeded || err != nil) && t.Label == reconcile.DefaultAccount && !a.Settings.Sandbox {
		a.Note("SPOTSYNC_REFRESH_TOKEN (or …_FILE) is set and takes precedence, so this login is not used until it is unset.")
	}
	if t.Named || a.Settings.Sandbox {
		return nil
	}
	entries, err := creds.List()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Key.Issuer == t.App.Issuer.Name && e.Key.Account == t.Label && e.Key.ClientID != t.App.ClientID {
			a.Note("account %q also has a login through the app %s, so commands need to be told which: set client_id = %q in the account block, or SPOTSYNC_CLIENT_ID.", t.Label, e.Key.ClientID, t.App.ClientID)
			break
		}
	}
	return nil
}

// askUser runs the login in the browser.
func askUser(ctx context.Context, a *term.App, w *session.Environment, creds *auth.Credentials, t session.LoginTarget, o loginOptions, client session.ClientOptions) (auth.Token, error) {
	again, err := t.ShowDialog(creds)
	if err != nil {
		return auth.Token{}, err
	}
	token, err := auth.Login(ctx, t.App, auth.LoginOptions{
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
	return token, t.WrongAccount(token)
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
