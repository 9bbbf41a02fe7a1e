package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/observe"
	"github.com/spotsync/spotsync/reconcile/run"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

func newList(a *term.App) *cobra.Command {
	var o session.Options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list [PATH]",
		Short: "Show what is on the account, managed or not",
		Args:  atMost(1, "one folder or file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runList(cmd.Context(), a, pathArg(args), o, asJSON)
		},
	}
	registerSession(cmd.Flags(), &o)
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	return cmd
}

// listed is one playlist as list and show tell it.
type listed struct {
	Address       string           `json:"address,omitempty"` // empty: not managed
	Account       string           `json:"account"`
	ID            spotify.ID       `json:"id"`
	Name          string           `json:"name"`
	Description   string           `json:"description"`
	Public        *bool            `json:"public"`
	Collaborative bool             `json:"collaborative"`
	Owner         spotify.ID       `json:"owner"`
	Items         int              `json:"items"` // -1: kept from us
	Snapshot      spotify.Snapshot `json:"snapshot_id"`
	Held          string           `json:"held,omitempty"`
	Tracks        []listedTrack    `json:"tracks,omitempty"` // of show
}

type listedTrack struct {
	URI     spotify.URI `json:"uri,omitempty"`
	Title   string      `json:"title,omitempty"`
	Artists []string    `json:"artists,omitempty"`
	Album   string      `json:"album,omitempty"`
	ISRC    string      `json:"isrc,omitempty"`
	AddedAt time.Time   `json:"added_at,omitzero"`
	AddedBy spotify.ID  `json:"added_by,omitempty"`
	Local   bool        `json:"local,omitempty"`
}

func runList(ctx context.Context, a *term.App, path string, o session.Options, asJSON bool) (err error) {
	s, accounts, err := openForReading(ctx, a, path, o)
	if err != nil {
		return err
	}
	defer term.Closing(s.Close, &err)
	all, err := listAll(ctx, s, accounts)
	if err != nil {
		return err
	}
	if asJSON {
		return a.WriteJSON(struct {
			FormatVersion string                `json:"format_version"`
			Playlists     []listed              `json:"playlists"`
			Diagnostics   []diag.JSONDiagnostic `json:"diagnostics,omitempty"` // what is wrong with the files
		}{reconcile.FormatVersion, all, a.Answer.Diagnostics()})
	}
	if len(all) == 0 {
		if len(accounts) > 1 {
			a.Say("The accounts have no playlists.")
		} else {
			a.Say("The account has no playlists.")
		}
		return nil
	}
	w := tabwriter.NewWriter(a.Out, 0, 0, 2, ' ', 0)
	for _, p := range all {
		address := p.Address
		if address == "" {
			address = "-"
		}
		items := "hidden"
		if p.Items >= 0 {
			items = words.Plural(p.Items, "item")
		}
		columns := []string{address}
		if len(accounts) > 1 {
			columns = append(columns, p.Account)
		}
		fmt.Fprintln(w, strings.Join(append(columns, string(p.ID), items, seenBy(p), words.Printable(p.Name)), "\t"))
	}
	return w.Flush()
}

// seenBy is who sees a playlist, in a word or two.
func seenBy(p listed) string {
	what := "private"
	switch {
	case p.Collaborative:
		what = "collaborative"
	case p.Public == nil:
		what = "unknown"
	case *p.Public:
		what = "public"
	}
	if p.Held != "" {
		what += ", " + p.Held
	}
	return what
}

// openForReading opens what list and show need: the lock file, and the accounts that the files or it speak of. Files that
// are broken or missing matter only for how to log in.
func openForReading(ctx context.Context, a *term.App, path string, o session.Options) (*session.Session, []config.Account, error) {
	s, err := openLoose(a, path, o, nil)
	if err != nil {
		return nil, nil, err
	}
	desired := &config.Desired{}
	if source, diags := config.Load(config.LoadOptions{Path: path, Root: a.Settings.Root, LockFile: a.Settings.LockFile}); !diags.HasErrors() && len(source.Files) > 0 {
		if s.Conf, err = session.Load(a, path, o.Inputs); err == nil {
			var d *config.Desired
			if d, err = s.Desire(ctx); err == nil {
				desired = d
			}
		}
		session.ShowError(a, err)
	}
	var accounts []config.Account
	seen := run.Labels(desired, s.Lock, nil)
	for _, label := range slices.Sorted(maps.Keys(desired.Accounts)) {
		if !slices.Contains(seen, label) {
			seen = append(seen, label)
		}
	}
	for _, label := range seen {
		accounts = append(accounts, session.AccountOf(desired, label))
	}
	return s, accounts, nil
}

