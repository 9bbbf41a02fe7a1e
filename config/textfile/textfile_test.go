package textfile

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"
)

func encode16(order binary.AppendByteOrder, text string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return b
}

func TestDecodeReadsEveryEncodingAndLineEnd(t *testing.T) {
	const want = "Track URI,Title\nspotify:track:003vvx7Niy0yvhvHt4a68B,Für 愛 🎵\n\nb\n"
	for name, end := range map[string]string{"LF": "\n", "CRLF": "\r\n", "CR": "\r"} {
		text := strings.ReplaceAll(want, "\n", end)
		for encoding, data := range map[string][]byte{
			"UTF-8":                   []byte(text),
			"UTF-8 with a mark":       []byte("\ufeff" + text),
			"UTF-16 LE":               encode16(binary.LittleEndian, text),
			"UTF-16 BE":               encode16(binary.BigEndian, text),
			"UTF-16 LE with its mark": encode16(binary.LittleEndian, "\ufeff"+text),
			"UTF-16 BE with its mark": encode16(binary.BigEndian, "\ufeff"+text),
		} {
			if got, err := Decode(data); err != nil || got != want {
				t.Errorf("%s, %s: %q, %v", encoding, name, got, err)
			}
		}
	}
	if got, err := Decode([]byte("a\rb\r\nc\nd\r\r\n\n\re")); err != nil || got != "a\nb\nc\nd\n\n\n\ne" {
		t.Errorf("mixed: %q, %v", got, err)
	}
}

func TestDecodeRefusesWhatIsDamaged(t *testing.T) {
	cut := encode16(binary.LittleEndian, "\ufeffa\rb")
	tests := []struct {
		name string
		data []byte
		line int
		want string
	}{
		{"Latin-1", []byte("a\rb\r\nM\xfcller\n"), 3, "not UTF-8"},
		{"cut inside a character", []byte("a\nf\xc3"), 2, "not UTF-8"},
		{"a tail of zeros", append([]byte("a\r"+strings.Repeat("b", 100)), 0, 0, 0), 2, "NUL bytes"},
		{"zeros alone", make([]byte, 10), 1, "NUL bytes"},
		{"half a unit", cut[:len(cut)-1], 2, "cut short"},
		{"half a pair", encode16(binary.LittleEndian, "\ufeffa\n🎵")[:8], 2, "half a character"},
		{"UTF-32", []byte("\xff\xfe\x00\x00a\x00\x00\x00"), 1, "NUL bytes"},
	}
	for _, test := range tests {
		text, err := Decode(test.data)
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Line != test.line || !strings.Contains(e.Message, test.want) || text != "" {
			t.Errorf("%s: %q, %v; want line %d, %q", test.name, text, err, test.line, test.want)
		}
	}
}

func TestLinesKeepsEveryByteAtItsPlace(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a\nb": "a\nb", "a\r\nb\r\n": "a\r\nb\r\n", "a\rb\r": "a\nb\n", "a\r\r\nb\r": "a\n\r\nb\n", "\r": "\n",
	} {
		if got := string(Lines([]byte(in))); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	src := []byte("a\rb")
	Lines(src)
	if string(src) != "a\rb" {
		t.Error("the argument was changed")
	}
}
