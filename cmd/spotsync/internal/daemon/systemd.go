package daemon

import (
	"strings"
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"
	"github.com/rs/zerolog"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
)

// serviceManager tells systemd how the daemon is, as sd_notify(3) says. Where NOTIFY_SOCKET is not set nobody listens, and
// nothing is done. Other service managers that speak the protocol do as well.
type serviceManager struct {
	log zerolog.Logger
}

// ready says that starting, or reloading, has ended: the daemon watches and works, even with a broken configuration.
func (s serviceManager) ready() { s.tell(sd.SdNotifyReady) }

// reloading says that the files are being read again; ready must follow. The time is what Type=notify-reload tells an old
// message from a new one by.
func (s serviceManager) reloading() {
	s.tell(sd.SdNotifyReloading + "\n" + sd.SdNotifyMonotonicUsec())
}

// stopping says that the daemon is on its way out.
func (s serviceManager) stopping() { s.tell(sd.SdNotifyStopping) }

// status is the line that "systemctl status" shows.
func (s serviceManager) status(text string) {
	s.tell("STATUS=" + words.Cut(strings.Join(strings.Fields(text), " "), 200)) // a second line would be another message
}

// ping says that the daemon is alive.
func (s serviceManager) ping() { s.tell(sd.SdNotifyWatchdog) }

// watchdog is how often to ping: half the time after which systemd takes the daemon for dead. 0 means never.
func (s serviceManager) watchdog() time.Duration {
	limit, err := sd.SdWatchdogEnabled(false)
	if err != nil {
		s.log.Warn().Err(err).Msg("The service manager's watchdog can't be understood, so it is not answered.")
		return 0
	}
	return limit / 2
}

func (s serviceManager) tell(state string) {
	if _, err := sd.SdNotify(false, state); err != nil {
		s.log.Warn().Err(err).Msg("The service manager can't be told how the daemon is.")
	}
}
