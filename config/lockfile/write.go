package lockfile

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// headerStart begins the first line of every lock file.
const headerStart = "# Written by spotsync"

const header = headerStart + `: which playlist on Spotify each address is, and what names and wishes turned into.
# Keep it in git beside your files. Without it spotsync can't tell your playlists from others of the same name.
# Lost or damaged? "git checkout" on this file brings it back, and "spotsync lock restore" what this computer remembers.
# After a merge keep the blocks of both sides, one for each playlist. The last line says that nothing was cut off.

`

// Bytes returns the file as HCL: sorted, a block for each playlist with an empty line between them, so that two branches that
// add different playlists merge. The same content gives the same bytes. Comments of a file once parsed are not kept.
// Text is written in Unicode's form NFC, as HCL reads it, and times in whole seconds.
func (f *File) Bytes() []byte {
	var w writer
	w.WriteString(header)
	w.attribute("version", strconv.Itoa(cmp.Or(f.Version, Version)))
	w.text("issuer", f.Issuer)
	for _, label := range slices.Sorted(maps.Keys(f.Accounts)) {
		w.account(label, f.Accounts[label])
	}
	for _, address := range slices.Sorted(maps.Keys(f.Playlists)) {
		w.playlist(address, f.Playlists[address])
	}
	for _, query := range slices.Sorted(maps.Keys(f.Pins)) {
		w.pin(query, f.Pins[query])
	}
	w.flush()
	w.WriteString("\nend {}\n")
	return w.Bytes()
}

// writer writes HCL as its formatter would. That one lexes what it is given, and a run that makes a thousand playlists
// writes the file two thousand times.
type writer struct {
	bytes.Buffer
	depth   int
	pending [][2]string // attributes of one block in a row: their signs stand in one column
}

func (w *writer) flush() {
	width := 0
	for _, a := range w.pending {
		width = max(width, utf8.RuneCountInString(a[0]))
	}
	for _, a := range w.pending {
		w.line(a[0] + strings.Repeat(" ", width-utf8.RuneCountInString(a[0])) + " = " + a[1])
	}
	w.pending = w.pending[:0]
}

func (w *writer) line(text string) {
	w.WriteString(strings.Repeat("  ", w.depth) + text + "\n")
}

// block begins a block or object, with an empty line before it where it stands for itself.
func (w *writer) block(head string) {
	w.flush()
	if w.depth == 0 {
		w.WriteString("\n")
	}
	w.line(head + " {")
	w.depth++
}

func (w *writer) end() {
	w.flush()
	w.depth--
	w.line("}")
}

func (w *writer) attribute(name, value string) { w.pending = append(w.pending, [2]string{name, value}) }

// text writes an attribute unless it is empty.
func (w *writer) text(name, value string) {
	if value != "" {
		w.attribute(name, quote(value))
	}
}

func (w *writer) time(name string, t time.Time) {
	if !t.IsZero() {
		w.text(name, stamp(t))
	}
}

func (w *writer) account(label string, a Account) {
	w.block("account " + quote(label))
	w.text("id", string(a.ID))
	w.text("user", string(a.User))
	w.text("name", a.Name)
	w.end()
}

func (w *writer) playlist(address string, p Playlist) {
	w.block("playlist " + quote(address))
	w.text("id", string(p.ID))
	w.text("account", p.Account)
	w.text("name", p.Name)
	if p.PublicIgnored != nil {
		w.attribute("public_ignored", strconv.FormatBool(*p.PublicIgnored))
	}
	w.text("refused_description", p.RefusedDescription)
	w.text("cover", p.Cover)
	if p.PreventDestroy {
		w.attribute("prevent_destroy", "true")
	}
	if len(p.Aliases) > 0 {
		w.block("aliases =")
		for _, uri := range slices.Sorted(maps.Keys(p.Aliases)) {
			w.attribute(quote(string(uri)), quote(string(p.Aliases[uri])))
		}
		w.end()
	}
	if len(p.Withdrawn) > 0 {
		w.block("withdrawn =")
		for _, uri := range slices.Sorted(maps.Keys(p.Withdrawn)) {
			w.attribute(quote(string(uri)), quote(stamp(p.Withdrawn[uri])))
		}
		w.end()
	}
	if len(p.Shown) > 0 {
		w.block("shown =")
		for _, text := range slices.Sorted(maps.Keys(p.Shown)) {
			w.attribute(quote(text), quote(p.Shown[text]))
		}
		w.end()
	}
	if h := p.Held; h != nil {
		w.block("held")
		w.text("reason", h.Reason)
		w.time("since", h.Since)
		w.time("until", h.Until)
		w.text("fingerprint", h.Fingerprint)
		w.end()
	}
	w.end()
}

func (w *writer) pin(query string, p Pin) {
	w.block("pin " + quote(query))
	w.text("uri", string(p.URI))
	w.text("isrc", p.ISRC)
	w.text("note", p.Note)
	w.end()
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// quote writes text as an HCL string, in NFC.
func quote(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' || r == '$' || r == '%' }) {
		return `"` + text + `"`
	}
	return string(hclwrite.TokensForValue(cty.StringVal(strings.ToValidUTF8(text, "\uFFFD"))).Bytes())
}
