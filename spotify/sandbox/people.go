package sandbox

import (
	"slices"
	"time"

	"github.com/spotsync/spotsync/spotify"
)

// User is somebody with an account.
type User struct {
	ID          string `json:"id"`
	AccountID   string `json:"account_id"` // permanent and pseudonymous; made up when empty
	DisplayName string `json:"display_name"`
	Premium     bool   `json:"premium"` // matters for owners of clients only
}

// Client is an app registered in the dashboard.
type Client struct {
	ID           string   `json:"id"`
	Secret       string   `json:"secret"`        // empty: only PKCE
	RedirectURIs []string `json:"redirect_uris"` // a loopback literal without a port matches any port
	Users        []string `json:"users"`         // those the app may speak for; empty: everybody
	Owner        string   `json:"owner"`         // user whose Premium the app lives on; empty: nobody's, and it lives
}

// user is a User with what is theirs.
type user struct {
	User
	Library  versioned[library]  `json:"library"`
	Plays    []play              `json:"plays"`    // newest first
	Consents map[string][]string `json:"consents"` // scopes agreed to, by client ID
}

// library is what a user has saved; newest first.
type library struct {
	Saved     []saved  `json:"saved"`
	Playlists []string `json:"playlists"` // IDs of own and followed ones
}

type saved struct {
	URI     string    `json:"uri"`
	AddedAt time.Time `json:"added_at"`
}

type play struct {
	URI string    `json:"uri"`
	At  time.Time `json:"at"`
}

// Saved is one thing in a user's library.
type Saved struct {
	URI     spotify.URI
	AddedAt time.Time
}

// AddUser adds a user, or changes the names of one already there.
func (s *Server) AddUser(u User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.AccountID == "" {
		sum := s.derive("account", u.ID)
		u.AccountID = id62(sum)
	}
	if old := s.world.Users[u.ID]; old != nil {
		old.User = u
		return
	}
	s.world.Users[u.ID] = &user{User: u, Consents: map[string][]string{}}
}

// AddClient registers an app, or registers it anew.
func (s *Server) AddClient(c Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.RedirectURIs, c.Users = slices.Clone(c.RedirectURIs), slices.Clone(c.Users)
	s.world.Clients[c.ID] = &c
}

// SetBrowserUser says who is logged in where the authorize page is opened; at first that is [SandboxUser].
func (s *Server) SetBrowserUser(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world.Browser = id
}

// Like saves a track, album, show, episode or artist to a user's library as of a time, as from the user's phone.
func (s *Server) Like(userID string, uri spotify.URI, at time.Time) {
	s.changeLibrary(userID, func(l *library) {
		l.Saved = insertSaved(l.Saved, saved{string(uri), at.UTC()})
	})
}

// Unlike takes it out again.
func (s *Server) Unlike(userID string, uri spotify.URI) {
	s.changeLibrary(userID, func(l *library) {
		l.Saved = slices.DeleteFunc(l.Saved, func(x saved) bool { return x.URI == string(uri) })
	})
}

// Follow puts a playlist into a user's library, as from the phone. For the owner of a deleted one this restores it.
func (s *Server) Follow(userID string, id spotify.ID) {
	s.changeLibrary(userID, func(l *library) { l.follow(string(id)) })
}

// Unfollow takes a playlist out of a user's library, as from the phone. For its owner this is deleting it.
func (s *Server) Unfollow(userID string, id spotify.ID) {
	s.changeLibrary(userID, func(l *library) { l.unfollow(string(id)) })
}

// Library is what a user has saved, newest first, playlists apart.
func (s *Server) Library(userID string) []Saved {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.world.Users[userID]
	if u == nil {
		return nil
	}
	var out []Saved
	for _, x := range u.Library.Current.Saved {
		out = append(out, Saved{spotify.URI(x.URI), x.AddedAt})
	}
	return out
}

// Played notes that a user listened to a track.
func (s *Server) Played(userID string, uri spotify.URI, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.world.Users[userID]
	if u == nil {
		return
	}
	u.Plays = append(u.Plays, play{string(uri), at.UTC()})
	slices.SortStableFunc(u.Plays, func(a, b play) int { return b.At.Compare(a.At) })
}

// changeLibrary changes a library for every reader at once; a user nobody added has none.
func (s *Server) changeLibrary(userID string, change func(*library)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.world.Users[userID]; u != nil {
		l := u.Library.Current.clone()
		change(&l)
		u.Library.settle(l)
	}
}

func (l library) clone() library {
	return library{Saved: slices.Clone(l.Saved), Playlists: slices.Clone(l.Playlists)}
}

func (l library) has(uri string) bool {
	return slices.ContainsFunc(l.Saved, func(x saved) bool { return x.URI == uri })
}

func (l *library) follow(id string) {
	if !slices.Contains(l.Playlists, id) {
		l.Playlists = slices.Insert(l.Playlists, 0, id)
	}
}

func (l *library) unfollow(id string) {
	l.Playlists = slices.DeleteFunc(l.Playlists, func(x string) bool { return x == id })
}

// insertSaved keeps the list newest first; what is saved already keeps its date.
func insertSaved(list []saved, x saved) []saved {
	for _, old := range list {
		if old.URI == x.URI {
			return list
		}
	}
	at := 0
	for at < len(list) && list[at].AddedAt.After(x.AddedAt) {
		at++
	}
	return slices.Insert(list, at, x)
}
