package config

import (
	"slices"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/spotsync/spotsync/config/diag"
)

// TestRemovedKeyThatComesBack: a row that comes back to a table gives a removed block no effect, and is no error.
func TestRemovedKeyThatComesBack(t *testing.T) {
	const removed = "removed {\n  from = playlist.genre[\"soul\"]\n  lifecycle {\n    destroy = true\n  }\n}\n"
	table := memory{"s.csv": "uri,genre\n" + soWhat + ",soul\n"}
	for forEach, back := range map[string]bool{
		`toset(["soul"])`: true,
		`toset(["jazz"])`: false,
		`toset([for r in csvdecode(file("s.csv")) : r.genre])`: true,
		`{ soul = 1, jazz = 2 }`:                               true,
		`{}`:                                                   false,
	} {
		d, diags := evaluate(t, diag.Files{"a.hcl": []byte(removed + "playlist \"genre\" {\n  for_each = " + forEach + "\n}\n")}, Inputs{Files: table})
		if diags.HasErrors() {
			t.Errorf("%s: %v", forEach, diags)
			continue
		}
		warned := slices.ContainsFunc(diags, func(d *hcl.Diagnostic) bool {
			return d.Severity == hcl.DiagWarning && d.Summary == "Removed block without effect" && d.Subject.Start.Line == 1
		})
		if warned != back || back != (len(d.Removed) == 0) {
			t.Errorf("%s: warned %t, removed %v", forEach, warned, d.Removed)
		}
	}
	if _, diags := evaluate(t, diag.Files{"a.hcl": []byte("removed {\n  from = playlist.genre\n}\nplaylist \"genre\" {\n}\n")}, Inputs{}); !diags.HasErrors() {
		t.Error("a single block that is still there is no error")
	}
}
