package render

import (
	"slices"

	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/edit"
	"github.com/spotsync/spotsync/spotify"
)

// rowChange is what becomes of one row of a playlist.
type rowChange int

const (
	rowStays     rowChange = iota
	rowAdded               // it was not there
	rowRemoved             // it will not be there
	rowMoved               // it changes places with its date
	rowRenewed             // it stays, taken out and put in again: its date starts anew
	rowReordered           // one of many that change places: shown together
)

// rowDiff is one row of the difference, in the order people read it: what goes stands where it stood.
type rowDiff struct {
	fate rowChange
	row  reconcile.Row
	from int  // place before, from 1; 0 for one that is added
	to   int  // place after, from 1; 0 for one that is removed
	lost bool // moved, and its date starts anew
}

// diffRows works out what becomes of each row. It follows the plan's edits, so that a move shown is a move done. A row
// that the edits take out and put in again is one row to people, not two.
func diffRows(c *reconcile.Change) []rowDiff {
	var before, after []reconcile.Row
	if c.Before != nil {
		before = c.Before.Tracks
	}
	if c.After != nil {
		after = c.After.Tracks
	}
	origins, touched := replay(before, after, c.Edits)
	kept := make([]bool, len(before))
	for _, i := range origins {
		if i >= 0 {
			kept[i] = true
		}
	}
	again := make(map[spotify.URI][]int)
	for i, r := range before {
		if !kept[i] && !r.Opaque {
			again[r.URI] = append(again[r.URI], i)
		}
	}
	lost := make([]bool, len(after))
	for j, r := range after {
		if p := again[r.URI]; origins[j] < 0 && !r.Opaque && len(p) > 0 {
			origins[j], again[r.URI], lost[j] = p[0], p[1:], true
			kept[p[0]], touched[p[0]] = true, true
		}
	}
	still := inOrder(origins, touched)

	var out []rowDiff
	gone := 0 // rows of before that have been told of, or stay
	var between []rowDiff
	flush := func(until int) { // what goes, then what comes
		for ; gone < until; gone++ {
			if !kept[gone] {
				out = append(out, rowDiff{fate: rowRemoved, row: before[gone], from: gone + 1})
			}
		}
		out = append(out, between...)
		between = between[:0]
	}
	for j, r := range after {
		i := origins[j]
		d := rowDiff{row: r, from: i + 1, to: j + 1}
		if i >= 0 && (lost[j] || r.Title == "") {
			d.row = before[i] // with the date it had
		}
		switch {
		case i < 0:
			d.fate = rowAdded
		case !still[j]:
			d.fate, d.lost = rowMoved, lost[j]
		case lost[j]:
			d.fate = rowRenewed
		}
		if i < 0 || !still[j] {
			between = append(between, d)
			continue
		}
		flush(i)
		out = append(out, d)
	}
	flush(len(before))
	return out
}

// replay does the edits to a list of positions: which row of before each row of after was, -1 for none, and which rows
// of before were moved. Edits that don't lead from one to the other, as those of a file somebody wrote by hand, tell
// nothing: then all is -1.
func replay(before, after []reconcile.Row, edits []reconcile.Edit) (origins []int, touched map[int]bool) {
	type cell struct {
		origin int
		uri    spotify.URI
	}
	list := make([]cell, len(before))
	for i, r := range before {
		list[i] = cell{i, r.URI}
	}
	touched = make(map[int]bool)
	ok := true
	for _, e := range edits {
		switch e.Kind {
		case edit.Insert, edit.Replace:
			fresh := make([]cell, len(e.URIs))
			for i, u := range e.URIs {
				fresh[i] = cell{-1, u}
			}
			if e.Kind == edit.Replace {
				list = fresh
			} else if ok = ok && e.At >= 0 && e.At <= len(list); ok {
				list = slices.Insert(list, e.At, fresh...)
			}
		case edit.Remove:
			named := make(map[spotify.URI]bool, len(e.URIs))
			for _, u := range e.URIs {
				named[u] = true
			}
			list = slices.DeleteFunc(list, func(c cell) bool {
				if c.origin < 0 {
					return named[c.uri]
				}
				r := before[c.origin]
				return !r.Opaque && (r.ObservedURI != "" && named[r.ObservedURI] || named[r.URI])
			})
		case edit.Move:
			ok = ok && e.Start >= 0 && e.N >= 0 && e.N <= len(list)-e.Start && e.Before >= 0 && e.Before <= len(list)
			if !ok {
				break
			}
			block := slices.Clone(list[e.Start : e.Start+e.N])
			for _, c := range block {
				touched[c.origin] = true
			}
			list = slices.Delete(list, e.Start, e.Start+e.N)
			to := e.Before
			if to > e.Start {
				to = max(e.Start, to-e.N)
			}
			list = slices.Insert(list, to, block...)
		}
	}
	origins = make([]int, len(after))
	for j := range origins {
		origins[j] = -1
	}
	if !ok || len(list) != len(after) {
		return origins, make(map[int]bool)
	}
	for j, c := range list {
		if c.origin >= 0 && before[c.origin].Opaque != after[j].Opaque || c.uri != after[j].URI {
			return origins, make(map[int]bool)
		}
	}
	for j, c := range list {
		origins[j] = c.origin
	}
	return origins, touched
}

// inOrder chooses the rows that are shown as staying where they are: all that the plan does not touch, and as many of
// the others as are in the same order in both lists.
func inOrder(origins []int, touched map[int]bool) []bool {
	n := 0
	for _, i := range origins {
		n = max(n, i+1)
	}
	weight := func(i int) int {
		if touched[i] {
			return 1
		}
		return len(origins) + 1
	}
	// The heaviest increasing subsequence, over a Fenwick tree of the best one that ends before each place.
	best := make([]int, n+1)  // heaviest ending in row i, at i+1
	tree := make([]int, n+1)  // row, plus 1, that the best of a range ends in
	prior := make([]int, n+1) // the row before it, plus 1
	last := 0
	for _, i := range origins {
		if i < 0 {
			continue
		}
		p := 0
		for k := i; k > 0; k -= k & -k {
			if best[tree[k]] > best[p] {
				p = tree[k]
			}
		}
		best[i+1], prior[i+1] = best[p]+weight(i), p
		for k := i + 1; k <= n; k += k & -k {
			if best[i+1] > best[tree[k]] {
				tree[k] = i + 1
			}
		}
		if best[i+1] > best[last] {
			last = i + 1
		}
	}
	chosen := make([]bool, n)
	for ; last > 0; last = prior[last] {
		chosen[last-1] = true
	}
	still := make([]bool, len(origins))
	for j, i := range origins {
		still[j] = i >= 0 && chosen[i]
	}
	return still
}
