package reconcile

import (
	"strings"
	"testing"

	"github.com/spotsync/spotsync/config"
)

// TestSavedPlanTakenApart: a saved plan is a file, and people edit files.
func TestSavedPlanTakenApart(t *testing.T) {
	seen, wish := &Picture{Name: "A"}, &DesiredState{Mode: config.ModeSync}
	tests := map[string]struct {
		plan Plan
		want string // in the error; empty: none
	}{
		"whole": {plan: Plan{FormatVersion: FormatVersion, Changes: []Change{
			{Action: Create, After: seen, Desired: wish}, {Action: Update, ID: "x", Before: seen, After: seen, Desired: wish},
			{Action: Delete, ID: "x", Before: seen}, {Action: None}, {Action: Skipped}, {Action: Held},
		}}},
		"something else":    {want: "not a plan"},
		"newer":             {plan: Plan{FormatVersion: "7.1"}, want: "format 7.1"},
		"unknown action":    {plan: changing(Change{Action: "paint"}), want: "playlist.a lacks an action"},
		"delete what":       {plan: changing(Change{Action: Delete, ID: "x"}), want: "as it was"},
		"update what":       {plan: changing(Change{Action: Update, ID: "x", After: seen, Desired: wish}), want: "as it was"},
		"without ID":        {plan: changing(Change{Action: Restore, Before: seen, After: seen, Desired: wish}), want: "as it was"},
		"create what":       {plan: changing(Change{Action: Create, Desired: wish}), want: "as it is to be"},
		"without a wish":    {plan: changing(Change{Action: Adopt, ID: "x", Before: seen, After: seen}), want: "as it is to be"},
		"titles of nothing": {plan: changing(Change{Action: Create, After: seen, Desired: &DesiredState{Titles: []string{"A"}}}), want: "wanted tracks"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := tt.plan.Check()
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func changing(c Change) Plan {
	c.Address = "playlist.a"
	return Plan{FormatVersion: FormatVersion, Changes: []Change{c}}
}
