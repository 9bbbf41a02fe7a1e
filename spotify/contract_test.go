package spotify_test

import (
	"bytes"
	"context"
	"flag"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spotsync/spotsync/spotify"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// Everything the client sends and everything the sandbox answers is as Spotify describes it, but for the exceptions
// listed. One test, because an exception that nothing needed is only known at the end.
func TestContract(t *testing.T) {
	if testing.Short() {
		t.Skip("one request after another is compared with a description: nothing to race")
	}
	d := describe(t)
	for _, v := range variants() {
		t.Run("client/"+v.name, func(t *testing.T) { clientContract(t, d, v.quirks) })
	}
	for _, v := range variants() {
		t.Run("sandbox/"+v.name, func(t *testing.T) { sandboxContract(t, d, v.quirks) })
	}
	t.Run("refusals", func(t *testing.T) { refusalContract(t, d) })
	if !strings.Contains(flag.Lookup("test.run").Value.String(), "/") && !t.Failed() {
		checkExceptions(t)
	}
}

type variant struct {
	name   string
	quirks sandbox.Quirks
}

// variants are the sandboxes whose answers differ in form.
func variants() []variant {
	with := func(change func(*sandbox.Quirks)) sandbox.Quirks {
		q := sandbox.DefaultQuirks()
		change(&q)
		return q
	}
	return []variant{
		{"default", sandbox.DefaultQuirks()},
		{"none", sandbox.NoQuirks()},
		{"both shapes", with(func(q *sandbox.Quirks) { q.LegacyShape = sandbox.BothShapes })},
		{"old shape", with(func(q *sandbox.Quirks) { q.LegacyShape = sandbox.OldShape })},
		{"relinked", with(func(q *sandbox.Quirks) {
			q.Relink = map[string]string{brightside: "spotify:track:7d8GetOsjbxYnlo6Y9e5Kw"}
			q.DropLinkedFrom = false
		})},
		{"null entries", with(func(q *sandbox.Quirks) { q.NullListEntries, q.NullItemsKeepURI = true, true })},
		{"grandfathered", with(func(q *sandbox.Quirks) { q.GrandfatheredLimits = true })},
		{"pages as documented", with(func(q *sandbox.Quirks) { q.PageLimit, q.EmbeddedRows = 50, -1 })},
		{"odd catalogue", with(func(q *sandbox.Quirks) { q.AlbumsOutOfOrder, q.ShowsOldestFirst, q.Editions = true, true, 11 })},
	}
}

const (
	brightside = "spotify:track:003vvx7Niy0yvhvHt4a68B"
	soWhat     = "spotify:track:4vLYewWIvqHfKtJDk8c8tq"
	episode    = "spotify:episode:512ojhOuo1ktJprKbVcKyQ"
	unknown    = "spotify:track:2TpxZ7JUBn3uw46aR7qd6V" // not in the catalogue, well formed
	kindOfBlue = "1weenld61qoidwYuZ1GESA"
)

// scopes are all the sandbox may ask for.
var scopes = strings.Fields(`playlist-read-private playlist-read-collaborative playlist-modify-public playlist-modify-private
	user-library-read user-library-modify user-follow-read user-follow-modify ugc-image-upload user-top-read
	user-read-recently-played user-read-playback-position user-read-private user-read-email`)

// stage is a sandbox being served, its clock, and a judge before it.
type stage struct {
	*judge
	server *sandbox.Server
	url    string
	token  string

	clock sync.Mutex
	now   time.Time
}

func newStage(t *testing.T, d *description, q sandbox.Quirks) *stage {
	s := &stage{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	s.server = sandbox.New(sandbox.Options{Quirks: q, Seed: 1, Now: func() time.Time {
		s.clock.Lock()
		defer s.clock.Unlock()
		return s.now
	}})
	h := httptest.NewServer(s.server.Handler())
	t.Cleanup(h.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	s.judge, s.url = newJudge(t, d, transport), h.URL
	s.token = s.issue(scopes...)
	return s
}

func (s *stage) issue(scopes ...string) (token string) {
	_, token = s.server.IssueToken(sandbox.SandboxUser, sandbox.SandboxClientID, scopes...)
	return token
}

// settle lets time pass until reads show what was written.
func (s *stage) settle() {
	s.clock.Lock()
	defer s.clock.Unlock()
	s.now = s.now.Add(2 * time.Minute)
}

// ask sends one request by hand; the answer must have the status.
func (s *stage) ask(method, path, body string, status int) []byte {
	s.t.Helper()
	return s.askAs(s.token, method, path, body, status)
}

func (s *stage) askAs(token, method, path, body string, status int) []byte {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+"/v1"+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if strings.HasSuffix(path, "/images") {
		req.Header.Set("Content-Type", "image/jpeg")
	} else if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := s.RoundTrip(req)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	got, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != status {
		s.t.Errorf("%s %s answers %d, want %d: %s", method, path, resp.StatusCode, status, bytes.TrimSpace(got))
	}
	return got
}

// bearer adds the token.
type bearer struct {
	next  http.RoundTripper
	token string
}

func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(req)
}

func (s *stage) client() *spotify.Client {
	return &spotify.Client{HTTP: &http.Client{Transport: bearer{s, s.token}}, BaseURL: s.url + "/v1"}
}

// must ends the test on an error.
func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// clientContract calls every method of the client.
func clientContract(t *testing.T, d *description, q sandbox.Quirks) {
	s := newStage(t, d, q)
	c, ctx := s.client(), context.Background()
	snapshot := must[spotify.Snapshot](t)
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		s.settle()
	}
	ptr := func(text string) *string { return &text }

	must[spotify.User](t)(c.Me(ctx))
	must[[]spotify.Playlist](t)(c.Playlists(ctx))
	p := must[spotify.Playlist](t)(c.CreatePlaylist(ctx, spotify.NewPlaylist{Name: "Morning & evening", Description: "Rock & roll"}))
	bare := must[spotify.Playlist](t)(c.CreatePlaylist(ctx, spotify.NewPlaylist{Name: "No description", Collaborative: true}))
	s.settle()
	snapshot(c.AddItems(ctx, p.ID, []spotify.URI{brightside, soWhat, unknown, episode, brightside}, -1))
	snapshot(c.AddItems(ctx, p.ID, []spotify.URI{soWhat}, 0))
	snapshot(c.MoveItems(ctx, p.ID, 0, 1, 3))
	snapshot(c.RemoveItems(ctx, p.ID, []spotify.URI{unknown}))
	s.settle()
	s.server.Edit(p.ID, func(p *sandbox.Playlist) { // what only an app on a computer can add
		p.Rows = append(p.Rows, sandbox.Row{URI: "spotify:local:Ada:Demo:First+song:182", Local: true})
	})
	if items := must[[]spotify.Item](t)(c.Items(ctx, p.ID)); len(items) != 6 {
		t.Errorf("%d items, want 6", len(items))
	}
	long := s.server.AddPlaylist(sandbox.SandboxUser, sandbox.PlaylistSpec{Name: "Long", URIs: slices.Repeat([]spotify.URI{soWhat}, 250)})
	for id, n := range map[spotify.ID]int{p.ID: 6, long: 250} {
		if full := must[spotify.FullPlaylist](t)(c.FullPlaylist(ctx, id)); len(full.Items) != n || full.Total != n {
			t.Errorf("%d items, want %d", len(full.Items), n)
		}
	}
	snapshot(c.ReplaceItems(ctx, bare.ID, []spotify.URI{soWhat, episode}))
	snapshot(c.ReplaceItems(ctx, bare.ID, nil))
	ok(c.ChangeDetails(ctx, p.ID, spotify.DetailsChange{Name: ptr("Evening"), Description: ptr("")}))
	yes, no := true, false
	ok(c.ChangeDetails(ctx, p.ID, spotify.DetailsChange{Public: &yes}))
	ok(c.ChangeDetails(ctx, p.ID, spotify.DetailsChange{Public: &no, Collaborative: &yes}))
	must[spotify.Playlist](t)(c.Playlist(ctx, p.ID))
	must[[]spotify.Image](t)(c.Images(ctx, bare.ID))
	ok(c.UploadImage(ctx, p.ID, cover(t)))
	must[[]spotify.Image](t)(c.Images(ctx, p.ID))
	must[[]spotify.Playlist](t)(c.Playlists(ctx))

	uri := spotify.URI("spotify:playlist:" + string(p.ID))
	ok(c.Unsave(ctx, uri))
	ok(c.Save(ctx, uri, soWhat, "spotify:album:"+kindOfBlue))
	if has := must[[]bool](t)(c.Contains(ctx, uri, soWhat, unknown)); !slices.Equal(has, []bool{true, true, false}) {
		t.Errorf("the library has %v", has)
	}

	must[spotify.Track](t)(c.Track(ctx, "003vvx7Niy0yvhvHt4a68B"))
	must[spotify.Track](t)(c.Episode(ctx, "512ojhOuo1ktJprKbVcKyQ"))
	if a := must[spotify.Album](t)(c.Album(ctx, kindOfBlue)); len(a.Tracks) != 5 {
		t.Errorf("%s has %d tracks, want 5", a.Name, len(a.Tracks))
	}
	found := must[spotify.SearchResult](t)(c.Search(ctx, "miles davis", []spotify.Kind{spotify.KindTrack, spotify.KindAlbum, spotify.KindArtist}, 10))
	if len(found.Tracks) == 0 || len(found.Albums) == 0 || len(found.Artists) == 0 {
		t.Fatalf("found %d tracks, %d albums and %d artists by Miles Davis", len(found.Tracks), len(found.Albums), len(found.Artists))
	}
	must[spotify.Artist](t)(c.Artist(ctx, found.Artists[0].ID))
	must[[]spotify.Album](t)(c.ArtistAlbums(ctx, found.Artists[0].ID))
	found = must[spotify.SearchResult](t)(c.Search(ctx, "radiolab", []spotify.Kind{spotify.KindShow, spotify.KindEpisode, spotify.KindPlaylist}, 10))
	if len(found.Shows) == 0 {
		t.Fatal("found no show named Radiolab")
	}
	show := must[spotify.Show](t)(c.Show(ctx, found.Shows[0].ID))
	must[[]spotify.Track](t)(c.ShowEpisodes(ctx, show))

	for _, route := range []string{
		"GET /me", "GET /me/playlists", "POST /me/playlists", "GET /playlists/{playlist_id}", "PUT /playlists/{playlist_id}",
		"GET /playlists/{playlist_id}/items", "POST /playlists/{playlist_id}/items", "PUT /playlists/{playlist_id}/items",
		"DELETE /playlists/{playlist_id}/items", "GET /playlists/{playlist_id}/images", "PUT /playlists/{playlist_id}/images",
		"PUT /me/library", "DELETE /me/library", "GET /me/library/contains", "GET /tracks/{id}", "GET /episodes/{id}",
		"GET /albums/{id}", "GET /artists/{id}", "GET /artists/{id}/albums", "GET /shows/{id}", "GET /shows/{id}/episodes", "GET /search",
	} {
		if s.seen[route] == 0 {
			t.Errorf("nothing was sent to %s", route)
		}
	}
}

// cover is a small JPEG.
func cover(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, 300, 300)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
