package reconcile

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// Spotify may show a song as another one: as the twin that can be played in the account's country, and to newer apps
// without saying so. Dates tell the two apart from what people do: whoever puts a song into a playlist gives it the date of
// that moment, so a row that is as old as one that was there before, and was not there under this URI, is that one.
// Recognize finds those rows and sets their LinkedFrom, as Spotify itself does for older apps; from there on both are one.

// Recollection is what is known of the rows of a playlist before it is read.
type Recollection struct {
	Rows      []spotify.Item // those without a date are ours: we wrote them, and never read them
	WrittenAt time.Time      // when we last wrote items
	Refuted   map[spotify.URI]spotify.URI
	Before    []spotify.Item // shown before our writes, so they are themselves: a read may lag, or a write not have happened
	KnownOnly bool           // nothing new is to be concluded: only what was recognized before counts
}

// shows reports whether a row was there before our writes. A row without a date may be of any.
func (r Recollection) shows(it spotify.Item) bool {
	return slices.ContainsFunc(r.Before, func(h spotify.Item) bool {
		return h.URI == it.URI && (h.AddedAt.IsZero() || h.AddedAt.Equal(it.AddedAt))
	})
}

// Recollect is what a base remembers.
func Recollect(b *store.Base) Recollection {
	if b == nil {
		return Recollection{}
	}
	r := Recollection{Rows: b.Contents.Items, WrittenAt: b.Time, Refuted: b.Refuted}
	if !b.Wrote.IsZero() {
		r.WrittenAt = b.Wrote
	}
	return r
}

// Recognize gives each row that Spotify shows under another URI the one it was added by.
func Recognize(items []spotify.Item, was Recollection) []spotify.Item {
	if len(was.Rows) == 0 || len(items) == 0 {
		return items
	}
	m := pairRows(items, was.Rows)
	out := slices.Clone(items)
	if !was.KnownOnly {
		latest := m.latest(was)
		for pair := range m.gaps(latest) {
			m.pairGap(pair.items, pair.rows, latest, was)
		}
		m.pairByDate()
	}
	for i := range out {
		k := m.rowOf[i]
		if k < 0 || out[i].Track.LinkedFrom != "" || out[i].Opaque() || was.Rows[k].Opaque() {
			continue
		}
		if name := URIOf(was.Rows[k]); name != out[i].URI {
			out[i].Track.LinkedFrom = name
		}
	}
	return out
}

// pairing says which row that was known each row of a read is.
type pairing struct {
	items, rows []spotify.Item
	rowOf       []int // by item; -1: none
	itemOf      []int // by row; -1: none
}

func (m *pairing) set(i, k int) { m.rowOf[i], m.itemOf[k] = k, i }

// pairRows pairs rows that have the same URI: the one that is shown, else the one they were added by. Of several copies
// those belong together that have the same neighbours.
func pairRows(items, rows []spotify.Item) *pairing {
	m := &pairing{items: items, rows: rows, rowOf: slices.Repeat([]int{-1}, len(items)), itemOf: slices.Repeat([]int{-1}, len(rows))}
	shown := func(it spotify.Item) spotify.URI { return it.URI }
	told := func(it spotify.Item) spotify.URI { return it.Track.LinkedFrom }
	untold := func(it spotify.Item) spotify.URI {
		if it.Track.LinkedFrom != "" {
			return ""
		}
		return it.URI
	}
	for _, keys := range [...]struct {
		item, row func(spotify.Item) spotify.URI
	}{{told, URIOf}, {untold, shown}, {untold, URIOf}} {
		free := make(map[spotify.URI][]int)
		for k, r := range rows {
			if u := keys.row(r); m.itemOf[k] < 0 && u != "" {
				free[u] = append(free[u], k)
			}
		}
		asked := make(map[spotify.URI][]int)
		var order []spotify.URI
		for i, it := range items {
			if u := keys.item(it); m.rowOf[i] < 0 && u != "" && len(free[u]) > 0 {
				if asked[u] == nil {
					order = append(order, u)
				}
				asked[u] = append(asked[u], i)
			}
		}
		for _, u := range order {
			m.pairCopies(asked[u], free[u])
		}
	}
	return m
}

