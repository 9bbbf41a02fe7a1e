package tracklist

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/spotsync/spotsync/config/longtest"
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
		{"CR", "x.csv", "Track URI,Track Name\r" + brightside + ",A\r" + episode + ",B\r",
			[]Entry{{brightside, "A", "", 2}, {episode, "B", "", 3}}},
		{"every line end in one file", "x.csv", "Track URI,Title\r\n" + brightside + ",A\r\r" + episode + ",B\n" + soWhat + ",\"c\rd\"\r" + bare,
			[]Entry{{brightside, "A", "", 2}, {episode, "B", "", 4}, {soWhat, "c d", "", 5}, {bare, "", "", 7}}},
		{"CR after Excel's first line", "x.csv", "sep=;\ruri;title\r" + brightside + ";a\r", []Entry{{brightside, "a", "", 3}}},
		{"UTF-16", "x.csv", "\xff\xfe" + wide("Track URI\tTitle\r"+brightside+"\tA\r"), []Entry{{brightside, "A", "", 2}}},
		{"Excel's Unicode text", "x.txt", "\xff\xfe" + wide("Track URI\tTitle\r\n"+brightside+"\tA\r\n"), []Entry{{brightside, "A", "", 2}}},
		{"text with semicolons", "x.txt", "title;uri\n\"a; b\";" + brightside + "\n", []Entry{{brightside, "a; b", "", 2}}},
		{"text with commas below blank lines", "x.TXT", "\n\nTitle,Artist,Spotify URI\nA,B," + brightside + "\n", []Entry{{brightside, "A", "B", 4}}},
		{"text that Excel's line begins", "x.txt", "sep=;\nuri;title\n" + brightside + ";A\n", []Entry{{brightside, "A", "", 3}}},
		{"text whose first entry has a name", "x.txt", brightside + " # Track, URI\n", []Entry{{brightside, "Track, URI", "", 1}}},
		{"text whose comment looks like a header", "x.txt", "# title,uri\n" + brightside + "\n", []Entry{{brightside, "", "", 2}}},
		{"UTF-16 without a mark", "x.txt", wide("# mine\r\n" + brightside + "\r\n"), []Entry{{brightside, "", "", 2}}},
		{"Unicode's line ends", "x.txt", "# mine\u2028" + brightside + "\u2029" + episode, []Entry{{brightside, "", "", 2}, {episode, "", "", 3}}},
		{"one song in two columns", "x.csv", "Track URI,URL\n" + brightside + ",https://open.spotify.com/track/003vvx7Niy0yvhvHt4a68B\n",
			[]Entry{{brightside, "", "", 2}}},
		{"a song in a remark", "x.csv", "Track URI,Replaces\n" + brightside + "," + episode + "\n", []Entry{{brightside, "", "", 2}}},
		{"no control characters", "x.csv", "Track URI,Title\n" + brightside + ",a\x1b[31mb\n",
			[]Entry{{brightside, "a[31mb", "", 2}}},

		{"M3U", "x.m3u8", "#EXTM3U\r\n#PLAYLIST:Mine\r\n#EXTINF:222,The Killers - Mr. Brightside\r\n" + brightside + "\r\n\r\n" + soWhat + "\r\n",
			[]Entry{{brightside, "Mr. Brightside", "The Killers", 4}, {soWhat, "", "", 6}}},
		{"M3U with attributes", "x.m3u", "#extinf:-1 group=\"a,b\",So What\n" + soWhat,
			[]Entry{{soWhat, "So What", "", 2}}},
		{"M3U without a title", "x.m3u", "#EXTINF:1\n" + brightside + "\n", []Entry{{brightside, "", "", 2}}},

		{"text", "x.txt", "\ufeff# mine\n\n  " + brightside + "  \r\n" + bare + " # The Killers – Mr. Brightside\n" + soWhat + "\t# So What\r" + episode,
			[]Entry{{brightside, "", "", 3}, {bare, "Mr. Brightside", "The Killers", 4}, {soWhat, "So What", "", 5}, {episode, "", "", 6}}},
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
		{"x.csv", "Track URI\n", 0, "has no songs, only a header"},
		{"x.csv", "sep=;\rTrack URI;Title\r\r", 0, "has no songs, only a header"},
		{"x.txt", "# nothing yet\r", 0, "has no songs"},
		{"x.m3u", "#EXTM3U\n#PLAYLIST:Mine\n", 0, "has no songs"},
		{"x.txt", "# a\x00\x00\x00", 1, "NUL bytes"},
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
		{"x.csv", "Track URI,Title\n" + brightside + ",\"A\n" + episode + ",B\n" + bare + ",C\"\n", 2, "not closed before line 3"},
		{"x.csv", "Track ID,Title\r" + bare + ",\"A\r7qEKqBCD2vE5vIBsrUitpD,B\"\r", 2, "not closed before line 3"},
		{"x.csv", "Track URI,\"Title\n" + brightside + ",A\"\n" + episode + ",B\n", 1, "not closed before line 2"},
		{"x.csv", "Track URI,Title\n" + brightside + ",A," + episode + "\n", 2, "two songs in this row"},
		{"x.csv", "Track URI,Title\n" + brightside + "," + episode + "\n", 2, "two songs in this row"},
		{"x.csv", "Track URI,Title,URL\n" + brightside + ",A," + soWhat + "\n", 2, "two songs in this row"},
		{"x.csv", "Title,Track URI,track  uri\na," + brightside + "," + brightside + "\n", 1, "two columns are named"},
		{"x.txt", "https://open.spotify.com/track/003vvx7Niy0yvhvHt4a68B?si=1,https://open.spotify.com/track/7qEKqBCD2vE5vIBsrUitpD?si=2", 1, "is no Spotify URI"},
		{"x.m3u", "#EXTM3U\r#EXTINF:1,A - B\r#EXTINF:1,C - D\r" + brightside, 2, "no URI or link follows"},
		{"x.m3u", "#EXTM3U\n#EXTINF:1,A - B " + brightside + "\n" + soWhat + "\n", 2, "stands on the line of #EXTINF"},
		{"x.m3u", "#EXTINF:1,A - B HTTPS://open.spotify.com/track/" + bare + "\n", 1, "stands on the line of #EXTINF"},
		{"x.m3u", "#EXTM3U\n" + brightside + "\n#EXTINF:1,A - B\n", 3, "no URI or link follows"},
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
	if got := (&Error{Line: 3, Message: "no"}).Error(); got != "line 3: no" {
		t.Error(got)
	}
	if got := (&Error{Message: "no"}).Error(); got != "no" {
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

// wide is ASCII text as UTF-16 without a mark.
func wide(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		b.WriteByte(c)
		b.WriteByte(0)
	}
	return b.String()
}

