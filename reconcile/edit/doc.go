// Package edit turns one list of playlist rows into another with few requests, keeping the dates rows were added.
package edit
