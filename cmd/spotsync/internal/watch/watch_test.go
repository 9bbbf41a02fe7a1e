package watch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// runWatcher runs w until the test ends, or the function it returns is called.
func runWatcher(t *testing.T, w *Watcher) (stop func()) {
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
func awaitChanges(t *testing.T, w *Watcher, want ...string) (times int, told []string) {
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
func toldNothing(t *testing.T, w *Watcher, d time.Duration) {
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
		begin := func(t *testing.T, o Options) (watchTree, *Watcher, []string) {
			if c.unix && runtime.GOOS == "windows" {
				t.Skip("Windows does not do this, or not for everybody")
			}
			d := newTree(t)
			d.write("conf/main.hcl", "a")
			d.write("conf/other.hcl", "x")
			if c.prepare != nil {
				c.prepare(d)
			}
			w := New(zerolog.New(zerolog.NewTestWriter(t)), o)
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
			d, w, told := begin(t, Options{Quiet: 50 * time.Millisecond})
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
				d, w, told := begin(t, Options{Poll: 10 * time.Second})
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
func awaitArmed(t *testing.T, w *Watcher) {
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
		w := New(zerolog.Nop(), Options{Quiet: 50 * time.Millisecond})
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
			w := New(zerolog.Nop(), Options{Poll: time.Second})
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
		w := New(zerolog.Nop(), Options{Quiet: 200 * time.Millisecond})
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
			w := New(zerolog.Nop(), Options{Poll: time.Second})
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

// What was read, and is again as it was when it was last told, is told.
func TestWatchTellsWhatIsTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newTree(t)
		csv := d.path("tracks.csv")
		w := New(zerolog.Nop(), Options{Poll: 2 * time.Minute})
		w.Watch([]string{csv})
		d.write("tracks.csv", "a slip")
		if err := w.Settle(t.Context()); err != nil { // who reads now reads that
			t.Fatal(err)
		}
		d.remove("tracks.csv")
		defer runWatcher(t, w)()
		awaitChanges(t, w, csv)
	})
}

// A change between the reading of a file and the next Watch is not lost, nor one before Run.
func TestWatchKeepsComparing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newTree(t)
		d.write("conf/main.hcl", "a")
		w := New(zerolog.Nop(), Options{Poll: 2 * time.Minute}) // later than anything is waited for here
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
