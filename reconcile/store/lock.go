package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
	"unicode"
)

// turn is a lock between processes with a note beside it of who holds it.
type turn struct {
	fsys    FS
	dir     string
	command string        // what people are told is at work
	after   time.Duration // how long the lock is held before the note is written
}

// noteAfter is for who holds a lock for a moment, again and again: nothing need be written for that.
const noteAfter = time.Second

// unknownHolder is who holds a lock without having said so, or not yet.
const unknownHolder = "another spotsync"

func (t turn) holderPath() string { return filepath.Join(t.dir, "holder") }

// take waits for the lock, at most timeout (0: not at all), and tells waiting who holds it: once, and again for each other
// holder met.
func (t turn) take(ctx context.Context, timeout time.Duration, waiting func(holder string)) (unlock func() error, err error) {
	path := filepath.Join(t.dir, "lock")
	letGo, ok, err := t.fsys.TryLock(path)
	if err != nil {
		return nil, fmt.Errorf("take the lock %s: %w", path, err)
	}
	for start := time.Now(); !ok; ok = letGo != nil {
		holder := t.holder()
		left := timeout - time.Since(start)
		if holder == unknownHolder && left > 0 && time.Since(start) < noteAfter { // it is gone soon, or says who it is
			if letGo, err = t.wait(ctx, path, min(left, noteAfter+noteAfter/4), holder); err != nil {
				return nil, err
			}
			continue
		}
		if left <= 0 {
			return nil, &LockedError{Path: path, Holder: holder, Waited: timeout}
		}
		if waiting != nil {
			waiting(holder)
		}
		if letGo, err = t.wait(ctx, path, left, holder); err != nil {
			return nil, err
		}
	}
	erase := t.sign()
	return func() error { return errors.Join(erase(), letGo()) }, nil
}

// sign says who holds the lock, unless it is let go of before that is worth it. A note that somebody killed has left goes.
func (t turn) sign() (erase func() error) {
	remove := func() error { return t.fsys.Remove(t.holderPath()) }
	if t.after <= 0 {
		t.note()
		return remove
	}
	if t.holder() != unknownHolder {
		_ = remove() // without it people are told a wrong name for a moment
	}
	var mu sync.Mutex
	noted, over := false, false
	timer := time.AfterFunc(t.after, func() {
		mu.Lock()
		defer mu.Unlock()
		if !over {
			t.note()
			noted = true
		}
	})
	return func() error {
		timer.Stop()
		mu.Lock()
		defer mu.Unlock()
		over = true
		if !noted {
			return nil
		}
		return remove()
	}
}

// wait returns with the lock, or without it when the time is over or somebody else came first.
func (t turn) wait(ctx context.Context, path string, left time.Duration, holder string) (unlock func() error, err error) {
	end := time.Now().Add(left)
	for {
		step, cancel := context.WithTimeout(ctx, min(time.Until(end), time.Second))
		unlock, err = t.fsys.Lock(step, path)
		cancel()
		switch {
		case err == nil:
			return unlock, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case !errors.Is(err, context.DeadlineExceeded):
			return nil, err
		case !time.Now().Before(end):
			return nil, nil
		}
		if now := t.holder(); now != holder && now != unknownHolder {
			return nil, nil
		}
	}
}

// holder is who holds the lock, as far as is known.
func (t turn) holder() string {
	data, err := t.fsys.ReadFile(t.holderPath())
	text := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, string(data[:min(len(data), 300)]))
	if err != nil || text == "" {
		return unknownHolder
	}
	return text
}

// note says who holds the lock, for those who wait. Without it they are told less, so a failure is none.
func (t turn) note() {
	host, err := os.Hostname()
	if err != nil {
		host = "this computer"
	}
	text := fmt.Sprintf("%s, process %d on %s since %s\n", t.command, os.Getpid(), host, time.Now().UTC().Format("2006-01-02 15:04:05 UTC"))
	_ = t.fsys.WriteFile(t.holderPath(), []byte(text), 0o600)
}

// sweep removes temporary files for base that a killed process left in dir; for all files there when base is empty.
// The caller holds the lock that all writers of those files take.
func sweep(fsys FS, dir, base string) {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		name := e.Name()
		ours := strings.HasPrefix(name, tempPrefix(base))
		if base == "" {
			ours = strings.HasPrefix(name, ".") && strings.Contains(name, tempMark)
		}
		if ours && e.Type().IsRegular() {
			_ = fsys.Remove(filepath.Join(dir, name))
		}
	}
}
