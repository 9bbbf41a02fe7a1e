//go:build unix

package lockstore

import (
	"errors"
	"syscall"
)

// isReadOnlyFS reports whether a write failed because the file system is mounted read-only, as config maps are.
func isReadOnlyFS(err error) bool { return errors.Is(err, syscall.EROFS) }
