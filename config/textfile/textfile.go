// Package textfile turns the bytes of a text file, as any system's programs write them, into text with one kind of line end.
package textfile

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Error is why a file is not text, and where that shows.
type Error struct {
	Line    int // from 1; 0 when it is the whole file
	Message string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Message)
}

// Decode is the text of a file. It reads UTF-8 and UTF-16, with or without a byte order mark, which is no part of the text. CRLF
// and a CR alone become LF: a program that knows only some line ends would take several lines for one. What is damaged is
// an *[Error], never a part of the text.
func Decode(data []byte) (string, error) {
	text, err := decode(data)
	if err != nil {
		return "", err
	}
	text = Unix(text)
	if at := strings.IndexByte(text, 0); at >= 0 {
		return "", &Error{lineOf(text[:at]), "there are NUL bytes here, so the file is damaged or is not text; write it again, as UTF-8"}
	}
	return text, nil
}

// Unix is text with LF for every line end: CRLF, and a CR alone, as spreadsheets on macOS write it.
func Unix(text string) string {
	if strings.IndexByte(text, '\r') < 0 {
		return text
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

// Lines has LF for each CR that stands alone. Every byte stays at its place, and CRLF stays as it is.
func Lines(src []byte) []byte {
	var out []byte // only when there is something to change
	for from := 0; ; {
		at := bytes.IndexByte(src[from:], '\r')
		if at < 0 {
			break
		}
		from += at + 1
		if from < len(src) && src[from] == '\n' {
			continue
		}
		if out == nil {
			out = bytes.Clone(src)
		}
		out[from-1] = '\n'
	}
	if out == nil {
		return src
	}
	return out
}

func decode(data []byte) (string, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		return decode16(data[2:], littleEndian)
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		return decode16(data[2:], bigEndian)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if order := unmarked16(data); order != nil {
		return decode16(data, order)
	}
	if !utf8.Valid(data) {
		valid := validPrefix(data)
		return "", &Error{lineOf(Unix(string(data[:valid]))), "there is a byte here that is not UTF-8; save the file as UTF-8"}
	}
	return string(data), nil
}

func littleEndian(a, b byte) uint16 { return uint16(a) | uint16(b)<<8 }
func bigEndian(a, b byte) uint16    { return uint16(a)<<8 | uint16(b) }

// unmarked16 is the byte order of UTF-16 without a mark, nil for anything else. Text of which much is ASCII, as URIs and
// delimiters are, has a zero in every second byte.
func unmarked16(data []byte) func(a, b byte) uint16 {
	var zeros [2]int
	sample := data[:min(len(data), 4096)]
	for i, b := range sample {
		if b == 0 {
			zeros[i%2]++
		}
	}
	switch least := len(sample) / 2 * 3 / 10; {
	case zeros[1] > least && zeros[0]*10 < zeros[1]:
		return littleEndian
	case zeros[0] > least && zeros[1]*10 < zeros[0]:
		return bigEndian
	}
	return nil
}

func decode16(data []byte, unit func(a, b byte) uint16) (string, error) {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = unit(data[2*i], data[2*i+1])
	}
	var b strings.Builder
	b.Grow(len(units))
	wrong := func(what string) (string, error) {
		return "", &Error{lineOf(Unix(b.String())), what}
	}
	for i := 0; i < len(units); i++ {
		r := rune(units[i])
		if utf16.IsSurrogate(r) {
			if i+1 < len(units) {
				r = utf16.DecodeRune(r, rune(units[i+1]))
			} else {
				r = utf8.RuneError
			}
			if r == utf8.RuneError {
				return wrong("there is half a character here, so this UTF-16 file is damaged; save it again, as UTF-8")
			}
			i++
		}
		b.WriteRune(r)
	}
	if len(data)%2 != 0 {
		return wrong("this UTF-16 file ends in the middle of a character: it was cut short; save it again, as UTF-8")
	}
	return b.String(), nil
}

// validPrefix is how many bytes of data are UTF-8.
func validPrefix(data []byte) int {
	at := 0
	for at < len(data) {
		r, n := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	return at
}

// lineOf is the line behind text, whose line ends are LF.
func lineOf(before string) int { return 1 + strings.Count(before, "\n") }
