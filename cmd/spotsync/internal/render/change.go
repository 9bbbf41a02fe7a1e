package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/reconcile"
)

// Description is what there is to say about one change, safe to show and not yet laid out.
type Description struct {
	sign    string
	tone    style
	address string
	account string // label, where the plan is about more than one
	name    string // quoted; empty where none is known
	Doing   string
	refused string // why it is not done; a sentence, empty when it is
	origins []origin
	reasons []string
	Attrs   []Attribute
	Rows    []Line
	Tally   tally
	costs   []string
	writes  int
	tracks  int // how many items it has, or had when it goes
}

// origin is who changed something.
type origin struct {
	text    string
	spotify bool
}

// Attribute is one argument of a block, before and after.
type Attribute struct {
	Sign, Name, Old, New, note string
}

// Line is one line about items.
type Line struct {
	Sign  string
	place string
	Text  string
	More  string // of a line that stands for several rows; never cut
	Note  string
}

// Tally counts rows by what becomes of them.
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

// Describe says what a change of p is. known are titles by URI.
func Describe(p *reconcile.Plan, c *reconcile.Change, known map[string]string, full bool) Description {
	d := Description{address: words.Printable(c.Address), name: Name(c), writes: len(c.Edits)}
	switch c.Action {
	case reconcile.Create:
		d.sign, d.tone, d.Doing = "+", toneGood, "to create"
	case reconcile.Restore:
		d.sign, d.tone, d.Doing = "+", toneGood, "to put back"
	case reconcile.Adopt:
		d.sign, d.tone, d.Doing = "=", toneShift, "to manage"
	case reconcile.Delete:
		d.sign, d.tone, d.Doing = "-", toneBad, "to delete"
	default:
		d.Doing = "to change"
	}
	if c.Alters() { // whatever else is done with it
		d.sign, d.tone = "~", toneWarn
		if c.Action != reconcile.Update {
			d.Doing += " and change"
		}
	}
	if r, ok := p.RefusalOf(c.Address); ok && c.Refused {
		d.sign, d.tone, d.Doing = "!", toneBad, "refused"
		d.refused = words.Sentence("Refused: " + firstSmall(r.Summary))
	}
	if len(p.Accounts) > 1 {
		d.account = words.Printable(c.Account)
		d.Doing += ", account " + d.account
	}
	d.origins = originsOf(p, c)
	for _, r := range c.Reasons {
		if !saysSpotify(r) {
			d.reasons = append(d.reasons, words.Sentence(r))
		}
	}
	switch {
	case c.After != nil:
		d.tracks = len(c.After.Tracks)
	case c.Before != nil:
		d.tracks = len(c.Before.Tracks)
	}
	d.Attrs = attributes(c)
	rows := diffRows(c)
	for _, r := range rows {
		switch r.fate {
		case rowAdded:
			d.Tally.added++
		case rowRemoved:
			d.Tally.removed++
		case rowMoved:
			d.Tally.moved++
		case rowRenewed:
			d.Tally.renewed++
		}
	}
	if a, ok := tracksLine(c, d.Tally); ok {
		d.Attrs = append(d.Attrs, a)
	}
	differ := d.Tally != tally{}
	if differ && (c.Action != reconcile.Delete || full) {
		d.Rows = foldRows(rows, known, full)
	}
	stay := false
	for _, r := range rows {
		stay = stay || r.from > 0 && r.to > 0
	}
	d.costs = costsOf(c, differ && stay)
	return d
}

// brief is a change in a few words, for --summary.
func (d Description) brief() string {
	var parts []string
	if d.refused != "" {
		parts = append(parts, "refused")
	}
	for _, a := range d.Attrs {
		if a.Sign == "~" && a.Name != "tracks" {
			parts = append(parts, a.Name)
		}
		if a.Name == "tracks" && a.Sign != "~" {
			parts = append(parts, words.Plural(d.tracks, "track"))
		}
	}
	if s := d.Tally.signs(); s != "" && d.sign != "-" && d.sign != "+" {
		parts = append(parts, s)
	}
	if slices.ContainsFunc(d.origins, func(o origin) bool { return o.spotify }) {
		parts = append(parts, "changed on Spotify")
	}
	if d.account != "" {
		parts = append(parts, "account "+d.account)
	}
	return strings.Join(append(parts, words.Plural(d.writes, "request")), ", ")
}