// listAll is what the accounts hold, managed ones first, then by name.
func listAll(ctx context.Context, s *session.Session, accounts []config.Account) ([]listed, error) {
	all := []listed{}
	f := s.Lock.Current()
	for _, acc := range accounts {
		l, err := s.LogIn(ctx, acc)
		if err != nil {
			return nil, err
		}
		playlists, err := l.Client.Playlists(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range sinceWritten(s, l, acc.Label, playlists) {
			row := listingOf(p, acc.Label)
			if address, ok := f.AddressOf(p.ID); ok {
				row.Address = address
				if h := f.Playlists[address].Held; h != nil {
					row.Held = h.Reason
				}
			}
			all = append(all, row)
		}
	}
	slices.SortStableFunc(all, func(a, b listed) int {
		switch {
		case (a.Address == "") != (b.Address == ""):
			if a.Address == "" {
				return 1
			}
			return -1
		case a.Address != b.Address:
			return strings.Compare(a.Address, b.Address)
		case a.Name != b.Name:
			return strings.Compare(a.Name, b.Name)
		}
		return strings.Compare(string(a.ID), string(b.ID))
	})
	return all, nil
}

// sinceWritten corrects a listing by what we wrote within the last minute, which reads may not show yet.
func sinceWritten(s *session.Session, l *session.Login, label string, listing []spotify.Playlist) []spotify.Playlist {
	kept := s.AccountStore(l)
	there := make(map[spotify.ID]bool, len(listing))
	for _, p := range listing {
		there[p.ID] = true
	}
	f := s.Lock.Current()
	for _, address := range addresses(f) { // created or put back just now
		e := f.Playlists[address]
		if e.Account != label || there[e.ID] {
			continue
		}
		if w, err := kept.Settling(e.ID, time.Now()); err == nil && w != nil && !w.Unsure && w.Expected != nil && w.Expected.Following {
			listing = append(listing, spotify.Playlist{ID: e.ID, Owner: l.User.ID, Snapshot: w.Expected.Snapshot})
		}
	}
	var out []spotify.Playlist
	for _, p := range listing {
		if w, err := kept.Settling(p.ID, time.Now()); err == nil && w != nil && w.Expected != nil {
			if !w.Expected.Following {
				continue
			}
			p.Name, p.Description, p.Public = w.Expected.Details.Name, w.Expected.Details.Description, w.Expected.Details.Public
			p.Collaborative, p.Total = w.Expected.Details.Collaborative, len(w.Expected.Items)
		}
		out = append(out, p)
	}
	return out
}

func listingOf(p spotify.Playlist, label string) listed {
	d := reconcile.DetailsOf(p)
	return listed{Account: label, ID: p.ID, Name: d.Name, Description: d.Description, Public: d.Public,
		Collaborative: d.Collaborative, Owner: p.Owner, Items: p.Total, Snapshot: p.Snapshot}
}

func newShow(a *term.App) *cobra.Command {
	var o session.Options
	var show session.ShowOptions
	cmd := &cobra.Command{
		Use:   "show REF [PATH] | PLAN",
		Short: "Show one playlist in full, or a saved plan",
		Long: `show reads one playlist from Spotify and shows all of it; REF is an address, ID, link, exact name or glob. With a file
written by "plan --out" it shows that plan, and asks Spotify nothing.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if session.IsPlanFile(args[0]) {
				p, err := session.ReadPlan(args[0])
				if err != nil {
					return err
				}
				return session.ShowPlan(a, p, show, "")
			}
			path := "."
			if len(args) > 1 {
				path = args[1]
			}
			return runShow(cmd.Context(), a, args[0], path, o, show.JSON)
		},
	}
	registerSession(cmd.Flags(), &o)
	registerShow(cmd.Flags(), &show)
	return cmd
}

func runShow(ctx context.Context, a *term.App, ref, path string, o session.Options, asJSON bool) (err error) {
	s, accounts, err := openForReading(ctx, a, path, o)
	if err != nil {
		return err
	}
	defer term.Closing(s.Close, &err)
	row, login, err := findPlaylist(ctx, s, ref, accounts)
	if err != nil {
		return err
	}
	p, items, err := readPlaylist(ctx, s, login, row.ID)
	if err != nil {
		return err
	}
	address, held := row.Address, row.Held
	row = listingOf(p, login.Label)
	row.Address, row.Held = address, held
	for _, it := range items {
		row.Tracks = append(row.Tracks, listedTrack{URI: it.URI, Title: it.Track.Title, Artists: it.Track.Artists, Album: it.Track.Album,
			ISRC: it.Track.ISRC, AddedAt: it.AddedAt, AddedBy: it.AddedBy, Local: it.Local})
	}
	row.Items = len(items)
	if asJSON {
		return a.WriteJSON(struct {
			FormatVersion string `json:"format_version"`
			listed
			Diagnostics []diag.JSONDiagnostic `json:"diagnostics,omitempty"` // what is wrong with the files
		}{reconcile.FormatVersion, row, a.Answer.Diagnostics()})
	}
	return writePlaylist(a, row, items, len(accounts) > 1)
}

// readPlaylist is a playlist with its items, from memory where they were read before and its snapshot is the same. Reads lag writes
// by a second or so: one that does not show what we wrote within the last minute is repeated.
func readPlaylist(ctx context.Context, s *session.Session, l *session.Login, id spotify.ID) (p spotify.Playlist, items []spotify.Item, err error) {
	account := s.AccountStore(l)
	written, err := account.Settling(id, time.Now())
	if err != nil || written != nil && written.Unsure {
		written = nil
	}
	for _, wait := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 0} {
		items = nil
		if c, ok := account.Cached(id); ok && written == nil && !c.Written { // a small look may tell that nothing else need be read
			if p, err = l.Client.Playlist(ctx, id); err != nil {
				return p, nil, err
			}
			if observe.StillHolds(c, p) {
				return p, c.Items, nil
			}
		} else {
			full, err := l.Client.FullPlaylist(ctx, id)
			if err != nil {
				return full.Playlist, nil, err
			}
			p, items = full.Playlist, full.Items
		}
		if items == nil { // none came along, or too late to be believed
			if items, err = l.Client.Items(ctx, id); err != nil {
				return p, nil, err
			}
		}
		if wait == 0 || written == nil || written.Expected == nil || shows(p, items, *written.Expected) {
			break
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return p, nil, ctx.Err()
		}
	}
	if written == nil && p.Total == len(items) {
		_ = account.SaveCached(store.Contents{ID: id, Details: reconcile.DetailsOf(p), Snapshot: p.Snapshot, Items: items, Following: true}) // else it is read again
	}
	return p, items, nil
}

// shows reports whether a read has the names and songs of a picture.
func shows(p spotify.Playlist, items []spotify.Item, want store.Contents) bool {
	return reconcile.ShowsDetails(p, want.Details) &&
		slices.EqualFunc(items, want.Items, func(a, b spotify.Item) bool { return a.URI == b.URI })
}

// findPlaylist is the playlist a REF means: one that is managed, else any of the account's.
func findPlaylist(ctx context.Context, s *session.Session, ref string, accounts []config.Account) (listed, *session.Login, error) {
	logins := make(map[string]*session.Login)
	for _, acc := range accounts {
		l, err := s.LogIn(ctx, acc)
		if err != nil {
			return listed{}, nil, err
		}
		logins[acc.Label] = l
	}
	if k, err := session.OneRef(ref, s.Known(nil)); err == nil && logins[k.Account] != nil {
		row := listed{Address: k.Address, Account: k.Account, ID: k.ID}
		if h := s.Lock.Current().Playlists[k.Address].Held; h != nil {
			row.Held = h.Reason
		}
		return row, logins[k.Account], nil
	}
	if r, err := spotify.ParseRef(ref); err == nil && (r.Kind == spotify.KindPlaylist || r.Kind == "") {
		return listed{ID: r.ID}, logins[accounts[0].Label], nil
	}
	all, err := listAll(ctx, s, accounts)
	if err != nil {
		return listed{}, nil, err
	}
	candidates := make([]session.Named, len(all))
	for i, p := range all {
		candidates[i] = session.Named{Address: p.Address, Account: p.Account, ID: p.ID, Names: []string{p.Name}}
	}
	k, err := session.OneRef(ref, candidates)
	if err != nil {
		return listed{}, nil, err
	}
	return listed{Address: k.Address, ID: k.ID}, logins[k.Account], nil
}

func writePlaylist(a *term.App, p listed, items []spotify.Item, several bool) error {
	w := tabwriter.NewWriter(a.Out, 0, 0, 2, ' ', 0)
	line := func(what, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s\t%s\n", what, words.Printable(value))
		}
	}
	line("name", p.Name)
	line("address", p.Address)
	if several {
		line("account", p.Account)
	}
	line("id", string(p.ID))
	line("description", p.Description)
	line("visibility", seenBy(p))
	line("owner", string(p.Owner))
	line("items", fmt.Sprint(p.Items))
	if err := w.Flush(); err != nil {
		return err
	}
	if len(items) > 0 {
		fmt.Fprintln(a.Out)
	}
	for i, it := range items {
		title := reconcile.TitleOf(it.Track)
		if title == "" {
			title = "(not available)"
		}
		if it.Local {
			title += " (local file)"
		}
		added := "-"
		if !it.AddedAt.IsZero() {
			added = it.AddedAt.UTC().Format("2006-01-02")
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", i+1, added, words.Printable(title), it.URI)
	}
	return w.Flush()
}
