package tracklist

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/spotsync/spotsync/spotify"
)

const (
	brightside = "spotify:track:003vvx7Niy0yvhvHt4a68B"
	soWhat     = "https://open.spotify.com/track/7qEKqBCD2vE5vIBsrUitpD?si=0123456789abcdef"
	episode    = "spotify:episode:512ojhOuo1ktJprKbVcKyQ"
	bare       = "003vvx7Niy0yvhvHt4a68B"
)

func TestParse(t *testing.T) {
	tests := []struct {
		about, name, text string
		want              []Entry
	}{
		{"Exportify", "x.csv", "\ufeff\"Track URI\",\"Track Name\",\"Album Name\",\"Artist Name(s)\",\"Added At\"\r\n" +
			`"` + brightside + `","Mr. Brightside","Hot Fuss","The Killers","2023-01-01T00:00:00Z"` + "\r\n",
			[]Entry{{brightside, "Mr. Brightside", "The Killers", 2}}},
		{"Exportify of old", "x.csv", "Spotify ID,Artist IDs,Track Name,Artist Name(s)\n" + bare + ",x,Mr. Brightside,\"The Killers,Others\"\n",
			[]Entry{{bare, "Mr. Brightside", "The Killers,Others", 2}}},
		{"TuneMyMusic", "x.csv", "Track name,Artist name,Album,Playlist name,Type,ISRC,Spotify - id\nSo What,Miles Davis,Kind of Blue,x,Favorite,,7qEKqBCD2vE5vIBsrUitpD\n",
			[]Entry{{"7qEKqBCD2vE5vIBsrUitpD", "So What", "Miles Davis", 2}}},
		{"semicolons, upper case, spaces, a blank row, a short row", "X.CSV", " SPOTIFY  uri ;TITLE;artist\n" + brightside + ";a;b\n;;\n\n" + episode + "\n",
			[]Entry{{brightside, "a", "b", 2}, {episode, "", "", 5}}},
		{"tabs", "x.tsv", "Title\tURI\na, b; c\t" + brightside + "\n",
			[]Entry{{brightside, "a, b; c", "", 2}}},
		{"Excel's first line", "x.csv", "sep=;\r\nuri;title\r\n" + brightside + ";a\r\n",
			[]Entry{{brightside, "a", "", 3}}},
		{"newlines in quotes", "x.csv", "Title,Track URI\n\"a\nb \"\"c\"\"\"," + brightside + "\nd," + soWhat + "\n",
			[]Entry{{brightside, `a b "c"`, "", 2}, {soWhat, "d", "", 4}}},
		{"the more telling column", "x.csv", "ID,Album URI,Track URI\n1,spotify:album:1weenld61qoidwYuZ1GESA," + brightside + "\n",
			[]Entry{{brightside, "", "", 2}}},
		{"a header only", "x.csv", "Track URI\n", nil},
		{"no control characters", "x.csv", "Track URI,Title\n" + brightside + ",a\x1b[31mb\n",
			[]Entry{{brightside, "a[31mb", "", 2}}},

		{"M3U", "x.m3u8", "#EXTM3U\r\n#PLAYLIST:Mine\r\n#EXTINF:222,The Killers - Mr. Brightside\r\n" + brightside + "\r\n\r\n" + soWhat + "\r\n",
			[]Entry{{brightside, "Mr. Brightside", "The Killers", 4}, {soWhat, "", "", 6}}},
		{"M3U with attributes", "x.m3u", "#extinf:-1 group=\"a,b\",So What\n" + soWhat,
			[]Entry{{soWhat, "So What", "", 2}}},
		{"M3U without a title", "x.m3u", "#EXTINF:1\n" + brightside + "\n", []Entry{{brightside, "", "", 2}}},

		{"text", "x.txt", "\ufeff# mine\n\n  " + brightside + "  \r\n" + bare + " # The Killers – Mr. Brightside\n" + soWhat + "\t# So What\r" + episode,
			[]Entry{{brightside, "", "", 3}, {bare, "Mr. Brightside", "The Killers", 4}, {soWhat, "So What", "", 5}, {episode, "", "", 6}}},
		{"a comment only", "x.txt", "# nothing yet\n", nil},
		{"a Windows path", `C:\lists.d\x.txt`, bare, []Entry{{bare, "", "", 1}}},
	}
	for _, tt := range tests {
		got, err := Parse(tt.name, []byte(tt.text))
		if err != nil {
			t.Errorf("%s: %v", tt.about, err)
		} else if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.about, d)
		}
	}
}

