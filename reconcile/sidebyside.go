package reconcile

import "sync"

// sideBySide calls do for 0 to n-1, at most limit at once, and waits for all it started. After the first error it starts
// no more, and lets those under way finish: cutting off a request that writes would leave its outcome unknown.
func sideBySide(limit, n int, do func(int) error) error {
	if limit <= 0 {
		limit = 4
	}
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		first error
	)
	failed := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return first != nil
	}
	slots := make(chan struct{}, limit)
	for i := range n {
		slots <- struct{}{}
		if failed() {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := do(i); err != nil {
				mu.Lock()
				defer mu.Unlock()
				if first == nil {
					first = err
				}
			}
		})
	}
	wg.Wait()
	return first
}
