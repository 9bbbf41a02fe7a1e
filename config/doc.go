// Package config turns HCL files into what the user wants, and points at the line to fix when it cannot.
//
// A map. From disk to source: load.go. From source to a [Module]: parse.go reads the blocks, pieces.go has
// files and parts of files parsed side by side, blocks.go and playlist.go each kind of block, body.go what a body may hold,
// remarks.go the comments behind songs, address.go how playlists are named, references.go what an expression refers to,
// provenance.go whether that is files or the day, written.go whether its text has changed, besides.go what else is wrong
// with values, order.go in which order things can be worked out, version.go required_version. From a Module to [Desired]: evaluate.go runs it, variables.go gives variables values,
// instances.go makes playlists of blocks, details.go and tracks.go judge their attributes, nothing.go says why a list came
// to nothing and madeof.go what is made of it, needs.go which IDs are missing, identity.go what import, moved and id say.
// console.go works out one expression typed by hand; limits.go is how much may be wanted, desired.go holds the result.
//
// In rooms of their own: functions are what expressions can call, files what they read, meter what it costs; scan looks source
// over before HCL does, textfile makes text of bytes, tracklist reads lists of songs; diag tells what is wrong; lockfile and
// rewrite read and write HCL of ours.
//
// Nothing half-read is ever returned: with one error among the diagnostics the result is nil.
package config
