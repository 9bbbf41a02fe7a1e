package main

import (
	"fmt"
	"io"
	"runtime/debug"
)

// armCrashes has whatever ends the process from within end it by a signal (on Windows an exception). By itself Go exits
// with 2 after a panic in any goroutine, a stack that is exhausted, memory that can't be had or SIGQUIT, and 2 tells scripts
// that there are differences. No core is written: it would hold tokens.
func armCrashes() {
	forbidCores()
	debug.SetTraceback("crash")
}

// recovered makes a panic of the main goroutine an error like any other.
func recovered(w io.Writer, do func() int) (code int) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(w, "Error: The program crashed, which is a fault of its own: %v\nWhat was done is recorded. Please report this with all that follows.\n\n%s", r, debug.Stack())
			code = exitError
		}
	}()
	return do()
}
