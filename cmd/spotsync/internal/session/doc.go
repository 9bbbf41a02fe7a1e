// Package session is a run of spotsync about one configuration: files, lock file and logins in, plans and what became of them
// out.
//
// A map: session.go opens and closes one, configuration.go reads and evaluates the files. environment.go is which Spotify is
// meant and how an account is talked to, login.go whom a login is for, sandbox.go the Spotify of --sandbox, budget.go what its limits allow. plan.go makes
// a plan, or savedplan.go reads one; titles.go gives its rows names and show.go prints it; ask.go asks, apply.go does it and
// outcome.go says what became of it. kind.go is how a run can end, failure.go how that is told, to people and as JSON. refs.go
// finds the playlist that a person means.
package session
