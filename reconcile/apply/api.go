package apply

import (
	"context"

	"github.com/spotsync/spotsync/reconcile/observe"
	"github.com/spotsync/spotsync/spotify"
)

// API is what reconciling needs of Spotify. [spotify.Client] is one.
type API interface {
	observe.Reader
	CreatePlaylist(ctx context.Context, p spotify.NewPlaylist) (spotify.Playlist, error)
	ChangeDetails(ctx context.Context, id spotify.ID, change spotify.DetailsChange) error
	AddItems(ctx context.Context, id spotify.ID, uris []spotify.URI, position int) (spotify.Snapshot, error)
	ReplaceItems(ctx context.Context, id spotify.ID, uris []spotify.URI) (spotify.Snapshot, error)
	MoveItems(ctx context.Context, id spotify.ID, start, n, before int) (spotify.Snapshot, error)
	RemoveItems(ctx context.Context, id spotify.ID, uris []spotify.URI) (spotify.Snapshot, error)
	Save(ctx context.Context, uris ...spotify.URI) error
	Unsave(ctx context.Context, uris ...spotify.URI) error
}

var _ API = (*spotify.Client)(nil)