// pairCopies pairs rows of one URI: those with the same neighbours on both sides first, then on one, then in order.
func (m *pairing) pairCopies(items, rows []int) {
	if len(items) == 1 && len(rows) == 1 {
		m.set(items[0], rows[0])
		return
	}
	type context [2]spotify.URI
	of := func(list []spotify.Item, i int, side [2]bool) context {
		var c context
		if side[0] {
			c[0] = neighbour(list, i-1)
		}
		if side[1] {
			c[1] = neighbour(list, i+1)
		}
		return c
	}
	for _, sides := range [][2]bool{{true, true}, {true, false}, {false, true}, {false, false}} {
		free := make(map[context][]int)
		for _, k := range rows {
			if m.itemOf[k] < 0 {
				c := of(m.rows, k, sides)
				free[c] = append(free[c], k)
			}
		}
		for _, i := range items {
			if m.rowOf[i] >= 0 {
				continue
			}
			if c := of(m.items, i, sides); len(free[c]) > 0 {
				m.set(i, free[c][0])
				free[c] = free[c][1:]
			}
		}
	}
}

// neighbour names the row at i, and the ends of the list.
func neighbour(items []spotify.Item, i int) spotify.URI {
	switch {
	case i < 0:
		return "head"
	case i >= len(items):
		return "tail"
	}
	return URIOf(items[i])
}

// latest is how new a row can be that is ours. Where this computer's clock is behind Spotify's, the rows of ours tell it.
func (m *pairing) latest(was Recollection) time.Time {
	latest := was.WrittenAt.Truncate(time.Second)
	var newest time.Time
	for k, i := range m.itemOf {
		if i < 0 || !was.Rows[k].AddedAt.IsZero() || m.items[i].AddedAt.IsZero() {
			continue
		}
		if !m.items[i].AddedAt.After(latest) {
			return latest
		}
		if m.items[i].AddedAt.After(newest) {
			newest = m.items[i].AddedAt
		}
	}
	if newest.IsZero() {
		return latest
	}
	return newest
}

// gap is a stretch of rows of a read and one of rows that were known, neither paired, between the same neighbours.
type gap struct{ items, rows []int }

// gaps yields the gaps, leaving out what somebody has put in between since.
func (m *pairing) gaps(latest time.Time) func(yield func(gap) bool) {
	return func(yield func(gap) bool) {
		var missing [][]int
		from := make(map[int]int) // the row before a run, or after it as its negative less one, to the run
		for k := 0; k < len(m.rows); k++ {
			var list []int
			start := k
			for k < len(m.rows) && m.itemOf[k] < 0 {
				list = append(list, k)
				k++
			}
			if len(list) > 0 {
				missing = append(missing, list)
				from[start-1], from[-k-2] = len(missing), len(missing)
			}
		}
		if len(missing) == 0 {
			return
		}
		var strangers []int
		before := -1 // the row before the strangers
		flush := func(after int) bool {
			defer func() { strangers, before = nil, after }()
			if len(strangers) == 0 {
				return true
			}
			at := from[before]
			if at == 0 {
				at = from[-after-2]
			}
			return at == 0 || yield(gap{strangers, missing[at-1]})
		}
		for i, it := range m.items {
			switch {
			case m.rowOf[i] >= 0:
				if !flush(m.rowOf[i]) {
					return
				}
			case it.Opaque() || it.Track.LinkedFrom != "" || it.AddedAt.After(latest):
			default:
				strangers = append(strangers, i)
			}
		}
		flush(len(m.rows))
	}
}

// pairGap pairs what stands in a gap. As many rows as there were are those, in order; of fewer or more those that prove it.
func (m *pairing) pairGap(items, rows []int, latest time.Time, was Recollection) {
	if len(items) == len(rows) {
		for j, i := range items {
			if k := rows[j]; m.itemOf[k] < 0 && m.mayBe(i, k, latest) && !was.shows(m.items[i]) && was.Refuted[URIOf(m.rows[k])] != m.items[i].URI {
				m.set(i, k)
			}
		}
		return
	}
	for _, i := range items {
		for _, k := range rows {
			if m.itemOf[k] < 0 && m.mayBe(i, k, latest) && !was.shows(m.items[i]) && SameRecording(m.rows[k].Track, m.items[i].Track) {
				m.set(i, k)
				break
			}
		}
	}
}

