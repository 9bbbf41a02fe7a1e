package main

import (
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/pagetest"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/statuspage"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// A stop in the middle of a slow write finishes that, and writes it down.
func TestDaemonStopsInTheMiddle(t *testing.T) {
	for _, route := range []string{"POST /me/playlists", "POST /playlists/{id}/items", "PUT /playlists/{id}"} {
		inDaemonWorld(t, sandbox.DefaultQuirks(), oneFile("P", "A"), func(t *testing.T, w *daemonWorld) {
			method, path, _ := strings.Cut(route, " ")
			reached := make(chan struct{}, 1)
			slow := func() {
				w.server.Fail(sandbox.Fault{Method: method, Route: path, Delay: 8 * time.Second, Then: func() { reached <- struct{}{} }, After: true})
			}
			var d *runningDaemon
			if route == "POST /me/playlists" {
				slow()
				d = w.start()
			} else {
				d = w.start()
				d.round(1)
				time.Sleep(10 * time.Minute)
				slow()
				w.write(oneFile("Renamed", "B", "C", "A"))
			}
			select {
			case <-reached:
			case <-time.After(time.Hour):
				t.Fatalf("%s is not used for this", route)
			}
			d.term()
			if code := d.ended(); code != exitOK {
				t.Errorf("%s: exit code %d\n%s", route, code, d.tail())
			}
			n := len(w.server.Playlists(sandbox.SandboxUser))
			if n != 1 {
				t.Errorf("%s: %d playlists", route, n)
			}
			again := w.start()
			if r := again.round(1); r.Result != statuspage.RoundChanged && r.Result != statuspage.RoundOK {
				t.Errorf("%s: the next start ended %q: %s", route, r.Result, r.Problem)
			}
			time.Sleep(20 * time.Minute)
			want := "P: A"
			if route != "POST /me/playlists" {
				want = "Renamed: B C A"
			}
			w.has(want) // and no twin
			again.ready("")
		})
	}
}

// A limit is slept out, without a request, however often the daemon is asked or started.
func TestDaemonSleepsLimitsOut(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault sandbox.Fault
		over  time.Duration // by when
	}{
		{"Retry-After", sandbox.Fault{RetryAfter: "3600", Status: http.StatusTooManyRequests}, 2 * time.Hour},
		{"QUOTA_EXCEEDED", sandbox.Fault{Reason: "QUOTA_EXCEEDED", Status: http.StatusTooManyRequests}, 26 * time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inDaemonWorld(t, sandbox.DefaultQuirks(), oneFile("P", "A"), func(t *testing.T, w *daemonWorld) {
				d := w.start("--poll", "1m")
				d.round(1)
				time.Sleep(30 * time.Minute)
				w.server.Fail(tt.fault)
				d.ends(d.next(func() { w.edits("P", func(p *sandbox.Playlist) { p.Name = "X" }) }), "interval", "limited")
				began := time.Now()
				w.server.ResetRequests()

				// It is alive and takes new files, which wait.
				d.reconcile()
				w.write(oneFile("Later", "A"))
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				if status, _, _ := d.asks("GET", "/healthz", nil); status != http.StatusOK {
					t.Errorf("/healthz: %d", status)
				}
				if status, body, _ := d.asks("GET", "/readyz", nil); status != http.StatusServiceUnavailable || !strings.Contains(body, "UTC") {
					t.Errorf("/readyz: %d %s", status, body)
				}
				d.page("Waiting: Spotify wants no requests until")
				if _, body, _ := d.asks("GET", "/", nil); strings.Contains(pagetest.Words(body), "Not ready, because") {
					t.Errorf("the page says it twice: %s", pagetest.Words(body))
				}
				if code := d.stop(); code != exitOK {
					t.Errorf("exit code %d", code)
				}

				d = w.start("--poll", "1m")
				d.ends(d.round(1), "start", "limited")
				time.Sleep(time.Until(began.Add(50 * time.Minute)))
				if n := len(w.server.Requests()); n > 0 {
					t.Errorf("%d requests meanwhile: %v", n, w.server.Counts())
				}
				time.Sleep(tt.over)
				w.has("Later: A")
				d.ready("")
			})
		})
	}
}

