package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spotsync/spotsync/spotify"
)

// bench is a server on a clock that stands still, and somebody who asks.
type bench struct {
	*Server
	t     *testing.T
	clock *clock
	token string
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }

func (c *clock) advance(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.at = c.at.Add(d) }

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func newBench(t *testing.T, q Quirks) *bench {
	t.Helper()
	c := &clock{at: noon}
	b := &bench{Server: New(Options{Now: c.now, Seed: 7, Quirks: q}), t: t, clock: c}
	_, b.token = b.IssueToken(SandboxUser, SandboxClientID)
	return b
}

// ask makes one request and decodes the answer, where there is one.
func (b *bench) ask(method, path, body string) (int, map[string]any) {
	b.t.Helper()
	w := b.raw(method, path, body, http.Header{"Authorization": {"Bearer " + b.token}})
	var v any
	if w.Body.Len() > 0 && strings.Contains(w.Header().Get("Content-Type"), "json") {
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			b.t.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
		}
	}
	switch v := v.(type) {
	case map[string]any:
		return w.Code, v
	case nil:
		return w.Code, nil
	default:
		return w.Code, map[string]any{"": v}
	}
}

func (b *bench) raw(method, path, body string, h http.Header) *httptest.ResponseRecorder {
	if strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "/v1") && !strings.HasPrefix(path, "/authorize") && !strings.HasPrefix(path, "/api/") {
		path = "/v1" + path
	}
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header = h
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, r)
	return w
}

// must asks and wants success.
func (b *bench) must(method, path, body string) map[string]any {
	b.t.Helper()
	status, v := b.ask(method, path, body)
	if status >= 300 {
		b.t.Fatalf("%s %s %s: %d %v", method, path, body, status, v)
	}
	return v
}

// refused asks and wants this status, and the message.
func (b *bench) refused(method, path, body string, status int, message string) {
	b.t.Helper()
	got, v := b.ask(method, path, body)
	e, _ := v["error"].(map[string]any)
	if got != status || !strings.Contains(fmt.Sprint(e["message"]), message) {
		b.t.Errorf("%s %s %.80s: %d %v, want %d %q", method, path, body, got, v, status, message)
	}
}

