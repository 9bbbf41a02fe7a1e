package sandbox

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/spotify"
)

// TestOffsetAtTheEnd: a page that begins where a list ends is an error, in every list; an empty list has its first page.
func TestOffsetAtTheEnd(t *testing.T) {
	b := newBench(t, only(func(q *Quirks) { q.OffsetAtEndIs5xx = true }))
	full := string(b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "full", URIs: uris(0, 100)}))
	empty := string(b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "empty"}))
	b.Like(SandboxUser, "spotify:album:1weenld61qoidwYuZ1GESA", noon)
	for path, n := range map[string]int{
		"/playlists/" + full + "/items": 100, "/me/playlists": 2, "/me/albums": 1, "/albums/1weenld61qoidwYuZ1GESA/tracks": 5,
		"/artists/000000000000000000000" + "0/albums": 6, "/shows/0000000000000000000000/episodes": 62,
	} {
		b.refused("GET", fmt.Sprintf("%s?offset=%d", path, n), "", 500, "Server error.")
		if v := b.must("GET", fmt.Sprintf("%s?offset=%d", path, n-1), ""); at(v, "total") != float64(n) || at(v, "next") != nil {
			t.Errorf("%s: %v in all, next %v", path, at(v, "total"), at(v, "next"))
		}
		b.must("GET", fmt.Sprintf("%s?offset=%d", path, n+1), "")
	}
	b.must("GET", "/playlists/"+empty+"/items?offset=0", "")
}

// TestPagesOfItems: 100 rows come with a playlist and in a page, or as many as a quirk says.
func TestPagesOfItems(t *testing.T) {
	for _, tt := range []struct {
		set                     func(*Quirks)
		embedded, limit, status float64
	}{
		{func(*Quirks) {}, 100, 100, 200},
		{func(q *Quirks) { q.PageLimit = 50 }, 100, 100, 400},
		{func(q *Quirks) { q.EmbeddedRows = 50 }, 50, 50, 200},
		{func(q *Quirks) { q.EmbeddedRows = -1 }, 0, 0, 200},
	} {
		b := newBench(t, only(tt.set))
		id := string(b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "x", URIs: uris(0, 120)}))
		v := b.must("GET", "/playlists/"+id, "")
		if rows := at(v, "items.items").([]any); float64(len(rows)) != tt.embedded || at(v, "items.limit") != tt.limit || at(v, "items.total") != 120.0 {
			t.Errorf("%d rows, limit %v, of %v", len(rows), at(v, "items.limit"), at(v, "items.total"))
		}
		if status, v := b.ask("GET", "/playlists/"+id+"/items?limit=100&offset=100", ""); float64(status) != tt.status || status == 400 && at(v, "error.message") != "Invalid limit" {
			t.Errorf("a page of 100 is answered %d %v", status, v)
		}
		b.refused("GET", "/playlists/"+id+"/items?limit=101", "", 400, "Invalid limit")
		b.must("GET", "/playlists/"+id+"/items?limit=50", "")
	}
}

// TestRowsTellTheirKind: as rows of a new app do, with is_playable and, for a song that Spotify exchanged, nothing else.
func TestRowsTellTheirKind(t *testing.T) {
	b := newBench(t, only(func(q *Quirks) {
		q.DropLinkedFrom = true
		q.Relink = map[string]string{"spotify:track:003vvx7Niy0yvhvHt4a68B": "spotify:track:7d8GetOsjbxYnlo6Y9e5Kw"}
	}))
	id := string(b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "x", URIs: []spotify.URI{"spotify:track:003vvx7Niy0yvhvHt4a68B", "spotify:episode:512ojhOuo1ktJprKbVcKyQ"}}))
	v := b.must("GET", "/playlists/"+id+"?additional_types=track,episode", "")
	song, talk := at(v, "items.items.0.item"), at(v, "items.items.1.item")
	if at(song, "track") != true || at(song, "episode") != false || at(song, "is_playable") != true || at(song, "linked_from") != nil || at(song, "id") != "7d8GetOsjbxYnlo6Y9e5Kw" {
		t.Errorf("a song: %v", song)
	}
	if at(talk, "track") != false || at(talk, "episode") != true {
		t.Errorf("an episode: %v", talk)
	}
	if v := b.must("GET", "/tracks/003vvx7Niy0yvhvHt4a68B", ""); at(v, "track") != nil {
		t.Errorf("not in a row: %v", v)
	}
}

func TestSearchesThatSpotifyRefuses(t *testing.T) {
	b := newBench(t, NoQuirks())
	b.must("GET", "/search?type=track&q="+strings.Repeat("%C3%A9", 250), "")
	b.refused("GET", "/search?type=track&q="+strings.Repeat("%C3%A9", 251), "", 400, "Query exceeds maximum length of 250 characters")
}

// TestEditions: one ISRC is the song on a single, on several issues of its album and on compilations.
func TestEditions(t *testing.T) {
	b := newBench(t, only(func(q *Quirks) { q.Editions = 11 }))
	for range 2 { // the second search finds what the first found
		v := b.must("GET", "/search?type=track&limit=10&q=isrc:usir20400274", "")
		albums := map[any]bool{}
		for _, row := range at(v, "tracks.items").([]any) {
			albums[at(row, "album.id")] = true
			if at(row, "external_ids.isrc") != "USIR20400274" || at(row, "is_playable") != true || at(row, "name") != at(v, "tracks.items.0.name") {
				t.Errorf("found %v", row)
			}
			if one := b.must("GET", "/tracks/"+at(row, "id").(string), ""); at(one, "name") != at(row, "name") {
				t.Errorf("by itself it is %v", at(one, "name"))
			}
		}
		if at(v, "tracks.total") != 11.0 || len(albums) != 10 {
			t.Errorf("%v hits, %d albums on the first page", at(v, "tracks.total"), len(albums))
		}
	}
}

