package main

import (
	"bytes"
	"context"
	"errors"
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

// runWatcher runs w until the test ends, or the function it returns is called.
func runWatcher(t *testing.T, w *watcher) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { w.Run(ctx) })
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return stop
}

// awaitChanges waits until all of want were told, and gives how often something was told and all that was. Where time is
// real it can be as slow as it likes.
func awaitChanges(t *testing.T, w *watcher, want ...string) (times int, told []string) {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case <-w.Changes():
			times++
			told = append(told, w.Changed()...)
		case <-deadline:
			t.Fatalf("told: %q\nnot told, of: %q", told, want)
		}
		if !slices.ContainsFunc(want, func(p string) bool { return !slices.Contains(told, p) }) {
			slices.Sort(told)
			return times, slices.Compact(told)
		}
	}
}

// toldNothing lets time pass in a bubble, and checks that nothing is told meanwhile.
func toldNothing(t *testing.T, w *watcher, d time.Duration) {
	t.Helper()
	time.Sleep(d)
	synctest.Wait()
	select {
	case <-w.Changes():
		t.Fatalf("told of %q", w.Changed())
	default:
	}
}

// watchTree is a folder to do things in; what goes wrong ends the test.
type watchTree struct {
	t   *testing.T
	top string
}

func newTree(t *testing.T) watchTree {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return watchTree{t, top}
}

func (d watchTree) path(name string) string { return filepath.Join(d.top, filepath.FromSlash(name)) }

func (d watchTree) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d watchTree) write(name, data string) {
	d.t.Helper()
	d.must(os.MkdirAll(filepath.Dir(d.path(name)), 0o755))
	d.must(os.WriteFile(d.path(name), []byte(data), 0o644))
}

func (d watchTree) add(name, data string) {
	d.t.Helper()
	f, err := os.OpenFile(d.path(name), os.O_APPEND|os.O_WRONLY, 0)
	d.must(err)
	_, err = f.WriteString(data)
	d.must(err)
	d.must(f.Close())
}

func (d watchTree) rename(from, to string) { d.t.Helper(); d.must(os.Rename(d.path(from), d.path(to))) }
func (d watchTree) remove(name string)     { d.t.Helper(); d.must(os.RemoveAll(d.path(name))) }

func (d watchTree) link(target, name string) {
	d.t.Helper()
	err := os.Symlink(filepath.FromSlash(target), d.path(name))
	if err != nil && runtime.GOOS == "windows" {
		d.t.Skip("no links here:", err)
	}
	d.must(err)
}

