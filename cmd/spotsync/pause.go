package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/heal"
)

func newPause(a *term.App) *cobra.Command {
	var o session.Options
	var span string
	cmd := &cobra.Command{
		Use:   "pause REF... [PATH]",
		Short: "Leave playlists alone for a while",
		Long:  `pause holds playlists: plan and apply leave them as they are on Spotify, and say so, until resume or the end of --for.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			refs, path, err := splitPath(cmd, args, 1, anyNumber)
			if err != nil {
				return err
			}
			var until time.Time
			if span != "" {
				if until, err = later(time.Now().UTC(), span); err != nil {
					return fmt.Errorf("--for %q: %w", span, err)
				}
			}
			return runHold(cmd.Context(), a, path, refs, o, func(s *session.Session, address string, e *lockfile.Playlist) {
				e.Held = &lockfile.Hold{Reason: reconcile.Paused, Since: time.Now().UTC().Truncate(time.Second), Until: until}
				if until.IsZero() {
					s.App.Say("%s is left alone until: spotsync resume %s", address, reconcile.ShellQuote(address))
					return
				}
				s.App.Say("%s is left alone until %s.", address, until.Format("2 Jan 2006 15:04 UTC"))
			})
		},
	}
	registerSession(cmd.Flags(), &o)
	cmd.Flags().StringVar(&span, "for", "", "how `long`, such as 36h, 3d, 2w or 1mo (default until resume)")
	return cmd
}

func newResume(a *term.App) *cobra.Command {
	var o session.Options
	cmd := &cobra.Command{
		Use:   "resume REF... [PATH]",
		Short: "Go on managing playlists that are held",
		RunE: func(cmd *cobra.Command, args []string) error {
			refs, path, err := splitPath(cmd, args, 1, anyNumber)
			if err != nil {
				return err
			}
			return runHold(cmd.Context(), a, path, refs, o, func(s *session.Session, address string, e *lockfile.Playlist) {
				released, err := releaseDaemon(s, address)
				if err != nil {
					s.App.Note("a daemon may go on holding %s: %v", address, err)
				}
				if e.Held == nil && !released {
					s.App.Say("%s was not held.", address)
					return
				}
				e.Held = nil
				s.App.Say("%s is managed again; spotsync plan shows what that means.", address)
			})
		},
	}
	registerSession(cmd.Flags(), &o)
	return cmd
}

// releaseDaemon forgets why a daemon holds a playlist back. One that is running notices.
func releaseDaemon(s *session.Session, address string) (released bool, err error) {
	loop, err := heal.Load(s.State)
	if err != nil || !loop.Release(address) {
		return false, err
	}
	return true, loop.Save(s.State)
}

// runHold changes whether playlists are held, in the lock file.
func runHold(ctx context.Context, a *term.App, path string, refs []string, o session.Options, change func(*session.Session, string, *lockfile.Playlist)) (err error) {
	if len(refs) == 0 {
		return errors.New("name a playlist: an address, ID, link, exact name or glob")
	}
	s, err := openLoose(a, path, o, nil)
	if err != nil {
		return err
	}
	defer term.Closing(s.Close, &err)
	if err := s.Take(ctx); err != nil {
		return err
	}
	for _, ref := range refs {
		found, err := session.MatchRef(ref, s.Known(nil))
		if err != nil {
			return err
		}
		for _, k := range found {
			err := s.Lock.Update(func(f *lockfile.File) {
				e := f.Playlists[k.Address]
				change(s, k.Address, &e)
				f.Playlists[k.Address] = e
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

var spanForm = regexp.MustCompile(`^([1-9][0-9]{0,4})(h|d|w|mo|y)$`)

// later is a time so much after now: hours, days, weeks, months or years.
func later(now time.Time, text string) (time.Time, error) {
	m := spanForm.FindStringSubmatch(text)
	if m == nil {
		return now, errors.New("write a number and h, d, w, mo or y, such as 36h or 2w")
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return now, err
	}
	switch m[2] {
	case "h":
		return now.Add(time.Duration(n) * time.Hour), nil
	case "d":
		return now.AddDate(0, 0, n), nil
	case "w":
		return now.AddDate(0, 0, 7*n), nil
	case "mo":
		return now.AddDate(0, n, 0), nil
	}
	return now.AddDate(n, 0, 0), nil
}
