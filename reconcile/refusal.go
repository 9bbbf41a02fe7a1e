package reconcile

import (
	"fmt"
	"slices"
	"strings"
)

// Refusal is something spotsync does not do, to protect what is there, with the way out. One about a playlist leaves that
// playlist alone, and the rest of the plan is done; one about the whole plan leaves everything alone.
type Refusal struct {
	Address string `json:"address,omitempty"` // the playlist that is protected; empty only when it is about the whole plan
	Whole   bool   `json:"whole,omitempty"`   // nothing of the plan is done
	Summary string `json:"summary"`
	Detail  string `json:"detail"`
	Guard   bool   `json:"guard,omitempty"` // a limit on size: --force lifts it
}

// All reports whether the refusal is about the whole plan.
func (r Refusal) All() bool { return r.Whole || r.Address == "" }

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

func RefusedErrorf(address, summary, format string, args ...any) error {
	return &RefusedError{Refusals: []Refusal{{Address: address, Summary: summary, Detail: fmt.Sprintf(format, args...)}}}
}

// Forbidden is the error of a plan of which nothing may be done. Without one, everything but the changes that are
// [Change.Refused] may be.
func (p *Plan) Forbidden() error {
	if slices.ContainsFunc(p.Refusals, Refusal.All) {
		return &RefusedError{Refusals: p.Refusals}
	}
	return nil
}

// RefusalOf is why an address is left alone. When there are several reasons it is the first.
func (p *Plan) RefusalOf(address string) (Refusal, bool) {
	for _, r := range p.Refusals {
		if r.Address == address && address != "" {
			return r, true
		}
	}
	return Refusal{}, false
}

// markRefused marks the changes that refusals name.
func (p *Plan) markRefused() {
	for i := range p.Changes {
		_, p.Changes[i].Refused = p.RefusalOf(p.Changes[i].Address)
	}
}

// refuse adds a refusal to the plan.
func (p *planner) refuse(r Refusal) {
	r.Whole = r.All()
	p.plan.Refusals = append(p.plan.Refusals, r)
}

// refuseDependents leaves alone what would name a playlist that is not created because that is refused.
func (p *planner) refuseDependents() {
	missing := make(map[string]bool) // addresses that get no ID
	for _, c := range p.plan.Changes {
		if (c.ID == "" || c.Action == Adopt) && p.refused(c.Address) != "" {
			missing[c.Address] = true
		}
	}
	for found := true; found; {
		found = false
		for _, c := range p.plan.Changes {
			if len(c.Unknown) == 0 || p.refused(c.Address) != "" {
				continue
			}
			i := slices.IndexFunc(p.needs(c.Address), func(a string) bool { return missing[a] })
			if i < 0 {
				continue
			}
			on := p.needs(c.Address)[i]
			p.refuse(Refusal{Address: c.Address, Summary: "It needs a playlist that is refused",
				Detail: fmt.Sprintf("The %s of %s needs the ID of %s, which is not created. Mend that first, or take the reference out.", strings.Join(c.Unknown, " and the "), c.Address, on)})
			missing[c.Address] = missing[c.Address] || c.ID == ""
			found = true
		}
	}
}

// needs are the addresses whose IDs the unknown attributes of a playlist need.
func (p *planner) needs(address string) []string {
	for _, m := range p.managed {
		if m.address == address && m.block != nil {
			return m.block.Needs
		}
	}
	return nil
}
