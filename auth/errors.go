package auth

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrLoginRequired matches, with errors.Is, every error that only a new login mends.
var ErrLoginRequired = errors.New("login required")

// LoginRequiredError says whose login is missing or dead, and the command that mends it.
type LoginRequiredError struct {
	Account string // label; empty for a token from the environment
	Seed    bool   // the token came from the environment
	Reason  string // what happened, without secrets; empty: there never was a login
}

func (e *LoginRequiredError) Error() string {
	if e.Seed {
		return fmt.Sprintf("the refresh token from the environment: %s; log in again: spotsync login --print-token, and put the new line where the old one was", e.Reason)
	}
	if e.Reason == "" {
		return fmt.Sprintf("account %q: nobody is logged in; log in: %s", e.Account, loginCommand(e.Account))
	}
	return fmt.Sprintf("account %q: %s; log in again: %s", e.Account, e.Reason, loginCommand(e.Account))
}

// Is makes the error match ErrLoginRequired.
func (e *LoginRequiredError) Is(target error) bool { return target == ErrLoginRequired }

func loginCommand(account string) string {
	if account == "" || account == "default" {
		return "spotsync login"
	}
	return "spotsync login --account " + shellQuote(account)
}

// ClientError says that the accounts service does not accept the app: a wrong client ID or secret, or an app switched off.
// It is a matter of configuration; the login is untouched.
type ClientError struct {
	ClientID  string
	HasSecret bool
	Code      string // OAuth's error code, such as invalid_client (RFC 6749, 5.2)
	Detail    string // error_description, without secrets
}

func (e *ClientError) Error() string {
	check := "check client_id (or SPOTSYNC_CLIENT_ID)"
	if e.HasSecret {
		check += " and the client secret (client_secret_file, SPOTSYNC_CLIENT_SECRET or SPOTSYNC_CLIENT_SECRET_FILE)"
	} else {
		check += ", and set a client secret if this app's tokens were made with one"
	}
	return fmt.Sprintf("Spotify does not accept the app with client ID %s (%s): %s against the app's page at https://developer.spotify.com/dashboard; the saved login is untouched",
		e.ClientID, codeAndDetail(e.Code, e.Detail), check)
}

// UnavailableError says that the accounts service could not be asked. Nothing was lost; trying later may do.
type UnavailableError struct {
	What       string        // what could not be done, for example "get a fresh access token"
	Status     int           // HTTP status; 0: no answer
	RetryAfter time.Duration // how long the service asked to wait; 0: it did not say
	Err        error         // why
}

func (e *UnavailableError) Error() string {
	later := "try again later"
	if e.RetryAfter > 0 {
		later = "try again in " + e.RetryAfter.String()
	}
	return fmt.Sprintf("can't %s: %v; the login is kept, %s", e.What, e.Err, later)
}

func (e *UnavailableError) Unwrap() error { return e.Err }

// DeniedError says that a login ended without permission: the user refused, or the service gave another reason.
type DeniedError struct {
	Code   string // OAuth's error code, such as access_denied (RFC 6749, 4.1.2.1)
	Detail string
}

func (e *DeniedError) Error() string {
	if e.Code == "access_denied" {
		return "permission was refused in the browser, so nobody is logged in and nothing was changed; run the command again to be asked again"
	}
	return fmt.Sprintf("Spotify ended the login: %s; nothing was changed", codeAndDetail(e.Code, e.Detail))
}

// UnsavedError says that Spotify replaced the refresh token and that the new one could not be kept: what is saved is
// spent. The work of the process is not affected; the next process has to log in.
type UnsavedError struct {
	Account string
	Seed    bool
	Path    string // the credentials file; empty: there is none
	Err     error  // why saving failed
}

func (e *UnsavedError) Error() string {
	place := "there is no credentials file to keep it in"
	if e.Path != "" {
		place = fmt.Sprintf("%s could not be written: %v", e.Path, e.Err)
	}
	if e.Seed {
		return fmt.Sprintf("this secret is spent: Spotify replaced the refresh token from the environment, and %s; this run finished its work, the next one can't start; log in again: spotsync login --print-token, put the new line where the old one was, and give spotsync a file to keep successors in (SPOTSYNC_CREDENTIALS_FILE)", place)
	}
	return fmt.Sprintf("account %q: Spotify replaced the refresh token, and %s; the saved one is spent; mend the file or its folder and log in again: %s", e.Account, place, loginCommand(e.Account))
}

func (e *UnsavedError) Unwrap() error { return e.Err }

// CredentialsError says why the credentials file can't be used, and the way out. The file was not changed.
type CredentialsError struct {
	Path string
	What string // what is the matter
	Fix  string // what to do
	Err  error  // cause, if there is one
}

func (e *CredentialsError) Error() string {
	return fmt.Sprintf("credentials file %s: %s; it was not changed; %s", e.Path, e.What, e.Fix)
}

func (e *CredentialsError) Unwrap() error { return e.Err }

func codeAndDetail(code, detail string) string {
	if detail == "" {
		return code
	}
	return code + ": " + detail
}

// shellQuote quotes s for a POSIX shell where it must be.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:@%+,=\\", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) && !strings.Contains(s, `\`) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
