package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/spotsync/spotsync/spotify"
)

// entry is one record of the journal. What has begun and not ended is open.
type entry struct {
	Op      string     `json:"op"` // noop, begin-create, end-create, begin-replace, end-replace
	Create  *Create    `json:"create,omitempty"`
	Replace *Replace   `json:"replace,omitempty"`
	Key     string     `json:"key,omitempty"` // end-create
	ID      spotify.ID `json:"id,omitempty"`  // end-create: what it became; end-replace: which
}

// NewKey makes a name for an entry of the journal.
func NewKey() string { return randomHex(8) }

// ProveWritable adds a line that says nothing to the journal, and so proves that the next one can be added too.
func (s *State) ProveWritable() error {
	return s.addEntry(entry{Op: "noop"})
}

// BeginCreate notes that a playlist is about to be asked for. Nothing may be sent when it fails.
func (s *State) BeginCreate(c Create) error {
	if c.Key == "" {
		return errors.New("a journal entry needs a key")
	}
	return s.addEntry(entry{Op: "begin-create", Create: &c})
}

// EndCreate closes the entry: id is the new playlist, already in the lock file; empty, it is known not to exist.
func (s *State) EndCreate(key string, id spotify.ID) error {
	return s.addEntry(entry{Op: "end-create", Key: key, ID: id})
}

// OpenCreates returns the playlists that were asked for and whose fate is not recorded, oldest first.
func (s *State) OpenCreates() ([]Create, error) {
	o, err := s.open()
	return o.creates, err
}

// BeginReplace notes that the playlist's items are about to be rewritten in several requests.
func (s *State) BeginReplace(address string, id spotify.ID, want []spotify.URI) error {
	return s.addEntry(entry{Op: "begin-replace", Replace: &Replace{Address: address, ID: id, Want: want}})
}

// EndReplace notes that the playlist is whole.
func (s *State) EndReplace(id spotify.ID) error {
	return s.addEntry(entry{Op: "end-replace", ID: id})
}

// OpenReplaces returns the rewrites that were begun and not ended, oldest first, the newest of each playlist.
func (s *State) OpenReplaces() ([]Replace, error) {
	o, err := s.open()
	return o.replaces, err
}

func (s *State) addEntry(e entry) error {
	if err := s.journal.append(e); err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	return nil
}

type openEntries struct {
	creates  []Create
	replaces []Replace
}

func (s *State) open() (openEntries, error) {
	records, _, err := s.journal.read()
	if err != nil {
		return openEntries{}, err
	}
	o, bad, err := replayJournal(records)
	if err != nil {
		return openEntries{}, s.journal.corrupt(bad+2, err) // after the header, counted from 1
	}
	return o, nil
}

// replayJournal returns what is open, or the index of a record that makes no sense.
func replayJournal(records []json.RawMessage) (o openEntries, bad int, err error) {
	for i, r := range records {
		var e entry
		if err := json.Unmarshal(r, &e); err != nil {
			return openEntries{}, i, err
		}
		switch {
		case e.Op == "noop":
		case e.Op == "begin-create" && e.Create != nil:
			o.endCreate(e.Create.Key)
			o.creates = append(o.creates, *e.Create)
		case e.Op == "end-create":
			o.endCreate(e.Key)
		case e.Op == "begin-replace" && e.Replace != nil:
			o.endReplace(e.Replace.ID)
			o.replaces = append(o.replaces, *e.Replace)
		case e.Op == "end-replace":
			o.endReplace(e.ID)
		default:
			return openEntries{}, i, fmt.Errorf("%q is nothing this spotsync knows", e.Op)
		}
	}
	return o, 0, nil
}

func (o *openEntries) endCreate(key string) {
	o.creates = slices.DeleteFunc(o.creates, func(c Create) bool { return c.Key == key })
}

func (o *openEntries) endReplace(id spotify.ID) {
	o.replaces = slices.DeleteFunc(o.replaces, func(r Replace) bool { return r.ID == id })
}

// compactJournal keeps what is open.
func compactJournal(records []json.RawMessage) ([]json.RawMessage, error) {
	o, _, err := replayJournal(records)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for i := range o.creates {
		entries = append(entries, entry{Op: "begin-create", Create: &o.creates[i]})
	}
	for i := range o.replaces {
		entries = append(entries, entry{Op: "begin-replace", Replace: &o.replaces[i]})
	}
	return rawRecords(entries)
}

func rawRecords[T any](entries []T) ([]json.RawMessage, error) {
	var raw []json.RawMessage
	for _, e := range entries {
		r, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		raw = append(raw, r)
	}
	return raw, nil
}