// firstSmall is a text that begins a sentence, to go on in one.
func firstSmall(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if word, _, _ := strings.Cut(s, " "); strings.ToUpper(word) == word && n < len(word) {
		return s // an abbreviation
	}
	return string(unicode.ToLower(r)) + s[n:]
}

func Name(c *reconcile.Change) string {
	switch {
	case c.Before != nil && c.Before.Name != "":
		return words.Quoted(c.Before.Name)
	case c.After != nil && c.After.Name != "":
		return words.Quoted(c.After.Name)
	case c.Desired != nil && c.Desired.Name != nil:
		return words.Quoted(*c.Desired.Name)
	}
	return ""
}

// saysSpotify reports whether a reason is the planner's word on when the playlist was changed on Spotify.
func saysSpotify(reason string) bool { return strings.HasPrefix(reason, "changed on Spotify") }

// originsOf tells apart what was changed in the files and what elsewhere.
func originsOf(p *reconcile.Plan, c *reconcile.Change) []origin {
	if c.Before == nil || c.After == nil || p.Command == reconcile.CommandRollback || p.Command == reconcile.CommandDestroy {
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
				text = words.Sentence(r)
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
		if c.Action == reconcile.None && saysSpotify(r) && p.Command != reconcile.CommandRefreshOnly {
			continue // the files say the same by now
		}
		if r = words.Prose(r); !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	if len(out) == 0 && (c.Action == reconcile.Held || c.Action == reconcile.Skipped) {
		out = []string{"no reason was given"}
	}
	return out
}

// attributes are the details that differ; of a new playlist those that are not what anybody would expect.
func attributes(c *reconcile.Change) []Attribute {
	if c.After == nil {
		return nil
	}
	var out []Attribute
	add := func(name, old, new string) {
		sign := "~"
		if c.Before == nil {
			sign, old = "+", ""
		}
		out = append(out, Attribute{Sign: sign, Name: name, Old: old, New: new})
	}
	before := c.Before
	if before == nil {
		before = &reconcile.Picture{Name: c.After.Name}
	}
	for _, a := range []struct{ name, old, new string }{{"name", before.Name, c.After.Name}, {"description", before.Description, c.After.Description}} {
		old, new := words.QuotedPair(a.old, a.new)
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
func tracksLine(c *reconcile.Change, t tally) (Attribute, bool) {
	a := Attribute{Sign: "~", Name: "tracks", note: t.String()}
	switch {
	case c.After == nil && c.Before == nil:
		return a, false
	case c.After == nil:
		a.Sign, a.New, a.note = "-", strconv.Itoa(len(c.Before.Tracks)), ""
	case c.Before == nil:
		a.Sign, a.New, a.note = "+", strconv.Itoa(len(c.After.Tracks)), ""
	case t == tally{} && c.Action != reconcile.Restore && c.Action != reconcile.Adopt:
		return a, false
	case len(c.Before.Tracks) == len(c.After.Tracks):
		a.New = strconv.Itoa(len(c.After.Tracks))
		if t == (tally{}) {
			a.Sign, a.note = " ", "unchanged"
		}
	default:
		a.Old, a.New = strconv.Itoa(len(c.Before.Tracks)), strconv.Itoa(len(c.After.Tracks))
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
	s := words.Plural(len(c.Edits), "request")
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
		out = append(out, fmt.Sprintf(`With keep_dates = "never": %s, and %s lost.`, words.Plural(len(ch.Edits), "request"), words.Counted(ch.DatesLost, "date", "dates")))
	}
	return out
}
