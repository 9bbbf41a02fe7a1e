package term

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
)

const (
	quietFor  = time.Second            // work shorter than this shows no bar
	barRedraw = 200 * time.Millisecond // often enough to look alive
)

// terminal is a terminal that people read messages on, with a line at the bottom that tells how far the work is. What is
// written goes above that line. It may be used from several goroutines.
type terminal struct {
	out   io.Writer
	width int

	mu     sync.Mutex
	shown  int  // columns of the line at the bottom
	within bool // what was written last did not end its line: a question waits for its answer
	work   *Progress
}

func newTerminal(out io.Writer, width int) *terminal { return &terminal{out: out, width: width} }

// Write writes above the line at the bottom.
func (t *terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.erase()
	if len(p) > 0 {
		t.within = p[len(p)-1] != '\n'
	}
	return t.out.Write(p)
}

// erase takes the line at the bottom away, with nothing that an old terminal would not know.
func (t *terminal) erase() {
	if t.shown > 0 {
		fmt.Fprintf(t.out, "\r%s\r", strings.Repeat(" ", t.shown))
		t.shown = 0
	}
}

// draw shows a line at the bottom.
func (t *terminal) draw(line string) {
	if t.within {
		return
	}
	line = words.Cut(strings.TrimSpace(line), max(20, t.width-1))
	n := words.Width(line)
	fmt.Fprintf(t.out, "\r%s%s", line, strings.Repeat(" ", max(0, t.shown-n)))
	t.shown = max(n, t.shown)
}

// Progress is how far some work is. A nil one, where nobody watches, does nothing.
type Progress struct {
	t     *terminal
	what  string
	began time.Time
	stop  chan struct{}
	ended sync.WaitGroup

	// guarded by t.mu
	bar   *progressbar.ProgressBar // nil until it is known how much there is to do
	total int
	until time.Time // of a wait
	why   string
}

// Progress begins to show how far some work is, if it takes long and somebody watches. Call Done.
func (a *App) Progress(what string) *Progress {
	t, ok := a.Err.(*terminal)
	if !ok {
		return nil
	}
	p := &Progress{t: t, what: what, began: time.Now(), stop: make(chan struct{})}
	t.mu.Lock()
	t.work, t.within = p, false // the answer ended the question's line
	t.mu.Unlock()
	p.ended.Go(func() {
		tick := time.NewTicker(barRedraw)
		defer tick.Stop()
		for {
			select {
			case now := <-tick.C:
				p.show(now)
			case <-p.stop:
				return
			}
		}
	})
	return p
}

// Set says how much is done.
func (p *Progress) Set(done, total int) {
	if p == nil {
		return
	}
	p.t.mu.Lock()
	defer p.t.mu.Unlock()
	if p.bar == nil {
		p.bar = progressbar.NewOptions(max(1, total), progressbar.OptionSetWriter(io.Discard), progressbar.OptionSetDescription(p.what),
			progressbar.OptionSetWidth(24), progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerPadding: "░"}))
		p.total = total
	}
	if total != p.total {
		p.bar.ChangeMax(max(1, total))
		p.total = total
	}
	_ = p.bar.Set(done) // writes nowhere
}

// Done takes the bar away and waits until nothing is drawn any more.
func (p *Progress) Done() {
	if p == nil {
		return
	}
	close(p.stop)
	p.ended.Wait()
	p.t.mu.Lock()
	defer p.t.mu.Unlock()
	p.t.erase()
	if p.t.work == p {
		p.t.work = nil
	}
}

func (p *Progress) show(now time.Time) {
	p.t.mu.Lock()
	defer p.t.mu.Unlock()
	if now.Sub(p.began) < quietFor || p.t.work != p {
		return
	}
	p.t.draw(p.line(now))
}

// line is what the bottom line says.
func (p *Progress) line(now time.Time) string {
	if left := p.until.Sub(now); left > 0 {
		return fmt.Sprintf("%s: %s; going on in %s", p.what, p.why, (left + time.Second - 1).Truncate(time.Second))
	}
	if p.bar == nil {
		return p.what + " …"
	}
	return p.bar.String()
}

// Waiting tells whoever watches that a request waits, how long and for what.
func (a *App) Waiting(wait time.Duration, why string) {
	t, ok := a.Err.(*terminal)
	if !ok || wait < quietFor {
		return
	}
	t.mu.Lock()
	p := t.work
	if p != nil {
		if until := time.Now().Add(wait); until.After(p.until) {
			p.until, p.why = until, why
		}
	}
	t.mu.Unlock()
	if p == nil {
		a.Say("Waiting %s: %s.", wait.Round(time.Second), why)
	}
}
