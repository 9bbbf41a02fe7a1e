// Package scan looks over HCL source before HCL's own scanner does, which keeps a hundred bytes for each token, and before
// its parser, which recurses: it finds out in constant memory how much there is and how deep it goes.
package scan

import (
	"bytes"
	"unicode/utf8"
)

// Limits are what a source may have.
type Limits struct {
	Depth  int // brackets, quotes and blocks inside each other
	Tokens int // words, numbers and signs; lines that hold one plain string and a comma don't count, nor do comments
	Digits int // of one number
	Row    int // words, numbers and signs without a comma or the end of a line between them; 0: any number
	Lines  int // of one heredoc; 0: any number
}

// What one file of a configuration may have. All are far above what a person writes.
const (
	MaxDepth  = 100
	MaxTokens = 1_000_000
	MaxDigits = 10_000
	MaxRow    = 10_000
	MaxLines  = 10_000
)

// File are the limits of one file of a configuration.
var File = Limits{Depth: MaxDepth, Tokens: MaxTokens, Digits: MaxDigits, Row: MaxRow, Lines: MaxLines}

// Reason is which limit a source goes beyond.
type Reason int

// The reasons; None is that of a source within all limits.
const (
	None Reason = iota
	TooDeep
	TooMuch
	TooManyDigits
	TooManyInARow
	TooManyLines
	NotUTF8
)

// Excess is where a source goes beyond a limit first.
type Excess struct {
	Reason             Reason
	Line, Column, Byte int // Line and Column from 1, Column in bytes
}

// Source looks over the source of a file.
func Source(src []byte, l Limits) Excess { return run(src, l, inCode) }

// Template looks over the source of a template, which is text with ${ … } in it.
func Template(src []byte, l Limits) Excess { return run(src, l, inTemplate) }

// mode is what a byte means.
type mode int

const (
	inCode     mode = iota
	inQuotes        // "…"
	inHeredoc       // <<END … END
	inTemplate      // the text of a file
)

// frame is a text or a ${ … } that has been opened and not yet closed.
type frame struct {
	mode        mode
	braces      int    // open in code
	marker      []byte // that ends a heredoc
	startOfLine bool   // of a heredoc: nothing but text stood in this line so far
	lines       int    // of a heredoc, so far
}

type scanner struct {
	src    []byte
	at     int
	limits Limits
	frames []frame
	depth  int
	tokens int
	row    int // tokens since a comma or the end of a line
	excess Excess

	lastEnd int // of a comment in all of the source, and one; 0: not looked for
}

func run(src []byte, l Limits, m mode) Excess {
	s := &scanner{src: src, limits: l, frames: []frame{{mode: m, startOfLine: true}}}
	if at := notUTF8(src); at >= 0 { // HCL's scanner takes the bytes behind one for parts of it, brackets too
		s.stop(NotUTF8, at)
		return s.excess
	}
	if bytes.HasPrefix(src, []byte("\ufeff")) {
		s.at = 3
	}
	for s.at < len(src) && s.excess.Reason == None {
		switch top := &s.frames[len(s.frames)-1]; top.mode {
		case inCode:
			s.code(top)
		case inQuotes:
			s.quotes()
		case inHeredoc:
			s.heredoc(top)
		case inTemplate:
			s.template()
		}
	}
	return s.excess
}

