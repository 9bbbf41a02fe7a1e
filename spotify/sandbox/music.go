package sandbox

import (
	"crypto/sha256"
	"embed"
	"encoding/csv"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"sync"
)

// catalogFiles holds what is known of some famous recordings: facts, no invention. A cell is empty where the fact
// isn't known; an ID that isn't known is derived from the names, so that it is the same in every run.
//
//go:embed catalog/tracks.csv catalog/episodes.csv
var catalogFiles embed.FS

// catalogTrack is one track of the catalogue.
type catalogTrack struct {
	ID, Title   string
	Artists     []string // at least one
	Album       string
	AlbumID     string
	ReleaseDate string // 2006, 2006-01 or 2006-01-02
	ISRC        string // empty where not known
	DurationMS  int    // 0 where not known
	Explicit    bool
	TrackNumber int // 0 where not known
}

// catalogEpisode is one podcast episode of the catalogue.
type catalogEpisode struct {
	ID, Title   string
	Show        string
	ShowID      string
	ReleaseDate string // empty where not known
	DurationMS  int    // 0 where not known
}

// catalogTracks returns every track, by first artist, release date, album, track number and title.
// The caller must not change what it gets.
func catalogTracks() []catalogTrack { return loadCatalog().tracks }

// catalogLookup finds a track by its ID.
func catalogLookup(id string) (catalogTrack, bool) {
	c := loadCatalog()
	i, ok := c.trackAt[id]
	if !ok {
		return catalogTrack{}, false
	}
	return c.tracks[i], true
}

// catalogEpisodes returns every episode, by show, release date and title. The caller must not change what it gets.
func catalogEpisodes() []catalogEpisode { return loadCatalog().episodes }

// catalogEpisodeLookup finds an episode by its ID.
func catalogEpisodeLookup(id string) (catalogEpisode, bool) {
	c := loadCatalog()
	i, ok := c.episodeAt[id]
	if !ok {
		return catalogEpisode{}, false
	}
	return c.episodes[i], true
}

// catalogID makes the ID of something whose true one isn't known: well-formed (22 base-62 digits of a 128-bit
// number) and the same for the same words.
func catalogID(words ...string) string {
	const digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	n := new(big.Int).SetBytes(sum[:16])
	base, rest := big.NewInt(int64(len(digits))), new(big.Int)
	id := make([]byte, 22)
	for i := len(id) - 1; i >= 0; i-- {
		n.DivMod(n, base, rest)
		id[i] = digits[rest.Int64()]
	}
	return string(id)
}

type catalog struct {
	tracks    []catalogTrack
	trackAt   map[string]int
	episodes  []catalogEpisode
	episodeAt map[string]int
}

// loadCatalog reads the embedded files once. They are part of the program, so a fault in them is a bug, which
// TestCatalog finds.
var loadCatalog = sync.OnceValue(func() *catalog {
	c := &catalog{trackAt: map[string]int{}, episodeAt: map[string]int{}}
	for _, row := range catalogRows("catalog/tracks.csv") {
		t := catalogTrack{
			ID: row["id"], Title: row["title"], Artists: strings.Split(row["artists"], ";"),
			Album: row["album"], AlbumID: row["album_id"], ReleaseDate: row["release_date"], ISRC: row["isrc"],
			DurationMS: catalogInt(row["duration_ms"]), Explicit: row["explicit"] == "true",
			TrackNumber: catalogInt(row["track_number"]),
		}
		if t.AlbumID == "" {
			t.AlbumID = catalogID("album", t.Artists[0], t.Album)
		}
		if t.ID == "" {
			t.ID = catalogID("track", t.Artists[0], t.Title)
		}
		c.trackAt[t.ID] = len(c.tracks)
		c.tracks = append(c.tracks, t)
	}
	for _, row := range catalogRows("catalog/episodes.csv") {
		e := catalogEpisode{
			ID: row["id"], Title: row["title"], Show: row["show"], ShowID: row["show_id"],
			ReleaseDate: row["release_date"], DurationMS: catalogInt(row["duration_ms"]),
		}
		if e.ShowID == "" {
			e.ShowID = catalogID("show", e.Show)
		}
		if e.ID == "" {
			e.ID = catalogID("episode", e.Show, e.Title)
		}
		c.episodeAt[e.ID] = len(c.episodes)
		c.episodes = append(c.episodes, e)
	}
	return c
})

// catalogRows reads an embedded CSV file with a header into rows by column name.
func catalogRows(name string) []map[string]string {
	f, err := catalogFiles.Open(name)
	if err != nil {
		panic(fmt.Sprintf("sandbox: %v", err))
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		panic(fmt.Sprintf("sandbox: %s: %v", name, err))
	}
	header, rows := records[0], make([]map[string]string, 0, len(records))
	for _, record := range records[1:] {
		row := make(map[string]string, len(header))
		for i, cell := range record {
			row[header[i]] = cell
		}
		rows = append(rows, row)
	}
	return rows
}

func catalogInt(cell string) int {
	if cell == "" {
		return 0
	}
	n, err := strconv.Atoi(cell)
	if err != nil {
		panic(fmt.Sprintf("sandbox: catalogue: %v", err))
	}
	return n
}
