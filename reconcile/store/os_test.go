package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a", "b", "file")
	must(t, WriteFile(path, []byte("one"), 0o600))
	must(t, WriteFile(path, []byte("two"), 0o600))
	if got := read(t, path); got != "two" {
		t.Errorf("read %q", got)
	}
	onlyEntry(t, filepath.Dir(path), "file")
	if runtime.GOOS == "windows" {
		return
	}
	wantMode(t, path, 0o600)
	wantMode(t, filepath.Dir(path), 0o700)
	wantMode(t, filepath.Join(dir, "a"), 0o700)
}

// A file that others may read keeps the permissions it was given; a secret one is always 0600.
func TestWriteFileKeepsPermissions(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such permissions")
	}
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, "")
	must(t, os.Chmod(path, 0o664))
	must(t, WriteFile(path, []byte("x"), 0o644))
	wantMode(t, path, 0o664)
	must(t, WriteFile(path, []byte("x"), 0o600))
	wantMode(t, path, 0o600)
}

func TestWriteFileThroughLink(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "elsewhere", "file"), filepath.Join(dir, "link")
	write(t, target, "one")
	if err := os.Symlink(target, link); err != nil {
		t.Skip(err)
	}
	must(t, WriteFile(link, []byte("two"), 0o600))
	if fi, err := os.Lstat(link); err != nil || fi.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v %v", fi, err)
	}
	if got := read(t, target); got != "two" {
		t.Errorf("read %q", got)
	}
	onlyEntry(t, filepath.Dir(target), "file")
}

// Whatever step fails, the file holds the old or the new contents, and an error leaves no litter while the disk works.
func TestWriteFileFailsAtEachStep(t *testing.T) {
	for n := 1; ; n++ {
		dir := t.TempDir()
		path := filepath.Join(dir, "file")
		write(t, path, "old contents")
		count, failed := 0, ""
		err := FailingFS(func(s Step) error {
			if s.Changes() {
				if count++; count == n {
					failed = s.Op
					return ErrCut
				}
			}
			return nil
		}).WriteFile(path, []byte("new contents"), 0o600)
		if failed == "" {
			must(t, err)
			if n < 5 {
				t.Errorf("only %d steps", n-1)
			}
			return
		}
		want := "old contents"
		if failed == "syncdir" { // the name may or may not be on the disk; here it is
			want = "new contents"
		}
		if got := read(t, path); got != want || !errors.Is(err, ErrCut) || !strings.Contains(err.Error(), path) {
			t.Errorf("failing %s: file holds %q, error %v", failed, got, err)
		}
		if runtime.GOOS != "windows" {
			onlyEntry(t, dir, "file")
		}
	}
}

func TestAppend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "file")
	must(t, OS{}.Append(path, []byte("one\n")))
	must(t, OS{}.Append(path, []byte("two\n")))
	if got := read(t, path); got != "one\ntwo\n" {
		t.Errorf("read %q", got)
	}
	if runtime.GOOS != "windows" {
		wantMode(t, path, 0o600)
	}
}

func TestMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nothing")
	if _, err := (OS{}).ReadFile(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("ReadFile: %v", err)
	}
	if entries, err := (OS{}).ReadDir(path); err != nil || len(entries) > 0 {
		t.Errorf("ReadDir: %v, %v", entries, err)
	}
	if err := (OS{}).Remove(path); err != nil {
		t.Errorf("Remove: %v", err)
	}
}

func wantMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	fi, err := os.Stat(path)
	must(t, err)
	if fi.Mode().Perm() != want {
		t.Errorf("%s has mode %o, want %o", path, fi.Mode().Perm(), want)
	}
}

func onlyEntry(t *testing.T, dir, name string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	if len(entries) != 1 || entries[0].Name() != name {
		t.Errorf("%s holds %v, want %s alone", dir, entries, name)
	}
}

// What is written is on the disk before it gets its name, and the name before the call returns.
func TestOrderOfSteps(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	var steps []string
	fsys := FailingFS(func(s Step) error { steps = append(steps, s.Op); return nil })
	must(t, WriteFile(path, nil, 0o600)) // so that appending to it makes no new name
	for want, act := range map[string]func() error{
		"create write sync rename syncdir": func() error { return fsys.WriteFile(path, []byte("x\n"), 0o600) },
		"append write sync":                func() error { return fsys.Append(path, []byte("y\n")) },
		"append write sync syncdir":        func() error { return fsys.Append(path+"2", []byte("z\n")) },
	} {
		steps = nil
		must(t, act())
		if got := strings.Join(steps, " "); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
