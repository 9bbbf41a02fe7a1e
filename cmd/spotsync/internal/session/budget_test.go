package session

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/term"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

func TestTakesLine(t *testing.T) {
	for _, test := range []struct {
		takes time.Duration
		known bool
		want  string
	}{
		{want: ""},
		{takes: 30 * time.Second, want: "about 30 seconds at the pace Spotify is assumed to allow"},
		{takes: time.Minute, want: "about 1 minute at the pace Spotify is assumed to allow"},
		{takes: 150 * time.Second, known: true, want: "about 3 minutes at the pace Spotify lately allowed"},
		{takes: 90 * time.Minute, want: "about 90 minutes at the pace Spotify is assumed to allow"},
		{takes: 91 * time.Minute, known: true, want: "about 2 hours at the pace Spotify lately allowed"},
	} {
		if got := takesLine(test.takes, test.known); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
	if got := announcement("This", 402, "about 2 minutes"); got != "This takes 402 requests, about 2 minutes." {
		t.Error(got)
	}
	if got := announcement("This", 402, ""); got != "This takes 402 requests." {
		t.Error(got)
	}
}

// Each app has its own allowance: Spotify's is assumed until it was learned, and on loopback there is none to assume.
func TestTakes(t *testing.T) {
	dir := t.TempDir()
	desired := &config.Desired{Accounts: map[string]config.Account{"kid": {Label: "kid", ClientID: "bbbb"}}}
	edits := func(n int) []reconcile.Edit { return make([]reconcile.Edit, n) }
	p := &reconcile.Plan{Changes: []reconcile.Change{
		{Account: reconcile.DefaultAccount, Edits: edits(200)}, {Account: "kid", Edits: edits(100)}, {Account: reconcile.DefaultAccount, Edits: edits(171)},
	}}
	fresh := func(issuer string) *Session {
		w := &Environment{Issuer: auth.Issuer{Name: issuer}, StateDir: dir, Credentials: dir + "/credentials.json"}
		w.app = &term.App{Getenv: func(string) string { return "" }}
		s := &Session{App: w.app, World: w, limits: make(map[string]*spotify.Limiter)}
		s.Logins = map[string]*Login{reconcile.DefaultAccount: {App: auth.App{ClientID: "aaaa"}}}
		return s
	}
	if got := fresh(auth.Spotify).Takes(p, desired); got != "about 2 minutes at the pace Spotify is assumed to allow" { // 371 by 90 in 30 s: four waits
		t.Error(got)
	}
	if got := fresh(auth.Loopback).Takes(p, desired); got != "" {
		t.Error(got)
	}
	learn := func(issuer, id string, n int) {
		if err := store.OpenLimits(store.OS{}, dir, issuer, id).SetAllowance(spotify.Allowance{Requests: n, Time: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	learn(auth.Loopback, "bbbb", 20)
	if got := fresh(auth.Loopback).Takes(p, desired); got != "about 2 minutes at the pace Spotify lately allowed" {
		t.Error(got)
	}
	learn(auth.Spotify, "aaaa", 400)
	learn(auth.Spotify, "bbbb", 99)
	if got := fresh(auth.Spotify).Takes(p, desired); got != "about 30 seconds at the pace Spotify lately allowed" {
		t.Error(got)
	}
}

// --parallelism bounds the requests under way of the whole run, whoever's they are.
func TestParallelismIsOneBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Session{World: &Environment{Issuer: auth.Issuer{Name: auth.Loopback}, StateDir: t.TempDir()}, limits: make(map[string]*spotify.Limiter)}
		s.Options.Parallelism = 3
		var mu sync.Mutex
		now, most := 0, 0
		answer := roundTripper(func(*http.Request) (*http.Response, error) {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			now--
			mu.Unlock()
			return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
		})
		var group sync.WaitGroup
		for _, id := range []string{"aaaa", "aaaa", "bbbb", "cccc"} { // two accounts of one app, and other apps
			c := &spotify.Client{HTTP: &http.Client{Transport: answer}, Limiter: s.Limiter(id)}
			for range 4 {
				group.Go(func() {
					if err := c.Save(t.Context(), "spotify:track:a"); err != nil {
						t.Error(err)
					}
				})
			}
		}
		group.Wait()
		if most != 3 || len(s.limits) != 3 {
			t.Errorf("%d at once, %d limiters", most, len(s.limits))
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
