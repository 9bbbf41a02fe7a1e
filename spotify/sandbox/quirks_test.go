package sandbox

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/jpeg"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/spotify"
)

// only are no quirks but those a test turns on.
func only(set func(*Quirks)) Quirks {
	q := NoQuirks()
	q.TokenLife = 24 * time.Hour
	set(&q)
	return q
}

// TestStaleReads: a read within StaleFor shows what was before, whatever is read, and writes count from the truth.
func TestStaleReads(t *testing.T) {
	b := newBench(t, only(func(q *Quirks) { q.StaleFor = time.Second }))
	id := string(b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "old", URIs: uris(0, 1)}))
	b.clock.advance(time.Minute)
	b.must("PUT", "/playlists/"+id, `{"name":"new"}`)
	b.clock.advance(400 * time.Millisecond)
	b.must("POST", "/playlists/"+id+"/items", jsonOf(object{"uris": uris(1, 3)}))
	b.must("DELETE", "/me/library?uris=spotify:playlist:"+id, "")
	see := func(name string, total float64, listed bool) {
		t.Helper()
		v := b.must("GET", "/playlists/"+id, "")
		if at(v, "name") != name || at(v, "items.total") != total {
			t.Errorf("at %v: %v with %v, want %s with %v", b.clock.now(), at(v, "name"), at(v, "items.total"), name, total)
		}
		has := b.must("GET", "/me/library/contains?uris=spotify:playlist:"+id, "")
		if n := at(b.must("GET", "/me/playlists", ""), "total"); at(has, ".0") != listed || n != map[bool]float64{true: 1}[listed] {
			t.Errorf("at %v: contains %v, listed %v", b.clock.now(), has, n)
		}
	}
	see("old", 1, true)
	b.clock.advance(599 * time.Millisecond)
	see("old", 1, true)
	b.clock.advance(time.Millisecond)
	see("new", 1, true)
	b.clock.advance(400 * time.Millisecond)
	see("new", 3, false)
	b.must("PUT", "/playlists/"+id, `{"name":"newer"}`)
	b.Edit(spotify.ID(id), func(p *Playlist) { p.Rows = p.Rows[:1] })
	see("newer", 1, false)
}

// TestNewPlaylistIsSeenLate: by ID it is there at once, empty; in the listing later.
func TestNewPlaylistIsSeenLate(t *testing.T) {
	b := newBench(t, only(func(q *Quirks) { q.StaleFor = time.Second }))
	id := b.must("POST", "/me/playlists", `{"name":"a"}`)["id"].(string)
	b.must("POST", "/playlists/"+id+"/items", jsonOf(object{"uris": uris(0, 2)}))
	if v := b.must("GET", "/playlists/"+id, ""); at(v, "items.total") != 0.0 {
		t.Errorf("by ID: %v", v)
	}
	if v := b.must("GET", "/me/playlists", ""); at(v, "total") != 0.0 {
		t.Errorf("listed: %v", v)
	}
	b.clock.advance(time.Second)
	if v := b.must("GET", "/me/playlists", ""); at(v, "items.0.items.total") != 2.0 {
		t.Errorf("listed later: %v", v)
	}
}

// TestSnapshotsWander: unexpected values for a while, then the one the write returned, the same in every read.
func TestSnapshotsWander(t *testing.T) {
	b := newBench(t, only(func(q *Quirks) { q.SnapshotWanders = 30 * time.Second }))
	id := string(b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "x"}))
	read := func() string {
		one, list := at(b.must("GET", "/playlists/"+id, ""), "snapshot_id"), at(b.must("GET", "/me/playlists", ""), "items.0.snapshot_id")
		if one != list {
			t.Errorf("%v alone, %v listed", one, list)
		}
		return one.(string)
	}
	before := read()
	wrote := b.must("POST", "/playlists/"+id+"/items", jsonOf(object{"uris": uris(0, 1)}))["snapshot_id"].(string)
	seen := map[string]bool{}
	for range 30 {
		s := read()
		if s == before || s == wrote {
			t.Errorf("at %v the snapshot is expected", b.clock.now())
		}
		seen[s] = true
		b.clock.advance(time.Second)
	}
	if len(seen) != 3 {
		t.Errorf("%d values between", len(seen))
	}
	if s := read(); s != wrote {
		t.Errorf("settled on %s, the write returned %s", s, wrote)
	}
	b.Edit(spotify.ID(id), func(p *Playlist) { p.Name = "y" })
	if s := read(); s == wrote || s != read() {
		t.Errorf("somebody else's edit: %s", s)
	}
}

