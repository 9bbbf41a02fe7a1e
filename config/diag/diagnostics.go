package diag

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// Error is an error about rng.
func Error(rng hcl.Range, summary, detail string) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &rng}
}

// Warning is a warning about rng.
func Warning(rng hcl.Range, summary, detail string) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: summary, Detail: detail, Subject: &rng}
}

// Sort puts diags in file order, so that a person can work through them and two runs say the same.
func Sort(diags hcl.Diagnostics) {
	slices.SortStableFunc(diags, func(a, b *hcl.Diagnostic) int {
		ra, rb := subject(a), subject(b)
		return cmp.Or(
			cmp.Compare(ra.Filename, rb.Filename),
			cmp.Compare(ra.Start.Line, rb.Start.Line),
			cmp.Compare(ra.Start.Column, rb.Start.Column),
			cmp.Compare(ra.Start.Byte, rb.Start.Byte),
			cmp.Compare(ra.End.Byte, rb.End.Byte),
			cmp.Compare(a.Severity, b.Severity),
			cmp.Compare(a.Summary, b.Summary),
		) // alike otherwise, they stay in the order they were found: element 9 before element 10

	})
}

func subject(d *hcl.Diagnostic) hcl.Range {
	if d.Subject != nil {
		return *d.Subject
	}
	return hcl.Range{}
}

// Tidy sorts diags, says each once, and gives each a place: fallback where it has none.
func Tidy(diags hcl.Diagnostics, fallback hcl.Range) hcl.Diagnostics {
	for i, d := range diags {
		if d.Subject == nil {
			placed := *d
			placed.Subject = &fallback
			diags[i] = &placed
		}
	}
	Sort(diags)
	alike := func(a, b *hcl.Diagnostic) bool {
		return a.Severity == b.Severity && a.Summary == b.Summary && *a.Subject == *b.Subject
	}
	type text struct {
		severity        hcl.DiagnosticSeverity
		at              hcl.Range
		summary, detail string
	}
	told := make(map[text]bool, len(diags))
	diags = slices.DeleteFunc(diags, func(d *hcl.Diagnostic) bool {
		t := text{d.Severity, *d.Subject, d.Summary, d.Detail}
		again := told[t]
		told[t] = true
		return again
	})
	var out hcl.Diagnostics
	for len(diags) > 0 {
		n := 1
		for n < len(diags) && alike(diags[0], diags[n]) {
			n++
		}
		out = append(out, abridged(diags[:n])...)
		diags = diags[n:]
	}
	return out
}

// sameTold is how many problems of one kind in one place are told one by one.
const sameTold = 3

// abridged tells the first of many problems of one kind that a computed list has in one place, and counts the others.
func abridged(alike hcl.Diagnostics) hcl.Diagnostics {
	if len(alike) <= sameTold+1 {
		return alike
	}
	rest := *alike[0]
	rest.Detail = fmt.Sprintf("%d more elements have the same kind of problem.", len(alike)-sameTold)
	return append(slices.Clip(alike[:sameTold]), &rest)
}
