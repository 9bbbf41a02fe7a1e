package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/statuspage"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// sandboxOptions are the flags of spotsync sandbox.
type sandboxOptions struct {
	listen      string
	dir         string
	state       string
	quirks      string
	shell       string
	autoApprove bool
}

func newSandbox(a *term.App) *cobra.Command {
	var o sandboxOptions
	cmd := &cobra.Command{
		Use:   "sandbox [flags]",
		Short: "Serve a Spotify that lives in memory",
		Long: `sandbox serves a Spotify of its own on this computer until it is interrupted: the accounts service and the part of the
Web API that spotsync uses, with Spotify's rules and quirks and some well-known songs. It prints what to export, so that
every other spotsync in that shell talks to it and keeps its files apart:

  spotsync sandbox > sandbox.env &
  . ./sandbox.env
  spotsync apply examples/playlists.hcl

To try a single command nothing needs to be served: spotsync --sandbox COMMAND.`,
		Args: atMost(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runSandbox(cmd.Context(), a, o)
		},
	}
	shell := "sh"
	if runtime.GOOS == "windows" {
		shell = "powershell"
	}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:0", "loopback `address` to listen on; port 0 is any free one")
	f.StringVar(&o.dir, "dir", "", "`folder` for credentials, data and lock file, and for the sandbox itself (default a temporary one, deleted at the end)")
	f.StringVar(&o.state, "state", "", "`file` that remembers the sandbox from one time to the next (default spotify.json in --dir, else none)")
	f.StringVar(&o.quirks, "quirks", "default", "default: reads lag writes and the like, as Spotify's do; none: all as documented")
	f.StringVar(&o.shell, "shell", shell, "write the exports for sh, fish, powershell or cmd")
	f.BoolVar(&o.autoApprove, "auto-approve-login", false, "the page that asks for permission agrees by itself")
	cmd.AddCommand(newSandboxReset(a))
	return cmd
}

func newSandboxReset(a *term.App) *cobra.Command {
	var approved bool
	cmd := &cobra.Command{
		Use:   "reset",
		Short: "Start the sandbox of --sandbox over",
		Long: `reset deletes what "spotsync --sandbox" remembers: the playlists of its Spotify, their lock files and
histories. Nothing on Spotify and no file of yours is touched.`,
		Args: atMost(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return resetSandbox(cmd.Context(), a, approved)
		},
	}
	cmd.Flags().BoolVar(&approved, "auto-approve", false, "do not ask")
	registerInput(a, cmd.Flags())
	return cmd
}

func resetSandbox(ctx context.Context, a *term.App, approved bool) error {
	state, _, _, err := store.UserDirs(a.Getenv, runtime.GOOS)
	if err != nil {
		return err
	}
	home := session.SandboxHome(state)
	if !approved && exists(home) {
		if err := a.CannotAsk(); err != nil {
			return fmt.Errorf("nothing was deleted: %w. To delete it unasked, add --auto-approve", err)
		}
		answer, err := a.Ask(ctx, fmt.Sprintf("Delete the sandbox in %s? Only \"yes\" is taken for yes: ", home))
		switch {
		case err != nil:
			return err
		case answer != "yes":
			return errors.New("nothing was deleted")
		}
	}
	found, err := session.ResetSandbox(home)
	switch {
	case err != nil:
		return err
	case found:
		a.Say("The sandbox in %s is deleted; the next command with --sandbox starts with a new one.", home)
	default:
		a.Say("There is no sandbox in %s yet.", home)
	}
	return nil
}

