package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// OS is the disk of this computer.
type OS struct {
	fail func(Step) error // asked before each step; nil on a real disk
}

// WriteFile is [OS.WriteFile] for those who need nothing else of this package.
func WriteFile(path string, data []byte, perm fs.FileMode) error {
	return OS{}.WriteFile(path, data, perm)
}

func (o OS) step(op, path string) error {
	if o.fail == nil {
		return nil
	}
	if err := o.fail(Step{Op: op, Path: path}); err != nil {
		return &fs.PathError{Op: op, Path: path, Err: err}
	}
	return nil
}

// ReadFile implements [FS].
func (o OS) ReadFile(path string) ([]byte, error) {
	if err := o.step("read", path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// WriteFile implements [FS]: a temporary file in the target's own folder, written, synced and renamed over the target, and
// the folder synced. A target that is a symbolic link stays one: what it points at is replaced. A new file gets perm, less
// the umask; one that others may read (perm beyond 0600) keeps the permissions its owner has given it since.
func (o OS) WriteFile(path string, data []byte, perm fs.FileMode) error {
	if err := o.replace(path, data, perm, true); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// WriteUnsynced implements [FS]: WriteFile without the syncing.
func (o OS) WriteUnsynced(path string, data []byte, perm fs.FileMode) error {
	if err := o.replace(path, data, perm, false); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func (o OS) replace(path string, data []byte, perm fs.FileMode, sync bool) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	dir := filepath.Dir(path)
	if err := o.mkdirAll(dir); err != nil {
		return err
	}
	keep := perm
	if fi, err := os.Stat(path); err == nil && perm&0o077 != 0 {
		keep = fi.Mode().Perm()
	}
	tmp, f, err := o.createTemp(dir, filepath.Base(path), perm)
	if err != nil {
		return err
	}
	err = o.fill(f, data, keep, keep != perm, sync)
	if err == nil {
		if err = o.step("rename", path); err == nil {
			err = rename(tmp, path)
		}
	}
	if err != nil {
		if o.step("remove", tmp) == nil {
			os.Remove(tmp)
		}
		return err
	}
	if !sync {
		return nil
	}
	return o.syncDir(dir)
}

// tempPrefix starts the names of the temporary files WriteFile makes for a file called base. They don't end in .hcl.
func tempPrefix(base string) string { return "." + base + tempMark }

const tempMark = ".tmp-"

func (o OS) createTemp(dir, base string, perm fs.FileMode) (string, *os.File, error) {
	for {
		path := filepath.Join(dir, tempPrefix(base)+randomHex(4))
		if err := o.step("create", path); err != nil {
			return "", nil, err
		}
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		return path, f, err
	}
}

// fill writes, perhaps syncs, and closes f.
func (o OS) fill(f *os.File, data []byte, perm fs.FileMode, chmod, sync bool) error {
	err := o.write(f, data, 0)
	if err == nil && chmod {
		err = f.Chmod(perm)
	}
	if err == nil && sync {
		err = o.sync(f)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

func (o OS) write(f *os.File, data []byte, at int64) error {
	if err := o.step("write", f.Name()); err != nil {
		if errors.Is(err, ErrCut) {
			f.WriteAt(data[:len(data)/2], at)
		}
		return err
	}
	_, err := f.WriteAt(data, at)
	return err
}

func (o OS) sync(f *os.File) error {
	if err := o.step("sync", f.Name()); err != nil {
		return err
	}
	return f.Sync()
}

func (o OS) syncDir(dir string) error {
	if err := o.step("syncdir", dir); err != nil {
		return err
	}
	return syncDir(dir)
}

// mkdirAll makes a folder and those above it that are missing, and puts their names on the disk.
func (o OS) mkdirAll(dir string) error {
	fi, err := os.Stat(dir)
	if err == nil {
		if !fi.IsDir() {
			return fmt.Errorf("%s is a file where a folder is needed", dir)
		}
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(dir)
	if parent == dir {
		return err
	}
	if err := o.mkdirAll(parent); err != nil {
		return err
	}
	if err := o.step("mkdir", dir); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return o.syncDir(parent)
}

// Append implements [FS].
func (o OS) Append(path string, line []byte) error {
	dir := filepath.Dir(path)
	if err := o.mkdirAll(dir); err != nil {
		return err
	}
	if err := o.step("append", path); err != nil {
		return err
	}
	_, err := os.Lstat(path)
	isNew := errors.Is(err, fs.ErrNotExist)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	err = o.appendTo(f, line)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil && isNew {
		err = o.syncDir(dir)
	}
	return err
}

func (o OS) appendTo(f *os.File, line []byte) error {
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	if err := o.write(f, line, fi.Size()); err != nil {
		return err
	}
	return o.sync(f)
}

// Remove implements [FS].
func (o OS) Remove(path string) error {
	if err := o.step("remove", path); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// ReadDir implements [FS].
func (o OS) ReadDir(path string) ([]fs.DirEntry, error) {
	if err := o.step("readdir", path); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return entries, err
}

// TryLock implements [FS].
func (o OS) TryLock(path string) (unlock func() error, ok bool, err error) {
	if err := o.mkdirAll(filepath.Dir(path)); err != nil {
		return nil, false, err
	}
	if err := o.step("lock", path); err != nil {
		return nil, false, err
	}
	l := flock.New(path, flock.SetPermissions(0o600))
	ok, err = l.TryLock()
	if err != nil || !ok {
		return nil, false, err
	}
	return l.Unlock, true, nil
}

// Lock implements [FS]. It asks again and again, soon at first and four times a second later.
func (o OS) Lock(ctx context.Context, path string) (unlock func() error, err error) {
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, 250*time.Millisecond) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		unlock, ok, err := o.TryLock(path)
		if err != nil || ok {
			return unlock, err
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}
