package diag

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/mitchellh/go-wordwrap"
	"github.com/rivo/uniseg"
)

// maxQuoted is how much of a line is quoted, in columns, when the output has no width.
const maxQuoted = 160

// Write writes diags for people: each with its line quoted from files and the place underlined. A width of 0
// wraps nothing. With color the severities are coloured; nothing depends on it.
func Write(w io.Writer, files Files, diags hcl.Diagnostics, color bool, width int) error {
	var b strings.Builder
	blocks := outlines{}
	for i, d := range diags {
		if i > 0 {
			b.WriteByte('\n')
		}
		word, on, off := "Error", "\x1b[1;31m", "\x1b[0m"
		if d.Severity == hcl.DiagWarning {
			word, on = "Warning", "\x1b[1;33m"
		}
		if !color {
			on, off = "", ""
		}
		fmt.Fprintf(&b, "%s%s%s: %s\n", on, word, off, printable(d.Summary))
		quote(&b, files, blocks, d, on, off, width)
		if d.Detail != "" {
			detail := printable(d.Detail)
			if width > 0 {
				detail = wordwrap.WrapString(detail, uint(width))
			}
			fmt.Fprintf(&b, "\n%s\n", strings.TrimRight(detail, "\n"))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// quote writes where d is, and the first line of it.
func quote(b *strings.Builder, files Files, blocks outlines, d *hcl.Diagnostic, on, off string, width int) {
	rng := subject(d)
	if rng.Filename == "" {
		return
	}
	src, ok := files[rng.Filename]
	if !ok {
		line := ""
		if rng.Start != rng.End {
			line = fmt.Sprintf(" line %d", rng.Start.Line)
		}
		fmt.Fprintf(b, "\n  on %s%s\n", printable(rng.Filename), line)
		return
	}
	fmt.Fprintf(b, "\n  on %s line %d", printable(rng.Filename), rng.Start.Line)
	if block := blocks.enclosing(src, rng); block != "" {
		fmt.Fprintf(b, ", in %s", printable(block))
	}
	b.WriteString(":\n")
	line, start := lineAt(src, rng.Start.Byte)
	if len(line) == 0 {
		return
	}
	from := min(max(rng.Start.Byte-start, 0), len(line))
	to := min(max(rng.End.Byte-start, from), len(line))
	number := fmt.Sprintf("%4d: ", rng.Start.Line)
	room := maxQuoted
	if width > 0 {
		room = max(width-len(number), 20)
	}
	before, marked, after := cut(printable(string(line[:from])), printable(string(line[from:to])), printable(string(line[to:])), room)
	fmt.Fprintf(b, "%s%s%s%s\n", number, before, marked, after)
	indent := strings.Repeat(" ", len(number)+uniseg.StringWidth(before))
	fmt.Fprintf(b, "%s%s%s%s\n", indent, on, strings.Repeat("^", max(uniseg.StringWidth(marked), 1)), off)
}

// cut shortens a line to about room columns, keeping what is marked in sight.
func cut(before, marked, after string, room int) (string, string, string) {
	if uniseg.StringWidth(before)+uniseg.StringWidth(marked)+uniseg.StringWidth(after) <= room {
		return before, marked, after
	}
	const margin = 24 // of what stands before, for orientation
	rest := max(room-3, 10)
	if over := uniseg.StringWidth(before) - max(rest-uniseg.StringWidth(marked), min(margin, rest/3)); over > 0 {
		before = "…" + tail(before, uniseg.StringWidth(before)-over)
	}
	rest = max(rest-uniseg.StringWidth(before), 1)
	if uniseg.StringWidth(marked) > rest {
		return before, head(marked, rest) + "…", ""
	}
	if rest -= uniseg.StringWidth(marked); uniseg.StringWidth(after) > rest {
		after = head(after, rest) + "…"
	}
	return before, marked, after
}

// head is the beginning of s in at most width columns.
func head(s string, width int) string {
	end := 0
	for g := uniseg.NewGraphemes(s); g.Next(); {
		if width -= g.Width(); width < 0 {
			break
		}
		_, end = g.Positions()
	}
	return s[:end]
}

// tail is the end of s in at most width columns.
func tail(s string, width int) string {
	skip := uniseg.StringWidth(s) - width
	for g := uniseg.NewGraphemes(s); skip > 0 && g.Next(); {
		skip -= g.Width()
		_, end := g.Positions()
		if skip <= 0 {
			return s[end:]
		}
	}
	return s
}

// lineAt is the line around an offset, and where it begins.
func lineAt(src []byte, offset int) ([]byte, int) {
	offset = min(max(offset, 0), len(src))
	start := bytes.LastIndexByte(src[:offset], '\n') + 1
	line := src[start:]
	if end := bytes.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	if start == 0 {
		if rest, ok := bytes.CutPrefix(line, []byte("\ufeff")); ok {
			line, start = rest, len("\ufeff")
		}
	}
	return bytes.TrimRight(line, "\r"), start
}

// printable makes text harmless on a terminal: a file may hold escape sequences.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case unicode.IsControl(r), r == utf8.RuneError, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return '�'
		}
		return r
	}, s)
}

