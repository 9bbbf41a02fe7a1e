package sandbox

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/spotsync/spotsync/spotify"
)

func TestFields(t *testing.T) {
	row := func(n int) object {
		return object{"added_at": "t", "item": object{"uri": n, "name": "n", "album": object{"name": "a", "images": []any{1}}}}
	}
	body := object{"total": 2, "href": "h", "items": []any{row(1), row(2), nil}, "owner": object{"id": "o", "type": "user"}}
	for text, want := range map[string]string{
		"total":                              `{"total":2}`,
		"total , href":                       `{"href":"h","total":2}`,
		"owner.id":                           `{"owner":{"id":"o"}}`,
		"owner(id)":                          `{"owner":{"id":"o"}}`,
		"owner.id,owner.type":                `{"owner":{"id":"o","type":"user"}}`,
		"owner.id,owner":                     `{"owner":{"id":"o","type":"user"}}`,
		"items.item.uri":                     `{"items":[{"item":{"uri":1}},{"item":{"uri":2}},null]}`,
		"items(item(uri))":                   `{"items":[{"item":{"uri":1}},{"item":{"uri":2}},null]}`,
		"items(added_at,item(!album))":       `{"items":[{"added_at":"t","item":{"name":"n","uri":1}},{"added_at":"t","item":{"name":"n","uri":2}},null]}`,
		"items(item(uri,album(name)))":       `{"items":[{"item":{"album":{"name":"a"},"uri":1}},{"item":{"album":{"name":"a"},"uri":2}},null]}`,
		"items(track(uri))":                  `{"items":[{},{},null]}`,
		"!items,!owner":                      `{"href":"h","total":2}`,
		"!items,!owner.id":                   `{"href":"h","owner":{"type":"user"},"total":2}`,
		"nothing":                            `{}`,
		"items(item(uri)),items(item(name))": `{"items":[{"item":{"name":"n","uri":1}},{"item":{"name":"n","uri":2}},null]}`,
	} {
		f, ok := parseFields(text)
		if !ok {
			t.Errorf("%s: refused", text)
			continue
		}
		if got := jsonOf(f.apply(body)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{",", "a,", "a(", "a)", "a(b", "a..b", "(a)", "!", "a b", strings.Repeat("a(", 40), strings.Repeat("a.", 40) + "a"} {
		if _, ok := parseFields(text); ok {
			t.Errorf("%q: accepted", text)
		}
	}
}

// TestInventedMusicHoldsTogether: an invented track is on the album it names, by the artist it names.
func TestInventedMusicHoldsTogether(t *testing.T) {
	b := newBench(t, NoQuirks())
	for _, last := range []string{"0", "b", "c", "Z"} {
		id := "0track00000000000000x" + last
		track := b.must("GET", "/tracks/"+id, "")
		albumID, artistID := at(track, "album.id").(string), at(track, "artists.0.id").(string)
		if !isID(albumID) || !isID(artistID) || track["name"] == "" || at(track, "duration_ms").(float64) < 60_000 {
			t.Fatalf("track: %v", track)
		}
		album := b.must("GET", "/albums/"+albumID, "")
		found := false
		for _, x := range at(album, "tracks.items").([]any) {
			found = found || at(x, "id") == id && at(x, "name") == track["name"] && at(x, "track_number") == track["track_number"]
		}
		if !found || album["name"] != at(track, "album.name") || at(album, "artists.0.id") != artistID {
			t.Errorf("track %v is not on album %v", track, album)
		}
		artist := b.must("GET", "/artists/"+artistID, "")
		if artist["name"] != at(track, "artists.0.name") {
			t.Errorf("artist: %v", artist)
		}
		if !strings.Contains(jsonOf(b.must("GET", "/artists/"+artistID+"/albums?limit=10", "")), albumID) {
			t.Errorf("artist %s has no album %s", artistID, albumID)
		}
		if track["available_markets"] != nil || track["popularity"] != nil || album["label"] != nil {
			t.Error("what development mode lost is still there")
		}
	}
	episode := b.must("GET", "/episodes/0episode00000000000000", "")
	showID := at(episode, "show.id").(string)
	list := b.must("GET", "/shows/"+showID+"/episodes?limit=50&offset=50", "")
	if at(list, "total") != 62.0 || !strings.Contains(jsonOf(list), "spotify:episode:0episode00000000000000") {
		t.Errorf("show: %v", list)
	}
}

func TestSearch(t *testing.T) {
	b := newBench(t, NoQuirks())
	b.AddTrack(Track{ID: "0declared0000000000000", Title: "So What?", Artists: []string{"Nobody's Band"}, Album: "First", ReleaseDate: "1987-05-01", ISRC: "XXSBX8700001"})
	b.AddTrack(Track{ID: "0declared0000000000001", Title: "So What Else", Artists: []string{"Nobody's Band"}, ReleaseDate: "1999"})
	const first, second = "0declared0000000000000", "0declared0000000000001"
	for q, want := range map[string]string{
		"isrc:XXSBX8700001": first, "isrc:xxsbx8700001": first, "isrc:XXSBX8700009": "",
		`artist:"nobodys band" track:"so what"`: first, "track:so what artist:nobodys": first, `artist:nobody's year:1999`: second,
		"nobodys band year:1990-2000": second, "so what else": second, "nobodys band album:first": first, "genre:jazz nobodys": "", `"`: "",
	} {
		v := b.must("GET", "/search?type=track&q="+escape(q), "")
		got, _ := at(v, "tracks.items.0.id").(string)
		if want != "" && got != want || want == "" && q != `"` && got != "" {
			t.Errorf("%s finds %q, want %q", q, got, want)
		}
	}
	v := b.must("GET", "/search?type=track,album,artist,show,episode,playlist,audiobook&q=nobodys", "")
	if at(v, "albums.items.0.name") == nil || at(v, "artists.items.0.name") != "Nobody's Band" || at(v, "tracks.total") != 2.0 || at(v, "audiobooks.total") != 0.0 {
		t.Errorf("all types: %v", v)
	}
	b.Missing("spotify:track:" + spotify.URI(first))
	if v := b.must("GET", "/search?type=track&q=isrc:XXSBX8700001", ""); at(v, "tracks.total") != 0.0 {
		t.Errorf("a missing track is found: %v", v)
	}
}

func escape(q string) string {
	return strings.NewReplacer(" ", "%20", `"`, "%22", "?", "%3F").Replace(q)
}

func TestWellKnownMusic(t *testing.T) {
	b := newBench(t, NoQuirks())
	known := catalogTracks()[0]
	v := b.must("GET", "/search?type=track&limit=1&q="+escape(fmt.Sprintf("track:%q artist:%q", known.Title, known.Artists[0])), "")
	if at(v, "tracks.items.0.id") != known.ID || at(v, "tracks.items.0.name") != known.Title || at(v, "tracks.items.0.artists.0.name") != known.Artists[0] {
		t.Errorf("searched %s: %v", known.Title, v)
	}
	artistID := at(v, "tracks.items.0.artists.0.id").(string)
	if artist := b.must("GET", "/artists/"+artistID, ""); artist["name"] != known.Artists[0] {
		t.Errorf("artist: %v", artist)
	}
	if v := b.must("GET", "/me/top/artists?limit=50&time_range=long_term", ""); at(v, "total") != 50.0 || at(v, "items.49.name") == nil {
		t.Errorf("top: %v", v)
	}
}

func TestLibrary(t *testing.T) {
	b := newBench(t, NoQuirks())
	before := len(b.Library(SandboxUser))
	show, album := "spotify:show:0show00000000000000000", "spotify:album:0album0000000000000000"
	b.must("PUT", "/me/library?uris="+string(uri(1))+","+album+","+show+","+string(episodeURI(1)), "")
	b.must("PUT", "/me/library?uris="+string(uri(1)), "")
	if got := len(b.Library(SandboxUser)); got != before+4 {
		t.Errorf("%d saved, want %d", got, before+4)
	}
	for path, want := range map[string]string{"/me/tracks": "items.0.track.uri=" + string(uri(1)), "/me/albums": "items.0.album.uri=" + album,
		"/me/shows": "items.0.show.uri=" + show, "/me/episodes": "items.0.episode.uri=" + string(episodeURI(1))} {
		where, value, _ := strings.Cut(want, "=")
		if v := b.must("GET", path+"?limit=1", ""); at(v, where) != value || at(v, "items.0.added_at") != "2026-11-23T12:00:00Z" {
			t.Errorf("%s: %v", path, v)
		}
	}
	b.Like(SandboxUser, uri(2), noon.AddDate(-2, 0, 0))
	list := b.Library(SandboxUser)
	if list[len(list)-1].URI != uri(2) {
		t.Errorf("the oldest is %v", list[len(list)-1])
	}
	b.must("DELETE", "/me/library?uris="+string(uri(1))+","+show, "")
	b.Unlike(SandboxUser, uri(2))
	if v := b.must("GET", "/me/library/contains?uris="+string(uri(1))+","+album, ""); at(v, ".0") != false || at(v, ".1") != true {
		t.Errorf("contains: %v", v)
	}
}

// TestRecentlyPlayed walks back by cursor and meets every play once.
func TestRecentlyPlayed(t *testing.T) {
	b := newBench(t, NoQuirks())
	b.AddUser(User{ID: "friend"})
	_, b.token = b.IssueToken("friend", SandboxClientID)
	for i := range 7 {
		b.Played("friend", uri(i), noon.Add(time.Duration(i)*time.Minute))
	}
	var got []string
	for path := "/me/player/recently-played?limit=3"; ; {
		v := b.must("GET", path, "")
		for _, x := range v["items"].([]any) {
			got = append(got, at(x, "track.uri").(string))
		}
		if v["next"] == nil {
			break
		}
		path = "/me/player/recently-played?limit=3&before=" + at(v, "cursors.before").(string)
	}
	if len(got) != 7 || got[0] != string(uri(6)) || got[6] != string(uri(0)) {
		t.Errorf("played %v", got)
	}
	after := fmt.Sprint(noon.Add(4 * time.Minute).UnixMilli())
	if v := b.must("GET", "/me/player/recently-played?after="+after, ""); len(v["items"].([]any)) != 2 {
		t.Errorf("after: %v", v)
	}
}

func TestSaveAndLoad(t *testing.T) {
	b := newBench(t, DefaultQuirks())
	id := spotify.ID(b.must("POST", "/me/playlists", `{"name":"x","public":false}`)["id"].(string))
	b.must("POST", "/playlists/"+string(id)+"/items", jsonOf(object{"uris": uris(0, 3)}))
	b.AddTrack(Track{ID: "0declared0000000000000", Title: "Declared", Artists: []string{"A"}})
	b.Missing(uri(9))
	refresh, _ := b.IssueToken(SandboxUser, SandboxClientID)
	save := func(s *Server) string {
		t.Helper()
		var w bytes.Buffer
		if err := s.Save(&w); err != nil {
			t.Fatal(err)
		}
		return w.String()
	}
	text := save(b.Server)
	again, err := Load(strings.NewReader(text), Options{Now: b.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	if got := save(again); got != text {
		t.Errorf("saved again it differs:\n%s", cmp.Diff(text, got))
	}
	c := &bench{Server: again, t: t, clock: b.clock, token: b.token}
	if diff := cmp.Diff(b.Playlists(SandboxUser), c.Playlists(SandboxUser)); diff != "" {
		t.Errorf("playlists differ:\n%s", diff)
	}
	for _, wait := range []time.Duration{0, time.Second, 10 * time.Second, time.Minute} { // lag and wandering go on
		b.clock.advance(wait)
		for _, path := range []string{"/playlists/" + string(id), "/me/playlists", "/tracks/0declared0000000000000", "/tracks/" + string(uri(1)[14:])} {
			if diff := cmp.Diff(b.must("GET", path, ""), c.must("GET", path, "")); diff != "" {
				t.Errorf("%s differs after %v:\n%s", path, wait, diff)
			}
		}
	}
	c.refused("POST", "/playlists/"+string(id)+"/items", jsonOf(object{"uris": uris(9, 10)}), 400, "non-existing")
	if status, v := c.form("", refreshForm(refresh)); status != 200 {
		t.Errorf("refresh: %d %v", status, v)
	}
	if x, y := b.AddPlaylist(SandboxUser, PlaylistSpec{}), c.AddPlaylist(SandboxUser, PlaylistSpec{}); x == id || y == id {
		t.Error("an ID was given twice")
	}
	for name, text := range map[string]string{"empty": "", "cut": text[:len(text)/2], "other": `{"x":1}`, "newer": `{"spotsync_sandbox":2}`,
		"null user": `{"spotsync_sandbox":1,"world":{"users":{"a":null}}}`, "null grant": `{"spotsync_sandbox":1,"world":{"grants":{"a":null}}}`} {
		if s, err := Load(strings.NewReader(text), Options{}); err == nil || s != nil {
			t.Errorf("%s: %v %v", name, s, err)
		}
	}
}

// FuzzFields: whatever is asked for, there is an answer, and it holds nothing that was not there.
func FuzzFields(f *testing.F) {
	for _, text := range []string{"total", "items(item(uri,!name)),!items.item", "a.b(c),!a", "items..(", "!!a"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if f, ok := parseFields(text); ok {
			got := f.apply(object{"total": 1, "items": []any{object{"item": object{"uri": "u", "name": "n"}}, nil}}).(object)
			for k := range got {
				if k != "total" && k != "items" {
					t.Errorf("%q serves %s", text, k)
				}
			}
		}
	})
}