func TestDescriptions(t *testing.T) {
	b := newBench(t, DefaultQuirks())
	wander := func() { b.clock.advance(time.Second) }
	id := b.must("POST", "/me/playlists", `{"name":"R&B"}`)["id"].(string)
	shown := func() any { wander(); return b.must("GET", "/playlists/"+id, "")["description"] }
	if got := shown(); got != "null" {
		t.Errorf("left out: %q", got)
	}
	for give, want := range map[string]string{" ": "", `<a> & "b" 'c' d/e`: `&lt;a&gt; &amp; &quot;b&quot; &#x27;c&#x27; d&#x2F;e`, "&amp;": "&amp;amp;"} {
		b.must("PUT", "/playlists/"+id, jsonOf(object{"description": give}))
		if got := shown(); got != want {
			t.Errorf("%q is read %q, want %q", give, got, want)
		}
		if p, _ := b.Playlist(spotify.ID(id)); p.Description != give {
			t.Errorf("%q is stored as %q", give, p.Description)
		}
	}
	if got := b.must("GET", "/playlists/"+id, "")["name"]; got != "R&B" {
		t.Errorf("name is %q", got)
	}
	b.SetQuirks(NoQuirks())
	for _, text := range []string{"", "a\nb", "https://example.org", strings.Repeat("x", 301), `<&>`} {
		b.must("PUT", "/playlists/"+id, jsonOf(object{"description": text}))
		if got := shown(); got != text {
			t.Errorf("without quirks %q is read %q", text, got)
		}
	}
	if got := b.must("POST", "/me/playlists", `{"name":"x"}`)["description"]; got != "" {
		t.Errorf("without quirks, left out: %q", got)
	}
}

// TestText: an empty name is ignored, names are escaped only by the quirk, and text longer than the apps allow is stored.
func TestText(t *testing.T) {
	b := newBench(t, only(func(q *Quirks) { q.EscapeNames = true }))
	path := "/playlists/" + b.must("POST", "/me/playlists", `{"name":"R&B"}`)["id"].(string)
	b.must("PUT", path, `{"name":""}`)
	if got := b.must("GET", path, "")["name"]; got != "R&amp;B" {
		t.Errorf("the name is %q", got)
	}
	name, description := jsonOf(object{"name": strings.Repeat("é", 101)}), jsonOf(object{"description": strings.Repeat("x", 301)})
	b.must("PUT", path, name)
	b.must("PUT", path, description)
	b.SetQuirks(only(func(q *Quirks) { q.RefuseLongText = true }))
	b.refused("PUT", path, name, 400, "Invalid name")
	b.refused("PUT", path, description, 500, "Server error")
}

// TestBothFlags: a playlist may be public and collaborative, which can't be asked for.
func TestBothFlags(t *testing.T) {
	b := newBench(t, NoQuirks())
	path := "/playlists/" + string(b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "x", Public: true, Collaborative: true}))
	b.must("PUT", path, `{"name":"y"}`)
	b.refused("PUT", path, `{"public":true}`, 400, "collaborative")
	b.must("PUT", path, `{"collaborative":false}`)
}

// TestUserNames: links to users are percent-encoded, IDs are not.
func TestUserNames(t *testing.T) {
	b := newBench(t, NoQuirks())
	b.AddUser(User{ID: "who!"})
	id := string(b.AddPlaylist("who!", PlaylistSpec{Name: "x", Public: true}))
	v := b.must("GET", "/playlists/"+id, "")
	if at(v, "owner.id") != "who!" || at(v, "owner.uri") != "spotify:user:who%21" {
		t.Errorf("owner: %v", v["owner"])
	}
}

func TestPublic(t *testing.T) {
	b := newBench(t, only(func(q *Quirks) { q.IgnorePublic = true }))
	made := b.must("POST", "/me/playlists", `{"name":"x","public":false}`)
	path := "/playlists/" + made["id"].(string)
	if made["public"] != false || b.must("GET", path, "")["public"] != true {
		t.Error("an ignored wish should be echoed and not read")
	}
	b.must("PUT", path, `{"public":false}`)
	if b.must("GET", path, "")["public"] != true {
		t.Error("public was honoured")
	}
	b.SetQuirks(only(func(q *Quirks) { q.PublicDelay = time.Minute }))
	b.must("PUT", path, `{"public":false}`)
	if b.must("GET", path, "")["public"] != true {
		t.Error("public is read without delay")
	}
	b.clock.advance(time.Minute)
	if b.must("GET", path, "")["public"] != false {
		t.Error("public is never read")
	}
	path = "/playlists/" + b.must("POST", "/me/playlists", `{"name":"x","public":false}`)["id"].(string)
	if b.must("GET", path, "")["public"] != true {
		t.Error("a new playlist's public is read without delay")
	}
	b.clock.advance(time.Minute)
	b.must("PUT", path, `{"collaborative":true}`)
	b.must("PUT", path, `{"public":true,"collaborative":false}`)
}

