package spotify_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/spotify"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// sandboxContract asks every route of the sandbox for everything it can do right.
func sandboxContract(t *testing.T, d *description, q sandbox.Quirks) {
	s := newStage(t, d, q)
	now := s.now
	s.server.AddUser(sandbox.User{ID: "ada", DisplayName: "Ada"})
	const withdrawn = "spotify:track:7d8GetOsjbxYnlo6Y9e5Kw"
	mixed := string(s.server.AddPlaylist(sandbox.SandboxUser, sandbox.PlaylistSpec{Name: "Mixed", Description: "A & B", Collaborative: true,
		URIs: []spotify.URI{brightside, soWhat, unknown, episode, withdrawn},
		Rows: []sandbox.Row{{URI: "spotify:local:Ada:Demo:First+song:182", Local: true}, {URI: soWhat, AddedBy: "ada", AddedAt: now.AddDate(-10, 0, 0)}}}))
	long := string(s.server.AddPlaylist(sandbox.SandboxUser, sandbox.PlaylistSpec{Name: "Long", URIs: slices.Repeat([]spotify.URI{brightside}, 120)}))
	foreign := string(s.server.AddPlaylist("ada", sandbox.PlaylistSpec{Name: "Ada's", Public: true, URIs: []spotify.URI{soWhat}}))
	s.server.AddPlaylist(sandbox.SandboxUser, sandbox.PlaylistSpec{Name: "Both", Public: true, Collaborative: true})
	s.server.AddPlaylist(sandbox.SandboxUser, sandbox.PlaylistSpec{Name: "Mosaic", Cover: cover(t)})
	s.server.Follow(sandbox.SandboxUser, spotify.ID(foreign))
	s.server.Withdraw(withdrawn)
	for i, uri := range []spotify.URI{episode, "spotify:album:" + kindOfBlue, withdrawn, unknown} {
		s.server.Like(sandbox.SandboxUser, uri, now.Add(-time.Duration(i)*time.Hour))
	}
	s.server.Played(sandbox.SandboxUser, brightside, now.Add(-time.Minute))
	show := "spotify:show:" + member(t, s.ask("GET", "/episodes/512ojhOuo1ktJprKbVcKyQ?market=SE", "", 200), "show", "id")
	s.server.Like(sandbox.SandboxUser, spotify.URI(show), now)
	s.settle()

	s.ask("GET", "/me", "", 200)
	s.ask("GET", "/me/playlists", "", 200)
	s.ask("GET", "/me/playlists?limit=2&offset=1", "", 200)
	for _, p := range []string{mixed, long, foreign} {
		s.ask("GET", "/playlists/"+p, "", 200)
		s.ask("GET", "/playlists/"+p+"/images", "", 200)
	}
	for _, query := range []string{"additional_types=track,episode", "additional_types=track", "market=SE&additional_types=track,episode"} {
		s.ask("GET", "/playlists/"+mixed+"?"+query, "", 200)
		s.ask("GET", "/playlists/"+mixed+"/items?limit=20&"+query, "", 200)
	}
	s.ask("GET", "/playlists/"+mixed+"?fields=id,name,owner(id),items(total,items(added_at,item(uri,name)))", "", 200)
	s.ask("GET", "/playlists/"+mixed+"/items?fields=total,next,items(added_at,is_local,item(uri,type),track(uri,type))&additional_types=track,episode", "", 200)
	if q.PageLimit != 50 {
		s.ask("GET", "/playlists/"+long+"/items?limit=100&offset=100", "", 200)
	}
	for offset := 0; offset <= 150; offset += 50 {
		s.ask("GET", fmt.Sprintf("/playlists/%s/items?limit=50&offset=%d", long, offset), "", 200)
	}

	made := member(t, s.ask("POST", "/me/playlists", `{"name":"Made","public":false,"collaborative":false,"description":"By hand"}`, 201), "id")
	s.ask("POST", "/me/playlists", `{"name":"Bare"}`, 201)
	s.ask("PUT", "/playlists/"+made, `{"name":"Renamed","description":"<b>Bold</b>","public":false}`, 200)
	snapshot := member(t, s.ask("POST", "/playlists/"+made+"/items", uris(soWhat, brightside, episode), 201), "snapshot_id")
	s.ask("POST", "/playlists/"+made+"/items?uris="+unknown+"&position=0", "", 201)
	s.ask("POST", "/playlists/"+made+"/items", `{"uris":["`+brightside+`"],"position":1}`, 201)
	s.ask("PUT", "/playlists/"+made+"/items", `{"range_start":0,"insert_before":2,"range_length":1,"snapshot_id":"`+snapshot+`"}`, 200)
	s.ask("DELETE", "/playlists/"+made+"/items", `{"items":[{"uri":"`+brightside+`"}]}`, 200)
	s.ask("PUT", "/playlists/"+made+"/items", uris(soWhat), 200)
	s.ask("PUT", "/playlists/"+made+"/items?uris="+soWhat, "", 200)
	s.ask("PUT", "/playlists/"+made+"/images", base64.StdEncoding.EncodeToString(cover(t)), 202)
	s.ask("GET", "/playlists/"+made, "", 200) // as it was, where reads lag
	s.settle()
	s.ask("GET", "/playlists/"+made, "", 200)
	s.ask("GET", "/playlists/"+made+"/images", "", 200)

	library := "uris=" + soWhat + ",spotify:playlist:" + made + "," + show + ",spotify:album:" + kindOfBlue + "," + episode
	for _, method := range []string{"DELETE", "PUT"} {
		s.ask(method, "/me/library?"+library, "", 200)
	}
	s.settle()
	s.ask("GET", "/me/library/contains?"+library, "", 200)
	for _, kind := range []string{"tracks", "albums", "episodes", "shows"} {
		s.ask("GET", "/me/"+kind, "", 200)
		s.ask("GET", "/me/"+kind+"?limit=1", "", 200)
	}
	for _, path := range []string{"/me/top/tracks", "/me/top/artists", "/me/top/tracks?time_range=short_term&limit=3",
		"/me/player/recently-played", "/me/player/recently-played?limit=2"} {
		s.ask("GET", path, "", 200)
	}

	artist := member(t, s.ask("GET", "/tracks/4vLYewWIvqHfKtJDk8c8tq", "", 200), "artists", "id")
	for _, path := range []string{
		"/tracks/" + strings.TrimPrefix(brightside, "spotify:track:"), "/tracks/" + strings.TrimPrefix(unknown, "spotify:track:") + "?market=SE",
		"/episodes/512ojhOuo1ktJprKbVcKyQ", "/albums/" + kindOfBlue, "/albums/" + kindOfBlue + "/tracks?limit=2&offset=2",
		"/artists/" + artist, "/artists/" + artist + "/albums?include_groups=album,single&limit=10",
		"/shows/" + strings.TrimPrefix(show, "spotify:show:"), "/shows/" + strings.TrimPrefix(show, "spotify:show:") + "/episodes?limit=50",
		"/search?q=blue&type=track,album,artist,playlist,show,episode&limit=10", "/search?q=zzzzzz&type=track",
		"/search?q=isrc:USSM15900113&type=track&limit=1", "/search?q=artist:%22Miles%20Davis%22%20track:%22So%20What%22&type=track&offset=1",
	} {
		s.ask("GET", path, "", 200)
	}
	if missing := s.unasked(); len(missing) > 0 {
		t.Errorf("nothing was sent to %q", missing)
	}
}

