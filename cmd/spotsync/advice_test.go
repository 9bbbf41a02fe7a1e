package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Advice works: a command, flag or attribute that a message, page, log, help text or document names exists where it is
// named. This file collects every text there is and looks up what it names. What the advice does is for other tests:
// TestNobodyToAsk, TestReadmeSteps, and the scripts.

// A value stands for what a message is given when it is written: %s, or an operand of +. A quoted value is written so that
// a shell takes it as one word.
const (
	value       = "\x01"
	quotedValue = "'\x01'"
)

// prose are words that follow "spotsync" in sentences and are no commands. Verbs that end in s need not stand here.
var sentenceWords = strings.Fields(`a and are as at by can can't could did didn't does doesn't down for from goes has in into is it itself knows made makes may
	must never no not notice of on out up wait once or page said should that the there this to too was when which while will with would wrote remembers user group folder
	again alone at-rest service state config image binary process processes daemon's maintainers project yourself home commands files needs`)

// commandWord is one word of a command in a text; what ends a command begins none.
var commandWord = regexp.MustCompile(`^(\x01|'[^'\n]*'|"[^"\n]*"|[^\s` + "`" + `"'|;,()<>&]+)`)

// mention is a command named in a text.
type mention struct {
	at   int  // in the text
	wrap bool // a line ends after "spotsync"
	end  int
	args []string
}

var programName = regexp.MustCompile(`(^|[^\w/.-])spotsync[ \n]+`)

// mentions are the commands that a text names, each with the words after it up to the end of the command.
func mentions(text string) []mention {
	var all []mention
	for _, m := range programName.FindAllStringIndex(text, -1) {
		x := mention{at: m[0], end: m[1], wrap: strings.Contains(text[m[0]:m[1]], "\n")}
		rest := text[m[1]:]
		for {
			word := commandWord.FindString(rest)
			if word == "" {
				break
			}
			x.end += len(word)
			rest = rest[len(word):]
			end := strings.HasSuffix(word, ".") || strings.HasSuffix(word, ":") || strings.HasSuffix(word, "?")
			x.args = append(x.args, strings.TrimRight(word, ".:?…"))
			if end || !strings.HasPrefix(rest, " ") && !strings.HasPrefix(rest, "=") {
				break
			}
			trimmed := strings.TrimLeft(rest, " ")
			x.end += len(rest) - len(trimmed)
			if len(rest)-len(trimmed) > 1 { // a column of a table
				break
			}
			rest = trimmed
		}
		all = append(all, x)
	}
	return all
}

// adviser looks up what texts name.
type adviser struct {
	root     *cobra.Command
	commands map[string]*cobra.Command // by path without "spotsync "
	found    map[string]int            // what was looked up, by kind
	problems []string
}

func newAdviser() *adviser {
	a, _, _ := testApp("")
	v := &adviser{root: newRoot(a), commands: make(map[string]*cobra.Command), found: make(map[string]int)}
	v.root.InitDefaultHelpCmd()
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		c.InitDefaultHelpFlag()
		for _, sub := range c.Commands() {
			v.commands[strings.TrimPrefix(sub.CommandPath(), "spotsync ")] = sub
			walk(sub)
		}
	}
	walk(v.root)
	return v
}

func (v *adviser) wrong(a advice, format string, args ...any) {
	v.problems = append(v.problems, a.where+": "+fmt.Sprintf(format, args...))
}

// hasFlag reports whether a command takes a flag, its own or a global one.
func (v *adviser) hasFlag(c *cobra.Command, name string) bool {
	return name == "help" || name == "version" && c == v.root || c.Flags().Lookup(name) != nil || c.InheritedFlags().Lookup(name) != nil || v.root.PersistentFlags().Lookup(name) != nil
}

var flagWord = regexp.MustCompile(`(^|[^\w-])--([a-z][a-z0-9-]*[a-z0-9])`)

