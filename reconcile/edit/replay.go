package edit

import (
	"fmt"
	"slices"

	"github.com/spotsync/spotsync/spotify"
)

// Apply replays edits on a copy of have, as Spotify would carry them out, and returns the list they leave. It refuses
// what [Edit.Check] refuses; the error names the edit by its number, counted from 1.
func Apply(have []Row, edits []Edit, o Options) ([]Row, error) {
	rows := slices.Clone(have)
	for i, e := range edits {
		var err error
		rows, err = replay(rows, e, o.limits(),
			func(r Row) spotify.URI { return r.URI },
			func(r Row) bool { return r.Opaque },
			func(u spotify.URI) Row { return Row{URI: u} })
		if err != nil {
			return nil, fmt.Errorf("edit %d: %w", i+1, err)
		}
	}
	return rows, nil
}

// Replay is one edit of [Apply] on rows of any type, so that what rides on a row (the date it was added, say) can be
// followed. uri and opaque say what a row is, fresh makes the row an insert or replace brings. have is left alone.
func Replay[T any](have []T, e Edit, uri func(T) spotify.URI, opaque func(T) bool, fresh func(spotify.URI) T) ([]T, error) {
	return replay(slices.Clone(have), e, Options{}.limits(), uri, opaque, fresh)
}

// replay is Replay in place.
func replay[T any](rows []T, e Edit, o Options, uri func(T) spotify.URI, opaque func(T) bool, fresh func(spotify.URI) T) ([]T, error) {
	if err := e.Check(len(rows), o); err != nil {
		return nil, err
	}
	switch e.Kind {
	case Insert:
		return slices.Insert(rows, e.At, mapped(e.URIs, fresh)...), nil
	case Remove:
		gone := make(map[spotify.URI]bool, len(e.URIs)) // true once a row was found
		for _, u := range e.URIs {
			gone[u] = false
		}
		rows = slices.DeleteFunc(rows, func(r T) bool {
			if opaque(r) {
				return false
			}
			u := uri(r)
			_, ok := gone[u]
			if ok {
				gone[u] = true
			}
			return ok
		})
		for _, u := range e.URIs {
			if !gone[u] {
				return nil, fmt.Errorf("remove: %s is not in the list", u)
			}
		}
		return rows, nil
	case Move:
		if e.Before < e.Start {
			rotate(rows[e.Before:e.Start+e.N], e.Start-e.Before)
		} else {
			rotate(rows[e.Start:e.Before], e.N)
		}
		return rows, nil
	default: // Replace: Check knows the kinds
		return mapped(e.URIs, fresh), nil
	}
}

// Check says what is wrong with sending e to a list of rows rows: too many or no URIs, the same URI twice in a remove,
// positions outside the list, a move that moves nothing, a list that would grow beyond MaxItems. Nil means nothing is.
func (e Edit) Check(rows int, o Options) error {
	o = o.limits()
	if len(e.URIs) > o.MaxURIs {
		return fmt.Errorf("%s: %d URIs in one request, at most %d are allowed", e.Kind, len(e.URIs), o.MaxURIs)
	}
	if len(e.URIs) == 0 && (e.Kind == Insert || e.Kind == Remove) {
		return fmt.Errorf("%s: no URIs", e.Kind)
	}
	switch e.Kind {
	case Insert:
		if e.At < 0 || e.At > rows {
			return fmt.Errorf("insert: position %d is outside a list of %d", e.At, rows)
		}
		if rows+len(e.URIs) > o.MaxItems {
			return fmt.Errorf("insert: %d items would become %d, a playlist holds at most %d", rows, rows+len(e.URIs), o.MaxItems)
		}
	case Remove:
		seen := make(map[spotify.URI]bool, len(e.URIs))
		for _, u := range e.URIs {
			if seen[u] {
				return fmt.Errorf("remove: %s is named twice", u)
			}
			seen[u] = true
		}
	case Move:
		if e.N < 1 || e.Start < 0 || e.Start > rows-e.N || e.Before < 0 || e.Before > rows {
			return fmt.Errorf("move: %d rows from %d to before %d are outside a list of %d", e.N, e.Start, e.Before, rows)
		}
		if e.Before >= e.Start && e.Before <= e.Start+e.N {
			return fmt.Errorf("move: %d rows from %d to before %d move nothing", e.N, e.Start, e.Before)
		}
	case Replace:
		if len(e.URIs) > o.MaxItems {
			return fmt.Errorf("replace: %d items, a playlist holds at most %d", len(e.URIs), o.MaxItems)
		}
	default:
		return fmt.Errorf("unknown kind of edit %q", e.Kind)
	}
	return nil
}

// rotate moves the first n of s behind the others.
func rotate[T any](s []T, n int) {
	slices.Reverse(s[:n])
	slices.Reverse(s[n:])
	slices.Reverse(s)
}

func mapped[T any](uris []spotify.URI, fresh func(spotify.URI) T) []T {
	out := make([]T, len(uris))
	for i, u := range uris {
		out[i] = fresh(u)
	}
	return out
}
