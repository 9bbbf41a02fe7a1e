package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/run"
	"github.com/spotsync/spotsync/spotify"
)

// planOptions decide what a plan is about.
type planOptions struct {
	targets         []string
	excludes        []string
	refresh         bool
	refreshOnly     bool
	force           bool
	adoptByName     bool
	createDuplicate bool
	attended        bool // somebody will be asked
	noDelete        bool // whatever the plan says, nothing is deleted
}

// makePlan reads the files and what is on Spotify, and works out what differs. The caller holds the lock.
func (s *Session) makePlan(ctx context.Context, command reconcile.Command, o planOptions) (*run.Planned, error) {
	desired, err := s.desire(ctx)
	if err != nil {
		return nil, err
	}
	return s.planFor(ctx, command, desired, o)
}

// planFor works out what differs from what is wanted. The caller holds the lock.
func (s *Session) planFor(ctx context.Context, command reconcile.Command, desired *config.Desired, o planOptions) (*run.Planned, error) {
	targeted, err := s.targeting(desired, o)
	if err != nil {
		return nil, err
	}
	if o.refreshOnly {
		command = reconcile.CommandRefreshOnly
	}
	got, diags, err := s.pipeline().Plan(ctx, desired, run.Options{Command: command, Targeted: targeted, Offline: !o.refresh,
		AdoptByName: o.adoptByName, CreateDuplicate: o.createDuplicate, Attended: o.attended, NoDelete: o.noDelete, Force: o.force})
	if err != nil {
		return nil, err
	}
	var sources config.Files
	if s.conf != nil {
		sources = s.conf.source.Sources()
	}
	return got, checked(s.app, sources, diags)
}

// showOptions decide how a plan is shown.
type showOptions struct {
	JSON     bool
	summary  bool
	full     bool
	markdown bool
	detailed bool
}

// pipeline is how this session plans and applies.
func (s *Session) pipeline() *run.Run {
	return &run.Run{Issuer: s.world.issuer.Name, State: s.state, Lock: s.lock, Reading: s.reading,
		Open: func(ctx context.Context, desired *config.Desired, label string, offline bool) (*run.Account, error) {
			return s.observer(ctx, accountOf(desired, label), offline)
		},
		Warn: func(err error, what string) { s.app.Log.Warn().Err(err).Msg(what) },
	}
}

// reading shows how far the reading of an account is.
func (s *Session) reading(o *reconcile.Observer) (done func()) {
	reading := s.app.Progress("Reading playlists")
	o.Progress = reading.Set
	o.Announce = func(playlists, requests int) {
		if requests > manyRequests {
			takes := takesLine(s.limiter(s.logins[o.Label].app.ClientID).Estimate(requests))
			s.app.Say("%s", announcement("Reading "+words.Plural(playlists, "playlist"), requests, takes))
		}
	}
	return reading.Done
}

// observer reads one account. Offline it knows only who the account is.
func (s *Session) observer(ctx context.Context, acc config.Account, offline bool) (*run.Account, error) {
	o := &reconcile.Observer{Label: acc.Label, Parallelism: s.options.parallelism, Offline: offline, Watching: s.options.watching}
	if offline {
		user, err := s.knownUser(acc)
		if err != nil {
			return nil, err
		}
		o.User = user
		o.Account = s.openAccount(user.Account())
		return &run.Account{Observer: o}, nil
	}
	_, again := s.logins[acc.Label]
	l, err := s.logIn(ctx, acc)
	if err != nil {
		return nil, err
	}
	if missing := auth.Missing(l.token.Scopes, coreScopes); len(missing) > 0 && !again {
		s.app.Note("account %q was not granted %s, so what needs it will fail. To grant it: spotsync login%s", acc.Label, strings.Join(missing, ", "), loginFlag(acc.Label))
	}
	o.API, o.User, o.Scopes, o.Account = l.client, l.user, l.token.Scopes, s.accountStore(l)
	return &run.Account{Observer: o, Client: l.client}, nil
}

// knownUser is whose account a label is, without asking Spotify.
func (s *Session) knownUser(acc config.Account) (spotify.User, error) {
	if locked, ok := s.lock.Current().Accounts[acc.Label]; ok {
		return spotify.User{ID: locked.User, AccountID: locked.ID, DisplayName: locked.Name}, nil
	}
	creds, err := s.world.openCredentials()
	if err != nil {
		return spotify.User{}, err
	}
	app, err := s.world.appFor(acc, creds)
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
func (s *Session) targeting(desired *config.Desired, o planOptions) (func(string) bool, error) {
	if len(o.targets) == 0 && len(o.excludes) == 0 {
		return nil, nil
	}
	all := s.known(desired)
	find := func(refs []string, flag string) (map[string]bool, error) {
		set := make(map[string]bool)
		for _, ref := range refs {
			found, err := matchRef(ref, all)
			if err != nil {
				return nil, fmt.Errorf("--%s: %w", flag, err)
			}
			for _, k := range found {
				set[k.address] = true
			}
		}
		return set, nil
	}
	in, err := find(o.targets, "target")
	if err != nil {
		return nil, err
	}
	out, err := find(o.excludes, "exclude")
	if err != nil {
		return nil, err
	}
	return func(address string) bool { return (len(in) == 0 || in[address]) && !out[address] }, nil
}
