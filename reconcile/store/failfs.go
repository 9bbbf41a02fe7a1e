package store

import (
	"errors"
	"sync"
)

// Step is one thing asked of the disk by an [FS].
type Step struct {
	Op   string // read readdir mkdir create write sync rename syncdir append remove lock
	Path string
}

// Changes reports whether the step would change what is on the disk. Taking a lock doesn't count.
func (s Step) Changes() bool { return s.Op != "read" && s.Op != "readdir" && s.Op != "lock" }

// ErrCut, returned for a write, lets half of it reach the file.
var ErrCut = errors.New("the write was cut short")

// ErrCrash is what [CrashAt] makes each step return from some moment on.
var ErrCrash = errors.New("the computer is off")

// FailingFS is [OS] for tests: fail is asked before each step, and an error it returns is what happens instead.
// It may be called by several goroutines at once.
func FailingFS(fail func(Step) error) FS { return OS{fail: fail} }

// CrashAt makes a disk that stops for good at the n-th changing step (1 for the first). With cut, a write there gets half
// way. The second result tells how many changing steps were asked for so far.
func CrashAt(n int, cut bool) (fail func(Step) error, steps func() int) {
	var mu sync.Mutex
	count := 0
	fail = func(s Step) error {
		mu.Lock()
		defer mu.Unlock()
		if s.Changes() {
			count++
		}
		switch {
		case count < n:
			return nil
		case count == n && cut && s.Op == "write":
			return ErrCut
		}
		return ErrCrash
	}
	return fail, func() int { mu.Lock(); defer mu.Unlock(); return count }
}
