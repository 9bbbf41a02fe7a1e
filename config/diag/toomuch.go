package diag

import (
	"bytes"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/spotsync/spotsync/config/scan"
)

// maxChain is how many operators, indexes and calls may stand in a row without a comma or a line's end between: HCL's parser
// and evaluator recurse, and neither stops by itself.
const maxChain = 1000

// TooLarge is what to tell of a file that is more than HCL's scanner and parser should be given; nil where it isn't.
func TooLarge(e scan.Excess, name string) *hcl.Diagnostic {
	if e.Reason == scan.None {
		return nil
	}
	rng := hcl.Range{Filename: name, Start: hcl.Pos{Line: e.Line, Column: e.Column, Byte: e.Byte}, End: hcl.Pos{Line: e.Line, Column: e.Column + 1, Byte: e.Byte + 1}}
	switch e.Reason {
	case scan.TooDeep:
		return nested(rng)
	case scan.TooManyDigits:
		return Error(rng, "Number too large", "A number can have ten thousand digits at most.")
	case scan.NotUTF8:
		return NotUTF8(rng)
	case scan.TooManyInARow:
		return Error(rng, "Expression too long", fmt.Sprintf("There are more than %s words and signs here without a comma or the end of a line between them.", Count(scan.MaxRow)))
	case scan.TooManyLines:
		return Error(rng, "Text too long", fmt.Sprintf("This text of several lines (<<) has more than %s lines here. Keep it in a file, and read it with file(\"…\"); if it was to end before, its end mark is missing.", Count(scan.MaxLines)))
	}
	return Error(rng, "Too much in one file", fmt.Sprintf("There are more than %s words and signs in this file, lists of songs aside. "+
		"Split it, or keep long lists in a text or CSV file and read them with tracks_file(\"…\").", Count(scan.MaxTokens)))
}

// NotUTF8 is what to tell of a byte that is no text.
func NotUTF8(rng hcl.Range) *hcl.Diagnostic {
	return Error(rng, "Not UTF-8", "There is a byte here that is not UTF-8 text. Save the file as UTF-8.")
}

func nested(rng hcl.Range) *hcl.Diagnostic {
	return Error(rng, "Nested too deeply", fmt.Sprintf("There are more than %d brackets, quotes and blocks inside each other here.", scan.MaxDepth))
}

// TooDeep refuses source whose nesting would exhaust the parser's stack. It looks at tokens alone. spare is how much
// to stay below the limits, for what tokens leaves out.
func TooDeep(tokens hclsyntax.Tokens, spare int) *hcl.Diagnostic {
	chains := []int{0}     // chain length, a level each
	byLine := []bool{true} // does a newline end the chain at this level?
	for _, t := range tokens {
		top := len(chains) - 1
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc,
			hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			chains[top]++ // a[0][0]…, f()()…, %{if}%{if}…
			if len(chains) > scan.MaxDepth-spare {
				return nested(t.Range)
			}
			chains, byLine = append(chains, 0), append(byLine, t.Type == hclsyntax.TokenOBrace)
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			if top > 0 {
				chains, byLine = chains[:top], byLine[:top]
			}
		case hclsyntax.TokenComma:
			chains[top] = 0
		case hclsyntax.TokenNewline:
			if byLine[top] {
				chains[top] = 0
			}
		case hclsyntax.TokenIdent, hclsyntax.TokenNumberLit, hclsyntax.TokenQuotedLit, hclsyntax.TokenStringLit, hclsyntax.TokenEOF:
		case hclsyntax.TokenComment:
			if byLine[top] && bytes.HasSuffix(t.Bytes, []byte("\n")) {
				chains[top] = 0
			}
		default:
			chains[top]++
		}
		if top = len(chains) - 1; chains[top] > maxChain-spare {
			return Error(t.Range, "Expression too long", fmt.Sprintf("There are more than %d operators in a row here. "+
				"Split the expression with locals.", maxChain))
		}
	}
	return nil
}
