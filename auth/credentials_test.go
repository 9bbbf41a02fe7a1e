package auth

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func fullToken() Token {
	return Token{
		RefreshToken: "refresh-secret", AccessToken: "access-secret",
		Expiry: time.Date(2026, 11, 23, 13, 0, 0, 0, time.UTC), RefreshAt: time.Date(2026, 11, 23, 12, 59, 0, 0, time.UTC),
		AuthorizedAt: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), Scopes: []string{"a", "b"},
		Issuer: Loopback, ClientID: clientID, AccountID: "acc", UserID: "jo", DisplayName: "Jo",
	}
}

func TestCredentialsRoundTrip(t *testing.T) {
	c := openFile(t, &disk{})
	work, home := testApp().Key("work"), testApp().Key("default")
	other := Key{Issuer: Spotify, ClientID: clientID, Account: "default"}
	put(t, c, work, fullToken())
	put(t, c, home, Token{RefreshToken: "r2"})
	put(t, c, other, Token{RefreshToken: "r3"})
	got, err := c.Get(work)
	if diff := cmp.Diff(fields(fullToken()), fields(got)); diff != "" || err != nil {
		t.Errorf("Get(work): %v %s", err, diff)
	}
	list, err := c.List()
	var keys []Key
	for _, e := range list {
		keys = append(keys, e.Key)
	}
	if diff := cmp.Diff([]Key{home, work, other}, keys); diff != "" || err != nil {
		t.Errorf("List(): %v %s", err, diff)
	}
	if found, err := c.Remove(t.Context(), work); !found || err != nil {
		t.Error(found, err)
	}
	if found, err := c.Remove(t.Context(), work); found || err != nil {
		t.Error(found, err)
	}
	if _, err := c.Get(other); err != nil {
		t.Error("removing one login removed another's")
	}
	if err := c.Put(t.Context(), work, Token{}); err == nil {
		t.Error("a login without a refresh token was saved")
	}
	if runtime.GOOS != "windows" {
		for path, want := range map[string]os.FileMode{c.Path(): 0o600, filepath.Dir(c.Path()): 0o700} {
			if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != want {
				t.Errorf("%s: %v", path, fi.Mode())
			}
		}
	}
}

// fields makes tokens comparable in full: their own formatting and JSON hide the secrets.
func fields(t Token) record { return newRecord(Key{Issuer: t.Issuer, ClientID: t.ClientID}, t) }

func TestCredentialsConcurrentWriters(t *testing.T) {
	c := openFile(t, &disk{})
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() { put(t, c, testApp().Key(string(rune('a'+i))), Token{RefreshToken: "r"}) })
	}
	wg.Wait()
	if list, err := c.List(); len(list) != 20 || err != nil {
		t.Errorf("%d logins, %v", len(list), err)
	}
}

func TestDamagedFileIsLeftAlone(t *testing.T) {
	good, _ := (fileContents{Logins: []record{newRecord(testApp().Key("default"), fullToken())}}).encode()
	for name, tt := range map[string]struct{ data, want string }{
		"cut":         {string(good[:len(good)/2]), "cut at byte"},
		"newer":       {`{"version": 2, "logins": "secret-in-a-new-format"}`, "newer spotsync"},
		"no version":  {`{}`, "not what spotsync writes"},
		"other JSON":  {`["refresh-secret"]`, "not what spotsync writes"},
		"wrong type":  {`{"version":1,"logins":{"refresh_token":"refresh-secret"}}`, "not what spotsync writes"},
		"no token":    {`{"version":1,"logins":[{"issuer":"spotify","client_id":"x","account":"a"}]}`, "incomplete"},
		"twice":       {strings.Replace(string(good), `"logins": [`, `"logins": [`+loginOf(string(good))+",", 1), "twice"},
		"binary":      {"\x00\xff\x00", "broken or cut"},
		"two at once": {string(good) + string(good), "broken or cut"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "credentials.json")
			if err := os.WriteFile(path, []byte(tt.data), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := OpenCredentials(&disk{}, path)
			var e *CredentialsError
			if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) || e.Fix == "" {
				t.Errorf("OpenCredentials() = %v, want %q", err, tt.want)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error quotes the file: %v", err)
			}
			c := &Credentials{files: &disk{}, path: path}
			if err := c.Put(t.Context(), testApp().Key("default"), fullToken()); !errors.As(err, &e) {
				t.Errorf("Put() = %v", err)
			}
			if _, err := c.Remove(t.Context(), testApp().Key("default")); !errors.As(err, &e) {
				t.Errorf("Remove() = %v", err)
			}
			a := newAccounts()
			if _, err := a.source(c).Token(t.Context()); !errors.As(err, &e) || a.count() != 0 {
				t.Errorf("Token() = %v after %d requests", err, a.count())
			}
			if data, _ := os.ReadFile(path); string(data) != tt.data {
				t.Error("the file was changed")
			}
		})
	}
}

