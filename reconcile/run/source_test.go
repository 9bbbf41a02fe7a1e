package run

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// TestRefusedWithItsLine: what Spotify refuses while a plan is applied is told with the line to blame.
func TestRefusedWithItsLine(t *testing.T) {
	line := func(hcl, text string) string {
		for i, l := range strings.Split(hcl, "\n") {
			if strings.Contains(l, text) {
				return fmt.Sprintf("playlists.hcl:%d", i+1)
			}
		}
		return "no such line"
	}
	told := func(w *world, kind, message string) string {
		for _, e := range w.events {
			if string(e.Type) == kind && strings.Contains(e.Message, message) {
				return e.Source
			}
		}
		return "not told"
	}
	refuseName := sandbox.Fault{Method: "PUT", Route: "/playlists/{id}", Times: -1, Status: 400, Body: `{"error":{"status":400,"message":"Bad name"}}`}
	for _, c := range []struct {
		name          string
		before, after string
		fault         *sandbox.Fault
		kind, message string // of the event
		blamed        string // a text of the line
	}{
		{name: "withdrawn song, create", after: block("a", "A", songs(1, 50, 2)), kind: "warning", message: string(song(50)), blamed: string(song(50))},
		{name: "withdrawn episode, insert", before: block("a", "A", songs(1, 2)), after: block("a", "A", append(songs(1, 2), talk(50))), kind: "warning", message: string(talk(50)), blamed: string(talk(50))},
		{name: "withdrawn episode, replace", before: block("a", "A", songs(1, 2), `keep_dates = "never"`), after: block("a", "A", append(songs(3), talk(50)), `keep_dates = "never"`), kind: "warning", message: string(talk(50)), blamed: string(talk(50))},
		{name: "description", before: block("a", "A", songs(1)), after: block("a", "A", songs(1), `description = "https://example.com"`), kind: "warning", message: "refused its description", blamed: "description"},
		{name: "description, create", after: block("a", "A", songs(1), `description = "https://example.com"`), kind: "warning", message: "refused its description", blamed: "description"},
		{name: "name", before: block("a", "A", songs(1)), after: block("a", "B", songs(1)), fault: &refuseName, kind: "failed", message: "Bad name", blamed: "name ="},
		{name: "name beside a description", before: block("a", "A", songs(1)), after: block("a", "B", songs(1), `description = "Mine"`), fault: &refuseName, kind: "failed", message: "Bad name", blamed: "name ="},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, c.before, func(t *testing.T, w *world) {
				w.force = true
				if c.before != "" {
					w.mustApply()
					time.Sleep(2 * time.Minute)
				}
				w.server.Withdraw(song(50))
				w.server.Withdraw(talk(50))
				if c.fault != nil {
					w.server.Fail(*c.fault)
				}
				w.hcl = c.after
				r := w.apply()
				if got, want := told(w, c.kind, c.message), line(w.hcl, c.blamed); got != want {
					t.Errorf("the line is %s, want %s; the events %+v", got, want, w.events)
				}
				if c.kind == "failed" {
					if f := r.res.Failures; len(f) != 1 || !strings.HasPrefix(f[0].Located().Error(), line(w.hcl, c.blamed)+": ") {
						t.Errorf("failures: %v", f)
					}
					if w.warned("refused its description") {
						t.Error("the description is blamed as well")
					}
					return
				}
				if r.failed() != nil {
					t.Fatal(r.failed())
				}
				next := w.plan().plan
				if len(next.Warnings) == 0 || slices.ContainsFunc(next.Warnings, func(m reconcile.Warning) bool { return m.Source != line(w.hcl, c.blamed) }) {
					t.Errorf("the next plan warns %+v", next.Warnings)
				}
			})
		})
	}
}
