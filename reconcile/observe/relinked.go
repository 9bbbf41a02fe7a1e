package observe

import (
	"context"
	"fmt"
	"slices"

	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// maxLookups is how many tracks a run looks up to tell whether Spotify shows them as others; three times as many where somebody
// has exchanged one.
const maxLookups = 20

// lookUpRelinked looks up what dates don't tell. Where somebody may have edited the playlist since we wrote to it, a song of ours
// that was never read may have been exchanged within the second: if it is another recording, it was. And where nothing is
// remembered, as on another computer, a song in the place of a wanted one is that one if it is the same recording.
func (o *Observer) lookUpRelinked(ctx context.Context, seen *reconcile.Observed, in reconcile.Input) error {
	q := lookups{o: o, ctx: ctx, asked: make(map[spotify.URI]*spotify.Track)}
	for _, block := range in.Desired.Playlists {
		if !block.HasTracks || block.Account != o.Label || !in.Includes(block.Address) {
			continue
		}
		id, address := in.PlaylistOf(block, seen)
		s, found := seen.Seen[id]
		if !found || s.Presence != reconcile.Present && s.Presence != reconcile.Absent || s.Expected && !s.Reread {
			continue
		}
		var want []spotify.URI
		for _, e := range block.Tracks {
			want = append(want, e.URI)
		}
		var err error
		if base, ok := in.Bases[address]; ok && base.Contents.ID == id {
			err = q.refute(&s, base)
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

// lookups asks about songs that may be shown as others.
type lookups struct {
	o     *Observer
	ctx   context.Context
	asked map[spotify.URI]*spotify.Track // nil: could not be looked up
	other int                            // songs that were exchanged
}

// track is a song as Spotify describes it; nil where that can't be found out, or enough was asked.
func (q *lookups) track(u spotify.URI) (*spotify.Track, error) {
	if t, ok := q.asked[u]; ok {
		return t, nil
	}
	ref, err := spotify.ParseRef(string(u))
	if err != nil || ref.Kind != spotify.KindTrack || len(q.asked) >= maxLookups && (q.other == 0 || len(q.asked) >= 3*maxLookups) {
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
func (q *lookups) refute(s *reconcile.Seen, base store.Base) error {
	for _, x := range reconcile.Exchanges(base, s.Contents) {
		t, err := q.track(x.Ours)
		if err != nil {
			return err
		}
		if t != nil && reconcile.OtherRecording(*t, x.Shown.Track) {
			q.other++
			s.Learned = s.Learned.With(reconcile.Learned{Refuted: map[spotify.URI]spotify.URI{x.Ours: x.Shown.URI}})
		}
	}
	return nil
}

// maxMisses is how many songs are looked up in vain before the rest is taken for what it seems.
const maxMisses = 10

// confirm finds rows that show a wanted song as another, where nothing is remembered of the playlist: the wanted songs that
// are missing are looked up, those first in whose place another one stands.
func (q *lookups) confirm(s *reconcile.Seen, aliases map[spotify.URI]spotify.URI, want []spotify.URI) error {
	strangers, missing := reconcile.Unmatched(s.Contents.Items, want, aliases)
	misses := 0
	for _, u := range missing {
		if len(strangers) == 0 || misses == maxMisses {
			return nil
		}
		t, err := q.track(u)
		if err != nil {
			return err
		}
		i := -1
		if t != nil {
			i = slices.IndexFunc(strangers, func(it spotify.Item) bool { return reconcile.SameRecording(*t, it.Track) })
		}
		if i < 0 {
			misses++
			continue
		}
		s.Learned = s.Learned.With(reconcile.Learned{Aliases: map[spotify.URI]spotify.URI{u: strangers[i].URI}})
	}
	return nil
}
