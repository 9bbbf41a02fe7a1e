package reconcile

import (
	"slices"
	"time"

	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// Exchange is a song of ours in whose place another one is shown.
type Exchange struct {
	Ours  spotify.URI
	Shown spotify.Item
}

// Exchanges are the songs of ours that were never read and that somebody may have exchanged for others within the second: dates
// can't tell. base is what both last agreed on, c what was read.
func Exchanges(base store.Base, c store.Contents) []Exchange {
	if writtenAs(base, c) {
		return nil
	}
	was := Recollect(&base)
	ours := make(map[spotify.URI]bool)
	for _, r := range was.Rows {
		ours[r.URI] = ours[r.URI] || r.AddedAt.IsZero()
	}
	var found []Exchange
	for i, it := range Recognize(c.Items, was) {
		u := it.Track.LinkedFrom
		if u == "" || c.Items[i].Track.LinkedFrom != "" || base.Aliases[u] == it.URI || !ours[u] {
			continue
		}
		found = append(found, Exchange{Ours: u, Shown: it})
	}
	return found
}

// writtenAs reports whether nobody has changed a playlist since we wrote to it: it has the snapshot that our write made.
func writtenAs(base store.Base, c store.Contents) bool {
	return base.Contents.Snapshot != "" && base.Contents.Snapshot == c.Snapshot
}

// Unmatched compares a read with what is wanted where nothing is remembered of the playlist: strangers are rows that nobody
// wants, missing are wanted songs that no row shows, those first in whose place a stranger stands.
func Unmatched(items []spotify.Item, want []spotify.URI, aliases map[spotify.URI]spotify.URI) (strangers []spotify.Item, missing []spotify.URI) {
	wanted := make([]spotify.Item, len(want))
	for i, u := range want {
		wanted[i] = spotify.Item{URI: u}
		if a := aliases[u]; a != "" {
			wanted[i] = spotify.Item{URI: a, Track: spotify.Track{LinkedFrom: u}}
		}
	}
	m := pairRows(items, wanted)
	for i, it := range items {
		if m.rowOf[i] < 0 && !it.Opaque() && it.Track.LinkedFrom == "" {
			strangers = append(strangers, it)
		}
	}
	var apart []spotify.URI
	inPlace := make(map[spotify.URI]bool)
	for _, it := range Recognize(items, Recollection{Rows: wanted, WrittenAt: time.Unix(1<<40, 0)}) {
		if it.Track.LinkedFrom != "" {
			inPlace[it.Track.LinkedFrom] = true
		}
	}
	for k, w := range wanted {
		if u := URIOf(w); m.itemOf[k] < 0 && w.Track.LinkedFrom == "" && !slices.Contains(missing, u) && !slices.Contains(apart, u) {
			if inPlace[u] {
				missing = append(missing, u)
			} else {
				apart = append(apart, u)
			}
		}
	}
	return strangers, append(missing, apart...)
}
