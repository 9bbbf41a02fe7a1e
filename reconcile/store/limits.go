package store

import (
	"path/filepath"
	"time"

	"github.com/spotsync/spotsync/spotify"
)

// Limits is what Spotify's limits allow one client ID, shared by the processes of this user.
type Limits struct {
	fsys      FS
	path      string // of the time before which nothing is sent, without ".json"
	allowance string // its file: written at other times
}

// OpenLimits names them; it changes and creates nothing.
func OpenLimits(fsys FS, stateDir, issuer, clientID string) *Limits {
	dir, name := filepath.Join(stateDir, fileName(issuer)), fileName(clientID)
	return &Limits{fsys, filepath.Join(dir, "limits-"+name), filepath.Join(dir, "allowance-"+name+".json")}
}

// file is where the time of a group is kept. Each has a file of its own, so that processes that are told of different groups
// at the same time overwrite nothing.
func (l *Limits) file(g spotify.Group) string {
	if g == "" {
		return l.path + ".json"
	}
	return l.path + "." + string(g) + ".json"
}

// NotBefore returns when the next request of a group may be sent, the zero value when nothing is known; "" is what is known
// of all. A damaged record counts as none: at worst one request is refused and says how long to wait.
func (l *Limits) NotBefore(g spotify.Group) (NotBefore, error) {
	n, err := readJSON[NotBefore](l.fsys, l.file(g), "limits", "")
	if newer, ok := asVersionError(err); ok {
		return NotBefore{}, newer
	}
	if err != nil || n == nil {
		return NotBefore{}, nil
	}
	return *n, nil
}

// SetNotBefore records it for every process; the zero value removes it.
func (l *Limits) SetNotBefore(g spotify.Group, n NotBefore) error {
	if n == (NotBefore{}) {
		return l.fsys.Remove(l.file(g))
	}
	return writeJSON(l.fsys, l.file(g), "limits", n)
}

// Holds are all times that are not over yet, that of all requests first.
func (l *Limits) Holds(now time.Time) ([]spotify.Hold, error) {
	var all []spotify.Hold
	for _, g := range append([]spotify.Group{""}, spotify.Groups()...) {
		n, err := l.NotBefore(g)
		if err != nil {
			return nil, err
		}
		if n.Until.After(now) {
			all = append(all, spotify.Hold{Group: g, Until: n.Until, Reason: n.Reason})
		}
	}
	return all, nil
}

// Allowance returns what is known of how much Spotify allows, the zero value when nothing is. A damaged record counts as
// nothing: Spotify says it again.
func (l *Limits) Allowance() (spotify.Allowance, error) {
	a, err := readJSON[spotify.Allowance](l.fsys, l.allowance, "allowance", "")
	if newer, ok := asVersionError(err); ok {
		return spotify.Allowance{}, newer
	}
	if err != nil || a == nil {
		return spotify.Allowance{}, nil
	}
	return *a, nil
}

// SetAllowance records it for the next process.
func (l *Limits) SetAllowance(a spotify.Allowance) error {
	return writeJSON(l.fsys, l.allowance, "allowance", a)
}
