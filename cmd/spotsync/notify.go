package main

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

// noticeFormat is the version of the JSON of a notice. The part before the dot changes when receivers must.
const noticeFormat = "1.0"

// The kinds of notices.
const (
	noticeChange    = "change"    // what the files say was done
	noticeHeal      = "heal"      // an edit made elsewhere was undone
	noticeFailure   = "failure"   // something could not be done
	noticeRefusal   = "refusal"   // something is not done, to protect something
	noticeLogin     = "login"     // a login ends soon, or a person must log in
	noticeRecovered = "recovered" // what failed works again
	noticeTest      = "test"      // somebody tries whether notices arrive
)

// notice is one thing worth telling somebody who is not looking. It never holds a secret.
type notice struct {
	Kind     string
	Time     time.Time // zero: when it is sent
	Title    string    // a short sentence
	Text     string    // more, for people; may be empty
	Playlist string    // its address, when it is about one
	Account  string    // its label, when it is about one
	Details  []string  // what was done, a line each
}

// noticeBody is what is posted: docs/notify.schema.json. Receivers made for chat show text (Slack, Mattermost) or content
// (Discord), so both say all of it.
type noticeBody struct {
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
	maxNoticeLine    = 300
	maxNoticeText    = 3500
	maxNoticeContent = 2000
	maxNoticeDetails = 50
)

