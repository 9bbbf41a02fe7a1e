package sandbox

import (
	"encoding/base64"
	"fmt"
	"time"
)

// versioned is a value that reads see a while after it was written. What it holds is never changed, only exchanged.
type versioned[T any] struct {
	Current T         `json:"current"`
	Past    []past[T] `json:"past,omitempty"` // oldest first
}

// past is what reads see until a time.
type past[T any] struct {
	Until time.Time `json:"until"`
	Value T         `json:"value"`
}

// write exchanges the value; until now+lag reads go on seeing what they saw.
func (v *versioned[T]) write(value T, now time.Time, lag time.Duration) {
	v.forget(now)
	if lag > 0 {
		v.Past = append(v.Past, past[T]{now.Add(lag), v.Current})
	}
	v.Current = value
}

// settle exchanges the value for every reader at once.
func (v *versioned[T]) settle(value T) { v.Current, v.Past = value, nil }

// read is what a read sees now.
func (v *versioned[T]) read(now time.Time) T {
	for _, p := range v.Past {
		if p.Until.After(now) {
			return p.Value
		}
	}
	return v.Current
}

// forget drops what no read will see again.
func (v *versioned[T]) forget(now time.Time) {
	for len(v.Past) > 0 && !v.Past[0].Until.After(now) {
		v.Past = v.Past[1:]
	}
	if len(v.Past) == 0 {
		v.Past = nil
	}
}

// snapshot is the snapshot a write answers with and, once settled, reads show.
func (s *Server) snapshot(id string, revision int) string {
	return s.encodeSnapshot(id, revision, 0)
}

// seenSnapshot is the snapshot a read shows now: for a while after a write, others than the write returned.
func (s *Server) seenSnapshot(id string, st playlistState, now time.Time) string {
	age, wander := now.Sub(st.WroteAt), s.quirks.SnapshotWanders
	if st.Steady || age >= wander || age < 0 {
		return s.snapshot(id, st.Revision)
	}
	return s.encodeSnapshot(id, st.Revision, 1+int(3*age/wander))
}

func (s *Server) encodeSnapshot(id string, revision, wandering int) string {
	sum := s.derive("snapshot", id, fmt.Sprint(revision), fmt.Sprint(wandering))
	return base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf("%d,%x", revision, sum[:20])))
}

// isSnapshot reports whether text looks like a snapshot of ours; Spotify merges with whatever version it names.
func isSnapshot(text string) bool {
	raw, err := base64.StdEncoding.DecodeString(text)
	var revision int
	var sum string
	if err == nil {
		_, err = fmt.Sscanf(string(raw), "%d,%40s", &revision, &sum)
	}
	return err == nil && len(sum) == 40
}
