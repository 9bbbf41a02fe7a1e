package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spotsync/spotsync/spotify"
)

// goneKind is why a URI is answered as if there were nothing there.
type goneKind string

const (
	missing   goneKind = "missing"   // it never existed
	withdrawn goneKind = "withdrawn" // it did, and rows that hold it are still there
)

// Track is a track as [Server.AddTrack] declares it. ID, Title and Artists are needed.
type Track struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Artists     []string `json:"artists"`
	Album       string   `json:"album"`        // the title when empty
	AlbumID     string   `json:"album_id"`     // made up when empty
	ReleaseDate string   `json:"release_date"` // 2006, 2006-01 or 2006-01-02
	ISRC        string   `json:"isrc"`
	DurationMS  int      `json:"duration_ms"`
	Explicit    bool     `json:"explicit"`
	TrackNumber int      `json:"track_number"`
}

// AddTrack puts a track into the catalogue, found by ID and by search before the well-known ones.
func (s *Server) AddTrack(t Track) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.Album, t.Artists = orText(t.Album, t.Title), slices.Clone(t.Artists)
	if len(t.Artists) == 0 {
		t.Artists = []string{"Unknown Artist"}
	}
	t.AlbumID = orText(t.AlbumID, catalogID("album", t.Artists[0], t.Album))
	t.ReleaseDate = orText(t.ReleaseDate, "2001")
	t.TrackNumber, t.DurationMS = orDefault(t.TrackNumber, 1), orDefault(t.DurationMS, 180_000)
	s.world.Tracks[t.ID] = t
}

// Withdraw takes a track or episode from the catalogue: rows that hold it stay, read as null, and it can't be added.
func (s *Server) Withdraw(uri spotify.URI) { s.setGone(uri, withdrawn) }

// Missing makes a well-formed URI one that never existed: 404 when read, 400 when added.
func (s *Server) Missing(uri spotify.URI) { s.setGone(uri, missing) }

// Restore brings a URI back that was withdrawn or missing.
func (s *Server) Restore(uri spotify.URI) { s.setGone(uri, "") }

func (s *Server) setGone(uri spotify.URI, why goneKind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if why == "" {
		delete(s.world.Gone, string(uri))
		return
	}
	s.world.Gone[string(uri)] = why
}

// inCatalogue is the ID of the path, unless nothing is there.
func (c *call) inCatalogue(kind string) (string, error) {
	id := c.r.PathValue("id")
	if c.s.world.Gone["spotify:"+kind+":"+id] != "" {
		return "", refuse(http.StatusNotFound, "Resource not found")
	}
	return id, nil
}

func (c *call) getTrack() (answer, error) {
	id, err := c.inCatalogue("track")
	if err != nil {
		return answer{}, err
	}
	uri := "spotify:track:" + id
	body := c.media(Row{URI: spotify.URI(uri)}, false)
	return jsonAnswer(http.StatusOK, body), nil
}

func (c *call) getEpisode() (answer, error) {
	id, err := c.inCatalogue("episode")
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, c.episodeObject(c.s.episode(id), true)), nil
}

func (c *call) getAlbum() (answer, error) {
	id, err := c.inCatalogue("album")
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, c.fullAlbum(c.s.album(id))), nil
}

func (c *call) albumTracks() (answer, error) {
	id, err := c.inCatalogue("album")
	if err != nil {
		return answer{}, err
	}
	w, err := c.page(20, 50)
	if err != nil {
		return answer{}, err
	}
	a := c.s.album(id)
	if err := c.s.quirks.within(w, len(a.tracks)); err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, c.albumTrackPage(a, w)), nil
}

func (c *call) getArtist() (answer, error) {
	id, err := c.inCatalogue("artist")
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, c.artistObject(id, c.s.artist(id).name, true)), nil
}

func (c *call) artistAlbums() (answer, error) {
	id, err := c.inCatalogue("artist")
	if err != nil {
		return answer{}, err
	}
	most := 10
	if c.s.quirks.GrandfatheredLimits {
		most = 50
	}
	w, err := c.page(5, most)
	if err != nil {
		return answer{}, err
	}
	all := c.s.artist(id).albums
	if groups := c.q.Get("include_groups"); groups != "" {
		all = slices.DeleteFunc(slices.Clone(all), func(albumID string) bool {
			return !slices.Contains(strings.Split(groups, ","), c.s.album(albumID).kind)
		})
	}
	if err := c.s.quirks.within(w, len(all)); err != nil {
		return answer{}, err
	}
	from, to := w.of(len(all))
	var page []any
	for _, albumID := range all[from:to] {
		a := c.s.album(albumID)
		o := c.albumObject(a)
		if c.s.quirks.GrandfatheredLimits {
			o["album_group"] = a.kind
		}
		page = append(page, o)
	}
	return jsonAnswer(http.StatusOK, c.paging("/artists/"+id+"/albums", w, len(all), page)), nil
}

func (c *call) getShow() (answer, error) {
	id, err := c.inCatalogue("show")
	if err != nil {
		return answer{}, err
	}
	sh := c.s.show(id)
	body := c.showObject(sh)
	body["episodes"] = c.showPage(sh, window{limit: 50})
	return jsonAnswer(http.StatusOK, body), nil
}

func (c *call) showEpisodes() (answer, error) {
	id, err := c.inCatalogue("show")
	if err != nil {
		return answer{}, err
	}
	w, err := c.page(20, 50)
	if err != nil {
		return answer{}, err
	}
	sh := c.s.show(id)
	if err := c.s.quirks.within(w, len(sh.episodes)); err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, c.showPage(sh, w)), nil
}

