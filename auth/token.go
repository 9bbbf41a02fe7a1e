package auth

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Token is one login: the permission a user gave an app, and the access token it last yielded.
//
// Formatting and JSON leave the two secrets out; [Token.Handover] is the way to write them down on purpose.
type Token struct {
	RefreshToken string // secret
	AccessToken  string // secret; empty until the first refresh

	Expiry    time.Time // of the access token; zero: not known, good until refused
	RefreshAt time.Time // when a new access token is due: a minute before Expiry, sooner for short-lived ones

	AuthorizedAt time.Time // when the user agreed; zero: not known
	Scopes       []string  // granted, as last answered; nil: not known

	Issuer   string // Spotify or Loopback; empty: not known
	ClientID string // empty: not known

	AccountID   string // Spotify's account_id, else the user's id; empty until asked
	UserID      string
	DisplayName string
}

// String says whose login it is, without secrets.
func (t Token) String() string {
	who := t.DisplayName
	if who == "" {
		who = t.UserID
	}
	if who == "" {
		who = "an unknown user"
	}
	s := "login of " + who
	if t.ClientID != "" {
		s += ", client ID " + t.ClientID
	}
	if !t.AuthorizedAt.IsZero() {
		s += ", since " + t.AuthorizedAt.UTC().Format(time.DateOnly)
	}
	return s
}

// Format writes String under every verb, so that no formatting shows a secret.
func (t Token) Format(f fmt.State, _ rune) { io.WriteString(f, t.String()) }

// MarshalJSON gives everything but the secrets, for logs. The credentials file has a format of its own.
func (t Token) MarshalJSON() ([]byte, error) {
	r := newRecord(Key{Issuer: t.Issuer, ClientID: t.ClientID}, t)
	r.RefreshToken, r.AccessToken = "", ""
	return json.Marshal(r)
}

// due reports whether t has no access token that will last at now.
func (t Token) due(now time.Time) bool {
	switch {
	case t.AccessToken == "":
		return true
	case t.Expiry.IsZero():
		return false
	case t.RefreshAt.IsZero():
		return !now.Before(t.Expiry.Add(-early))
	default:
		return !now.Before(t.RefreshAt)
	}
}

// early is how long before its end an access token is replaced, so that no request meets the end on its way.
const early = time.Minute

// refreshAt is when a token got at now and good until expiry is due: a minute early, but not before half its life.
func refreshAt(now, expiry time.Time) time.Time {
	if expiry.IsZero() {
		return time.Time{}
	}
	return expiry.Add(-min(early, expiry.Sub(now)/2))
}

// Missing returns the needed scopes that were not granted, sorted. A login whose scopes are not known (nil) misses none:
// Spotify will say.
func Missing(granted, needed []string) []string {
	if granted == nil {
		return nil
	}
	var missing []string
	for _, s := range needed {
		if !slices.Contains(granted, s) && !slices.Contains(missing, s) {
			missing = append(missing, s)
		}
	}
	slices.Sort(missing)
	return missing
}

// notVisible reports whether r is outside the visible ASCII that client IDs, codes and tokens are made of (RFC 6749, A).
func notVisible(r rune) bool { return r <= ' ' || r > '~' }

// scrub makes text from elsewhere fit to show: one line, not long, and without the given secrets should it echo them.
func scrub(text string, secrets ...string) string {
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "(hidden)")
		}
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
	if r := []rune(text); len(r) > 200 {
		text = string(r[:200]) + "…"
	}
	return strings.TrimSpace(text)
}
