package config

import (
	"cmp"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// problem is an error about rng.
func problem(rng hcl.Range, summary, detail string) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &rng}
}

// caution is a warning about rng.
func caution(rng hcl.Range, summary, detail string) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: summary, Detail: detail, Subject: &rng}
}

// sortDiagnostics puts diags in file order, so that a person can work through them and two runs say the same.
func sortDiagnostics(diags hcl.Diagnostics) {
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
			cmp.Compare(a.Detail, b.Detail),
		)
	})
}

func subject(d *hcl.Diagnostic) hcl.Range {
	if d.Subject != nil {
		return *d.Subject
	}
	return hcl.Range{}
}

// tidy sorts diags, says each once, and gives each a place: fallback where it has none.
func tidy(diags hcl.Diagnostics, fallback hcl.Range) hcl.Diagnostics {
	for i, d := range diags {
		if d.Subject == nil {
			placed := *d
			placed.Subject = &fallback
			diags[i] = &placed
		}
	}
	sortDiagnostics(diags)
	return slices.CompactFunc(diags, func(a, b *hcl.Diagnostic) bool {
		return a.Severity == b.Severity && a.Summary == b.Summary && a.Detail == b.Detail && *a.Subject == *b.Subject
	})
}
