package main

import (
	"errors"
	"fmt"

	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/spotify"
)

// conclude says what became of a plan, and what that means to a script.
func (s *session) conclude(p *reconcile.Plan, res *reconcile.Result, err error, o applyOptions) error {
	sum := &applySummary{Applied: res.Applied, Requests: res.Requests, Stopped: res.Stopped}
	if sum.Applied == nil {
		sum.Applied = []string{}
	}
	for _, f := range res.Failures {
		if sum.Failed == nil {
			sum.Failed = make(map[string]string)
		}
		sum.Failed[f.Address] = f.Err.Error()
	}
	if err != nil {
		sum.Error = err.Error()
	}
	if o.show.json {
		if jerr := s.emit(jsonEvent{Type: "summary", Summary: sum}); jerr != nil {
			return jerr
		}
	} else if len(res.Applied) > 0 || len(res.Failures) > 0 || err == nil && len(p.LockChanges) > 0 {
		s.say("\n%s", renderResult(p, res))
	}
	if res.Pending {
		s.note("the lock file %s can't be written, so what it should say is kept on this computer. Make it writable and run spotsync apply, or the next computer will not know these playlists.", s.lock.Path())
	}
	return outcome(p, res, err)
}

// applySummary is the last line of apply --json.
type applySummary struct {
	Applied  []string          `json:"applied"`
	Failed   map[string]string `json:"failed,omitempty"`
	Requests int               `json:"requests"`
	Stopped  bool              `json:"stopped,omitempty"`
	Error    string            `json:"error,omitempty"`
}

// outcome is the error that stands for what became of a plan.
func outcome(p *reconcile.Plan, res *reconcile.Result, err error) error {
	if res.Stopped {
		return &exitWith{exitInterrupted, errors.New("interrupted; what was done is recorded, and the next apply goes on from there")}
	}
	worst := err
	for _, f := range res.Failures {
		if worst == nil {
			worst = f.Err
		}
	}
	if worst == nil {
		return nil
	}
	var limited *spotify.RateLimitError
	if errors.As(err, &limited) && len(res.Failures) == 0 {
		return &exitWith{exitLater, cutShort(p, res, limited)}
	}
	code := exitCode(worst)
	partly := len(res.Applied) > 0 || res.Requests > 0
	for _, f := range res.Failures {
		if errors.Is(f.Err, reconcile.ErrMoved) || errors.Is(f.Err, reconcile.ErrOpen) {
			partly = true
		}
		if exitCode(f.Err) != code {
			code = exitPartly
		}
	}
	var refused *reconcile.RefusedError
	switch {
	case errors.As(err, &limited) || code == exitLogin || code == exitInterrupted:
	case partly && !errors.As(worst, &refused):
		code = exitPartly
	}
	if err == nil { // failures have been told one by one
		return &exitWith{code, fmt.Errorf("%s not brought to what the files say", counted(len(res.Failures), "playlist was", "playlists were"))}
	}
	return &exitWith{code, err}
}

// cutShort says how far a run came that Spotify's limit ended, and what to type when.
func cutShort(p *reconcile.Plan, res *reconcile.Result, limited *spotify.RateLimitError) error {
	changes := 0
	for _, c := range p.Changes {
		if c.Action.Changes() {
			changes++
		}
	}
	why := "Spotify was asked too much: no request is sent before "
	if limited.Quota {
		why = "the quota of this Spotify app is used up: no request is sent before "
	}
	return fmt.Errorf("%s%s. %d of %s done; what was begun is recorded, nothing is lost, and spotsync %s goes on from there then. Meanwhile plan --refresh=false, status, history and validate work",
		why, limited.Until.UTC().Format("2 Jan 2006 15:04:05 UTC"), len(res.Applied), counted(changes, "playlist is", "playlists are"), again(p.Command))
}
