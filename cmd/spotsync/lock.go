package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

func newLock(a *term.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lock",
		Short: "Look at and mend the lock file",
		Long: `The lock file says which playlist on Spotify each address is. spotsync writes it; these commands are for mending it by
hand. None of them asks Spotify anything or changes a playlist.`,
	}
	var o session.Options
	sub := func(use, short string, least, most int, work func(context.Context, *session.Session, []string) error) {
		c := &cobra.Command{Use: use, Short: short, RunE: func(cmd *cobra.Command, args []string) (err error) {
			args, path, err := splitPath(cmd, args, least, most)
			if err != nil {
				return err
			}
			s, err := openLoose(a, path, o, nil)
			if err != nil {
				return err
			}
			defer term.Closing(s.Close, &err)
			if err := s.Take(cmd.Context()); err != nil {
				return err
			}
			return work(cmd.Context(), s, args)
		}}
		registerSession(c.Flags(), &o)
		cmd.AddCommand(c)
	}
	sub("list [PATH]", "Show which playlist each address is", 0, 0, lockList)
	sub("mv FROM TO [PATH]", "Give a playlist another address", 2, 2, lockMove)
	sub("rm REF... [PATH]", "Forget playlists; they stay on Spotify", 1, anyNumber, lockRemove)

	restore := &cobra.Command{
		Use:   "restore [ADDRESS [ID]] [PATH]",
		Short: "Put back entries that this computer remembers",
		RunE: func(cmd *cobra.Command, args []string) error {
			args, path, err := splitPath(cmd, args, 0, 2)
			if err != nil {
				return err
			}
			return runLockRestore(cmd.Context(), a, path, args, o)
		},
	}
	registerSession(restore.Flags(), &o)
	cmd.AddCommand(restore)
	return cmd
}

// anyNumber is the most of arguments that may be repeated.
const anyNumber = 1 << 20

