package store

import (
	"errors"
	"fmt"
	"time"
)

// VersionError reports a file written by a newer spotsync. Nothing was changed.
type VersionError struct {
	Path  string
	Found int // the version in the file
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("%s was written by a newer spotsync (its format is version %d); update spotsync on this computer, nothing was changed", e.Path, e.Found)
}

// CorruptError reports a file that was damaged and that is not safe to do without.
type CorruptError struct {
	Path string
	Line int    // 1 for the first; 0 when the whole file is meant
	Err  error  // what is wrong
	Todo string // how to go on
}

func (e *CorruptError) Error() string {
	where := e.Path
	if e.Line > 0 {
		where = fmt.Sprintf("%s, line %d", e.Path, e.Line)
	}
	return fmt.Sprintf("%s cannot be read: %v; %s", where, e.Err, e.Todo)
}

func (e *CorruptError) Unwrap() error { return e.Err }

// LockedError reports that another process kept the lock for as long as we were ready to wait.
type LockedError struct {
	Path   string        // of the lock
	Holder string        // "spotsync apply, process 123 on host since 2026-11-23 14:45:01 UTC"
	Waited time.Duration // zero: did not wait
	Daemon bool          // it is the lock of the one daemon, which is held for as long as that runs
}

func (e *LockedError) Error() string {
	if e.Daemon {
		return fmt.Sprintf("a daemon runs for this lock file already: %s; stop that one first", e.Holder)
	}
	waited := ""
	if e.Waited > 0 {
		waited = fmt.Sprintf(" after waiting %s", e.Waited.Round(time.Second/10))
	}
	return fmt.Sprintf("%s is still at work%s; let it finish; spotsync apply --lock-timeout 5m waits longer", e.Holder, waited)
}

func asVersionError(err error) (*VersionError, bool) { return errors.AsType[*VersionError](err) }

func asLockedError(err error) (*LockedError, bool) { return errors.AsType[*LockedError](err) }
