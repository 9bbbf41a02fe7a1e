package reconcile

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// What is newer counts, and what it says nothing of stays.
func TestLearnedWith(t *testing.T) {
	yes, no := true, false
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	old := LearnedBefore(lockfile.Playlist{Aliases: map[spotify.URI]spotify.URI{"a": "b", "c": "d"}, Shown: map[string]string{"name: A": "B"},
		PublicIgnored: &yes, Withdrawn: map[spotify.URI]time.Time{"w": day}, RefusedDescription: "old"})
	if got := old.With(Learned{}); !reflect.DeepEqual(got, old) {
		t.Errorf("with nothing: %+v, want %+v", got, old)
	}
	if got := (Learned{}).With(old); !reflect.DeepEqual(got, old) {
		t.Errorf("nothing with it: %+v, want %+v", got, old)
	}
	got := old.With(Learned{Aliases: map[spotify.URI]spotify.URI{"a": "x"}, Refuted: map[spotify.URI]spotify.URI{"r": "s"}, Shown: map[string]string{"name: A": "C"},
		PublicIgnored: &no, Withdrawn: map[spotify.URI]time.Time{"w": day.Add(1)}, RefusedDescription: "new"})
	want := Learned{Aliases: map[spotify.URI]spotify.URI{"a": "x", "c": "d"}, Refuted: map[spotify.URI]spotify.URI{"r": "s"}, Shown: map[string]string{"name: A": "C"},
		PublicIgnored: &no, Withdrawn: map[spotify.URI]time.Time{"w": day.Add(1)}, RefusedDescription: "new"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if old.Aliases["a"] != "b" || old.Withdrawn["w"] != day || *old.PublicIgnored != yes {
		t.Errorf("joining changed what was joined: %+v", old)
	}
}

// A plan says what was learned where it always did, and nothing of what the lock file alone keeps.
func TestLearnedInPlan(t *testing.T) {
	yes := true
	c := Change{Unfinished: true, HoldFingerprint: "f", Learned: Learned{Aliases: map[spotify.URI]spotify.URI{"a": "b"}, Refuted: map[spotify.URI]spotify.URI{"c": "d"},
		Shown: map[string]string{"name: A": "B"}, PublicIgnored: &yes, Withdrawn: map[spotify.URI]time.Time{"w": {}}, RefusedDescription: "x"}}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	const want = `"unfinished":true,"aliases":{"a":"b"},"refuted":{"c":"d"},"shown":{"name: A":"B"},"public_ignored":true,"hold_fingerprint":"f"}`
	if !strings.HasSuffix(string(text), want) {
		t.Errorf("%s\nends otherwise than\n%s", text, want)
	}
}

// A lock entry keeps what is about the texts and the visibility that the files want now, and nothing else of it.
func TestUpdateEntry(t *testing.T) {
	yes, name := true, "A"
	e := lockfile.Playlist{Aliases: map[spotify.URI]spotify.URI{"a": "b"}, PublicIgnored: &yes, RefusedDescription: "old",
		Shown: map[string]string{"name: Z": "Y", "description: d": "e"}}
	c := Change{Desired: &DesiredState{Name: &name}, Learned: Learned{Aliases: map[spotify.URI]spotify.URI{"c": "d"}, Shown: map[string]string{"name: A": "B"}}}
	c.UpdateEntry(&e)
	want := lockfile.Playlist{Aliases: map[spotify.URI]spotify.URI{"a": "b", "c": "d"}, RefusedDescription: "old",
		Shown: map[string]string{"name: A": "B", "description: d": "e"}}
	if !reflect.DeepEqual(e, want) {
		t.Errorf("got %+v, want %+v", e, want)
	}
	(Change{}).UpdateEntry(&e)
	if !reflect.DeepEqual(e, want) {
		t.Errorf("a change that wants nothing made it %+v", e)
	}
}

// Of an agreement that is remembered already, nothing is written; of a new one, what the base knew of aliases stays.
func TestAgreed(t *testing.T) {
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	picture := &Picture{Name: "A", Tracks: []Row{{URI: track(1), AddedAt: day}}, Following: true, Seen: day}
	p := &Plan{PlannedAt: day, Changes: []Change{{Address: "playlist.a", ID: "x", Action: None, Before: picture, After: picture}}}
	base := store.Base{Address: "playlist.a", Confirmed: true, Contents: picture.Contents("x"), Aliases: map[spotify.URI]spotify.URI{"a": "b"}}
	for what, tt := range map[string]struct {
		bases map[string]store.Base
		edit  func(*Change)
		want  int
	}{
		"nothing is remembered": {nil, func(*Change) {}, 1},
		"it is remembered":      {map[string]store.Base{"playlist.a": base}, func(*Change) {}, 0},
		"an alias is new":       {map[string]store.Base{"playlist.a": base}, func(c *Change) { c.Aliases = map[spotify.URI]spotify.URI{"c": "d"} }, 1},
		"it was not read":       {nil, func(c *Change) { c.Before = &Picture{} }, 0},
		"they differ":           {nil, func(c *Change) { c.Edits = []Edit{NewEdit(Follow, nil)} }, 0},
		"it is to be changed":   {nil, func(c *Change) { c.Action = Update }, 0},
	} {
		t.Run(what, func(t *testing.T) {
			q := *p
			q.Changes = []Change{p.Changes[0]}
			tt.edit(&q.Changes[0])
			got := q.Agreed(tt.bases)
			if len(got) != tt.want {
				t.Fatalf("%d bases, want %d: %+v", len(got), tt.want, got)
			}
			if tt.want > 0 && tt.bases != nil && (got[0].Aliases["a"] != "b" || got[0].Aliases["c"] != "d") {
				t.Errorf("aliases %v", got[0].Aliases)
			}
		})
	}
}
