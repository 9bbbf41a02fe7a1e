// Package config turns HCL files into what the user wants, and points at the line to fix when it cannot.
//
// A map. From disk to source: load.go. From source to a [Module]: parse.go reads the blocks, blocks.go and playlist.go each
// kind of block, body.go what a body may hold, address.go how playlists are named, references.go what an expression refers
// to, order.go in which order things can be worked out, limits.go how much a file may ask of the computer, version.go
// required_version. From a Module to [Desired]: evaluate.go, variables.go, details.go and tracks.go. functions.go and files.go
// are what expressions can call and read, console.go one expression by hand, suggest.go the "did you mean", and
// diagnostics.go and report.go how all of it is told to people and programs. desired.go holds the result.
//
// Nothing half-read is ever returned: with one error among the diagnostics the result is nil.
package config
