package spotify

import "strings"

// NormalISRC is an ISRC as it is compared: in capitals, without hyphens and spaces. Spotify's data has it in either case, and
// people copy it with hyphens.
func NormalISRC(code string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, code)
}
