package main

import "github.com/spotsync/spotsync/spotify"

// shutUntil says what Spotify wants no requests for, until when, and why if that is known.
func shutUntil(h spotify.Hold) string {
	return h.What() + " until " + h.Until.UTC().Format("2 Jan 2006 15:04:05 UTC") + h.Why()
}
