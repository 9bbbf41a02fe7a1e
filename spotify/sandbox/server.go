// Package sandbox is a Spotify that lives in memory: accounts service and Web API with the rules of development mode,
// Spotify's quirks as switches, and faults on demand.
//
// Serve it with [net/http/httptest.NewServer] and [Server.Handler]; nothing here opens a port or starts a goroutine.
//
// A map: server.go makes a server; people.go says who uses it and truth.go what they really have; routes.go is the
// table of routes and what every request goes through; playlists.go, items.go, covers.go, library.go, browse.go
// and search.go answer them, fields.go filtering the answer; accounts.go and tokens.go are the accounts service;
// quirks.go lists the quirks, versions.go lets reads lag writes; faults.go breaks things on purpose and quota.go bounds
// what may be asked in a day; log.go remembers what was asked; persist.go saves and loads; music.go knows real music
// and invent.go makes up the rest.
package sandbox

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/spotsync/spotsync/spotify"
)

// Who and what a new server starts with.
const (
	SandboxUser         = "sandbox"                          // ID of the default user, "Sandbox Listener"
	SandboxClientID     = "5a4db0c5a4db0c5a4db0c5a4db0c0001" // the default client; its redirect URIs are loopback without a port
	SandboxClientSecret = "5a4db0c5a4db0c5a4db0c5a4dbsecret" // works, and is not needed with PKCE
)

// Options say how a server behaves.
type Options struct {
	Now         func() time.Time // the time; nil means [time.Now]. It is called from many goroutines, also with the server locked
	Seed        uint64           // IDs, snapshots, tokens and invented names derive from it: same seed, same answers
	Quirks      Quirks           // the zero value means [DefaultQuirks]; for none at all use [NoQuirks]
	AutoApprove bool             // the authorize page agrees by itself, as when an app was agreed to before
}

// Server is a Spotify in memory. Its methods may be called from many goroutines at once.
type Server struct {
	now         func() time.Time
	seed        uint64
	autoApprove bool
	music       *music

	mu     sync.Mutex
	quirks Quirks
	world  world
	faults []*Fault
	log    []*Request
	limit  limiter
	quotas []*quota
	writes map[string]int // under way, by playlist ID
}

// world is all that a server remembers, as it is saved.
type world struct {
	Counter   uint64               `json:"counter"` // of IDs and tokens handed out
	Browser   string               `json:"browser"` // user logged in where the authorize page is opened
	Users     map[string]*user     `json:"users"`
	Clients   map[string]*Client   `json:"clients"`
	Playlists map[string]*playlist `json:"playlists"`
	Tracks    map[string]Track     `json:"tracks"` // declared with AddTrack
	Gone      map[string]goneKind  `json:"gone"`   // by URI
	Codes     map[string]*code     `json:"codes"`
	Grants    map[string]*grant    `json:"grants"` // by refresh token
	Access    map[string]*access   `json:"access"` // by access token
}

// New makes a server with one user and one client, a few liked songs and no playlists.
func New(o Options) *Server {
	s := newServer(o)
	s.world = world{
		Browser: SandboxUser, Users: map[string]*user{}, Clients: map[string]*Client{}, Playlists: map[string]*playlist{},
		Tracks: map[string]Track{}, Gone: map[string]goneKind{}, Codes: map[string]*code{},
		Grants: map[string]*grant{}, Access: map[string]*access{},
	}
	s.AddUser(User{ID: SandboxUser, DisplayName: "Sandbox Listener", Premium: true})
	s.AddClient(Client{ID: SandboxClientID, Secret: SandboxClientSecret, Owner: SandboxUser,
		RedirectURIs: []string{"http://127.0.0.1/callback", "http://[::1]/callback"}})
	s.seedDefaults(SandboxUser)
	return s
}

func newServer(o Options) *Server {
	s := &Server{now: o.Now, seed: o.Seed, autoApprove: o.AutoApprove, music: newMusic(), quirks: o.Quirks,
		writes: map[string]int{}}
	if s.now == nil {
		s.now = time.Now
	}
	if reflect.ValueOf(o.Quirks).IsZero() {
		s.quirks = DefaultQuirks()
	}
	return s
}

// seedDefaults gives a user songs they like and have played, so that an empty sandbox has something to look at.
func (s *Server) seedDefaults(id string) {
	now := s.now().UTC().Truncate(time.Second)
	for i, t := range s.music.tracks {
		switch uri := spotify.URI("spotify:track:" + t.ID); {
		case i%5 == 0 && i < 150: // liked over the last year or so, newest first
			s.Like(id, uri, now.AddDate(0, 0, -3*i-1))
		case i%7 == 1 && i < 140:
			s.Played(id, uri, now.Add(-time.Duration(i)*17*time.Minute))
		}
	}
}

// Handler serves the Web API under /v1 and the accounts service beside it, on one listener.
func (s *Server) Handler() http.Handler {
	api, accounts := s.API(), s.Accounts()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1/") || strings.HasPrefix(r.URL.Path, "/image/") {
			api.ServeHTTP(w, r)
			return
		}
		accounts.ServeHTTP(w, r)
	})
}

// Quirks are the quirks in force.
func (s *Server) Quirks() Quirks {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.quirks
}

// SetQuirks changes the quirks from the next request on; it takes them as they are, the zero value too.
func (s *Server) SetQuirks(q Quirks) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quirks = q
}

// derive hashes parts under the server's seed.
func (s *Server) derive(parts ...string) [32]byte {
	return deriveFrom(s.seed, parts...)
}

func deriveFrom(seed uint64, parts ...string) [32]byte {
	h := sha256.New()
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], seed)
	h.Write(n[:])
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return [32]byte(h.Sum(nil))
}

// next derives a value nobody was given before.
func (s *Server) next(kind string) [32]byte {
	s.world.Counter++
	return s.derive(kind, fmt.Sprint(s.world.Counter))
}
