package spotify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
)

const (
	maxReadings = 3       // how often a listing that moves under the reader is begun
	maxRequests = 2_100   // of one reading of it: maxRows in pages of 50, and some
	maxRows     = 100_000 // of one listing: more than Spotify keeps of anything, and the largest offset of its reference
)

var (
	errMoving = errors.New("it changed each time while it was being read")
	errEnded  = errors.New("the list ends before this page") // begun anew: it became shorter
	errTooBig = fmt.Errorf("the list goes on beyond %d rows, and nothing that Spotify keeps is that long", maxRows)
)

// listing says how to read a list.
type listing[T any] struct {
	request
	limit func() int                                       // rows of a page to ask for
	row   func(json.RawMessage) (keep T, ok bool, e error) // reads a row; its error makes the page senseless
	gaps  bool                                             // it may hold fewer rows than it counts: Spotify hides some from some apps

	settled func([]T) bool                          // whether what was read makes sense; nil: always
	first   func(context.Context) (page, error)     // gets rows that come with something else; nil: none do
	refused func(limit int, err error) (again bool) // whether to ask for a smaller page; nil: no
}

// every is a page size that never changes.
func every(rows int) func() int { return func() int { return rows } }

// list reads a whole listing by offset and limit, never by an address out of an answer, and returns it with the number of
// answers it took. It ends where total says, or where that is null, with the page that has no next one; never by asking
// for a page that is empty, which Spotify may answer with 500. Pages that don't fit together (the total moved, rows are
// missing, settled objects) mean that somebody changed the list meanwhile: it is read again from the start.
func list[T any](ctx context.Context, c *Client, l listing[T]) (rows []T, answers int, err error) {
	for reading := 1; ; reading++ {
		rows, answers, whole, err := readPages(ctx, c, l)
		if err != nil {
			return nil, 0, err
		}
		if whole && (l.settled == nil || l.settled(rows)) {
			return rows, answers, nil
		}
		fail := l.failure(reading, errMoving)
		if reading == maxReadings {
			return nil, 0, fail
		}
		wait := c.backoff(reading)
		c.retrying(Retry{Method: l.method, Route: l.route, Wait: wait, Err: fail})
		if err := sleep(ctx, wait); err != nil {
			return nil, 0, fmt.Errorf("could not %s: %w", l.what, err)
		}
	}
}

func (r request) failure(tries int, err error) *UnavailableError {
	return &UnavailableError{Method: r.method, Route: r.route, What: r.what, Status: http.StatusOK, Tries: tries, Sent: true, Err: err}
}

// readPages reads a listing once; whole is false when the pages don't fit together.
func readPages[T any](ctx context.Context, c *Client, l listing[T]) (all []T, answers int, whole bool, err error) {
	all = []T{}
	total, offset, last := -1, 0, false
	if l.first != nil {
		p, err := l.first(ctx)
		if err != nil {
			return nil, 0, false, err
		}
		answers++
		if p.serves() {
			rows, err := decodeRows(l, p.rows)
			if err != nil {
				return nil, 0, false, l.failure(1, err)
			}
			all, total, offset, last = rows, p.total, len(p.rows), p.total < 0 && p.last
		}
	}
	for !last && (total < 0 || offset < total) {
		limit := l.limit()
		p, rows, err := readPage(ctx, c, l, offset, limit)
		switch {
		case errors.Is(err, errEnded):
			return nil, 0, false, nil
		case err != nil && l.refused != nil && l.refused(limit, err):
			continue
		case err != nil:
			return nil, 0, false, err
		}
		answers++
		step := limit
		if p.limit > 0 && p.limit < limit { // Spotify lowers limits now and then
			step = p.limit
		}
		if total < 0 {
			total = p.total
		}
		if total > maxRows || offset+step > maxRows+limit || answers >= maxRequests {
			return nil, 0, false, l.failure(1, errTooBig)
		}
		due := step
		if total >= 0 {
			due = min(step, total-offset)
			last = offset+step >= total
		} else if last = p.last; last {
			due = min(step, len(p.rows))
		}
		if p.total >= 0 && p.total != total || len(p.rows) > due || len(p.rows) < due && !l.gaps {
			return nil, 0, false, nil
		}
		all = append(all, rows...)
		offset += step
	}
	return all, answers, true, nil
}

