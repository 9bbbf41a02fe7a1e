package config

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/meter"
	"github.com/spotsync/spotsync/config/textfile"
	"github.com/spotsync/spotsync/spotify"
)

// Module is a configuration whose blocks, names and references are sound; no expression has been worked out yet.
// It is never changed after [Parse], so it may be evaluated any number of times, also side by side.
type Module struct {
	files              diag.Files
	accounts           map[string]*account
	variables          map[string]*variable
	locals             map[string]*expression
	outputs            map[string]*expression
	playlists          map[string]*playlist
	imports            []*importing
	moved              []Moved
	removed            []Removed
	remarks            map[string][]comment          // by file, in the order written
	titlesFromComments func() map[spotify.URI]string // names of songs, by comments anywhere
	closed             bool                          // no expression looks at other files or the day
	order              []node                        // each after all it refers to
}

// Files is the source the module was parsed from, for quoting. It must not be changed.
func (m *Module) Files() diag.Files { return m.files }

// ParseOption changes how [Parse] works.
type ParseOption func(*parser)

// ForVersion makes Parse check required_version against the running program's version. One that is no version, such as
// "dev", meets every constraint. A constraint not met is the only thing reported: the rest may be written for another version.
func ForVersion(version string) ParseOption { return func(p *parser) { p.version = version } }

// parser gathers a module and what is wrong with it.
type parser struct {
	*Module
	version     string
	departed    []departure
	told        map[string]bool // departed addresses found still there
	callables   []string        // functions' names, sorted
	expressions []*expression   // all that may refer to something
	diags       hcl.Diagnostics
}

func (p *parser) add(diags ...*hcl.Diagnostic) { p.diags = append(p.diags, diags...) }

// Parse reads configuration source, in which LF, CRLF and CR end a line. It does no I/O. With an error among the diagnostics, which are in file order, the
// module is nil.
func Parse(files diag.Files, options ...ParseOption) (*Module, hcl.Diagnostics) {
	p := &parser{told: map[string]bool{}, Module: &Module{
		files: files, accounts: map[string]*account{}, variables: map[string]*variable{}, locals: map[string]*expression{},
		outputs: map[string]*expression{}, playlists: map[string]*playlist{}, remarks: map[string][]comment{},
	}}
	for _, o := range options {
		o(p)
	}
	p.files = withLines(files)
	files = p.files
	var bodies []*hclsyntax.Body
	names := slices.Sorted(maps.Keys(files))
	results := parseFiles(files, names)
	for i, r := range results {
		p.add(r.diags...)
		if r.diags.HasErrors() { // what follows a syntax error is a guess of the parser's: complaining about it would bury the error
			continue
		}
		p.remarks[names[i]] = r.remarks
		bodies = append(bodies, r.body)
	}
	p.titlesFromComments = sync.OnceValue(func() map[spotify.URI]string { return saying(results) }) // many configurations never need it
	if unmet := p.checkVersion(bodies); unmet != nil {
		return nil, unmet
	}
	for _, body := range bodies {
		p.body(body)
	}
	if len(bodies) == len(files) { // what a file that can't be parsed holds would seem to be missing
		p.link()
	}
	for _, e := range p.expressions {
		e.Expression = meter.Expression(e.Expression) // last: it hides parts of expressions
	}
	if p.diags.HasErrors() && len(bodies) == len(files) {
		p.add(p.checkValues()...)
	}
	diags := diag.Tidy(p.diags, hcl.Range{})
	if diags.HasErrors() {
		return nil, diags
	}
	p.closed = !slices.ContainsFunc(p.expressions, func(e *expression) bool { return e.unsure })
	return p.Module, diags
}

// withLines is files with LF in place of each CR that stands alone: HCL takes that for a blank, so that a comment would hide
// everything behind it. What is at which offset stays so.
func withLines(files diag.Files) diag.Files {
	out := make(diag.Files, len(files))
	for name, src := range files {
		out[name] = textfile.Lines(src)
	}
	return out
}

// parseWhole parses the text of a file at once.
func parseWhole(name string, src []byte) parsed {
	body, tokens, diags := parseSource(name, src)
	if diags.HasErrors() {
		return parsed{diags: diags}
	}
	return parsed{body: body, remarks: remarksOf(tokens), names: namesOf(tokens), diags: diags}
}

// parseSource parses the text of a file, unless it is more than the parser should be given.
func parseSource(name string, src []byte) (*hclsyntax.Body, hclsyntax.Tokens, hcl.Diagnostics) {
	src = textfile.Lines(src)
	if d := checkSource(name, src); d != nil {
		return nil, nil, hcl.Diagnostics{d}
	}
	tokens, _ := hclsyntax.LexConfig(src, name, hcl.InitialPos)
	if d := diag.TooDeep(tokens, 0); d != nil {
		return nil, nil, hcl.Diagnostics{d}
	}
	file, diags := hclsyntax.ParseConfig(src, name, hcl.InitialPos)
	pointAtHeredoc(diags, tokens, len(src))
	diags = diag.Tidy(diags, startOf(name))
	told := map[string]bool{}
	diags = slices.DeleteFunc(diags, func(d *hcl.Diagnostic) bool { // one quote left open is found again on every line below
		again := told[d.Summary]
		told[d.Summary] = true
		return again
	})
	return file.Body.(*hclsyntax.Body), tokens, diags
}

