package watch

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
)

const maxLinks = 40 // followed for one path, as Linux does

// fileID tells files apart that have the same name at different times. Zero: not known.
type fileID struct{ dev, ino uint64 }

// pathState is what was found at a path, as a sum: two that differ mean that reading the path may give something else.
type pathState [sha256.Size]byte

// pathView is what the watched paths look like at one time, and where it would show that they change.
type pathView struct {
	states  map[string]pathState
	folders map[string]eventFolder // by real path: those whose events matter
	events  *interest
	repos   []string // git directories of the repositories around, sorted
}

// eventFolder is one to have events from.
type eventFolder struct {
	id   fileID
	must bool // without its events a change may pass unseen; of others, the removal of a whole tree at most
}

// interest is which events matter.
type interest struct {
	names map[string]bool // paths that were looked at on the way to the watched ones
	lists map[string]bool // folders in which any new *.hcl matters
}

func (i *interest) has(name string) bool {
	return i != nil && (i.names[eventName(name)] || isConfigName(filepath.Base(name)) && i.lists[eventName(filepath.Dir(name))])
}

// eventName makes of a path what events' names are compared by: these systems may write it in another case.
func eventName(path string) string {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return strings.ToLower(path)
	}
	return path
}

// isConfigName reports whether a folder's entry can be part of a configuration. What editors leave beside a file while it
// is open is not: .main.hcl.swp, .#main.hcl, main.hcl~, #main.hcl#.
func isConfigName(name string) bool {
	return strings.HasSuffix(name, ".hcl") && !strings.HasPrefix(name, ".")
}

// lookAt looks at paths, which are absolute.
func lookAt(paths []string) pathView {
	s := pathScanner{
		found:   map[string]nameFound{},
		folders: map[string]eventFolder{},
		events:  &interest{names: map[string]bool{}, lists: map[string]bool{}},
		homes:   map[string]bool{},
	}
	v := pathView{states: make(map[string]pathState, len(paths)), folders: s.folders, events: s.events}
	for _, p := range paths {
		v.states[p] = s.stateOf(p)
	}
	for home := range s.homes {
		if dir, err := gitDir(home); err == nil && dir != "" {
			v.repos = append(v.repos, dir)
		}
	}
	slices.Sort(v.repos)
	v.repos = slices.Compact(v.repos)
	return v
}

// pathScanner collects a view. It asks about each name once.
type pathScanner struct {
	found   map[string]nameFound
	folders map[string]eventFolder
	events  *interest
	homes   map[string]bool // folders that hold what is watched
}

type nameFound struct {
	info fs.FileInfo
	link string // where it leads, of links
	err  error
}

func (s *pathScanner) lstat(path string) nameFound {
	f, ok := s.found[path]
	if !ok {
		f.info, f.err = os.Lstat(path)
		if f.err == nil && f.info.Mode()&fs.ModeSymlink != 0 {
			f.link, f.err = os.Readlink(path)
		}
		s.found[path] = f
	}
	return f
}

// stateOf is the state of what is at path: of a folder, its configuration files'.
func (s *pathScanner) stateOf(path string) pathState {
	var b strings.Builder
	real, info := s.walk(&b, path)
	if info != nil && info.IsDir() {
		s.homes[real] = true
		s.needs(real)
		s.events.lists[eventName(real)] = true
		entries, err := os.ReadDir(real)
		if err != nil {
			b.WriteString(kindOfError(err))
		}
		for _, e := range entries {
			if isConfigName(e.Name()) {
				fmt.Fprintf(&b, "%q ", e.Name())
				s.walkFrom(&b, real, []string{e.Name()})
			}
		}
	}
	return sha256.Sum256([]byte(b.String()))
}

// walk goes to path as the system does, link by link, and writes what it met: the links, and what is at the end. Along
// the way it notes whose events would tell of a change. info is nil when there is nothing, or nothing that can be seen.
func (s *pathScanner) walk(b *strings.Builder, path string) (real string, info fs.FileInfo) {
	at, rest := pathNames(path)
	return s.walkFrom(b, at, rest)
}

// walkFrom is walk from a folder whose own path holds no links.
func (s *pathScanner) walkFrom(b *strings.Builder, at string, rest []string) (real string, info fs.FileInfo) {
	links := 0
	for len(rest) > 0 {
		name := rest[0]
		rest = rest[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			at = filepath.Dir(at) // at holds no links, so this is its parent
			continue
		}
		next := filepath.Join(at, name)
		s.events.names[eventName(next)] = true
		s.passes(at)
		f := s.lstat(next)
		switch {
		case f.err != nil:
			s.needs(at)
			s.homes[at] = true
			fmt.Fprintln(b, kindOfError(f.err))
			return next, nil
		case f.info.Mode()&fs.ModeSymlink != 0:
			s.needs(at)
			if links++; links > maxLinks {
				fmt.Fprintln(b, "a ring of links")
				return next, nil
			}
			fmt.Fprintf(b, "%q -> %q\n", next, f.link)
			up, steps := pathNames(f.link)
			switch {
			case filepath.IsAbs(f.link):
				at = up
			case len(f.link) > 0 && os.IsPathSeparator(f.link[0]): // Windows: from the top of the same volume
				at = filepath.VolumeName(at) + string(filepath.Separator)
			}
			rest = slices.Concat(steps, rest)
		case f.info.IsDir():
			at = next
			if slices.ContainsFunc(rest, func(r string) bool { return r != "" && r != "." }) {
				continue
			}
			fmt.Fprintln(b, "folder")
			return next, f.info
		case len(rest) > 0:
			s.needs(at)
			fmt.Fprintln(b, kindOfError(syscall.ENOTDIR))
			return next, nil
		default:
			s.needs(at)
			s.homes[at] = true
			id := idOf(f.info)
			if id.dev != idOf(s.lstat(at).info).dev {
				// The file itself is mounted there, as containers do: who writes to it does so in another folder.
				s.folders[next] = eventFolder{id: id, must: true}
			}
			fmt.Fprintln(b, f.info.Mode(), f.info.Size(), f.info.ModTime().UnixNano(), id.ino)
			return next, f.info
		}
	}
	fmt.Fprintln(b, "folder")
	return at, s.lstat(at).info
}

// pathNames cuts a path into where it starts and the names from there.
func pathNames(path string) (top string, names []string) {
	volume := filepath.VolumeName(path)
	return volume + string(filepath.Separator), strings.FieldsFunc(path[len(volume):], func(r rune) bool {
		return r < 0x80 && os.IsPathSeparator(uint8(r))
	})
}

// needs notes a folder whose events must be had.
func (s *pathScanner) needs(dir string) {
	if f := s.lstat(dir); f.err == nil {
		s.folders[dir] = eventFolder{id: idOf(f.info), must: true}
	}
}

// passes notes a folder on the way. Its events tell when the tree below it is moved away or another takes its place. Only
// Linux gives them for nothing; elsewhere each costs a handle, or one for every file beside.
func (s *pathScanner) passes(dir string) {
	if runtime.GOOS != "linux" || s.folders[dir].must {
		return
	}
	if f := s.lstat(dir); f.err == nil {
		s.folders[dir] = eventFolder{id: idOf(f.info)}
	}
}

// kindOfError is an error as part of a state: only what makes a difference to who reads.
func kindOfError(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return "missing"
	case errors.Is(err, fs.ErrPermission):
		return "forbidden"
	}
	return "unreadable"
}