// fileEdits are the ways in which files change. Each begins with a folder conf with main.hcl and other.hcl in it.
var fileEdits = []struct {
	name    string
	prepare func(watchTree)
	paths   []string // beside conf; by their names in the tree
	edit    func(watchTree)
	told    []string
	then    func(watchTree) // a second change
	unix    bool
}{
	{name: "written in place", edit: func(d watchTree) { d.write("conf/main.hcl", "b") }, told: []string{"conf", "conf/main.hcl"}, paths: []string{"conf/main.hcl"}},
	{name: "appended to", edit: func(d watchTree) { d.add("conf/main.hcl", "b") }, told: []string{"conf"}},
	{name: "replaced", edit: func(d watchTree) { d.write("conf/.main.hcl.tmp", "b"); d.rename("conf/.main.hcl.tmp", "conf/main.hcl") }, told: []string{"conf"}},
	{name: "as vim does", edit: func(d watchTree) {
		d.write("conf/.main.hcl.swp", "")
		d.write("conf/4913", "")
		d.remove("conf/4913")
		d.rename("conf/main.hcl", "conf/main.hcl~")
		d.write("conf/main.hcl", "b")
		d.remove("conf/main.hcl~")
		d.remove("conf/.main.hcl.swp")
	}, told: []string{"conf", "conf/main.hcl"}, paths: []string{"conf/main.hcl"}},
	{name: "as emacs does", unix: true, edit: func(d watchTree) {
		d.link("somebody@host.1", "conf/.#main.hcl")
		d.write("conf/#main.hcl#", "b")
		d.rename("conf/main.hcl", "conf/main.hcl~")
		d.write("conf/main.hcl", "b")
		d.remove("conf/#main.hcl#")
		d.remove("conf/.#main.hcl")
	}, told: []string{"conf"}},
	{name: "as VS Code does", edit: func(d watchTree) { d.must(os.Truncate(d.path("conf/main.hcl"), 0)); d.add("conf/main.hcl", "bb") }, told: []string{"conf"}},
	{name: "same size and time", unix: true, edit: func(d watchTree) {
		info, err := os.Stat(d.path("conf/main.hcl"))
		d.must(err)
		d.write("conf/new", "b")
		d.must(os.Chtimes(d.path("conf/new"), info.ModTime(), info.ModTime()))
		d.rename("conf/new", "conf/main.hcl")
	}, told: []string{"conf"}},
	{name: "made readable", unix: true, edit: func(d watchTree) { d.must(os.Chmod(d.path("conf/main.hcl"), 0o600)) }, told: []string{"conf"}},
	{name: "removed", edit: func(d watchTree) { d.remove("conf/other.hcl") }, told: []string{"conf"},
		then: func(d watchTree) { d.write("conf/other.hcl", "x") }},
	{name: "a new file", edit: func(d watchTree) { d.write("conf/third.hcl", "x") }, told: []string{"conf"}},
	{name: "the lock file", edit: func(d watchTree) { d.write("conf/spotsync.lock.hcl", "x") }, told: []string{"conf/spotsync.lock.hcl"}, paths: []string{"conf/spotsync.lock.hcl"}},
	{name: "in a folder not to be written to", unix: true,
		prepare: func(d watchTree) {
			d.must(os.Chmod(d.path("conf"), 0o500))
			d.t.Cleanup(func() { os.Chmod(d.path("conf"), 0o700) })
		},
		edit: func(d watchTree) { d.write("conf/main.hcl", "b") }, told: []string{"conf"}},
	{name: "a file read appears", paths: []string{"conf/tracks.csv"}, edit: func(d watchTree) { d.write("conf/tracks.csv", "x") }, told: []string{"conf/tracks.csv"},
		then: func(d watchTree) { d.remove("conf/tracks.csv") }},
	{name: "in folders that appear", paths: []string{"lists/2026/tracks.csv"}, edit: func(d watchTree) { d.write("lists/2026/tracks.csv", "x") },
		told: []string{"lists/2026/tracks.csv"},
		then: func(d watchTree) { d.remove("lists"); d.write("lists/2026/tracks.csv", "other") }},
	{name: "a file becomes a folder", paths: []string{"conf/tracks/a.csv"}, prepare: func(d watchTree) { d.write("conf/tracks", "") },
		edit: func(d watchTree) { d.remove("conf/tracks"); d.write("conf/tracks/a.csv", "x") }, told: []string{"conf/tracks/a.csv"}},
	{name: "as Kubernetes mounts", unix: true,
		prepare: func(d watchTree) {
			d.write("conf/..2026_01/mounted.hcl", "a")
			d.link("..2026_01", "conf/..data")
			d.link("..data/mounted.hcl", "conf/mounted.hcl")
		},
		edit: func(d watchTree) {
			d.write("conf/..2026_02/mounted.hcl", "a")
			d.link("..2026_02", "conf/..data_tmp")
			d.rename("conf/..data_tmp", "conf/..data")
			d.remove("conf/..2026_01")
		},
		paths: []string{"conf/mounted.hcl"}, told: []string{"conf", "conf/mounted.hcl"},
		then: func(d watchTree) {
			d.write("conf/..2026_03/mounted.hcl", "a")
			d.link("..2026_03", "conf/..data_tmp")
			d.rename("conf/..data_tmp", "conf/..data")
			d.remove("conf/..2026_02")
		}},
	{name: "the folder is a link", unix: true, paths: []string{"current/main.hcl", "current/sub/../tracks.csv"},
		prepare: func(d watchTree) {
			d.write("releases/1/main.hcl", "a")
			d.write("releases/2/main.hcl", "b")
			d.link("releases/./1", "current")
		},
		edit: func(d watchTree) { d.link("releases/2/", "next"); d.rename("next", "current") }, told: []string{"current/main.hcl"},
		then: func(d watchTree) { d.write("releases/2/main.hcl", "c"); d.write("releases/2/tracks.csv", "") }},
	{name: "a link out of the folder", unix: true, paths: []string{"conf/linked.csv"},
		prepare: func(d watchTree) {
			d.write("far/away/tracks.csv", "a")
			d.link("../far/away/tracks.csv", "conf/linked.csv")
		},
		edit: func(d watchTree) { d.write("far/away/tracks.csv", "bb") }, told: []string{"conf/linked.csv"}},
	{name: "a link to nothing that comes", unix: true, paths: []string{"conf/linked.csv"},
		prepare: func(d watchTree) { d.link(d.path("far/away/tracks.csv"), "conf/linked.csv") },
		edit:    func(d watchTree) { d.write("far/away/tracks.csv", "bb") }, told: []string{"conf/linked.csv"}},
	{name: "a ring of links", unix: true, paths: []string{"ring/a.hcl"},
		prepare: func(d watchTree) { d.link("gnir", "ring"); d.link("ring", "gnir") },
		edit:    func(d watchTree) { d.remove("ring"); d.write("ring/a.hcl", "") }, told: []string{"ring/a.hcl"}},
	{name: "the folder goes and comes back", edit: func(d watchTree) { d.remove("conf") }, told: []string{"conf"},
		then: func(d watchTree) { d.write("conf/main.hcl", "a") }},
	{name: "another folder in its place", edit: func(d watchTree) {
		d.write("new/main.hcl", "a")
		d.rename("conf", "old")
		d.rename("new", "conf")
	}, told: []string{"conf"}, then: func(d watchTree) { d.write("conf/main.hcl", "b") }},
	{name: "the folder is away for a moment", edit: func(d watchTree) {
		d.rename("conf", "old")
		d.rename("old", "conf")
		d.write("conf/new.hcl", "")
	}, told: []string{"conf"}, then: func(d watchTree) { d.write("conf/main.hcl", "b") }},
	{name: "a link to the same under another name", unix: true, paths: []string{"conf/linked.csv"},
		prepare: func(d watchTree) {
			d.write("conf/a.csv", "")
			d.must(os.Link(d.path("conf/a.csv"), d.path("conf/b.csv")))
			d.link("a.csv", "conf/linked.csv")
		},
		edit: func(d watchTree) { d.link("b.csv", "conf/new"); d.rename("conf/new", "conf/linked.csv") }, told: []string{"conf/linked.csv"}},
	{name: "another tree in its place", paths: []string{"a/b/c/tracks.csv"}, prepare: func(d watchTree) { d.write("a/b/c/tracks.csv", "a") },
		edit: func(d watchTree) { d.write("new/b/c/tracks.csv", "bb"); d.rename("a", "old"); d.rename("new", "a") }, told: []string{"a/b/c/tracks.csv"},
		then: func(d watchTree) { d.write("a/b/c/tracks.csv", "ccc") }},
	{name: "many files", edit: func(d watchTree) {
		for i := range 300 {
			d.write(fmt.Sprintf("conf/%d.hcl", i), "x")
		}
	}, told: []string{"conf"}},
}

