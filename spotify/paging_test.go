package spotify

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
)

// pageOf is a page of n rows beginning at offset, of a list of total.
func pageOf(row func(int) string, offset, n, total int) reply {
	var rows []string
	for i := range n {
		rows = append(rows, row(offset+i))
	}
	return reply{status: 200, body: fmt.Sprintf(`{"offset":%d,"limit":50,"total":%d,"next":"https://evil.example/","items":[%s]}`, offset, total, strings.Join(rows, ","))}
}

func TestListings(t *testing.T) {
	list := func(i int) string { return fmt.Sprintf(`{"id":"p%d","items":{"total":1}}`, i) }
	item := func(i int) string {
		return fmt.Sprintf(`{"added_at":"2026-01-02T03:04:05Z","item":{"uri":"spotify:track:t%d"}}`, i)
	}
	playlists := func(t *testing.T, c *Client) (int, error) { l, err := c.Playlists(t.Context()); return len(l), err }
	items := func(t *testing.T, c *Client) (int, error) { l, err := c.Items(t.Context(), anID); return len(l), err }
	for _, test := range []struct {
		name    string
		do      func(*testing.T, *Client) (int, error)
		replies []reply
		rows    int // -1: an error
		asked   int
	}{
		{"empty", playlists, []reply{pageOf(list, 0, 0, 0)}, 0, 1},
		{"one page", playlists, []reply{pageOf(list, 0, 50, 50)}, 50, 1},
		{"three pages", items, []reply{pageOf(item, 0, 50, 101), pageOf(item, 50, 50, 101), pageOf(item, 100, 1, 101)}, 101, 3},
		{"null entries are skipped and counted", playlists, []reply{{status: 200, body: `{"total":2,"items":[null,{"id":"a"}]}`}}, 1, 1},
		{"the total moves once", items, []reply{pageOf(item, 0, 50, 51), pageOf(item, 50, 2, 52), pageOf(item, 0, 50, 52), pageOf(item, 50, 2, 52)}, 52, 4},
		{"the total always moves", items, []reply{pageOf(item, 0, 50, 51), pageOf(item, 50, 2, 52), pageOf(item, 0, 50, 51), pageOf(item, 50, 2, 52),
			pageOf(item, 0, 50, 51), pageOf(item, 50, 2, 52)}, -1, 6},
		{"the total moves between whole pages", items, []reply{{status: 200, body: `{"limit":2,"total":4,"items":[{},{}]}`},
			{status: 200, body: `{"limit":2,"total":5,"items":[{},{}]}`}, {status: 200, body: `{"limit":2,"total":4,"items":[{},{}]}`}}, 4, 4},
		{"a short page", items, []reply{pageOf(item, 0, 49, 50)}, -1, 3},
		{"a short page, then a whole one", items, []reply{pageOf(item, 0, 49, 50), pageOf(item, 0, 50, 50)}, 50, 2},
		{"a short last page", items, []reply{pageOf(item, 0, 50, 60), pageOf(item, 50, 9, 60), pageOf(item, 0, 50, 60), pageOf(item, 50, 10, 60)}, 60, 4},
		{"a long page", items, []reply{pageOf(item, 0, 3, 2)}, -1, 3},
		{"the same ID twice", playlists, []reply{{status: 200, body: `{"total":2,"items":[{"id":"a"},{"id":"a"}]}`}, pageOf(list, 0, 2, 2)}, 2, 2},
		{"the same ID twice each time", playlists, []reply{{status: 200, body: `{"total":2,"items":[{"id":"a"},{"id":"a"}]}`}}, -1, 3},
		{"the same item twice is fine", items, []reply{pageOf(func(int) string { return item(1) }, 0, 9, 9)}, 9, 1},
		{"the limit is lowered", items, []reply{{status: 200, body: `{"limit":2,"total":3,"items":[{},{}]}`}, {status: 200, body: `{"limit":2,"total":3,"items":[{}]}`}}, 3, 2},
		{"the wrong page", items, []reply{pageOf(item, 0, 50, 60), pageOf(item, 0, 10, 60)}, -1, 1 + maxTries},
		{"a failure midway", items, []reply{pageOf(item, 0, 50, 60), {status: 404}}, -1, 2},
		{"no total", items, []reply{{status: 200, body: `{"items":[]}`}}, -1, maxTries},
		{"no rows", items, []reply{{status: 200, body: `{"total":0,"items":null}`}}, -1, maxTries},
		{"a playlist without an ID", playlists, []reply{{status: 200, body: `{"total":1,"items":[{"name":"x"}]}`}}, -1, maxTries},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, f := client(test.replies...)
				rows, err := test.do(t, c)
				if test.rows >= 0 && (err != nil || rows != test.rows) || test.rows < 0 && (err == nil || rows != 0) {
					t.Errorf("%d rows, %v", rows, err)
				}
				if len(f.asked) != test.asked {
					t.Errorf("%d requests:\n%s", len(f.asked), f.lines())
				}
				var u *UnavailableError
				if err != nil && test.name != "a failure midway" && (!errors.As(err, &u) || OutcomeUnknown(err)) {
					t.Errorf("%T", err)
				}
			})
		})
	}
}

