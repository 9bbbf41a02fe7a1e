package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/reconcile"
)

// refusedLine says what is not done of a plan, before the reasons.
func refusedLine(p *reconcile.Plan) string {
	what := words.Counted(p.Summary.Refused, "playlist is", "playlists are") + " refused and left alone"
	if p.Forbidden() != nil {
		what = "Nothing can be applied"
	}
	if n := len(p.Refusals); n > 1 {
		return fmt.Sprintf("%s; the %d reasons follow.", what, n)
	}
	return what + "; the reason follows."
}

// conclusion counts a plan and says how long it takes, unless that is empty.
func conclusion(p *reconcile.Plan, takes string) string {
	held, skipped, left, adopted, restored := 0, 0, 0, 0, 0
	for _, c := range p.Changes {
		if c.Refused {
			continue
		}
		switch c.Action {
		case reconcile.Adopt:
			adopted++
		case reconcile.Restore:
			restored++
		case reconcile.Held:
			held++
		case reconcile.Skipped:
			skipped++
		}
		if c.KeyGone {
			left++
		}
	}
	var rest strings.Builder
	if held > 0 {
		fmt.Fprintf(&rest, " %s held.", words.Counted(held, "playlist is", "playlists are"))
	}
	if skipped > 0 {
		fmt.Fprintf(&rest, " %s skipped.", words.Counted(skipped, "playlist is", "playlists are"))
	}
	if left > 0 {
		fmt.Fprintf(&rest, " %s.", words.Counted(left, "playlist is left alone: its key is gone", "playlists are left alone: their keys are gone"))
	}
	if s := p.Summary; !p.Empty() || s.Refused > 0 {
		more := ""
		if s.Refused > 0 {
			more = fmt.Sprintf(", %d refused", s.Refused)
		}
		if s.SongsRemoved > 0 {
			more += ", " + SongsRemoved(s.SongsRemoved)
		}
		if takes != "" {
			takes = ", " + takes
		}
		return fmt.Sprintf("Plan: %d to create, %s%d to change, %d to delete%s; %s%s.%s", s.Create-adopted-restored,
			some(adopted, "to manage")+some(restored, "to put back"), s.Update, s.Delete, more, words.Plural(s.Requests, "request"), takes, rest.String())
	}
	switch {
	case p.Command == reconcile.CommandDestroy:
		return "Nothing to delete." + rest.String()
	case p.Command == reconcile.CommandRollback && len(p.Changes) == 0:
		return "Nothing to roll back: history holds no run of this lock file."
	case p.Command == reconcile.CommandRollback:
		return "Nothing to roll back: Spotify shows what it showed then." + rest.String()
	case p.Command == reconcile.CommandRefreshOnly:
		return "Nothing is changed on Spotify." + rest.String()
	case held+skipped+left > 0:
		return "No differences in the rest." + rest.String()
	case !p.Complete:
		return "No differences in the playlists that were looked at."
	}
	return "No differences. Spotify matches the files."
}

// SongsRemoved is how many songs go, and nothing when none does.
func SongsRemoved(n int) string {
	if n == 0 {
		return ""
	}
	return words.Plural(n, "song") + " removed"
}

// some is "n what, " for a list of counts, and nothing for none.
func some(n int, what string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d %s, ", n, what)
}

// Result says what an apply did. The rest is told by the error that ends the run.
func Result(p *reconcile.Plan, res *reconcile.Result) string {
	planned := make(map[string]reconcile.Change, len(p.Changes))
	for _, c := range p.Changes {
		planned[c.Address] = c
	}
	created, adopted, restored, changed, deleted, removed := 0, 0, 0, 0, 0, 0
	for _, address := range slices.Compact(slices.Sorted(slices.Values(res.Applied))) {
		c, known := planned[address]
		switch c.Action {
		case reconcile.Create:
			created++
		case reconcile.Adopt:
			adopted++
		case reconcile.Restore:
			restored++
		case reconcile.Delete:
			deleted++
		}
		if c.Alters() || !known {
			changed++
		}
		removed += c.SongsRemoved
	}
	more := ""
	if removed > 0 {
		more = ", " + SongsRemoved(removed)
	}
	done := "Done"
	if len(res.Unfinished) > 0 || res.Stopped {
		done = "So far"
	}
	s := fmt.Sprintf(done+": %d created, %s%d changed, %d deleted%s in %s", created, some(adopted, "managed")+some(restored, "put back"), changed, deleted, more, words.Plural(res.Requests, "request"))
	if n := len(res.Refused); n > 0 {
		s += fmt.Sprintf("; %d refused", n)
	}
	if n := len(res.Failures); n > 0 {
		s += fmt.Sprintf("; %d failed.\nWhat was done stays done. See above what to mend, then run spotsync %s again for the rest.", n, NextCommand(p.Command))
	} else {
		s += "."
	}
	if deleted > 0 && p.Command != reconcile.CommandRollback {
		s += "\nTo put back what was deleted: spotsync rollback"
	}
	return s
}

// NextCommand is the command that goes on with what a plan began.
func NextCommand(command reconcile.Command) reconcile.Command {
	if command == reconcile.CommandDestroy || command == reconcile.CommandRollback {
		return command
	}
	return reconcile.CommandApply
}

// remedies are the ways back from what a plan does.
func remedies(p *reconcile.Plan) []string {
	undone, deleted, held := 0, 0, 0
	for _, c := range p.Changes {
		if !c.Acts() {
			continue
		}
		if c.Origin == reconcile.FromSpotify || c.Origin == reconcile.FromBoth {
			undone++
		}
		if c.Action == reconcile.Delete {
			deleted++
		}
		if c.HoldFingerprint != "" {
			held++
		}
	}
	var out []string
	if undone > 0 {
		out = append(out, fmt.Sprintf("Applying undoes what was changed on Spotify in %s. To keep it, write it into your files first.", words.Plural(undone, "playlist")))
	}
	if deleted > 0 {
		out = append(out, "Deleting takes a playlist out of your library. Those who follow it keep it, and spotsync rollback puts it back.")
	}
	if held > 0 {
		out = append(out, "What is rolled back is held: left alone until the text of its block, or of a local or variable it uses, is changed, or until spotsync resume REF.")
	}
	return out
}
