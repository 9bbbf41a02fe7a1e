package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	tty "golang.org/x/term"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
)

// takeToken takes over a login made elsewhere: it is read, proven by one refresh and by asking whose it is, and kept.
func takeToken(ctx context.Context, a *term.App, w *session.Environment, creds *auth.Credentials, t *session.LoginTarget, client session.ClientOptions) (token auth.Token, err error) {
	line, err := readToken(ctx, a)
	if err != nil {
		return auth.Token{}, err
	}
	seed, err := auth.ParseHandover(line)
	if err != nil {
		return auth.Token{}, err
	}
	if seed.ClientID != "" {
		switch {
		case !t.Known:
			t.App.ClientID = seed.ClientID
			client.Limiter = w.NewLimiter(seed.ClientID, 1)
		case t.App.ClientID != seed.ClientID:
			return auth.Token{}, fmt.Errorf("the login on standard input was made through the app %s, and client ID %s is set: use one for both", seed.ClientID, t.App.ClientID)
		}
	}
	if t.App.ClientID == "" {
		return auth.Token{}, errors.New("a bare refresh token does not say which app it belongs to: give the client ID with --client-id")
	}
	if seed.Issuer != "" && seed.Issuer != w.Issuer.Name {
		return auth.Token{}, fmt.Errorf("the login on standard input was issued by %q, and this run talks to %q: a login never moves from one to the other", seed.Issuer, w.Issuer.Name)
	}
	source, err := auth.NewSeed(creds, t.App, seed, auth.HTTPClient(w.Inner))
	if err != nil {
		return auth.Token{}, err
	}
	defer term.Closing(source.Close, &err)
	if _, err := source.Token(ctx); err != nil {
		var dead *auth.LoginRequiredError
		if errors.As(err, &dead) {
			return auth.Token{}, session.As(session.KindLogin, fmt.Errorf("the login on standard input can't be used: %s; make a new one with spotsync login --print-token", dead.Reason))
		}
		return auth.Token{}, err
	}
	user, err := w.NewClient(source, client).Me(ctx)
	if err != nil {
		return auth.Token{}, fmt.Errorf("asking Spotify whose login it is: %w", err)
	}
	who := auth.Token{AccountID: string(user.Account()), UserID: string(user.ID), DisplayName: user.DisplayName}
	if err := t.WrongAccount(who); err != nil {
		return auth.Token{}, err
	}
	if err := source.SetAccount(ctx, who.AccountID, who.UserID, who.DisplayName); err != nil {
		return auth.Token{}, err
	}
	return source.Keep(ctx, t.Label)
}

// maxToken is more than any login line has.
const maxToken = 64 << 10

// readToken reads one line, on a terminal without showing it.
func readToken(ctx context.Context, a *term.App) (string, error) {
	if f, ok := a.In.(*os.File); ok && tty.IsTerminal(int(f.Fd())) {
		return readHidden(ctx, a, f)
	}
	data, err := io.ReadAll(io.LimitReader(a.In, maxToken))
	if err != nil {
		return "", fmt.Errorf("read the login from standard input: %w", err)
	}
	line, err := session.Trimmed(data)
	if err != nil {
		return "", fmt.Errorf("read the login from standard input: %w", err)
	}
	if line == "" {
		return "", errors.New("nothing came on standard input: pipe in the line of spotsync login --print-token")
	}
	return line, nil
}

// readHidden asks on a terminal that does not echo.
func readHidden(ctx context.Context, a *term.App, f *os.File) (string, error) {
	fd := int(f.Fd())
	before, err := tty.GetState(fd)
	if err != nil {
		return "", err
	}
	fmt.Fprint(a.Err, "Paste the login line (it is not shown) and press Enter: ")
	type typed struct {
		line []byte
		err  error
	}
	got := make(chan typed, 1)
	go func() { // a read of a terminal can't be interrupted; the process ends soon after an interrupt
		line, err := tty.ReadPassword(fd)
		got <- typed{line, err}
	}()
	select {
	case t := <-got:
		fmt.Fprintln(a.Err)
		line := strings.TrimSpace(string(t.line))
		if line == "" && t.err == nil {
			t.err = errors.New("nothing was typed")
		}
		return line, t.err
	case <-ctx.Done():
		fmt.Fprintln(a.Err)
		return "", errors.Join(term.ErrInterrupted, tty.Restore(fd, before))
	}
}
