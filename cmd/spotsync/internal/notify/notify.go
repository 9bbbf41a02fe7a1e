// Package notify tells a webhook what happened while nobody was looking. It takes sentences and knows neither playlists nor logins.
package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/rs/zerolog"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
)

// format is the version of the JSON of a notice. The part before the dot changes when receivers must.
const format = "1.0"

// The kinds of notices.
const (
	Change    = "change"    // what the files say was done
	Heal      = "heal"      // an edit made elsewhere was undone
	Failure   = "failure"   // something could not be done
	Refusal   = "refusal"   // something is not done, to protect something
	Login     = "login"     // a login ends soon, or a person must log in
	Recovered = "recovered" // what failed works again
	Test      = "test"      // somebody tries whether notices arrive
)

// Notice is one event that a person should hear of without looking. It never holds a secret.
type Notice struct {
	Kind     string
	Time     time.Time // zero: when it is sent
	Title    string    // a short sentence
	Text     string    // more, for people; may be empty
	Playlist string    // its address, when it is about one
	Account  string    // its label, when it is about one
	Details  []string  // what was done, a line each
}

// Body is what is posted: docs/notify.schema.json. Receivers made for chat show text (Slack, Mattermost) or content
// (Discord), so both say all of it.
type Body struct {
	FormatVersion   string              `json:"format_version"`
	Kind            string              `json:"kind"`
	Time            time.Time           `json:"time"`
	Host            string              `json:"host,omitempty"`
	Title           string              `json:"title"`
	Text            string              `json:"text"`
	Content         string              `json:"content"`
	Playlist        string              `json:"playlist,omitempty"`
	Account         string              `json:"account,omitempty"`
	Details         []string            `json:"details,omitempty"`
	AllowedMentions map[string][]string `json:"allowed_mentions"` // Discord: a playlist called @everyone wakes nobody
}

// Receivers refuse what is too long. Discord takes the least: 2,000 characters.
const (
	maxLine    = 300
	maxText    = 3500
	maxContent = 2000
	maxDetails = 50
)

// body is the notice as JSON.
func (x Notice) body(host string) ([]byte, error) {
	title := firstRunes(x.Title, maxLine)
	text := title
	if x.Text != "" {
		text += "\n" + x.Text
	}
	var details []string
	for i, d := range x.Details {
		if i == maxDetails {
			d = fmt.Sprintf("… and %d more", len(x.Details)-i)
		}
		d = firstRunes(d, maxLine)
		details = append(details, d)
		text += "\n• " + d
		if i == maxDetails {
			break
		}
	}
	text = unmentioned.Replace(text)
	return json.Marshal(Body{
		FormatVersion: format, Kind: x.Kind, Time: x.Time.UTC().Truncate(time.Second), Host: host, Title: title,
		Text: firstRunes(text, maxText), Content: firstRunes(text, maxContent),
		Playlist: x.Playlist, Account: x.Account, Details: details, AllowedMentions: map[string][]string{"parse": {}},
	})
}

// unmentioned takes the meaning from what chat programs call people by: whoever may rename a playlist could otherwise wake
// a whole company.
var unmentioned = strings.NewReplacer("@", "@\u200b", "<!", "<\u200b!", "<#", "<\u200b#")