// refusalContract asks the sandbox for what it refuses. Requests may be wrong; the answers must be as described.
func refusalContract(t *testing.T, d *description) {
	quirks := sandbox.DefaultQuirks()
	quirks.SnapshotOnDelete = true
	s := newStage(t, d, quirks)
	s.answers = true
	s.server.AddUser(sandbox.User{ID: "ada", DisplayName: "Ada"})
	mine := string(s.server.AddPlaylist(sandbox.SandboxUser, sandbox.PlaylistSpec{Name: "Mine", URIs: []spotify.URI{soWhat}}))
	foreign := string(s.server.AddPlaylist("ada", sandbox.PlaylistSpec{Name: "Ada's", Public: true}))
	const poison, gone = "spotify:episode:5Xt5DXGzch68nYYamXrNxZ", "spotify:track:7d8GetOsjbxYnlo6Y9e5Kw"
	s.server.Withdraw(poison)
	s.server.Missing(gone)

	for _, tc := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/tracks/nonsense", "", 400},
		{"GET", "/tracks/7d8GetOsjbxYnlo6Y9e5Kw", "", 404},
		{"GET", "/playlists/37i9dQZF1DXcBWIGoYBM5M", "", 404},
		{"GET", "/playlists/" + mine + "/items?limit=101", "", 400},
		{"GET", "/playlists/" + foreign + "/items", "", 403},
		{"GET", "/search?type=track", "", 400},
		{"GET", "/search?q=a&type=track&limit=11", "", 400},
		{"GET", "/search?q=" + strings.Repeat("a", 251) + "&type=track", "", 400},
		{"GET", "/playlists/" + mine + "/items?limit=50&offset=1", "", 500},
		{"GET", "/me/library/contains", "", 400},
		{"PUT", "/me/library", "", 400},
		{"DELETE", "/me/library?uris=nonsense", "", 400},
		{"POST", "/me/playlists", `{`, 400},
		{"POST", "/me/playlists", `{"name":""}`, 400},
		{"POST", "/me/playlists", `{"name":"A","collaborative":true}`, 400},
		{"PUT", "/playlists/" + mine, `{"description":""}`, 400},
		{"PUT", "/playlists/" + mine, `{"description":"a\nb"}`, 500},
		{"PUT", "/playlists/" + foreign, `{"name":"Mine now"}`, 403},
		{"POST", "/playlists/" + mine + "/items", uris(gone), 400},
		{"POST", "/playlists/" + mine + "/items", uris(poison), 502},
		{"POST", "/playlists/" + mine + "/items", uris(slices.Repeat([]spotify.URI{soWhat}, 101)...), 400},
		{"PUT", "/playlists/" + mine + "/items", `{"range_start":5,"insert_before":0}`, 400},
		{"DELETE", "/playlists/" + mine + "/items", `{"items":[{"uri":"` + soWhat + `"}],"snapshot_id":"AAAA"}`, 502},
		{"DELETE", "/playlists/" + mine + "/items", `{"tracks":[{"uri":"` + soWhat + `"}]}`, 400},
		{"PUT", "/playlists/" + mine + "/images", "not a picture", 400},
		{"PUT", "/playlists/" + mine + "/images", strings.Repeat("A", 256*1024+4), 413},
		// What development mode lost.
		{"GET", "/playlists/" + mine + "/tracks", "", 403},
		{"PUT", "/me/tracks?ids=4vLYewWIvqHfKtJDk8c8tq", "", 403},
		{"GET", "/artists/0kbYTNQb4Pb1rPbbaF0pT4/top-tracks", "", 403},
		{"POST", "/users/sandbox/playlists", `{"name":"Old way"}`, 403},
	} {
		s.ask(tc.method, tc.path, tc.body, tc.status)
	}

	s.askAs("", "GET", "/me", "", 401)
	s.askAs("nonsense", "GET", "/me", "", 401)
	s.askAs(s.issue("playlist-read-private"), "PUT", "/playlists/"+mine, `{"name":"No scope"}`, 403)
	s.askAs(s.issue("playlist-modify-private"), "PUT", "/playlists/"+mine+"/images", "AAAA", 401)

	s.server.SetQuota(sandbox.Quota{Routes: []string{"/me/tracks"}, Requests: 1, NoRetryAfter: true})
	s.server.SetQuota(sandbox.Quota{Routes: []string{"/me/tracks", "/me/albums"}, Requests: 1, NoReason: true})
	s.ask("GET", "/me/tracks", "", 200)
	s.ask("GET", "/me/tracks", "", 429)
	s.ask("GET", "/me/albums", "", 429)
	s.ask("GET", "/me/shows", "", 200)
	s.server.ClearQuotas()

	s.server.SetRateLimit(1, time.Minute)
	s.ask("GET", "/me", "", 200)
	s.ask("GET", "/me", "", 429)
	s.server.SetRateLimit(0, 0)
	for _, f := range []sandbox.Fault{
		{RetryAfter: "48925", Reason: "QUOTA_EXCEEDED"},
		{Status: http.StatusInternalServerError}, {Status: http.StatusBadGateway}, {Status: http.StatusServiceUnavailable},
	} {
		s.server.Fail(f)
		status := f.Status
		if status == 0 {
			status = http.StatusTooManyRequests
		}
		s.ask("GET", "/me/playlists", "", status)
	}
	for _, change := range []func(*sandbox.Quirks){
		func(q *sandbox.Quirks) { q.PlainTextPremium403 = true },
		func(q *sandbox.Quirks) { q.NotRegistered403 = true },
	} {
		q := sandbox.DefaultQuirks()
		change(&q)
		s.server.SetQuirks(q)
		s.ask("GET", "/me", "", 403)
	}
}

