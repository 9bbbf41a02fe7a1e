package term

import (
	"io"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/spotsync/spotsync/config/diag"
)

// Answer is what a command prints with --json. A program that reads it gets JSON also where the command fails: what people
// are told on Err stands there as diagnostics.
type Answer struct {
	out      io.Writer
	events   bool // one a line, and the summary is the last
	complete bool
	files    diag.Files
	diags    hcl.Diagnostics // shown so far
}

// Answers notes that a command is to print JSON: one document, or events, one a line. Everything that the command writes to Out
// is its answer.
func (a *App) Answers(events bool) {
	if a.Answer != nil {
		return
	}
	a.Answer = &Answer{out: a.Out, events: events}
	a.Out = a.Answer
}

// Write writes a part of the answer. A document is written as a whole.
func (w *Answer) Write(p []byte) (int, error) {
	w.complete = w.complete || !w.events
	return w.out.Write(p)
}

// Finish notes that the answer is complete.
func (w *Answer) Finish() {
	if w != nil {
		w.complete = true
	}
}

// Lacks reports whether the answer, if there is one, is not complete, and whether it is made of events.
func (w *Answer) Lacks() (end, events bool) { return w != nil && !w.complete, w != nil && w.events }

// Add keeps diagnostics for the answer. Nil keeps nothing.
func (w *Answer) Add(files diag.Files, diags hcl.Diagnostics) {
	if w == nil {
		return
	}
	if w.files == nil {
		w.files = make(diag.Files, len(files))
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

// Diagnostics are those that were shown so far, in JSON.
func (w *Answer) Diagnostics() []diag.JSONDiagnostic {
	if w == nil {
		return nil
	}
	return diag.JSONDiagnostics(w.files, w.diags)
}
