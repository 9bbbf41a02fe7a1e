package reconcile

import (
	"slices"
	"time"

	"github.com/spotsync/spotsync/spotify"
)

// Spotify refuses some songs: it answers 404 for a withdrawn one, and 502 for a withdrawn episode. The lock file notes them,
// and a plan names them no more until it is time to try again.

// RetryWithdrawn is how long a URI that Spotify refused is left alone before it is tried again.
const RetryWithdrawn = 7 * 24 * time.Hour

// askable splits want into what may be asked of Spotify and what it refused lately. A refused URI that is there all
// the same stays wanted.
func askable(want []spotify.URI, items []spotify.Item, withdrawn map[spotify.URI]time.Time, now time.Time) (ask, refused []spotify.URI) {
	if len(withdrawn) == 0 {
		return want, nil
	}
	there := make(map[spotify.URI]bool, len(items))
	for _, it := range items {
		there[it.URI] = true
	}
	for _, u := range want {
		if tried, ok := withdrawn[u]; ok && !there[u] && now.Sub(tried) < RetryWithdrawn {
			refused = append(refused, u)
			continue
		}
		ask = append(ask, u)
	}
	return ask, refused
}

// aroundRefused makes a list that can be reached without naming what Spotify refuses. Of a refused song that is in the
// playlist as many copies stay as are there: a further one could not be added, and a remove would take all of them away.
// stuck reports whether there is such a song; then nothing can be replaced.
func (d *difference) aroundRefused(rows []Row, want []spotify.URI, withdrawn map[spotify.URI]time.Time, now time.Time) (_ []Row, _ []spotify.URI, stuck bool) {
	there, wanted := make(map[spotify.URI]int), count(want)
	for _, r := range rows {
		tried, refused := withdrawn[r.URI]
		if refused && !r.Opaque && wanted[r.URI] > 0 && now.Sub(tried) < RetryWithdrawn {
			there[r.URI]++
		}
	}
	if len(there) == 0 {
		return rows, want, false
	}
	rows = slices.Clone(rows)
	for _, u := range sortedKeys(there) {
		if there[u] != wanted[u] {
			d.stays = append(d.stays, u)
		}
		for i := len(rows) - 1; i >= 0 && there[u] > wanted[u]; i-- {
			if rows[i].URI == u && !rows[i].Opaque {
				rows[i].Opaque = true // keeps its place after its predecessor
				there[u]--
			}
		}
	}
	var most []spotify.URI
	for _, u := range want {
		if n, refused := there[u]; refused {
			if n == 0 {
				continue
			}
			there[u]--
		}
		most = append(most, u)
	}
	return rows, most, true
}
