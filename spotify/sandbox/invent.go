package sandbox

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// music is the catalogue of well-known music, arranged to be looked up. It doesn't change.
type music struct {
	tracks      []catalogTrack
	episodes    []catalogEpisode
	albums      map[string][]catalogTrack // by album ID, in order of track number
	artistNames []string                  // sorted
	artists     map[string]string         // names by ID
	shows       map[string][]catalogEpisode
}

// song is a track with the ID of its artist, where the name doesn't make it.
type song struct {
	catalogTrack
	artistID string
}

type album struct {
	id, title, kind, released string
	artists                   []string
	artistID                  string   // of the only artist, where the name doesn't make it
	tracks                    []string // IDs
}

type artist struct {
	name   string
	albums []string // IDs, newest first
}

type show struct {
	id, title string
	episodes  []string // IDs, newest first
}

func newMusic() *music {
	m := &music{tracks: catalogTracks(), episodes: catalogEpisodes(),
		albums: map[string][]catalogTrack{}, artists: map[string]string{}, shows: map[string][]catalogEpisode{}}
	for _, t := range m.tracks {
		m.albums[t.AlbumID] = append(m.albums[t.AlbumID], t)
		for _, name := range t.Artists {
			if id := artistID(name); m.artists[id] == "" {
				m.artists[id] = name
				m.artistNames = append(m.artistNames, name)
			}
		}
	}
	slices.Sort(m.artistNames)
	for _, list := range m.albums {
		slices.SortStableFunc(list, func(a, b catalogTrack) int { return cmp.Compare(a.TrackNumber, b.TrackNumber) })
	}
	for _, e := range m.episodes {
		m.shows[e.ShowID] = append(m.shows[e.ShowID], e)
	}
	for _, list := range m.shows {
		slices.SortStableFunc(list, func(a, b catalogEpisode) int { return cmp.Compare(b.ReleaseDate, a.ReleaseDate) })
	}
	return m
}

// artistID is the ID of an artist of the catalogue, which knows only names.
func artistID(name string) string { return catalogID("artist", name) }

// id62 writes a hash as an ID.
func id62(sum [32]byte) string { return catalogID(string(sum[:])) }

const digits62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// isID reports whether text has the form of an ID: 22 base-62 digits.
func isID(text string) bool {
	return len(text) == 22 && strings.Trim(text, digits62) == ""
}

// Invented music is told by IDs alone: those with the same first 21 digits are one artist's, and the last digit counts
// tracks, twelve to an album. The same digits make a show, with 62 episodes. So an invented track is on the album it
// names, and that album holds it.
const albumSize = 12

