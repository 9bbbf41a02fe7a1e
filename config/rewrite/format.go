// Package rewrite writes HCL back into files people keep: what spotsync changes there leaves every other byte alone.
//
//	format.go   "spotsync fmt"
//	heredoc.go  texts of several lines, which a formatter has no business with
package rewrite

import (
	"bytes"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/textfile"
)

var (
	bom  = []byte("\ufeff")
	crlf = []byte("\r\n")
	lf   = []byte("\n")
)

// Format lays configuration source out in the one canonical way, as Terraform's fmt does. It moves and drops nothing but
// white space between tokens, so that what it returns means the same. Formatting what is formatted changes nothing. A byte
// order mark stays, and so do Windows line ends where the first line has one; others, a CR alone too, become like it, except in a
// heredoc, which stays as it is. Source that does not parse comes back as it was, with the reasons.
func Format(src []byte, filename string) ([]byte, hcl.Diagnostics) {
	if diags := config.CheckSyntax(src, filename); diags.HasErrors() {
		return src, diags
	}
	text, marked := bytes.CutPrefix(textfile.Lines(src), bom)
	out, heredocs := takeHeredocs(text)
	windows := usesCRLF(text)
	out = bytes.ReplaceAll(out, crlf, lf)
	const looks = 4 // the formatter needs a second look where it joined what it had to align
	for range looks {
		again := hclwrite.Format(out)
		if bytes.Equal(again, out) {
			break
		}
		out = again
	}
	if windows {
		out = bytes.ReplaceAll(out, lf, crlf)
	}
	out, ok := putHeredocs(out, heredocs)
	if !ok || !alike(text, out) {
		return src, nil // never make another file of it
	}
	if marked {
		out = append(bytes.Clone(bom), out...)
	}
	return out, nil
}

func usesCRLF(src []byte) bool {
	i := bytes.IndexByte(src, '\n')
	return i > 0 && src[i-1] == '\r'
}

// alike reports whether two sources are the same tokens, and the second can be parsed.
func alike(before, after []byte) bool {
	if _, diags := hclsyntax.ParseConfig(after, "", hcl.InitialPos); diags.HasErrors() {
		return false
	}
	return slices.EqualFunc(tokensOf(before), tokensOf(after), func(a, b hclsyntax.Token) bool {
		return a.Type == b.Type && bytes.Equal(a.Bytes, b.Bytes)
	})
}

// tokensOf are a source's tokens, with one kind of line end where it means nothing.
func tokensOf(src []byte) hclsyntax.Tokens {
	tokens, _ := hclsyntax.LexConfig(src, "", hcl.InitialPos)
	for i, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenNewline, hclsyntax.TokenComment:
			tokens[i].Bytes = bytes.ReplaceAll(t.Bytes, crlf, lf)
		}
	}
	return tokens
}
