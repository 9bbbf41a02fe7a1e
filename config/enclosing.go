package config

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// enclosing is the header of the top-level block that holds rng, such as `playlist "morning"`; empty outside of any.
func enclosing(src []byte, rng hcl.Range) string {
	tokens, _ := hclsyntax.LexConfig(src, rng.Filename, hcl.InitialPos)
	depth, header, heading := 0, "", true
	for _, t := range tokens {
		if t.Range.Start.Byte > rng.Start.Byte {
			break
		}
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd:
			if depth--; depth <= 0 && t.Range.Start.Byte < rng.Start.Byte {
				depth, header, heading = 0, "", true
			}
		case hclsyntax.TokenNewline, hclsyntax.TokenComment, hclsyntax.TokenEqual:
			if depth == 0 {
				header, heading = "", t.Type != hclsyntax.TokenEqual
			}
		case hclsyntax.TokenIdent, hclsyntax.TokenQuotedLit:
			if depth == 0 && heading {
				text := string(t.Bytes)
				if t.Type == hclsyntax.TokenQuotedLit {
					text = quoteHCL(text)
				}
				if header != "" {
					header += " "
				}
				header += text
			}
		}
	}
	if depth == 0 && !blockStarts(tokens, rng) {
		return ""
	}
	return header
}

// blockStarts reports whether rng is in the header of a block: a brace opens later on that line.
func blockStarts(tokens hclsyntax.Tokens, rng hcl.Range) bool {
	for _, t := range tokens {
		if t.Range.Start.Byte < rng.Start.Byte {
			continue
		}
		switch t.Type {
		case hclsyntax.TokenOBrace:
			return true
		case hclsyntax.TokenNewline, hclsyntax.TokenEqual:
			return false
		}
	}
	return false
}
