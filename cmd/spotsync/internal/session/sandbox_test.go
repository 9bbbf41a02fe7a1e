package session

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spotsync/spotsync/spotify/sandbox"
)

// create makes a playlist through a sandbox as the client does.
func create(t *testing.T, k *KeptSandbox, token, name string) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, embeddedURL+"/v1/me/playlists", strings.NewReader(`{"name":"`+name+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res, err := k.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

func names(k *KeptSandbox) (all []string) {
	for _, p := range k.server.Playlists(sandbox.SandboxUser) {
		all = append(all, p.Name)
	}
	return all
}

// What one process changes another sees, and a killed one loses nothing: each answer is given after the file was written.
func TestKeptSandboxShared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder", "spotify.json")
	open := func() *KeptSandbox {
		k, err := OpenKept(path, sandbox.Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	one := open()
	var token string
	if err := one.change(context.Background(), func(s *sandbox.Server) {
		_, token = s.IssueToken(sandbox.SandboxUser, sandbox.SandboxClientID)
	}); err != nil {
		t.Fatal(err)
	}
	two := open()
	for i, k := range []*KeptSandbox{one, two, one, two} {
		if status := create(t, k, token, string(rune('a'+i))); status != http.StatusCreated {
			t.Fatalf("status %d", status)
		}
	}
	if got := strings.Join(names(open()), ""); got != "dcba" {
		t.Errorf("a third process sees %q, want dcba", got)
	}
}

// A damaged file stays as it is, and the error says how to start over.
func TestKeptSandboxDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spotify.json")
	for _, text := range []string{"", "{", `{"spotsync_sandbox": 99}`, "null", `{"spotsync_sandbox":1,"world":{"users":{"a":null}}}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := OpenKept(path, sandbox.Options{})
		var damaged *sandboxFileError
		if !errors.As(err, &damaged) || !strings.Contains(err.Error(), "spotsync sandbox reset") {
			t.Errorf("%q gives %v", text, err)
		}
		if got, _ := os.ReadFile(path); string(got) != text {
			t.Errorf("%q was made %q", text, got)
		}
	}
}

// Where nothing can be written it is said at once, with the way out.
func TestKeptSandboxUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := OpenKept(filepath.Join(file, "spotify.json"), sandbox.Options{})
	if err == nil || !strings.Contains(err.Error(), "SPOTSYNC_DATA_DIR") {
		t.Errorf("the error is %v", err)
	}
	if _, err := OpenKept(filepath.Join(t.TempDir(), "new", "spotify.json"), sandbox.Options{}); err != nil {
		t.Error(err)
	}
}
