package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// write makes a file and its folders.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, target, path string) {
	t.Helper()
	err := os.Symlink(target, path)
	if err != nil && runtime.GOOS == "windows" {
		t.Skipf("Windows lets few users make symbolic links: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, dir, root string) *Dir {
	t.Helper()
	d, err := Open(dir, root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestDirFiles(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "music")
	write(t, filepath.Join(top, "secret"), "secret")
	write(t, filepath.Join(dir, "a.txt"), "a")
	write(t, filepath.Join(dir, "sub", "b.txt"), "b")
	write(t, filepath.Join(dir, "large"), strings.Repeat("x", MaxFile+1))
	write(t, filepath.Join(dir, "full"), strings.Repeat("x", MaxFile))
	link(t, filepath.Join("..", "secret"), filepath.Join(dir, "out"))
	link(t, filepath.Join(top, "secret"), filepath.Join(dir, "absolute-out"))
	link(t, top, filepath.Join(dir, "folder-out"))
	link(t, filepath.Join("sub", "b.txt"), filepath.Join(dir, "in"))
	link(t, filepath.Join(dir, "a.txt"), filepath.Join(dir, "absolute-in"))
	link(t, "nowhere", filepath.Join(dir, "dangling"))
	link(t, "circle", filepath.Join(dir, "circle"))

	narrow, wide := open(t, dir, ""), open(t, dir, top)
	good := []struct {
		d          *Dir
		path, want string
	}{
		{narrow, "a.txt", "a"},
		{narrow, "./sub/../a.txt", "a"},
		{narrow, "../music/a.txt", "a"}, // leaves and comes back: it names a file inside
		{narrow, filepath.Join(dir, "sub", "b.txt"), "b"},
		{narrow, "in", "b"},
		{narrow, "absolute-in", "a"},
		{wide, "a.txt", "a"}, // from dir, not from the root
		{wide, "../secret", "secret"},
		{wide, "out", "secret"},
		{wide, "absolute-out", "secret"},
		{wide, filepath.Join(top, "secret"), "secret"},
	}
	for _, tt := range good {
		b, err := tt.d.ReadFile(tt.path)
		if err != nil || string(b) != tt.want {
			t.Errorf("ReadFile(%q) = %q, %v; want %q", tt.path, b, err, tt.want)
		}
		if ok, err := tt.d.Exists(tt.path); !ok || err != nil {
			t.Errorf("Exists(%q) = %v, %v", tt.path, ok, err)
		}
	}
	if b, err := narrow.ReadFile("full"); err != nil || len(b) != MaxFile {
		t.Errorf("a file of just the largest size: %d bytes, %v", len(b), err)
	}

	bad := []struct{ path, want string }{
		{"../secret", "is outside the configuration folder " + dir + "; allow a wider folder with --root DIR"},
		{"sub/../../secret", "--root"},
		{filepath.Join(top, "secret"), "--root"},
		{dir + "-other/a.txt", "--root"},
		{"out", "is a link that leads out of " + dir + "; allow a wider folder with --root DIR"},
		{"absolute-out", "--root"},
		{"folder-out/secret", "--root"},
		{"folder-out/nothing", "--root"},
		{"", "the path is empty"},
		{".", "is a folder"},
		{"sub", "is a folder"},
		{"large", "larger than 16 MiB"},
		{"circle", "cannot read \"circle\""},
		{"a\x00b", "cannot read"},
	}
	if runtime.GOOS != "windows" {
		bad = append(bad, struct{ path, want string }{"/etc/passwd", "--root"})
	}
	for _, tt := range bad {
		b, err := narrow.ReadFile(tt.path)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("ReadFile(%q) = %.20q, %v; want an error with %q", tt.path, b, err, tt.want)
		}
		if ok, err := narrow.Exists(tt.path); ok || err == nil {
			t.Errorf("Exists(%q) = %v, %v; want an error", tt.path, ok, err)
		}
	}

	for _, path := range []string{"none", "sub/none", "none/none", "a.txt/none", "dangling", "~/a.txt"} {
		_, err := narrow.ReadFile(path)
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("ReadFile(%q): %v, want ErrNotExist", path, err)
		}
		if strings.HasPrefix(path, "~") && !strings.Contains(err.Error(), "not expanded") {
			t.Errorf("ReadFile(%q): %v", path, err)
		}
		if ok, err := narrow.Exists(path); ok || err != nil {
			t.Errorf("Exists(%q) = %v, %v", path, ok, err)
		}
	}
}

func TestReads(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "b"), "1")
	d := open(t, dir, "")
	for _, path := range []string{"none", "b", "./b", "../outside"} {
		d.ReadFile(path)
	}
	d.Exists("sub/a")
	want := []string{filepath.Join(dir, "b"), filepath.Join(dir, "none"), filepath.Join(dir, "sub", "a")}
	if got := d.Reads(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}

	// One evaluation sees one state of a file.
	write(t, filepath.Join(dir, "b"), "2")
	if b, err := d.ReadFile("b"); err != nil || string(b) != "1" {
		t.Errorf("the same evaluation reads %q, %v", b, err)
	}
	if b, err := open(t, dir, "").ReadFile("b"); err != nil || string(b) != "2" {
		t.Errorf("the next evaluation reads %q, %v", b, err)
	}
}

func TestOpenFiles(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "music")
	write(t, filepath.Join(dir, "a"), "a")
	write(t, filepath.Join(top, "other", "b"), "b")
	if _, err := Open(dir, filepath.Join(top, "other")); err == nil || !strings.Contains(err.Error(), "is not inside --root") {
		t.Errorf("a root beside the folder: %v", err)
	}
	if _, err := Open(filepath.Join(top, "none"), ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	t.Chdir(dir)
	d := open(t, ".", "..")
	if b, err := d.ReadFile("../other/b"); err != nil || string(b) != "b" {
		t.Errorf("%q, %v", b, err)
	}
	if r := d.Reads(); len(r) != 1 || !filepath.IsAbs(r[0]) {
		t.Errorf("reads of a relative folder: %v", r)
	}
	// The folder through a link, the root and the path without it.
	link(t, dir, filepath.Join(top, "link"))
	d = open(t, filepath.Join(top, "link"), dir)
	for _, path := range []string{"a", filepath.Join(dir, "a")} {
		if b, err := d.ReadFile(path); err != nil || string(b) != "a" {
			t.Errorf("through a link: %q, %v", b, err)
		}
	}
	d = open(t, filepath.Join(top, "link"), "")
	if b, err := d.ReadFile(filepath.Join(dir, "a")); err != nil || string(b) != "a" {
		t.Errorf("the folder by its other name: %q, %v", b, err)
	}
}
