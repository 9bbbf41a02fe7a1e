package store

import (
	"path/filepath"

	"github.com/spotsync/spotsync/spotify"
)

// Limits is what Spotify's limits allow one client ID, shared by the processes of this user.
type Limits struct {
	fsys      FS
	path      string
	allowance string // its file: written at other times
}

// OpenLimits names them; it changes and creates nothing.
func OpenLimits(fsys FS, stateDir, issuer, clientID string) *Limits {
	dir, name := filepath.Join(stateDir, fileName(issuer)), fileName(clientID)+".json"
	return &Limits{fsys, filepath.Join(dir, "limits-"+name), filepath.Join(dir, "allowance-"+name)}
}

// NotBefore returns when the next request may be sent, the zero value when nothing is known. A damaged record counts as none:
// at worst one request is refused and says how long to wait.
func (l *Limits) NotBefore() (NotBefore, error) {
	n, err := readJSON[NotBefore](l.fsys, l.path, "limits", "")
	if newer, ok := asVersionError(err); ok {
		return NotBefore{}, newer
	}
	if err != nil || n == nil {
		return NotBefore{}, nil
	}
	return *n, nil
}

// SetNotBefore records it for every process; the zero value removes it.
func (l *Limits) SetNotBefore(n NotBefore) error {
	if n == (NotBefore{}) {
		return l.fsys.Remove(l.path)
	}
	return writeJSON(l.fsys, l.path, "limits", n)
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
