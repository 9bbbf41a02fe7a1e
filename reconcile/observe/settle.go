package observe

import (
	"context"
	"time"

	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// settleDelays are the pauses between reads of something that does not yet show our write.
var settleDelays = [...]time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}

// ReadState is what one read tells about recent writes of ours.
type ReadState int

const (
	Current ReadState = iota // it shows the latest state we made
	Stale                    // it shows an earlier one
	Foreign                  // it shows something we did not make: somebody else's edit
)

// CompareItems compares a read of items with the states our recent writes made.
func CompareItems(marks []store.Mark, items []spotify.Item) ReadState {
	print := reconcile.MarkOf(store.Contents{Items: items}).Items
	return latest(marks, func(m store.Mark) bool { return m.Items == print })
}

// CompareDetails does the same for details.
func CompareDetails(marks []store.Mark, d spotify.Details) ReadState {
	if v := latest(marks, func(m store.Mark) bool { return reconcile.SameDetails(m.Details, d) }); v != Foreign {
		return v
	}
	return latest(marks, func(m store.Mark) bool { return reconcile.SimilarDetails(m.Details, d) })
}

func latest(marks []store.Mark, same func(store.Mark) bool) ReadState {
	if len(marks) == 0 {
		return Current
	}
	for i := len(marks) - 1; i >= 0; i-- {
		if same(marks[i]) {
			if i == len(marks)-1 {
				return Current
			}
			return Stale
		}
	}
	return Foreign
}

// foreignReads is how often something we did not make is read again before it is believed: it may be somebody's edit
// together with a write of ours that does not show yet.
const foreignReads = 3

// Until reads until the read shows our latest write, or goes on showing something foreign. A read that stays Stale to
// the end is returned as such: then what was asked for did not happen, for that takes every read to agree.
func Until[T any](ctx context.Context, read func(context.Context) (T, error), judge func(T) ReadState) (T, ReadState, error) {
	for i := 0; ; i++ {
		got, err := read(ctx)
		if err != nil {
			return got, Foreign, err
		}
		v := judge(got)
		if v == Current || i == len(settleDelays) || v == Foreign && i >= foreignReads {
			return got, v, nil
		}
		if err := pause(ctx, settleDelays[i]); err != nil {
			return got, v, err
		}
	}
}

// pause waits for d, or for ctx to end.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
