package main

import (
	"context"
	"errors"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/spotify"
)

// The exit codes. docs/exit-codes.md explains them; they are kept stable.
const (
	exitOK          = 0
	exitError       = 1
	exitDifferences = 2 // with --detailed-exitcode
	exitPartly      = 3
	exitLogin       = 4
	exitLater       = 5
	exitRefused     = 6
	exitInterrupted = 130
)

var errInterrupted = errors.New("interrupted")

// exitWith is an error with an exit code of its own. Without an error nothing more is printed.
type exitWith struct {
	code int
	err  error
}

func (e *exitWith) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitWith) Unwrap() error { return e.err }

// several are reasons for how a run ended that are said one after the other.
type several []error

func (e several) Error() string { return errors.Join(e...).Error() }

func (e several) Unwrap() []error { return e }

// quiet ends with a code when everything has been said.
func quiet(code int) error { return &exitWith{code: code} }

// exitCode is what an error means to a script.
func exitCode(err error) int {
	var with *exitWith
	var refused *reconcile.RefusedError
	var limited *spotify.RateLimitError
	var down *spotify.UnavailableError
	var authDown *auth.UnavailableError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &with):
		return with.code
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &refused):
		return exitRefused
	case errors.Is(err, auth.ErrLoginRequired), errors.Is(err, spotify.ErrUnauthorized), errors.Is(err, spotify.ErrScope):
		return exitLogin
	case errors.As(err, &limited), errors.As(err, &down), errors.As(err, &authDown):
		return exitLater
	}
	return exitError
}
