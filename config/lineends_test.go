package config

import (
	"strings"
	"testing"

	"github.com/spotsync/spotsync/config/diag"
)

// tableOf is a table of two songs with one kind of line end.
func tableOf(end string) string {
	return strings.Join([]string{"Track URI,Track Name", "spotify:track:003vvx7Niy0yvhvHt4a68B,A", soWhat + ",B", ""}, end)
}

func TestEveryLineEndEndsALine(t *testing.T) {
	files := memory{"list.json": "[\"a\",\r\"b\"]\r", "list.yaml": "- a\r- b\r", "hello.tmpl": "a\r%{ if true ~}\rb%{ endif }\r\nc"}
	for name, end := range map[string]string{"lf": "\n", "crlf": "\r\n", "cr": "\r"} {
		files[name+".csv"] = tableOf(end)
		files[name+".txt"] = "# mine" + end + "a" + end + "b" + end
	}
	files["mixed.csv"] = strings.Replace(tableOf("\r"), "\r", "\r\n", 1) + "\n"
	files["wide.csv"] = "\xff\xfe" + strings.Join(strings.Split(tableOf("\r"), ""), "\x00") + "\x00"
	for _, test := range []struct{ expr, want string }{
		{`[for f in ["lf", "crlf", "cr", "mixed", "wide"] : length(tracks_file("${f}.csv"))]`, `[2,2,2,2,2]`},
		{`[for f in ["lf", "crlf", "cr", "mixed", "wide"] : length(csvdecode(file("${f}.csv")))]`, `[2,2,2,2,2]`},
		{`distinct([for f in ["lf", "crlf", "cr"] : split("\n", file("${f}.txt"))])`, `[["# mine","a","b",""]]`},
		{`csvdecode("uri\ra\rb")`, `[{"uri":"a"},{"uri":"b"}]`},
		{`csvdecode("uri,n\n\na,\"x\ny\"\r")`, `[{"n":"x\ny","uri":"a"}]`},
		{`jsondecode(file("list.json"))`, `["a","b"]`},
		{`yamldecode(file("list.yaml"))`, `["a","b"]`},
		{`templatefile("hello.tmpl", {})`, `"a\nb\nc"`},
	} {
		v, err := eval(t, files, test.expr, nil)
		if err != nil {
			t.Errorf("%s: %v", test.expr, err)
		} else if got := show(t, v); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.expr, got, test.want)
		}
	}
}