func TestWatchEdits(t *testing.T) {
	for _, c := range fileEdits {
		begin := func(t *testing.T, o watchOptions) (watchTree, *watcher, []string) {
			if c.unix && runtime.GOOS == "windows" {
				t.Skip("Windows does not do this, or not for everybody")
			}
			d := newTree(t)
			d.write("conf/main.hcl", "a")
			d.write("conf/other.hcl", "x")
			if c.prepare != nil {
				c.prepare(d)
			}
			w := newWatcher(zerolog.New(zerolog.NewTestWriter(t)), o)
			paths := []string{d.path("conf")}
			for _, p := range c.paths {
				paths = append(paths, d.path(p))
			}
			var told []string
			for _, p := range c.told {
				told = append(told, d.path(p))
			}
			if !w.Watch(paths) {
				t.Error("none of the paths is fresh")
			}
			return d, w, told
		}
		t.Run(c.name+"/events", func(t *testing.T) {
			t.Parallel()
			d, w, told := begin(t, watchOptions{Quiet: 50 * time.Millisecond})
			stop := runWatcher(t, w)
			awaitArmed(t, w)
			c.edit(d)
			awaitChanges(t, w, told...)
			if c.then != nil {
				c.then(d)
				awaitChanges(t, w, told...)
			}
			stop()
			if w.missed {
				t.Error("only the look each minute saw it")
			}
		})
		t.Run(c.name+"/poll", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d, w, told := begin(t, watchOptions{Poll: 10 * time.Second})
				defer runWatcher(t, w)()
				toldNothing(t, w, 10*time.Minute)
				for _, edit := range []func(watchTree){c.edit, c.then} {
					if edit == nil {
						continue
					}
					edit(d)
					if times, _ := awaitChanges(t, w, told...); times != 1 {
						t.Errorf("told %d times", times)
					}
					toldNothing(t, w, 10*time.Minute)
				}
			})
		})
	}
}

