//go:build !windows

package watch

import (
	"io/fs"
	"syscall"
)

// idOf is which file a file is, whatever its name.
func idOf(info fs.FileInfo) fileID {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fileID{}
	}
	return fileID{dev: uint64(stat.Dev), ino: stat.Ino}
}
