package store

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/spotsync/spotsync/spotify"
)

// acked is what a process was told is on the disk before the computer went off.
type acked struct {
	open       map[string]bool // creates by key; false: closed
	remembered []string
	base       string // the name in the last one saved
	pending    string
	versions   int
	run        string
}

// work does what an apply does, and stops at the first error, as an apply would.
func work(s *State, a *Account, did *acked) {
	did.open = map[string]bool{}
	if s.SavePending([]byte("pending")) != nil {
		return
	}
	did.pending = "pending"
	if s.ProveWritable() != nil {
		return
	}
	for _, key := range []string{"a", "b"} {
		if s.BeginCreate(create(key)) != nil {
			return
		}
		did.open[key] = true
		if s.Remember("playlist."+key, Remembered{ID: idA, Time: noon}) != nil {
			return
		}
		did.remembered = append(did.remembered, "playlist."+key)
		if key == "b" {
			continue // its answer never came
		}
		if s.EndCreate(key, idA) != nil {
			return
		}
		did.open[key] = false
	}
	run, err := a.BeginRun(Run{ID: "20261123T120000Z-aaaa", Time: noon, Command: "apply"})
	if err != nil {
		return
	}
	did.run = run.ID
	for _, name := range []string{"one", "two"} {
		c := contents(idA, name)
		if run.SaveVersion(Version{Address: "playlist.a", Action: "update", Time: noon, Before: &c, ID: idA}) != nil {
			return
		}
		did.versions++
		if a.SaveSettling(Settling{ID: idA, Time: noon, Expected: &c}) != nil || a.SaveCached(c) != nil {
			return
		}
		if s.SaveBase(Base{Address: "playlist.a", Time: noon, Contents: c}) != nil {
			return
		}
		did.base = name
	}
}

// The computer goes off at each step in turn. Nothing that was acknowledged is lost, nothing half written is believed, and the
// next process goes on.
func TestCrashAtEachStep(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		op := ""
		for _, cut := range []bool{false, true} {
			if cut && op != "write" {
				continue
			}
			dir := t.TempDir()
			crash, steps := CrashAt(n, cut)
			fsys := FailingFS(func(s Step) error {
				err := crash(s)
				if err != nil && op == "" && s.Changes() {
					op = s.Op
				}
				return err
			})
			var did acked
			work(testState(t, fsys, dir), testAccount(fsys, dir), &did)
			if steps() < n {
				op = "none"
			}
			checkAfterCrash(t, dir, n, &did)
			if t.Failed() {
				t.Fatalf("crashed at step %d (%s), cut %t", n, op, cut)
			}
		}
		if op == "none" {
			if n < 60 {
				t.Errorf("only %d steps", n)
			}
			return
		}
	}
}

func checkAfterCrash(t *testing.T, dir string, n int, did *acked) {
	t.Helper()
	s, a := testState(t, OS{}, dir), testAccount(OS{}, dir)

	for _, written := range []bool{false, true} { // before and after the next process writes
		open, err := s.OpenCreates()
		must(t, err)
		for key, isOpen := range did.open {
			found := slices.ContainsFunc(open, func(c Create) bool { return cmp.Equal(c, create(key)) })
			// The end of a was being written when its address was remembered: it may count or not.
			ending := key == "a" && len(did.remembered) > 0
			if isOpen && !found && !ending {
				t.Errorf("create %s is lost", key)
			}
			if !isOpen && found {
				t.Errorf("create %s is open again", key)
			}
		}
		known, err := s.Remembered()
		must(t, err)
		for _, address := range did.remembered {
			if len(known[address]) != 1 {
				t.Errorf("what %s was is lost", address)
			}
		}
		bases, err := s.Bases()
		must(t, err)
		if b, ok := bases["playlist.a"]; ok {
			whole := cmp.Equal(b.Contents, contents(idA, "one")) || cmp.Equal(b.Contents, contents(idA, "two"))
			if !whole || did.base == "two" && b.Contents.Details.Name != "two" {
				t.Errorf("base: %v, saved was %q", b, did.base)
			}
		} else if did.base != "" {
			t.Error("the base is lost")
		}
		pending, err := s.Pending()
		must(t, err)
		if got := string(pending); got != did.pending && (got != "pending" || did.pending != "") {
			t.Errorf("pending: %q", got)
		}
		runs, err := a.Runs()
		must(t, err)
		if did.run != "" {
			run, err := a.Run(did.run)
			must(t, err)
			if len(runs) != 1 || len(run.Versions) < did.versions {
				t.Errorf("%d runs, %d versions, saved were %d", len(runs), len(run.Versions), did.versions)
			}
			for i, v := range run.Versions {
				if want := contents(idA, []string{"one", "two"}[i]); !cmp.Equal(want, *v.Before) {
					t.Errorf("version %d: %v", i, v)
				}
			}
		}
		if _, err := a.Settling(idA, noon); err != nil {
			t.Error(err)
		}
		if c, ok := a.Cached(idA); ok && len(c.Items) != 3 {
			t.Errorf("cached: %v", c)
		}

		if written {
			break
		}
		unlock, err := s.Lock(t.Context(), 0, nil)
		must(t, err)
		must(t, s.BeginCreate(create("next")))
		must(t, s.EndCreate("next", spotify.ID("")))
		must(t, s.Remember("playlist.next", Remembered{ID: idB}))
		must(t, unlock())
	}
	filepath.WalkDir(s.Dir(), func(path string, e os.DirEntry, err error) error {
		if err == nil && strings.Contains(e.Name(), tempMark) {
			t.Errorf("step %d leaves %s", n, path)
		}
		return nil
	})
}
