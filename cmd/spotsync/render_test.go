package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/edit"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

var updateGolden = flag.Bool("update", false, "write the golden files anew")

var (
	testNow   = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	testBase  = time.Date(2026, 11, 20, 21, 14, 0, 0, time.UTC)
	testAdded = time.Date(2021, 5, 3, 8, 0, 0, 0, time.UTC)
)

// trackURI is the URI of the song of that number.
func trackURI(n int) spotify.URI { return spotify.URI(fmt.Sprintf("spotify:track:%022d", n)) }

func songs(numbers ...int) []spotify.Item {
	var items []spotify.Item
	for _, n := range numbers {
		u := trackURI(n)
		items = append(items, spotify.Item{URI: u, AddedAt: testAdded.AddDate(0, 0, n),
			Track: spotify.Track{URI: u, Kind: spotify.KindTrack, Title: fmt.Sprintf("Song %d", n), Artists: []string{"Artist"}}})
	}
	return items
}

func entries(numbers ...int) []config.Entry {
	var out []config.Entry
	for _, n := range numbers {
		out = append(out, config.Entry{URI: trackURI(n), Title: fmt.Sprintf("Artist – Song %d", n)})
	}
	return out
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i + 1
	}
	return out
}

// scene is what a plan is made from.
type scene struct{ in reconcile.Input }

func newScene() *scene {
	lock := lockfile.New(lockfile.IssuerSpotify)
	return &scene{reconcile.Input{Command: "apply", Issuer: "spotify", Now: testNow, Lock: lock, Desired: &config.Desired{},
		Observed: map[string]*reconcile.Observed{"default": account("default", "ada", "Ada")}, Bases: make(map[string]store.Base)}}
}

func account(label string, id spotify.ID, name string) *reconcile.Observed {
	return &reconcile.Observed{Label: label, User: spotify.User{ID: id, DisplayName: name}, Asked: true, Seen: make(map[spotify.ID]reconcile.Seen)}
}

// block adds a playlist block.
func (s *scene) block(label, name string, tracks []config.Entry, change ...func(*config.Playlist)) *scene {
	b := config.Playlist{Address: "playlist." + label, Account: "default", Name: &name, Tracks: tracks, HasTracks: tracks != nil,
		Mode: config.ModeSync, KeepDates: config.KeepAlways}
	for _, f := range change {
		f(&b)
	}
	s.in.Desired.Playlists = append(s.in.Desired.Playlists, b)
	return s
}

// there adds a managed playlist on Spotify.
func (s *scene) there(label, name string, items []spotify.Item, change ...func(*store.Contents)) *scene {
	id := spotify.ID(fmt.Sprintf("%022d", len(s.in.Lock.Playlists)+1))
	public := false
	c := store.Contents{ID: id, Details: spotify.Details{Name: name, Public: &public}, Snapshot: "s1", Items: items, Following: true}
	for _, f := range change {
		f(&c)
	}
	s.in.Lock.Playlists["playlist."+label] = lockfile.Playlist{ID: id, Account: "default", Name: name}
	s.in.Observed["default"].Seen[id] = reconcile.Seen{Presence: reconcile.Present, Contents: c, Owner: "ada", At: testNow}
	return s
}

// agreed says what a playlist held when files and Spotify last agreed.
func (s *scene) agreed(label, name string, items []spotify.Item) *scene {
	public := false
	e := s.in.Lock.Playlists["playlist."+label]
	s.in.Bases["playlist."+label] = store.Base{Address: "playlist." + label, Time: testBase, Confirmed: true,
		Contents: store.Contents{ID: e.ID, Details: spotify.Details{Name: name, Public: &public}, Items: items, Following: true}}
	return s
}

func (s *scene) plan(t testing.TB) *reconcile.Plan {
	t.Helper()
	p, diags := reconcile.NewPlan(s.in)
	if p == nil {
		t.Fatalf("no plan: %v", diags)
	}
	return p
}

func ptr[T any](v T) *T { return &v }

const hostile = "\x1b]0;owned\x07\x1b[31mred\u202egnp.exe\u2066 ```\n</summary><script>alert(1)</script> @everyone \u200b#1 | Z\u0301\u0302\u0303\u0304\u0305\u0306\u0307\xff"

