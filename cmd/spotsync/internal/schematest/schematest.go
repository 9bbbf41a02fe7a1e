// Package schematest checks what tests write against the JSON schemas in docs.
package schematest

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Load compiles a schema of docs. Readers are to ignore what they do not know; here everything must be described, so
// each object that lists its members allows no others.
func Load(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for _, file := range []string{"plan.schema.json", "apply-events.schema.json", "notify.schema.json", "diagnostics.schema.json"} {
		f, err := os.Open(filepath.Join(top(t), "docs", file))
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

// Valid checks a document.
func Valid(t *testing.T, s *jsonschema.Schema, data []byte) {
	t.Helper()
	if err := Validate(s, data); err != nil {
		t.Errorf("%v\n%s", err, data)
	}
}

// Validate says what a schema finds wrong with a document.
func Validate(s *jsonschema.Schema, data []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

// top is the top folder of the repository that the test of a package runs in.
func top(t *testing.T) string {
	t.Helper()
	dir := "."
	for range 10 {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		dir = filepath.Join(dir, "..")
	}
	t.Fatal("no go.mod above the tests")
	return ""
}
