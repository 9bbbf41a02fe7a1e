// Package diag is what is wrong with files, from an error at a place in one to what people and programs read of it.
//
// A map: diagnostics.go makes them, puts them in order and says each once; report.go writes them for people, with the line
// quoted, and as JSON; enclosing.go finds the block that a place is in, suggest.go the name that was meant, values.go the words
// for a value.
package diag
