package statuspage

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/spotsync/spotsync/spotify"
)

// gather are the metrics of ours as lines: name{label=value} number.
func gather(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	var b strings.Builder
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, "spotsync_") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func busyMetrics() *Metrics {
	m := NewMetrics(Build{Version: "0.1.0", Go: "go1.26", Commit: "abc"})
	m.Request(spotify.Request{Method: "GET", Route: "/me/playlists", Status: 200})
	m.Request(spotify.Request{Method: "GET", Route: "/me/playlists", Status: 200})
	m.Request(spotify.Request{Method: "POST", Route: "/playlists/{id}/items"})
	m.Waited(90 * time.Second)
	m.Waited(-time.Hour)
	m.Edit("insert")
	m.Round(Round{Began: pageNow.Add(-time.Minute), Took: 3 * time.Second, Result: RoundOK})
	m.Round(Round{Began: pageNow, Took: 2 * time.Minute, Result: RoundPartly})
	s := sampleStatuses()["mixed"]
	s.Playlists = append(s.Playlists, Playlist{Address: "playlist.still", State: Same, Synced: pageNow})
	m.Status(s)
	return m
}

func TestMetricsLint(t *testing.T) {
	m := busyMetrics()
	families, err := m.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := testutil.GatherAndLint(m.Registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	for _, f := range families {
		name := f.GetName()
		if !strings.HasPrefix(name, "spotsync_") && !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") {
			t.Errorf("%s is nobody's", name)
		}
		if strings.HasPrefix(name, "spotsync_") && !strings.HasSuffix(f.GetHelp(), ".") {
			t.Errorf("%s: help %q is no sentence", name, f.GetHelp())
		}
	}
}

func TestMetrics(t *testing.T) {
	got := gather(t, busyMetrics())
	for _, want := range []string{
		`spotsync_build_info{goversion="go1.26",revision="abc",version="0.1.0"} 1`,
		`spotsync_config_last_reload_successful 1`,
		`spotsync_config_last_reload_success_timestamp_seconds 1.79546124e+09`,
		`spotsync_ready 1`,
		`spotsync_last_round_timestamp_seconds 1.79546856e+09`,
		`spotsync_last_round_success 0`,
		`spotsync_rounds_total{result="ok"} 1`,
		`spotsync_rounds_total{result="partly"} 1`,
		`spotsync_rounds_total{result="login"} 0`,
		`spotsync_round_duration_seconds_bucket{le="5"} 1`,
		`spotsync_round_duration_seconds_sum 123`,
		`spotsync_playlists{state="same"} 1`,
		`spotsync_playlists{state="held"} 2`,
		`spotsync_playlists{state="pending"} 0`,
		`spotsync_playlist_drift{account="default",playlist="playlist.kitchen"} 1`,
		`spotsync_playlist_drift{account="default",playlist="playlist.morning"} 1`,
		`spotsync_playlist_drift{account="",playlist="playlist.still"} 0`,
		`spotsync_playlist_last_sync_timestamp_seconds{account="default",playlist="playlist.evening"} 1.79546826e+09`,
		`spotsync_requests_total{method="GET",route="/me/playlists",status="200"} 2`,
		`spotsync_requests_total{method="POST",route="/playlists/{id}/items",status="none"} 1`,
		`spotsync_rate_limit_wait_seconds_total 90`,
		`spotsync_rate_limited_until_timestamp_seconds 0`,
		`spotsync_quota_shut_until_timestamp_seconds{group="search"} 0`,
		`spotsync_login_end_timestamp_seconds{account="default"} 1.80765084e+09`,
		`spotsync_login_needed{account="kids"} 0`,
		`spotsync_edits_total{kind="insert"} 1`,
		`spotsync_edits_total{kind="move"} 0`,
		`spotsync_requests_per_day_used 604`,
		`spotsync_requests_per_day_limit 1000`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("lacks %s", want)
		}
	}
	for _, not := range []string{`spotsync_playlist_drift{account="default",playlist="playlist.run"}`, // it could not be looked at
		`spotsync_playlist_last_sync_timestamp_seconds{account="default",playlist="playlist.run"}`} {
		if strings.Contains(got, not) {
			t.Errorf("has %s", not)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
}

// What is gone has no series left, and what went wrong shows.
func TestMetricsFollowTheStatus(t *testing.T) {
	m := NewMetrics(Build{})
	if got := gather(t, m); strings.Contains(got, "spotsync_ready") || !strings.Contains(got, `spotsync_rounds_total{result="ok"} 0`) {
		t.Errorf("before the first status: %s", got)
	}
	m.Status(sampleStatus())
	s := sampleStatuses()["limited"]
	s.Playlists, s.Accounts = s.Playlists[:1], s.Accounts[:1]
	s.Config.Problem = "broken"
	s.Playlists[0].Address = "playlist.\xff"
	m.Status(s)
	got := gather(t, m)
	for _, want := range []string{"spotsync_config_last_reload_successful 0\n", "spotsync_ready 0\n", "spotsync_rate_limited_until_timestamp_seconds 1.79547126e+09\n",
		"spotsync_playlist_drift{account=\"default\",playlist=\"playlist.\ufffd\"} 0\n", `spotsync_playlists{state="same"} 1`} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q:\n%s", want, got)
		}
	}
	for _, gone := range []string{"playlist.kitchen", "kids"} {
		if strings.Contains(got, gone) {
			t.Errorf("%s is still there", gone)
		}
	}
}

// Counters never go back, whatever statuses come and go.
func TestMetricsNeverGoBack(t *testing.T) {
	m := busyMetrics()
	counters := func() map[string]float64 {
		families, err := m.Registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		found := make(map[string]float64)
		for _, f := range families {
			if f.GetType().String() != "COUNTER" || !strings.HasPrefix(f.GetName(), "spotsync_") {
				continue
			}
			for _, c := range f.GetMetric() {
				found[f.GetName()+c.String()[:strings.Index(c.String(), "counter")]] = c.GetCounter().GetValue()
			}
		}
		return found
	}
	before := counters()
	if len(before) < 10 {
		t.Fatalf("only %d counters", len(before))
	}
	m.Status(Status{})
	m.Status(sampleStatus())
	m.Waited(-time.Second)
	m.Round(Round{Result: RoundOK})
	after := counters()
	for name, was := range before {
		if is, ok := after[name]; !ok || is < was {
			t.Errorf("%s went from %v to %v", name, was, is)
		}
	}
}
