package run

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spotsync/spotsync/config/longtest"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/apply"
	"github.com/spotsync/spotsync/spotify"
)

// poison answers 502 to each write that names one of some items, or to all.
type poison struct {
	w     *world
	items []spotify.URI
	all   bool
	fails map[string]int
	sent  int
}

func (x *poison) RoundTrip(req *http.Request) (*http.Response, error) {
	x.sent++
	if strings.HasSuffix(req.URL.Path, "/items") && req.Method != http.MethodGet {
		body, _ := io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(body))
		if x.all || slices.ContainsFunc(x.items, func(u spotify.URI) bool { return strings.Contains(string(body), string(u)) }) {
			x.fails[fmt.Sprintf("%s %s %s", req.Method, req.URL.Path, body)]++
			return respond(req, 502, `{"error":{"status":502,"message":"Bad gateway."}}`), nil
		}
	}
	return (&wire{server: x.w.server}).RoundTrip(req)
}

// applyOver applies over another connection.
func (w *world) applyOver(x *poison) *reconcile.Result {
	x.w, x.fails = w, make(map[string]int)
	s, err := w.open(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	got, diags, err := s.makePlan(context.Background())
	if err != nil || diags.HasErrors() || len(got.Plan.Refusals) > 0 {
		w.t.Fatal(err, diags, describe(got.plan()))
	}
	s.client.HTTP = &http.Client{Transport: bearer{s.client.HTTP.Transport.(bearer).token, x}}
	res, err := s.do(context.Background(), got)
	if err != nil {
		w.t.Fatal(err)
	}
	for key, n := range x.fails {
		if n > apply.MaxSame {
			w.t.Errorf("failed %d times: %s", n, key)
		}
	}
	return res
}

// TestFailingInsertIsTakenApart: an item that makes Spotify fail to add it is found and left out, the rest is added in order.
func TestFailingInsertIsTakenApart(t *testing.T) {
	many := make([]spotify.URI, 100)
	for i := range many {
		many[i] = song(200 + i)
	}
	for i, c := range []struct {
		name       string
		there, new []spotify.URI
		bad        []spotify.URI
		gone       bool // looking it up tells
	}{
		{"alone", nil, songs(7), songs(7), true},
		{"between others", nil, songs(1, 7, 2), songs(7), true},
		{"several", songs(9), songs(1, 7, 2, 8, 9), songs(7, 8), true},
		{"twice", nil, songs(7, 1, 7), songs(7), true},
		{"in the middle", songs(1, 2), songs(1, 7, 3, 2), songs(7), true},
		{"one of a hundred", nil, many, many[67:68], true},
		{"two of a hundred", nil, many, []spotify.URI{many[3], many[98]}, true},
		{"not to be told by looking", nil, songs(1, 7, 2), songs(7), false},
		{"one of a hundred, not to be told by looking", nil, many, many[67:68], false},
		{"the first, at the front", songs(1), songs(7, 3, 1), songs(7), false},
	} {
		for j, keep := range []string{"always", "never"} {
			t.Run(c.name+" "+keep, func(t *testing.T) {
				longtest.OneIn(t, 4, i+2*j)
				line := fmt.Sprintf("keep_dates = %q", keep)
				inWorld(t, block("a", "A", c.there, line), func(t *testing.T, w *world) {
					w.mustApply()
					time.Sleep(2 * time.Minute)
					w.hcl = block("a", "A", c.new, line)
					if c.gone {
						for _, u := range c.bad {
							w.server.Withdraw(u)
						}
					}
					x := &poison{items: c.bad}
					if res := w.applyOver(x); len(res.Failures) > 0 {
						t.Fatal(res.Failures)
					}
					w.holds("playlist.a", slices.DeleteFunc(slices.Clone(c.new), func(u spotify.URI) bool { return slices.Contains(c.bad, u) })...)
					for _, u := range c.bad {
						if !strings.Contains(w.lockText(), string(u)) || !w.warned(string(u)) {
							t.Errorf("%s is not noted in the lock file, or not warned of", u)
						}
					}
					if x.sent > 2*len(c.new)+60 {
						t.Errorf("%d requests", x.sent)
					}
					w.converged()
				})
			})
		}
	}
}

// TestSpotifyDownLeavesNothingOut: where nothing gets through no item is to blame.
func TestSpotifyDownLeavesNothingOut(t *testing.T) {
	for _, there := range [][]spotify.URI{nil, songs(8, 9)} {
		for _, n := range []int{1, 2, 50} {
			t.Run(fmt.Sprint(len(there), n), func(t *testing.T) {
				inWorld(t, block("a", "A", there), func(t *testing.T, w *world) {
					w.mustApply()
					time.Sleep(2 * time.Minute)
					want := slices.Clone(there)
					for i := range n {
						want = append(want, song(200+i))
					}
					w.hcl = block("a", "A", want)
					x := &poison{all: true}
					res := w.applyOver(x)
					if len(res.Failures) != 1 || !strings.Contains(res.Failures[0].Err.Error(), "Spotify failed 2 times to add items") {
						t.Fatal(res.Failures)
					}
					if strings.Contains(w.lockText(), "withdrawn") || x.sent > n+60 {
						t.Errorf("%d requests\n%s", x.sent, w.lockText())
					}
					time.Sleep(2 * time.Minute)
					w.mustApply()
					w.holds("playlist.a", want...)
				})
			})
		}
	}
}
