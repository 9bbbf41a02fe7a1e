package main

import (
	"fmt"
	"time"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/spotify"
)

// stopsPlaylists reports whether a hold keeps playlists from being read and written, and not only what some of them need.
func stopsPlaylists(h spotify.Hold) bool {
	return h.Group == "" || h.Group == spotify.GroupPlaylists
}

// shutUntil says what Spotify wants no requests for, until when, and why if that is known.
func shutUntil(h spotify.Hold) string {
	return shutFor(h) + " until " + h.Until.UTC().Format("2 Jan 2006 15:04:05 UTC") + shutBecause(h)
}

func shutFor(h spotify.Hold) string {
	if h.Group == "" {
		return "Spotify wants no requests"
	}
	return h.Group.Doing() + " is shut"
}

func shutBecause(h spotify.Hold) string {
	if h.Quota() {
		return ": Spotify's quota for it is used up"
	}
	return ""
}

// shutMinute is shutUntil to the minute, as a sentence.
func shutMinute(h spotify.Hold) string {
	return fmt.Sprintf("%s until %s%s.", words.Capital(shutFor(h)), h.Until.UTC().Format("2 Jan, 15:04 UTC"), shutBecause(h))
}

// stillShut are the holds that are not over.
func stillShut(holds []spotify.Hold, now time.Time) (left []spotify.Hold) {
	for _, h := range holds {
		if h.Until.After(now) {
			left = append(left, h)
		}
	}
	return left
}