// notUTF8 is where the first byte is that belongs to no character; -1: nowhere.
func notUTF8(src []byte) int {
	if utf8.Valid(src) {
		return -1
	}
	for at := 0; ; {
		r, size := utf8.DecodeRune(src[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
}

// stop takes note of where a limit was passed.
func (s *scanner) stop(r Reason, at int) {
	if s.excess.Reason != None {
		return
	}
	before := s.src[:at]
	s.excess = Excess{Reason: r, Line: 1 + bytes.Count(before, []byte("\n")), Column: at - bytes.LastIndexByte(before, '\n'), Byte: at}
}

func (s *scanner) token() {
	if s.tokens++; s.tokens > s.limits.Tokens {
		s.stop(TooMuch, min(s.at, len(s.src)-1))
	}
	if s.row++; s.row > s.limits.Row && s.limits.Row > 0 {
		s.stop(TooManyInARow, min(s.at, len(s.src)-1))
	}
}

func (s *scanner) open() {
	if s.depth++; s.depth > s.limits.Depth {
		s.stop(TooDeep, s.at)
	}
}

func (s *scanner) shut() { s.depth = max(0, s.depth-1) }

func (s *scanner) push(f frame) { s.frames = append(s.frames, f) }

func (s *scanner) pop() {
	if len(s.frames) > 1 {
		s.frames = s.frames[:len(s.frames)-1]
	}
}

// code reads one token.
func (s *scanner) code(top *frame) {
	rest := s.src[s.at:]
	switch b := rest[0]; {
	case b == ' ' || b == '\t' || b == '\r':
		s.at++
	case b == '\n':
		s.at++
		s.token()
		s.row = 0
		for plain := plainLine(s.src[s.at:]); plain > 0 && s.excess.Reason == None; plain = plainLine(s.src[s.at:]) {
			s.open() // the string
			s.shut()
			s.at += plain
		}
	case b == ',':
		s.at++
		s.token()
		s.row = 0
	case b == '#', bytes.HasPrefix(rest, []byte("//")):
		s.at += lineLength(rest)
	case bytes.HasPrefix(rest, []byte("/*")) && s.closesComment():
		s.at += 2 + bytes.Index(rest[2:], []byte("*/")) + 2
	case b == '"':
		s.token()
		s.open()
		s.push(frame{mode: inQuotes})
		s.at++
	case b == '<':
		s.token()
		if marker, length := heredocStart(rest); length > 0 {
			s.open()
			s.push(frame{mode: inHeredoc, marker: marker, startOfLine: true})
			s.at += length
			return
		}
		s.at++
	case b == '{':
		s.token()
		s.open()
		top.braces++
		s.at++
	case b == '[' || b == '(':
		s.token()
		s.open()
		s.at++
	case b == ']' || b == ')':
		s.token()
		s.shut()
		s.at++
	case b == '}' || bytes.HasPrefix(rest, []byte("~}")):
		s.token()
		s.shut()
		if b == '~' {
			s.at++
		}
		s.at++
		if top.braces == 0 {
			s.pop() // it ends a ${
			return
		}
		top.braces--
	case isWord(b):
		n := 1
		for n < len(rest) && (isWord(rest[n]) || rest[n] == '-' || isDigit(b) && rest[n] == '.') {
			n++
		}
		if isDigit(b) && n > s.limits.Digits {
			s.stop(TooManyDigits, s.at)
		}
		s.token()
		s.at += n
	default:
		s.token()
		s.at++
	}
}

// closesComment reports whether a comment that begins here has an end. Without one its sign is no sign of a comment.
func (s *scanner) closesComment() bool {
	if s.lastEnd == 0 {
		s.lastEnd = max(1, 1+bytes.LastIndex(s.src, []byte("*/")))
	}
	return s.lastEnd > s.at+2
}

// interpolation reads what begins with $ or %: a ${ or %{ opens code, unless its sign stands twice.
func (s *scanner) interpolation() bool {
	rest := s.src[s.at:]
	sign := rest[0]
	switch {
	case len(rest) > 2 && rest[1] == sign && rest[2] == '{':
		s.at += 3
	case len(rest) > 1 && rest[1] == '{':
		s.token()
		s.open()
		s.at += 2
		s.push(frame{mode: inCode})
		return true
	default:
		s.at++
	}
	return false
}

func (s *scanner) quotes() {
	s.token()
	for s.at < len(s.src) && s.excess.Reason == None {
		switch s.src[s.at] {
		case '"':
			s.shut()
			s.pop()
			s.at++
			return
		case '\\':
			s.at++
			if s.at < len(s.src) && s.src[s.at] != '\n' && s.src[s.at] != '\r' {
				s.at++
			}
		case '$', '%':
			s.token()
			if s.interpolation() {
				return
			}
		case '\n':
			s.token()
			s.at++
		default:
			s.at++
		}
	}
}

func (s *scanner) heredoc(top *frame) {
	s.token()
	rest := s.src[s.at:]
	end := bytes.IndexAny(rest, "$%\n")
	switch {
	case end < 0:
		s.at = len(s.src)
	case rest[end] == '\n':
		s.at += end + 1
		if top.startOfLine && bytes.Equal(bytes.TrimSpace(rest[:end]), top.marker) {
			s.shut()
			s.pop()
			return
		}
		top.startOfLine, s.row = true, 0
		if top.lines++; top.lines > s.limits.Lines && s.limits.Lines > 0 {
			s.stop(TooManyLines, s.at-1)
		}
	default:
		top.startOfLine = false
		s.at += end
		s.interpolation()
	}
}

func (s *scanner) template() {
	s.token()
	sign := bytes.IndexAny(s.src[s.at:], "$%")
	if sign < 0 {
		s.at = len(s.src)
		return
	}
	s.at += sign
	s.interpolation()
}

// heredocStart is the marker of a heredoc that begins here, and how long its first line is.
func heredocStart(rest []byte) (marker []byte, length int) {
	if !bytes.HasPrefix(rest, []byte("<<")) {
		return nil, 0
	}
	at := 2
	if at < len(rest) && rest[at] == '-' {
		at++
	}
	start := at
	for at < len(rest) && (isWord(rest[at]) || at > start && rest[at] == '-') {
		at++
	}
	if at == start || isDigit(rest[start]) {
		return nil, 0
	}
	marker = rest[start:at]
	if at < len(rest) && rest[at] == '\r' {
		at++
	}
	if at == len(rest) || rest[at] != '\n' {
		return nil, 0
	}
	return marker, at + 1
}

// plainLine is the length of a line that holds one plain string and a comma, as lists of songs have them; else 0.
func plainLine(rest []byte) int {
	rest = rest[:lineLength(rest)]
	line := bytes.TrimLeft(rest, " \t")
	if len(line) == 0 || line[0] != '"' || line[len(line)-1] != '\n' {
		return 0
	}
	end := bytes.IndexByte(line[1:], '"')
	if end < 0 || bytes.ContainsAny(line[1:1+end], "\\$%") {
		return 0
	}
	after, comma := bytes.CutPrefix(bytes.TrimLeft(line[end+2:], " \t"), []byte(","))
	after = bytes.TrimSpace(after)
	if !comma || len(after) > 0 && after[0] != '#' && !bytes.HasPrefix(after, []byte("//")) {
		return 0
	}
	return len(rest)
}

// lineLength is the length of the first line, with its end.
func lineLength(rest []byte) int {
	if i := bytes.IndexByte(rest, '\n'); i >= 0 {
		return i + 1
	}
	return len(rest)
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

func isWord(b byte) bool {
	return isDigit(b) || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_' || b >= 0x80
}
