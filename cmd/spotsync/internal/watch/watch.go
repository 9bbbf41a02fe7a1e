// Package watch tells when something that a configuration depends on has changed: watch.go when to look (events.go) and what counts
// as a change, scan.go how the watched paths look, git.go what git is doing to them.
package watch

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/rs/zerolog"
)

const (
	defaultQuiet = 500 * time.Millisecond
	safetyPoll   = time.Minute     // where events come: they don't for what another machine does to a network folder
	blindPoll    = 2 * time.Second // where they should come, but the system gives no more of them
	quietFactor  = 120             // how many times Quiet the end of a change is waited for
)

// atOnce is the shortest time a timer runs for. One of 0 brings Go 1.26's race detector down now and then, in a test that
// has a time of its own.
const atOnce = time.Nanosecond

// Options say how a watcher watches.
type Options struct {
	Quiet time.Duration // how long nothing must happen before a change is told; zero is 500 ms
	Poll  time.Duration // look this often, and use no events; zero: events, and a look each minute to be safe
}

// Watcher tells when what reading the configuration depends on may have changed. Events only say when to look: what counts
// is whether the watched paths look different from before. So neither editors' temporary files nor writes of what was there
// already are told, and an event that is lost costs no more than time.
type Watcher struct {
	log     zerolog.Logger
	o       Options
	changes chan struct{}
	heard   chan struct{} // an event that matters
	again   chan struct{} // something else to look for
	events  atomic.Pointer[interest]

	// How the system is asked for events; tests let it refuse.
	open func() (*fsnotify.Watcher, error)
	add  func(*fsnotify.Watcher, string) error

	mu      sync.Mutex
	paths   []string
	known   map[string]pathState // of each path: as last told, or as it was when first watched
	last    map[string]pathState // as last seen, while waiting for quiet
	changed map[string]bool      // told, and not yet asked for with Changed
	repos   []string             // git directories around
	locks   gitLocks
	fs      *fsnotify.Watcher // nil when polling, and while Run doesn't
	armed   map[string]fileID // folders that fs has
	blind   bool              // events are missing that must be had
	missed  bool              // that changes come without events was said

	lossMu sync.Mutex // held for moments only: listen must go on while mu is held
	gone   map[string]bool
	lost   bool
}

// New makes a watcher of nothing yet.
func New(log zerolog.Logger, o Options) *Watcher {
	if o.Quiet <= 0 {
		o.Quiet = defaultQuiet
	}
	return &Watcher{
		log:     log,
		o:       o,
		changes: make(chan struct{}, 1),
		heard:   make(chan struct{}, 1),
		again:   make(chan struct{}, 1),
		open:    fsnotify.NewWatcher,
		add:     (*fsnotify.Watcher).Add,
		known:   map[string]pathState{},
		changed: map[string]bool{},
		locks:   gitLocks{log: log},
		armed:   map[string]fileID{},
		gone:    map[string]bool{},
	}
}

// Changes has a value when something changed and all was quiet since. Ask [Watcher.Changed] what.
func (w *Watcher) Changes() <-chan struct{} { return w.changes }

// Changed are the watched paths that were told to have changed since it was last asked, sorted.
func (w *Watcher) Changed() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	changed := slices.Sorted(maps.Keys(w.changed))
	clear(w.changed)
	return changed
}

// Watch replaces what is watched: absolute paths of files and folders, existing or not. A folder stands for the *.hcl in
// it. A path that was watched already goes on being compared with what it was, so that a change between the reading of a
// file and Watch is told too. For a path not watched before, an earlier change can't be detected: fresh is true, and the
// caller should read again. It costs next to nothing when the paths are the same as before.
func (w *Watcher) Watch(paths []string) (fresh bool) {
	set := absolute(paths)
	w.mu.Lock()
	defer w.mu.Unlock()
	if slices.Equal(set, w.paths) {
		return false
	}
	w.paths = set
	now, _ := w.look()
	known := make(map[string]pathState, len(set))
	for _, p := range set {
		s, ok := w.known[p]
		if !ok {
			s, fresh = now[p], true
		}
		known[p] = s
	}
	w.known = known
	nudge(w.again)
	return fresh
}

// Accept takes what is at paths now as known: for a caller that wrote watched files itself and needs no notice of it.
func (w *Watcher) Accept(paths ...string) {
	now := lookAt(absolute(paths)).states
	w.mu.Lock()
	defer w.mu.Unlock()
	for p, s := range now {
		if _, ok := w.known[p]; ok {
			w.known[p] = s
		}
	}
}

