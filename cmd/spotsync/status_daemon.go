package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/statuspage"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/reconcile/heal"
)

// statusDaemon is the daemon that keeps the playlists as the files say, as it tells itself.
type statusDaemon struct {
	Address string `json:"address"` // where its page is
	statuspage.Readiness
}

// statusOfDaemon asks the daemon that said it listens on this computer. Nil: there is none, or it does not answer. What
// answers for another lock file is another daemon, which has taken the address of one that is no more.
func statusOfDaemon(ctx context.Context, s *session.Session) *statusDaemon {
	address := s.State.DaemonAddress()
	if address == "" {
		return nil
	}
	d := &statusDaemon{Address: "http://" + statuspage.Nearby(address)}
	_, said, err := statuspage.Ask(ctx, s.App.Transport, s.App.UserAgent(), statuspage.Nearby(address), "/readyz")
	if err == nil {
		err = json.Unmarshal(said, &d.Readiness)
	}
	if err != nil || d.State != s.State.Key() {
		s.App.Log.Debug().Err(err).Str("address", address).Msg("no daemon of this lock file answers")
		return nil
	}
	if d.Reasons == nil {
		d.Reasons = []string{}
	}
	return d
}

func (d *statusDaemon) write(w io.Writer) {
	state := "ready"
	if !d.Ready {
		state = "not ready"
	}
	fmt.Fprintf(w, "Daemon: %s at %s", state, words.Printable(d.Address))
	const day = "2 Jan 2006 15:04:05 UTC"
	if d.LastRound != nil {
		fmt.Fprintf(w, ", last round on %s: %s", d.LastRound.Began.UTC().Format(day), words.Printable(strings.ToLower(statuspage.BadgeOf(*d.LastRound).Word)))
	}
	if d.NextRound != nil {
		fmt.Fprintf(w, ", next at %s", d.NextRound.UTC().Format(time.TimeOnly+" UTC"))
	}
	fmt.Fprintln(w, ".")
	for _, reason := range d.Reasons {
		fmt.Fprintf(w, "  waiting     %s\n", words.Printable(reason))
	}
}

// statusOfLoop marks the playlists that a daemon holds back, as it last saw them.
func statusOfLoop(s *session.Session, playlists []statusPlaylist) error {
	loop, err := heal.Load(s.State)
	if err != nil {
		return err
	}
	waiting := make(map[string]heal.Verdict)
	for _, v := range loop.Waiting(s.Now) {
		waiting[v.Address] = v
	}
	for i := range playlists {
		p := &playlists[i]
		v, waits := waiting[p.Address]
		if !waits || p.State != playlistManaged {
			continue
		}
		p.State, p.Reason = playlistWaits, v.Reason
		if v.State == heal.Held {
			p.State = playlistHeld
		}
		if !v.RetryAt.IsZero() {
			until := v.RetryAt.UTC().Truncate(time.Second)
			p.Until = &until
		}
	}
	return nil
}
