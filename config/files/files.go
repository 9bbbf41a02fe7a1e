package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// MaxFile is how large a file read by an expression may be, in bytes. Ten thousand rows of Exportify's are about 3 MB.
const MaxFile = 16 << 20

// Access is how expressions read files. Paths are as written in the configuration.
// Both methods must answer the same for the same path as long as one evaluation lasts.
type Access interface {
	ReadFile(path string) ([]byte, error) // the whole of a regular file; callers don't change it
	Exists(path string) (bool, error)     // an error when path can't be looked at, or is no regular file
}

// Dir reads files for one evaluation: relative paths start at the configuration folder, and nothing outside its
// root can be reached, whether by "..", an absolute path or a symbolic link. What was read once is read again from memory,
// so that one evaluation sees one state of each file; open another Dir for the next evaluation.
type Dir struct {
	dir  string // absolute: where relative paths start
	base string // absolute: the folder of root
	real string // base with symbolic links resolved
	root *os.Root

	mu    sync.Mutex
	tried map[string]bool
	read  map[string][]byte
}

// Open opens the folder dir for reading by expressions. A root that isn't empty widens what can be reached from dir
// to root, which must hold dir. Close it after use.
func Open(dir, root string) (*Dir, error) {
	if root == "" {
		root = dir
	}
	d := &Dir{tried: map[string]bool{}, read: map[string][]byte{}}
	var err error
	if d.dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	if d.base, err = filepath.Abs(root); err != nil {
		return nil, err
	}
	if d.real, err = filepath.EvalSymlinks(d.base); err != nil {
		return nil, err
	}
	if _, ok := inside(d.base, d.dir); !ok {
		// The folder may have been named through a link, as /tmp is on macOS.
		realDir, err := filepath.EvalSymlinks(d.dir)
		if err != nil {
			return nil, err
		}
		rel, ok := inside(d.real, realDir)
		if !ok {
			return nil, fmt.Errorf("the folder %s is not inside --root %s; name a folder above both", d.dir, d.base)
		}
		d.dir = filepath.Join(d.base, rel)
	}
	if d.root, err = os.OpenRoot(d.base); err != nil {
		return nil, err
	}
	return d, nil
}

// Close lets go of the folder.
func (d *Dir) Close() error { return d.root.Close() }

// Reads are the paths tried so far, absolute and sorted, also of files that don't exist: what a daemon watches.
// Paths refused for being outside the root are not among them.
func (d *Dir) Reads() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	paths := make([]string, 0, len(d.tried))
	for p := range d.tried {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	return paths
}

// ReadFile reads a regular file of at most 16 MiB.
func (d *Dir) ReadFile(path string) ([]byte, error) {
	rel, err := d.resolve(path)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if data, ok := d.read[rel]; ok {
		return data, nil
	}
	rel, err = d.regular(path, rel)
	if err != nil {
		return nil, err
	}
	data, err := d.readRegular(path, rel)
	if err != nil {
		return nil, err
	}
	d.read[rel] = data
	return data, nil
}

// Exists reports whether path is a regular file. A folder, a device or a pipe is an error, as is a path outside the root.
func (d *Dir) Exists(path string) (bool, error) {
	rel, err := d.resolve(path)
	if err != nil {
		return false, err
	}
	_, err = d.regular(path, rel)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// resolve turns a path as written into one relative to the root, and notes it as tried.
func (d *Dir) resolve(path string) (string, error) {
	if path == "" {
		return "", errors.New("the path is empty")
	}
	abs := filepath.FromSlash(path)
	if !filepath.IsAbs(abs) {
		abs = filepath.Join(d.dir, abs)
	}
	abs = filepath.Clean(abs)
	rel, ok := inside(d.base, abs)
	if !ok {
		rel, ok = inside(d.real, abs)
	}
	if !ok {
		return "", d.outside(path)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tried[abs] = true
	return rel, nil
}

// regular checks that rel is a regular file before anything opens it: opening a pipe waits for its writer and opening a
// device can do things. It returns the path to open, which differs from rel where an absolute link was resolved.
func (d *Dir) regular(path, rel string) (string, error) {
	info, err := d.root.Stat(rel)
	if escapes(err) {
		// os.Root follows no absolute link, even one that stays inside. Resolve those, and let os.Root judge the result.
		target, linkErr := filepath.EvalSymlinks(filepath.Join(d.base, rel))
		if linkErr == nil {
			if r, ok := inside(d.real, target); ok {
				rel = r
				info, err = d.root.Stat(rel)
			}
		}
	}
	switch {
	case escapes(err):
		return "", fmt.Errorf("%q is a link that leads out of %s; allow a wider folder with --root DIR, or copy the file there", path, d.base)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return "", d.missing(path, rel)
	case err != nil:
		return "", fmt.Errorf("cannot read %q: %w", path, cause(err))
	case info.IsDir():
		return "", fmt.Errorf("%q is a folder; name a file in it", path)
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%q is not a regular file but %s", path, kindOf(info.Mode()))
	case info.Size() > MaxFile:
		return "", tooLarge(path)
	}
	return rel, nil
}

func (d *Dir) readRegular(path, rel string) ([]byte, error) {
	flag := os.O_RDONLY
	if runtime.GOOS != "windows" {
		flag |= syscall.O_NONBLOCK // should a pipe have taken the file's place meanwhile
	}
	f, err := d.root.OpenFile(rel, flag, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot read %q: %w", path, cause(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("cannot read %q: %w", path, cause(err))
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%q is not a regular file but %s", path, kindOf(info.Mode()))
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read %q: %w", path, cause(err))
	}
	if len(data) > MaxFile {
		return nil, tooLarge(path)
	}
	return data, nil
}

func (d *Dir) outside(path string) error {
	what := "the configuration folder"
	if d.base != d.dir {
		what = "--root"
	}
	return fmt.Errorf("%q is outside %s %s; allow a wider folder with --root DIR, or copy the file there", path, what, d.base)
}

func (d *Dir) missing(path, rel string) error {
	err := fmt.Errorf("%q does not exist (looked for %s): %w", path, filepath.Join(d.base, rel), fs.ErrNotExist)
	if strings.HasPrefix(path, "~") {
		err = fmt.Errorf("%w; \"~\" is not expanded here", err)
	}
	return err
}

// inside returns path relative to base when base holds it.
func inside(base, path string) (string, bool) {
	rel, err := filepath.Rel(base, path)
	if err != nil || !filepath.IsLocal(rel) {
		return "", false
	}
	return rel, true
}

// escapes recognises os.Root's refusal, which has no exported value.
func escapes(err error) bool {
	return err != nil && strings.HasSuffix(err.Error(), "path escapes from parent")
}

// cause drops the operation and the path that os adds: ours is the one the user wrote.
func cause(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

func tooLarge(path string) error {
	return fmt.Errorf("%q is larger than %d MiB; split it", path, MaxFile>>20)
}

func kindOf(m fs.FileMode) string {
	switch {
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "something else"
}
