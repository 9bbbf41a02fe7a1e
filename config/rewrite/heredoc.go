package rewrite

import (
	"bytes"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// heredoc is where a heredoc that is not part of another begins and ends, with its marks.
type heredoc struct{ start, end int }

func heredocsOf(src []byte) []heredoc {
	tokens, _ := hclsyntax.LexConfig(src, "", hcl.InitialPos)
	var found []heredoc
	depth := 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOHeredoc:
			if depth == 0 {
				found = append(found, heredoc{start: t.Range.Start.Byte})
			}
			depth++
		case hclsyntax.TokenCHeredoc:
			if depth--; depth == 0 {
				found[len(found)-1].end = t.Range.End.Byte
			}
		}
	}
	return found
}

// takeHeredocs is src with heredocs that have no text, and the ones it had. A heredoc is text up to its last byte; to the
// formatter the brackets of an interpolation in it, which may go over several lines, are brackets of the file.
func takeHeredocs(src []byte) (without []byte, taken [][]byte) {
	at := 0
	for _, h := range heredocsOf(src) {
		whole := src[h.start:h.end]
		first, last := bytes.IndexByte(whole, '\n'), bytes.LastIndexByte(whole, '\n')
		without = slices.Concat(without, src[at:h.start], whole[:first], whole[last:])
		taken = append(taken, whole)
		at = h.end
	}
	return append(without, src[at:]...), taken
}

// putHeredocs puts back what was taken. It reports false if there are not as many places.
func putHeredocs(src []byte, taken [][]byte) ([]byte, bool) {
	places := heredocsOf(src)
	if len(places) != len(taken) {
		return nil, false
	}
	var out []byte
	at := 0
	for i, p := range places {
		out = slices.Concat(out, src[at:p.start], taken[i])
		at = p.end
	}
	return append(out, src[at:]...), true
}
