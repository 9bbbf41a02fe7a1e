package watch

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// scramble does something at random to a tree in which folders, files and links take each other's names. What is not
// possible just now is not done.
func (d watchTree) scramble(r *rand.Rand) {
	dirs := []string{"conf", "conf/sub", "a", "a/b", "current"}
	files := []string{"conf/main.hcl", "conf/more.hcl", "conf/sub/tracks.csv", "a/main.hcl", "a/b/tracks.csv", "current/main.hcl"}
	dir := func() string { return d.path(dirs[r.IntN(len(dirs))]) }
	file := func() string { return d.path(files[r.IntN(len(files))]) }
	text := func() []byte { return bytes.Repeat([]byte{byte('a' + r.IntN(26))}, r.IntN(9)) }
	switch r.IntN(12) {
	case 0, 1, 2:
		_ = os.WriteFile(file(), text(), 0o644)
	case 3:
		tmp := d.path("conf/.tmp")
		_ = os.WriteFile(tmp, text(), 0o644)
		_ = os.Rename(tmp, file())
	case 4:
		_ = os.Remove(file())
	case 5:
		_ = os.MkdirAll(dir(), 0o755)
	case 6:
		_ = os.RemoveAll(dir())
	case 7:
		_ = os.Rename(dir(), dir())
	case 8:
		_ = os.Rename(dir(), d.path("away"))
	case 9:
		_ = os.RemoveAll(dir())
		_ = os.Rename(d.path("away"), dir())
	case 10: // a link to a folder, in its place or in that of another; rings too
		next := d.path("next")
		_ = os.Remove(next)
		target, err := filepath.Rel(d.top, dir())
		if at := dir(); err == nil && os.Symlink(target, next) == nil && os.Rename(next, at) != nil {
			_ = os.RemoveAll(at)
			_ = os.Rename(next, at)
		}
	case 11:
		at := file()
		_ = os.Remove(at)
		_ = os.Symlink(file(), at)
	}
}

// reading is what who depends on the paths would read.
func (d watchTree) reading(paths []string) string {
	var b bytes.Buffer
	for _, p := range paths {
		names := []string{p}
		if entries, err := os.ReadDir(p); err == nil {
			for _, e := range entries {
				if isConfigName(e.Name()) {
					names = append(names, filepath.Join(p, e.Name()))
				}
			}
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			fmt.Fprintf(&b, "%s: %q %s\n", name, data, pathErrorKind(err))
		}
	}
	return b.String()
}

func pathErrorKind(err error) string {
	if err == nil {
		return "read"
	}
	return kindOfError(err)
}

// Whatever happens to a tree, and however fast: when all is quiet, who reads what was told has read what is there.
func TestWatchWhateverHappens(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("folders that are watched can't be moved there")
	}
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			d := newTree(t)
			d.write("conf/main.hcl", "a")
			d.write("a/b/tracks.csv", "x")
			paths := []string{d.path("conf"), d.path("conf/sub/tracks.csv"), d.path("a/b/tracks.csv"), d.path("current")}
			w := New(zerolog.New(zerolog.NewTestWriter(t)), Options{Quiet: 20 * time.Millisecond})
			w.Watch(paths)
			runWatcher(t, w)
			awaitArmed(t, w)
			d.must(w.Settle(t.Context()))
			read := d.reading(paths)
			for range 25 {
				for range 1 + r.IntN(20) {
					d.scramble(r)
					if r.IntN(4) == 0 {
						time.Sleep(time.Duration(r.IntN(8)) * time.Millisecond)
					}
				}
				if r.IntN(3) == 0 { // another burst before the first was told
					continue
				}
				for deadline := time.Now().Add(time.Minute); read != d.reading(paths); {
					select {
					case <-w.Changes():
						w.Changed()
						d.must(w.Settle(t.Context()))
						read = d.reading(paths)
					case <-time.After(time.Until(deadline)):
						t.Fatalf("what was read is\n%s\nand there is\n%s", read, d.reading(paths))
					}
				}
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.missed {
				t.Error("only the look each minute saw it")
			}
			if n := len(w.armed); n > 40 {
				t.Errorf("%d folders are watched", n)
			}
		})
	}
}
