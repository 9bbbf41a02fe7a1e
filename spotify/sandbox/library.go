package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const maxLibraryURIs = 40 // of one request

// me answers GET /me.
func (c *call) me() (answer, error) {
	body := c.userObject(c.user.ID)
	body["account_id"] = c.user.AccountID
	body["display_name"] = c.user.DisplayName
	body["images"] = []any{}
	if c.s.quirks.GrandfatheredLimits {
		body["followers"] = object{"href": nil, "total": 0}
		if c.has("user-read-private") {
			product := "free"
			if c.user.Premium {
				product = "premium"
			}
			body["country"], body["product"] = "SE", product
			body["explicit_content"] = object{"filter_enabled": false, "filter_locked": false}
		}
		if c.has("user-read-email") {
			body["email"] = c.user.ID + "@sandbox.invalid"
		}
	}
	return jsonAnswer(http.StatusOK, body), nil
}

// changeLibrary changes the asking user's library; reads see it later.
func (c *call) changeLibrary(change func(*library)) {
	l := c.user.Library.Current.clone()
	change(&l)
	c.user.Library.write(l, c.now, c.s.quirks.StaleFor)
}

// libraryURIs are the URIs a library request names, in the query and nowhere else.
func (c *call) libraryURIs() ([]string, error) {
	uris := splitList(c.q.Get("uris"))
	if len(uris) == 0 {
		return nil, refuse(http.StatusBadRequest, "Missing required field: uris")
	}
	if len(uris) > maxLibraryURIs {
		return nil, refuse(http.StatusBadRequest, "Too many uris: at most %d", maxLibraryURIs)
	}
	for _, u := range uris {
		ok, kind, id := splitURI(u)
		if !ok || kind != "user" && !isID(id) {
			return nil, refuse(http.StatusBadRequest, "Invalid uri: %s", u)
		}
		switch kind {
		case "track", "album", "episode", "show", "audiobook", "artist", "user", "playlist":
		default:
			return nil, refuse(http.StatusBadRequest, "Invalid uri: %s", u)
		}
	}
	return uris, nil
}

