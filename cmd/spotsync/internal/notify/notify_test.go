package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/schematest"
)

// noticesTo makes a notifier whose requests are answered by a function, and the log it writes.
func noticesTo(t *testing.T, rawURL string, answer func(*http.Request) (*http.Response, error)) (*Notifier, *bytes.Buffer) {
	t.Helper()
	log := new(bytes.Buffer)
	n, err := New(rawURL, "attic", "spotsync/1", zerolog.New(log), roundTrip(answer))
	if err != nil {
		t.Fatal(err)
	}
	return n, log
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func noticeResponse(code int, header http.Header, body string) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: code, Status: fmt.Sprintf("%d %s", code, http.StatusText(code)), Header: header, Body: io.NopCloser(strings.NewReader(body))}
}

func postedTitle(t *testing.T, req *http.Request) string {
	t.Helper()
	var b Body
	if err := json.NewDecoder(req.Body).Decode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Title
}

var someNotice = Notice{Kind: Heal, Time: time.Date(2026, 11, 23, 21, 14, 5, 7, time.UTC), Title: `"Morning" was changed elsewhere and is as before again`,
	Text: "2 songs were gone.", Playlist: "playlist.morning", Account: "default", Details: []string{"2 added", "1 moved"}}

func TestNoticeArrives(t *testing.T) {
	got := make(chan *http.Request, 1)
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		got <- r
	}))
	defer server.Close()
	n, err := New(server.URL+"/hooks/0123456789?key=abcdef", "attic", "spotsync/1", zerolog.Nop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { n.Run(ctx); close(done) }()
	n.Send(someNotice)
	r := <-got
	cancel()
	<-done
	if r.Method != http.MethodPost || r.URL.String() != "/hooks/0123456789?key=abcdef" || r.Header.Get("Content-Type") != "application/json; charset=utf-8" ||
		r.Header.Get("Authorization") != "" || !strings.HasPrefix(r.Header.Get("User-Agent"), "spotsync/") {
		t.Errorf("%s %s with %v", r.Method, r.URL, r.Header)
	}
	const text = `\"Morning\" was changed elsewhere and is as before again\n2 songs were gone.\n• 2 added\n• 1 moved`
	want := `{"format_version":"1.0","kind":"heal","time":"2026-11-23T21:14:05Z","host":"attic","title":"\"Morning\" was changed elsewhere and is as before again",` +
		`"text":"` + text + `","content":"` + text + `","playlist":"playlist.morning","account":"default","details":["2 added","1 moved"],"allowed_mentions":{"parse":[]}}`
	if d := cmp.Diff(want, string(body)); d != "" {
		t.Error(d)
	}
}

// Whatever playlists are called, a notice is as docs/notify.schema.json says and calls nobody.
func TestNoticeSchema(t *testing.T) {
	s := schematest.Load(t, "notify.schema.json")
	long := Notice{Kind: Failure, Title: strings.Repeat("é", 999), Text: strings.Repeat("<!channel> @everyone ", 999)}
	for range 70 {
		long.Details = append(long.Details, strings.Repeat("@here", 99))
	}
	for name, x := range map[string]Notice{"full": someNotice, "least": {Kind: Test, Title: "x"}, "long": long,
		"mentions": {Kind: Change, Title: "@everyone", Text: "<@U123> <!here>", Details: []string{"@channel"}}} {
		data, err := x.body("")
		if err != nil {
			t.Fatal(err)
		}
		schematest.Valid(t, s, data)
		var b Body
		if err := json.Unmarshal(data, &b); err != nil {
			t.Fatal(err)
		}
		for _, called := range []string{"@everyone", "@here", "@channel", "<@U", "<!"} {
			if strings.Contains(b.Text+b.Content, called) {
				t.Errorf("%s calls %s: %s", name, called, data)
			}
		}
	}
	if err := schematest.Validate(s, []byte(`{"format_version":"1.0","kind":"party","time":"2026-11-23T21:14:05Z","title":"x","text":"x","content":"x","allowed_mentions":{"parse":[]}}`)); err == nil {
		t.Error("the schema takes any kind")
	}
}

