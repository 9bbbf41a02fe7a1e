// Package auth gets a user's permission once, and a fresh access token whenever one is needed after that.
//
// [Login] runs OAuth's authorization code flow with PKCE (RFC 6749, RFC 7636) and returns a [Token]. [Credentials] keeps
// tokens in a file. A [Source] takes a token from there, refreshes it when it is due and writes down what comes back. Its
// [Transport] puts the access token on requests to the Web API and on no others. No error, log line or formatted value of
// this package holds a secret; [Token.Handover] is the one way to print one.
//
//	app.go          which accounts service and Web API, and as which app
//	redirect.go     where Spotify sends the browser afterwards, and where to listen for it
//	login.go        the login, from the address to open to the first token
//	request.go      the question itself, also for an answer that is brought by hand
//	callback.go     the page a browser ends on
//	paste.go        the same answer, pasted
//	token.go        a login as data, and what of it may be shown
//	ends.go         six months, counted down
//	handover.go     a login in one line, for another computer
//	credentials.go  the credentials file: reading, writing, modes
//	record.go       its format
//	source.go       a fresh access token: one request at a time, nothing lost
//	keep.go         what a source writes down, and what it does when it can't
//	endpoint.go     one token request, and what its answer means
//	transport.go    who may see the token
//	errors.go       the errors a caller decides by
package auth
