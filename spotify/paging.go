package spotify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

const maxReadings = 3 // how often a listing that moves under the reader is begun

var errMoving = errors.New("it changed each time while it was being read")

// list reads a whole listing by offset and limit, never by an address out of an answer. Pages that don't fit together
// (the total moved, rows are missing, settled objects) mean that somebody changed it meanwhile: it is read again from
// the start. row reads one row and says whether to keep it; its error makes the page senseless. A listing with gaps may
// hold fewer rows than it counts: Spotify hides some from some apps and counts them all the same.
func list[T any](ctx context.Context, c *Client, r request, limit int, row func(json.RawMessage) (T, bool, error), settled func([]T) bool) ([]T, error) {
	for reading := 1; ; reading++ {
		rows, whole, err := readPages(ctx, c, r, limit, row)
		if err != nil {
			return nil, err
		}
		if whole && (settled == nil || settled(rows)) {
			return rows, nil
		}
		fail := &UnavailableError{Method: r.method, Route: r.route, What: r.what, Status: 200, Tries: reading, Sent: true, Err: errMoving}
		if reading == maxReadings {
			return nil, fail
		}
		wait := c.backoff(reading)
		c.retrying(Retry{Method: r.method, Route: r.route, Wait: wait, Err: fail})
		if err := sleep(ctx, wait); err != nil {
			return nil, fmt.Errorf("could not %s: %w", r.what, err)
		}
	}
}

// readPages reads a listing once; whole is false when the pages don't fit together.
func readPages[T any](ctx context.Context, c *Client, r request, limit int, row func(json.RawMessage) (T, bool, error)) (all []T, whole bool, err error) {
	all = []T{}
	total := -1
	for offset := 0; total < 0 || offset < total; {
		var p page
		var rows []T
		r.query.Set("limit", strconv.Itoa(limit))
		r.query.Set("offset", strconv.Itoa(offset))
		err := c.do(ctx, r, func(b []byte) error {
			var err error
			if p, err = decodePage(b); err != nil {
				return err
			}
			if p.offset >= 0 && p.offset != offset {
				return fmt.Errorf("the answer begins at %d, not at %d", p.offset, offset)
			}
			rows = rows[:0]
			for _, raw := range p.rows {
				t, keep, err := row(raw)
				if err != nil {
					return err
				}
				if keep {
					rows = append(rows, t)
				}
			}
			return nil
		})
		if err != nil {
			return nil, false, err
		}
		step := limit
		if p.limit > 0 && p.limit < limit { // Spotify lowers limits now and then
			step = p.limit
		}
		if total < 0 {
			total = p.total
		}
		due := min(step, total-offset)
		if p.total != total || len(p.rows) > due || len(p.rows) < due && !r.gaps {
			return nil, false, nil
		}
		all = append(all, rows...)
		offset += step
	}
	return all, true, nil
}

// Pages is how many requests it takes to list that many rows, at least one.
func Pages(rows int) int { return max(1, (rows+pageSize-1)/pageSize) }
