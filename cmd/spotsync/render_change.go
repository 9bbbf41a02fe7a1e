package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spotsync/spotsync/reconcile"
)

// description is what there is to say about one change, safe to show and not yet laid out.
type description struct {
	sign    string
	tone    tone
	address string
	account string // label, where the plan is about more than one
	name    string // quoted; empty where none is known
	doing   string
	origins []origin
	reasons []string
	attrs   []attribute
	rows    []rowLine
	tally   tally
	costs   []string
	writes  int
	tracks  int // how many items it has, or had when it goes
}

// origin is who changed something.
type origin struct {
	text    string
	spotify bool
}

// attribute is one argument of a block, before and after.
type attribute struct {
	sign, name, old, new, note string
}

// rowLine is one line about items.
type rowLine struct {
	sign  string
	place string
	text  string
	more  string // of a line that stands for several rows; never cut
	note  string
}

// tally counts rows by what becomes of them.
type tally struct{ added, removed, moved, renewed int }

func (t tally) String() string {
	var parts []string
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	add(t.added, "added")
	add(t.removed, "removed")
	add(t.moved, "moved")
	add(t.renewed, "put in again")
	return strings.Join(parts, ", ")
}

// signs is the count in as few characters as can be.
func (t tally) signs() string {
	var parts []string
	for _, part := range []struct {
		sign string
		n    int
	}{{"+", t.added}, {"-", t.removed}, {"↕", t.moved}, {"±", t.renewed}} {
		if part.n > 0 {
			parts = append(parts, part.sign+strconv.Itoa(part.n))
		}
	}
	return strings.Join(parts, " ")
}

const knownAfterApply = "(known after apply)"

// describe says what a change is, for p's reader.
func describe(p *reconcile.Plan, c *reconcile.Change, full bool) description {
	d := description{address: printable(c.Address), name: nameOf(c), writes: len(c.Edits)}
	switch c.Action {
	case reconcile.Create:
		d.sign, d.tone, d.doing = "+", toneGood, "to create"
	case reconcile.Restore:
		d.sign, d.tone, d.doing = "+", toneGood, "to put back"
	case reconcile.Adopt:
		d.sign, d.tone, d.doing = "=", toneShift, "to manage"
	case reconcile.Delete:
		d.sign, d.tone, d.doing = "-", toneBad, "to delete"
	default:
		d.sign, d.tone, d.doing = "~", toneWarn, "to change"
	}
	if len(p.Accounts) > 1 {
		d.account = printable(c.Account)
		d.doing += ", account " + d.account
	}
	d.origins = originsOf(p, c)
	for _, r := range c.Reasons {
		if !saysSpotify(r) {
			d.reasons = append(d.reasons, asSentence(r))
		}
	}
	switch {
	case c.After != nil:
		d.tracks = len(c.After.Tracks)
	case c.Before != nil:
		d.tracks = len(c.Before.Tracks)
	}
	d.attrs = attributes(c)
	rows := diffRows(c)
	for _, r := range rows {
		switch r.fate {
		case rowAdded:
			d.tally.added++
		case rowRemoved:
			d.tally.removed++
		case rowMoved:
			d.tally.moved++
		case rowRenewed:
			d.tally.renewed++
		}
	}
	if a, ok := tracksLine(c, d.tally); ok {
		d.attrs = append(d.attrs, a)
	}
	differ := d.tally != tally{}
	if differ && (c.Action != reconcile.Delete || full) {
		d.rows = foldRows(rows, knownTitles(c), full)
	}
	stay := false
	for _, r := range rows {
		stay = stay || r.from > 0 && r.to > 0
	}
	d.costs = costsOf(c, differ && stay)
	return d
}

// brief is a change in a few words, for --summary.
func (d description) brief() string {
	var parts []string
	for _, a := range d.attrs {
		if a.sign == "~" && a.name != "tracks" {
			parts = append(parts, a.name)
		}
		if a.name == "tracks" && a.sign != "~" {
			parts = append(parts, plural(d.tracks, "track"))
		}
	}
	if s := d.tally.signs(); s != "" && d.sign != "-" && d.sign != "+" {
		parts = append(parts, s)
	}
	if slices.ContainsFunc(d.origins, func(o origin) bool { return o.spotify }) {
		parts = append(parts, "changed on Spotify")
	}
	if d.account != "" {
		parts = append(parts, "account "+d.account)
	}
	return strings.Join(append(parts, plural(d.writes, "request")), ", ")
}

func nameOf(c *reconcile.Change) string {
	switch {
	case c.Before != nil && c.Before.Name != "":
		return quoted(c.Before.Name)
	case c.After != nil && c.After.Name != "":
		return quoted(c.After.Name)
	case c.Wish != nil && c.Wish.Name != nil:
		return quoted(*c.Wish.Name)
	}
	return ""
}

