package lockfile

import (
	"fmt"

	"github.com/spotsync/spotsync/spotify"
)

// The ways a lock file comes back, for messages.
const (
	wayBack = `bring it back with "git checkout -- %s", or move it away and run "spotsync lock restore", which knows what this computer remembers`
	wayOut  = `mend the line by hand, or ` + wayBack
)

// ParseError reports a file that can't be read as a lock file. Nothing of it was believed.
type ParseError struct {
	Filename string
	Line     int    // 1 for the first; 0 when the whole file is meant
	What     string // what is wrong
	Todo     string // what to do next
}

func (e *ParseError) Error() string {
	return place(e.Filename, e.Line) + ": " + e.What + "; " + e.Todo
}

// VersionError reports a lock file of a format newer than [Version].
type VersionError struct {
	Filename string
	Found    string // as written in the file
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("%s was written by a newer spotsync (its format is version %s, this one knows %d); update spotsync on this computer, nothing was changed",
		e.Filename, e.Found, Version)
}

// DuplicateIDError reports one playlist at two addresses: each would undo what the other does.
type DuplicateIDError struct {
	Filename  string // empty when the lock file was not read but put together
	Line      int    // of the second; 0 when not read
	ID        spotify.ID
	Addresses [2]string
}

func (e *DuplicateIDError) Error() string {
	where := ""
	if e.Filename != "" {
		where = place(e.Filename, e.Line) + ": "
	}
	return fmt.Sprintf(`%s%s and %s are both playlist %s; one playlist can be at one address only: remove the block of the wrong one (nothing is deleted on Spotify)`,
		where, e.Addresses[0], e.Addresses[1], e.ID)
}

func place(filename string, line int) string {
	if line == 0 {
		return filename
	}
	return fmt.Sprintf("%s:%d", filename, line)
}
