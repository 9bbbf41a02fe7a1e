// Package reconcile makes a Spotify account's playlists match what files say, and loses nothing on the way.
//
// A map, in the order data flows:
//
//	api.go        what of Spotify this package needs
//	lock.go       the lock file as it counts: the file, plus what could not yet be written to it
//	observe.go    what is on Spotify now; settle.go decides when a read may be believed after a write
//	identity.go   which playlist an address means, and when that must not be guessed
//	compare.go    when two playlists count as different
//	plan.go       the difference, as data; document.go is its JSON; guard.go says what it may not do
//	apply.go      doing it: freshness, history, one write at a time; create.go and write.go are its two delicate halves
//	rollback.go   a plan that puts back what an earlier run changed
//
// Package edit, below it, turns one list into another; package store keeps what must be remembered on disk.
package reconcile
