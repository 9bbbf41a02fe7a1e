package auth

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// handoverPrefix names the format and its version.
const handoverPrefix = "spotsync1:"

// handover is what the line carries: enough to go on without asking anybody anything.
type handover struct {
	RefreshToken string    `json:"refresh_token"`
	Issuer       string    `json:"issuer,omitempty"`
	ClientID     string    `json:"client_id"`
	AccountID    string    `json:"account_id,omitempty"`
	UserID       string    `json:"user_id,omitempty"`
	DisplayName  string    `json:"display_name,omitempty"`
	Scopes       []string  `json:"scopes,omitempty"`
	AuthorizedAt time.Time `json:"authorized_at,omitzero"`
}

// Handover returns the login as one line for another computer or a secret store: "spotsync1:" and JSON in base64url.
// Whoever has the line has the login. The access token is not in it.
func (t Token) Handover() string {
	b, err := json.Marshal(handover{
		RefreshToken: t.RefreshToken, Issuer: t.Issuer, ClientID: t.ClientID, AccountID: t.AccountID, UserID: t.UserID,
		DisplayName: t.DisplayName, Scopes: t.Scopes, AuthorizedAt: t.AuthorizedAt,
	})
	if err != nil { // only a year after 9999 has no JSON
		t.AuthorizedAt = time.Time{}
		return t.Handover()
	}
	return handoverPrefix + base64.RawURLEncoding.EncodeToString(b)
}

// ParseHandover reads a line of [Token.Handover], or a bare refresh token, of which neither the end nor the scopes nor the
// account are known. Space around it is ignored. Errors don't quote it.
func ParseHandover(line string) (Token, error) {
	line = strings.TrimSpace(line)
	switch {
	case line == "":
		return Token{}, errors.New("the refresh token is empty")
	case strings.ContainsFunc(line, notVisible):
		return Token{}, errors.New("the refresh token has a space, a line break or a character that no token has: give one line of spotsync login --print-token, or a bare refresh token")
	case !strings.HasPrefix(line, "spotsync"):
		return Token{RefreshToken: line}, nil
	}
	body, ok := strings.CutPrefix(line, handoverPrefix)
	if !ok {
		if _, _, versioned := strings.Cut(line, ":"); versioned {
			return Token{}, errors.New("this login line was made by a newer spotsync: update this one, or make the line anew with spotsync login --print-token")
		}
		return Token{RefreshToken: line}, nil
	}
	var h handover
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(body, "="))
	if err == nil {
		err = json.Unmarshal(b, &h)
	}
	if err != nil || h.RefreshToken == "" || strings.ContainsFunc(h.RefreshToken, notVisible) {
		return Token{}, errors.New("this login line is cut or changed: copy it whole, or make a new one with spotsync login --print-token")
	}
	return Token{
		RefreshToken: h.RefreshToken, Issuer: h.Issuer, ClientID: h.ClientID, AccountID: h.AccountID, UserID: h.UserID,
		DisplayName: h.DisplayName, Scopes: h.Scopes, AuthorizedAt: h.AuthorizedAt,
	}, nil
}

// SeedHash names a token from the environment without being it, as [Key].Seed: the SHA-256 of the refresh token, in hex.
func SeedHash(t Token) string {
	sum := sha256.Sum256([]byte(t.RefreshToken))
	return hex.EncodeToString(sum[:])
}