// unasked are the operations of the sandbox that no request reached.
func (s *stage) unasked() (missing []string) {
	for _, name := range []string{
		"GET /me", "GET /me/playlists", "POST /me/playlists", "GET /playlists/{playlist_id}", "PUT /playlists/{playlist_id}",
		"GET /playlists/{playlist_id}/items", "POST /playlists/{playlist_id}/items", "PUT /playlists/{playlist_id}/items",
		"DELETE /playlists/{playlist_id}/items", "GET /playlists/{playlist_id}/images", "PUT /playlists/{playlist_id}/images",
		"PUT /me/library", "DELETE /me/library", "GET /me/library/contains", "GET /me/tracks", "GET /me/albums", "GET /me/episodes",
		"GET /me/shows", "GET /me/top/tracks", "GET /me/top/artists", "GET /me/player/recently-played", "GET /tracks/{id}",
		"GET /albums/{id}", "GET /albums/{id}/tracks", "GET /artists/{id}", "GET /artists/{id}/albums", "GET /shows/{id}",
		"GET /shows/{id}/episodes", "GET /episodes/{id}", "GET /search",
	} {
		if s.seen[name] == 0 {
			missing = append(missing, name)
		}
	}
	return missing
}

func uris(list ...spotify.URI) string {
	b, err := json.Marshal(map[string][]spotify.URI{"uris": list})
	if err != nil {
		panic(err) // strings always have JSON
	}
	return string(b)
}

// member is a text inside a JSON answer; of an array, its first element's.
func member(t *testing.T, body []byte, path ...string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	for _, name := range path {
		if list, ok := v.([]any); ok && len(list) > 0 {
			v = list[0]
		}
		if list, ok := v.(map[string]any)[name].([]any); ok && len(list) > 0 {
			v = list[0]
			continue
		}
		v = v.(map[string]any)[name]
	}
	text, ok := v.(string)
	if !ok {
		t.Fatalf("no %s in %s", strings.Join(path, "."), body)
	}
	return text
}