// runSandbox serves until the first signal, and then lets requests under way finish.
func runSandbox(ctx context.Context, a *term.App, o sandboxOptions) (err error) {
	addr, err := loopbackAddr(o.listen)
	if err != nil {
		return err
	}
	write, err := exportWriter(o.shell)
	if err != nil {
		return err
	}
	options := sandbox.Options{Seed: uint64(time.Now().UnixNano()), AutoApprove: o.autoApprove}
	switch o.quirks {
	case "default":
	case "none":
		options.Quirks = sandbox.NoQuirks()
	default:
		return fmt.Errorf("--quirks %q: use default or none", o.quirks)
	}
	dir, tidy, err := sandboxDir(o.dir)
	if err != nil {
		return err
	}
	defer term.Closing(tidy, &err)
	if o.state == "" { // in a temporary folder too: it is deleted with it
		o.state = filepath.Join(dir, "spotify.json")
	}
	kept, err := session.OpenKept(o.state, options)
	if err != nil {
		return err
	}
	credentials := filepath.Join(dir, "credentials.json")
	if err := logInToSandbox(ctx, kept, credentials); err != nil {
		return err
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w; name another address with --listen", addr, err)
	}
	base := "http://" + ln.Addr().String()
	for _, v := range [][2]string{
		{"SPOTSYNC_API_URL", base + "/v1"},
		{"SPOTSYNC_ACCOUNTS_URL", base},
		{"SPOTSYNC_CLIENT_ID", sandbox.SandboxClientID},
		{"SPOTSYNC_CREDENTIALS_FILE", credentials},
		{"SPOTSYNC_DATA_DIR", filepath.Join(dir, "data")},
		{"SPOTSYNC_LOCK_FILE", filepath.Join(dir, "spotsync.lock.hcl")},
	} {
		if _, err := fmt.Fprintln(a.Out, write(v[0], v[1])); err != nil {
			return errors.Join(err, ln.Close())
		}
	}
	a.Say("The sandbox is at %s; its user is logged in. Run the lines above in another shell, and spotsync there talks to it.\nCtrl-C stops it.", base)
	for _, name := range []string{"SPOTSYNC_REFRESH_TOKEN", "SPOTSYNC_REFRESH_TOKEN_FILE"} {
		if a.Getenv(name) != "" {
			a.Note("%s is set here and would be used instead of the sandbox's login: unset it in that shell.", name)
		}
	}
	srv := &http.Server{Handler: logged(a.Log, kept), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute}
	return statuspage.ServeUntil(ctx, srv, ln)
}

// logInToSandbox stores a login of the sandbox's user in a credentials file.
func logInToSandbox(ctx context.Context, kept *session.KeptSandbox, path string) error {
	creds, err := auth.OpenCredentials(store.OS{}, path)
	if err != nil {
		return err
	}
	app := auth.App{Issuer: auth.Issuer{Name: auth.Loopback}, ClientID: sandbox.SandboxClientID}
	return kept.LogIn(ctx, creds, app, reconcile.DefaultAccount, sandbox.SandboxUser)
}

// sandboxDir is the folder a served sandbox's files are in, made if it is missing; tidy deletes it again if nobody named it.
func sandboxDir(dir string) (_ string, tidy func() error, err error) {
	if dir == "" {
		if dir, err = os.MkdirTemp("", "spotsync-sandbox-"); err != nil {
			return "", nil, err
		}
		return dir, func() error { return os.RemoveAll(dir) }, nil
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", nil, err
	}
	return dir, func() error { return nil }, os.MkdirAll(dir, 0o700)
}

// loopbackAddr checks that nobody but this computer can reach an address. Names are refused: they can be made to mean
// anything.
func loopbackAddr(s string) (string, error) {
	addr, err := netip.ParseAddrPort(s)
	if err != nil || !addr.Addr().IsLoopback() {
		return "", fmt.Errorf("--listen %q: use a loopback address with a port, such as 127.0.0.1:8080 or [::1]:0", s)
	}
	return addr.String(), nil
}

// exportWriter writes a variable as a shell reads it.
func exportWriter(shell string) (func(name, value string) string, error) {
	single := func(v, quote string) string { return "'" + strings.ReplaceAll(v, "'", quote) + "'" }
	switch shell {
	case "sh":
		return func(name, v string) string { return "export " + name + "=" + single(v, `'\''`) }, nil
	case "fish":
		return func(name, v string) string {
			return "set -gx " + name + " " + single(strings.ReplaceAll(v, `\`, `\\`), `\'`)
		}, nil
	case "powershell":
		return func(name, v string) string { return "$env:" + name + " = " + single(v, "''") }, nil
	case "cmd":
		return func(name, v string) string { return `set "` + name + "=" + strings.ReplaceAll(v, "%", "%%") + `"` }, nil
	}
	return nil, fmt.Errorf("--shell %q: use sh, fish, powershell or cmd", shell)
}

// logged logs each request, without what is secret in it: the path alone, never query or body.
func logged(log zerolog.Logger, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &statusRecorder{ResponseWriter: w}
		start := time.Now()
		h.ServeHTTP(rec, r)
		log.Debug().Str("method", r.Method).Str("path", r.URL.Path).Int("status", rec.status).Dur("took", time.Since(start)).Msg("request")
	})
}

// statusRecorder remembers the status that was answered.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (r *statusRecorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *statusRecorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(p)
}
