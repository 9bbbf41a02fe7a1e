package sandbox

import (
	"slices"
	"time"

	"github.com/spotsync/spotsync/spotify"
)

// playlist is one playlist, deleted or not: deleting is its owner's unfollowing it.
type playlist struct {
	ID     string                   `json:"id"`
	Owner  string                   `json:"owner"`
	State  versioned[playlistState] `json:"state"`
	Public versioned[bool]          `json:"public"` // apart, since it may be slower to be seen
}

// playlistState is one version of a playlist.
type playlistState struct {
	Revision      int       `json:"revision"`
	WroteAt       time.Time `json:"wrote_at"`
	Steady        bool      `json:"steady,omitempty"` // its snapshot never wandered
	Name          string    `json:"name"`
	Description   string    `json:"description"` // plain text
	Collaborative bool      `json:"collaborative,omitempty"`
	Collaborators []string  `json:"collaborators,omitempty"`
	Cover         []byte    `json:"cover,omitempty"` // JPEG
	Rows          []Row     `json:"rows"`
}

// Row is one row of a playlist.
type Row struct {
	URI     spotify.URI `json:"uri"`
	AddedAt time.Time   `json:"added_at"`
	AddedBy string      `json:"added_by"`
	Local   bool        `json:"local,omitempty"` // a file of somebody's computer: spotify:local:artist:album:title:seconds
}

// Playlist is a playlist as it truly is, whatever a read shows at the moment.
type Playlist struct {
	ID            spotify.ID
	Owner         string
	Name          string
	Description   string // plain text
	Public        bool
	Collaborative bool
	Collaborators []string // users invited to change items
	Cover         []byte   // the JPEG uploaded, nil for none
	Rows          []Row
	Snapshot      spotify.Snapshot // the one the last write returned
	Deleted       bool             // its owner doesn't follow it
}

// PlaylistSpec says what a playlist is made with.
type PlaylistSpec struct {
	ID            spotify.ID // made up when empty
	Name          string
	Description   string
	Public        bool
	Collaborative bool
	Collaborators []string
	Cover         []byte
	URIs          []spotify.URI // added now by the owner, before Rows
	Rows          []Row         // a zero AddedAt means now, an empty AddedBy the owner
}

// AddPlaylist makes a playlist that was always there: reads see it at once and its snapshot is settled.
func (s *Server) AddPlaylist(owner string, spec PlaylistSpec) spotify.ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := string(spec.ID)
	if id == "" {
		id = id62(s.next("playlist"))
	}
	now := s.now().UTC()
	p := &playlist{ID: id, Owner: owner}
	var rows []Row
	for _, u := range spec.URIs {
		rows = append(rows, Row{URI: u})
	}
	rows = append(rows, spec.Rows...)
	p.State.Current = playlistState{Revision: 1, WroteAt: now, Steady: true, Name: spec.Name, Description: spec.Description,
		Collaborative: spec.Collaborative, Collaborators: slices.Clone(spec.Collaborators), Cover: slices.Clone(spec.Cover),
		Rows: completeRows(rows, owner, now)}
	p.Public.Current = spec.Public
	s.world.Playlists[id] = p
	if u := s.world.Users[owner]; u != nil {
		l := u.Library.Current.clone()
		l.follow(id)
		u.Library.settle(l)
	}
	return spotify.ID(id)
}

// completeRows fills in when and by whom rows were added; dates are whole seconds, as Spotify's.
func completeRows(rows []Row, by string, now time.Time) []Row {
	out := slices.Clone(rows)
	for i := range out {
		r := &out[i]
		if r.AddedAt.IsZero() {
			r.AddedAt = now
		}
		r.AddedAt = r.AddedAt.UTC().Truncate(time.Second)
		if r.AddedBy == "" {
			r.AddedBy = by
		}
	}
	return out
}

// Playlist is the true state of a playlist, deleted ones included.
func (s *Server) Playlist(id spotify.ID) (Playlist, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.world.Playlists[string(id)]
	if p == nil {
		return Playlist{}, false
	}
	return s.truth(p), true
}

// Playlists are the playlists in a user's library, owned and followed, newest first, as they truly are.
func (s *Server) Playlists(userID string) []Playlist {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.world.Users[userID]
	if u == nil {
		return nil
	}
	var out []Playlist
	for _, id := range u.Library.Current.Playlists {
		if p := s.world.Playlists[id]; p != nil {
			out = append(out, s.truth(p))
		}
	}
	return out
}

// Edit changes a playlist as its owner, or somebody invited, does on a phone. Rows given without a date are new; the
// others keep theirs. Reads see the change at once and the snapshot moves once. An unknown ID changes nothing.
// The function runs with the server locked: it must not call the server.
func (s *Server) Edit(id spotify.ID, change func(*Playlist)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.world.Playlists[string(id)]
	if p == nil {
		return
	}
	t, now := s.truth(p), s.now().UTC()
	change(&t)
	st := p.State.Current
	st.Revision, st.WroteAt, st.Steady = st.Revision+1, now, true
	st.Name, st.Description, st.Collaborative = t.Name, t.Description, t.Collaborative
	st.Collaborators, st.Cover = slices.Clone(t.Collaborators), slices.Clone(t.Cover)
	st.Rows = completeRows(t.Rows, p.Owner, now)
	p.State.settle(st)
	p.Public.settle(t.Public)
}

func (s *Server) truth(p *playlist) Playlist {
	st := p.State.Current
	return Playlist{
		ID: spotify.ID(p.ID), Owner: p.Owner, Name: st.Name, Description: st.Description, Public: p.Public.Current,
		Collaborative: st.Collaborative, Collaborators: slices.Clone(st.Collaborators), Cover: slices.Clone(st.Cover),
		Rows: slices.Clone(st.Rows), Snapshot: spotify.Snapshot(s.snapshot(p.ID, st.Revision)), Deleted: s.deleted(p),
	}
}

// deleted reports whether the owner has unfollowed the playlist.
func (s *Server) deleted(p *playlist) bool {
	u := s.world.Users[p.Owner]
	return u != nil && !slices.Contains(u.Library.Current.Playlists, p.ID)
}
