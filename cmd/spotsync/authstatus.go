package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/reconcile"
)

// authFormat is the version of the JSON of "auth status". The part before the dot changes when readers must.
const authFormat = "1.0"

func newAuth(a *term.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "auth",
		Short: "Logins: auth status",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var asJSON bool
	status := &cobra.Command{
		Use:   "status [flags]",
		Short: "Show the logins and how long they last",
		Long: `status shows every login on this computer: whose it is, what it may do, until when. It asks Spotify nothing.

It exits with 4 when nobody is logged in, or when the login of an account was refused or is over.`,
		Args: atMost(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error { return runAuthStatus(cmd.Context(), a, asJSON) },
	}
	status.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	cmd.AddCommand(status)
	return cmd
}

// The states of a login, as far as it can be told without asking Spotify.
const (
	loginOK      = "ok"
	loginRefused = "refused" // Spotify said so
	loginEnded   = "ended"   // six months are over
)

// loginReport is what may be shown of a login.
type loginReport struct {
	Account    string     `json:"account"`          // label
	From       string     `json:"from"`             // "login", or "environment" for SPOTSYNC_REFRESH_TOKEN
	InUse      bool       `json:"in_use"`           // false: a token from the environment takes precedence
	State      string     `json:"state"`            // ok, refused, ended
	Reason     string     `json:"reason,omitempty"` // why it is refused
	RefusedAt  *time.Time `json:"refused_at"`       // null: it is not
	UserID     string     `json:"user_id"`          // empty: not asked for yet
	UserName   string     `json:"user_name"`        // display name; may be empty
	AccountID  string     `json:"account_id"`       // Spotify's permanent one; may be empty
	ClientID   string     `json:"client_id"`        // of the app
	Scopes     []string   `json:"scopes"`           // granted; null: not known
	Missing    []string   `json:"scopes_missing"`   // needed and not granted
	Authorized *time.Time `json:"authorized_at"`    // null: not known
	Ends       *time.Time `json:"ends"`             // null: not known
	DaysLeft   *int       `json:"days_left"`        // whole days; null: not known
	Notice     *int       `json:"notice,omitempty"` // of 30, 14, 7, 3, 1, 0 the lowest number of days reached
	Renew      string     `json:"renew_with"`       // the command
	token      auth.Token `json:"-"`
}

// authReport is the JSON of "auth status".
type authReport struct {
	FormatVersion string        `json:"format_version"`
	Issuer        string        `json:"issuer"`
	Credentials   string        `json:"credentials_file"`
	Environment   bool          `json:"environment_token"` // SPOTSYNC_REFRESH_TOKEN or …_FILE is set
	LoggedIn      bool          `json:"logged_in"`         // every account in use has a login that works, as far as known
	Logins        []loginReport `json:"logins"`
}

func runAuthStatus(ctx context.Context, a *term.App, asJSON bool) (err error) {
	w, err := session.OpenEnvironment(a, session.Hooks{})
	if err != nil {
		return err
	}
	if w.Sandbox != nil {
		if err := sandboxLogin(ctx, a, w, reconcile.DefaultAccount); err != nil {
			return err
		}
	}
	r, err := readAuthReport(a, w, time.Now())
	if err != nil {
		return err
	}
	if asJSON {
		if err := a.WriteJSON(r); err != nil {
			return err
		}
	} else {
		writeLogins(a, a.Out, r)
	}
	if !r.LoggedIn {
		return session.Silent(session.KindLogin)
	}
	return nil
}

// sandboxLogin logs in to the sandbox as any other command would.
func sandboxLogin(ctx context.Context, a *term.App, w *session.Environment, label string) error {
	creds, err := w.OpenCredentials()
	if err != nil {
		return err
	}
	app, err := w.AppFor(config.Account{Label: label}, creds)
	if err != nil {
		return err
	}
	l, err := w.LogIn(ctx, creds, app, label, session.ClientOptions{})
	if err != nil {
		return err
	}
	return l.Source.Close()
}

// readAuthReport is what is known of the logins, without asking Spotify.
func readAuthReport(a *term.App, w *session.Environment, now time.Time) (*authReport, error) {
	creds, err := w.OpenCredentials()
	if err != nil {
		return nil, err
	}
	entries, err := creds.List()
	if err != nil {
		return nil, err
	}
	r := &authReport{FormatVersion: authFormat, Issuer: w.Issuer.Name, Credentials: creds.Path()}
	var seed *auth.Token
	if w.Sandbox == nil {
		t, seeded, err := w.Seed()
		if err != nil {
			return nil, err
		}
		if seeded {
			if id := a.Getenv("SPOTSYNC_CLIENT_ID"); t.ClientID == "" {
				t.ClientID = id
			}
			seed, r.Environment = &t, true
		}
	}
	r.Logins = reportLogins(entries, seed, w.Issuer.Name, now)
	r.LoggedIn = loggedIn(r.Logins)
	return r, nil
}

// reportLogins says what is known of each login: first the environment's token, then those saved, by client ID and label.
// seed is nil without one; it stands before the saved login of the default account.
func reportLogins(entries []auth.Entry, seed *auth.Token, issuer string, now time.Time) []loginReport {
	out := []loginReport{}
	if seed != nil {
		e := auth.Entry{Key: auth.Key{Issuer: issuer, ClientID: seed.ClientID, Account: reconcile.DefaultAccount}, Token: *seed}
		hash := auth.SeedHash(*seed)
		for _, s := range entries {
			if s.Key.Issuer == issuer && s.Key.Seed == hash { // its successor, or its refusal
				e.Token, e.Refused, e.RefusedAt = s.Token, s.Refused, s.RefusedAt
				e.Key.ClientID = s.Key.ClientID
			}
		}
		r := reportLogin(e, now)
		r.From, r.InUse, r.Renew = "environment", true, "spotsync login --print-token"
		if seed.Issuer != "" && seed.Issuer != issuer {
			r.State, r.Reason = loginRefused, fmt.Sprintf("it was issued by %q and this run talks to %q", seed.Issuer, issuer)
		}
		out = append(out, r)
	}
	for _, e := range loginsOf(entries, issuer) {
		if e.Key.Seed != "" {
			continue
		}
		r := reportLogin(e, now)
		r.InUse = seed == nil || e.Key.Account != reconcile.DefaultAccount
		out = append(out, r)
	}
	return out
}

func reportLogin(e auth.Entry, now time.Time) loginReport {
	t := e.Token
	r := loginReport{
		Account: e.Key.Account, From: "login", State: loginOK, Reason: e.Refused,
		UserID: t.UserID, UserName: t.DisplayName, AccountID: t.AccountID, ClientID: e.Key.ClientID,
		Scopes: t.Scopes, Missing: auth.Missing(t.Scopes, session.CoreScopes), Renew: "spotsync login" + reconcile.LoginFlag(e.Key.Account), token: t,
	}
	if r.Missing == nil {
		r.Missing = []string{}
	}
	if at := t.AuthorizedAt.UTC(); !t.AuthorizedAt.IsZero() {
		r.Authorized = &at
	}
	if ends, ok := t.Ends(); ok {
		days, level := auth.Countdown(ends, now)
		r.Ends, r.DaysLeft = &ends, &days
		if level != auth.LevelNone {
			notice := noticeDays(level)
			r.Notice = &notice
		}
		if level == auth.LevelEnded {
			r.State = loginEnded
		}
	}
	if e.Refused != "" {
		at := e.RefusedAt.UTC()
		r.State, r.RefusedAt = loginRefused, &at
	}
	return r
}

// noticeDays is a level as the number it is named after.
func noticeDays(l auth.Level) int {
	return map[auth.Level]int{auth.Level30: 30, auth.Level14: 14, auth.Level7: 7, auth.Level3: 3, auth.Level1: 1}[l]
}

// loggedIn reports whether there is a login and every account has one that works. An account may have several, through
// different apps: one that works will do.
func loggedIn(logins []loginReport) bool {
	works := make(map[string]bool)
	for _, r := range logins {
		if r.InUse {
			works[r.Account] = works[r.Account] || r.State == loginOK
		}
	}
	for _, ok := range works {
		if !ok {
			return false
		}
	}
	return len(works) > 0
}

// writeLogins is the report for people.
func writeLogins(a *term.App, w io.Writer, r *authReport) {
	if len(r.Logins) == 0 {
		fmt.Fprintln(w, "Nobody is logged in. Log in with: spotsync login")
		return
	}
	for i, l := range r.Logins {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "Account %q: %s\n", l.Account, session.Person(l.token))
		line := func(name, format string, args ...any) {
			fmt.Fprintf(w, "  %-10s %s\n", name, fmt.Sprintf(format, args...))
		}
		line("state", "%s", l.describe())
		switch {
		case l.From == "environment":
			line("from", "SPOTSYNC_REFRESH_TOKEN")
		case !l.InUse:
			line("from", "%s; not used while SPOTSYNC_REFRESH_TOKEN is set", r.Credentials)
		default:
			line("from", "%s", r.Credentials)
		}
		if l.ClientID != "" {
			line("client ID", "%s", l.ClientID)
		}
		if l.Authorized != nil {
			line("logged in", "%s", l.Authorized.Format("2 Jan 2006"))
		}
		switch {
		case l.Scopes == nil:
			line("scopes", "not known; Spotify will say when one is missing")
		case len(l.Missing) > 0:
			line("scopes", "%s", strings.Join(l.Scopes, " "))
			line("missing", "%s; grant with: %s", strings.Join(l.Missing, " "), l.Renew)
		default:
			line("scopes", "%s", strings.Join(l.Scopes, " "))
		}
	}
}

// describe says how a login fares.
func (l loginReport) describe() string {
	switch {
	case l.State == loginRefused && l.RefusedAt != nil:
		return fmt.Sprintf("refused by Spotify on %s (%s); log in again: %s", l.RefusedAt.Format("2 Jan 2006 15:04 UTC"), l.Reason, l.Renew)
	case l.State == loginRefused:
		return fmt.Sprintf("can't be used: %s", l.Reason)
	case l.State == loginEnded:
		return fmt.Sprintf("over since %s, six months after the login; log in again: %s", l.Ends.Format("2 Jan 2006"), l.Renew)
	case l.Ends == nil:
		return "logged in; when it ends is not known (six months after the token was made)"
	case l.Notice != nil:
		return fmt.Sprintf("logged in, but only until %s (%s); renew it with: %s", l.Ends.Format("2 Jan 2006"), words.Plural(*l.DaysLeft, "day"), l.Renew)
	}
	return fmt.Sprintf("logged in until %s (%s)", l.Ends.Format("2 Jan 2006"), words.Plural(*l.DaysLeft, "day"))
}
