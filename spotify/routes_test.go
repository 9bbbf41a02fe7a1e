package spotify

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const onPath = "/v1/playlists/" + string(anID)

// What each method sends, in one look.
func TestRequests(t *testing.T) {
	jpeg := append([]byte("\xff\xd8\xff\xe0"), "picture"...)
	snapshot := reply{status: 200, body: `{"snapshot_id":"S"}`}
	playlist := reply{status: 201, body: `{"id":"P"}`}
	ctx := context.Background()
	for _, test := range []struct {
		do    func(*Client) error
		reply reply
		want  string
	}{
		{func(c *Client) error { _, err := c.Playlist(ctx, anID); return err }, playlist,
			"GET " + onPath + "?fields=id%2Cname%2Cdescription%2Cpublic%2Ccollaborative%2Csnapshot_id%2Cowner%28id%2Cdisplay_name%29%2Cimages%2Citems%28total%29%2Ctracks%28total%29 "},
		{func(c *Client) error { _, err := c.CreatePlaylist(ctx, NewPlaylist{Name: "N"}); return err }, playlist,
			`POST /v1/me/playlists {"name":"N","public":false,"collaborative":false,"description":" "}`},
		{func(c *Client) error {
			_, err := c.CreatePlaylist(ctx, NewPlaylist{Name: `"é"`, Description: "d", Public: true})
			return err
		}, playlist, `POST /v1/me/playlists {"name":"\"é\"","public":true,"collaborative":false,"description":"d"}`},
		{func(c *Client) error {
			return c.ChangeDetails(ctx, anID, DetailsChange{Description: new(""), Public: new(false)})
		}, reply{status: 200}, "PUT " + onPath + ` {"public":false,"description":" "}`},
		{func(c *Client) error {
			return c.ChangeDetails(ctx, anID, DetailsChange{Name: new("N"), Collaborative: new(true)})
		}, reply{status: 200}, "PUT " + onPath + ` {"name":"N","collaborative":true}`},
		{func(c *Client) error { return c.ChangeDetails(ctx, anID, DetailsChange{}) }, reply{}, ""},
		{func(c *Client) error { _, err := c.AddItems(ctx, anID, []URI{"spotify:track:a"}, 0); return err }, snapshot,
			"POST " + onPath + `/items {"uris":["spotify:track:a"],"position":0}`},
		{func(c *Client) error { _, err := c.AddItems(ctx, anID, []URI{"spotify:track:a"}, -1); return err }, snapshot,
			"POST " + onPath + `/items {"uris":["spotify:track:a"]}`},
		{func(c *Client) error { _, err := c.ReplaceItems(ctx, anID, nil); return err }, snapshot, "PUT " + onPath + `/items {"uris":[]}`},
		{func(c *Client) error { _, err := c.MoveItems(ctx, anID, 0, 2, 5); return err }, snapshot,
			"PUT " + onPath + `/items {"range_start":0,"insert_before":5,"range_length":2}`},
		{func(c *Client) error { _, err := c.RemoveItems(ctx, anID, []URI{"spotify:track:a"}); return err }, snapshot,
			"DELETE " + onPath + `/items {"items":[{"uri":"spotify:track:a"}]}`},
		{func(c *Client) error { return c.UploadImage(ctx, anID, jpeg) }, reply{status: 202},
			"PUT " + onPath + "/images " + base64.StdEncoding.EncodeToString(jpeg)},
		{func(c *Client) error { _, err := c.Images(ctx, anID); return err }, reply{status: 200, body: "[]"}, "GET " + onPath + "/images "},
		{func(c *Client) error { return c.Save(ctx, "spotify:track:a", "spotify:album:b") }, reply{status: 204},
			"PUT /v1/me/library?uris=spotify%3Atrack%3Aa%2Cspotify%3Aalbum%3Ab "},
		{func(c *Client) error { return c.Unsave(ctx, "spotify:playlist:a") }, reply{status: 200}, "DELETE /v1/me/library?uris=spotify%3Aplaylist%3Aa "},
		{func(c *Client) error { _, err := c.Contains(ctx, "spotify:playlist:a"); return err }, reply{status: 200, body: "[true]"},
			"GET /v1/me/library/contains?uris=spotify%3Aplaylist%3Aa "},
		{func(c *Client) error { _, err := c.Search(ctx, "isrc:X", nil, 50); return err }, reply{status: 200, body: `{"tracks":{"items":[]}}`},
			"GET /v1/search?limit=10&q=isrc%3AX&type=track "},
		{func(c *Client) error { _, err := c.ArtistAlbums(ctx, anID); return err }, reply{status: 200, body: `{"items":[],"total":0}`},
			"GET /v1/artists/" + string(anID) + "/albums?include_groups=album%2Csingle%2Ccompilation&limit=10&offset=0 "},
	} {
		c, f := client(test.reply)
		if err := test.do(c); err != nil {
			t.Errorf("%s: %v", test.want, err)
			continue
		}
		var got string
		if len(f.asked) > 0 {
			got = f.asked[0].line + " " + f.asked[0].body
		}
		if got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

// What cannot succeed is not sent.
func TestNotSent(t *testing.T) {
	ctx := context.Background()
	many := make([]URI, MaxURIs+1)
	for name, do := range map[string]func(*Client) error{
		"no ID":           func(c *Client) error { _, err := c.Playlist(ctx, ""); return err },
		"a path":          func(c *Client) error { _, err := c.Items(ctx, "../me"); return err },
		"a query":         func(c *Client) error { _, err := c.Track(ctx, "a?b"); return err },
		"an artist":       func(c *Client) error { _, err := c.ArtistAlbums(ctx, "a/b"); return err },
		"a show":          func(c *Client) error { _, err := c.ShowEpisodes(ctx, Show{}); return err },
		"nothing to add":  func(c *Client) error { _, err := c.AddItems(ctx, anID, nil, 0); return err },
		"too many":        func(c *Client) error { _, err := c.ReplaceItems(ctx, anID, many); return err },
		"nothing to drop": func(c *Client) error { _, err := c.RemoveItems(ctx, anID, nil); return err },
		"no rows to move": func(c *Client) error { _, err := c.MoveItems(ctx, anID, 1, 0, 0); return err },
		"a PNG":           func(c *Client) error { return c.UploadImage(ctx, anID, []byte("\x89PNG")) },
		"a large picture": func(c *Client) error {
			return c.UploadImage(ctx, anID, append([]byte("\xff\xd8\xff"), bytes.Repeat([]byte{0}, 196606)...))
		},
		"two URIs in one": func(c *Client) error { return c.Unsave(ctx, "spotify:playlist:a,spotify:playlist:b") },
		"no URI":          func(c *Client) error { _, err := c.Contains(ctx, "a"); return err },
		"no query":        func(c *Client) error { _, err := c.Search(ctx, "", nil, 1); return err },
	} {
		c, f := client(reply{status: 200})
		if err := do(c); err == nil || len(f.asked) > 0 || OutcomeUnknown(err) {
			t.Errorf("%s: %v, %d requests", name, err, len(f.asked))
		}
	}
	c, f := client(reply{status: 202})
	if err := c.UploadImage(ctx, anID, append([]byte("\xff\xd8\xff"), make([]byte, 196605)...)); err != nil || len(f.asked[0].body) != MaxCover {
		t.Error(err, "for the largest picture")
	}
}

func TestLibraryInPortions(t *testing.T) {
	var uris []URI
	for i := range 81 {
		uris = append(uris, URI(fmt.Sprintf("spotify:track:t%d", i)))
	}
	yes := func(n int) reply { return reply{status: 200, body: "[" + strings.Repeat("false,", n-1) + "true]"} }
	c, f := client(yes(40), yes(40), yes(1))
	got, err := c.Contains(t.Context(), uris...)
	if err != nil || len(got) != 81 || !got[39] || got[40] || !got[80] || len(f.asked) != 3 {
		t.Fatal(got, err, f.lines())
	}
	for _, bad := range []string{"[true]", "[true,null]", "{}", "[true,1]", "null"} {
		if got, err := decodeContains([]byte(bad), 2); err == nil {
			t.Errorf("%s: %v", bad, got)
		}
	}
}

func TestCatalog(t *testing.T) {
	track := func(n int) string {
		return fmt.Sprintf(`{"uri":"spotify:track:t%d","name":"T%d","track_number":%d}`, n, n, n)
	}
	head := `{"id":"A","uri":"spotify:album:A","name":"Blue","artists":[{"name":"J"}],"release_date":"1971","total_tracks":3,"tracks":`
	whole := Album{ID: "A", URI: "spotify:album:A", Name: "Blue", Artists: []string{"J"}, ReleaseDate: "1971", Total: 3}
	for i := 1; i <= 3; i++ {
		whole.Tracks = append(whole.Tracks, Track{URI: URI(fmt.Sprintf("spotify:track:t%d", i)), Kind: KindTrack, Title: fmt.Sprintf("T%d", i),
			Album: "Blue", AlbumURI: "spotify:album:A", ReleaseDate: "1971", TrackNumber: i})
	}
	all := `{"total":3,"items":[` + track(1) + "," + track(2) + "," + track(3) + `]}`
	for name, replies := range map[string][]reply{
		"in one":   {{status: 200, body: head + all + "}"}},
		"in two":   {{status: 200, body: head + `{"total":3,"items":[` + track(1) + `]}}`}, {status: 200, body: all}},
		"separate": {{status: 200, body: head + `null}`}, {status: 200, body: all}},
	} {
		c, f := client(replies...)
		got, err := c.Album(t.Context(), anID)
		if diff := cmp.Diff(whole, got); diff != "" || err != nil || len(f.asked) != len(replies) {
			t.Errorf("%s: %v, %d requests\n%s", name, err, len(f.asked), diff)
		}
	}

	c, _ := client(reply{status: 200, body: `{"id":"S","uri":"spotify:show:S","name":"Show","total_episodes":1}`},
		reply{status: 200, body: `{"total":2,"items":[null,{"type":"episode","id":"E","name":"One"}]}`})
	show, err := c.Show(t.Context(), "S")
	if err != nil || show != (Show{ID: "S", URI: "spotify:show:S", Name: "Show", Total: 1}) {
		t.Fatal(show, err)
	}
	episodes, err := c.ShowEpisodes(t.Context(), show)
	want := []Track{{URI: "spotify:episode:E", Kind: KindEpisode, Title: "One", Artists: []string{"Show"}, Album: "Show", AlbumURI: "spotify:show:S"}}
	if diff := cmp.Diff(want, episodes); diff != "" || err != nil {
		t.Error(err, diff)
	}

	c, _ = client(reply{status: 200, body: `{"tracks":{"items":[null,` + track(1) + `]},"albums":{"items":[{"id":"A","name":"Blue"}]},
		"artists":{"items":[{"id":"R","name":"J"}]},"playlists":{"items":[null]},"shows":{"items":[{"id":"S"}]},"episodes":{"items":[{"uri":"spotify:episode:E"}]}}`})
	found, err := c.Search(t.Context(), "blue", []Kind{KindTrack, KindAlbum, KindArtist, KindPlaylist, KindShow, KindEpisode}, 5)
	if diff := cmp.Diff(SearchResult{Tracks: []Track{{URI: "spotify:track:t1", Kind: KindTrack, Title: "T1", TrackNumber: 1}},
		Albums: []Album{{ID: "A", URI: "spotify:album:A", Name: "Blue"}}, Artists: []Artist{{ID: "R", URI: "spotify:artist:R", Name: "J"}},
		Shows: []Show{{ID: "S", URI: "spotify:show:S"}}, Episodes: []Track{{URI: "spotify:episode:E", Kind: KindEpisode}}}, found); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if _, err := decodeSearch([]byte(`{"albums":{"items":[]}}`), []Kind{KindTrack}); err == nil {
		t.Error("an answer without what was asked for")
	}
}