// Settle waits while git changes the working tree around a watched path, as its index lock tells: for who is about to read.
// It returns early, with ctx's error, when ctx ends. What is there then counts as told: what was told before may be long
// past, and be there again as soon as this has been read.
func (w *Watcher) Settle(ctx context.Context) error {
	for ctx.Err() == nil {
		w.mu.Lock()
		held := w.locks.held(w.repos, time.Now())
		if !held && len(w.paths) > 0 {
			w.known, _ = w.look()
		}
		w.mu.Unlock()
		if !held {
			return nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(w.o.Quiet):
		}
	}
	return ctx.Err()
}

// Run watches until ctx ends. What changed since [watcher.Watch] was called, if that was before, it tells too.
func (w *Watcher) Run(ctx context.Context) {
	var listeners sync.WaitGroup
	defer listeners.Wait()
	defer w.disconnect()

	var (
		began   = time.Now() // when it was last quiet; zero: it is
		heard   bool         // events came since
		found   bool         // it began with a look, not with an event
		quiet   = time.NewTimer(atOnce)
		poll    = time.NewTimer(w.every())
		every   = w.every()
		longest = quietFactor * w.o.Quiet
	)
	defer quiet.Stop()
	defer poll.Stop()
	for {
		w.connect(&listeners)
		if e := w.every(); e != every {
			every = e
			poll.Reset(e)
		}
		idle := began.IsZero()
		select {
		case <-ctx.Done():
			return
		case <-w.heard:
			if idle {
				began = time.Now()
			}
			heard = true
			if time.Since(began) < longest { // else the timer runs out, and what never rests is told as it is
				quiet.Reset(w.o.Quiet)
			}
		case <-w.again:
			if idle {
				began = time.Now()
				quiet.Reset(atOnce)
			}
		case <-poll.C:
			if idle {
				began, found = time.Now(), true
				quiet.Reset(atOnce)
			}
			poll.Reset(every)
		case <-quiet.C:
			if w.check(heard, found && !heard, time.Since(began) >= longest) {
				quiet.Reset(w.o.Quiet)
			} else {
				began, heard, found = time.Time{}, false, false
			}
		}
	}
}

// every is how often to look without being told to.
func (w *Watcher) every() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.o.Poll > 0:
		return w.o.Poll
	case w.blind:
		return blindPoll
	}
	return safetyPoll
}

// check looks, and tells of a change that has come to rest: that nothing was heard for a while shows it where events come
// (heard), elsewhere that it looks the same as a while ago. It is to be called again when it returns true. force tells of
// what has not come to rest, silent is that no event announced it.
func (w *Watcher) check(heard, silent, force bool) (again bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now, grown := w.look()
	if maps.Equal(now, w.known) {
		w.last = nil
		return false
	}
	// Of folders that were not listened to before, nothing would have been heard.
	rests := !grown && (heard && !w.blind || maps.Equal(now, w.last))
	w.last = now
	if !rests && !force || w.locks.held(w.repos, time.Now()) {
		return true
	}
	for p, s := range now {
		if w.known[p] != s {
			w.changed[p] = true
		}
	}
	w.known, w.last = now, nil
	if silent && w.fs != nil && !w.blind && !w.missed {
		w.missed = true
		w.log.Warn().Msg("files changed and the system did not tell, as happens with network and shared folders: with --poll 10s changes are seen sooner")
	}
	nudge(w.changes)
	return false
}

// look is what the watched paths look like now. It sees to it that events tell when that changes, and that nothing slips
// through between the two. grown is that there are folders not listened to before.
func (w *Watcher) look() (now map[string]pathState, grown bool) {
	for range 5 { // ends sooner, unless folders come and go all the time
		v := lookAt(w.paths)
		now, w.repos = v.states, v.repos
		w.events.Store(v.events)
		if !w.arm(v.folders) {
			break
		}
		grown = true
	}
	return now, grown
}

// nudge leaves a word without waiting for the reader.
func nudge(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// absolute is paths sorted, cleaned, each once.
func absolute(paths []string) []string {
	set := make([]string, 0, len(paths))
	for _, p := range paths {
		if abs, err := filepath.Abs(p); err == nil {
			set = append(set, abs)
		}
	}
	slices.Sort(set)
	return slices.Compact(set)
}
