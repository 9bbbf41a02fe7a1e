package store

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spotsync/spotsync/spotify"
)

// Items are kept as text that is read in one pass and that needs no escapes inside a JSON string: an item is its fields
// with a bar between them and a caret at its end, and the empty fields at its end are left out. In the order of packItem:
//
//	URI | added at | added by | l(ocal) n(ull) x(explicit) | track's URI | kind | title | artists | album | album's URI |
//	ISRC | milliseconds | track number | release date | linked from | track's added at ^
//
// A URI is a letter for its beginning and the rest of it, or a colon and all of it. A time is seconds since 1970 and, after
// a dot, nanoseconds. "=" repeats the item's own URI or time in its track. What many items share stands after a plus sign
// the first time, and is then a number, 0 for the first such text; artists are several of those with semicolons between
// them, or "-" for a list of none. Zero values are empty. What means something in all this, quotes, backslashes and control
// characters are a percent sign and two hexadecimal digits.
const (
	fieldEnd = '|'
	itemEnd  = '^'
	listEnd  = ';'
	newText  = '+' // a shared text that was not there before
	same     = "="
	noneOf   = "-"
)

// uriStart is the beginning a letter stands for; empty for no such letter.
func uriStart(letter byte) string {
	switch letter {
	case 't':
		return "spotify:track:"
	case 'e':
		return "spotify:episode:"
	case 'a':
		return "spotify:album:"
	case 'l':
		return "spotify:local:"
	}
	return ""
}

// packer makes text of items.
type packer struct {
	out    []byte
	shared map[string]int
}

// packItems is items as text; see above.
func packItems(out []byte, items []spotify.Item) []byte {
	p := packer{out: out, shared: make(map[string]int, 2*len(items))}
	for i := range items {
		p.item(&items[i])
	}
	return p.out
}

func (p *packer) item(it *spotify.Item) {
	t := &it.Track
	p.uri(it.URI)
	p.next()
	p.time(it.AddedAt)
	p.next()
	p.share(string(it.AddedBy))
	p.next()
	p.flag('l', it.Local)
	p.flag('n', it.Null)
	p.flag('x', t.Explicit)
	p.next()
	if t.URI != "" && t.URI == it.URI {
		p.out = append(p.out, same...)
	} else {
		p.uri(t.URI)
	}
	p.next()
	p.share(string(t.Kind))
	p.next()
	p.text(t.Title)
	p.next()
	p.list(t.Artists)
	p.next()
	p.share(t.Album)
	p.next()
	p.shareURI(t.AlbumURI)
	p.next()
	p.text(t.ISRC)
	p.next()
	p.number(t.DurationMS)
	p.next()
	p.number(t.TrackNumber)
	p.next()
	p.share(t.ReleaseDate)
	p.next()
	p.uri(t.LinkedFrom)
	p.next()
	if !t.AddedAt.IsZero() && t.AddedAt.Equal(it.AddedAt) {
		p.out = append(p.out, same...)
	} else {
		p.time(t.AddedAt)
	}
	for len(p.out) > 0 && p.out[len(p.out)-1] == fieldEnd {
		p.out = p.out[:len(p.out)-1]
	}
	p.out = append(p.out, itemEnd)
}

func (p *packer) next() { p.out = append(p.out, fieldEnd) }

func (p *packer) flag(letter byte, on bool) {
	if on {
		p.out = append(p.out, letter)
	}
}

func (p *packer) number(n int) {
	if n != 0 {
		p.out = strconv.AppendInt(p.out, int64(n), 10)
	}
}

func (p *packer) time(t time.Time) {
	if t.IsZero() {
		return
	}
	p.out = strconv.AppendInt(p.out, t.Unix(), 10)
	if n := t.Nanosecond(); n != 0 {
		p.out = strconv.AppendInt(append(p.out, '.'), int64(n), 10)
	}
}

// special reports whether a byte of a text is written as a percent sign and two digits.
func special(b byte) bool {
	switch b {
	case fieldEnd, itemEnd, listEnd, '%', '"', '\\':
		return true
	}
	return b < ' '
}

func (p *packer) text(s string) {
	written := 0
	for i := range len(s) {
		if b := s[i]; special(b) {
			const digits = "0123456789abcdef"
			p.out = append(append(p.out, s[written:i]...), '%', digits[b>>4], digits[b&15])
			written = i + 1
		}
	}
	p.out = append(p.out, s[written:]...)
}

func (p *packer) uri(u spotify.URI) {
	if u == "" {
		return
	}
	for _, letter := range []byte("teal") {
		if rest, ok := strings.CutPrefix(string(u), uriStart(letter)); ok {
			p.out = append(p.out, letter)
			p.text(rest)
			return
		}
	}
	p.out = append(p.out, ':')
	p.text(string(u))
}

// known writes the number of a shared text, or notes the text and writes that it follows.
func (p *packer) known(s string) bool {
	n, ok := p.shared[s]
	if ok {
		p.out = strconv.AppendInt(p.out, int64(n), 10)
		return true
	}
	p.shared[s] = len(p.shared)
	p.out = append(p.out, newText)
	return false
}

func (p *packer) share(s string) {
	if s != "" && !p.known(s) {
		p.text(s)
	}
}

func (p *packer) shareURI(u spotify.URI) {
	if u != "" && !p.known(string(u)) {
		p.uri(u)
	}
}

func (p *packer) list(all []string) {
	if all != nil && len(all) == 0 {
		p.out = append(p.out, noneOf...)
	}
	for i, s := range all {
		if i > 0 {
			p.out = append(p.out, listEnd)
		}
		if !p.known(s) {
			p.text(s)
		}
	}
}

