package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/notify"
	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

func TestDoctor(t *testing.T) {
	w := newLoginWorld(t, sandbox.NoQuirks())
	code, out, errs := w.run(nil, "doctor")
	wantCode(t, code, exitLogin, errs)
	want(t, out, "✗ login", "spotsync login")
	code, _, errs = w.run(w.agree("sandbox"), "login", "--no-browser")
	wantCode(t, code, exitOK, errs)
	code, out, errs = w.run(nil, "doctor")
	wantCode(t, code, exitOK, errs)
	if strings.Contains(out, "✗") {
		t.Error(out)
	}

	// The access token there is would still do; the login behind it is dead.
	w.server.RevokeTokens("sandbox")
	code, out, errs = w.run(nil, "doctor")
	wantCode(t, code, exitLogin, errs)
	want(t, out, "✗ login", "spotsync login")
	code, _, errs = w.run(w.agree("sandbox"), "login", "--no-browser")
	wantCode(t, code, exitOK, errs)

	fault := func(f sandbox.Fault, wantExit int, parts ...string) {
		t.Helper()
		w.server.Fail(f)
		code, out, errs := w.run(nil, "doctor")
		w.server.ClearFaults()
		wantCode(t, code, wantExit, out+errs)
		want(t, out, append(parts, "✗")...)
	}
	fault(sandbox.Fault{Route: "/me", Status: 403, Body: "Active premium subscription required for the owner of the app.", Before: true}, exitError, "Premium subscription of the app's owner")
	fault(sandbox.Fault{Route: "/me", Status: 403, Body: "the user may not be registered", Before: true}, exitError, "allow list")
	fault(sandbox.Fault{Route: "/me", RetryAfter: "5000"}, exitLater, "is shut until")
	code, out, errs = w.run(nil, "doctor", "--json")
	wantCode(t, code, exitLater, errs)
	var r struct {
		FormatVersion string    `json:"format_version"`
		OK            bool      `json:"ok"`
		Checks        []finding `json:"checks"`
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil || r.OK || r.FormatVersion == "" || len(r.Checks) < 10 {
		t.Errorf("doctor --json: %v: %s", err, out)
	}
	code, _, errs = w.run(nil, "login", "--no-browser")
	wantCode(t, code, exitLater, errs) // told before the browser is opened

	write(t, "main.hcl", "playlist")
	code, out, errs = w.run(nil, "doctor")
	wantCode(t, code, exitError, errs)
	want(t, out, "✗ configuration", "spotsync validate")
	write(t, "main.hcl", "")
	write(t, "spotsync.lock.hcl", string(lockfile.New(lockfile.IssuerSpotify).Bytes()))
	code, out, errs = w.run(nil, "doctor")
	wantCode(t, code, exitError, errs)
	want(t, out, "✗ lock file", "spotify")
}

func TestDoctorAboutTheCredentialsFile(t *testing.T) {
	w := newLoginWorld(t, sandbox.NoQuirks())
	path := w.env["SPOTSYNC_CREDENTIALS_FILE"]
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, path, "{")
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := w.run(nil, "doctor")
	wantCode(t, code, exitError, errs)
	want(t, out, "✗ credentials file")
	for _, args := range [][]string{{"login"}, {"logout"}, {"auth", "status"}} {
		code, _, errs := w.run(nil, args...)
		wantCode(t, code, exitError, errs)
		want(t, errs, "credentials.json", "not changed")
	}
}

func TestSkew(t *testing.T) {
	at := func(s float64) time.Time { return time.Unix(1000, 0).Add(time.Duration(s * float64(time.Second))) }
	for _, c := range []struct{ asked, answered, want float64 }{
		{0, 0.2, 0}, {0.9, 1.1, 0}, {-3, 2, 0}, {101, 102, 100}, {-102, -100, -100},
	} {
		if got := skew(at(0), at(c.asked), at(c.answered)); got != time.Duration(c.want*float64(time.Second)) {
			t.Errorf("asked %v, answered %v: %v", c.asked, c.answered, got)
		}
	}
}

// A test notice goes where the daemon's go, and what the receiver says is shown, but for what is secret in its address.
func TestDoctorSendsANotice(t *testing.T) {
	w := newLoginWorld(t, sandbox.NoQuirks())
	code, _, errs := w.run(w.agree("sandbox"), "login", "--no-browser")
	wantCode(t, code, exitOK, errs)
	status := http.StatusOK
	var kinds []string
	receiver := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var b notify.Body
		if err := json.NewDecoder(r.Body).Decode(&b); err != nil {
			t.Error(err)
		}
		kinds = append(kinds, b.Kind)
		rw.WriteHeader(status)
		rw.Write([]byte("heard at " + r.URL.Path))
	}))
	defer receiver.Close()
	address := receiver.URL + "/hooks/secret99"
	hidden := func(out, errs string) {
		t.Helper()
		if strings.Contains(out+errs, "secret99") {
			t.Errorf("the address is shown:\n%s%s", out, errs)
		}
	}

	code, out, errs := w.run(nil, "doctor", "--notify")
	wantCode(t, code, exitError, errs)
	want(t, out, "✗ notices", "SPOTSYNC_NOTIFY_URL")
	w.env["SPOTSYNC_NOTIFY_URL"] = address
	code, out, errs = w.run(nil, "doctor")
	wantCode(t, code, exitOK, errs)
	want(t, out, "✓ notices: they go to "+receiver.URL+";")
	hidden(out, errs)
	if len(kinds) != 0 {
		t.Error("a notice was sent unasked")
	}
	code, out, errs = w.run(nil, "doctor", "--notify")
	wantCode(t, code, exitOK, errs)
	want(t, out, "✓ notices: "+receiver.URL, "200 OK: heard at ")
	hidden(out, errs)
	if len(kinds) != 1 || kinds[0] != notify.Test {
		t.Errorf("sent: %v", kinds)
	}
	status = http.StatusForbidden
	code, out, errs = w.run(nil, "doctor", "--notify")
	wantCode(t, code, exitError, errs)
	want(t, out, "✗ notices", "403 Forbidden: heard at ")
	hidden(out, errs)
	code, out, errs = w.run(nil, "doctor", "--notify-url", "gopher://secret99")
	wantCode(t, code, exitError, errs)
	want(t, out, "✗ notices", "must be a URL")
	hidden(out, errs)
}
