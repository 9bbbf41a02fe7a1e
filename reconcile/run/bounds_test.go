package run

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/spotsync/spotsync/config/longtest"
	"github.com/spotsync/spotsync/reconcile/apply"
	"github.com/spotsync/spotsync/spotify"
	"github.com/spotsync/spotsync/spotify/sandbox"
)

// adversary is a connection to Spotify on which anything may go wrong, again and again.
type adversary struct {
	w       *world
	rng     *rand.Rand
	weights []int // of answers, in the order of answerKinds
	sent    int
	writes  int
	failed  map[string]int // by method, path and body: how often a write did not answer with success
	refused map[string]int // how often it was refused
	edits   int
}

var answerKinds = []string{"true answer", "500", "500 after the effect", "502", "dropped", "dropped after the effect", "senseless answer",
	"non-existing ID", "bad request", "forbidden", "429", "somebody's edit", "slow"}

func (x *adversary) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	key := fmt.Sprintf("%s %s %s", req.Method, req.URL.RequestURI(), body)
	write := req.Method != http.MethodGet
	x.sent++
	if write {
		x.writes++
	}
	r, err := x.answer(req, write)
	if write && (err != nil || r.StatusCode >= 400 && r.StatusCode != http.StatusTooManyRequests) {
		x.failed[key]++
		if err == nil && r.StatusCode < 500 {
			x.refused[key]++
		}
	}
	return r, err
}

func (x *adversary) answer(req *http.Request, write bool) (*http.Response, error) {
	sum := 0
	for _, n := range x.weights {
		sum += n
	}
	kind, n := answerKinds[0], x.rng.IntN(max(1, sum))
	for i, weight := range x.weights {
		if n -= weight; n < 0 && sum > 0 {
			kind = answerKinds[i]
			break
		}
	}
	serve := func() (*http.Response, error) { return (&wire{server: x.w.server}).RoundTrip(req) }
	failure := func(status int, message string) (*http.Response, error) {
		return respond(req, status, fmt.Sprintf(`{"error":{"status":%d,"message":%q}}`, status, message)), nil
	}
	if strings.HasSuffix(req.URL.Path, "/me") {
		return serve()
	}
	switch kind {
	case "500":
		return failure(500, "Server error.")
	case "502":
		return failure(502, "Error while loading resource")
	case "500 after the effect":
		_, _ = serve()
		return failure(500, "Server error.")
	case "dropped":
		return nil, io.ErrUnexpectedEOF
	case "dropped after the effect":
		_, _ = serve()
		return nil, io.ErrUnexpectedEOF
	case "senseless answer":
		r, err := serve()
		if err == nil {
			r.Body = io.NopCloser(strings.NewReader("<html>"))
		}
		return r, err
	case "non-existing ID":
		if write {
			return failure(400, "Payload contains a non-existing ID")
		}
	case "bad request":
		if write {
			return failure(400, "Bad request.")
		}
	case "forbidden":
		if write {
			return failure(403, "Forbidden.")
		}
	case "429":
		r, err := failure(429, "API rate limit exceeded")
		r.Header.Set("Retry-After", "3")
		return r, err
	case "somebody's edit":
		x.edits++
		for _, p := range x.w.server.Playlists(x.w.user) {
			x.w.server.Edit(p.ID, func(p *sandbox.Playlist) {
				switch x.rng.IntN(3) {
				case 0:
					p.Rows = slices.Insert(p.Rows, x.rng.IntN(len(p.Rows)+1), sandbox.Row{URI: song(100 + x.rng.IntN(5))})
				case 1:
					x.rng.Shuffle(len(p.Rows), func(i, j int) { p.Rows[i], p.Rows[j] = p.Rows[j], p.Rows[i] })
				default:
					p.Rows = p.Rows[:len(p.Rows)/2]
				}
			})
		}
	case "slow":
		time.Sleep(7 * time.Second)
	}
	return serve()
}