func TestRowsNobodyCanName(t *testing.T) {
	b := newBench(t, only(func(q *Quirks) { q.NullItems = true }))
	local := spotify.URI("spotify:local:Some+Band:An+Album:A+Song:215")
	id := string(b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "x", Rows: []Row{
		{URI: uri(0)}, {URI: uri(1)}, {URI: local, Local: true}, {URI: episodeURI(0)}}}))
	b.Withdraw(uri(1))
	items := "/playlists/" + id + "/items"
	v := b.must("GET", items, "")
	if at(v, "total") != 4.0 || at(v, "items.1.item") != nil || at(v, "items.1.added_at") == nil {
		t.Errorf("withdrawn: %v", at(v, "items.1"))
	}
	if at(v, "items.2.is_local") != true || at(v, "items.2.item.uri") != string(local) || at(v, "items.2.item.id") != nil ||
		at(v, "items.2.item.name") != "A Song" || at(v, "items.2.item.duration_ms") != 215000.0 {
		t.Errorf("local: %v", at(v, "items.2"))
	}
	if at(v, "items.3.item") != nil {
		t.Error("an episode came without being asked for")
	}
	if v := b.must("GET", items+"?additional_types=track,episode", ""); at(v, "items.3.item.type") != "episode" {
		t.Errorf("episode: %v", at(v, "items.3"))
	}
	b.must("PUT", items, `{"range_start":2,"insert_before":0}`)
	b.wantRows(spotify.ID(id), local, uri(0), uri(1), episodeURI(0))
	b.SetQuirks(only(func(q *Quirks) { q.NullItems, q.NullItemsKeepURI = true, true }))
	if v := b.must("GET", items+"?fields=items(item(uri))", ""); at(v, "items.2.item.uri") != string(uri(1)) {
		t.Errorf("with fields: %v", v)
	}
	b.SetQuirks(NoQuirks())
	if v := b.must("GET", items, ""); at(v, "items.2.item.is_playable") != false {
		t.Errorf("without null: %v", at(v, "items.2"))
	}
	b.Restore(uri(1))
	b.must("POST", items, jsonOf(object{"uris": uris(1, 2)}))
	b.Withdraw(episodeURI(0))
	b.refused("PUT", items, jsonOf(object{"uris": []spotify.URI{episodeURI(0)}}), 400, "non-existing")
}

func TestRelink(t *testing.T) {
	relink := map[string]string{string(uri(0)): string(uri(9))}
	b := newBench(t, only(func(q *Quirks) { q.Relink = relink }))
	id := string(b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "x", URIs: uris(0, 1)}))
	items := "/playlists/" + id + "/items"
	v := b.must("GET", items, "")
	if at(v, "items.0.item.uri") != string(uri(9)) || at(v, "items.0.item.linked_from.uri") != string(uri(0)) {
		t.Errorf("relinked: %v", at(v, "items.0.item"))
	}
	b.must("DELETE", items, jsonOf(object{"items": []object{{"uri": uri(9)}}}))
	b.wantRows(spotify.ID(id), uri(0))
	b.SetQuirks(only(func(q *Quirks) { q.Relink, q.DropLinkedFrom, q.RelinkNeedsMarket = relink, true, true }))
	if v := b.must("GET", items, ""); at(v, "items.0.item.uri") != string(uri(0)) {
		t.Errorf("without market: %v", v)
	}
	if v := b.must("GET", items+"?market=SE", ""); at(v, "items.0.item.uri") != string(uri(9)) || at(v, "items.0.item.linked_from") != nil {
		t.Errorf("with market: %v", v)
	}
	b.must("DELETE", items, jsonOf(object{"items": []object{{"uri": uri(0)}}}))
	b.wantRows(spotify.ID(id))
	b.must("POST", items, jsonOf(object{"uris": uris(0, 1)}))
	b.SetQuirks(only(func(q *Quirks) { q.Relink, q.RemoveByTwin = relink, true }))
	b.must("DELETE", items, jsonOf(object{"items": []object{{"uri": uri(0)}}}))
	b.wantRows(spotify.ID(id), uri(0))
	b.must("DELETE", items, jsonOf(object{"items": []object{{"uri": uri(9)}}}))
	b.wantRows(spotify.ID(id))
}