func TestListingAddresses(t *testing.T) {
	c, f := client(hundred(0, 100, 101), hundred(100, 1, 101))
	if _, err := c.Items(t.Context(), anID); err != nil {
		t.Fatal(err)
	}
	want := `GET /v1/playlists/4XzvE3vG5tVbQeJb8Kk2aP/items?additional_types=track%2Cepisode&limit=100&offset=0
GET /v1/playlists/4XzvE3vG5tVbQeJb8Kk2aP/items?additional_types=track%2Cepisode&limit=100&offset=100
`
	if f.lines() != want {
		t.Error(f.lines())
	}
}

// hundred is a page of up to 100 items of a list of total; a negative total is told as null.
func hundred(offset, n, total int) reply {
	return reply{status: 200, body: itemsPageText(offset, n, total, 100)}
}

func itemsPageText(offset, n, total, limit int) string {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf(`{"item":{"uri":"spotify:track:t%d"}}`, offset+i)
	}
	count, next := fmt.Sprint(total), "null"
	if total < 0 {
		count, next = "null", `"https://evil.example/"`
	}
	return fmt.Sprintf(`{"offset":%d,"limit":%d,"total":%s,"next":%s,"items":[%s]}`, offset, limit, count, next, strings.Join(rows, ","))
}

// with is a playlist that brings a page along.
func with(member, page string) reply {
	return reply{status: 200, body: fmt.Sprintf(`{"id":"P","owner":{"id":"me"},"snapshot_id":"S",%q:%s}`, member, page)}
}

