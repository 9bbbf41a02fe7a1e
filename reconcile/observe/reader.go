package observe

import (
	"context"

	"github.com/spotsync/spotsync/spotify"
)

// Reader is what observing needs of Spotify. It changes nothing. [spotify.Client] is one.
type Reader interface {
	Playlists(ctx context.Context) ([]spotify.Playlist, error)
	Playlist(ctx context.Context, id spotify.ID) (spotify.Playlist, error)
	FullPlaylist(ctx context.Context, id spotify.ID) (spotify.FullPlaylist, error)
	Items(ctx context.Context, id spotify.ID) ([]spotify.Item, error)
	Contains(ctx context.Context, uris ...spotify.URI) ([]bool, error)
	Track(ctx context.Context, id spotify.ID) (spotify.Track, error)
	Episode(ctx context.Context, id spotify.ID) (spotify.Track, error)
}

var _ Reader = (*spotify.Client)(nil)
