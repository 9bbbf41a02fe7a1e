// Package run is the way from what files want to what is on Spotify, once for everybody who goes it: commands, the daemon and
// tests. plan.go recalls, observes and plans; apply.go does a plan, in waves where one needs the ID of a playlist that another
// creates.
package run

import (
	"context"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/apply"
	"github.com/spotsync/spotsync/reconcile/lockstore"
	"github.com/spotsync/spotsync/reconcile/observe"
	"github.com/spotsync/spotsync/reconcile/store"
)

// Run is what a run works with. Whoever makes one holds the lock of the lock file.
type Run struct {
	Issuer string
	State  *store.State
	Lock   *lockstore.File

	// Open is an account, logged in. Offline it need not be: only who it belongs to is asked for.
	Open func(ctx context.Context, desired *config.Desired, label string, offline bool) (*Account, error)
	// Reading is called before an account is read, and what it returns after; nil for nobody who wants to know.
	Reading func(*observe.Observer) (done func())
	// Warn is told what is not worth ending a run for; it is a sentence without its end.
	Warn func(err error, what string)
}

// Account is an account that was opened.
type Account struct {
	*observe.Observer
	Client apply.API // what writes are sent to; nil offline
}

// Planned is a plan and what it was made from.
type Planned struct {
	Plan     *reconcile.Plan
	Desired  *config.Desired
	Observed map[string]*reconcile.Observed // by account label
	Offline  bool                           // nobody was asked
}

func (r *Run) warn(err error, what string) {
	if r.Warn != nil && err != nil {
		r.Warn(err, what)
	}
}
