package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/reconcile/apply"
)

// registerInputs adds the flags of every command that reads a configuration.
func registerInputs(flags *pflag.FlagSet, in *session.Inputs) {
	flags.Var(appendTo{func(s string) { in.Vars = append(in.Vars, s) }}, "var", "set a variable, `name=value` (repeatable)")
	flags.Var(appendTo{func(s string) { in.VarFiles = append(in.VarFiles, s); in.After = append(in.After, len(in.Vars)) }}, "var-file", "`file` of variables' values (repeatable)")
}

// appendTo is a flag that may be given more than once, its order among others kept.
type appendTo struct{ add func(string) }

func (appendTo) String() string       { return "" }
func (appendTo) Type() string         { return "string" }
func (v appendTo) Set(s string) error { v.add(s); return nil }

// registerSession adds the flags of commands that talk to Spotify about a configuration.
func registerSession(flags *pflag.FlagSet, o *session.Options) {
	registerInputs(flags, &o.Inputs)
	flags.DurationVar(&o.LockTimeout, "lock-timeout", 30*time.Second, "how long to wait for another spotsync to finish")
	flags.IntVar(&o.Parallelism, "parallelism", 4, "requests at once")
	flags.IntVar(&o.MaxRequests, "max-requests", 0, "send at most this many requests (0: any number)")
	registerMaxWait(flags, &o.MaxWait, time.Minute)
}

// registerMaxWait adds --max-wait.
func registerMaxWait(flags *pflag.FlagSet, wait *time.Duration, usual time.Duration) {
	*wait = usual
	flags.Var((*waitFlag)(wait), "max-wait", "longest `wait` for Spotify's rate limit before giving up")
}

// waitFlag is a duration that may be 0: wait for nothing.
type waitFlag time.Duration

func (w *waitFlag) String() string { return time.Duration(*w).String() }
func (w *waitFlag) Type() string   { return "duration" }
func (w *waitFlag) Set(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return fmt.Errorf("%q is not a duration such as 30s, 10m or 1h", s)
	}
	*w = waitFlag(d)
	return nil
}

// registerPlan adds the flags that decide what a plan is about.
func registerPlan(flags *pflag.FlagSet, o *session.PlanOptions) {
	flags.StringArrayVar(&o.Targets, "target", nil, "only this playlist: `ref` is an address, ID, link, name or glob (repeatable)")
	flags.StringArrayVar(&o.Excludes, "exclude", nil, "all but this playlist: `ref` as for --target (repeatable)")
	flags.BoolVar(&o.Refresh, "refresh", true, "read what is on Spotify; false plans from memory and asks nothing")
	flags.BoolVar(&o.RefreshOnly, "refresh-only", false, "change no playlist: only take note of what changed on Spotify")
	flags.BoolVar(&o.Force, "force", false, "lift the guards on how much may be deleted or removed")
	flags.BoolVar(&o.AdoptByName, "adopt-by-name", false, "manage a playlist that already has the name of a new block")
	flags.BoolVar(&o.CreateDuplicate, "create-duplicate", false, "create a playlist even if one of its name exists")
}

// registerShow adds the flags that decide how a plan is shown.
func registerShow(flags *pflag.FlagSet, o *session.ShowOptions) {
	flags.BoolVar(&o.JSON, "json", false, "write JSON")
	flags.BoolVar(&o.Summary, "summary", false, "one line for each playlist")
	flags.BoolVar(&o.Full, "full", false, "every row, also those that stay")
	flags.BoolVar(&o.Markdown, "markdown", false, "write Markdown, for a comment on a pull request")
	flags.BoolVar(&o.Detailed, "detailed-exitcode", false, "exit 2 when there are differences, 0 when there are none")
}

// applyFlags are the flags of the commands that change playlists.
type applyFlags struct {
	session  session.Options
	apply    session.ApplyOptions
	verify   bool
	noVerify bool
}

func (f *applyFlags) register(a *term.App, cmd *cobra.Command) {
	registerSession(cmd.Flags(), &f.session)
	registerPlan(cmd.Flags(), &f.apply.Plan)
	registerShow(cmd.Flags(), &f.apply.Show)
	cmd.Flags().Lookup("json").Annotations = map[string][]string{answerEvents: nil}
	cmd.Flags().BoolVar(&f.apply.AutoApprove, "auto-approve", false, "do not ask before doing it")
	cmd.Flags().BoolVar(&f.verify, "verify", false, "read every playlist again after writing to it")
	cmd.Flags().BoolVar(&f.noVerify, "no-verify", false, "never read again after writing, but after a lost answer")
	registerInput(a, cmd.Flags())
}

// options are how to apply.
func (f *applyFlags) options() session.ApplyOptions {
	o := f.apply
	switch {
	case f.verify:
		o.Verify = apply.VerifyAlways
	case f.noVerify:
		o.Verify = apply.VerifyNever
	default:
		o.Verify = apply.VerifyAuto
	}
	return o
}

// registerInput adds --input, which every command that may ask has.
func registerInput(a *term.App, flags *pflag.FlagSet) {
	flags.BoolFunc("input", "ask questions (--input=false: never)", func(v string) error {
		switch v {
		case "true", "1":
			a.Settings.NoInput = false
		case "false", "0":
			a.Settings.NoInput = true
		default:
			return fmt.Errorf("use true or false")
		}
		return nil
	})
}

// asksJSON is the --json flag of the command that arguments mean, where these were not understood; nil without one.
func asksJSON(root *cobra.Command, args []string) *pflag.Flag {
	cmd, rest, err := root.Find(args)
	if err != nil || !slices.Contains(rest, "--json") && !slices.Contains(rest, "--json=true") {
		return nil
	}
	return cmd.Flags().Lookup("json")
}

// answerEvents is the annotation of a --json that prints events.
const answerEvents = "events"

// answersAs notes that a command is to print JSON, if its flag, which may be nil, says so.
func answersAs(a *term.App, asked *pflag.Flag) {
	if asked != nil {
		_, events := asked.Annotations[answerEvents]
		a.Answers(events)
	}
}