// splitPath takes the configuration off the end of arguments that are REFs otherwise, at least and at most so many. What
// is needed as a REF is one, even where a folder has that name.
func splitPath(cmd *cobra.Command, args []string, least, most int) (refs []string, path string, err error) {
	refs, path = args, "."
	if n := len(args); n > least && (strings.HasSuffix(args[n-1], ".hcl") || isFolder(args[n-1])) {
		refs, path = args[:n-1], args[n-1]
	}
	if len(refs) < least || len(refs) > most {
		if len(refs) == most+1 && len(refs) > least { // a PATH in all likelihood
			return nil, "", fmt.Errorf("%q is no folder and no .hcl file; see %s --help", refs[most], cmd.CommandPath())
		}
		_, wants, _ := strings.Cut(cmd.Use, " ")
		return nil, "", fmt.Errorf("%s takes %s; see %s --help", cmd.CommandPath(), wants, cmd.CommandPath())
	}
	return refs, path, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// openLoose is openSession for commands that can do without configuration: what is wrong with it doesn't matter, and where there
// is none the lock file of the folder still counts.
func openLoose(a *term.App, path string, o session.Options, choose map[string]spotify.ID) (*session.Session, error) {
	lock := filepath.Join(path, "spotsync.lock.hcl")
	source, diags := config.Load(config.LoadOptions{Path: path, LockFile: a.Settings.LockFile})
	switch {
	case !diags.HasErrors():
		lock = source.LockPath
	case a.Settings.LockFile != "":
		lock = a.Settings.LockFile
	case !config.IsNoFiles(diags):
		return nil, session.Checked(a, nil, diags)
	}
	lock, err := filepath.Abs(lock)
	if err != nil {
		return nil, err
	}
	return session.OpenResolving(a, o, lock, choose)
}

func lockList(_ context.Context, s *session.Session, _ []string) error {
	f := s.Lock.Current()
	w := tabwriter.NewWriter(s.App.Out, 0, 0, 2, ' ', 0)
	for _, address := range addresses(f) {
		e := f.Playlists[address]
		held := ""
		if e.Held != nil {
			held = e.Held.Reason
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", address, e.ID, e.Account, words.Printable(e.Name), held)
	}
	return w.Flush()
}

func lockMove(_ context.Context, s *session.Session, args []string) error {
	from, err := addressOf(s, args[0])
	if err != nil {
		return err
	}
	to, err := config.ParseAddress(args[1])
	if err != nil {
		return err
	}
	target := to.String()
	if e, taken := s.Lock.Current().Playlists[target]; taken {
		return fmt.Errorf("%s is playlist %s already; forget that first: spotsync lock rm %s", target, e.ID, reconcile.ShellQuote(target))
	}
	err = s.Lock.Update(func(f *lockfile.File) {
		f.Playlists[target] = f.Playlists[from]
		delete(f.Playlists, from)
	})
	if err != nil {
		return err
	}
	if err := errors.Join(s.State.MoveRemembered(from, target), s.State.MoveBase(from, target)); err != nil {
		return err
	}
	s.App.Say("%s is %s now.", from, target)
	return nil
}

// addressOf is the address in the lock file that a REF means.
func addressOf(s *session.Session, ref string) (string, error) {
	k, err := session.OneRef(ref, s.Known(nil))
	return k.Address, err
}

func lockRemove(_ context.Context, s *session.Session, args []string) error {
	remembered, err := s.State.Remembered()
	if err != nil {
		return err
	}
	for _, ref := range args {
		if list := remembered[ref]; s.Lock.Current().Playlists[ref].ID == "" && len(list) > 0 {
			if err := s.State.Forget(ref); err != nil {
				return err
			}
			s.App.Say("%s is forgotten; %s stays on Spotify.", ref, list[len(list)-1].ID)
			continue
		}
		found, err := session.MatchRef(ref, s.Known(nil))
		if err != nil {
			return err
		}
		for _, k := range found {
			if err := s.Lock.Update(func(f *lockfile.File) { delete(f.Playlists, k.Address) }); err != nil {
				return err
			}
			if err := errors.Join(s.State.Forget(k.Address), s.State.DropBase(k.Address)); err != nil {
				return err
			}
			s.App.Say("%s is forgotten; %s stays on Spotify.", k.Address, k.ID)
		}
	}
	return nil
}

// runLockRestore puts back what the lock file once said: everything remembered, one address, or one address with the ID that
// a person chose.
func runLockRestore(ctx context.Context, a *term.App, path string, args []string, o session.Options) (err error) {
	var address string
	var id spotify.ID
	if len(args) > 0 {
		parsed, err := config.ParseAddress(args[0])
		if err != nil {
			return err
		}
		address = parsed.String()
	}
	choose := map[string]spotify.ID{}
	if len(args) > 1 {
		ref, err := spotify.ParseRef(args[1])
		if err != nil || ref.Kind != "" && ref.Kind != spotify.KindPlaylist {
			return fmt.Errorf("%q is not a playlist's ID", args[1])
		}
		id = ref.ID
		choose[address] = id
	}
	s, err := openLoose(a, path, o, choose)
	if err != nil {
		return err
	}
	defer term.Closing(s.Close, &err)
	if err := s.Take(ctx); err != nil {
		return err
	}
	remembered, err := s.State.Remembered()
	if err != nil {
		return err
	}
	restore := make(map[string]store.Remembered)
	for a, list := range remembered {
		latest := list[len(list)-1]
		_, locked := s.Lock.Current().Playlists[a]
		if a == address || address == "" && !latest.Forgotten && !locked {
			restore[a] = latest
		}
	}
	if id != "" {
		r := restore[address]
		for _, known := range remembered[address] {
			if known.ID == id {
				r = known
			}
		}
		if r.Account == "" {
			r.Account = reconcile.DefaultAccount
		}
		r.ID = id
		restore[address] = r
	}
	if address != "" && restore[address].ID == "" {
		return fmt.Errorf("this computer remembers no playlist for %s; if you know its ID: spotsync lock restore %s ID", address, reconcile.ShellQuote(address))
	}
	return restoreEntries(s, restore)
}

func restoreEntries(s *session.Session, entries map[string]store.Remembered) error {
	if len(entries) == 0 {
		s.App.Say("Nothing to put back: the lock file says all that this computer remembers.")
		return nil
	}
	for _, address := range slices.Sorted(maps.Keys(entries)) {
		r := entries[address]
		if other, taken := s.Lock.Current().AddressOf(r.ID); taken && other != address {
			return fmt.Errorf("%s is %s in the lock file, so it can't be %s too; move it: spotsync lock mv %s %s", r.ID, other, address, reconcile.ShellQuote(other), reconcile.ShellQuote(address))
		}
		err := s.Lock.Update(func(f *lockfile.File) {
			e := f.Playlists[address]
			if e.ID != r.ID {
				e = lockfile.Playlist{ID: r.ID, Account: r.Account, Name: r.Name}
			}
			f.Playlists[address] = e
		})
		if err != nil {
			return err
		}
		r.Forgotten = false
		if err := s.State.Remember(address, r); err != nil {
			return err
		}
		s.App.Say("%s is playlist %s again.", address, r.ID)
	}
	return nil
}

func addresses(f *lockfile.File) []string { return slices.Sorted(maps.Keys(f.Playlists)) }
