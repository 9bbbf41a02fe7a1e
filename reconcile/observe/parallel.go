package observe

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// Parallel calls do for 0 to n-1, at most limit at once, and waits for all it started. After the first error it starts
// no more, and lets those under way finish: cutting off a request that writes would leave its outcome unknown.
func Parallel(limit, n int, do func(int) error) error {
	if limit <= 0 {
		limit = 4
	}
	all, failed := errgroup.WithContext(context.Background())
	all.SetLimit(limit)
	for i := range n {
		all.Go(func() error {
			if failed.Err() != nil {
				return nil
			}
			return do(i)
		})
	}
	return all.Wait()
}
