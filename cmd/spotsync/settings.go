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
	if a.settings.logFormat != "json" && a.settings.logFormat != "console" {
		a.messages = &messages{} // the error is text then
		return fmt.Errorf("--log-format %q: use console or json", a.settings.logFormat)
	}
	var log zerolog.Logger
	m := &messages{once: new(sync.Once)}
	if a.settings.logFormat == "json" {
		log = zerolog.New(a.Err).With().Timestamp().Logger()
		m.json = &log
	} else {
		log = zerolog.New(zerolog.ConsoleWriter{Out: a.Err, NoColor: !a.errTTY || a.settings.noColor, TimeFormat: time.TimeOnly}).With().Timestamp().Logger()
	}
	a.messages = m
	level, err := zerolog.ParseLevel(a.settings.logLevel)
	if err != nil || a.settings.logLevel == "" {
		return fmt.Errorf("--log-level %q: use trace, debug, info, warn or error", a.settings.logLevel)
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
