package spotify

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
)

// The kinds of refusal, for errors.Is. Each comes wrapped in an *[Error].
var (
	ErrBadRequest    = errors.New("bad request")                // 400 and its like: an item that doesn't exist, a description refused
	ErrUnauthorized  = errors.New("login not accepted")         // 401, also with a fresh token
	ErrForbidden     = errors.New("forbidden")                  // 403 for a reason of its own: somebody else's playlist
	ErrPremium       = errors.New("premium lapsed")             // 403: the owner of the app has no Premium
	ErrNotRegistered = errors.New("user not on the allow list") // 403: the dashboard doesn't name this user
	ErrScope         = errors.New("missing scope")              // 403 or 401: the login doesn't grant what this needs
	ErrNotFound      = errors.New("not found")                  // 404
	ErrTooLarge      = errors.New("too large")                  // 413: a cover
	ErrRedirect      = errors.New("redirect refused")           // 3xx
)

// Error is a refusal by Spotify: it understood the request and did nothing.
type Error struct {
	Method  string
	Route   string // a template: /playlists/{id}/items
	What    string // what could not be done: "read playlist 37i9…"
	Status  int
	Message string // Spotify's words, shortened; may be empty
	Reason  string // Spotify's code, where there is one
	Scopes  string // what the request needs a login to grant
	Kind    error  // one of the kinds above
}

// Unwrap gives the kind to errors.Is.
func (e *Error) Unwrap() error { return e.Kind }

func (e *Error) Error() string {
	said := fmt.Sprintf("%d", e.Status)
	if e.Message != "" {
		said += ": " + e.Message
	}
	text := "Spotify refused the request (" + said + ")"
	switch e.Kind {
	case ErrNotFound:
		text = "Spotify has nothing under that ID, or keeps it from this app as it does its own playlists (" + said + "); check the ID"
	case ErrPremium:
		text = "the Premium subscription of the app's owner has lapsed (" + said + "); renew it, Spotify takes some hours to notice"
	case ErrNotRegistered:
		text = "this user is not on the app's allow list (" + said + "); add them under User Management in the dashboard, " +
			"https://developer.spotify.com/dashboard, which has room for five"
	case ErrScope:
		text = "the login does not grant what this needs (" + said + ")"
		if e.Scopes != "" {
			text += ": " + e.Scopes
		}
		text += "; run \"spotsync login\" to grant it"
	case ErrForbidden:
		text = "Spotify does not allow this account to do it (" + said + "); a playlist is open to its owner and its collaborators only"
	case ErrUnauthorized:
		text = "Spotify does not accept the login (" + said + "); run \"spotsync login\""
	case ErrRedirect:
		text = "the answer points elsewhere (" + said + ") and no redirect is followed; check SPOTSYNC_API_URL and the proxy"
	case ErrTooLarge:
		text = "it is too large for Spotify (" + said + "); make it smaller"
	case ErrBadRequest:
		switch low := strings.ToLower(e.Message); {
		case strings.Contains(low, "non-existing id"), strings.Contains(low, "invalid track uri"), strings.Contains(low, "invalid base62"):
			text += "; one of the items does not exist, or no longer: find it and take it out"
		case strings.Contains(low, "description"):
			text += "; try a description without links and line breaks"
		}
	}
	return "could not " + e.What + ": " + text
}

// RateLimitError says that Spotify wants no requests, or none of a group, before Until. Nothing was done.
type RateLimitError struct {
	Method, Route, What string        // as in [Error]
	Group               Group         // what is shut; "" for everything
	Until               time.Time     // when to come back
	RetryAfter          time.Duration // how long that was when the error was made
	Quota               bool          // the developer's quota for the group is used up; nothing helps but time
}

func (e *RateLimitError) Error() string {
	when := fmt.Sprintf("%s (in %s)", e.Until.UTC().Format("2006-01-02 15:04:05 UTC"), max(0, e.RetryAfter).Round(time.Second))
	if e.Quota {
		return fmt.Sprintf("could not %s: %s is shut until %s, because Spotify's quota for it is used up; try again then",
			e.What, e.Group.Doing(), when)
	}
	if e.Group != everything {
		return fmt.Sprintf("could not %s: Spotify was asked too much, and %s is shut until %s; try again then", e.What, e.Group.Doing(), when)
	}
	return fmt.Sprintf("could not %s: Spotify was asked too much and wants no requests until %s; try again then", e.What, when)
}

// UnavailableError says that Spotify or the network failed, after retries where those are safe.
// It unwraps to the network's error or the context's, where there is one.
type UnavailableError struct {
	Method, Route, What string // as in [Error]
	Status              int    // 0 when no answer came
	Message             string // Spotify's words, shortened; may be empty
	Tries               int    // how often it was tried
	Sent                bool   // Spotify may have seen the request
	Err                 error  // nil when the status says it all
}