func TestDaemonOnce(t *testing.T) {
	once := func(t *testing.T, w *daemonWorld, want int) {
		t.Helper()
		d := w.start("--once")
		if code := d.ended(); code != want {
			t.Errorf("exit code %d, want %d\n%s", code, want, d.tail())
		}
	}
	inDaemonWorld(t, sandbox.DefaultQuirks(), oneFile("P", "A"), func(t *testing.T, w *daemonWorld) {
		once(t, w, exitOK)
		w.has("P: A")
		once(t, w, exitOK)
		w.write(map[string]string{"main.hcl": "playlist"})
		once(t, w, exitError)
		w.write(oneFile("Q", "A"))
		w.server.Fail(sandbox.Fault{RetryAfter: "3600", Status: http.StatusTooManyRequests})
		time.Sleep(time.Hour)
		once(t, w, exitLater)
	})
	inDaemonWorld(t, sandbox.DefaultQuirks(), oneFile("P", "A"), func(t *testing.T, w *daemonWorld) {
		if err := os.Remove(w.env["SPOTSYNC_CREDENTIALS_FILE"]); err != nil {
			t.Fatal(err)
		}
		once(t, w, exitLogin)
	})
}

func TestSecondDaemonIsRefused(t *testing.T) {
	inDaemonWorld(t, sandbox.DefaultQuirks(), oneFile("P", "A"), func(t *testing.T, w *daemonWorld) {
		d := w.start()
		d.round(1)
		second := w.start("--listen", "127.0.0.1:7980")
		if code := second.ended(); code == exitOK {
			t.Error("a second daemon ran")
		}
		if said := second.log.String(); !strings.Contains(said, "spotsync daemon, process") {
			t.Errorf("it says %q", said)
		}
		d.ready("")
	})
}

// Commands and the daemon take turns, and a command takes over what the daemon learned.
func TestDaemonBesideCommands(t *testing.T) {
	inDaemonWorld(t, sandbox.DefaultQuirks(), oneFile("P", "A"), func(t *testing.T, w *daemonWorld) {
		lock := filepath.Join(w.conf, "spotsync.lock.hcl")
		d := w.start()
		d.round(1)
		if _, err := os.Stat(lock); err == nil {
			t.Fatal("the daemon wrote a lock file")
		}
		id := string(w.server.Playlists(sandbox.SandboxUser)[0].ID)

		// A command comes while a round is under way.
		time.Sleep(10 * time.Minute)
		w.server.Fail(sandbox.Fault{Method: "PUT", Route: "/playlists/{id}", Delay: 4 * time.Second})
		w.write(oneFile("Q", "A"))
		d.awaits("the change under way", func() bool {
			return strings.Contains(d.log.String(), `"playlist":"playlist.p"`) || w.server.Writes() > 2
		})
		w.command(exitOK, "apply", "--auto-approve", w.conf)
		w.has("Q: A")
		text, err := os.ReadFile(lock)
		if err != nil || !strings.Contains(string(text), id) {
			t.Errorf("the lock file: %v\n%s", err, text)
		}
		pending, err := filepath.Glob(filepath.Join(w.home, "data", "state", "*", "lock-*", "pending.lock.hcl"))
		if err != nil || len(pending) > 0 {
			t.Errorf("still waiting to be taken over: %q, %v", pending, err)
		}
		w.command(exitOK, "plan", "--detailed-exitcode", w.conf)
		time.Sleep(20 * time.Minute)
		d.ready("")
	})
}

// The folder of the configuration may be read-only, and is not written to where it isn't.
func TestDaemonLeavesTheFolderAlone(t *testing.T) {
	inDaemonWorld(t, sandbox.DefaultQuirks(), map[string]string{"main.hcl": twoPlaylists}, func(t *testing.T, w *daemonWorld) {
		w.command(exitOK, "apply", "--auto-approve", w.conf)
		three, _, _ := strings.Cut(twoPlaylists, "\nplaylist \"r\"")
		w.write(map[string]string{"main.hcl": three + "\nplaylist \"s\" {\n  name = \"S\"\n}\n"})
		if runtime.GOOS != "windows" {
			if err := os.Chmod(w.conf, 0o500); err != nil {
				t.Fatal(err)
			}
			defer os.Chmod(w.conf, 0o700)
		}
		before := filesBelow(t, w.conf)
		d := w.start("--prune")
		d.ends(d.round(1), "start", "changed")
		d.awaits("the deletion", func() bool { return len(w.server.Playlists(sandbox.SandboxUser)) == 3 })
		w.has("P:", "Q:", "S:")
		time.Sleep(time.Hour)
		d.stop()
		if got := touched(before, filesBelow(t, w.conf)); len(got) > 0 {
			t.Errorf("it wrote %q", got)
		}
		again := w.start("--prune")
		again.ends(again.round(1), "start", "ok")
		w.has("P:", "Q:", "S:")
	})
}
