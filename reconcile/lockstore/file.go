package lockstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// File is the lock file as it counts: the file in the configuration folder, plus entries that were learned while it
// could not be written and wait in the state directory. It may be used from several goroutines.
type File struct {
	fsys   store.FS
	state  *store.State
	path   string
	issuer string
	choose map[string]spotify.ID // which ID a person chose for an address that came to mean two
	apart  bool                  // the file itself is never written

	mu      sync.Mutex
	current *lockfile.File
	pending bool    // the last update went to the state directory
	clashes []clash // addresses that came to mean two playlists

	text   string         // the file as it was last read or written, and what it says: a thousand playlists
	parsed *lockfile.File // make two thousand updates, and parsing is most of an update's work
}

// Open reads the lock file and what is pending for it. A missing file is an empty one.
func Open(fsys store.FS, state *store.State, path, issuer string) (*File, error) {
	return OpenChoosing(fsys, state, path, issuer, nil)
}

// OpenChoosing is Open where a person has chosen which playlist an address that came to mean two is.
func OpenChoosing(fsys store.FS, state *store.State, path, issuer string, choose map[string]spotify.ID) (*File, error) {
	l := &File{fsys: fsys, state: state, path: path, issuer: issuer, choose: choose}
	var err error
	if _, l.current, err = l.read(); err != nil {
		return nil, err
	}
	return l, nil
}

// OpenReadOnly is Open for a program that must not write to the configuration folder, such as a daemon: all that is
// learned goes to the state directory, for the next one to fold in that may write. An address that came to mean two
// playlists is no error but one of [File.Conflicts]; it means what the file says.
func OpenReadOnly(fsys store.FS, state *store.State, path, issuer string) (*File, error) {
	l := &File{fsys: fsys, state: state, path: path, issuer: issuer, apart: true}
	var err error
	if _, l.current, err = l.read(); err != nil {
		return nil, err
	}
	return l, nil
}

// Conflicts are the addresses that came to mean two playlists, with what to tell people.
func (l *File) Conflicts() map[string]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make(map[string]string, len(l.clashes))
	for _, c := range l.clashes {
		out[c.address] = c.refusal().Summary + ". " + strings.TrimSuffix(c.refusal().Detail, ".")
	}
	return out
}

// Current is the effective lock file. The caller must not change it.
func (l *File) Current() *lockfile.File {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current
}

// Path is where the file is.
func (l *File) Path() string { return l.path }

// Pending reports whether entries wait in the state directory because the file could not be written.
func (l *File) Pending() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pending
}

