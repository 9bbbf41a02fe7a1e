package config

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/config/diag"
)

// TestText: what is written of a playlist is its block and what that uses, and not what comes of it.
func TestText(t *testing.T) {
	const base = `
variable "mood" {
  type    = string
  default = "calm"
}
locals {
  inner = ["spotify:track:003vvx7Niy0yvhvHt4a68B"]
  songs = local.inner
  other = 1
}
playlist "source" {
  name   = "Source"
  tracks = local.songs
}
playlist "p" {
  name   = "P ${var.mood}"
  tracks = concat(playlist.source.tracks, tracks_file("songs.csv")) # some
  lifecycle {
    max_removals = "90%"
  }
}
playlist "year" {
  for_each = toset(["1"])
  name     = "Y ${each.key} ${timestamp()}"
}
`
	text := func(hcl, table string, now time.Time, vars ...string) map[string]string {
		t.Helper()
		m, diags := Parse(diag.Files{"main.hcl": []byte(hcl)})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		d, diags := m.Evaluate(context.Background(), Inputs{Now: now, Vars: VarSources{Flags: vars}, Files: oneFile(table), Text: func(string) bool { return true }})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		all := make(map[string]string)
		for _, p := range d.Playlists {
			if all[p.Address] = p.Text; !strings.HasPrefix(p.Text, TextPrefix) {
				t.Errorf("%s: %q", p.Address, p.Text)
			}
		}
		return all
	}
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	const table = "Track URI\nspotify:track:7qEKqBCD2vE5vIBsrUitpD\n"
	was := text(base, table, noon)
	for name, tt := range map[string]struct {
		old, new string
		table    string
		now      time.Time
		vars     []string
		changed  bool
	}{
		"the same":                      {},
		"another table":                 {table: "Track URI\nspotify:track:003vvx7Niy0yvhvHt4a68B\n"},
		"another day":                   {now: noon.AddDate(0, 0, 3)},
		"a comment":                     {old: "# some", new: "# other"},
		"the layout":                    {old: "  name   = \"P ", new: "\n\n      name = \"P "},
		"a local it does not use":       {old: "other = 1", new: "other = 2"},
		"a variable given as it was":    {vars: []string{"mood=calm"}},
		"another value of a variable":   {vars: []string{"mood=wild"}, changed: true},
		"another default":               {old: `"calm"`, new: `"wild"`, changed: true},
		"the block":                     {old: `"P `, new: `"Q `, changed: true},
		"its lifecycle":                 {old: `"90%"`, new: `"80%"`, changed: true},
		"a local behind another":        {old: `["spotify:track:003vvx7Niy0yvhvHt4a68B"]`, new: `[]`, changed: true},
		"a local, to the same value":    {old: "songs = local.inner", new: "songs = concat(local.inner)", changed: true},
		"tracks of a block it uses":     {old: "tracks = local.songs", new: "tracks = concat(local.songs, local.inner)", changed: true},
		"the name of a block it uses":   {old: `"Source"`, new: `"Sauce"`},
		"text that is not all comments": {old: `concat(playlist`, new: `concat([], playlist`, changed: true},
	} {
		t.Run(name, func(t *testing.T) {
			files, now := table, noon
			if tt.table != "" {
				files = tt.table
			}
			if !tt.now.IsZero() {
				now = tt.now
			}
			got := text(strings.Replace(base, tt.old, tt.new, 1), files, now, tt.vars...)
			if changed := got["playlist.p"] != was["playlist.p"]; changed != tt.changed {
				t.Errorf("changed: %v, want %v", changed, tt.changed)
			}
			if got[`playlist.year["1"]`] != was[`playlist.year["1"]`] {
				t.Error("another playlist has changed")
			}
		})
	}
	if moved := text(strings.ReplaceAll(base, `playlist "p"`, `playlist "q"`), table, noon); moved["playlist.q"] != was["playlist.p"] {
		t.Error("another label is another text")
	}
}

// oneFile is a folder in which every file says the same.
type oneFile string

func (f oneFile) ReadFile(string) ([]byte, error) { return []byte(f), nil }
func (f oneFile) Exists(string) (bool, error)     { return true, nil }
