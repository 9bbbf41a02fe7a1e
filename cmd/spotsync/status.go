package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/lockfile"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/run"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// statusFormat is the version of the JSON of "status". The part before the dot changes when readers must.
const statusFormat = "1.0"

func newStatus(a *term.App) *cobra.Command {
	var o session.Options
	var asJSON, detailed bool
	cmd := &cobra.Command{
		Use:   "status [flags] [PATH]",
		Short: "Show what this computer knows, asking Spotify nothing",
		Long: `status shows, without one request to Spotify: whose login is used and how long it lasts, whether Spotify wants no
requests at the moment, the last run, the daemon's last round if one listens on this computer, which playlists differ as
they were last seen, are refused or held, wait, are new or in no file, and what an interrupted run left to finish.

As a health check it exits with 0 when all is well, 4 when a login is missing, refused or over, 5 while Spotify wants no
requests, 1 when the files or the state can't be read; with --detailed-exitcode also 2 when something is open: a playlist
that differs, is refused or is not created yet, one in no file any more, an unfinished run, lock entries not written yet.`,
		Args: atMost(1, "one folder or file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runStatus(cmd.Context(), a, pathArg(args), o, asJSON, detailed)
		},
	}
	registerInputs(cmd.Flags(), &o.Inputs)
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit 2 when something is open")
	return cmd
}

// statusReport is the JSON of "status". Lists are never null.
type statusReport struct {
	FormatVersion string           `json:"format_version"`
	Issuer        string           `json:"issuer"`
	LockFile      string           `json:"lock_file"`
	Accounts      []statusAccount  `json:"accounts"`
	LastRun       *statusRun       `json:"last_run"` // null: none on this computer
	Daemon        *statusDaemon    `json:"daemon"`   // null: none that listens
	Managed       int              `json:"managed"`  // playlists in the lock file
	Playlists     []statusPlaylist `json:"playlists"`
	Creates       []statusCreate   `json:"unfinished_creates"`  // asked for, and whether they came to be is not recorded
	Replaces      []statusReplace  `json:"unfinished_rewrites"` // long playlists half written
	PendingLock   bool             `json:"pending_lock_entries"`
	Waiting       []string         `json:"pending_lock_addresses"` // of those entries
	Open          bool             `json:"open"`                   // the next apply has something to do, as far as this computer knows
}

// statusAccount is one account the configuration or the lock file speaks of.
type statusAccount struct {
	Label        string        `json:"label"`
	User         string        `json:"user"` // as the lock file or the login says; empty: not known
	LoggedIn     bool          `json:"logged_in"`
	Logins       []loginReport `json:"logins"`
	NotBefore    *time.Time    `json:"not_before"` // until when playlists are neither read nor written; null: they are
	WaitsBecause string        `json:"waits_because,omitempty"`
	Shut         []statusShut  `json:"shut,omitempty"` // all that Spotify wants no requests for
}

// statusShut is a group of requests that Spotify wants none of.
type statusShut struct {
	Group  spotify.Group `json:"group"` // empty: all requests
	Until  time.Time     `json:"until"`
	Reason string        `json:"reason"`
	hold   spotify.Hold
}

type statusRun struct {
	ID        string    `json:"id"`
	Time      time.Time `json:"time"`
	Command   string    `json:"command"`
	By        string    `json:"by,omitempty"` // daemon
	Account   string    `json:"account"`
	Playlists int       `json:"playlists"`
}

// The states of a playlist as this computer knows it.
const (
	playlistManaged = "managed" // in the files and the lock file
	playlistHeld    = "held"    // so, and left alone
	playlistWaits   = "waits"   // so, and a daemon tries again later
	playlistDiffers = "differs" // the files want something else than what was there when it was last seen
	playlistRefused = "refused" // so, and the next apply leaves it alone to protect it
	playlistNew     = "new"     // in the files only
	playlistOrphan  = "not_in_files"
	playlistLost    = "not_in_lock" // this computer remembers it, the lock file doesn't
)

type statusPlaylist struct {
	Address string     `json:"address"`
	Account string     `json:"account"`
	Name    string     `json:"name"`
	ID      spotify.ID `json:"id,omitempty"`
	State   string     `json:"state"`
	Reason  string     `json:"reason,omitempty"` // of the hold, the wait or the refusal
	Until   *time.Time `json:"until,omitempty"`  // of the hold or the wait

	Requests int `json:"requests,omitempty"` // that would bring it to what the files want, as it was last seen
}

type statusCreate struct {
	Address string    `json:"address"`
	Account string    `json:"account"`
	Name    string    `json:"name"`
	Since   time.Time `json:"since"`
}

type statusReplace struct {
	Address string     `json:"address"`
	Account string     `json:"account"`
	ID      spotify.ID `json:"id"`
	Items   int        `json:"items"`
}

