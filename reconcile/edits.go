package reconcile

import (
	"encoding/json"
	"slices"

	"github.com/spotsync/spotsync/reconcile/edit"
	"github.com/spotsync/spotsync/spotify"
)

// The kinds of requests that change no items; those that do are package edit's.
const (
	CreateIt      edit.Kind = "create"   // POST /me/playlists
	ChangeDetails edit.Kind = "details"  // PUT /playlists/{id}
	Follow        edit.Kind = "follow"   // PUT /me/library
	Unfollow      edit.Kind = "unfollow" // DELETE /me/library: what Spotify calls deleting
)

// Edit is one request to a playlist.
type Edit struct {
	edit.Edit
	Details *Details // of create and details
}

// Details are the details one request sends; nil members are not sent.
type Details struct {
	Name          *string `json:"name,omitempty"`
	Description   *string `json:"description,omitempty"`
	Public        *bool   `json:"public,omitempty"`
	Collaborative *bool   `json:"collaborative,omitempty"`
}

// set changes what d says and leaves the rest.
func (d *Details) set(to *spotify.Details) {
	for _, a := range Attributes {
		if a.Sends(*d) {
			a.set(to, *d)
		}
	}
}

// about is an edit that names no items.
func NewEdit(kind edit.Kind, d *Details) Edit { return Edit{Edit: edit.Edit{Kind: kind}, Details: d} }

// Items reports whether the edit changes the list of items.
func (e Edit) Items() bool {
	switch e.Kind {
	case edit.Insert, edit.Remove, edit.Move, edit.Replace:
		return true
	}
	return false
}

// SameEdits reports whether two lists of edits send the same requests.
func SameEdits(a, b []Edit) bool {
	return slices.EqualFunc(a, b, func(x, y Edit) bool {
		j, err1 := json.Marshal(x)
		k, err2 := json.Marshal(y)
		return err1 == nil && err2 == nil && string(j) == string(k)
	})
}

// jsonEdit is an edit as JSON: what its kind needs is always there, a position of 0 too, and nothing else.
type jsonEdit struct {
	Kind    edit.Kind     `json:"kind"`
	At      *int          `json:"at,omitempty"`
	Start   *int          `json:"start,omitempty"`
	N       *int          `json:"n,omitempty"`
	Before  *int          `json:"before,omitempty"`
	URIs    []spotify.URI `json:"uris,omitempty"`
	Details *Details      `json:"details,omitempty"`
}

// MarshalJSON implements [json.Marshaler].
func (e Edit) MarshalJSON() ([]byte, error) {
	j := jsonEdit{Kind: e.Kind, URIs: e.URIs, Details: e.Details}
	switch e.Kind {
	case edit.Insert:
		j.At = &e.At
	case edit.Move:
		j.Start, j.N, j.Before = &e.Start, &e.N, &e.Before
	}
	return json.Marshal(j)
}

// UnmarshalJSON implements [json.Unmarshaler].
func (e *Edit) UnmarshalJSON(data []byte) error {
	var j jsonEdit
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	value := func(n *int) int {
		if n == nil {
			return 0
		}
		return *n
	}
	*e = Edit{Details: j.Details, Edit: edit.Edit{Kind: j.Kind, At: value(j.At), Start: value(j.Start), N: value(j.N), Before: value(j.Before), URIs: j.URIs}}
	return nil
}
