// Package words turns counts, names and errors into text that is safe to show and reads well. It steers no terminal and knows
// nothing of playlists.
package words

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Printable makes somebody else's text safe to show on one line: names come from Spotify, where anybody may have written
// them. Control characters are written out, so no terminal obeys them; characters that can't be seen or that turn the
// direction of text are left out, but for those that hold an emoji or a word together; piles of accents are cut.
func Printable(s string) string {
	var b strings.Builder
	marks := 0
	var last rune
	for i, r := range s {
		joins := (r == '\u200d' || r == '\u200c') && last >= 0x80 && followed(s[i+utf8.RuneLen(r):])
		switch {
		case r == utf8.RuneError:
			b.WriteRune(utf8.RuneError)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsControl(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case joins:
			b.WriteRune(r)
		case unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp), unicode.Is(unicode.Noncharacter_Code_Point, r):
			continue
		case unicode.In(r, unicode.Mn, unicode.Me):
			if marks++; marks > 4 {
				continue
			}
			b.WriteRune(r)
			last = r
			continue
		case r == '\u00a0' || unicode.Is(unicode.Zs, r):
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
		marks, last = 0, r
	}
	return b.String()
}

// followed reports whether text goes on with a character that a joiner can join.
func followed(rest string) bool {
	r, _ := utf8.DecodeRuneInString(rest)
	return r >= 0x80 && r != utf8.RuneError && unicode.IsGraphic(r) && !unicode.IsSpace(r)
}

// Quoted is a name or description as the files write it.
func Quoted(s string) string {
	return `"` + strings.ReplaceAll(Printable(s), `"`, `\"`) + `"`
}

// QuotedPair is two of them so that the difference shows, even where it is in what can't be seen.
func QuotedPair(old, new string) (string, string) {
	a, b := Quoted(old), Quoted(new)
	if a == b && old != new {
		return fmt.Sprintf("%+q", old), fmt.Sprintf("%+q", new)
	}
	return a, b
}

// Width is how many columns of a terminal a text takes.
func Width(s string) int { return uniseg.StringWidth(s) }

// Cut shortens a text to a number of columns, at least 1; 0 or less cuts nothing.
func Cut(s string, width int) string {
	if width <= 0 || Width(s) <= width {
		return s
	}
	used, end := 0, 0
	for rest, state := s, -1; rest != ""; {
		var cluster string
		var w int
		cluster, rest, w, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if used+w > width-1 {
			break
		}
		used += w
		end += len(cluster)
	}
	return strings.TrimRight(s[:end], " ") + "…"
}

// FromDifference leaves out the beginning of two long texts if they share it, so that cutting them does not cut off what
// differs.
func FromDifference(a, b string, width int) (string, string) {
	same, seen := 0, "" // bytes, and what they show
	for rest, state := a, -1; rest != ""; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if !strings.HasPrefix(b[same:], cluster) {
			break
		}
		same += len(cluster)
		seen = a[:same]
	}
	if Width(seen) < width*2/3 {
		return a, b
	}
	if space := strings.LastIndexByte(strings.TrimRight(seen, " "), ' '); space > 0 && Width(seen[space:]) < width/3 {
		same = space + 1
	}
	return "…" + a[same:], "…" + b[same:]
}

// Pad fills a text up to a number of columns.
func Pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-Width(s)))
}

// Wrap breaks prose into lines of at most width columns; 0 breaks nothing but keeps what is broken.
func Wrap(s string, width int) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(s, "\n") {
		line := ""
		for word := range strings.SplitSeq(paragraph, " ") {
			if line != "" && width > 0 && Width(line)+1+Width(word) > width {
				lines = append(lines, line)
				line = word
				continue
			}
			if line != "" || word == "" {
				line += " "
			}
			line += word
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return lines
}

// Prose is a message that may hold somebody's names, safe to show; its own line breaks stay.
func Prose(s string) string {
	parts := strings.Split(s, "\n")
	for i := range parts {
		parts[i] = Printable(parts[i])
	}
	return strings.Join(parts, "\n")
}

// Sentence is prose with a capital and a full stop.
func Sentence(s string) string {
	s = Prose(strings.TrimSpace(s))
	if s == "" {
		return s
	}
	first, size := utf8.DecodeRuneInString(s)
	if word, _, _ := strings.Cut(s, " "); !strings.ContainsAny(word, ":/.()_\"'") {
		s = string(unicode.ToUpper(first)) + s[size:]
	}
	if !strings.HasSuffix(s, ".") && !strings.Contains(s[strings.LastIndexByte(s, ':')+1:], " spotsync ") { // a command is to be copied
		s += "."
	}
	return s
}

func Plural(n int, what string) string { return Counted(n, what, what+"s") }

func Counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// FromError is an error as people read it: with a capital and a full stop.
func FromError(err error) string {
	s := strings.TrimSpace(err.Error())
	if s == "" {
		return s
	}
	s = Capital(s)
	if !strings.HasSuffix(s, ".") && !strings.Contains(s, "\n") {
		s += "."
	}
	return s
}

// Capital is a text as it begins a sentence. Names and addresses stay as they are.
func Capital(s string) string {
	if s == "" {
		return s
	}
	first, _, _ := strings.Cut(s, " ")
	if strings.ContainsAny(first, ":/.()_\"'") || strings.HasPrefix(first, "spotsync") {
		return s
	}
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
