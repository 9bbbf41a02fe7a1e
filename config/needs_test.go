package config

import (
	"context"
	"slices"
	"testing"

	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/spotify"
)

// TestNeeds: which IDs that nobody knows yet an attribute may need, through locals and other attributes, by instance where
// the key is written out.
func TestNeeds(t *testing.T) {
	const years = `
playlist "year" {
  for_each = toset(["1", "2"])
  name     = each.key
}
playlist "a" {
  name = "A"
}
`
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"nothing":             {`description = "x ${playlist.a.name}"`, nil},
		"an ID":               {`description = playlist.a.id`, []string{"playlist.a"}},
		"known already":       {`description = "${playlist.known.id} ${playlist.a.uri}"`, []string{"playlist.a"}},
		"itself":              {`name = playlist.x.id`, []string{"playlist.x"}},
		"through a local":     {`description = local.where`, []string{"playlist.a"}},
		"through a name":      {`description = "see ${playlist.b.name}"`, []string{"playlist.a"}},
		"a key":               {`description = playlist.year["2"].id`, []string{`playlist.year["2"]`}},
		"a key worked out":    {`description = playlist.year[local.key].id`, []string{`playlist.year["1"]`, `playlist.year["2"]`}},
		"both, each once":     {"name = playlist.a.id\ndescription = playlist.a.uri", []string{"playlist.a"}},
		"another attribute":   {`description = "n ${playlist.a.name}"`, nil},
		"what is not unknown": {"name = \"N\"\ndescription = playlist.known.id", nil},
	} {
		t.Run(name, func(t *testing.T) {
			m, diags := Parse(diag.Files{"main.hcl": []byte(years + "locals {\n where = \"at ${playlist.a.uri}\"\n key = \"1\"\n}\nplaylist \"known\" {\n name = \"K\"\n}\nplaylist \"b\" {\n name = \"B ${playlist.a.id}\"\n}\nplaylist \"x\" {\n" + tt.text + "\n}\n")})
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			d, diags := m.Evaluate(context.Background(), Inputs{IDs: map[string]spotify.ID{"playlist.known": "4XzvE3vG5tVbQeJb8Kk2aP"}})
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			i := slices.IndexFunc(d.Playlists, func(p Playlist) bool { return p.Address == "playlist.x" })
			if got := d.Playlists[i].Needs; !slices.Equal(got, tt.want) {
				t.Errorf("needs %v, want %v", got, tt.want)
			}
		})
	}
}
