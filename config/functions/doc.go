// Package functions has what expressions can call.
//
// A map: functions.go is the table of all. lists.go has those on lists, tracks.go those on songs, dates.go those on dates,
// values.go and json.go those that take texts apart, files.go those that read; readings.go remembers what was read, so that a
// damaged file is never taken for an empty one. What each costs is in config/meter.
package functions