// awaitArmed waits until events come: what happens before is seen all the same, but by looking.
func awaitArmed(t *testing.T, w *watcher) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		w.mu.Lock()
		armed := len(w.armed) > 0
		w.mu.Unlock()
		if armed {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("no events are asked for")
		}
	}
}

// What editors leave beside a file, writes of what was there, and files nobody reads are not told.
func TestWatchTellsNothing(t *testing.T) {
	noise := func(d watchTree) {
		d.write("conf/.main.hcl.swp", "x")
		d.write("conf/.#main.hcl", "x")
		d.write("conf/main.hcl~", "x")
		d.write("conf/#main.hcl#", "x")
		d.write("conf/main.hcl.tmp", "x")
		d.write("conf/.git/index", "x")
		d.write("conf/notes.txt", "x")
		d.write("elsewhere/main.hcl", "x")
		d.rename("conf/main.hcl", "conf/main.hcl.orig") // and back
		d.rename("conf/main.hcl.orig", "conf/main.hcl")
	}
	t.Run("events", func(t *testing.T) {
		d := newTree(t)
		d.write("conf/main.hcl", "a")
		w := newWatcher(zerolog.Nop(), watchOptions{Quiet: 50 * time.Millisecond})
		end := d.path("conf/end.csv")
		w.Watch([]string{d.path("conf"), d.path("conf/main.hcl"), end})
		runWatcher(t, w)
		awaitArmed(t, w)
		noise(d)
		noise(d)
		d.write("conf/end.csv", "x") // told, and nothing before it
		if times, told := awaitChanges(t, w, end); times != 1 || !slices.Equal(told, []string{end}) {
			t.Errorf("told %d times: %q", times, told)
		}
	})
	t.Run("poll", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d := newTree(t)
			d.write("conf/main.hcl", "a")
			w := newWatcher(zerolog.Nop(), watchOptions{Poll: time.Second})
			w.Watch([]string{d.path("conf"), d.path("conf/main.hcl")})
			defer runWatcher(t, w)()
			noise(d)
			toldNothing(t, w, 10*time.Minute)
		})
	})
}

