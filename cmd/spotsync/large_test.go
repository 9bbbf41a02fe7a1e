package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spotsync/spotsync/config/longtest"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// large is a large account: playlists as a file wants them, and a Spotify that can be as far away as the real one. Nothing
// lags there and nothing is limited, so that what is asked is spotsync's own doing.
type large struct {
	spotify *scriptSpotify
	latency atomic.Int64 // of each request to the Web API
	env     map[string]string
	conf    string // the folder of the file
	lists   []largeList
	ids     func() string
	close   func()
}

type largeList struct {
	name  string
	songs []string
}

// newLarge makes an account in the folder home, logged in to and empty, and the file. Close it.
func newLarge(tb testing.TB, home string, playlists, songs int) *large {
	tb.Helper()
	l := &large{spotify: &scriptSpotify{started: time.Now()}, conf: filepath.Join(home, "playlists")}
	l.spotify.Server = sandbox.New(sandbox.Options{Now: l.spotify.now, Seed: 1, Quirks: sandbox.NoQuirks()})
	r := rand.New(rand.NewPCG(1, 2))
	l.ids = func() string {
		const digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		b := []byte("0000000000000000000000") // IDs are 128 bits: not all of 22 digits can be any
		for i := 1; i < len(b); i++ {
			b[i] = digits[r.IntN(len(digits))]
		}
		return string(b)
	}
	for p := range playlists {
		list := largeList{name: fmt.Sprintf("List %d", p)}
		for range songs {
			list.songs = append(list.songs, l.ids())
		}
		l.lists = append(l.lists, list)
	}
	handler := l.spotify.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1/") {
			time.Sleep(time.Duration(l.latency.Load()))
		}
		handler.ServeHTTP(w, r)
	}))
	l.close = server.Close
	l.env = map[string]string{"HOME": home, "SPOTSYNC_DATA_DIR": filepath.Join(home, "data"), "SPOTSYNC_CREDENTIALS_FILE": filepath.Join(home, "credentials.json"),
		"SPOTSYNC_API_URL": server.URL + "/v1", "SPOTSYNC_ACCOUNTS_URL": server.URL, "SPOTSYNC_CLIENT_ID": sandbox.SandboxClientID}
	if err := os.MkdirAll(l.conf, 0o700); err != nil {
		tb.Fatal(err)
	}
	if err := l.spotify.logIn(l.env["SPOTSYNC_CREDENTIALS_FILE"], reconcile.DefaultAccount, sandbox.SandboxUser); err != nil {
		tb.Fatal(err)
	}
	l.write(tb)
	l.run(tb, exitOK, "list") // whose login it is is asked once, and known from then on
	return l
}

// write writes the file that wants the playlists.
func (l *large) write(tb testing.TB) {
	tb.Helper()
	var b strings.Builder
	for i, p := range l.lists {
		fmt.Fprintf(&b, "playlist \"list_%d\" {\n  name = %q\n  tracks = [\n", i, p.name)
		for _, s := range p.songs {
			fmt.Fprintf(&b, "    \"spotify:track:%s\",\n", s)
		}
		b.WriteString("  ]\n}\n")
	}
	if err := os.WriteFile(filepath.Join(l.conf, "main.hcl"), []byte(b.String()), 0o600); err != nil {
		tb.Fatal(err)
	}
}

// run runs a command and returns how many requests it sent, and how many of them asked for a change. Those to the accounts
// service don't count.
func (l *large) run(tb testing.TB, want int, command string, args ...string) (requests, writes int) {
	tb.Helper()
	l.spotify.ResetRequests()
	l.again(tb, want, command, args...)
	return l.asked()
}

// again is run without the counting.
func (l *large) again(tb testing.TB, want int, command string, args ...string) {
	tb.Helper()
	args = append([]string{command}, args...)
	if command != "list" {
		args = append(args, l.conf)
	}
	p := newProgram(l.env)
	if got := execute(tb.Context(), p.app, args); got != want {
		tb.Fatalf("spotsync %s: exit code %d, want %d\n%.2000s\n%.2000s", strings.Join(args, " "), got, want, p.out, p.err)
	}
}

// asked is how many requests were sent lately.
func (l *large) asked() (requests, writes int) {
	for request, n := range l.spotify.Counts() {
		if !strings.Contains(request, "/api/token") {
			requests += n
		}
	}
	return requests, l.spotify.Writes()
}

// settle makes it a minute later: spotsync keeps no record of what it wrote any more.
func (l *large) settle(tb testing.TB) {
	tb.Helper()
	l.spotify.forward(store.SettlingTime + time.Second)
	if err := forgetSettling(l.env["SPOTSYNC_DATA_DIR"]); err != nil {
		tb.Fatal(err)
	}
}