func loginOf(file string) string {
	return file[strings.Index(file, "[")+1 : strings.LastIndex(file, "]")]
}

func TestEmptyFileIsNoLogin(t *testing.T) {
	path := filepath.Join(t.TempDir(), "credentials.json")
	os.WriteFile(path, []byte("\n"), 0o600)
	c := reopen(t, &disk{}, path)
	if _, err := c.Get(testApp().Key("default")); !errors.Is(err, ErrLoginRequired) {
		t.Error(err)
	}
	put(t, c, testApp().Key("default"), fullToken())
}

func TestLaxModesAreRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no modes")
	}
	for _, tt := range []struct {
		file, dir os.FileMode
		want      string // command; empty: accepted
	}{
		{0o600, 0o700, ""},
		{0o400, 0o755, ""},
		{0o644, 0o700, "chmod 600 "},
		{0o640, 0o700, "chmod 600 "},
		{0o602, 0o700, "chmod 600 "},
		{0o600, 0o770, "chmod 700 "},
		{0o600, 0o702, "chmod 700 "},
		{0o600, os.ModeSticky | 0o777, ""}, // /tmp
	} {
		c := openFile(t, &disk{})
		put(t, c, testApp().Key("default"), fullToken())
		dir := filepath.Dir(c.Path())
		if err := errors.Join(os.Chmod(c.Path(), tt.file), os.Chmod(dir, tt.dir)); err != nil {
			t.Fatal(err)
		}
		_, err := OpenCredentials(&disk{}, c.Path())
		if tt.want == "" {
			if err != nil {
				t.Errorf("file %v in %v: %v", tt.file, tt.dir, err)
			}
			continue
		}
		target := map[string]string{"chmod 600 ": c.Path(), "chmod 700 ": dir}[tt.want]
		if err == nil || !strings.HasSuffix(err.Error(), tt.want+target) {
			t.Errorf("file %v in %v: %v, want it to end on %q", tt.file, tt.dir, err, tt.want+target)
		}
		if _, err := c.Get(testApp().Key("default")); err == nil {
			t.Error("Get reads it all the same")
		}
		if err := c.Put(t.Context(), testApp().Key("default"), fullToken()); err == nil {
			t.Error("Put writes it all the same")
		}
	}
}

func TestQuarantineLeavesNewerLogin(t *testing.T) {
	c := openFile(t, &disk{})
	k := testApp().Key("default")
	put(t, c, k, Token{RefreshToken: "new"})
	if err := c.Quarantine(t.Context(), k, Token{RefreshToken: "old"}, "invalid_grant"); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Get(k); err != nil || got.RefreshToken != "new" {
		t.Errorf("Get() = %v", err)
	}
	if err := c.Quarantine(t.Context(), k, Token{RefreshToken: "new"}, "invalid_grant"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get(k); !errors.Is(err, ErrLoginRequired) {
		t.Errorf("Get() = %v", err)
	}
	if found, _ := c.Remove(t.Context(), k); !found {
		t.Error("a logout must forget what was set aside")
	}
	if data, _ := os.ReadFile(c.Path()); strings.Contains(string(data), `"new"`) {
		t.Error("a logout left a token in the file")
	}
}

func TestShellQuote(t *testing.T) {
	for in, want := range map[string]string{"/home/jo/c.json": "/home/jo/c.json", "a b": "'a b'", "it's": `'it'\''s'`, "": "''", "$x": "'$x'", `a\b`: `'a\b'`} {
		if got := shellQuote(in); got != want {
			t.Errorf("shellQuote(%q) = %s, want %s", in, got, want)
		}
	}
}