// at walks a decoded answer: "items.0.item.uri".
func at(v any, path string) any {
	for _, k := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[k]
		case []any:
			var i int
			if _, err := fmt.Sscan(k, &i); err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

func uri(n int) spotify.URI {
	return spotify.URI(fmt.Sprintf("spotify:track:0track%016d", n))
}

func episodeURI(n int) spotify.URI {
	return spotify.URI(fmt.Sprintf("spotify:episode:0episode%014d", n))
}

func uris(from, to int) []spotify.URI {
	var out []spotify.URI
	for i := from; i < to; i++ {
		out = append(out, uri(i))
	}
	return out
}

func jsonOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func (b *bench) rows(id spotify.ID) []spotify.URI {
	b.t.Helper()
	p, ok := b.Playlist(id)
	if !ok {
		b.t.Fatalf("no playlist %s", id)
	}
	var out []spotify.URI
	for _, r := range p.Rows {
		out = append(out, r.URI)
	}
	return out
}

func (b *bench) wantRows(id spotify.ID, want ...spotify.URI) {
	b.t.Helper()
	if got := b.rows(id); !slices.Equal(got, want) {
		b.t.Errorf("rows are %v, want %v", got, want)
	}
}

// TestMainStory makes, fills, changes, reads and deletes a playlist, as a client would.
func TestMainStory(t *testing.T) {
	b := newBench(t, NoQuirks())
	made := b.must("POST", "/me/playlists", `{"name":"Morning","public":false,"description":"slow"}`)
	id := made["id"].(string)
	for path, want := range map[string]any{"name": "Morning", "public": false, "collaborative": false, "description": "slow",
		"owner.id": SandboxUser, "owner.display_name": "Sandbox Listener", "type": "playlist", "uri": "spotify:playlist:" + id, "items.total": 0.0} {
		if got := at(made, path); got != want {
			t.Errorf("created %s is %v, want %v", path, got, want)
		}
	}
	b.must("POST", "/playlists/"+id+"/items", jsonOf(object{"uris": uris(0, 3)}))
	b.must("POST", "/playlists/"+id+"/items", jsonOf(object{"uris": []spotify.URI{uri(0), episodeURI(1)}, "position": 1}))
	b.must("PUT", "/playlists/"+id, `{"name":"Evening"}`)
	b.wantRows(spotify.ID(id), uri(0), uri(0), episodeURI(1), uri(1), uri(2))
	page := b.must("GET", "/playlists/"+id+"/items?limit=2&offset=2&additional_types=track,episode", "")
	if at(page, "total") != 5.0 || at(page, "items.0.item.uri") != string(episodeURI(1)) || at(page, "items.1.item.uri") != string(uri(1)) {
		t.Errorf("page: %v", page)
	}
	if at(page, "items.0.added_at") != "2026-11-23T12:00:00Z" || at(page, "items.0.added_by.id") != SandboxUser {
		t.Errorf("row: %v", at(page, "items.0"))
	}
	if next, _ := at(page, "next").(string); !strings.Contains(next, "offset=4") {
		t.Errorf("next is %q", next)
	}
	mine := b.must("GET", "/me/playlists", "")
	if at(mine, "items.0.name") != "Evening" || at(mine, "items.0.items.total") != 5.0 || at(mine, "items.0.items.items") != nil {
		t.Errorf("listing: %v", mine)
	}
	b.must("DELETE", "/me/library?uris=spotify:playlist:"+id, "")
	if has := b.must("GET", "/me/library/contains?uris=spotify:playlist:"+id, ""); at(has, ".0") != false {
		t.Errorf("contains after deleting: %v", has)
	}
	b.must("GET", "/playlists/"+id, "")
	b.must("PUT", "/me/library?uris=spotify:playlist:"+id, "")
	if list := b.Playlists(SandboxUser); len(list) != 1 || list[0].Name != "Evening" || list[0].Deleted {
		t.Errorf("restored: %v", list)
	}
	if n := b.Counts()["POST /playlists/{id}/items"]; n != 2 {
		t.Errorf("counted %d adds", n)
	}
	if b.Writes() != 6 {
		t.Errorf("counted %d writes", b.Writes())
	}
}

// TestRefusals has a line for each thing Spotify refuses.
func TestRefusals(t *testing.T) {
	b := newBench(t, DefaultQuirks())
	b.AddUser(User{ID: "friend", DisplayName: "Friend"})
	theirs := string(b.AddPlaylist("friend", PlaylistSpec{Name: "Theirs", Public: true, URIs: uris(0, 3)}))
	mine := string(b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "Mine", URIs: uris(0, 3)}))
	full := string(b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "Full", URIs: uris(0, 10_000)}))
	together := string(b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "Together", Collaborative: true}))
	b.Missing(uri(404))
	b.Withdraw(episodeURI(404))
	items := "/playlists/" + mine + "/items"
	tooMany := jsonOf(object{"uris": uris(0, 101)})
	for _, tt := range []struct {
		method, path, body string
		status             int
		message            string
	}{
		{"GET", "/me/playlists?limit=51", "", 400, "Invalid limit"},
		{"GET", "/me/playlists?limit=0", "", 400, "Invalid limit"},
		{"GET", "/me/playlists?offset=-1", "", 400, "Invalid offset"},
		{"GET", items + "?limit=101", "", 400, "Invalid limit"},
		{"GET", items + "?fields=items(", "", 400, "Invalid fields"},
		{"GET", "/search?q=x&type=track&limit=11", "", 400, "Invalid limit"},
		{"GET", "/search?type=track", "", 400, "No search query"},
		{"GET", "/search?q=x&type=song", "", 400, "Bad search type"},
		{"GET", "/search?q=x&type=track&limit=10&offset=995", "", 400, "Invalid offset"},
		{"GET", "/artists/0artist000000000000000/albums?limit=11", "", 400, "Invalid limit"},

		{"POST", "/me/playlists", `{`, 400, "Error parsing JSON."},
		{"POST", "/me/playlists", `{"name":1}`, 400, "Error parsing JSON."},
		{"POST", "/me/playlists", `{}`, 400, "Missing required field: name"},
		{"POST", "/me/playlists", `{"name":""}`, 400, "Missing required field: name"},
		{"POST", "/me/playlists", `{"name":"a","collaborative":true}`, 400, "collaborative"},
		{"POST", "/me/playlists", `{"name":"a","public":true,"collaborative":true}`, 400, "collaborative"},
		{"POST", "/me/playlists", `{"name":"a","description":""}`, 400, "Attribute description is empty"},
		{"PUT", "/playlists/" + together, `{"public":true}`, 400, "collaborative"},
		{"PUT", "/playlists/" + mine, `{"description":""}`, 400, "Attribute description is empty"},
		{"PUT", "/playlists/" + mine, `{"description":"a\nb"}`, 500, "Server error"},
		{"PUT", "/playlists/" + mine, `{"description":"see https://example.org"}`, 400, "Invalid description"},
		{"PUT", "/playlists/" + theirs, `{"name":"x"}`, 403, "Forbidden"},

		{"GET", "/playlists/37i9dQZF1DXcBWIGoYBM5M", "", 404, "Resource not found"},
		{"GET", "/playlists/0000000000000000000000", "", 404, "Resource not found"},
		{"GET", "/playlists/nonsense", "", 400, "Invalid base62 id"},
		{"GET", "/playlists/" + theirs + "/items", "", 403, "Forbidden"},
		{"POST", "/playlists/" + theirs + "/items", jsonOf(object{"uris": uris(0, 1)}), 403, "Forbidden"},

		{"POST", items, tooMany, 400, "maximum of 100"},
		{"PUT", items, tooMany, 400, "maximum of 100"},
		{"POST", items, `{"uris":[]}`, 400, "No uris provided"},
		{"POST", items, `{"tracks":["` + string(uri(1)) + `"]}`, 400, "No uris provided"},
		{"POST", items, jsonOf(object{"uris": uris(0, 1), "position": 4}), 400, "Index out of bounds"},
		{"POST", items, jsonOf(object{"uris": uris(0, 1), "position": -1}), 400, "Index out of bounds"},
		{"POST", items, `{"uris":["spotify:local:a:b:c:10"]}`, 400, "Invalid track uri"},
		{"POST", items, `{"uris":["0track0000000000000001"]}`, 400, "Invalid track uri"},
		{"POST", items, `{"uris":["spotify:album:0track0000000000000001"]}`, 400, "Invalid track uri"},
		{"POST", items, jsonOf(object{"uris": []spotify.URI{uri(1), uri(404)}}), 400, "Payload contains a non-existing ID"},
		{"PUT", items, jsonOf(object{"uris": []spotify.URI{episodeURI(404)}}), 502, ""},
		{"POST", "/playlists/" + full + "/items", jsonOf(object{"uris": uris(0, 1)}), 403, "limit"},

		{"PUT", items, `{}`, 400, "No uris provided"},
		{"PUT", items, `{"range_start":0}`, 400, "No uris provided"},
		{"PUT", items, `{"range_start":3,"insert_before":0}`, 400, "Index out of bounds"},
		{"PUT", items, `{"range_start":-1,"insert_before":0}`, 400, "Index out of bounds"},
		{"PUT", items, `{"range_start":0,"insert_before":4}`, 400, "Index out of bounds"},
		{"PUT", items, `{"range_start":2,"insert_before":0,"range_length":2}`, 400, "Index out of bounds"},
		{"PUT", items, `{"range_start":1,"insert_before":0,"range_length":0}`, 400, "Index out of bounds"},
		{"PUT", items, `{"range_start":9223372036854775807,"insert_before":0,"range_length":1}`, 400, "Index out of bounds"},
		{"PUT", items, `{"range_start":0,"insert_before":1,"snapshot_id":"nonsense"}`, 400, "Missing or bad version tag"},
		{"PUT", items, `{"uris":[],"range_start":0,"insert_before":1}`, 400, "Cannot replace and reorder"},

		{"DELETE", items, `{"tracks":[{"uri":"` + string(uri(1)) + `"}]}`, 400, "No uris provided"},
		{"DELETE", items, `{"items":["` + string(uri(1)) + `"]}`, 400, "Invalid base62 id"},
		{"DELETE", items, `{"items":[{"uri":"spotify:local:a:b:c:10"}]}`, 400, "Invalid track uri"},
		{"DELETE", items, jsonOf(object{"items": make([]object, 101)}), 400, "maximum of 100"},

		{"PUT", "/me/library", `{"uris":["spotify:playlist:` + mine + `"]}`, 400, "Missing required field: uris"},
		{"DELETE", "/me/library", `{"uris":["spotify:playlist:` + mine + `"]}`, 400, "Missing required field: uris"},
		{"PUT", "/me/library?uris=" + strings.Repeat(string(uri(1))+",", 40) + string(uri(2)), "", 400, "at most 40"},
		{"PUT", "/me/library?uris=nonsense", "", 400, "Invalid uri"},
		{"PUT", "/me/library?uris=spotify:playlist:0000000000000000000000", "", 404, "not found"},

		{"GET", "/tracks/" + string(uri(404)[14:]), "", 404, "not found"},
		{"GET", "/episodes/" + string(episodeURI(404)[16:]), "", 404, "not found"},
		{"GET", "/tracks?ids=1", "", 403, "Forbidden"},
		{"GET", "/playlists/" + mine + "/tracks", "", 403, "Forbidden"},
		{"DELETE", "/playlists/" + mine + "/followers", "", 403, "Forbidden"},
		{"POST", "/users/sandbox/playlists", `{"name":"x"}`, 403, "Forbidden"},
		{"PUT", "/me/tracks", "", 403, "Forbidden"},
		{"GET", "/recommendations", "", 404, "Service not found"},
		{"GET", "/me/top/genres", "", 400, "Invalid type"},
	} {
		b.refused(tt.method, tt.path, tt.body, tt.status, tt.message)
	}
	b.wantRows(spotify.ID(mine), uris(0, 3)...)
	if p, _ := b.Playlist(spotify.ID(mine)); p.Snapshot != spotify.Snapshot(b.snapshot(mine, 1)) {
		t.Error("something refused moved the snapshot")
	}
	if v := b.must("GET", "/playlists/"+theirs, ""); v["items"] != nil || v["name"] != "Theirs" {
		t.Errorf("somebody else's playlist: %v", v)
	}
}