// scenes are plans of every kind, by name.
func scenes(t testing.TB) map[string]*reconcile.Plan {
	all := make(map[string]*reconcile.Plan)
	all["nothing"] = newScene().block("a", "A", entries(1, 2)).there("a", "A", songs(1, 2)).plan(t)
	all["create"] = newScene().block("night", "Night", entries(1, 2, 3), func(b *config.Playlist) {
		b.Description, b.Public = ptr(`Says "hush".`), ptr(true)
	}).block("long", "Long", entries(upTo(90)...)).plan(t)
	all["changes"] = newScene().
		block("morning", "Morning, bright", entries(1, 2, 40, 4, 5, 10, 11, 12, 6, 7, 8, 9, 13, 14, 15, 17, 18, 19, 20), func(b *config.Playlist) {
			b.Description = ptr("Kept in git.")
		}).
		there("morning", "Morning", songs(upTo(20)...)).agreed("morning", "Morning", songs(upTo(20)...)).
		block("phone", "Phone", entries(upTo(12)...)).
		there("phone", "Phone", songs(append(upTo(8), 10, 11, 12, 99)...)).agreed("phone", "Phone", songs(upTo(12)...)).
		block("both", "Both", entries(1, 2, 3, 50)).
		there("both", "Both", songs(1, 2, 3, 4, 77)).agreed("both", "Both", songs(1, 2, 3, 4)).
		there("old", "Old", songs(upTo(7)...)).
		block("same", "Same", entries(1)).there("same", "Same", songs(1)).plan(t)
	all["details"] = newScene().block("a", "New name", nil, func(b *config.Playlist) {
		b.Description, b.Public, b.Collaborative = ptr("A rather long description that tells what this playlist is about, line by line, until nobody reads on"), ptr(false), ptr(true)
	}).there("a", "Old name", songs(1, 2), func(c *store.Contents) {
		c.Details.Description, c.Details.Public = "A rather long description that told what this playlist was about, line by line, until nobody read on", ptr(true)
	}).block("b", "A\u200bB", nil).there("b", "AB", nil).plan(t)
	all["duplicates"] = newScene().block("a", "A", entries(1, 2, 1, 3)).there("a", "A", songs(1, 2, 1, 1, 3)).plan(t)
	all["opaque"] = newScene().block("a", "A", entries(1, 2, 3)).there("a", "A", []spotify.Item{
		songs(1)[0], {URI: "spotify:local:Band:Album:Demo:200", Local: true, Track: spotify.Track{Title: "Demo", Artists: []string{"Band"}}},
		{Null: true}, songs(9)[0], songs(2)[0],
	}).block("b", "B", entries(2, 1), func(b *config.Playlist) { b.Lifecycle.DropOpaque = true }).there("b", "B", []spotify.Item{
		songs(1)[0], {URI: "spotify:local:Band:Album:Demo:200", Local: true, Track: spotify.Track{Title: "Demo", Artists: []string{"Band"}}}, songs(2)[0],
	}).plan(t)
	all["thousand"] = func() *reconcile.Plan {
		want := upTo(1000)
		want[499] = 2001
		want = append(append(slices.Clone(want[600:700]), want[:600]...), want[700:]...)
		return newScene().block("a", "A", entries(want...)).there("a", "A", songs(upTo(1000)...)).plan(t)
	}()
	all["shuffled"] = func() *reconcile.Plan {
		var want []int
		for i := range 200 {
			want = append(want, 1+(i*73)%200)
		}
		return newScene().block("a", "A", entries(want...), func(b *config.Playlist) { b.KeepDates = config.KeepAuto }).there("a", "A", songs(upTo(200)...)).plan(t)
	}()
	all["replace"] = newScene().block("a", "A", entries(20, 19, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 41, 17), func(b *config.Playlist) { b.KeepDates = config.KeepNever }).
		there("a", "A", songs(upTo(20)...)).plan(t)
	all["hostile"] = newScene().block("a", hostile+" ", []config.Entry{{URI: trackURI(7), Title: hostile}}).there("a", hostile, []spotify.Item{
		{URI: trackURI(1), Track: spotify.Track{Title: hostile, Artists: []string{"é", "日本語の歌手", "👩\u200d👩\u200d👧 family"}}},
	}).block("wide", "W", entries(1), func(b *config.Playlist) {
		b.Tracks[0].Title = strings.Repeat("日本語", 30)
	}).there("wide", "W", songs(1, 2)).plan(t)
	all["twins"] = newScene().block("a", "A", []config.Entry{{URI: trackURI(1), Title: "Same – Title"}}).there("a", "A", []spotify.Item{
		{URI: trackURI(2), AddedAt: testAdded, Track: spotify.Track{Title: "Title", Artists: []string{"Same"}}},
	}).plan(t)
	all["unknown"] = newScene().block("a", "A", entries(1)).block("b", "", nil, func(b *config.Playlist) {
		b.Name, b.Unknown = ptr("B"), []string{"description"}
	}).there("b", "B", nil).plan(t)
	all["alone"] = func() *reconcile.Plan {
		s := newScene().block("paused", "Paused", entries(1)).there("paused", "Paused", songs(2)).block("unread", "U", nil).there("unread", "U", nil).
			block("gone", "Gone", entries(1)).there("gone", "Gone", songs(1)).block("absent", "Absent", entries(1, 2)).there("absent", "Absent", songs(1)).
			there("moved", "Moved", songs(1)).block("to", "Moved", entries(1)).there("forgotten", "F", nil)
		s.in.Desired.Moved = []config.Moved{{From: "playlist.moved", To: "playlist.to"}}
		s.in.Desired.Removed = []config.Removed{{From: "playlist.forgotten"}}
		e := s.in.Lock.Playlists["playlist.paused"]
		e.Held = &lockfile.Hold{Reason: reconcile.Paused, Since: testBase, Until: testNow.AddDate(0, 0, 7)}
		s.in.Lock.Playlists["playlist.paused"] = e
		seen := s.in.Observed["default"].Seen
		at := func(label string, change func(*reconcile.Seen)) {
			id := s.in.Lock.Playlists["playlist."+label].ID
			v := seen[id]
			change(&v)
			seen[id] = v
		}
		at("unread", func(v *reconcile.Seen) {
			v.Presence, v.Err = reconcile.Unread, fmt.Errorf("read playlist \"U\": Spotify is unavailable")
		})
		at("gone", func(v *reconcile.Seen) { v.Presence = reconcile.Gone })
		at("absent", func(v *reconcile.Seen) { v.Presence, v.Contents.Following = reconcile.Absent, false })
		return s.plan(t)
	}()
	all["accounts"] = func() *reconcile.Plan {
		s := newScene().block("a", "A", entries(1)).block("kid", "Kid's", entries(2), func(b *config.Playlist) { b.Account = "kid" })
		s.in.Observed["kid"] = account("kid", "bob", "Bob\x1b[2J")
		return s.plan(t)
	}()
	all["refused"] = newScene().block("a", "A", entries(1)).there("a", "A", songs(upTo(30)...)).plan(t)
	all["adopt"] = newScene().block("a", "A", entries(1, 2), func(b *config.Playlist) { b.ID = "0000000000000000000001" }).plan2(t)
	all["withdrawn"] = func() *reconcile.Plan {
		s := newScene().block("a", "A", entries(1, 2)).there("a", "A", songs(1))
		s.in.Desired.Playlists[0].Tracks[1].Range.Filename = "playlists.hcl"
		s.in.Desired.Playlists[0].Tracks[1].Range.Start.Line = 12
		e := s.in.Lock.Playlists["playlist.a"]
		e.Withdrawn = map[spotify.URI]time.Time{trackURI(2): testBase}
		s.in.Lock.Playlists["playlist.a"] = e
		return s.plan(t)
	}()
	all["destroy"] = func() *reconcile.Plan {
		s := newScene().block("a", "A", entries(1)).there("a", "A", songs(1)).block("b", "B", nil).there("b", "B", songs(1, 2))
		s.in.Command = "destroy"
		return s.plan(t)
	}()
	all["refresh"] = func() *reconcile.Plan {
		s := newScene().block("a", "A", entries(1)).there("a", "A", songs(1, 2)).agreed("a", "A", songs(1))
		s.in.Command = "refresh-only"
		return s.plan(t)
	}()
	all["rollback"] = func() *reconcile.Plan {
		s := newScene().block("a", "A", entries(1)).there("a", "A", songs(1)).block("b", "B", entries(1)).there("b", "B", songs(1))
		before := store.Contents{ID: s.in.Lock.Playlists["playlist.a"].ID, Details: spotify.Details{Name: "A", Public: ptr(false)}, Items: songs(1, 2, 3), Following: true}
		return reconcile.NewRollback(reconcile.RollbackInput{Issuer: "spotify", Now: testNow, Desired: s.in.Desired, Lock: s.in.Lock, Observed: s.in.Observed,
			Versions: []store.Version{{Address: "playlist.a", ID: before.ID, Action: "update", Before: &before}, {Address: "playlist.b", ID: s.in.Lock.Playlists["playlist.b"].ID, Action: "create"}},
			Accounts: map[string]string{"playlist.a": "default", "playlist.b": "default"}})
	}()
	return all
}

