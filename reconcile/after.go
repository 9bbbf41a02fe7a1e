package reconcile

import (
	"errors"
	"slices"

	"github.com/spotsync/spotsync/reconcile/edit"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// After is what a playlist that holds c holds, as Spotify shows it, once the edit has happened. names are what the files call
// the songs.
func (e Edit) After(c store.Contents, aliases map[spotify.URI]spotify.URI, names map[spotify.URI]string) (store.Contents, error) {
	next := c
	next.Snapshot = ""
	switch e.Kind {
	case Follow, Unfollow:
		next.Following, next.Snapshot = e.Kind == Follow, c.Snapshot
		return next, nil
	case ChangeDetails:
		if e.Details == nil {
			return next, errors.New("a change of details without details")
		}
		e.Details.set(&next.Details)
		return next, nil
	}
	sent := e.Edit
	if e.Kind == edit.Remove {
		sent.URIs = removes(c.Items, e.URIs)
	}
	items, err := edit.Replay(c.Items, sent, URIOf,
		func(it spotify.Item) bool { return it.Local || it.URI == "" },
		func(u spotify.URI) spotify.Item {
			it := spotify.Item{URI: u, Track: spotify.Track{Title: names[u]}}
			if a := aliases[u]; a != "" && a != u {
				it.URI, it.Track.LinkedFrom = a, u
			}
			return it
		})
	next.Items = items
	return next, err
}

// removes are the rows that a request takes away, by the URIs they were added by: a row is named by every URI it may have.
func removes(items []spotify.Item, uris []spotify.URI) []spotify.URI {
	names := make(map[spotify.URI]bool, len(items))
	shown := make(map[spotify.URI][]spotify.URI)
	for _, it := range items {
		names[URIOf(it)] = true
		if u := URIOf(it); u != it.URI && !slices.Contains(shown[it.URI], u) {
			shown[it.URI] = append(shown[it.URI], u)
		}
	}
	var out []spotify.URI
	add := func(u spotify.URI) {
		if !slices.Contains(out, u) {
			out = append(out, u)
		}
	}
	for _, u := range uris {
		if names[u] {
			add(u)
			continue
		}
		for _, name := range shown[u] {
			add(name)
		}
	}
	return out
}
