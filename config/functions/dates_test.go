package functions

import (
	"testing"
	"time"
)

// TestSpan: months are counted on the calendar.
func TestSpan(t *testing.T) {
	for _, tt := range []struct{ day, span, want string }{
		{"2026-03-31", "1mo", "2026-02-28"},
		{"2024-03-31", "1mo", "2024-02-29"},
		{"2024-02-29", "1y", "2023-02-28"},
		{"2026-01-15", "2mo", "2025-11-15"},
		{"2026-01-15", "14mo", "2024-11-15"},
		{"2026-03-01", "1d", "2026-02-28"},
		{"2026-03-01", "0d", "2026-03-01"},
		{"2026-03-01", "2w", "2026-02-15"},
	} {
		day, err := parseDate(tt.day)
		if err != nil {
			t.Fatal(err)
		}
		s, err := parseSpan(tt.span)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.before(day).Format(time.DateOnly); got != tt.want {
			t.Errorf("%s before %s is %s, want %s", tt.span, tt.day, got, tt.want)
		}
	}
}