// plan2 is plan with the block's playlist on Spotify and unknown to the lock file.
func (s *scene) plan2(t testing.TB) *reconcile.Plan {
	s.there("a", "A", songs(1))
	delete(s.in.Lock.Playlists, "playlist.a")
	return s.plan(t)
}

func render(t testing.TB, p *reconcile.Plan, o renderOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := renderPlan(&b, p, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "render", name)
	if *updateGolden {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), got); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", path, diff)
	}
}

func TestRenderPlan(t *testing.T) {
	for name, p := range scenes(t) {
		t.Run(name, func(t *testing.T) {
			golden(t, name+".txt", render(t, p, renderOptions{Width: 80}))
			golden(t, name+".md", render(t, p, renderOptions{Width: 80, Markdown: true}))
			golden(t, name+".summary.txt", render(t, p, renderOptions{Width: 80, Summary: true}))
		})
	}
	all := scenes(t)
	golden(t, "changes.full.txt", render(t, all["changes"], renderOptions{Full: true}))
	golden(t, "changes.color.txt", render(t, all["changes"], renderOptions{Width: 120, Color: true}))
	golden(t, "changes.narrow.txt", render(t, all["changes"], renderOptions{Width: 40}))
}

// TestRenderIsPlain makes sure that no name steers a terminal or leaves its line, that lines fit, and that colour adds
// nothing but colour.
func TestRenderIsPlain(t *testing.T) {
	for name, p := range scenes(t) {
		for _, o := range []renderOptions{{Width: 80}, {Width: 60, Full: true}, {Width: 80, Summary: true}, {Markdown: true}, {}} {
			got := render(t, p, o)
			for _, r := range got {
				if r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || strings.ContainsRune("\u200b\u202e\u2066", r)) {
					t.Errorf("%s %+v: %U in the output", name, o, r)
				}
			}
			for line := range strings.Lines(got) {
				if w := words.Width(strings.TrimSuffix(line, "\n")); o.Width > 0 && w > o.Width {
					t.Errorf("%s %+v: %d columns: %s", name, o, w, line)
				}
			}
			if again := render(t, p, o); again != got {
				t.Errorf("%s %+v: not the same twice", name, o)
			}
			o.Color = true
			if o.Markdown {
				continue
			}
			if colored := uncolored(render(t, p, o)); colored != got {
				t.Errorf("%s %+v: colour changes the text:\n%s", name, o, cmp.Diff(got, colored))
			}
		}
	}
}