// forget deletes the cache.
func (l *large) forget(tb testing.TB) {
	tb.Helper()
	if err := os.RemoveAll(filepath.Join(l.env["SPOTSYNC_DATA_DIR"], "cache")); err != nil {
		tb.Fatal(err)
	}
}

// insert, move, remove and rename are edits of the file, each of one thing in the i-th playlist.
func (l *large) insert(i int) { l.lists[i].songs = slices.Insert(l.lists[i].songs, 100, l.ids()) }
func (l *large) remove(i int) { l.lists[i].songs = slices.Delete(l.lists[i].songs, 50, 51) }
func (l *large) rename(i int) { l.lists[i].name += " again" }
func (l *large) move(i int) {
	songs := l.lists[i].songs
	moved := songs[200]
	l.lists[i].songs = slices.Insert(slices.Delete(songs, 200, 201), 10, moved)
}

// dates are the songs of the account that are where the file wants them, by playlist and song, and when they were added.
// What differs from the file fails the test.
func (l *large) dates(tb testing.TB) map[string]time.Time {
	tb.Helper()
	there := make(map[string][]sandbox.Row)
	for _, p := range l.spotify.Playlists(sandbox.SandboxUser) {
		there[p.Name] = p.Rows
	}
	if len(there) != len(l.lists) {
		tb.Fatalf("%d playlists, want %d", len(there), len(l.lists))
	}
	dates := make(map[string]time.Time)
	for i, p := range l.lists {
		rows := there[p.name]
		if len(rows) != len(p.songs) {
			tb.Fatalf("%q has %d songs, want %d", p.name, len(rows), len(p.songs))
		}
		for n, row := range rows {
			if row.URI != spotify.URI("spotify:track:"+p.songs[n]) {
				tb.Fatalf("%q has %s at %d, want %s", p.name, row.URI, n, p.songs[n])
			}
			dates[fmt.Sprint(i, " ", row.URI)] = row.AddedAt
		}
	}
	return dates
}

// TestLargeAccount holds what is asked about 100 playlists of 300 songs, or fewer playlists.
func TestLargeAccount(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing in it is about goroutines that share")
	}
	t.Parallel()
	lists := longtest.Few(20, 100)
	pages := (lists + 49) / 50 // of the listing
	l := newLarge(t, t.TempDir(), lists, 300)
	defer l.close()
	requests, writes := l.run(t, exitOK, "apply", "--auto-approve")
	if want := 4 * lists; writes != want || requests > want+pages {
		t.Errorf("creating takes %d requests, %d of them writes; want %d writes, at most %d in all", requests, writes, want, want+pages)
	}
	quiet := func(when string, want int, args ...string) {
		t.Helper()
		if requests, _ := l.run(t, exitOK, "plan", append([]string{"--detailed-exitcode"}, args...)...); requests != want {
			t.Errorf("a plan %s takes %d requests, want %d: %v", when, requests, want, l.spotify.Counts())
		}
	}
	quiet("in the minute after", pages)
	l.settle(t)
	quiet("once all has settled", pages)
	quiet("from memory", 0, "--refresh=false")
	quiet("of one playlist", pages, "--target", "playlist.list_7")

	dates := l.dates(t)
	for _, c := range []struct {
		name       string
		edit       func(int)
		requests   int
		fresh, old int // rows
	}{
		{"inserting one song", l.insert, pages + 2, 1, 0},
		{"moving one song", l.move, pages + 2, 0, 0},
		{"removing one song", l.remove, pages + 2, 0, 1},
		{"renaming a playlist", l.rename, pages + 2, 0, 0},
	} {
		l.settle(t)
		c.edit(3)
		l.write(t)
		requests, writes := l.run(t, exitOK, "apply", "--auto-approve")
		if writes != 1 || requests > c.requests {
			t.Errorf("%s takes %d requests, %d of them writes; want 1 write, at most %d in all: %v", c.name, requests, writes, c.requests, l.spotify.Counts())
		}
		after := l.dates(t)
		fresh, gone := 0, 0
		for row, date := range after {
			switch was, ok := dates[row]; {
			case !ok:
				fresh++
			case !was.Equal(date):
				t.Errorf("%s: %s was added at %v, now it says %v", c.name, row, was, date)
			}
		}
		for row := range dates {
			if _, ok := after[row]; !ok {
				gone++
			}
		}
		if fresh != c.fresh || gone != c.old {
			t.Errorf("%s: %d songs are new and %d gone, want %d and %d", c.name, fresh, gone, c.fresh, c.old)
		}
		dates = after
		quiet("after "+c.name, pages)
	}
	l.settle(t)
	// No answer told the snapshot that the new name made: the songs are read once, in 3 requests, and it is looked whether
	// they changed meanwhile.
	quiet("after the new name has settled", pages+3+1)
	quiet("after that", pages)
	l.forget(t)
	quiet("without a cache", pages+lists*3+pages) // the listing, each playlist and its songs, and the listing once more
	quiet("read again", pages)
}
