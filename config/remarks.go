package config

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/spotsync/spotsync/spotify"
)

// comment is one that stands at the end of a line behind something.
type comment struct {
	end  int // offset of the end of that thing
	text string
}

// remarkBehind is the remark behind what has that range; empty without one.
func (m *Module) remarkBehind(rng hcl.Range) string {
	all := m.remarks[rng.Filename]
	i, found := slices.BinarySearchFunc(all, rng.End.Byte, func(r comment, end int) int { return cmp.Compare(r.end, end) })
	if !found {
		return ""
	}
	return all[i].text
}

// remarksOf are the remarks among tokens, in their order. A comma between does not count: it is how a list of songs with
// their names looks.
func remarksOf(tokens hclsyntax.Tokens) []comment {
	var found []comment
	end, line := -1, 0 // of the last token that says something
	for i, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenComma, hclsyntax.TokenNewline:
		case hclsyntax.TokenComment:
			lineEnds := strings.HasSuffix(string(t.Bytes), "\n") || i+1 < len(tokens) &&
				(tokens[i+1].Type == hclsyntax.TokenNewline || tokens[i+1].Type == hclsyntax.TokenEOF)
			if text := remarkText(string(t.Bytes)); end >= 0 && line == t.Range.Start.Line && lineEnds && text != "" {
				found = append(found, comment{end, text})
			}
		default:
			end, line = t.Range.End.Byte, t.Range.End.Line
		}
	}
	return found
}

// named is what a comment calls a song.
type named struct {
	at   int // offset of the comment
	uri  spotify.URI
	text string
}

// namesOf are what comments call the songs that stand alone on their line, wherever in the files that is: a list put
// together from others still has names for people.
func namesOf(tokens hclsyntax.Tokens) []named {
	var found []named
	var uris []spotify.URI // on this line
	line := 0
	for _, t := range tokens {
		if t.Range.Start.Line != line {
			uris, line = nil, t.Range.Start.Line
		}
		switch t.Type {
		case hclsyntax.TokenQuotedLit:
			if uri, ok := song(string(t.Bytes)); ok {
				uris = append(uris, uri)
			}
		case hclsyntax.TokenComment:
			if text := remarkText(string(t.Bytes)); len(uris) == 1 && text != "" {
				found = append(found, named{t.Range.Start.Byte, uris[0], text})
			}
		}
	}
	return found
}

// song is the track or episode that text names.
func song(text string) (spotify.URI, bool) {
	ref, err := spotify.ParseRef(text)
	if err != nil || ref.Kind != "" && ref.Kind != spotify.KindTrack && ref.Kind != spotify.KindEpisode {
		return "", false
	}
	return ref.URI(spotify.KindTrack), true
}

func remarkText(comment string) string {
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
	if text = strings.TrimSpace(text); !strings.Contains(text, "  ") && !strings.ContainsFunc(text, func(r rune) bool {
		return r != ' ' && unicode.IsSpace(r) || unicode.IsControl(r)
	}) {
		return text // as nearly every text is
	}
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}