func TestAllWrongLinesAreTold(t *testing.T) {
	_, err := Parse("x.txt", []byte("nonsense\r"+bare+"\rmore\r"))
	if want := `line 1: "nonsense" is no Spotify URI, link or ID; line 3: "more" is no Spotify URI, link or ID`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	_, err = Parse("x.csv", []byte("uri\n"+strings.Repeat("x\n", 40)))
	if err == nil || !strings.HasSuffix(err.Error(), "; and 30 more lines") || !strings.HasPrefix(err.Error(), "line 2: ") {
		t.Error(err)
	}
}

// TestNothingGetsLost puts files together from what people's files are made of, sound or not. However many songs a person
// sees in one, there is an error or as many entries.
func TestNothingGetsLost(t *testing.T) {
	uris := []string{brightside, "https://open.spotify.com/track/7qEKqBCD2vE5vIBsrUitpD", episode, "spotify:track:7qEKqBCD2vE5vIBsrUitpD", "https://open.spotify.com/track/0000000000000000000001"}
	pieces := append([]string{"?si=0", "\n", "\r", "\r\n", "\n", "\r", ",", ";", "\t", `"`, `"`, `""`, " ", "a", "é", "\u2028", "\x00", ",A\n", ",\"A\"\r", ",\"a", "\",b\r\n"}, uris...)
	rows := []string{brightside + ",A\n", episode + ",\"B\"\r", brightside + ",\"C\n", episode + ",D\"\r\n", ",\n", "\"E\nF\"," + episode + "\n"}
	heads := map[string][]string{
		"x.csv": {"Track URI,Title", "Title;Track URI", "uri", "Track URI,Title,Artist,URL", "sep=;\nuri;title"},
		"x.tsv": {"uri\ttitle"},
		"x.m3u": {"#EXTM3U"},
		"x.txt": {"# mine"},
	}
	longtest.Check(t, 100, 1000, func(t *rapid.T) {
		name := rapid.SampledFrom(slices.Sorted(maps.Keys(heads))).Draw(t, "name")
		head := rapid.SampledFrom(heads[name]).Draw(t, "head") + rapid.SampledFrom([]string{"\n", "\r", "\r\n"}).Draw(t, "end")
		parts := pieces
		if rapid.Bool().Draw(t, "rows") {
			parts = rows
		}
		body := strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 12).Draw(t, "body"), "")
		text := head + body
		if rapid.Bool().Draw(t, "cut") {
			text = text[:rapid.IntRange(0, len(text)).Draw(t, "at")]
		}
		data := []byte(text)
		if rapid.Bool().Draw(t, "wide") {
			data = encode16(text)
		}
		list, err := Parse(name, data)
		if err != nil {
			return
		}
		visible := 0
		for _, uri := range uris {
			visible += strings.Count(text, uri)
		}
		if len(list) != visible {
			t.Fatalf("%q shows %d songs, and %d were read", text, visible, len(list))
		}
	})
}

func encode16(text string) []byte {
	b := []byte("\xff\xfe")
	for _, u := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
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
			e, ok := errors.AsType[*Error](err)
			if !ok || list != nil {
				t.Fatalf("%v, %v", list, err)
			}
			for _, e := range append([]*Error{e}, e.More...) {
				if last := len(lines(text)) + strings.Count(text, "\r"); e.Line < 0 || e.Line > last {
					t.Fatalf("line %d of %d: %v", e.Line, last, e)
				}
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
