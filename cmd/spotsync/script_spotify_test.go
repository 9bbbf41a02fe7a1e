package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/session"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// scriptSpotify is a Spotify as a script sees it: what people do on their phones, what goes wrong, what was asked.
type scriptSpotify struct {
	*sandbox.Server
	pidFile string
	started time.Time

	mu    sync.Mutex
	ahead time.Duration // of its clock
}

func newScriptSpotify(home string) *scriptSpotify {
	s := &scriptSpotify{pidFile: filepath.Join(home, "pid"), started: time.Now()}
	q := sandbox.DefaultQuirks()
	q.StaleFor = 300 * time.Millisecond // as on Spotify, only sooner over
	s.Server = sandbox.New(sandbox.Options{Now: s.now, Seed: 1, Quirks: q})
	return s
}

func (s *scriptSpotify) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.ahead)
}

// logIn stores a login for a user, who is added if nobody has that ID yet.
func (s *scriptSpotify) logIn(path, label, user string) error {
	creds, err := auth.OpenCredentials(store.OS{}, path)
	if err != nil {
		return err
	}
	app := auth.App{Issuer: auth.Issuer{Name: auth.Loopback}, ClientID: sandbox.SandboxClientID}
	return creds.Put(context.Background(), app.Key(label), auth.Token{RefreshToken: s.token(user), AuthorizedAt: time.Now().UTC(),
		Scopes: session.CoreScopes, Issuer: auth.Loopback, ClientID: app.ClientID})
}

// token issues a refresh token, with all the core scopes but those denied.
func (s *scriptSpotify) token(user string, denied ...string) string {
	if user != sandbox.SandboxUser {
		s.AddUser(sandbox.User{ID: user, DisplayName: strings.ToUpper(user[:1]) + user[1:], Premium: true})
	}
	scopes := slices.DeleteFunc(slices.Clone(session.CoreScopes), func(x string) bool { return slices.Contains(denied, x) })
	refresh, _ := s.IssueToken(user, sandbox.SandboxClientID, scopes...)
	return refresh
}

// spotifyCommand is the command "spotify" of the scripts. Songs are URIs, or letters: A is
// spotify:track:0AAAAAAAAAAAAAAAAAAAAA. Playlists go by name; where several have one, it is the newest.
//
//	spotify add NAME [SONG...]            a playlist made on the phone, long ago
//	spotify edit NAME insert AT SONG...   the phone again; also: append SONG..., remove AT [N], move FROM TO, rename NAME,
//	                                      describe TEXT, public true|false, clear
//	spotify delete NAME                   taken out of its owner's library
//	spotify withdraw SONG                 the song is no longer to be had
//	spotify clock 24h                     its clock goes forward
//	spotify later                         a minute and more goes by: all that was written has settled
//	spotify quirk NAME=VALUE...           fields of sandbox.Quirks
//	spotify fault METHOD ROUTE [KEY=VALUE...]  see fault
//	spotify mend                          no more faults
//	spotify login USER [LABEL]            stores a login
//	spotify token USER [DENIED...]        sets SPOTSYNC_REFRESH_TOKEN, for a login without the scopes denied
//	spotify revoke USER                   withdraws permission
//	spotify as USER                       whose phone it is from now on
//	spotify id NAME VARIABLE              sets a variable to a playlist's ID
//	spotify forget                        forgets what was asked
//	spotify writes N                      how many writes were sent since; also <=N
//	spotify asked N METHOD ROUTE          how many of one kind
//	spotify await N METHOD ROUTE          waits until so many of one kind came in
//	spotify dump [NAME]                   what is there, to stdout: playlists by name, and songs with the day they were added
func spotifyCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: spotify VERB [ARGUMENT...]")
	}
	s := theirs(ts)
	verb, args := args[0], args[1:]
	if least := map[string]int{"add": 1, "edit": 2, "delete": 1, "withdraw": 1, "clock": 1, "quirk": 1, "fault": 2, "login": 1, "token": 1,
		"revoke": 1, "id": 2, "writes": 1, "asked": 3, "await": 3}[verb]; len(args) < least {
		ts.Fatalf("spotify %s: too few arguments", verb)
	}
	switch verb {
	case "add":
		long := s.started.AddDate(-1, 0, 0)
		var rows []sandbox.Row
		for _, a := range args[1:] {
			rows = append(rows, sandbox.Row{URI: song(a), AddedAt: long})
		}
		s.AddPlaylist(user(ts), sandbox.PlaylistSpec{Name: args[0], Rows: rows})
	case "edit":
		s.edit(ts, args[0], args[1], args[2:])
	case "delete":
		s.Unfollow(user(ts), s.find(ts, args[0]).ID)
	case "withdraw":
		s.Withdraw(song(args[0]))
	case "clock":
		d, err := time.ParseDuration(args[0])
		ts.Check(err)
		s.forward(d)
	case "later":
		s.forward(store.SettlingTime + time.Second)
		ts.Check(forgetSettling(ts.Getenv("SPOTSYNC_DATA_DIR")))
	case "quirk":
		q := s.Quirks()
		for _, a := range args {
			name, value, _ := strings.Cut(a, "=")
			setQuirk(ts, reflect.ValueOf(&q).Elem().FieldByName(name), name, value)
		}
		s.SetQuirks(q)
	case "fault":
		s.Fail(s.fault(ts, args[0], args[1], args[2:]))
	case "mend":
		s.ClearFaults()
	case "login":
		label := "default"
		if len(args) > 1 {
			label = args[1]
		}
		ts.Check(s.logIn(ts.Getenv("SPOTSYNC_CREDENTIALS_FILE"), label, args[0]))
	case "token":
		ts.Setenv("SPOTSYNC_REFRESH_TOKEN", s.token(args[0], args[1:]...))
	case "revoke":
		s.RevokeTokens(args[0])
	case "as":
		s.token(args[0])
		ts.Setenv("SCRIPT_USER", args[0])
	case "id":
		ts.Setenv(args[1], string(s.find(ts, args[0]).ID))
	case "forget":
		s.ResetRequests()
	case "writes":
		compareCount(ts, "writes", s.Writes(), args[0])
	case "asked":
		compareCount(ts, args[1]+" "+args[2], s.Counts()[args[1]+" "+args[2]], args[0])
	case "await":
		n, err := strconv.Atoi(args[0])
		ts.Check(err)
		for end := time.Now().Add(time.Minute); s.Counts()[args[1]+" "+args[2]] < n; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				ts.Fatalf("no %s %s for a minute", args[1], args[2])
			}
		}
	case "dump":
		s.dump(ts, args)
	default:
		ts.Fatalf("spotify %s: unknown", verb)
	}
}

