package session

import (
	"context"
	"errors"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/spotify"
)

// Kind is how a run ended, in what a program that started it can act on. Each has an exit code.
type Kind int

const (
	KindOK Kind = iota
	KindError
	KindDifferences // asked for, and there are some
	KindPartly
	KindLogin // a login is needed
	KindLater // Spotify can't be asked now
	KindRefused
	KindInterrupted
)

// ended is an error that says itself how the run ended. Without an error in it all has been said.
type ended struct {
	kind Kind
	err  error
}

func (e *ended) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *ended) Unwrap() error { return e.err }

// several are reasons for how a run ended that are said one after the other.
type several []error

func (e several) Error() string { return errors.Join(e...).Error() }

func (e several) Unwrap() []error { return e }

// As is an error that says how the run ended.
func As(k Kind, err error) error { return &ended{k, err} }

// parts are the errors that err is made of and adds nothing to; none where it says something itself.
func parts(err error) []error {
	switch e := err.(type) {
	case *ended:
		return []error{e.err}
	case interface{ Unwrap() []error }:
		if all := e.Unwrap(); errors.Join(all...).Error() == err.Error() {
			return all
		}
	}
	return nil
}

// Silent is how a run ended where everything has been said.
func Silent(k Kind) error { return &ended{kind: k} }

// KindOf is how a run ended that an error ended.
func KindOf(err error) Kind {
	var itself *ended
	var refused *reconcile.RefusedError
	var limited *spotify.RateLimitError
	var down *spotify.UnavailableError
	var authDown *auth.UnavailableError
	switch {
	case err == nil:
		return KindOK
	case errors.As(err, &itself):
		return itself.kind
	case errors.Is(err, term.ErrInterrupted), errors.Is(err, context.Canceled):
		return KindInterrupted
	case errors.As(err, &refused):
		return KindRefused
	case errors.Is(err, auth.ErrLoginRequired), errors.Is(err, spotify.ErrUnauthorized), errors.Is(err, spotify.ErrScope):
		return KindLogin
	case errors.As(err, &limited), errors.As(err, &down), errors.As(err, &authDown):
		return KindLater
	}
	return KindError
}

// worse is which of two kinds counts when there is a reason for each.
func worse(a, b Kind) Kind {
	for _, k := range []Kind{KindInterrupted, KindRefused, KindLogin, KindError, KindLater} {
		if a == k || b == k {
			return k
		}
	}
	return max(a, b)
}
