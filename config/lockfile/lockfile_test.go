package lockfile

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/spotsync/spotsync/config/longtest"
	"github.com/spotsync/spotsync/spotify"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	idA = spotify.ID("37i9dQZF1DXcBWIGoYBM5M")
	idB = spotify.ID("4XzvE3vG5tVbQeJb8Kk2aP")
	uri = spotify.URI("spotify:track:003vvx7Niy0yvhvHt4a68B")
	alt = spotify.URI("spotify:track:7oK9VyNzrYvRFo7nQEYkWN")
)

// full is a lock file that uses every part of the format.
func full() *File {
	no := false
	f := New(IssuerSpotify)
	f.Accounts["default"] = Account{ID: "acc0123456789", User: "jane.doe", Name: `Jane "J" Doe`}
	f.Accounts["kids"] = Account{ID: "kids"}
	f.Playlists["playlist.morning"] = Playlist{ID: idA, Account: "default", Name: "Morning, ${calm} & 100 %{x}"}
	f.Playlists[`playlist.year["2023"]`] = Playlist{
		ID: idB, Account: "default", Name: "Liked in 2023",
		Aliases:       map[spotify.URI]spotify.URI{uri: alt},
		Shown:         map[string]string{"${a} & \"b\" ": "${a} & \"b\""},
		Withdrawn:     map[spotify.URI]time.Time{alt: time.Date(2026, 11, 20, 21, 14, 0, 0, time.UTC)},
		PublicIgnored: &no, RefusedDescription: "see https://example.org",
		Cover:          strings.Repeat("ab", 32),
		PreventDestroy: true,
		Held: &Hold{Reason: "rolled back", Since: time.Date(2026, 11, 23, 14, 45, 1, 0, time.UTC),
			Until: time.Date(2026, 12, 7, 0, 0, 0, 0, time.UTC), Fingerprint: "f00d"},
	}
	f.Pins["The Killers - Mr. Brightside"] = Pin{URI: uri, ISRC: "USIR20400274", Note: "The Killers – Mr. Brightside"}
	return f
}

func TestParseReadsEveryLineEnd(t *testing.T) {
	text := string(full().Bytes())
	for name, other := range map[string]string{
		"CR": strings.ReplaceAll(text, "\n", "\r"), "CRLF": strings.ReplaceAll(text, "\n", "\r\n"), "CR behind the first line": strings.Replace(text, "\n", "\r", 1),
	} {
		got, err := Parse([]byte(other), "spotsync.lock.hcl")
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if d := cmp.Diff(full(), got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestGolden(t *testing.T) {
	got := full().Bytes()
	const golden = "testdata/full.lock.hcl"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("-want +got (rewrite with -update)\n%s", diff)
	}
}

func TestRoundTrip(t *testing.T) {
	for name, f := range map[string]*File{"full": full(), "empty": New(IssuerLoopback)} {
		for form, data := range map[string][]byte{
			"as written": f.Bytes(),
			"CRLF":       bytes.ReplaceAll(f.Bytes(), []byte("\n"), []byte("\r\n")),
			"BOM":        append([]byte("\xef\xbb\xbf"), f.Bytes()...),
			"no newline": bytes.TrimRight(f.Bytes(), "\n"),
		} {
			got, err := Parse(data, "x.lock.hcl")
			if err != nil {
				t.Errorf("%s, %s: %v", name, form, err)
				continue
			}
			if diff := cmp.Diff(f, got); diff != "" {
				t.Errorf("%s, %s: -want +got\n%s", name, form, diff)
			}
		}
	}
}

func TestRoundTripAnyText(t *testing.T) {
	longtest.Check(t, 100, 1000, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("${}%\"\\\n\r\x00é\U0010ffff\u2028a"))))
		nfc := func(label string) string { return norm.NFC.String(text.Draw(t, label)) }
		f := New(IssuerSpotify)
		f.Accounts["l"+nfc("label")] = Account{ID: spotify.ID(nfc("account")), Name: nfc("name")}
		f.Playlists["playlist."+nfc("address")] = Playlist{ID: idA, Name: nfc("title"), Shown: map[string]string{nfc("text"): nfc("shown")}, Held: &Hold{Fingerprint: nfc("wish")}}
		f.Pins["q"+nfc("query")] = Pin{URI: uri, Note: nfc("note")}
		got, err := Parse(f.Bytes(), "x")
		if err != nil {
			t.Fatalf("%v\n%s", err, f.Bytes())
		}
		if diff := cmp.Diff(f, got); diff != "" {
			t.Fatalf("-want +got\n%s\n%s", diff, f.Bytes())
		}
	})
}

