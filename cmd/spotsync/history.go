package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/render"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/run"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

func newHistory(a *term.App) *cobra.Command {
	var o session.Options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "history [REF] [PATH]",
		Short: "Show what earlier runs changed",
		Long: `history lists the runs that changed something, newest first, in UTC. What a daemon did is marked "daemon", and where it undid
an edit made elsewhere, "heal" with what it undid. With several accounts the account's label follows the address. With a REF
history lists the versions of one playlist that rollback can go back to. Nothing is asked of Spotify.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			refs, path, err := splitPath(cmd, args, 0, 1)
			if err != nil {
				return err
			}
			return runHistory(a, path, refs, o, asJSON)
		},
	}
	registerSession(cmd.Flags(), &o)
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	return cmd
}

// timeFormat is how times are written where a person types them back, as with rollback --to.
const timeFormat = "2006-01-02T15:04:05Z"

func runHistory(a *term.App, path string, refs []string, o session.Options, asJSON bool) (err error) {
	s, err := openLoose(a, path, o, nil)
	if err != nil {
		return err
	}
	defer term.Closing(s.Close, &err)
	runs, err := runsOf(s)
	if err != nil {
		return err
	}
	only := ""
	if len(refs) > 0 {
		if only, err = rememberedAddress(s, refs[0], runs); err != nil {
			return err
		}
	}
	if only != "" {
		for i := range runs {
			if runs[i], err = wholeRun(s, runs[i]); err != nil {
				return err
			}
		}
	}
	if asJSON {
		return historyJSON(s, runs, only)
	}
	if len(runs) == 0 {
		s.App.Say("No run has changed anything yet.")
		return nil
	}
	labels, err := knownAccounts(s)
	if err != nil {
		return err
	}
	several := len(labelsOf(s, runs, labels)) > 1
	w := tabwriter.NewWriter(s.App.Out, 0, 0, 2, ' ', 0)
	for _, run := range runs {
		for _, v := range run.Versions {
			if only != "" && v.Address != only {
				continue
			}
			was := "did not exist"
			if v.Before != nil {
				was = fmt.Sprintf("was %q", words.Printable(v.Before.Details.Name))
				if only != "" {
					was += ", " + words.Plural(len(v.Before.Items), "item")
				}
			}
			action := v.Action
			if len(v.Healed) > 0 {
				action = "heal"
				was += "; " + render.HealedLine(v.Healed)
			}
			columns := []string{run.Time.UTC().Format(timeFormat), cmp.Or(run.By, run.Command), string(action), v.Address}
			if several {
				columns = append(columns, labelOf(run, labels))
			}
			fmt.Fprintln(w, strings.Join(append(columns, was), "\t"))
		}
	}
	return w.Flush()
}

// historyRun is a run as history --json tells it.
type historyRun struct {
	ID       string           `json:"id"`
	Time     time.Time        `json:"time"`
	Command  string           `json:"command"`
	By       string           `json:"by,omitempty"` // daemon
	Account  spotify.ID       `json:"account"`
	Label    string           `json:"account_label"`
	Versions []historyVersion `json:"versions"`
}

type historyVersion struct {
	Address string           `json:"address"`
	ID      spotify.ID       `json:"id,omitempty"`
	Action  reconcile.Action `json:"action"`
	Name    string           `json:"name,omitempty"`
	Items   *int             `json:"items,omitempty"` // of one playlist's history
	Existed bool             `json:"existed"`
	Healed  []string         `json:"healed,omitempty"` // what of an edit made elsewhere was undone
}

// labelOf is the label of the account a run was about; its ID, where nothing names it any more.
func labelOf(r store.Run, labels map[spotify.ID]string) string {
	return cmp.Or(labels[r.Account], string(r.Account))
}

// labelsOf are the labels of the accounts that runs or the lock file are about.
func labelsOf(s *session.Session, runs []store.Run, labels map[spotify.ID]string) map[string]bool {
	all := make(map[string]bool)
	for _, r := range runs {
		all[labelOf(r, labels)] = true
	}
	for label := range s.Lock.Current().Accounts {
		all[label] = true
	}
	return all
}

func historyJSON(s *session.Session, runs []store.Run, only string) error {
	out := struct {
		FormatVersion string       `json:"format_version"`
		Runs          []historyRun `json:"runs"`
	}{reconcile.FormatVersion, []historyRun{}}
	labels, err := knownAccounts(s)
	if err != nil {
		return err
	}
	for _, run := range runs {
		h := historyRun{ID: run.ID, Time: run.Time.UTC(), Command: run.Command, By: run.By, Account: run.Account, Label: labelOf(run, labels), Versions: []historyVersion{}}
		for _, v := range run.Versions {
			if only != "" && v.Address != only {
				continue
			}
			hv := historyVersion{Address: v.Address, ID: v.ID, Action: reconcile.Action(v.Action), Healed: v.Healed}
			if v.Before != nil {
				hv.Name, hv.Existed = v.Before.Details.Name, true
				if n := len(v.Before.Items); only != "" {
					hv.Items = &n
				}
			}
			h.Versions = append(h.Versions, hv)
		}
		if only == "" || len(h.Versions) > 0 {
			out.Runs = append(out.Runs, h)
		}
	}
	return s.App.WriteJSON(out)
}

// runsOf are the runs of this lock file over all its accounts, newest first.
func runsOf(s *session.Session) ([]store.Run, error) {
	var all []store.Run
	accounts, err := knownAccounts(s)
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(accounts)) {
		runs, err := s.OpenAccount(id).Runs()
		if err != nil {
			return nil, err
		}
		for _, r := range runs {
			if r.LockFile == s.Lock.Path() && len(r.Versions) > 0 {
				all = append(all, r)
			}
		}
	}
	slices.SortFunc(all, func(a, b store.Run) int { // the ID knows the second only, and two runs fit into one
		return cmp.Or(b.Time.Compare(a.Time), strings.Compare(b.ID, a.ID))
	})
	return all, nil
}

// knownAccounts are the labels of the accounts that the lock file or the logins of this computer name, by account ID.
func knownAccounts(s *session.Session) (map[spotify.ID]string, error) {
	labels := make(map[spotify.ID]string)
	creds, err := s.World.OpenCredentials()
	if err != nil {
		return nil, err
	}
	logins, err := creds.List()
	if err != nil {
		return nil, err
	}
	for _, e := range logins {
		if e.Key.Issuer == s.World.Issuer.Name && e.Token.AccountID != "" {
			label := e.Key.Account
			if label == "" {
				label = reconcile.DefaultAccount
			}
			labels[spotify.ID(e.Token.AccountID)] = label
		}
	}
	for label, acc := range s.Lock.Current().Accounts {
		labels[acc.ID] = label
	}
	return labels, nil
}

// wholeRun is a run with the contents of its versions.
func wholeRun(s *session.Session, r store.Run) (store.Run, error) {
	whole, err := s.OpenAccount(r.Account).Run(r.ID)
	if err != nil {
		return r, err
	}
	return *whole, nil
}

// rememberedAddress is the address a REF means, also one that is in no file any more.
func rememberedAddress(s *session.Session, ref string, runs []store.Run) (string, error) {
	for _, r := range runs {
		for _, v := range r.Versions {
			if v.Address == ref || v.Address == "playlist."+ref {
				return v.Address, nil
			}
		}
	}
	all := s.Known(nil)
	for _, r := range runs {
		for _, v := range r.Versions {
			k := session.Named{Address: v.Address, ID: v.ID}
			if v.Before != nil {
				k.Names = []string{v.Before.Details.Name}
			}
			if !slices.ContainsFunc(all, func(x session.Named) bool { return x.Address == k.Address }) {
				all = append(all, k)
			}
		}
	}
	k, err := session.OneRef(ref, all)
	return k.Address, err
}

func newRollback(a *term.App) *cobra.Command {
	var f applyFlags
	var to string
	cmd := &cobra.Command{
		Use:   "rollback [REF] [PATH]",
		Short: "Undo the last run, or bring back an earlier version of one playlist",
		Long: `rollback plans the way back, shows it, asks, and does it. Without a REF it undoes the last run; with one it brings that
playlist back to what it was before its last change, or with --to to what it was at a time that history shows.

A rollback is a plan like any other: it says what is deleted and how many songs go, and the guards hold.

What was rolled back is held: plan and apply leave it alone until the text of its block, or of a local or variable it uses,
is changed, or until spotsync resume REF. What tables, sources and the day make of the same text releases nothing.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			refs, path, err := splitPath(cmd, args, 0, 1)
			if err != nil {
				return err
			}
			return runRollback(cmd.Context(), a, path, refs, to, f.session, f.options())
		},
	}
	f.register(a, cmd)
	cmd.Flags().StringVar(&to, "to", "", "a `time` as history shows it, with a REF")
	return cmd
}

