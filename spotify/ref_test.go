package spotify

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

var refs = []struct {
	text string
	want Ref
}{
	{"spotify:track:003vvx7Niy0yvhvHt4a68B", Ref{KindTrack, "003vvx7Niy0yvhvHt4a68B"}},
	{" spotify:episode:512ojhOuo1ktJprKbVcKyQ\n", Ref{KindEpisode, "512ojhOuo1ktJprKbVcKyQ"}},
	{"SPOTIFY:album:1weenld61qoidwYuZ1GESA", Ref{KindAlbum, "1weenld61qoidwYuZ1GESA"}},
	{"spotify:track:003vvx7Niy0yvhvHt4a68B?si=abc", Ref{KindTrack, "003vvx7Niy0yvhvHt4a68B"}},
	{"spotify:user:some.body-1_x:playlist:4XzvE3vG5tVbQeJb8Kk2aP", Ref{KindPlaylist, "4XzvE3vG5tVbQeJb8Kk2aP"}},
	{"spotify:user:some.body-1_x", Ref{KindUser, "some.body-1_x"}},
	{"spotify:local:Artist:Album:Title:123", Ref{KindLocal, "Artist:Album:Title:123"}},
	{"spotify:local:::Some%20file?:7", Ref{KindLocal, "::Some%20file?:7"}},
	{"https://open.spotify.com/track/003vvx7Niy0yvhvHt4a68B", Ref{KindTrack, "003vvx7Niy0yvhvHt4a68B"}},
	{"https://open.spotify.com/track/003vvx7Niy0yvhvHt4a68B?si=1234&utm=x/y", Ref{KindTrack, "003vvx7Niy0yvhvHt4a68B"}},
	{"http://open.spotify.com/track/003vvx7Niy0yvhvHt4a68B/#t=1", Ref{KindTrack, "003vvx7Niy0yvhvHt4a68B"}},
	{"https://open.spotify.com/album/1weenld61qoidwYuZ1GESA?highlight=spotify:track:003vvx7Niy0yvhvHt4a68B", Ref{KindAlbum, "1weenld61qoidwYuZ1GESA"}},
	{"https://open.spotify.com/track/003vvx7Niy0yvhvHt4a68B?context=spotify:playlist:4XzvE3vG5tVbQeJb8Kk2aP", Ref{KindTrack, "003vvx7Niy0yvhvHt4a68B"}},
	{"open.spotify.com/track/003vvx7Niy0yvhvHt4a68B", Ref{KindTrack, "003vvx7Niy0yvhvHt4a68B"}},
	{"HTTPS://Open.Spotify.com/intl-de/track/003vvx7Niy0yvhvHt4a68B/", Ref{KindTrack, "003vvx7Niy0yvhvHt4a68B"}},
	{"https://open.spotify.com/intl-pt-BR/show/4XzvE3vG5tVbQeJb8Kk2aP", Ref{KindShow, "4XzvE3vG5tVbQeJb8Kk2aP"}},
	{"https://open.spotify.com/embed/playlist/4XzvE3vG5tVbQeJb8Kk2aP?utm_source=generator", Ref{KindPlaylist, "4XzvE3vG5tVbQeJb8Kk2aP"}},
	{"https://open.spotify.com/embed-podcast/episode/512ojhOuo1ktJprKbVcKyQ", Ref{KindEpisode, "512ojhOuo1ktJprKbVcKyQ"}},
	{"https://play.spotify.com/artist/0LcJLqbBmaGUft1e9Mm8HV", Ref{KindArtist, "0LcJLqbBmaGUft1e9Mm8HV"}},
	{"https://open.spotify.com/user/somebody/playlist/4XzvE3vG5tVbQeJb8Kk2aP", Ref{KindPlaylist, "4XzvE3vG5tVbQeJb8Kk2aP"}},
	{"https://open.spotify.com/user/s%20b", Ref{KindUser, "s b"}},
	{"https://open.spotify.com/user/who%21?si=1", Ref{KindUser, "who!"}},
	{"spotify:user:who!", Ref{KindUser, "who!"}},
	{"spotify:user:50%", Ref{KindUser, "50%"}},
	{"4XzvE3vG5tVbQeJb8Kk2aP", Ref{"", "4XzvE3vG5tVbQeJb8Kk2aP"}},
	{"7N42dgm5tFLK9N8MT7fHC7", Ref{"", "7N42dgm5tFLK9N8MT7fHC7"}}, // the greatest: 2^128-1
	{"0000000000000000000000", Ref{"", "0000000000000000000000"}},
}