func runStatus(ctx context.Context, a *term.App, path string, o session.Options, asJSON, detailed bool) (err error) {
	s, err := session.Open(a, path, o)
	if err != nil {
		return err
	}
	defer term.Closing(s.Close, &err)
	desired, err := s.Desire(ctx)
	if err != nil {
		return err
	}
	r, err := readStatus(ctx, s, desired)
	if err != nil {
		return err
	}
	if asJSON {
		if err := a.WriteJSON(r); err != nil {
			return err
		}
	} else {
		writeStatus(s, a.Out, r)
	}
	return r.exit(detailed)
}

// exit is what a report means as a health check: the account first, then the wait, then what is open.
func (r *statusReport) exit(detailed bool) error {
	limited := false
	for _, acc := range r.Accounts {
		if !acc.LoggedIn {
			return session.Silent(session.KindLogin)
		}
		limited = limited || acc.NotBefore != nil
	}
	switch {
	case limited:
		return session.Silent(session.KindLater)
	case detailed && r.Open:
		return session.Silent(session.KindDifferences)
	}
	return nil
}

// readStatus gathers what this computer knows.
func readStatus(ctx context.Context, s *session.Session, desired *config.Desired) (*statusReport, error) {
	r := &statusReport{FormatVersion: statusFormat, Issuer: s.World.Issuer.Name, LockFile: s.Lock.Path(), Managed: len(s.Lock.Current().Playlists),
		Accounts: []statusAccount{}, Playlists: []statusPlaylist{}, Creates: []statusCreate{}, Replaces: []statusReplace{}, PendingLock: s.Lock.Pending(), Waiting: append([]string{}, s.Lock.Waiting()...)}
	if err := statusAccounts(ctx, s, r, desired); err != nil {
		return nil, err
	}
	runs, err := runsOf(s)
	if err != nil {
		return nil, err
	}
	if len(runs) > 0 {
		owners, err := knownAccounts(s)
		if err != nil {
			return nil, err
		}
		r.LastRun = &statusRun{ID: runs[0].ID, Time: runs[0].Time.UTC().Truncate(time.Second), Command: runs[0].Command, By: runs[0].By,
			Account: labelOf(runs[0], owners), Playlists: len(runs[0].Versions)}
	}
	creates, err := s.State.OpenCreates()
	if err != nil {
		return nil, err
	}
	for _, c := range creates {
		r.Creates = append(r.Creates, statusCreate{c.Address, c.Account, c.Name, c.Time.UTC().Truncate(time.Second)})
	}
	replaces, err := s.State.OpenReplaces()
	if err != nil {
		return nil, err
	}
	for _, c := range replaces {
		r.Replaces = append(r.Replaces, statusReplace{c.Address, s.Lock.Current().Playlists[c.Address].Account, c.ID, len(c.Want)})
	}
	remembered, err := s.State.Remembered()
	if err != nil {
		return nil, err
	}
	r.Playlists = playlistStates(desired, s.Lock.Current(), remembered, s.Now)
	if err := statusOfLoop(s, r.Playlists); err != nil {
		return nil, err
	}
	r.Daemon = statusOfDaemon(ctx, s)
	if err := statusDifferences(ctx, s, r); err != nil {
		return nil, err
	}
	r.Open = r.PendingLock || len(r.Creates) > 0 || len(r.Replaces) > 0
	for _, p := range r.Playlists {
		r.Open = r.Open || p.State != playlistManaged && p.State != playlistHeld
	}
	return r, nil
}

// statusDifferences marks the playlists that the next apply would change, as far as memory tells.
func statusDifferences(ctx context.Context, s *session.Session, r *statusReport) error {
	o := session.PlanOptions{Attended: true}
	for _, p := range r.Playlists { // of an account that was never used nothing is remembered, not even whose it is
		if _, used := s.Lock.Current().Accounts[p.Account]; used && p.State == playlistManaged {
			o.Targets = append(o.Targets, p.Address)
		}
	}
	if len(o.Targets) == 0 {
		return nil
	}
	got, err := s.MakePlan(ctx, reconcile.CommandApply, o)
	if err != nil {
		return err
	}
	edits := make(map[string]int)
	for _, c := range got.Plan.Changes {
		if c.Action == reconcile.Update {
			edits[c.Address] = len(c.Edits)
		}
	}
	for i := range r.Playlists {
		p := &r.Playlists[i]
		if p.State == playlistManaged && edits[p.Address] > 0 {
			p.State, p.Requests = playlistDiffers, edits[p.Address]
		}
		if why, ok := refusalOf(got.Plan, p.Address); ok && (p.State == playlistDiffers || p.State == playlistManaged && !why.All()) {
			p.State, p.Reason = playlistRefused, why.Summary+". "+why.Detail
		}
	}
	return nil
}

