package rewrite

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spotsync/spotsync/config/textfile"
)

func TestFormat(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", ""},
		{"aligned", "playlist \"a\" {\nname=\"x\"\n  description   = \"y\"\n}\n", "playlist \"a\" {\n  name        = \"x\"\n  description = \"y\"\n}\n"},
		{"comments stay", "tracks=[\n\"a\",   # one\n\"bb\", # two\n]\n", "tracks = [\n  \"a\",  # one\n  \"bb\", # two\n]\n"},
		{"windows", "a=1\r\nbb=2\r\n", "a  = 1\r\nbb = 2\r\n"},
		{"mixed", "a=1\r\nbb=2\n", "a  = 1\r\nbb = 2\r\n"},
		{"byte order mark", "\ufeffa=1\n", "\ufeffa = 1\n"},
		{"CR alone", "a=1\rbb=2\r", "a  = 1\nbb = 2\n"},
		{"an interpolation over several lines in a heredoc",
			"playlist \"a\" {\ndescription   = trimspace(<<-EOT\n    Songs: ${join(\", \", [\n        \"a\",\n      \"b\",\n    ])}\n   %{ for x in [\n1,\n  2] ~}\n  ${x}\n %{ endfor }\n    EOT\n  )\nlifecycle {\nprevent_destroy=true\n}\n}\n",
			"playlist \"a\" {\n  description = trimspace(<<-EOT\n    Songs: ${join(\", \", [\n        \"a\",\n      \"b\",\n    ])}\n   %{ for x in [\n1,\n  2] ~}\n  ${x}\n %{ endfor }\n    EOT\n  )\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n"},
		{"heredocs in heredocs", "x {\na=<<A\n${upper(<<B\n  b ${[\n1][0]}\nB\n)}\nA\nbb={\nc=<<-C\n   c\n   C\n}\n}\n",
			"x {\n  a = <<A\n${upper(<<B\n  b ${[\n1][0]}\nB\n)}\nA\n  bb = {\n    c = <<-C\n   c\n   C\n  }\n}\n"},
		{"a heredoc keeps its own line ends", "a=1\r\nb=<<X\r\n t\n u\r\nX\r\n", "a = 1\r\nb = <<X\r\n t\n u\r\nX\r\n"},
		{"Windows line ends in a heredoc alone", "a=1\nb=<<X\n t\r\nX\n", "a = 1\nb = <<X\n t\r\nX\n"},
		{"no text in a heredoc", "a=<<X\nX\nb=2\n", "a = <<X\nX\nb = 2\n"},
		{"no line end", "a=1", "a = 1"},
		{"unknown words are no matter", "nonsense {\nx=1\n}\n", "nonsense {\n  x = 1\n}\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, diags := Format([]byte(test.in), "a.hcl")
			if diags.HasErrors() || string(got) != test.want {
				t.Errorf("got %q, want %q; %v", got, test.want, diags)
			}
			again, _ := Format(got, "a.hcl")
			if string(again) != string(got) {
				t.Errorf("formatted twice: %q", again)
			}
		})
	}
}

func TestFormatBroken(t *testing.T) {
	for _, src := range []string{"playlist \"a\" {", "a = \"\xff\"\n", "x = " + strings.Repeat("[", 100_000), "a = = 1\n"} {
		got, diags := Format([]byte(src), "a.hcl")
		if string(got) != src || !diags.HasErrors() {
			t.Errorf("%.20q became %.20q: %v", src, got, diags)
		}
		for _, d := range diags {
			if d.Subject == nil || d.Subject.Filename != "a.hcl" {
				t.Errorf("no place: %v", d)
			}
		}
	}
}

func FuzzFormat(f *testing.F) {
	f.Add([]byte("a=1\nbb=[1,\n2]\n"))
	f.Add([]byte("a {\nb=<<-X\n  ${[\n1,\n2][0]} \\n %{if true}x%{endif}\n  X\nc={d=\"${f(\n1)}\"}\n}\n"))
	f.Add([]byte("a=f(<<X\r\n${g(<<Y\n\nY\n)}\rX\n,1)/*\r\n*/\r"))
	f.Add([]byte("a {\r\n b = <<X\r\n t\r\nX\r\n}\r\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		got, diags := Format(src, "a.hcl")
		if diags.HasErrors() {
			if string(got) != string(src) {
				t.Fatalf("changed what it could not read: %q", got)
			}
			return
		}
		if !alike(bytes.TrimPrefix(textfile.Lines(src), bom), bytes.TrimPrefix(got, bom)) {
			t.Fatalf("%q became %q, which is something else", src, got)
		}
		if again, diags := Format(got, "a.hcl"); diags.HasErrors() || string(again) != string(got) {
			t.Fatalf("%q became %q, and that %q; %v", src, got, again, diags)
		}
	})
}
