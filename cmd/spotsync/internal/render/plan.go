// Package render shows a plan, and what became of it, to people: plan.go lays a plan out, change.go says what one change is,
// rows.go and fold.go what happens to its items, markdown.go the same for a pull request, result.go how a run ended.
package render

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/fatih/color"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/reconcile"
)

// Options say how a plan is shown.
type Options struct {
	Color    bool
	Width    int // columns; 0: as many as it takes
	Summary  bool
	Full     bool
	Markdown bool
	Takes    string // about how long the requests take; empty: not worth a word
}

// Plan shows a plan to people. The same plan and options give the same bytes, and nothing in the plan can steer a
// terminal or leave its place in Markdown, whatever the playlists are called.
func Plan(w io.Writer, p *reconcile.Plan, o Options) error {
	if o.Markdown {
		_, err := io.WriteString(w, markdownPlan(p, o))
		return err
	}
	t := newPage(o)
	t.known = Titles(p)
	t.accounts(p)
	var quietly, unchanged []*reconcile.Change
	var columns [2]int // of --summary: addresses and names
	for i := range p.Changes {
		c := &p.Changes[i]
		switch {
		case c.Action.Changes(): // also those that are refused
			columns[0] = min(40, max(columns[0], words.Width(words.Printable(c.Address))))
			columns[1] = min(24, max(columns[1], words.Width(Name(c))))
		case len(remarks(p, c)) > 0:
			quietly = append(quietly, c)
		default:
			unchanged = append(unchanged, c)
		}
	}
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Action.Changes() {
			t.change(p, c, columns)
		}
	}
	t.gap()
	t.unchanged(unchanged)
	t.gap()
	t.leftAlone(p, quietly)
	t.lockChanges(p)
	t.warnings(p)
	t.remedies(p)
	t.gap()
	t.conclusion(p)
	_, err := io.WriteString(w, t.String())
	return err
}

// style is what a piece of text means, which colour says again.
type style int

const (
	tonePlain style = iota
	toneStrong
	toneFaint
	toneGood
	toneBad
	toneWarn
	toneShift
	toneForeign // done on Spotify, not in the files
)

// page is text being laid out.
type page struct {
	strings.Builder
	options Options
	colors  map[style]*color.Color
	known   map[string]string // titles by URI
	blank   bool              // nothing, or an empty line, stands above
}