// TestFormatted: the file is written as HCL's own formatter would, which nobody then changes again.
func TestFormatted(t *testing.T) {
	longtest.Check(t, 100, 1000, func(t *rapid.T) {
		text := rapid.OneOf(rapid.Just(""), rapid.StringMatching(`[a-zé"$%{}]{0,12}`))
		day := func() time.Time { return time.Unix(rapid.Int64Range(0, 2e9).Draw(t, "time"), 0).UTC() }
		yes := rapid.Bool()
		f := New(IssuerSpotify)
		f.Accounts["default"] = Account{ID: "a", User: spotify.ID(text.Draw(t, "user")), Name: text.Draw(t, "name")}
		p := Playlist{ID: idA, Account: text.Draw(t, "account"), Name: text.Draw(t, "title"), RefusedDescription: text.Draw(t, "refused"),
			Cover: text.Draw(t, "cover"), PreventDestroy: yes.Draw(t, "protected")}
		if yes.Draw(t, "public") {
			p.PublicIgnored = new(bool)
		}
		if yes.Draw(t, "aliases") {
			p.Aliases = map[spotify.URI]spotify.URI{uri: alt, "spotify:episode:512ojhOuo1ktJprKbVcKyQ": uri}
		}
		if yes.Draw(t, "withdrawn") {
			p.Withdrawn = map[spotify.URI]time.Time{alt: day(), uri: day()}
		}
		if yes.Draw(t, "held") {
			p.Held = &Hold{Reason: "paused", Since: day(), Fingerprint: text.Draw(t, "wish")}
		}
		f.Playlists["playlist.a"], f.Playlists["playlist.b"] = p, Playlist{ID: idB}
		f.Pins[text.Draw(t, "query")+"q"] = Pin{URI: uri, ISRC: text.Draw(t, "isrc"), Note: text.Draw(t, "note")}
		if diff := cmp.Diff(string(hclwrite.Format(f.Bytes())), string(f.Bytes())); diff != "" {
			t.Fatalf("-formatted +written\n%s", diff)
		}
	})
}

// A file cut off anywhere is an error, wherever the cut is.
func TestCutAnywhere(t *testing.T) {
	whole := full().Bytes()
	complete := len(bytes.TrimRight(whole, "\n"))
	for n := range complete {
		_, err := Parse(whole[:n], "x.lock.hcl")
		if pe, ok := errors.AsType[*ParseError](err); !ok {
			t.Fatalf("cut after %d bytes: %v", n, err)
		} else if !strings.Contains(pe.What, "cut short") {
			t.Errorf("cut after %d bytes: %v", n, err)
		}
	}
}

