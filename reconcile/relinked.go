package reconcile

import (
	"context"
	"fmt"
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
// recognized finds those rows and sets their LinkedFrom, as Spotify itself does for older apps; from there on both are one.

// recollection is what is known of the rows of a playlist before it is read.
type recollection struct {
	rows    []spotify.Item // those without a date are ours: we wrote them, and never read them
	at      time.Time      // when we last wrote items
	refuted map[spotify.URI]spotify.URI
	had     []spotify.Item // shown before our writes, so they are themselves: a read may lag, or a write not have happened
	known   bool           // nothing new is to be concluded: only what was recognized before counts
}

// shows reports whether a row was there before our writes. A row without a date may be of any.
func (r recollection) shows(it spotify.Item) bool {
	return slices.ContainsFunc(r.had, func(h spotify.Item) bool {
		return h.URI == it.URI && (h.AddedAt.IsZero() || h.AddedAt.Equal(it.AddedAt))
	})
}

// recollect is what a base remembers.
func recollect(b *store.Base) recollection {
	if b == nil {
		return recollection{}
	}
	r := recollection{rows: b.Contents.Items, at: b.Time, refuted: b.Refuted}
	if !b.Wrote.IsZero() {
		r.at = b.Wrote
	}
	return r
}

// recognized gives each row that Spotify shows under another URI the one it was added by.
func recognized(items []spotify.Item, was recollection) []spotify.Item {
	if len(was.rows) == 0 || len(items) == 0 {
		return items
	}
	m := pairRows(items, was.rows)
	out := slices.Clone(items)
	if !was.known {
		latest := m.latest(was)
		for pair := range m.gaps(latest) {
			m.pairGap(pair.items, pair.rows, latest, was)
		}
		m.pairByDate()
	}
	for i := range out {
		k := m.rowOf[i]
		if k < 0 || out[i].Track.LinkedFrom != "" || out[i].Opaque() || was.rows[k].Opaque() {
			continue
		}
		if name := uriOf(was.rows[k]); name != out[i].URI {
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
	}{{told, uriOf}, {untold, shown}, {untold, uriOf}} {
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
	return uriOf(items[i])
}

// latest is how new a row can be that is ours. Where this computer's clock is behind Spotify's, the rows of ours tell it.
func (m *pairing) latest(was recollection) time.Time {
	latest := was.at.Truncate(time.Second)
	var newest time.Time
	for k, i := range m.itemOf {
		if i < 0 || !was.rows[k].AddedAt.IsZero() || m.items[i].AddedAt.IsZero() {
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
func (m *pairing) pairGap(items, rows []int, latest time.Time, was recollection) {
	if len(items) == len(rows) {
		for j, i := range items {
			if k := rows[j]; m.itemOf[k] < 0 && m.mayBe(i, k, latest) && !was.shows(m.items[i]) && was.refuted[uriOf(m.rows[k])] != m.items[i].URI {
				m.set(i, k)
			}
		}
		return
	}
	for _, i := range items {
		for _, k := range rows {
			if m.itemOf[k] < 0 && m.mayBe(i, k, latest) && !was.shows(m.items[i]) && sameRecording(m.rows[k].Track, m.items[i].Track) {
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
		return sameRecording(was.Track, it.Track)
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
			if m.itemOf[k] < 0 && sameRecording(m.rows[k].Track, it.Track) {
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

// learnedFrom are the wanted URIs that rows show as others, where Spotify did not say so itself.
func learnedFrom(raw, named []spotify.Item, want []spotify.URI) map[spotify.URI]spotify.URI {
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
	return learned
}

// sameLength is how much two forms of one recording may differ in length.
const sameLength = 10_000 // milliseconds

// sameRecording reports whether two tracks are known to be one recording: by URI, by ISRC, or by title and artists.
func sameRecording(t, twin spotify.Track) bool {
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

// otherRecording reports whether two tracks are known to be different ones. Not knowing is not enough: what Spotify
// plays instead may have another code, or another title.
func otherRecording(t, twin spotify.Track) bool {
	a, b := spotify.NormalISRC(t.ISRC), spotify.NormalISRC(twin.ISRC)
	return !sameRecording(t, twin) && a != "" && b != "" && t.Title != "" && twin.Title != ""
}

// maxTwins is how many tracks a run looks up to tell whether Spotify shows them as others; three times as many where somebody
// has exchanged one.
const maxTwins = 20

// relinked looks up what dates don't tell. Where somebody may have edited the playlist since we wrote to it, a song of ours
// that was never read may have been exchanged within the second: if it is another recording, it was. And where nothing is
// remembered, as on another computer, a song in the place of a wanted one is its twin if it is the same recording.
func (o *Observer) relinked(ctx context.Context, seen *Observed, in Input) error {
	q := twins{o: o, ctx: ctx, asked: make(map[spotify.URI]*spotify.Track)}
	for _, block := range in.Desired.Playlists {
		if !block.HasTracks || block.Account != o.Label || !in.targeted(block.Address) {
			continue
		}
		id, address := in.meant(block, seen)
		s, found := seen.Seen[id]
		if !found || s.Presence != Present && s.Presence != Absent || s.Expected && !s.reread {
			continue
		}
		var want []spotify.URI
		for _, e := range block.Tracks {
			want = append(want, e.URI)
		}
		var err error
		if base, ok := in.Bases[address]; ok && base.Contents.ID == id {
			err = q.refute(&s, base, want)
		} else {
			err = q.confirm(&s, in.Lock.Playlists[address].Aliases, want)
		}
		if err != nil {
			return err
		}
		seen.Seen[id] = s
	}
	return nil
}

// twins asks about songs that may be shown as others.
type twins struct {
	o     *Observer
	ctx   context.Context
	asked map[spotify.URI]*spotify.Track // nil: could not be looked up
	other int                            // songs that were exchanged
}

// track is a song as Spotify describes it; nil where that can't be found out, or enough was asked.
func (q *twins) track(u spotify.URI) (*spotify.Track, error) {
	if t, ok := q.asked[u]; ok {
		return t, nil
	}
	ref, err := spotify.ParseRef(string(u))
	if err != nil || ref.Kind != spotify.KindTrack || len(q.asked) >= maxTwins && (q.other == 0 || len(q.asked) >= 3*maxTwins) {
		return nil, nil
	}
	t, err := q.o.API.Track(q.ctx, ref.ID)
	if err != nil && StopsRun(err) {
		return nil, fmt.Errorf("look up a song that Spotify may show as another: %w", err)
	}
	q.asked[u] = nil
	if err == nil {
		q.asked[u] = &t
	}
	return q.asked[u], nil
}

// refute finds songs of ours that were exchanged for others by somebody.
func (q *twins) refute(s *Seen, base store.Base, want []spotify.URI) error {
	if writtenAs(base, s.Contents) {
		return nil
	}
	was := recollect(&base)
	ours := make(map[spotify.URI]bool)
	for _, r := range was.rows {
		ours[r.URI] = ours[r.URI] || r.AddedAt.IsZero()
	}
	named := recognized(s.Contents.Items, was)
	for i, it := range named {
		u := it.Track.LinkedFrom
		if u == "" || s.Contents.Items[i].Track.LinkedFrom != "" || base.Aliases[u] == it.URI || !ours[u] {
			continue
		}
		t, err := q.track(u)
		if err != nil {
			return err
		}
		if t != nil && otherRecording(*t, it.Track) {
			q.other++
			s.Refuted = joined(s.Refuted, map[spotify.URI]spotify.URI{u: it.URI})
		}
	}
	return nil
}

// maxMisses is how many songs are looked up in vain before the rest is taken for what it seems.
const maxMisses = 10

// confirm finds rows that show a wanted song as another, where nothing is remembered of the playlist: the wanted songs that
// are missing are looked up, those first in whose place another one stands.
func (q *twins) confirm(s *Seen, aliases map[spotify.URI]spotify.URI, want []spotify.URI) error {
	wanted := make([]spotify.Item, len(want))
	for i, u := range want {
		wanted[i] = spotify.Item{URI: u}
		if a := aliases[u]; a != "" {
			wanted[i] = spotify.Item{URI: a, Track: spotify.Track{LinkedFrom: u}}
		}
	}
	m := pairRows(s.Contents.Items, wanted)
	var strangers []spotify.Item
	for i, it := range s.Contents.Items {
		if m.rowOf[i] < 0 && !it.Opaque() && it.Track.LinkedFrom == "" {
			strangers = append(strangers, it)
		}
	}
	var missing, apart []spotify.URI
	inPlace := make(map[spotify.URI]bool)
	for _, it := range recognized(s.Contents.Items, recollection{rows: wanted, at: time.Unix(1<<40, 0)}) {
		if it.Track.LinkedFrom != "" {
			inPlace[it.Track.LinkedFrom] = true
		}
	}
	for k, w := range wanted {
		if u := uriOf(w); m.itemOf[k] < 0 && w.Track.LinkedFrom == "" && !slices.Contains(missing, u) && !slices.Contains(apart, u) {
			if inPlace[u] {
				missing = append(missing, u)
			} else {
				apart = append(apart, u)
			}
		}
	}
	misses := 0
	for _, u := range append(missing, apart...) {
		if len(strangers) == 0 || misses == maxMisses {
			return nil
		}
		t, err := q.track(u)
		if err != nil {
			return err
		}
		i := -1
		if t != nil {
			i = slices.IndexFunc(strangers, func(it spotify.Item) bool { return sameRecording(*t, it.Track) })
		}
		if i < 0 {
			misses++
			continue
		}
		s.Aliases = joined(s.Aliases, map[spotify.URI]spotify.URI{u: strangers[i].URI})
	}
	return nil
}

// writtenAs reports whether nobody has changed a playlist since we wrote to it: it has the snapshot that our write made.
func writtenAs(base store.Base, c store.Contents) bool {
	return base.Contents.Snapshot != "" && base.Contents.Snapshot == c.Snapshot
}
