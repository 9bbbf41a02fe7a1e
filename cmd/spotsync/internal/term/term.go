package term

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

// App is what a command may touch of the world. Results go to Out; progress, prompts, warnings and logs go to Err, so
// that a result can be piped. Nothing is asked without a terminal on In.
type App struct {
	In      io.Reader
	Out     io.Writer
	Err     io.Writer
	Getenv  func(string) string
	Environ func() []string
	Stop    <-chan struct{} // closed by the first signal, which also ends the command's context
	Now     <-chan struct{} // closed by the second

	Asks   bool // somebody is there to answer
	OutTTY bool
	ErrTTY bool
	Color  bool // for Out
	Width  int  // of the terminal, 80 elsewhere

	Version  string // of this program
	Command  string // "spotsync apply": what others who wait are told is at work
	Settings Settings
	Log      zerolog.Logger
	messages *messages // shared by copies; nil before start: as text
	Answer   *Answer   // shared by copies; nil: the result is not JSON

	Transport http.RoundTripper                                   // carries requests; nil: the network
	Listen    func(network, address string) (net.Listener, error) // nil: net.Listen
}

// New is the app of a process of that version, on the streams it was started with.
func New(version string, stop, now <-chan struct{}) *App {
	a := &App{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv, Environ: os.Environ, Stop: stop, Now: now, Version: version, Width: 80, Log: zerolog.Nop()}
	isTerminal := func(f *os.File) bool { return isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()) }
	a.OutTTY, a.ErrTTY = isTerminal(os.Stdout), isTerminal(os.Stderr)
	a.Asks = isTerminal(os.Stdin) && a.ErrTTY
	if w, _, err := tty.GetSize(int(os.Stdout.Fd())); err == nil && w > 0 {
		a.Width = w
	}
	if a.ErrTTY && os.Getenv("TERM") != "dumb" {
		a.Err = newTerminal(os.Stderr, a.Width)
	}
	return a
}

// UserAgent is what requests say sends them.
func (a *App) UserAgent() string { return "spotsync/" + a.Version }

// MessageWidth is where lines on Err are to be broken; 0 is nowhere: what is not a terminal is searched and copied from.
func (a *App) MessageWidth() int {
	if !a.ErrTTY {
		return 0
	}
	return a.Width
}

// UseColor decides about colour: NO_COLOR (no-color.org) and --no-color beat CLICOLOR_FORCE, which beats the terminal.
func (a *App) UseColor(tty bool) bool {
	switch {
	case a.Settings.NoColor || a.Getenv("NO_COLOR") != "" || a.Getenv("TERM") == "dumb":
		return false
	case a.Getenv("CLICOLOR_FORCE") != "" && a.Getenv("CLICOLOR_FORCE") != "0":
		return true
	}
	return tty
}

// ErrInterrupted ends a run that was stopped.
var ErrInterrupted = errors.New("interrupted")

// Finishing is a context for work that must not be cut short by the first signal: it ends with the second.
func (a *App) Finishing(ctx context.Context) (context.Context, context.CancelFunc) {
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

// WriteJSON writes one result as a line of JSON to Out.
func (a *App) WriteJSON(v any) error {
	enc := json.NewEncoder(a.Out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// CannotAsk is why no question can be asked; nil: one can.
func (a *App) CannotAsk() error {
	switch {
	case a.Settings.NoInput:
		return errors.New("--input=false (or SPOTSYNC_INPUT) forbids questions")
	case !a.Asks:
		return errors.New("there is no terminal to ask on")
	}
	return nil
}

// Ask asks a question and returns the answer without space around it. It ends when the run is stopped.
func (a *App) Ask(ctx context.Context, question string) (string, error) {
	if err := a.CannotAsk(); err != nil {
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
		return "", ErrInterrupted
	}
}

// Closing closes at the end of a function and keeps the error, unless there is a worse one.
func Closing(close func() error, err *error) {
	if cerr := close(); *err == nil {
		*err = cerr
	}
}