// readPage asks for one page. Where that fails on Spotify's side, the list may have become shorter, so that the page begins
// where it ends: asking again is no use then, and a single row tells.
func readPage[T any](ctx context.Context, c *Client, l listing[T], offset, limit int) (p page, rows []T, err error) {
	r := l.request
	r.rows = limit
	r.query = pageQuery(r.query, offset, limit)
	if offset > 0 {
		r.failed = func(ctx context.Context) error {
			probe := l.request
			probe.rows, probe.query = 1, pageQuery(probe.query, 0, 1)
			var head page
			if err := c.do(ctx, probe, into(&head, decodePage)); err != nil || head.total < 0 || head.total > offset {
				return nil
			}
			return errEnded
		}
	}
	err = c.do(ctx, r, func(b []byte) error {
		var err error
		if p, err = decodePage(b); err != nil {
			return err
		}
		if p.offset >= 0 && p.offset != offset {
			return fmt.Errorf("the answer begins at %d, not at %d", p.offset, offset)
		}
		rows, err = decodeRows(l, p.rows)
		return err
	})
	return p, rows, err
}

func decodeRows[T any](l listing[T], raw []json.RawMessage) ([]T, error) {
	rows := make([]T, 0, len(raw))
	for _, b := range raw {
		t, keep, err := l.row(b)
		if err != nil {
			return nil, err
		}
		if keep {
			rows = append(rows, t)
		}
	}
	return rows, nil
}

// pageQuery is a query for a part of a list.
func pageQuery(q url.Values, offset, limit int) url.Values {
	out := url.Values{"offset": {strconv.Itoa(offset)}, "limit": {strconv.Itoa(limit)}}
	for k, v := range q {
		out[k] = v
	}
	return out
}

// serves reports whether rows that came with a playlist can be gone on from: they are the first ones, as many as the page
// says, and it is known whether there are more.
func (p page) serves() bool {
	switch {
	case p.offset > 0 || len(p.rows) == 0 && p.total != 0:
		return false
	case p.total < 0:
		return p.last || p.more && (p.limit <= 0 || len(p.rows) == p.limit)
	case p.limit > 0:
		return len(p.rows) == min(p.limit, p.total)
	default:
		return len(p.rows) <= p.total
	}
}

func (c *Client) facts() *Learned {
	if c.Learned != nil {
		return c.Learned
	}
	return &c.learned
}

// itemsLimit is how many rows of a playlist to ask for at once.
func (c *Client) itemsLimit() int {
	if atomic.LoadUint32(&c.facts().smallPages) != 0 {
		return pageSize
	}
	return itemsPage
}

// smallerPages reports whether an error says that pages may not be that large, and remembers it.
func (c *Client) smallerPages(limit int, err error) bool {
	var refused *Error
	if limit <= pageSize || !errors.As(err, &refused) || refused.Status != http.StatusBadRequest ||
		refused.Message != "" && !strings.Contains(strings.ToLower(refused.Message), "limit") {
		return false
	}
	atomic.StoreUint32(&c.facts().smallPages, 1)
	return true
}

// Pages is how many requests it takes to list that many rows, at least one.
func Pages(rows int) int { return pagesOf(rows, pageSize) }

// PlaylistRequests is how many requests [Client.FullPlaylist] takes for a playlist of so many items, while Spotify takes
// pages as large as it is asked for.
func PlaylistRequests(items int) int { return pagesOf(items, itemsPage) }

func pagesOf(rows, size int) int { return max(1, (rows+size-1)/size) }
