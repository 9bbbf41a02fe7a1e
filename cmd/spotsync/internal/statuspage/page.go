package statuspage

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/spotify"
)

//go:embed page
var pageFiles embed.FS

// pageStyle is the one style sheet. It is written into each page, which so needs nothing else, and the policy that pages
// are sent with allows that sheet and no other by its hash.
var pageStyle, pageStyleHash = readStyle()

func readStyle() (template.CSS, string) {
	css, err := pageFiles.ReadFile("page/style.css")
	if err != nil {
		panic(err) // it is built in
	}
	sum := sha256.Sum256(css)
	return template.CSS(css), "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"style":  func() template.CSS { return pageStyle },
	"plural": words.Plural,
}).ParseFS(pageFiles, "page/*.html"))

// notices are what the page says after a button was pressed; the address names one, so that it can say nothing else.
var notices = map[string]string{
	"reconcile": "A round begins as soon as nothing else is being done.",
	"reload":    "The files are being read again.",
	"release":   "The playlist is released; the next round will see to it.",
	"login":     "The login is renewed.",
}

// severity is how a state looks: a colour, with a sign and a word for those who don't see colours.
type severity string

const (
	moodGood severity = "good"
	moodBusy severity = "busy"
	moodNote severity = "note"
	moodWarn severity = "warn"
	moodBad  severity = "bad"
)

// badge is a state in a word.
type badge struct {
	Mood severity
	Word string
}

// Sign is what goes before the word.
func (b badge) Sign() string {
	return map[severity]string{moodGood: "✓", moodBusy: "⟳", moodNote: "•", moodWarn: "!", moodBad: "✕"}[b.Mood]
}

// Icon is the page's icon: a dot in the state's colour, and so is what a tab among others shows.
func (b badge) Icon() template.URL {
	fill := map[severity]string{moodGood: "1a7f52", moodBusy: "2f6fb3", moodNote: "6b7280", moodWarn: "b7791f", moodBad: "c0392b"}[b.Mood]
	return template.URL("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='7' fill='%23" + fill + "'/%3E%3C/svg%3E")
}

// timeView is a time as the page shows it: in UTC, and from now.
type timeView struct {
	ISO, Text, From string
}

// pageView is the page.
type pageView struct {
	Status    Status
	State     badge
	Sentence  string // all in one
	Notice    string
	Refresh   int  // seconds; 0: never
	Still     bool // whoever reads wants it so
	Shown     timeView
	Started   timeView
	Next      timeView
	Last      *roundView
	Config    configView
	Accounts  []accountView
	Playlists []playlistView
	Counts    []countView
	Pending   []playlistView // those that the next round changes
	Used      int            // requests, in percent of the allowance; 100 at most
	Guarded   bool

	Reasons     []string      // why it is not ready, but for what the sentence says
	LoginNeeded []accountView // accounts whose login is for a person to renew
}

type configView struct {
	Config
	Good, Tried timeView
}

type roundView struct {
	Round
	Began  timeView
	Badge  badge
	Took   string
	Reason string
}

type accountView struct {
	Account
	Badge     badge
	Who       string
	Ends      timeView
	NotBefore timeView // while Spotify wants no requests
	Shut      []string // what else it wants none for; sentences
	Limited   bool
	Renew     bool
	Left      string
}

type playlistView struct {
	Playlist
	Anchor  string
	Badge   badge
	Synced  timeView
	Changed timeView
	RetryAt timeView
	HealAt  timeView
	Whose   string // the account, where there are several
}

type countView struct {
	Badge badge
	N     int
}

// The other pages.
type (
	loginView struct {
		Account Account
		URL     string
		Failed  string
	}
	enterView   struct{ Wrong bool }
	messageView struct{ Title, Text string }
)

// Few is whether the changes are shown without a click.
func (v playlistView) Few() bool { return len(v.Changes) <= fewChanges }

// Heads of those pages.
func (v pageView) Title() string      { return v.Sentence }
func (v loginView) State() badge      { return badge{moodBusy, "Login"} }
func (v loginView) Title() string     { return "Renew the login" }
func (v loginView) Refresh() int      { return 0 }
func (v enterView) State() badge      { return badge{moodNote, "Locked"} }
func (v enterView) Title() string     { return "Who are you?" }
func (v enterView) Refresh() int      { return 0 }
func (v messageView) State() badge    { return badge{moodWarn, "Refused"} }
func (v messageView) Refresh() int    { return 0 }
func (v loginView) Who() string       { return who(v.Account) }
func (v loginView) Reason() string    { return ended(v.Failed) }
func (v pageView) Interval() string   { return interval(v.Status.Interval) }
func (v configView) Problems() string { return strings.TrimRight(v.Problem, "\n ") }

