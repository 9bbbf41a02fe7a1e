// Package plantest has plans of every kind for the tests of what shows and checks them.
package plantest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

var (
	Now       = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	testBase  = time.Date(2026, 11, 20, 21, 14, 0, 0, time.UTC)
	testAdded = time.Date(2021, 5, 3, 8, 0, 0, 0, time.UTC)
)

// TrackURI is the URI of the song of that number.
func TrackURI(n int) spotify.URI { return spotify.URI(fmt.Sprintf("spotify:track:%022d", n)) }

func Songs(numbers ...int) []spotify.Item {
	var items []spotify.Item
	for _, n := range numbers {
		u := TrackURI(n)
		items = append(items, spotify.Item{URI: u, AddedAt: testAdded.AddDate(0, 0, n),
			Track: spotify.Track{URI: u, Kind: spotify.KindTrack, Title: fmt.Sprintf("Song %d", n), Artists: []string{"Artist"}}})
	}
	return items
}

func Entries(numbers ...int) []config.Entry {
	var out []config.Entry
	for _, n := range numbers {
		out = append(out, config.Entry{URI: TrackURI(n), Title: fmt.Sprintf("Artist – Song %d", n)})
	}
	return out
}

func UpTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i + 1
	}
	return out
}

// scene is what a plan is made from.
type scene struct{ In reconcile.Input }

func NewScene() *scene {
	lock := lockfile.New(lockfile.IssuerSpotify)
	return &scene{reconcile.Input{Command: reconcile.CommandApply, Issuer: "spotify", Now: Now, Lock: lock, Desired: &config.Desired{},
		Observed: map[string]*reconcile.Observed{"default": account("default", "ada", "Ada")}, Bases: make(map[string]store.Base)}}
}

func account(label string, id spotify.ID, name string) *reconcile.Observed {
	return &reconcile.Observed{Label: label, User: spotify.User{ID: id, DisplayName: name}, Asked: true, Seen: make(map[spotify.ID]reconcile.Seen)}
}

// Block adds a playlist block.
func (s *scene) Block(label, name string, tracks []config.Entry, change ...func(*config.Playlist)) *scene {
	b := config.Playlist{Address: "playlist." + label, Account: "default", Name: &name, Tracks: tracks, HasTracks: tracks != nil,
		Mode: config.ModeSync, KeepDates: config.KeepAlways}
	for _, f := range change {
		f(&b)
	}
	s.In.Desired.Playlists = append(s.In.Desired.Playlists, b)
	return s
}

// There adds a managed playlist on Spotify.
func (s *scene) There(label, name string, items []spotify.Item, change ...func(*store.Contents)) *scene {
	id := spotify.ID(fmt.Sprintf("%022d", len(s.In.Lock.Playlists)+1))
	public := false
	c := store.Contents{ID: id, Details: spotify.Details{Name: name, Public: &public}, Snapshot: "s1", Items: items, Following: true}
	for _, f := range change {
		f(&c)
	}
	s.In.Lock.Playlists["playlist."+label] = lockfile.Playlist{ID: id, Account: "default", Name: name}
	s.In.Observed["default"].Seen[id] = reconcile.Seen{Presence: reconcile.Present, Contents: c, Owner: "ada", At: Now}
	return s
}

// agreed says what a playlist held when files and Spotify last agreed.
func (s *scene) agreed(label, name string, items []spotify.Item) *scene {
	public := false
	e := s.In.Lock.Playlists["playlist."+label]
	s.In.Bases["playlist."+label] = store.Base{Address: "playlist." + label, Time: testBase, Confirmed: true,
		Contents: store.Contents{ID: e.ID, Details: spotify.Details{Name: name, Public: &public}, Items: items, Following: true}}
	return s
}

func (s *scene) Plan(t testing.TB) *reconcile.Plan {
	t.Helper()
	p, diags := reconcile.NewPlan(s.In)
	if p == nil {
		t.Fatalf("no plan: %v", diags)
	}
	return p
}

func ptr[T any](v T) *T { return &v }

const hostile = "\x1b]0;owned\x07\x1b[31mred\u202egnp.exe\u2066 ```\n</summary><script>alert(1)</script> @everyone \u200b#1 | Z\u0301\u0302\u0303\u0304\u0305\u0306\u0307\xff"