func newPage(o Options) *page {
	t := &page{options: o, blank: true, colors: map[style]*color.Color{
		tonePlain: color.New(), toneStrong: color.New(color.Bold), toneFaint: color.New(color.Faint), toneGood: color.New(color.FgGreen), toneBad: color.New(color.FgRed),
		toneWarn: color.New(color.FgYellow), toneShift: color.New(color.FgCyan), toneForeign: color.New(color.FgMagenta),
	}}
	if o.Width > 0 {
		t.options.Width = max(o.Width, 40)
	}
	for _, c := range t.colors {
		if o.Color {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
	}
	return t
}

// in is a text in its colour.
func (t *page) in(tone style, s string) string {
	if tone == tonePlain || s == "" {
		return s
	}
	return t.colors[tone].Sprint(s)
}

// line writes one line.
func (t *page) line(s string) {
	t.WriteString(strings.TrimRight(s, " "))
	t.WriteByte('\n')
	t.blank = false
}

// gap writes an empty line, unless there is one.
func (t *page) gap() {
	if !t.blank {
		t.WriteByte('\n')
		t.blank = true
	}
}

// widest is the measure of running text: long lines are hard to read.
const widest = 100

// prose writes running text, its further lines indented like the end of first.
func (t *page) prose(first string, tone style, s string) {
	width := 0
	indent := words.Width(first)
	if t.options.Width > 0 {
		width = max(20, min(t.options.Width, widest)-indent)
	}
	for i, l := range words.Wrap(s, width) {
		if i > 0 {
			first = strings.Repeat(" ", indent)
		}
		t.line(first + t.in(tone, l))
	}
}

// room is how many columns are left after some, 0 for any number.
func (t *page) room(used int) int {
	if t.options.Width <= 0 {
		return 0
	}
	return max(8, t.options.Width-used)
}

func (t *page) accounts(p *reconcile.Plan) {
	var all []string
	for _, label := range slices.Sorted(maps.Keys(p.Accounts)) {
		all = append(all, fmt.Sprintf("%s is %s", words.Printable(label), accountName(p.Accounts[label])))
	}
	switch len(all) {
	case 0:
		return
	case 1:
		_, who, _ := strings.Cut(all[0], " is ")
		t.prose("", toneFaint, "Account: "+who)
	default:
		t.prose("", toneFaint, "Accounts: "+strings.Join(all, ", "))
	}
	t.gap()
}

func accountName(a reconcile.PlanAccount) string {
	id := words.Printable(string(cmp.Or(a.User, a.ID)))
	if a.Name == "" || a.Name == id {
		return id
	}
	return words.Printable(a.Name) + " (" + id + ")"
}

// change writes all there is to say about one playlist.
func (t *page) change(p *reconcile.Plan, c *reconcile.Change, columns [2]int) {
	d := Describe(p, c, t.known, t.options.Full)
	if t.options.Summary {
		d.name = words.Pad(d.name, columns[1])
		t.headline(d, words.Pad(d.address, columns[0]), d.brief())
		return
	}
	t.gap()
	t.headline(d, d.address, d.Doing)
	if d.refused != "" {
		t.prose("    ", toneBad, d.refused)
	}
	for _, s := range d.origins {
		tone := tonePlain
		if s.spotify {
			tone = toneForeign
		}
		t.prose("    ", tone, s.text)
	}
	for _, s := range d.reasons {
		t.prose("    ", toneFaint, s)
	}
	column := 0
	for _, a := range d.Attrs {
		column = max(column, words.Width(a.Name))
	}
	for _, a := range d.Attrs {
		t.attribute(a, column)
	}
	t.rows(d.Rows)
	for _, s := range d.costs {
		t.prose("    ", toneFaint, s)
	}
}

// headline names a playlist; where the line is too long its name gives way, then the rest.
func (t *page) headline(d Description, address, rest string) {
	used := 2 + words.Width(address) + 2
	name := d.name
	if t.options.Width > 0 {
		name = words.Cut(name, max(12, t.options.Width-used-2-words.Width(rest)))
		rest = words.Cut(rest, max(1, t.options.Width-used-2-words.Width(name)))
	}
	if name != "" {
		name = "  " + t.in(toneStrong, name)
	}
	t.line(t.in(d.tone, d.sign) + " " + t.in(toneStrong, address) + name + "  " + t.in(toneFaint, rest))
}

func (t *page) attribute(a Attribute, column int) {
	first := "  " + t.in(toneOf(a.Sign), a.Sign) + " " + words.Pad(a.Name, column) + "  "
	used := 6 + column
	one := a.Old + " → " + a.New
	switch room := t.room(used); {
	case a.Old == "":
		t.value(first, used, a.New, a.note)
	case room > 0 && words.Width(one) > room: // one above the other, so that the difference shows
		old, new := words.FromDifference(a.Old, a.New, room)
		t.line(first + t.in(toneFaint, words.Cut(old, room)))
		t.line(strings.Repeat(" ", used-2) + "→ " + words.Cut(new, room))
	default:
		t.value(first, used, one, a.note)
	}
}

func (t *page) value(first string, used int, s, note string) {
	room := t.room(used)
	if note != "" && (room == 0 || words.Width(s)+2+words.Width(note) <= room) {
		t.line(first + s + "  " + t.in(toneFaint, note))
		return
	}
	t.line(first + words.Cut(s, room))
}

// Rows writes what becomes of a playlist's items: sign, place, title, and a remark in a column of its own.
func (t *page) rows(lines []Line) {
	places, texts, notes := 0, 0, 0
	for _, l := range lines {
		places = max(places, len(l.place))
		notes = max(notes, words.Width(l.Note))
		if l.Note != "" {
			texts = max(texts, words.Width(l.Text)+words.Width(l.More))
		}
	}
	used := 4 + places + 2
	for _, l := range lines {
		tone := toneOf(l.Sign)
		if l.Sign == " " {
			tone = toneFaint
		}
		room := t.room(used)
		if l.Note != "" && room > 0 {
			room = max(8, room-2-min(notes, room/2))
		}
		text, rest := l.Text, l.More
		if room > 0 {
			text = words.Cut(text, max(8, room-words.Width(rest)))
		}
		if l.Note != "" {
			width := texts
			if room > 0 {
				width = min(texts, room)
			}
			rest = words.Pad(rest, width-words.Width(text)) + "  " + words.Cut(l.Note, t.room(used+width+2))
		}
		t.line("  " + t.in(tone, l.Sign) + " " + t.in(toneFaint, fmt.Sprintf("%*s", places, l.place)) + "  " + t.in(tone, text) + t.in(toneFaint, rest))
	}
}

func toneOf(sign string) style {
	switch sign {
	case "+":
		return toneGood
	case "-":
		return toneBad
	case "~", "±":
		return toneWarn
	case "↕", "=":
		return toneShift
	}
	return tonePlain
}

// unchanged tells of playlists that are as wanted: how many, or which with --full.
func (t *page) unchanged(all []*reconcile.Change) {
	if !t.options.Full {
		return
	}
	for _, c := range all {
		s := "  " + words.Printable(c.Address)
		if n := Name(c); n != "" {
			s += "  " + n
		}
		t.line(t.in(toneFaint, words.Cut(s, t.room(11))+"  unchanged"))
	}
}

// leftAlone tells of playlists that are not changed for a reason.
func (t *page) leftAlone(p *reconcile.Plan, all []*reconcile.Change) {
	for _, c := range all {
		sign, tone, what := " ", toneFaint, ""
		switch {
		case c.Refused:
			sign, tone, what = "!", toneBad, "Refused: "
		case c.Action == reconcile.Held:
			sign, tone, what = "!", toneWarn, "Held: "
		case c.Action == reconcile.Skipped:
			sign, tone, what = "?", toneWarn, "Skipped: "
		case c.KeyGone:
			sign, tone, what = "!", toneWarn, "Left alone: "
		}
		s := words.Printable(c.Address)
		if n := Name(c); n != "" {
			s += "  " + n
		}
		if len(p.Accounts) > 1 {
			s += "  (account " + words.Printable(c.Account) + ")"
		}
		t.line(t.in(tone, sign) + " " + t.in(toneStrong, words.Cut(s, t.room(2))))
		text := strings.Join(remarks(p, c), "; ")
		t.prose("    ", tonePlain, words.Sentence(what+text))
	}
}

func (t *page) lockChanges(p *reconcile.Plan) {
	if len(p.LockChanges) == 0 {
		return
	}
	t.gap()
	t.line("In the lock file only:")
	for _, l := range p.LockChanges {
		t.prose("  ", tonePlain, lockChange(l))
	}
}

func lockChange(l reconcile.LockChange) string {
	if l.Kind == reconcile.LockMove {
		return fmt.Sprintf("%s is called %s from now on (%s)", words.Printable(l.Address), words.Printable(l.To), words.Printable(l.Reason))
	}
	return fmt.Sprintf("%s is forgotten (%s)", words.Printable(l.Address), words.Printable(l.Reason))
}

func (t *page) warnings(p *reconcile.Plan) {
	if len(p.Warnings) == 0 {
		return
	}
	t.gap()
	for _, w := range p.Warnings {
		lines := words.Wrap(Warning(t.known, w), t.room(max(9, t.options.Width-widest+9)))
		for i, l := range lines {
			first := t.in(toneWarn, "Warning:") + " "
			if i > 0 {
				first = strings.Repeat(" ", 9)
			}
			t.line(first + l)
		}
	}
}

// Warning is a warning with the line to blame, and the song's name where it tells only of a URI.
func Warning(known map[string]string, w reconcile.Warning) string {
	s := words.Sentence(w.Text)
	for _, word := range strings.Fields(s) {
		if title := known[word]; title != "" {
			s = strings.Replace(s, word, words.Printable(title)+" ("+word+")", 1)
		}
	}
	if w.Address != "" {
		s = words.Printable(w.Address) + ": " + s
	}
	if w.Source != "" {
		s = words.Printable(w.Source) + ": " + s
	}
	return s
}

// remedies tells once, for all playlists, how not to lose what the plan would undo.
func (t *page) remedies(p *reconcile.Plan) {
	if t.options.Summary {
		return
	}
	for _, s := range remedies(p) {
		t.gap()
		t.prose("", toneFaint, s)
	}
}

// conclusion is the last line, which is all that many read.
func (t *page) conclusion(p *reconcile.Plan) {
	line := conclusion(p, t.options.Takes)
	t.prose("", toneStrong, line)
	if len(p.Refusals) > 0 {
		t.prose("", toneBad, refusedLine(p))
	}
}
