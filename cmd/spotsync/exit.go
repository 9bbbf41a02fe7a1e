package main

import "github.com/spotsync/spotsync/cmd/spotsync/internal/session"

// The exit codes. docs/exit-codes.md explains them; they are kept stable.
const (
	exitOK          = 0
	exitError       = 1
	exitDifferences = 2 // with --detailed-exitcode
	exitPartly      = 3
	exitLogin       = 4
	exitLater       = 5
	exitRefused     = 6
	exitInterrupted = 130
)

// exitCode is what an error means to a script.
func exitCode(err error) int {
	return map[session.Kind]int{session.KindOK: exitOK, session.KindError: exitError, session.KindDifferences: exitDifferences, session.KindPartly: exitPartly,
		session.KindLogin: exitLogin, session.KindLater: exitLater, session.KindRefused: exitRefused, session.KindInterrupted: exitInterrupted}[session.KindOf(err)]
}