func TestRefuses(t *testing.T) {
	block := func(kind, label, content string) string {
		return "\n" + kind + " \"" + label + "\" {\n" + content + "\n}\n"
	}
	lock := func(body string) string {
		return "version = 1\nissuer  = \"spotify\"\n" + body + "\nend {}\n"
	}
	id := `id = "` + string(idA) + `"`
	for name, tc := range map[string]struct {
		data string
		want string // in the message
	}{
		"not ours":           {"provider \"x\" {\n  hashes = [\"h1\"]\n}\n", "x.lock.hcl: it is not a lock file of spotsync's; it was left alone"},
		"tfstate":            {`{"version": 4}`, "not a lock file of spotsync's"},
		"empty":              {"\n", "it is empty: it was cut short; bring it back with \"git checkout -- x.lock.hcl\", or move it away and run \"spotsync lock restore\""},
		"conflict":           {lock("<<<<<<< HEAD\n" + block("playlist", "playlist.a", id) + "=======\n>>>>>>> other"), "x.lock.hcl:3: git could not merge it"},
		"diff3 conflict":     {lock("||||||| base\n"), "x.lock.hcl:3: git could not merge it"},
		"no end":             {"version = 1\nissuer = \"spotify\"\n", "x.lock.hcl:2: it was cut short here"},
		"after the end":      {lock("") + block("playlist", "playlist.a", id), "something follows"},
		"two ends":           {lock("end {}"), "x.lock.hcl:3: the file ends more than once"},
		"version 0":          {"version = 0\nend {}", "version 0 never was"},
		"no issuer":          {"version = 1\nend {}", "its issuer is \"\""},
		"issuer":             {"version = 1\nissuer = \"apple\"\nend {}", "x.lock.hcl:2: its issuer is \"apple\""},
		"version twice":      {lock("version = 1"), "x.lock.hcl:3: Attribute redefined"},
		"no id":              {lock(block("playlist", "playlist.a", "")), "x.lock.hcl:4: the block has no id"},
		"odd id":             {lock(block("playlist", "playlist.a", `id = "12-3"`)), "x.lock.hcl:5: id is not the ID of a playlist"},
		"id is a number":     {lock(block("playlist", "playlist.a", `id = 1`)), "id is not a text in quotes"},
		"id is null":         {lock(block("playlist", "playlist.a", `id = null`)), "id is not a text in quotes"},
		"id is a name":       {lock(block("playlist", "playlist.a", `id = foo`)), "id is not a text in quotes"},
		"expression":         {lock(block("playlist", "playlist.a", `id = file("x")`)), "\"(\" does not belong into a lock file"},
		"template":           {lock(block("playlist", "playlist.a", `id = "${x}"`)), "does not belong into a lock file"},
		"deep":               {lock(block("playlist", "playlist.a", `aliases = {{{{{`)), "\"{\" does not belong here"},
		"unbalanced":         {lock("}"), "\"}\" does not belong here"},
		"address":            {lock(block("playlist", "morning", id)), "\"morning\" is not the address of a playlist"},
		"address twice":      {lock(block("playlist", "playlist.a", id) + block("playlist", "playlist.a", id)), "x.lock.hcl:8: playlist playlist.a is here for the second time, the first is in line 4"},
		"pin twice":          {lock(block("pin", "a", `uri = "`+string(uri)+`"`) + block("pin", "a", `uri = "`+string(uri)+`"`)), "second time"},
		"no label":           {lock("playlist {\n}"), "has one label"},
		"two labels":         {lock("playlist \"playlist.a\" \"b\" {\n}"), "has one label"},
		"unknown attribute":  {lock(block("playlist", "playlist.a", id+"\ncolour = \"red\"")), "x.lock.hcl:6: this spotsync knows no attribute \"colour\" here: a newer one wrote it; update spotsync"},
		"unknown block":      {lock("folder \"a\" {\n}"), "knows no block \"folder\""},
		"unknown inside":     {lock(block("playlist", "playlist.a", id+"\nextra {\n}")), "knows no block \"extra\""},
		"unknown in account": {lock(block("account", "a", "extra {\n}")), "knows no block \"extra\""},
		"top attribute":      {lock("x = 1"), "knows no attribute \"x\""},
		"held twice":         {lock(block("playlist", "playlist.a", id+"\nheld {\n}\nheld {\n}")), "one held block at most"},
		"time":               {lock(block("playlist", "playlist.a", id+"\nheld {\n since = \"soon\"\n}")), "since is not a time"},
		"bool":               {lock(block("playlist", "playlist.a", id+"\nprevent_destroy = \"true\"")), "prevent_destroy is not true or false"},
		"texts":              {lock(block("playlist", "playlist.a", id+"\nshown = { a = true }")), "shown is not a text"},
		"text twice":         {lock(block("playlist", "playlist.a", id+"\nshown = {\n\"a\" = \"b\"\n\"a\" = \"c\"\n}")), "twice"},
		"map":                {lock(block("playlist", "playlist.a", id+"\naliases = true")), "aliases is not a map"},
		"alias":              {lock(block("playlist", "playlist.a", id+"\naliases = { a = \"b\" }")), "a key of aliases is not a Spotify URI"},
		"alias twice": {lock(block("playlist", "playlist.a", id+"\nwithdrawn = {\n\""+string(uri)+"\" = \"2026-11-23T14:45:01Z\"\n\""+string(uri)+"\" = \"2026-11-23T14:45:02Z\"\n}")),
			"x.lock.hcl:8: " + string(uri) + " is in withdrawn twice"},
		"pin without uri": {lock(block("pin", "a", "")), "the block has no uri"},
		"bad utf-8":       {lock("x = \"\xff\""), "x.lock.hcl:3: there is a byte here that is not UTF-8 text"},
		"hidden bracket":  {lock("x = \"\"\n\xe7#[[[[\n"), "x.lock.hcl:4: there is a byte"},
		"broken":          {lock("playlist \"a\n"), "x.lock.hcl:3"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Parse([]byte(tc.data), "x.lock.hcl")
			pe, ok := errors.AsType[*ParseError](err)
			if f != nil || !ok || !strings.Contains(pe.Error(), tc.want) {
				t.Errorf("got %v, %v\nwant %s", f, err, tc.want)
			}
			if ok && pe.Todo == "" {
				t.Error("doesn't say what to do")
			}
		})
	}
}

