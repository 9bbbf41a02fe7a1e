// Package term is what a command is started with and how it talks to people: streams, the terminal, global flags, the log.
//
// A map: term.go is the App itself, with its questions; settings.go are the flags of all commands, and the log that they ask
// for; messages.go what is said on Err, progress.go the line below it that tells how far the work is; answer.go is the JSON on
// Out.
package term