// needsLibrary refuses a token that may not read, or change, what the URIs name.
func (c *call) needsLibrary(uris []string, change bool) error {
	for _, u := range uris {
		var err error
		switch _, kind, id := splitURI(u); kind {
		case "playlist":
			if p := c.s.world.Playlists[id]; !change {
				err = c.needs("playlist-read-private")
			} else if p != nil {
				err = c.needsVisibility(p.Public.Current)
			}
		case "artist", "user":
			err = c.needs(map[bool]string{true: "user-follow-modify", false: "user-follow-read"}[change])
		default:
			err = c.needs(map[bool]string{true: "user-library-modify", false: "user-library-read"}[change])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// saveLibrary answers PUT /me/library. Saving a playlist follows it, which for its owner restores it.
func (c *call) saveLibrary() (answer, error) {
	uris, err := c.libraryURIs()
	if err == nil {
		err = c.needsLibrary(uris, true)
	}
	if err != nil {
		return answer{}, err
	}
	for _, u := range uris {
		_, kind, id := splitURI(u)
		if kind == "playlist" && c.s.world.Playlists[id] == nil || c.s.world.Gone[u] != "" {
			return answer{}, refuse(http.StatusNotFound, "Resource not found")
		}
	}
	c.changeLibrary(func(l *library) {
		for _, u := range uris {
			if _, kind, id := splitURI(u); kind == "playlist" {
				l.follow(id)
			} else {
				l.Saved = insertSaved(l.Saved, saved{u, c.now.Truncate(time.Second)})
			}
		}
	})
	return answer{status: http.StatusOK}, nil
}

// removeLibrary answers DELETE /me/library. Removing an own playlist is what deleting it means.
func (c *call) removeLibrary() (answer, error) {
	uris, err := c.libraryURIs()
	if err == nil {
		err = c.needsLibrary(uris, true)
	}
	if err != nil {
		return answer{}, err
	}
	c.changeLibrary(func(l *library) {
		for _, u := range uris {
			if _, kind, id := splitURI(u); kind == "playlist" {
				l.unfollow(id)
			}
			l.Saved = slices.DeleteFunc(l.Saved, func(x saved) bool { return x.URI == u })
		}
	})
	return answer{status: http.StatusOK}, nil
}

// libraryContains answers GET /me/library/contains.
func (c *call) libraryContains() (answer, error) {
	uris, err := c.libraryURIs()
	if err == nil {
		err = c.needsLibrary(uris, false)
	}
	if err != nil {
		return answer{}, err
	}
	l := c.user.Library.read(c.now)
	has := []bool{}
	for _, u := range uris {
		_, kind, id := splitURI(u)
		has = append(has, l.has(u) || kind == "playlist" && slices.Contains(l.Playlists, id))
	}
	return jsonAnswer(http.StatusOK, has), nil
}

func (c *call) savedTracks() (answer, error) {
	return c.savedPage("track", "/me/tracks", func(id string) any { return c.trackObject(c.s.song(id), true) })
}

func (c *call) savedAlbums() (answer, error) {
	return c.savedPage("album", "/me/albums", func(id string) any { return c.fullAlbum(c.s.album(id)) })
}

func (c *call) savedEpisodes() (answer, error) {
	return c.savedPage("episode", "/me/episodes", func(id string) any { return c.episodeObject(c.s.episode(id), true) })
}

func (c *call) savedShows() (answer, error) {
	return c.savedPage("show", "/me/shows", func(id string) any { return c.showObject(c.s.show(id)) })
}

// savedPage is a page of what the user has saved of one kind, newest first but for albums' quirks.
func (c *call) savedPage(kind, path string, render func(id string) any) (answer, error) {
	w, err := c.page(20, 50)
	if err != nil {
		return answer{}, err
	}
	var all []saved
	for _, x := range c.user.Library.read(c.now).Saved {
		if _, k, _ := splitURI(x.URI); k == kind && c.s.world.Gone[x.URI] == "" {
			all = append(all, x)
		}
	}
	var rows []any // nil: a row that is null
	for _, x := range all {
		_, _, id := splitURI(x.URI)
		rows = append(rows, object{"added_at": x.AddedAt.UTC().Format(time.RFC3339), kind: render(id)})
	}
	if kind == "album" {
		rows = c.asAlbumsAreServed(rows)
	}
	if err := c.s.quirks.within(w, len(rows)); err != nil {
		return answer{}, err
	}
	from, to := w.of(len(rows))
	return jsonAnswer(http.StatusOK, c.paging(path, w, len(rows), rows[from:to])), nil
}

// asAlbumsAreServed are saved albums, newest first, with what is odd about them in Spotify's answers.
func (c *call) asAlbumsAreServed(rows []any) []any {
	if c.s.quirks.AlbumsOutOfOrder && len(rows) > 1 {
		rows[0], rows[1] = rows[1], rows[0]
		rows[0].(object)["added_at"] = "1998-04-20T00:00:00Z"
	}
	if c.s.quirks.NullListEntries && len(rows) > 0 {
		rows = slices.Insert(rows, 1, any(nil))
	}
	return rows
}

// top answers GET /me/top/{type}: the catalogue in an order of the user's own, another for each time range.
func (c *call) top() (answer, error) {
	kind, span := c.r.PathValue("type"), orText(c.q.Get("time_range"), "medium_term")
	if kind != "tracks" && kind != "artists" {
		return answer{}, refuse(http.StatusBadRequest, "Invalid type")
	}
	if !slices.Contains([]string{"short_term", "medium_term", "long_term"}, span) {
		return answer{}, refuse(http.StatusBadRequest, "Invalid time range")
	}
	w, err := c.page(20, 50)
	if err != nil {
		return answer{}, err
	}
	order := func(id string) string { sum := c.s.derive("top", c.user.ID, span, id); return string(sum[:]) }
	var all []any
	if kind == "tracks" {
		list := slices.Clone(c.s.music.tracks)
		slices.SortFunc(list, func(a, b catalogTrack) int { return cmp.Compare(order(a.ID), order(b.ID)) })
		for _, t := range list[:min(50, len(list))] {
			all = append(all, c.trackObject(c.s.song(t.ID), true))
		}
	} else {
		list := slices.Clone(c.s.music.artistNames)
		slices.SortFunc(list, func(a, b string) int { return cmp.Compare(order(a), order(b)) })
		for _, name := range list[:min(50, len(list))] {
			all = append(all, c.artistObject(artistID(name), name, true))
		}
	}
	from, to := w.of(len(all))
	return jsonAnswer(http.StatusOK, c.paging("/me/top/"+kind, w, len(all), all[from:to])), nil
}

// recentlyPlayed answers GET /me/player/recently-played, which pages by time: before and after are milliseconds.
func (c *call) recentlyPlayed() (answer, error) {
	limit, err := c.number("limit", 20, 1, 50)
	if err != nil {
		return answer{}, err
	}
	if c.q.Has("before") && c.q.Has("after") {
		return answer{}, refuse(http.StatusBadRequest, "Only one of before and after may be given")
	}
	const never = 1 << 53
	before, err := c.number("before", never, 0, never)
	if err != nil {
		return answer{}, err
	}
	after, err := c.number("after", -1, 0, never)
	if err != nil {
		return answer{}, err
	}
	list := slices.DeleteFunc(slices.Clone(c.user.Plays), func(p play) bool {
		at := int(p.At.UnixMilli())
		return at >= before || at <= after || c.s.world.Gone[p.URI] != ""
	})
	more := len(list) > limit
	if more && c.q.Has("after") {
		list = list[len(list)-limit:] // those next in time
	} else if more {
		list = list[:limit]
	}
	rows := []any{}
	for _, p := range list {
		_, _, id := splitURI(p.URI)
		rows = append(rows, object{"track": c.trackObject(c.s.song(id), true), "context": nil,
			"played_at": p.At.UTC().Format("2006-01-02T15:04:05.000Z")})
	}
	path := c.base() + "/me/player/recently-played?"
	body := object{"href": path + c.q.Encode(), "limit": limit, "items": rows, "next": nil, "cursors": nil}
	if len(list) > 0 {
		newest, oldest := list[0].At.UnixMilli(), list[len(list)-1].At.UnixMilli()
		body["cursors"] = object{"after": strconv.FormatInt(newest, 10), "before": strconv.FormatInt(oldest, 10)}
		if more {
			body["next"] = path + "before=" + strconv.FormatInt(oldest, 10) + "&limit=" + strconv.Itoa(limit)
		}
	}
	return jsonAnswer(http.StatusOK, body), nil
}

// splitList splits a comma-separated query value; an empty one has no entries.
func splitList(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