// look checks one text.
func (v *adviser) look(a advice) {
	spans := mentions(a.text)
	commands := make([]*cobra.Command, len(spans))
	for i, m := range spans {
		commands[i] = v.command(a, m)
	}
	in := func(at int) *cobra.Command {
		for i, m := range spans {
			if at >= m.at && at < m.end {
				return commands[i]
			}
		}
		return nil
	}
	for _, m := range flagWord.FindAllStringSubmatchIndex(a.text, -1) {
		name := a.text[m[4]:m[5]]
		v.found["flags"]++
		if c := in(m[4]); c != nil {
			if !v.hasFlag(c, name) {
				v.wrong(a, "%s has no flag --%s", c.CommandPath(), name)
			}
			continue
		}
		if strings.HasPrefix(a.file, "deploy/") { // of many programs: deploy_test.go tries what is spotsync's
			continue
		}
		if c := v.justBefore(a.text[:m[0]+len(a.text[m[2]:m[3]])]); c != nil { // plan --out
			if !v.hasFlag(c, name) {
				v.wrong(a, "%s has no flag --%s", c.CommandPath(), name)
			}
			continue
		}
		v.bareFlag(a, name, m[4])
	}
}

var lastWords = regexp.MustCompile(`(?:^|[^\w-])([a-z]+ )?([a-z]+) $`)

// justBefore is the command whose name a text ends with; nil: none.
func (v *adviser) justBefore(text string) *cobra.Command {
	m := lastWords.FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	if c := v.commands[m[1]+m[2]]; c != nil {
		return c
	}
	return v.commands[m[2]]
}

// command checks one command that a text names; nil: it is none, but prose.
func (v *adviser) command(a advice, m mention) *cobra.Command {
	args := m.args
	if len(args) > 1 && args[0] == "spotsync" { // the user of that name runs it
		args = args[1:]
	}
	for len(args) > 0 && strings.HasPrefix(args[0], "-") { // global flags before the command
		n := 1
		if name := strings.TrimLeft(args[0], "-"); !strings.Contains(name, "=") {
			if f := v.root.PersistentFlags().Lookup(name); f != nil && f.NoOptDefVal == "" || name == "C" {
				n = 2
			}
		}
		args = args[min(n, len(args)):]
	}
	if len(args) == 0 {
		return nil
	}
	c, name := v.commands[args[0]], args[0]
	if c == nil {
		switch {
		case m.wrap, name == "spotsync", strings.HasPrefix(name, value), name == "COMMAND", name == "…", slices.Contains(sentenceWords, name):
		case regexp.MustCompile(`^[a-z]+s$`).MatchString(name): // a verb
		case !regexp.MustCompile(`^[a-z-]+$`).MatchString(name):
		default:
			v.wrong(a, "there is no command spotsync %s (a word of prose stands in the list sentenceWords)", name)
		}
		return nil
	}
	v.found["commands"]++
	args = args[1:]
	for len(args) > 0 && v.commands[strings.TrimPrefix(c.CommandPath(), "spotsync ")+" "+args[0]] != nil {
		c = v.commands[strings.TrimPrefix(c.CommandPath(), "spotsync ")+" "+args[0]]
		args = args[1:]
	}
	if c.HasSubCommands() && c.Use == c.Name() && len(args) > 0 && regexp.MustCompile(`^[a-z]+$`).MatchString(args[0]) && !slices.Contains(sentenceWords, args[0]) {
		v.wrong(a, "there is no command %s %s", c.CommandPath(), args[0])
		return nil
	}
	if c.Name() == "help" && len(args) > 0 {
		v.topic(a, args[0])
		return c
	}
	v.arguments(a, c, args)
	return c
}

func (v *adviser) topic(a advice, name string) {
	known := v.commands[name] != nil || name == "TOPIC" || strings.HasPrefix(name, "[") || name == "shows" || slices.Contains(sentenceWords, name)
	for _, t := range topics {
		known = known || t.name == name
	}
	if !known {
		v.wrong(a, "there is no topic %s", name)
	}
}

// needed are the arguments that a command can't do without, as its usage has them.
func needed(c *cobra.Command) []string {
	_, usage, _ := strings.Cut(c.Use, " ")
	var all []string
	for _, word := range strings.Fields(regexp.MustCompile(`\[[^\[\]]*(\[[^\[\]]*\])?[^\[\]]*\]`).ReplaceAllString(usage, "")) {
		if word == "|" {
			break
		}
		all = append(all, word)
	}
	return all
}

