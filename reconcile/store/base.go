package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

const baseTodo = "it is left out of account and written anew by the next apply"

func (s *State) basePath(address string) string {
	return filepath.Join(s.dir, "base", shortHash(address)+".json")
}

func (s *State) readBase(path string) (*Base, error) {
	b, items, err := readItems[Base](s.fsys, path, "base", baseTodo)
	if items != nil {
		b.Contents.Items = items
	}
	return b, err
}

// Base returns what files and Spotify last agreed on for an address, nil when that is not known. A damaged base is not known,
// and [State.Warn] is told; one of a newer spotsync is a *VersionError.
func (s *State) Base(address string) (*Base, error) {
	b, err := s.readBase(s.basePath(address))
	if err != nil {
		return nil, s.unlessNewer(err)
	}
	if b == nil || b.Address != address {
		return nil, nil
	}
	return b, nil
}

// Bases returns every base by address. Damaged ones are left out, and [State.Warn] is told.
func (s *State) Bases() (map[string]Base, error) {
	dir := filepath.Join(s.dir, "base")
	entries, err := s.fsys.ReadDir(dir)
	if err != nil {
		s.warn(err)
	}
	var paths []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".json") {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	type answer struct {
		base *Base
		err  error
	}
	read := make([]answer, len(paths)) // side by side; what is told of is in order
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(paths)) {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(paths)); i = next.Add(1) - 1 {
				read[i].base, read[i].err = s.readBase(paths[i])
			}
		})
	}
	group.Wait()
	bases := make(map[string]Base, len(paths))
	for i, r := range read {
		b, err := r.base, r.err
		if err == nil && b != nil && s.basePath(b.Address) != paths[i] {
			err = &CorruptError{Path: paths[i], Err: fmt.Errorf("it is about %s, which its name denies", b.Address), Todo: baseTodo}
		}
		if err != nil {
			if err := s.unlessNewer(err); err != nil {
				return nil, err
			}
			continue
		}
		if b != nil {
			bases[b.Address] = *b
		}
	}
	return bases, nil
}

// unlessNewer passes on what a base must not be lost for, and warns of the rest.
func (s *State) unlessNewer(err error) error {
	if _, newer := asVersionError(err); newer {
		return err
	}
	s.warn(err)
	return nil
}

// SaveBase records what files and Spotify agree on.
func (s *State) SaveBase(b Base) error {
	items := b.Contents.Items
	b.Contents.Items = nil
	return writeItems(s.fsys, s.basePath(b.Address), "base", b, items)
}

// MoveBase keeps what was agreed on when an address gets another name.
func (s *State) MoveBase(from, to string) error {
	b, err := s.Base(from)
	if err != nil || b == nil {
		return err
	}
	b.Address = to
	return errors.Join(s.SaveBase(*b), s.DropBase(from))
}

// DropBase forgets what was agreed on.
func (s *State) DropBase(address string) error {
	return s.fsys.Remove(s.basePath(address))
}