func TestFullPlaylist(t *testing.T) {
	bad := func(message string) reply {
		return reply{status: 400, body: `{"error":{"status":400,"message":"` + message + `"}}`}
	}
	end := reply{status: 500, body: `{"error":{"status":500,"message":"Server error."}}`}
	last := func(r reply) reply {
		r.body = strings.Replace(r.body, `"next":"https://evil.example/"`, `"next":null`, 1)
		return r
	}
	for _, test := range []struct {
		name    string
		replies []reply
		rows    int // -1: an error
		answers int
		asked   string // offsets and limits of the pages asked for; p: the playlist
	}{
		{"empty", []reply{with("items", itemsPageText(0, 0, 0, 100))}, 0, 1, "p"},
		{"empty, of limit 0", []reply{with("items", itemsPageText(0, 0, 0, 0))}, 0, 1, "p"},
		{"exactly 50", []reply{with("items", itemsPageText(0, 50, 50, 100))}, 50, 1, "p"},
		{"exactly 100", []reply{with("items", itemsPageText(0, 100, 100, 100))}, 100, 1, "p"},
		{"under the old name", []reply{with("tracks", itemsPageText(0, 100, 100, 100))}, 100, 1, "p"},
		{"101", []reply{with("items", itemsPageText(0, 100, 101, 100)), hundred(100, 1, 101)}, 101, 2, "p 100+100"},
		{"exactly 200", []reply{with("items", itemsPageText(0, 100, 200, 100)), hundred(100, 100, 200)}, 200, 2, "p 100+100"},
		{"300", []reply{with("items", itemsPageText(0, 100, 300, 100)), hundred(100, 100, 300), hundred(200, 100, 300)}, 300, 3, "p 100+100 200+100"},
		{"50 come along", []reply{with("items", itemsPageText(0, 50, 150, 50)), hundred(50, 100, 150)}, 150, 2, "p 50+100"},
		{"none come along", []reply{with("items", itemsPageText(0, 0, 150, 0)), hundred(0, 100, 150), hundred(100, 50, 150)}, 150, 3, "p 0+100 100+100"},
		{"only a total comes along", []reply{with("items", `{"href":"x","total":2}`), hundred(0, 2, 2)}, 2, 2, "p 0+100"},
		{"rows are null", []reply{with("items", `{"total":2,"items":null}`), hundred(0, 2, 2)}, 2, 2, "p 0+100"},
		{"a row is null", []reply{with("items", `{"total":2,"limit":100,"items":[null,{"item":null}]}`)}, 2, 1, "p"},
		{"fewer than it says", []reply{with("items", itemsPageText(0, 47, 120, 100)), hundred(0, 100, 120), hundred(100, 20, 120)}, 120, 3, "p 0+100 100+100"},
		{"more than there are", []reply{with("items", itemsPageText(0, 9, 8, 0)), hundred(0, 8, 8)}, 8, 2, "p 0+100"},
		{"from somewhere else", []reply{with("items", itemsPageText(50, 50, 100, 50)), hundred(0, 100, 100)}, 100, 2, "p 0+100"},
		{"no total, and no more", []reply{last(with("items", itemsPageText(0, 30, -1, 100)))}, 30, 1, "p"},
		{"no total, and more", []reply{with("items", itemsPageText(0, 100, -1, 100)), hundred(100, 100, -1), last(hundred(200, 30, -1))}, 230, 3, "p 100+100 200+100"},
		{"no total, no sign", []reply{with("items", `{"items":[{}]}`), hundred(0, 1, 1)}, 1, 2, "p 0+100"},
		{"somebody else's", []reply{{status: 200, body: `{"id":"P","owner":{"id":"them"}}`}}, 0, 1, "p"},
		{"100 are refused", []reply{with("items", itemsPageText(0, 100, 210, 100)), bad("Invalid limit"), {status: 200, body: itemsPageText(100, 50, 210, 50)},
			{status: 200, body: itemsPageText(150, 50, 210, 50)}, {status: 200, body: itemsPageText(200, 10, 210, 50)}}, 210, 4, "p 100+100 100+50 150+50 200+50"},
		{"100 are refused without a word", []reply{with("items", itemsPageText(0, 100, 110, 100)), {status: 400}, {status: 200, body: itemsPageText(100, 10, 110, 50)}}, 110, 2,
			"p 100+100 100+50"},
		{"refused for something else", []reply{with("items", itemsPageText(0, 100, 110, 100)), bad("Invalid base62 id")}, -1, 0, "p 100+100"},
		{"50 are refused too", []reply{with("items", itemsPageText(0, 100, 110, 100)), bad("Invalid limit")}, -1, 0, "p 100+100 100+50"},
		{"it became longer", []reply{with("items", itemsPageText(0, 100, 110, 100)), hundred(100, 11, 111), with("items", itemsPageText(0, 100, 111, 100)), hundred(100, 11, 111)},
			111, 2, "p 100+100 p 100+100"},
		{"it became shorter, to where the page begins", []reply{with("items", itemsPageText(0, 100, 101, 100)), end, hundred(0, 1, 100), with("items", itemsPageText(0, 100, 100, 100))},
			100, 1, "p 100+100 0+1 p"},
		{"Spotify fails once", []reply{with("items", itemsPageText(0, 100, 101, 100)), end, hundred(0, 1, 101), hundred(100, 1, 101)}, 101, 2, "p 100+100 0+1 100+100"},
		{"Spotify fails at that page", []reply{with("items", itemsPageText(0, 100, 101, 100)), end, hundred(0, 1, 101), end, end, end}, -1, 0, "p 100+100 0+1 100+100 100+100 100+100"},
		{"it moves each time", []reply{with("items", itemsPageText(0, 100, 110, 100)), hundred(100, 11, 111), with("items", itemsPageText(0, 100, 110, 100)), hundred(100, 11, 111),
			with("items", itemsPageText(0, 100, 110, 100)), hundred(100, 11, 111)}, -1, 0, "p 100+100 p 100+100 p 100+100"},
		{"a page in the middle is short", []reply{with("items", itemsPageText(0, 100, 250, 100)), hundred(100, 97, 250), with("items", itemsPageText(0, 100, 250, 100)),
			hundred(100, 100, 250), hundred(200, 50, 250)}, 250, 3, "p 100+100 p 100+100 200+100"},
		{"it claims to be endless", []reply{with("items", itemsPageText(0, 100, 1e9, 100)), hundred(100, 100, 1e9)}, -1, 0, "p 100+100"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, f := client(test.replies...)
				full, err := c.FullPlaylist(t.Context(), anID)
				var asked []string
				for _, a := range f.asked {
					u, _ := url.Parse(strings.Fields(a.line)[1])
					if q := u.Query(); strings.HasSuffix(u.Path, "/items") {
						asked = append(asked, q.Get("offset")+"+"+q.Get("limit"))
					} else {
						asked = append(asked, "p")
					}
				}
				if got := strings.Join(asked, " "); got != test.asked {
					t.Errorf("asked for %s, want %s", got, test.asked)
				}
				if test.rows < 0 {
					if err == nil || full.Items != nil {
						t.Errorf("%d rows, %v", len(full.Items), err)
					}
					return
				}
				if err != nil || len(full.Items) != test.rows || full.Answers != test.answers || full.ID != "P" {
					t.Errorf("%d rows from %d answers, %v", len(full.Items), full.Answers, err)
				}
				if mine := full.Owner == "me"; mine != (full.Items != nil) || mine && full.Total != test.rows || mine && full.Snapshot != "S" {
					t.Errorf("%+v", full.Playlist)
				}
				for i, it := range full.Items {
					if want := URI(fmt.Sprintf("spotify:track:t%d", i)); it.URI != want && !it.Null {
						t.Fatalf("row %d is %s", i, it.URI)
					}
				}
			})
		})
	}
}

