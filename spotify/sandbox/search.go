package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxQuery = 250 // characters

// search answers GET /search among declared tracks and the catalogue; invented music isn't found.
func (c *call) search() (answer, error) {
	if strings.TrimSpace(c.q.Get("q")) == "" {
		return answer{}, refuse(http.StatusBadRequest, "No search query")
	}
	if utf8.RuneCountInString(c.q.Get("q")) > maxQuery {
		return answer{}, refuse(http.StatusBadRequest, "Query exceeds maximum length of %d characters", maxQuery)
	}
	types := splitList(c.q.Get("type"))
	if len(types) == 0 {
		return answer{}, refuse(http.StatusBadRequest, "Missing parameter type")
	}
	limit, most := 5, 10
	if c.s.quirks.GrandfatheredLimits {
		limit, most = 20, 50
	}
	w, err := c.page(limit, most)
	if err != nil {
		return answer{}, err
	}
	if w.limit+w.offset > 1000 {
		return answer{}, refuse(http.StatusBadRequest, "Invalid offset")
	}
	query, body := parseQuery(c.q.Get("q")), object{}
	for _, kind := range types {
		var found []any
		switch kind {
		case "track":
			found = c.foundTracks(query)
		case "album":
			found = c.foundAlbums(query)
		case "artist":
			found = c.foundArtists(query)
		case "episode":
			for _, e := range c.s.music.episodes {
				if query.matches(map[string]string{"": e.Title + " " + e.Show, "year": e.ReleaseDate}) && c.s.world.Gone["spotify:episode:"+e.ID] == "" {
					found = append(found, c.episodeObject(c.s.episode(e.ID), false))
				}
			}
		case "show":
			seen := map[string]bool{}
			for _, e := range c.s.music.episodes {
				if !seen[e.ShowID] && query.matches(map[string]string{"": e.Show}) {
					found = append(found, c.showObject(c.s.show(e.ShowID)))
				}
				seen[e.ShowID] = true
			}
		case "playlist":
			found = c.foundPlaylists(query)
		case "audiobook":
		default:
			return answer{}, refuse(http.StatusBadRequest, "Bad search type field %s", kind)
		}
		if c.s.quirks.NullListEntries && len(found) > 0 {
			found = slices.Insert(found, 1, any(nil))
		}
		from, to := w.of(len(found))
		body[kind+"s"] = c.paging("/search", w, len(found), found[from:to])
	}
	return jsonAnswer(http.StatusOK, body), nil
}

// foundTracks are the tracks a query matches; those with exactly the words asked for as title come first.
func (c *call) foundTracks(q query) []any {
	if isrc := q.fields["isrc"]; isrc != "" {
		c.s.addEditions(isrc)
	}
	var exact, rest []any
	for _, t := range slices.Concat(c.s.declared(), c.s.music.tracks) {
		artists := strings.Join(t.Artists, " ")
		if c.s.world.Gone["spotify:track:"+t.ID] != "" || !q.matches(map[string]string{
			"": t.Title + " " + artists + " " + t.Album, "track": t.Title, "artist": artists, "album": t.Album,
			"isrc": t.ISRC, "year": t.ReleaseDate}) {
			continue
		}
		o := c.trackObject(c.s.song(t.ID), true)
		if title := strings.Join(words(t.Title), " "); title == q.fields["track"] || title == q.free {
			exact = append(exact, o)
		} else {
			rest = append(rest, o)
		}
	}
	return slices.Concat(exact, rest)
}

// addEditions declares further tracks of the recording with an ISRC: a single, other issues of the album, compilations.
func (s *Server) addEditions(isrc string) {
	var all []catalogTrack
	for _, t := range slices.Concat(s.declared(), s.music.tracks) {
		if strings.EqualFold(t.ISRC, isrc) {
			all = append(all, t)
		}
	}
	if len(all) == 0 {
		return
	}
	first := all[0]
	for i := len(all); i < s.quirks.Editions; i++ {
		t := Track(first)
		t.ID = catalogID("edition", first.ID, strconv.Itoa(i))
		switch {
		case i == 1:
			t.Album = t.Title
		case i < 8:
			t.Album = fmt.Sprintf("%s (Edition %d)", first.Album, i)
		default:
			t.Album = fmt.Sprintf("Hits %d", i)
		}
		t.AlbumID = catalogID("album", t.ID)
		t.DurationMS = s.song(first.ID).DurationMS
		s.world.Tracks[t.ID] = t
	}
}