func (c *call) showPage(sh show, w window) object {
	from, to := w.of(len(sh.episodes))
	var page []any
	episodes := sh.episodes
	if c.s.quirks.ShowsOldestFirst {
		episodes = slices.Clone(episodes)
		slices.Reverse(episodes)
	}
	for _, id := range episodes[from:to] {
		if c.s.world.Gone["spotify:episode:"+id] != "" {
			page = append(page, nil)
			continue
		}
		page = append(page, c.episodeObject(c.s.episode(id), false))
	}
	return c.paging("/shows/"+sh.id+"/episodes", w, len(sh.episodes), page)
}

// trackObject is a track; simplified ones, as in an album's list, know neither album nor ISRC.
func (c *call) trackObject(t song, full bool) object {
	o := c.reference("track", t.ID)
	o["name"], o["duration_ms"], o["explicit"] = t.Title, t.DurationMS, t.Explicit
	o["track_number"], o["disc_number"] = t.TrackNumber, 1
	o["is_local"], o["is_playable"], o["preview_url"] = false, true, nil
	o["artists"] = c.artistObjects(t.Artists)
	if t.artistID != "" {
		o["artists"] = []any{c.artistObject(t.artistID, t.Artists[0], false)}
	}
	if full {
		o["album"] = c.albumObject(c.s.album(t.AlbumID))
		ids := object{}
		if t.ISRC != "" {
			ids["isrc"] = t.ISRC
		}
		o["external_ids"] = ids
		if c.s.quirks.GrandfatheredLimits {
			o["popularity"], o["available_markets"] = 50, []any{"SE", "US"}
		}
	}
	return o
}

func (c *call) artistObjects(names []string) []any {
	out := []any{}
	for _, n := range names {
		out = append(out, c.artistObject(artistID(n), n, false))
	}
	return out
}

func (c *call) artistObject(id, name string, full bool) object {
	o := c.reference("artist", id)
	o["name"] = name
	if full {
		o["genres"], o["images"] = []any{}, c.albumImages(id)
	}
	return o
}

// albumObject is an album without its tracks. What development mode lost is not in it.
func (c *call) albumObject(a album) object {
	o := c.reference("album", a.id)
	o["name"], o["album_type"], o["total_tracks"] = a.title, a.kind, len(a.tracks)
	o["release_date"], o["release_date_precision"] = a.released, precision(a.released)
	o["images"], o["artists"] = c.albumImages(a.id), c.artistObjects(a.artists)
	if a.artistID != "" {
		o["artists"] = []any{c.artistObject(a.artistID, a.artists[0], false)}
	}
	if c.s.quirks.GrandfatheredLimits {
		o["available_markets"] = []any{"SE", "US"}
	}
	return o
}

func (c *call) fullAlbum(a album) object {
	o := c.albumObject(a)
	o["tracks"] = c.albumTrackPage(a, window{limit: 50})
	o["copyrights"], o["genres"] = []any{object{"text": a.title, "type": "C"}}, []any{}
	sum := deriveFrom(0, "upc", a.id)
	o["external_ids"] = object{"upc": strconv.Itoa(1e11 + int(sum[0])<<24 + int(sum[1])<<16 + int(sum[2]))}
	if c.s.quirks.GrandfatheredLimits {
		o["label"], o["popularity"] = "Sandbox Records", 50
	}
	return o
}

func (c *call) albumTrackPage(a album, w window) object {
	from, to := w.of(len(a.tracks))
	var page []any
	for _, id := range a.tracks[from:to] {
		page = append(page, c.trackObject(c.s.song(id), false))
	}
	return c.paging("/albums/"+a.id+"/tracks", w, len(a.tracks), page)
}

func (c *call) episodeObject(e catalogEpisode, full bool) object {
	o := c.reference("episode", e.ID)
	text := e.Title + ", an episode of " + e.Show + "."
	o["name"], o["description"], o["html_description"] = e.Title, text, "<p>"+text+"</p>"
	o["duration_ms"], o["explicit"], o["images"] = e.DurationMS, false, c.albumImages(e.ShowID)
	o["is_externally_hosted"], o["is_playable"], o["audio_preview_url"] = false, true, nil
	o["language"], o["languages"] = "en", []any{"en"}
	o["release_date"], o["release_date_precision"] = e.ReleaseDate, precision(e.ReleaseDate)
	o["resume_point"] = object{"fully_played": false, "resume_position_ms": 0}
	if full {
		o["show"] = c.showObject(c.s.show(e.ShowID))
	}
	return o
}

func (c *call) showObject(sh show) object {
	o := c.reference("show", sh.id)
	text := sh.title + ", a show."
	o["name"], o["description"], o["html_description"] = sh.title, text, "<p>"+text+"</p>"
	o["copyrights"], o["explicit"], o["images"], o["is_externally_hosted"] = []any{}, false, c.albumImages(sh.id), false
	o["languages"], o["media_type"], o["total_episodes"] = []any{"en"}, "audio", len(sh.episodes)
	if c.s.quirks.GrandfatheredLimits {
		o["available_markets"], o["publisher"] = []any{"SE", "US"}, "Sandbox Radio"
	}
	return o
}

// precision says how much of a date is known.
func precision(date string) string {
	switch len(date) {
	case len("2006"):
		return "year"
	case len("2006-01"):
		return "month"
	}
	return "day"
}

// splitURI takes spotify:kind:id apart.
func splitURI(uri string) (ok bool, kind, id string) {
	rest, ok := strings.CutPrefix(uri, "spotify:")
	if !ok {
		return false, "", ""
	}
	kind, id, ok = strings.Cut(rest, ":")
	return ok, kind, id
}

// unescapeURI reads a part of a local file's URI.
func unescapeURI(s string) string {
	if t, err := url.QueryUnescape(s); err == nil {
		return t
	}
	return s
}

func seconds(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