func TestScopes(t *testing.T) {
	b := newBench(t, NoQuirks())
	private := string(b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "Private"}))
	public := string(b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "Public", Public: true}))
	together := string(b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "Together", Collaborative: true}))
	add := jsonOf(object{"uris": uris(0, 1)})
	for _, tt := range []struct{ method, path, body, scopes string }{
		{"POST", "/me/playlists", `{"name":"a"}`, "playlist-modify-public"},
		{"POST", "/me/playlists", `{"name":"a","public":false}`, "playlist-modify-private"},
		{"POST", "/me/playlists", `{"name":"a","public":false,"collaborative":true}`, "playlist-modify-private playlist-modify-public"},
		{"POST", "/playlists/" + private + "/items", add, "playlist-modify-private"},
		{"POST", "/playlists/" + public + "/items", add, "playlist-modify-public"},
		{"PUT", "/playlists/" + public, `{"name":"b"}`, "playlist-modify-public"},
		{"GET", "/playlists/" + private, "", "playlist-read-private"},
		{"GET", "/playlists/" + private + "/items", "", "playlist-read-private"},
		{"GET", "/playlists/" + together + "/items", "", "playlist-read-private playlist-read-collaborative"},
		{"GET", "/me/tracks", "", "user-library-read"},
		{"GET", "/me/top/tracks", "", "user-top-read"},
		{"GET", "/me/player/recently-played", "", "user-read-recently-played"},
		{"GET", "/shows/0show00000000000000000", "", "user-read-playback-position"},
		{"PUT", "/me/library?uris=" + string(uri(1)), "", "user-library-modify"},
		{"PUT", "/me/library?uris=spotify:artist:0artist000000000000000", "", "user-follow-modify"},
		{"GET", "/me/library/contains?uris=spotify:playlist:" + private, "", "playlist-read-private"},
		{"DELETE", "/me/library?uris=spotify:playlist:" + private, "", "playlist-modify-private"},
	} {
		scopes := strings.Fields(tt.scopes)
		_, b.token = b.IssueToken(SandboxUser, SandboxClientID, scopes...)
		if status, v := b.ask(tt.method, tt.path, tt.body); status >= 300 {
			t.Errorf("%s %s with %s: %d %v", tt.method, tt.path, tt.scopes, status, v)
		}
		for _, without := range scopes {
			rest := slices.DeleteFunc(knownScopes(), func(s string) bool { return s == without })
			_, b.token = b.IssueToken(SandboxUser, SandboxClientID, rest...)
			b.refused(tt.method, tt.path, tt.body, 403, "Insufficient client scope")
		}
	}
	b.Follow(SandboxUser, spotify.ID(private))
	_, b.token = b.IssueToken(SandboxUser, SandboxClientID, "user-library-read")
	for _, x := range at(b.must("GET", "/me/playlists", ""), "items").([]any) {
		if at(x, "public") != true {
			t.Errorf("listed without the scope: %v", x)
		}
	}
}

