package main

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/pagetest"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/statuspage"
	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/spotify"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

func TestDaemonKeepsAsTheFilesSay(t *testing.T) {
	inDaemonWorld(t, sandbox.DefaultQuirks(), oneFile("P", "A", "B"), func(t *testing.T, w *daemonWorld) {
		d := w.start()
		d.ends(d.round(1), "start", "changed")
		w.has("P: A B")
		d.ready("")

		main := filepath.Join(w.conf, "main.hcl")
		text := func(songs ...string) []byte { return []byte(oneFile("P", songs...)["main.hcl"]) }
		for _, c := range []struct {
			how string
			do  func() error
			has string
		}{
			{"written in place", func() error { return os.WriteFile(main, text("A"), 0o600) }, "P: A"},
			{"replaced", func() error {
				return errors.Join(os.WriteFile(main+"~", text("C", "A"), 0o600), os.Rename(main+"~", main))
			}, "P: C A"},
			{"made a link", func() error {
				one := filepath.Join(w.home, "one")
				return errors.Join(os.Mkdir(one, 0o700), os.WriteFile(filepath.Join(one, "main.hcl"), text("D"), 0o600),
					os.Symlink(one, filepath.Join(w.conf, "..data")), os.Remove(main), os.Symlink(filepath.Join("..data", "main.hcl"), main))
			}, "P: D"},
			{"swapped by link, as in Kubernetes", func() error {
				two, link := filepath.Join(w.home, "two"), filepath.Join(w.conf, "..data_tmp")
				return errors.Join(os.Mkdir(two, 0o700), os.WriteFile(filepath.Join(two, "main.hcl"), text("E", "F"), 0o600),
					os.Symlink(two, link), os.Rename(link, filepath.Join(w.conf, "..data")))
			}, "P: E F"},
		} {
			r := d.next(func() {
				if err := c.do(); err != nil {
					t.Fatalf("%s: %v", c.how, err)
				}
			})
			d.ends(r, "files", "changed")
			w.has(c.has)
		}
		if n := len(w.server.Playlists(sandbox.SandboxUser)); n != 1 {
			t.Errorf("there are %d playlists", n)
		}
		if code := d.stop(); code != exitOK {
			t.Errorf("exit code %d", code)
		}
	})
}

