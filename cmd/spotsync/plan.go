package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
)

func newPlan(a *term.App) *cobra.Command {
	var so session.Options
	var o session.PlanOptions
	var show session.ShowOptions
	var out string
	cmd := &cobra.Command{
		Use:   "plan [flags] [PATH]",
		Short: "Show what differs between the files and Spotify",
		Long: `plan reads the files and what is on Spotify and shows what apply would do. It changes nothing on Spotify.

PATH is a folder or one .hcl file; the current folder if left out.`,
		Args: atMost(1, "one folder or file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runPlan(cmd.Context(), a, pathArg(args), so, o, show, out)
		},
	}
	registerSession(cmd.Flags(), &so)
	registerPlan(cmd.Flags(), &o)
	registerShow(cmd.Flags(), &show)
	cmd.Flags().StringVar(&out, "out", "", "save the plan to this `file`, for apply")
	registerInput(a, cmd.Flags())
	return cmd
}

func runPlan(ctx context.Context, a *term.App, path string, so session.Options, o session.PlanOptions, show session.ShowOptions, out string) (err error) {
	s, err := session.Open(a, path, so)
	if err != nil {
		return err
	}
	defer term.Closing(s.Close, &err)
	if err := s.Take(ctx); err != nil {
		return err
	}
	o.Attended = a.Asks // a plan stands for the apply that will ask
	got, err := s.MakePlan(ctx, reconcile.CommandApply, o)
	if err != nil {
		return err
	}
	got.Plan.Path = path
	s.NameSongs(ctx, got.Plan, a.OutTTY && o.Refresh && !show.JSON)
	if err := session.ShowPlan(a, got.Plan, show, s.Takes(got.Plan, got.Desired)); err != nil {
		return err
	}
	s.Countdown()
	if err := got.Plan.Forbidden(); err != nil {
		return err
	}
	if out != "" {
		data, err := json.Marshal(got.Plan)
		if err != nil {
			return err
		}
		if err := store.WriteFile(out, append(data, '\n'), 0o600); err != nil {
			return fmt.Errorf("save the plan: %w", err)
		}
		a.Say("The plan is saved. To do exactly this: spotsync apply %s", out)
	}
	if err := session.WithRefusals(session.WithSkipped(nil, got.Plan.Skipped(), false), got.Plan.Refusals, false); err != nil {
		return err
	}
	return session.Differences(got.Plan, show)
}
