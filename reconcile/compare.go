package reconcile

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spotsync/spotsync/reconcile/edit"
	"github.com/spotsync/spotsync/spotify"
)

// samePublic compares visibilities; nil is "not told" and equal to nothing but itself.
func samePublic(a, b *bool) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// Row is one row of a playlist in a plan.
type Row struct {
	URI         spotify.URI `json:"uri,omitempty"`          // as the files would name it
	ObservedURI spotify.URI `json:"observed_uri,omitempty"` // as Spotify shows it, where that differs
	Title       string      `json:"title,omitempty"`        // "Artist – Title" where known
	AddedAt     time.Time   `json:"added_at,omitzero"`
	Opaque      bool        `json:"opaque,omitempty"` // seen but not nameable: local, withdrawn, unknown
	Local       bool        `json:"local,omitempty"`
	Null        bool        `json:"null,omitempty"` // Spotify shows no object; URI is the wanted one it was paired with, if any
}

// item is the row as a read of it would show.
func (r Row) item() spotify.Item {
	it := spotify.Item{URI: r.URI, AddedAt: r.AddedAt, Local: r.Local, Null: r.Null, Track: spotify.Track{Title: r.Title}}
	switch {
	case r.Null:
		it.URI = r.ObservedURI
	case r.ObservedURI != "" && r.ObservedURI != r.URI:
		it.URI, it.Track.LinkedFrom = r.ObservedURI, r.URI
	}
	return it
}

// rowsOf turns observed items into rows that can be compared with want. A row that Spotify shows under another URI
// (relinked, or an alias noted in the lock file) gets the wanted one back; a wanted URI that matches nothing is paired
// with an opaque row that stands between the same neighbours, so that a withdrawn track is not inserted for ever.
func rowsOf(items []spotify.Item, want []spotify.URI, aliases map[spotify.URI]spotify.URI) []Row {
	need := count(want)
	rows := make([]Row, len(items))
	take := func(i int, u spotify.URI) bool {
		if u == "" || need[u] == 0 {
			return false
		}
		need[u]--
		rows[i].URI = u
		return true
	}
	var rest []int
	for i, it := range items {
		rows[i] = Row{URI: it.URI, Title: TitleOf(it.Track), AddedAt: it.AddedAt, Opaque: it.Opaque(), Local: it.Local, Null: it.Null}
		switch {
		case it.Null:
			rows[i].ObservedURI = it.URI
			fallthrough
		case rows[i].Opaque:
			if !it.Local && take(i, it.URI) { // a withdrawn row whose URI is still told is the wanted one
				rows[i].Opaque = false
			}
		case !take(i, it.Track.LinkedFrom):
			rest = append(rest, i)
		}
	}
	waiting := make(map[spotify.URI][]spotify.URI) // what is shown under a URI, as wanted, in order
	for _, u := range want {
		waiting[u] = append(waiting[u], u)
		if a := aliases[u]; a != "" && a != u {
			waiting[a] = append(waiting[a], u)
		}
	}
	for _, i := range rest {
		shown := items[i].URI
		if rows[i].URI = URIOf(items[i]); rows[i].URI != shown && take(i, shown) {
			continue // wanted as it is shown
		}
		for len(waiting[shown]) > 0 {
			next := waiting[shown][0]
			waiting[shown] = waiting[shown][1:]
			if take(i, next) {
				break
			}
		}
	}
	for i, it := range items {
		if !rows[i].Opaque && !it.Null && rows[i].URI != it.URI {
			rows[i].ObservedURI = it.URI
		}
	}
	pairOpaque(rows, items, want)
	return rows
}

// pairOpaque gives opaque rows (but for local files, which cannot be wanted) the wanted URI that stands between the
// same neighbours and is nowhere else.
func pairOpaque(rows []Row, items []spotify.Item, want []spotify.URI) {
	if !slices.ContainsFunc(rows, func(r Row) bool { return r.Opaque }) {
		return
	}
	missing := count(want)
	for _, r := range rows {
		if !r.Opaque {
			missing[r.URI]--
		}
	}
	after := make(map[spotify.URI][]int) // where in want each URI stands; "" is the head
	after[""] = []int{-1}
	for i, u := range want {
		after[u] = append(after[u], i)
	}
	for i := 0; i < len(rows); {
		if !rows[i].Opaque {
			i++
			continue
		}
		j := i
		for j < len(rows) && rows[j].Opaque {
			j++
		}
		var before spotify.URI
		if i > 0 {
			before = rows[i-1].URI
		}
		for _, at := range after[before] {
			gap := at + 1
			for gap < len(want) && missing[want[gap]] > 0 {
				gap++
			}
			ends := gap == len(want) && j == len(rows) || gap < len(want) && j < len(rows) && want[gap] == rows[j].URI
			if gap == at+1 || !ends {
				continue
			}
			next := at + 1
			for k := i; k < j && next < gap; k++ {
				if items[k].Local {
					continue
				}
				rows[k].URI, rows[k].ObservedURI, rows[k].Opaque = want[next], items[k].URI, false
				missing[want[next]]--
				next++
			}
			break
		}
		i = j
	}
}

// TitleOf is how people name a track: "Artist – Title", or nothing where that is not known.
func TitleOf(t spotify.Track) string {
	if t.Title == "" || len(t.Artists) == 0 {
		return t.Title
	}
	return strings.Join(t.Artists, ", ") + " – " + t.Title
}

func editRows(rows []Row) []edit.Row {
	out := make([]edit.Row, len(rows))
	for i, r := range rows {
		out[i] = edit.Row{URI: r.URI, Opaque: r.Opaque}
	}
	return out
}

// SameDetails reports whether two descriptions of a playlist agree in everything spotsync manages.
func SameDetails(a, b spotify.Details) bool {
	return !slices.ContainsFunc(Attributes, func(x Attribute) bool { return !x.same(a, b) })
}

// SimilarDetails is SameDetails for what a read shows and what we wrote, which Spotify may show with escapes and other white
// space.
func SimilarDetails(a, b spotify.Details) bool {
	return !slices.ContainsFunc(Attributes, func(x Attribute) bool { return !x.similar(a, b) })
}

// DetailsOf are the managed details of a playlist as Spotify describes it. A description of nothing but spaces is none.
func DetailsOf(p spotify.Playlist) spotify.Details {
	d := spotify.Details{Name: p.Name, Description: p.Description, Public: p.Public, Collaborative: p.Collaborative}
	if blank(d.Description) {
		d.Description = ""
	}
	return d
}

func count[K comparable](list []K) map[K]int {
	n := make(map[K]int, len(list))
	for _, k := range list {
		n[k]++
	}
	return n
}

func sortedKeys[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