func TestBearer(t *testing.T) {
	b := newBench(t, NoQuirks())
	for _, tt := range []struct {
		header, message string
		status          int
	}{
		{"", "No token provided", 401},
		{"Basic abc", "Only valid bearer", 400},
		{"Bearer nonsense", "Invalid access token", 401},
	} {
		h := http.Header{}
		if tt.header != "" {
			h.Set("Authorization", tt.header)
		}
		w := b.raw("GET", "/me", "", h)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.message) {
			t.Errorf("%q: %d %s", tt.header, w.Code, w.Body)
		}
		if auth := w.Header().Get("WWW-Authenticate"); tt.status == 401 && !strings.Contains(auth, `error="invalid_token"`) {
			t.Errorf("%q: WWW-Authenticate is %q", tt.header, auth)
		}
	}
	b.clock.advance(59 * time.Minute)
	b.must("GET", "/me", "")
	b.clock.advance(time.Minute)
	b.refused("GET", "/me", "", 401, "The access token expired")
	_, b.token = b.IssueToken(SandboxUser, SandboxClientID)
	b.must("GET", "/me", "")
	b.ExpireAccessTokens()
	b.refused("GET", "/me", "", 401, "The access token expired")
}

// TestReorder compares with the reference's own words: the block goes before the row that had the index, counted before the move.
func TestReorder(t *testing.T) {
	const n = 5
	for start := range n {
		for length := 1; start+length <= n; length++ {
			for before := 0; before <= n; before++ {
				b := newBench(t, NoQuirks())
				id := b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "x"})
				b.Edit(id, func(p *Playlist) {
					for i, u := range uris(0, n) {
						p.Rows = append(p.Rows, Row{URI: u, AddedAt: noon.Add(-time.Duration(i) * time.Hour), AddedBy: "someone"})
					}
				})
				was, _ := b.Playlist(id)
				b.must("PUT", "/playlists/"+string(id)+"/items", jsonOf(object{"range_start": start, "range_length": length, "insert_before": before}))
				var want []Row
				for i := 0; i <= n; i++ {
					if i == before {
						want = append(want, was.Rows[start:start+length]...)
					}
					if i < n && (i < start || i >= start+length) {
						want = append(want, was.Rows[i])
					}
				}
				if before > start && before < start+length {
					want = was.Rows
				}
				now, _ := b.Playlist(id)
				if !slices.Equal(now.Rows, want) {
					t.Errorf("start %d length %d before %d: %v, want %v", start, length, before, now.Rows, want)
				}
				if now.Snapshot == was.Snapshot {
					t.Error("the snapshot stayed")
				}
			}
		}
	}
}