// Plans are plans of every kind, by name.
func Plans(t testing.TB) map[string]*reconcile.Plan {
	all := make(map[string]*reconcile.Plan)
	all["nothing"] = NewScene().Block("a", "A", Entries(1, 2)).There("a", "A", Songs(1, 2)).Plan(t)
	all["create"] = NewScene().Block("night", "Night", Entries(1, 2, 3), func(b *config.Playlist) {
		b.Description, b.Public = ptr(`Says "hush".`), ptr(true)
	}).Block("long", "Long", Entries(UpTo(90)...)).Plan(t)
	all["changes"] = NewScene().
		Block("morning", "Morning, bright", Entries(1, 2, 40, 4, 5, 10, 11, 12, 6, 7, 8, 9, 13, 14, 15, 17, 18, 19, 20), func(b *config.Playlist) {
			b.Description = ptr("Kept in git.")
		}).
		There("morning", "Morning", Songs(UpTo(20)...)).agreed("morning", "Morning", Songs(UpTo(20)...)).
		Block("phone", "Phone", Entries(UpTo(12)...)).
		There("phone", "Phone", Songs(append(UpTo(8), 10, 11, 12, 99)...)).agreed("phone", "Phone", Songs(UpTo(12)...)).
		Block("both", "Both", Entries(1, 2, 3, 50)).
		There("both", "Both", Songs(1, 2, 3, 4, 77)).agreed("both", "Both", Songs(1, 2, 3, 4)).
		There("old", "Old", Songs(UpTo(7)...)).
		Block("same", "Same", Entries(1)).There("same", "Same", Songs(1)).Plan(t)
	all["details"] = NewScene().Block("a", "New name", nil, func(b *config.Playlist) {
		b.Description, b.Public, b.Collaborative = ptr("A rather long description that tells what this playlist is about, line by line, until nobody reads on"), ptr(false), ptr(true)
	}).There("a", "Old name", Songs(1, 2), func(c *store.Contents) {
		c.Details.Description, c.Details.Public = "A rather long description that told what this playlist was about, line by line, until nobody read on", ptr(true)
	}).Block("b", "A\u200bB", nil).There("b", "AB", nil).Plan(t)
	all["duplicates"] = NewScene().Block("a", "A", Entries(1, 2, 1, 3)).There("a", "A", Songs(1, 2, 1, 1, 3)).Plan(t)
	all["opaque"] = NewScene().Block("a", "A", Entries(1, 2, 3)).There("a", "A", []spotify.Item{
		Songs(1)[0], {URI: "spotify:local:Band:Album:Demo:200", Local: true, Track: spotify.Track{Title: "Demo", Artists: []string{"Band"}}},
		{Null: true}, Songs(9)[0], Songs(2)[0],
	}).Block("b", "B", Entries(2, 1), func(b *config.Playlist) { b.Lifecycle.DropOpaque = true }).There("b", "B", []spotify.Item{
		Songs(1)[0], {URI: "spotify:local:Band:Album:Demo:200", Local: true, Track: spotify.Track{Title: "Demo", Artists: []string{"Band"}}}, Songs(2)[0],
	}).Plan(t)
	all["thousand"] = func() *reconcile.Plan {
		want := UpTo(1000)
		want[499] = 2001
		want = append(append(slices.Clone(want[600:700]), want[:600]...), want[700:]...)
		return NewScene().Block("a", "A", Entries(want...)).There("a", "A", Songs(UpTo(1000)...)).Plan(t)
	}()
	all["shuffled"] = func() *reconcile.Plan {
		var want []int
		for i := range 200 {
			want = append(want, 1+(i*73)%200)
		}
		return NewScene().Block("a", "A", Entries(want...), func(b *config.Playlist) { b.KeepDates = config.KeepAuto }).There("a", "A", Songs(UpTo(200)...)).Plan(t)
	}()
	all["replace"] = NewScene().Block("a", "A", Entries(20, 19, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 41, 17), func(b *config.Playlist) { b.KeepDates = config.KeepNever }).
		There("a", "A", Songs(UpTo(20)...)).Plan(t)
	all["hostile"] = NewScene().Block("a", hostile+" ", []config.Entry{{URI: TrackURI(7), Title: hostile}}).There("a", hostile, []spotify.Item{
		{URI: TrackURI(1), Track: spotify.Track{Title: hostile, Artists: []string{"é", "日本語の歌手", "👩\u200d👩\u200d👧 family"}}},
	}).Block("wide", "W", Entries(1), func(b *config.Playlist) {
		b.Tracks[0].Title = strings.Repeat("日本語", 30)
	}).There("wide", "W", Songs(1, 2)).Plan(t)
	all["twins"] = NewScene().Block("a", "A", []config.Entry{{URI: TrackURI(1), Title: "Same – Title"}}).There("a", "A", []spotify.Item{
		{URI: TrackURI(2), AddedAt: testAdded, Track: spotify.Track{Title: "Title", Artists: []string{"Same"}}},
	}).Plan(t)
	all["unknown"] = NewScene().Block("a", "A", Entries(1)).Block("b", "", nil, func(b *config.Playlist) {
		b.Name, b.Unknown = ptr("B"), []string{"description"}
	}).There("b", "B", nil).Plan(t)
	all["alone"] = func() *reconcile.Plan {
		s := NewScene().Block("paused", "Paused", Entries(1)).There("paused", "Paused", Songs(2)).Block("unread", "U", nil).There("unread", "U", nil).
			Block("gone", "Gone", Entries(1)).There("gone", "Gone", Songs(1)).Block("absent", "Absent", Entries(1, 2)).There("absent", "Absent", Songs(1)).
			There("moved", "Moved", Songs(1)).Block("to", "Moved", Entries(1)).There("forgotten", "F", nil)
		s.In.Desired.Moved = []config.Moved{{From: "playlist.moved", To: "playlist.to"}}
		s.In.Desired.Removed = []config.Removed{{From: "playlist.forgotten"}}
		e := s.In.Lock.Playlists["playlist.paused"]
		e.Held = &lockfile.Hold{Reason: reconcile.Paused, Since: testBase, Until: Now.AddDate(0, 0, 7)}
		s.In.Lock.Playlists["playlist.paused"] = e
		seen := s.In.Observed["default"].Seen
		at := func(label string, change func(*reconcile.Seen)) {
			id := s.In.Lock.Playlists["playlist."+label].ID
			v := seen[id]
			change(&v)
			seen[id] = v
		}
		at("unread", func(v *reconcile.Seen) {
			v.Presence, v.Err = reconcile.Unread, fmt.Errorf("read playlist \"U\": Spotify is unavailable")
		})
		at("gone", func(v *reconcile.Seen) { v.Presence = reconcile.Gone })
		at("absent", func(v *reconcile.Seen) { v.Presence, v.Contents.Following = reconcile.Absent, false })
		return s.Plan(t)
	}()
	all["accounts"] = func() *reconcile.Plan {
		s := NewScene().Block("a", "A", Entries(1)).Block("kid", "Kid's", Entries(2), func(b *config.Playlist) { b.Account = "kid" })
		s.In.Observed["kid"] = account("kid", "bob", "Bob\x1b[2J")
		return s.Plan(t)
	}()
	all["refused"] = NewScene().Block("a", "A", Entries(1)).There("a", "A", Songs(UpTo(30)...)).Plan(t)
	all["adopt"] = NewScene().Block("a", "A", Entries(1, 2), func(b *config.Playlist) { b.ID = "0000000000000000000001" }).plan2(t)
	all["withdrawn"] = func() *reconcile.Plan {
		s := NewScene().Block("a", "A", Entries(1, 2)).There("a", "A", Songs(1))
		s.In.Desired.Playlists[0].Tracks[1].Range.Filename = "playlists.hcl"
		s.In.Desired.Playlists[0].Tracks[1].Range.Start.Line = 12
		e := s.In.Lock.Playlists["playlist.a"]
		e.Withdrawn = map[spotify.URI]time.Time{TrackURI(2): testBase}
		s.In.Lock.Playlists["playlist.a"] = e
		return s.Plan(t)
	}()
	all["destroy"] = func() *reconcile.Plan {
		s := NewScene().Block("a", "A", Entries(1)).There("a", "A", Songs(1)).Block("b", "B", nil).There("b", "B", Songs(1, 2))
		s.In.Command = reconcile.CommandDestroy
		return s.Plan(t)
	}()
	all["refresh"] = func() *reconcile.Plan {
		s := NewScene().Block("a", "A", Entries(1)).There("a", "A", Songs(1, 2)).agreed("a", "A", Songs(1))
		s.In.Command = reconcile.CommandRefreshOnly
		return s.Plan(t)
	}()
	all["rollback"] = func() *reconcile.Plan {
		s := NewScene().Block("a", "A", Entries(1)).There("a", "A", Songs(1)).Block("b", "B", Entries(1)).There("b", "B", Songs(1))
		before := store.Contents{ID: s.In.Lock.Playlists["playlist.a"].ID, Details: spotify.Details{Name: "A", Public: ptr(false)}, Items: Songs(1, 2, 3), Following: true}
		return reconcile.NewRollback(reconcile.RollbackInput{Issuer: "spotify", Now: Now, Desired: s.In.Desired, Lock: s.In.Lock, Observed: s.In.Observed,
			Versions: []store.Version{{Address: "playlist.a", ID: before.ID, Action: "update", Before: &before}, {Address: "playlist.b", ID: s.In.Lock.Playlists["playlist.b"].ID, Action: "create"}},
			Accounts: map[string]string{"playlist.a": "default", "playlist.b": "default"}})
	}()
	return all
}

// plan2 is plan with the block's playlist on Spotify and unknown to the lock file.
func (s *scene) plan2(t testing.TB) *reconcile.Plan {
	s.There("a", "A", Songs(1))
	delete(s.In.Lock.Playlists, "playlist.a")
	return s.Plan(t)
}
