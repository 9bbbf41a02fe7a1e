package store

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// memory is one record of the file of remembered IDs.
type memory struct {
	Op      string      `json:"op"` // remember, forget, move
	Address string      `json:"address"`
	To      string      `json:"to,omitempty"` // move
	Entry   *Remembered `json:"entry,omitempty"`
}

// Remember notes that an address is that playlist now. What is the newest already is not written again.
func (s *State) Remember(address string, r Remembered) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, err := s.remembered()
	if err != nil {
		return err
	}
	if list := known[address]; len(list) > 0 {
		last := list[len(list)-1]
		last.Time = r.Time
		if last == r {
			return nil
		}
	}
	return s.addMemory(memory{Op: "remember", Address: address, Entry: &r})
}

// Forget notes that the address is no longer managed on purpose: what it was is kept, marked as forgotten.
func (s *State) Forget(address string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, err := s.remembered()
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(known[address], func(r Remembered) bool { return !r.Forgotten }) {
		return nil
	}
	return s.addMemory(memory{Op: "forget", Address: address})
}

// MoveRemembered gives all that the address from ever was to the address to, as the newest of it.
func (s *State) MoveRemembered(from, to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, err := s.remembered()
	if err != nil {
		return err
	}
	if from == to || len(known[from]) == 0 {
		return nil
	}
	return s.addMemory(memory{Op: "move", Address: from, To: to})
}

// Remembered returns every playlist each address ever was on this computer, newest last.
func (s *State) Remembered() (map[string][]Remembered, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, err := s.remembered()
	if err != nil {
		return nil, err
	}
	all := make(map[string][]Remembered, len(known))
	for address, list := range known {
		all[address] = slices.Clone(list)
	}
	return all, nil
}

// remembered reads the file again only if it has changed; s.mu is held.
func (s *State) remembered() (map[string][]Remembered, error) {
	records, _, err := s.ids.read()
	if err != nil {
		return nil, err
	}
	var raw []byte
	for _, r := range records {
		raw = append(append(raw, r...), '\n')
	}
	if s.idsKnown && s.idsRaw == string(raw) {
		return s.idsRead, nil
	}
	known, bad, err := replayRemembered(records)
	if err != nil {
		return nil, s.ids.corrupt(bad+2, err) // after the header, counted from 1
	}
	s.idsRaw, s.idsRead, s.idsKnown = string(raw), known, true
	return known, nil
}

func (s *State) addMemory(m memory) error {
	if err := s.ids.append(m); err != nil {
		return fmt.Errorf("remember which playlist %s is: %w", m.Address, err)
	}
	return nil
}

// replayRemembered returns what the records add up to, or the index of one that makes no sense.
func replayRemembered(records []json.RawMessage) (known map[string][]Remembered, bad int, err error) {
	known = map[string][]Remembered{}
	for i, r := range records {
		var m memory
		if err := json.Unmarshal(r, &m); err != nil {
			return nil, i, err
		}
		switch {
		case m.Op == "remember" && m.Entry != nil:
			known[m.Address] = addNewest(known[m.Address], *m.Entry)
		case m.Op == "forget":
			for i := range known[m.Address] {
				known[m.Address][i].Forgotten = true
			}
		case m.Op == "move":
			for _, r := range known[m.Address] {
				known[m.To] = addNewest(known[m.To], r)
			}
			if m.To != m.Address {
				delete(known, m.Address)
			}
		default:
			return nil, i, fmt.Errorf("%q is nothing this spotsync knows", m.Op)
		}
	}
	return known, 0, nil
}

// addNewest adds r at the end and drops what was known of the same ID before.
func addNewest(list []Remembered, r Remembered) []Remembered {
	list = slices.DeleteFunc(slices.Clone(list), func(old Remembered) bool { return old.ID == r.ID })
	return append(list, r)
}

// compactRemembered keeps what the records add up to.
func compactRemembered(records []json.RawMessage) ([]json.RawMessage, error) {
	known, _, err := replayRemembered(records)
	if err != nil {
		return nil, err
	}
	var memories []memory
	for _, address := range slices.Sorted(maps.Keys(known)) {
		for i := range known[address] {
			memories = append(memories, memory{Op: "remember", Address: address, Entry: &known[address][i]})
		}
	}
	return rawRecords(memories)
}