// saysSpotify reports whether a reason is the planner's word on when the playlist was changed on Spotify.
func saysSpotify(reason string) bool { return strings.HasPrefix(reason, "changed on Spotify") }

// originsOf tells apart what was changed in the files and what elsewhere.
func originsOf(p *reconcile.Plan, c *reconcile.Change) []origin {
	if c.Before == nil || c.After == nil || p.Command == "rollback" || p.Command == "destroy" {
		return nil
	}
	var out []origin
	if (c.Origin == reconcile.FromFiles || c.Origin == reconcile.FromBoth) && (len(c.Edits) > 0 || len(c.Unknown) > 0) && c.Action == reconcile.Update {
		out = append(out, origin{text: "Changed in your files."})
	}
	if c.Origin == reconcile.FromSpotify || c.Origin == reconcile.FromBoth {
		text := "Changed on Spotify."
		for _, r := range c.Reasons {
			if saysSpotify(r) {
				text = asSentence(r)
			}
		}
		out = append(out, origin{text: text, spotify: true})
	}
	return out
}

// remarks are what there is to say about a playlist that is not changed.
func remarks(p *reconcile.Plan, c *reconcile.Change) []string {
	var out []string
	for _, r := range c.Reasons {
		if c.Action == reconcile.None && saysSpotify(r) && p.Command != "refresh-only" {
			continue // the files say the same by now
		}
		if r = prose(r); !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	if len(out) == 0 && (c.Action == reconcile.Held || c.Action == reconcile.Skipped) {
		out = []string{"no reason was given"}
	}
	return out
}

// attributes are the details that differ; of a new playlist those that are not what anybody would expect.
func attributes(c *reconcile.Change) []attribute {
	if c.After == nil {
		return nil
	}
	var out []attribute
	add := func(name, old, new string) {
		sign := "~"
		if c.Before == nil {
			sign, old = "+", ""
		}
		out = append(out, attribute{sign: sign, name: name, old: old, new: new})
	}
	before := c.Before
	if before == nil {
		before = &reconcile.Picture{Name: c.After.Name}
	}
	for _, a := range []struct{ name, old, new string }{{"name", before.Name, c.After.Name}, {"description", before.Description, c.After.Description}} {
		old, new := quotedPair(a.old, a.new)
		switch {
		case slices.Contains(c.Unknown, a.name):
			add(a.name, old, knownAfterApply)
		case a.old != a.new && !(c.Before == nil && strings.TrimSpace(a.new) == ""):
			add(a.name, old, new)
		}
	}
	if now := c.After.Public; now != nil && (c.Before != nil && (before.Public == nil || *before.Public != *now) || c.Before == nil && *now) {
		old := "unknown"
		if before.Public != nil {
			old = strconv.FormatBool(*before.Public)
		}
		add("public", old, strconv.FormatBool(*now))
	}
	if c.After.Collaborative != before.Collaborative {
		add("collaborative", strconv.FormatBool(before.Collaborative), strconv.FormatBool(c.After.Collaborative))
	}
	return out
}

// tracksLine says how many items a playlist has and will have.
func tracksLine(c *reconcile.Change, t tally) (attribute, bool) {
	a := attribute{sign: "~", name: "tracks", note: t.String()}
	switch {
	case c.After == nil && c.Before == nil:
		return a, false
	case c.After == nil:
		a.sign, a.new, a.note = "-", strconv.Itoa(len(c.Before.Tracks)), ""
	case c.Before == nil:
		a.sign, a.new, a.note = "+", strconv.Itoa(len(c.After.Tracks)), ""
	case t == tally{} && c.Action != reconcile.Restore && c.Action != reconcile.Adopt:
		return a, false
	case len(c.Before.Tracks) == len(c.After.Tracks):
		a.new = strconv.Itoa(len(c.After.Tracks))
		if t == (tally{}) {
			a.sign, a.note = " ", "unchanged"
		}
	default:
		a.old, a.new = strconv.Itoa(len(c.Before.Tracks)), strconv.Itoa(len(c.After.Tracks))
	}
	return a, true
}

// costsOf are the requests a change takes and, where items stay while others change, the dates.
func costsOf(c *reconcile.Change, dates bool) []string {
	if len(c.Edits) == 0 {
		if len(c.Unknown) > 0 {
			return []string{"Done once the playlists it names exist."}
		}
		return []string{"No request."}
	}
	s := plural(len(c.Edits), "request")
	changes := 0
	for _, e := range c.Edits {
		if e.Items() {
			changes++
		}
	}
	if c.Proven && changes > 1 && c.Before != nil {
		s += ", provably the fewest"
	}
	if c.Before != nil && c.After != nil && dates {
		switch c.DatesLost {
		case 0:
			s += "; every date added stays"
		case 1:
			s += "; 1 item that stays loses its date added"
		default:
			s += fmt.Sprintf("; %d items that stay lose their date added", c.DatesLost)
		}
	}
	out := []string{s + "."}
	if ch := c.Cheaper; ch != nil {
		out = append(out, fmt.Sprintf(`With keep_dates = "never": %s, and %s lost.`, plural(len(ch.Edits), "request"), counted(ch.DatesLost, "date", "dates")))
	}
	return out
}

// knownTitles are the names of items that the files tell and Spotify does not.
func knownTitles(c *reconcile.Change) map[string]string {
	known := make(map[string]string)
	if w := c.Wish; w != nil && len(w.Titles) == len(w.Tracks) {
		for i, u := range w.Tracks {
			if w.Titles[i] != "" && known[string(u)] == "" {
				known[string(u)] = w.Titles[i]
			}
		}
	}
	for _, p := range []*reconcile.Picture{c.Before, c.After} {
		if p == nil {
			continue
		}
		for _, r := range p.Tracks {
			if r.Title != "" {
				known[string(r.URI)] = r.Title
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
		uri = r.Wire
	}
	title = printable(title)
	switch {
	case title == "":
		title = printable(string(uri))
	case r.Opaque && !r.Local && !r.Null:
		title += " (" + printable(string(uri)) + ")"
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

// How much of a long list is shown without --full.
const (
	longRun   = 20 // rows that come or go in one run
	runHead   = 10 // of a longer run: so many, and the last
	longBlock = 3  // rows that stay but are put in again
	longDiff  = 60 // lines of one playlist
)

// foldRows turns rows into lines: unchanged runs into one, a moved block into one, long runs into their ends.
func foldRows(rows []rowDiff, known map[string]string, full bool) []rowLine {
	rows = foldMoves(rows, full)
	twins := twinTitles(rows, known)
	one := func(d rowDiff) rowLine { return lineOf(d, known, twins) }
	var out []rowLine
	for i := 0; i < len(rows); {
		n := runLength(rows[i:])
		part := rows[i : i+n]
		i += n
		long := func(limit int) bool { return !full && n > limit }
		switch f := part[0].fate; {
		case f == rowReordered:
			out = append(out, rowLine{sign: "↕", text: fmt.Sprintf("… %d in another order", n)})
		case f == rowStays && long(1):
			out = append(out, rowLine{sign: " ", text: fmt.Sprintf("… %d unchanged", n)})
		case f == rowRenewed && long(longBlock):
			out = append(out, rowLine{sign: "±", text: fmt.Sprintf("… %d stay, and their date added starts anew", n)})
		case (f == rowAdded || f == rowRemoved) && long(longRun):
			for _, d := range part[:runHead] {
				out = append(out, one(d))
			}
			out = append(out, rowLine{sign: one(part[0]).sign, text: fmt.Sprintf("… %d more", n-runHead-1)}, one(part[n-1]))
		case f == rowMoved && long(1):
			l := one(part[0])
			l.more = fmt.Sprintf(" … and %d more", n-1)
			out = append(out, l)
		default:
			for _, d := range part {
				out = append(out, one(d))
			}
		}
	}
	if !full && len(out) > longDiff {
		rest := len(out) - longDiff + 10
		out = append(out[:longDiff-10:longDiff-10], rowLine{sign: " ", text: fmt.Sprintf("… and %d lines more; --full shows all", rest)})
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

func lineOf(d rowDiff, known map[string]string, twins map[string]bool) rowLine {
	l := rowLine{sign: " ", place: strconv.Itoa(d.to), text: titleOf(d.row, known)}
	var notes []string
	switch d.fate {
	case rowAdded:
		l.sign = "+"
	case rowRemoved:
		l.sign, l.place = "-", strconv.Itoa(d.from)
		if at := d.row.AddedAt; at.After(time.Unix(0, 0)) {
			notes = append(notes, "added "+dayOf(at))
		}
	case rowMoved:
		l.sign = "↕"
		if d.from == d.to { // its neighbours change
			notes = append(notes, "moved")
		} else {
			notes = append(notes, fmt.Sprintf("moved from %d to %d", d.from, d.to))
		}
		if d.lost {
			notes = append(notes, "date starts anew")
		}
	case rowRenewed:
		l.sign = "±"
		notes = append(notes, "date starts anew")
	}
	if (d.fate == rowAdded || d.fate == rowRemoved) && twins[l.text] {
		notes = append([]string{printable(string(d.row.URI))}, notes...)
	}
	l.note = strings.Join(notes, ", ")
	return l
}

func dayOf(t time.Time) string { return t.UTC().Format("2 Jan 2006") }
