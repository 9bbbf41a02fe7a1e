// Command spotsync makes a Spotify account's playlists match HCL files kept in git.
//
// A map: main.go and root.go turn arguments into a command and its error into an exit code (exit.go; crash.go for a fault of the program). The commands
// (commands.go) are one file each, list.go with show and history.go with rollback beside them; help.go explains them.
// session.go draws the pipeline once: files, lock file, login (world.go, with embedded.go for --sandbox), what is on
// Spotify and the plan (planning.go, or savedplan.go), doing it (applying.go) and what became of it (outcome.go).
// refs.go says which playlist a person means. render*.go show a plan to people, naming.go with the names of songs,
// progress.go how far the work is, budget.go how long Spotify's limits make it; streams.go says what goes where.
//
// The daemon is daemon.go: a main loop that does a round (daemon_round.go) when something wakes it, such as a change that
// watch*.go saw. daemon_status.go is what is to be seen of it, daemon_view.go makes that of a round; serve*.go show it over
// HTTP, page.go to people and metrics.go to Prometheus, notify.go posts it, systemd.go tells the service manager.
// daemon_login.go renews a login from the page, daemon_check.go asks another daemon whether it is alive.
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
