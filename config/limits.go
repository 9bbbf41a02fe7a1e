package config

// What a configuration may want, far above what a person writes.
const (
	maxInstances = 1000      // of one block with for_each
	maxItems     = 10_000    // of one playlist: Spotify's limit
	maxAllItems  = 1_000_000 // of all playlists together
)