const (
	renewWithin  = 30 // days before its end that a login can be renewed on the page
	refreshIdle  = 60 // seconds
	refreshBusy  = 5
	fewChanges   = 5   // are shown at once; more fold up, and reading the page again closes what was unfolded
	shownChanges = 200 // lines of one playlist; a new one of 10,000 songs is no use on a phone
)

// newPageView says what the page shows of a status.
func newPageView(s Status) pageView {
	v := pageView{Status: s, Refresh: refreshIdle, Shown: at(s.Now, s.Now), Started: at(s.Started, s.Now), Next: at(s.Next, s.Now),
		Config: configView{s.Config, at(s.Config.Good, s.Now), at(s.Config.Tried, s.Now)}}
	v.State, v.Sentence = Overall(s)
	for _, r := range s.Reasons {
		if r = ended(r); r != v.Sentence {
			v.Reasons = append(v.Reasons, r)
		}
	}
	if s.Busy != "" {
		v.Refresh = refreshBusy
	}
	if s.RequestsPerDay > 0 {
		v.Used = min(100, s.Requests*100/s.RequestsPerDay)
	}
	if r := s.Last; r != nil {
		v.Last = &roundView{*r, at(r.Began, s.Now), BadgeOf(roundOf(*r)), duration(r.Took), roundReason(r.Why)}
	}
	for _, a := range s.Accounts {
		av := newAccountView(a, s.Now)
		v.Accounts = append(v.Accounts, av)
		if a.NeedsLogin {
			v.LoginNeeded = append(v.LoginNeeded, av)
		}
	}
	counts := make(map[PlaylistState]int)
	for i, p := range s.Playlists {
		pv := playlistView{p, fmt.Sprintf("playlist-%d", i+1), playlistBadge(p), at(p.Synced, s.Now), at(p.Changed, s.Now), at(p.RetryAt, s.Now), at(p.HealAt, s.Now), ""}
		if len(s.Accounts) > 1 {
			pv.Whose = p.Account
		}
		pv.Reason = ended(words.Capital(p.Reason))
		if n := len(p.Changes); n > 0 {
			if n > shownChanges {
				pv.Changes = append(slices.Clone(p.Changes[:shownChanges]), fmt.Sprintf("… and %d more; spotsync plan shows them all", n-shownChanges))
			}
			if p.State == Pending { // the others wait for something else than a round
				v.Pending = append(v.Pending, pv)
			}
		}
		counts[p.State]++
		v.Playlists = append(v.Playlists, pv)
	}
	slices.SortStableFunc(v.Playlists, func(a, b playlistView) int { // those that want a person first
		return cmp.Compare(slices.Index(States, a.State), slices.Index(States, b.State))
	})
	for _, state := range States {
		if counts[state] > 0 && counts[state] < len(s.Playlists) { // one state for all is said above
			v.Counts = append(v.Counts, countView{stateBadge(state), counts[state]})
		}
	}
	return v
}

func newAccountView(a Account, now time.Time) accountView {
	limited := a.NotBefore.After(now)
	v := accountView{Account: a, Who: who(a), Ends: day(a.Ends), NotBefore: at(a.NotBefore, now), Limited: limited,
		Renew: a.NeedsLogin || !a.Ends.IsZero() && a.Days <= renewWithin}
	v.Problem = ended(a.Problem)
	for _, h := range stillShut(a.Shut, now) {
		v.Shut = append(v.Shut, shutMinute(h))
	}
	switch {
	case a.NeedsLogin:
		v.Badge = badge{moodBad, "Login needed"}
	case a.Problem != "":
		v.Badge = badge{moodBad, "Not usable"}
	case limited:
		v.Badge = badge{moodWarn, "Waiting"}
	case v.Renew || len(a.Missing) > 0:
		v.Badge = badge{moodWarn, "Works for now"}
	default:
		v.Badge = badge{moodGood, "Logged in"}
	}
	if !a.Ends.IsZero() {
		v.Left = words.Plural(max(0, a.Days), "day") + " left"
	}
	return v
}

