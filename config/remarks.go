package config

import (
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// remarks are the comments that stand at the end of a line behind something, by the offset of the end of that thing.
// A comma between does not count: it is how a list of songs with their names looks.
func remarks(tokens hclsyntax.Tokens) map[int]string {
	found := map[int]string{}
	end, line := -1, 0 // of the last token that says something
	for i, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenComma:
		case hclsyntax.TokenComment:
			lineEnds := strings.HasSuffix(string(t.Bytes), "\n") || i+1 < len(tokens) &&
				(tokens[i+1].Type == hclsyntax.TokenNewline || tokens[i+1].Type == hclsyntax.TokenEOF)
			if text := remark(string(t.Bytes)); end >= 0 && line == t.Range.Start.Line && lineEnds && text != "" {
				found[end] = text
			}
		default:
			end, line = t.Range.End.Byte, t.Range.End.Line
		}
	}
	return found
}

func remark(comment string) string {
	comment = strings.TrimSpace(comment)
	if inner, ok := strings.CutPrefix(comment, "/*"); ok {
		comment = strings.TrimSuffix(inner, "*/")
	} else {
		comment = strings.TrimLeft(strings.TrimPrefix(comment, "//"), "#")
	}
	return plain(comment)
}

// plain is text without control characters and doubled spaces, safe to show on one line of a terminal.
func plain(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}
