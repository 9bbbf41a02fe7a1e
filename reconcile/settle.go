package reconcile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"time"

	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// settleWindow is how long after a write of ours reads may show what was before it, and snapshots may wander.
const SettleWindow = 60 * time.Second

// settleDelays are the pauses between reads of something that does not yet show our write.
var settleDelays = [...]time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}

// verdict is what one read tells about recent writes of ours.
type verdict int

const (
	settled verdict = iota // it shows the latest state we made
	stale                  // it shows an earlier one
	foreign                // it shows something we did not make: somebody else's edit
)

// judgeItems compares a read of items with the states our recent writes made.
func judgeItems(marks []store.Mark, items []spotify.Item) verdict {
	print := fingerprint(items)
	return judge(marks, func(m store.Mark) bool { return m.Items == print })
}

// judgeDetails does the same for details.
func judgeDetails(marks []store.Mark, d spotify.Details) verdict {
	if v := judge(marks, func(m store.Mark) bool { return sameDetails(m.Details, d) }); v != foreign {
		return v
	}
	return judge(marks, func(m store.Mark) bool { return resemble(m.Details, d) })
}

func judge(marks []store.Mark, same func(store.Mark) bool) verdict {
	if len(marks) == 0 {
		return settled
	}
	for i := len(marks) - 1; i >= 0; i-- {
		if same(marks[i]) {
			if i == len(marks)-1 {
				return settled
			}
			return stale
		}
	}
	return foreign
}

// mark is the state a playlist is in.
func mark(c store.Contents) store.Mark {
	return store.Mark{Items: fingerprint(c.Items), Details: c.Details, Following: c.Following}
}

// fingerprint is equal for two reads that show the same rows in the same order.
func fingerprint(items []spotify.Item) string {
	h := sha256.New()
	for _, it := range items {
		io.WriteString(h, likeness(it)+"\n")
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// likeness is the same for two rows that show the same. A row that Spotify shows under another URI counts as the one that
// was asked for; rows without a URI count as what they are.
func likeness(it spotify.Item) string {
	switch {
	case it.Local:
		return "local"
	case it.Null || it.Opaque():
		return "opaque"
	}
	return string(uriOf(it))
}

// foreignReads is how often something we did not make is read again before it is believed: it may be somebody's edit
// together with a write of ours that does not show yet.
const foreignReads = 3

// until reads until the read shows our latest write, or goes on showing something foreign. A read that stays stale to
// the end is returned as such: then what was asked for did not happen, for that takes every read to agree.
func until[T any](ctx context.Context, read func(context.Context) (T, error), judge func(T) verdict) (T, verdict, error) {
	for i := 0; ; i++ {
		got, err := read(ctx)
		if err != nil {
			return got, foreign, err
		}
		v := judge(got)
		if v == settled || i == len(settleDelays) || v == foreign && i >= foreignReads {
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
