package sandbox

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestFaults has a line for each way to spoil an add: what the client sees, and whether the song is there.
func TestFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		fault  Fault
		status int    // 0: no answer
		body   string // part of it
		header string // Retry-After
		added  bool
		broken bool // the body can't be read as JSON
	}{
		"before":         {fault: Fault{Status: 500}, status: 500, body: "Server error."},
		"before, said":   {fault: Fault{Before: true, Status: 503}, status: 503, body: "Service Unavailable"},
		"after":          {fault: Fault{After: true, Status: 502}, status: 502, body: "Error while loading", added: true},
		"drop":           {fault: Fault{Drop: true}},
		"drop after":     {fault: Fault{Drop: true, After: true}, added: true},
		"cut":            {fault: Fault{CutBody: true}, status: 201, added: true, broken: true},
		"garbage":        {fault: Fault{Garbage: true}, status: 201, added: true, broken: true},
		"retry after":    {fault: Fault{RetryAfter: "17"}, status: 429, body: "API rate limit exceeded", header: "17"},
		"bad retry":      {fault: Fault{RetryAfter: "soon"}, status: 429, header: "soon"},
		"quota":          {fault: Fault{Reason: "QUOTA_EXCEEDED", RetryAfter: "48925"}, status: 429, body: `"reason":"QUOTA_EXCEEDED"`, header: "48925"},
		"429 after":      {fault: Fault{After: true, Status: 429, RetryAfter: "1"}, status: 429, header: "1", added: true},
		"text":           {fault: Fault{Status: 403, Body: "Active premium"}, status: 403, body: "Active premium", broken: true},
		"header":         {fault: Fault{Header: http.Header{"Retry-After": {"3"}}}, status: 201, header: "3", added: true},
		"other method":   {fault: Fault{Method: "GET", Status: 500}, status: 201, added: true},
		"other route":    {fault: Fault{Route: "/me", Status: 500}, status: 201, added: true},
		"this route":     {fault: Fault{Method: "POST", Route: "/playlists/{id}/items", Status: 500}, status: 500},
		"not the first":  {fault: Fault{Skip: 1, Status: 500}, status: 201, added: true},
		"delay and true": {fault: Fault{Delay: time.Millisecond}, status: 201, added: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, NoQuirks())
			srv := httptest.NewServer(b.Handler())
			defer srv.Close()
			id := b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "x"})
			b.Fail(tt.fault)
			req, err := http.NewRequest("POST", srv.URL+"/v1/playlists/"+string(id)+"/items", strings.NewReader(jsonOf(object{"uris": uris(0, 1)})))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+b.token)
			resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
			switch {
			case tt.status == 0:
				if err == nil {
					t.Errorf("answered %d", resp.StatusCode)
				}
			case err != nil:
				t.Fatal(err)
			default:
				body, err := io.ReadAll(resp.Body)
				if tt.fault.CutBody && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("reading ended with %v", err)
				}
				if resp.StatusCode != tt.status || !strings.Contains(string(body), tt.body) || resp.Header.Get("Retry-After") != tt.header {
					t.Errorf("answered %d %s %v", resp.StatusCode, body, resp.Header)
				}
				if json.Valid(body) == tt.broken {
					t.Errorf("body is %q", body)
				}
			}
			if added := len(b.rows(id)) == 1; added != tt.added {
				t.Errorf("added is %v, want %v", added, tt.added)
			}
			if list := b.Requests(); len(list) != 1 || list[0].Status != tt.status {
				t.Errorf("log: %+v", list)
			}
		})
	}
}