// TestDates holds what becomes of dates added: kept by reorder and remove, new on add and replace.
func TestDates(t *testing.T) {
	q := NoQuirks()
	q.TokenLife = 24 * time.Hour
	b := newBench(t, q)
	id := b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "x", URIs: []spotify.URI{uri(0), uri(1), uri(0), uri(2)}})
	path := "/playlists/" + string(id) + "/items"
	b.clock.advance(time.Hour)
	b.must("DELETE", path, jsonOf(object{"items": []object{{"uri": uri(0), "positions": []int{0}}}}))
	b.wantRows(id, uri(1), uri(2)) // positions are not looked at
	b.must("POST", path, jsonOf(object{"uris": []spotify.URI{uri(3)}, "position": 1}))
	b.must("PUT", path, `{"range_start":2,"insert_before":0}`)
	b.wantRows(id, uri(2), uri(1), uri(3))
	p, _ := b.Playlist(id)
	for i, want := range []time.Time{noon, noon, noon.Add(time.Hour)} {
		if !p.Rows[i].AddedAt.Equal(want) {
			t.Errorf("row %d added at %v, want %v", i, p.Rows[i].AddedAt, want)
		}
	}
	b.clock.advance(time.Hour)
	b.Edit(id, func(p *Playlist) { p.Rows = append(p.Rows, Row{URI: uri(4)}) })
	p, _ = b.Playlist(id)
	if !p.Rows[0].AddedAt.Equal(noon) || !p.Rows[3].AddedAt.Equal(noon.Add(2*time.Hour)) {
		t.Errorf("after an edit: %v", p.Rows)
	}
	b.must("PUT", path, jsonOf(object{"uris": uris(1, 3)}))
	p, _ = b.Playlist(id)
	if len(p.Rows) != 2 || !p.Rows[0].AddedAt.Equal(noon.Add(2*time.Hour)) {
		t.Errorf("after a replace: %v", p.Rows)
	}
	b.must("PUT", path, `{"uris":[]}`)
	b.wantRows(id)
	b.must("POST", path+"?uris="+url.QueryEscape(string(uri(1)+","+uri(2))), `{"uris":["ignored"]}`)
	b.wantRows(id, uri(1), uri(2))
}

