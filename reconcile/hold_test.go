package reconcile

import (
	"testing"
	"time"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/lockfile"
)

// TestHolds: only another text, known as such, or the end of a pause releases what is held.
func TestHolds(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		hold lockfile.Hold
		text string
		want bool
	}{
		"paused":                         {lockfile.Hold{}, "text:a", true},
		"paused until later":             {lockfile.Hold{Until: now.Add(time.Second)}, "text:a", true},
		"paused until now":               {lockfile.Hold{Until: now}, "text:a", false},
		"the same text":                  {lockfile.Hold{Fingerprint: "text:a"}, "text:a", true},
		"another text":                   {lockfile.Hold{Fingerprint: "text:a"}, "text:b", false},
		"a block that is back":           {lockfile.Hold{Fingerprint: Fingerprint(nil)}, "text:b", false},
		"a block that is gone":           {lockfile.Hold{Fingerprint: "text:a"}, Fingerprint(nil), false},
		"told apart in another way":      {lockfile.Hold{Fingerprint: "0123456789abcdef"}, "text:a", true},
		"a text that was not told":       {lockfile.Hold{Fingerprint: "text:a"}, Fingerprint(&config.Playlist{}), true},
		"held without its text":          {lockfile.Hold{Fingerprint: Fingerprint(&config.Playlist{})}, "text:a", true},
		"another text, and over already": {lockfile.Hold{Fingerprint: "text:a", Until: now.Add(-time.Second)}, "text:a", false},
	} {
		if got := holds(&tt.hold, tt.text, now); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
