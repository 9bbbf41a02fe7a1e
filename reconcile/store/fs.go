package store

import (
	"context"
	"io/fs"
)

// FS is the disk as this package sees it. [OS] is the real one; [FailingFS] breaks on demand, for tests.
// A missing file is an error that matches fs.ErrNotExist.
type FS interface {
	// ReadFile returns the whole file.
	ReadFile(path string) ([]byte, error)

	// WriteFile replaces the file or makes it, and its folder (0700) if there is none. Afterwards the file holds either
	// what it held before or data, whole and on the disk, whatever happens; on an error it may be either.
	WriteFile(path string, data []byte, perm fs.FileMode) error

	// WriteUnsynced is WriteFile without waiting for the disk, for what can be done without: readers never see half of it,
	// but once the computer was switched off the file may be cut short or empty.
	WriteUnsynced(path string, data []byte, perm fs.FileMode) error

	// Append adds line, which ends with a newline, to the file or to a new one (0600), and returns once it is on the disk.
	// One process appends to a file at a time: who calls holds a lock.
	Append(path string, line []byte) error

	// Remove removes a file; a missing one is no error.
	Remove(path string) error

	// ReadDir lists a folder, sorted by name; a missing one is empty.
	ReadDir(path string) ([]fs.DirEntry, error)

	// Lock waits for the exclusive lock that the file at path stands for. It keeps other processes out and other callers in
	// this one. The file stays when the lock is let go. It is let go by the system when the process dies.
	Lock(ctx context.Context, path string) (unlock func() error, err error)

	// TryLock is Lock without waiting; ok is false when another holds the lock.
	TryLock(path string) (unlock func() error, ok bool, err error)
}