// declared are the tracks of AddTrack, in order of their IDs.
func (s *Server) declared() []catalogTrack {
	var out []catalogTrack
	for _, t := range s.world.Tracks {
		out = append(out, t.known())
	}
	slices.SortFunc(out, func(a, b catalogTrack) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

func (t Track) known() catalogTrack {
	return catalogTrack(t)
}

// song is the track of an ID: declared, well known, or invented.
func (s *Server) song(id string) song {
	if t, ok := s.world.Tracks[id]; ok {
		return song{catalogTrack: t.known()}
	}
	if t, ok := catalogLookup(id); ok {
		t.DurationMS = orDefault(t.DurationMS, s.duration("track", id))
		t.TrackNumber = orDefault(t.TrackNumber, 1)
		return song{catalogTrack: t}
	}
	series, n := splitID(id)
	a := s.album(series + digits62[n/albumSize*albumSize:][:1])
	h := s.derive("track", id)
	title := pick(h[0], songForms())
	title = strings.NewReplacer("ADJ", pick(h[1], adjectives()), "NOUN", pick(h[2], nouns()), "PLACE", pick(h[3], places())).Replace(title)
	return song{artistID: a.artistID, catalogTrack: catalogTrack{
		ID: id, Title: title, Artists: a.artists, Album: a.title, AlbumID: a.id, ReleaseDate: a.released,
		ISRC:       fmt.Sprintf("QZSBX%s%05d", a.released[2:4], (int(h[4])<<16|int(h[5])<<8|int(h[6]))%100_000),
		DurationMS: s.duration("track", id), Explicit: h[7] < 16, TrackNumber: n%albumSize + 1}}
}

// splitID is an ID's first 21 digits and the value of its last. What is no ID counts as one ending in 0.
func splitID(id string) (series string, n int) {
	if !isID(id) {
		return (id + strings.Repeat("0", 22))[:21], 0
	}
	return id[:21], strings.IndexByte(digits62, id[21])
}

func (s *Server) duration(kind, id string) int {
	h := s.derive("duration", kind, id)
	ms := 120_000 + (int(h[0])<<16|int(h[1])<<8|int(h[2]))%180_000
	if kind == "episode" {
		ms *= 12
	}
	return ms
}

// album is the album of an ID.
func (s *Server) album(id string) album {
	list := s.music.albums[id]
	for _, t := range s.declared() {
		if t.AlbumID == id {
			list = append(slices.Clip(list), t)
		}
	}
	if len(list) > 0 {
		a := album{id: id, title: list[0].Album, kind: "album", released: orText(list[0].ReleaseDate, "0000"), artists: list[0].Artists[:1]}
		if a.title == "" {
			a.title = list[0].Title
		}
		for _, t := range list {
			a.tracks = append(a.tracks, t.ID)
		}
		return a
	}
	series, n := splitID(id)
	from := n / albumSize * albumSize
	a := album{id: id, kind: "album", artists: []string{s.inventedArtist(series)}, artistID: series + "0"}
	if from+albumSize > len(digits62) {
		a.kind = "single"
	}
	for _, d := range digits62[from:min(from+albumSize, len(digits62))] {
		a.tracks = append(a.tracks, series+string(d))
	}
	h := s.derive("album", series, fmt.Sprint(from))
	a.title = pick(h[0], adjectives()) + " " + pick(h[1], nouns())
	a.released = fmt.Sprintf("%04d-%02d-%02d", 1960+int(h[2])%60, 1+h[3]%12, 1+h[4]%28)
	return a
}

// artist is the artist of an ID.
func (s *Server) artist(id string) artist {
	list := slices.Concat(s.music.tracks, s.declared())
	a := artist{name: s.music.artists[id]}
	for _, t := range list {
		if len(t.Artists) == 0 || artistID(t.Artists[0]) != id {
			continue
		}
		a.name = t.Artists[0]
		if !slices.Contains(a.albums, t.AlbumID) {
			a.albums = append(a.albums, t.AlbumID)
		}
	}
	if a.name == "" {
		series, _ := splitID(id)
		a.name = s.inventedArtist(series)
		for n := 0; n < len(digits62); n += albumSize {
			a.albums = append(a.albums, series+digits62[n:n+1])
		}
	}
	slices.SortStableFunc(a.albums, func(x, y string) int { return cmp.Compare(s.album(y).released, s.album(x).released) })
	return a
}

func (s *Server) inventedArtist(series string) string {
	h := s.derive("artist", series)
	if h[0]%2 == 0 {
		return "The " + pick(h[1], adjectives()) + " " + pick(h[2], nouns()) + "s"
	}
	return pick(h[1], firstNames()) + " " + pick(h[2], lastNames())
}

// episode is the episode of an ID.
func (s *Server) episode(id string) catalogEpisode {
	if e, ok := catalogEpisodeLookup(id); ok {
		e.DurationMS = orDefault(e.DurationMS, s.duration("episode", id))
		e.ReleaseDate = orText(e.ReleaseDate, "0000")
		return e
	}
	series, n := splitID(id)
	h := s.derive("episode", id)
	return catalogEpisode{ID: id, Title: fmt.Sprintf("%d: %s %s", n+1, pick(h[0], adjectives()), pick(h[1], nouns())),
		Show: s.inventedShow(series), ShowID: series + "0", ReleaseDate: fmt.Sprintf("%04d-%02d-01", 2019+n/12, 1+n%12),
		DurationMS: s.duration("episode", id)}
}

// show is the show of an ID.
func (s *Server) show(id string) show {
	if list := s.music.shows[id]; len(list) > 0 {
		sh := show{id: id, title: list[0].Show}
		for _, e := range list {
			sh.episodes = append(sh.episodes, e.ID)
		}
		return sh
	}
	series, _ := splitID(id)
	sh := show{id: id, title: s.inventedShow(series)}
	for n := len(digits62) - 1; n >= 0; n-- {
		sh.episodes = append(sh.episodes, series+digits62[n:n+1])
	}
	return sh
}

func (s *Server) inventedShow(series string) string {
	h := s.derive("show", series)
	return "The " + pick(h[0], adjectives()) + " " + pick(h[1], nouns()) + " Hour"
}

func pick(b byte, words []string) string { return words[int(b)%len(words)] }

func songForms() []string {
	return []string{"ADJ NOUN", "The NOUN", "NOUN in PLACE", "Goodbye, PLACE", "My ADJ NOUN", "NOUN and NOUN Again",
		"Leaving PLACE", "No NOUN Tonight", "ADJ, ADJ NOUN", "Waltz for a NOUN"}
}

func adjectives() []string {
	return strings.Fields(`Amber Bitter Blue Broken Crooked Distant Electric Empty Golden Gentle Hollow Idle Ivory Late Lonely
		Lucky Midnight Northern Paper Patient Quiet Restless Scarlet Second Silver Slow Southern Velvet Wandering Winter`)
}

func nouns() []string {
	return strings.Fields(`Anchor Bell Bridge Candle Compass Corner Engine Feather Garden Harbour Hour Island Lantern Letter
		Meadow Mirror Morning Orchard Parade Pilot River Satellite Season Shadow Signal Station Stranger Summer Tower Window`)
}

func places() []string {
	return strings.Fields(`Antwerp Bergen Boston Cadiz Calais Dover Dresden Galway Genoa Ghent Lisbon Malmo Memphis Naples
		Odessa Oslo Porto Riga Tangier Trieste Tulsa Turin Utrecht Verona`)
}

func firstNames() []string {
	return strings.Fields(`Ada Anton Bea Carla Clara Dora Edda Felix Greta Hugo Ines Ivo Jonas Lena Louis Mara Milo Nora Otto
		Paula Rosa Samuel Tilda Victor`)
}

func lastNames() []string {
	return strings.Fields(`Abbott Bergman Castell Dawes Ekholm Farrow Grimm Hale Ibsen Jarvis Keller Lindqvist Marlow Novak
		Okafor Pryce Quint Rowe Sandoval Thorne Ullman Vance Winter Yates`)
}
