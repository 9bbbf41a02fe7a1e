package main

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/statuspage"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// revoked has a daemon whose login is withdrawn and whose access token is over.
func revoked(t *testing.T, w *daemonWorld, args ...string) *runningDaemon {
	t.Helper()
	d := w.start(append([]string{"--interval", "1m"}, args...)...)
	d.round(1)
	time.Sleep(10 * time.Minute)
	w.server.RevokeTokens(sandbox.SandboxUser)
	w.server.ExpireAccessTokens()
	w.server.ResetRequests()
	d.awaits("the end of the login", func() bool { return strings.Contains(d.log.String(), `"result":"login"`) })
	return d
}

func TestDaemonOutlivesItsLogin(t *testing.T) {
	inDaemonWorld(t, sandbox.DefaultQuirks(), oneFile("P", "A"), func(t *testing.T, w *daemonWorld) {
		w.hooks = new([]string)
		d := revoked(t, w, "--notify-url", "https://notices.test/x")
		n := len(d.rounds())
		time.Sleep(2 * time.Hour)
		if len(d.rounds()) < n+60 {
			t.Errorf("only %d rounds in 2 hours", len(d.rounds())-n)
		}
		// An edit of the files is looked at, and can't be done.
		if r := d.next(func() { w.write(oneFile("Later", "A", "B")) }); r.Result != statuspage.RoundLogin {
			t.Errorf("a round ended %q", r.Result)
		}
		time.Sleep(time.Minute)
		if n := w.tokens(); n != 1 {
			t.Errorf("%d requests for a token, want 1 whatever the number of rounds", n)
		}
		if n := len(w.server.Requests()); n > 3 {
			t.Errorf("%d requests in all: %v", n, w.server.Counts())
		}
		d.ready("spotsync login")
		d.page("spotsync login")
		if n := strings.Count(strings.Join(w.notices(), "\n"), `"kind":"login"`); n != 1 {
			t.Errorf("%d notices: %q", n, w.notices())
		}

		d.recovers(func() { w.logIn(sandbox.SandboxUser) }, "changed")
		w.has("Later: A B")
	})
}

// Where there never was a login it waits for the first.
func TestDaemonWaitsForALogin(t *testing.T) {
	inDaemonWorld(t, sandbox.DefaultQuirks(), oneFile("P", "A"), func(t *testing.T, w *daemonWorld) {
		if err := os.Remove(w.env["SPOTSYNC_CREDENTIALS_FILE"]); err != nil {
			t.Fatal(err)
		}
		d := w.start()
		d.ends(d.round(1), "start", "login")
		d.ready("spotsync login")
		time.Sleep(2 * time.Hour)
		if n := len(w.server.Requests()); n > 0 {
			t.Errorf("it sent %d requests", n)
		}
		d.recovers(func() { w.logIn(sandbox.SandboxUser) }, "changed")
	})
}

