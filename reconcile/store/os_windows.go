package store

import (
	"errors"
	"os"
	"syscall"
	"time"
)

const errSharingViolation = syscall.Errno(32) // ERROR_SHARING_VIOLATION: a virus scanner or an editor has it open

// rename replaces the target, as os.Rename does here too, and asks again for a second while somebody else has it open.
func rename(from, to string) error {
	for wait := 5 * time.Millisecond; ; wait *= 2 {
		err := os.Rename(from, to)
		busy := errors.Is(err, errSharingViolation) || errors.Is(err, syscall.ERROR_ACCESS_DENIED)
		if !busy || wait > 500*time.Millisecond {
			return err
		}
		time.Sleep(wait)
	}
}

// syncDir does nothing: Windows has no way to sync a folder, and NTFS keeps a journal of names.
func syncDir(string) error { return nil }
