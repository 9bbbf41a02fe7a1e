package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
)

func newPlan(a *term.App) *cobra.Command {
	var so Options
	var o planOptions
	var show showOptions
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

func runPlan(ctx context.Context, a *term.App, path string, so Options, o planOptions, show showOptions, out string) (err error) {
	s, err := Open(a, path, so)
	if err != nil {
		return err
	}
	defer term.Closing(s.Close, &err)
	if err := s.take(ctx); err != nil {
		return err
	}
	o.attended = a.Asks // a plan stands for the apply that will ask
	got, err := s.makePlan(ctx, reconcile.CommandApply, o)
	if err != nil {
		return err
	}
	got.Plan.Path = path
	s.nameSongs(ctx, got.Plan, a.OutTTY && o.refresh && !show.JSON)
	if err := showPlan(a, got.Plan, show, s.takes(got.Plan, got.Desired)); err != nil {
		return err
	}
	s.countdown()
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
	if err := withRefusals(withSkipped(nil, got.Plan.Skipped(), false), got.Plan.Refusals, false); err != nil {
		return err
	}
	return differences(got.Plan, show)
}