// A token that is handed over in a file works as soon as the file is replaced.
func TestDaemonTakesANewTokenFile(t *testing.T) {
	inDaemonWorld(t, sandbox.DefaultQuirks(), oneFile("P", "A"), func(t *testing.T, w *daemonWorld) {
		path := filepath.Join(w.home, "token")
		w.env["SPOTSYNC_REFRESH_TOKEN_FILE"] = path
		handOver := func() {
			refresh, _ := w.server.IssueToken(sandbox.SandboxUser, sandbox.SandboxClientID, session.CoreScopes...)
			if err := os.WriteFile(path+"~", []byte(refresh+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(path+"~", path); err != nil {
				t.Fatal(err)
			}
		}
		handOver()
		d := revoked(t, w)
		time.Sleep(3 * time.Hour)
		if n := w.tokens(); n != 1 {
			t.Errorf("%d requests for a token, want 1", n)
		}
		d.recovers(handOver, "ok")
		if err := os.Remove(path); err != nil { // nor is what a person handed over to be found in the folder searched for secrets
			t.Fatal(err)
		}
	})
}

// onThePage renews the login by the page, being the browser, as the user who is logged in to Spotify there.
func (d *runningDaemon) onThePage(user string) (status int, body string) {
	d.w.t.Helper()
	d.w.server.SetBrowserUser(user)
	status, body, _ = d.asks("POST", "/-/login", url.Values{"account": {reconcile.DefaultAccount}})
	address := html.UnescapeString(regexp.MustCompile(`http://127\.0\.0\.1:1/authorize\?[^"<\s]+`).FindString(body))
	if status != http.StatusOK || address == "" {
		d.w.t.Fatalf("%d, and no address to open:\n%s", status, body)
	}
	browser := &http.Client{Transport: d.w, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := browser.Get(address)
	if err != nil {
		d.w.t.Fatal(err)
	}
	res.Body.Close()
	ended := res.Header.Get("Location")
	u, err := url.Parse(ended)
	if err != nil || u.Query().Get("code") == "" {
		d.w.t.Fatalf("the browser ended on %q (%d)", ended, res.StatusCode)
	}
	d.w.mu.Lock()
	d.w.secrets = append(d.w.secrets, u.Query().Get("code"))
	d.w.mu.Unlock()
	status, body, _ = d.asks("POST", "/-/login", url.Values{"account": {reconcile.DefaultAccount}, "pasted": {ended}})
	return status, body
}

func TestDaemonLoginOnThePage(t *testing.T) {
	inDaemonWorld(t, sandbox.DefaultQuirks(), oneFile("P", "A"), func(t *testing.T, w *daemonWorld) {
		w.server.AddUser(sandbox.User{ID: "kid", DisplayName: "The Kid", Premium: true})
		d := revoked(t, w)

		// Somebody else's playlists must not become what these files say.
		before, err := os.ReadFile(w.env["SPOTSYNC_CREDENTIALS_FILE"])
		if err != nil {
			t.Fatal(err)
		}
		if status, body := d.onThePage("kid"); status < 400 || !strings.Contains(body, "The Kid") && !strings.Contains(body, "kid") {
			t.Errorf("another account is taken: %d %s", status, body)
		}
		after, err := os.ReadFile(w.env["SPOTSYNC_CREDENTIALS_FILE"])
		if err != nil || string(after) != string(before) {
			t.Errorf("the login was replaced: %v", err)
		}
		d.ready("spotsync login")

		d.recovers(func() {
			if status, body := d.onThePage(sandbox.SandboxUser); status != http.StatusSeeOther {
				t.Fatalf("%d %s", status, body)
			}
		}, "ok")
		if n := len(w.server.Playlists("kid")); n > 0 {
			t.Errorf("the other account has %d playlists", n)
		}
	})
}

// Half a year passes.
func TestDaemonWarnsOfTheEndOfALogin(t *testing.T) {
	if testing.Short() {
		t.Skip("half a year of rounds")
	}
	inDaemonWorld(t, sandbox.NoQuirks(), oneFile("P", "A"), func(t *testing.T, w *daemonWorld) {
		w.hooks = new([]string)
		d := w.start("--interval", "12h", "--poll", "24h", "--notify-url", "https://notices.test/x")
		ends := time.Now().UTC().AddDate(0, 6, 0)
		d.round(1)
		time.Sleep(time.Until(ends.AddDate(0, 0, -31)))
		told := func() (titles []string) {
			for _, body := range w.notices() {
				var n struct{ Kind, Text string }
				if err := json.Unmarshal([]byte(body), &n); err != nil {
					t.Error(err)
				}
				if n.Kind == "login" {
					titles = append(titles, regexp.MustCompile(`ends in \d+ days?|needs a login`).FindString(n.Text))
				}
			}
			return titles
		}
		if got := told(); len(got) > 0 {
			t.Errorf("a month and a day before the end was told %q", got)
		}
		for i, days := range []int{29, 13, 6, 2, 0} {
			time.Sleep(time.Until(ends.AddDate(0, 0, -days).Add(-time.Hour)))
			if got, want := told(), fmt.Sprintf("ends in %s", words.Plural(days, "day")); len(got) != i+1 || got[i] != want {
				t.Errorf("was told %q, want %d of which the last is %q", got, i+1, want)
			}
			_, metrics, _ := d.asks("GET", "/metrics", nil)
			if want := strconv.FormatFloat(float64(ends.Unix()), 'g', -1, 64); !strings.Contains(metrics, want) {
				t.Errorf("/metrics does not tell the end, %s:\n%s", want, metrics)
			}
		}
		d.page("Renew the login")
		time.Sleep(24 * time.Hour)
		if got := told(); len(got) != 6 || got[5] != "needs a login" {
			t.Errorf("at the end was told %q", got)
		}
		d.ready("spotsync login")
		w.logIn(sandbox.SandboxUser)
		d.awaits("the new login", func() bool { rounds := d.rounds(); return rounds[len(rounds)-1].Result == "ok" })
		d.ready("")
	})
}
