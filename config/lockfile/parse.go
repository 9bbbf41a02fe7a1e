package lockfile

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/spotsync/spotsync/config/scan"
	"github.com/spotsync/spotsync/config/textfile"
)

// maxSize is more than ten times what the largest account Spotify allows would need.
const maxSize = 16 << 20

var (
	conflictRE = regexp.MustCompile(`(?m)^(<{7}|={7}|>{7}|\|{7})(\s.*)?$`)
	versionRE  = regexp.MustCompile(`(?m)^version[ \t]*=[ \t]*([0-9]+)[ \t]*$`)
	endRE      = regexp.MustCompile(`(?m)^end[ \t]*\{[ \t]*\}[ \t]*$`)
)

// Parse reads a lock file; filename is for messages. Nothing half-read is ever returned: what is cut short, in conflict,
// claimed twice or not ours is a *ParseError with its line and a way out, a newer format a *VersionError, and one playlist at
// two addresses a *DuplicateIDError.
func Parse(data []byte, filename string) (*File, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	data = textfile.Lines(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")))
	p := parser{filename: filename}
	if err := p.whole(data); err != nil {
		return nil, err
	}
	if err := p.plain(data); err != nil {
		return nil, err
	}
	file, diags := hclsyntax.ParseConfig(data, filename, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, p.diagnostic(diags)
	}
	return p.file(file.Body.(*hclsyntax.Body))
}

// parser knows what is being read, for messages.
type parser struct{ filename string }

func (p parser) errorf(line int, todo, what string, args ...any) error {
	return &ParseError{Filename: p.filename, Line: line, What: fmt.Sprintf(what, args...), Todo: todo}
}

// broken is a line that spotsync never wrote so.
func (p parser) broken(line int, what string, args ...any) error {
	return p.errorf(line, fmt.Sprintf(wayOut, p.filename), what, args...)
}

// whole finds out whether this is a lock file of ours, from its first line to its last.
func (p parser) whole(data []byte) error {
	back := fmt.Sprintf(wayBack, p.filename)
	line := func(at int) int { return 1 + bytes.Count(data[:at], []byte("\n")) }
	if len(data) > maxSize {
		return p.errorf(0, back, "it has %d MiB, which no lock file has", len(data)>>20)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return p.errorf(0, back+"; only if there never was a playlist in it, delete it", "it is empty: it was cut short")
	}
	if at := conflictRE.FindIndex(data); at != nil {
		return p.errorf(line(at[0]), "keep the blocks of both sides, and where both have one for the same address, the one whose playlist you want (the other stays on Spotify); then remove the lines that begin with <<<<<<<, ||||||| (and what follows up to the next), ======= and >>>>>>>, and run \"spotsync plan\"",
			"git could not merge it: two branches changed the same lines")
	}
	m := versionRE.FindSubmatchIndex(data)
	if m == nil {
		if bytes.HasPrefix(data, []byte(headerStart)) || bytes.HasPrefix([]byte(headerStart), data) {
			return p.errorf(0, back, "it was cut short: its version is missing")
		}
		return p.errorf(0, "it was left alone; name another file with --lock-file, or move this one away", "it is not a lock file of spotsync's")
	}
	found := string(data[m[2]:m[3]])
	switch n, err := strconv.Atoi(found); {
	case err != nil || n > Version: // the digits alone can only be too many
		return &VersionError{Filename: p.filename, Found: found}
	case n < 1:
		return p.broken(line(m[2]), "version %s never was", found)
	}
	ends := endRE.FindAllIndex(data, -1)
	if len(ends) == 0 {
		return p.errorf(line(len(bytes.TrimSpace(data))), back, `it was cut short here: the last line, "end {}", is missing`)
	}
	last := ends[len(ends)-1]
	if rest := bytes.TrimSpace(data[last[1]:]); len(rest) > 0 {
		return p.errorf(line(last[0]), `move it above "end {}"`, `something follows the line that ends the file`)
	}
	if len(ends) > 1 {
		return p.errorf(line(ends[0][0]), "keep the last of them", `the file ends more than once ("end {}")`)
	}
	return nil
}

// plain lets only what Bytes writes through to the parser of HCL: strings, numbers, true, false and braces a few deep.
func (p parser) plain(data []byte) error {
	switch e := scan.Source(data, scan.Limits{Depth: 10, Tokens: 4_000_000, Digits: 100, Row: 1000, Lines: 100}); e.Reason {
	case scan.None:
	case scan.NotUTF8:
		return p.broken(e.Line, "there is a byte here that is not UTF-8 text")
	default:
		return p.broken(e.Line, "this does not belong into a lock file, which holds plain values only")
	}
	tokens, diags := hclsyntax.LexConfig(data, p.filename, hcl.InitialPos)
	if diags.HasErrors() {
		return p.diagnostic(diags)
	}
	depth := 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOBrace:
			depth++
		case hclsyntax.TokenCBrace:
			depth--
		case hclsyntax.TokenIdent, hclsyntax.TokenEqual, hclsyntax.TokenOQuote, hclsyntax.TokenCQuote, hclsyntax.TokenQuotedLit,
			hclsyntax.TokenNumberLit, hclsyntax.TokenNewline, hclsyntax.TokenComment, hclsyntax.TokenComma, hclsyntax.TokenEOF:
		default:
			return p.broken(t.Range.Start.Line, "%q does not belong into a lock file, which holds plain values only", t.Bytes)
		}
		if depth > 3 || depth < 0 {
			return p.broken(t.Range.Start.Line, "%q does not belong here", t.Bytes)
		}
	}
	return nil
}

// diagnostic turns the first error into ours.
func (p parser) diagnostic(diags hcl.Diagnostics) error {
	for _, d := range diags {
		if d.Severity == hcl.DiagError {
			line := 0
			if d.Subject != nil {
				line = d.Subject.Start.Line
			}
			return p.broken(line, "%s: %s", d.Summary, d.Detail)
		}
	}
	return p.broken(0, "it can't be read")
}
