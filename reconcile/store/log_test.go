package store

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/spotsync/spotsync/spotify"
)

func create(key string) Create {
	return Create{Key: key, Address: "playlist." + key, Account: "default", Name: "P " + key, Time: noon, Known: []spotify.ID{idA}}
}

func TestJournal(t *testing.T) {
	dir := t.TempDir()
	s := testState(t, OS{}, dir)
	want := func(creates []Create, replaces []Replace) {
		t.Helper()
		gotC, err := testState(t, OS{}, dir).OpenCreates()
		must(t, err)
		gotR, err := testState(t, OS{}, dir).OpenReplaces()
		must(t, err)
		if diff := cmp.Diff(creates, gotC); diff != "" {
			t.Errorf("creates, -want +got\n%s", diff)
		}
		if diff := cmp.Diff(replaces, gotR); diff != "" {
			t.Errorf("replaces, -want +got\n%s", diff)
		}
	}
	want(nil, nil)
	must(t, s.ProveWritable())
	want(nil, nil)
	must(t, s.BeginCreate(create("a")))
	must(t, s.BeginCreate(create("b")))
	must(t, s.BeginReplace("playlist.x", idA, []spotify.URI{"spotify:track:1"}))
	must(t, s.BeginReplace("playlist.x", idA, []spotify.URI{"spotify:track:2"}))
	x := Replace{Address: "playlist.x", ID: idA, Want: []spotify.URI{"spotify:track:2"}}
	want([]Create{create("a"), create("b")}, []Replace{x})
	must(t, s.EndCreate("a", idB))
	want([]Create{create("b")}, []Replace{x})
	must(t, s.EndReplace(idA))
	must(t, s.EndCreate("b", ""))
	want([]Create{}, []Replace{})
	if err := s.BeginCreate(Create{}); err == nil {
		t.Error("an entry without a key is accepted")
	}
}

// The journal doesn't grow for ever, and what is open is never compacted away.
func TestJournalCompacts(t *testing.T) {
	s := testState(t, OS{}, t.TempDir())
	must(t, s.BeginCreate(create("open")))
	for range 3 * compactEvery {
		must(t, s.ProveWritable())
	}
	must(t, s.BeginReplace("playlist.x", idA, nil))
	lines := strings.Count(read(t, s.journal.path), "\n")
	if lines > compactEvery+2 {
		t.Errorf("it has %d lines", lines)
	}
	open, err := s.OpenCreates()
	must(t, err)
	if diff := cmp.Diff([]Create{create("open")}, open); diff != "" {
		t.Error(diff)
	}
}

// Whatever a crash leaves of the last line, the lines before it count, and the next line is added whole.
func TestJournalTornAnywhere(t *testing.T) {
	dir := t.TempDir()
	s := testState(t, OS{}, dir)
	must(t, s.BeginCreate(create("a")))
	before := read(t, s.journal.path)
	must(t, s.BeginCreate(create("b")))
	whole := read(t, s.journal.path)

	for n := len(before); n <= len(whole); n++ {
		for _, tail := range []string{"", "\x00\x00\x00", "\x00\x00\n"} {
			if n == len(whole) && tail == "" || n == len(before) && tail == "" {
				continue
			}
			write(t, s.journal.path, whole[:n]+tail)
			open, err := s.OpenCreates()
			if err != nil {
				t.Fatalf("cut after %d bytes, then %q: %v", n, tail, err)
			}
			must(t, s.BeginCreate(create("c")))
			after, err := s.OpenCreates()
			must(t, err)
			if diff := cmp.Diff(append(open, create("c")), after); diff != "" || open[0].Key != "a" {
				t.Fatalf("cut after %d bytes, then %q: %s", n, tail, diff)
			}
		}
	}
	// A last line that is whole but for its newline counts.
	write(t, s.journal.path, strings.TrimSuffix(whole, "\n"))
	open, err := s.OpenCreates()
	must(t, err)
	if len(open) != 2 {
		t.Errorf("open: %v", open)
	}
}

