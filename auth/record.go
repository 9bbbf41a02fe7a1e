package auth

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// bookVersion is the version of the credentials file this program reads and writes.
const bookVersion = 1

// fileContents is the credentials file: what is in use, and what was refused and is kept in case the refusal was a mistake.
type fileContents struct {
	Version  int      `json:"version"`
	Logins   []record `json:"logins"`
	SetAside []record `json:"set_aside,omitempty"`
}

// record is one login in the file, with all its secrets.
type record struct {
	Issuer   string `json:"issuer"`
	ClientID string `json:"client_id"`
	Account  string `json:"account,omitempty"`
	Seed     string `json:"seed,omitempty"`

	AccountID    string    `json:"account_id,omitempty"`
	UserID       string    `json:"user_id,omitempty"`
	DisplayName  string    `json:"display_name,omitempty"`
	AuthorizedAt time.Time `json:"authorized_at,omitzero"`
	Scopes       []string  `json:"scopes,omitempty"`

	RefreshToken string    `json:"refresh_token,omitempty"`
	AccessToken  string    `json:"access_token,omitempty"`
	Expiry       time.Time `json:"expiry,omitzero"`
	RefreshAt    time.Time `json:"refresh_at,omitzero"`

	RefusedAt time.Time `json:"refused_at,omitzero"` // only set aside
	Reason    string    `json:"reason,omitempty"`
}

func newRecord(k Key, t Token) record {
	return record{
		Issuer: k.Issuer, ClientID: k.ClientID, Account: k.Account, Seed: k.Seed,
		AccountID: t.AccountID, UserID: t.UserID, DisplayName: t.DisplayName, AuthorizedAt: t.AuthorizedAt, Scopes: t.Scopes,
		RefreshToken: t.RefreshToken, AccessToken: t.AccessToken, Expiry: t.Expiry, RefreshAt: t.RefreshAt,
	}
}

func (r record) key() Key {
	return Key{Issuer: r.Issuer, ClientID: r.ClientID, Account: r.Account, Seed: r.Seed}
}

func (r record) token() Token {
	return Token{
		Issuer: r.Issuer, ClientID: r.ClientID,
		AccountID: r.AccountID, UserID: r.UserID, DisplayName: r.DisplayName, AuthorizedAt: r.AuthorizedAt, Scopes: r.Scopes,
		RefreshToken: r.RefreshToken, AccessToken: r.AccessToken, Expiry: r.Expiry, RefreshAt: r.RefreshAt,
	}
}

var (
	errNewerBook = errors.New("written by a newer spotsync")
	errNotBook   = errors.New("not what spotsync writes")
)

// decodeBook reads the file. Its errors quote nothing of it: anything in it may be a secret.
func decodeBook(data []byte) (fileContents, error) {
	var version struct{ Version int }
	if err := json.Unmarshal(data, &version); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return fileContents{}, fmt.Errorf("%w: the JSON is broken or cut at byte %d of %d", errNotBook, syntax.Offset, len(data))
		}
		return fileContents{}, errNotBook
	}
	if version.Version > bookVersion {
		return fileContents{}, fmt.Errorf("%w: its version is %d, this program knows up to %d", errNewerBook, version.Version, bookVersion)
	}
	var b fileContents
	if version.Version < 1 || json.Unmarshal(data, &b) != nil {
		return fileContents{}, errNotBook
	}
	seen := make(map[Key]bool)
	for _, r := range b.Logins {
		if r.Issuer == "" || r.ClientID == "" || r.RefreshToken == "" || (r.Account == "") == (r.Seed == "") || seen[r.key()] {
			return fileContents{}, fmt.Errorf("%w: a login is incomplete or there twice", errNotBook)
		}
		seen[r.key()] = true
	}
	return b, nil
}

// encode sorts and writes the book: same logins, same bytes.
func (b fileContents) encode() ([]byte, error) {
	b.Version = bookVersion
	if b.Logins == nil {
		b.Logins = []record{}
	}
	order := func(x, y record) int {
		return cmp.Or(x.key().compare(y.key()), x.RefusedAt.Compare(y.RefusedAt), cmp.Compare(x.RefreshToken, y.RefreshToken))
	}
	slices.SortFunc(b.Logins, order)
	slices.SortFunc(b.SetAside, order)
	data, err := json.MarshalIndent(b, "", "  ")
	return append(data, '\n'), err
}

func (b *fileContents) login(k Key) (Token, bool) {
	for _, r := range b.Logins {
		if r.key() == k {
			return r.token(), true
		}
	}
	return Token{}, false
}

// refusal returns the last token set aside for k.
func (b *fileContents) refusal(k Key) (last record, ok bool) {
	for _, r := range b.SetAside {
		if r.key() == k && (!ok || !r.RefusedAt.Before(last.RefusedAt)) {
			last, ok = r, true
		}
	}
	return last, ok
}

// refused reports whether the refresh token was set aside.
func (b *fileContents) refused(k Key, refreshToken string) bool {
	return slices.ContainsFunc(b.SetAside, func(r record) bool { return r.key() == k && r.RefreshToken == refreshToken })
}

func (b *fileContents) put(k Key, t Token) {
	b.Logins = slices.DeleteFunc(b.Logins, func(r record) bool { return r.key() == k })
	b.Logins = append(b.Logins, newRecord(k, t))
}

// remove forgets everything under k and reports whether there was anything.
func (b *fileContents) remove(k Key) bool {
	n := len(b.Logins) + len(b.SetAside)
	is := func(r record) bool { return r.key() == k }
	b.Logins, b.SetAside = slices.DeleteFunc(b.Logins, is), slices.DeleteFunc(b.SetAside, is)
	return len(b.Logins)+len(b.SetAside) < n
}

// quarantine sets t aside unless k has moved on to another refresh token.
func (b *fileContents) quarantine(k Key, t Token, reason string, now time.Time) bool {
	if held, ok := b.login(k); ok && held.RefreshToken != t.RefreshToken || b.refused(k, t.RefreshToken) {
		return false
	}
	b.Logins = slices.DeleteFunc(b.Logins, func(r record) bool { return r.key() == k })
	r := newRecord(k, t)
	r.AccessToken, r.Expiry, r.RefreshAt = "", time.Time{}, time.Time{}
	r.RefusedAt, r.Reason = now.UTC().Truncate(time.Second), reason
	b.SetAside = append(b.SetAside, r)
	return true
}
