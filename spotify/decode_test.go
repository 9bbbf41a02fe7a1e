package spotify

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeItem(t *testing.T) {
	added := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	full := `{"type":"track","id":"T","uri":"spotify:track:T","name":"So What","artists":[{"name":"Miles Davis"},null,{"name":"Bill Evans"}],
		"album":{"name":"Kind of Blue","uri":"spotify:album:A","release_date":"1959-08-17"},"external_ids":{"isrc":"USSM1"},
		"duration_ms":545000,"explicit":false,"track_number":1,"track":true,"available_markets":[1]}`
	soWhat := Track{URI: "spotify:track:T", Kind: KindTrack, Title: "So What", Artists: []string{"Miles Davis", "Bill Evans"}, Album: "Kind of Blue",
		AlbumURI: "spotify:album:A", ISRC: "USSM1", DurationMS: 545000, ReleaseDate: "1959-08-17", TrackNumber: 1, AddedAt: added}
	for _, test := range []struct {
		name, row string
		want      Item
	}{
		{"new shape", `{"added_at":"2026-01-02T03:04:05Z","added_by":{"id":"me"},"is_local":false,"item":` + full + `,"primary_color":null}`,
			Item{URI: "spotify:track:T", AddedAt: added, AddedBy: "me", Track: soWhat}},
		{"old shape", `{"added_at":"2026-01-02T05:04:05+02:00","added_by":{"id":"me"},"track":` + full + `}`,
			Item{URI: "spotify:track:T", AddedAt: added, AddedBy: "me", Track: soWhat}},
		{"both shapes", `{"item":{"uri":"spotify:track:new"},"track":{"uri":"spotify:track:old"}}`,
			Item{URI: "spotify:track:new", Track: Track{URI: "spotify:track:new", Kind: KindTrack}}},
		{"track is a flag", `{"item":{"uri":"spotify:track:new"},"track":true}`,
			Item{URI: "spotify:track:new", Track: Track{URI: "spotify:track:new", Kind: KindTrack}}},
		{"null", `{"added_at":null,"added_by":null,"is_local":null,"item":null,"track":null}`, Item{Null: true}},
		{"null with a URI", `{"item":null,"uri":"spotify:track:T"}`, Item{Null: true, URI: "spotify:track:T"}},
		{"row is null", `null`, Item{Null: true}},
		{"row is no object", `7`, Item{Null: true}},
		{"every member of the wrong type", `{"added_at":7,"added_by":"x","is_local":"no","item":{"type":1,"id":2,"uri":"spotify:track:T","name":[],
			"artists":{},"album":"A","external_ids":[],"duration_ms":"long","explicit":0,"track_number":1.5,"linked_from":"x","show":0}}`,
			Item{URI: "spotify:track:T", Track: Track{URI: "spotify:track:T", Kind: KindTrack}}},
		{"every member null", `{"item":{"type":null,"id":null,"uri":null,"name":null,"artists":null,"album":null,"external_ids":null,"duration_ms":null,
			"explicit":null,"track_number":null,"linked_from":null,"show":null}}`, Item{}},
		{"no URI but an ID", `{"item":{"type":"track","id":"T"}}`, Item{URI: "spotify:track:T", Track: Track{URI: "spotify:track:T", Kind: KindTrack}}},
		{"local", `{"is_local":true,"item":{"type":"track","id":null,"uri":"spotify:local:A:B:C:10","name":"C","artists":[{"name":"A"}],"album":{"name":"B"}}}`,
			Item{URI: "spotify:local:A:B:C:10", Local: true, Track: Track{URI: "spotify:local:A:B:C:10", Title: "C", Artists: []string{"A"}, Album: "B"}}},
		{"local inside", `{"item":{"uri":"spotify:track:T","is_local":true}}`,
			Item{URI: "spotify:track:T", Local: true, Track: Track{URI: "spotify:track:T", Kind: KindTrack}}},
		{"relinked", `{"item":{"uri":"spotify:track:twin","linked_from":{"id":"T","uri":"spotify:track:T","type":"track"}}}`,
			Item{URI: "spotify:track:twin", Track: Track{URI: "spotify:track:twin", Kind: KindTrack, LinkedFrom: "spotify:track:T"}}},
		{"episode", `{"item":{"type":"episode","uri":"spotify:episode:E","name":"One","release_date":"2020-02","duration_ms":5,"explicit":true,
			"show":{"id":"S","name":"The Show"}}}`,
			Item{URI: "spotify:episode:E", Track: Track{URI: "spotify:episode:E", Kind: KindEpisode, Title: "One", Artists: []string{"The Show"},
				Album: "The Show", AlbumURI: "spotify:show:S", DurationMS: 5, Explicit: true, ReleaseDate: "2020-02"}}},
		{"episode that looks like a track", `{"track":{"type":"episode","uri":"spotify:episode:E","artists":[{"name":"The Show"}],
			"album":{"name":"The Show","release_date":"2020"}}}`,
			Item{URI: "spotify:episode:E", Track: Track{URI: "spotify:episode:E", Kind: KindEpisode, Artists: []string{"The Show"}, Album: "The Show", ReleaseDate: "2020"}}},
	} {
		if diff := cmp.Diff(test.want, decodeItem([]byte(test.row))); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", test.name, diff)
		}
	}
}