func TestJournalDamaged(t *testing.T) {
	s := testState(t, OS{}, t.TempDir())
	must(t, s.BeginCreate(create("a")))
	must(t, s.BeginCreate(create("b")))
	whole := read(t, s.journal.path)
	lines := strings.SplitAfter(whole, "\n")
	newer, err := formatLine(logHeader{"journal", 2})
	must(t, err)
	odd, err := formatLine(map[string]string{"op": "dance"})
	must(t, err)

	for name, tc := range map[string]struct {
		text string
		line int
	}{
		"middle":        {lines[0] + strings.Replace(lines[1], "playlist", "playlost", 1) + lines[2], 2},
		"no beginning":  {lines[1] + lines[2], 1},
		"other file":    {strings.ReplaceAll(whole, "\n", "\nx"), 2},
		"text":          {"hello\nworld\n", 1},
		"unknown op":    {lines[0] + string(odd) + lines[1], 2},
		"begin of none": {lines[0] + "x\n\n\n" + lines[1], 2},
	} {
		t.Run(name, func(t *testing.T) {
			write(t, s.journal.path, tc.text)
			_, err := s.OpenCreates()
			isCorrupt(t, err, s.journal.path, tc.line)
			if name != "unknown op" {
				isCorrupt(t, s.BeginCreate(create("c")), s.journal.path, tc.line)
				if got := read(t, s.journal.path); got != tc.text {
					t.Error("it was written to")
				}
			}
		})
	}
	write(t, s.journal.path, string(newer)+lines[1])
	_, err = s.OpenCreates()
	for _, err := range []error{err, s.ProveWritable()} {
		if ve, ok := errors.AsType[*VersionError](err); !ok || ve.Found != 2 {
			t.Errorf("newer: %v", err)
		}
	}
	// CRLF and empty lines of an editor do no harm; a file emptied or deleted has no entries.
	write(t, s.journal.path, strings.ReplaceAll(whole, "\n", "\r\n\r\n"))
	if open, err := s.OpenCreates(); err != nil || len(open) != 2 {
		t.Errorf("CRLF: %v, %v", open, err)
	}
	write(t, s.journal.path, "")
	if open, err := s.OpenCreates(); err != nil || len(open) != 0 {
		t.Errorf("emptied: %v, %v", open, err)
	}
	must(t, s.BeginCreate(create("c")))
}

func TestProveWritableFails(t *testing.T) {
	full := errors.New("no space left on device")
	dir := t.TempDir()
	must(t, testState(t, OS{}, dir).ProveWritable())
	for _, op := range []string{"append", "write", "sync"} {
		s := testState(t, FailingFS(func(s Step) error {
			if s.Op == op {
				return full
			}
			return nil
		}), dir)
		if err := s.ProveWritable(); !errors.Is(err, full) {
			t.Errorf("%s fails: %v", op, err)
		}
	}
}

func FuzzJournal(f *testing.F) {
	dir := f.TempDir()
	s := OpenState(OS{}, dir, "spotify", filepath.Join(dir, "x.lock.hcl"))
	for _, err := range []error{s.BeginCreate(create("a")), s.EndCreate("a", idA), s.BeginReplace("p", idA, nil), s.BeginCreate(create("b"))} {
		if err != nil {
			f.Fatal(err)
		}
	}
	whole, err := os.ReadFile(s.journal.path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-5])
	f.Fuzz(func(t *testing.T, data []byte) {
		records, _, err := s.journal.parse(data)
		if err != nil {
			return
		}
		o, _, err := replayJournal(records)
		if err != nil {
			return
		}
		kept, err := compactJournal(records)
		must(t, err)
		again, _, err := replayJournal(kept)
		must(t, err)
		if diff := cmp.Diff(o.creates, again.creates); diff != "" && len(o.creates)+len(again.creates) > 0 {
			t.Error(diff)
		}
		for _, r := range records {
			if !json.Valid(r) {
				t.Errorf("a record that is not JSON: %q", r)
			}
		}
	})
}
