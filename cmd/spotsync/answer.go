package main

import (
	"errors"
	"io"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/reconcile"
)

// jsonAnswer is what a command prints with --json. A program that reads it gets JSON also where the command fails: what people
// are told on Err stands there as diagnostics.
type jsonAnswer struct {
	out      io.Writer
	events   bool // one a line, and the summary is the last
	complete bool
	files    config.Files
	diags    hcl.Diagnostics // shown so far
}

// answerEvents is the annotation of a --json that prints events.
const answerEvents = "events"

// answers notes that a command is to print JSON, if its flag says so. Everything that the command writes to Out is its
// answer.
func (a *app) answers(asked *pflag.Flag) {
	if asked == nil || a.answer != nil {
		return
	}
	_, events := asked.Annotations[answerEvents]
	a.answer = &jsonAnswer{out: a.Out, events: events}
	a.Out = a.answer
}

// asksJSON is the --json flag of the command that arguments mean, where these were not understood; nil without one.
func asksJSON(root *cobra.Command, args []string) *pflag.Flag {
	cmd, rest, err := root.Find(args)
	if err != nil || !slices.Contains(rest, "--json") && !slices.Contains(rest, "--json=true") {
		return nil
	}
	return cmd.Flags().Lookup("json")
}

// Write writes a part of the answer. A document is written as a whole.
func (w *jsonAnswer) Write(p []byte) (int, error) {
	w.complete = w.complete || !w.events
	return w.out.Write(p)
}

// add keeps diagnostics for the answer. Nil keeps nothing.
func (w *jsonAnswer) add(files config.Files, diags hcl.Diagnostics) {
	if w == nil {
		return
	}
	if w.files == nil {
		w.files = make(config.Files, len(files))
	}
	maps.Copy(w.files, files)
	for _, d := range diags { // a plan that is made again after the question shows its own again
		if !slices.ContainsFunc(w.diags, func(known *hcl.Diagnostic) bool { return sameDiagnostic(known, d) }) {
			w.diags = append(w.diags, d)
		}
	}
}

func sameDiagnostic(a, b *hcl.Diagnostic) bool {
	return a.Severity == b.Severity && a.Summary == b.Summary && a.Detail == b.Detail &&
		(a.Subject == b.Subject || a.Subject != nil && b.Subject != nil && *a.Subject == *b.Subject)
}

// diagnostics are those that were shown so far, in JSON.
func (w *jsonAnswer) diagnostics() []config.JSONDiagnostic {
	if w == nil {
		return nil
	}
	return config.JSONDiagnostics(w.files, w.diags)
}

// failure is the answer of a command that ended without a result.
type failure struct {
	FormatVersion string                  `json:"format_version"`
	ErrorCount    int                     `json:"error_count"`
	WarningCount  int                     `json:"warning_count"`
	Diagnostics   []config.JSONDiagnostic `json:"diagnostics"`
}

// answerFailure writes what made a command fail, unless its answer is complete without it.
func (a *app) answerFailure(err error) {
	if a.answer == nil || a.answer.complete {
		return
	}
	all := append(a.answer.diagnostics(), diagnosticsOf(err)...)
	if len(all) == 0 {
		return
	}
	if a.answer.events {
		err = a.emit(jsonEvent{Type: "diagnostics", Diagnostics: all})
	} else {
		doc := failure{FormatVersion: reconcile.FormatVersion, Diagnostics: all}
		for _, d := range all {
			if d.Severity == "warning" {
				doc.WarningCount++
			} else {
				doc.ErrorCount++
			}
		}
		err = a.writeJSON(doc)
	}
	if err != nil {
		a.log.Warn().Err(err).Msg("could not write the JSON")
	}
}

// diagnosticsOf is an error as diagnostics, one for each of several. Mistakes in files were shown and kept before.
func diagnosticsOf(err error) []config.JSONDiagnostic {
	if err == nil || err.Error() == "" {
		return nil
	}
	var all []config.JSONDiagnostic
	if several := parts(err); len(several) > 0 {
		for _, one := range several {
			all = append(all, diagnosticsOf(one)...)
		}
		return all
	}
	var mistakes *diagnosticsError
	if errors.As(err, &mistakes) {
		return nil
	}
	var refused *reconcile.RefusedError
	if errors.As(err, &refused) {
		for _, r := range refused.Refusals {
			all = append(all, config.JSONDiagnostic{Severity: "error", Summary: r.Summary, Detail: r.Detail, Address: r.Address})
		}
		return all
	}
	return []config.JSONDiagnostic{{Severity: "error", Summary: words.FromError(err)}}
}
