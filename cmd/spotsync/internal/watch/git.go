package watch

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// staleLock is how old git's index lock may be before it counts as left over from a git that died.
const staleLock = 5 * time.Minute

// BranchOf is the branch checked out in the git repository around dir: empty when a commit is checked out instead, as in
// the middle of a rebase, or when there is no repository.
func BranchOf(dir string) (string, error) {
	repo, err := gitDir(dir)
	if err != nil || repo == "" {
		return "", err
	}
	head := filepath.Join(repo, "HEAD")
	var ref string
	if target, err := os.Readlink(head); err == nil { // as git wrote it until 2005, and can still
		ref = filepath.ToSlash(target)
	} else {
		data, err := os.ReadFile(head)
		if err != nil {
			return "", fmt.Errorf("cannot tell which branch is checked out: %w", err)
		}
		var ok bool
		if ref, ok = strings.CutPrefix(string(data), "ref:"); !ok {
			return "", nil
		}
		ref = strings.TrimSpace(ref)
	}
	branch, ok := strings.CutPrefix(ref, "refs/heads/")
	switch {
	case !ok:
		return "", nil
	case branch == ".invalid": // https://git-scm.com/docs/reftable: what HEAD holds for those who don't know the format
		return "", fmt.Errorf("cannot tell which branch is checked out: the repository %s keeps its refs in a reftable; "+
			"bring it back to files with: git refs migrate --ref-format=files", repo)
	}
	return branch, nil
}

// BranchPaths are the paths whose change may change what [BranchOf] says of dir, which is absolute: to be watched.
func BranchPaths(dir string) []string {
	if repo, err := gitDir(dir); err == nil && repo != "" {
		return []string{filepath.Join(repo, "HEAD")}
	}
	var paths []string
	for {
		paths = append(paths, filepath.Join(dir, ".git", "HEAD"))
		parent := filepath.Dir(dir)
		if parent == dir {
			return paths
		}
		dir = parent
	}
}

// gitDir is the directory in which git keeps what belongs to the working tree around dir: .git at its top, or what a file
// of that name points to, in linked worktrees and submodules. It is empty when there is no repository.
func gitDir(dir string) (string, error) {
	real, err := filepath.EvalSymlinks(dir)
	if err == nil { // a folder that isn't there yet may be checked out there
		dir = real
	}
	for {
		repo, err := gitDirAt(dir)
		if repo != "" || err != nil {
			return repo, err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", nil
		}
		dir = parent
	}
}

func gitDirAt(dir string) (string, error) {
	repo := filepath.Join(dir, ".git")
	info, err := os.Stat(repo)
	if err != nil {
		return "", nil
	}
	if info.Mode().IsRegular() {
		data, err := os.ReadFile(repo)
		if err != nil {
			return "", err
		}
		target, ok := bytes.CutPrefix(data, []byte("gitdir:"))
		if !ok {
			return "", nil
		}
		repo = filepath.FromSlash(string(bytes.TrimSpace(target)))
		if !filepath.IsAbs(repo) {
			repo = filepath.Join(dir, repo)
		}
	}
	if _, err := os.Lstat(filepath.Join(repo, "HEAD")); err != nil {
		return "", nil // whatever it is, git would look further up too
	}
	return repo, nil
}

// gitLocks knows which repositories git is busy in. It remembers since when.
type gitLocks struct {
	log  zerolog.Logger
	seen map[string]gitLock // by path
}

type gitLock struct {
	made   time.Time // what its file says
	since  time.Time // first seen
	told   bool      // that it is waited for
	warned bool      // that it is not
}

// worthTelling is how long git works until that is worth a word.
const worthTelling = 10 * time.Second

// held reports whether git is changing the working tree of one of repos now. A lock that is there for more than
// [staleLock] doesn't count: git leaves it behind when it is killed.
func (g *gitLocks) held(repos []string, now time.Time) bool {
	held := false
	locks := map[string]gitLock{}
	for _, repo := range repos {
		path := filepath.Join(repo, "index.lock")
		info, err := os.Lstat(path)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				g.log.Debug().Err(err).Msg("cannot look for git's index lock")
			}
			continue
		}
		l := g.seen[path]
		if l.since.IsZero() || !l.made.Equal(info.ModTime()) {
			l = gitLock{made: info.ModTime(), since: now}
		}
		if now.Sub(l.since) <= staleLock && now.Sub(l.made) <= staleLock {
			held = true
			if !l.told && now.Sub(l.since) >= worthTelling {
				l.told = true
				g.log.Info().Str("file", path).Msg("waiting for git, which holds its index lock; remove that file if no git is running")
			}
		} else if !l.warned {
			l.warned = true
			g.log.Warn().Str("file", path).Msg("git's index lock is older than 5 minutes, so it is not waited for; remove it if no git is running")
		}
		locks[path] = l
	}
	g.seen = locks
	return held
}
