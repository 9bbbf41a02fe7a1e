package config

import (
	"fmt"
	"maps"
	"slices"

	"github.com/zclconf/go-cty/cty"

	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/functions"
	"github.com/spotsync/spotsync/spotify"
)

// attribute works one attribute of a playlist block out, for each of its instances.
func (ev *evaluation) attribute(n node) {
	pl := ev.playlists[n.name]
	st := ev.states[n.name]
	if st == nil { // without for_each, any attribute may be the first
		st = ev.multiply(pl)
		ev.states[n.name] = st
	}
	for _, inst := range st.instances {
		before := len(ev.diags)
		switch n.attr {
		case "for_each":
		case "id":
			ev.identify(pl, inst)
		case "tracks":
			ev.tracks(pl, inst)
		default:
			inst.readable[n.attr] = ev.text(pl, inst, n.attr)
		}
		if ev.diags[before:].HasErrors() || ev.meter.Spent() {
			return // the other instances would most likely say the same
		}
	}
}

// multiply makes the instances of a block.
func (ev *evaluation) multiply(pl *playlist) *state {
	make1 := func(a Address, each cty.Value, soft bool) *instance {
		return &instance{address: a, each: each, soft: soft, readable: map[string]cty.Value{}, playlist: Playlist{Address: a.String(), Range: pl.rng}}
	}
	if pl.forEach == nil {
		return &state{instances: []*instance{make1(Address{Label: pl.label}, cty.NilVal, false)}}
	}
	each := func(key, value cty.Value) cty.Value {
		return cty.ObjectVal(map[string]cty.Value{"key": key, "value": value})
	}
	keys := ev.forEach(pl.forEach)
	if keys == nil {
		any := make1(Address{Label: pl.label, Indexed: true}, each(cty.UnknownVal(cty.String), cty.DynamicVal), true)
		return &state{instances: []*instance{any}, unknown: true}
	}
	st := &state{}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		st.instances = append(st.instances, make1(Address{Label: pl.label, Key: key, Indexed: true}, each(cty.StringVal(key), keys[key]), false))
	}
	return st
}

// forEach is the values by key; nil when there are none to be had.
func (ev *evaluation) forEach(e *expression) map[string]cty.Value {
	w := ev.value(e, nil)
	if !w.ok {
		return nil
	}
	wrong := func(summary, detail string) map[string]cty.Value {
		ev.add(diag.Error(e.Range(), summary, detail))
		return nil
	}
	const takes = "\"for_each\" takes a set of strings or a map, such as toset([\"2023\", \"2024\"]) or { rock = \"Loud\", jazz = \"Late\" }."
	v, ty := w.v, w.v.Type()
	switch {
	case v.IsNull():
		return wrong("for_each is null", takes+" For no playlists at all, write toset([]).")
	case ty.IsTupleType(), ty.IsListType():
		return wrong("for_each is a list", "A list has positions, not keys, and a playlist would become another when one is inserted. Write toset(…) around it.")
	case !v.IsKnown():
		if !w.soft {
			ev.add(unknownYet(e.Range(), e.name))
		}
		return nil
	case !ty.IsSetType() && !ty.IsMapType() && !ty.IsObjectType():
		return wrong("for_each of the wrong type", takes+fmt.Sprintf(" This is %s.", diag.KindOf(v)))
	case ty.IsSetType() && !v.IsWhollyKnown():
		if !w.soft {
			ev.add(unknownYet(e.Range(), e.name))
		}
		return nil
	case v.LengthInt() > maxInstances:
		return wrong("Too many playlists", fmt.Sprintf("\"for_each\" has %d keys; one block may have %d.", v.LengthInt(), maxInstances))
	}
	found := map[string]cty.Value{}
	for it := v.ElementIterator(); it.Next(); {
		k, elem := it.Element()
		if ty.IsSetType() {
			k = elem
		}
		key, ok := diag.StringOf(k)
		switch {
		case !ok:
			return wrong("for_each of the wrong type", takes+fmt.Sprintf(" One element of this set is %s.", functions.Describe(k)))
		case plain(key) == "" || len(key) > 500:
			return wrong("Key not allowed", "Each key of \"for_each\" needs some text, at most 500 bytes of it.")
		}
		found[key] = elem
	}
	return found
}

// identify reads the id attribute, or asks the lock.
func (ev *evaluation) identify(pl *playlist, inst *instance) {
	unknown := cty.UnknownVal(cty.String).RefineNotNull()
	inst.readable["id"], inst.readable["uri"] = unknown, unknown
	known := func(id spotify.ID) {
		inst.readable["id"] = cty.StringVal(string(id))
		inst.readable["uri"] = cty.StringVal(string(spotify.PlaylistURI(id)))
	}
	if id, ok := ev.knownID(inst.address); ok {
		known(id)
	}
	e := pl.attrs["id"]
	if e == nil {
		return
	}
	id, ok := ev.playlistID(e, inst)
	switch {
	case ok && id != "":
		inst.playlist.ID = id
		known(id)
	case !ok:
		inst.readable["id"], inst.readable["uri"] = cty.DynamicVal, cty.DynamicVal
	}
}

// knownID is the ID an address without the attribute id has: from an import, the lock, or the lock under a former address.
func (ev *evaluation) knownID(a Address) (spotify.ID, bool) {
	for _, imp := range ev.imports {
		if imp.to != a {
			continue
		}
		v, diags := imp.id.Expression.Value(ev.context(imp.id, nil)) // what is wrong with it is said where it stands
		if text, ok := diag.StringOf(v); ok && !diags.HasErrors() {
			if ref, err := spotify.ParseRef(text); err == nil {
				return ref.ID, true
			}
		}
	}
	at := a.String()
	for range len(ev.moved) + 1 {
		if id, ok := ev.in.IDs[at]; ok {
			return id, true
		}
		for _, m := range ev.moved {
			if m.To == at {
				at = m.From
				break
			}
		}
	}
	return "", false
}

// playlistID reads an ID, URI or link of a playlist. Null is no ID, and no error.
func (ev *evaluation) playlistID(e *expression, inst *instance) (spotify.ID, bool) {
	v, ok := ev.convert(e, inst, cty.String)
	if !ok || v.IsNull() {
		return "", ok
	}
	text := v.AsString()
	ref, err := spotify.ParseRef(text)
	switch {
	case err != nil:
		ev.add(diag.Error(e.Range(), "Not a playlist", fmt.Sprintf("%q takes the ID, URI or link of a playlist: %v.", e.name, err)))
	case ref.Kind != "" && ref.Kind != spotify.KindPlaylist:
		ev.add(diag.Error(e.Range(), "Not a playlist", fmt.Sprintf("%s is %s. \"id\" takes the ID, URI or link of a playlist.", functions.Describe(v), kindName(ref.Kind))))
	default:
		return ref.ID, true
	}
	return "", false
}

func kindName(k spotify.Kind) string {
	switch k {
	case spotify.KindAlbum, spotify.KindArtist, spotify.KindEpisode:
		return "an " + string(k)
	case spotify.KindLocal:
		return "a local file"
	}
	return "a " + string(k)
}
