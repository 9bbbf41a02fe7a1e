package auth

import (
	"crypto/subtle"
	"net/url"
	"strings"
)

// answer is how the authorization endpoint ended: a code, or an error that ends the login.
type answer struct {
	code string
	err  error
}

// readAnswer reads the query Spotify sends the browser back with (RFC 6749, 4.1.2). ours is false for one that doesn't
// belong to this login: another state, none, or one that is ambiguous.
func readAnswer(q url.Values, state string) (a answer, ours bool) {
	for _, name := range []string{"state", "code", "error"} {
		if len(q[name]) > 1 {
			return answer{}, false
		}
	}
	if subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(state)) != 1 {
		return answer{}, false
	}
	code, refusal := q.Get("code"), q.Get("error")
	switch {
	case refusal != "":
		return answer{err: &DeniedError{Code: scrub(refusal, state), Detail: scrub(q.Get("error_description"), state)}}, true
	case !validCode(code):
		return answer{}, false
	}
	return answer{code: code}, true
}

func validCode(s string) bool { return s != "" && !strings.ContainsFunc(s, notVisible) }

// parsePasted reads what a person copied: the whole address, its query, or the code alone. again says what is wrong with it
// when another try is worth while. A bare code has no state; it is bound to this login by PKCE.
func parsePasted(line, state string) (a answer, again string) {
	line = strings.Trim(line, `"'<> `)
	query := line
	switch {
	case strings.Contains(line, "://"):
		u, err := url.Parse(line)
		if err != nil {
			return answer{}, "That is not a whole address. Copy all of it from the browser's address bar:"
		}
		if u.Query().Has("code_challenge") {
			return answer{}, "That is the address to open. Paste the one the browser ends on after you agree:"
		}
		query = u.RawQuery
	case !strings.Contains(line, "="):
		if validCode(line) && len(line) >= 8 {
			return answer{code: line}, ""
		}
		return answer{}, "That is neither an address nor a code. Paste the address the browser ended on:"
	}
	q, err := url.ParseQuery(strings.TrimPrefix(query, "?"))
	switch {
	case err != nil || !q.Has("code") && !q.Has("error"):
		return answer{}, "That address has no code in it. Paste the one the browser ends on after you agree:"
	case !q.Has("state"):
		return answer{}, "That address is cut: it has no state in it. Copy all of it:"
	}
	a, ours := readAnswer(q, state)
	if !ours {
		return answer{}, "That address belongs to another login. Open the address above and paste the one it ends on:"
	}
	return a, ""
}
