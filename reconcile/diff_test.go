package reconcile

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

func track(n int) spotify.URI { return spotify.URI(fmt.Sprintf("spotify:track:%022d", n)) }

// TestCheaperIsOffered where dates cost more than 20 requests over replacing, and where replacing loses nothing for good.
func TestCheaperIsOffered(t *testing.T) {
	for _, tt := range []struct {
		n, requests int
		null, want  bool
	}{{40, 21, false, false}, {42, 22, false, true}, {42, 22, true, false}} {
		c := store.Contents{ID: "x"}
		var tracks []spotify.URI
		for n := range tt.n {
			tracks = append(tracks, track(n))
		}
		for _, u := range tracks {
			c.Items = append(c.Items, spotify.Item{URI: u, Null: tt.null && u == track(6)})
		}
		back := slices.Clone(tracks)
		slices.Reverse(back)
		d := diff(DesiredState{HasTracks: true, Tracks: back, KeepDates: config.KeepAuto}, c, Learned{}, nil, time.Time{})
		if len(d.items) != tt.requests || (d.cheaper != nil) != tt.want {
			t.Errorf("%d rows backwards, one without an object %v: %d requests, a cheaper way is offered: %v", tt.n, tt.null, len(d.items), d.cheaper != nil)
		}
	}
}

// TestLateReadIsNoTwin: songs that were there before a write are themselves, where a read still shows them in the place of new
// ones.
func TestLateReadIsNoTwin(t *testing.T) {
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	late := []spotify.Item{{URI: track(1), AddedAt: day}, {URI: track(2), AddedAt: day}}
	ours := Recollection{Rows: []spotify.Item{{URI: track(7)}, {URI: track(8)}}, WrittenAt: day.Add(time.Hour)}
	for _, had := range [][]spotify.Item{nil, late} {
		ours.Before = had
		if got := Recognize(late, ours)[0].Track.LinkedFrom; (got == track(7)) != (had == nil) {
			t.Errorf("had %v: taken for %q", had, got)
		}
	}
}