func TestNewerVersion(t *testing.T) {
	for _, v := range []string{"2", "99999999999999999999999"} {
		_, err := Parse([]byte("version = "+v+"\nplaylists = [for x in y : z]\n"), "x.lock.hcl")
		if ve, ok := errors.AsType[*VersionError](err); !ok || ve.Found != v {
			t.Errorf("version %s: %v", v, err)
		}
	}
}

func TestDuplicateID(t *testing.T) {
	f := New(IssuerSpotify)
	f.Playlists["playlist.a"] = Playlist{ID: idA}
	if err := f.Check(); err != nil {
		t.Error(err)
	}
	f.Playlists["playlist.b"] = Playlist{ID: idA}
	_, err := Parse(f.Bytes(), "x.lock.hcl")
	for _, err := range []error{err, f.Check()} {
		de, ok := errors.AsType[*DuplicateIDError](err)
		if !ok || de.ID != idA || de.Addresses != [2]string{"playlist.a", "playlist.b"} {
			t.Errorf("got %v", err)
		}
	}
	if address, ok := f.AddressOf(idA); !ok || address != "playlist.a" {
		t.Errorf("AddressOf = %q, %t", address, ok)
	}
	if address, ok := f.AddressOf(idB); ok {
		t.Errorf("AddressOf(unknown) = %q", address)
	}
}

func TestClone(t *testing.T) {
	f := full()
	g := f.Clone()
	if diff := cmp.Diff(f, g); diff != "" {
		t.Fatal(diff)
	}
	if !f.Equal(g) {
		t.Error("a clone is not equal")
	}
	const address = `playlist.year["2023"]`
	p := g.Playlists[address]
	p.Aliases[alt] = uri
	p.Withdrawn[uri] = time.Time{}
	*p.PublicIgnored = true
	p.Held.Reason = "paused"
	g.Accounts["x"], g.Pins["x"], g.Playlists["playlist.x"] = Account{}, Pin{}, Playlist{}
	if diff := cmp.Diff(full(), f); diff != "" {
		t.Errorf("the clone shares:\n%s", diff)
	}
	if f.Equal(g) {
		t.Error("changed, and equal")
	}
}

// Two branches that each add a playlist touch different lines: no line of an old block changes.
func TestMerges(t *testing.T) {
	f := full()
	before := string(f.Bytes())
	f.Playlists["playlist.new"] = Playlist{ID: "0000000000000000000000", Account: "default", Name: "A long name for a new playlist"}
	after := string(f.Bytes())
	start := strings.Index(after, `playlist "playlist.new"`)
	end := start + strings.Index(after[start:], "}\n\n") + len("}\n\n")
	if start < 0 || after[:start]+after[end:] != before {
		t.Errorf("more than one block was added:\n%s", cmp.Diff(before, after))
	}
}

func FuzzParse(f *testing.F) {
	f.Add(full().Bytes())
	f.Add(New(IssuerLoopback).Bytes())
	f.Add([]byte("version = 1\nissuer = \"spotify\"\n<<<<<<< HEAD\nend {}"))
	f.Add([]byte("version = 1\nissuer = \"spotify\"\npin \"$${\\u0024{\" {\nuri = \"" + string(uri) + "\"\n}\nend {}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse(data, "x.lock.hcl")
		if err != nil {
			if file != nil || err.Error() == "" {
				t.Fatalf("an error and a file, or no words: %v", err)
			}
			return
		}
		again, err := Parse(file.Bytes(), "x.lock.hcl")
		if err != nil {
			t.Fatalf("what was written can't be read: %v\n%s", err, file.Bytes())
		}
		if diff := cmp.Diff(file, again); diff != "" {
			t.Fatalf("read back differently:\n%s", diff)
		}
	})
}
