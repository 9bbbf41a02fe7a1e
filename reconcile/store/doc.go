// Package store keeps on disk what spotsync must remember between runs (state) and what saves requests (cache).
//
// A map: types.go holds the nouns; state.go is what one lock file makes this computer remember, with journal.go
// (playlists being created or rewritten), base.go (what files and Spotify last agreed on) and remember.go (every ID an
// address ever had), daemon.go what a daemon remembers between rounds; account.go is what one account does: settling
// writes and cached contents, with history.go for the versions before each run; contents.go is the text that items of
// playlists are on disk; catalog.go is what songs are called; limits.go is when requests may be sent again; lock.go
// makes processes take turns; log.go is the append-only file with a checksum a line, file.go the file written whole;
// fs.go is the disk as this package sees it, os.go the real one and failfs.go one that breaks on demand; dirs.go is
// where it all lives; errors.go what a damaged file is called.
//
// Nothing here reads or writes credentials. Every file may be deleted, cut or damaged by a person: what can be done without
// is then absent, and what cannot is a [CorruptError] that says how to go on.
package store
