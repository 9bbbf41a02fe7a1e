// Package apply makes Spotify what a plan says: each change exactly once, and each recorded on disk before the next request.
//
//	api.go       what of Spotify it needs
//	apply.go     the Applier: playlists side by side, and what each run must prepare and remember
//	create.go    making a playlist exactly once
//	write.go     bringing one playlist to what the plan says, one request at a time
//	fresh.go     looks whether a playlist still is what was planned for
//	progress.go  how far the writing of a playlist is, drawn
//	expect.go    writes down what a read should show
//	verify.go    whether a read does, after a lost answer or where edits built on each other
//	refused.go   deals with what Spotify does not take; apart.go finds what makes an insert fail
//	attempts.go  bounds how much is sent
//	finish.go    records what became of it
package apply
