package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/rs/zerolog"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/spotify"
)

// Inputs are what variables get their values from, beside the configuration.
type Inputs struct {
	vars     []string
	varFiles []string
	after    []int // how many --var stood before each --var-file
}

// configuration is files read and parsed, not yet worked out.
type Configuration struct {
	source *config.Source
	module *config.Module // nil: not parsed yet
	vars   config.VarSources
	files  *config.DirFiles
	text   bool // whether the text of each block says something else than before is of interest
}

// loadConfiguration reads a configuration.
func Load(a *term.App, path string, in Inputs) (*Configuration, error) {
	c, err := loadSource(a, path, in)
	if err != nil {
		return nil, err
	}
	if err := parseConfiguration(a, c); err != nil {
		return nil, errors.Join(err, c.files.Close())
	}
	return c, nil
}

// loadSource is load as far as the disk is concerned.
func loadSource(a *term.App, path string, in Inputs) (*Configuration, error) {
	source, diags := readSource(a, path, in)
	if err := checked(a, nil, diags); err != nil {
		return nil, err
	}
	return newConfiguration(a, source, nil, in)
}

// parseConfiguration parses what was read, unless that was done.
func parseConfiguration(a *term.App, c *Configuration) error {
	if c.module != nil {
		return nil
	}
	module, diags := config.Parse(c.source.Files, config.ForVersion(a.Version))
	if err := checked(a, c.source.Sources(), diags); err != nil {
		return err
	}
	c.module = module
	return nil
}

// readSource reads a configuration's files.
func readSource(a *term.App, path string, in Inputs) (*config.Source, hcl.Diagnostics) {
	source, diags := config.Load(config.LoadOptions{Path: path, Root: a.Settings.Root, LockFile: a.Settings.LockFile, VarFiles: in.varFiles})
	if source != nil {
		for i := range source.VarFiles {
			source.VarFiles[i].After = in.after[i]
		}
	}
	return source, diags
}

// newConfiguration puts together what an evaluation needs.
func newConfiguration(a *term.App, source *config.Source, module *config.Module, in Inputs) (*Configuration, error) {
	files, err := config.OpenFiles(source.Dir, source.Root)
	if err != nil {
		return nil, err
	}
	return &Configuration{source: source, module: module, files: files,
		vars: config.VarSources{Env: a.Environ(), Auto: source.AutoVars, Files: source.VarFiles, Flags: in.vars}}, nil
}

func (c *Configuration) inputs(ids map[string]spotify.ID, now time.Time) config.Inputs {
	in := config.Inputs{Vars: c.vars, Now: now, IDs: ids, Files: c.files}
	if c.text {
		in.Text = func(string) bool { return true }
	}
	return in
}

// evaluateConfiguration works out what the configuration wants.
func Evaluate(ctx context.Context, a *term.App, c *Configuration, ids map[string]spotify.ID, now time.Time) (*config.Desired, error) {
	desired, diags := c.module.Evaluate(ctx, c.inputs(ids, now))
	if err := ctx.Err(); err != nil { // the files are not to blame
		return nil, err
	}
	if err := checked(a, c.source.Sources(), diags); err != nil {
		return nil, err
	}
	return desired, nil
}

// diagnosticsError is what is wrong with files. Who prints it quotes them.
type diagnosticsError struct {
	files config.Files
	diags hcl.Diagnostics
}

// Error is all of it as plain text.
func (e *diagnosticsError) Error() string {
	var b strings.Builder
	_ = config.WriteDiagnostics(&b, e.files, e.diags, false, 0) // a builder takes everything
	return strings.TrimSpace(b.String())
}

// checked is diags as an error, if one is among them. Warnings alone are printed.
func checked(a *term.App, files config.Files, diags hcl.Diagnostics) error {
	if diags.HasErrors() {
		return &diagnosticsError{files, diags}
	}
	return ShowDiagnostics(a, files, diags)
}

// showDiagnostics prints diagnostics.
func ShowDiagnostics(a *term.App, files config.Files, diags hcl.Diagnostics) error {
	if len(diags) == 0 {
		return nil
	}
	a.Answer.Add(files, diags)
	level := zerolog.WarnLevel
	if diags.HasErrors() {
		level = zerolog.ErrorLevel
	}
	return a.Message(level, func(w io.Writer, color bool, width int) error {
		return config.WriteDiagnostics(w, files, diags, color, width)
	})
}