func TestDecodePlaylist(t *testing.T) {
	for _, test := range []struct {
		name, body string
		want       Playlist
	}{
		{"new shape", `{"id":"P","name":"N","description":"a &amp; b","public":true,"collaborative":false,"snapshot_id":"S",
			"owner":{"id":"me","display_name":"Me"},"images":[{"url":"https://i","width":640,"height":null},null,{}],"items":{"total":3,"items":[]}}`,
			Playlist{ID: "P", Name: "N", Description: "a & b", Public: new(true), Owner: "me", OwnerName: "Me", Snapshot: "S", Total: 3,
				ItemsVisible: true, Images: []Image{{URL: "https://i", Width: 640}}}},
		{"old shape", `{"id":"P","tracks":{"total":3}}`, Playlist{ID: "P", Total: 3, ItemsVisible: true}},
		{"both", `{"id":"P","tracks":{"total":3},"items":{"total":4}}`, Playlist{ID: "P", Total: 4, ItemsVisible: true}},
		{"both, the new one empty", `{"id":"P","tracks":{"total":3},"items":{}}`, Playlist{ID: "P", Total: 3, ItemsVisible: true}},
		{"without a total", `{"id":"P","items":{"total":null,"items":null},"tracks":null}`, Playlist{ID: "P", Total: -1, ItemsVisible: true}},
		{"nobody's name", `{"id":"P","owner":{"id":"me","display_name":null}}`, Playlist{ID: "P", Total: -1, Owner: "me"}},
		{"not visible", `{"id":"P","collaborative":true}`, Playlist{ID: "P", Total: -1, Collaborative: true}},
		{"nulls", `{"id":"P","name":null,"description":null,"public":null,"collaborative":null,"snapshot_id":null,"owner":null,"images":null,"items":null,"tracks":null}`,
			Playlist{ID: "P", Total: -1}},
		{"wrong types", `{"id":"P","name":1,"description":{},"public":"yes","owner":[],"images":{},"items":3}`, Playlist{ID: "P", Total: -1}},
	} {
		got, err := decodePlaylist([]byte(test.body))
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", test.name, err, diff)
		}
	}
	for _, body := range []string{"", "null", "[]", "{}", `{"id":7}`, `{"id":"P"`, "<html>"} {
		if p, err := decodePlaylist([]byte(body)); err == nil {
			t.Errorf("%q: %+v", body, p)
		}
	}
}

// Whatever comes, a page decodes to as many rows as it has, or to an error.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"total":1,"items":[{"item":{"uri":"spotify:track:T","artists":[{"name":"A"}]},"added_at":"2026-01-02T03:04:05Z"}]}`,
		`{"total":2,"limit":50,"offset":0,"items":[null,{"track":{"type":"episode","show":{"name":"S"}}}]}`,
		`{"items":[{"is_local":true,"item":{"uri":"spotify:local:a:b:c:1","linked_from":{"uri":"x"}}}],"total":1e0}`,
		`{"id":"P","images":null,"owner":{"id":"me","display_name":null},"items":{"total":null,"next":null,"items":[{"added_by":null,"item":null},null]}}`,
		`{"tracks":{"items":[null,{"uri":"spotify:track:T"}]},"albums":{"items":[{"id":"A","artists":[null]}]}}`, `[true,false]`,
		`{"total":null,"next":"https://x","items":[]}`, `{"snapshot_id":null}`,
		`{"total":-1,"items":[]}`, `[]`, `null`, ``, `{"error":{"status":429,"message":"\u202e","reason":"QUOTA_EXCEEDED"}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := decodePage(b); err == nil {
			if p.total < 0 && p.last == p.more || p.rows == nil {
				t.Fatalf("%+v", p)
			}
			for _, row := range p.rows {
				i := decodeItem(row)
				if i.Null && i.Track.URI != "" || i.URI != i.Track.URI && !i.Null || i.AddedAt.Location() != time.UTC {
					t.Fatalf("%s: %+v", row, i)
				}
				i.Opaque()
			}
		}
		if p, err := decodePlaylist(b); err == nil && (p.ID == "" || p.Total >= 0 && !p.ItemsVisible) {
			t.Fatalf("%+v", p)
		}
		if p := decodeEmbedded(b); p.serves() && p.total >= 0 && len(p.rows) > p.total {
			t.Fatalf("%+v", p)
		}
		_ = shallow(b)
		_, _ = decodeUser(b)
		_, _ = decodeImages(b)
		_, _ = decodeSnapshot(b)
		_, _ = decodeContains(b, 2)
		_, _ = decodeNamed(b, KindAlbum)
		if t2, err := decodeTrack(b); err == nil && t2.URI == "" {
			t.Fatalf("%+v", t2)
		}
		_, _ = decodeSearch(b, []Kind{KindTrack, KindAlbum, KindArtist, KindPlaylist, KindShow, KindEpisode})
		if said := (answer{status: 400, body: b}).errorBody(); len([]rune(said.message)) > 200 || tidy(said.message) != said.message {
			t.Fatalf("%q", said.message)
		}
	})
}
