package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/notify"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/render"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/statuspage"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/heal"
	"github.com/spotsync/spotsync/spotify"
)

// judge says in one word how a round ended, and why.
func (d *runner) judge(r *attempt) {
	for address := range r.applied {
		r.Applied = append(r.Applied, address)
	}
	slices.Sort(r.Applied)
	for _, address := range r.Applied {
		healed := true
		for _, x := range r.made(address) {
			healed = healed && render.Heals(x.change)
			r.Done = append(r.Done, address+": "+render.DoneLine(x.plan, x.change))
		}
		if healed {
			r.Healed++
		}
	}
	var limited *spotify.RateLimitError
	switch {
	case errors.Is(r.err, context.Canceled):
		r.Result, r.err = statuspage.RoundStopped, nil
	case errors.As(r.err, &limited):
		r.Result = statuspage.RoundLimited
	case r.err != nil && session.KindOf(r.err) == session.KindLogin:
		r.Result = statuspage.RoundLogin
	case r.err != nil && session.KindOf(r.err) == session.KindRefused:
		r.Result = statuspage.RoundRefused
	case r.err != nil:
		r.Result = statuspage.RoundFailed
	case len(r.failures) > 0:
		r.Result = statuspage.RoundPartly
	case len(r.Applied) > 0:
		r.Result = statuspage.RoundChanged
	default:
		r.Result = statuspage.RoundOK
	}
	if r.err != nil {
		r.Problem = words.FromError(r.err)
	}
}

// show makes what a round found out the status that others see.
func (d *runner) show(r *attempt, next, now time.Time) {
	d.update(func(s *statuspage.Status) {
		s.Busy, s.Next = "", next
		s.Requests = d.loop.Used(now)
		s.Interval = d.loop.Interval(d.policy, d.cost, now)
		if r.accounts != nil {
			s.Accounts, s.Waiting = r.accounts, r.waiting
		}
		if r.planned != nil && len(r.planned.Plan.Changes) > 0 {
			s.Playlists = d.playlists(r, s.Playlists, now)
		} else if d.good != nil {
			s.Playlists = unseen(d.good, s.Playlists, r.planned != nil && r.err == nil)
		}
		if !r.waits {
			round := r.Round
			for _, p := range s.Playlists {
				if p.State != statuspage.Same {
					round.Waiting++
				}
			}
			s.Last = &round
		}
		s.Reasons = d.reasons(r, *s, now)
	})
	if r.Result != statuspage.RoundStopped {
		d.manager.status(d.summary())
	}
}

// reasons are why the daemon does not do its work just now.
func (d *runner) reasons(r *attempt, s statuspage.Status, now time.Time) []string {
	var why []string
	add := func(text string) {
		if !slices.Contains(why, text) {
			why = append(why, text)
		}
	}
	if s.Config.Problem != "" {
		add(s.Config.Broken())
	}
	if r.waits {
		add(fmt.Sprintf("The branch %s is not checked out.", d.o.Branch))
	}
	waits := false
	for _, a := range s.Accounts {
		switch {
		case a.NeedsLogin:
			add(a.Problem)
		case a.NotBefore.After(now.Add(time.Minute)), r.Result == statuspage.RoundLimited && a.NotBefore.After(now):
			add(a.Waiting())
			waits = true
		}
	}
	switch r.Result {
	case statuspage.RoundFailed, statuspage.RoundRefused, statuspage.RoundLogin:
		text, _, _ := strings.Cut(words.FromError(r.err), "\n")
		add(text)
	case statuspage.RoundLimited:
		if !waits { // else it is said
			add(words.FromError(r.err))
		}
	}
	return why
}

// summary is the state in one line.
func (d *runner) summary() string {
	s := d.view()
	if len(s.Reasons) > 0 {
		return s.Reasons[0]
	}
	_, how := statuspage.Overall(s)
	return fmt.Sprintf("%s Next round %s", how, s.Next.UTC().Format("15:04:05 UTC"))
}

