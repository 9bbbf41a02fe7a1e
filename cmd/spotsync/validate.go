package main

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/diag"
)

func newValidate(a *term.App) *cobra.Command {
	var in session.Inputs
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "validate [flags] [PATH]",
		Short: "Check the files without asking Spotify",
		Long: `validate reads the files and says what is wrong with them, whatever values the variables will have. It needs no login
and sends nothing. With something wrong it exits 1.

PATH is a folder or one .hcl file; the current folder if left out.`,
		Args: atMost(1, "one folder or file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runValidate(cmd.Context(), a, pathArg(args), in, asJSON)
		},
	}
	registerInputs(cmd.Flags(), &in)
	cmd.Flags().BoolVar(&asJSON, "json", false, "write what was found as JSON, in the shape of Terraform's")
	return cmd
}

func runValidate(ctx context.Context, a *term.App, path string, in session.Inputs, asJSON bool) error {
	files, diags, err := checkConfiguration(ctx, a, path, in)
	if err != nil {
		return err
	}
	if asJSON {
		if _, err := a.Out.Write(diag.Document(files, diags)); err != nil {
			return err
		}
		if diags.HasErrors() {
			return session.Silent(session.KindError)
		}
		return nil
	}
	if err := session.Checked(a, files, diags); err != nil {
		return err
	}
	warned := ""
	if len(diags) > 0 {
		warned = ", with " + words.Plural(len(diags), "warning")
	}
	_, err = fmt.Fprintf(a.Out, "Success! The configuration is valid%s.\n", warned)
	return err
}

// checkConfiguration finds all that is wrong with a configuration, and the source to quote.
func checkConfiguration(ctx context.Context, a *term.App, path string, in session.Inputs) (files diag.Files, found hcl.Diagnostics, err error) {
	source, found := session.ReadSource(a, path, in)
	if found.HasErrors() {
		return nil, found, nil
	}
	files = source.Sources()
	module, diags := config.Parse(source.Files, config.ForVersion(version()))
	if found = append(found, diags...); diags.HasErrors() {
		return files, found, nil
	}
	c, err := session.NewConfiguration(a, source, module, in)
	if err != nil {
		return nil, nil, err
	}
	defer term.Closing(c.Files.Close, &err)
	found = append(found, module.Validate(ctx, c.Inputs(nil, time.Now().UTC()))...)
	if ctx.Err() != nil {
		return nil, nil, term.ErrInterrupted
	}
	return files, found, nil
}
