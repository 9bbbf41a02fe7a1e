package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// State is what this computer remembers for one lock file. Several goroutines may use it at once; processes take turns with
// [State.Lock], without which nothing of it may be changed.
type State struct {
	Command string      // told to those who wait for the lock: "spotsync apply"
	Often   bool        // the lock is taken again and again, as by a daemon: who holds it is written down only after a second
	Warn    func(error) // told of damage that was worked around; may be nil

	fsys     FS
	dir      string
	lockPath string
	journal  *logFile
	ids      *logFile
	followed string // the file that names dir, where a symbolic link leads to the lock file; empty: none does

	mu       sync.Mutex // guards what follows
	idsRaw   string     // the file that idsRead was made of
	idsRead  map[string][]Remembered
	idsKnown bool
}

// OpenState names the state of the lock file at lockPath; it changes and creates nothing. One lock file has one state by
// whatever path its folder is reached.
//
// Where a daemon has worked through a symbolic link, though, the state is that of the link from then on: who swaps it, as
// git-sync does with each commit, gives the same configuration another text, and what was remembered must outlive that.
func OpenState(fsys FS, stateDir, issuer, lockPath string) *State {
	if abs, err := filepath.Abs(lockPath); err == nil {
		lockPath = abs
	}
	lockPath = filepath.Clean(lockPath)
	real := lockPath
	if dir, err := filepath.EvalSymlinks(filepath.Dir(lockPath)); err == nil {
		real = filepath.Join(dir, filepath.Base(lockPath))
	}
	s := &State{
		Command:  "spotsync",
		fsys:     fsys,
		dir:      filepath.Join(stateDir, fileName(issuer), "lock-"+shortHash(real)),
		lockPath: lockPath,
	}
	if real != lockPath {
		s.followed = filepath.Join(stateDir, fileName(issuer), "followed-"+shortHash(lockPath))
		if name, err := fsys.ReadFile(s.followed); err == nil && stateName(string(name)) {
			s.dir = filepath.Join(stateDir, fileName(issuer), string(name))
		}
	}
	s.journal = &logFile{
		fsys: fsys, path: filepath.Join(s.dir, "journal"), kind: "journal", compact: compactJournal,
		todo: "it notes playlists whose creation was never confirmed, so that none is made twice: look at your playlists on Spotify for one that appears in no file, import or unfollow it, then move the journal away",
	}
	s.ids = &logFile{
		fsys: fsys, path: filepath.Join(s.dir, "remembered"), kind: "remembered", compact: compactRemembered,
		todo: "it notes which playlist each address ever was, so that a lost lock file makes no second copies: see that the lock file is whole, then move this file away",
	}
	return s
}

// stateName reports whether name is that of a lock file's state.
func stateName(name string) bool {
	hash, ok := strings.CutPrefix(name, "lock-")
	return ok && len(hash) == 16 && strings.Trim(hash, "0123456789abcdef") == ""
}

// LockPath is the absolute path of the lock file.
func (s *State) LockPath() string { return s.lockPath }

// Dir is the folder of this state.
func (s *State) Dir() string { return s.dir }

// Lock makes this process the only one that changes this state and its lock file. It waits at most timeout (0: not at all)
// and tells waiting (may be nil) for whom: "spotsync apply, process 123 on host since 2026-11-23 14:45:01 UTC".
// After that it is a *LockedError. The lock ends with unlock, or with the process.
func (s *State) Lock(ctx context.Context, timeout time.Duration, waiting func(holder string)) (unlock func() error, err error) {
	t := turn{fsys: s.fsys, dir: s.dir, command: s.Command}
	if s.Often {
		t.after = noteAfter
	}
	unlock, err = t.take(ctx, timeout, waiting)
	if err != nil {
		return nil, err
	}
	sweep(s.fsys, s.dir, "")
	sweep(s.fsys, filepath.Join(s.dir, "base"), "")
	sweep(s.fsys, filepath.Dir(s.lockPath), filepath.Base(s.lockPath))
	// For people who wonder what the folder is; nothing reads it.
	about := filepath.Join(s.dir, "about.txt")
	text := fmt.Sprintf("What spotsync remembers on this computer for\n%s\n", s.lockPath)
	if old, err := s.fsys.ReadFile(about); err != nil || string(old) != text {
		_ = s.fsys.WriteFile(about, []byte(text), 0o600)
	}
	return unlock, nil
}

func (s *State) warn(err error) {
	if err != nil && s.Warn != nil {
		s.Warn(err)
	}
}

func (s *State) pendingPath() string { return filepath.Join(s.dir, "pending.lock.hcl") }

// Pending returns lock entries learned while the lock file could not be written, in the lock file's own format, and nil when
// there are none. It is the caller who reads them.
func (s *State) Pending() ([]byte, error) {
	data, err := s.fsys.ReadFile(s.pendingPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// SavePending replaces the pending lock entries; without data there are none.
func (s *State) SavePending(data []byte) error {
	if len(data) == 0 {
		return s.fsys.Remove(s.pendingPath())
	}
	return s.fsys.WriteFile(s.pendingPath(), data, 0o600)
}
