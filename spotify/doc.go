// Package spotify is a client for the playlist part of the Spotify Web API.
//
// A map: client.go sends a request until there is an outcome, attempt.go sends it once, retry.go says how long to wait;
// playlists.go, library.go and catalog.go are the routes, paging.go reads whole listings; decode.go reads answers of
// every shape Spotify has sent; errors.go names what can go wrong and what to do about it; group.go says which routes
// share a quota, limiter.go keeps requests within what Spotify allows, and allowance.go finds out how much that is;
// ref.go reads URIs, links and IDs, text.go and isrc.go bring text and ISRCs into one form; types.go holds the nouns.
// Package sandbox, below it, is a Spotify that lives in memory.
package spotify