func firstRunes(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

const (
	queueSize     = 64               // notices that wait; of more the oldest are dropped
	tries         = 12               // for each notice, over about half an hour
	Timeout       = 15 * time.Second // for one try
	flushTimeout  = 5 * time.Second  // for what still waits when the daemon stops
	firstPause    = 2 * time.Second  // before the second try, doubled before each further
	maxBackoff    = 5 * time.Minute
	maxRetryAfter = time.Hour
)

// Notifier posts notices to one receiver. A nil notifier posts nothing.
type Notifier struct {
	url    *url.URL // a secret: whoever knows it can post
	Where  string   // scheme and host of it, which may be shown
	host   string   // of this computer
	agent  string   // what the requests say sends them
	log    zerolog.Logger
	client *http.Client
	wake   chan struct{}

	mu    sync.Mutex
	queue []Notice
}

// New is a notifier for the receiver at rawURL, nil if that is empty. host is this computer's name, or empty; agent is
// the User-Agent of its requests. It sends through inner; nil is the network, with a client that knows no token.
func New(rawURL, host, agent string, log zerolog.Logger, inner http.RoundTripper) (*Notifier, error) {
	if rawURL == "" {
		return nil, nil
	}
	u, err := url.Parse(rawURL)
	switch {
	case err != nil, u.Host == "", u.Opaque != "", u.Scheme != "https" && u.Scheme != "http": // the URL is a secret, so err is not shown
		return nil, errors.New("the address for notices must be a URL that begins with https://, or with http:// and a host of the local network")
	case u.Scheme == "http" && publicLiteral(u.Hostname()):
		return nil, fmt.Errorf("notices to %s would travel in the open: use https://; http:// is for this computer and the local network", u.Host)
	}
	if inner == nil {
		inner = transport(u.Scheme)
	}
	n := &Notifier{url: u, Where: u.Scheme + "://" + u.Host, host: host, agent: agent, log: log, wake: make(chan struct{}, 1)}
	n.client = &http.Client{Transport: inner, Timeout: Timeout, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if req.URL.Scheme != u.Scheme || req.URL.Host != u.Host || req.Method != http.MethodPost || len(via) > 3 {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	return n, nil
}

// transport is the way to a receiver. Without encryption it goes to private addresses only, whatever a name turns
// out to mean, and by no proxy.
func transport(scheme string) http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.IdleConnTimeout = 10 * time.Second // notices are rare
	if scheme == "http" {
		t.Proxy = nil
		t.DialContext = (&net.Dialer{Timeout: Timeout, Control: onlyPrivate}).DialContext
	}
	return t
}

// onlyPrivate is asked by a dialer before it connects to an address.
func onlyPrivate(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !private(to.Addr()) {
		return errNoticeInTheOpen
	}
	return nil
}

var errNoticeInTheOpen = errors.New("the host is not in the local network, so http:// would show notices to others: use https://")

// private reports whether traffic to an address stays on this computer or in its network.
func private(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast()
}

func publicLiteral(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && !private(a)
}

// Send hands a notice over and returns at once. Notices are posted by run, in their order.
func (n *Notifier) Send(x Notice) {
	if n == nil {
		return
	}
	if x.Time.IsZero() {
		x.Time = time.Now()
	}
	n.mu.Lock()
	var dropped string
	if len(n.queue) == queueSize {
		dropped = n.queue[0].Title
		n.queue = slices.Delete(n.queue, 0, 1)
	}
	n.queue = append(n.queue, x)
	n.mu.Unlock()
	if dropped != "" {
		n.log.Warn().Str("receiver", n.Where).Str("notice", dropped).Msg("Too many notices wait, so the oldest is dropped.")
	}
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

func (n *Notifier) next() (Notice, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.queue) == 0 {
		return Notice{}, false
	}
	x := n.queue[0]
	n.queue = slices.Delete(n.queue, 0, 1)
	return x, true
}

// Run posts what is sent until ctx ends; then it tries what still waits once more, for a few seconds.
func (n *Notifier) Run(ctx context.Context) {
	if n == nil {
		return
	}
	defer n.client.CloseIdleConnections()
	for {
		x, ok := n.next()
		if ok && n.deliver(ctx, x) {
			continue
		}
		if ok {
			n.farewell(ctx, x)
			return
		}
		select {
		case <-n.wake:
		case <-ctx.Done():
			if x, ok := n.next(); ok {
				n.farewell(ctx, x)
			}
			return
		}
	}
}

// deliver posts a notice, again and again where that may help. It reports false when ctx ended before the notice was
// delivered or given up.
func (n *Notifier) deliver(ctx context.Context, x Notice) bool {
	pause := firstPause
	for try := 1; ; try++ {
		answer, err := n.post(ctx, x)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		log := n.log.Warn().Str("receiver", n.Where).Str("notice", x.Title).Err(err)
		if !answer.again || try == tries {
			log.Int("tries", try).Msg("A notice could not be delivered.")
			return true
		}
		wait := max(pause, answer.after)
		log.Dur("again_in", wait).Msg("A notice could not be delivered yet.")
		if !sleepUntil(ctx, wait) {
			return false
		}
		pause = min(2*pause, maxBackoff)
	}
}

func sleepUntil(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// farewell tries the rest once.
func (n *Notifier) farewell(ctx context.Context, x Notice) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
	defer cancel()
	for ok := true; ok; x, ok = n.next() {
		if _, err := n.post(ctx, x); err != nil {
			n.log.Warn().Str("receiver", n.Where).Str("notice", x.Title).Err(err).Msg("A notice could not be delivered before the end.")
		}
	}
}

// answer is what a receiver said.
type answer struct {
	Status string        // "200 OK"
	Text   string        // the beginning of its answer, without the secrets of the URL
	again  bool          // trying again may help
	after  time.Duration // not before
}

// post posts a notice once.
func (n *Notifier) post(ctx context.Context, x Notice) (answer, error) {
	body, err := x.body(n.host)
	if err != nil {
		return answer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.url.String(), bytes.NewReader(body))
	if err != nil {
		return answer{}, errors.New("the address for notices can't be posted to")
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", n.agent)
	resp, err := n.client.Do(req)
	if err != nil {
		var whole *url.Error
		if errors.As(err, &whole) {
			err = whole.Err // without the URL
		}
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("no answer within %s", Timeout)
		}
		return answer{again: !errors.Is(err, errNoticeInTheOpen)}, errors.New(n.scrub(err.Error()))
	}
	data, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<12)) // an answer cut short is still an answer
	resp.Body.Close()
	said := n.scrub(strings.Join(strings.Fields(strings.ToValidUTF8(string(data), "")), " "))
	a := answer{Status: n.scrub(resp.Status), Text: firstRunes(words.Printable(said), 200)}
	switch code := resp.StatusCode; {
	case code/100 == 2:
		return a, nil
	case code/100 == 3:
		to := "elsewhere"
		if u, err := resp.Location(); err == nil {
			to = "to " + u.Scheme + "://" + u.Host
		}
		return a, fmt.Errorf("the receiver answers %s and sends us %s: give its own address", a.Status, to)
	case code >= 500, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout:
		a.again = true
		a.after = min(retryAfter(resp.Header.Get("Retry-After")), maxRetryAfter)
	}
	if a.Text != "" {
		return a, fmt.Errorf("the receiver answers %s: %s", a.Status, a.Text)
	}
	return a, fmt.Errorf("the receiver answers %s", a.Status)
}

