package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// With --log-format json everything on standard error is a line of JSON.
func TestMessagesAsJSON(t *testing.T) {
	in := inFolder(t, map[string]string{
		"main.hcl":     "playlist \"a\" {\n  name        = \"A\"\n  description = \"see https://example.com\"\n}\n",
		"x/broken.hcl": "playlist \"a\" {\n",
	})
	for _, args := range []string{
		"--sandbox apply", "--sandbox apply --auto-approve", "--sandbox pause a", "--sandbox plan", "plan", "--sandbox plan --out p", "plan --nosuch",
		"validate x", "validate", "version", "fmt --check", "nosuch", "--sandbox status", "--sandbox rollback a --to 5", "--sandbox apply --log-level nosuch",
		"--sandbox destroy", "login", "logout", "lock rm nosuch", "--sandbox daemon --once --listen=", "daemon --once --listen= x", "daemon --interval=0s",
		"--sandbox sandbox reset", "completion bash", "--sandbox resume a", "--sandbox lock restore",
	} {
		code, _, errs := in("", append([]string{"--log-format", "json"}, strings.Fields(args)...)...)
		lines := 0
		for line := range strings.Lines(errs) {
			lines++
			var entry struct{ Level, Message, Time string }
			if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Level == "" || entry.Message == "" || entry.Time == "" {
				t.Errorf("%s: not a log entry: %s", args, line)
			}
		}
		if code == 1 && lines == 0 {
			t.Errorf("%s fails without a word", args)
		}
	}
}

// Only what can send a request says where requests go, and it says so once.
func TestWhereRequestsGo(t *testing.T) {
	inFolder(t, map[string]string{"main.hcl": "playlist \"a\" {\n  name = \"A\"\n}\n"})
	data := t.TempDir()
	env := map[string]string{"SPOTSYNC_DATA_DIR": data, "HOME": data, "AppData": data, "LocalAppData": data,
		"SPOTSYNC_API_URL": "http://127.0.0.1:1/v1", "SPOTSYNC_ACCOUNTS_URL": "http://127.0.0.1:1", "SPOTSYNC_CLIENT_ID": "0123456789abcdef0123456789abcdef"}
	for args, want := range map[string]int{
		"version": 0, "fmt": 0, "completion bash": 0, "validate": 0, "help": 0, "lock list": 0, "history": 0, "status": 0, "auth status": 0, "logout": 0,
		"plan": 1, "apply": 1, "destroy": 1, "list": 1, "show a": 1, "login --with-token": 1, "doctor": 1, "daemon --once --listen=": 1,
	} {
		for _, format := range []string{"console", "json"} {
			a, _, errs := testApp("")
			a.Getenv = func(name string) string { return env[name] }
			execute(t.Context(), a, append([]string{"--log-format", format}, strings.Fields(args)...))
			if got := strings.Count(errs.String(), "Not talking to Spotify but to http://127.0.0.1:1/v1"); got != want {
				t.Errorf("%s: it says so %d times, want %d\n%s", args, got, want, errs)
			}
		}
	}
}
