package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spotsync/spotsync/config/longtest"
)

// TestExitCodesOfWhatIsLeftAlone: however a playlist comes to be skipped, refused or left alone, plan, apply and daemon --once
// tell scripts, with and without something else to do. Never is that 0 or 2, unless nothing is wrong.
func TestExitCodesOfWhatIsLeftAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("many processes, one after the other")
	}
	const a = "playlist \"a\" {\n  name   = \"A\"\n  tracks = [\"spotify:track:0AAAAAAAAAAAAAAAAAAAAA\"]\n%s}\n"
	keys := "locals {\n  rows = csvdecode(file(\"rows.csv\"))\n}\nplaylist \"k\" {\n  for_each = toset([for r in local.rows : r.key])\n  name     = each.key\n  tracks   = [for r in local.rows : r.uri if r.key == each.key]\n}\n"
	const rows = "uri,key\nspotify:track:0AAAAAAAAAAAAAAAAAAAAA,one\nspotify:track:0BBBBBBBBBBBBBBBBBBBBB,two\n"
	const fewer = "uri,key\nspotify:track:0AAAAAAAAAAAAAAAAAAAAA,one\n"
	plain := fmt.Sprintf(a, "")
	keyGone := map[string]string{"a.hcl": keys, "rows.csv": rows}
	unread := "spotify edit A append Z\nspotify fault GET /playlists/{id} %[1]s times=-1\nspotify fault GET /playlists/{id}/items %[1]s times=-1"
	ids := strings.Repeat("0", 22)
	cases := map[string]struct {
		before map[string]string // files that are applied first; nil: a.hcl with one plain playlist
		happen string            // lines of a script
		after  map[string]string // files written then
		flags  string            // of plan and apply, which the daemon doesn't have
		code   int               // with nothing else to do
		whole  bool              // nothing else is done either
	}{
		"nothing":                             {},
		"it is held":                          {happen: "exits 0 spotsync pause a\nspotify edit A append Z"},
		"it can't be read, for Spotify fails": {happen: fmt.Sprintf(unread, "garbage"), code: exitLater},
		"it can't be read, for a mistake":     {happen: fmt.Sprintf(unread, "status=400"), code: exitError},
		"it can't be read, and goes":          {happen: fmt.Sprintf(unread, "garbage"), after: map[string]string{"a.hcl": ""}, code: exitLater},
		"it can't be read, and another is refused": {happen: fmt.Sprintf(unread, "garbage") + "\nspotify add N", code: exitRefused,
			after: map[string]string{"n.hcl": "playlist \"n\" {\n  name = \"N\"\n}\n"}},
		"nothing is remembered":                     {happen: "rm $SPOTSYNC_DATA_DIR/cache", flags: "--refresh=false", code: exitError, whole: true},
		"it is not looked at":                       {happen: fmt.Sprintf(unread, "garbage"), flags: "--target b"},
		"it would be refused, and is not looked at": {happen: "spotify edit A append Z", flags: "--exclude a", after: map[string]string{"a.hcl": ""}},
		"the login is withdrawn":                    {happen: "spotify clock 2h\nspotify revoke sandbox", code: exitLogin, whole: true},
		"another account has no login":              {after: map[string]string{"n.hcl": "account \"ada\" {}\nplaylist \"n\" {\n  account = \"ada\"\n  name = \"N\"\n}\n"}, code: exitLogin, whole: true},
		"a scope is missing":                        {happen: "spotify token sandbox playlist-read-private", code: exitLogin, whole: true},
		"Spotify limits requests":                   {happen: "spotify edit A append Z\nspotify fault GET /me/playlists status=429 retry-after=7200 times=-1\nspotify fault GET /playlists/{id} status=429 retry-after=7200 times=-1", code: exitLater, whole: true},
		"it is somebody else's":                     {happen: "spotify as ada\nspotify add Hers A\nspotify id Hers ID\nspotify as sandbox\nspotify id A MINE\nexec sh -c 'sed -i s/$MINE/$ID/ spotsync.lock.hcl'\nexec sh -c 'rm -rf $SPOTSYNC_DATA_DIR'", code: exitRefused},
		"its ID is somebody else's":                 {happen: "spotify as ada\nspotify add Hers A\nspotify id Hers ID\nspotify as sandbox\nexec sh -c 'printf ''playlist \"n\" {\\n  id = \"%s\"\\n}\\n'' $ID > n.hcl'", code: exitError, whole: true},
		"its ID is nobody's":                        {after: map[string]string{"n.hcl": "playlist \"n\" {\n  id = \"" + ids + "\"\n}\n"}, code: exitError, whole: true},
		"its name is taken":                         {happen: "spotify add N", after: map[string]string{"n.hcl": "playlist \"n\" {\n  name = \"N\"\n}\n"}, code: exitRefused},
		"it is protected":                           {before: map[string]string{"a.hcl": fmt.Sprintf(a, "  lifecycle {\n    prevent_destroy = true\n  }\n")}, after: map[string]string{"a.hcl": ""}, code: exitRefused},
		"its list came to nothing":                  {after: map[string]string{"a.hcl": "playlist \"a\" {\n  name   = \"A\"\n  tracks = [for x in [\"spotify:track:0AAAAAAAAAAAAAAAAAAAAA\"] : x if x == \"\"]\n}\n"}, code: exitRefused},
		"its block looks renamed":                   {after: map[string]string{"a.hcl": strings.Replace(plain, "\"a\"", "\"z\"", 1)}, code: exitRefused},
		"the lock file has forgotten it":            {happen: "rm spotsync.lock.hcl", code: exitRefused, whole: true},
		"the lock file is another account's":        {happen: "spotify login ada", code: exitRefused, whole: true},
		"its key is gone":                           {before: keyGone, after: map[string]string{"rows.csv": fewer}},
		"its key is gone, and it is gone":           {before: keyGone, happen: "spotify delete two", after: map[string]string{"rows.csv": fewer}},
		"its key is gone, and it can't be read":     {before: keyGone, happen: strings.Replace(fmt.Sprintf(unread, "garbage"), " A ", " two ", 1), after: map[string]string{"rows.csv": fewer}},
	}
	ofCode := make(map[int]int) // how many cases had an exit code
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		tt := cases[name]
		n := ofCode[tt.code]
		ofCode[tt.code]++
		t.Run(name, func(t *testing.T) {
			longtest.OneIn(t, 3, n)
			t.Parallel()
			var script strings.Builder
			write := func(format string, args ...any) { fmt.Fprintf(&script, format+"\n", args...) }
			var files strings.Builder
			file := func(name, text string) { fmt.Fprintf(&files, "-- %s --\n%s", name, text) }
			changed := func(n int) string {
				return fmt.Sprintf("playlist \"b\" {\n  name        = \"B\"\n  description = \"%d\"\n}\n", n)
			}
			before := tt.before
			if before == nil {
				before = map[string]string{"a.hcl": plain}
			}
			for _, name := range slices.Sorted(maps.Keys(before)) {
				file(name, before[name])
			}
			file("b.hcl", changed(0))
			for n := range 3 {
				file(fmt.Sprintf("changed%d", n), changed(n))
			}
			write("exits 0 spotsync apply --auto-approve\nspotify later")
			if tt.happen != "" {
				write("%s", tt.happen)
			}
			for i, name := range slices.Sorted(maps.Keys(tt.after)) {
				file(fmt.Sprintf("after%d", i), tt.after[name])
				write("cp after%d %s", i, name)
			}
			apply := "spotsync apply --auto-approve --max-wait=1s " + tt.flags
			write("exits %d spotsync plan --max-wait=1s %s", tt.code, tt.flags)
			write("exits %d spotsync plan --max-wait=1s --detailed-exitcode --json %s", tt.code, tt.flags)
			write("json stdout .format_version 1.0")
			write("exits %d %s", tt.code, apply)
			if tt.flags == "" {
				write("exits %d spotsync daemon --once", tt.code)
			}
			// And with something else to do.
			did, differs := tt.code, tt.code
			switch {
			case tt.code == exitOK:
				differs = exitDifferences
			case !tt.whole && tt.code != exitRefused:
				did = exitPartly
			}
			write("cp changed1 b.hcl")
			write("exits %d spotsync plan --max-wait=1s %s", tt.code, tt.flags)
			write("exits %d spotsync plan --max-wait=1s --detailed-exitcode %s", differs, tt.flags)
			write("exits %d %s", did, apply)
			write("spotify dump B")
			done := map[bool]string{true: "! "}[tt.whole]
			write("%sstdout '1'", done)
			if tt.flags == "" && !strings.Contains(tt.happen, "garbage") { // trying that again takes so long that b is read anew too
				write("spotify later")
				if strings.Contains(tt.happen, "status=400") { // and b is read for once, which was written to
					write("spotify mend\nexits 0 spotsync plan --target b")
					for line := range strings.Lines(tt.happen) {
						if strings.HasPrefix(line, "spotify fault") {
							write("%s", strings.TrimSpace(line))
						}
					}
				}
				write("cp changed2 b.hcl\nexits %d spotsync daemon --once\nspotify dump B\n%sstdout '2'", did, done)
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "script.txtar"), []byte(script.String()+files.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			runScripts(t, dir)
		})
	}
}
