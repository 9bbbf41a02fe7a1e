package reconcile

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/spotify"
)

// lineOf names a line as messages do: "playlists.hcl:12".
func lineOf(r hcl.Range) string {
	if r.Filename == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", r.Filename, r.Start.Line)
}

// attributeLine is the line of an attribute in a block; empty where the block does not say it.
func attributeLine(b *config.Playlist, name string) string {
	if b == nil {
		return ""
	}
	return lineOf(b.Ranges[name])
}

// songLine is the line that wants a song; of several the first.
func songLine(b *config.Playlist, uri spotify.URI) string {
	if b == nil {
		return ""
	}
	for _, e := range b.Tracks {
		if e.URI == uri {
			return lineOf(e.Range)
		}
	}
	return ""
}

// block is the block a change is about; nil where no block is, or where the plan was saved and [Plan.Locate] not called.
func (c Change) block() *config.Playlist {
	if c.Desired == nil {
		return nil
	}
	return c.Desired.Block
}

// Locate tells a plan that was saved where in the files its lines stand, so that what Spotify refuses can be told with its line.
func (p *Plan) Locate(d *config.Desired) {
	if p.Command == CommandRollback {
		return // what history held is not the files' doing
	}
	blocks := make(map[string]*config.Playlist, len(d.Playlists))
	for i := range d.Playlists {
		blocks[d.Playlists[i].Address] = &d.Playlists[i]
	}
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Desired != nil {
			c.Desired.Block = blocks[c.Address]
		}
	}
}

// AttributeLine is the line of an attribute in the block a change is about; empty where the block does not say it.
func (c Change) AttributeLine(name string) string { return attributeLine(c.block(), name) }

// SongLine is the line that wants a song; of several the first.
func (c Change) SongLine(uri spotify.URI) string { return songLine(c.block(), uri) }

// DetailsLine is the line to blame where Spotify refuses details: that of the attribute, where it is one.
func (c Change) DetailsLine(d Details) string {
	var names []string
	for _, a := range Attributes {
		if a.Sends(d) {
			names = append(names, a.Name)
		}
	}
	if len(names) == 1 || d.Name != nil {
		return c.AttributeLine(names[0])
	}
	return ""
}