func TestWatchBurst(t *testing.T) {
	t.Run("events", func(t *testing.T) {
		d := newTree(t)
		d.write("conf/main.hcl", "")
		w := newWatcher(zerolog.Nop(), watchOptions{Quiet: 200 * time.Millisecond})
		end := d.path("conf/end.csv")
		w.Watch([]string{d.path("conf"), end})
		runWatcher(t, w)
		awaitArmed(t, w)
		for range 1000 {
			d.add("conf/main.hcl", "x")
		}
		d.write("conf/end.csv", "")
		if times, _ := awaitChanges(t, w, end, d.path("conf")); times > 50 { // one, unless this machine halts
			t.Errorf("told %d times", times)
		}
	})
	t.Run("poll", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d := newTree(t)
			d.write("conf/main.hcl", "")
			w := newWatcher(zerolog.Nop(), watchOptions{Poll: time.Second})
			w.Watch([]string{d.path("conf")})
			defer runWatcher(t, w)()
			for range 1000 {
				d.add("conf/main.hcl", "x")
				toldNothing(t, w, 50*time.Millisecond)
			}
			if times, _ := awaitChanges(t, w, d.path("conf")); times != 1 {
				t.Errorf("told %d times", times)
			}
			toldNothing(t, w, 10*time.Minute)
			// What never rests is told after a while nevertheless.
			for range 1500 {
				d.add("conf/main.hcl", "x")
				time.Sleep(50 * time.Millisecond)
			}
			synctest.Wait()
			if n := len(w.Changes()); n != 1 {
				t.Error("not told what never rests")
			}
		})
	})
}

// While git holds its index lock nothing is told; one that was left behind is not waited for.
func TestWatchGitLock(t *testing.T) {
	for _, c := range []struct{ name, git, lock string }{
		{"in the repository", ".git/HEAD", ".git/index.lock"},
		{"in a linked worktree", "main/.git/worktrees/w/HEAD", "main/.git/worktrees/w/index.lock"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newTree(t)
				d.write("repo/"+c.git, "ref: refs/heads/main\n")
				if !strings.HasPrefix(c.git, ".git/") {
					d.write("repo/.git", "gitdir: main/.git/worktrees/w\n")
				}
				lock := "repo/" + c.lock
				d.write("repo/conf/main.hcl", "a")
				var log logLines
				w := newWatcher(zerolog.New(&log), watchOptions{Poll: time.Second})
				w.Watch([]string{d.path("repo/conf")})
				defer runWatcher(t, w)()

				var settled atomic.Bool
				settle := func() {
					if err := w.Settle(t.Context()); err != nil {
						t.Error(err)
					}
					settled.Store(true)
				}
				d.write(lock, "")
				d.must(os.Chtimes(d.path(lock), time.Now(), time.Now()))
				d.write("repo/conf/main.hcl", "bb")
				go settle()
				toldNothing(t, w, 4*time.Minute)
				if settled.Load() {
					t.Error("settled while git is busy")
				}
				d.remove(lock)
				if times, _ := awaitChanges(t, w, d.path("repo/conf")); times != 1 {
					t.Errorf("told %d times", times)
				}
				synctest.Wait()
				if !settled.Load() {
					t.Error("not settled when git is done")
				}
				if log.String() != "" {
					t.Errorf("logged: %s", log.String())
				}

				d.write(lock, "")
				d.must(os.Chtimes(d.path(lock), time.Now(), time.Now().Add(time.Hour))) // by a clock that is wrong
				d.write("repo/conf/main.hcl", "ccc")
				toldNothing(t, w, 4*time.Minute)
				time.Sleep(2 * time.Minute)
				awaitChanges(t, w, d.path("repo/conf"))
				d.write("repo/conf/main.hcl", "dddd") // now it is known to be stale
				time.Sleep(3 * time.Second)
				synctest.Wait()
				select {
				case <-w.Changes():
				default:
					t.Error("a stale lock is waited for once more")
				}
				settle()
				if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), "index.lock") {
					t.Errorf("logged: %s", log.String())
				}

				d.must(os.Chtimes(d.path(lock), time.Now(), time.Now().Add(-6*time.Minute))) // old when it is first seen
				d.write("repo/conf/main.hcl", "eeeee")
				time.Sleep(3 * time.Second)
				synctest.Wait()
				if len(w.Changes()) != 1 {
					t.Error("an old lock is waited for")
				}

				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				d.must(os.Chtimes(d.path(lock), time.Now(), time.Now()))
				if err := w.Settle(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Settle while git is busy, and stopped: %v", err)
				}
			})
		})
	}
}

