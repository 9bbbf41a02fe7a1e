package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/spotsync/spotsync/spotify"
)

func TestOpenState(t *testing.T) {
	dir := t.TempDir()
	lock := filepath.Join(dir, "playlists", "spotsync.lock.hcl")
	write(t, lock, "")
	a := OpenState(OS{}, dir, "spotify", lock)
	if rel, err := filepath.Rel(filepath.Join(dir, "spotify"), a.Dir()); err != nil || !strings.HasPrefix(rel, "lock-") || len(rel) != len("lock-")+16 {
		t.Errorf("Dir = %s", a.Dir())
	}
	if a.LockPath() != lock {
		t.Errorf("LockPath = %s", a.LockPath())
	}
	if b := OpenState(OS{}, dir, "loopback", lock); b.Dir() == a.Dir() {
		t.Error("two issuers share a state")
	}
	if b := OpenState(OS{}, dir, "spotify", filepath.Join(dir, "playlists", "x", "..", "spotsync.lock.hcl")); b.Dir() != a.Dir() {
		t.Error("one lock file, two states")
	}
	if _, err := os.Stat(a.Dir()); err == nil {
		t.Error("opening it made a folder")
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Dir(lock), link); err != nil {
		t.Skip(err)
	}
	if b := OpenState(OS{}, dir, "spotify", filepath.Join(link, "spotsync.lock.hcl")); b.Dir() != a.Dir() {
		t.Error("through a link it is another state")
	}
}

