package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/spotsync/spotsync/config/longtest"
	"github.com/spotsync/spotsync/spotify"
)

// drawItem makes any item: common texts, so that some are shared, and texts of any bytes.
func drawItem(t *rapid.T) spotify.Item {
	text := rapid.OneOf(
		rapid.SampledFrom([]string{"", "A", "Ünï|^;%+=-\"\\\n\x7f", "+", "0", "-", "=", "spotify:album:2noRn2Aes5aoNVsU6iWThc", `},"rows":"`}),
		rapid.String(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
	)
	uri := rapid.OneOf(
		rapid.Map(text, func(s string) spotify.URI { return spotify.URI(s) }),
		rapid.Map(rapid.SampledFrom([]string{"track", "episode", "album", "local", "artist"}), func(kind string) spotify.URI {
			return spotify.URI("spotify:" + kind + ":" + rapid.OneOf(rapid.Just("003vvx7Niy0yvhvHt4a68B"), text).Draw(t, "rest"))
		}),
	)
	moment := rapid.Custom(func(t *rapid.T) time.Time {
		switch rapid.IntRange(0, 3).Draw(t, "moment") {
		case 0:
			return time.Time{}
		case 1:
			return noon
		}
		return time.Unix(rapid.Int64Range(-1<<40, 1<<40).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
	})
	number := rapid.SampledFrom([]int{0, 1, -1, 222000, math.MaxInt32, math.MinInt32})
	artists := rapid.OneOf(rapid.Just([]string(nil)), rapid.SliceOf(text))
	is := rapid.Bool()
	it := spotify.Item{URI: uri.Draw(t, "uri"), AddedAt: moment.Draw(t, "at"), AddedBy: spotify.ID(text.Draw(t, "by")), Local: is.Draw(t, "local"), Null: is.Draw(t, "null")}
	if is.Draw(t, "nothing known") {
		return it
	}
	it.Track = spotify.Track{
		URI: rapid.OneOf(uri, rapid.Just(it.URI)).Draw(t, "track"), Kind: spotify.Kind(text.Draw(t, "kind")), Title: text.Draw(t, "title"),
		Artists: artists.Draw(t, "artists"), Album: text.Draw(t, "album"), AlbumURI: uri.Draw(t, "album uri"), ISRC: text.Draw(t, "isrc"),
		DurationMS: number.Draw(t, "ms"), Explicit: is.Draw(t, "explicit"), ReleaseDate: text.Draw(t, "date"), TrackNumber: number.Draw(t, "n"),
		LinkedFrom: uri.Draw(t, "from"), AddedAt: rapid.OneOf(moment, rapid.Just(it.AddedAt)).Draw(t, "track at"),
	}
	return it
}

// Nothing of an item is lost, and the text needs no escapes in JSON.
func TestPackItems(t *testing.T) {
	longtest.Check(t, 100, 1000, func(t *rapid.T) {
		items := rapid.SliceOfN(rapid.Custom(drawItem), 0, 5).Draw(t, "items")
		text := string(packItems(nil, items))
		if i := strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' }); i >= 0 {
			t.Fatalf("%q at %d would need an escape", text, i)
		}
		got, err := unpackItems(text)
		if err != nil {
			t.Fatal(err)
		}
		if items == nil {
			items = []spotify.Item{}
		}
		if diff := cmp.Diff(items, got); diff != "" {
			t.Errorf("-want +got\n%s\nof %q", diff, text)
		}
	})
}

// The form on disk is told here once, for it can't change without a new version.
func TestPackedForm(t *testing.T) {
	c := contents(idA, "A")
	c.Items[0].Track.Album, c.Items[0].Track.AlbumURI = "The Killers", "spotify:album:4piJq7R3gjUOxnYs6lDCTg"
	c.Items = append(c.Items, c.Items[0])
	const first = "t003vvx7Niy0yvhvHt4a68B|1795435200|"
	want := first + "+jane||=||Mr. Brightside|+The Killers|1|+a4piJq7R3gjUOxnYs6lDCTg||222000^" +
		"|1795435200||n^" + "la:b:c:1|||l^" + first + "0||=||Mr. Brightside|1|1|2||222000^"
	if diff := cmp.Diff(want, string(packItems(nil, c.Items))); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestUnpackDamaged(t *testing.T) {
	for name, text := range map[string]string{
		"cut":             "tabc|1795435200",
		"too many fields": strings.Repeat("|", 16) + "x^",
		"unknown letter":  "zabc^",
		"bad time":        "tabc|x^",
		"bad nanoseconds": "tabc|1.1000000000^",
		"bad flag":        "tabc|||z^",
		"bad number":      strings.Repeat("|", 11) + "1x^",
		"bad reference":   "tabc||0^",
		"cut escape":      "tabc%2^",
		"bad escape":      "tabc%zz^",
		"empty artist":    strings.Repeat("|", 7) + "+A;^",
	} {
		if items, err := unpackItems(text); !errors.Is(err, errRows) {
			t.Errorf("%s: %v, %v", name, items, err)
		}
	}
}

// Artists of one item can be appended to without a change of another.
func TestUnpackedListsAreApart(t *testing.T) {
	items, err := unpackItems("|||||||+A^|||||||+B^")
	must(t, err)
	_ = append(items[0].Track.Artists, "mine")
	if got := items[1].Track.Artists[0]; got != "B" {
		t.Errorf("the other artist is %s now", got)
	}
}

func FuzzContents(f *testing.F) {
	f.Add(string(packItems(nil, contents(idA, "A").Items)))
	f.Add("^|^t|1.5|+%41|lnx|=|0|b|+a;+b;0;-|+^")
	f.Fuzz(func(t *testing.T, text string) {
		items, err := unpackItems(text)
		if err != nil {
			return
		}
		again, err := unpackItems(string(packItems(nil, items)))
		if diff := cmp.Diff(items, again); err != nil || diff != "" {
			t.Errorf("%v, -want +got\n%s", err, diff)
		}
	})
}

// A file cut anywhere or with any byte changed is damaged, or of a newer version; it is never taken for other contents.
func TestDamageIsSeen(t *testing.T) {
	c := contents(idA, "A")
	items := c.Items
	c.Items = nil
	whole, err := encode("contents", c, items)
	must(t, err)
	check := func(name string, file []byte) {
		t.Helper()
		h := parseHead(file)
		if h.isNewer("file", "contents") != nil {
			return
		}
		if got, gotItems, err := decode[Contents](h, "contents"); err == nil && !(cmp.Equal(&c, got) && cmp.Equal(items, gotItems)) {
			t.Errorf("%s: %v, %v", name, got, gotItems)
		}
	}
	for i := range whole {
		check(fmt.Sprintf("cut at %d", i), whole[:i])
		for bit := range 8 {
			b := bytes.Clone(whole)
			b[i] ^= 1 << bit
			check(fmt.Sprintf("byte %d, bit %d", i, bit), b)
		}
	}
}

// The whole file is JSON with a version in it, whatever the items are called: that is how version 1 knows a newer one.
func TestVersionTwoIsJSON(t *testing.T) {
	items := []spotify.Item{{URI: "\xff", Track: spotify.Track{Title: "\"}^|\\\n\x00 Für Élise 夜"}}}
	file, err := encode("base", Base{Address: `playlist.x["a"]`}, items)
	must(t, err)
	var v struct{ Version int }
	if err := json.Unmarshal(file, &v); err != nil || v.Version != 2 {
		t.Errorf("version %d, %v", v.Version, err)
	}
}

// What version 1 wrote, with the items as JSON, is still read.
func TestVersionOneIsRead(t *testing.T) {
	const contents1 = `{"id":"37i9dQZF1DXcBWIGoYBM5M","details":{"name":"A","description":"Über \u003cb\u003e","public":true,"collaborative":false},` +
		`"snapshot":"AAAA","following":true,"items":[{"uri":"spotify:track:003vvx7Niy0yvhvHt4a68B","added_at":"2026-11-23T12:00:00Z","added_by":"jane",` +
		`"track":{"uri":"spotify:track:003vvx7Niy0yvhvHt4a68B","title":"Mr. Brightside","artists":["The Killers"],"duration_ms":222000}},` +
		`{"added_at":"2026-11-23T12:00:00Z","null":true},{"uri":"spotify:local:a:b:c:1","local":true}]}`
	file := func(kind, data string) string {
		return `{"file":"` + kind + `","version":1,"crc32c":"` + checksum([]byte(data)) + `","data":` + data + "}\n"
	}
	dir := t.TempDir()
	s, a := testState(t, OS{}, dir), testAccount(OS{}, dir)
	want := contents(idA, "A")

	write(t, s.basePath("playlist.a"), file("base", `{"address":"playlist.a","time":"2026-11-23T12:00:00Z","contents":`+contents1+`,"confirmed":true}`))
	b, err := s.Base("playlist.a")
	must(t, err)
	if diff := cmp.Diff(&Base{Address: "playlist.a", Time: noon, Contents: want, Confirmed: true}, b); diff != "" {
		t.Errorf("base: -want +got\n%s", diff)
	}
	must(t, s.SaveBase(*b)) // over the old one
	again, err := s.Base("playlist.a")
	must(t, err)
	if diff := cmp.Diff(b, again); diff != "" {
		t.Errorf("written anew: -want +got\n%s", diff)
	}

	write(t, a.settlingPath(idA), file("settling", `{"id":"37i9dQZF1DXcBWIGoYBM5M","time":"2026-11-23T12:00:00Z","states":null,"expected":`+contents1+`}`))
	settling, err := a.Settling(idA, noon)
	must(t, err)
	if diff := cmp.Diff(&Settling{ID: idA, Time: noon, Expected: &want}, settling); diff != "" {
		t.Errorf("settling: -want +got\n%s", diff)
	}

	write(t, a.cachePath(idA), file("contents", contents1))
	cached, ok := a.Cached(idA)
	if diff := cmp.Diff(&want, cached); !ok || diff != "" {
		t.Errorf("contents: -want +got\n%s", diff)
	}
}

// A list of no items and no list are two things, as they were.
func TestNoItems(t *testing.T) {
	a := testAccount(OS{}, t.TempDir())
	for _, items := range [][]spotify.Item{nil, {}, {{}}} {
		want := Contents{ID: idA, Items: items}
		must(t, a.SaveCached(want))
		must(t, a.SaveSettling(Settling{ID: idA, Time: noon, Expected: &want}))
		got, ok := a.Cached(idA)
		if diff := cmp.Diff(&want, got); !ok || diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		s, err := a.Settling(idA, noon)
		must(t, err)
		if diff := cmp.Diff(&want, s.Expected); diff != "" {
			t.Errorf("expected: -want +got\n%s", diff)
		}
	}
}

// The cache writes what changed, and doesn't wait for the disk.
func TestCacheWritesWhatChanged(t *testing.T) {
	var steps []string
	a := testAccount(FailingFS(func(s Step) error {
		if s.Changes() && s.Op != "mkdir" && s.Op != "syncdir" { // of the folder, once
			steps = append(steps, s.Op)
		}
		return nil
	}), t.TempDir())
	want := func(act error, want string) {
		t.Helper()
		must(t, act)
		if got := strings.Join(steps, " "); got != want {
			t.Errorf("steps %q, want %q", got, want)
		}
		steps = nil
	}
	const written = "create write rename"
	c := contents(idA, "A")
	want(a.SaveCached(c), written)
	want(a.SaveCached(c), "")
	if len(c.Items) != 3 {
		t.Error("SaveCached changed what it was given")
	}
	c.Items[2].Local = false
	want(a.SaveCached(c), written)
	want(a.SaveLibrary(7), written)
	want(a.SaveLibrary(7), "")
	want(a.SaveLibrary(8), written)
	must(t, os.WriteFile(a.libraryPath(), nil, 0o600))
	want(a.SaveLibrary(8), written)
}

func TestLibrary(t *testing.T) {
	a := testAccount(OS{}, t.TempDir())
	if n, ok := a.Library(); ok {
		t.Errorf("%d from nothing", n)
	}
	for _, want := range []int{0, 140} {
		must(t, a.SaveLibrary(want))
		if n, ok := a.Library(); !ok || n != want {
			t.Errorf("got %d, %t, want %d", n, ok, want)
		}
	}
	whole := read(t, a.libraryPath())
	for name, text := range map[string]string{
		"cut":      whole[:len(whole)-10],
		"changed":  strings.Replace(whole, "140", "141", 1),
		"negative": `{"file":"library","version":1,"crc32c":"` + checksum([]byte(`{"total":-1}`)) + `","data":{"total":-1}}`,
	} {
		write(t, a.libraryPath(), text)
		if n, ok := a.Library(); ok {
			t.Errorf("%s: %d", name, n)
		}
	}
}

// An expected playlist stays as the caller has it.
func TestSaveSettlingKeepsItsArgument(t *testing.T) {
	c := contents(idA, "A")
	must(t, testAccount(OS{}, t.TempDir()).SaveSettling(Settling{ID: idA, Time: noon, Expected: &c}))
	if len(c.Items) != 3 {
		t.Error("its items are gone")
	}
}
