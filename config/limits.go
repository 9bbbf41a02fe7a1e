package config

import (
	"bytes"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/meter"
	"github.com/spotsync/spotsync/config/scan"
)

// What a configuration may ask of the computer. All are far above what a person writes, and low enough that a small file
// can't use up memory or time: HCL's parser and evaluator recurse, and neither stops by itself.
const (
	maxNesting   = scan.MaxDepth  // brackets, quotes and blocks inside each other
	maxTokens    = scan.MaxTokens // of one file, but for lists of songs: HCL keeps a few hundred bytes for each
	maxChain     = 1000           // operators, indexes and calls in a row without a comma or a line's end between
	maxInstances = 1000           // of one block with for_each
	maxItems     = 10_000         // of one playlist: Spotify's limit
	maxAllItems  = 1_000_000      // of all playlists together
	maxRow       = scan.MaxRow    // words and signs without a comma or a line's end between
	maxLines     = scan.MaxLines  // of one heredoc
)

// excess is what is too much about source, before anything but its bytes has been looked at.
type excess scan.Excess

// checkSize finds source that HCL's scanner and parser would need too much memory for.
func checkSize(src []byte) *excess { return excessOf(scan.Source(src, scan.File)) }

func excessOf(e scan.Excess) *excess {
	if e.Reason == scan.None {
		return nil
	}
	return (*excess)(&e)
}

// problem is what to tell of it about a file.
func (e *excess) problem(name string) *hcl.Diagnostic {
	rng := hcl.Range{Filename: name, Start: hcl.Pos{Line: e.Line, Column: e.Column, Byte: e.Byte}, End: hcl.Pos{Line: e.Line, Column: e.Column + 1, Byte: e.Byte + 1}}
	switch e.Reason {
	case scan.TooDeep:
		return tooDeep(rng)
	case scan.TooManyDigits:
		return diag.Error(rng, "Number too large", "A number can have ten thousand digits at most.")
	case scan.NotUTF8:
		return notUTF8(rng)
	case scan.TooManyInARow:
		return diag.Error(rng, "Expression too long", fmt.Sprintf("There are more than %s words and signs here without a comma or the end of a line between them.", meter.Count(maxRow)))
	case scan.TooManyLines:
		return diag.Error(rng, "Text too long", fmt.Sprintf("This text of several lines (<<) has more than %s lines here. Keep it in a file, and read it with file(\"…\"); if it was to end before, its end mark is missing.", meter.Count(maxLines)))
	}
	return diag.Error(rng, "Too much in one file", fmt.Sprintf("There are more than %s words and signs in this file, lists of songs aside. "+
		"Split it, or keep long lists in a text or CSV file and read them with tracks_file(\"…\").", meter.Count(maxTokens)))
}

func notUTF8(rng hcl.Range) *hcl.Diagnostic {
	return diag.Error(rng, "Not UTF-8", "There is a byte here that is not UTF-8 text. Save the file as UTF-8.")
}

func tooDeep(rng hcl.Range) *hcl.Diagnostic {
	return diag.Error(rng, "Nested too deeply", fmt.Sprintf("There are more than %d brackets, quotes and blocks inside each other here.", maxNesting))
}

// checkNesting refuses source whose nesting would exhaust the parser's stack. It looks at tokens alone. spare is how much
// to stay below the limits, for what tokens leaves out.
func checkNesting(tokens hclsyntax.Tokens, spare int) *hcl.Diagnostic {
	chains := []int{0}     // chain length, a level each
	byLine := []bool{true} // does a newline end the chain at this level?
	for _, t := range tokens {
		top := len(chains) - 1
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc,
			hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			chains[top]++ // a[0][0]…, f()()…, %{if}%{if}…
			if len(chains) > maxNesting-spare {
				return tooDeep(t.Range)
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
			return diag.Error(t.Range, "Expression too long", fmt.Sprintf("There are more than %d operators in a row here. "+
				"Split the expression with locals.", maxChain))
		}
	}
	return nil
}
