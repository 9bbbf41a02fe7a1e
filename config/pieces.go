package config

import (
	"bytes"
	"cmp"
	"maps"
	"runtime"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"golang.org/x/sync/errgroup"

	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/spotify"
)

// pieceSize is about how many bytes of a long file are parsed at once. Small pieces spread evenly over the cores.
const pieceSize = 64 << 10

// parsed is a file, or a piece of one, as HCL's parser left it.
type parsed struct {
	body    *hclsyntax.Body // may be nil with diagnostics
	remarks []comment
	names   []named
	diags   hcl.Diagnostics
}

// piece is a run of whole lines of a file.
type piece struct {
	name  string
	src   []byte
	start hcl.Pos
	parsed
	sound bool // it can be parsed by itself and nothing is wrong with it
}

// parseFiles parses files side by side, and the pieces of long ones too. The result is in the order of names.
func parseFiles(files diag.Files, names []string) []parsed {
	var all []*piece
	of := make([][]*piece, len(names))
	for i, name := range names {
		of[i] = split(name, files[name], pieceSize)
		all = append(all, of[i]...)
	}
	sideBySide(len(all), func(i int) { all[i].parse() })
	done := make([]parsed, len(names))
	sideBySide(len(names), func(i int) {
		whole, sound := join(of[i])
		if !sound { // what to tell about errors is seen from the whole file alone
			whole = parseWhole(names[i], files[names[i]])
		}
		done[i] = whole
	})
	return done
}

// sideBySide does n things on all cores, and waits for them.
func sideBySide(n int, do func(int)) {
	var all errgroup.Group
	all.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		all.Go(func() error { do(i); return nil })
	}
	_ = all.Wait()
}

// split cuts a file after lines that hold nothing but a closing brace: a block ends there most likely. Where it does not,
// as in a text of several lines, one of the pieces around can't be parsed. Pieces are of size bytes and somewhat more.
func split(name string, src []byte, size int) []*piece {
	if checkSource(name, src) != nil {
		return nil
	}
	var pieces []*piece
	start := hcl.InitialPos
	for first := true; first || len(src) > 0; first = false {
		end := min(size, len(src))
		for end < len(src) && !cuttable(src, end) {
			if line := bytes.IndexByte(src[end:], '\n'); line >= 0 {
				end += line + 1
			} else {
				end = len(src)
			}
		}
		pieces = append(pieces, &piece{name: name, src: src[:end], start: start})
		start.Line += bytes.Count(src[:end], []byte("\n"))
		start.Byte += end
		src = src[end:]
	}
	return pieces
}

// cuttable reports whether a piece of src may end at end. A byte order mark means nothing at the start of a piece alone.
func cuttable(src []byte, end int) bool {
	before := src[:end]
	return (bytes.HasSuffix(before, []byte("\n}\n")) || bytes.HasSuffix(before, []byte("\n}\r\n"))) && !bytes.HasPrefix(src[end:], []byte("\ufeff"))
}

// parse fills in p.parsed, unless anything is wrong. A file all pieces of which are sound is sound, and is what they are
// one after another: each ends where it began, between two blocks.
func (p *piece) parse() {
	plain, outline, shape := p.plainElements()
	tokens, _ := hclsyntax.LexConfig(outline, p.name, p.start)
	if diag.TooDeep(tokens, 1) != nil { // the one is for the quotes left out
		return
	}
	file, diags := hclsyntax.ParseConfig(shape, p.name, p.start)
	if len(diags) > 0 {
		return
	}
	p.body = file.Body.(*hclsyntax.Body)
	if p.sound = p.putBack(plain) == len(plain); !p.sound { // some line is part of a text or comment, or of something larger
		return
	}
	p.remarks, p.names = remarksOf(tokens), namesOf(tokens)
	for _, e := range plain {
		text := remarkText(e.comment)
		if text == "" {
			continue
		}
		p.remarks = append(p.remarks, comment{e.rng.End.Byte, text})
		if uri, ok := song(e.text); ok {
			p.names = append(p.names, named{e.at, uri, text})
		}
	}
	slices.SortStableFunc(p.remarks, func(a, b comment) int { return cmp.Compare(a.end, b.end) })
	slices.SortStableFunc(p.names, func(a, b named) int { return cmp.Compare(a.at, b.at) })
}

// element is a line of a long list: one string without escapes and a comma, perhaps with a comment behind.
type element struct {
	text    string
	rng     hcl.Range // of the string with its quotes
	comment string
	at      int // offset of the comment
}

