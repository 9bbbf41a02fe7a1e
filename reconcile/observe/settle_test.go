package observe

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// A read is compared with the latest state first: where two states look the same, it shows the later one.
func TestCompareItems(t *testing.T) {
	list := func(names ...string) (items []spotify.Item) {
		for _, name := range names {
			items = append(items, spotify.Item{URI: spotify.URI("spotify:track:" + strings.Repeat(name, 22))})
		}
		return items
	}
	var marks []store.Mark
	for _, items := range [][]spotify.Item{list("a"), list("a", "b"), list("b")} {
		marks = append(marks, reconcile.MarkOf(store.Contents{Items: items}))
	}
	for _, tt := range []struct {
		marks []store.Mark
		items []spotify.Item
		want  ReadState
	}{
		{marks, list("b"), Current},
		{marks, list("a", "b"), Stale},
		{marks, list("a"), Stale},
		{marks, list("b", "a"), Foreign},
		{marks, nil, Foreign},
		{append(marks, marks[0]), list("a"), Current},
		{nil, list("c"), Current},
	} {
		if got := CompareItems(tt.marks, tt.items); got != tt.want {
			t.Errorf("%d states, a read of %v: %d, want %d", len(tt.marks), tt.items, got, tt.want)
		}
	}
}

// That a write took effect takes one read, that it did not all of them, and somebody else's edit is believed after a few.
func TestUntil(t *testing.T) {
	const all = len(settleDelays) + 1
	for what, tt := range map[string]struct {
		shows []ReadState // the last one for ever
		want  ReadState
		reads int
	}{
		"at once":               {[]ReadState{Current}, Current, 1},
		"late":                  {[]ReadState{Stale, Stale, Current}, Current, 3},
		"never":                 {[]ReadState{Stale}, Stale, all},
		"somebody else's":       {[]ReadState{Foreign}, Foreign, foreignReads + 1},
		"theirs, and then ours": {[]ReadState{Foreign, Foreign, Current}, Current, 3},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reads := 0
				_, got, err := Until(t.Context(), func(context.Context) (int, error) { reads++; return reads, nil },
					func(n int) ReadState { return tt.shows[min(n, len(tt.shows))-1] })
				if got != tt.want || reads != tt.reads || err != nil {
					t.Errorf("%d after %d reads (%v), want %d after %d", got, reads, err, tt.want, tt.reads)
				}
			})
		})
	}
}

// After an error nothing more is begun, and what is under way goes on to its end.
func TestParallelStopsAtTheFirstError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken, release := errors.New("broken"), make(chan struct{})
		var began, ended atomic.Int32
		var err error
		go func() {
			err = Parallel(2, 10, func(i int) error {
				began.Add(1)
				defer ended.Add(1)
				if i == 1 {
					return broken
				}
				<-release
				return nil
			})
		}()
		synctest.Wait()
		close(release)
		synctest.Wait()
		if err != broken || began.Load() != ended.Load() || began.Load() > 3 {
			t.Errorf("%v; %d begun, %d ended", err, began.Load(), ended.Load())
		}
	})
}