func runRollback(ctx context.Context, a *term.App, path string, refs []string, to string, so session.Options, o session.ApplyOptions) (err error) {
	if to != "" && len(refs) == 0 {
		return errors.New("--to needs a playlist: spotsync rollback REF --to TIME")
	}
	s, err := session.Open(a, path, so)
	if err != nil {
		return err
	}
	defer term.Closing(s.Close, &err)
	return session.PlanAndApply(ctx, s, path, o, func() (*run.Planned, error) { return makeRollback(ctx, s, refs, to, o.Plan) })
}

// makeRollback plans the way back. The caller holds the lock.
func makeRollback(ctx context.Context, s *session.Session, refs []string, to string, o session.PlanOptions) (*run.Planned, error) {
	runs, err := runsOf(s)
	if err != nil {
		return nil, err
	}
	versions, err := versionsOf(s, runs, refs, to)
	if err != nil {
		return nil, err
	}
	s.Conf.Text = true // what is rolled back is held until that changes
	desired, err := s.Desire(ctx)
	if err != nil {
		return nil, err
	}
	f := s.Lock.Current()
	in := reconcile.RollbackInput{Issuer: s.World.Issuer.Name, Now: time.Now().UTC(), Desired: desired, Lock: f,
		Observed: make(map[string]*reconcile.Observed), Accounts: make(map[string]string), Force: o.Force}
	if in.Creates, err = s.State.OpenCreates(); err != nil {
		return nil, err
	}
	if in.Bases, err = s.State.Bases(); err != nil {
		return nil, err
	}
	wanted := make(map[string][]spotify.ID)
	for _, v := range versions {
		label := v.label
		id := v.ID
		if e, ok := f.Playlists[v.Address]; ok && id == "" {
			id = e.ID
		}
		if id != "" {
			wanted[label] = append(wanted[label], id)
		}
		in.Accounts[v.Address] = label
		in.Versions = append(in.Versions, v.Version)
	}
	for _, label := range slices.Sorted(maps.Keys(wanted)) {
		observer, err := s.Observer(ctx, session.AccountOf(desired, label), false)
		if err != nil {
			return nil, err
		}
		seen, err := observer.Observe(ctx, wanted[label])
		if err != nil {
			return nil, err
		}
		if err := observer.Settle(ctx, seen, reconcile.Input{Now: in.Now, Desired: desired, Lock: f, Creates: in.Creates, Bases: in.Bases}); err != nil {
			return nil, err
		}
		in.Observed[label] = seen
	}
	return &run.Planned{Plan: reconcile.NewRollback(in), Desired: desired, Observed: in.Observed}, nil
}