// pointAtHeredoc makes the error of a text without an end, which is found at the end of the file, one of where it begins.
func pointAtHeredoc(diags hcl.Diagnostics, tokens hclsyntax.Tokens, end int) {
	i := len(tokens) - 1
	for i >= 0 && tokens[i].Type != hclsyntax.TokenOHeredoc && tokens[i].Type != hclsyntax.TokenCHeredoc {
		i--
	}
	if i < 0 || tokens[i].Type == hclsyntax.TokenCHeredoc {
		return
	}
	for _, d := range diags {
		if d.Subject == nil || d.Subject.Start.Byte < end {
			continue
		}
		rng, open := tokens[i].Range, bytes.TrimSpace(tokens[i].Bytes)
		rng.End = rng.Start
		rng.End.Byte, rng.End.Column = rng.End.Byte+len(open), rng.End.Column+len(open)
		d.Subject, d.Context = &rng, nil
		d.Summary, d.Detail = "Text without an end", fmt.Sprintf("It ends at a line that holds nothing but %s, and there is none.", strings.TrimLeft(string(open), "<-"))
	}
}

// CheckSyntax reports why src can't be parsed as HCL, whatever its blocks mean.
func CheckSyntax(src []byte, filename string) hcl.Diagnostics {
	_, _, diags := parseSource(filename, src)
	return diags
}

// checkVersion reports constraints on our own version that are not met.
func (p *parser) checkVersion(bodies []*hclsyntax.Body) hcl.Diagnostics {
	var unmet hcl.Diagnostics
	for _, body := range bodies {
		for _, b := range body.Blocks {
			if b.Type != "spotsync" {
				continue
			}
			attr := b.Body.Attributes["required_version"]
			if attr == nil {
				continue
			}
			v, diags := meter.Constant(attr.Expr)
			text, ok := diag.StringOf(v)
			if diags.HasErrors() || !ok {
				p.add(diag.Error(attr.Expr.Range(), "Not a version constraint", `required_version takes a plain string like ">= 0.1".`))
				continue
			}
			known, met, err := satisfies(p.version, text)
			switch {
			case err != nil:
				p.add(diag.Error(attr.Expr.Range(), "Not a version constraint", fmt.Sprintf("Here %v.", err)))
			case known && !met:
				unmet = append(unmet, diag.Error(attr.Expr.Range(), "Another version of spotsync is needed",
					fmt.Sprintf("This configuration wants spotsync %s; this is %s. Install a version that fits, or change required_version.", text, p.version)))
			}
		}
	}
	return unmet
}

var topLevel = []string{"spotsync", "account", "variable", "locals", "output", "playlist", "import", "moved", "removed"}

var topGrammar = grammar{
	of:     "configuration",
	blocks: topLevel,
	later:  []string{"data", "library", "module", "sensitive", "depends_on"},
	instead: map[string]string{
		"local":     `Local values go into a block called "locals".`,
		"resource":  `There are no resource blocks here. Write: playlist "name" { … }`,
		"provider":  `There are no providers here. The login is set in an account block: account { client_id = "…" }`,
		"terraform": `There is no terraform block here. Write: spotsync { required_version = "…" }`,
		"lifecycle": `A lifecycle block goes inside a playlist block.`,
	},
}

func (p *parser) body(body *hclsyntax.Body) {
	for _, a := range attributes(body) {
		if slices.Contains(topGrammar.later, a.Name) {
			p.add(diag.Error(a.NameRange, "Not available yet", later(a.Name)))
			continue
		}
		p.add(diag.Error(a.NameRange, "Attribute outside a block",
			fmt.Sprintf("%q stands outside any block. Put it into the block it belongs to, such as playlist \"name\" { … }, or into locals { … }.", a.Name)))
	}
	for _, b := range body.Blocks {
		switch b.Type {
		case "spotsync":
			p.add(labels(b, 0, 0, "spotsync { … }")...)
			p.add(grammar{of: "spotsync", attrs: []string{"required_version"}}.check(b.Body, b.DefRange())...)
		case "account":
			p.account(b)
		case "variable":
			p.variable(b)
		case "locals":
			p.localValues(b)
		case "output":
			p.output(b)
		case "playlist":
			p.playlist(b)
		case "import":
			p.importing(b)
		case "moved":
			p.move(b)
		case "removed":
			p.remove(b)
		default:
			for _, d := range topGrammar.checkName(b.Type, b.TypeRange, topLevel, nil, "block") {
				if d.Detail == "" || d.Summary == "Unknown block" && topGrammar.instead[b.Type] == "" {
					d.Detail = fmt.Sprintf("There is no block %q.", b.Type) + cmp.Or(diag.DidYouMean(b.Type, topLevel), fmt.Sprintf(" The blocks are %s.", diag.QuotedList(topLevel)))
				}
				p.add(d)
			}
		}
	}
}

// twice is the error of a second block of one name.
func twice(second, first hcl.Range, what string) *hcl.Diagnostic {
	return diag.Error(second, "Written twice", fmt.Sprintf("%s is already written at %s:%d. Rename one of them, or remove it.", what, first.Filename, first.Start.Line))
}