func TestShapes(t *testing.T) {
	b := newBench(t, NoQuirks())
	id := string(b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "x", URIs: uris(0, 1)}))
	for _, tt := range []struct {
		shape    Shape
		now, old bool
	}{{CurrentShape, true, false}, {BothShapes, true, true}, {OldShape, false, true}} {
		b.SetQuirks(only(func(q *Quirks) { q.LegacyShape = tt.shape }))
		v, list, rows := b.must("GET", "/playlists/"+id, ""), b.must("GET", "/me/playlists", ""), b.must("GET", "/playlists/"+id+"/items", "")
		made := b.must("POST", "/me/playlists", `{"name":"y"}`)
		b.Unfollow(SandboxUser, spotify.ID(made["id"].(string)))
		for name, has := range map[string][2]any{"one": {at(v, "items"), at(v, "tracks")}, "created": {at(made, "items"), at(made, "tracks")},
			"listed": {at(list, "items.0.items"), at(list, "items.0.tracks")}, "row": {at(rows, "items.0.item"), at(rows, "items.0.track")}} {
			if (has[0] != nil) != tt.now || (has[1] != nil) != tt.old {
				t.Errorf("shape %d, %s: %v", tt.shape, name, has)
			}
		}
	}
}

func TestOtherQuirks(t *testing.T) {
	b := newBench(t, NoQuirks())
	id := string(b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "x", URIs: uris(0, 5)}))
	items, one := "/playlists/"+id+"/items", jsonOf(object{"uris": uris(0, 1)})
	set := func(f func(*Quirks)) { b.SetQuirks(only(f)) }

	set(func(q *Quirks) { q.PageLimit = 100 })
	b.must("GET", items+"?limit=100", "")
	set(func(q *Quirks) { q.GrandfatheredLimits = true })
	b.must("GET", "/search?q=love&type=track&limit=50", "")
	if v := b.must("GET", "/me", ""); v["product"] != "premium" || v["email"] == nil {
		t.Errorf("profile: %v", v)
	}
	set(func(q *Quirks) { q.NullListEntries = true })
	if v := b.must("GET", "/me/playlists", ""); at(v, "total") != 2.0 || at(v, "items.1") != nil || len(at(v, "items").([]any)) != 2 {
		t.Errorf("listing: %v", v)
	}
	set(func(q *Quirks) { q.PlaylistLimit = 5 })
	b.refused("POST", items, one, 403, "limit")
	set(func(q *Quirks) { q.SnapshotOnDelete = true })
	p, _ := b.Playlist(spotify.ID(id))
	b.refused("DELETE", items, jsonOf(object{"items": []object{{"uri": uri(0)}}, "snapshot_id": p.Snapshot}), 502, "")
	set(func(q *Quirks) { q.NotRegistered403 = true })
	b.refused("GET", "/me", "", 403, "User not registered in the Developer Dashboard")
	set(func(q *Quirks) { q.PlainTextPremium403 = true })
	w := b.raw("GET", "/me", "", http.Header{"Authorization": {"Bearer " + b.token}})
	if w.Code != 403 || !strings.HasPrefix(w.Body.String(), "Active premium subscription required for the owner of the app") {
		t.Errorf("premium: %d %s", w.Code, w.Body)
	}

	set(func(q *Quirks) { q.ParallelWritesAre500 = true })
	b.Fail(Fault{Method: "POST", Then: func() { b.refused("POST", items, one, 500, "Server error") }})
	b.must("POST", items, one)
	if got := b.rows(spotify.ID(id)); len(got) != 6 {
		t.Errorf("%d rows after parallel writes", len(got))
	}

	b.must("DELETE", "/me/library?uris=spotify:playlist:"+id, "")
	set(func(*Quirks) {})
	b.must("POST", items, one) // into a deleted playlist, as on Spotify
	set(func(q *Quirks) { q.DeletedByIDIs404 = true })
	b.refused("POST", items, one, 404, "not found")
	b.refused("GET", "/playlists/"+id, "", 404, "not found")
}

// TestFurtherClients: who may use an app, and who keeps it alive.
func TestFurtherClients(t *testing.T) {
	b := newBench(t, NoQuirks())
	b.AddUser(User{ID: "poor"})
	b.AddClient(Client{ID: "lapsed", Owner: "poor"})
	b.AddClient(Client{ID: "closed", Users: []string{"poor"}})
	_, b.token = b.IssueToken(SandboxUser, "lapsed")
	if status, _ := b.ask("GET", "/me", ""); status != 403 {
		t.Errorf("an app whose owner has no Premium: %d", status)
	}
	_, b.token = b.IssueToken(SandboxUser, "closed")
	b.refused("GET", "/me", "", 403, "User not registered")
	_, b.token = b.IssueToken("poor", "closed")
	if v := b.must("GET", "/me", ""); v["id"] != "poor" || v["account_id"] == "" {
		t.Errorf("me: %v", v)
	}
}

