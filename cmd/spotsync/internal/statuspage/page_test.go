package statuspage

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/pagetest"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/spotify"

	"github.com/rs/zerolog"
)

var pageNow = time.Date(2026, 11, 23, 21, 14, 0, 0, time.UTC)

// sampleStatus is a daemon that has been at work for a while, with nothing wrong.
func sampleStatus() Status {
	ago := func(d time.Duration) time.Time { return pageNow.Add(-d) }
	playlist := func(label, name string) Playlist {
		return Playlist{Address: "playlist." + label, Name: name, ID: "4XzvE3vG5tVbQeJb8Kk2aP", Account: "default", State: Same,
			Tracks: 48, Synced: ago(3 * time.Minute), Changed: ago(50 * time.Hour)}
	}
	return Status{
		Version: "0.1.0", Started: ago(12 * 24 * time.Hour), Now: pageNow, Path: "/srv/music/playlists", State: "lock-1", LockFile: "/srv/music/playlists/spotsync.lock.hcl",
		Config: Config{Good: ago(2 * time.Hour), Tried: ago(2 * time.Hour), Files: 4},
		Accounts: []Account{
			{Label: "default", Name: "Marta Novák", User: "martanovak", Ends: pageNow.Add(141 * 24 * time.Hour), Days: 141},
			{Label: "kids", Name: "Kids", User: "kids77", Ends: pageNow.Add(60 * 24 * time.Hour), Days: 60},
		},
		Playlists: []Playlist{playlist("evening", "Evening, slow"), playlist("kitchen", "Kitchen radio"), playlist("morning", "Morning, calm"),
			playlist("run", "Running 170 bpm"), playlist(`year["2024"]`, "Liked in 2024")},
		Last: &Round{Number: 212, Why: "interval", Began: ago(3 * time.Minute), Took: 420 * time.Millisecond, Result: RoundOK, Requests: 2},
		Next: pageNow.Add(2 * time.Minute), Interval: 5 * time.Minute, Requests: 604, RequestsPerDay: 1000,
	}
}

const sampleProblem = `Error: Unsupported argument

  on morning.hcl line 4, in playlist "morning":
   4:   trakcs = ["The Killers - Mr. Brightside", "Miles Davis - So What", "Nina Simone - Feeling Good"]
        ^^^^^^

An argument named "trakcs" is not expected here. Did you mean "tracks"?
`