func (s *scriptSpotify) forward(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
}

// forgetSettling takes away what spotsync keeps for [store.SettlingTime] after a write, for its clock can't be moved.
func forgetSettling(data string) error {
	found, err := filepath.Glob(filepath.Join(data, "state", "*", "account-*", "settling"))
	for _, dir := range found {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	return err
}

// user is whose phone it is.
func user(ts *testscript.TestScript) string {
	if u := ts.Getenv("SCRIPT_USER"); u != "" {
		return u
	}
	return sandbox.SandboxUser
}

// song is what a script calls a song; letters are short for URIs.
func song(s string) spotify.URI {
	if len(s) == 1 {
		return spotify.URI("spotify:track:0" + strings.Repeat(s, 21))
	}
	return spotify.URI(s)
}

func shortSong(u spotify.URI) string {
	if id, ok := strings.CutPrefix(string(u), "spotify:track:0"); ok && id == strings.Repeat(id[:1], 21) {
		return id[:1]
	}
	return string(u)
}

func (s *scriptSpotify) find(ts *testscript.TestScript, name string) sandbox.Playlist {
	for _, p := range s.Playlists(user(ts)) {
		if p.Name == name {
			return p
		}
	}
	ts.Fatalf("there is no playlist %q", name)
	panic("unreachable")
}

func (s *scriptSpotify) edit(ts *testscript.TestScript, name, what string, args []string) {
	number := func(i int) int {
		if i >= len(args) {
			ts.Fatalf("edit %s: too few arguments", what)
		}
		n, err := strconv.Atoi(args[i])
		ts.Check(err)
		return n
	}
	rows := func(args []string) (out []sandbox.Row) {
		for _, a := range args {
			out = append(out, sandbox.Row{URI: song(a)})
		}
		return out
	}
	var change func(*sandbox.Playlist)
	switch what {
	case "insert":
		at := number(0)
		change = func(p *sandbox.Playlist) { p.Rows = slices.Insert(p.Rows, at, rows(args[1:])...) }
	case "append":
		change = func(p *sandbox.Playlist) { p.Rows = append(p.Rows, rows(args)...) }
	case "remove":
		at, n := number(0), 1
		if len(args) > 1 {
			n = number(1)
		}
		change = func(p *sandbox.Playlist) { p.Rows = slices.Delete(p.Rows, at, at+n) }
	case "move":
		from, to := number(0), number(1)
		change = func(p *sandbox.Playlist) {
			row := p.Rows[from]
			p.Rows = slices.Insert(slices.Delete(p.Rows, from, from+1), to, row)
		}
	case "rename":
		change = func(p *sandbox.Playlist) { p.Name = args[0] }
	case "describe":
		change = func(p *sandbox.Playlist) { p.Description = args[0] }
	case "public":
		change = func(p *sandbox.Playlist) { p.Public = args[0] == "true" }
	case "clear":
		change = func(p *sandbox.Playlist) { p.Rows = nil }
	default:
		ts.Fatalf("edit %s: unknown", what)
	}
	s.Edit(s.find(ts, name).ID, change)
}

// fault reads a fault: after, drop, cut and garbage as words; status, body, retry-after, reason, delay, times, skip with
// values. kill=KILL or kill=INT sends the running spotsync a signal; edit=NAME:append:B is somebody else's edit meanwhile.
func (s *scriptSpotify) fault(ts *testscript.TestScript, method, route string, args []string) sandbox.Fault {
	f := sandbox.Fault{Method: method, Route: route}
	for _, a := range args {
		key, value, _ := strings.Cut(a, "=")
		number := func() int {
			n, err := strconv.Atoi(value)
			ts.Check(err)
			return n
		}
		switch key {
		case "after":
			f.After = true
		case "drop":
			f.Drop = true
		case "cut":
			f.CutBody = true
		case "garbage":
			f.Garbage = true
		case "status":
			f.Status = number()
		case "times":
			f.Times = number()
		case "skip":
			f.Skip = number()
		case "body":
			f.Body = value
		case "retry-after":
			f.RetryAfter = value
		case "reason":
			f.Reason = value
		case "location":
			f.Header = http.Header{"Location": {value}}
		case "delay":
			d, err := time.ParseDuration(value)
			ts.Check(err)
			f.Delay = d
		case "kill":
			sig := map[string]os.Signal{"KILL": os.Kill, "INT": os.Interrupt}[value]
			if sig == nil {
				ts.Fatalf("fault: kill=%s: KILL or INT", value)
			}
			f.Then = func() { s.signal(sig) }
		case "edit":
			part := strings.Split(value, ":")
			f.Then = func() { s.edit(ts, part[0], part[1], part[2:]) }
		default:
			ts.Fatalf("fault: %s: unknown", key)
		}
	}
	return f
}

// signal sends the spotsync that started last a signal, and gives it the time to come in.
func (s *scriptSpotify) signal(sig os.Signal) {
	data, err := os.ReadFile(s.pidFile)
	if err != nil {
		return
	}
	pid, err := strconv.Atoi(string(data))
	if err != nil {
		return
	}
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Signal(sig) // one that is gone already needs none
	}
	time.Sleep(100 * time.Millisecond)
}

