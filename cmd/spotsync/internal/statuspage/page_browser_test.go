package statuspage

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	cdpnetwork "github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/spotsync/spotsync/config/longtest"
)

// startBrowser starts a browser without a window, for which music.home is this computer.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if found, err := exec.LookPath(name); err == nil {
			program = found
			break
		}
	}
	if program == "" {
		t.Skip("no Chromium is installed: what the page looks like in a browser is not tested")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(program), chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("host-resolver-rules", "MAP music.home 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	alloc, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(alloc)
	t.Cleanup(func() {
		chromedp.Cancel(ctx) // waits for it to end
		stop()
		cancel()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", program, err)
	}
	return ctx
}

// pageServer serves a status that can be changed, and what it was asked to do comes out of deeds.
type pageServer struct {
	*Server
	mu     sync.Mutex
	now    Status
	deeds  []string
	listen string // host:port
}

func (p *pageServer) set(s Status) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = s
}

func (p *pageServer) did(deed string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deeds = append(p.deeds, deed)
}

func (p *pageServer) done() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	done := strings.Join(p.deeds, ", ")
	p.deeds = nil
	return done
}

func startPageServer(t *testing.T, o Options) *pageServer {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, _ := testServer(Status{})
	p := &pageServer{Server: s, listen: ln.Addr().String()}
	s.Options = o
	s.Status = func() Status {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.now
	}
	s.Reconcile = func() { p.did("reconcile") }
	s.Reload = func() { p.did("reload") }
	s.Release = func(address string) error { p.did("release " + address); return nil }
	s.BeginLogin = func(account string) (string, error) {
		p.did("begin " + account)
		return "https://accounts.spotify.com/authorize?client_id=0123456789abcdef0123456789abcdef&response_type=code&state=hB9zXo5C2m3nA&code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", nil
	}
	s.FinishLogin = func(_ context.Context, account, pasted string) error {
		if pasted != "http://127.0.0.1/callback?code=c" {
			return fmt.Errorf("this address holds no code")
		}
		p.did("finish " + account)
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return p
}

// look is what is measured on a page: what sticks out to the right, texts of too little contrast, fields without a name,
// things to press that are too small for a finger.
const look = `(() => {
  const bad = [];
  if (document.documentElement.scrollWidth > innerWidth) bad.push("scrolls sideways: " + document.documentElement.scrollWidth + " of " + innerWidth);
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = c => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = c => { const f = c.slice(0, 3).map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * f[0] + .7152 * f[1] + .0722 * f[2]; };
  const behind = e => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; if (c[3] !== 0) bad.push("half seen through: " + e.className); } return [255, 255, 255, 255]; };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let texts = 0, worst = 99;
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement, said = walk.currentNode.data.trim();
    if (!said || !e.checkVisibility()) continue;
    texts++;
    const a = light(rgba(getComputedStyle(e).color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    worst = Math.min(worst, ratio);
    if (ratio < 4.5) bad.push("contrast " + ratio.toFixed(2) + " of " + JSON.stringify(said));
  }
  for (const e of document.querySelectorAll("input:not([type=hidden])")) {
    if (!e.labels.length) bad.push("no label: " + e.name);
    const a = light(rgba(getComputedStyle(e, "::placeholder").color)), b = light(behind(e));
    if ((Math.max(a, b) + .05) / (Math.min(a, b) + .05) < 4.5) bad.push("contrast of the placeholder of " + e.name);
  }
  for (const e of document.querySelectorAll("button, .button, summary, input:not([type=hidden])")) {
    const r = e.getBoundingClientRect();
    if (r.height < 24 || r.width < 24) bad.push("small: " + e.textContent + " " + r.width + "x" + r.height);
    if (r.right > innerWidth || r.left < 0) bad.push("outside: " + e.textContent);
    if (e.tagName === "BUTTON" && !e.textContent.trim()) bad.push("a button without a name");
  }
  const names = [...document.querySelectorAll("button")].map(e => e.textContent);
  if (new Set(names).size !== names.length) bad.push("buttons of one name: " + names);
  let level = 0;
  for (const e of document.querySelectorAll("h1, h2, h3, h4")) { const n = +e.tagName[1]; if (n > level + 1) bad.push("heading skips to " + e.tagName); level = n; }
  if (document.querySelectorAll("main").length !== 1 || document.querySelectorAll("h1").length !== 1) bad.push("main and h1 are not there once");
  const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
  if (new Set(ids).size !== ids.length) bad.push("an id is there twice");
  for (const e of document.querySelectorAll("[aria-labelledby], [aria-describedby]")) for (const id of ((e.getAttribute("aria-labelledby") || "") + " " + (e.getAttribute("aria-describedby") || "")).trim().split(" ")) if (!ids.includes(id)) bad.push("nothing has the id " + id);
  for (const e of document.querySelectorAll(".badge")) if (!/^\S\s+\S/.test(e.textContent)) bad.push("badge of colour alone: " + e.textContent);
  return {bad, texts, worst};
})()`

type looks struct {
	Bad   []string
	Texts int
	Worst float64
}

// In each state, in both themes, on a desk and on a phone: nothing sticks out, all can be read, nothing is fetched from
// elsewhere, the console stays empty. SPOTSYNC_TEST_SCREENSHOTS names a folder to keep the pictures in.
func TestPageInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing in it is about goroutines that share")
	}
	ctx := startBrowser(t)
	pictures := os.Getenv("SPOTSYNC_TEST_SCREENSHOTS")
	p := startPageServer(t, Options{})
	base := "http://" + p.listen
	var mu sync.Mutex
	var complaints []string
	complain := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		complaints = append(complaints, fmt.Sprintf(format, args...))
	}
	err := chromedp.Listen(ctx, func(ev any) {
		switch e := ev.(type) {
		case *cdpnetwork.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, base+"/") && !strings.HasPrefix(e.Request.URL, "data:image/svg+xml,") {
				complain("asks for %s", e.Request.URL)
			}
		case *cdpnetwork.EventLoadingFailed:
			complain("did not load: %s", e.ErrorText)
		case *cdplog.EventEntryAdded:
			complain("console: %s", e.Entry.Text)
		case *runtime.EventConsoleAPICalled:
			complain("console: %s", e.Type)
		case *runtime.EventExceptionThrown:
			complain("script: %s", e.ExceptionDetails.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, cdpnetwork.Enable, cdpnetwork.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, cdplog.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	shots := sampleStatuses()
	long := shots["mixed"]
	long.Playlists = slices.Clone(long.Playlists)
	long.Playlists[0].Name = strings.Repeat("Donaudampfschifffahrtsgesellschaft", 3)
	long.Playlists[0].Address = "playlist." + strings.Repeat("a_very_long_label_", 6)
	long.Path, long.LockFile = "/"+strings.Repeat("long/", 30), "/"+strings.Repeat("long", 30)
	long.Config.Problem = "Error: " + strings.Repeat("x", 400)
	shots["long"] = long
	sizes := map[string][2]int64{"desk": {1200, 900}, "phone": {390, 844}, "narrow": {320, 640}}
	for i, state := range append(slices.Sorted(maps.Keys(shots)), "form", "refused") {
		for j, theme := range []string{"light", "dark"} {
			for k, size := range slices.Sorted(maps.Keys(sizes)) {
				name := strings.Join([]string{state, theme, size}, "-")
				t.Run(name, func(t *testing.T) {
					longtest.OneIn(t, 3, i+j+k)
					visit := []step{chromedp.Navigate(base + "/")}
					status, sample := shots[state]
					switch {
					case sample:
						p.set(status)
					case state == "form":
						p.set(shots["login"])
						visit = append(visit, chromedp.Submit(chromedp.CSS(`form[action="/-/login"]`)), chromedp.WaitVisible(chromedp.CSS("#pasted")), chromedp.Click(chromedp.CSS("summary")),
							chromedp.SetValue(chromedp.CSS("#pasted"), "http://127.0.0.1/wrong"), chromedp.Submit(chromedp.CSS("#pasted")), chromedp.WaitVisible(chromedp.CSS(`[role="alert"]`)))
					default:
						p.set(shots["healthy"])
						visit = []step{chromedp.Navigate(base + "/nothing")}
					}
					media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}}
					metrics := emulation.SetDeviceMetricsOverrideParams{Width: sizes[size][0], Height: sizes[size][1], DeviceScaleFactor: 1, Mobile: size != "desk"}
					if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media); err != nil {
						t.Fatal(err)
					}
					if _, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, metrics); err != nil {
						t.Fatal(err)
					}
					do(t, ctx, name, visit...)
					do(t, ctx, name, chromedp.Evaluate[chromedp.Void](`for (const d of document.querySelectorAll("details")) d.open = true`))
					seen := ask(t, ctx, name, chromedp.Evaluate[looks](look))
					for _, b := range seen.Bad {
						t.Error(b)
					}
					if seen.Texts < 4 {
						t.Errorf("only %d texts were looked at", seen.Texts)
					}
					if pictures != "" {
						picture := ask(t, ctx, name, chromedp.FullScreenshot(100))
						if err := os.WriteFile(filepath.Join(pictures, name+".png"), picture, 0o600); err != nil {
							t.Fatal(err)
						}
					}
					mu.Lock()
					for _, c := range complaints {
						expected := state == "form" && strings.Contains(c, "422") || state == "refused" && strings.Contains(c, "404") // Chromium's note of the status
						if !expected {
							t.Error(c)
						}
					}
					complaints = nil
					mu.Unlock()
				})
			}
		}
	}
	p.done()
}

