package config

import (
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/spotsync/spotsync/spotify"
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

// said adds to names what comments call the songs that stand alone on their line, wherever in the files that is: a list
// put together from others still has names for people. The first one to name a song is right.
func said(tokens hclsyntax.Tokens, names map[spotify.URI]string) {
	var uris []spotify.URI // on this line
	line := 0
	for _, t := range tokens {
		if t.Range.Start.Line != line {
			uris, line = nil, t.Range.Start.Line
		}
		switch t.Type {
		case hclsyntax.TokenQuotedLit:
			if ref, err := spotify.ParseRef(string(t.Bytes)); err == nil && (ref.Kind == "" || ref.Kind == spotify.KindTrack || ref.Kind == spotify.KindEpisode) {
				uris = append(uris, ref.URI(spotify.KindTrack))
			}
		case hclsyntax.TokenComment:
			if text := remark(string(t.Bytes)); len(uris) == 1 && names[uris[0]] == "" && text != "" {
				names[uris[0]] = text
			}
		}
	}
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