// uncolored takes the escapes of colour out, and no others.
func uncolored(s string) string {
	var b strings.Builder
	for s != "" {
		i := strings.Index(s, "\x1b[")
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		end := strings.IndexByte(s, 'm')
		if end < 0 || strings.Trim(s[2:end], "0123456789;") != "" {
			break
		}
		s = s[end+1:]
	}
	return b.String() + s
}

// TestMarkdownStaysInItsFence looks at what is outside of code.
func TestMarkdownStaysInItsFence(t *testing.T) {
	got := render(t, scenes(t)["hostile"], renderOptions{Markdown: true})
	fence, ends := "", 0
	for line := range strings.Lines(got) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case fence != "":
			if line == fence {
				fence = ""
			}
			continue
		case strings.HasPrefix(line, "```"):
			fence = line[:len(line)-len(strings.TrimLeft(line, "`"))]
		default:
			ends += strings.Count(line, "</summary>") + strings.Count(line, "</details>")
			if strings.Contains(line, "<script") || strings.Contains(strings.ReplaceAll(line, "<code>", ""), "@everyone") && !strings.Contains(line, "<code>") {
				t.Errorf("outside of code: %s", line)
			}
		}
	}
	if fence != "" {
		t.Error("a fence was left open")
	}
	if ends != 4 {
		t.Errorf("the name closed an element:\n%s", got)
	}
}

func TestMarkdownFitsAComment(t *testing.T) {
	s := newScene()
	for i := range 200 {
		s.block(fmt.Sprintf("p%03d", i), "P", entries(upTo(30)...))
	}
	got := render(t, s.plan(t), renderOptions{Markdown: true})
	if len(got) > 65_536 || !strings.Contains(got, "playlists more, which would not fit") {
		t.Errorf("%d bytes, ends: %s", len(got), got[len(got)-200:])
	}
}