func (c *call) foundAlbums(q query) []any {
	var found []any
	seen := map[string]bool{}
	for _, t := range slices.Concat(c.s.declared(), c.s.music.tracks) {
		artist := t.Artists[0]
		if !seen[t.AlbumID] && q.matches(map[string]string{"": t.Album + " " + artist, "album": t.Album, "artist": artist, "year": t.ReleaseDate}) {
			found = append(found, c.albumObject(c.s.album(t.AlbumID)))
		}
		seen[t.AlbumID] = true
	}
	return found
}

func (c *call) foundArtists(q query) []any {
	var found []any
	list := slices.Clone(c.s.music.artistNames)
	for _, t := range c.s.declared() {
		list = append(list, t.Artists...)
	}
	for i, name := range list {
		if q.matches(map[string]string{"": name, "artist": name}) && slices.Index(list, name) == i {
			found = append(found, c.artistObject(artistID(name), name, true))
		}
	}
	return found
}

// foundPlaylists are the asking user's own and everybody's public ones.
func (c *call) foundPlaylists(q query) []any {
	var ids []string
	for id, p := range c.s.world.Playlists {
		if (p.Public.Current || p.Owner == c.user.ID) && !c.s.deleted(p) && q.matches(map[string]string{"": p.State.Current.Name}) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	var found []any
	for _, id := range ids {
		p := c.s.world.Playlists[id]
		found = append(found, c.playlistObject(p, p.State.read(c.now), false))
	}
	return found
}

// query is a parsed q parameter: free words, and words by filter.
type query struct {
	free   string
	fields map[string]string
}

func queryFields() []string {
	return []string{"album", "artist", "track", "year", "upc", "tag", "isrc", "genre"}
}

// parseQuery reads words, "quoted phrases" and filter:value; a value runs to the next filter or, quoted, to its quote.
func parseQuery(text string) query {
	q := query{fields: map[string]string{}}
	field, free := "", []string(nil)
	put := func(s string) {
		if field == "" {
			free = append(free, words(s)...)
		} else if s = strings.TrimSpace(s); s != "" {
			if field != "year" && field != "isrc" {
				s = strings.Join(words(s), " ")
			}
			q.fields[field] = strings.TrimSpace(q.fields[field] + " " + s)
		}
	}
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		if name, rest, ok := strings.Cut(text, ":"); ok && slices.Contains(queryFields(), strings.ToLower(name)) {
			field, text = strings.ToLower(name), strings.TrimLeft(rest, " ")
			continue
		}
		if quoted, rest, ok := strings.Cut(strings.TrimPrefix(text, `"`), `"`); ok && text[0] == '"' {
			put(quoted)
			field, text = "", rest
			continue
		}
		word, rest, _ := strings.Cut(text, " ")
		put(word)
		text = rest
	}
	q.free = strings.Join(free, " ")
	return q
}

// matches reports whether every word is in what is known under its filter; free words are looked for under "".
func (q query) matches(known map[string]string) bool {
	if !containsWords(known[""], q.free) {
		return false
	}
	for f, want := range q.fields {
		have, ok := known[f]
		switch {
		case !ok:
			return false
		case f == "isrc":
			if !strings.EqualFold(have, want) {
				return false
			}
		case f == "year":
			if !inYears(have, want) {
				return false
			}
		case !containsWords(have, want):
			return false
		}
	}
	return true
}

func containsWords(text, want string) bool {
	have := words(text)
	for _, w := range strings.Fields(want) {
		if !slices.Contains(have, w) {
			return false
		}
	}
	return true
}

// inYears reports whether a date is in a year or a range of years: 1999 or 1990-1999.
func inYears(date, want string) bool {
	if len(date) < 4 {
		return false
	}
	from, to, ranged := strings.Cut(want, "-")
	if !ranged {
		to = from
	}
	year, err := strconv.Atoi(date[:4])
	a, err1 := strconv.Atoi(from)
	b, err2 := strconv.Atoi(to)
	return err == nil && err1 == nil && err2 == nil && a <= year && year <= b
}

// words are a text's words in lower case, without punctuation; an apostrophe parts nothing.
func words(text string) []string {
	text = strings.NewReplacer("'", "", "’", "").Replace(strings.ToLower(text))
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
