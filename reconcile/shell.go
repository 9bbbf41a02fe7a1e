package reconcile

import (
	"regexp"
	"strings"
)

// ShellQuote is a text as one word of a shell's command line, for advice that people copy: an address may have brackets and
// quotes.
func ShellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// LoginFlag is what "spotsync login" needs after it for an account.
func LoginFlag(label string) string {
	switch {
	case label == DefaultAccount:
		return ""
	case plainWord.MatchString(label):
		return " --account " + label
	}
	return " --account " + ShellQuote(label)
}
