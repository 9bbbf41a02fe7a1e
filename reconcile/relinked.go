package reconcile

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// maxTwins is how many tracks a run looks up to tell whether Spotify has exchanged them. Where all of so many were, the
// rest is believed to be, which differs from them in nothing; where as many can't be looked up, none of the rest is.
const maxTwins = 20

// learnAliases tells which wanted URIs Spotify shows under another one. written is what our last write at that time left:
// its rows without a date are ours and were never read. Where such a row is not shown, and in its place stands one that
// nobody wanted and that was added no later than we wrote, Spotify has exchanged it.
func learnAliases(written []spotify.Item, at time.Time, items []spotify.Item, want []spotify.URI) map[spotify.URI]spotify.URI {
	wanted := count(want)
	had, shown := make(map[spotify.URI]bool, len(written)), make(map[spotify.URI]bool, len(items))
	for _, it := range items {
		shown[it.URI], shown[uriOf(it)] = true, true
	}
	missing := func(it spotify.Item) bool {
		return it.AddedAt.IsZero() && !it.Opaque() && wanted[it.URI] > 0 && !shown[it.URI]
	}
	if !slices.ContainsFunc(written, missing) {
		return nil
	}
	ours := make(map[spotify.URI]bool)
	for _, it := range written {
		had[it.URI] = true
		ours[it.URI] = ours[it.URI] || it.AddedAt.IsZero()
	}
	latest := at.Truncate(time.Second) // by Spotify's clock, where a row of ours tells it
	for _, it := range items {
		if ours[uriOf(it)] && it.AddedAt.After(latest) {
			latest = it.AddedAt
		}
	}
	stranger := func(it spotify.Item) bool {
		return !it.Opaque() && !it.AddedAt.IsZero() && !it.AddedAt.After(latest) && wanted[it.URI] == 0 && !had[it.URI] && !had[uriOf(it)]
	}
	type gap struct{ after, before spotify.URI } // its neighbours; empty at an end
	gaps := make(map[gap][][]spotify.Item)
	for r := range runs(items, stranger) {
		for _, g := range []gap{{after: neighbour(items, r.from-1)}, {before: neighbour(items, r.to)}} {
			gaps[g] = append(gaps[g], items[r.from:r.to])
		}
	}
	learned := make(map[spotify.URI]spotify.URI)
	for r := range runs(written, missing) {
		for _, g := range []gap{{after: neighbour(written, r.from-1)}, {before: neighbour(written, r.to)}} {
			found := gaps[g]
			if len(found) != 1 || len(found[0]) != r.to-r.from {
				continue
			}
			for i, it := range found[0] {
				if w := written[r.from+i].URI; learned[w] == "" {
					learned[w] = it.URI
				}
			}
			break
		}
	}
	if len(learned) == 0 {
		return nil
	}
	return learned
}

// stretch is some rows of a list, to exclusive.
type stretch struct{ from, to int }

// runs are the longest stretches of rows for which is holds.
func runs(items []spotify.Item, is func(spotify.Item) bool) iter.Seq[stretch] {
	return func(yield func(stretch) bool) {
		for i := 0; i < len(items); i++ {
			from := i
			for i < len(items) && is(items[i]) {
				i++
			}
			if i > from && !yield(stretch{from, i}) {
				return
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

// alike reports whether a read shows what was written, but for the aliases.
func alike(written, items []spotify.Item, aliases map[spotify.URI]spotify.URI) bool {
	return slices.EqualFunc(written, items, func(w, it spotify.Item) bool {
		return it.URI == w.URI || uriOf(it) == w.URI || aliases[w.URI] == it.URI && it.URI != "" || it.Opaque() && w.Opaque()
	})
}

// exchanged tells which wanted songs that were read before may be shown under another URI now: the one that is new, was
// added at the same time and is called the same. known is what was there.
func exchanged(known, items []spotify.Item, want []spotify.URI) map[spotify.URI]spotify.URI {
	type trace struct {
		added int64
		title string
	}
	of := func(it spotify.Item) trace { return trace{it.AddedAt.Unix(), TitleOf(it.Track)} }
	wanted := count(want)
	had, shown := make(map[spotify.URI]bool, len(known)), make(map[spotify.URI]bool, len(items))
	for _, it := range known {
		had[it.URI] = true
	}
	strangers := make(map[trace][]spotify.URI)
	for _, it := range items {
		if !shown[it.URI] && !it.Opaque() && !it.AddedAt.IsZero() && wanted[it.URI] == 0 && !had[it.URI] && !had[uriOf(it)] {
			strangers[of(it)] = append(strangers[of(it)], it.URI)
		}
		shown[it.URI], shown[uriOf(it)] = true, true
	}
	found := make(map[spotify.URI]spotify.URI)
	for _, it := range known {
		if it.Opaque() || it.AddedAt.IsZero() || wanted[it.URI] == 0 || shown[it.URI] || found[it.URI] != "" {
			continue
		}
		if s := strangers[of(it)]; len(s) > 0 {
			found[it.URI], strangers[of(it)] = s[0], s[1:]
		}
	}
	return found
}

// relinked learns which rows Spotify shows under another URI where somebody may have edited the playlist since: then a
// stranger in the place of a song of ours may as well be that person's doing, so it must be the same recording. The song
// is looked up; failing to is no failure, unless it ends the run.
func (o *Observer) relinked(ctx context.Context, seen *Observed, in Input) error {
	confirmed, refuted, failed := 0, 0, 0
	for _, block := range in.Desired.Playlists {
		base, ok := in.Bases[block.Address]
		s, found := seen.Seen[base.Contents.ID]
		if !ok || !found || s.Expected || block.Account != o.Label || !in.targeted(block.Address) {
			continue
		}
		var want []spotify.URI
		for _, e := range block.Tracks {
			want = append(want, e.URI)
		}
		suspects := exchanged(base.Contents.Items, s.Contents.Items, want)
		if !writtenAs(base, s.Contents) {
			suspects = joined(suspects, learnAliases(base.Contents.Items, base.Time, s.Contents.Items, want))
		}
		for _, u := range sortedKeys(suspects) {
			ref, err := spotify.ParseRef(string(u))
			if err != nil || ref.Kind != spotify.KindTrack || failed >= maxTwins {
				continue
			}
			if refuted > 0 || confirmed < maxTwins {
				t, err := o.API.Track(ctx, ref.ID)
				i := slices.IndexFunc(s.Contents.Items, func(it spotify.Item) bool { return it.URI == suspects[u] })
				switch {
				case err != nil && StopsRun(err):
					return fmt.Errorf("look up a song that Spotify may show as another: %w", err)
				case err != nil:
					failed++
					continue
				case !sameRecording(t, s.Contents.Items[i]):
					refuted++
					continue
				}
				confirmed++
			}
			s.Aliases = joined(s.Aliases, map[spotify.URI]spotify.URI{u: suspects[u]})
		}
		seen.Seen[base.Contents.ID] = s
	}
	return nil
}

// writtenAs reports whether nobody has changed a playlist since we wrote to it: it has the snapshot that our write made.
func writtenAs(base store.Base, c store.Contents) bool {
	return base.Contents.Snapshot != "" && base.Contents.Snapshot == c.Snapshot
}

// sameRecording reports whether a row shows the song t, be it from another album.
func sameRecording(t spotify.Track, it spotify.Item) bool {
	twin := it.Track
	if t.URI == it.URI || t.ISRC != "" && t.ISRC == twin.ISRC {
		return true
	}
	return t.Title != "" && strings.EqualFold(t.Title, twin.Title) && slices.EqualFunc(t.Artists, twin.Artists, strings.EqualFold)
}
