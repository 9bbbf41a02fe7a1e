package reconcile

import "testing"

// TestWavesEnd: a wave that does nothing new is the last, and so is one more than there are changes.
func TestWavesEnd(t *testing.T) {
	shown := func(n int) *Plan { return &Plan{Changes: make([]Change, n)} }
	for _, c := range []struct {
		name    string
		changes int
		applied func(wave int) []string
		want    int // waves in all
	}{
		{"nothing is done", 5, func(int) []string { return nil }, 1},
		{"the same one again and again", 100, func(int) []string { return []string{"a"} }, mostWaves + 1},
		{"always another one", 4, func(wave int) []string { return []string{string(rune('a' + wave))} }, 5},
		{"a chain of thirty", 30, func(wave int) []string {
			if wave >= 30 {
				return nil
			}
			return []string{string(rune('a' + wave))}
		}, 31},
	} {
		t.Run(c.name, func(t *testing.T) {
			waves, n := NewWaves(shown(c.changes)), 0
			for n < 1000 {
				n++
				if !waves.Another(c.applied(n - 1)) {
					break
				}
			}
			if n != c.want {
				t.Errorf("%d waves, want %d", n, c.want)
			}
		})
	}
}
