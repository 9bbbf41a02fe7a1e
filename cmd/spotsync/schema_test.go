package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/edit"
	"github.com/spotsync/spotsync/spotify"
)

// schema compiles a schema of docs. Readers are to ignore what they do not know; here everything must be described, so
// each object that lists its members allows no others.
func schema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for _, file := range []string{"plan.schema.json", "apply-events.schema.json", "notify.schema.json"} {
		f, err := os.Open(filepath.Join("..", "..", "docs", file))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(f)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		closeObjects(doc)
		if err := c.AddResource(doc.(map[string]any)["$id"].(string), doc); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Compile("https://github.com/spotsync/spotsync/docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// closeObjects adds additionalProperties = false where a schema lists all members.
func closeObjects(v any) {
	switch v := v.(type) {
	case map[string]any:
		_, has := v["properties"]
		_, open := v["additionalProperties"]
		if has && !open && v["type"] == "object" {
			v["additionalProperties"] = false
		}
		for _, member := range v {
			closeObjects(member)
		}
	case []any:
		for _, element := range v {
			closeObjects(element)
		}
	}
}

func valid(t *testing.T, s *jsonschema.Schema, data []byte) {
	t.Helper()
	if err := validate(s, data); err != nil {
		t.Errorf("%v\n%s", err, data)
	}
}

func validate(s *jsonschema.Schema, data []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

func TestPlanSchema(t *testing.T) {
	s := schema(t, "plan.schema.json")
	kinds := make(map[edit.Kind]bool)
	actions := make(map[reconcile.Action]bool)
	for name, p := range scenes(t) {
		data, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { valid(t, s, data) })
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
		if validate(s, []byte(bad)) == nil {
			t.Errorf("the schema takes %s", bad)
		}
	}
	p := scenes(t)["create"]
	p.Changes[0].Edits = append(p.Changes[0].Edits, reconcile.Edit{Edit: edit.Edit{Kind: "sing"}})
	if data, _ := json.Marshal(p); validate(s, data) == nil {
		t.Error("the schema takes an edit of unknown kind")
	}
}

func TestEventSchema(t *testing.T) {
	s := schema(t, "apply-events.schema.json")
	var out bytes.Buffer
	a := &app{Out: &out}
	p := scenes(t)["changes"]
	move := reconcile.Edit{Edit: edit.Edit{Kind: edit.Move, N: 1, Before: 3}}
	events := []jsonEvent{{Type: "plan", Plan: p}}
	for _, e := range []reconcile.Event{
		{Type: "started", Address: "playlist.a", Account: "default", Action: reconcile.Update, ID: "x"}, {Type: "request", Edit: &move},
		{Type: "created", ID: spotify.ID("x")}, {Type: "applied"}, {Type: "failed", Message: "no"}, {Type: "warning", Message: "hm"},
	} {
		e.Time = testNow
		events = append(events, jsonEvent{Type: e.Type, Event: &e})
	}
	events = append(events, jsonEvent{Type: "summary", Summary: &applySummary{Applied: []string{}, Failed: map[string]string{"a": "b"}, Requests: 1, Stopped: true, Error: "e"}})
	for _, e := range events {
		if err := a.emit(e); err != nil {
			t.Fatal(err)
		}
	}
	for line := range strings.Lines(out.String()) {
		valid(t, s, []byte(line))
	}
	for _, bad := range []string{`{"format_version":"1.0","type":"plan"}`, `{"format_version":"1.0","type":"started"}`, `{"format_version":"1.0","type":"summary","event":{}}`} {
		if validate(s, []byte(bad)) == nil {
			t.Errorf("the schema takes %s", bad)
		}
	}
}

// TestRealOutputMeetsTheSchemas runs the program over the example, against the embedded sandbox.
func TestRealOutputMeetsTheSchemas(t *testing.T) {
	program := sandboxed(t)
	example := filepath.Join("..", "..", "examples", "playlists.hcl")
	plans, events := schema(t, "plan.schema.json"), schema(t, "apply-events.schema.json")
	valid(t, plans, []byte(program("plan", "--sandbox", "--json", example)))
	var types []string
	for line := range strings.Lines(program("apply", "--sandbox", "--json", "--auto-approve", example)) {
		valid(t, events, []byte(line))
		var e jsonEvent
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
	valid(t, plans, []byte(again))
	if got := program("plan", "--sandbox", example); !strings.HasSuffix(got, "No differences. Spotify matches the files.\n") {
		t.Errorf("the second plan is not empty:\n%s", got)
	}
}
