package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/reconcile"
)

func newLogout(a *term.App) *cobra.Command {
	var account string
	var all bool
	cmd := &cobra.Command{
		Use:   "logout [flags]",
		Short: "Forget a login",
		Long: `logout deletes the login of an account from this computer. Playlists, lock file and history stay. Spotify is not told:
the permission itself is taken back at https://www.spotify.com/account/apps/.

Being logged out already is not an error.`,
		Args: atMost(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if all && cmd.Flags().Changed("account") {
				return errors.New("--all and --account exclude each other")
			}
			return runLogout(cmd.Context(), a, account, all)
		},
	}
	cmd.Flags().StringVar(&account, "account", reconcile.DefaultAccount, "`label` of the account")
	cmd.Flags().BoolVar(&all, "all", false, "every login, and what is kept of tokens from the environment")
	return cmd
}

func runLogout(ctx context.Context, a *term.App, account string, all bool) (err error) {
	w, err := session.OpenEnvironment(a, session.Hooks{})
	if err != nil {
		return err
	}
	creds, err := w.OpenCredentials()
	if err != nil {
		return err
	}
	entries, err := creds.List()
	if err != nil {
		return err
	}
	removed := 0
	var others []string
	for _, e := range entries {
		switch {
		case e.Key.Issuer != w.Issuer.Name:
			continue
		case !all && (e.Key.Seed != "" || e.Key.Account != account):
			if e.Key.Seed == "" && !slices.Contains(others, e.Key.Account) {
				others = append(others, e.Key.Account)
			}
			continue
		}
		found, err := creds.Remove(ctx, e.Key)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		removed++
		if e.Key.Seed != "" {
			fmt.Fprintf(a.Out, "Forgot what followed a token from the environment (%s).\n", session.Person(e.Token))
		} else {
			fmt.Fprintf(a.Out, "Logged out %s, account %q.\n", session.Person(e.Token), e.Key.Account)
		}
	}
	switch {
	case removed > 0 && w.Sandbox == nil:
		a.Say("Spotify still remembers the permission; to take it back open https://www.spotify.com/account/apps/.")
	case removed == 0 && all:
		a.Say("Nobody is logged in.")
	case removed == 0:
		a.Say("Account %q is not logged in.%s", account, loggedInToo(others))
	}
	if _, seeded, err := w.Seed(); (seeded || err != nil) && w.Sandbox == nil && (all || account == reconcile.DefaultAccount) {
		a.Note("SPOTSYNC_REFRESH_TOKEN (or …_FILE) is set, and its login goes on being used until it is unset.")
	}
	return nil
}

// loggedInToo points at the accounts that are.
func loggedInToo(labels []string) string {
	if len(labels) == 0 {
		return ""
	}
	return " These are: " + strings.Join(labels, ", ") + "; name one with --account."
}

// loginsOf are the logins at an issuer.
func loginsOf(entries []auth.Entry, issuer string) []auth.Entry {
	var out []auth.Entry
	for _, e := range entries {
		if e.Key.Issuer == issuer {
			out = append(out, e)
		}
	}
	return out
}
