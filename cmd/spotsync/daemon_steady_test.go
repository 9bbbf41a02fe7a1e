package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/config/longtest"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// manyPlaylists is a configuration of n playlists.
func manyPlaylists(n int) map[string]string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "playlist \"p%03d\" {\n  name   = \"P%03d\"\n  tracks = [\"%s\"]\n}\n", i, i, song("A"))
	}
	return map[string]string{"main.hcl": b.String()}
}

// Years of rounds leave nothing behind: what grew with each would show in goroutines and descriptors.
func TestDaemonRoundsLeaveNothingBehind(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing in it is about goroutines that share")
	}
	rounds := longtest.Few(200, 2000)
	inDaemonWorld(t, sandbox.NoQuirks(), oneFile("P", "A"), func(t *testing.T, w *daemonWorld) {
		d := w.start("--interval", "10s", "--poll", "1h", "--log-level", "error")
		time.Sleep(20 * time.Minute)
		runtime.GC()
		goroutines, files := runtime.NumGoroutine(), descriptors(t)
		w.server.ResetRequests()
		for range 10 {
			time.Sleep(time.Duration(rounds) * time.Second)
			w.server.ResetRequests()
		}
		runtime.GC()
		if n := runtime.NumGoroutine(); n > goroutines {
			t.Errorf("%d goroutines, were %d", n, goroutines)
		}
		if n := descriptors(t); n > files {
			t.Errorf("%d descriptors, were %d", n, files)
		}
		d.ready("")
	})
}

// A round that finds nothing to do asks two things of Spotify and writes nothing.
func TestDaemonQuietRounds(t *testing.T) {
	inDaemonWorld(t, sandbox.DefaultQuirks(), manyPlaylists(100), func(t *testing.T, w *daemonWorld) {
		d := w.start()
		d.ends(d.round(1), "start", "changed")
		time.Sleep(time.Hour) // it has settled
		d.next(func() { w.server.ExpireAccessTokens() })
		n := len(d.rounds())
		before := filesBelow(t, w.home)
		w.server.ResetRequests()
		for i := range 5 {
			d.ends(d.round(n+1+i), "interval", "ok")
		}
		if got := touched(before, filesBelow(t, w.home)); len(got) > 0 {
			t.Errorf("quiet rounds wrote %q", got)
		}
		if got := len(w.server.Requests()); got != 10 {
			t.Errorf("%d requests in 5 rounds: %v", got, w.server.Counts())
		}
	})
}

// An interval that was chosen is stretched to stay under the requests of a day, whether those were named or not, and the log
// says so once.
func TestDaemonStretchesTheInterval(t *testing.T) {
	for about, tt := range map[string]struct {
		args []string
		most int // requests in an hour
		told int
	}{
		"the usual limit": {nil, 1000/24 + 5, 1},
		"a limit named":   {[]string{"--requests-per-day", "1000"}, 1000/24 + 5, 1},
		"a lower limit":   {[]string{"--requests-per-day", "240"}, 240/24 + 5, 1},
		"no limit":        {[]string{"--requests-per-day", "0"}, 1000, 0},
	} {
		t.Run(about, func(t *testing.T) {
			inDaemonWorld(t, sandbox.DefaultQuirks(), oneFile("P", "A"), func(t *testing.T, w *daemonWorld) {
				d := w.startAs(append([]string{"--interval", "20s", "--poll", "1h", "--log-level", "info"}, tt.args...)...)
				d.round(1)
				time.Sleep(10 * time.Minute)
				w.server.ResetRequests()
				time.Sleep(time.Hour)
				if n := len(w.server.Requests()); n > tt.most || tt.told == 0 && n < 150 {
					t.Errorf("%d requests in an hour", n)
				}
				if n := strings.Count(d.log.String(), "the interval is stretched"); n != tt.told {
					t.Errorf("told %d times", n)
				}
			})
		})
	}
}

// descriptors are how many this process has; 0 where that can't be known.
func descriptors(t *testing.T) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		return 0
	}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
