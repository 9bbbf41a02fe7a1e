package watch

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

// logLines are log lines that goroutines write.
type logLines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Without events it is looked every 2 seconds; when they come again, less.
func TestWatchWithoutEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newTree(t)
		d.write("conf/main.hcl", "a")
		var log logLines
		w := New(zerolog.New(&log), Options{})
		opened := 0
		w.open = func() (*fsnotify.Watcher, error) { opened++; return nil, syscall.EMFILE }
		w.Watch([]string{d.path("conf")})
		defer runWatcher(t, w)()
		toldNothing(t, w, 5*time.Second)
		d.write("conf/main.hcl", "bb")
		time.Sleep(4 * time.Second)
		synctest.Wait()
		if len(w.Changes()) != 1 {
			t.Error("not told after 4 s")
		}
		if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "max_user_instances") {
			t.Errorf("logged: %s", got)
		}
		if opened < 3 {
			t.Errorf("asked %d times for events", opened)
		}
	})
	t.Run("no more folders", func(t *testing.T) {
		d := newTree(t)
		d.write("conf/main.hcl", "a")
		var log logLines
		w := New(zerolog.New(&log), Options{Quiet: 50 * time.Millisecond})
		var full atomic.Bool
		full.Store(true)
		w.add = func(fs *fsnotify.Watcher, dir string) error {
			if full.Load() {
				return syscall.ENOSPC
			}
			return fs.Add(dir)
		}
		w.Watch([]string{d.path("conf")})
		runWatcher(t, w)
		d.write("conf/main.hcl", "bb")
		awaitChanges(t, w, d.path("conf"))
		if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "max_user_watches") {
			t.Errorf("logged: %s", got)
		}
		full.Store(false)
		awaitArmed(t, w)
		d.write("conf/main.hcl", "ccc")
		awaitChanges(t, w, d.path("conf"))
		if got := log.String(); !strings.Contains(got, "events for all files now") {
			t.Errorf("logged: %s", got)
		}
		if got := w.every(); got != safetyPoll {
			t.Errorf("looks every %v", got)
		}
	})
}

// Lost events are made up for by looking, and by asking for all of them anew.
func TestWatchOverflow(t *testing.T) {
	d := newTree(t)
	d.write("conf/main.hcl", "a")
	w := New(zerolog.Nop(), Options{Quiet: 50 * time.Millisecond})
	var deaf atomic.Bool
	deaf.Store(true)
	w.add = func(fs *fsnotify.Watcher, dir string) error {
		if deaf.Load() {
			return nil
		}
		return fs.Add(dir)
	}
	w.Watch([]string{d.path("conf")})
	stop := runWatcher(t, w)
	awaitArmed(t, w)
	deaf.Store(false)
	d.write("conf/main.hcl", "bb")
	w.mu.Lock()
	events := w.fs
	w.mu.Unlock()
	events.Errors <- fsnotify.ErrEventOverflow
	awaitChanges(t, w, d.path("conf"))
	d.write("conf/main.hcl", "ccc")
	awaitChanges(t, w, d.path("conf"))
	stop()
	if w.missed {
		t.Error("only the look each minute saw it")
	}
}

// What is said with some of the events missing is not believed at once.
func TestWatchNewFolders(t *testing.T) {
	d := newTree(t)
	d.write("conf/main.hcl", "a")
	w := New(zerolog.Nop(), Options{})
	w.Watch([]string{d.path("conf/a/tracks.csv")})
	var listeners sync.WaitGroup
	defer listeners.Wait()
	defer w.disconnect()
	w.connect(&listeners)
	d.write("conf/a/tracks.csv", "still being written")
	if again := w.check(true, false, false); !again || len(w.Changes()) != 0 {
		t.Error("told, though nobody listened to the folder")
	}
	if again := w.check(true, false, false); again || len(w.Changes()) != 1 {
		t.Error("not told, though nothing was heard")
	}
}

// Without these folders' events something would pass unseen; those above can be spared.
func TestWatchFolders(t *testing.T) {
	d := newTree(t)
	d.write("conf/main.hcl", "a")
	d.write("far/away/tracks.csv", "a")
	d.link("../far/away/tracks.csv", "conf/linked.csv")
	d.link("conf", "current")
	for _, c := range []struct {
		path string
		want []string
	}{
		{"conf", []string{"conf"}},
		{"conf/main.hcl", []string{"conf"}},
		{"conf/lists/2026/tracks.csv", []string{"conf"}},
		{"conf/linked.csv", []string{"conf", "far/away"}},
		{"current", []string{".", "conf"}},
		{"current/linked.csv", []string{".", "conf", "far/away"}},
		{"conf/main.hcl/x", []string{"conf"}},
	} {
		var got []string
		for dir, f := range lookAt([]string{d.path(c.path)}).folders {
			if f.must {
				rel, err := filepath.Rel(d.top, dir)
				d.must(err)
				got = append(got, filepath.ToSlash(rel))
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.path, diff)
		}
	}
}

// However often it is told what to watch, it holds no more than it needs, and nothing in the end.
func TestWatchHoldsNothing(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	d := newTree(t)
	d.write("conf/main.hcl", "a")
	d.write("a/a.csv", "a")
	d.write("b/b.csv", "b")
	w := New(zerolog.Nop(), Options{Quiet: 10 * time.Millisecond})
	sets := [][]string{
		{d.path("conf"), d.path("a/a.csv")},
		{d.path("conf"), d.path("b/b.csv"), d.path("c/c.csv")},
		{d.path("conf"), d.path("b/b.csv"), d.path("c/c.csv")},
	}
	descriptorsBefore := openDescriptors(t)
	stop := runWatcher(t, w)
	w.Watch(sets[0])
	awaitArmed(t, w)
	goroutines, open, watches := runtime.NumGoroutine(), openDescriptors(t), kernelWatches(t)
	for i := range 10_000 {
		w.Watch(sets[i%len(sets)])
		if i%1000 == 0 {
			d.write("conf/main.hcl", fmt.Sprint(i))
		}
	}
	w.Watch(sets[0])
	if got := runtime.NumGoroutine(); got > goroutines {
		t.Errorf("%d goroutines, %d before", got, goroutines)
	}
	if got := openDescriptors(t); got > open {
		t.Errorf("%d descriptors, %d before", got, open)
	}
	if got := kernelWatches(t); got > watches {
		t.Errorf("%d folders with events, %d before", got, watches)
	}
	d.write("a/a.csv", "changed")
	awaitChanges(t, w, d.path("a/a.csv"), d.path("conf"))
	stop()
	if got := openDescriptors(t); got > descriptorsBefore {
		t.Errorf("%d descriptors in the end, %d at the beginning", got, descriptorsBefore)
	}
}

// openDescriptors are how many this process has; 0 where that can't be known.
func openDescriptors(t *testing.T) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		return 0
	}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// kernelWatches are how many folders Linux gives this process events of.
func kernelWatches(t *testing.T) int {
	t.Helper()
	infos, _ := filepath.Glob("/proc/self/fdinfo/*")
	n := 0
	for _, name := range infos {
		data, _ := os.ReadFile(name)
		n += bytes.Count(data, []byte("inotify wd:"))
	}
	return n
}
