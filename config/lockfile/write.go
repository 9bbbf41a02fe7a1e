package lockfile

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

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
	w.line("version = %d", cmp.Or(f.Version, Version))
	w.line("issuer = %s", quote(f.Issuer))
	for _, label := range slices.Sorted(maps.Keys(f.Accounts)) {
		w.account(label, f.Accounts[label])
	}
	for _, address := range slices.Sorted(maps.Keys(f.Playlists)) {
		w.playlist(address, f.Playlists[address])
	}
	for _, query := range slices.Sorted(maps.Keys(f.Pins)) {
		w.pin(query, f.Pins[query])
	}
	w.line("\nend {}")
	return append([]byte(header), hclwrite.Format(w.Bytes())...)
}

type writer struct{ bytes.Buffer }

func (w *writer) line(format string, args ...any) {
	fmt.Fprintf(w, format+"\n", args...)
}

// text writes an attribute unless it is empty.
func (w *writer) text(name, value string) {
	if value != "" {
		w.line("%s = %s", name, quote(value))
	}
}

func (w *writer) time(name string, t time.Time) {
	if !t.IsZero() {
		w.text(name, stamp(t))
	}
}

func (w *writer) account(label string, a Account) {
	w.line("\naccount %s {", quote(label))
	w.text("id", string(a.ID))
	w.text("user", string(a.User))
	w.text("name", a.Name)
	w.line("}")
}

func (w *writer) playlist(address string, p Playlist) {
	w.line("\nplaylist %s {", quote(address))
	w.text("id", string(p.ID))
	w.text("account", p.Account)
	w.text("name", p.Name)
	if p.PublicUnhonoured != nil {
		w.line("public_unhonoured = %t", *p.PublicUnhonoured)
	}
	w.text("refused_description", p.RefusedDescription)
	w.text("cover", p.Cover)
	if p.PreventDestroy {
		w.line("prevent_destroy = true")
	}
	if len(p.Aliases) > 0 {
		w.line("aliases = {")
		for _, uri := range slices.Sorted(maps.Keys(p.Aliases)) {
			w.line("%s = %s", quote(string(uri)), quote(string(p.Aliases[uri])))
		}
		w.line("}")
	}
	if len(p.Withdrawn) > 0 {
		w.line("withdrawn = {")
		for _, uri := range slices.Sorted(maps.Keys(p.Withdrawn)) {
			w.line("%s = %s", quote(string(uri)), quote(stamp(p.Withdrawn[uri])))
		}
		w.line("}")
	}
	if h := p.Held; h != nil {
		w.line("held {")
		w.text("reason", h.Reason)
		w.time("since", h.Since)
		w.time("until", h.Until)
		w.text("wish", h.Wish)
		w.line("}")
	}
	w.line("}")
}

func (w *writer) pin(query string, p Pin) {
	w.line("\npin %s {", quote(query))
	w.text("uri", string(p.URI))
	w.text("isrc", p.ISRC)
	w.text("note", p.Note)
	w.line("}")
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// quote writes text as an HCL string, in NFC.
func quote(text string) string {
	return string(hclwrite.TokensForValue(cty.StringVal(strings.ToValidUTF8(text, "\uFFFD"))).Bytes())
}
