package config

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/functions"
	"github.com/spotsync/spotsync/config/meter"
	"github.com/spotsync/spotsync/spotify"
)

// trackCollector gathers the items of one playlist.
type trackCollector struct {
	ev       *evaluation
	inst     *instance
	e        *expression // the attribute tracks
	entries  []Entry
	values   []listed // what other expressions see of them
	unknown  bool     // some are not known
	problems int
}

// listed is an item as it was written; its title is one that stands beside it.
type listed struct {
	v     cty.Value
	title string
	uri   spotify.URI
}

// tracks works the attribute tracks out. Where it is a list written out each element is judged by itself, so that an error
// underlines the element; nested lists are opened.
func (ev *evaluation) tracks(pl *playlist, inst *instance) {
	inst.readable["tracks"] = cty.NullVal(cty.DynamicPseudoType)
	e := pl.attrs["tracks"]
	if e == nil {
		return
	}
	w := &trackCollector{ev: ev, inst: inst, e: e}
	before := len(ev.diags)
	w.attribute()
	w.full(e.Range()) // it may be the last one that is too many
	if ev.diags[before:].HasErrors() || w.unknown {
		inst.readable["tracks"] = cty.DynamicVal
		return
	}
	if w.entries == nil && w.values == nil { // null
		return
	}
	inst.playlist.HasTracks, inst.playlist.Tracks = true, w.entries
	if len(w.entries) == 0 && !isMeant(e.Expression) {
		inst.playlist.Nothing = ev.nothing(e, inst)
	}
	inst.tracks = func() cty.Value {
		objects := make([]cty.Value, len(w.values))
		for i, item := range w.values {
			objects[i] = item.object()
		}
		return cty.TupleVal(objects)
	}
	if ev.items += len(w.entries); ev.items > maxAllItems {
		ev.add(diag.Error(e.Range(), "Too many tracks", fmt.Sprintf("All playlists together have more than %d tracks.", maxAllItems)))
	}
}

func (w *trackCollector) attribute() {
	expr := unwrap(w.e.Expression)
	if tuple, ok := expr.(*hclsyntax.TupleConsExpr); ok {
		w.entries, w.values = make([]Entry, 0, len(tuple.Exprs)), make([]listed, 0, len(tuple.Exprs))
		w.written(tuple)
		return
	}
	worth := w.ev.value(w.e, w.inst)
	v := worth.v
	switch {
	case !worth.ok:
		w.unknown = true
	case v.IsNull():
	case !v.IsKnown():
		w.notKnown(w.e.Range(), worth.soft)
	case !meter.IsList(v.Type()):
		w.wrong(w.e.Range(), "List expected", fmt.Sprintf("\"tracks\" is a list: put brackets around it. This is %s.", diag.KindOf(v)))
	default:
		w.entries, w.values = []Entry{}, []listed{}
		w.computed(v, w.e.Range(), "", worth.soft)
	}
}

// unwrap takes parentheses off.
func unwrap(e hclsyntax.Expression) hclsyntax.Expression {
	for {
		p, ok := e.(*hclsyntax.ParenthesesExpr)
		if !ok {
			return e
		}
		e = p.Expression
	}
}

// full reports whether there are more items than a playlist can have, and says so once.
func (w *trackCollector) full(rng hcl.Range) bool {
	if len(w.entries) <= maxItems {
		return w.problems >= meter.MaxProblems
	}
	if w.problems < meter.MaxProblems {
		w.problems = meter.MaxProblems
		w.ev.add(diag.Error(rng, "Too many tracks", fmt.Sprintf("A playlist can have %d items, and this one has more. Split it into several.", maxItems)))
	}
	return true
}

func (w *trackCollector) wrong(rng hcl.Range, summary, detail string) {
	w.problems++
	if first := detail[:1]; first >= "a" && first <= "z" {
		detail = strings.ToUpper(first) + detail[1:] // an element without a text of its own begins the sentence
	}
	w.ev.add(diag.Error(rng, summary, detail))
}

func (w *trackCollector) notKnown(rng hcl.Range, soft bool) {
	w.unknown = true
	if !soft {
		w.problems++
		w.ev.add(unknownYet(rng, "tracks"))
	}
}

