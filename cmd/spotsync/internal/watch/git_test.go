package watch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
)

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
				w := New(zerolog.New(&log), Options{Poll: time.Second})
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
				time.Sleep(defaultQuiet) // it looks so often
				synctest.Wait()
				if !settled.Load() {
					t.Error("not settled when git is done")
				}
				if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), "waiting for git") {
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
				if n := strings.Count(log.String(), "\n"); n != 3 || strings.Count(log.String(), "so it is not waited for") != 1 {
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
			got, err := BranchOf(d.path(c.dir))
			if got != c.want || (err != nil) != (c.fails != "") || err != nil && !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%q and %v, want %q and %q", got, err, c.want, c.fails)
			}
			var watch []string
			for _, p := range BranchPaths(d.path(c.dir)) {
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
