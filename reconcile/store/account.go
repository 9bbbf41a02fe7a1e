package store

import (
	"context"
	"path/filepath"
	"time"

	"github.com/spotsync/spotsync/spotify"
)

// SettlingTime is how long after a write of ours reads may still show what was before it.
const SettlingTime = 60 * time.Second

// Account is what this computer knows of one Spotify account, whatever lock file it is used with.
type Account struct {
	Command string // told to those who wait for the lock: "spotsync apply"

	fsys     FS
	dir      string
	cacheDir string
}

// OpenAccount names the state and the cache of an account; it changes and creates nothing.
func OpenAccount(fsys FS, stateDir, cacheDir, issuer string, account spotify.ID) *Account {
	name := "account-" + fileName(string(account))
	return &Account{
		Command:  "spotsync",
		fsys:     fsys,
		dir:      filepath.Join(stateDir, fileName(issuer), name),
		cacheDir: filepath.Join(cacheDir, fileName(issuer), name),
	}
}

// Lock makes this process the only one that writes to the account. See [State.Lock], which is to be taken first.
func (a *Account) Lock(ctx context.Context, timeout time.Duration, waiting func(holder string)) (unlock func() error, err error) {
	unlock, err = turn{fsys: a.fsys, dir: a.dir, command: a.Command}.take(ctx, timeout, waiting)
	if err == nil {
		sweep(a.fsys, filepath.Join(a.dir, "settling"), "")
	}
	return unlock, err
}

func (a *Account) settlingPath(id spotify.ID) string {
	return filepath.Join(a.dir, "settling", playlistFile(id))
}

// Settling returns what recent writes of ours make a reader of the playlist expect; nil when there were none in the last
// [SettlingTime] or their record is damaged.
func (a *Account) Settling(id spotify.ID, now time.Time) (*Settling, error) {
	s, err := a.Written(id)
	if err != nil || s == nil {
		return nil, err
	}
	if age := now.Sub(s.Time); age > SettlingTime || age < -SettlingTime { // the latter: the clock was set back
		if len(s.Ours) == 0 {
			_ = a.fsys.Remove(a.settlingPath(id))
		}
		return nil, nil
	}
	return s, nil
}

// Written returns the record of our last writes to the playlist, however old it is; nil when there is none or it is damaged.
func (a *Account) Written(id spotify.ID) (*Settling, error) {
	s, items, err := readItems[Settling](a.fsys, a.settlingPath(id), "settling", "")
	if newer, ok := asVersionError(err); ok {
		return nil, newer
	}
	if err != nil || s == nil || s.ID != id {
		return nil, nil
	}
	if s.Expected != nil && items != nil {
		s.Expected.Items = items
	}
	return s, nil
}

// SaveSettling records what a write of ours makes a reader expect.
func (a *Account) SaveSettling(s Settling) error {
	var items []spotify.Item
	if s.Expected != nil {
		expected := *s.Expected
		items, expected.Items = expected.Items, nil
		s.Expected = &expected
	}
	return writeItems(a.fsys, a.settlingPath(s.ID), "settling", s, items)
}

// DropSettling forgets them: nothing was written after all.
func (a *Account) DropSettling(id spotify.ID) error { return a.fsys.Remove(a.settlingPath(id)) }

func (a *Account) cachePath(id spotify.ID) string {
	return filepath.Join(a.cacheDir, "contents", playlistFile(id))
}

// Cached returns the contents last read; it is for the caller to compare snapshots. What can't be read is not cached.
func (a *Account) Cached(id spotify.ID) (*Contents, bool) {
	c, items, err := readItems[Contents](a.fsys, a.cachePath(id), "contents", "")
	if err != nil || c == nil || c.ID != id {
		return nil, false
	}
	if items != nil {
		c.Items = items
	}
	return c, true
}

// SaveCached keeps contents as read, and writes nothing where they are kept already. A failure costs requests and nothing else.
func (a *Account) SaveCached(c Contents) error {
	items := c.Items
	c.Items = nil
	return cacheItems(a.fsys, a.cachePath(c.ID), "contents", c, items)
}

// DropCached forgets them.
func (a *Account) DropCached(id spotify.ID) error {
	return a.fsys.Remove(a.cachePath(id))
}

func (a *Account) libraryPath() string { return filepath.Join(a.cacheDir, "library.json") }

// library is the file of that name.
type library struct {
	Total int `json:"total"`
}

// Library returns how many playlists the account's last complete listing counted; ok is false when that is not known.
func (a *Account) Library() (total int, ok bool) {
	l, err := readJSON[library](a.fsys, a.libraryPath(), "library", "")
	if err != nil || l == nil || l.Total < 0 {
		return 0, false
	}
	return l.Total, true
}

// SaveLibrary keeps the number for [Account.Library], and writes nothing where it is known already. A failure costs requests and nothing else.
func (a *Account) SaveLibrary(total int) error {
	return cacheItems(a.fsys, a.libraryPath(), "library", library{total}, nil)
}
