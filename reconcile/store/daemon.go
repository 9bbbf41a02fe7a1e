package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
)

// LoopPath is the file that Loop reads and SaveLoop writes.
func (s *State) LoopPath() string { return filepath.Join(s.dir, "loop.json") }

// Loop returns what a daemon remembered between rounds, and nil when that is nothing. A damaged record counts as nothing, and
// [State.Warn] is told; one of a newer spotsync is a *VersionError.
func (s *State) Loop() (json.RawMessage, error) {
	data, err := readJSON[json.RawMessage](s.fsys, s.LoopPath(), "loop", "the daemon begins anew, and may undo an edit sooner than it would have")
	if err != nil {
		return nil, s.unlessNewer(err)
	}
	if data == nil || string(*data) == "null" {
		return nil, nil
	}
	return *data, nil
}

// SaveLoop replaces it, unless it is there already.
func (s *State) SaveLoop(data json.RawMessage) error {
	file, err := encode("loop", data, nil)
	if err != nil {
		return err
	}
	if old, err := s.fsys.ReadFile(s.LoopPath()); err == nil && bytes.Equal(old, file) {
		return nil
	}
	return writeJSON(s.fsys, s.LoopPath(), "loop", data)
}

// DaemonAddress is where the daemon of the lock file said that it listens; empty: nowhere. One that was killed leaves its
// word behind, so who asks there must see who answers: [State.Key].
func (s *State) DaemonAddress() string {
	data, err := s.fsys.ReadFile(s.daemonAddressPath())
	if err != nil {
		return "" // what can't be read is not asked
	}
	return strings.TrimSpace(string(data))
}

// NoteDaemonAddress keeps a daemon's address, and takes it back when the daemon ends.
func (s *State) NoteDaemonAddress(address string) (erase func() error, err error) {
	path := s.daemonAddressPath()
	return func() error { return s.fsys.Remove(path) }, s.fsys.WriteFile(path, []byte(address+"\n"), 0o600)
}

func (s *State) daemonAddressPath() string { return filepath.Join(s.dir, "daemon", "address") }

// Key is the name under which this computer remembers the lock file. It tells nothing else about it.
func (s *State) Key() string { return filepath.Base(s.dir) }

// LockDaemon makes this process the only daemon of the lock file. It does not wait: another daemon is a *LockedError that
// names it. [State.Lock] is another lock, which daemon and commands take turns with.
func (s *State) LockDaemon(ctx context.Context) (unlock func() error, err error) {
	unlock, err = turn{fsys: s.fsys, dir: filepath.Join(s.dir, "daemon"), command: s.Command}.take(ctx, 0, nil)
	if locked, ok := asLockedError(err); ok {
		locked.Daemon = true
	}
	if err != nil || s.followed == "" {
		return unlock, err
	}
	if err := s.fsys.WriteFile(s.followed, []byte(filepath.Base(s.dir)), 0o600); err != nil {
		return nil, errors.Join(err, unlock())
	}
	return unlock, nil
}