var errRows = errors.New("its rows are damaged")

// unpacker makes items of text. Texts of items are parts of what was read, not copies.
type unpacker struct {
	rest   string // of the text
	shared []string
	lists  []string // what lists of artists are cut from
	bad    bool
}

// unpackItems is the inverse of packItems. It never returns nil without an error.
func unpackItems(text string) ([]spotify.Item, error) {
	n := strings.Count(text, string(itemEnd))
	items := make([]spotify.Item, n)
	u := unpacker{
		rest:   text,
		shared: make([]string, 0, strings.Count(text, string(newText))),
		lists:  make([]string, 0, n+strings.Count(text, string(listEnd))),
	}
	for i := range items {
		u.item(&items[i])
		rest, whole := strings.CutPrefix(u.rest, string(itemEnd))
		if u.bad || !whole {
			return nil, fmt.Errorf("%w: number %d", errRows, i+1)
		}
		u.rest = rest
	}
	if u.rest != "" {
		return nil, errRows
	}
	return items, nil
}

func (u *unpacker) item(it *spotify.Item) {
	t := &it.Track
	it.URI = u.uri(u.next())
	it.AddedAt = u.time(u.next())
	it.AddedBy = spotify.ID(u.share(u.next()))
	for _, letter := range []byte(u.next()) {
		switch letter {
		case 'l':
			it.Local = true
		case 'n':
			it.Null = true
		case 'x':
			t.Explicit = true
		default:
			u.bad = true
		}
	}
	if f := u.next(); f == same {
		t.URI = it.URI
	} else {
		t.URI = u.uri(f)
	}
	t.Kind = spotify.Kind(u.share(u.next()))
	t.Title = u.text(u.next())
	t.Artists = u.list(u.next())
	t.Album = u.share(u.next())
	t.AlbumURI = u.shareURI(u.next())
	t.ISRC = u.text(u.next())
	t.DurationMS = u.number(u.next())
	t.TrackNumber = u.number(u.next())
	t.ReleaseDate = u.share(u.next())
	t.LinkedFrom = u.uri(u.next())
	if f := u.next(); f == same {
		t.AddedAt = it.AddedAt
	} else {
		t.AddedAt = u.time(f)
	}
}

// next cuts off one field; there are enough empty ones after the item's last. Fields are short: looking at each byte is
// quicker here than the functions made for long texts.
func (u *unpacker) next() (field string) {
	for i := range len(u.rest) {
		switch u.rest[i] {
		case fieldEnd:
			field, u.rest = u.rest[:i], u.rest[i+1:]
			return field
		case itemEnd:
			field, u.rest = u.rest[:i], u.rest[i:]
			return field
		}
	}
	u.bad = true
	return ""
}

func (u *unpacker) number(f string) int {
	if f == "" {
		return 0
	}
	n, err := strconv.Atoi(f)
	u.bad = u.bad || err != nil
	return n
}

func (u *unpacker) time(f string) time.Time {
	if f == "" {
		return time.Time{}
	}
	whole, part, _ := strings.Cut(f, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	nanos := u.number(part)
	if err != nil || nanos < 0 || nanos >= int(time.Second) {
		u.bad = true
	}
	return time.Unix(seconds, int64(nanos)).UTC()
}

func (u *unpacker) text(f string) string {
	before, after, found := strings.Cut(f, "%")
	if !found {
		return f
	}
	out := []byte(before)
	for found {
		if len(after) < 2 {
			u.bad = true
			return ""
		}
		b, err := strconv.ParseUint(after[:2], 16, 8)
		u.bad = u.bad || err != nil
		out = append(out, byte(b))
		before, after, found = strings.Cut(after[2:], "%")
		out = append(out, before...)
	}
	return string(out)
}

func (u *unpacker) uri(f string) spotify.URI {
	if f == "" {
		return ""
	}
	rest := u.text(f[1:])
	if f[0] == ':' {
		return spotify.URI(rest)
	}
	start := uriStart(f[0])
	u.bad = u.bad || start == ""
	return spotify.URI(start + rest)
}

// known returns the shared text a field numbers, or what is to be added to them.
func (u *unpacker) known(f string) (text, added string, isNew bool) {
	if f != "" && f[0] == newText {
		return "", f[1:], true
	}
	n, err := strconv.Atoi(f)
	if err != nil || n < 0 || n >= len(u.shared) {
		u.bad = true
		return "", "", false
	}
	return u.shared[n], "", false
}

func (u *unpacker) share(f string) string {
	if f == "" {
		return ""
	}
	return u.element(f)
}

func (u *unpacker) element(f string) string {
	text, added, isNew := u.known(f)
	if isNew {
		text = u.text(added)
		u.shared = append(u.shared, text)
	}
	return text
}

func (u *unpacker) shareURI(f string) spotify.URI {
	if f == "" {
		return ""
	}
	text, added, isNew := u.known(f)
	if isNew {
		text = string(u.uri(added))
		u.shared = append(u.shared, text)
	}
	return spotify.URI(text)
}

func (u *unpacker) list(f string) []string {
	switch f {
	case "":
		return nil
	case noneOf:
		return []string{}
	}
	begin := len(u.lists)
	for s := range strings.SplitSeq(f, string(listEnd)) {
		u.lists = append(u.lists, u.element(s))
	}
	return u.lists[begin:len(u.lists):len(u.lists)] // capped: who appends to one doesn't write into the next
}