func TestErrors(t *testing.T) {
	tests := []struct {
		name, text string
		line       int
		want       string
	}{
		{"x.doc", bare, 0, "must end in .csv"},
		{"x", bare, 0, "must end in .csv"},
		{"x.txt", "", 0, "the list is empty"},
		{"x.csv", "\ufeff\r\n \n", 0, "the list is empty"},
		{"x.txt", "\xff\xfea\x00", 0, "UTF-16"},
		{"x.csv", "Track URI\n" + brightside + "\n\xe9\n", 3, "not UTF-8"},
		{"x.txt", "# a\nThe Killers - Mr. Brightside\n", 2, `"The Killers - Mr. Brightside" is no Spotify URI, link or ID`},
		{"x.txt", bare + " more", 1, "is no Spotify URI"},
		{"x.txt", brightside + "\nspotify:album:1weenld61qoidwYuZ1GESA\n", 2, "is a Spotify album, not a track or an episode"},
		{"x.txt", "spotify:local:a:b:c:1", 1, "is a local file"},
		{"x.txt", strings.Repeat("é", 1000), 1, strings.Repeat("é", 80) + `…" is no`},
		{"x.m3u", "#EXTM3U\nMusic/01 So What.mp3\n", 2, `"Music/01 So What.mp3" is a file or an address`},
		{"x.m3u", "https://example.com/stream", 1, "is a file or an address"},
		{"x.m3u", "https://open.spotify.com/album/1weenld61qoidwYuZ1GESA", 1, "is a Spotify album"},
		{"x.m3u", "spotify:track:short", 1, "is no Spotify URI"},
		{"x.csv", brightside + "\n", 1, "no column with Spotify's URIs"},
		{"x.csv", "sep=;\nTitle,URI\n", 2, "no column with Spotify's URIs"},
		{"x.csv", "sep=,", 1, "no column with Spotify's URIs"},
		{"x.csv", "Title,Track URI\na," + brightside + "\nb,\n", 3, `nothing in the column "Track URI"`},
		{"x.csv", "Title,Track URI\na\n", 2, "nothing in the column"},
		{"x.csv", "Title,Track URI\n\"a\nb\",nonsense\n", 2, `"nonsense" is no Spotify URI`},
		{"x.csv", "Track URI,Title\n" + brightside + ",a\"b\n", 2, "not a row of CSV"},
		{"x.csv", "sep=,\nTrack URI,Title\n" + brightside + ",\"open\n\n", 3, "not a row of CSV"},
		{"x.csv", "\"open", 1, "not a row of CSV"},
	}
	for _, tt := range tests {
		list, err := Parse(tt.name, []byte(tt.text))
		e, ok := errors.AsType[*Error](err)
		if !ok {
			t.Errorf("%s %.60q: %v, %v; want an error with %q", tt.name, tt.text, list, err, tt.want)
		} else if e.Line != tt.line || !strings.Contains(e.Message, tt.want) {
			t.Errorf("%s %.60q: line %d, %s; want line %d, %q", tt.name, tt.text, e.Line, e.Message, tt.line, tt.want)
		}
		if list != nil {
			t.Errorf("%s %.60q: a part of the list came with the error", tt.name, tt.text)
		}
	}
	if got := (&Error{3, "no"}).Error(); got != "line 3: no" {
		t.Error(got)
	}
	if got := (&Error{0, "no"}).Error(); got != "no" {
		t.Error(got)
	}
}

func TestMaxEntries(t *testing.T) {
	for name, head := range map[string]string{"x.txt": "", "x.csv": "uri\n", "x.m3u": ""} {
		full := head + strings.Repeat(bare+"\n", MaxEntries)
		if list, err := Parse(name, []byte(full)); err != nil || len(list) != MaxEntries {
			t.Errorf("%s: %d entries, %v", name, len(list), err)
		}
		if _, err := Parse(name, []byte(full+bare)); err == nil || !strings.Contains(err.Error(), "more than 100000") {
			t.Errorf("%s, one more: %v", name, err)
		}
	}
}

func FuzzTracklist(f *testing.F) {
	for _, ext := range []string{"csv", "tsv", "m3u", "txt"} {
		f.Add(ext, "Track URI,Title\n"+brightside+",\"a\nb\"\n")
		f.Add(ext, "sep=;\nspotify uri;artist\r\n"+episode+";\"b\"\r\n")
		f.Add(ext, "#EXTM3U\n#EXTINF:1 a=\"b,\",A - B\n"+soWhat+"\n")
		f.Add(ext, "sep=,")
		f.Add(ext, bare+" # A – B\r\n# c\n\n"+soWhat)
	}
	f.Fuzz(func(t *testing.T, ext, text string) {
		list, err := Parse("x."+ext, []byte(text))
		if err != nil {
			if e, ok := errors.AsType[*Error](err); !ok || e.Line < 0 || e.Line > strings.Count(text, "\n")+strings.Count(text, "\r")+1 || list != nil {
				t.Fatalf("%v, %v", list, err)
			}
			return
		}
		line := 0
		for _, e := range list {
			if e.Line < line {
				t.Fatalf("line %d after line %d", e.Line, line)
			}
			line = e.Line
			if ref, err := spotify.ParseRef(e.Text); err != nil || ref.Kind != "" && ref.Kind != spotify.KindTrack && ref.Kind != spotify.KindEpisode {
				t.Fatalf("let %q through", e.Text)
			}
			if strings.ContainsAny(e.Title+e.Artist, "\n\r\t\x1b") {
				t.Fatalf("%q by %q can't be shown on a line", e.Title, e.Artist)
			}
		}
		again, err := Parse("x."+ext, []byte(text))
		if err != nil || fmt.Sprint(again) != fmt.Sprint(list) {
			t.Fatal("another result the second time")
		}
	})
}
