package lockfile

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"golang.org/x/text/unicode/norm"

	"github.com/spotsync/spotsync/spotify"
)

var (
	playlistIDRE = regexp.MustCompile(`^[0-9A-Za-z]{1,64}$`) // as Spotify gave it out; 22 today
	uriRE        = regexp.MustCompile(`^spotify:[a-z]+:[0-9A-Za-z]{22}$`)
)

// lines remembers where the blocks and IDs were, for what may be there once only.
type lines struct {
	block map[[2]string]int // by type and label
	ids   map[spotify.ID]string
}

func (p parser) file(body *hclsyntax.Body) (*File, error) {
	f := New("")
	attrs := []attribute{
		{"version", func(a value) error { return nil }}, // known by now
		{"issuer", func(a value) error { return a.text(&f.Issuer) }},
	}
	if err := p.attributes(body, attrs); err != nil {
		return nil, err
	}
	if f.Issuer != IssuerSpotify && f.Issuer != IssuerLoopback {
		line := 0
		if a := body.Attributes["issuer"]; a != nil {
			line = a.NameRange.Start.Line
		}
		return nil, p.broken(line, "its issuer is %q, and there are only %q and %q", f.Issuer, IssuerSpotify, IssuerLoopback)
	}
	seen := lines{map[[2]string]int{}, map[spotify.ID]string{}}
	for _, b := range body.Blocks {
		if b.Type == "end" {
			if len(b.Labels) > 0 {
				return nil, p.broken(b.TypeRange.Start.Line, "an end block has no label")
			}
			continue
		}
		if err := p.block(f, b, seen); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// block reads an account, a playlist or a pin into f.
func (p parser) block(f *File, b *hclsyntax.Block, seen lines) error {
	line := b.TypeRange.Start.Line
	if !slices.Contains([]string{"account", "playlist", "pin"}, b.Type) {
		return p.unknown(line, "block", b.Type)
	}
	if len(b.Labels) != 1 || b.Labels[0] == "" {
		return p.broken(line, "a block of type %s has one label", b.Type)
	}
	label := norm.NFC.String(b.Labels[0]) // as HCL does with all other text
	key := [2]string{b.Type, label}
	if first, ok := seen.block[key]; ok {
		return p.errorf(line, "keep one of the two: as a rule the one whose playlist you want, the other stays on Spotify",
			"%s %s is here for the second time, the first is in line %d", b.Type, label, first)
	}
	seen.block[key] = line

	switch b.Type {
	case "account":
		a, err := p.account(b)
		f.Accounts[label] = a
		return err
	case "pin":
		pin, err := p.pin(b)
		f.Pins[label] = pin
		return err
	}
	if !strings.HasPrefix(label, "playlist.") {
		return p.broken(line, "%q is not the address of a playlist, like playlist.morning", label)
	}
	pl, err := p.playlist(b)
	if err != nil {
		return err
	}
	if other, ok := seen.ids[pl.ID]; ok {
		return &DuplicateIDError{Filename: p.filename, Line: line, ID: pl.ID, Addresses: [2]string{other, label}}
	}
	seen.ids[pl.ID] = label
	f.Playlists[label] = pl
	return nil
}

func (p parser) account(b *hclsyntax.Block) (a Account, err error) {
	err = p.content(b, []attribute{
		{"id", func(v value) error { return v.text((*string)(&a.ID)) }},
		{"user", func(v value) error { return v.text((*string)(&a.User)) }},
		{"name", func(v value) error { return v.text(&a.Name) }},
	})
	return a, err
}

func (p parser) playlist(b *hclsyntax.Block) (pl Playlist, err error) {
	err = p.attributes(b.Body, []attribute{
		{"id", func(v value) error { return v.match((*string)(&pl.ID), playlistIDRE, "the ID of a playlist") }},
		{"account", func(v value) error { return v.text(&pl.Account) }},
		{"name", func(v value) error { return v.text(&pl.Name) }},
		{"public_ignored", func(v value) error {
			pl.PublicIgnored = new(bool)
			return v.truth(pl.PublicIgnored)
		}},
		{"refused_description", func(v value) error { return v.text(&pl.RefusedDescription) }},
		{"cover", func(v value) error { return v.text(&pl.Cover) }},
		{"prevent_destroy", func(v value) error { return v.truth(&pl.PreventDestroy) }},
		{"aliases", func(v value) error {
			return v.uris(func(uri spotify.URI, v value) error {
				if pl.Aliases == nil {
					pl.Aliases = map[spotify.URI]spotify.URI{}
				}
				var shown spotify.URI
				err := v.uri(&shown)
				pl.Aliases[uri] = shown
				return err
			})
		}},
		{"shown", func(v value) error {
			pl.Shown = map[string]string{}
			return v.texts(pl.Shown)
		}},
		{"withdrawn", func(v value) error {
			return v.uris(func(uri spotify.URI, v value) error {
				if pl.Withdrawn == nil {
					pl.Withdrawn = map[spotify.URI]time.Time{}
				}
				var tried time.Time
				err := v.time(&tried)
				pl.Withdrawn[uri] = tried
				return err
			})
		}},
	})
	if err != nil {
		return pl, err
	}
	line := b.TypeRange.Start.Line
	if pl.ID == "" {
		return pl, p.broken(line, "the block has no id")
	}
	for _, sub := range b.Body.Blocks {
		line := sub.TypeRange.Start.Line
		switch {
		case sub.Type != "held":
			return pl, p.unknown(line, "block", sub.Type)
		case pl.Held != nil:
			return pl, p.errorf(line, "keep one of the two", "a playlist has one held block at most")
		case len(sub.Labels) > 0:
			return pl, p.broken(line, "a held block has no label")
		}
		h := &Hold{}
		if err := p.content(sub, []attribute{
			{"reason", func(v value) error { return v.text(&h.Reason) }},
			{"since", func(v value) error { return v.time(&h.Since) }},
			{"until", func(v value) error { return v.time(&h.Until) }},
			{"fingerprint", func(v value) error { return v.text(&h.Fingerprint) }},
		}); err != nil {
			return pl, err
		}
		pl.Held = h
	}
	return pl, nil
}

func (p parser) pin(b *hclsyntax.Block) (pin Pin, err error) {
	err = p.content(b, []attribute{
		{"uri", func(v value) error { return v.uri(&pin.URI) }},
		{"isrc", func(v value) error { return v.text(&pin.ISRC) }},
		{"note", func(v value) error { return v.text(&pin.Note) }},
	})
	if err == nil && pin.URI == "" {
		err = p.broken(b.TypeRange.Start.Line, "the block has no uri")
	}
	return pin, err
}

func (p parser) unknown(line int, what, name string) error {
	return p.errorf(line, "update spotsync on this computer; if you wrote it yourself, remove it",
		"this spotsync knows no %s %q here: a newer one wrote it", what, name)
}

// attribute is one that may be in a block, and what to do with its value.
type attribute struct {
	name string
	read func(value) error
}

// content reads a block that has attributes only.
func (p parser) content(b *hclsyntax.Block, known []attribute) error {
	if len(b.Body.Blocks) > 0 {
		sub := b.Body.Blocks[0]
		return p.unknown(sub.TypeRange.Start.Line, "block", sub.Type)
	}
	return p.attributes(b.Body, known)
}

// attributes reads a body's attributes in the order they are written in.
func (p parser) attributes(body *hclsyntax.Body, known []attribute) error {
	attrs := slices.SortedFunc(maps.Values(body.Attributes), func(a, b *hclsyntax.Attribute) int {
		return cmp.Compare(a.SrcRange.Start.Byte, b.SrcRange.Start.Byte)
	})
	for _, a := range attrs {
		i := slices.IndexFunc(known, func(k attribute) bool { return k.name == a.Name })
		if i < 0 {
			return p.unknown(a.NameRange.Start.Line, "attribute", a.Name)
		}
		if err := known[i].read(value{p, a.Name, a.Expr}); err != nil {
			return err
		}
	}
	return nil
}

// value is what an attribute, or an entry of a map, was given.
type value struct {
	parser
	name string
	expr hclsyntax.Expression
}

func (v value) wrong(want string) error {
	return v.broken(v.expr.StartRange().Start.Line, "%s is not %s", v.name, want)
}

func (v value) text(to *string) error {
	val, diags := v.expr.Value(nil)
	if diags.HasErrors() || val.IsNull() || !val.IsKnown() || val.Type() != cty.String {
		return v.wrong("a text in quotes")
	}
	*to = val.AsString()
	return nil
}

func (v value) truth(to *bool) error {
	val, diags := v.expr.Value(nil)
	if diags.HasErrors() || val.IsNull() || !val.IsKnown() || val.Type() != cty.Bool {
		return v.wrong("true or false")
	}
	*to = val.True()
	return nil
}

func (v value) match(to *string, re *regexp.Regexp, want string) error {
	if err := v.text(to); err != nil {
		return err
	}
	if !re.MatchString(*to) {
		return v.wrong(want)
	}
	return nil
}

func (v value) uri(to *spotify.URI) error {
	return v.match((*string)(to), uriRE, "a Spotify URI, like spotify:track:003vvx7Niy0yvhvHt4a68B")
}

func (v value) time(to *time.Time) error {
	var text string
	if err := v.text(&text); err != nil {
		return err
	}
	t, err := time.Parse(time.RFC3339, text)
	t = t.UTC().Truncate(time.Second)
	if err != nil || t.Year() < 1 || t.Year() > 9999 { // other years can't be written again
		return v.wrong("a time, like 2026-11-23T14:45:01Z")
	}
	*to = t
	return nil
}

// texts reads a map from text to text.
func (v value) texts(to map[string]string) error {
	obj, ok := v.expr.(*hclsyntax.ObjectConsExpr)
	if !ok {
		return v.wrong("a map in braces")
	}
	for _, item := range obj.Items {
		var key, text string
		if err := (value{v.parser, "a key of " + v.name, item.KeyExpr}).text(&key); err != nil {
			return err
		}
		if _, twice := to[key]; twice {
			return v.errorf(item.KeyExpr.StartRange().Start.Line, "keep one of the two", "%q is in %s twice", key, v.name)
		}
		if err := (value{v.parser, v.name, item.ValueExpr}).text(&text); err != nil {
			return err
		}
		to[key] = text
	}
	return nil
}

// uris reads a map whose keys are URIs.
func (v value) uris(each func(spotify.URI, value) error) error {
	obj, ok := v.expr.(*hclsyntax.ObjectConsExpr)
	if !ok {
		return v.wrong("a map in braces")
	}
	seen := map[spotify.URI]bool{}
	for _, item := range obj.Items {
		var uri spotify.URI
		if err := (value{v.parser, "a key of " + v.name, item.KeyExpr}).uri(&uri); err != nil {
			return err
		}
		if seen[uri] {
			return v.errorf(item.KeyExpr.StartRange().Start.Line, "keep one of the two", "%s is in %s twice", uri, v.name)
		}
		seen[uri] = true
		if err := each(uri, value{v.parser, v.name + " of " + string(uri), item.ValueExpr}); err != nil {
			return err
		}
	}
	return nil
}