// written goes through a list written out.
func (w *trackCollector) written(tuple *hclsyntax.TupleConsExpr) {
	soft := w.ev.isSoft(w.e, w.inst)
	ctx := w.ev.context(w.e, w.inst)
	for _, item := range tuple.Exprs {
		if w.full(item.Range()) || w.ev.meter.Spent() {
			return
		}
		if inner, ok := unwrap(item).(*hclsyntax.TupleConsExpr); ok {
			w.written(inner)
			continue
		}
		v, diags := item.Value(ctx)
		worth := w.ev.judge(&expression{Expression: item, name: w.e.name}, v, diags, result{v: cty.DynamicVal, soft: soft})
		switch {
		case !worth.ok:
			w.problems++
		case !worth.v.IsKnown():
			w.notKnown(item.Range(), soft)
		case !worth.v.IsNull() && meter.IsList(worth.v.Type()):
			w.computed(worth.v, item.Range(), "", soft)
		default:
			w.item(worth.v, item.Range(), "", soft)
		}
	}
}

// computed goes through a list an expression gave, all of which has one place in the file. at is the position so far.
func (w *trackCollector) computed(v cty.Value, rng hcl.Range, at string, soft bool) {
	i := 0
	for it := v.ElementIterator(); it.Next(); {
		_, elem := it.Element()
		i++
		if w.full(rng) {
			return
		}
		position := fmt.Sprintf("%s%d", at, i)
		switch {
		case !elem.IsKnown():
			w.notKnown(rng, soft)
		case !elem.IsNull() && meter.IsList(elem.Type()):
			w.computed(elem, rng, position+".", soft)
		default:
			w.item(elem, rng, position, soft)
		}
	}
}

// item judges one element. at is its position in a computed list, else empty.
func (w *trackCollector) item(v cty.Value, rng hcl.Range, at string, soft bool) {
	text, ok := diag.StringOf(v)
	title := ""
	switch {
	case v.IsNull():
		w.wrong(rng, "Track is null", fmt.Sprintf("A list of tracks has no place for null%s. Leave the element out, or filter: [for t in … : t if t != null].", position(at)))
		return
	case ok:
	case v.Type().IsObjectType() || v.Type().IsMapType():
		uri := member(v, "uri")
		if uri == cty.NilVal || uri.IsKnown() && uri.IsNull() {
			w.withoutURI(v, rng, subjectOf(v, at))
			return
		}
		if !uri.IsKnown() {
			w.notKnown(rng, soft)
			return
		}
		if text, ok = diag.StringOf(uri); !ok {
			w.wrong(rng, "Not a track", fmt.Sprintf("The \"uri\" of %s is not a string.", subjectOf(v, at)))
			return
		}
		title = titleOf(v)
	default:
		what := subjectOf(v, at)
		if at == "" && v.Type() != cty.Number {
			what = "This"
		}
		w.wrong(rng, "Not a track", fmt.Sprintf("%s is %s. A track is a URI, a link or an ID in quotes, or an object with a \"uri\".", what, diag.KindOf(v)))
		return
	}
	if !w.ev.meter.Take(rng, 20, 1) {
		if w.ev.meter.Done == nil {
			w.ev.add(w.ev.meter.Problem(rng))
		}
		return
	}
	ref, err := spotify.ParseRef(text)
	if err == nil && ref.Kind == "" && !ref.ID.Possible() { // a URI or link says what it is; a word of 22 letters may be anything
		err = fmt.Errorf("%q is not a Spotify ID: no such ID can exist, a character must be wrong; copy it again", ref.ID)
	}
	if err != nil {
		w.unreadable(text, err, rng, subjectOf(v, at), at)
		return
	}
	if ref.Kind != "" && ref.Kind != spotify.KindTrack && ref.Kind != spotify.KindEpisode {
		w.wrongKind(ref, rng, subjectOf(v, at))
		return
	}
	entry := Entry{URI: ref.URI(spotify.KindTrack), Title: title, Range: rng}
	if entry.Title == "" && at == "" {
		entry.Title = w.ev.remarkBehind(rng)
	}
	w.values = append(w.values, listed{v, entry.Title, entry.URI})
	if entry.Title == "" {
		entry.Title = w.ev.titlesFromComments()[entry.URI] // for people alone: expressions see only what stands beside an element
	}
	w.entries = append(w.entries, entry)
}

// subjectOf names an element as the subject of a sentence.
func subjectOf(v cty.Value, at string) string {
	if at == "" {
		return functions.Describe(v)
	}
	return fmt.Sprintf("Element %s (%s)", at, functions.Describe(v))
}

func position(at string) string {
	if at == "" {
		return ""
	}
	return " (element " + at + ")"
}

