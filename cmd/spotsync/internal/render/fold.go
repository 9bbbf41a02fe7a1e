package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/spotify"
)

// How much of a long list is shown without --full.
const (
	longRun   = 20 // rows that come or go in one run
	runHead   = 10 // of a longer run: so many, and the last
	longBlock = 3  // rows that stay but are put in again
	longDiff  = 60 // lines of one playlist
)

// foldRows turns rows into lines: unchanged runs into one, a moved block into one, long runs into their ends.
func foldRows(rows []rowDiff, known map[string]string, full bool) []Line {
	rows = foldMoves(rows, full)
	twins := twinTitles(rows, known)
	one := func(d rowDiff) Line { return lineOf(d, known, twins) }
	var out []Line
	for i := 0; i < len(rows); {
		n := runLength(rows[i:])
		part := rows[i : i+n]
		i += n
		long := func(limit int) bool { return !full && n > limit }
		switch f := part[0].fate; {
		case f == rowReordered:
			out = append(out, Line{Sign: "↕", Text: fmt.Sprintf("… %d in another order", n)})
		case f == rowStays && long(1):
			out = append(out, Line{Sign: " ", Text: fmt.Sprintf("… %d unchanged", n)})
		case f == rowRenewed && long(longBlock):
			out = append(out, Line{Sign: "±", Text: fmt.Sprintf("… %d stay, and their date added starts anew", n)})
		case (f == rowAdded || f == rowRemoved) && long(longRun):
			for _, d := range part[:runHead] {
				out = append(out, one(d))
			}
			out = append(out, Line{Sign: one(part[0]).Sign, Text: fmt.Sprintf("… %d more", n-runHead-1)}, one(part[n-1]))
		case f == rowMoved && long(1):
			l := one(part[0])
			l.More = fmt.Sprintf(" … and %d more", n-1)
			out = append(out, l)
		default:
			for _, d := range part {
				out = append(out, one(d))
			}
		}
	}
	if !full && len(out) > longDiff {
		rest := len(out) - longDiff + 10
		out = append(out[:longDiff-10:longDiff-10], Line{Sign: " ", Text: fmt.Sprintf("… and %d lines more; --full shows all", rest)})
	}
	return out
}

// foldMoves makes one stretch of many moves, after the first few: to read two hundred of them helps nobody.
func foldMoves(rows []rowDiff, full bool) []rowDiff {
	lines := 0
	for i := 0; i < len(rows); i += runLength(rows[i:]) {
		if rows[i].fate == rowMoved {
			lines++
		}
	}
	if full || lines <= longRun {
		return rows
	}
	rows = slices.Clone(rows)
	seen := 0
	for i := 0; i < len(rows); {
		n := runLength(rows[i:])
		if rows[i].fate == rowMoved {
			seen++
		}
		if seen > runHead && (rows[i].fate == rowMoved || rows[i].fate == rowStays) {
			for j := range n {
				rows[i+j].fate = rowReordered
			}
		}
		i += n
	}
	return rows
}

// runLength is how many rows from the first share its fate and can be told as one.
func runLength(rows []rowDiff) int {
	n := 1
	for ; n < len(rows) && rows[n].fate == rows[0].fate; n++ {
		if rows[0].fate == rowMoved && (rows[n].from != rows[n-1].from+1 || rows[n].lost != rows[0].lost) {
			break
		}
	}
	return n
}

// twinTitles are the titles that both come and go: there the URI tells which is which.
func twinTitles(rows []rowDiff, known map[string]string) map[string]bool {
	comes := make(map[string]bool)
	for _, d := range rows {
		if d.fate == rowAdded {
			comes[titleOf(d.row, known)] = true
		}
	}
	both := make(map[string]bool)
	for _, d := range rows {
		if t := titleOf(d.row, known); d.fate == rowRemoved && comes[t] {
			both[t] = true
		}
	}
	return both
}

func lineOf(d rowDiff, known map[string]string, twins map[string]bool) Line {
	l := Line{Sign: " ", place: strconv.Itoa(d.to), Text: titleOf(d.row, known)}
	var notes []string
	switch d.fate {
	case rowAdded:
		l.Sign = "+"
	case rowRemoved:
		l.Sign, l.place = "-", strconv.Itoa(d.from)
		if at := d.row.AddedAt; at.After(time.Unix(0, 0)) {
			notes = append(notes, "added "+dayOf(at))
		}
	case rowMoved:
		l.Sign = "↕"
		if d.from == d.to { // its neighbours change
			notes = append(notes, "moved")
		} else {
			notes = append(notes, fmt.Sprintf("moved from %d to %d", d.from, d.to))
		}
		if d.lost {
			notes = append(notes, "date starts anew")
		}
	case rowRenewed:
		l.Sign = "±"
		notes = append(notes, "date starts anew")
	}
	if (d.fate == rowAdded || d.fate == rowRemoved) && twins[l.Text] {
		notes = append([]string{words.Printable(string(d.row.URI))}, notes...)
	}
	l.Note = strings.Join(notes, ", ")
	return l
}

func dayOf(t time.Time) string { return t.UTC().Format("2 Jan 2006") }

// Titles are the names of items, told by any playlist of the plan: those of Spotify before those of the files.
func Titles(p *reconcile.Plan) map[string]string {
	known := make(map[string]string)
	learn := func(uri spotify.URI, title string) {
		if title != "" && known[string(uri)] == "" {
			known[string(uri)] = title
		}
	}
	for _, c := range p.Changes {
		for _, picture := range []*reconcile.Picture{c.Before, c.After} {
			if picture == nil {
				continue
			}
			for _, r := range picture.Tracks {
				learn(r.URI, r.Title)
			}
		}
	}
	for _, c := range p.Changes {
		if w := c.Desired; w != nil && len(w.Titles) == len(w.Tracks) {
			for i, u := range w.Tracks {
				learn(u, w.Titles[i])
			}
		}
	}
	return known
}

// titleOf names an item to people.
func titleOf(r reconcile.Row, known map[string]string) string {
	title := r.Title
	if title == "" {
		title = known[string(r.URI)]
	}
	uri := r.URI
	if uri == "" {
		uri = r.ObservedURI
	}
	title = words.Printable(title)
	switch {
	case title == "":
		title = words.Printable(string(uri))
	case r.Opaque && !r.Local && !r.Null:
		title += " (" + words.Printable(string(uri)) + ")"
	}
	switch {
	case r.Local:
		return strings.TrimSpace(title + " (local file)")
	case r.Null && title == "":
		return "(an item Spotify no longer shows)"
	case r.Null:
		return title + " (no longer on Spotify)"
	case title == "":
		return "(an item Spotify does not name)"
	}
	return title
}