func TestSavedAlbumsAreOdd(t *testing.T) {
	b := newBench(t, only(func(q *Quirks) { q.NullListEntries, q.AlbumsOutOfOrder = true, true }))
	for i := range 3 {
		b.Like(SandboxUser, spotify.URI(fmt.Sprintf("spotify:album:000000000000000000000%d", i)), noon.Add(-time.Duration(i)*time.Hour))
	}
	v := b.must("GET", "/me/albums", "")
	rows := at(v, "items").([]any)
	if len(rows) != 4 || at(v, "total") != 4.0 || rows[1] != nil || at(rows[0], "added_at") != "1998-04-20T00:00:00Z" {
		t.Errorf("%v in all: %v", at(v, "total"), rows)
	}
	if dates := fmt.Sprint(at(rows[2], "added_at"), at(rows[3], "added_at")); dates != "2026-11-23T12:00:00Z2026-11-23T10:00:00Z" {
		t.Error(dates)
	}
}

func TestShowOldestFirst(t *testing.T) {
	b := newBench(t, NoQuirks())
	dates := func() []string {
		var all []string
		for _, path := range []string{"/shows/0000000000000000000000/episodes?limit=50", "/shows/0000000000000000000000/episodes?limit=50&offset=50"} {
			for _, e := range at(b.must("GET", path, ""), "items").([]any) {
				all = append(all, at(e, "release_date").(string))
			}
		}
		return all
	}
	newest := dates()
	b.SetQuirks(only(func(q *Quirks) { q.ShowsOldestFirst = true }))
	oldest := dates()
	if len(newest) != 62 || len(oldest) != 62 || newest[0] <= newest[61] || oldest[0] >= oldest[61] || newest[0] != oldest[61] {
		t.Error(newest, oldest)
	}
}

// TestQuotas: a used-up quota refuses its routes and no others, says so in one of several ways, and comes back.
func TestQuotas(t *testing.T) {
	b := newBench(t, only(func(q *Quirks) { q.TokenLife = 48 * time.Hour }))
	b.SetQuota(Quota{Routes: []string{"/me/tracks"}, Requests: 2, NoRetryAfter: true, NoReason: true})
	b.SetQuota(Quota{Method: "GET", Routes: []string{"/playlists/{id}", "/playlists/{id}/items"}, Requests: 1})
	id := string(b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "x"}))
	ask := func(method, path, body string) (int, string, string) {
		w := b.raw(method, path, body, http.Header{"Authorization": {"Bearer " + b.token}})
		return w.Code, w.Header().Get("Retry-After"), w.Body.String()
	}
	want := func(method, path string, status int, after string, reason bool) {
		t.Helper()
		got, header, text := ask(method, path, `{"name":"y"}`)
		if got != status || header != after || strings.Contains(text, "QUOTA_EXCEEDED") != reason {
			t.Errorf("%s %s: %d, Retry-After %q, %s", method, path, got, header, text)
		}
	}
	for range 2 {
		want("GET", "/me/tracks", 200, "", false)
	}
	want("GET", "/me/tracks", 429, "", false)
	want("GET", "/playlists/"+id, 200, "", false)
	b.clock.advance(time.Hour)
	want("GET", "/playlists/"+id+"/items", 429, "82800", true)
	want("PUT", "/playlists/"+id, 200, "", false)
	want("GET", "/me/playlists", 200, "", false)
	b.clock.advance(23 * time.Hour)
	want("GET", "/playlists/"+id+"/items", 200, "", false)
	b.ClearQuotas()
	want("GET", "/playlists/"+id, 200, "", false)
}

func TestCoversOfATokenWithoutTheScope(t *testing.T) {
	for _, odd := range []bool{true, false} {
		b := newBench(t, only(func(q *Quirks) { q.CoverScopeIs401 = odd }))
		_, b.token = b.IssueToken(SandboxUser, SandboxClientID, "playlist-modify-private", "playlist-read-private")
		id := string(b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "x"}))
		status, _ := b.ask("PUT", "/playlists/"+id+"/images", "")
		if want := map[bool]int{true: 401, false: 403}[odd]; status != want {
			t.Errorf("%d, want %d", status, want)
		}
		b.must("GET", "/playlists/"+id, "")
	}
}

// TestPublicAndCollaborative: lists show playlists that are both, though neither can be asked for.
func TestPublicAndCollaborative(t *testing.T) {
	b := newBench(t, NoQuirks())
	id := string(b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "x", Public: true, Collaborative: true}))
	for _, v := range []any{b.must("GET", "/playlists/"+id, ""), at(b.must("GET", "/me/playlists", ""), "items.0")} {
		if at(v, "public") != true || at(v, "collaborative") != true {
			t.Error(v)
		}
	}
}

// TestNullImages: where there is no picture, lists hold null, and what a creation answers an empty list.
func TestNullImages(t *testing.T) {
	b := newBench(t, only(func(q *Quirks) { q.NullImages = true }))
	if v := b.must("POST", "/me/playlists", `{"name":"x"}`); at(v, "images") == nil {
		t.Error("created with images null")
	}
	if v := b.must("GET", "/me/playlists", ""); at(v, "items.0.images") != nil {
		t.Error("listed with", at(v, "items.0.images"))
	}
}