var notRefs = []struct{ text, says string }{
	{"", "no Spotify URI"},
	{"  ", "no Spotify URI"},
	{"hello", `"hello" is not a Spotify URI, link or ID`},
	{"The Killers - Mr. Brightside", "not a link to Spotify"},
	{"003vvx7Niy0yvhvHt4a68-", "letters without accents"},
	{"spotify:track:003vvx7Niy0yvhvHt4a68", "has 21 characters and not 22"},
	{"spotify:track:003vvx7Niy0yvhvHt4a68BB", "has 23 characters"},
	{"spotify:track:", "has 0 characters"},
	{"spotify:track", "names no track"},
	{"spotify:", "names no track"},
	{"spotify:track:003vvx7Niy0yvhvHt4a68B:x", "names no track"},
	{"spotify:audiobook:003vvx7Niy0yvhvHt4a68B", "neither a track nor"},
	{"spotify:local:", "no local file"},
	{"spotify:local:::", "no local file"},
	{"spotify:user:", "names no user"},
	{"spotify:user:a b", "names no user"},
	{"spotify:user:a%00b", "names no user"},
	{"spotify:user:%2e%2e", "names no user"},
	{"spotify:user:me:collection", "has no ID"},
	{"https://open.spotify.com/collection/tracks", "has no ID"},
	{"https://open.spotify.com/", "names no track"},
	{"https://open.spotify.com/track/003vvx7Niy0yvhvHt4a68B?si=1,https://open.spotify.com/track/7qEKqBCD2vE5vIBsrUitpD", "several links in one"},
	{"https://open.spotify.com/track/003vvx7Niy0yvhvHt4a68B?si=1;spotify:track:7qEKqBCD2vE5vIBsrUitpD", "several links in one"},
	{"https://open.spotify.com/track/003vvx7Niy0yvhvHt4a68B?si=1\r7qEKqBCD2vE5vIBsrUitpD", "something behind the link"},
	{"spotify:track:003vvx7Niy0yvhvHt4a68B?si=1 7qEKqBCD2vE5vIBsrUitpD", "something behind the link"},
	{"https://open.spotify.com/track", "names no track"},
	{"https://open.spotify.com/track/nope", "has 4 characters"},
	{"https://spotify.link/abc", "short link"},
	{"spoti.fi/abc", "short link"},
	{"https://example.com/track/003vvx7Niy0yvhvHt4a68B", "not a link to Spotify"},
	{"https://open.spotify.com@evil.example/track/003vvx7Niy0yvhvHt4a68B", "not a link to Spotify"},
	{"https://open.spotify.com.evil.example/track/003vvx7Niy0yvhvHt4a68B", "not a link to Spotify"},
	{"ftp://open.spotify.com/track/003vvx7Niy0yvhvHt4a68B", "not a link to Spotify"},
	{"\x1b[2J" + strings.Repeat("é", 300), "…"},
}

func TestParseRef(t *testing.T) {
	for _, test := range refs {
		if got, err := ParseRef(test.text); err != nil || got != test.want {
			t.Errorf("%q: %+v, %v", test.text, got, err)
		}
	}
	for _, test := range notRefs {
		got, err := ParseRef(test.text)
		if err == nil || got != (Ref{}) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%q: %+v, %v", test.text, got, err)
		}
	}
}

func FuzzParseRef(f *testing.F) {
	for _, test := range refs {
		f.Add(test.text)
	}
	for _, test := range notRefs {
		f.Add(test.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRef(text)
		if err != nil {
			if r != (Ref{}) || utf8.RuneCountInString(err.Error()) > 300 || strings.ContainsFunc(err.Error(), unicode.IsControl) {
				t.Fatalf("%q: %+v, %v", text, r, err)
			}
			return
		}
		k := r.Kind
		if k == "" {
			k = KindTrack
		}
		again, err := ParseRef(string(r.URI(KindTrack)))
		if err != nil || again != (Ref{k, r.ID}) {
			t.Fatalf("%q: %+v, read again %+v, %v", text, r, again, err)
		}
	})
}

func TestPossible(t *testing.T) {
	for id, want := range map[ID]bool{
		"0000000000000000000000": true,
		"003vvx7Niy0yvhvHt4a68B": true,
		"7N42dgm5tFLK9N8MT7fHC7": true,  // 2^128-1
		"7N42dgm5tFLK9N8MT7fHC8": false, // 2^128
		"ZZZZZZZZZZZZZZZZZZZZZZ": false,
		"abcdefghijklmnopqrstuv": false,
		"003vvx7Niy0yvhvHt4a68":  false,
		"003vvx7Niy0yvhvHt4a68-": false,
		"":                       false,
	} {
		if got := id.Possible(); got != want {
			t.Errorf("%q: %v", id, got)
		}
	}
}