// Waiting are the addresses whose entries wait in the state directory: what the file says of them is something else, or
// nothing.
func (l *File) Waiting() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	file := l.parsed
	if file == nil {
		file = &lockfile.File{}
	}
	all := make(map[string]bool)
	for address, e := range l.current.Playlists {
		if is, ok := file.Playlists[address]; !ok || !reflect.DeepEqual(is, e) {
			all[address] = true
		}
	}
	for address := range file.Playlists {
		if _, ok := l.current.Playlists[address]; !ok {
			all[address] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Reload reads both again and reports whether they say something else than before.
func (l *File) Reload() (changed bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, f, err := l.read()
	if err != nil {
		return false, err
	}
	changed = !f.Equal(l.current)
	l.current = f
	return changed, nil
}

// Update changes the lock file on disk, and returns only when the disk has accepted it. The change is made to what the
// file says now, so that what git brought in meanwhile stays. Where the folder can't be written, the change goes to the
// state directory instead, to be folded in by the next update that can write.
func (l *File) Update(change func(*lockfile.File)) error { return l.update(change, false) }

// ProveWritable makes sure that what Update is asked to remember will be remembered, by writing what is known already.
func (l *File) ProveWritable() error {
	if l.apart {
		return l.state.ProveWritable()
	}
	return l.update(func(*lockfile.File) {}, true)
}

func (l *File) update(change func(*lockfile.File), force bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	file, f, err := l.read()
	if err != nil {
		return err
	}
	next := f.Clone()
	change(next)
	if err := next.Check(); err != nil {
		return fmt.Errorf("%s stays as it is: %w", l.path, err)
	}
	if next.Equal(f) && (!l.pending || l.apart) && !force {
		l.current = f
		return nil
	}
	text := next.Bytes()
	if l.apart {
		return l.wait(file, next)
	}
	err = l.fsys.WriteFile(l.path, text, 0o644)
	switch {
	case err == nil:
		l.text, l.parsed = string(text), next
		if l.pending {
			if err := l.state.SavePending(nil); err != nil {
				return fmt.Errorf("forget pending lock entries: %w", err)
			}
		}
		l.pending = false
	case readOnly(err):
		if perr := l.wait(file, next); perr != nil {
			return fmt.Errorf("write %s: %w; and it could not be kept for later either: %w", l.path, err, perr)
		}
	default:
		return fmt.Errorf("write %s: %w", l.path, err)
	}
	l.current = next
	return nil
}

// wait keeps in the state directory what the file should say next. Of an address that means two playlists that is both.
func (l *File) wait(file, next *lockfile.File) error {
	base, want := file.Clone(), next.Clone()
	for _, c := range l.clashes {
		if _, taken := next.AddressOf(c.is.ID); taken {
			continue // the file gave what was learned another address
		}
		delete(base.Playlists, c.address)
		if c.had {
			base.Playlists[c.address] = c.was
		}
		want.Playlists[c.address] = c.is
	}
	waiting, err := json.Marshal(pendingEntries{Base: string(base.Bytes()), Next: string(want.Bytes())})
	if err != nil {
		return err
	}
	if err := l.state.SavePending(waiting); err != nil {
		return err
	}
	l.pending, l.current = true, next
	return nil
}

func readOnly(err error) bool { return errors.Is(err, fs.ErrPermission) || isReadOnlyFS(err) }

// pendingEntries is what waits in the state directory: the file as it was, and as it should have become.
type pendingEntries struct {
	Base string `json:"base"`
	Next string `json:"next"`
}

// read returns the file as it is on disk, and that merged with what is pending.
func (l *File) read() (file, effective *lockfile.File, err error) {
	file = lockfile.New(l.issuer)
	data, err := l.fsys.ReadFile(l.path)
	switch {
	case err == nil && l.parsed != nil && l.text == string(data):
		file = l.parsed
	case err == nil:
		if file, err = lockfile.Parse(data, l.path); err != nil {
			return nil, nil, err
		}
		if file.Issuer != l.issuer {
			return nil, nil, reconcile.RefusedErrorf("", "The lock file belongs to another Spotify",
				"%s was written for %q and this run talks to %q. Use another --lock-file, or set or unset SPOTSYNC_API_URL and SPOTSYNC_ACCOUNTS_URL.", l.path, file.Issuer, l.issuer)
		}
		l.text, l.parsed = string(data), file
	case !errors.Is(err, fs.ErrNotExist):
		return nil, nil, fmt.Errorf("read the lock file: %w", err)
	}
	waiting, err := l.state.Pending()
	if err != nil {
		return nil, nil, err
	}
	l.pending, l.clashes = len(waiting) > 0, nil
	if !l.pending {
		return file, file, nil
	}
	var p pendingEntries
	if err := json.Unmarshal(waiting, &p); err != nil {
		return nil, nil, fmt.Errorf("read pending lock entries: %w", err)
	}
	base, err := lockfile.Parse([]byte(p.Base), "pending lock entries")
	if err != nil {
		return nil, nil, err
	}
	next, err := lockfile.Parse([]byte(p.Next), "pending lock entries")
	if err != nil {
		return nil, nil, err
	}
	effective, l.clashes, err = merge(base, file, next, l.choose)
	if err == nil && len(l.clashes) > 0 && !l.apart {
		return nil, nil, &reconcile.RefusedError{Refusals: []reconcile.Refusal{l.clashes[0].refusal()}}
	}
	return file, effective, err
}

// clash is an address that means one playlist in the file and another in what this computer learned meanwhile.
type clash struct {
	address      string
	had          bool              // whether the file said anything when this computer began to learn
	was, is, now lockfile.Playlist // then, learned, in the file
}

func (c clash) refusal() reconcile.Refusal {
	return reconcile.Refusal{Address: c.address, Summary: "One address means two playlists",
		Detail: fmt.Sprintf("The lock file says %s is %s; this computer, while it could not write that file, made it %s. Look at both on Spotify, then keep one: spotsync lock restore %s ID",
			c.address, c.now.ID, c.is.ID, reconcile.ShellQuote(c.address))}
}

// merge brings what changed from base to next into file, as git would. Where both changed one entry the file wins, but
// an address that came to mean two playlists is not guessed.
func merge(base, file, next *lockfile.File, choose map[string]spotify.ID) (_ *lockfile.File, clashes []clash, _ error) {
	out := file.Clone()
	for _, label := range slices.Sorted(maps.Keys(next.Accounts)) {
		if _, ok := out.Accounts[label]; !ok {
			out.Accounts[label] = next.Accounts[label]
		}
	}
	for _, query := range slices.Sorted(maps.Keys(next.Pins)) {
		is := next.Pins[query]
		was, had := base.Pins[query]
		if now, inFile := out.Pins[query]; is != was && (!inFile || had && now == was) {
			out.Pins[query] = is
		}
	}
	addresses := slices.Sorted(maps.Keys(next.Playlists))
	for address := range base.Playlists {
		if _, ok := next.Playlists[address]; !ok {
			addresses = append(addresses, address)
		}
	}
	for _, address := range addresses {
		was, had := base.Playlists[address]
		is, has := next.Playlists[address]
		now, inFile := file.Playlists[address]
		switch {
		case had == has && reflect.DeepEqual(was, is): // nothing learned here
		case inFile == had && reflect.DeepEqual(was, now): // nothing changed in the file
			if has {
				out.Playlists[address] = is
			} else {
				delete(out.Playlists, address)
			}
		case has && inFile && now.ID != is.ID && choose[address] == now.ID:
		case has && inFile && now.ID != is.ID && choose[address] == is.ID:
			out.Playlists[address] = is
		case has && inFile && now.ID != is.ID:
			clashes = append(clashes, clash{address, had, was, is, now})
		}
	}
	if err := out.Check(); err != nil {
		return nil, nil, fmt.Errorf("what this computer learned while it could not write the lock file does not fit what the file says now: %w", err)
	}
	return out, clashes, nil
}
