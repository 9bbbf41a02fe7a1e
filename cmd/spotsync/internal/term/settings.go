package term

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// Settings are the global flags.
type Settings struct {
	Chdir     string
	Sandbox   bool
	LockFile  string
	Root      string
	NoColor   bool
	NoInput   bool // --input=false
	LogLevel  string
	LogFormat string
}

// OpenLog opens the log and decides how messages are written.
func (a *App) OpenLog() error {
	if a.Settings.LogFormat != "json" && a.Settings.LogFormat != "console" {
		a.messages = &messages{} // the error is text then
		return fmt.Errorf("--log-format %q: use console or json", a.Settings.LogFormat)
	}
	var log zerolog.Logger
	m := &messages{once: new(sync.Once)}
	if a.Settings.LogFormat == "json" {
		log = zerolog.New(a.Err).With().Timestamp().Logger()
		m.json = &log
	} else {
		log = zerolog.New(zerolog.ConsoleWriter{Out: a.Err, NoColor: !a.ErrTTY || a.Settings.NoColor, TimeFormat: time.TimeOnly}).With().Timestamp().Logger()
	}
	a.messages = m
	level, err := zerolog.ParseLevel(a.Settings.LogLevel)
	if err != nil || a.Settings.LogLevel == "" {
		return fmt.Errorf("--log-level %q: use trace, debug, info, warn or error", a.Settings.LogLevel)
	}
	a.Log = log.Level(level)
	return nil
}

func (a *App) ExpandHome(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home := a.Getenv("HOME"); home != "" {
			return filepath.Join(home, rest)
		}
	}
	return path
}