func TestPending(t *testing.T) {
	s := testState(t, OS{}, t.TempDir())
	for _, want := range []string{"", "one", "two", ""} {
		must(t, s.SavePending([]byte(want)))
		if got, err := s.Pending(); err != nil || string(got) != want || want == "" && got != nil {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
}

func TestBase(t *testing.T) {
	s := testState(t, OS{}, t.TempDir())
	if b, err := s.Base("playlist.a"); b != nil || err != nil {
		t.Errorf("of nothing: %v, %v", b, err)
	}
	yes := true
	a := Base{Address: "playlist.a", Time: noon, Contents: contents(idA, "A"), Confirmed: true, PublicIgnored: &yes}
	b := Base{Address: `playlist.year["2023"]`, Time: noon, Contents: contents(idB, "B")}
	must(t, s.SaveBase(a))
	must(t, s.SaveBase(b))
	got, err := s.Bases()
	must(t, err)
	if diff := cmp.Diff(map[string]Base{a.Address: a, b.Address: b}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	one, err := s.Base(b.Address)
	must(t, err)
	if diff := cmp.Diff(&b, one); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	must(t, s.DropBase(a.Address))
	must(t, s.DropBase(a.Address))
	if one, err := s.Base(a.Address); one != nil || err != nil {
		t.Errorf("dropped: %v, %v", one, err)
	}
}

// A damaged base is absent and told of; a newer one is an error and stays as it is.
func TestBaseDamaged(t *testing.T) {
	s := testState(t, OS{}, t.TempDir())
	a := Base{Address: "playlist.a", Time: noon, Contents: contents(idA, "A")}
	must(t, s.SaveBase(a))
	path := s.basePath(a.Address)
	whole := read(t, path)
	var warned error
	s.Warn = func(err error) { warned = err }

	for name, text := range map[string]string{
		"empty":      "",
		"cut":        whole[:len(whole)/2],
		"not ours":   `{"a":1}`,
		"other kind": strings.Replace(whole, `"file":"base"`, `"file":"contents"`, 1),
		"changed":    strings.Replace(whole, "AAAA", "AAAB", 1),
		"wrong type": `{"file":"base","version":1,"crc32c":"` + checksum([]byte("[1]")) + `","data":[1]}`,
	} {
		write(t, path, text)
		warned = nil
		if b, err := s.Base(a.Address); b != nil || err != nil {
			t.Errorf("%s: %v, %v", name, b, err)
		}
		isCorrupt(t, warned, path, 0)
		warned = nil
		if all, err := s.Bases(); len(all) != 0 || err != nil || warned == nil {
			t.Errorf("%s: %v, %v, warned %v", name, all, err, warned)
		}
	}
	must(t, s.SaveBase(a)) // over the damage

	other := filepath.Join(filepath.Dir(path), "0123456789abcdef.json")
	write(t, other, whole)
	if all, err := s.Bases(); len(all) != 1 || err != nil {
		t.Errorf("a copy under another name: %v, %v", all, err)
	}
	isCorrupt(t, warned, other, 0)
	must(t, os.Remove(other))

	newer := strings.Replace(whole, `"version":2`, `"version":3`, 1)
	write(t, path, newer)
	_, err1 := s.Base(a.Address)
	_, err2 := s.Bases()
	for _, err := range []error{err1, err2, s.SaveBase(a)} {
		if ve, ok := errors.AsType[*VersionError](err); !ok || ve.Found != 3 || ve.Path != path {
			t.Errorf("newer: %v", err)
		}
	}
	if read(t, path) != newer {
		t.Error("a newer base was written to")
	}
}

func TestRemembered(t *testing.T) {
	dir := t.TempDir()
	s := testState(t, OS{}, dir)
	entry := func(id spotify.ID, name string) Remembered {
		return Remembered{ID: id, Account: "default", Name: name, Time: noon}
	}
	forgotten := func(r Remembered) Remembered { r.Forgotten = true; return r }
	want := func(want map[string][]Remembered) {
		t.Helper()
		for _, s := range []*State{s, testState(t, OS{}, dir)} { // what is kept in memory and what is on the disk
			got, err := s.Remembered()
			must(t, err)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		}
	}
	type all = map[string][]Remembered
	want(all{})
	must(t, s.Remember("playlist.a", entry(idA, "A")))
	must(t, s.Remember("playlist.a", entry(idB, "B")))
	want(all{"playlist.a": {entry(idA, "A"), entry(idB, "B")}})
	must(t, s.Remember("playlist.a", entry(idA, "A2")))
	want(all{"playlist.a": {entry(idB, "B"), entry(idA, "A2")}})

	size := len(read(t, s.ids.path))
	again := entry(idA, "A2")
	again.Time = noon.AddDate(1, 0, 0)
	must(t, s.Remember("playlist.a", again))
	must(t, s.Forget("playlist.unknown"))
	must(t, s.MoveRemembered("playlist.unknown", "playlist.a"))
	must(t, s.MoveRemembered("playlist.a", "playlist.a"))
	if len(read(t, s.ids.path)) != size {
		t.Error("what was known was written again")
	}

	must(t, s.Forget("playlist.a"))
	want(all{"playlist.a": {forgotten(entry(idB, "B")), forgotten(entry(idA, "A2"))}})
	must(t, s.Remember("playlist.b", entry(idB, "B")))
	must(t, s.MoveRemembered("playlist.a", "playlist.b"))
	want(all{"playlist.b": {forgotten(entry(idB, "B")), forgotten(entry(idA, "A2"))}})
	must(t, s.Remember("playlist.b", entry(idA, "A2")))
	want(all{"playlist.b": {forgotten(entry(idB, "B")), entry(idA, "A2")}})

	for i := range 3 * compactEvery {
		must(t, s.Remember("playlist.c", entry([]spotify.ID{idA, idB}[i%2], "C")))
	}
	if lines := strings.Count(read(t, s.ids.path), "\n"); lines > compactEvery+4 {
		t.Errorf("the file has %d lines", lines)
	}
	want(all{"playlist.b": {forgotten(entry(idB, "B")), entry(idA, "A2")}, "playlist.c": {entry(idA, "C"), entry(idB, "C")}})

	// The caller may do with the answer what it likes.
	got, err := s.Remembered()
	must(t, err)
	got["playlist.c"][0].Name = "mine"
	want(all{"playlist.b": {forgotten(entry(idB, "B")), entry(idA, "A2")}, "playlist.c": {entry(idA, "C"), entry(idB, "C")}})

	write(t, s.ids.path, strings.Replace(read(t, s.ids.path), string(idA), "x", 1))
	_, err = s.Remembered()
	isCorrupt(t, err, s.ids.path, 3)
	isCorrupt(t, s.Remember("playlist.z", entry(idA, "Z")), s.ids.path, 3)
}

// Playlists are applied side by side.
func TestStateSideBySide(t *testing.T) {
	s := testState(t, OS{}, t.TempDir())
	done := make(chan error)
	const n = 20
	for i := range n {
		key := string(rune('a' + i))
		go func() {
			done <- errors.Join(
				s.BeginCreate(create(key)),
				s.Remember("playlist."+key, Remembered{ID: idA, Time: noon}),
				s.SaveBase(Base{Address: "playlist." + key, Contents: contents(idA, key)}))
		}()
	}
	for range n {
		must(t, <-done)
	}
	open, err := s.OpenCreates()
	must(t, err)
	known, err := s.Remembered()
	must(t, err)
	bases, err := s.Bases()
	must(t, err)
	if len(open) != n || len(known) != n || len(bases) != n {
		t.Errorf("%d creates, %d addresses, %d bases, want %d of each", len(open), len(known), len(bases), n)
	}
}
