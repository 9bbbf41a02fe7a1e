package spotify

import "net/http"

// Group is a set of routes that Spotify counts together: a quota that is used up shuts one group, and the others go on
// working. Spotify does not tell how it groups its routes; these are the buckets that clients have met.
type Group string

// The groups. Each route belongs to exactly one.
const (
	GroupPlaylists    Group = "playlists"     // what is in playlists and what they are called, read and written
	GroupCovers       Group = "covers"        // setting the picture of a playlist, which has a limit of its own
	GroupLikes        Group = "likes"         // the list of liked songs
	GroupLibrary      Group = "library"       // the other lists of the library, and what is saved to it and removed from it
	GroupSearch       Group = "search"        // searching
	GroupArtistAlbums Group = "artist_albums" // an artist's list of albums
	GroupTracks       Group = "tracks"        // one song
	GroupLookups      Group = "lookups"       // one album, artist, show or episode, and lists of what they hold
	GroupAccount      Group = "account"       // who is logged in

	everything Group = "" // a rate limit counts all requests of an app
)

// Groups are all of them, in the order in which people are told.
func Groups() []Group {
	return []Group{GroupPlaylists, GroupCovers, GroupLikes, GroupLibrary, GroupSearch, GroupArtistAlbums, GroupTracks, GroupLookups, GroupAccount}
}

// Doing is what the routes of a group are asked for, to go before "is shut": "reading and writing playlists". For the group
// of none it is everything.
func (g Group) Doing() string {
	switch g {
	case GroupPlaylists:
		return "reading and writing playlists"
	case GroupCovers:
		return "setting covers"
	case GroupLikes:
		return "reading liked songs"
	case GroupLibrary:
		return "reading and changing the library"
	case GroupSearch:
		return "searching"
	case GroupArtistAlbums:
		return "listing the albums of artists"
	case GroupTracks:
		return "looking up songs"
	case GroupLookups:
		return "looking up albums, artists and shows"
	case GroupAccount:
		return "asking who is logged in"
	}
	return "everything"
}

// groupOf is the group of a route, and false for a route that has none yet.
func groupOf(method, route string) (Group, bool) {
	switch route {
	case "/me":
		return GroupAccount, true
	case "/me/playlists", "/playlists/{id}", "/playlists/{id}/items":
		return GroupPlaylists, true
	case "/playlists/{id}/images":
		if method == http.MethodGet {
			return GroupPlaylists, true
		}
		return GroupCovers, true
	case "/me/tracks":
		return GroupLikes, true
	case "/me/library", "/me/library/contains", "/me/albums", "/me/episodes", "/me/shows", "/me/audiobooks", "/me/following",
		"/me/top/tracks", "/me/top/artists", "/me/player/recently-played":
		return GroupLibrary, true
	case "/search":
		return GroupSearch, true
	case "/artists/{id}/albums":
		return GroupArtistAlbums, true
	case "/tracks/{id}":
		return GroupTracks, true
	case "/albums/{id}", "/albums/{id}/tracks", "/artists/{id}", "/shows/{id}", "/shows/{id}/episodes", "/episodes/{id}":
		return GroupLookups, true
	}
	return GroupLookups, false
}

func (r request) group() Group {
	g, _ := groupOf(r.method, r.route)
	return g
}