// sampleStatuses are the states that the page must show, by name.
func sampleStatuses() map[string]Status {
	all := make(map[string]Status)
	all["healthy"] = sampleStatus()

	s := sampleStatus()
	s.Playlists, s.Requests = nil, 12
	all["empty"] = s

	s = sampleStatus()
	s.Playlists, s.Config.Playlists = nil, 33
	s.Last.Result, s.Last.Problem = "refused", "The lock file belongs to another account."
	s.Reasons = []string{"The lock file belongs to another account"}
	all["unseen"] = s

	s = sampleStatus()
	s.Accounts = s.Accounts[:1]
	s.Playlists[0].State, s.Playlists[0].Reason, s.Playlists[0].Releasable = Held, "left alone until resume", true
	s.Path, s.Apply = "~/my music", "spotsync apply ~/'my music'"
	s.Last.Waiting, s.Waiting = 1, []string{"playlist.evening", "playlist.run"}
	all["held"] = s

	s = sampleStatus()
	s.Last.Result, s.Last.Applied, s.Last.Healed = "changed", []string{"playlist.evening"}, 1
	s.Playlists[0].Healed, s.Playlists[0].HealAt = []string{`name "Vandal" → "Evening, slow"`, "songs: 2 added, 1 removed"}, pageNow.Add(-3*time.Minute)
	s.Last.Done = []string{`playlist.evening: healed: name "Vandal" → "Evening, slow"; songs: 2 added, 1 removed`}
	all["healed"] = s

	s = sampleStatus()
	s.Accounts[0].Shut = []spotify.Hold{{Group: spotify.GroupSearch, Until: pageNow.Add(3 * time.Hour), Reason: spotify.ReasonQuota}, {Group: spotify.GroupTracks, Until: pageNow.Add(-time.Hour)}}
	all["searching is shut"] = s

	s = sampleStatus()
	s.Last, s.Playlists, s.Accounts, s.Next, s.Requests, s.Busy = nil, nil, nil, time.Time{}, 0, "reading your files"
	s.Config = Config{}
	s.Reasons = []string{"the first round has not ended yet"}
	s.Started = pageNow.Add(-2 * time.Second)
	all["starting"] = s

	s = sampleStatus()
	s.Busy, s.Next = "applying 3 changes: playlist.kitchen", time.Time{}
	s.Playlists[1].State, s.Playlists[1].Changes = Pending, []string{
		`+ after 4: Nina Simone – Feeling Good`, `- 17: The Killers – Mr. Brightside`, `~ 22 → 3: Miles Davis – So What`}
	s.Playlists[1].Reason = "Your files changed"
	all["busy"] = s

	s = sampleStatus()
	s.Config.Problem, s.Config.Tried = sampleProblem, pageNow.Add(-time.Minute)
	s.Reasons = []string{s.Config.Broken()}
	all["broken"] = s

	s = sampleStatus()
	s.Accounts[0].NotBefore, s.Accounts[0].Waits = pageNow.Add(47*time.Minute), "The requests it grants this developer are used up."
	s.Playlists[3].State, s.Playlists[3].Reason = Unknown, "Not looked at since Spotify limits requests"
	s.Last.Result, s.Last.Problem = "limited", "Spotify wants no requests until 22:01 UTC."
	s.Reasons = []string{s.Accounts[0].Waiting()}
	s.Requests = 1000
	all["limited"] = s

	s = sampleStatus()
	s.Accounts[0].NeedsLogin, s.Accounts[0].Problem, s.Accounts[0].Days = true, `Spotify no longer accepts this login (invalid_grant); run "spotsync login" or renew it here`, 0
	s.Accounts[0].Ends = pageNow.Add(-time.Hour)
	s.Accounts[1].Days, s.Accounts[1].Ends = 12, pageNow.Add(12*24*time.Hour)
	s.Accounts[1].Missing = []string{"ugc-image-upload"}
	s.Last.Result, s.Last.Why = "login", "interval"
	s.Reasons = []string{`Account "default" must log in to Spotify again.`}
	all["login"] = s

	s = sampleStatus()
	p := s.Playlists
	p[0].State, p[0].Reason = Held, "Rolled back on 22 Nov; its block has not changed since"
	p[1].State, p[1].Reason, p[1].RetryAt = Braked, "The description came back three times; healed again later", pageNow.Add(15*time.Minute)
	p[0].Releasable, p[1].Releasable = true, true
	p[4].State, p[4].Reason = Held, "One address means two playlists"
	p[1].Changes = []string{`description: "Free followers at …" → "What we cook to"`}
	p[2].State, p[2].Reason = Drift, "its name was changed on Spotify; self_heal is false"
	p[2].Changes = []string{"+ at the end: Björk – Hyperballad"}
	p[3].State, p[3].Reason, p[3].RetryAt, p[3].Synced = Failed, "Spotify answered 502 three times", pageNow.Add(40*time.Second), time.Time{}
	s.Last.Result, s.Last.Applied = "partly", []string{"playlist.evening: 2 songs added", "playlist.kitchen: description set"}
	all["mixed"] = s
	return all
}

var (
	pageTitle = regexp.MustCompile(`<title>([^<]*)</title>`)
)

