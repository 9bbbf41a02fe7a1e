package auth

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// LoginOptions says how to reach the user and what to ask for.
type LoginOptions struct {
	Scopes     []string
	ShowDialog bool // ask even a user who agreed before: for a further account, or for added scopes

	Open      func(url string) error // opens a browser; nil or failing: the address is printed, as it always is
	NoBrowser bool                   // open none, and read the answer from In as well as by listening
	In        io.Reader              // one redirected address or code a line; its end is not the end of the waiting
	Out       io.Writer              // messages for a person; nil: none

	Hint    time.Duration // silence after which to speak of INVALID_CLIENT; 0: 20 s
	Timeout time.Duration // after which to give up; 0: five minutes

	// Me asks the Web API whose token it is; nil: it stays unknown. The client sends the token to the API's base URL only.
	Me func(context.Context, *http.Client) (accountID, userID, displayName string, err error)

	HTTP *http.Client // nil: HTTPClient's default
}

// Login asks a user for permission and returns the first token. It stores nothing. The callback's port is open before the
// browser is.
//
// Errors: *[DeniedError] when permission is refused; *[ClientError], *[UnavailableError]; a plain error for a redirect URI
// or port that can't be used, a code that is refused and for the end of the time; the context's; Me's, wrapped.
//
// A read of In that can't be interrupted (a terminal's) is left behind until its next line when the answer comes by the
// browser. Readers with a SetReadDeadline that works are waited for.
func Login(ctx context.Context, app App, o LoginOptions) (Token, error) {
	if err := app.checkClient(); err != nil {
		return Token{}, err
	}
	l, err := app.redirect()
	if err != nil {
		return Token{}, err
	}
	ln, err := l.listen()
	if err != nil {
		return Token{}, err
	}
	hc := noRedirects(o.HTTP)
	if o.HTTP == nil {
		defer hc.CloseIdleConnections()
	}
	r := app.request(l, o)
	answer, err := wait(ctx, ln, l, r.url, r.state, o)
	if err != nil {
		return Token{}, err
	}
	return r.finish(ctx, hc, answer.code)
}

// wait shows the address and returns what comes back first, by the browser or by hand. It ends what it starts.
func wait(ctx context.Context, ln net.Listener, l redirect, address, state string, o LoginOptions) (answer, error) {
	answers := make(chan answer, 1)
	ctx, cancel := context.WithTimeoutCause(ctx, orElse(o.Timeout, 5*time.Minute), errTooLate)
	defer cancel()

	stop := serve(ln, l, state, answers)
	defer stop()
	say := func(format string, a ...any) {
		if o.Out != nil {
			fmt.Fprintf(o.Out, format, a...)
		}
	}
	var lines <-chan string
	if o.NoBrowser {
		say("Open this address in a browser, on any computer:\n\n  %s\n\n", address)
		if o.In != nil {
			say("After you agree, the browser goes to an address that begins with %s\nand may show nothing there. Paste that address, or the code in it, and press Enter:\n", l.redirect)
			var done func()
			lines, done = readLines(ctx, o.In)
			defer done()
		}
	} else {
		say("Log in to Spotify in the browser. If none opens, open this address:\n\n  %s\n\n", address)
		if o.Open != nil {
			if err := o.Open(address); err != nil {
				say("No browser could be opened: %v.\nOn a computer without one, use spotsync login --no-browser.\n", err)
			}
		}
	}
	hint := time.NewTimer(orElse(o.Hint, 20*time.Second))
	defer hint.Stop()
	for {
		select {
		case a := <-answers:
			return a, a.err
		case line, ok := <-lines:
			if !ok {
				lines = nil
				say("Nothing more to read; still waiting for the browser at %s.\n", l.redirect)
				continue
			}
			switch a, again := parsePasted(line, state); {
			case again != "":
				say("%s\n", again)
			default:
				return a, a.err
			}
		case <-hint.C:
			say("%s", l.hint())
		case <-ctx.Done():
			return answer{}, context.Cause(ctx)
		}
	}
}

var errTooLate = errors.New("no answer came from the browser in time, so nobody is logged in; run the command again, with --no-browser if the browser is on another computer")

// hint is what to say when nothing comes: most likely the browser shows an error that Spotify tells nobody else about.
func (l redirect) hint() string {
	return fmt.Sprintf(`Still waiting. If the browser says

  INVALID_CLIENT: Invalid redirect URI   open your app at https://developer.spotify.com/dashboard, and under
                                         Redirect URIs add exactly this, then save:  %s
  INVALID_CLIENT: Invalid client         the client ID is not one of an app there: copy it again

and run the command again.
`, l.register)
}

func orElse(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// readLines sends the lines of in that aren't blank until it ends, and then closes the channel. done stops it, and waits for
// it where the read can be interrupted.
func readLines(ctx context.Context, in io.Reader) (lines <-chan string, done func()) {
	ctx, cancel := context.WithCancel(ctx)
	out := make(chan string)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(out)
		s := bufio.NewScanner(in)
		for s.Scan() {
			line := strings.TrimSpace(s.Text())
			if line == "" {
				continue
			}
			select {
			case out <- line:
			case <-ctx.Done():
				return
			}
		}
	})
	return out, func() {
		cancel()
		d, ok := in.(interface{ SetReadDeadline(time.Time) error })
		if ok && d.SetReadDeadline(time.Unix(1, 0)) == nil {
			wg.Wait()
			d.SetReadDeadline(time.Time{})
		}
	}
}