// Unwrap gives the cause.
func (e *UnavailableError) Unwrap() error { return e.Err }

func (e *UnavailableError) Error() string {
	text := "could not " + e.What + ": "
	switch {
	case e.Status >= 300:
		text += fmt.Sprintf("Spotify failed (%d", e.Status)
		if e.Message != "" {
			text += ": " + e.Message
		}
		text += ")"
	case e.Sent:
		text += "no usable answer came from Spotify"
	default:
		text += "Spotify could not be reached"
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	switch {
	case OutcomeUnknown(e):
		return text + "; whether it happened all the same is not known, so look before trying again"
	case e.Tries > 1:
		text += fmt.Sprintf(" (tried %d times)", e.Tries)
	}
	return text + "; try again later"
}

// BudgetError says that as many requests were sent as were allowed. Nothing was sent.
type BudgetError struct{ Max int }

func (e *BudgetError) Error() string {
	return fmt.Sprintf("the %d requests this run may make are used up; allow more with --max-requests", e.Max)
}

// OutcomeUnknown reports whether err leaves open if a write happened: the answer was a failure of Spotify's, was cut,
// made no sense or never came. It is false for reads and where nothing was sent.
func OutcomeUnknown(err error) bool {
	var u *UnavailableError
	return errors.As(err, &u) && u.Method != http.MethodGet && u.Sent
}

// AccessDenied reports whether err is about the login or the app and not about what was asked: whatever else is asked
// will fare no better.
func AccessDenied(err error) bool {
	return errors.Is(err, ErrUnauthorized) || errors.Is(err, ErrPremium) || errors.Is(err, ErrNotRegistered) || errors.Is(err, ErrScope)
}

// newError names the refusal in a.
func newError(r request, a answer) *Error {
	said := a.errorBody()
	e := &Error{Method: r.method, Route: r.route, What: r.what, Status: a.status, Message: said.message, Reason: said.reason,
		Scopes: r.scopes, Kind: ErrBadRequest}
	low := strings.ToLower(said.message)
	switch {
	case a.status >= 300 && a.status < 400:
		e.Kind = ErrRedirect
	case a.status == http.StatusUnauthorized && aboutScope(said), a.status == http.StatusForbidden && aboutScope(said):
		e.Kind = ErrScope
	case a.status == http.StatusUnauthorized && r.group() == GroupCovers: // with a token that is new
		e.Kind = ErrScope
	case a.status == http.StatusUnauthorized:
		e.Kind = ErrUnauthorized
	case a.status == http.StatusForbidden && strings.Contains(low, "premium"):
		e.Kind = ErrPremium
	case a.status == http.StatusForbidden && strings.Contains(low, "registered"):
		e.Kind = ErrNotRegistered
	case a.status == http.StatusForbidden:
		e.Kind = ErrForbidden
	case a.status == http.StatusNotFound, a.status == http.StatusGone:
		e.Kind = ErrNotFound
	case a.status == http.StatusRequestEntityTooLarge:
		e.Kind = ErrTooLarge
	}
	return e
}

// explanation is what an error body says.
type explanation struct{ message, reason string }

func aboutScope(said explanation) bool {
	return strings.Contains(strings.ToLower(said.message), "scope")
}

// errorBody reads an error body: the Web API's envelope, OAuth's, plain text, a web page or nothing.
func (a answer) errorBody() explanation {
	if a.ok() || a.status == 0 {
		return explanation{}
	}
	var envelope struct {
		Error       json.RawMessage `json:"error"`
		Description lax[string]     `json:"error_description"`
	}
	if json.Unmarshal(a.body, &envelope) == nil {
		var inner struct {
			Message lax[string] `json:"message"`
			Reason  lax[string] `json:"reason"`
		}
		if json.Unmarshal(envelope.Error, &inner) == nil {
			return explanation{message: tidy(inner.Message.v), reason: tidy(inner.Reason.v)}
		}
		var code string
		_ = json.Unmarshal(envelope.Error, &code)
		if envelope.Description.v != "" {
			return explanation{message: tidy(envelope.Description.v), reason: tidy(code)}
		}
		return explanation{message: tidy(code)}
	}
	text := strings.TrimSpace(string(a.body))
	if strings.HasPrefix(text, "<") {
		return explanation{message: "a web page"}
	}
	return explanation{message: tidy(text)}
}

// tidy makes somebody else's words fit for a terminal: one line, no control characters, at most 200 characters.
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > 200 {
		s = string(runes[:199]) + "…"
	}
	return s
}
