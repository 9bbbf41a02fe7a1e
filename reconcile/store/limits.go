package store

import "path/filepath"

// Limits is what Spotify's limits allow one client ID, shared by the processes of this user.
type Limits struct {
	fsys FS
	path string
}

// OpenLimits names them; it changes and creates nothing.
func OpenLimits(fsys FS, stateDir, issuer, clientID string) *Limits {
	return &Limits{fsys, filepath.Join(stateDir, fileName(issuer), "limits-"+fileName(clientID)+".json")}
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