// JSONDiagnostic is a diagnostic in JSON, in the shape of Terraform's, so that editors and tools that read validate -json can read ours.
type JSONDiagnostic struct {
	Severity string       `json:"severity"`
	Summary  string       `json:"summary"`
	Detail   string       `json:"detail"`
	Range    *RangeJSON   `json:"range,omitempty"`
	Snippet  *SnippetJSON `json:"snippet,omitempty"`
	Address  string       `json:"address,omitempty"` // the playlist it is about, where it is about one and about no line
}

// RangeJSON is a place in a file, its end behind the last character.
type RangeJSON struct {
	Filename string  `json:"filename"`
	Start    PosJSON `json:"start"`
	End      PosJSON `json:"end"`
}

// PosJSON is a position; Line and Column count from 1, Byte from 0.
type PosJSON struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Byte   int `json:"byte"`
}

// SnippetJSON is the line a diagnostic is about, and which bytes of it.
type SnippetJSON struct {
	Context              *string  `json:"context"`
	Code                 string   `json:"code"`
	StartLine            int      `json:"start_line"`
	HighlightStartOffset int      `json:"highlight_start_offset"`
	HighlightEndOffset   int      `json:"highlight_end_offset"`
	Values               []string `json:"values"`
}

// Document is the document of "validate --json", in the shape of Terraform's, ending in a newline.
func Document(files Files, diags hcl.Diagnostics) []byte {
	doc := struct {
		FormatVersion string           `json:"format_version"`
		Valid         bool             `json:"valid"`
		ErrorCount    int              `json:"error_count"`
		WarningCount  int              `json:"warning_count"`
		Diagnostics   []JSONDiagnostic `json:"diagnostics"`
	}{FormatVersion: "1.0", Valid: !diags.HasErrors(), Diagnostics: JSONDiagnostics(files, diags)}
	for _, d := range doc.Diagnostics {
		if d.Severity == "warning" {
			doc.WarningCount++
		} else {
			doc.ErrorCount++
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		panic(err) // strings and numbers always encode
	}
	return b.Bytes()
}

// JSONDiagnostics are diagnostics as documents hold them.
func JSONDiagnostics(files Files, diags hcl.Diagnostics) []JSONDiagnostic {
	all := make([]JSONDiagnostic, 0, len(diags))
	blocks := outlines{}
	for _, d := range diags {
		one := JSONDiagnostic{Severity: "error", Summary: d.Summary, Detail: d.Detail}
		if d.Severity == hcl.DiagWarning {
			one.Severity = "warning"
		}
		if rng := subject(d); rng.Filename != "" {
			one.Range = &RangeJSON{Filename: rng.Filename, Start: PosJSON(rng.Start), End: PosJSON(rng.End)}
			if src, ok := files[rng.Filename]; ok {
				one.Snippet = snippet(src, blocks, rng)
			}
		}
		all = append(all, one)
	}
	return all
}

func snippet(src []byte, blocks outlines, rng hcl.Range) *SnippetJSON {
	line, start := lineAt(src, rng.Start.Byte)
	from := min(max(rng.Start.Byte-start, 0), len(line))
	s := &SnippetJSON{Code: string(line), StartLine: rng.Start.Line, HighlightStartOffset: from, HighlightEndOffset: min(max(rng.End.Byte-start, from), len(line)), Values: []string{}}
	if block := blocks.enclosing(src, rng); block != "" {
		s.Context = &block
	}
	return s
}

// Files is configuration source by the name shown to people.
type Files map[string][]byte