func TestNoticeAddresses(t *testing.T) {
	for _, c := range []struct {
		url string
		ok  bool
	}{
		{"https://hooks.slack.com/services/T0/B0/secret99", true},
		{"https://user:secret99@ntfy.example.org/music", true},
		{"http://127.0.0.1:8080/secret99", true},
		{"http://[::1]/secret99", true},
		{"http://192.168.1.5/secret99", true},
		{"http://gotify/message?token=secret99", true}, // what it means is seen when it is dialled
		{"http://203.0.113.5/secret99", false},
		{"http://[2001:db8::1]/secret99", false},
		{"ftp://127.0.0.1/secret99", false},
		{"file:///secret99", false},
		{"hooks.example.org/secret99", false},
		{"https:secret99", false},
		{"https://%zz/secret99", false},
	} {
		n, err := New(c.url, "", "", zerolog.Nop(), nil)
		if (err == nil) != c.ok || (n != nil) != c.ok {
			t.Errorf("%s: %v", c.url, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret99") {
			t.Errorf("the message shows the address: %v", err)
		}
	}
	n, err := New("", "", "", zerolog.Nop(), nil)
	if n != nil || err != nil {
		t.Errorf("no address makes %v, %v", n, err)
	}
	n.Send(someNotice) // to nobody
	n.Run(t.Context())
}

// A name that leads out of the local network is not followed without encryption.
func TestNoticeNotInTheOpen(t *testing.T) {
	for address, ok := range map[string]bool{"203.0.113.5:80": false, "[2001:db8::1]:80": false, "[::ffff:203.0.113.5]:80": false, "0.0.0.0:80": false,
		"127.0.0.1:80": true, "[::1]:80": true, "10.1.2.3:80": true, "192.168.1.5:80": true, "[fd00::1]:80": true, "[fe80::1%eth0]:80": true} {
		if err := onlyPrivate("tcp", address, nil); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
	if transport("http").(*http.Transport).Proxy != nil {
		t.Error("what is meant for the local network goes by a proxy")
	}
	n, log := noticesTo(t, "http://gotify/", func(*http.Request) (*http.Response, error) { return nil, errNoticeInTheOpen })
	if !n.deliver(t.Context(), someNotice) || strings.Count(log.String(), "\n") != 1 {
		t.Errorf("it was tried again: %s", log)
	}
}

// What may pass is waited for, longer each time and as long as the receiver says; what can't is not tried again.
func TestNoticeRetries(t *testing.T) {
	network := errors.New("connection refused")
	for _, c := range []struct {
		name    string
		answers []any // a status, a network error, or a Retry-After with 429; the last stands for all further
		want    []int // seconds before each try
		log     string
	}{
		{"ok", []any{204}, []int{0}, ""},
		{"passing", []any{503, network, 500, 200}, []int{0, 2, 4, 8}, ""},
		{"told when", []any{"7", "0.5", "junk", "-3", "99999", 200}, []int{0, 7, 4, 8, 16, 3600}, ""},
		{"wrong", []any{404}, []int{0}, "could not be delivered."},
		{"forbidden", []any{403}, []int{0}, "could not be delivered."},
		{"elsewhere", []any{302}, []int{0}, "sends us to https://elsewhere.example"},
		{"never", []any{500}, []int{0, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300}, `"tries":12`},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var tries []int
				last := time.Now()
				n, log := noticesTo(t, "https://hooks.example.org/services/secret99", func(*http.Request) (*http.Response, error) {
					answer := c.answers[min(len(tries), len(c.answers)-1)]
					tries = append(tries, int(time.Since(last)/time.Second))
					last = time.Now()
					switch answer := answer.(type) {
					case int:
						return noticeResponse(answer, http.Header{"Location": {"https://elsewhere.example/secret99"}}, "no POST /services/secret99 here"), nil
					case string:
						return noticeResponse(429, http.Header{"Retry-After": {answer}}, ""), nil
					case error:
						return nil, answer
					}
					return nil, nil
				})
				if !n.deliver(t.Context(), someNotice) {
					t.Error("it was interrupted")
				}
				if d := cmp.Diff(c.want, tries); d != "" {
					t.Error(d)
				}
				if !strings.Contains(log.String(), c.log) || strings.Contains(log.String(), "secret99") || strings.Contains(log.String(), "Post ") {
					t.Errorf("log: %s", log)
				}
			})
		})
	}
}