// sampleArgument is a word that stands for an argument: REF, 'playlist.x', a value, a path, a link.
var sampleArgument = regexp.MustCompile(`^([A-Z][A-Z_]*(\.\.\.)?|'[^']*'|"[^"]*"|.*\x01.*|\S*[./~:]\S*|\d\S*)$`)

// arguments checks that a command is named with what it needs, and that a shell takes that as one word.
func (v *adviser) arguments(a advice, c *cobra.Command, args []string) {
	want := needed(c)
	var got []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if strings.HasPrefix(arg, "-") {
			name, _, joined := strings.Cut(strings.TrimLeft(arg, "-"), "=")
			f := c.Flags().Lookup(name)
			if f == nil {
				f = v.root.PersistentFlags().Lookup(name)
			}
			if f != nil && f.NoOptDefVal == "" && !joined {
				if (name == "target" || name == "exclude") && i+1 < len(args) && args[i+1] == value {
					v.wrong(a, "the value of --%s is not quoted for a shell: an address may have brackets and quotes", name)
				}
				i++
			}
			continue
		}
		got = append(got, arg)
	}
	if len(want) == 0 {
		return
	}
	v.found["arguments"]++
	for i, w := range want {
		switch {
		case i < len(got) && slices.Contains(c.ValidArgs, got[i]):
		case i >= len(got) || !sampleArgument.MatchString(got[i]) && !(a.doc && regexp.MustCompile(`^[a-z]+$`).MatchString(got[i]) && !slices.Contains(sentenceWords, got[i]) && inCode(a, c, got[i])):
			v.wrong(a, "%s needs %s, and is named without", c.CommandPath(), w)
			return
		case got[i] == value && !a.doc && (strings.HasPrefix(w, "REF") || w == "FROM" || w == "TO" || w == "ADDRESS"):
			v.wrong(a, "the argument of %s is not quoted for a shell: an address may have brackets and quotes", c.CommandPath())
		}
	}
}

// inCode reports whether a document gives a command with that word as code, and not in a sentence.
func inCode(a advice, c *cobra.Command, word string) bool {
	return regexp.MustCompile("(?m)(^ *(\\$ )?|`)" + c.CommandPath() + " " + word + "($|[ `#])").MatchString(a.text)
}

// ourFiles say which commands show the texts of a file of this folder; of others any command may.
var ourFiles = []struct {
	file     *regexp.Regexp
	commands []string
}{
	{regexp.MustCompile(`^cmd/spotsync/((daemon|page|serve|metrics|systemd)\w*\.go$|internal/(daemon|statuspage|watch)/)`), []string{"daemon"}},
	{regexp.MustCompile(`^cmd/spotsync/(internal/notify/|doctor_notify\.go$)`), []string{"daemon", "doctor"}},
	{regexp.MustCompile(`^cmd/spotsync/login\w*\.go$`), []string{"login"}},
	{regexp.MustCompile(`^cmd/spotsync/fmt\.go$`), []string{"fmt"}},
	{regexp.MustCompile(`^cmd/spotsync/logout\.go$`), []string{"logout"}},
	{regexp.MustCompile(`^cmd/spotsync/sandbox\.go$`), []string{"sandbox", "sandbox reset"}},
	{regexp.MustCompile(`^cmd/spotsync/apply\.go$`), []string{"apply", "destroy"}},
	{regexp.MustCompile(`^cmd/spotsync/internal/render/`), []string{"plan", "apply", "destroy", "rollback", "show", "daemon"}},
	{regexp.MustCompile(`^(reconcile|config|auth|spotify)/`), []string{"plan", "apply", "destroy", "rollback", "daemon"}},
	{regexp.MustCompile(`^cmd/spotsync/(\w+)\.(go|html|txt)$`), nil},
}

// givenOnly are flags that a text of the common packages names only where somebody gave them, or only where a command has
// them, each with the reason.
var givenOnly = map[string]string{
	"cmd/spotsync/internal/render/fold.go --full": "the page leaves that line out: changeLines",
	"reconcile/shell.go --account":                "follows spotsync login",
	"reconcile/observe/observe.go --refresh":      "said where --refresh=false was given",
	"reconcile/heal/heal.go --prune":              "said by the daemon alone",
	"reconcile/heal/heal.go --no-create":          "said by the daemon alone",
	"spotify/errors.go --max-requests":            "said where --max-requests was given",
	"auth/login.go --no-browser":                  "said by login alone",
}

