package reconcile

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/lockfile"
)

// The reasons of a hold.
const (
	Paused     = "paused"
	RolledBack = "rolled back"
)

// holds reports whether a hold is in force: not run out, and, after a rollback, the block still says what it said.
func holds(h *lockfile.Hold, fingerprint string, now time.Time) bool {
	if !h.Until.IsZero() && !now.Before(h.Until) {
		return false
	}
	return h.Wish == "" || h.Wish == fingerprint
}

func holdReason(h *lockfile.Hold) string {
	why := h.Reason + " since " + h.Since.UTC().Format("2 Jan 15:04 UTC")
	if !h.Until.IsZero() {
		why += ", until " + h.Until.UTC().Format("2 Jan 15:04 UTC")
	}
	if h.Wish != "" {
		return why + "; held until its block says something else, or: spotsync resume"
	}
	return why + "; to go on: spotsync resume"
}

// Fingerprint tells whether a block says something else than before; a block that is gone has one too.
func Fingerprint(b *config.Playlist) string {
	if b == nil {
		return "none"
	}
	w := wishOf(b)
	w.Titles = nil
	data, err := json.Marshal(w)
	if err != nil {
		panic("reconcile: a wish can always be written as JSON: " + err.Error())
	}
	return digest(data)
}

// Digest tells whether a lock file says something else than before.
func Digest(f *lockfile.File) string {
	if f == nil {
		return ""
	}
	return digest(f.Bytes())
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}
