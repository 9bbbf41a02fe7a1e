package reconcile

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"time"

	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// SettleWindow is how long after a write of ours reads may show what was before it, and snapshots may wander.
const SettleWindow = 60 * time.Second

// Contents is a picture as a read of the playlist would show it.
func (p *Picture) Contents(id spotify.ID) store.Contents {
	c := store.Contents{ID: id, Snapshot: p.Snapshot, Following: p.Following,
		Details: spotify.Details{Name: p.Name, Description: p.Description, Public: p.Public, Collaborative: p.Collaborative}}
	for _, r := range p.Tracks {
		c.Items = append(c.Items, r.item())
	}
	return c
}

// URIOf is the URI that names a row in a request: the one it was added by, where Spotify shows another.
func URIOf(it spotify.Item) spotify.URI {
	if it.Track.LinkedFrom != "" {
		return it.Track.LinkedFrom
	}
	return it.URI
}

// MarkOf is the state a playlist is in.
func MarkOf(c store.Contents) store.Mark {
	return store.Mark{Items: fingerprint(c.Items), Details: c.Details, Following: c.Following}
}

// fingerprint is equal for two reads that show the same rows in the same order.
func fingerprint(items []spotify.Item) string {
	h := sha256.New()
	for _, it := range items {
		io.WriteString(h, likeness(it)+"\n")
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// likeness is the same for two rows that show the same. A row that Spotify shows under another URI counts as the one that
// was asked for; rows without a URI count as what they are.
func likeness(it spotify.Item) string {
	switch {
	case it.Local:
		return "local"
	case it.Null || it.Opaque():
		return "opaque"
	}
	return string(URIOf(it))
}

// SameItems reports whether two reads of a playlist show the same rows in the same order.
func SameItems(a, b []spotify.Item) bool {
	return slices.EqualFunc(a, b, func(x, y spotify.Item) bool { return likeness(x) == likeness(y) })
}

// OursSince are the states that writes of ours made after files and Spotify last agreed.
func OursSince(written *store.Settling, base *store.Base) []store.Mark {
	if written == nil || base == nil || written.Time.Before(base.Time) {
		return nil
	}
	return written.Ours
}
