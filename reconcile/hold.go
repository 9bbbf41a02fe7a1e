package reconcile

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/lockfile"
)

// The reasons of a hold.
const (
	Paused     = "paused"
	RolledBack = "rolled back"
)

// holds reports whether a hold is in force: not run out, and, after a rollback, the text is still what it was. One whose
// text is not known, or was told apart in another way, stays until somebody resumes.
func holds(h *lockfile.Hold, fingerprint string, now time.Time) bool {
	if !h.Until.IsZero() && !now.Before(h.Until) {
		return false
	}
	if !strings.HasPrefix(h.Fingerprint, config.TextPrefix) || !strings.HasPrefix(fingerprint, config.TextPrefix) {
		return true
	}
	return h.Fingerprint == fingerprint
}

func holdReason(address string, h *lockfile.Hold) string {
	why := h.Reason + " since " + h.Since.UTC().Format("2 Jan 15:04 UTC")
	if !h.Until.IsZero() {
		why += ", until " + h.Until.UTC().Format("2 Jan 15:04 UTC")
	}
	if h.Fingerprint != "" {
		return why + "; held until the text of its block, or of a local or variable it uses, is changed, or: spotsync resume " + ShellQuote(address)
	}
	return why + "; to go on: spotsync resume " + ShellQuote(address)
}

// unknownText stands for a text that was not told; a hold with it waits for somebody to resume.
const unknownText = "unknown"

// Fingerprint tells whether the text of a block says something else than before; a block that is gone has one too.
func Fingerprint(b *config.Playlist) string {
	switch {
	case b == nil:
		return config.TextPrefix + "none"
	case b.Text == "":
		return unknownText
	}
	return b.Text
}

// Digest tells whether a lock file says something else than before.
func Digest(f *lockfile.File) string {
	if f == nil {
		return ""
	}
	return Hash(f.Bytes())
}

func Hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}

// Hold is what a rollback leaves behind: the files still want what was taken back. Anything else that changes a playlist
// releases it.
func (c Change) Hold(now time.Time) *lockfile.Hold {
	if c.HoldFingerprint == "" {
		return nil
	}
	return &lockfile.Hold{Reason: RolledBack, Since: now.UTC().Truncate(time.Second), Fingerprint: c.HoldFingerprint}
}
