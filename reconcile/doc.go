// Package reconcile makes a Spotify account's playlists match what files say, and loses nothing on the way.
//
// A map, in the order data flows:
//
//	api.go        what of Spotify this package needs
//	lock.go       the lock file as it counts: the file, plus what could not yet be written to it; readonly_*.go tell when
//	              that is because the file system is mounted read-only
//	observe.go    what is on Spotify now: look.go finds the playlists, read.go what they hold, relinked.go which songs
//	              Spotify has exchanged for others; settle.go decides when a read may be believed after a write
//	identity.go   which playlist an address means, and when that must not be guessed; moves.go gives
//	              playlists the names that moved blocks say, adopt.go deals with what exists already
//	compare.go    when two playlists count as different; text.go when two texts do
//	plan.go       the difference, as data; planner.go makes it of what is wanted and what is there, diff.go works out one playlist's, edits.go is one request of it, saved.go a plan
//	              that was kept; guard.go says what it may not do, suspect.go leaves alone what
//	              may be a mistake in a file, hold.go what is held, visibility.go refuses what excludes each other;
//	              refusal.go says how a refusal is told, shell.go quotes what people copy
//	apply.go      doing it: playlists side by side (sidebyside.go), and what each run must prepare and remember;
//	              wave.go ends a run that plans again what needs a new playlist's ID
//	create.go     making a playlist exactly once
//	write.go      bringing one playlist to what the plan says, one request at a time: fresh.go looks whether it still is
//	              what was planned for, expect.go says what a read should show, verify.go whether it does, refused.go
//	              deals with what Spotify does not take, apart.go finds what makes an insert fail,
//	              source.go names the line to blame, attempts.go bounds how much is sent, finish.go records what became
//	              of it
//	rollback.go   a plan that puts back what an earlier run changed
//
// Package edit, below it, turns one list into another; package store keeps what must be remembered on disk. Above it, package
// run is the whole way once, and package heal says what of a plan a daemon may do now.
package reconcile
