package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

func TestStatus(t *testing.T) {
	w := newLoginWorld(t, sandbox.NoQuirks())
	code, _, errs := w.run(nil, "status")
	wantCode(t, code, exitError, errs) // no configuration
	write(t, "main.hcl", `
playlist "a" { name = "A" }
playlist "b" { name = "B" }`)
	code, out, errs := w.run(nil, "status")
	wantCode(t, code, exitLogin, errs)
	want(t, out, "not logged in", "new         playlist.a (A)")
	code, _, errs = w.run(w.agree("sandbox"), "login", "--no-browser")
	wantCode(t, code, exitOK, errs)
	code, _, errs = w.run(nil, "apply", "--auto-approve")
	wantCode(t, code, exitOK, errs)
	w.server.ResetRequests()
	code, out, errs = w.run(nil, "status", "--detailed-exitcode")
	wantCode(t, code, exitOK, errs)
	want(t, out, "Sandbox Listener", "Last run: apply", "2 managed")

	code, _, errs = w.run(nil, "pause", "b")
	wantCode(t, code, exitOK, errs)
	write(t, "main.hcl", `
playlist "b" { name = "B" }
playlist "c" { name = "C" }`)
	code, out, errs = w.run(nil, "status")
	wantCode(t, code, exitOK, errs)
	want(t, out, "held        playlist.b", "new         playlist.c", "in no file  playlist.a")
	code, out, errs = w.run(nil, "status", "--detailed-exitcode", "--json")
	wantCode(t, code, exitDifferences, errs)
	var r statusReport
	if err := json.Unmarshal([]byte(out), &r); err != nil || !r.Open || len(r.Playlists) != 3 || r.LastRun == nil {
		t.Errorf("status --json: %v: %s", err, out)
	}

	// The lock file is gone; this computer still knows.
	if err := os.Rename("spotsync.lock.hcl", "kept"); err != nil {
		t.Fatal(err)
	}
	code, out, errs = w.run(nil, "status")
	wantCode(t, code, exitOK, errs)
	want(t, out, "forgotten   playlist.b", "lock restore")
	if err := os.Rename("kept", "spotsync.lock.hcl"); err != nil {
		t.Fatal(err)
	}
	if n := len(w.server.Requests()); n != 0 {
		t.Errorf("status sent %d requests", n)
	}
	w.server.Fail(sandbox.Fault{RetryAfter: "5000"})
	code, _, errs = w.run(nil, "plan")
	wantCode(t, code, exitLater, errs)
	code, out, errs = w.run(nil, "status")
	wantCode(t, code, exitLater, errs)
	want(t, out, "waiting     reading and writing playlists is shut until", ": Spotify's quota for it is used up", "plan --refresh=false, history and status work meanwhile")
}

func TestReportLogins(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	key := func(label string) auth.Key {
		return auth.Key{Issuer: auth.Spotify, ClientID: "app", Account: label}
	}
	sum := sha256.Sum256([]byte("bare"))
	bare := hex.EncodeToString(sum[:])
	months := func(n, days int) auth.Token {
		return auth.Token{RefreshToken: "secret", AuthorizedAt: now.AddDate(0, -n, days), Scopes: session.CoreScopes}
	}
	for _, c := range []struct {
		name     string
		entries  []auth.Entry
		seed     *auth.Token
		states   string
		loggedIn bool
	}{
		{"none", nil, nil, "", false},
		{"fine", []auth.Entry{{Key: key("default"), Token: months(1, 0)}}, nil, "ok", true},
		{"near", []auth.Entry{{Key: key("default"), Token: months(6, 5)}}, nil, "ok 7", true},
		{"over", []auth.Entry{{Key: key("default"), Token: months(7, 0)}}, nil, "ended 0", false},
		{"refused", []auth.Entry{{Key: key("default"), Token: months(1, 0), Refused: "invalid_grant", RefusedAt: now}}, nil, "refused", false},
		{"one of two", []auth.Entry{{Key: key("default"), Token: months(1, 0)}, {Key: key("kid"), Token: months(7, 0)}}, nil, "ok, ended 0", false},
		{"two apps", []auth.Entry{{Key: key("default"), Token: months(1, 0)}, {Key: auth.Key{Issuer: auth.Spotify, ClientID: "old", Account: "default"}, Token: months(7, 0)}}, nil, "ok, ended 0", true},
		{"elsewhere", []auth.Entry{{Key: auth.Key{Issuer: auth.Loopback, ClientID: "app", Account: "default"}, Token: months(1, 0)}}, nil, "", false},
		{"seed", []auth.Entry{{Key: key("default"), Token: months(7, 0)}}, &auth.Token{RefreshToken: "bare"}, "ok, ended 0 unused", true},
		{"refused seed", []auth.Entry{{Key: auth.Key{Issuer: auth.Spotify, ClientID: "app", Seed: bare}, Refused: "x"},
			{Key: key("default"), Token: months(1, 0)}}, &auth.Token{RefreshToken: "bare"}, "refused, ok unused", false},
		{"its successor", []auth.Entry{{Key: auth.Key{Issuer: auth.Spotify, ClientID: "app", Seed: bare}, Token: months(6, 1)}},
			&auth.Token{RefreshToken: "bare"}, "ok 1", true},
		{"seed of another", nil, &auth.Token{RefreshToken: "bare", Issuer: auth.Loopback}, "refused", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := reportLogins(c.entries, c.seed, auth.Spotify, now)
			var states []string
			for _, r := range got {
				s := r.State
				if r.Notice != nil {
					s += fmt.Sprintf(" %d", *r.Notice)
				}
				if !r.InUse {
					s += " unused"
				}
				states = append(states, s)
				if data, err := json.Marshal(r); err != nil || strings.Contains(string(data), "secret") {
					t.Errorf("%v: %s", err, data)
				}
			}
			if s := strings.Join(states, ", "); s != c.states || loggedIn(got) != c.loggedIn {
				t.Errorf("%q, logged in %v; want %q, %v", s, loggedIn(got), c.states, c.loggedIn)
			}
		})
	}
}

func TestUnfinishedInStatus(t *testing.T) {
	w := newLoginWorld(t, sandbox.NoQuirks())
	write(t, "main.hcl", `playlist "a" { name = "A" }`)
	code, _, errs := w.run(w.agree("sandbox"), "login", "--no-browser")
	wantCode(t, code, exitOK, errs)
	code, _, errs = w.run(nil, "apply", "--auto-approve")
	wantCode(t, code, exitOK, errs)
	code, _, errs = w.run(nil, "status", "--detailed-exitcode")
	wantCode(t, code, exitOK, errs)
	lock, err := filepath.Abs("spotsync.lock.hcl")
	if err != nil {
		t.Fatal(err)
	}
	state := store.OpenState(store.OS{}, filepath.Join(w.env["SPOTSYNC_DATA_DIR"], "state"), auth.Loopback, lock)
	if err := state.BeginCreate(store.Create{Key: "k", Address: "playlist.a", Account: "default", Name: "A", Time: time.Now()}); err != nil {
		t.Fatal(err)
	}
	code, _, errs = w.run(nil, "status", "--detailed-exitcode")
	wantCode(t, code, exitDifferences, errs)
	if err := state.BeginReplace("playlist.b", "4XzvE3vG5tVbQeJb8Kk2aP", make([]spotify.URI, 3)); err != nil {
		t.Fatal(err)
	}
	code, out, errs := w.run(nil, "status", "--detailed-exitcode")
	wantCode(t, code, exitDifferences, errs)
	want(t, out, "unfinished  playlist.a (A): asked for", "unfinished  playlist.b: rewriting its 3 items")
}