func TestCarriageReturnsEndLinesOfAConfiguration(t *testing.T) {
	const text = "# mine\nplaylist \"a\" { # A\n  name   = \"x\"\n  tracks = [\n    \"spotify:track:003vvx7Niy0yvhvHt4a68B\", # The Killers – Mr. Brightside\n  ]\n}\n// and\nplaylist \"b\" {\n  name = \"y\"\n}\n"
	want, diags := evaluate(t, diag.Files{"a.hcl": []byte(text)}, Inputs{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	for _, cr := range []string{strings.ReplaceAll(text, "\n", "\r"), strings.Replace(text, "\n", "\r", 1)} {
		got, diags := evaluate(t, diag.Files{"a.hcl": []byte(cr)}, Inputs{})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		if string(dump(got, nil)) != string(dump(want, nil)) {
			t.Errorf("%q gives\n%s", cr, dump(got, nil))
		}
	}
	vars := VarSources{Auto: []NamedFile{{Name: "v.vars.hcl", Bytes: []byte("# mood\rmood = \"calm\"\r")}}}
	d, diags := evaluate(t, diag.Files{"a.hcl": []byte("variable \"mood\" {}\rplaylist \"a\" {\rname = var.mood\r}\r")}, Inputs{Vars: vars})
	if diags.HasErrors() || *d.Playlists[0].Name != "calm" {
		t.Errorf("%v", diags)
	}
	_, diags = Parse(diag.Files{"a.hcl": []byte("# a\rplaylist \"a\" {\r  nam = \"x\"\r}\r")})
	if len(diags) != 1 || diags[0].Subject.Start.Line != 3 {
		t.Errorf("the line of an error: %v", diags)
	}
	_, diags = Parse(diag.Files{"a.hcl": []byte("# a\r\x00\x00")})
	if len(diags) != 1 || diags[0].Summary != "Not text" || diags[0].Subject.Start.Line != 2 {
		t.Errorf("NUL bytes: %v", diags)
	}
}

func TestNothingIsReadShorter(t *testing.T) {
	hidden := "uri,title\n" + soWhat + ",\"A\nspotify:track:003vvx7Niy0yvhvHt4a68B,B\"\n"
	files := memory{
		"hidden.csv": hidden, "headless.csv": soWhat + ",A\n" + soWhat + ",B\n", "cut.json": `["` + soWhat + `", "spot`, "cut.yaml": "[a, b",
		"latin.txt": "M\xfcller", "zeros.txt": "a\x00\x00\x00", "lines.json": `{"uri":"` + soWhat + `"}` + "\n" + `{"uri":"spotify:track:003vvx7Niy0yv`,
		"cut.tmpl": `${jsonencode(try(tracks_file("hidden.csv"), []))}`, "empty.txt": " \n",
	}
	for _, test := range []struct{ expr, want string }{
		{`tracks_file("hidden.csv")`, "not closed before line 3"},
		{`csvdecode(file("hidden.csv"))`, "not closed before line 3"},
		{`csvdecode(file("headless.csv"))`, "names its columns"},
		{`csvdecode("a,b\n1\n")`, "line 2"},
		{`csvdecode("a,b\n1,2,3\n")`, "line 2"},
		{`csvdecode("a,a\n1,2\n")`, "duplicate column"},
		{`csvdecode("")`, "missing header"},
		{`file("zeros.txt")`, "NUL bytes"},

		// try and can make up for none of it.
		{`try(tracks_file("hidden.csv"), [])`, "does not make up for"},
		{`try(tracks_file("empty.txt"), [])`, "does not make up for"},
		{`try([for t in tracks_file("hidden.csv") : t.uri], [])`, "does not make up for"},
		{`can(tracks_file("hidden.csv")) ? 1 : 2`, "does not make up for"},
		{`try(try(csvdecode(file("hidden.csv")), null), [])`, "does not make up for"},
		{`try(csvdecode(trimspace(file("hidden.csv"))), [])`, "does not make up for"},
		{`try(jsondecode(file("cut.json")), [])`, "does not make up for"},
		{`try(yamldecode(file("cut.yaml")), [])`, "does not make up for"},
		{`[for l in split("\n", file("lines.json")) : try(jsondecode(l), null)]`, ""}, // shorter than what can be told from chance
		{`try(split("\n", file("latin.txt")), [])`, "does not make up for"},
		{`templatefile("cut.tmpl", {})`, "does not make up for"},
		{`try(templatefile("cut.tmpl", {}), "")`, "does not make up for"},

		// What may fail without harm.
		{`try(tracks_file("missing.csv"), [])`, ""},
		{`can(file("missing.csv")) ? 1 : 2`, ""},
		{`try(jsondecode("no"), "no")`, ""},
		{`try({ a = 1 }.b, file("zeros.txt"), 3)`, "does not make up for"},
		{`try(1, file("zeros.txt"))`, ""},
		{`false ? tracks_file("hidden.csv") : []`, ""},
	} {
		v, err := eval(t, files, test.expr, nil)
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", test.expr, err)
		case test.want != "" && err == nil:
			t.Errorf("%s is %s, want an error with %q", test.expr, show(t, v), test.want)
		case test.want != "" && !strings.Contains(err.Error(), test.want):
			t.Errorf("%s\n got %v\nwant %s", test.expr, err, test.want)
		}
	}
}

// TestAListWithoutSongsIsAnError: a list that lost all of its songs takes none out of a playlist, and each file is told.
func TestAListWithoutSongsIsAnError(t *testing.T) {
	files := memory{"a.csv": "Track URI,Title\r", "b.txt": "# nothing yet", "c.m3u": "#EXTM3U\r\n"}
	for path := range files {
		for _, expr := range []string{`tracks_file("` + path + `")`, `try(tracks_file("` + path + `"), [])`, `can(tracks_file("` + path + `")) ? ["x"] : []`} {
			if v, err := eval(t, files, expr, nil); err == nil || !strings.Contains(err.Error(), `"`+path+`": the list has no songs`) {
				t.Errorf("%s is %v, error %v", expr, v, err)
			}
		}
	}
}