// bareFlag checks a flag that is named without its command: every command that can show the text must have it. A text that
// several commands share, and the page and the log of the daemon with them, names the command.
func (v *adviser) bareFlag(a advice, name string, at int) {
	anywhere := func() bool {
		if v.hasFlag(v.root, name) {
			return true
		}
		for _, c := range v.commands {
			if c.Flags().Lookup(name) != nil {
				return true
			}
		}
		return false
	}
	if ofOthers(a.text, at) {
		return
	}
	if a.doc {
		if !anywhere() {
			v.wrong(a, "no command has a flag --%s: …%s…", name, around(a.text, at))
		}
		return
	}
	if givenOnly[a.file+" --"+name] != "" {
		v.found["given "+a.file+" --"+name]++
		return
	}
	for _, f := range ourFiles {
		if !f.file.MatchString(a.file) {
			continue
		}
		if f.commands == nil {
			if !anywhere() {
				v.wrong(a, "no command has a flag --%s: …%s…", name, around(a.text, at))
			}
			return
		}
		any := len(f.commands) == 2 // texts of two commands of one family
		for _, c := range f.commands {
			if has := v.hasFlag(v.commands[c], name); has == any {
				if !has {
					v.wrong(a, "spotsync %s can show this and has no flag --%s; name the command: …%s…", c, name, around(a.text, at))
				}
				return
			}
		}
		if any {
			v.wrong(a, "none of %s has a flag --%s: …%s…", strings.Join(f.commands, ", "), name, around(a.text, at))
		}
		return
	}
}

// otherPrograms take flags of their own.
var otherPrograms = regexp.MustCompile(`\b(git|go|docker|podman|compose|kubectl|kustomize|systemctl|systemd-creds|curl|npm|apt|apt-get|brew|gh|sudo|install|useradd|helm|journalctl|python3?|jq|ntfy|rsync|tar|sh|bash|buildah|adduser|addgroup|staticcheck|govulncheck|chown)\b`)

// ofOthers reports whether the line, or the code, that a flag stands in is another program's.
func ofOthers(text string, at int) bool {
	from := strings.LastIndexAny(text[:at], "\n`") + 1
	return otherPrograms.MatchString(text[from:at])
}

func around(text string, at int) string {
	return strings.Join(strings.Fields(text[max(0, at-40):min(len(text), at+40)]), " ")
}

func TestAdvice(t *testing.T) {
	v := newAdviser()
	kinds := make(map[string]int)
	for _, a := range everyAdvice(t) {
		kinds[filepath.Ext(a.file)]++
		v.look(a)
		v.attributes(a)
		v.promises(a)
	}
	slices.Sort(v.problems)
	for _, p := range slices.Compact(v.problems) {
		t.Error(p)
	}
	// A collection that comes to little has missed what there is.
	for kind, least := range map[string]int{".go": 1500, ".md": 10, ".html": 4, ".txt": 4, ".json": 3, ".hcl": 1, ".yaml": 5} {
		if kinds[kind] < least {
			t.Errorf("found %d texts in %s files, and there are more than %d", kinds[kind], kind, least)
		}
	}
	for kind, least := range map[string]int{"commands": 220, "flags": 350, "arguments": 25, "attributes": 20} {
		if v.found[kind] < least {
			t.Errorf("looked up %d %s, and there are more than %d", v.found[kind], kind, least)
		}
	}
	for flag := range givenOnly {
		if v.found["given "+flag] == 0 {
			t.Errorf("givenOnly names %s, which no text has any more", flag)
		}
	}
}

// inWords is an attribute with a value, as messages have it: prevent_destroy = false, id = "…".
var inWords = regexp.MustCompile("(^|[\\s`(\"])([a-z]+(?:_[a-z]+)*) = (\"|true|false|\\[|\\{|\\x01|'|[a-z]+\\.[a-zA-Z]|[A-Z]+\\b)")