// TestRequestsAreBounded: whatever Spotify answers, a run ends, sends no more than its plan allows, and sends nothing again
// that failed twice or was refused.
func TestRequestsAreBounded(t *testing.T) {
	longtest.Check(t, 10, 100, func(rt *rapid.T) {
		items := rapid.SliceOfN(rapid.SampledFrom(append(songs(1, 2, 3, 4, 5, 6, 7), talk(1), talk(2), talk(3))), 0, 12)
		before, after := items.Draw(rt, "before"), items.Draw(rt, "after")
		gone := rapid.SliceOfN(rapid.SampledFrom(append(songs(1, 2, 3), talk(1), talk(2))), 0, 3).Draw(rt, "withdrawn")
		lines := []string{fmt.Sprintf("keep_dates = %q", rapid.SampledFrom([]string{"never", "always"}).Draw(rt, "keep_dates"))}
		if rapid.Bool().Draw(rt, "drop_opaque") {
			lines = append(lines, "lifecycle {\n drop_opaque = true\n}")
		}
		described := append(slices.Clone(lines), rapid.SampledFrom([]string{`description = "Mine"`, `description = "see https://example.com"`, "public = true"}).Draw(rt, "line"))
		create := rapid.Bool().Draw(rt, "create")
		nulls := rapid.Bool().Draw(rt, "null items")
		seed := rapid.Uint64().Draw(rt, "seed")
		weights := rapid.SliceOfN(rapid.SampledFrom([]int{0, 0, 0, 1, 5}), len(answerKinds), len(answerKinds)).Draw(rt, "weights")
		weights[0] = max(weights[0], rapid.SampledFrom([]int{0, 1, 10, 40}).Draw(rt, "how often all is well"))
		var wrong string
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, block("a", "A", before, lines...))
			w.force = true
			w.server.SetQuirks(func() sandbox.Quirks { q := sandbox.DefaultQuirks(); q.NullItems = nulls; return q }())
			if !create {
				w.mustApply()
				time.Sleep(2 * time.Minute)
			}
			for _, u := range gone {
				w.server.Withdraw(u)
			}
			w.hcl = block("a", "B", after, described...)
			s, err := w.open(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			got, diags, err := s.makePlan(context.Background())
			if err != nil || diags.HasErrors() || len(got.Plan.Refusals) > 0 || len(got.Plan.Changes) == 0 {
				t.Fatal(err, diags, describe(got.plan()))
			}
			most := apply.MostRequests(got.Plan.Changes[0])
			x := &adversary{w: w, rng: rand.New(rand.NewPCG(seed, 1)), weights: weights, failed: map[string]int{}, refused: map[string]int{}}
			s.client.HTTP = &http.Client{Transport: bearer{s.client.HTTP.Transport.(bearer).token, x}}
			res, err := s.do(context.Background(), got)
			const limits = 5 // a request that is answered 429 is sent so often by the client
			if x.writes > limits*(most+2) {
				wrong += fmt.Sprintf("%d writes, more than %d\n", x.writes, most+2)
			}
			// Each write that is lost is looked into, six times at most, by a read that is tried a few times.
			if reads := x.sent - x.writes; reads > 40*(most+10) {
				wrong += fmt.Sprintf("%d reads for %d writes\n", reads, x.writes)
			}
			for key, n := range x.failed {
				// Taken apart, an insertion of a song wanted twice sends the same twice.
				copies := 1
				for _, u := range after {
					if strings.Contains(key, fmt.Sprintf("[%q]", u)) {
						copies = count(after, u)
					}
				}
				if n > copies*apply.MaxSame || x.refused[key] > copies {
					wrong += fmt.Sprintf("failed %d times, refused %d times: %s\n", n, x.refused[key], key)
				}
			}
			if wrong != "" {
				wrong += fmt.Sprintf("%v %v\n%s", res, err, describe(got.plan()))
				for _, r := range w.server.Requests() {
					wrong += fmt.Sprintf("%s %s %s %.200s -> %d\n", r.Time.Format("15:04:05.000"), r.Method, r.Path, r.Body, r.Status)
				}
				return
			}
			if create && x.edits > 0 {
				return // what was created and filled by others while its ID was lost is for a person to decide about
			}
			// With Spotify well again the next runs finish.
			for _, u := range gone {
				w.server.Restore(u)
			}
			w.events = nil
			for range 6 {
				time.Sleep(8 * 24 * time.Hour)
				if r := w.apply(); r.failed() == nil && r.plan.Empty() {
					return
				}
			}
			r := w.plan()
			wrong = fmt.Sprintf("it does not converge: %v\n%s", r.failed(), describe(r.plan))
		})
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
}

// TestWithdrawnInPlaceIsLeftAlone: an item that Spotify refuses and that is in the playlist can't be left out. It stays, and
// the edit is made around it.
func TestWithdrawnInPlaceIsLeftAlone(t *testing.T) {
	twice := func(u spotify.URI) []spotify.URI { return []spotify.URI{song(1), u, song(2), u, song(3)} }
	for name, bad := range map[string]spotify.URI{"episode": talk(1), "track": song(9)} {
		for _, c := range []struct {
			name          string
			before, after []spotify.URI
			want          []spotify.URI
		}{
			{"reordered", []spotify.URI{song(1), bad, song(2), song(3)}, []spotify.URI{song(3), song(2), bad, song(1)}, []spotify.URI{song(3), song(2), bad, song(1)}},
			{"others exchanged", []spotify.URI{song(1), bad, song(2)}, []spotify.URI{song(7), bad, song(8)}, []spotify.URI{song(7), bad, song(8)}},
			{"one more copy", []spotify.URI{song(1), bad, song(2)}, []spotify.URI{bad, song(2), song(1), bad}, []spotify.URI{bad, song(2), song(1)}},
			{"one copy less", twice(bad), []spotify.URI{song(3), bad, song(2), song(1)}, nil},
			{"taken out", []spotify.URI{song(1), bad, song(2)}, songs(2, 1), songs(2, 1)},
			{"beside a new one", []spotify.URI{song(1), bad, song(2)}, []spotify.URI{song(2), bad, talk(2), song(1)}, []spotify.URI{song(2), bad, song(1)}},
		} {
			t.Run(name+" "+c.name, func(t *testing.T) {
				inWorld(t, block("a", "A", c.before, `keep_dates = "never"`), func(t *testing.T, w *world) {
					w.quirks(func(q *sandbox.Quirks) { q.NullItems = false })
					w.force = true
					w.mustApply()
					time.Sleep(2 * time.Minute)
					w.mustApply()
					w.server.Withdraw(bad)
					w.server.Withdraw(talk(2))
					w.server.ResetRequests()
					w.hcl = block("a", "A", c.after, `keep_dates = "never"`)
					w.mustApply()
					if n := len(w.server.Requests()); n > 40 {
						t.Errorf("%d requests", n)
					}
					if c.want != nil {
						w.holds("playlist.a", c.want...)
					} else if left := rowURIs(w.there("playlist.a")); countOf(left, bad) != 2 || len(slices.Compact(slices.Sorted(slices.Values(left)))) != 4 {
						t.Errorf("it holds %v", rowURIs(w.there("playlist.a")))
					}
					w.converged()
				})
			})
		}
	}
}

func countOf(list []spotify.URI, u spotify.URI) (n int) {
	for _, x := range list {
		if x == u {
			n++
		}
	}
	return n
}

// count is how often a list holds an item.
func count(list []spotify.URI, u spotify.URI) (n int) {
	for _, x := range list {
		if x == u {
			n++
		}
	}
	return n
}
