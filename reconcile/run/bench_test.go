package run

import (
	"fmt"
	"testing"
	"time"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// BenchmarkPlan works out that nothing differs: 100 playlists of 300 songs, with a base of each.
func BenchmarkPlan(b *testing.B) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	in := reconcile.Input{Command: reconcile.CommandApply, Issuer: "loopback", Now: now, Desired: &config.Desired{},
		Lock: &lockfile.File{Playlists: make(map[string]lockfile.Playlist)}, Bases: make(map[string]store.Base)}
	seen := &reconcile.Observed{Label: "default", User: spotify.User{ID: "me"}, Asked: true, Seen: make(map[spotify.ID]reconcile.Seen)}
	in.Observed = map[string]*reconcile.Observed{"default": seen}
	for p := range 100 {
		address, id, name := fmt.Sprintf("playlist.p%03d", p), spotify.ID(fmt.Sprintf("%022d", p)), fmt.Sprintf("List %d", p)
		block := config.Playlist{Address: address, Account: "default", Name: &name, HasTracks: true, Mode: config.ModeSync, KeepDates: config.KeepAuto}
		c := store.Contents{ID: id, Details: spotify.Details{Name: name, Public: new(bool)}, Snapshot: "s", Following: true}
		for i := range 300 {
			uri := song(300*p + i)
			block.Tracks = append(block.Tracks, config.Entry{URI: uri, Title: fmt.Sprintf("Somebody – Song %d", i)})
			c.Items = append(c.Items, spotify.Item{URI: uri, AddedAt: now, Track: spotify.Track{URI: uri, Title: fmt.Sprintf("Song %d", i), Artists: []string{"Somebody"}}})
		}
		in.Desired.Playlists = append(in.Desired.Playlists, block)
		in.Lock.Playlists[address] = lockfile.Playlist{ID: id, Account: "default", Name: name}
		in.Bases[address] = store.Base{Address: address, Time: now, Contents: c, Confirmed: true}
		seen.Seen[id] = reconcile.Seen{Presence: reconcile.Present, Owner: "me", At: now, Contents: c}
		seen.Library = append(seen.Library, spotify.Playlist{ID: id, Name: name, Owner: "me"})
	}
	b.ReportAllocs()
	for b.Loop() {
		plan, diags := reconcile.NewPlan(in)
		if diags.HasErrors() || !plan.Empty() {
			b.Fatal(plan, diags)
		}
	}
}
