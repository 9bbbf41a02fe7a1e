package statuspage

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/spotsync/spotsync/reconcile/edit"
	"github.com/spotsync/spotsync/spotify"
)

// Metrics counts what a daemon does and shows how it stands, for Prometheus. What happens is counted when it
// happens; how things are is read off the last Status, whole, at each scrape, so that a playlist or account that is
// gone takes its series with it and no scrape meets half of a change.
type Metrics struct {
	Registry *prometheus.Registry

	rounds      *prometheus.CounterVec
	took        prometheus.Histogram
	roundEnd    prometheus.Gauge
	roundOK     prometheus.Gauge
	requests    *prometheus.CounterVec
	waitSeconds prometheus.Counter
	edits       *prometheus.CounterVec

	mu   sync.Mutex
	last *Status // nil until the first is told
}

// RoundResults are how a round can end; all are shown from the start, or the first failure would not look like a rise.
var RoundResults = []Result{RoundOK, RoundChanged, RoundPartly, RoundFailed, RoundLimited, RoundLogin, RoundRefused, RoundStopped}

// States are the states of a playlist, in the order of how much they want a person.
var States = []PlaylistState{Failed, Braked, Held, Drift, Unknown, Pending, Same}

// The gauges that a status fills.
var (
	descConfigOK    = prometheus.NewDesc("spotsync_config_last_reload_successful", "Whether the configuration had no errors when it was last read.", nil, nil)
	descConfigGood  = prometheus.NewDesc("spotsync_config_last_reload_success_timestamp_seconds", "When the configuration was last read without errors.", nil, nil)
	descReady       = prometheus.NewDesc("spotsync_ready", "Whether /readyz says that the daemon does its work.", nil, nil)
	descPlaylists   = prometheus.NewDesc("spotsync_playlists", "Managed playlists, by state.", []string{"state"}, nil)
	descDrift       = prometheus.NewDesc("spotsync_playlist_drift", "Whether the playlist on Spotify differs from the files; missing while that is not known.", []string{"playlist", "account"}, nil)
	descSync        = prometheus.NewDesc("spotsync_playlist_last_sync_timestamp_seconds", "When the playlist was last seen to be as the files say.", []string{"playlist", "account"}, nil)
	descLimited     = prometheus.NewDesc("spotsync_rate_limited_until_timestamp_seconds", "Until when Spotify wants no requests about playlists; 0 while it takes them.", nil, nil)
	descShut        = prometheus.NewDesc("spotsync_quota_shut_until_timestamp_seconds", "Until when Spotify wants no requests of a group of routes, whose quota is used up; 0 while it takes them.", []string{"group"}, nil)
	descLoginEnd    = prometheus.NewDesc("spotsync_login_end_timestamp_seconds", "When the login of the account ends; missing while that is not known.", []string{"account"}, nil)
	descLoginNeeded = prometheus.NewDesc("spotsync_login_needed", "Whether a person must log in to the account.", []string{"account"}, nil)
	descPerDay      = prometheus.NewDesc("spotsync_requests_per_day_used", "Requests sent in the last 24 hours.", nil, nil)
	descPerDayLimit = prometheus.NewDesc("spotsync_requests_per_day_limit", "Requests in 24 hours that the daemon means to stay under.", nil, nil)
)

// Build says which program this is.
type Build struct{ Version, Go, Commit string }

func NewMetrics(v Build) *Metrics {
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		rounds:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "spotsync_rounds_total", Help: "Rounds ended, by result."}, []string{"result"}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "spotsync_round_duration_seconds", Help: "How long rounds took.",
			Buckets: []float64{0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800}}), // the long ones sat out a rate limit
		roundEnd: prometheus.NewGauge(prometheus.GaugeOpts{Name: "spotsync_last_round_timestamp_seconds", Help: "When the last round ended."}),
		roundOK:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "spotsync_last_round_success", Help: "Whether the last round did all that was to be done."}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "spotsync_requests_total",
			Help: "Requests to Spotify, by method, route and status; status none where no answer came."}, []string{"method", "route", "status"}),
		waitSeconds: prometheus.NewCounter(prometheus.CounterOpts{Name: "spotsync_rate_limit_wait_seconds_total", Help: "Time spent waiting because Spotify asked for it."}),
		edits:       prometheus.NewCounterVec(prometheus.CounterOpts{Name: "spotsync_edits_total", Help: "Edits applied to playlists, by kind."}, []string{"kind"}),
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{Name: "spotsync_build_info", Help: "Always 1; the labels say which spotsync this is.",
		ConstLabels: prometheus.Labels{"version": v.Version, "goversion": v.Go, "revision": v.Commit}})
	info.Set(1)
	m.Registry.MustRegister(info, m.rounds, m.took, m.roundEnd, m.roundOK, m.requests, m.waitSeconds, m.edits, statusCollector{m},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, r := range RoundResults {
		m.rounds.WithLabelValues(string(r))
	}
	for _, k := range []edit.Kind{edit.Insert, edit.Remove, edit.Move, edit.Replace} {
		m.edits.WithLabelValues(string(k))
	}
	return m
}