// Whatever a file's text depends on causes a round when it changes.
func TestDaemonReadsAgainWhatWasRead(t *testing.T) {
	files := map[string]string{
		"main.hcl":  "variable \"name\" {}\nplaylist \"p\" {\n  name = var.name\n  description = trimspace(file(\"about.txt\"))\n}\n",
		"about.txt": "one",
	}
	inDaemonWorld(t, sandbox.DefaultQuirks(), files, func(t *testing.T, w *daemonWorld) {
		vars := filepath.Join(w.home, "vars.hcl")
		say := func(name string) {
			if err := os.WriteFile(vars, []byte("name = \""+name+"\"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		say("P")
		d := w.start("--var-file", vars)
		d.ends(d.round(1), "start", "changed")
		d.ends(d.next(func() { w.write(map[string]string{"about.txt": "two words"}) }), "files", "changed")
		if got := w.server.Playlists(sandbox.SandboxUser)[0].Description; got != "two words" {
			t.Errorf("it is described as %q", got)
		}
		d.ends(d.next(func() { say("Quite another") }), "files", "changed")
		w.has("Quite another:")

		// What vanishes breaks the configuration, and coming back mends it.
		if err := os.Remove(filepath.Join(w.conf, "about.txt")); err != nil {
			t.Fatal(err)
		}
		d.awaits("the broken configuration", func() bool { return strings.Contains(d.log.String(), "the configuration is broken") })
		w.write(map[string]string{"about.txt": "three"})
		d.awaits("the new text", func() bool { return w.server.Playlists(sandbox.SandboxUser)[0].Description == "three" })
	})
}

// What is missing from the start, in a folder that is not there either, is waited for all the same.
func TestDaemonWaitsForWhatIsMissing(t *testing.T) {
	files := map[string]string{"main.hcl": "playlist \"p\" {\n  name = \"P\"\n  description = trimspace(file(\"texts/about.txt\"))\n}\n"}
	inDaemonWorld(t, sandbox.DefaultQuirks(), files, func(t *testing.T, w *daemonWorld) {
		d := w.start("--interval", "10h")
		if r := d.round(1); r.Result != statuspage.RoundFailed {
			t.Errorf("the first round: %+v", r)
		}
		d.ends(d.next(func() { w.write(map[string]string{"texts/about.txt": "here"}) }), "files", "changed")
		if got := w.server.Playlists(sandbox.SandboxUser)[0].Description; got != "here" {
			t.Errorf("it is described as %q", got)
		}

		// The same where the files were without errors before.
		w.write(map[string]string{"main.hcl": strings.ReplaceAll(files["main.hcl"], "texts/about.txt", "more/about.txt")})
		d.awaits("the broken configuration", func() bool {
			return strings.Count(d.log.String(), "the configuration is broken; the last version") == 2
		})
		w.write(map[string]string{"more/about.txt": "there"})
		d.awaits("the new text", func() bool { return w.server.Playlists(sandbox.SandboxUser)[0].Description == "there" })
	})
}

// Whether the files say what they said is decided by what is in them, and what depends on the day is worked out each round.
func TestDaemonTrustsNoDates(t *testing.T) {
	files := oneFile("One", "A")
	inDaemonWorld(t, sandbox.DefaultQuirks(), files, func(t *testing.T, w *daemonWorld) {
		d := w.start("--poll", "1m") // a day has many seconds
		d.round(1)
		path := filepath.Join(w.conf, "main.hcl")
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		w.write(oneFile("Two", "A"))
		if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
			t.Fatal(err)
		}
		d.ends(d.next(func() {}), "interval", "changed")
		w.has("Two: A")

		w.write(map[string]string{"main.hcl": "playlist \"p\" {\n  name = formatdate(\"D\", timestamp())\n}\n"})
		time.Sleep(time.Hour)
		w.has("1: A")
		time.Sleep(24 * time.Hour)
		w.has("2: A")
	})
}

func TestDaemonOutlivesBrokenFiles(t *testing.T) {
	inDaemonWorld(t, sandbox.DefaultQuirks(), oneFile("P", "A"), func(t *testing.T, w *daemonWorld) {
		d := w.start("--prune", "--notify-url", "https://notices.test/x")
		d.round(1)
		good, err := os.ReadFile(filepath.Join(w.conf, "main.hcl"))
		if err != nil {
			t.Fatal(err)
		}

		r := d.next(func() { w.write(map[string]string{"main.hcl": "playlist \"p\" {\n  nmae = \"Q\"\n}\n"}) })
		d.ends(r, "files", "ok")
		d.ready("The configuration is broken")
		d.page("nmae = ") // the line itself
		w.has("P: A")

		// Meanwhile what the files said before is kept up.
		w.edits("P", func(p *sandbox.Playlist) { p.Rows = append(p.Rows, sandbox.Row{URI: song("B")}) })
		d.awaits("healing", func() bool {
			return slices.ContainsFunc(d.rounds(), func(r roundLine) bool { return r.Why == "interval" && r.Result == statuspage.RoundChanged })
		})
		w.has("P: A")

		// A file that is not there at all says nothing about playlists either.
		d.next(func() {
			if err := os.Remove(filepath.Join(w.conf, "main.hcl")); err != nil {
				t.Fatal(err)
			}
		})
		time.Sleep(3 * time.Hour)
		w.has("P: A")
		d.ready("The configuration is broken")

		d.ends(d.next(func() { w.write(map[string]string{"main.hcl": strings.Replace(string(good), `"P"`, `"Mended"`, 1)}) }), "files", "changed")
		w.has("Mended: A")
		d.ready("")
	})
}

func TestDaemonStartsWithBrokenFiles(t *testing.T) {
	inDaemonWorld(t, sandbox.DefaultQuirks(), map[string]string{"main.hcl": "playlist {"}, func(t *testing.T, w *daemonWorld) {
		d := w.start()
		d.ends(d.round(1), "start", "failed")
		d.ready("The configuration is broken, and was from the start")
		d.page("main.hcl")
		if _, body, _ := d.asks("GET", "/", nil); strings.Contains(body, "Not ready, because") || strings.Contains(body, "the last version without errors stays in force") {
			t.Errorf("the page gives another reason, though nothing counted before: %s", pagetest.Words(body))
		}
		time.Sleep(time.Hour)
		if n := len(w.server.Requests()); n != 0 {
			t.Errorf("it sent %d requests", n)
		}
		d.ends(d.next(func() { w.write(oneFile("P", "A")) }), "files", "changed")
		d.ready("")
		w.has("P: A")
	})
}

// Where there is no file, or no folder, nothing is known about what is wanted.
func TestDaemonOfAnEmptyFolder(t *testing.T) {
	for _, missing := range []bool{false, true} {
		inDaemonWorld(t, sandbox.DefaultQuirks(), oneFile("P", "A"), func(t *testing.T, w *daemonWorld) {
			w.command(exitOK, "apply", "--auto-approve", w.conf)
			aside := filepath.Join(w.home, "aside")
			if err := os.Rename(w.conf, aside); err != nil {
				t.Fatal(err)
			}
			if !missing {
				lock, err := os.ReadFile(filepath.Join(aside, "spotsync.lock.hcl"))
				if err != nil {
					t.Fatal(err)
				}
				w.write(map[string]string{"spotsync.lock.hcl": string(lock)})
			}
			d := w.start("--prune")
			d.round(1)
			time.Sleep(2 * time.Hour)
			w.has("P: A")
			status, body, _ := d.asks("GET", "/readyz", nil)
			if status != 503 {
				t.Errorf("missing %v: /readyz: %d %s", missing, status, body)
			}

			// It comes, as a volume that is mounted late does.
			d.next(func() {
				if err := errors.Join(os.RemoveAll(w.conf), os.Rename(aside, w.conf)); err != nil {
					t.Fatal(err)
				}
			})
			d.awaits("readiness", func() bool { status, _, _ := d.asks("GET", "/readyz", nil); return status == 200 })
			w.has("P: A")
		})
	}
}

const twoPlaylists = `playlist "p" {
  name = "P"
}

playlist "q" {
  name = "Q"
}

playlist "r" {
  name = "R"
}
`

func TestDaemonDeletesOnlyWithPrune(t *testing.T) {
	without, _, _ := strings.Cut(twoPlaylists, "\nplaylist \"r\"")
	for _, prune := range []bool{false, true} {
		inDaemonWorld(t, sandbox.DefaultQuirks(), map[string]string{"main.hcl": twoPlaylists}, func(t *testing.T, w *daemonWorld) {
			var args []string
			if prune {
				args = append(args, "--prune")
			}
			d := w.start(args...)
			d.round(1)
			w.has("P:", "Q:", "R:")
			d.ends(d.next(func() { w.write(map[string]string{"main.hcl": without}) }), "files", "ok")
			w.has("P:", "Q:", "R:") // one round is not enough
			d.page("is no longer in the files")
			if !prune {
				time.Sleep(3 * time.Hour)
				w.has("P:", "Q:", "R:")
				d.page("deletes only with --prune")
				return
			}
			d.awaits("the deletion", func() bool { return len(w.server.Playlists(sandbox.SandboxUser)) == 2 })
			w.has("P:", "Q:")
			n := len(d.rounds())
			if r := d.round(n); !slices.Equal(r.Applied, []string{"playlist.r"}) {
				t.Errorf("it went in a round that changed %q", r.Applied)
			}
		})
	}
}

// A block that is back before its playlist went saves it.
func TestDaemonForgetsADeletion(t *testing.T) {
	without, _, _ := strings.Cut(twoPlaylists, "\nplaylist \"r\"")
	inDaemonWorld(t, sandbox.DefaultQuirks(), map[string]string{"main.hcl": twoPlaylists}, func(t *testing.T, w *daemonWorld) {
		d := w.start("--prune")
		d.round(1)
		before := w.server.Playlists(sandbox.SandboxUser)
		d.next(func() { w.write(map[string]string{"main.hcl": without}) })
		d.next(func() { w.write(map[string]string{"main.hcl": twoPlaylists}) })
		time.Sleep(2 * time.Hour)
		if n := len(w.server.Playlists(sandbox.SandboxUser)); n != len(before) {
			t.Errorf("there are %d playlists, were %d", n, len(before))
		}
		w.has("P:", "Q:", "R:")
	})
}

// Files that are broken want nothing deleted, whatever they wanted before: their owner may be about to take it back.
func TestDaemonDeletesNothingWhileFilesAreBroken(t *testing.T) {
	without, _, _ := strings.Cut(twoPlaylists, "\nplaylist \"r\"")
	inDaemonWorld(t, sandbox.DefaultQuirks(), map[string]string{"main.hcl": twoPlaylists}, func(t *testing.T, w *daemonWorld) {
		d := w.start("--prune")
		d.round(1)
		d.next(func() { w.write(map[string]string{"main.hcl": without}) })
		d.next(func() { w.write(map[string]string{"main.hcl": twoPlaylists + "\nplaylist"}) })
		time.Sleep(3 * time.Hour)
		w.has("P:", "Q:", "R:")
		d.page("nothing is deleted while they are broken")
		d.next(func() { w.write(map[string]string{"main.hcl": without}) })
		w.has("P:", "Q:", "R:") // counted anew
		time.Sleep(time.Hour)
		w.has("P:", "Q:")
	})
}

func TestDaemonHeals(t *testing.T) {
	vandal := func(p *sandbox.Playlist) {
		p.Description = "vandalised"
		p.Rows = append(p.Rows, sandbox.Row{URI: song("X")})
	}
	for _, c := range []struct {
		heal, has, described string
		result               string
	}{
		{"true", "P: A", "as I say", "changed"},
		{`"details"`, "P: A X", "as I say", "changed"},
		{"false", "P: A X", "vandalised", "ok"},
	} {
		t.Run(strings.Trim(c.heal, `"`), func(t *testing.T) {
			text := "playlist \"p\" {\n  name = \"P\"\n  description = \"as I say\"\n  tracks = [\"" + string(song("A")) + "\"]\n  self_heal = " + c.heal + "\n}\n"
			inDaemonWorld(t, sandbox.DefaultQuirks(), map[string]string{"main.hcl": text}, func(t *testing.T, w *daemonWorld) {
				w.hooks = new([]string)
				d := w.start("--interval", "5m", "--notify-url", "https://notices.test/x")
				d.round(1)
				time.Sleep(10 * time.Minute) // what was written has settled
				w.edits("P", vandal)
				d.ends(d.next(func() {}), "interval", statuspage.Result(c.result))
				time.Sleep(10 * time.Minute)
				w.has(c.has)
				if got := w.server.Playlists(sandbox.SandboxUser)[0].Description; got != c.described {
					t.Errorf("it is described as %q, want %q", got, c.described)
				}
				if c.heal != "true" {
					d.page("self_heal")
					d.ready("") // what a person wanted is no fault
				}
				synctest.Wait()
				told := strings.Join(w.notices(), "\n")
				if want := c.heal != "false"; strings.Contains(told, `"kind":"heal"`) != want {
					t.Errorf("of healing was told: %s", told)
				}
			})
		})
	}
}

func TestDaemonCreatesNothingIfAsked(t *testing.T) {
	inDaemonWorld(t, sandbox.DefaultQuirks(), oneFile("P", "A"), func(t *testing.T, w *daemonWorld) {
		d := w.start("--no-create")
		d.ends(d.round(1), "start", "ok")
		d.page("with --no-create something else creates it")
		time.Sleep(time.Hour)
		w.has()

		// Something else creates it, and the daemon looks after it at once.
		d.next(func() { w.command(exitOK, "apply", "--auto-approve", w.conf) })
		w.edits("P", func(p *sandbox.Playlist) { p.Name = "Q" })
		d.awaits("healing", func() bool { return w.server.Playlists(sandbox.SandboxUser)[0].Name == "P" })
	})
}

// An address that came to mean two playlists is left alone, also while a name waits for the ID of a new playlist.
func TestDaemonLeavesClashesAlone(t *testing.T) {
	inDaemonWorld(t, sandbox.DefaultQuirks(), oneFile("P", "A"), func(t *testing.T, w *daemonWorld) {
		d := w.start()
		d.ends(d.round(1), "start", "changed")
		theirs := w.server.AddPlaylist(sandbox.SandboxUser, sandbox.PlaylistSpec{Name: "Theirs", URIs: []spotify.URI{song("B")}})
		lock := lockfile.New(auth.Loopback)
		lock.Playlists["playlist.p"] = lockfile.Playlist{ID: theirs, Account: reconcile.DefaultAccount, Name: "Theirs"}
		w.write(map[string]string{"spotsync.lock.hcl": string(lock.Bytes()), "more.hcl": `
playlist "new" {
  name = "New"
}
playlist "about" {
  name = "About"
  description = "see ${playlist.new.uri}"
}
`})
		time.Sleep(time.Hour)
		w.has("About:", "New:", "P: A", "Theirs: B")
		d.page("One address means two playlists")
		if status, body, _ := d.asks("POST", "/-/release", url.Values{"address": {"playlist.p"}}); status != http.StatusConflict {
			t.Errorf("it is released: %d %s", status, body)
		}
	})
}

// Whoever does not look at the page learns why a playlist is left alone, once; and the page does not call it unseen.
func TestDaemonTellsWhatItHoldsBack(t *testing.T) {
	songs := make([]string, 20)
	for i := range songs {
		songs[i] = string(rune('A' + i))
	}
	files := oneFile("P", songs...)
	files["more.hcl"] = "playlist \"q\" {\n  name = \"Q\"\n}\n"
	inDaemonWorld(t, sandbox.DefaultQuirks(), files, func(t *testing.T, w *daemonWorld) {
		w.server.AddPlaylist(sandbox.SandboxUser, sandbox.PlaylistSpec{Name: "Q"})
		w.hooks = new([]string)
		d := w.start("--interval", "5m", "--notify-url", "https://notices.test/x")
		d.ends(d.round(1), "start", "changed")
		told := func(address, why string) {
			t.Helper()
			time.Sleep(time.Hour)
			synctest.Wait()
			notices := 0
			for _, n := range w.notices() {
				if strings.Contains(n, `"kind":"refusal"`) && strings.Contains(n, address+": "+why) {
					notices++
				}
			}
			lines := 0
			for line := range strings.Lines(d.log.String()) {
				if strings.Contains(line, `"held back"`) && strings.Contains(line, address) && strings.Contains(line, why) {
					lines++
				}
			}
			if notices != 1 || lines != 1 {
				t.Errorf("%s: %d notices, %d lines in the log:\n%s", why, notices, lines, strings.Join(w.notices(), "\n"))
			}
			d.page(why)
			if _, page, _ := d.asks("GET", "/", nil); strings.Contains(page, "could not be looked at") {
				t.Errorf("%s: the page says that it was not seen", why)
			}
		}
		told("playlist.q", "A playlist of this name exists already")
		w.write(oneFile("P", songs[:3]...))
		told("playlist.p", "Too many items would be removed")
		told("playlist.q", "A playlist of this name exists already")
	})
}

// What failed waits, also when the files come to say something else of other playlists. Another wish is tried at once.
func TestDaemonFailuresWaitForAnotherWish(t *testing.T) {
	says := func(p, q string) map[string]string {
		return map[string]string{"main.hcl": "playlist \"p\" {\n  name = \"" + p + "\"\n}\nplaylist \"q\" {\n  name = \"" + q + "\"\n}\n"}
	}
	inDaemonWorld(t, sandbox.DefaultQuirks(), says("P", "Q"), func(t *testing.T, w *daemonWorld) {
		d := w.start("--interval", "10h")
		d.round(1)
		time.Sleep(10 * time.Minute)
		w.server.Fail(sandbox.Fault{Method: "PUT", Route: "/playlists/{id}", Status: 403, Times: 4})
		d.ends(d.next(func() { w.write(says("P", "Q2")) }), "files", "partly")
		time.Sleep(10 * time.Minute) // tried again after 1, 2 and 4 minutes, and next after 8
		tries := func() int { return w.server.Counts()["PUT /playlists/{id}"] }
		tried := tries()
		d.ends(d.next(func() { w.write(says("P2", "Q2")) }), "files", "changed")
		w.has("P2:", "Q:")
		if tried != 4 || tries() != 5 {
			t.Errorf("%d tries, and then %d", tried, tries()-tried)
		}
		d.ends(d.next(func() { w.write(says("P2", "Q3")) }), "files", "changed")
		w.has("P2:", "Q3:")
	})
}

// One playlist that can't be done keeps no other back.
func TestDaemonPlaylistsFailOneByOne(t *testing.T) {
	inDaemonWorld(t, sandbox.DefaultQuirks(), map[string]string{"main.hcl": twoPlaylists}, func(t *testing.T, w *daemonWorld) {
		d := w.start()
		d.round(1)
		time.Sleep(10 * time.Minute)
		w.server.Fail(sandbox.Fault{Method: "PUT", Route: "/playlists/{id}", Status: 403, Times: 1})
		r := d.next(func() {
			w.write(map[string]string{"main.hcl": strings.ReplaceAll(twoPlaylists, "  name = \"", "  name = \"New ")})
		})
		d.ends(r, "files", "partly")
		if len(r.Applied) != 2 {
			t.Errorf("done: %q", r.Applied)
		}
		d.awaits("the third", func() bool {
			return !slices.ContainsFunc(w.server.Playlists(sandbox.SandboxUser), func(p sandbox.Playlist) bool { return !strings.HasPrefix(p.Name, "New ") })
		})
		d.ready("")
	})
}
