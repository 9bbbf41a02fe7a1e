package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// askingCommands are the commands that ask before they do something. For each: arguments that are wrong, with what is
// said of them, and arguments that are right, with what is shown before the question.
var askingCommands = map[string]struct {
	wrong map[string]string // arguments: in the message
	right string
	shown string
}{
	"apply": {
		wrong: map[string]string{
			"nosuch.plan": "nosuch.plan does not exist", "nosuch.hcl": "nosuch.hcl does not exist", "broken.hcl": "Unclosed configuration block",
			"notes.txt": "notes.txt is not a saved plan", "--target nosuch": `no playlist is called "nosuch"`, "a b": "takes one folder, file or saved plan",
			"--var nosuch=1 --var-file nosuch.hcl": "nosuch.hcl",
		},
		right: "--target b", shown: "1 to create",
	},
	"destroy": {
		wrong: map[string]string{"nosuch": "nosuch does not exist", "--target nosuch": `no playlist is called "nosuch"`, "a b": "takes one folder or file"},
		shown: "1 to delete",
	},
	"rollback": {
		wrong: map[string]string{"nosuch": `no playlist is called "nosuch"`, "--to 2026-01-01T00:00:00Z": "--to needs a playlist",
			"a --to 2026-01-01T00:00:00Z": "history has no version of playlist.a at 2026-01-01T00:00:00Z", "a nosuch": `"nosuch" is no folder`},
		shown: "1 to delete",
	},
	"sandbox reset": {
		wrong: map[string]string{"nosuch": "takes no arguments"},
	},
}

// Whatever is wrong is told before anybody misses a terminal, and the plan is shown before the command refuses to go on.
func TestNobodyToAsk(t *testing.T) {
	found := 0
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			walk(sub)
		}
		if c.Flags().Lookup("auto-approve") == nil {
			return
		}
		found++
		name := strings.TrimPrefix(c.CommandPath(), "spotsync ")
		want, ok := askingCommands[name]
		if !ok {
			t.Errorf("spotsync %s asks, and askingCommands has no row for it", name)
			return
		}
		if c.Flags().Lookup("input") == nil {
			t.Errorf("spotsync %s asks and has no --input", name)
		}
		t.Run(name, func(t *testing.T) {
			in := inFolder(t, map[string]string{
				"main.hcl":     "playlist \"a\" {\n  name   = \"A\"\n  tracks = [\"spotify:track:003vvx7Niy0yvhvHt4a68B\"]\n}\n",
				"x/broken.hcl": "playlist \"a\" {\n", "notes.txt": "notes",
			})
			run := func(args ...string) (int, string, string) {
				return in("", append([]string{"--sandbox"}, args...)...)
			}
			if code, out, errs := run("apply", "--auto-approve"); code != 0 {
				t.Fatalf("apply: %d\n%s%s", code, out, errs)
			}
			if name == "apply" { // something is left to do
				write(t, "main.hcl", "playlist \"b\" {\n  name = \"B\"\n}\nplaylist \"a\" {\n  name = \"A\"\n}\n")
			}
			words := strings.Fields(name)
			for args, message := range want.wrong {
				args = strings.Replace(args, "broken.hcl", "x/broken.hcl", 1)
				code, out, errs := run(append(words, strings.Fields(args)...)...)
				if code != 1 || !strings.Contains(strings.ToLower(errs), strings.ToLower(message)) || strings.Contains(errs, "terminal") {
					t.Errorf("%s %s: exit code %d, want 1 and %q before anything of a terminal\n%s%s", name, args, code, message, out, errs)
				}
			}
			for _, more := range [][]string{nil, {"--input=false"}} {
				code, out, errs := run(append(append(words, strings.Fields(want.right)...), more...)...)
				why := "there is no terminal to ask on"
				if more != nil {
					why = "--input=false"
				}
				if strings.Contains(errs, "spotsync plan") { // which shows what apply would do, and nothing else
					t.Errorf("%s advises a plan that can't show what it does: %s", name, errs)
				}
				if code != 1 || !strings.Contains(out, want.shown) || !strings.Contains(errs, why) || !strings.Contains(errs, "add --auto-approve") {
					t.Errorf("%s: exit code %d, want 1, %q shown, and %q\n%s%s", name, code, want.shown, why, out, errs)
				}
			}
			code, out, errs := run(append(append(words, strings.Fields(want.right)...), "--auto-approve")...)
			if code != 0 {
				t.Errorf("%s --auto-approve, as it advises: exit code %d\n%s%s", name, code, out, errs)
			}
			if code, out, errs := run(append(words, strings.Fields(want.right)...)...); code != 0 && name != "rollback" {
				t.Errorf("%s with nothing left to do: exit code %d\n%s%s", name, code, out, errs)
			}
		})
	}
	a, _, _ := testApp("")
	walk(newRoot(a))
	if found < len(askingCommands) {
		t.Errorf("found %d commands that ask, and askingCommands has %d", found, len(askingCommands))
	}
}