// unseen are the playlists of the files where a round could look at none: as they were shown until now, and those that
// were never looked at as unknown. Where it looked, and there is nothing to manage, there are none.
func unseen(good *config.Desired, before []statuspage.Playlist, looked bool) []statuspage.Playlist {
	if looked {
		return nil
	}
	all := slices.Clone(before)
	for _, b := range good.Playlists {
		if slices.ContainsFunc(all, func(p statuspage.Playlist) bool { return p.Address == b.Address }) {
			continue
		}
		p := statuspage.Playlist{Address: b.Address, ID: string(b.ID), Account: b.Account, Tracks: len(b.Tracks), State: statuspage.Unknown, Reason: "it has not been looked at yet"}
		if b.Name != nil {
			p.Name = words.Printable(*b.Name)
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b statuspage.Playlist) int { return strings.Compare(a.Address, b.Address) })
	return all
}

// playlists are the managed ones as a round saw and left them. before is how they were shown until now.
func (d *runner) playlists(r *attempt, before []statuspage.Playlist, now time.Time) []statuspage.Playlist {
	was := make(map[string]statuspage.Playlist, len(before))
	for _, p := range before {
		was[p.Address] = p
	}
	titles := render.Titles(r.planned.Plan)
	var all []statuspage.Playlist
	for i := range r.planned.Plan.Changes {
		c, v := &r.planned.Plan.Changes[i], r.verdicts[i]
		p := statuspage.Playlist{Address: c.Address, ID: string(c.ID), Account: c.Account, State: statuspage.PlaylistState(v.State), Reason: v.Reason, RetryAt: v.RetryAt, Releasable: v.Releasable,
			Synced: was[c.Address].Synced, Changed: was[c.Address].Changed, Healed: was[c.Address].Healed, HealAt: was[c.Address].HealAt}
		if name := render.Name(c); name != "" {
			p.Name = strings.Trim(name, `"`)
		}
		for _, picture := range []*reconcile.Picture{c.After, c.Before} {
			if picture != nil {
				p.Tracks = max(p.Tracks, len(picture.Tracks))
				break
			}
		}
		p.Warned = d.warnings(r, c.Address, titles)
		p.Kept = keepsSongs(r.planned.Plan, c)
		for _, x := range r.made(c.Address) { // what the plan was made from is not there any more
			if x.change.After != nil {
				p.Name, p.Tracks = words.Printable(x.change.After.Name), len(x.change.After.Tracks)
			}
			if render.Heals(x.change) {
				p.Healed, p.HealAt = render.ChangedLines(x.plan, x.change), now
			}
		}
		err, failed := r.failures[c.Address]
		switch {
		case failed:
			p.State, p.Reason = statuspage.Failed, words.FromError(err)
		case r.applied[c.Address]:
			if c.Action == reconcile.Delete {
				continue
			}
			p.Changed = now
			if v.State == heal.Pending {
				p.State, p.Reason, p.Synced = statuspage.Same, "", now
			}
		case p.State == statuspage.Same:
			p.Synced = now
		case c.Action == reconcile.Skipped && v.State != heal.Held:
			p.State = statuspage.Unknown
			p.Reason = strings.Join(c.Reasons, "; ")
		}
		if p.State != statuspage.Same && p.State != statuspage.Unknown && c.Action.Changes() {
			p.Changes = changeLines(left(render.Describe(r.planned.Plan, c, titles, false), r.made(c.Address)))
		}
		all = append(all, p)
	}
	return all
}

// left is what a description says beyond what a round has done of it.
func left(d render.Description, done []doneChange) render.Description {
	if len(done) == 0 {
		return d
	}
	waits := done[len(done)-1].change.LeftAsIs
	d.Attrs = slices.DeleteFunc(d.Attrs, func(a render.Attribute) bool { return !slices.Contains(waits, a.Name) })
	if !slices.Contains(waits, "tracks") {
		d.Rows = nil
	}
	return d
}

