package run

import (
	"fmt"
	"strings"

	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/spotify"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

func rowURIs(p sandbox.Playlist) []spotify.URI {
	uris := []spotify.URI{}
	for _, r := range p.Rows {
		uris = append(uris, r.URI)
	}
	return uris
}

// song is a track that exists.
func song(n int) spotify.URI { return spotify.URI(fmt.Sprintf("spotify:track:%022d", n)) }

// talk is an episode that exists.
func talk(n int) spotify.URI { return spotify.URI(fmt.Sprintf("spotify:episode:%022d", n)) }

func songs(ns ...int) []spotify.URI {
	out := make([]spotify.URI, len(ns))
	for i, n := range ns {
		out[i] = song(n)
	}
	return out
}

func upTo(n int) []spotify.URI {
	out := make([]spotify.URI, n)
	for i := range out {
		out[i] = song(i + 1)
	}
	return out
}

// block is a playlist block; lines are further lines of it.
func block(label, name string, uris []spotify.URI, lines ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "playlist %q {\n", label)
	if name != "" {
		fmt.Fprintf(&b, "  name = %q\n", name)
	}
	for _, l := range lines {
		b.WriteString("  " + l + "\n")
	}
	if uris != nil {
		b.WriteString("  tracks = [\n")
		for _, u := range uris {
			fmt.Fprintf(&b, "    %q,\n", u)
		}
		b.WriteString("  ]\n")
	}
	b.WriteString("}\n")
	return b.String()
}

// describe is a plan in few words.
func describe(p *reconcile.Plan) string {
	if p == nil {
		return "(no plan)"
	}
	var b strings.Builder
	for _, c := range p.Changes {
		fmt.Fprintf(&b, "%s %s %s %q", c.Action, c.Address, c.Origin, c.Reasons)
		for _, e := range c.Edits {
			switch {
			case e.Details != nil:
				fmt.Fprintf(&b, "\n  %s", e.Kind)
				if d := e.Details; d.Name != nil {
					fmt.Fprintf(&b, " name=%q", *d.Name)
				}
				if d := e.Details; d.Description != nil {
					fmt.Fprintf(&b, " description=%q", *d.Description)
				}
				if d := e.Details; d.Public != nil {
					fmt.Fprintf(&b, " public=%v", *d.Public)
				}
				if d := e.Details; d.Collaborative != nil {
					fmt.Fprintf(&b, " collaborative=%v", *d.Collaborative)
				}
			case e.Kind == "move":
				fmt.Fprintf(&b, "\n  move %d+%d before %d", e.Start, e.N, e.Before)
			case e.Kind == "insert":
				fmt.Fprintf(&b, "\n  insert %d at %d: %s", len(e.URIs), e.At, short(e.URIs))
			default:
				fmt.Fprintf(&b, "\n  %s %s", e.Kind, short(e.URIs))
			}
		}
		b.WriteString("\n")
	}
	for _, l := range p.LockChanges {
		fmt.Fprintf(&b, "lock %s %s %s\n", l.Kind, l.Address, l.To)
	}
	for _, l := range p.Warnings {
		fmt.Fprintf(&b, "warning %s: %s\n", l.Address, l.Text)
	}
	for _, l := range p.Refusals {
		fmt.Fprintf(&b, "refused %s: %s\n", l.Address, l.Summary)
	}
	return b.String()
}

func short(uris []spotify.URI) string {
	var out []string
	for i, u := range uris {
		if i == 5 {
			out = append(out, "…")
			break
		}
		out = append(out, strings.TrimLeft(string(u[strings.LastIndex(string(u), ":")+1:]), "0"))
	}
	return strings.Join(out, " ")
}