// retryAfter is a Retry-After header in seconds (RFC 9110, 10.2.3); its other form, a date, is left to our own backoff.
func retryAfter(v string) time.Duration {
	seconds, err := strconv.ParseFloat(v, 64) // Discord sends fractions
	if err != nil || !(seconds > 0) {
		return 0
	}
	return time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second))
}

// scrub takes out of a text what of the URL is secret: receivers quote in their errors what was asked for.
func (n *Notifier) scrub(s string) string {
	secrets := []string{n.url.RequestURI(), n.url.EscapedPath(), n.url.Path, n.url.RawQuery}
	secrets = append(secrets, strings.Split(n.url.Path, "/")...)
	for _, values := range n.url.Query() {
		secrets = append(secrets, values...)
	}
	if n.url.User != nil {
		password, _ := n.url.User.Password()
		secrets = append(secrets, n.url.User.String(), n.url.User.Username(), password)
	}
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	for _, secret := range secrets {
		if len(secret) >= 4 {
			s = strings.ReplaceAll(s, secret, "…")
		}
	}
	return s
}

// Test posts a notice that says it is a test, once, and returns what the receiver said.
func (n *Notifier) Test(ctx context.Context) (answer, error) {
	return n.post(ctx, Notice{Kind: Test, Time: time.Now(), Title: "A test of spotsync's notices", Text: "If you can read this, they arrive."})
}
