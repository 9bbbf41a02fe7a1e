package watch

import (
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"github.com/fsnotify/fsnotify"
)

// connect begins to have events, if they are wanted and aren't had. A goroutine of listeners ends after disconnect.
func (w *Watcher) connect(listeners *sync.WaitGroup) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fs != nil || w.o.Poll > 0 {
		return
	}
	events, err := w.open()
	if err != nil {
		w.setBlind(err, "")
		return
	}
	w.fs = events
	listeners.Go(func() { w.listen(events) })
	w.look()
	nudge(w.again)
}

func (w *Watcher) disconnect() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fs == nil {
		return
	}
	if err := w.fs.Close(); err != nil {
		w.log.Debug().Err(err).Msg("closing the source of file events")
	}
	w.fs = nil
	clear(w.armed)
}

// listen passes on that there are events that matter. It must never wait for mu: whoever holds it may be waiting for
// fsnotify, which waits for its events to be taken.
func (w *Watcher) listen(events *fsnotify.Watcher) {
	for {
		select {
		case e, ok := <-events.Events:
			if !ok {
				return
			}
			name := filepath.Clean(e.Name)
			if !w.events.Load().has(name) {
				continue
			}
			if e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename) {
				w.lossMu.Lock()
				w.gone[eventName(name)] = true
				w.lossMu.Unlock()
			}
		case err, ok := <-events.Errors:
			if !ok {
				return
			}
			w.log.Debug().Err(err).Msg("file events were lost, so everything is looked at again")
			w.lossMu.Lock()
			w.lost = true
			w.lossMu.Unlock()
		}
		nudge(w.heard)
	}
}

// losses are the names that were removed or renamed since it was last asked, and whether any event may have been lost.
func (w *Watcher) losses() (gone map[string]bool, lost bool) {
	w.lossMu.Lock()
	defer w.lossMu.Unlock()
	gone, lost = w.gone, w.lost
	w.gone, w.lost = map[string]bool{}, false
	return gone, lost
}

// arm sees to it that the events of these folders come, and no others. It says whether some were added, and with that
// whether there is reason to look again.
func (w *Watcher) arm(folders map[string]eventFolder) (added bool) {
	if w.fs == nil {
		return false
	}
	gone, lost := w.losses()
	for dir, id := range w.armed {
		// A folder under a name that was gone is another one now, even if it has the number of the first.
		if f, ok := folders[dir]; lost || !ok || f.id != id || isGone(gone, dir) {
			_ = w.fs.Remove(dir) // the system has forgotten it already if it is no more
			delete(w.armed, dir)
		}
	}
	var refused error
	var refusedDir string
	for _, must := range []bool{true, false} { // when they are rationed, what matters most comes first
		for _, dir := range slices.Sorted(maps.Keys(folders)) {
			f := folders[dir]
			if _, ok := w.armed[dir]; ok || f.must != must {
				continue
			}
			switch err := w.add(w.fs, dir); {
			case err == nil:
				w.armed[dir], added = f.id, true
			case !must:
			case errors.Is(err, fs.ErrNotExist): // since it was looked at
				added = true
			case refused == nil:
				refused, refusedDir = err, dir
			}
		}
	}
	w.setBlind(refused, refusedDir)
	return added
}

// isGone reports whether dir or a folder above is among gone.
func isGone(gone map[string]bool, dir string) bool {
	for len(gone) > 0 {
		if gone[eventName(dir)] {
			return true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	return false
}

// setBlind notes that events can't be had because of err, or that all can be had, and says so once.
func (w *Watcher) setBlind(err error, dir string) {
	was := w.blind
	w.blind = err != nil
	switch {
	case w.blind && !was:
		e := w.log.Warn().Err(err)
		if dir != "" {
			e.Str("folder", dir)
		}
		hint := ""
		switch {
		case errors.Is(err, syscall.ENOSPC):
			hint = "; more can be allowed with: sysctl fs.inotify.max_user_watches=524288"
		case errors.Is(err, syscall.EMFILE):
			hint = "; more can be allowed with: sysctl fs.inotify.max_user_instances=512"
		}
		e.Msgf("the system gives no events for all files, so they are looked at every %v%s", blindPoll, hint)
	case was && !w.blind:
		w.log.Info().Msg("the system gives events for all files now")
	}
}