// Handler serves the metrics. One that can't be gathered does not take the others with it.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// Request counts one attempt.
func (m *Metrics) Request(r spotify.Request) {
	status := "none"
	if r.Status != 0 {
		status = strconv.Itoa(r.Status)
	}
	m.requests.WithLabelValues(r.Method, r.Route, status).Inc()
}

// Waited counts time that a rate limit took.
func (m *Metrics) Waited(d time.Duration) {
	if d > 0 { // a counter never goes back
		m.waitSeconds.Add(d.Seconds())
	}
}

// Round counts a round that has ended.
func (m *Metrics) Round(r Round) {
	m.rounds.WithLabelValues(string(r.Result)).Inc()
	m.took.Observe(r.Took.Seconds())
	m.roundEnd.Set(seconds(r.Began.Add(r.Took)))
	m.roundOK.Set(yes(r.Result == RoundOK || r.Result == RoundChanged))
}

// Edit counts one edit that Spotify has accepted.
func (m *Metrics) Edit(kind string) { m.edits.WithLabelValues(kind).Inc() }

// Status tells how the daemon stands now.
func (m *Metrics) Status(s Status) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = &s
}

// statusCollector turns the last status into gauges.
type statusCollector struct{ m *Metrics }

func (c statusCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descConfigOK, descConfigGood, descReady, descPlaylists, descDrift, descSync, descLimited, descShut, descLoginEnd,
		descLoginNeeded, descPerDay, descPerDayLimit} {
		ch <- d
	}
}

func (c statusCollector) Collect(ch chan<- prometheus.Metric) {
	c.m.mu.Lock()
	s := c.m.last
	c.m.mu.Unlock()
	if s == nil {
		return
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		for i, l := range labels {
			labels[i] = strings.ToValidUTF8(l, "\ufffd")
		}
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(descConfigOK, yes(s.Config.Problem == "" && !s.Config.Good.IsZero()))
	gauge(descConfigGood, seconds(s.Config.Good))
	gauge(descReady, yes(len(s.Reasons) == 0))
	gauge(descPerDay, float64(s.Requests))
	gauge(descPerDayLimit, float64(s.RequestsPerDay))
	var limited time.Time
	shut := make(map[spotify.Group]time.Time)
	for _, a := range s.Accounts {
		if a.NotBefore.After(limited) && a.NotBefore.After(s.Now) {
			limited = a.NotBefore
			shut[spotify.GroupPlaylists] = limited
		}
		for _, h := range stillShut(a.Shut, s.Now) {
			if h.Until.After(shut[h.Group]) {
				shut[h.Group] = h.Until
			}
		}
		if !a.Ends.IsZero() {
			gauge(descLoginEnd, seconds(a.Ends), a.Label)
		}
		gauge(descLoginNeeded, yes(a.NeedsLogin), a.Label)
	}
	gauge(descLimited, seconds(limited))
	for _, g := range spotify.Groups() {
		gauge(descShut, seconds(shut[g]), string(g))
	}
	count := make(map[PlaylistState]int)
	for _, p := range s.Playlists {
		count[p.State]++
		if differs, known := p.drift(); known {
			gauge(descDrift, yes(differs), p.Address, p.Account)
		}
		if !p.Synced.IsZero() {
			gauge(descSync, seconds(p.Synced), p.Address, p.Account)
		}
	}
	for _, state := range States {
		gauge(descPlaylists, float64(count[state]), string(state))
	}
}

// drift is whether Spotify's playlist differs from the files, and whether that is known.
func (p Playlist) drift() (differs, known bool) {
	switch {
	case len(p.Changes) > 0, p.State == Drift, p.State == Pending, p.State == Braked:
		return true, true
	case p.State == Same:
		return false, true
	}
	return false, false
}

// seconds are a time as Prometheus wants it; 0 for none.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

func yes(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
