package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/spotsync/spotsync/spotify"
)

// Every field of an item survives, those added later too.
func TestContentsKeepsEveryField(t *testing.T) {
	var c Contents
	fillAll(reflect.ValueOf(&c).Elem())
	c.Items = append(c.Items, spotify.Item{})
	a := testAccount(OS{}, t.TempDir())
	must(t, a.SaveCached(c))
	got, ok := a.Cached(c.ID)
	if !ok {
		t.Fatal("not cached")
	}
	if diff := cmp.Diff(&c, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// fillAll gives every field below v a value that is not its zero.
func fillAll(v reflect.Value) {
	if _, ok := v.Interface().(time.Time); ok {
		v.Set(reflect.ValueOf(noon))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fillAll(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillAll(v.Index(0))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillAll(v.Elem())
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(7)
	}
}

func TestSettling(t *testing.T) {
	a := testAccount(OS{}, t.TempDir())
	after := contents(idA, "after")
	s := Settling{ID: idA, Time: noon, States: []Mark{{Items: "f00d"}, {Items: "beef", Details: after.Details, Following: true}}, Unsure: true, Expected: &after}
	must(t, a.SaveSettling(s))
	for _, age := range []time.Duration{0, SettlingTime, -time.Second} {
		got, err := a.Settling(idA, noon.Add(age))
		must(t, err)
		if diff := cmp.Diff(&s, got); diff != "" {
			t.Errorf("%s old: -want +got\n%s", age, diff)
		}
	}
	if got, err := a.Settling(idB, noon); got != nil || err != nil {
		t.Errorf("of another playlist: %v, %v", got, err)
	}
	path := a.settlingPath(idA)
	whole := read(t, path)
	for _, age := range []time.Duration{SettlingTime + time.Second, -time.Hour} {
		must(t, a.SaveSettling(s))
		if got, err := a.Settling(idA, noon.Add(age)); got != nil || err != nil {
			t.Errorf("%s old: %v, %v", age, got, err)
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s old: the file stays", age)
		}
	}
	for name, text := range map[string]string{"cut": whole[:40], "empty": "", "changed": strings.Replace(whole, "after", "later", 1)} {
		write(t, path, text)
		if got, err := a.Settling(idA, noon); got != nil || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	write(t, path, strings.Replace(whole, `"version":2`, `"version":9`, 1))
	if _, err := a.Settling(idA, noon); !errors.As(err, new(*VersionError)) {
		t.Errorf("newer: %v", err)
	}
}

func TestCache(t *testing.T) {
	a := testAccount(OS{}, t.TempDir())
	if _, ok := a.Cached(idA); ok {
		t.Error("something from nothing")
	}
	c := contents(idA, "A")
	must(t, a.SaveCached(c))
	got, ok := a.Cached(idA)
	if diff := cmp.Diff(&c, got); !ok || diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	path := a.cachePath(idA)
	whole := read(t, path)
	for name, text := range map[string]string{
		"cut":      whole[:len(whole)-10],
		"changed":  strings.Replace(whole, "Brightside", "Darkside", 1),
		"newer":    strings.Replace(whole, `"version":2`, `"version":3`, 1),
		"of other": strings.ReplaceAll(whole, string(idA), string(idB)),
	} {
		write(t, path, text)
		if got, ok := a.Cached(idA); ok {
			t.Errorf("%s: %v", name, got)
		}
	}
	must(t, a.DropCached(idA))
	must(t, a.DropCached(idA))
	broken := testAccount(FailingFS(func(Step) error { return ErrCrash }), t.TempDir())
	if _, ok := broken.Cached(idA); ok {
		t.Error("from a broken disk")
	}
}

// What Spotify calls an ID never leads out of the folder.
func TestStrangeNames(t *testing.T) {
	dir := t.TempDir()
	const strange = "../../../etc/pass.wd"
	a := OpenAccount(OS{}, filepath.Join(dir, "state"), filepath.Join(dir, "cache"), strange, strange)
	must(t, a.SaveCached(Contents{ID: strange}))
	must(t, a.SaveSettling(Settling{ID: strange, Time: noon}))
	must(t, OpenLimits(OS{}, filepath.Join(dir, "state"), strange, strange).SetNotBefore("", NotBefore{Until: noon}))
	if _, ok := a.Cached(strange); !ok {
		t.Error("not found again")
	}
	entries, err := os.ReadDir(dir)
	must(t, err)
	if len(entries) != 2 {
		t.Errorf("%v", entries)
	}
	if _, err := a.BeginRun(Run{ID: strange}); err == nil {
		t.Error("a run of that name")
	}
	if _, err := a.Run(strange); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("run: %v", err)
	}
}

func TestLimits(t *testing.T) {
	dir := t.TempDir()
	l := OpenLimits(OS{}, dir, "spotify", "0123")
	want := func(want NotBefore) {
		t.Helper()
		if got, err := OpenLimits(OS{}, dir, "spotify", "0123").NotBefore(""); err != nil || got != want {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	}
	want(NotBefore{})
	n := NotBefore{Until: noon, Reason: "quota"}
	must(t, l.SetNotBefore("", n))
	want(n)
	search := NotBefore{Until: noon.Add(time.Hour), Reason: spotify.ReasonQuota}
	must(t, l.SetNotBefore(spotify.GroupSearch, search))
	want(n)
	if got, err := l.NotBefore(spotify.GroupSearch); err != nil || got != search {
		t.Errorf("searching: %v, %v", got, err)
	}
	for _, c := range []struct {
		now  time.Time
		want []spotify.Hold
	}{
		{noon.Add(-time.Second), []spotify.Hold{{Until: noon, Reason: "quota"}, {Group: spotify.GroupSearch, Until: search.Until, Reason: spotify.ReasonQuota}}},
		{noon, []spotify.Hold{{Group: spotify.GroupSearch, Until: search.Until, Reason: spotify.ReasonQuota}}},
		{noon.Add(time.Hour), nil},
	} {
		if got, err := l.Holds(c.now); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("at %v: %v, %v", c.now, got, err)
		}
	}
	path := l.file("")
	whole := read(t, path)
	must(t, l.SetNotBefore("", NotBefore{}))
	want(NotBefore{})
	write(t, path, whole[:20])
	want(NotBefore{})
	newer := strings.Replace(whole, `"version":1`, `"version":2`, 1)
	write(t, path, newer)
	_, err := l.NotBefore("")
	_, all := l.Holds(noon)
	for _, err := range []error{err, all, l.SetNotBefore("", n)} {
		if !errors.As(err, new(*VersionError)) {
			t.Errorf("newer: %v", err)
		}
	}
}

func TestAllowance(t *testing.T) {
	dir := t.TempDir()
	l := OpenLimits(OS{}, dir, "spotify", "0123")
	want := func(want spotify.Allowance) {
		t.Helper()
		got, err := OpenLimits(OS{}, dir, "spotify", "0123").Allowance()
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
	}
	want(spotify.Allowance{})
	a := spotify.Allowance{Requests: 180, Time: noon, Recent: []spotify.Recent{{Time: noon, Requests: 3}}}
	must(t, l.SetAllowance(a))
	must(t, l.SetNotBefore("", NotBefore{Until: noon}))
	must(t, l.SetNotBefore("", NotBefore{})) // another matter
	want(a)
	whole := read(t, l.allowance)
	write(t, l.allowance, whole[:20])
	want(spotify.Allowance{})
	write(t, l.allowance, strings.Replace(whole, `"version":1`, `"version":2`, 1))
	_, err := l.Allowance()
	for _, err := range []error{err, l.SetAllowance(a)} {
		if !errors.As(err, new(*VersionError)) {
			t.Errorf("newer: %v", err)
		}
	}
}

func TestHistory(t *testing.T) {
	a := testAccount(OS{}, t.TempDir())
	if runs, err := a.Runs(); len(runs) != 0 || err != nil {
		t.Errorf("of nothing: %v, %v", runs, err)
	}
	first := Run{ID: "20261123T120000Z-aaaa", Time: noon, Command: "apply", LockFile: "/x.lock.hcl", Account: "jane"}
	second := Run{Time: noon.Add(time.Hour), Command: "destroy", LockFile: "/x.lock.hcl", Account: "jane"}
	before := contents(idA, "A")
	update := Version{Address: "playlist.a", Action: "update", Time: noon, Before: &before, ID: idA}
	made := Version{Address: "playlist.b", Action: "create", Time: noon, ID: idB}
	later := contents(idA, "A later")
	gone := Version{Address: "playlist.a", Action: "delete", Time: noon.Add(time.Hour), Before: &later, ID: idA}

	l, err := a.BeginRun(first)
	must(t, err)
	must(t, l.SaveVersion(update))
	must(t, l.SaveVersion(made))
	if len(before.Items) == 0 {
		t.Error("SaveVersion changed what it was given")
	}
	l, err = a.BeginRun(second)
	must(t, err)
	if !strings.HasPrefix(l.ID, "20261123T130000Z-") {
		t.Errorf("ID = %s", l.ID)
	}
	second.ID = l.ID
	must(t, l.SaveVersion(gone))
	first.Versions, second.Versions = []Version{update, made}, []Version{gone}

	for _, want := range []Run{first, second} {
		got, err := a.Run(want.ID)
		must(t, err)
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
	runs, err := a.Runs()
	must(t, err)
	if len(runs) != 2 || runs[0].ID != second.ID || runs[1].ID != first.ID || len(runs[1].Versions) != 2 {
		t.Fatalf("runs: %v", runs)
	}
	if v := runs[1].Versions; v[0].Before == nil || v[0].Before.Items != nil || v[0].Before.Details.Name != "A" || v[1].Before != nil {
		t.Errorf("versions: %v", v)
	}
	if _, err := a.BeginRun(first); err == nil {
		t.Error("begun twice")
	}
	if _, err := a.Run("20200101T000000Z-0000"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("unknown run: %v", err)
	}

	// Damage is never mistaken for an older state of things.
	file := filepath.Join(a.historyDir(), first.ID, "0001.json")
	whole := read(t, file)
	write(t, file, whole[:len(whole)/2])
	_, err = a.Run(first.ID)
	isCorrupt(t, err, file, 0)
	must(t, os.Remove(file))
	_, err = a.Run(first.ID)
	isCorrupt(t, err, file, 0)
	runFile := filepath.Join(a.historyDir(), first.ID, "run")
	text := read(t, runFile)
	write(t, runFile, strings.Replace(text, "playlist.a", "playlist.c", 1))
	_, err = a.Runs()
	isCorrupt(t, err, runFile, 3)
	write(t, runFile, "")
	if runs, err = a.Runs(); err != nil || len(runs) != 1 {
		t.Errorf("a run never begun: %v, %v", runs, err)
	}
}
