package reconcile

import (
	"maps"
	"slices"
	"time"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/reconcile/edit"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// cheapBudget is how many requests more than replacing keep_dates = "auto" spends on dates before it asks.
const cheapBudget = 20

// difference is what lies between a wish and what is there.
type difference struct {
	before, after *Picture
	details       *Details
	items         []Edit
	cheaper       *Cheaper
	datesLost     int
	proven        bool
	origin        Origin
	reasons       []string
	warnings      []note
	refused       []spotify.URI // wanted, and not asked for now
	stays         []spotify.URI // in the playlist in another number than wanted, for Spotify refuses them
	shown         renderings    // how Spotify shows the texts of this wish
	learned       Learned       // by this read and the one before, beside what was known
}

// note is a warning about an attribute.
type note struct{ attribute, text string }

// apply puts a difference into a change.
func (c *Change) apply(d difference) {
	c.Before, c.After, c.Origin = d.before, d.after, d.origin
	c.Reasons = append(c.Reasons, d.reasons...)
	c.DatesLost, c.Proven, c.Cheaper = d.datesLost, d.proven, d.cheaper
	c.Learned = d.learned
	if d.details != nil {
		c.Edits = append(c.Edits, NewEdit(ChangeDetails, d.details))
	}
	c.Edits = append(c.Edits, d.items...)
}

// EditsFrom are the requests from what is there now to what is wanted, as a plan would have them.
func (w DesiredState) EditsFrom(now store.Contents, known Learned, base *store.Base, at time.Time) []Edit {
	var c Change
	c.apply(diff(w, now, known, base, at))
	return c.Edits
}

// diff compares a wish with what is there. known is what was learned before; base is what both last agreed on, nil where that
// is not known.
func diff(w DesiredState, c store.Contents, known Learned, base *store.Base, now time.Time) difference {
	d := difference{origin: FromUnknown}
	raw := c.Items
	c.Items = Recognize(c.Items, Recollect(base))
	d.diffDetails(w, c, known, base)
	changed := d.diffItems(w, c, raw, known, base, now)
	if base != nil {
		d.origin = origin(changed || d.detailsChanged(w, known, base), c, base, d.shown)
	}
	if base != nil && (d.origin == FromSpotify || d.origin == FromBoth) {
		d.reasons = append(d.reasons, "changed on Spotify"+since(base))
	}
	return d
}

func (d *difference) diffDetails(w DesiredState, c store.Contents, known Learned, base *store.Base) {
	have := c.Details
	d.before = &Picture{Name: have.Name, Description: have.Description, Public: have.Public,
		Collaborative: have.Collaborative, Snapshot: c.Snapshot, Following: c.Following}
	after := *d.before
	var ch Details
	d.shown = known.With(learnedThen(base)).Shown
	if base != nil {
		if was := base.Contents.Details; !base.Confirmed { // ours, and never read
			if w.Name != nil && *w.Name == was.Name {
				d.shown = d.shown.learned(was.Name, have.Name, nameText)
			}
			if w.Description != nil && *w.Description == was.Description {
				d.shown = d.shown.learned(was.Description, have.Description, descriptionText)
			}
		}
	}
	d.shown = d.shown.of(w)
	d.learned.Shown = d.shown
	if w.Name != nil && !d.shown.name(*w.Name, have.Name) {
		ch.Name, after.Name = w.Name, *w.Name
	}
	if w.Description != nil && !d.shown.description(*w.Description, have.Description) {
		if known.refusesDescription(*w.Description) {
			d.warnings = append(d.warnings, note{"description", "Spotify refuses its description, so that is left as it is; links in it are the usual reason"})
		} else {
			ch.Description, after.Description = w.Description, *w.Description
			if blank(*w.Description) {
				d.reasons = append(d.reasons, "Spotify has no empty description: a space stands for it")
			}
		}
	}
	if w.Public != nil && have.Public != nil && *w.Public != *have.Public {
		if ignoredPublic(*w.Public, known, base, c) {
			d.learned.PublicIgnored = w.Public
			d.warnings = append(d.warnings, note{"public", "Spotify did not honour public = " + yes(*w.Public) + "; it is not asked again. Change it in a Spotify app, or leave it out of the file"})
		} else {
			ch.Public, after.Public = w.Public, w.Public
			if *w.Public && have.Collaborative && w.Collaborative == nil {
				ch.Collaborative, after.Collaborative = new(bool), false
				d.reasons = append(d.reasons, "a public playlist can't be collaborative, so that is turned off")
			}
		}
	}
	if w.Collaborative != nil && *w.Collaborative != have.Collaborative {
		ch.Collaborative, after.Collaborative = w.Collaborative, *w.Collaborative
		if *w.Collaborative && (have.Public == nil || *have.Public) {
			if ch.Public, after.Public = new(bool), new(bool); have.Public != nil && w.Public == nil {
				d.reasons = append(d.reasons, "a collaborative playlist can't be public, so that is turned off")
			}
		}
	}
	if ch != (Details{}) {
		d.details = &ch
	}
	d.after = &after
}

// ignoredPublic reports whether Spotify was asked for this visibility before and did not give it. Without a note of that it
// is told only by the first read after our write, and only if nothing but the visibility is otherwise than we left it:
// whoever changed something else may have changed that too. Once a read has shown what we asked for, it was honoured.
func ignoredPublic(public bool, known Learned, base *store.Base, c store.Contents) bool {
	if known.ignoresPublic(public) || learnedThen(base).ignoresPublic(public) {
		return true
	}
	if base == nil {
		return false
	}
	asked := base.Contents.Details
	return !base.Confirmed && !base.PublicSeen && asked.Public != nil && *asked.Public == public &&
		asked.Collaborative == c.Details.Collaborative && undisturbed(base.Contents, c)
}

// undisturbed reports whether a read shows the playlist as our last write left it, as far as that is known.
func undisturbed(ours, c store.Contents) bool {
	if ours.Snapshot != "" && c.Snapshot != "" && ours.Snapshot != c.Snapshot {
		return false
	}
	return resembles(ours.Details.Name, c.Details.Name) && resembles(ours.Details.Description, c.Details.Description) && SameItems(ours.Items, c.Items)
}

func yes(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// diffItems works out the edits of the items, which are raw as they were read, and reports whether the files want other items
// than base holds.
func (d *difference) diffItems(w DesiredState, c store.Contents, raw []spotify.Item, known Learned, base *store.Base, now time.Time) (changed bool) {
	if !w.HasTracks {
		rows := rowsOf(c.Items, nil, nil)
		d.before.Tracks, d.after.Tracks = rows, rows
		return false
	}
	want, refused := askable(w.Tracks, c.Items, known.Withdrawn, now)
	d.refused = refused
	aliases := known.Aliases
	if base != nil {
		d.learned.Aliases = learnedThen(base).With(learnedFrom(raw, c.Items, want)).Aliases
		aliases = known.With(d.learned).Aliases
		agreed := rowsOf(base.Contents.Items, want, aliases)
		changed = !slices.Equal(wanted(w, agreed, want), named(agreed))
	}
	rows := rowsOf(c.Items, want, aliases)
	d.leaveStaying(w, rows, want, base)
	want = wanted(w, rows, want)
	var stuck bool
	rows, want, stuck = d.aroundRefused(rows, want, known.Withdrawn, now)
	d.before.Tracks = rows
	// A row that Spotify shows no object for may come back, but never once it was replaced.
	replaceable := !stuck && !slices.ContainsFunc(rows, func(r Row) bool { return r.Null })
	mode := edit.Always
	if w.KeepDates == config.KeepNever && replaceable {
		mode = edit.Never
	}
	have := editRows(rows)
	var script edit.Script
	if w.DropOpaque && !stuck && slices.ContainsFunc(rows, func(r Row) bool { return r.Opaque }) {
		script = edit.ReplaceAll(have, want, edit.Options{}) // an opaque row can't be named in a remove: only replacing takes it away
	} else {
		script = edit.Make(have, want, edit.Options{Mode: mode})
	}
	d.items, d.datesLost, d.proven = onTheWire(script.Edits, rows, aliases), script.DatesLost, script.Proven
	d.after.Tracks = final(script, rows, w)
	if w.KeepDates == config.KeepAuto && replaceable && len(script.Edits) > edit.ReplaceCost(len(want))+cheapBudget {
		if never := edit.Make(have, want, edit.Options{Mode: edit.Never}); len(never.Edits) < len(script.Edits) {
			d.cheaper = &Cheaper{Edits: onTheWire(never.Edits, rows, aliases), DatesLost: never.DatesLost}
		}
	}
	return changed
}

// wanted is the list to make of rows, given what the files say.
func wanted(w DesiredState, rows []Row, want []spotify.URI) []spotify.URI {
	if w.Mode == config.ModeAppend {
		return appended(rows, want)
	}
	return want
}

// named are the URIs of rows, as the files would name them, without opaque ones.
func named(rows []Row) []spotify.URI {
	var uris []spotify.URI
	for _, r := range rows {
		if !r.Opaque {
			uris = append(uris, r.URI)
		}
	}
	return uris
}

// appended is what mode = "append" wants: what is there, then what is missing.
func appended(rows []Row, want []spotify.URI) []spotify.URI {
	there := make(map[spotify.URI]int, len(rows))
	var all []spotify.URI
	for _, r := range rows {
		if !r.Opaque {
			there[r.URI]++
			all = append(all, r.URI)
		}
	}
	for _, u := range want {
		if there[u] > 0 {
			there[u]--
			continue
		}
		all = append(all, u)
	}
	return all
}

// onTheWire turns edits in the files' URIs into requests in Spotify's. Which URI of a row that is shown under another one a
// remove takes, what was added or what is shown, is not known: it names both, but none that a row has which stays.
func onTheWire(edits []edit.Edit, rows []Row, aliases map[spotify.URI]spotify.URI) []Edit {
	removed := make(map[spotify.URI]bool)
	for _, e := range edits {
		if e.Kind == edit.Remove {
			for _, u := range e.URIs {
				removed[u] = true
			}
		}
	}
	stays := make(map[spotify.URI]bool)
	others := make(map[spotify.URI][]spotify.URI) // of a row, beside the URI it goes by here
	for _, r := range rows {
		switch {
		case r.Opaque:
		case !removed[r.URI]:
			stays[r.URI], stays[r.ObservedURI] = true, true
		case r.ObservedURI != "" && r.ObservedURI != r.URI && !slices.Contains(others[r.URI], r.ObservedURI):
			others[r.URI] = append(others[r.URI], r.ObservedURI)
		}
	}
	for _, u := range sortedKeys(aliases) { // wanted no more, it stands there under its other name
		if shown := aliases[u]; removed[shown] && !removed[u] && !slices.Contains(others[shown], u) {
			others[shown] = append(others[shown], u)
		}
	}
	out := make([]Edit, 0, len(edits))
	for _, e := range edits {
		if e.Kind != edit.Remove || len(others) == 0 {
			out = append(out, Edit{Edit: e})
			continue
		}
		var uris []spotify.URI
		for _, u := range e.URIs {
			for _, o := range others[u] {
				if !stays[o] && !slices.Contains(uris, o) {
					uris = append(uris, o)
				}
			}
			if !slices.Contains(uris, u) {
				uris = append(uris, u)
			}
		}
		for batch := range slices.Chunk(uris, edit.MaxURIs) {
			out = append(out, Edit{Edit: edit.Edit{Kind: edit.Remove, URIs: batch}})
		}
	}
	return out
}

// final are the rows after a script, with titles and the dates of what stays.
func final(s edit.Script, rows []Row, w DesiredState) []Row {
	if len(s.Edits) == 0 {
		return rows
	}
	known := make(map[spotify.URI][]Row)
	var opaque []Row
	for _, r := range rows {
		if r.Opaque {
			opaque = append(opaque, r)
			continue
		}
		known[r.URI] = append(known[r.URI], r)
	}
	titles := w.TitlesByURI()
	removed := make(map[spotify.URI]bool)
	replaced := false
	for _, e := range s.Edits {
		replaced = replaced || e.Kind == edit.Replace
		if e.Kind == edit.Remove {
			for _, u := range e.URIs {
				removed[u] = true
			}
		}
	}
	out := make([]Row, 0, len(s.Final))
	for _, f := range s.Final {
		switch k := known[f.URI]; {
		case f.Opaque && len(opaque) > 0:
			out, opaque = append(out, opaque[0]), opaque[1:]
		case !f.Opaque && len(k) > 0:
			r := k[0]
			known[f.URI] = k[1:]
			if replaced || removed[f.URI] {
				r.AddedAt = time.Time{}
			}
			out = append(out, r)
		default:
			out = append(out, Row{URI: f.URI, Title: titles[f.URI], Opaque: f.Opaque})
		}
	}
	return out
}

// origin tells who changed what since files and Spotify last agreed.
func origin(files bool, c store.Contents, base *store.Base, shown renderings) Origin {
	there := editedElsewhere(c, base, shown)
	switch {
	case files && there:
		return FromBoth
	case there:
		return FromSpotify
	}
	return FromFiles
}

// editedElsewhere reports whether a playlist is neither what files and Spotify last agreed on nor what writes of ours have made
// of that since, be it that they were cut short.
func editedElsewhere(c store.Contents, base *store.Base, shown renderings) bool {
	ours := func(d spotify.Details) bool {
		if shown[nameText(d.Name)] == c.Details.Name { // as Spotify shows it
			d.Name = c.Details.Name
		}
		if shown[descriptionText(d.Description)] == c.Details.Description {
			d.Description = c.Details.Description
		}
		return SameDetails(d, c.Details)
	}
	details := ours(base.Contents.Details) || slices.ContainsFunc(base.Ours, func(m store.Mark) bool { return ours(m.Details) })
	if !details {
		return true
	}
	if SameItems(base.Contents.Items, c.Items) {
		return false
	}
	print := ""
	if len(base.Ours) > 0 {
		print = fingerprint(c.Items)
	}
	return !slices.ContainsFunc(base.Ours, func(m store.Mark) bool { return m.Items == print })
}

// detailsChanged reports whether the files want other details than base holds, but for what Spotify does not do.
func (d *difference) detailsChanged(w DesiredState, known Learned, base *store.Base) bool {
	was := base.Contents.Details
	return w.Name != nil && !sameName(*w.Name, was.Name) && !d.shown.name(*w.Name, was.Name) ||
		w.Description != nil && !d.shown.description(*w.Description, was.Description) && !known.refusesDescription(*w.Description) ||
		w.Public != nil && d.learned.PublicIgnored == nil && !samePublic(w.Public, was.Public) ||
		w.Collaborative != nil && *w.Collaborative != was.Collaborative
}

func picture(d spotify.Details, rows []Row) *Picture {
	return &Picture{Name: d.Name, Description: d.Description, Public: d.Public, Collaborative: d.Collaborative, Tracks: rows}
}

// joined is both maps in one, where b counts; nil when both are empty.
func joined[K comparable, V any](a, b map[K]V) map[K]V {
	if len(a)+len(b) == 0 {
		return nil
	}
	out := make(map[K]V, len(a)+len(b))
	maps.Copy(out, a)
	maps.Copy(out, b)
	return out
}