// TestDiffRows holds the rows shown to the truth: read from top to bottom without what goes they are the list after, and
// each row of the list before is told of exactly once.
func TestDiffRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfN(rapid.IntRange(1, 12), 0, 30)
		have, want := numbers.Draw(t, "have"), numbers.Draw(t, "want")
		if rapid.Bool().Draw(t, "shuffled") {
			want = rapid.Permutation(have).Draw(t, "want")
		}
		keep := rapid.SampledFrom([]config.KeepDates{config.KeepAlways, config.KeepNever}).Draw(t, "keep")
		s := newScene().block("a", "A", slices.Concat([]config.Entry{}, entries(want...)), func(b *config.Playlist) { b.KeepDates = keep })
		s.there("a", "A", songs(have...))
		p, _ := reconcile.NewPlan(s.in)
		c := &p.Changes[0]
		rows := diffRows(c)
		var after []spotify.URI
		told := make(map[int]int)
		moves := false
		for _, d := range rows {
			if d.fate != rowRemoved {
				after = append(after, d.row.URI)
				if d.to != len(after) {
					t.Fatalf("row %+v is said to be at %d and is at %d", d, d.to, len(after))
				}
			}
			if d.fate != rowAdded {
				told[d.from]++
				if c.Before.Tracks[d.from-1].URI != d.row.URI {
					t.Fatalf("row %+v was not at %d", d, d.from)
				}
			} else if d.from != 0 {
				t.Fatalf("row %+v is new and from somewhere", d)
			}
			moves = moves || d.fate == rowMoved && !d.lost
		}
		for i := range have {
			if told[i+1] != 1 {
				t.Fatalf("row %d of before is told of %d times", i+1, told[i+1])
			}
		}
		for i, u := range after {
			if c.After.Tracks[i].URI != u {
				t.Fatalf("after shows %s at %d, not %s", u, i+1, c.After.Tracks[i].URI)
			}
		}
		planned := slices.ContainsFunc(c.Edits, func(e reconcile.Edit) bool { return e.Kind == edit.Move })
		if moves && !planned {
			t.Fatalf("a row is shown as moved with its date, and the plan moves nothing: %+v", c.Edits)
		}
	})
}

// TestDiffRowsOfNonsense shows a plan whose edits were tampered with: wrong perhaps, but whole and without a panic.
func TestDiffRowsOfNonsense(t *testing.T) {
	row := func(n int) reconcile.Row { return reconcile.Row{URI: trackURI(n)} }
	for _, e := range []edit.Edit{
		{Kind: edit.Insert, At: 99, URIs: []spotify.URI{trackURI(1)}}, {Kind: edit.Insert, At: -1}, {Kind: edit.Move, Start: 5, N: 9, Before: -2},
		{Kind: edit.Move, Start: -1, N: 1}, {Kind: edit.Move, Start: 0, N: -1, Before: 1}, {Kind: edit.Remove, URIs: []spotify.URI{trackURI(1)}}, {Kind: "?"},
	} {
		c := &reconcile.Change{Action: reconcile.Update, Before: &reconcile.Picture{Tracks: []reconcile.Row{row(1), row(2)}},
			After: &reconcile.Picture{Tracks: []reconcile.Row{row(2), row(3)}}, Edits: []reconcile.Edit{{Edit: e}}}
		if got := diffRows(c); len(got) != 3 {
			t.Errorf("%+v: %d rows: %+v", e, len(got), got)
		}
	}
}

func TestRenderResult(t *testing.T) {
	p := &reconcile.Plan{Command: "apply", Changes: []reconcile.Change{
		{Address: "a", Action: reconcile.Create}, {Address: "b", Action: reconcile.Restore}, {Address: "c", Action: reconcile.Update}, {Address: "d", Action: reconcile.Delete}}}
	for want, res := range map[string]*reconcile.Result{
		"Done: 1 created, 1 put back, 1 changed, 1 deleted in 17 requests.\nTo put back what was deleted: spotsync rollback": {Applied: []string{"a", "b", "c", "c", "d"}, Requests: 17},
		"Done: 0 created, 1 changed, 0 deleted in 1 request.":                                                                {Applied: []string{"c"}, Requests: 1},
		"Done: 0 created, 0 changed, 0 deleted in 0 requests; 1 failed.\nWhat was done stays done. See above what to mend, then run spotsync apply again for the rest.": {
			Failures: []reconcile.Failure{{Address: "c"}}},
	} {
		if got := renderResult(p, res); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
