package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/run"
	"github.com/spotsync/spotsync/reconcile/store"
)

// IsPlanFile reports whether an argument names a saved plan and not a configuration.
func IsPlanFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && !strings.HasSuffix(path, ".hcl")
}

// ApplySaved does a plan that was saved, if what it was made from is still so.
func ApplySaved(ctx context.Context, a *term.App, path string, so Options, o ApplyOptions) (err error) {
	p, err := ReadPlan(path)
	if err != nil {
		return err
	}
	s, err := Open(a, p.Path, so)
	if err != nil {
		return err
	}
	defer term.Closing(s.Close, &err)
	if err := s.Take(ctx); err != nil {
		return err
	}
	if p.Issuer != s.World.Issuer.Name {
		return fmt.Errorf("the plan was made for %q and this run talks to %q: plan again", p.Issuer, s.World.Issuer.Name)
	}
	if reconcile.Digest(s.Lock.Current()) != p.Lock {
		return errors.New("the plan is stale: the lock file has changed since. Plan again")
	}
	desired, err := s.Desire(ctx)
	if err != nil {
		return err
	}
	p.Locate(desired)
	got := &run.Planned{Plan: p, Desired: desired, Observed: make(map[string]*reconcile.Observed)}
	for _, label := range slices.Sorted(maps.Keys(p.Accounts)) {
		acc := p.Accounts[label]
		observer, err := s.Observer(ctx, AccountOf(desired, label), false)
		if err != nil {
			return err
		}
		if observer.User.Account() != acc.ID {
			return fmt.Errorf("the plan is stale: it is for account %s, and the login is for %s", acc.ID, observer.User.Account())
		}
		observer.Certain, observer.Alone = true, true // what a create has to know of others it asks itself
		if got.Observed[label], err = observer.Observe(ctx, p.IDs(label)); err != nil {
			return err
		}
	}
	if stale := p.Refresh(got.Observed); len(stale) > 0 {
		return fmt.Errorf("the plan is stale: %s changed on Spotify since. Plan again", strings.Join(stale, ", "))
	}
	if err := announce(s, got, o.Show); err != nil {
		return err
	}
	if err := p.Forbidden(); err != nil {
		return err
	}
	if err := s.perform(ctx, got, o); err != nil {
		return err
	}
	return Differences(p, o.Show)
}

// ReadPlan reads a saved plan.
func ReadPlan(path string) (*reconcile.Plan, error) {
	data, err := store.OS{}.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var p reconcile.Plan
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, fmt.Errorf("%s is not a saved plan: %w", path, err)
	}
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &p, nil
}