// refusalOf is why a plan leaves a playlist alone: a reason of its own, or one that holds for all.
func refusalOf(plan *reconcile.Plan, address string) (reconcile.Refusal, bool) {
	if own, ok := plan.RefusalOf(address); ok {
		return own, true
	}
	if i := slices.IndexFunc(plan.Refusals, reconcile.Refusal.All); i >= 0 {
		return plan.Refusals[i], true
	}
	return reconcile.Refusal{}, false
}

// playlistStates sorts the playlists into those that need nothing and those that do, in the order of their addresses.
func playlistStates(desired *config.Desired, lock *lockfile.File, remembered map[string][]store.Remembered, now time.Time) []statusPlaylist {
	moved := make(map[string]string) // new address → old
	for _, m := range desired.Moved {
		moved[m.To] = m.From
	}
	let := make(map[string]bool) // addresses whose playlist is let go on purpose
	for _, m := range desired.Removed {
		let[m.From] = true
	}
	all := make(map[string]statusPlaylist)
	used := make(map[string]bool)
	for _, p := range desired.Playlists {
		at := p.Address
		if _, ok := lock.Playlists[at]; !ok && moved[at] != "" {
			at = moved[at]
		}
		e, ok := lock.Playlists[at]
		used[at] = true
		sp := statusPlaylist{Address: p.Address, Account: p.Account, Name: e.Name, ID: e.ID, State: playlistManaged}
		if p.Name != nil {
			sp.Name = *p.Name
		}
		switch h := e.Held; {
		case !ok:
			sp.ID, sp.State = p.ID, playlistNew
		case h != nil && (h.Until.IsZero() || now.Before(h.Until)):
			sp.State, sp.Reason = playlistHeld, h.Reason
			if !h.Until.IsZero() {
				until := h.Until.UTC()
				sp.Until = &until
			}
		}
		all[p.Address] = sp
	}
	for address, e := range lock.Playlists {
		if !used[address] {
			all[address] = statusPlaylist{Address: address, Account: e.Account, Name: e.Name, ID: e.ID, State: playlistOrphan}
		}
	}
	for address, list := range remembered {
		p, wanted := all[address]
		if len(list) == 0 || !wanted || p.State != playlistNew || p.ID != "" || let[address] {
			continue
		}
		if last := list[len(list)-1]; !last.Forgotten {
			if _, elsewhere := lock.AddressOf(last.ID); !elsewhere {
				p.ID, p.State = last.ID, playlistLost
				all[address] = p
			}
		}
	}
	out := make([]statusPlaylist, 0, len(all))
	for _, address := range slices.Sorted(maps.Keys(all)) {
		out = append(out, all[address])
	}
	return out
}

// statusAccounts adds the accounts to a report, each with its logins and what Spotify said about limits.
func statusAccounts(ctx context.Context, s *session.Session, r *statusReport, desired *config.Desired) error {
	names := run.Labels(desired, s.Lock, nil)
	if s.World.Sandbox != nil {
		for _, label := range names {
			if err := sandboxLogin(ctx, s.App, s.World, label); err != nil {
				return err
			}
		}
	}
	logins, err := readAuthReport(s.App, s.World, s.Now)
	if err != nil {
		return err
	}
	creds, err := s.World.OpenCredentials()
	if err != nil {
		return err
	}
	for _, label := range names {
		acc := statusAccount{Label: label, Logins: []loginReport{}}
		if locked, ok := s.Lock.Current().Accounts[label]; ok {
			acc.User = locked.Name
			if acc.User == "" {
				acc.User = string(locked.User)
			}
		}
		app, err := s.World.AppFor(session.AccountOf(desired, label), creds)
		if err != nil {
			return err
		}
		for _, l := range logins.Logins {
			if l.Account != label || !l.InUse || l.From == "login" && l.ClientID != app.ClientID {
				continue
			}
			acc.Logins = append(acc.Logins, l)
			acc.LoggedIn = acc.LoggedIn || l.State == loginOK
			if l.ClientID != "" {
				app.ClientID = l.ClientID
			}
			if acc.User == "" && l.UserID != "" {
				acc.User = session.Person(l.token)
			}
		}
		if app.ClientID != "" {
			holds, err := store.OpenLimits(s.World.FS, s.World.StateDir, s.World.Issuer.Name, app.ClientID).Holds(s.Now)
			if err != nil {
				return err
			}
			for _, h := range holds {
				acc.Shut = append(acc.Shut, statusShut{h.Group, h.Until.UTC(), h.Reason, h})
				if h.StopsPlaylists() && (acc.NotBefore == nil || h.Until.After(*acc.NotBefore)) {
					until := h.Until.UTC()
					acc.NotBefore, acc.WaitsBecause = &until, h.Reason
				}
			}
		}
		r.Accounts = append(r.Accounts, acc)
	}
	return nil
}

