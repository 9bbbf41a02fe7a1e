package config

import (
	"testing"
	"time"

	"github.com/spotsync/spotsync/config/diag"
)

// A configuration whose wishes can't change while its text stays is told apart from others, wherever the call stands.
func TestClosed(t *testing.T) {
	for _, c := range []struct {
		name, src string
		closed    bool
	}{
		{"plain", `playlist "p" { name = "P" }`, true},
		{"functions of what is written", `playlist "p" { name = upper(join(" ", ["a", "b"])) }`, true},
		{"a variable and an ID", "variable \"v\" { default = \"x\" }\nplaylist \"p\" { name = var.v }\nplaylist \"q\" {\n  name = \"Q\"\n  description = playlist.p.id\n}", true},
		{"the day", `playlist "p" { name = timestamp() }`, false},
		{"the day, in a local that is not used", "locals { day = formatdate(\"MMM\", timestamp()) }\nplaylist \"p\" { name = \"P\" }", false},
		{"a file, deep inside", `playlist "p" { name = "is ${upper("${trimspace(file("a.txt"))}")}" }`, false},
		{"whether there is a file", `playlist "p" { name = fileexists("a.txt") ? "A" : "B" }`, false},
		{"a list of songs", "playlist \"p\" {\n  name   = \"P\"\n  tracks = tracks_file(\"a.txt\")\n}", false},
		{"in for_each", "playlist \"p\" {\n  for_each = toset(split(\",\", file(\"a.txt\")))\n  name     = each.key\n}", false},
		{"in an output", "output \"o\" { value = timestamp() }\nplaylist \"p\" { name = \"P\" }", false},
		{"among large lists", "playlist \"p\" {\n  name   = \"P\"\n  tracks = [for x in [1] : timestamp()]\n}", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, diags := Parse(diag.Files{"main.hcl": []byte(c.src + "\n")})
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			if m.closed != c.closed {
				t.Errorf("closed is %v", m.closed)
			}
		})
	}
	m, _ := Parse(diag.Files{"main.hcl": []byte("playlist \"p\" { name = \"P\" }\n")})
	if d, diags := m.Evaluate(t.Context(), Inputs{Now: time.Now()}); diags.HasErrors() || !d.Pure {
		t.Errorf("what is desired is not closed: %v", diags)
	}
}