// step is something done in a browser.
type step = chromedp.Action[chromedp.Void]

// do does steps, and gives up on a browser that hangs.
func do(t *testing.T, ctx context.Context, what string, steps ...step) {
	t.Helper()
	ask(t, ctx, what, chromedp.Steps(steps...))
}

// ask does something in a browser that has a result.
func ask[T any](t *testing.T, ctx context.Context, what string, action chromedp.Action[T]) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return v
}

// The buttons work in a browser without scripts: by an address that browsers trust, and by a name without TLS, where they
// send Origin and no Sec-Fetch-Site. What another site's page posts is refused.
func TestPageButtonsInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("long, and nothing in it is about goroutines that share")
	}
	ctx := startBrowser(t)
	token := tokenFile(t, testToken)
	p := startPageServer(t, Options{AllowedHosts: []string{"music.home"}, TokenFile: token})
	p.set(sampleStatuses()["mixed"])
	_, port, err := net.SplitHostPort(p.listen)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	for _, base := range []string{"http://" + p.listen, "http://music.home:" + port} {
		home := chromedp.Navigate(base + "/")
		try := func(what, deeds, selector, says string, steps ...step) {
			t.Helper()
			do(t, ctx, base+": "+what, append(steps, chromedp.WaitVisible(chromedp.CSS(selector)))...)
			if got := p.done(); got != deeds {
				t.Errorf("%s: %s did %q, want %q", base, what, got, deeds)
			}
			if got := ask(t, ctx, base+": "+what, chromedp.Text(chromedp.CSS(selector))); !strings.Contains(got, says) {
				t.Errorf("%s: after %s it says %q, want %q", base, what, got, says)
			}
		}
		press := func(action string) step {
			return chromedp.Click(chromedp.CSS(`form[action="/-/` + action + `"] button`))
		}
		p.set(sampleStatuses()["mixed"])
		try("entering", "", "h1#state", "could not be brought up to date", home, chromedp.SendKeys(chromedp.CSS("#token"), testToken+"\r"))
		try("reconcile", "reconcile", ".notice", notices["reconcile"], press("reconcile"))
		try("release", "release playlist.kitchen", ".notice", notices["release"], home, chromedp.Click(chromedp.CSS("#playlist-2 button")))
		p.set(sampleStatuses()["login"])
		try("login", "begin default", "h1", "Renew the login of Marta Novák", home, press("login"), chromedp.WaitVisible(chromedp.CSS("#pasted")))
		try("pasting", "finish default", ".notice", notices["login"], chromedp.SendKeys(chromedp.CSS("#pasted"), "http://127.0.0.1/callback?code=c\r"))
		try("leaving", "", "h1", "Who are you?", home, press("leave"), chromedp.WaitVisible(chromedp.CSS("#token")))
		try("entering again", "", "h1#state", "must log in", chromedp.SendKeys(chromedp.CSS("#token"), testToken+"\r"))
	}

	// Another site's page, for which this browser has a cookie of ours.
	evil, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<form method="post" action="http://%s/-/reconcile"><button>Win</button></form>`, p.listen)
	})}
	served := make(chan struct{})
	go func() { defer close(served); srv.Serve(evil) }()
	defer func() { srv.Close(); <-served }()
	do(t, ctx, "another site", chromedp.Navigate("http://"+evil.Addr().String()+"/"), chromedp.Click(chromedp.CSS("button")), chromedp.WaitVisible(chromedp.CSS("main")))
	body, where := ask(t, ctx, "another site", chromedp.Text(chromedp.CSS("main"))), ask(t, ctx, "another site", chromedp.Location())
	if got := p.done(); got != "" || !strings.Contains(body, "a page of another site") {
		t.Errorf("another site's button did %q: %s", got, body)
	}
	if u, err := url.Parse(where); err != nil || u.Path != "/-/reconcile" {
		t.Errorf("the button led to %s", where)
	}
}
