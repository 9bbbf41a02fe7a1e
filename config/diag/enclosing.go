package diag

import (
	"cmp"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/spotsync/spotsync/config/scan"
)

// outlines are the top-level blocks of files, found when the first place in a file is asked for.
type outlines map[string][]outline

// outline is a top-level block: its header, such as `playlist "morning"`, and where its braces are.
type outline struct {
	header     string
	open, shut int // offsets
}

// enclosing is the header of the top-level block that holds rng; empty outside of any and in a header itself.
func (o outlines) enclosing(src []byte, rng hcl.Range) string {
	blocks, known := o[rng.Filename]
	if !known {
		blocks = outlinesOf(src)
		o[rng.Filename] = blocks
	}
	i, found := slices.BinarySearchFunc(blocks, rng.Start.Byte, func(b outline, at int) int { return cmp.Compare(b.open, at) })
	if !found {
		i--
	}
	if i < 0 || rng.Start.Byte > blocks[i].shut {
		return ""
	}
	return blocks[i].header
}

func outlinesOf(src []byte) []outline {
	if scan.Source(src, scan.File).Reason != scan.None {
		return nil // more than HCL's scanner should be given; what is wrong with it has no need of a block's name
	}
	tokens, _ := hclsyntax.LexConfig(src, "", hcl.InitialPos)
	var blocks []outline
	depth, header, heading := 0, "", true
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			if depth++; depth == 1 {
				blocks = append(blocks, outline{header, t.Range.Start.Byte, len(src)})
			}
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd:
			if depth--; depth <= 0 {
				if len(blocks) > 0 && depth == 0 {
					blocks[len(blocks)-1].shut = t.Range.Start.Byte
				}
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
					text = QuoteHCL(text)
				}
				if header != "" {
					header += " "
				}
				header += text
			}
		}
	}
	return blocks
}