// A change between the reading of a file and the next Watch is not lost, nor one before Run.
func TestWatchKeepsComparing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newTree(t)
		d.write("conf/main.hcl", "a")
		w := newWatcher(zerolog.Nop(), watchOptions{Poll: 2 * time.Minute}) // later than anything is waited for here
		conf, csv := d.path("conf"), d.path("tracks.csv")
		if !w.Watch([]string{conf}) {
			t.Error("nothing fresh")
		}
		if w.Watch([]string{conf, conf + string(filepath.Separator)}) {
			t.Error("fresh, though the same")
		}
		d.write("conf/main.hcl", "bb")
		if !w.Watch([]string{csv, conf}) {
			t.Error("nothing fresh with another file")
		}
		stop := runWatcher(t, w)
		defer stop()
		if _, told := awaitChanges(t, w, conf); !slices.Equal(told, []string{conf}) {
			t.Errorf("told of %q", told)
		}
		synctest.Wait()
		d.write("conf/main.hcl", "ccc")
		if w.Watch([]string{conf}) {
			t.Error("fresh with fewer")
		}
		awaitChanges(t, w, conf)

		d.write("tracks.csv", "")
		toldNothing(t, w, 10*time.Minute)
		w.Watch([]string{csv, conf})
		d.write("tracks.csv", "written by us")
		w.Accept(csv, d.path("unwatched"))
		toldNothing(t, w, 10*time.Minute)
		if got := w.Changed(); len(got) != 0 {
			t.Errorf("changed without being told: %q", got)
		}
	})
}

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
		w := newWatcher(zerolog.New(&log), watchOptions{})
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
		w := newWatcher(zerolog.New(&log), watchOptions{Quiet: 50 * time.Millisecond})
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
	w := newWatcher(zerolog.Nop(), watchOptions{Quiet: 50 * time.Millisecond})
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
	w := newWatcher(zerolog.Nop(), watchOptions{})
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
	w := newWatcher(zerolog.Nop(), watchOptions{Quiet: 10 * time.Millisecond})
	sets := [][]string{
		{d.path("conf"), d.path("a/a.csv")},
		{d.path("conf"), d.path("b/b.csv"), d.path("c/c.csv")},
		{d.path("conf"), d.path("b/b.csv"), d.path("c/c.csv")},
	}
	descriptorsBefore := descriptors(t)
	stop := runWatcher(t, w)
	w.Watch(sets[0])
	awaitArmed(t, w)
	goroutines, open, watches := runtime.NumGoroutine(), descriptors(t), kernelWatches(t)
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
	if got := descriptors(t); got > open {
		t.Errorf("%d descriptors, %d before", got, open)
	}
	if got := kernelWatches(t); got > watches {
		t.Errorf("%d folders with events, %d before", got, watches)
	}
	d.write("a/a.csv", "changed")
	awaitChanges(t, w, d.path("a/a.csv"), d.path("conf"))
	stop()
	if got := descriptors(t); got > descriptorsBefore {
		t.Errorf("%d descriptors in the end, %d at the beginning", got, descriptorsBefore)
	}
}