func TestCollaborators(t *testing.T) {
	b := newBench(t, NoQuirks())
	b.AddUser(User{ID: "friend"})
	id := string(b.AddPlaylist("friend", PlaylistSpec{Name: "Ours", Collaborators: []string{SandboxUser}, URIs: uris(0, 2)}))
	if v := b.must("GET", "/playlists/"+id, ""); at(v, "items.total") != 2.0 {
		t.Errorf("a collaborator sees %v", v)
	}
	b.must("POST", "/playlists/"+id+"/items", jsonOf(object{"uris": uris(2, 3)}))
	b.wantRows(spotify.ID(id), uris(0, 3)...)
	b.refused("PUT", "/playlists/"+id, `{"name":"Mine"}`, 403, "Forbidden")
}

// TestSameSeedSameAnswers runs a story twice and compares the bytes.
func TestSameSeedSameAnswers(t *testing.T) {
	story := func() string {
		b, out := newBench(t, DefaultQuirks()), ""
		h := http.Header{"Authorization": {"Bearer " + b.token}}
		for _, r := range [][3]string{
			{"POST", "/me/playlists", `{"name":"a","public":false}`}, {"GET", "/me/playlists", ""}, {"GET", "/me/top/tracks", ""},
			{"GET", "/tracks/" + string(uri(7)[14:]), ""}, {"GET", "/search?q=love&type=track,artist,album", ""},
			{"GET", "/me/tracks?limit=50", ""}, {"GET", "/me/player/recently-played", ""}, {"GET", "/me", ""},
		} {
			b.clock.advance(time.Second)
			out += b.raw(r[0], r[1], r[2], h).Body.String()
		}
		return out
	}
	if a, b := story(), story(); a != b {
		t.Errorf("two answers:\n%s\n%s", a, b)
	}
}

// TestManyAtOnce is for the race detector: everything at once ends in a playlist with everything in it.
func TestManyAtOnce(t *testing.T) {
	b := newBench(t, DefaultQuirks())
	srv := httptest.NewServer(b.Handler())
	defer srv.Close()
	id := b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "busy"})
	b.Fail(Fault{Method: "GET", Delay: time.Millisecond, Times: -1})
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for _, r := range [][3]string{{"POST", "/playlists/" + string(id) + "/items", jsonOf(object{"uris": uris(i, i+1)})},
				{"GET", "/me/playlists", ""}, {"GET", "/playlists/" + string(id) + "/items", ""}, {"POST", "/me/playlists", `{"name":"x"}`},
				{"PUT", "/me/library?uris=" + string(uri(i)), ""}} {
				req, err := http.NewRequest(r[0], srv.URL+"/v1"+r[1], strings.NewReader(r[2]))
				if err != nil {
					t.Error(err)
					return
				}
				req.Header.Set("Authorization", "Bearer "+b.token)
				resp, err := srv.Client().Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode >= 300 {
					t.Errorf("%v: %d %v", r, resp.StatusCode, err)
				}
				resp.Body.Close()
			}
			b.clock.advance(time.Second)
			b.Requests()
			b.Playlists(SandboxUser)
			b.Edit(id, func(p *Playlist) { p.Name += "." })
			if err := b.Save(io.Discard); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := b.rows(id); len(got) != 16 {
		t.Errorf("%d rows", len(got))
	}
	if list := b.Playlists(SandboxUser); len(list) != 17 {
		t.Errorf("%d playlists", len(list))
	}
}
