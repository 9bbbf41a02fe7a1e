//go:build unix

package daemon

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// managerSocket is a service manager that listens, and what it heard last.
func managerSocket(t *testing.T) (heard func() string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "sd") // t.TempDir is too long for a socket's address
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return func() string {
		t.Helper()
		if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 4096)
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		return string(buf[:n])
	}
}

func TestServiceManagerHears(t *testing.T) {
	heard := managerSocket(t)
	var m serviceManager
	for _, c := range []struct {
		say  func()
		want string
	}{
		{m.ready, `READY=1`},
		{m.reloading, `RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]*\n`},
		{m.stopping, `STOPPING=1`},
		{m.ping, `WATCHDOG=1`},
		{func() { m.status("12 playlists as the files say,\nnext round 21:14") }, `STATUS=12 playlists as the files say, next round 21:14`},
		{func() { m.status("a\nREADY=1\rSTOPPING=1") }, `STATUS=a READY=1 STOPPING=1`},
		{func() { m.status(strings.Repeat("x", 9999)) }, `STATUS=x{199}…`},
	} {
		c.say()
		if got := heard(); !regexp.MustCompile(`^` + c.want + `$`).MatchString(got) {
			t.Errorf("heard %q, want %s", got, c.want)
		}
	}
}

func TestWatchdogInterval(t *testing.T) {
	for _, c := range []struct {
		usec, pid string
		want      time.Duration
	}{
		{"", "", 0},
		{"30000000", "", 15 * time.Second},
		{"30000000", strconv.Itoa(os.Getpid()), 15 * time.Second},
		{"30000000", "1", 0}, // meant for another process
		{"soon", "", 0},
		{"-5", "", 0},
	} {
		t.Setenv("WATCHDOG_USEC", c.usec)
		t.Setenv("WATCHDOG_PID", c.pid)
		if got := (serviceManager{}).watchdog(); got != c.want {
			t.Errorf("WATCHDOG_USEC=%q WATCHDOG_PID=%q: ping every %v, want %v", c.usec, c.pid, got, c.want)
		}
	}
}

// Without a manager nothing is said and nothing is wrong; with one that is gone the log says so.
func TestNoServiceManager(t *testing.T) {
	var log strings.Builder
	m := serviceManager{log: zerolog.New(&log)}
	everything := func() {
		m.ready()
		m.reloading()
		m.status("x")
		m.ping()
		m.stopping()
	}
	t.Setenv("NOTIFY_SOCKET", "")
	everything()
	if log.Len() > 0 {
		t.Errorf("without a manager the log says %s", &log)
	}
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "gone"))
	everything()
	if strings.Count(log.String(), "can't be told") != 5 {
		t.Errorf("with a manager that is gone the log says %s", &log)
	}
}