// descriptors are how many this process has; 0 where that can't be known.
func descriptors(t *testing.T) int {
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

func TestBranchOf(t *testing.T) {
	const commit = "3f786850e387550fdab836ed7e6dc881de23001b\n"
	for _, c := range []struct {
		name    string
		prepare func(watchTree)
		dir     string
		want    string
		watch   []string
		fails   string
	}{
		{name: "the top", prepare: func(d watchTree) { d.write("r/.git/HEAD", "ref: refs/heads/main\n") }, dir: "r", want: "main", watch: []string{"r/.git/HEAD"}},
		{name: "below, and a name with slashes", prepare: func(d watchTree) { d.write("r/.git/HEAD", "ref: refs/heads/me/try\n"); d.write("r/a/b/c", "") }, dir: "r/a/b", want: "me/try",
			watch: []string{"r/.git/HEAD"}},
		{name: "in a folder to come", prepare: func(d watchTree) { d.write("r/.git/HEAD", "ref: refs/heads/main\n") }, dir: "r/a/b", want: "main", watch: []string{"r/.git/HEAD"}},
		{name: "a commit", prepare: func(d watchTree) { d.write("r/.git/HEAD", commit) }, dir: "r", watch: []string{"r/.git/HEAD"}},
		{name: "no branch", prepare: func(d watchTree) { d.write("r/.git/HEAD", "ref: refs/remotes/origin/main\n") }, dir: "r", watch: []string{"r/.git/HEAD"}},
		{name: "worktree", prepare: func(d watchTree) {
			d.write("main/.git/HEAD", "ref: refs/heads/main\n")
			d.write("main/.git/worktrees/w/HEAD", "ref: refs/heads/side\n")
			d.write("w/.git", "gitdir: "+d.path("main/.git/worktrees/w")+"\n")
		}, dir: "w", want: "side", watch: []string{"main/.git/worktrees/w/HEAD"}},
		{name: "submodule", prepare: func(d watchTree) {
			d.write("r/.git/HEAD", "ref: refs/heads/main\n")
			d.write("r/.git/modules/sub/HEAD", "ref: refs/heads/deep\n")
			d.write("r/sub/.git", "gitdir: ../.git/modules/sub\n")
		}, dir: "r/sub", want: "deep", watch: []string{"r/.git/modules/sub/HEAD"}},
		{name: "no repository inside one", prepare: func(d watchTree) { d.write("r/.git/HEAD", "ref: refs/heads/main\n"); d.write("r/a/.git/junk", "") }, dir: "r/a", want: "main",
			watch: []string{"r/.git/HEAD"}},
		{name: "HEAD is a link", prepare: func(d watchTree) { d.write("r/.git/refs/heads/old", commit); d.link("refs/heads/old", "r/.git/HEAD") }, dir: "r", want: "old",
			watch: []string{"r/.git/HEAD"}},
		{name: "through a link", prepare: func(d watchTree) {
			d.write("r/.git/HEAD", "ref: refs/heads/main\n")
			d.write("r/conf/main.hcl", "")
			d.link("r/conf", "conf")
		}, dir: "conf", want: "main", watch: []string{"r/.git/HEAD"}},
		{name: "reftable", prepare: func(d watchTree) { d.write("r/.git/HEAD", "ref: refs/heads/.invalid\n") }, dir: "r", fails: "git refs migrate", watch: []string{"r/.git/HEAD"}},
		{name: "none", prepare: func(d watchTree) { d.write("r/a/b", "") }, dir: "r/a", watch: []string{"r/a/.git/HEAD", "r/.git/HEAD", ".git/HEAD"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newTree(t)
			c.prepare(d)
			got, err := branchOf(d.path(c.dir))
			if got != c.want || (err != nil) != (c.fails != "") || err != nil && !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%q and %v, want %q and %q", got, err, c.want, c.fails)
			}
			var watch []string
			for _, p := range branchPaths(d.path(c.dir)) {
				if rel, err := filepath.Rel(d.top, p); err == nil && filepath.IsLocal(rel) { // above it is not ours
					watch = append(watch, filepath.ToSlash(rel))
				}
			}
			if diff := cmp.Diff(c.watch, watch); diff != "" {
				t.Errorf("to be watched (-want +got):\n%s", diff)
			}
		})
	}
}
