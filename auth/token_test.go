package auth

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"
)

func TestTokenHidesItsSecrets(t *testing.T) {
	token := fullToken()
	j, err := json.Marshal(map[string]any{"t": token, "p": &token})
	text := fmt.Sprintf("%v %+v %#v %s %q %x %d %v", token, token, &token, token, token, token, token, []Token{token}) + string(j)
	if err != nil || strings.Contains(text, "secret") || strings.Contains(text, fmt.Sprintf("%x", "secret")) {
		t.Errorf("%v: %s", err, text)
	}
	if !strings.Contains(text, "Jo") || !strings.Contains(string(j), "acc") {
		t.Errorf("it should say whose it is: %s", text)
	}
}

func TestMerge(t *testing.T) {
	now := time.Now()
	answer := &oauth2.Token{AccessToken: "new", Expiry: now.Add(time.Hour)}
	got := fullToken().merge(answer, now)
	if got.RefreshToken != "refresh-secret" || got.AccessToken != "new" || !cmp.Equal(got.Scopes, []string{"a", "b"}) {
		t.Errorf("what the answer leaves out must stay: %+v", fields(got))
	}
	if got.Expiry.String() != got.Expiry.Round(0).String() { // a laptop's monotonic clock stands still while it sleeps
		t.Error("the expiry holds on to the monotonic clock")
	}
	got = got.merge((&oauth2.Token{AccessToken: "newer", RefreshToken: "r2"}).WithExtra(map[string]any{"scope": "c"}), now)
	if got.RefreshToken != "r2" || !cmp.Equal(got.Scopes, []string{"c"}) || !got.Expiry.IsZero() || got.due(now.Add(1000*time.Hour)) {
		t.Errorf("%+v", fields(got))
	}
}

func TestEnds(t *testing.T) {
	for from, want := range map[string]string{
		"2026-05-23T10:00:00Z":      "2026-11-23T10:00:00Z",
		"2026-08-31T10:00:00Z":      "2027-02-28T10:00:00Z",
		"2027-08-30T10:00:00Z":      "2028-02-29T10:00:00Z",
		"2026-12-31T23:59:59Z":      "2027-06-30T23:59:59Z",
		"2026-03-31T10:00:00Z":      "2026-09-30T10:00:00Z",
		"2026-11-23T23:30:00-05:00": "2027-05-24T04:30:00Z",
	} {
		at, _ := time.Parse(time.RFC3339, from)
		got, ok := Token{AuthorizedAt: at}.Ends()
		if !ok || got.Format(time.RFC3339) != want {
			t.Errorf("from %s: %s, want %s", from, got.Format(time.RFC3339), want)
		}
	}
	if _, ok := (Token{}).Ends(); ok {
		t.Error("an unknown start has no known end")
	}
}

func TestCountdown(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	for _, tt := range []struct {
		left  time.Duration
		days  int
		level Level
		loud  bool
	}{
		{180 * day, 180, LevelNone, false},
		{30*day + 1, 30, LevelNone, false},
		{30 * day, 30, Level30, false},
		{15 * day, 15, Level30, false},
		{14 * day, 14, Level14, false},
		{7 * day, 7, Level7, true},
		{3*day + time.Hour, 3, Level7, true},
		{3 * day, 3, Level3, true},
		{day, 1, Level1, true},
		{time.Minute, 0, Level1, true},
		{0, 0, LevelEnded, true},
		{-90 * day, 0, LevelEnded, true},
	} {
		days, level := Countdown(now.Add(tt.left), now)
		if days != tt.days || level != tt.level || level.Loud() != tt.loud {
			t.Errorf("%v left: %d days, level %d, want %d, %d", tt.left, days, level, tt.days, tt.level)
		}
	}
}

func TestMissing(t *testing.T) {
	for _, tt := range []struct{ granted, needed, want []string }{
		{nil, []string{"a"}, nil},
		{[]string{}, []string{"b", "a", "b"}, []string{"a", "b"}},
		{[]string{"a", "c"}, []string{"a", "b"}, []string{"b"}},
		{[]string{"a"}, []string{"a"}, nil},
	} {
		if diff := cmp.Diff(tt.want, Missing(tt.granted, tt.needed)); diff != "" {
			t.Errorf("Missing(%v, %v): %s", tt.granted, tt.needed, diff)
		}
	}
}

