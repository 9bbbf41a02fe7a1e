// Package daemon keeps Spotify as the files say for as long as it runs, round after round.
//
// A map: daemon.go is its life, a main loop that does a round (round.go) when something wakes it: a changed file, a signal, the
// page, the clock. report.go makes of a round what the page, the log and the webhook show, warnings.go what it warns of, once.go
// what the command returns with --once. login.go renews a login from the page, systemd.go tells the service manager.
package daemon