// changeLines say what a change would do, a line each. What stays as it is, which a plan shows around a change, is left out.
func changeLines(d render.Description) []string {
	var lines []string
	for _, a := range d.Attrs {
		if a.Name == "tracks" {
			continue
		}
		line := a.Name
		if a.Old != "" {
			line += " " + a.Old + " →"
		}
		lines = append(lines, line+" "+a.New)
	}
	for _, r := range d.Rows {
		if strings.TrimSpace(r.Sign) != "" {
			lines = append(lines, strings.Join(strings.Fields(strings.Join([]string{r.Sign, r.Text, r.More, r.Note}, " ")), " "))
		}
	}
	if len(lines) == 0 {
		lines = append(lines, d.Doing)
	}
	return lines
}

// tell posts notices of what a person should hear of without looking.
func (d *runner) tell(r *attempt, now time.Time) {
	failing := r.Result == statuspage.RoundFailed || r.Result == statuspage.RoundPartly || r.Result == statuspage.RoundLogin
	for _, x := range changeNotices(r, now) {
		d.notify.Send(x)
	}
	problem := d.view().Config.Problem
	if problem != "" && d.broken == "" {
		d.notify.Send(notify.Notice{Kind: notify.Failure, Time: now, Title: "The configuration is broken; the last version without errors stays in force", Text: problem})
	}
	d.broken = problem
	switch {
	case r.Result == statuspage.RoundLogin:
		if !d.failing {
			d.notify.Send(notify.Notice{Kind: notify.Login, Time: now, Title: "spotsync needs a login", Text: r.Problem})
		}
	case r.Result == statuspage.RoundFailed || r.Result == statuspage.RoundPartly:
		if !d.failing {
			x := notify.Notice{Kind: notify.Failure, Time: now, Title: "spotsync could not do all of its work", Text: r.Problem}
			for _, address := range slices.Sorted(maps.Keys(r.failures)) {
				x.Details = append(x.Details, address+": "+words.FromError(r.failures[address]))
			}
			d.notify.Send(x)
		}
	case r.Result == statuspage.RoundRefused:
		if r.Problem != d.refusals {
			d.notify.Send(notify.Notice{Kind: notify.Refusal, Time: now, Title: "spotsync did not make some changes, to protect your playlists", Text: r.Problem})
		}
	case d.failing && (r.Result == statuspage.RoundOK || r.Result == statuspage.RoundChanged):
		d.notify.Send(notify.Notice{Kind: notify.Recovered, Time: now, Title: "spotsync works again"})
	}
	d.tellHeld(r, now)
	d.refusals = ""
	if r.Result == statuspage.RoundRefused {
		d.refusals = r.Problem
	}
	if r.Result != statuspage.RoundStopped && r.Result != statuspage.RoundLimited {
		d.failing = failing
	}
	for _, a := range r.accounts {
		d.tellMissing(a)
		if a.Ends.IsZero() {
			continue
		}
		days, level := auth.Countdown(a.Ends, now)
		if !d.loop.NoteReminder(a.Label, int(level)) {
			continue
		}
		text := fmt.Sprintf("The login of account %q ends in %s, on %s. Renew it on the page, or with: spotsync login%s", a.Label, words.Plural(days, "day"), a.Ends.UTC().Format("2 Jan 2006"), reconcile.LoginFlag(a.Label))
		d.app.Log.Warn().Str("account", a.Label).Int("days", days).Msg(text)
		d.notify.Send(notify.Notice{Kind: notify.Login, Time: now, Title: "spotsync's login ends soon", Text: text, Account: a.Label})
	}
}

