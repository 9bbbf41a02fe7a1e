package session

import (
	"context"
	"maps"
	"slices"

	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/edit"
	"github.com/spotsync/spotsync/reconcile/observe"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// maxLookUps is how many names a run asks Spotify for.
const maxLookUps = 20

// NameSongs gives the rows that a plan changes the names that are not known yet: those an earlier run asked for, and for
// somebody who reads the plan on a terminal, those Spotify tells now. A name is worth a few requests to a person and none
// to a script. Failing to find one is no failure.
func (s *Session) NameSongs(ctx context.Context, p *reconcile.Plan, ask bool) {
	missing := unnamed(p)
	if len(missing) == 0 {
		return
	}
	catalog := store.OpenCatalog(s.World.FS, s.World.CacheDir, s.World.Issuer.Name)
	names := catalog.Tracks()
	if ask {
		found := s.lookUp(ctx, missing, names)
		if len(found) > 0 {
			if err := catalog.Add(found); err != nil {
				s.App.Log.Debug().Err(err).Msg("could not keep names")
			}
		}
	}
	for _, c := range p.Changes {
		for _, pic := range []*reconcile.Picture{c.Before, c.After} {
			if pic == nil {
				continue
			}
			for i, r := range pic.Tracks {
				if t, ok := names[r.URI]; ok && r.Title == "" {
					pic.Tracks[i].Title = reconcile.TitleOf(t)
				}
			}
		}
	}
}

// unnamed are the URIs that a plan adds or removes and that nothing names, in the order they appear.
func unnamed(p *reconcile.Plan) []spotify.URI {
	named := make(map[spotify.URI]bool)
	for _, c := range p.Changes {
		for _, pic := range []*reconcile.Picture{c.Before, c.After} {
			if pic == nil {
				continue
			}
			for _, r := range pic.Tracks {
				if r.Title != "" {
					named[r.URI] = true
				}
			}
		}
	}
	var list []spotify.URI
	for _, c := range p.Changes {
		for _, e := range c.Edits {
			if e.Kind == edit.Move {
				continue
			}
			for _, u := range e.URIs {
				if !named[u] {
					named[u] = true
					list = append(list, u)
				}
			}
		}
	}
	return list
}

// lookUp asks for names, few at most, and adds them to names.
func (s *Session) lookUp(ctx context.Context, uris []spotify.URI, names map[spotify.URI]spotify.Track) map[spotify.URI]spotify.Track {
	found := make(map[spotify.URI]spotify.Track)
	asked := 0
	if len(s.Logins) == 0 {
		return found
	}
	l := s.Logins[slices.Sorted(maps.Keys(s.Logins))[0]] // any account can ask
	for _, u := range uris {
		if _, known := names[u]; known || asked == maxLookUps {
			continue
		}
		asked++
		ref, err := spotify.ParseRef(string(u))
		if err != nil {
			continue
		}
		var t spotify.Track
		if ref.Kind == spotify.KindEpisode {
			t, err = l.Client.Episode(ctx, ref.ID)
		} else {
			t, err = l.Client.Track(ctx, ref.ID)
		}
		if err != nil {
			s.App.Log.Debug().Err(err).Msg("could not look up a name")
			if observe.StopsRun(err) {
				return found
			}
			continue
		}
		found[u], names[u] = t, t
	}
	return found
}