// plainElements finds the lines of p that look like an element and nothing else, which are most of a long configuration, so
// that HCL's parser, which takes its time for each character, needs not read them. outline is p's text with blanks for
// these lines; shape has a number in place of each string and no comments there. Every other byte stays where it is. So the
// parser judges what each line is: an element of a list if that is where it finds the number, and then a string may stand
// there as well.
func (p *piece) plainElements() (found []element, outline, shape []byte) {
	outline, shape = bytes.Clone(p.src), bytes.Clone(p.src)
	src, number := string(p.src), p.start.Line
	for at, next := 0, 0; ; at, number = next, number+1 {
		length := strings.IndexByte(src[at:], '\n')
		if length < 0 {
			return found, outline, shape
		}
		next = at + length + 1
		line := src[at : next-1]
		open, end, comment := plainElement(line)
		if end == 0 {
			continue
		}
		blank(outline[at : next-1])
		blank(shape[at+open : at+end])
		shape[at+open] = '0'
		blank(shape[at+comment : next-1])
		found = append(found, element{line[open+1 : end-1], hcl.Range{
			Filename: p.name,
			Start:    hcl.Pos{Line: number, Column: open + 1, Byte: p.start.Byte + at + open},
			End:      hcl.Pos{Line: number, Column: end + 1, Byte: p.start.Byte + at + end},
		}, line[comment:], p.start.Byte + at + comment})
	}
}

func blank(text []byte) {
	for i := range text {
		text[i] = ' '
	}
}

// plainElement tells where in a line that is an element the string begins and ends, quotes included, and where the comment
// begins. For any other line end is 0.
func plainElement(line string) (open, end, comment int) {
	open = len(line) - len(strings.TrimLeft(line, " \t"))
	if open == len(line) || line[open] != '"' {
		return 0, 0, 0
	}
	for end = open + 1; end < len(line) && line[end] != '"'; end++ {
		if c := line[end]; c < ' ' || c > '~' || c == '\\' || c == '$' || c == '%' {
			return 0, 0, 0
		}
	}
	if end == open+1 || end == len(line) {
		return 0, 0, 0
	}
	end++
	rest, comma := strings.CutPrefix(strings.TrimLeft(line[end:], " \t"), ",")
	rest = strings.TrimLeft(rest, " \t")
	if !comma || rest != "" && rest != "\r" && rest[0] != '#' && !strings.HasPrefix(rest, "//") {
		return 0, 0, 0
	}
	return open, end, len(line) - len(rest)
}

// putBack puts strings where their numbers are elements of lists, and tells how many.
func (p *piece) putBack(plain []element) (put int) {
	hclsyntax.VisitAll(p.body, func(n hclsyntax.Node) hcl.Diagnostics {
		list, ok := n.(*hclsyntax.TupleConsExpr)
		if !ok {
			return nil
		}
		for i, e := range list.Exprs {
			number, ok := e.(*hclsyntax.LiteralValueExpr)
			if !ok {
				continue
			}
			at, ok := slices.BinarySearchFunc(plain, number.SrcRange.Start.Byte, func(e element, at int) int { return cmp.Compare(e.rng.Start.Byte, at) })
			if !ok {
				continue
			}
			inner := plain[at].rng
			inner.Start.Byte, inner.Start.Column, inner.End.Byte, inner.End.Column = inner.Start.Byte+1, inner.Start.Column+1, inner.End.Byte-1, inner.End.Column-1
			literal := &hclsyntax.LiteralValueExpr{Val: cty.StringVal(plain[at].text), SrcRange: inner}
			list.Exprs[i] = &hclsyntax.TemplateExpr{Parts: []hclsyntax.Expression{literal}, SrcRange: plain[at].rng}
			put++
		}
		return nil
	})
	return put
}

// join puts the pieces of a file together, if that makes a file without errors.
func join(pieces []*piece) (parsed, bool) {
	if len(pieces) == 0 || !pieces[0].sound {
		return parsed{}, false
	}
	whole := pieces[0].parsed
	for _, p := range pieces[1:] {
		if !p.sound {
			return parsed{}, false
		}
		for name := range p.body.Attributes {
			if whole.body.Attributes[name] != nil {
				return parsed{}, false
			}
		}
		maps.Copy(whole.body.Attributes, p.body.Attributes)
		whole.body.Blocks = append(whole.body.Blocks, p.body.Blocks...)
		whole.body.SrcRange.End, whole.body.EndRange = p.body.SrcRange.End, p.body.EndRange
		whole.remarks, whole.names = append(whole.remarks, p.remarks...), append(whole.names, p.names...)
	}
	return whole, true
}

// saying is what comments call songs, by URI. The first one to name a song is right.
func saying(files []parsed) map[spotify.URI]string {
	said := map[spotify.URI]string{}
	for _, f := range files {
		for _, n := range f.names {
			if said[n.uri] == "" {
				said[n.uri] = n.text
			}
		}
	}
	return said
}
