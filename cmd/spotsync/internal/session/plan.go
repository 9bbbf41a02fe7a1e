package session

import (
	"context"
	"fmt"
	"strings"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/observe"
	"github.com/spotsync/spotsync/reconcile/run"
	"github.com/spotsync/spotsync/spotify"
)

// PlanOptions decide what a plan is about.
type PlanOptions struct {
	Targets         []string
	Excludes        []string
	Refresh         bool
	RefreshOnly     bool
	Force           bool
	AdoptByName     bool
	CreateDuplicate bool
	Attended        bool // somebody will be asked
	NoDelete        bool // whatever the plan says, nothing is deleted
}

// MakePlan reads the files and what is on Spotify, and works out what differs. The caller holds the lock.
func (s *Session) MakePlan(ctx context.Context, command reconcile.Command, o PlanOptions) (*run.Planned, error) {
	desired, err := s.Desire(ctx)
	if err != nil {
		return nil, err
	}
	return s.PlanFor(ctx, command, desired, o)
}

// PlanFor works out what differs from what is wanted. The caller holds the lock.
func (s *Session) PlanFor(ctx context.Context, command reconcile.Command, desired *config.Desired, o PlanOptions) (*run.Planned, error) {
	targeted, err := s.targeting(desired, o)
	if err != nil {
		return nil, err
	}
	if o.RefreshOnly {
		command = reconcile.CommandRefreshOnly
	}
	got, diags, err := s.Pipeline().Plan(ctx, desired, run.Options{Command: command, Targeted: targeted, Offline: !o.Refresh,
		AdoptByName: o.AdoptByName, CreateDuplicate: o.CreateDuplicate, Attended: o.Attended, NoDelete: o.NoDelete, Force: o.Force})
	if err != nil {
		return nil, err
	}
	var sources diag.Files
	if s.Conf != nil {
		sources = s.Conf.Source.Sources()
	}
	return got, Checked(s.App, sources, diags)
}

// ShowOptions decide how a plan is shown.
type ShowOptions struct {
	JSON     bool
	Summary  bool
	Full     bool
	Markdown bool
	Detailed bool
}

// Pipeline is how this session plans and applies.
func (s *Session) Pipeline() *run.Run {
	return &run.Run{Issuer: s.World.Issuer.Name, State: s.State, Lock: s.Lock, Reading: s.reading,
		Open: func(ctx context.Context, desired *config.Desired, label string, offline bool) (*run.Account, error) {
			return s.Observer(ctx, AccountOf(desired, label), offline)
		},
		Warn: func(err error, what string) { s.App.Log.Warn().Err(err).Msg(what) },
	}
}

// reading shows how far the reading of an account is.
func (s *Session) reading(o *observe.Observer) (done func()) {
	reading := s.App.Progress("Reading playlists")
	o.Progress = reading.Set
	o.Announce = func(playlists, requests int) {
		if requests > manyRequests {
			takes := takesLine(s.Limiter(s.Logins[o.Label].App.ClientID).Estimate(requests))
			s.App.Say("%s", announcement("Reading "+words.Plural(playlists, "playlist"), requests, takes))
		}
	}
	return reading.Done
}

// Observer reads one account. Offline it knows only who the account is.
func (s *Session) Observer(ctx context.Context, acc config.Account, offline bool) (*run.Account, error) {
	o := &observe.Observer{Label: acc.Label, Parallelism: s.Options.Parallelism, Offline: offline, Watching: s.Options.Watching}
	if offline {
		user, err := s.knownUser(acc)
		if err != nil {
			return nil, err
		}
		o.User = user
		o.Account = s.OpenAccount(user.Account())
		return &run.Account{Observer: o}, nil
	}
	_, again := s.Logins[acc.Label]
	l, err := s.LogIn(ctx, acc)
	if err != nil {
		return nil, err
	}
	if missing := auth.Missing(l.Token.Scopes, CoreScopes); len(missing) > 0 && !again {
		s.App.Note("account %q was not granted %s, so what needs it will fail. To grant it: spotsync login%s", acc.Label, strings.Join(missing, ", "), reconcile.LoginFlag(acc.Label))
	}
	o.API, o.User, o.Scopes, o.Account = l.Client, l.User, l.Token.Scopes, s.AccountStore(l)
	return &run.Account{Observer: o, Client: l.Client}, nil
}

// knownUser is whose account a label is, without asking Spotify.
func (s *Session) knownUser(acc config.Account) (spotify.User, error) {
	if locked, ok := s.Lock.Current().Accounts[acc.Label]; ok {
		return spotify.User{ID: locked.User, AccountID: locked.ID, DisplayName: locked.Name}, nil
	}
	creds, err := s.World.OpenCredentials()
	if err != nil {
		return spotify.User{}, err
	}
	app, err := s.World.AppFor(acc, creds)
	if err != nil {
		return spotify.User{}, err
	}
	t, err := creds.Get(app.Key(acc.Label))
	if err != nil {
		return spotify.User{}, err
	}
	return spotify.User{ID: spotify.ID(t.UserID), AccountID: spotify.ID(t.AccountID), DisplayName: t.DisplayName}, nil
}

// targeting turns --target and --exclude into a question about addresses; nil when neither was given.
func (s *Session) targeting(desired *config.Desired, o PlanOptions) (func(string) bool, error) {
	if len(o.Targets) == 0 && len(o.Excludes) == 0 {
		return nil, nil
	}
	all := s.Known(desired)
	find := func(refs []string, flag string) (map[string]bool, error) {
		set := make(map[string]bool)
		for _, ref := range refs {
			found, err := MatchRef(ref, all)
			if err != nil {
				return nil, fmt.Errorf("--%s: %w", flag, err)
			}
			for _, k := range found {
				set[k.Address] = true
			}
		}
		return set, nil
	}
	in, err := find(o.Targets, "target")
	if err != nil {
		return nil, err
	}
	out, err := find(o.Excludes, "exclude")
	if err != nil {
		return nil, err
	}
	return func(address string) bool { return (len(in) == 0 || in[address]) && !out[address] }, nil
}
