package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/rs/zerolog"
	tty "golang.org/x/term"
)

// app is what a command may touch of the world. Results go to Out; progress, prompts, warnings and logs go to Err, so
// that a result can be piped. Nothing is asked without a terminal on In.
type app struct {
	In      io.Reader
	Out     io.Writer
	Err     io.Writer
	Getenv  func(string) string
	Environ func() []string
	Stop    <-chan struct{} // closed by the first signal, which also ends the command's context
	Now     <-chan struct{} // closed by the second

	asks   bool // somebody is there to answer
	outTTY bool
	errTTY bool
	color  bool // for Out
	width  int  // of the terminal, 80 elsewhere

	version  string // of this program
	command  string // "spotsync apply": what others who wait are told is at work
	settings      settings
	log      zerolog.Logger
	messages *messages   // shared by copies; nil before start: as text
	answer   *jsonAnswer // shared by copies; nil: the result is not JSON

	transport http.RoundTripper                                   // carries requests; nil: the network
	listen    func(network, address string) (net.Listener, error) // nil: net.Listen
}

// newApp is the app of a process of that version, on the streams it was started with.
func newApp(version string, stop, now <-chan struct{}) *app {
	a := &app{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv, Environ: os.Environ, Stop: stop, Now: now, version: version, width: 80, log: zerolog.Nop()}
	isTerminal := func(f *os.File) bool { return isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()) }
	a.outTTY, a.errTTY = isTerminal(os.Stdout), isTerminal(os.Stderr)
	a.asks = isTerminal(os.Stdin) && a.errTTY
	if w, _, err := tty.GetSize(int(os.Stdout.Fd())); err == nil && w > 0 {
		a.width = w
	}
	if a.errTTY && os.Getenv("TERM") != "dumb" {
		a.Err = newTerminal(os.Stderr, a.width)
	}
	return a
}

// userAgent is what requests say sends them.
func (a *app) userAgent() string { return "spotsync/" + a.version }

// errWidth is where lines on Err are to be broken; 0 is nowhere: what is not a terminal is searched and copied from.
func (a *app) messageWidth() int {
	if !a.errTTY {
		return 0
	}
	return a.width
}

// useColor decides about colour: NO_COLOR (no-color.org) and --no-color beat CLICOLOR_FORCE, which beats the terminal.
func (a *app) useColor(tty bool) bool {
	switch {
	case a.settings.noColor || a.Getenv("NO_COLOR") != "" || a.Getenv("TERM") == "dumb":
		return false
	case a.Getenv("CLICOLOR_FORCE") != "" && a.Getenv("CLICOLOR_FORCE") != "0":
		return true
	}
	return tty
}

// errInterrupted ends a run that was stopped.
var errInterrupted = errors.New("interrupted")

// finishing is a context for work that must not be cut short by the first signal: it ends with the second.
func (a *app) finishing(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		select {
		case <-a.Now:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// writeJSON writes one result as a line of JSON to Out.
func (a *app) writeJSON(v any) error {
	enc := json.NewEncoder(a.Out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// cannotAsk is why no question can be asked; nil: one can.
func (a *app) cannotAsk() error {
	switch {
	case a.settings.noInput:
		return errors.New("--input=false (or SPOTSYNC_INPUT) forbids questions")
	case !a.asks:
		return errors.New("there is no terminal to ask on")
	}
	return nil
}

// ask asks a question and returns the answer without space around it. It ends when the run is stopped.
func (a *app) ask(ctx context.Context, question string) (string, error) {
	if err := a.cannotAsk(); err != nil {
		return "", err
	}
	fmt.Fprint(a.Err, question)
	type line struct {
		text string
		err  error
	}
	got := make(chan line, 1)
	go func() { // a read of a terminal can't be interrupted; the process ends soon after an interrupt
		text, err := bufio.NewReader(a.In).ReadString('\n')
		got <- line{text, err}
	}()
	select {
	case l := <-got:
		if l.err != nil && l.text == "" {
			fmt.Fprintln(a.Err)
			if errors.Is(l.err, io.EOF) {
				return "", errors.New("no answer came, so nothing was done")
			}
			return "", fmt.Errorf("no answer came: %w", l.err)
		}
		return strings.TrimSpace(l.text), nil
	case <-ctx.Done():
		fmt.Fprintln(a.Err)
		return "", errInterrupted
	}
}

// closing closes at the end of a function and keeps the error, unless there is a worse one.
func closing(close func() error, err *error) {
	if cerr := close(); *err == nil {
		*err = cerr
	}
}