// body is the notice as JSON.
func (x notice) body(host string) ([]byte, error) {
	title := firstRunes(x.Title, maxNoticeLine)
	text := title
	if x.Text != "" {
		text += "\n" + x.Text
	}
	var details []string
	for i, d := range x.Details {
		if i == maxNoticeDetails {
			d = fmt.Sprintf("… and %d more", len(x.Details)-i)
		}
		d = firstRunes(d, maxNoticeLine)
		details = append(details, d)
		text += "\n• " + d
		if i == maxNoticeDetails {
			break
		}
	}
	text = unmentioned.Replace(text)
	return json.Marshal(noticeBody{
		FormatVersion: noticeFormat, Kind: x.Kind, Time: x.Time.UTC().Truncate(time.Second), Host: host, Title: title,
		Text: firstRunes(text, maxNoticeText), Content: firstRunes(text, maxNoticeContent),
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
	noticeQueue    = 64               // notices that wait; of more the oldest are dropped
	noticeTries    = 12               // for each notice, over about half an hour
	noticeTimeout  = 15 * time.Second // for one try
	noticeFarewell = 5 * time.Second  // for what still waits when the daemon stops
	noticeBackoff  = 2 * time.Second  // before the second try, doubled before each further
	maxBackoff     = 5 * time.Minute
	maxRetryAfter  = time.Hour
)

// notifier posts notices to one receiver. A nil notifier posts nothing.
type notifier struct {
	url    *url.URL // a secret: whoever knows it can post
	where  string   // scheme and host of it, which may be shown
	host   string   // of this computer
	log    zerolog.Logger
	client *http.Client
	wake   chan struct{}

	mu    sync.Mutex
	queue []notice
}

// newNotifier is a notifier for the receiver at rawURL, nil if that is empty. host is this computer's name, or empty. It
// sends through inner; nil is the network, with a client that knows no token.
func newNotifier(rawURL, host string, log zerolog.Logger, inner http.RoundTripper) (*notifier, error) {
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
		inner = noticeTransport(u.Scheme)
	}
	n := &notifier{url: u, where: u.Scheme + "://" + u.Host, host: host, log: log, wake: make(chan struct{}, 1)}
	n.client = &http.Client{Transport: inner, Timeout: noticeTimeout, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if req.URL.Scheme != u.Scheme || req.URL.Host != u.Host || req.Method != http.MethodPost || len(via) > 3 {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	return n, nil
}

// noticeTransport is the way to a receiver. Without encryption it goes to private addresses only, whatever a name turns
// out to mean, and by no proxy.
func noticeTransport(scheme string) http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.IdleConnTimeout = 10 * time.Second // notices are rare
	if scheme == "http" {
		t.Proxy = nil
		t.DialContext = (&net.Dialer{Timeout: noticeTimeout, Control: onlyPrivate}).DialContext
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

// send hands a notice over and returns at once. Notices are posted by run, in their order.
func (n *notifier) send(x notice) {
	if n == nil {
		return
	}
	if x.Time.IsZero() {
		x.Time = time.Now()
	}
	n.mu.Lock()
	var dropped string
	if len(n.queue) == noticeQueue {
		dropped = n.queue[0].Title
		n.queue = slices.Delete(n.queue, 0, 1)
	}
	n.queue = append(n.queue, x)
	n.mu.Unlock()
	if dropped != "" {
		n.log.Warn().Str("receiver", n.where).Str("notice", dropped).Msg("Too many notices wait, so the oldest is dropped.")
	}
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

func (n *notifier) next() (notice, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.queue) == 0 {
		return notice{}, false
	}
	x := n.queue[0]
	n.queue = slices.Delete(n.queue, 0, 1)
	return x, true
}

// run posts what is sent until ctx ends; then it tries what still waits once more, for a few seconds.
func (n *notifier) run(ctx context.Context) {
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
func (n *notifier) deliver(ctx context.Context, x notice) bool {
	pause := noticeBackoff
	for try := 1; ; try++ {
		answer, err := n.post(ctx, x)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		log := n.log.Warn().Str("receiver", n.where).Str("notice", x.Title).Err(err)
		if !answer.again || try == noticeTries {
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
func (n *notifier) farewell(ctx context.Context, x notice) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noticeFarewell)
	defer cancel()
	for ok := true; ok; x, ok = n.next() {
		if _, err := n.post(ctx, x); err != nil {
			n.log.Warn().Str("receiver", n.where).Str("notice", x.Title).Err(err).Msg("A notice could not be delivered before the end.")
		}
	}
}

// noticeAnswer is what a receiver said.
type noticeAnswer struct {
	status string        // "200 OK"
	text   string        // the beginning of its answer, without the secrets of the URL
	again  bool          // trying again may help
	after  time.Duration // not before
}

// post posts a notice once.
func (n *notifier) post(ctx context.Context, x notice) (noticeAnswer, error) {
	body, err := x.body(n.host)
	if err != nil {
		return noticeAnswer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.url.String(), bytes.NewReader(body))
	if err != nil {
		return noticeAnswer{}, errors.New("the address for notices can't be posted to")
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "spotsync/"+version())
	resp, err := n.client.Do(req)
	if err != nil {
		var whole *url.Error
		if errors.As(err, &whole) {
			err = whole.Err // without the URL
		}
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("no answer within %s", noticeTimeout)
		}
		return noticeAnswer{again: !errors.Is(err, errNoticeInTheOpen)}, errors.New(n.scrub(err.Error()))
	}
	data, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<12)) // an answer cut short is still an answer
	resp.Body.Close()
	said := n.scrub(strings.Join(strings.Fields(strings.ToValidUTF8(string(data), "")), " "))
	a := noticeAnswer{status: n.scrub(resp.Status), text: firstRunes(words.Printable(said), 200)}
	switch code := resp.StatusCode; {
	case code/100 == 2:
		return a, nil
	case code/100 == 3:
		to := "elsewhere"
		if u, err := resp.Location(); err == nil {
			to = "to " + u.Scheme + "://" + u.Host
		}
		return a, fmt.Errorf("the receiver answers %s and sends us %s: give its own address", a.status, to)
	case code >= 500, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout:
		a.again = true
		a.after = min(retryAfter(resp.Header.Get("Retry-After")), maxRetryAfter)
	}
	if a.text != "" {
		return a, fmt.Errorf("the receiver answers %s: %s", a.status, a.text)
	}
	return a, fmt.Errorf("the receiver answers %s", a.status)
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
func (n *notifier) scrub(s string) string {
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

// test posts a notice that says it is a test, once, and returns what the receiver said.
func (n *notifier) test(ctx context.Context) (noticeAnswer, error) {
	return n.post(ctx, notice{Kind: noticeTest, Time: time.Now(), Title: "A test of spotsync's notices", Text: "If you can read this, they arrive."})
}