// tellMissing logs which scopes an account was not granted, once for each set of them.
func (d *runner) tellMissing(a statuspage.Account) {
	missing := strings.Join(a.Missing, " ")
	if d.lacking[a.Label] == missing {
		return
	}
	if d.lacking == nil {
		d.lacking = make(map[string]string)
	}
	d.lacking[a.Label] = missing
	if missing != "" {
		d.app.Log.Warn().Str("account", a.Label).Strs("scopes", a.Missing).
			Msg("The login lacks scopes, so what needs them will fail. To grant them: spotsync login" + reconcile.LoginFlag(a.Label))
	}
}

// tellHeld says why a playlist is held back, once for each reason: it stays so until a person does something, who would
// otherwise learn of it only from the page. What a person holds is no news to him.
func (d *runner) tellHeld(r *attempt, now time.Time) {
	if r.planned == nil || len(r.verdicts) != len(r.planned.Plan.Changes) || r.Result == statuspage.RoundRefused {
		return // nothing is known, or one reason is told that holds for all
	}
	held := make(map[string]string)
	x := notify.Notice{Kind: notify.Refusal, Time: now, Title: "spotsync did not make some changes, to protect your playlists"}
	for i, v := range r.verdicts {
		c := &r.planned.Plan.Changes[i]
		if v.State != heal.Held && v.State != heal.Braked || c.Action == reconcile.Held {
			continue
		}
		held[c.Address] = v.Reason
		if d.held[c.Address] == v.Reason {
			continue
		}
		d.app.Log.Warn().Str("playlist", c.Address).Str("account", c.Account).Str("problem", v.Reason).Msg("held back")
		x.Playlist, x.Account = c.Address, c.Account
		x.Details = append(x.Details, c.Address+": "+v.Reason)
	}
	d.held = held
	if len(x.Details) > 1 {
		x.Playlist, x.Account = "", ""
	}
	if len(x.Details) > 0 {
		d.notify.Send(x)
	}
}

// manyNotices is how many playlists a round may change before one notice stands for them all.
const manyNotices = 5

// changeNotices tell of the playlists that a round changed.
func changeNotices(r *attempt, now time.Time) []notify.Notice {
	var all []notify.Notice
	healed := true
	for _, done := range r.done {
		c := done.change
		x := notify.Notice{Kind: notify.Change, Time: now, Playlist: c.Address, Account: c.Account}
		name := cmp.Or(render.Name(c), c.Address)
		if c.After != nil && c.After.Name != "" { // which it has by now
			name = words.Quoted(c.After.Name)
		}
		lines := render.ChangedLines(done.plan, c)
		switch {
		case c.Action == reconcile.Create:
			x.Title = name + " was created"
		case c.Action == reconcile.Delete:
			x.Title = name + " was deleted"
		case c.Action == reconcile.Adopt:
			x.Title = name + " is managed from now on"
			if c.Alters() {
				x.Title += " and was changed"
			}
		case render.Heals(c):
			x.Kind, x.Title = notify.Heal, name+" was changed elsewhere and is as before again"
			for i := range lines {
				lines[i] = "healed: " + lines[i]
			}
		default:
			x.Title = name + " was changed as the files say"
		}
		if c.SongsRemoved > 0 && x.Kind != notify.Heal {
			x.Title += ", " + render.SongsRemoved(c.SongsRemoved)
		}
		healed = healed && x.Kind == notify.Heal
		x.Details = lines
		all = append(all, x)
	}
	if len(all) <= manyNotices {
		return all
	}
	one := notify.Notice{Kind: notify.Change, Time: now, Title: fmt.Sprintf("%s were changed as the files say", words.Plural(len(all), "playlist"))}
	if healed {
		one.Kind, one.Title = notify.Heal, fmt.Sprintf("%s were changed elsewhere and are as before again", words.Plural(len(all), "playlist"))
	}
	for _, done := range r.done {
		one.Details = append(one.Details, done.change.Address+": "+render.DoneLine(done.plan, done.change))
	}
	return []notify.Notice{one}
}
