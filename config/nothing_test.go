package config

import (
	"testing"

	"github.com/spotsync/spotsync/config/diag"
)

var emptied = memory{
	"none.json": "[]", "two.csv": tableOf("\r"),
}

// TestNothingNamesTheStep: of a list that was worked out and came to nothing, the innermost step is told.
func TestNothingNamesTheStep(t *testing.T) {
	for tracks, want := range map[string]string{
		`[]`:                              "",
		`([])`:                            "",
		"[ # nothing yet\n]":              "",
		`["` + soWhat + `"]`:              "",
		`tracks_file("two.csv")`:          "",
		`jsondecode(file("none.json"))`:   "`jsondecode(file(\"none.json\"))` gave 0 songs",
		`[jsondecode(file("none.json"))]`: "`jsondecode(file(\"none.json\"))` gave 0 songs",
		`[[]]`:                            "`[]` is chosen",
		`local.none`:                      "`local.none`: `[]` is chosen",
		`local.table`:                     "`local.table`: `jsondecode(file(\"none.json\"))` gave 0 songs",
		`var.on ? local.table : []`:       "`var.on` is false: `[]` is chosen",
		`!var.on ? local.table : []`:      "`!var.on` is true: `local.table`: `jsondecode(file(\"none.json\"))` gave 0 songs",
		`concat(local.none, local.table)`: "`local.none`: `[]` is chosen",
		`take(tracks_file("two.csv"), 0)`: "`take(tracks_file(\"two.csv\"), 0)` left none of 2",
		`[for t in tracks_file("two.csv") : t if t.title == "Z"]`:             "`if t.title == \"Z\"` lets none of the 2 in `tracks_file(\"two.csv\")` through",
		`shuffle([for t in tracks_file("two.csv") : t if t.title == "Z"], 1)`: "`if t.title == \"Z\"` lets none of the 2 in `tracks_file(\"two.csv\")` through",
		`[for t in local.table : t.uri]`:                                      "`local.table`: `jsondecode(file(\"none.json\"))` gave 0 songs",
		`playlist.empty.tracks`:                                               "`playlist.empty.tracks` gave 0 songs",
		`try(tracks_file("missing.csv"), [])`:                                 "`try(tracks_file(\"missing.csv\"), [])` gave 0 songs",
		`[local.none, jsondecode(file("none.json"))]`:                         "`local.none`: `[]` is chosen, `jsondecode(file(\"none.json\"))` gave 0 songs",
		`toset([])`: "`[]` is chosen",
	} {
		d, diags := evaluate(t, diag.Files{"a.hcl": []byte("variable \"on\" {\n  default = false\n}\nlocals {\n  none  = []\n  table = jsondecode(file(\"none.json\"))\n}\n" +
			"playlist \"empty\" {\n  tracks = []\n}\nplaylist \"p\" {\n  tracks = " + tracks + "\n}\n")}, Inputs{Files: emptied})
		if diags.HasErrors() {
			t.Errorf("%s: %v", tracks, diags)
			continue
		}
		if got := d.Playlists[1]; got.Nothing != want || got.WhenEmpty != EmptyRefuse {
			t.Errorf("%s\n got %q, %q\nwant %q", tracks, got.Nothing, got.WhenEmpty, want)
		}
	}
}

func TestWhenEmptyTakesThreeWords(t *testing.T) {
	for value, want := range map[string]WhenEmpty{`"refuse"`: EmptyRefuse, `"keep"`: EmptyKeep, `"clear"`: EmptyClear, "null": EmptyRefuse, `each.value`: EmptyKeep} {
		d, diags := evaluate(t, diag.Files{"a.hcl": []byte("playlist \"p\" {\n  for_each   = { a = \"keep\" }\n  when_empty = " + value + "\n}\n")}, Inputs{})
		if diags.HasErrors() || d.Playlists[0].WhenEmpty != want {
			t.Errorf("%s: %v", value, diags)
		}
	}
	for _, value := range []string{`"never"`, `true`, `"Clear"`} {
		if _, diags := evaluate(t, diag.Files{"a.hcl": []byte("playlist \"p\" {\n  when_empty = " + value + "\n}\n")}, Inputs{}); !diags.HasErrors() || diags[0].Subject.Start.Line != 2 {
			t.Errorf("%s is taken: %v", value, diags)
		}
	}
}