// writeStatus is the report for people.
func writeStatus(s *session.Session, w io.Writer, r *statusReport) {
	for _, acc := range r.Accounts {
		writeAccount(s, w, acc)
	}
	whose := func(account string) string {
		if len(r.Accounts) < 2 {
			return ""
		}
		return ", account " + words.Printable(account)
	}
	if r.LastRun == nil {
		fmt.Fprintln(w, "Last run: none on this computer.")
	} else {
		fmt.Fprintf(w, "Last run: %s%s on %s, %s.\n", cmp.Or(r.LastRun.By, r.LastRun.Command), whose(r.LastRun.Account), r.LastRun.Time.Format("2 Jan 2006 15:04 UTC"), words.Plural(r.LastRun.Playlists, "playlist"))
	}
	if r.Daemon != nil {
		r.Daemon.write(w)
	}
	fmt.Fprintf(w, "Playlists: %d managed.\n", r.Managed)
	for _, p := range r.Playlists {
		if p.State == playlistManaged {
			continue
		}
		what := fmt.Sprintf("%s (%s)%s", p.Address, words.Printable(p.Name), whose(p.Account))
		switch p.State {
		case playlistHeld:
			until := ""
			if p.Until != nil {
				until = " until " + p.Until.Format("2 Jan 2006 15:04 UTC")
			}
			fmt.Fprintf(w, "  held        %s: %s%s; go on with: spotsync resume %s\n", what, p.Reason, until, reconcile.ShellQuote(p.Address))
		case playlistWaits:
			fmt.Fprintf(w, "  waits       %s: %s; the daemon tries again on %s\n", what, words.Printable(p.Reason), p.Until.Format("2 Jan 2006 15:04 UTC"))
		case playlistDiffers:
			fmt.Fprintf(w, "  differs     %s: %s, as it was last seen; look with: spotsync plan\n", what, words.Plural(p.Requests, "request"))
		case playlistRefused:
			fmt.Fprintf(w, "  refused     %s: %s; look with: spotsync plan\n", what, strings.TrimSuffix(words.Printable(p.Reason), "."))
		case playlistNew:
			will := "not created yet; spotsync apply does it"
			if p.ID != "" {
				will = "not managed yet; spotsync apply adopts " + string(p.ID)
			}
			fmt.Fprintf(w, "  new         %s: %s\n", what, will)
		case playlistOrphan:
			fmt.Fprintf(w, "  in no file  %s: spotsync apply deletes it; to keep it write its block again, or a removed block\n", what)
		case playlistLost:
			fmt.Fprintf(w, "  forgotten   %s: the lock file has lost it, this computer remembers it as %s; spotsync lock restore\n", what, p.ID)
		}
	}
	for _, c := range r.Creates {
		fmt.Fprintf(w, "  unfinished  %s (%s)%s: asked for on %s, and no answer recorded; the next apply looks for it first\n", c.Address, words.Printable(c.Name), whose(c.Account), c.Since.Format("2 Jan 2006 15:04 UTC"))
	}
	for _, c := range r.Replaces {
		fmt.Fprintf(w, "  unfinished  %s%s: rewriting its %s was interrupted; the next apply finishes it first\n", c.Address, whose(c.Account), words.Plural(c.Items, "item"))
	}
	if r.PendingLock {
		which := "entries wait"
		if len(r.Waiting) > 0 {
			which = fmt.Sprintf("%s (%s)", words.Counted(len(r.Waiting), "entry waits", "entries wait"), strings.Join(words.Few(r.Waiting), ", "))
		}
		fmt.Fprintf(w, "Lock file: %s on this computer and not in %s yet; write them there with: spotsync apply\n", which, r.LockFile)
	}
}

func writeAccount(s *session.Session, w io.Writer, acc statusAccount) {
	head := fmt.Sprintf("Account %q", acc.Label)
	if acc.User != "" {
		head += ", " + words.Printable(acc.User)
	}
	if len(acc.Logins) == 0 {
		fmt.Fprintf(w, "%s: not logged in; log in with: spotsync login%s\n", head, reconcile.LoginFlag(acc.Label))
	}
	for _, l := range acc.Logins {
		fmt.Fprintf(w, "%s: %s.\n", head, l.describe())
		if len(l.Missing) > 0 {
			fmt.Fprintf(w, "  missing     the login lacks %s; grant with: %s\n", strings.Join(l.Missing, " "), l.Renew)
		}
	}
	for _, shut := range acc.Shut {
		meanwhile := "what doesn't need it works"
		if shut.hold.StopsPlaylists() {
			meanwhile = "plan --refresh=false, history and status work meanwhile"
		}
		fmt.Fprintf(w, "  waiting     %s (%s); %s\n", session.ShutUntil(shut.hold), shut.Until.Sub(s.Now).Round(time.Second), meanwhile)
	}
}
