package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/plantest"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/schematest"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/edit"
	"github.com/spotsync/spotsync/spotify"
)

func TestPlanSchema(t *testing.T) {
	s := schematest.Load(t, "plan.schema.json")
	kinds := make(map[edit.Kind]bool)
	actions := make(map[reconcile.Action]bool)
	for name, p := range plantest.Plans(t) {
		data, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { schematest.Valid(t, s, data) })
		for _, c := range p.Changes {
			actions[c.Action] = true
			for _, e := range c.Edits {
				kinds[e.Kind] = true
			}
			if c.Cheaper != nil {
				kinds["cheaper"] = true
			}
		}
		if bytes.Contains(data, []byte(`"edits":null`)) || bytes.Contains(data, []byte(`"tracks":null`)) || bytes.Contains(data, []byte(`"warnings":null`)) {
			t.Errorf("%s: an empty list is null: %s", name, data)
		}
	}
	for _, k := range []edit.Kind{edit.Insert, edit.Remove, edit.Move, edit.Replace, reconcile.CreateIt, reconcile.ChangeDetails, reconcile.Follow, reconcile.Unfollow, "cheaper"} {
		if !kinds[k] {
			t.Errorf("no plan shows an edit of kind %s", k)
		}
	}
	for _, a := range []reconcile.Action{reconcile.Create, reconcile.Update, reconcile.Delete, reconcile.Adopt, reconcile.Restore, reconcile.Held, reconcile.Skipped, reconcile.None} {
		if !actions[a] {
			t.Errorf("no plan shows action %s", a)
		}
	}
	for _, bad := range []string{`{}`, `{"format_version":"2.0"}`} {
		if schematest.Validate(s, []byte(bad)) == nil {
			t.Errorf("the schema takes %s", bad)
		}
	}
	p := plantest.Plans(t)["create"]
	p.Changes[0].Edits = append(p.Changes[0].Edits, reconcile.Edit{Edit: edit.Edit{Kind: "sing"}})
	if data, _ := json.Marshal(p); schematest.Validate(s, data) == nil {
		t.Error("the schema takes an edit of unknown kind")
	}
}

func TestEventSchema(t *testing.T) {
	s := schematest.Load(t, "apply-events.schema.json")
	var out bytes.Buffer
	a := &term.App{Out: &out}
	p := plantest.Plans(t)["changes"]
	move := reconcile.Edit{Edit: edit.Edit{Kind: edit.Move, N: 1, Before: 3}}
	events := []session.Event{{Type: "plan", Plan: p}}
	for _, e := range []reconcile.Event{
		{Type: "started", Address: "playlist.a", Account: "default", Action: reconcile.Update, ID: "x"}, {Type: "request", Edit: &move},
		{Type: "created", ID: spotify.ID("x")}, {Type: "applied"}, {Type: "failed", Message: "no"}, {Type: "warning", Message: "hm"},
	} {
		e.Time = plantest.Now
		events = append(events, session.Event{Type: string(e.Type), Event: &e})
	}
	events = append(events, session.Event{Type: "summary", Summary: &session.Summary{Applied: []string{}, Failed: map[string]string{"a": "b"}, Requests: 1, Stopped: true, Error: "e"}})
	for _, e := range events {
		if err := session.Emit(a, e); err != nil {
			t.Fatal(err)
		}
	}
	for line := range strings.Lines(out.String()) {
		schematest.Valid(t, s, []byte(line))
	}
	for _, bad := range []string{`{"format_version":"1.0","type":"plan"}`, `{"format_version":"1.0","type":"started"}`, `{"format_version":"1.0","type":"summary","event":{}}`} {
		if schematest.Validate(s, []byte(bad)) == nil {
			t.Errorf("the schema takes %s", bad)
		}
	}
}

// TestRealOutputMeetsTheSchemas runs the program over the example, against the embedded sandbox.
func TestRealOutputMeetsTheSchemas(t *testing.T) {
	program := sandboxed(t)
	example := filepath.Join("..", "..", "examples", "playlists.hcl")
	plans, events := schematest.Load(t, "plan.schema.json"), schematest.Load(t, "apply-events.schema.json")
	schematest.Valid(t, plans, []byte(program("plan", "--sandbox", "--json", example)))
	var types []string
	for line := range strings.Lines(program("apply", "--sandbox", "--json", "--auto-approve", example)) {
		schematest.Valid(t, events, []byte(line))
		var e session.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		types = append(types, e.Type)
	}
	for _, want := range []string{"plan", "started", "created", "request", "applied", "summary"} {
		if !slices.Contains(types, want) {
			t.Errorf("no event of type %s: %v", want, types)
		}
	}
	if types[0] != "plan" || types[len(types)-1] != "summary" {
		t.Errorf("order: %v", types)
	}
	again := program("plan", "--sandbox", "--json", example)
	schematest.Valid(t, plans, []byte(again))
	if got := program("plan", "--sandbox", example); !strings.HasSuffix(got, "No differences. Spotify matches the files.\n") {
		t.Errorf("the second plan is not empty:\n%s", got)
	}
}
