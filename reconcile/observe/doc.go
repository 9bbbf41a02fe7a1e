// Package observe reads what is on Spotify now, and decides when a read may be believed after a write. It changes nothing.
//
//	reader.go    what of Spotify it needs
//	observe.go   the Observer of one account, and what it looks at only because of what it saw
//	library.go   which playlists there are, by listing the library or by asking for a few
//	read.go      what they hold; a playlist that takes several requests is read until nothing changes meanwhile
//	relinked.go  looks up songs that Spotify may show as others
//	settle.go    compares a read with our recent writes, and reads again while it lags
//	parallel.go  playlists side by side
package observe
