package reconcile

import (
	"fmt"
	"slices"

	"github.com/spotsync/spotsync/reconcile/store"
)

const flagsSummary = "A playlist is public or collaborative, not both"

// flagsExclude refuses what Spotify would answer 400: to set one of public and collaborative where the other one is set and
// the block says that changes of it are ignored. An attribute that is merely left out gives way (see diffDetails).
func (p *planner) flagsExclude(m managed, w DesiredState, seen store.Contents, base *store.Base) bool {
	ignored, have := m.block.Lifecycle.IgnoreChanges, seen.Details
	wants := func(b *bool) bool { return b != nil && *b }
	var attr, other string
	switch {
	case wants(w.Public) && have.Public != nil && !*have.Public && have.Collaborative && slices.Contains(ignored, "collaborative") && !ignoredPublic(true, LearnedBefore(m.entry), base, seen):
		attr, other = "public", "collaborative"
	case wants(w.Collaborative) && !have.Collaborative && wants(have.Public) && slices.Contains(ignored, "public"):
		attr, other = "collaborative", "public"
	default:
		return false
	}
	line := attr
	if rng, ok := m.block.Ranges[attr]; ok {
		line = fmt.Sprintf("%s:%d: %s", rng.Filename, rng.Start.Line, attr)
	}
	p.refuse(Refusal{Address: m.address, Summary: flagsSummary,
		Detail: fmt.Sprintf("%s = true, but on Spotify %s is %s, and ignore_changes has that left as it is. Write %s = false, or %s = false and take it out of ignore_changes.", line, m.address, other, attr, other)})
	return true
}