// pastVersion is a version of a playlist with the label of the account it belongs to.
type pastVersion struct {
	store.Version
	label string
}

// versionsOf are what a rollback goes back to: the last run's, or one of a single playlist.
func versionsOf(s *session.Session, runs []store.Run, refs []string, to string) ([]pastVersion, error) {
	if len(runs) == 0 && len(refs) == 0 {
		return nil, nil
	}
	labels, err := knownAccounts(s)
	if err != nil {
		return nil, err
	}
	if len(refs) == 0 {
		last, err := wholeRun(s, runs[0])
		if err != nil {
			return nil, err
		}
		var out []pastVersion
		for _, v := range earliest(last.Versions) {
			out = append(out, pastVersion{v, labels[last.Account]})
		}
		return out, nil
	}
	address, err := rememberedAddress(s, refs[0], runs)
	if err != nil {
		return nil, err
	}
	for _, r := range runs {
		if to != "" && r.Time.UTC().Format(timeFormat) != to && r.ID != to {
			continue
		}
		if !slices.ContainsFunc(r.Versions, func(v store.Version) bool { return v.Address == address }) {
			continue
		}
		if r, err = wholeRun(s, r); err != nil {
			return nil, err
		}
		for _, v := range earliest(r.Versions) {
			if v.Address == address {
				return []pastVersion{{v, labels[r.Account]}}, nil
			}
		}
	}
	if to != "" {
		return nil, fmt.Errorf("history has no version of %s at %s; spotsync history %s lists them", address, to, reconcile.ShellQuote(address))
	}
	return nil, fmt.Errorf("history has no version of %s", address)
}

// earliest is the first version of each playlist: what was there before the run.
func earliest(all []store.Version) []store.Version {
	var out []store.Version
	for _, v := range all {
		if !slices.ContainsFunc(out, func(x store.Version) bool { return x.Address == v.Address }) {
			out = append(out, v)
		}
	}
	return out
}
