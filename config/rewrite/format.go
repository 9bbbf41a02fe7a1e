// Package rewrite writes HCL back into files people keep: what spotsync changes there leaves every other byte alone.
//
// A map: format.go is "spotsync fmt".
package rewrite

import (
	"bytes"

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

// Format lays configuration source out in the one canonical way, as Terraform's fmt does. Formatting what is formatted
// changes nothing. A byte order mark stays, and so do Windows line ends where the first line has one; others, a CR alone too,
// become like it.
// Source that does not parse comes back as it was, with the reasons.
func Format(src []byte, filename string) ([]byte, hcl.Diagnostics) {
	if diags := config.CheckSyntax(src, filename); diags.HasErrors() {
		return src, diags
	}
	text, marked := bytes.CutPrefix(textfile.Lines(src), bom)
	windows := usesCRLF(text)
	if windows {
		text = bytes.ReplaceAll(text, crlf, lf)
	}
	out := hclwrite.Format(text)
	if again := hclwrite.Format(out); !bytes.Equal(again, out) {
		out = again // the formatter needs a second look where it joined what it had to align
	}
	if windows {
		out = bytes.ReplaceAll(out, lf, crlf)
	}
	if marked {
		out = append(bytes.Clone(bom), out...)
	}
	if _, diags := hclsyntax.ParseConfig(out, filename, hcl.InitialPos); diags.HasErrors() {
		return src, nil // never make a sound file a broken one
	}
	return out, nil
}

func usesCRLF(src []byte) bool {
	i := bytes.IndexByte(src, '\n')
	return i > 0 && src[i-1] == '\r'
}
