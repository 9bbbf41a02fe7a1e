package term

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// screen is a terminal's output as a person sees it: lines, with the carriage returned.
func screen(out string) []string {
	lines := []string{""}
	col := 0
	row := []rune{}
	for _, r := range out {
		switch r {
		case '\n':
			lines[len(lines)-1] = strings.TrimRight(string(row), " ")
			lines, row, col = append(lines, ""), nil, 0
		case '\r':
			col = 0
		default:
			if col < len(row) {
				row[col] = r
			} else {
				row = append(row, r)
			}
			col++
		}
	}
	lines[len(lines)-1] = strings.TrimRight(string(row), " ")
	return lines
}

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		a := &App{Err: newTerminal(&out, 80)}
		look := func() string {
			a.Err.(*terminal).mu.Lock()
			defer a.Err.(*terminal).mu.Unlock()
			lines := screen(out.String())
			return lines[len(lines)-1]
		}
		fmt.Fprint(a.Err, "Do this? ") // answered, which ends the line without our knowing
		p := a.Progress("Reading playlists")
		time.Sleep(900 * time.Millisecond)
		p.Set(1, 4)
		synctest.Wait()
		if got := look(); got != "Do this?" {
			t.Errorf("a bar before a second is over: %q", got)
		}
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		if got := look(); !strings.HasPrefix(got, "Reading playlists") || !strings.Contains(got, "1/4") {
			t.Errorf("no bar: %q", got)
		}
		a.Say("playlist.a: done")
		if lines := screen(out.String()); lines[len(lines)-2] != "playlist.a: done" {
			t.Errorf("what was said is not on a line of its own: %q", lines)
		}
		a.Waiting(42*time.Second, "Spotify's rate limit")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := look(); got != "Reading playlists: Spotify's rate limit; going on in 40s" {
			t.Errorf("waiting: %q", got)
		}
		time.Sleep(41 * time.Second)
		synctest.Wait()
		if got := look(); !strings.Contains(got, "1/4") {
			t.Errorf("after the wait: %q", got)
		}
		p.Set(4, 4)
		p.Done()
		if got := look(); got != "" {
			t.Errorf("left behind: %q", got)
		}
	})
}

func TestNoProgressWhereNobodyWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		a := &App{Err: &out}
		p := a.Progress("Applying")
		p.Set(1, 2)
		a.Waiting(time.Minute, "Spotify does not answer")
		time.Sleep(time.Minute)
		p.Done()
		if out.Len() > 0 {
			t.Errorf("%q", out.String())
		}
	})
}

func TestWaitingWithoutABar(t *testing.T) {
	var out bytes.Buffer
	a := &App{Err: newTerminal(&out, 80)}
	a.Waiting(200*time.Millisecond, "Spotify does not answer")
	a.Waiting(8*time.Second, "Spotify does not answer")
	if got := out.String(); got != "Waiting 8s: Spotify does not answer.\n" {
		t.Errorf("%q", got)
	}
}

func TestTerminalFromManyGoroutines(t *testing.T) {
	var out bytes.Buffer
	a := &App{Err: newTerminal(&out, 80)}
	p := a.Progress("Applying")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 50 {
				p.Set(i, 50)
				a.Say("line")
			}
		})
	}
	wg.Wait()
	p.Done()
	if n := strings.Count(out.String(), "line\n"); n != 400 {
		t.Errorf("%d lines", n)
	}
}
