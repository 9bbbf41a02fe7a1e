package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/run"
)

func newApply(a *term.App) *cobra.Command {
	var f applyFlags
	cmd := &cobra.Command{
		Use:   "apply [flags] [PATH | PLAN]",
		Short: "Make Spotify match the files",
		Long: `apply plans, shows the plan, asks, and does it. Where nobody can be asked it stops after the plan, unless --auto-approve is
given. With a plan saved by "plan --out" it does exactly that plan, unless what it was made from has changed since.`,
		Args: atMost(1, "one folder, file or saved plan"),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := pathArg(args)
			if session.IsPlanFile(path) {
				return session.ApplySaved(cmd.Context(), a, path, f.session, f.options())
			}
			return runApply(cmd.Context(), a, reconcile.CommandApply, path, f.session, f.options())
		},
	}
	f.register(a, cmd)
	return cmd
}

func newDestroy(a *term.App) *cobra.Command {
	var f applyFlags
	cmd := &cobra.Command{
		Use:   "destroy [flags] [PATH]",
		Short: "Delete the managed playlists",
		Long: `destroy removes all managed playlists from the account's library, or those named by --target. That is what Spotify
calls deleting: followers keep them, and rollback puts them back.

It shows what it would delete and asks for the number of playlists. Where nobody can be asked it stops there, unless
--auto-approve is given.`,
		Args: atMost(1, "one folder or file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runApply(cmd.Context(), a, reconcile.CommandDestroy, pathArg(args), f.session, f.options())
		},
	}
	f.register(a, cmd)
	return cmd
}

// runApply plans and does it, asking in between.
func runApply(ctx context.Context, a *term.App, command reconcile.Command, path string, so session.Options, o session.ApplyOptions) (err error) {
	s, err := session.Open(a, path, so)
	if err != nil {
		return err
	}
	defer term.Closing(s.Close, &err)
	o.Plan.Attended = !o.AutoApprove && a.CannotAsk() == nil
	return session.PlanAndApply(ctx, s, path, o, func() (*run.Planned, error) { return s.MakePlan(ctx, command, o.Plan) })
}
