package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestMain makes the test binary a process that holds a lock until its input ends, when it is asked to.
func TestMain(m *testing.M) {
	dir := os.Getenv("SPOTSYNC_TEST_HOLD_LOCK")
	if dir == "" {
		os.Exit(m.Run())
	}
	s := OpenState(OS{}, filepath.Join(dir, "state"), "spotify", filepath.Join(dir, "playlists", "spotsync.lock.hcl"))
	s.Command = "spotsync daemon"
	unlock, err := s.Lock(context.Background(), time.Minute, nil)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("locked")
	io.Copy(io.Discard, os.Stdin)
	if err := unlock(); err != nil {
		os.Exit(1)
	}
}

// hold starts another process that holds the lock.
func hold(t *testing.T, dir string) (cmd *exec.Cmd, stdin io.Closer) {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	cmd = exec.Command(exe)
	cmd.Env = append(os.Environ(), "SPOTSYNC_TEST_HOLD_LOCK="+dir)
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { in.Close(); cmd.Process.Kill(); cmd.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "locked\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	return cmd, in
}

func TestLockBetweenProcesses(t *testing.T) {
	dir := t.TempDir()
	s := testState(t, OS{}, dir)
	other, stdin := hold(t, dir)
	want := fmt.Sprintf("spotsync daemon, process %d on ", other.Process.Pid)

	var told []string
	_, err := s.Lock(t.Context(), 50*time.Millisecond, func(holder string) { told = append(told, holder) })
	le, ok := errors.AsType[*LockedError](err)
	if !ok || !strings.HasPrefix(le.Holder, want) || le.Waited != 50*time.Millisecond {
		t.Errorf("got %v, want it held by %s", err, want)
	}
	if len(told) != 1 || !strings.HasPrefix(told[0], want) {
		t.Errorf("told of %q", told)
	}
	if _, err := s.Lock(t.Context(), 0, func(string) { t.Error("waits") }); !errors.As(err, &le) {
		t.Errorf("without waiting: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := s.Lock(ctx, time.Minute, func(string) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}

	unlock, err := s.Lock(t.Context(), time.Minute, func(string) { stdin.Close() })
	must(t, err)
	must(t, unlock())
	if _, err := os.Stat(filepath.Join(s.Dir(), "holder")); err == nil {
		t.Error("still says who holds it")
	}
}

// A process that is killed holds nothing, whatever it left written.
func TestLockOfTheDead(t *testing.T) {
	dir := t.TempDir()
	s := testState(t, OS{}, dir)
	other, _ := hold(t, dir)
	must(t, other.Process.Kill())
	other.Wait()
	for _, litter := range []string{
		filepath.Join(s.Dir(), ".journal.tmp-12ab"),
		filepath.Join(s.Dir(), "base", ".x.json.tmp-12ab"),
		filepath.Join(dir, "playlists", ".spotsync.lock.hcl.tmp-12ab"),
	} {
		write(t, litter, "half")
	}
	users := filepath.Join(dir, "playlists", ".other.hcl.tmp-12ab")
	write(t, users, "not ours")

	unlock, err := s.Lock(t.Context(), 10*time.Second, nil)
	must(t, err)
	defer unlock()
	if holder := read(t, filepath.Join(s.Dir(), "holder")); !strings.HasPrefix(holder, fmt.Sprintf("spotsync apply, process %d on ", os.Getpid())) {
		t.Errorf("held by %q", holder)
	}
	onlyEntry(t, filepath.Join(dir, "playlists"), filepath.Base(users))
	onlyEntryCount(t, filepath.Join(s.Dir(), "base"), 0)
	if about := read(t, filepath.Join(s.Dir(), "about.txt")); !strings.Contains(about, s.LockPath()) {
		t.Errorf("about.txt says %q", about)
	}
	if _, err := testState(t, OS{}, dir).Lock(t.Context(), 0, nil); err == nil {
		t.Error("locked twice in one process")
	}
}

func TestAccountLock(t *testing.T) {
	dir := t.TempDir()
	unlock, err := testAccount(OS{}, dir).Lock(t.Context(), 0, nil)
	must(t, err)
	if _, err := testAccount(OS{}, dir).Lock(t.Context(), 0, nil); err == nil {
		t.Error("locked twice")
	}
	must(t, unlock())
	unlock, err = testAccount(OS{}, dir).Lock(t.Context(), 0, nil)
	must(t, err)
	must(t, unlock())
}

func onlyEntryCount(t *testing.T, dir string, want int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	if len(entries) != want {
		t.Errorf("%s holds %v", dir, entries)
	}
}

// Who takes the lock often writes down that he holds it only when that takes long; a name left by somebody killed is not
// taken for his.
func TestLockTakenOften(t *testing.T) {
	dir := t.TempDir()
	s := testState(t, OS{}, dir)
	s.Often = true
	holder := filepath.Join(s.Dir(), "holder")
	write(t, holder, "somebody dead\n")
	synctest.Test(t, func(t *testing.T) {
		unlock, err := s.Lock(t.Context(), 0, nil)
		must(t, err)
		if _, err := os.Stat(holder); err == nil {
			t.Errorf("at once it says %q", read(t, holder))
		}
		time.Sleep(noteAfter + time.Millisecond)
		synctest.Wait()
		if got := read(t, holder); !strings.HasPrefix(got, s.Command+", process ") {
			t.Errorf("after a while it says %q", got)
		}
		must(t, unlock())
		if _, err := os.Stat(holder); err == nil {
			t.Error("still says who holds it")
		}
		unlock, err = s.Lock(t.Context(), 0, nil)
		must(t, err)
		must(t, unlock())
		time.Sleep(2 * noteAfter)
		if _, err := os.Stat(holder); err == nil {
			t.Error("says who held it")
		}
	})
}
