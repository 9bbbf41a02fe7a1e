package spotify

import (
	"errors"
	"fmt"
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
	c, f := client(pageOf(func(int) string { return `{}` }, 0, 50, 51), pageOf(func(int) string { return `{}` }, 50, 1, 51))
	if _, err := c.Items(t.Context(), anID); err != nil {
		t.Fatal(err)
	}
	want := `GET /v1/playlists/4XzvE3vG5tVbQeJb8Kk2aP/items?additional_types=track%2Cepisode&limit=50&offset=0
GET /v1/playlists/4XzvE3vG5tVbQeJb8Kk2aP/items?additional_types=track%2Cepisode&limit=50&offset=50
`
	if f.lines() != want {
		t.Error(f.lines())
	}
}
