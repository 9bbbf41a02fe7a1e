// Package lockstore keeps the lock file on disk.
//
//	file.go      reads and writes it; what can't be written waits in the state directory and is merged in later
//	readonly_*   tell that the file system is mounted read-only
package lockstore
