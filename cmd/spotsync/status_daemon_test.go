package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/spotify/sandbox"
)

// status tells of the daemon's rounds, and of what it holds back, without a request to Spotify.
func TestStatusTellsOfTheDaemon(t *testing.T) {
	inDaemonWorld(t, sandbox.DefaultQuirks(), oneFile("P", "A"), func(t *testing.T, w *daemonWorld) {
		report := func() (r statusReport) {
			t.Helper()
			if err := json.NewDecoder(strings.NewReader(w.command(exitOK, "status", "--json", w.conf))).Decode(&r); err != nil {
				t.Fatal(err)
			}
			return r
		}
		d := w.start("--interval", "5m")
		d.round(1)
		time.Sleep(20 * time.Minute)
		asked := len(w.server.Requests())
		r := report()
		last := d.rounds()[len(d.rounds())-1]
		if r.Daemon == nil || !r.Daemon.Ready || r.Daemon.LastRound == nil || r.Daemon.LastRound.Result != "ok" || r.Daemon.LastRound.Why != "interval" ||
			r.Daemon.NextRound == nil || !r.Daemon.NextRound.Equal(last.Next.Truncate(time.Second)) {
			t.Errorf("of the daemon: %+v", r.Daemon)
		}
		if out := w.command(exitOK, "status", w.conf); !strings.Contains(out, "Daemon: ready at http://127.0.0.1:7979, last round on 1 Jan 2000") ||
			!strings.Contains(out, "nothing to do, next at ") {
			t.Errorf("to people: %s", out)
		}
		if got := len(w.server.Requests()); got != asked {
			t.Errorf("%d requests", got-asked)
		}

		for range 4 { // undone at once three times, and then no more
			w.edits("P", func(p *sandbox.Playlist) { p.Rows = nil })
			time.Sleep(12 * time.Minute)
		}
		w.has("P:")
		r = report()
		if p := r.Playlists[0]; p.State != playlistWaits || !strings.Contains(p.Reason, "its list of songs was changed back 3 times") || p.Until == nil || !r.Open {
			t.Errorf("of what is braked: %+v, open %v", p, r.Open)
		}
		if out := w.command(exitOK, "status", w.conf); !strings.Contains(out, "waits       playlist.p (P): its list of songs was changed back") {
			t.Errorf("to people: %s", out)
		}

		// One that was killed leaves its address behind, where another may be met.
		note := w.addressNote()
		d.stop()
		if r := report(); r.Daemon != nil || w.addressNote() != "" {
			t.Errorf("of a daemon that has ended: %+v", r.Daemon)
		}
		if err := os.WriteFile(note, []byte("127.0.0.1:7979\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := report(); r.Daemon != nil {
			t.Errorf("of a daemon that was killed: %+v", r.Daemon)
		}
		other := w.start("--lock-file", filepath.Join(w.home, "other.lock.hcl"), "--no-create")
		other.round(1)
		if r := report(); r.Daemon != nil {
			t.Errorf("of another lock file's daemon: %+v", r.Daemon)
		}
	})
}

// addressNote is the file in which a daemon says where it listens; empty: there is none.
func (w *daemonWorld) addressNote() string {
	for path := range filesBelow(w.t, filepath.Join(w.home, "data")) {
		if strings.HasSuffix(path, filepath.Join("daemon", "address")) {
			return path
		}
	}
	return ""
}
