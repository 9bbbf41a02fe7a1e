package term

import (
	"context"
	"testing"
	"testing/synctest"
)

// The first signal lets the request in flight finish, the second cuts it short.
func TestFinishing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := make(chan struct{})
		a := &App{Now: now}
		first, signal := context.WithCancel(t.Context())
		ctx, done := a.Finishing(first)
		defer done()
		signal()
		synctest.Wait()
		if ctx.Err() != nil {
			t.Error("the first signal ends it")
		}
		close(now)
		synctest.Wait()
		if ctx.Err() == nil {
			t.Error("the second does not")
		}
	})
}
