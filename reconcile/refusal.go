package reconcile

import (
	"fmt"
	"strings"
)

// Refusal is something spotsync does not do, to protect what is there, with the way out.
type Refusal struct {
	Address string `json:"address,omitempty"`
	Summary string `json:"summary"`
	Detail  string `json:"detail"`
	Guard   bool   `json:"guard,omitempty"` // a limit on size: --force lifts it
}

// RefusedError is one or more refusals as an error.
type RefusedError struct{ Refusals []Refusal }

func (e *RefusedError) Error() string {
	var b strings.Builder
	for i, r := range e.Refusals {
		if i > 0 {
			b.WriteString("\n")
		}
		if r.Address != "" {
			fmt.Fprintf(&b, "%s: ", r.Address)
		}
		fmt.Fprintf(&b, "%s. %s", r.Summary, r.Detail)
	}
	return b.String()
}

func refuse(address, summary, format string, args ...any) error {
	return &RefusedError{Refusals: []Refusal{{Address: address, Summary: summary, Detail: fmt.Sprintf(format, args...)}}}
}