// A receiver may send on within itself, and nowhere else.
func TestNoticeRedirects(t *testing.T) {
	for _, c := range []struct {
		code  int
		to    string
		reach []string
	}{
		{308, "https://hooks.example.org/new", []string{"hooks.example.org/old", "hooks.example.org/new"}},
		{307, "/new", []string{"hooks.example.org/old", "hooks.example.org/new"}},
		{302, "/new", []string{"hooks.example.org/old"}}, // would become a GET
		{308, "https://other.example/new", []string{"hooks.example.org/old"}},
		{308, "http://hooks.example.org/new", []string{"hooks.example.org/old"}},
		{308, "https://hooks.example.org:8443/new", []string{"hooks.example.org/old"}},
	} {
		var reach []string
		n, _ := noticesTo(t, "https://hooks.example.org/old", func(r *http.Request) (*http.Response, error) {
			reach = append(reach, r.URL.Host+r.URL.Path)
			if body, _ := io.ReadAll(r.Body); len(body) == 0 {
				t.Error("nothing is posted")
			}
			if r.URL.Path == "/old" {
				resp := noticeResponse(c.code, http.Header{"Location": {c.to}}, "")
				resp.Request = r
				return resp, nil
			}
			return noticeResponse(200, nil, ""), nil
		})
		_, err := n.post(t.Context(), someNotice)
		if (err == nil) != (len(c.reach) > 1) {
			t.Errorf("%d to %s: %v", c.code, c.to, err)
		}
		if d := cmp.Diff(c.reach, reach); d != "" {
			t.Errorf("%d to %s: %s", c.code, c.to, d)
		}
	}
}

// However long a receiver is silent, sending takes no time and what waits is bounded: the newest are kept, in their order.
func TestNoticeQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var got []string
		n, log := noticesTo(t, "https://hooks.example.org/", func(r *http.Request) (*http.Response, error) {
			time.Sleep(10 * time.Second)
			mu.Lock()
			defer mu.Unlock()
			got = append(got, postedTitle(t, r))
			return noticeResponse(200, nil, ""), nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan struct{})
		go func() { n.Run(ctx); close(done) }()
		n.Send(Notice{Title: "first"})
		synctest.Wait() // it is on its way
		began := time.Now()
		for i := range queueSize + 3 {
			n.Send(Notice{Title: fmt.Sprint(i)})
		}
		if time.Since(began) != 0 {
			t.Error("sending had to wait")
		}
		time.Sleep(time.Hour)
		cancel()
		<-done
		want := []string{"first"}
		for i := range queueSize {
			want = append(want, fmt.Sprint(i+3))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		if strings.Count(log.String(), "oldest is dropped") != 3 {
			t.Errorf("log: %s", log)
		}
	})
}

// At the end what waits is tried once more, all of it within seconds.
func TestNoticeFarewell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		down := true
		n, log := noticesTo(t, "https://hooks.example.org/", func(r *http.Request) (*http.Response, error) {
			title := postedTitle(t, r)
			if down {
				return nil, errors.New("connection refused")
			}
			if title == "silent" {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			got = append(got, title)
			return noticeResponse(200, nil, ""), nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { n.Run(ctx); close(done) }()
		n.Send(Notice{Title: "one"})
		synctest.Wait() // tried once, waiting
		for _, title := range []string{"two", "silent", "late"} {
			n.Send(Notice{Title: title})
		}
		down = false
		began := time.Now()
		cancel()
		<-done
		if took := time.Since(began); took != flushTimeout {
			t.Errorf("it took %v to end", took)
		}
		if d := cmp.Diff([]string{"one", "two"}, got[:2]); d != "" || !strings.Contains(log.String(), "before the end") {
			t.Errorf("%s\nlog: %s", d, log)
		}
	})
}

// Nothing of the address reaches a log, be it quoted by the receiver in part.
func TestNoticeScrub(t *testing.T) {
	n, _ := noticesTo(t, "https://jo:pass99@hooks.example.org/services/T012345/se%20cret?key=token99&key=token98", nil)
	for _, s := range []string{"Cannot POST /services/T012345/se%20cret?key=token99&key=token98", "no T012345", "se cret", "token98", "token99", "jo:pass99", "pass99", "services/T012345"} {
		got := n.scrub(s)
		for _, secret := range []string{"T012345", "cret", "token9", "pass99"} {
			if strings.Contains(got, secret) {
				t.Errorf("%q becomes %q", s, got)
			}
		}
	}
	if got := n.scrub("dial tcp: no such host"); got != "dial tcp: no such host" {
		t.Errorf("got %q", got)
	}
}