// testServer is a daemon's server whose deeds are written down.
func testServer(s Status) (*Server, *[]string) {
	deeds := new([]string)
	did := func(format string, args ...any) { *deeds = append(*deeds, fmt.Sprintf(format, args...)) }
	return &Server{
		Status:    func() Status { return s },
		Alive:     func() error { return nil },
		Reconcile: func() { did("reconcile") },
		Reload:    func() { did("reload") },
		Release: func(address string) error {
			did("release %s", address)
			return nil
		},
		BeginLogin: func(account string) (string, error) {
			did("begin %s", account)
			return "https://accounts.spotify.com/authorize?client_id=c&state=s", nil
		},
		Log:     zerolog.New(io.Discard),
		Options: Options{Listen: "127.0.0.1:7979"},
	}, deeds
}

// pageOf is the page of a status.
func pageOf(t *testing.T, s Status) string {
	t.Helper()
	srv, _ := testServer(s)
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:7979/", nil)
	w := httptest.NewRecorder()
	srv.handler().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func TestPageStates(t *testing.T) {
	all := sampleStatuses()
	for _, c := range []struct {
		state   string
		title   string
		refresh int
		says    []string
		not     []string
	}{
		{"searching is shut", "In step: All 5 playlists are as your files say. – spotsync", 60,
			[]string{"Searching is shut until 24 Nov, 00:14 UTC: Spotify's quota for it is used up. What doesn't need it goes on."}, []string{"songs is shut", "Waiting"}},
		{"healthy", "In step: All 5 playlists are as your files say. – spotsync", 60,
			[]string{"✓ In step", "the login ends on 13 April 2027", "Last round 21:11 UTC (3 minutes ago)", "Next round 21:16 UTC (in 2 minutes)", "Marta Novák default", "141 days left",
				"604 in the last 24 hours, of 1000 allowed", "by the clock; took 420 ms and 2 requests", "Reconcile now", "As of 21:14 UTC", "Keep it still",
				`playlist.year["2024"]`, "every 60 seconds", "spotsync 0.1.0", "running since 11 Nov 2026, 21:14 UTC (12 days ago)", "5 minutes, and when"},
			[]string{"Reload", "Renew the login", "Release", "Pending plan", "Not ready", "wrong with your files", "Leave"}},
		{"empty", "Empty: Your files hold no playlists yet. – spotsync", 60, []string{`playlist "morning" {`}, []string{"State"}},
		{"unseen", "Not ready: The lock file belongs to another account. – spotsync", 60, []string{"33 playlists in your files, and none has been looked at yet."},
			[]string{"Write one", "hold no playlists"}},
		{"held", "Held back: 1 playlist is left alone for now. – spotsync", 60, []string{"• Nothing changed", "2 playlists not written into it yet",
			"Run spotsync apply ~/'my music' on this computer", "playlist.evening playlist.run"}, []string{"Nothing to do", "account default"}},
		{"healed", "In step: All 5 playlists are as your files say. – spotsync", 60, []string{"✓ Healed", `Healed 21:11 UTC (3 minutes ago) : name "Vandal" → "Evening, slow" songs: 2 added, 1 removed`,
			`playlist.evening: healed: name "Vandal" → "Evening, slow"; songs: 2 added, 1 removed`, "playlist.evening account default"}, nil},
		{"starting", "Busy: Reading your files. – spotsync", 5, []string{"None are known yet.", "No account is known yet", "none has ended yet", "one is under way"}, []string{"0001"}},
		{"busy", "Busy: Applying 3 changes: playlist.kitchen. – spotsync", 5,
			[]string{"⟳ Busy", "Pending plan: 1 playlist to change: Kitchen radio .", "+ after 4: Nina Simone – Feeling Good", "Your files changed.", "one is under way"}, nil},
		{"broken", "Broken files: The configuration is broken; the last version without errors stays in force. – spotsync", 60,
			[]string{"What is wrong with your files", "Read without errors last at 19:14 UTC (2 hours ago)", `Did you mean "tracks"?`, "^^^^^^"}, []string{"Not ready, because"}},
		{"limited", "Waiting: Spotify wants no requests until 23 Nov, 22:01 UTC. The requests it grants this developer are used up. – spotsync", 60,
			[]string{"! Waiting", "(in 47 minutes)", "The requests it grants this developer are used up. spotsync waits", "! Rate limited", "• Unknown"}, []string{"Not ready, because", "until 22:01 UTC. Every", "Next 21:16 UTC (in 2 minutes)."}},
		{"login", "Login needed: Marta Novák must log in to Spotify again. – spotsync", 60,
			[]string{"✕ Login needed", "Renew the login of Marta Novák", "Renew the login of Kids", "12 days left", "Not granted: ugc-image-upload"}, []string{"0 days left"}},
		{"mixed", "Failing: 1 playlist could not be brought up to date; spotsync tries again. – spotsync", 60,
			[]string{"✕ Failed", "! Braked", "! Held", "! Differs", "One address means two playlists.", "Next try 21:29 UTC (in 15 minutes)", "not seen yet", "Release Evening, slow", "Release Kitchen radio",
				"2 changes made", "Its name was changed on Spotify; self_heal is false."}, []string{"Release Running", "Release Liked", "Pending plan"}},
	} {
		t.Run(c.state, func(t *testing.T) {
			page := pageOf(t, all[c.state])
			if m := pageTitle.FindStringSubmatch(page); m == nil || pagetest.Words(m[1]) != c.title {
				t.Errorf("title %q, want %q", m, c.title)
			}
			if !strings.Contains(page, fmt.Sprintf(`<meta http-equiv="refresh" content="%d; url=/">`, c.refresh)) {
				t.Error("does not read itself again as it should")
			}
			got := pagetest.Words(page)
			for _, w := range c.says {
				if !strings.Contains(got, w) {
					t.Errorf("does not say %q", w)
				}
			}
			for _, w := range c.not {
				if strings.Contains(got, w) {
					t.Errorf("says %q", w)
				}
			}
			if t.Failed() {
				t.Log(got)
			}
		})
	}
}

// What the page is made of holds nothing that a browser would fetch or run, and each form's field has a label.
func TestPageIsWhole(t *testing.T) {
	outside := regexp.MustCompile(`(?i)<script|<iframe|<img|<object|\bon[a-z]+=|@import|url\(|\bsrc=|style="`)
	srv, _ := testServer(sampleStatuses()["login"])
	srv.Options.AllowedHosts = nil
	made := map[string]string{}
	for name, s := range sampleStatuses() {
		made[name] = pageOf(t, s)
	}
	for name, r := range map[string]*http.Request{
		"login form": post("/-/login", "account=default"),
		"not found":  httptest.NewRequest(http.MethodGet, "http://127.0.0.1/nothing", nil),
	} {
		r.Header.Set("Accept", "text/html")
		w := httptest.NewRecorder()
		srv.handler().ServeHTTP(w, r)
		made[name] = w.Body.String()
	}
	for name, page := range made {
		if found := outside.FindString(pageWithoutText(page)); found != "" {
			t.Errorf("%s: has %q", name, found)
		}
		for _, want := range []string{`<html lang="en">`, `<meta name="viewport"`, "<main", "</main>", "<h1", "</html>"} {
			if strings.Count(page, want) != 1 {
				t.Errorf("%s: %q is there %d times", name, want, strings.Count(page, want))
			}
		}
	}
	if login := made["login form"]; strings.Contains(login, `http-equiv="refresh"`) {
		t.Error("the form would be taken away from who fills it in")
	}
}

// pageWithoutText is a page's tags, and its style.
func pageWithoutText(page string) string {
	return strings.Join(regexp.MustCompile(`(?s)<style>.*?</style>|<[^>]*>`).FindAllString(page, -1), "\n")
}

// Names from Spotify and messages are text, whatever they hold.
func TestPageEscapes(t *testing.T) {
	const evil = `"><script>alert(1)</script>`
	s := sampleStatuses()["mixed"]
	s.Busy, s.Path, s.LockFile, s.Reasons, s.Config.Problem = evil, evil, evil, []string{evil}, evil
	s.Accounts = []Account{{Label: evil, Name: evil, Problem: evil, NeedsLogin: true, Missing: []string{evil}, Waits: evil, NotBefore: s.Now.Add(time.Hour)}}
	for i := range s.Playlists {
		p := &s.Playlists[i]
		p.Address, p.Name, p.Reason, p.Changes = evil, evil, evil, []string{evil}
	}
	s.Last.Applied, s.Last.Problem, s.Last.Why = []string{evil}, evil, evil
	page := pageOf(t, s)
	if strings.Contains(page, "<script") {
		t.Error("what is shown can run")
	}
	if n := strings.Count(page, "&lt;script&gt;"); n < 25 {
		t.Errorf("only %d of the texts are shown", n)
	}
}

// What the page of an empty folder proposes to write is taken.
func TestPageExample(t *testing.T) {
	example := regexp.MustCompile(`(?s)<pre[^>]*>(.*?)</pre>`).FindStringSubmatch(pageOf(t, sampleStatuses()["empty"]))
	if example == nil {
		t.Fatal("there is none")
	}
	module, diags := config.Parse(diag.Files{"a.hcl": []byte(html.UnescapeString(example[1]))})
	if !diags.HasErrors() {
		diags = append(diags, module.Validate(t.Context(), config.Inputs{Now: pageNow})...)
	}
	if len(diags) > 0 {
		t.Error(diags)
	}
}

// Reading the page again closes what was unfolded and moves who reads; whoever minds can have it keep still, and who has
// just pressed a button needn't wait.
func TestPageKeepsStill(t *testing.T) {
	s := sampleStatus()
	s.Playlists[0].State, s.Playlists[0].Changes = Pending, slices.Repeat([]string{"+ a song"}, fewChanges)
	s.Playlists[1].State, s.Playlists[1].Changes = Pending, slices.Repeat([]string{"+ a song"}, fewChanges+1)
	srv, _ := testServer(s)
	for query, want := range map[string]string{"": `content="60; url=/"`, "?done=reconcile": `content="5; url=/"`, "?done=nonsense": `content="60; url=/"`, "?still": ""} {
		page := answerTo(srv, httptest.NewRequest(http.MethodGet, "http://localhost/"+query, nil)).Body.String()
		if again := strings.Contains(page, `http-equiv="refresh"`); again != (want != "") || !strings.Contains(page, want) {
			t.Errorf("%q is read again: %v, want %q", query, again, want)
		}
		if still := strings.Contains(page, "Let the page keep up by itself"); still != (want == "") {
			t.Errorf("%q has a way back: %v", query, still)
		}
		if n := strings.Count(page, "<details>"); n != 1 || strings.Count(page, "a song</li>") != 2*fewChanges+1 {
			t.Errorf("%q folds %d lists", query, n)
		}
	}
}

// A new playlist of thousands of songs does not make a page of megabytes.
func TestPageOfManyChanges(t *testing.T) {
	s := sampleStatus()
	s.Playlists[0].State, s.Playlists[0].Changes = Pending, slices.Repeat([]string{"+ a song"}, 10_000)
	page := pageOf(t, s)
	if got := pagetest.Words(page); !strings.Contains(got, "and 9800 more") {
		t.Error("does not say how many there are")
	}
	if len(page) > 64<<10 {
		t.Errorf("%d bytes", len(page))
	}
	if len(s.Playlists[0].Changes) != 10_000 {
		t.Error("the status was changed")
	}
}

func TestFromNow(t *testing.T) {
	for _, c := range []struct {
		d    time.Duration
		want string
	}{
		{0, "now"}, {-4 * time.Second, "now"}, {-5 * time.Second, "5 seconds ago"}, {90 * time.Second, "in 1 minute"}, {-3 * time.Minute, "3 minutes ago"},
		{59 * time.Minute, "in 59 minutes"}, {-time.Hour, "1 hour ago"}, {-47 * time.Hour, "47 hours ago"}, {-50 * time.Hour, "2 days ago"},
	} {
		if got := fromNow(c.d); got != c.want {
			t.Errorf("%v is %q, want %q", c.d, got, c.want)
		}
	}
}