func setQuirk(ts *testscript.TestScript, v reflect.Value, name, value string) {
	if !v.IsValid() {
		ts.Fatalf("there is no quirk %s", name)
	}
	switch v.Interface().(type) {
	case time.Duration:
		d, err := time.ParseDuration(value)
		ts.Check(err)
		v.SetInt(int64(d))
	case bool:
		b, err := strconv.ParseBool(value)
		ts.Check(err)
		v.SetBool(b)
	case int, sandbox.Shape:
		n, err := strconv.Atoi(value)
		ts.Check(err)
		v.SetInt(int64(n))
	default:
		ts.Fatalf("quirk %s can't be set here", name)
	}
}

func compareCount(ts *testscript.TestScript, what string, got int, want string) {
	limit, atMost := strings.CutPrefix(want, "<=")
	n, err := strconv.Atoi(limit)
	ts.Check(err)
	if atMost && got > n || !atMost && got != n {
		ts.Fatalf("%d %s, want %s; all: %v", got, what, want, theirs(ts).Counts())
	}
}

// dump writes what is truly there, as lines.
func (s *scriptSpotify) dump(ts *testscript.TestScript, names []string) {
	all := s.Playlists(user(ts))
	slices.SortStableFunc(all, func(a, b sandbox.Playlist) int { return strings.Compare(a.Name, b.Name) })
	w := ts.Stdout()
	for _, p := range all {
		if len(names) > 0 && !slices.Contains(names, p.Name) {
			continue
		}
		kind := "private"
		switch {
		case p.Collaborative:
			kind = "collaborative"
		case p.Public:
			kind = "public"
		}
		fmt.Fprintf(w, "%s (%s, %d)", p.Name, kind, len(p.Rows))
		if d := strings.TrimSpace(p.Description); d != "" {
			fmt.Fprintf(w, ": %s", d)
		}
		fmt.Fprintln(w)
		for _, r := range p.Rows {
			fmt.Fprintf(w, "  %s %s\n", shortSong(r.URI), s.day(r.AddedAt))
		}
	}
}

// day is when a song was added, in days since the script's start.
func (s *scriptSpotify) day(t time.Time) string {
	hours := t.Sub(s.started).Hours()
	switch {
	case hours < -24:
		return "long ago"
	case hours < 12:
		return "day 0"
	}
	return "day " + strconv.Itoa(int(hours+12)/24)
}
