package main

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/notify"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/pagetest"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// A heal is told for what it is, with what it undid: on the page, in the log, in history, in the notice. The page has the
// right name at once.
func TestDaemonTellsWhatItHealed(t *testing.T) {
	text := func(album string) map[string]string {
		return map[string]string{"main.hcl": "playlist \"p\" {\n  name = \"P\"\n  description = \"as I say\"\n  public = true\n  tracks = [\"" +
			string(song("A")) + "\", \"" + string(song("B")) + "\", \"" + string(song(album)) + "\"]\n}\n"}
	}
	inDaemonWorld(t, sandbox.DefaultQuirks(), text("C"), func(t *testing.T, w *daemonWorld) {
		w.hooks = new([]string)
		d := w.start("--interval", "5m", "--notify-url", "https://notices.test/x")
		d.round(1)
		time.Sleep(10 * time.Minute)
		w.edits("P", func(p *sandbox.Playlist) {
			p.Name, p.Description, p.Public = "Vandal", "vandalised", false
			p.Rows = []sandbox.Row{p.Rows[1], {URI: song("X")}}
		})
		d.ends(d.next(func() {}), "interval", "changed")
		lines := []string{`name "Vandal" → "P"`, `description "vandalised" → "as I say"`, `public false → true`, `songs: 2 added, 1 removed`}

		_, page, _ := d.asks("GET", "/", nil)
		page = pagetest.Words(page)
		if strings.Contains(page, "Vandal playlist.p") || !strings.Contains(page, "P playlist.p ✓ In step Healed ") || !strings.Contains(page, "✓ Healed") {
			t.Errorf("the page right after the heal: %s", page)
		}
		synctest.Wait()
		told := ""
		for _, n := range w.notices() {
			if strings.Contains(n, `"kind":"heal"`) {
				var x notify.Body
				if err := json.Unmarshal([]byte(n), &x); err != nil {
					t.Fatal(err)
				}
				told = x.Title + "\n" + strings.Join(x.Details, "\n")
			}
		}
		if !strings.Contains(told, `"P" was changed elsewhere and is as before again`) {
			t.Errorf("the notice: %s", told)
		}
		history := w.command(exitOK, "history", w.conf)
		newest, older, _ := strings.Cut(history, "\n")
		if !strings.Contains(newest, "  daemon   heal    playlist.p  was \"Vandal\"") && !strings.Contains(strings.Join(strings.Fields(newest), " "), `daemon heal playlist.p was "Vandal"; healed: name`) {
			t.Errorf("history: %s", history)
		}
		if !strings.Contains(strings.Join(strings.Fields(older), " "), "daemon create playlist.p") || strings.Contains(older, "heal") {
			t.Errorf("history of the create: %s", older)
		}
		logged := d.log.String()
		for _, line := range lines {
			quoted, _ := json.Marshal(line)
			if !strings.Contains(page, line) {
				t.Errorf("the page does not say %q:\n%s", line, page)
			}
			if !strings.Contains(told, "healed: "+line) {
				t.Errorf("the notice does not say %q:\n%s", line, told)
			}
			if !strings.Contains(newest, line) {
				t.Errorf("history does not say %q:\n%s", line, newest)
			}
			if in := strings.Trim(string(quoted), `"`); !strings.Contains(logged, in) || !strings.Contains(logged, `"message":"healed: name`) {
				t.Errorf("the log does not say %q:\n%s", line, d.tail())
			}
		}

		// It stays on the page, with its time, in the rounds after.
		time.Sleep(20 * time.Minute)
		d.page("Healed <time")
		d.page("Nothing to do")

		// What the files want is no heal.
		d.ends(d.next(func() { w.write(text("D")) }), "files", "changed")
		newest, _, _ = strings.Cut(w.command(exitOK, "history", w.conf), "\n")
		if strings.Contains(newest, "heal") || !strings.Contains(newest, "update") {
			t.Errorf("history of a change of the files: %s", newest)
		}
		if !strings.Contains(d.log.String(), `"message":"changed: songs: 1 added, 1 removed"`) {
			t.Errorf("the log of a change of the files:\n%s", d.tail())
		}

		// What was taken out of the library is put back, and that is one.
		time.Sleep(10 * time.Minute)
		id := w.server.Playlists(sandbox.SandboxUser)[0].ID
		w.server.Unfollow(sandbox.SandboxUser, id)
		d.awaits("the playlist", func() bool { return len(w.server.Playlists(sandbox.SandboxUser)) == 1 })
		d.awaits("the page", func() bool {
			_, page, _ := d.asks("GET", "/", nil)
			return strings.Contains(page, "put back into the library")
		})
		newest, _, _ = strings.Cut(w.command(exitOK, "history", w.conf), "\n")
		if !strings.Contains(newest, "healed: put back into the library") {
			t.Errorf("history of what was put back: %s", newest)
		}
	})
}

// What waits on this computer for the lock file is told, with the command that writes it there.
func TestWaitingLockEntriesAreTold(t *testing.T) {
	inDaemonWorld(t, sandbox.DefaultQuirks(), oneFile("P", "A"), func(t *testing.T, w *daemonWorld) {
		d := w.start("--interval", "5m")
		d.round(1)
		_, page, _ := d.asks("GET", "/", nil)
		if got := pagetest.Words(page); !strings.Contains(got, "1 playlist not written into it yet") || !strings.Contains(got, "spotsync apply ~/conf on this computer") {
			t.Errorf("the page: %s", got)
		}
		if out := w.command(exitOK, "status", w.conf); !strings.Contains(out, "1 entry waits (playlist.p) on this computer") || !strings.Contains(out, "with: spotsync apply") {
			t.Errorf("status: %s", out)
		}
		w.command(exitOK, "apply", w.conf) // nobody is asked, for nothing differs
		if out := w.command(exitOK, "status", w.conf); strings.Contains(out, "waits (playlist.p)") {
			t.Errorf("status, after what it advised: %s", out)
		}
		time.Sleep(10 * time.Minute)
		_, page, _ = d.asks("GET", "/", nil)
		if got := pagetest.Words(page); strings.Contains(got, "not written into it yet") {
			t.Errorf("the page, after what it advised: %s", got)
		}
	})
}
