package main

import (
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/pagetest"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// What a plan warns of is logged with its line when it appears, once while it lasts, and stays on the page.
func TestDaemonTellsWarnings(t *testing.T) {
	text := func(last string) map[string]string {
		return map[string]string{"main.hcl": "playlist \"p\" {\n  name = \"P\"\n  description = \"see https://example.com\"\n  tracks = [\n    \"" +
			string(song("A")) + "\",\n    \"" + string(song("B")) + "\"," + last + "\n  ]\n}\n"}
	}
	quirks := sandbox.DefaultQuirks()
	inDaemonWorld(t, quirks, text(""), func(t *testing.T, w *daemonWorld) {
		w.server.Withdraw(song("B"))
		d := w.start("--interval", "5m")
		d.round(1)
		page := func() string {
			_, page, _ := d.asks("GET", "/", nil)
			return pagetest.Words(page)
		}
		if p := page(); !strings.Contains(p, "main.hcl:6: ") {
			t.Errorf("the page right after it was found: %s", p)
		}
		count := func(source, part string) (n int) {
			for _, line := range strings.Split(d.log.String(), "\n") {
				if strings.Contains(line, `"level":"warn"`) && strings.Contains(line, source) && strings.Contains(line, part) {
					n++
				}
			}
			return n
		}
		time.Sleep(30 * time.Minute)
		if n := count(`main.hcl:6"`, "is left out: Spotify refused"); n != 1 {
			t.Errorf("the plan's warning was logged %d times:\n%s", n, d.tail())
		}
		if p := page(); !strings.Contains(p, "main.hcl:6: ") || !strings.Contains(p, "is left out") {
			t.Errorf("the page: %s", p)
		}
		w.server.Restore(song("B"))
		d.ends(d.next(func() {
			w.write(map[string]string{"main.hcl": strings.ReplaceAll(text("")["main.hcl"], string(song("B")), string(song("C")))})
		}), "files", "changed")
		time.Sleep(10 * time.Minute)
		if p := page(); strings.Contains(p, "is left out") {
			t.Errorf("the page, after the line was mended: %s", p)
		}
	})
}

// What when_empty = "keep" did is logged once while it lasts, and the page doesn't say that the playlist is as the files say.
func TestDaemonTellsWhatIsKept(t *testing.T) {
	text := func(tracks string) map[string]string {
		return map[string]string{"main.hcl": "locals {\n  none = []\n}\nplaylist \"p\" {\n  name = \"P\"\n  when_empty = \"keep\"\n  tracks = " + tracks + "\n}\n"}
	}
	full := `["` + string(song("A")) + `", "` + string(song("B")) + `"]`
	inDaemonWorld(t, sandbox.DefaultQuirks(), text(full), func(t *testing.T, w *daemonWorld) {
		d := w.start("--interval", "5m")
		d.round(1)
		page := func() string {
			_, page, _ := d.asks("GET", "/", nil)
			return pagetest.Words(page)
		}
		d.next(func() { w.write(text("local.none")) })
		time.Sleep(30 * time.Minute)
		if n := strings.Count(d.log.String(), "so the 2 songs in it stay"); n != 1 {
			t.Errorf("it was logged %d times:\n%s", n, d.tail())
		}
		if p := page(); !strings.Contains(p, "Songs kept") || !strings.Contains(p, "main.hcl:7") || !strings.Contains(p, "so the 2 songs in it stay") || strings.Contains(p, "as your files say") {
			t.Errorf("the page: %s", p)
		}
		d.next(func() { w.write(text(full)) })
		time.Sleep(10 * time.Minute)
		if p := page(); strings.Contains(p, "Songs kept") || !strings.Contains(p, "The playlist is as your files say") {
			t.Errorf("the page, when the list has songs again: %s", p)
		}
	})
}
