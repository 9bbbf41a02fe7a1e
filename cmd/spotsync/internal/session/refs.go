package session

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/spotify"
)

// Named is a playlist a person may mean.
type Named struct {
	Address string // empty when not managed
	Account string
	ID      spotify.ID
	Names   []string
}

// Known are the playlists of the files and of the lock file, by address. desired may be nil.
func (s *Session) Known(desired *config.Desired) []Named {
	all := make(map[string]Named)
	for address, e := range s.Lock.Current().Playlists {
		all[address] = Named{Address: address, Account: e.Account, ID: e.ID, Names: []string{e.Name}}
	}
	if desired != nil {
		for _, p := range desired.Playlists {
			k := all[p.Address]
			k.Address, k.Account = p.Address, p.Account
			if p.ID != "" {
				k.ID = p.ID
			}
			if p.Name != nil {
				k.Names = append(k.Names, *p.Name)
			}
			all[p.Address] = k
		}
	}
	list := make([]Named, 0, len(all))
	for _, address := range slices.Sorted(maps.Keys(all)) {
		list = append(list, all[address])
	}
	return list
}

// MatchRef finds what a REF means: an address (with or without its index), an ID, URI or link, an exact name, or a glob
// over addresses and names. It is an error when it means nothing.
func MatchRef(ref string, all []Named) ([]Named, error) {
	tests := []func(Named) bool{
		func(k Named) bool { return k.Address == ref },
		func(k Named) bool { return k.Address != "" && strings.HasPrefix(k.Address, ref+"[") },
		func(k Named) bool { return k.Address == "playlist."+ref },
	}
	if r, err := spotify.ParseRef(ref); err == nil && (r.Kind == "" || r.Kind == spotify.KindPlaylist) {
		tests = append(tests, func(k Named) bool { return k.ID == r.ID })
	}
	want := plainName(ref)
	tests = append(tests, func(k Named) bool {
		return slices.ContainsFunc(k.Names, func(n string) bool { return plainName(n) == want })
	})
	if strings.ContainsAny(ref, "*?[") {
		tests = append(tests, func(k Named) bool {
			return slices.ContainsFunc(append([]string{k.Address, strings.TrimPrefix(k.Address, "playlist.")}, k.Names...), func(s string) bool {
				ok, err := path.Match(ref, s)
				return err == nil && ok && s != ""
			})
		})
	}
	for _, test := range tests {
		var found []Named
		for _, k := range all {
			if test(k) {
				found = append(found, k)
			}
		}
		if len(found) > 0 {
			return found, nil
		}
	}
	return nil, fmt.Errorf("no playlist is called %q: use an address (playlist.morning), an ID, a link, an exact name or a glob; spotsync list shows them", ref)
}

// OneRef is matchRef where only one playlist can be meant.
func OneRef(ref string, all []Named) (Named, error) {
	found, err := MatchRef(ref, all)
	if err != nil {
		return Named{}, err
	}
	if len(found) > 1 {
		var which []string
		for _, k := range found {
			which = append(which, strings.TrimSpace(k.Address+" "+string(k.ID)))
		}
		return Named{}, fmt.Errorf("%q means %d playlists: %s; use one of these", ref, len(found), strings.Join(which, ", "))
	}
	return found[0], nil
}

func plainName(name string) string { return strings.TrimSpace(norm.NFC.String(name)) }
