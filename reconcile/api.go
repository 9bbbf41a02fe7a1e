package reconcile

import (
	"context"

	"github.com/spotsync/spotsync/spotify"
)

// API is what reconciling needs of Spotify. [spotify.Client] is one.
type API interface {
	Reader
	CreatePlaylist(ctx context.Context, p spotify.NewPlaylist) (spotify.Playlist, error)
	ChangeDetails(ctx context.Context, id spotify.ID, change spotify.DetailsChange) error
	AddItems(ctx context.Context, id spotify.ID, uris []spotify.URI, position int) (spotify.Snapshot, error)
	ReplaceItems(ctx context.Context, id spotify.ID, uris []spotify.URI) (spotify.Snapshot, error)
	MoveItems(ctx context.Context, id spotify.ID, start, n, before int) (spotify.Snapshot, error)
	RemoveItems(ctx context.Context, id spotify.ID, uris []spotify.URI) (spotify.Snapshot, error)
	Save(ctx context.Context, uris ...spotify.URI) error
	Unsave(ctx context.Context, uris ...spotify.URI) error
}

// Reader is the part of [API] that changes nothing.
type Reader interface {
	Playlists(ctx context.Context) ([]spotify.Playlist, error)
	Playlist(ctx context.Context, id spotify.ID) (spotify.Playlist, error)
	FullPlaylist(ctx context.Context, id spotify.ID) (spotify.FullPlaylist, error)
	Items(ctx context.Context, id spotify.ID) ([]spotify.Item, error)
	Contains(ctx context.Context, uris ...spotify.URI) ([]bool, error)
	Track(ctx context.Context, id spotify.ID) (spotify.Track, error)
	Episode(ctx context.Context, id spotify.ID) (spotify.Track, error)
}

var _ API = (*spotify.Client)(nil)