// Once pages of 100 are refused, nobody asks for one again in this process.
func TestSmallPagesAreRemembered(t *testing.T) {
	small := []reply{{status: 400, body: `{"error":{"status":400,"message":"Invalid limit"}}`}, {status: 200, body: itemsPageText(0, 3, 3, 50)}}
	c, f := client(small...)
	other := &Client{HTTP: c.HTTP, Learned: new(Learned)}
	c.Learned = other.Learned
	for _, c := range []*Client{c, c, other} {
		if items, err := c.Items(t.Context(), anID); err != nil || len(items) != 3 {
			t.Fatal(err)
		}
	}
	if len(f.asked) != 4 || strings.Count(f.lines(), "limit=100") != 1 {
		t.Error(f.lines())
	}
}

// A listing that never ends is given up, however it does that, and nothing is kept of it.
func TestListingsWithoutEnd(t *testing.T) {
	for name, page := range map[string]func(offset, limit int) string{
		"the total grows":      func(offset, limit int) string { return itemsPageText(offset, limit, offset+2*limit, limit) },
		"there is always more": func(offset, limit int) string { return itemsPageText(offset, limit, -1, limit) },
		"more, and no rows":    func(offset, limit int) string { return itemsPageText(offset, 0, -1, limit) },
		"a total beyond all":   func(offset, limit int) string { return itemsPageText(offset, limit, 1<<40, limit) },
		"a page of one":        func(offset, limit int) string { return itemsPageText(offset, 1, -1, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := client()
				asked := 0
				c.HTTP.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
					asked++
					offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
					limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
					return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(page(offset, limit)))}, nil
				})
				items, err := c.Items(t.Context(), anID)
				var u *UnavailableError
				if !errors.As(err, &u) || items != nil || asked > maxRequests {
					t.Errorf("%d rows after %d requests: %v", len(items), asked, err)
				}
			})
		})
	}
}