func TestHandover(t *testing.T) {
	want := fullToken()
	want.AccessToken, want.Expiry, want.RefreshAt = "", time.Time{}, time.Time{}
	line := fullToken().Handover()
	if !strings.HasPrefix(line, "spotsync1:") || strings.ContainsAny(line, "\n ") {
		t.Errorf("%q is not one line", line)
	}
	got, err := ParseHandover("  " + line + "\r\n")
	if diff := cmp.Diff(fields(want), fields(got)); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	for n := len("spotsync1:"); n < len(line); n++ { // a cut line is never taken for a token
		if _, err := ParseHandover(line[:n]); err == nil {
			t.Fatalf("cut at %d of %d and still read", n, len(line))
		}
	}
	bare, err := ParseHandover("AQD-bare_token\n")
	if err != nil || bare.RefreshToken != "AQD-bare_token" || bare.ClientID != "" {
		t.Errorf("bare token: %v", err)
	}
	for _, bad := range []string{"", " \n", "two words-secret", "a\nb-secret", "tökén-secret", "spotsync2:secret", "spotsync1:secret!", "spotsync1:" + "e30"} {
		if _, err := ParseHandover(bad); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("ParseHandover(%q) = %v", bad, err)
		}
	}
}

func TestScrub(t *testing.T) {
	got := scrub("a\x1b[1m\nb tok\u2028c"+strings.Repeat("x", 300), "tok", "")
	if strings.ContainsAny(got, "\x1b\n\u2028") || strings.Contains(got, "tok") || len([]rune(got)) > 201 {
		t.Errorf("%q", got)
	}
}

func TestParseIssuer(t *testing.T) {
	spotify := Issuer{Spotify, spotifyAccounts, spotifyAPI}
	for _, tt := range []struct {
		api, accounts string
		want          Issuer
		err           string
	}{
		{"", "", spotify, ""},
		{"https://api.spotify.com/v1/", "https://accounts.spotify.com", spotify, ""},
		{"http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/", Issuer{Loopback, "http://127.0.0.1:8080", "http://127.0.0.1:8080/v1"}, ""},
		{"https://[::1]:8080", "http://127.9.9.9", Issuer{Loopback, "http://127.9.9.9", "https://[::1]:8080"}, ""},
		{"http://127.0.0.1", "", Issuer{}, "both or neither"},
		{"", "http://127.0.0.1", Issuer{}, "both or neither"},
		{"http://127.0.0.1", "https://accounts.spotify.com", Issuer{}, "loopback"},
		{"https://api.spotify.com/v1", "http://127.0.0.1", Issuer{}, "loopback"},
		{"http://localhost:8080", "http://127.0.0.1", Issuer{}, "loopback"},
		{"http://127.0.0.1.example.com", "http://127.0.0.1", Issuer{}, "loopback"},
		{"http://10.0.0.1", "http://127.0.0.1", Issuer{}, "loopback"},
		{"http://0.0.0.0", "http://127.0.0.1", Issuer{}, "loopback"},
		{"http://[::ffff:127.0.0.1]", "http://127.0.0.1", Issuer{}, "loopback"},
		{"http://user:secret@127.0.0.1", "http://127.0.0.1", Issuer{}, "plain"},
		{"http://127.0.0.1?x=1", "http://127.0.0.1", Issuer{}, "no query"},
		{"http://127.0.0.1/a/../b", "http://127.0.0.1", Issuer{}, "plain path"},
		{"http://127.0.0.1:99999", "http://127.0.0.1", Issuer{}, "port from 1 to 65535"},
		{"http://127.0.0.1", "http://[::1]:0/x", Issuer{}, "port from 1 to 65535"},
		{"ftp://127.0.0.1", "http://127.0.0.1", Issuer{}, "http://"},
		{"127.0.0.1:8080", "http://127.0.0.1", Issuer{}, "plain"},
	} {
		got, err := ParseIssuer(tt.api, tt.accounts)
		if got != tt.want || (err == nil) != (tt.err == "") || err != nil && (!strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("ParseIssuer(%q, %q) = %v, %v, want %q", tt.api, tt.accounts, got, err, tt.err)
		}
	}
}
