// Command spotsync makes a Spotify account's playlists match HCL files kept in git.
//
// A map: main.go and root.go turn arguments into a command and its error into an exit code (exit.go; crash.go for a fault of
// the program). flags.go are the flags that commands share; help.go explains the commands, and completion.go completes them. The
// commands (commands.go) are one file each, list.go with show and history.go with rollback beside them.
//
// What they do is done in internal: term talks to people, session is a run about a configuration, from its files to what became
// of its plan, and daemon one that goes on. render shows plans, watch sees files change, statuspage and notify tell of a daemon
// over HTTP, words make text.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
)

func main() {
	armCrashes()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // a command lives for a second or so: it need not tidy up so often
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(1 << 30) // unless there is much to keep
	}
	// The first signal ends what can be ended without harm: reading, planning, a question. A request that changes
	// something is finished and recorded first. The second signal ends everything at once.
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithCancel(context.Background())
	stop, now := make(chan struct{}), make(chan struct{})
	go func() {
		<-signals
		close(stop)
		cancel()
		<-signals
		close(now)
	}()
	os.Exit(recovered(os.Stderr, func() int { return execute(ctx, term.New(version(), stop, now), os.Args[1:]) }))
}
