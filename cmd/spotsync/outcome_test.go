package main

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/spotify"
)

// TestOutcome holds the exit code of a run to the order that docs/exit-codes.md promises.
func TestOutcome(t *testing.T) {
	limited := &spotify.RateLimitError{Until: time.Now().Add(time.Hour)}
	refusals := []reconcile.Refusal{{Address: "playlist.a", Summary: "No", Detail: "Because."}}
	down, broken, login := &spotify.UnavailableError{}, errors.New("no"), fmt.Errorf("x: %w", auth.ErrLoginRequired)
	refused := &reconcile.RefusedError{Refusals: refusals}
	for name, tt := range map[string]struct {
		applied  bool
		stopped  bool
		failures []error
		err      error
		refusals []reconcile.Refusal
		skipped  []error // nil: a saved plan doesn't say
		want     int
	}{
		"skipped alone, the service down": {skipped: []error{down}, want: exitLater},
		"skipped alone, a login":          {skipped: []error{down, login}, want: exitLogin},
		"skipped alone, an error":         {skipped: []error{down, broken}, want: exitError},
		"skipped in a saved plan":         {skipped: []error{nil}, want: exitError},
		"skipped, and the rest done":      {applied: true, skipped: []error{down}, want: exitPartly},
		"skipped, and refused":            {applied: true, skipped: []error{down}, refusals: refusals, want: exitRefused},
		"skipped, and a failure":          {failures: []error{down}, skipped: []error{broken}, want: exitError},
		"skipped, and a login":            {applied: true, err: login, skipped: []error{down}, want: exitLogin},
		"skipped, and limited midway":     {applied: true, err: limited, skipped: []error{down}, want: exitPartly},
		"skipped, and limited at once":    {err: limited, skipped: []error{down}, want: exitLater},
		"skipped, and interrupted":        {stopped: true, skipped: []error{broken}, want: exitInterrupted},
		"done":                            {applied: true, want: exitOK},
		"refused alone":                   {refusals: refusals, want: exitRefused},
		"refused, and the rest done":      {applied: true, refusals: refusals, want: exitRefused},
		"refused, and a failure":          {applied: true, failures: []error{broken}, refusals: refusals, want: exitRefused},
		"refused, and a limit":            {applied: true, err: limited, refusals: refusals, want: exitRefused},
		"refused, and a login":            {applied: true, err: login, refusals: refusals, want: exitRefused},
		"refused as a whole later":        {applied: true, err: refused, refusals: refusals, want: exitRefused},
		"refused while applying":          {applied: true, failures: []error{broken, refused}, want: exitRefused},
		"refused, and interrupted":        {stopped: true, refusals: refusals, want: exitInterrupted},
		"a login before an error":         {failures: []error{broken, login, down}, want: exitLogin},
		"an error before a service down":  {failures: []error{down, broken}, want: exitError},
		"the service down":                {failures: []error{down, down}, want: exitLater},
		"some done and a failure":         {applied: true, failures: []error{broken}, want: exitPartly},
		"limited midway":                  {applied: true, err: limited, want: exitLater},
		"limited midway, and an error":    {applied: true, failures: []error{broken}, err: limited, want: exitPartly},
		"limited at once, after an error": {failures: []error{broken}, err: limited, want: exitError},
	} {
		t.Run(name, func(t *testing.T) {
			res := &reconcile.Result{Stopped: tt.stopped}
			if tt.applied {
				res.Applied = []string{"playlist.b"}
			}
			for _, err := range tt.failures {
				res.Failures = append(res.Failures, reconcile.Failure{Address: "playlist.c", Err: err})
			}
			var skipped []reconcile.Change
			for _, err := range tt.skipped {
				skipped = append(skipped, reconcile.Change{Address: "playlist.s", Action: reconcile.Skipped, Err: err})
			}
			for _, told := range []bool{false, true} {
				if got := exitCode(session.WithRefusals(session.WithSkipped(session.Outcome(&reconcile.Plan{}, res, tt.err), skipped, session.ChangedAnything(res)), tt.refusals, told)); got != tt.want {
					t.Errorf("exit code %d, want %d (told: %v)", got, tt.want, told)
				}
			}
		})
	}
}
