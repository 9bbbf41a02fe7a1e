package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
)

// execute is the program: arguments in, exit code out. It is the one place that prints an error.
func execute(ctx context.Context, a *term.App, args []string) int {
	root := newRoot(a)
	args = doubleDashes(root, args)
	root.SetArgs(args)
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.MessageWriter(zerolog.InfoLevel))
	err := root.ExecuteContext(ctx)
	if !a.Opened() { // a flag or an argument was wrong before the log was opened
		a.Settings.LogFormat = cmp.Or(formatAsked(a, args), a.Settings.LogFormat)
		_ = a.OpenLog() // what is wrong is in err
		answersAs(a, asksJSON(root, args))
	}
	code := exitCode(err)
	if err != nil && errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	session.ShowError(a, err)
	session.AnswerFailure(a, err)
	return code
}

// formatAsked is the log format that arguments or the environment ask for, where the flags were not understood.
func formatAsked(a *term.App, args []string) string {
	for i, arg := range args {
		name, value, joined := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		switch {
		case name != "log-format" || !strings.HasPrefix(arg, "-"):
		case joined:
			return value
		case i+1 < len(args):
			return args[i+1]
		}
	}
	return a.Getenv("SPOTSYNC_LOG_FORMAT")
}

func newRoot(a *term.App) *cobra.Command {
	root := &cobra.Command{
		Use:   "spotsync",
		Short: "Playlists as code: make Spotify match HCL files kept in git",
		Long: `spotsync makes a Spotify account's playlists match HCL files kept in git.

  spotsync plan     shows what differs
  spotsync apply    makes it so

Try it with nothing set up:  spotsync apply --sandbox examples/playlists.hcl`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return start(a, cmd)
		},
	}
	f := root.PersistentFlags()
	f.StringVarP(&a.Settings.Chdir, "chdir", "C", "", "run as if started in this `folder`")
	f.BoolVar(&a.Settings.Sandbox, "sandbox", false, "use a Spotify that lives in memory, with files of its own")
	f.StringVar(&a.Settings.LockFile, "lock-file", "", "lock `file` (default spotsync.lock.hcl beside the configuration)")
	f.StringVar(&a.Settings.Root, "root", "", "`folder` that file() and its kin may read from (default the configuration's)")
	f.BoolVar(&a.Settings.NoColor, "no-color", false, "no colour")
	f.StringVar(&a.Settings.LogLevel, "log-level", "warn", "trace, debug, info, warn or error")
	f.StringVar(&a.Settings.LogFormat, "log-format", "console", "console or json")

	for _, add := range commands {
		root.AddCommand(add(a))
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; see %s --help", flagError(err), cmd.CommandPath())
	})
	arrange(a, root)
	return root
}

// start reads the environment, changes the folder and opens the log, before any command runs.
func start(a *term.App, cmd *cobra.Command) error {
	a.Command = cmd.CommandPath()
	if err := fromEnvironment(a, cmd.Flags()); err != nil {
		return err
	}
	if a.Settings.Chdir != "" {
		if err := os.Chdir(a.Settings.Chdir); err != nil {
			return fmt.Errorf("--chdir: %w", err)
		}
	}
	if err := a.OpenLog(); err != nil {
		return err
	}
	a.Color = a.UseColor(a.OutTTY)
	if f := cmd.Flags().Lookup("json"); f != nil && f.Value.String() == "true" {
		answersAs(a, f)
	}
	return nil
}

// fromEnv are the flags that have a SPOTSYNC_… name. Flags that lift a protection have none on purpose.
var fromEnv = []string{
	"lock-file", "root", "log-level", "log-format", "no-color", "sandbox",
	"input", "lock-timeout", "max-requests", "max-wait", "parallelism", "refresh", "callback-listen", "notify-url",
}

// fromEnvironment gives flags that were not given the value the environment has for them.
func fromEnvironment(a *term.App, flags *pflag.FlagSet) error {
	var err error
	flags.VisitAll(func(f *pflag.Flag) {
		if err != nil || !slices.Contains(fromEnv, f.Name) {
			return
		}
		name := "SPOTSYNC_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if v := a.Getenv(name); v != "" && !f.Changed {
			if serr := flags.Set(f.Name, v); serr != nil {
				err = fmt.Errorf("%s=%q: %w", name, v, flagError(serr))
			}
		}
		least := 0
		if f.Name == "parallelism" {
			least = 1
		}
		if n, nerr := flags.GetInt(f.Name); nerr == nil && f.Changed && n < least {
			err = fmt.Errorf("--%s %d: use %d or more", f.Name, n, least)
		}
	})
	return err
}

// flagError says in words what the flag library says in Go's.
func flagError(err error) error {
	text := err.Error()
	if _, arg, ok := strings.Cut(text, "unknown shorthand flag: "); ok { // "'n' in -nosuch"
		if _, arg, ok = strings.Cut(arg, " in "); ok {
			return fmt.Errorf("unknown flag: %s", arg)
		}
	}
	head, detail, ok := cutLast(text, "\" flag: ")
	if !ok {
		return err
	}
	switch {
	case strings.Contains(detail, "strconv.ParseBool"):
		detail = "use true or false"
	case strings.Contains(detail, "strconv.ParseInt"):
		detail = "use a whole number"
	case strings.HasPrefix(detail, "time: "):
		detail = "use a duration such as 30s, 10m or 1h"
	default:
		return err
	}
	return fmt.Errorf("%s\" flag: %s", head, detail)
}

// cutLast is strings.Cut at the last sep.
func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// doubleDashes lets long flags be written with one dash, as Terraform's are: -auto-approve, -var k=v. Only names that
// some command knows are rewritten, and nothing after "--".
func doubleDashes(root *cobra.Command, args []string) []string {
	long := map[string]bool{"help": true, "version": true}
	var collect func(*cobra.Command)
	collect = func(c *cobra.Command) {
		add := func(f *pflag.Flag) { long[f.Name] = true }
		c.Flags().VisitAll(add)
		c.PersistentFlags().VisitAll(add)
		for _, sub := range c.Commands() {
			collect(sub)
		}
	}
	collect(root)
	out := slices.Clone(args)
	for i, arg := range out {
		if arg == "--" {
			break
		}
		if len(arg) < 3 || arg[0] != '-' || arg[1] == '-' {
			continue
		}
		if name, _, _ := strings.Cut(arg[1:], "="); long[name] {
			out[i] = "-" + arg
		}
	}
	return out
}

// atMost is cobra.MaximumNArgs with a message that says what was expected.
func atMost(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > n {
			return fmt.Errorf("%s takes %s, not %s; see %s --help", cmd.CommandPath(), what, words.Plural(len(args), "argument"), cmd.CommandPath())
		}
		return nil
	}
}

// pathArg is the configuration a command is about.
func pathArg(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return args[0]
}