// attributes checks the attributes that a text names with a value. Samples of HCL in documents are parsed by TestSamples.
func (v *adviser) attributes(a advice) {
	if a.doc {
		return
	}
	for _, m := range inWords.FindAllStringSubmatchIndex(a.text, -1) {
		name := a.text[m[4]:m[5]]
		v.found["attributes"]++
		if before := strings.TrimRight(a.text[:m[4]], " \n"); strings.HasSuffix(before, "{") || strings.HasSuffix(before, ",") { // of a value
			continue
		}
		if grammarNames.attrs[name] || name == "x" || name == "mood" {
			continue
		}
		if strings.HasPrefix(a.file, "config/lockfile/") || strings.HasPrefix(a.file, "spotify/sandbox/") || strings.HasPrefix(a.file, "config/tracklist") {
			continue
		}
		v.wrong(a, "there is no attribute %s: …%s…", name, around(a.text, m[4]))
	}
}

// promises checks that nothing is called missing which is there.
func (v *adviser) promises(a advice) {
	if filepath.Ext(a.file) != ".md" && filepath.Ext(a.file) != ".txt" {
		return
	}
	for s := range strings.SplitSeq(strings.Join(strings.Fields(a.text), " "), ". ") {
		if !strings.Contains(strings.ToLower(s), "not there yet") {
			continue
		}
		v.found["promises"]++
		for _, word := range strings.FieldsFunc(s, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r == '_' || r == '-') }) {
			if v.commands[word] != nil && word != "list" && word != "show" {
				v.wrong(a, "spotsync %s is there, and this says it is not: %s", word, s)
			}
		}
	}
}

// The test finds what it is for.
func TestAdviceFindsFaults(t *testing.T) {
	for text, want := range map[string]string{
		"to take it into the files: spotsync pull":                      "there is no command spotsync pull",
		"write id = \"x\", or add --adopt-by-name":                      "spotsync daemon can show this and has no flag --adopt-by-name",
		"held; to go on: spotsync resume":                               "spotsync resume needs REF..., and is named without",
		"held; to go on: spotsync resume.":                              "spotsync resume needs REF..., and is named without",
		"to forget it: spotsync lock rm " + value:                       "not quoted for a shell",
		"to forget it: spotsync lock rm, or not":                        "spotsync lock rm needs REF..., and is named without",
		"run spotsync plan --target " + value:                           "not quoted for a shell",
		"run spotsync lock drop 'x'":                                    "there is no command spotsync lock drop",
		"see spotsync help enviroment":                                  "there is no topic enviroment",
		"run spotsync apply --forced":                                   "spotsync apply has no flag --forced",
		"spotsync rollback --to TIME --account x":                       "spotsync rollback has no flag --account",
		"write prevent_destruction = true":                              "there is no attribute prevent_destruction",
		"run spotsync login --adopt-by-name; add --lock-file":           "spotsync login has no flag --adopt-by-name",
		"spotsync show prints it, as spotsync history playlist.x does.": "spotsync show needs REF, and is named without",
	} {
		v := newAdviser()
		a := advice{where: "x.go:1", file: "reconcile/x.go", text: text}
		v.look(a)
		v.attributes(a)
		if !strings.Contains(strings.Join(v.problems, "\n"), want) {
			t.Errorf("%q: %q, want %q", text, v.problems, want)
		}
	}
	v := newAdviser()
	for _, text := range []string{
		"spotsync goes on; spotsync and the daemon; run spotsync apply, or spotsync lock rm 'playlist.x'. It has --lock-file.",
		"go on with: spotsync resume " + quotedValue, "spotsync login" + value + " again", "run spotsync destroy --target 'playlist.x[\"a\"]' and see",
		"spotsync plan --refresh=false and spotsync status work", "keep prevent_destroy = false", "spotsync help environment lists them",
	} {
		v.look(advice{where: "x.go:1", file: "reconcile/x.go", text: text})
		v.attributes(advice{where: "x.go:1", file: "reconcile/x.go", text: text})
	}
	v.promises(advice{file: "x.md", text: "Songs by name are not there yet. The daemon is."})
	if len(v.problems) > 0 {
		t.Errorf("of what is right: %q", v.problems)
	}
	v.promises(advice{where: "x.md", file: "x.md", text: "Kept for the daemon, which is not\nthere yet."})
	if len(v.problems) != 1 {
		t.Errorf("of a command that is called missing: %q", v.problems)
	}
}
