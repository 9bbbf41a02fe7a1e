package heal

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/reconcile"
)

// trait is what of a playlist is healed, braked or held by itself.
type trait string

// The traits. Who may see and who may edit are one: Spotify couples them.
const (
	traitName        trait = "name"
	traitDescription trait = "description"
	traitVisibility  trait = "visibility"
	traitTracks      trait = "tracks"
	traitLibrary     trait = "library" // that it is in the owner's library
)

var allTraits = [...]trait{traitName, traitDescription, traitVisibility, traitTracks, traitLibrary}

// traitOf is the trait that an attribute belongs to.
func traitOf(a reconcile.Attribute) trait {
	switch a.Name {
	case "public", "collaborative":
		return traitVisibility
	}
	return trait(a.Name)
}

// details are the attributes of a trait that are details; none where it is about songs or the library.
func (k trait) details() []reconcile.Attribute {
	return slices.DeleteFunc(slices.Clone(reconcile.Attributes), func(a reconcile.Attribute) bool { return traitOf(a) != k })
}

// attributes are the names of a trait in the files.
func (k trait) attributes() []string {
	if k == traitTracks {
		return []string{string(k)}
	}
	var names []string
	for _, a := range k.details() {
		names = append(names, a.Name)
	}
	return names
}

// its is how a sentence names the trait.
func (k trait) its() string {
	switch k {
	case traitTracks:
		return "its list of songs"
	case traitLibrary:
		return "its place in the library"
	}
	return "its " + string(k)
}

// touches reports whether an edit changes the trait.
func touches(e reconcile.Edit, k trait) bool {
	switch k {
	case traitTracks:
		return e.Items()
	case traitLibrary:
		return e.Kind == reconcile.Follow
	}
	if e.Kind != reconcile.ChangeDetails || e.Details == nil {
		return false
	}
	return slices.ContainsFunc(k.details(), func(a reconcile.Attribute) bool { return a.Sends(*e.Details) })
}

// touched are the traits a change of something that exists would change.
func touched(c reconcile.Change) []trait {
	if c.Action != reconcile.Update && c.Action != reconcile.Adopt && c.Action != reconcile.Restore {
		return nil
	}
	var all []trait
	for _, k := range allTraits {
		if slices.ContainsFunc(c.Edits, func(e reconcile.Edit) bool { return touches(e, k) }) {
			all = append(all, k)
		}
	}
	return all
}

// drifted reports whether a trait differs because somebody changed it elsewhere. Where the files changed too, they count
// for the whole playlist; what an earlier run left half done is nobody's edit.
func drifted(c reconcile.Change, k trait) bool {
	switch {
	case c.Action == reconcile.Adopt || c.Unfinished && k == traitTracks:
		return false
	case k == traitLibrary && c.Origin == reconcile.FromFiles:
		return !slices.ContainsFunc(c.Edits, func(e reconcile.Edit) bool { return e.Kind != reconcile.Follow })
	}
	return c.Origin == reconcile.FromSpotify || c.Origin == reconcile.FromUnknown
}

// healable says whether a daemon may undo an edit made elsewhere, and why not.
func healable(heal config.SelfHeal, k trait, from reconcile.Origin) (VerdictState, string) {
	const ways = "; to undo that: spotsync apply; to keep it, write it into the files"
	switch {
	case heal == config.HealAll || heal == "":
		return Pending, ""
	case from == reconcile.FromUnknown:
		return Drift, "who changed " + k.its() + " is not known, and self_heal = " + written(heal) + " only reports that" + ways
	case heal == config.HealDetails && k != traitTracks:
		return Pending, ""
	}
	return Drift, k.its() + " was changed on Spotify, and self_heal = " + written(heal) + " leaves that alone" + ways
}

// written is a value of self_heal as the files have it.
func written(heal config.SelfHeal) string {
	if heal == config.HealDetails {
		return `"details"`
	}
	return string(heal)
}

// leaving is a change without some of its traits. What both sides agreed on of those stays what it was, so that a later
// plan still knows who changed them.
func leaving(c reconcile.Change, traits []trait, reason string) reconcile.Change {
	if slices.Contains(traits, traitLibrary) { // nothing is changed of what is not there
		return c.Leave(reason)
	}
	for _, k := range traits {
		c.LeftAsIs = append(slices.Clip(c.LeftAsIs), k.attributes()...)
	}
	wish, after := c.Desired.Without(c.LeftAsIs), *c.After
	var edits []reconcile.Edit
	for _, e := range c.Edits {
		if e.Items() && slices.Contains(traits, traitTracks) {
			continue
		}
		if e.Kind == reconcile.ChangeDetails {
			if e = detailsLeaving(e, traits); *e.Details == (reconcile.Details{}) {
				continue
			}
		}
		edits = append(edits, e)
	}
	if len(edits) == 0 && len(c.Unknown) == 0 {
		return c.Leave(reason)
	}
	for _, k := range traits {
		for _, a := range k.details() {
			a.Undo(&after, c.Before)
		}
		if k == traitTracks {
			after.Tracks = c.Before.Tracks
			c.SongsRemoved, c.DatesLost, c.Cheaper, c.Unfinished = 0, 0, nil, false
		}
	}
	c.Desired, c.After, c.Edits = &wish, &after, reconcile.Listed(edits)
	c.Reasons = append(slices.Clone(c.Reasons), reason)
	return c
}

// detailsLeaving is a change of details without some of them.
func detailsLeaving(e reconcile.Edit, traits []trait) reconcile.Edit {
	d := *e.Details
	for _, k := range traits {
		for _, a := range k.details() {
			a.Unsend(&d)
		}
	}
	e.Details = &d
	return e
}

// digestOf is a short text that is the same for wishes that want the same of a trait.
func digestOf(w *reconcile.DesiredState, k trait) string {
	if w == nil {
		return ""
	}
	var want any
	switch k {
	case traitTracks:
		want = []any{w.Mode, w.Tracks}
	default:
		var all []any
		for _, a := range k.details() {
			all = append(all, a.Wanted(*w))
		}
		switch len(all) {
		case 0:
		case 1:
			want = all[0]
		default:
			want = all
		}
	}
	data, err := json.Marshal(want)
	if err != nil {
		panic("reconcile: a wish can always be written as JSON: " + err.Error())
	}
	return reconcile.Hash(data)[:12]
}

// whole is a short text that is the same for wishes that want the same of everything.
func whole(w *reconcile.DesiredState) string {
	var all strings.Builder
	for _, k := range allTraits {
		all.WriteString(digestOf(w, k))
	}
	if w != nil { // how it is done decides what is sent
		fmt.Fprintf(&all, "%s %v", w.KeepDates, w.DropOpaque)
	}
	return reconcile.Hash([]byte(all.String()))[:12]
}

// manages reports whether the files say anything about a trait.
func manages(w *reconcile.DesiredState, k trait) bool {
	switch k {
	case traitTracks:
		return w.HasTracks
	case traitLibrary:
		return true
	}
	return slices.ContainsFunc(k.details(), func(a reconcile.Attribute) bool { return a.Wants(*w) })
}
