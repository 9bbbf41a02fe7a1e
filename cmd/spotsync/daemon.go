package main

import (
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/daemon"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/statuspage"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
)

func newDaemon(a *term.App) *cobra.Command {
	var o daemon.Options
	var check bool
	cmd := &cobra.Command{
		Use:   "daemon [flags] [PATH]",
		Short: "Keep Spotify as the files say",
		Long: `daemon makes Spotify match the files, again whenever a file changes, and every so often to undo edits made elsewhere. It
goes on through broken files, ended logins and Spotify's limits, and works again when they are mended. It never writes to
your files: what it learns waits on this computer for the next apply.

It deletes nothing without --prune. On --listen it serves its status: a page for people, /healthz and /readyz for machines,
/metrics for Prometheus. SIGHUP makes it read the files and look at once.`,
		Args: atMost(1, "one folder or file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if check {
				return statuspage.Check(cmd.Context(), a.UserAgent(), o.Server.Listen)
			}
			if !cmd.Flags().Changed("log-level") && a.Getenv("SPOTSYNC_LOG_LEVEL") == "" {
				a.Log = a.Log.Level(zerolog.InfoLevel)
			}
			v := readVersion()
			o.Build = statuspage.Build{Version: v.Version, Go: v.Go, Commit: v.Commit}
			return daemon.Run(cmd.Context(), a, pathArg(args), o)
		},
	}
	registerInputs(cmd.Flags(), &o.Inputs)
	f := cmd.Flags()
	f.DurationVar(&o.Interval, "interval", 5*time.Minute, "how often to look for edits made elsewhere")
	f.DurationVar(&o.Poll, "poll", 0, "look at the files this often, where the system tells of no changes (0: wait to be told)")
	f.StringVar(&o.Branch, "branch", "", "act only while this `branch` is checked out")
	f.BoolVar(&o.Prune, "prune", false, "delete playlists that are no longer in the files")
	f.BoolVar(&o.NoCreate, "no-create", false, "create no playlists; something else does")
	f.BoolVar(&o.Once, "once", false, "look once and end")
	f.BoolVar(&check, "check", false, "ask the daemon that listens at --listen whether it is alive")
	f.IntVar(&o.RequestsPerDay, "requests-per-day", 1000, "stretch the interval to stay under so many requests (0: don't)")
	f.IntVar(&o.Parallelism, "parallelism", 4, "requests at once")
	f.StringVar(&o.Server.Listen, "listen", "127.0.0.1:7979", "`address` to serve the status page, probes and metrics on; empty for none")
	f.StringArrayVar(&o.Server.AllowedHosts, "allowed-host", nil, "further host `name` that the page answers to, besides loopback addresses (repeatable)")
	f.StringVar(&o.Server.TokenFile, "http-token-file", "", "`file` with the token that opens the page; needed when --listen is not on loopback")
	f.StringVar(&o.NotifyURL, "notify-url", "", "`address` to post notices to")
	return cmd
}
