package auth

import "time"

// Ends returns when the refresh token dies: six calendar months after the user agreed, however often it is used. No answer
// says so, hence AuthorizedAt; without it the end is not known and ok is false.
// Spotify: blog/2026-06-18-refresh-token-expiration.
//
// A month without that day ends on its last one, the earlier of the two readings.
func (t Token) Ends() (end time.Time, ok bool) {
	if t.AuthorizedAt.IsZero() {
		return time.Time{}, false
	}
	at := t.AuthorizedAt.UTC()
	end = at.AddDate(0, 6, 0)
	if end.Day() != at.Day() { // 31 August: AddDate runs over into March
		end = end.AddDate(0, 0, -end.Day())
	}
	return end, true
}

// Level is how near a login's end is: the lowest threshold reached, in order, so that a daemon speaks when it grows.
type Level int

// The levels, named after the days left.
const (
	LevelNone Level = iota
	Level30
	Level14
	Level7
	Level3
	Level1
	LevelEnded
)

// Loud reports whether the end is so near (a week) that it must not be overlooked.
func (l Level) Loud() bool { return l >= Level7 }

// Countdown returns the whole days left, never more than there are and zero at the end, and the level reached.
func Countdown(ends, now time.Time) (days int, notice Level) {
	const day = 24 * time.Hour
	left := ends.Sub(now)
	if left <= 0 {
		return 0, LevelEnded
	}
	for i, n := range [...]time.Duration{30, 14, 7, 3, 1} {
		if left <= n*day {
			notice = Level30 + Level(i)
		}
	}
	return int(left / day), notice
}
