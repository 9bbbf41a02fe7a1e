package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// settings are the global flags.
type settings struct {
	chdir     string
	sandbox   bool
	lockFile  string
	root      string
	noColor   bool
	noInput   bool // --input=false
	logLevel  string
	logFormat string
}

// openLog opens the log and decides how messages are written.
func (a *app) openLog() error {
	if a.set.logFormat != "json" && a.set.logFormat != "console" {
		a.messages = &messages{} // the error is text then
		return fmt.Errorf("--log-format %q: use console or json", a.set.logFormat)
	}
	var log zerolog.Logger
	m := &messages{elsewhere: new(sync.Once)}
	if a.set.logFormat == "json" {
		log = zerolog.New(a.Err).With().Timestamp().Logger()
		m.json = &log
	} else {
		log = zerolog.New(zerolog.ConsoleWriter{Out: a.Err, NoColor: !a.errTTY || a.set.noColor, TimeFormat: time.TimeOnly}).With().Timestamp().Logger()
	}
	a.messages = m
	level, err := zerolog.ParseLevel(a.set.logLevel)
	if err != nil || a.set.logLevel == "" {
		return fmt.Errorf("--log-level %q: use trace, debug, info, warn or error", a.set.logLevel)
	}
	a.log = log.Level(level)
	return nil
}

func (a *app) expandHome(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home := a.Getenv("HOME"); home != "" {
			return filepath.Join(home, rest)
		}
	}
	return path
}
