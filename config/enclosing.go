package config

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// enclosing is the header of the top-level block that holds rng, such as `playlist "morning"`; empty outside of any and in a header itself.
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
	if depth <= 0 {
		return "" // the quoted line is the header, or in no block
	}
	return header
}