func TestFaultsInTurn(t *testing.T) {
	b := newBench(t, NoQuirks())
	id := b.AddPlaylist(SandboxUser, PlaylistSpec{Name: "x"})
	b.Fail(Fault{Skip: 1, Times: 2, Status: 500})
	b.Fail(Fault{Times: -1, Status: 503})
	for i, want := range []int{503, 500, 500, 503, 503} {
		if got, _ := b.ask("GET", "/me", ""); got != want {
			t.Errorf("request %d: %d, want %d", i, got, want)
		}
	}
	b.ClearFaults()
	b.must("GET", "/me", "")
	edit := func() { b.Edit(id, func(p *Playlist) { p.Rows = append(p.Rows, Row{URI: uri(9)}) }) }
	b.Fail(Fault{Then: edit})
	b.must("POST", "/playlists/"+string(id)+"/items", jsonOf(object{"uris": uris(0, 1)}))
	b.Fail(Fault{After: true, Then: edit})
	b.must("POST", "/playlists/"+string(id)+"/items", jsonOf(object{"uris": uris(1, 2)}))
	b.wantRows(id, uri(9), uri(0), uri(1), uri(9))
	b.Fail(Fault{Route: "/api/token", Status: 503})
	if w := b.raw("POST", "/api/token", "", http.Header{}); w.Code != 503 || !strings.Contains(w.Body.String(), `"error":"server_error"`) {
		t.Errorf("token endpoint: %d %s", w.Code, w.Body)
	}
}

func TestRateLimit(t *testing.T) {
	b := newBench(t, NoQuirks())
	b.AddClient(Client{ID: "other"})
	b.SetRateLimit(2, 30*time.Second)
	b.must("GET", "/me", "")
	b.clock.advance(10 * time.Second)
	b.must("GET", "/me", "")
	w := b.raw("GET", "/me", "", http.Header{"Authorization": {"Bearer " + b.token}})
	if w.Code != 429 || w.Header().Get("Retry-After") != "20" {
		t.Errorf("%d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	mine := b.token
	_, b.token = b.IssueToken(SandboxUser, "other")
	b.must("GET", "/me", "")
	b.token = mine
	b.clock.advance(20 * time.Second)
	b.must("GET", "/me", "")
	b.refused("GET", "/me", "", 429, "API rate limit exceeded")
	b.SetRateLimit(0, 0)
	b.must("GET", "/me", "")
}

// TestLog: what was asked is there, but nothing that opens a door.
func TestLog(t *testing.T) {
	b := newBench(t, NoQuirks())
	b.must("POST", "/me/playlists?x=1", `{"name":"x"}`)
	b.ask("GET", "/nothing", "")
	b.raw("POST", "/api/token", "grant_type=refresh_token&refresh_token=sesame&client_id="+SandboxClientID+"&code_verifier=sesame&code=sesame&client_secret=sesame",
		http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
	b.raw("POST", "/api/token", "%sesame", http.Header{})
	list := b.Requests()
	if len(list) != 4 {
		t.Fatalf("%d requests", len(list))
	}
	r := list[0]
	if r.Method != "POST" || r.Path != "/v1/me/playlists" || r.Route != "/me/playlists" || r.Query.Get("x") != "1" ||
		string(r.Body) != `{"name":"x"}` || r.Status != 201 || r.User != SandboxUser || !r.Time.Equal(noon) {
		t.Errorf("logged %+v", r)
	}
	if all := jsonOf(list); strings.Contains(string(list[2].Body), "sesame") || strings.Contains(string(list[3].Body), "sesame") || strings.Contains(all, b.token) {
		t.Errorf("a secret is in %s", all)
	}
	if !strings.Contains(string(list[2].Body), "grant_type=refresh_token") {
		t.Errorf("form: %s", list[2].Body)
	}
	want := map[string]int{"POST /me/playlists": 1, "GET /v1/nothing": 1, "POST /api/token": 2}
	for k, n := range b.Counts() {
		if want[k] != n {
			t.Errorf("%s counted %d times", k, n)
		}
	}
	if b.Writes() != 1 {
		t.Errorf("%d writes", b.Writes())
	}
	b.ResetRequests()
	if len(b.Requests()) != 0 {
		t.Error("still there")
	}
}