// TestKeysFrom: keys written out or in a variable are somebody's word; keys out of files or the day are worked out.
func TestKeysFrom(t *testing.T) {
	files := memory{"s.csv": "uri,genre\n" + soWhat + ",jazz\n", "k.json": `["a"]`, "two.csv": tableOf("\n"), "t.tmpl": "a", "k.yaml": "[a]"}
	const table = "`file(\"s.csv\")`"
	for forEach, want := range map[string]string{
		`toset(["a", "b"])`:                                    "",
		`{ a = 1 }`:                                            "",
		`toset(var.keys)`:                                      "",
		`toset(local.keys)`:                                    "",
		`toset([for k in var.keys : upper(k)])`:                "",
		`{ a = file("s.csv") }`:                                "",
		`{ for k in var.keys : k => file("s.csv") }`:           "",
		`local.named`:                                          "",
		`merge(local.named, { b = file("s.csv") })`:            "",
		`toset([for t in playlist.written.tracks : t.uri])`:    "",
		`toset([for r in csvdecode(file("s.csv")) : r.genre])`: table,
		`toset(local.genres)`:                                  table,
		`local.by_genre`:                                       table,
		`{ for g in local.genres : g => g }`:                   table,
		`{ for k, v in local.by_genre : k => v if v != "" }`:   table,
		`{ for k in var.keys : k => 1 if strcontains(file("s.csv"), k) || true }`: table,
		`{ for k, v in { a = file("s.csv") } : (v != "" ? k : "b") => v }`:        table,
		`merge(local.named, local.by_genre)`:                                      table,
		`merge(local.named, { for k, v in local.named : v => k })`:                table,
		`toset(jsondecode(file("k.json")))`:                                       "`file(\"k.json\")`",
		`toset(yamldecode(file("k.yaml")))`:                                       "`file(\"k.yaml\")`",
		`toset([templatefile("t.tmpl", {})])`:                                     "`templatefile(\"t.tmpl\", {})`",
		`toset([for t in tracks_file("two.csv") : t.title])`:                      "`tracks_file(\"two.csv\")`",
		`toset([formatdate("YYYY", timestamp())])`:                                "`timestamp()`",
		`toset(fileexists("s.csv") ? ["a"] : [])`:                                 "`fileexists(\"s.csv\")`",
		`toset([for t in playlist.listed.tracks : t.uri])`:                        "`tracks_file(\"two.csv\")`",
		`toset([playlist.keyed["tracks"].name])`:                                  "",
		`{ for k, p in playlist.many : k => p.name }`:                             table,
		`toset([for p in [playlist.day] : p.name])`:                               "`timestamp()`",
	} {
		d, diags := evaluate(t, diag.Files{"a.hcl": []byte(`variable "keys" {
  default = ["a", "b"]
}
locals {
  keys     = concat(var.keys, ["c"])
  named    = { a = file("s.csv") }
  genres   = [for r in csvdecode(file("s.csv")) : r.genre]
  by_genre = { for g in local.genres : g => g }
}
playlist "written" {
  tracks = ["` + soWhat + `"]
}
playlist "listed" {
  tracks = tracks_file("two.csv")
}
playlist "day" {
  name = "Day ${timestamp()}"
}
playlist "keyed" {
  for_each = toset(["tracks"])
  name     = each.key
  tracks   = tracks_file("two.csv")
}
playlist "many" {
  for_each = local.by_genre
  name     = each.key
}
playlist "p" {
  for_each = ` + forEach + `
  name     = "p"
}
`)}, Inputs{Files: files})
		if diags.HasErrors() {
			t.Errorf("%s: %v", forEach, diags)
			continue
		}
		got := ""
		for _, w := range d.Worked {
			if w.Label == "p" {
				got = w.From
			}
		}
		if got != want {
			t.Errorf("%s\n got %q\nwant %q", forEach, got, want)
		}
	}
}