func picture(t *testing.T) []byte {
	t.Helper()
	var jpg bytes.Buffer
	if err := jpeg.Encode(&jpg, image.NewGray(image.Rect(0, 0, 300, 300)), nil); err != nil {
		t.Fatal(err)
	}
	return jpg.Bytes()
}

func TestCovers(t *testing.T) {
	b := newBench(t, only(func(q *Quirks) { q.TokenLife = 48 * time.Hour }))
	id := string(b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "x"}))
	path, jpg := "/playlists/"+id+"/images", picture(t)
	put := func(kind, body string) int {
		return b.raw("PUT", path, body, http.Header{"Authorization": {"Bearer " + b.token}, "Content-Type": {kind}}).Code
	}
	text := base64.StdEncoding.EncodeToString(jpg)
	for _, tt := range []struct {
		kind, body string
		status     int
	}{
		{"image/png", text, 400}, {"image/jpeg", text + "\n", 400}, {"image/jpeg", "data:image/jpeg;base64," + text, 400},
		{"image/jpeg", string(jpg), 400}, {"image/jpeg", "", 400}, {"image/jpeg", base64.StdEncoding.EncodeToString([]byte("\x89PNG")), 400},
		{"image/jpeg", strings.Repeat("A", 256<<10+4), 413}, {"image/jpeg", text, 202},
	} {
		if got := put(tt.kind, tt.body); got != tt.status {
			t.Errorf("%s %.30q: %d, want %d", tt.kind, tt.body, got, tt.status)
		}
	}
	p, _ := b.Playlist(spotify.ID(id))
	if !bytes.Equal(p.Cover, jpg) || string(p.Snapshot) == b.snapshot(id, 1) {
		t.Error("the cover should be kept and move the snapshot")
	}
	link := at(b.must("GET", path, ""), ".0.url").(string)
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	get := func() int {
		w := b.raw("GET", link, "", nil)
		if _, err := jpeg.Decode(w.Body); w.Code == 200 && err != nil {
			t.Errorf("served %s: %v", u.Path, err)
		}
		return w.Code
	}
	if got := get(); got != 200 {
		t.Errorf("the cover is answered %d", got)
	}
	b.clock.advance(24 * time.Hour)
	if got := get(); got != 200 || at(b.must("GET", path, ""), ".0.url") != link {
		t.Errorf("a day later the cover is answered %d", got)
	}
	first := pathID(link)
	if listed := at(b.must("GET", "/me/playlists", ""), "items.0.images.0.url").(string); pathID(listed) != first || listed == link {
		t.Errorf("the cover is at %s, and at %s in lists", link, listed)
	}
	b.Edit(spotify.ID(id), func(p *Playlist) { p.Cover = append(slices.Clone(jpg), 0) })
	if other := at(b.must("GET", path, ""), ".0.url").(string); pathID(other) == first {
		t.Error("another cover has the same address")
	}
}

// pathID is what an address of a picture ends with, after the 16 characters that tell its kind.
func pathID(link string) string { return link[strings.LastIndex(link, "/")+1+16:] }

// TestMosaics: without a cover of its own a playlist shows its albums'.
func TestMosaics(t *testing.T) {
	b := newBench(t, NoQuirks())
	for n, want := range map[int]int{0: 0, 1: 1, 12: 1, 40: 3} {
		var list []spotify.URI
		for i := range n { // the last digit counts the tracks of an invented album
			list = append(list, spotify.URI("spotify:track:000000000000000000000"+digits62[i:i+1]))
		}
		id := b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "x", URIs: list})
		got := at(b.must("GET", "/playlists/"+string(id)+"/images", ""), "").([]any)
		if len(got) != want {
			t.Errorf("%d tracks: %d images, want %d", n, len(got), want)
		}
		for _, image := range got {
			if u := at(image, "url").(string); strings.Contains(u, "mosaic") != (want == 3) || !strings.HasPrefix(u[strings.LastIndex(u, "/")+1:], albumPicture) {
				t.Errorf("%d tracks: %s", n, u)
			}
			if size := at(image, "width"); want == 1 && size != nil {
				t.Errorf("an album's picture is %v wide", size)
			}
		}
	}
}