// who names an account to its owner.
func who(a Account) string { return cmp.Or(a.Name, a.User, a.Label) }

// Overall is how it all stands, the worst first.
func Overall(s Status) (badge, string) {
	count, kept := make(map[PlaylistState]int), 0
	for _, p := range s.Playlists {
		count[p.State]++
		if p.Kept {
			kept++
		}
	}
	for _, a := range s.Accounts {
		if a.NeedsLogin {
			return badge{moodBad, "Login needed"}, fmt.Sprintf("%s must log in to Spotify again.", who(a))
		}
	}
	if s.Config.Problem != "" {
		return badge{moodBad, "Broken files"}, s.Config.Broken()
	}
	for _, a := range s.Accounts {
		if a.Problem != "" {
			return badge{moodBad, "Not ready"}, fmt.Sprintf("The account of %s can't be used.", who(a))
		}
	}
	for _, a := range s.Accounts {
		if a.NotBefore.After(s.Now) {
			return badge{moodWarn, "Waiting"}, a.Waiting()
		}
	}
	switch {
	case s.Busy != "":
		return badge{moodBusy, "Busy"}, ended(words.Capital(s.Busy))
	case count[Failed] > 0:
		return badge{moodBad, "Failing"}, words.Plural(count[Failed], "playlist") + " could not be brought up to date; spotsync tries again."
	case len(s.Reasons) > 0 && s.Last != nil:
		return badge{moodBad, "Not ready"}, ended(s.Reasons[0])
	case s.Last == nil:
		return badge{moodBusy, "Starting"}, "The first round has not ended yet."
	case len(s.Playlists) == 0 && s.Config.Playlists > 0:
		return badge{moodWarn, "Unknown"}, words.Plural(s.Config.Playlists, "playlist") + " in your files could not be looked at."
	case len(s.Playlists) == 0:
		return badge{moodNote, "Empty"}, "Your files hold no playlists yet."
	case count[Held]+count[Braked] > 0:
		return badge{moodWarn, "Held back"}, words.Counted(count[Held]+count[Braked], "playlist is left alone for now.", "playlists are left alone for now.")
	case count[Drift] > 0:
		return badge{moodWarn, "Differs"}, words.Counted(count[Drift], "playlist differs from your files, and is only watched.", "playlists differ from your files, and are only watched.")
	case count[Unknown] > 0:
		return badge{moodWarn, "Unknown"}, words.Plural(count[Unknown], "playlist") + " could not be looked at."
	case count[Pending] > 0:
		return badge{moodNote, "Pending"}, words.Plural(count[Pending], "playlist") + " will be changed in the next round."
	case kept > 0:
		return badge{moodNote, "Songs kept"}, words.Counted(kept, "playlist keeps its songs though its list came to nothing.", "playlists keep their songs though their lists came to nothing.")
	case len(s.Playlists) == 1:
		return badge{moodGood, "In step"}, "The playlist is as your files say."
	}
	return badge{moodGood, "In step"}, fmt.Sprintf("All %d playlists are as your files say.", len(s.Playlists))
}

// playlistBadge is how a playlist stands.
func playlistBadge(p Playlist) badge {
	if p.Kept && p.State == Same {
		return badge{moodNote, "Songs kept"}
	}
	return stateBadge(p.State)
}

// stateBadge is the state of a playlist.
func stateBadge(state PlaylistState) badge {
	switch state {
	case Same:
		return badge{moodGood, "In step"}
	case Drift:
		return badge{moodWarn, "Differs"}
	case Pending:
		return badge{moodNote, "Pending"}
	case Held:
		return badge{moodWarn, "Held"}
	case Braked:
		return badge{moodWarn, "Braked"}
	case Failed:
		return badge{moodBad, "Failed"}
	}
	return badge{moodNote, "Unknown"}
}

// roundBadge is how a round ended.
func roundBadge(result Result) badge {
	switch result {
	case RoundOK:
		return badge{moodGood, "Nothing to do"}
	case RoundChanged:
		return badge{moodGood, "Changes made"}
	case RoundPartly:
		return badge{moodWarn, "Partly done"}
	case RoundLimited:
		return badge{moodWarn, "Rate limited"}
	case RoundLogin:
		return badge{moodBad, "Login needed"}
	case RoundRefused:
		return badge{moodWarn, "Refused"}
	case RoundStopped:
		return badge{moodNote, "Stopped"}
	}
	return badge{moodBad, "Failed"}
}

