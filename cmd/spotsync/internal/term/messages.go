package term

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/rs/zerolog"
)

// messages are what a command writes to Err beside its log: notes, warnings, errors, progress. With --log-format json each
// is one line of JSON as the log's are, so that whoever reads Err as JSON finds nothing else there. --log-level does not
// apply to them: they are not the log.
type messages struct {
	json *zerolog.Logger // nil: as text
	once *sync.Once      // for sayOnce; nil: nobody is told
}

// Opened reports whether messages are written as the flags want it, which need not have been understood.
func (a *App) Opened() bool { return a.messages != nil }

// SayOnce is Say for what is said once in the life of the program, and never where messages are not opened.
func (a *App) SayOnce(format string, args ...any) {
	if a.messages != nil && a.messages.once != nil {
		a.messages.once.Do(func() { a.Say(format, args...) })
	}
}

// AsText makes messages text again, for work whose messages are collected.
func (a *App) AsText() {
	m := &messages{}
	if a.messages != nil {
		m.once = a.messages.once
	}
	a.messages = m
}

// Say tells a person something on Err.
func (a *App) Say(format string, args ...any) {
	a.tell(zerolog.InfoLevel, fmt.Sprintf(format, args...))
}

// Note tells a person something that should not be overlooked.
func (a *App) Note(format string, args ...any) {
	a.tell(zerolog.WarnLevel, fmt.Sprintf(format, args...))
}

// Fail tells a person what went wrong.
func (a *App) Fail(format string, args ...any) {
	a.tell(zerolog.ErrorLevel, fmt.Sprintf(format, args...))
}

// tell writes one message.
func (a *App) tell(level zerolog.Level, text string) {
	if a.messages != nil && a.messages.json != nil {
		if text = strings.TrimSpace(text); text != "" {
			a.messages.json.WithLevel(level).Msg(text)
		}
		return
	}
	switch level {
	case zerolog.WarnLevel:
		text = "Warning: " + text
	case zerolog.ErrorLevel:
		text = "Error: " + text
	}
	fmt.Fprintln(a.Err, text)
}

// MessageWriter is Err for code that writes text of its own. With --log-format json each Write is one message.
func (a *App) MessageWriter(level zerolog.Level) io.Writer {
	if a.messages == nil || a.messages.json == nil {
		return a.Err
	}
	return messageWriter{a, level}
}

type messageWriter struct {
	a     *App
	level zerolog.Level
}

func (w messageWriter) Write(p []byte) (int, error) {
	w.a.tell(w.level, string(p))
	return len(p), nil
}

// Message is a text that write makes, as one message.
func (a *App) Message(level zerolog.Level, write func(w io.Writer, color bool, width int) error) error {
	if a.messages == nil || a.messages.json == nil {
		return write(a.Err, a.UseColor(a.ErrTTY), a.MessageWidth())
	}
	var b bytes.Buffer
	err := write(&b, false, 0)
	a.tell(level, b.String())
	return err
}
