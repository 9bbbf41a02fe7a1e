package store

import (
	"encoding/json"
	"errors"
	"os"
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
