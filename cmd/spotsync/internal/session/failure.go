package session

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/mitchellh/go-wordwrap"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/reconcile"
)

// failure is the answer of a command that ended without a result.
type failure struct {
	FormatVersion string                `json:"format_version"`
	ErrorCount    int                   `json:"error_count"`
	WarningCount  int                   `json:"warning_count"`
	Diagnostics   []diag.JSONDiagnostic `json:"diagnostics"`
}

// AnswerFailure writes what made a command fail, unless its answer is complete without it.
func AnswerFailure(a *term.App, err error) {
	lacking, events := a.Answer.Lacks()
	if !lacking {
		return
	}
	all := append(a.Answer.Diagnostics(), diagnosticsOf(err)...)
	if len(all) == 0 {
		return
	}
	if events {
		err = Emit(a, Event{Type: "diagnostics", Diagnostics: all})
	} else {
		doc := failure{FormatVersion: reconcile.FormatVersion, Diagnostics: all}
		for _, d := range all {
			if d.Severity == "warning" {
				doc.WarningCount++
			} else {
				doc.ErrorCount++
			}
		}
		err = a.WriteJSON(doc)
	}
	if err != nil {
		a.Log.Warn().Err(err).Msg("could not write the JSON")
	}
}

// diagnosticsOf is an error as diagnostics, one for each of several. Mistakes in files were shown and kept before.
func diagnosticsOf(err error) []diag.JSONDiagnostic {
	if err == nil || err.Error() == "" {
		return nil
	}
	var all []diag.JSONDiagnostic
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
			all = append(all, diag.JSONDiagnostic{Severity: "error", Summary: r.Summary, Detail: r.Detail, Address: r.Address})
		}
		return all
	}
	return []diag.JSONDiagnostic{{Severity: "error", Summary: words.FromError(err)}}
}

// Event is one line of apply --json.
type Event struct {
	FormatVersion string           `json:"format_version"`
	Type          string           `json:"type"` // plan, then those of reconcile.Event, then summary, or diagnostics where a run ended before
	Plan          *reconcile.Plan  `json:"plan,omitempty"`
	Event         *reconcile.Event `json:"event,omitempty"`
	Summary       *Summary         `json:"summary,omitempty"`

	Diagnostics []diag.JSONDiagnostic `json:"diagnostics,omitempty"`
}

func Emit(a *term.App, e Event) error {
	e.FormatVersion = reconcile.FormatVersion
	if e.Type == "summary" {
		a.Answer.Finish()
	}
	return a.WriteJSON(e)
}

// ShowError says what went wrong. Of several errors it says each.
func ShowError(a *term.App, err error) {
	if err == nil || err.Error() == "" {
		return
	}
	if all := parts(err); len(all) > 0 {
		for _, one := range all {
			ShowError(a, one)
		}
		return
	}
	var mistakes *diagnosticsError
	if errors.As(err, &mistakes) {
		if werr := ShowDiagnostics(a, mistakes.files, mistakes.diags); werr != nil {
			a.Log.Warn().Err(werr).Msg("could not show what is wrong with the files")
		}
		return
	}
	var refused *reconcile.RefusedError
	if errors.As(err, &refused) {
		showRefusals(a, refused.Refusals)
		return
	}
	a.Fail("%s", words.FromError(err))
}

// showRefusals says what is not done, why, and the ways out.
func showRefusals(a *term.App, refusals []reconcile.Refusal) {
	for _, r := range refusals {
		var b strings.Builder
		fmt.Fprintf(&b, "\nRefused: %s", r.Summary)
		if r.Address != "" {
			fmt.Fprintf(&b, " (%s)", r.Address)
		}
		b.WriteString("\n\n")
		whole := commandText.ReplaceAllStringFunc(r.Detail, func(s string) string { return strings.ReplaceAll(s, " ", unbroken) })
		if w := a.MessageWidth(); w > 0 {
			whole = wordwrap.WrapString(whole, uint(min(max(w, 40), 100)-2))
		}
		for line := range strings.SplitSeq(whole, "\n") {
			b.WriteString(strings.TrimRight("  "+strings.ReplaceAll(line, unbroken, " "), " ") + "\n")
		}
		a.Say("%s", strings.TrimSuffix(b.String(), "\n"))
	}
}

// commandText is what people copy out of a text. Wrapping leaves it whole.
var commandText = regexp.MustCompile(`spotsync( lock)? [a-z]+( '[^']*')?|--[a-z-]+ '[^']*'|id = "[^"]*"`)

const unbroken = "\u00a0" // a space that no line is broken at
