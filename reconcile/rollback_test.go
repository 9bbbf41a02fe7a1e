package reconcile

import (
	"errors"
	"testing"
	"time"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// A rollback that was cut short while it made a playlist anew, because Spotify knew the old one no more, goes on with
// what it made.
func TestRollbackFindsWhatItMade(t *testing.T) {
	const old, made = "0000000000000000000001", "0000000000000000000002"
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	me := spotify.User{ID: "me"}
	in := RollbackInput{
		Issuer: lockfile.IssuerLoopback, Now: now, Desired: &config.Desired{},
		Lock: &lockfile.File{Version: lockfile.Version, Issuer: lockfile.IssuerLoopback,
			Accounts:  map[string]lockfile.Account{"default": {ID: "me", User: "me"}},
			Playlists: map[string]lockfile.Playlist{"playlist.a": {ID: old, Account: "default", Name: "A"}}},
		Observed: map[string]*Observed{"default": {Label: "default", User: me, Asked: true,
			Library: []spotify.Playlist{{ID: made, Name: "A", Owner: "me"}},
			Seen: map[spotify.ID]Seen{
				old:  {Presence: Gone},
				made: {Presence: Present, Owner: "me", At: now, Contents: store.Contents{ID: made, Details: spotify.Details{Name: "A"}, Following: true}},
			}}},
		Versions: []store.Version{{Address: "playlist.a", ID: old, Before: &store.Contents{ID: old, Following: true,
			Details: spotify.Details{Name: "A"}, Items: []spotify.Item{{URI: "spotify:track:003vvx7Niy0yvhvHt4a68B"}}}}},
		Accounts: map[string]string{"playlist.a": "default"},
	}
	for _, tt := range []struct {
		name    string
		creates []store.Create
		action  Action
		id      spotify.ID
	}{
		{"nothing was begun", nil, Create, ""},
		{"it was begun", []store.Create{{Key: "k", Address: "playlist.a", Account: "default", Name: "A", Time: now.Add(-time.Hour)}}, Adopt, made},
		{"it was there before", []store.Create{{Key: "k", Address: "playlist.a", Account: "default", Name: "A", Known: []spotify.ID{made}}}, Create, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in.Creates = tt.creates
			c := NewRollback(in).Changes[0]
			if c.Action != tt.action || c.ID != tt.id {
				t.Errorf("got %s %q, want %s %q", c.Action, c.ID, tt.action, tt.id)
			}
			if n := len(c.Edits); tt.action == Adopt && n != 1 {
				t.Errorf("%d edits for one song: %v", n, c.Edits)
			}
		})
	}
}

// What a rollback can't look at is skipped with the reason, and what belongs to somebody else by now is refused.
func TestRollbackLeavesAlone(t *testing.T) {
	const id = "0000000000000000000001"
	broken := errors.New("broken")
	for name, tt := range map[string]struct {
		seen    Seen
		refused bool
		err     error
	}{
		"unread":          {Seen{Presence: Unread, Err: broken}, false, broken},
		"somebody else's": {Seen{Presence: NotOwned, Owner: "other"}, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := NewRollback(RollbackInput{Issuer: lockfile.IssuerLoopback, Now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), Desired: &config.Desired{},
				Lock: &lockfile.File{Version: lockfile.Version, Issuer: lockfile.IssuerLoopback,
					Accounts:  map[string]lockfile.Account{"default": {ID: "me", User: "me"}},
					Playlists: map[string]lockfile.Playlist{"playlist.a": {ID: id, Account: "default", Name: "A"}}},
				Observed: map[string]*Observed{"default": {Label: "default", User: spotify.User{ID: "me"}, Seen: map[spotify.ID]Seen{id: tt.seen}}},
				Versions: []store.Version{{Address: "playlist.a", ID: id, Before: &store.Contents{ID: id, Following: true}}},
				Accounts: map[string]string{"playlist.a": "default"}})
			c := p.Changes[0]
			if c.Action != Skipped || c.Refused != tt.refused || c.Err != tt.err || len(p.Skipped()) == len(p.Refusals) {
				t.Errorf("%+v, refusals %v", c, p.Refusals)
			}
		})
	}
}
