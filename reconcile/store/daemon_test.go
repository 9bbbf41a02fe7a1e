package store

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLoopRecord(t *testing.T) {
	s := testState(t, OS{}, t.TempDir())
	if data, err := s.Loop(); err != nil || data != nil {
		t.Fatalf("got %s, %v", data, err)
	}
	must(t, s.SaveLoop(json.RawMessage(`{"a":1}`)))
	quiet := testState(t, FailingFS(func(st Step) error {
		if st.Changes() {
			return errors.New("written again")
		}
		return nil
	}), t.TempDir())
	quiet.dir = s.dir
	must(t, quiet.SaveLoop(json.RawMessage(`{"a":1}`)))
	if err := quiet.SaveLoop(json.RawMessage(`{"a":2}`)); err == nil {
		t.Error("something else was not written")
	}
	if data, err := s.Loop(); err != nil || string(data) != `{"a":1}` {
		t.Errorf("got %s, %v", data, err)
	}

	var warned []error
	s.Warn = func(err error) { warned = append(warned, err) }
	whole := read(t, s.LoopPath())
	for _, damage := range []string{"", "{", whole[:len(whole)/2], strings.Replace(whole, `"a":1`, `"a":2`, 1)} {
		write(t, s.LoopPath(), damage)
		if data, err := s.Loop(); err != nil || data != nil {
			t.Errorf("%q: got %s, %v", damage, data, err)
		}
	}
	if len(warned) != 4 {
		t.Errorf("warned %v", warned)
	}
	write(t, s.LoopPath(), strings.Replace(whole, `"version":1`, `"version":7`, 1))
	if _, err := s.Loop(); !isNewer(err) {
		t.Errorf("newer: %v", err)
	}
	if err := s.SaveLoop(json.RawMessage(`{}`)); !isNewer(err) {
		t.Errorf("newer: %v", err)
	}
}

func isNewer(err error) bool { _, ok := asVersionError(err); return ok }

func TestOneDaemon(t *testing.T) {
	dir := t.TempDir()
	s := testState(t, OS{}, dir)
	s.Command = "spotsync daemon"
	unlock, err := s.LockDaemon(t.Context())
	must(t, err)
	_, err = testState(t, OS{}, dir).LockDaemon(t.Context())
	locked, ok := asLockedError(err)
	if !ok || !strings.HasPrefix(locked.Holder, "spotsync daemon, process ") || !strings.Contains(err.Error(), "a daemon runs for this lock file already: spotsync daemon, process ") {
		t.Errorf("a second one: %v", err)
	}
	turn, err := testState(t, OS{}, dir).Lock(t.Context(), 0, nil)
	if err != nil {
		t.Fatalf("commands get no turn: %v", err)
	}
	must(t, turn())
	must(t, unlock())
	if unlock, err = testState(t, OS{}, dir).LockDaemon(t.Context()); err != nil {
		t.Fatal(err)
	}
	must(t, unlock())
	if _, err := os.Stat(s.Dir()); err != nil {
		t.Error(err)
	}
}

// A daemon that works through a symbolic link remembers by the link, however often it is swapped; the folders it leads to
// keep states of their own.
func TestStateFollowsTheLinkADaemonWorksThrough(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"first", "second"} {
		must(t, os.Mkdir(filepath.Join(dir, name), 0o700))
	}
	link, stateDir := filepath.Join(dir, "current"), filepath.Join(dir, "state")
	if err := os.Symlink("first", link); err != nil {
		t.Skip(err)
	}
	open := func(folder string) *State {
		return OpenState(OS{}, stateDir, "sandbox", filepath.Join(dir, folder, "spotsync.lock.hcl"))
	}
	first, second := open("first").Dir(), open("second").Dir()
	if got := open("current").Dir(); got != first {
		t.Errorf("before a daemon ran, the link has %s, want that of the folder, %s", got, first)
	}
	unlock, err := open("current").LockDaemon(t.Context())
	must(t, err)
	must(t, unlock())

	must(t, os.Remove(link))
	must(t, os.Symlink("second", link))
	if got := open("current").Dir(); got != first {
		t.Errorf("after the swap the link has %s, want %s as before", got, first)
	}
	if got := open("second").Dir(); got != second {
		t.Errorf("the folder itself has %s, want its own, %s", got, second)
	}
	s := open("current")
	must(t, os.WriteFile(s.followed, []byte("../elsewhere"), 0o600))
	if got := open("current").Dir(); got != second {
		t.Errorf("with a damaged note the link has %s, want that of the folder, %s", got, second)
	}
}
