package session

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
	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/files"
	"github.com/spotsync/spotsync/spotify"
)

// Inputs are what variables get their values from, beside the configuration.
type Inputs struct {
	Vars     []string
	VarFiles []string
	After    []int // how many --var stood before each --var-file
}

// Configuration is files read and parsed, not yet worked out.
type Configuration struct {
	Source *config.Source
	Module *config.Module // nil: not parsed yet
	vars   config.VarSources
	Files  *files.Dir
	Text   bool // whether the text of each block says something else than before is of interest
}

// Load reads a configuration.
func Load(a *term.App, path string, in Inputs) (*Configuration, error) {
	c, err := LoadSource(a, path, in)
	if err != nil {
		return nil, err
	}
	if err := parseConfiguration(a, c); err != nil {
		return nil, errors.Join(err, c.Files.Close())
	}
	return c, nil
}

// LoadSource is load as far as the disk is concerned.
func LoadSource(a *term.App, path string, in Inputs) (*Configuration, error) {
	source, diags := ReadSource(a, path, in)
	if err := Checked(a, nil, diags); err != nil {
		return nil, err
	}
	return NewConfiguration(a, source, nil, in)
}

// parseConfiguration parses what was read, unless that was done.
func parseConfiguration(a *term.App, c *Configuration) error {
	if c.Module != nil {
		return nil
	}
	module, diags := config.Parse(c.Source.Files, config.ForVersion(a.Version))
	if err := Checked(a, c.Source.Sources(), diags); err != nil {
		return err
	}
	c.Module = module
	return nil
}

// ReadSource reads a configuration's files.
func ReadSource(a *term.App, path string, in Inputs) (*config.Source, hcl.Diagnostics) {
	source, diags := config.Load(config.LoadOptions{Path: path, Root: a.Settings.Root, LockFile: a.Settings.LockFile, VarFiles: in.VarFiles})
	if source != nil {
		for i := range source.VarFiles {
			source.VarFiles[i].After = in.After[i]
		}
	}
	return source, diags
}

// NewConfiguration puts together what an evaluation needs.
func NewConfiguration(a *term.App, source *config.Source, module *config.Module, in Inputs) (*Configuration, error) {
	files, err := files.Open(source.Dir, source.Root)
	if err != nil {
		return nil, err
	}
	return &Configuration{Source: source, Module: module, Files: files,
		vars: config.VarSources{Env: a.Environ(), Auto: source.AutoVars, Files: source.VarFiles, Flags: in.Vars}}, nil
}

func (c *Configuration) Inputs(ids map[string]spotify.ID, now time.Time) config.Inputs {
	in := config.Inputs{Vars: c.vars, Now: now, IDs: ids, Files: c.Files}
	if c.Text {
		in.Text = func(string) bool { return true }
	}
	return in
}

// Evaluate works out what the configuration wants.
func Evaluate(ctx context.Context, a *term.App, c *Configuration, ids map[string]spotify.ID, now time.Time) (*config.Desired, error) {
	desired, diags := c.Module.Evaluate(ctx, c.Inputs(ids, now))
	if err := ctx.Err(); err != nil { // the files are not to blame
		return nil, err
	}
	if err := Checked(a, c.Source.Sources(), diags); err != nil {
		return nil, err
	}
	return desired, nil
}

// diagnosticsError is what is wrong with files. Who prints it quotes them.
type diagnosticsError struct {
	files diag.Files
	diags hcl.Diagnostics
}

// Error is all of it as plain text.
func (e *diagnosticsError) Error() string {
	var b strings.Builder
	_ = diag.Write(&b, e.files, e.diags, false, 0) // a builder takes everything
	return strings.TrimSpace(b.String())
}

// Checked is diags as an error, if one is among them. Warnings alone are printed.
func Checked(a *term.App, files diag.Files, diags hcl.Diagnostics) error {
	if diags.HasErrors() {
		return &diagnosticsError{files, diags}
	}
	return ShowDiagnostics(a, files, diags)
}

// ShowDiagnostics prints diagnostics.
func ShowDiagnostics(a *term.App, files diag.Files, diags hcl.Diagnostics) error {
	if len(diags) == 0 {
		return nil
	}
	a.Answer.Add(files, diags)
	level := zerolog.WarnLevel
	if diags.HasErrors() {
		level = zerolog.ErrorLevel
	}
	return a.Message(level, func(w io.Writer, color bool, width int) error {
		return diag.Write(w, files, diags, color, width)
	})
}