// object is what other expressions see of an item: the object it was, else one with uri and title.
func (i listed) object() cty.Value {
	attrs := map[string]cty.Value{"title": cty.NullVal(cty.String)}
	if i.v.Type() != cty.String {
		attrs = i.v.AsValueMap()
	} else if i.title != "" {
		attrs["title"] = cty.StringVal(i.title)
	}
	attrs["uri"] = cty.StringVal(string(i.uri))
	return cty.ObjectVal(attrs)
}

// member is an attribute of an object or a map; NilVal when it has none.
func member(v cty.Value, name string) cty.Value {
	switch {
	case v.Type().IsObjectType() && v.Type().HasAttribute(name):
		return v.GetAttr(name)
	case v.Type().IsMapType():
		if has := v.HasIndex(cty.StringVal(name)); has.IsKnown() && has.True() {
			return v.Index(cty.StringVal(name))
		}
	}
	return cty.NilVal
}

// titleOf is "Artist – Title" as far as an object tells.
func titleOf(v cty.Value) string {
	title, _ := diag.StringOf(member(v, "title"))
	artist, ok := diag.StringOf(member(v, "artist"))
	if !ok {
		if list := member(v, "artists"); list != cty.NilVal && list.IsWhollyKnown() && !list.IsNull() && meter.IsList(list.Type()) {
			var names []string
			for it := list.ElementIterator(); it.Next(); {
				_, elem := it.Element()
				if name, ok := diag.StringOf(elem); ok {
					names = append(names, name)
				}
			}
			artist = strings.Join(names, ", ")
		}
	}
	switch {
	case title == "":
		return ""
	case artist == "":
		return plain(title)
	}
	return plain(artist) + " – " + plain(title)
}

// withoutURI explains an object that names a song in another way.
func (w *trackCollector) withoutURI(v cty.Value, rng hcl.Range, what string) {
	for _, name := range []string{"isrc", "title", "artist"} {
		if m := member(v, name); m != cty.NilVal {
			w.wrong(rng, "Not available yet", "Naming a song by artist, title or ISRC comes in a later version of spotsync. Use its URI or link: in Spotify, Share, Copy song link.")
			return
		}
	}
	w.wrong(rng, "Not a track", fmt.Sprintf("%s has no \"uri\". An object in a list of tracks needs one.", what))
}

// unreadable explains a text that names nothing of Spotify's.
func (w *trackCollector) unreadable(text string, err error, rng hcl.Range, what, at string) {
	trimmed := strings.TrimSpace(text)
	switch {
	case trimmed == "":
		w.wrong(rng, "Track is empty", fmt.Sprintf("An empty string names no track%s. Remove it.", position(at)))
	case strings.HasPrefix(trimmed, "spotify:local:"):
		w.wrongKind(spotify.Ref{Kind: spotify.KindLocal}, rng, what)
	case byName(trimmed):
		w.wrong(rng, "Not available yet", fmt.Sprintf("%s looks like a name. Naming a song by artist and title comes in a later version of spotsync. Use its URI or link: in Spotify, Share, Copy song link.", what))
	default:
		where := ""
		if at != "" {
			where = "Element " + at + ": "
		}
		w.wrong(rng, "Not a track", fmt.Sprintf("%s%v.", where, err))
	}
}

// byName recognises text like "Artist - Title".
func byName(text string) bool {
	return !strings.Contains(text, "://") && !strings.HasPrefix(text, "spotify:") && strings.ContainsFunc(text, unicode.IsSpace)
}

func (w *trackCollector) wrongKind(ref spotify.Ref, rng hcl.Range, what string) {
	way := "Use the link of a track or an episode."
	switch ref.Kind {
	case spotify.KindAlbum:
		way = "Name its tracks one by one: on the album's page in Spotify, select them all and copy them."
	case spotify.KindPlaylist:
		way = "Name its tracks one by one; for a playlist of this configuration, write playlist.NAME.tracks."
	case spotify.KindArtist, spotify.KindUser:
		way = "Only tracks and episodes can be in a playlist; name those."
	case spotify.KindShow:
		way = "Only episodes can be in a playlist; use the links of its episodes."
	case spotify.KindLocal:
		way = "Files of a computer can't be added through Spotify's API. Use the song's link if Spotify has it."
	}
	w.wrong(rng, "Not a track", fmt.Sprintf("%s is %s. %s", what, kindName(ref.Kind), way))
}
