// Package reconcile works out what differs between a Spotify account's playlists and what files say. It is pure: no request,
// no disk, no clock; the same input gives the same plan.
//
// A map, in the order data flows:
//
//	observed.go    what was seen of an account
//	identity.go    which playlist an address means, and when that must not be guessed; moves.go gives playlists the names
//	               that moved blocks say, adopt.go deals with what exists already
//	contents.go    what a playlist holds, and when two reads show the same; compare.go when two playlists count as different,
//	               text.go when two texts do
//	relinked.go    finds the rows that Spotify shows as other songs; exchanged.go says which songs somebody may have exchanged
//	learned.go     what was found out of how Spotify takes and shows what the files say
//	withdrawn.go   what Spotify refuses, and for how long it is not asked again; stays.go what it does not remove
//	plan.go        the difference, as data; edits.go is one request of it, after.go what that makes of a playlist
//	attributes.go  the details of a playlist, one list of all that can be said of each
//	planner.go     makes a plan of what is wanted and what is there; diff.go works out one playlist's part
//	guard.go       what a plan may not do: suspect.go leaves alone what may be a mistake in a file, hold.go what is held,
//	               visibility.go refuses what excludes each other; refusal.go says how a refusal is told
//	rollback.go    a plan that puts back what an earlier run changed
//	saved.go       a plan that was kept; wave.go one that is made again for what needs a new playlist's ID
//	result.go      what became of a plan; agreed.go what both sides agree on afterwards, readback.go which texts Spotify may
//	               show otherwise than they were written
//	source.go      names the line to blame; shell.go quotes what people copy
//
// Around it: package observe reads Spotify, apply does a plan, lockstore keeps the lock file, run is the whole way once, and heal
// says what of a plan a daemon may do now. Below it: edit turns one list into another, store keeps what must be remembered.
package reconcile