// mayBe reports whether by its date the row of a read can be one that was known.
func (m *pairing) mayBe(i, k int, latest time.Time) bool {
	it, was := m.items[i], m.rows[k]
	switch {
	case was.Opaque() || kindOf(it.URI) != kindOf(was.URI):
		return false
	case it.AddedAt.IsZero():
		return SameRecording(was.Track, it.Track)
	case !was.AddedAt.IsZero():
		return it.AddedAt.Equal(was.AddedAt)
	}
	return !it.AddedAt.After(latest)
}

// pairByDate pairs rows that were read before wherever they stand now, by their date and what they are called.
func (m *pairing) pairByDate() {
	free := make(map[int64][]int)
	for k, r := range m.rows {
		if m.itemOf[k] < 0 && !r.Opaque() && !r.AddedAt.IsZero() {
			free[r.AddedAt.Unix()] = append(free[r.AddedAt.Unix()], k)
		}
	}
	for i, it := range m.items {
		if m.rowOf[i] >= 0 || it.Opaque() || it.AddedAt.IsZero() || it.Track.LinkedFrom != "" {
			continue
		}
		for _, k := range free[it.AddedAt.Unix()] {
			if m.itemOf[k] < 0 && SameRecording(m.rows[k].Track, it.Track) {
				m.set(i, k)
				break
			}
		}
	}
}

func kindOf(u spotify.URI) string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(string(u), "spotify:"), ":")
	return kind
}

// LearnAliases notes which wanted URIs a read shows as others; raw are the rows as they were read, named those that were
// recognized.
func (c *Change) LearnAliases(raw, named []spotify.Item) {
	if c.Desired != nil {
		c.Learned = c.Learned.With(learnedFrom(raw, named, c.Desired.Tracks))
	}
}

// learnedFrom are the wanted URIs that rows show as others, where Spotify did not say so itself.
func learnedFrom(raw, named []spotify.Item, want []spotify.URI) Learned {
	wanted := count(want)
	var learned map[spotify.URI]spotify.URI
	for i, it := range named {
		if u := it.Track.LinkedFrom; u != "" && u != it.URI && raw[i].Track.LinkedFrom == "" && wanted[u] > 0 {
			if learned == nil {
				learned = make(map[spotify.URI]spotify.URI)
			}
			learned[u] = it.URI
		}
	}
	return Learned{Aliases: learned}
}

// sameLength is how much two forms of one recording may differ in length.
const sameLength = 10_000 // milliseconds

// SameRecording reports whether two tracks are known to be one recording: by URI, by ISRC, or by title and artists.
func SameRecording(t, twin spotify.Track) bool {
	if t.URI != "" && t.URI == twin.URI {
		return true
	}
	lengths := t.DurationMS > 0 && twin.DurationMS > 0
	apart := lengths && math.Abs(float64(t.DurationMS-twin.DurationMS)) > sameLength
	if code := spotify.NormalISRC(t.ISRC); code != "" && code == spotify.NormalISRC(twin.ISRC) {
		return !apart || strings.EqualFold(t.Title, twin.Title) // labels give the movements of a symphony one ISRC
	}
	return t.Title != "" && !apart && strings.EqualFold(t.Title, twin.Title) && slices.EqualFunc(t.Artists, twin.Artists, strings.EqualFold)
}

// OtherRecording reports whether two tracks are known to be different ones. Not knowing is not enough: what Spotify
// plays instead may have another code, or another title.
func OtherRecording(t, twin spotify.Track) bool {
	a, b := spotify.NormalISRC(t.ISRC), spotify.NormalISRC(twin.ISRC)
	return !SameRecording(t, twin) && a != "" && b != "" && t.Title != "" && twin.Title != ""
}