// BadgeOf is roundBadge with what else a round tells: that it did nothing but heal, and that something is left.
func BadgeOf(r readyRound) badge {
	switch {
	case r.Result == RoundChanged && r.Healed > 0 && r.Healed == r.Changed:
		return badge{moodGood, "Healed"}
	case r.Result == RoundOK && r.Waiting > 0: // "Nothing to do" is said where all is as the files say
		return badge{moodNote, "Nothing changed"}
	}
	return roundBadge(r.Result)
}

// roundReason is why a round began.
func roundReason(why string) string {
	switch why {
	case "start":
		return "at the start"
	case "interval":
		return "by the clock"
	case "files":
		return "your files changed"
	case "signal":
		return "a signal asked for it"
	case "request":
		return "somebody asked for it"
	case "login":
		return "after a login"
	}
	return why
}

// at is a time as the page shows it. The day is left out today.
func at(t, now time.Time) timeView {
	if t.IsZero() {
		return timeView{}
	}
	t, now = t.UTC(), now.UTC()
	form := "2 Jan 2006, 15:04 UTC"
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		form = "15:04 UTC"
	}
	return timeView{ISO: t.Format(time.RFC3339), Text: t.Format(form), From: fromNow(t.Sub(now))}
}

// day is a time of which the day alone matters.
func day(t time.Time) timeView {
	if t.IsZero() {
		return timeView{}
	}
	return timeView{ISO: t.UTC().Format(time.RFC3339), Text: t.UTC().Format("2 January 2006")}
}

// fromNow is a distance in time in words, as roughly as people say it.
func fromNow(d time.Duration) string {
	past := d < 0
	if past {
		d = -d
	}
	var s string
	switch {
	case d < 5*time.Second:
		return "now"
	case d < time.Minute:
		s = words.Plural(int(d.Seconds()), "second")
	case d < time.Hour:
		s = words.Plural(int(d.Minutes()), "minute")
	case d < 48*time.Hour:
		s = words.Plural(int(d.Hours()), "hour")
	default:
		s = words.Plural(int(d.Hours()/24), "day")
	}
	if past {
		return s + " ago"
	}
	return "in " + s
}

// duration is how long something took.
func duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
}

// ended is a sentence with its full stop.
func ended(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?:") || strings.HasSuffix(s, "…") {
		return s
	}
	return s + "."
}

// showPage shows the page.
func (s *Server) showPage(w http.ResponseWriter, r *http.Request) error {
	v := newPageView(s.Status())
	v.Guarded = s.Options.guarded()
	v.Notice = notices[r.URL.Query().Get("done")]
	if v.Notice != "" {
		v.Refresh = refreshBusy // what was asked for is about to happen
	}
	if v.Still = r.URL.Query().Has("still"); v.Still {
		v.Refresh = 0
	}
	s.render(w, http.StatusOK, "page.html", v)
	return nil
}

// render writes a page whole or not at all.
func (s *Server) render(w http.ResponseWriter, status int, name string, view any) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, view); err != nil {
		s.Log.Error().Err(err).Str("page", name).Msg("a page could not be made")
		text(w, http.StatusInternalServerError, "Something is wrong in spotsync; its log says more.")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

// interval is a time between rounds.
func interval(d time.Duration) string {
	switch {
	case d < time.Minute:
		return words.Plural(int(d.Seconds()), "second")
	case d < 2*time.Hour || d%time.Hour != 0:
		return words.Plural(int(d.Round(time.Minute).Minutes()), "minute")
	}
	return words.Plural(int(d.Hours()), "hour")
}

// shutMinute says what Spotify wants no requests for, until when, to the minute, and why if that is known: a sentence.
func shutMinute(h spotify.Hold) string {
	return fmt.Sprintf("%s until %s%s.", words.Capital(h.What()), h.Until.UTC().Format("2 Jan, 15:04 UTC"), h.Why())
}

// stillShut are the holds that are not over.
func stillShut(holds []spotify.Hold, now time.Time) (left []spotify.Hold) {
	for _, h := range holds {
		if h.Until.After(now) {
			left = append(left, h)
		}
	}
	return left
}
