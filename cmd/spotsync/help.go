package main

import (
	"embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
)

//go:embed topics/*.txt
var topicFiles embed.FS

// topics are what help explains besides commands.
var topics = []struct{ name, short string }{
	{"language", "what the files may say"},
	{"environment", "every variable the program reads"},
	{"exit-codes", "what a script may rely on"},
	{"files", "what is read and written, and where"},
}

// groups are the commands by what people want, in the order help shows them. Cobra has groups too: it would sort the commands
// of each by name, and show topics as if they were commands.
var groups = []struct {
	title string
	names []string
}{
	{"Make Spotify match the files", []string{"plan", "apply", "destroy", "daemon"}},
	{"Log in, look after it", []string{"login", "logout", "auth", "status", "doctor"}},
	{"Work on the files", []string{"validate", "fmt", "console", "output"}},
	{"Look at playlists", []string{"list", "show"}},
	{"Undo, hold back, repair", []string{"history", "rollback", "pause", "resume", "lock"}},
	{"More", []string{"sandbox", "version", "completion", "help"}},
}

func newHelp(a *term.App) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND | TOPIC]",
		Short: "Explain a command or a topic",
		Long:  "help explains a command, or one of these topics:\n\n" + topicList(),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) (found []cobra.Completion, _ cobra.ShellCompDirective) {
			if len(args) == 0 {
				for _, t := range topics {
					found = append(found, cobra.CompletionWithDesc(t.name, t.short))
				}
				for _, c := range cmd.Root().Commands() {
					if c.IsAvailableCommand() {
						found = append(found, cobra.CompletionWithDesc(c.Name(), c.Short))
					}
				}
			}
			return found, cobra.ShellCompDirectiveNoFileComp
		},
		PersistentPreRunE: func(*cobra.Command, []string) error { return nil }, // help helps even where a setting is wrong
		RunE:              func(cmd *cobra.Command, args []string) error { return runHelp(a, cmd.Root(), args) },
	}
}

func runHelp(a *term.App, root *cobra.Command, args []string) error {
	if len(args) == 1 && slices.ContainsFunc(topics, func(t struct{ name, short string }) bool { return t.name == args[0] }) {
		text, err := topicFiles.ReadFile("topics/" + args[0] + ".txt")
		if err != nil {
			return err
		}
		_, err = a.Out.Write(text)
		return err
	}
	cmd, rest, err := root.Find(args)
	if err != nil || len(rest) > 0 {
		var names []string
		for _, t := range topics {
			names = append(names, t.name)
		}
		return fmt.Errorf("there is no help on %q%s; spotsync help shows the commands, and the topics are %s",
			strings.Join(args, " "), didYouMean(root.SuggestionsFor(args[0])), strings.Join(names, ", "))
	}
	cmd.InitDefaultHelpFlag()
	return cmd.Help()
}

// arrange gives the root its help, and every command that only holds others an error for a name it does not know:
// a mistyped command must not look like success.
func arrange(a *term.App, root *cobra.Command) {
	root.SetHelpCommand(newHelp(a))
	root.InitDefaultHelpCmd()
	root.Version = version()
	root.SetVersionTemplate("spotsync {{.Version}}\n")
	usual := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if cmd.HasParent() {
			usual(cmd, args)
			return
		}
		rootHelp(cmd.OutOrStdout(), root)
	})
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
		cmd.SuggestionsMinimumDistance = 2
		if !cmd.HasSubCommands() || cmd.Runnable() {
			return
		}
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return fmt.Errorf("there is no command %q%s; see %s --help",
				cmd.CommandPath()+" "+args[0], didYouMean(cmd.SuggestionsFor(args[0])), cmd.CommandPath())
		}
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	walk(root)
}

func didYouMean(near []string) string {
	if len(near) == 0 {
		return ""
	}
	return " (did you mean " + strings.Join(near, " or ") + "?)"
}

// rootHelp is what "spotsync --help" prints.
func rootHelp(w io.Writer, root *cobra.Command) {
	fmt.Fprintf(w, "%s\n\nUsage:\n  spotsync [global flags] COMMAND [flags] [PATH]\n", strings.TrimSpace(root.Long))
	commands := make(map[string]*cobra.Command)
	width := 0
	for _, c := range root.Commands() {
		commands[c.Name()] = c
		width = max(width, len(c.Name()))
	}
	for _, g := range groups {
		if !slices.ContainsFunc(g.names, func(name string) bool { return commands[name] != nil }) {
			continue
		}
		fmt.Fprintf(w, "\n%s:\n", g.title)
		for _, name := range g.names {
			if c := commands[name]; c != nil {
				fmt.Fprintf(w, "  %-*s  %s\n", width, name, c.Short)
			}
		}
	}
	fmt.Fprintf(w, "\nTopics, for spotsync help TOPIC:\n%s\nGlobal flags:\n%s", topicList(), globalFlags(root).FlagUsages())
}

// globalFlags are the flags every command has.
func globalFlags(root *cobra.Command) *pflag.FlagSet {
	root.InitDefaultHelpFlag()
	root.InitDefaultVersionFlag()
	return root.Flags()
}

func topicList() string {
	var b strings.Builder
	for _, t := range topics {
		fmt.Fprintf(&b, "  %-11s  %s\n", t.name, t.short)
	}
	return b.String()
}
