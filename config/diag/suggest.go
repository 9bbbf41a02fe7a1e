package diag

import (
	"fmt"
	"strings"

	"github.com/agext/levenshtein"
)

// maxSuggested is how long a name may be, in bytes, for a suggestion: comparing two takes a time that grows with the square.
const maxSuggested = 200

// Nearest is the name within two edits of given, if there is one; of several the nearest, then the first of names. A short
// one has to be closer: anything is near to "foo".
func Nearest(given string, names []string) string {
	if len(given) > maxSuggested {
		return ""
	}
	best, distance := "", min(3, len(given)/2+1)
	for _, name := range names {
		if len(name) > 4*len(given)+8 {
			continue
		}
		d := levenshtein.Distance(strings.ToLower(given), strings.ToLower(name), nil)
		if d < distance && d < max(len(name), 2) {
			best, distance = name, d
		}
	}
	return best
}

// DidYouMean is a sentence with a leading space, or nothing.
func DidYouMean(given string, names []string) string {
	if name := Nearest(given, names); name != "" {
		return fmt.Sprintf(" Did you mean %q?", name)
	}
	return ""
}

// QuotedList is `"a", "b" or "c"`.
func QuotedList(names []string) string {
	var b strings.Builder
	for i, name := range names {
		switch {
		case i > 0 && i == len(names)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", name)
	}
	return b.String()
}
