package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
)

// formatVersion is the version of what Save writes.
const formatVersion = 1

// savedServer is the form of a saved server.
type savedServer struct {
	Format int    `json:"spotsync_sandbox"`
	Seed   uint64 `json:"seed"`
	World  world  `json:"world"`
}

// Save writes everything people have and may do, tokens too, as JSON: this is a toy service, and the tokens open
// nothing else. Quirks, faults and the log of requests are not saved. The same state gives the same bytes.
func (s *Server) Save(w io.Writer) error {
	s.mu.Lock()
	now := s.now()
	for _, p := range s.world.Playlists {
		p.State.forget(now)
		p.Public.forget(now)
	}
	for _, u := range s.world.Users {
		u.Library.forget(now)
	}
	data, err := json.MarshalIndent(savedServer{formatVersion, s.seed, s.world}, "", " ")
	s.mu.Unlock()
	if err != nil {
		return fmt.Errorf("saving the sandbox: %w", err)
	}
	if _, err = w.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("saving the sandbox: %w", err)
	}
	return nil
}

// Load makes a server of what Save wrote. The saved seed counts, not the one of the options. What was written by a
// newer version, or is damaged, is an error.
func Load(r io.Reader, o Options) (*Server, error) {
	var f savedServer
	dec := json.NewDecoder(r)
	if err := dec.Decode(&f); err != nil {
		return nil, fmt.Errorf("reading the saved sandbox: %w", err)
	}
	switch {
	case f.Format > formatVersion:
		return nil, fmt.Errorf("the saved sandbox is of a newer version (%d; this program knows %d)", f.Format, formatVersion)
	case f.Format < 1:
		return nil, fmt.Errorf("reading the saved sandbox: not a saved sandbox")
	}
	o.Seed = f.Seed
	s := newServer(o)
	s.world = f.World
	if err := s.world.complete(); err != nil {
		return nil, err
	}
	return s, nil
}

// complete makes what was left out, and refuses what can't be.
func (w *world) complete() error {
	initMap(&w.Users)
	initMap(&w.Clients)
	initMap(&w.Playlists)
	initMap(&w.Tracks)
	initMap(&w.Gone)
	initMap(&w.Codes)
	initMap(&w.Grants)
	initMap(&w.Access)
	bad := false
	for id, u := range w.Users {
		if bad = bad || u == nil || u.ID != id; !bad {
			initMap(&u.Consents)
		}
	}
	for id, p := range w.Playlists {
		bad = bad || p == nil || p.ID != id
	}
	for _, t := range w.Tracks {
		bad = bad || len(t.Artists) == 0
	}
	bad = bad || anyNil(w.Clients) || anyNil(w.Codes) || anyNil(w.Grants) || anyNil(w.Access)
	if bad {
		return fmt.Errorf("reading the saved sandbox: it is damaged; delete it to start anew")
	}
	return nil
}

func initMap[K comparable, V any](m *map[K]V) {
	if *m == nil {
		*m = map[K]V{}
	}
}

func anyNil[V any](m map[string]*V) bool {
	for _, v := range m {
		if v == nil {
			return true
		}
	}
	return false
}
