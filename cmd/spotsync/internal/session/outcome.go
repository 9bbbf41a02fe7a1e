package session

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/render"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/spotify"
)

// conclude says what became of a plan, and what that means to a script.
func (s *Session) conclude(p *reconcile.Plan, res *reconcile.Result, refusals []reconcile.Refusal, err error, o ApplyOptions) error {
	sum := &Summary{Applied: res.Applied, Requests: res.Requests, Stopped: res.Stopped}
	if sum.Applied == nil {
		sum.Applied = []string{}
	}
	for _, f := range res.Failures {
		if sum.Failed == nil {
			sum.Failed = make(map[string]string)
		}
		sum.Failed[f.Address] = f.Err.Error()
	}
	for _, r := range refusals {
		if r.Address == "" {
			continue // it is the error
		}
		if sum.Refused == nil {
			sum.Refused = make(map[string]string)
		}
		if sum.Refused[r.Address] == "" {
			sum.Refused[r.Address] = r.Summary + ". " + r.Detail
		}
	}
	for _, c := range p.Skipped() {
		if sum.Skipped == nil {
			sum.Skipped = make(map[string]string)
		}
		sum.Skipped[c.Address] = strings.Join(c.Reasons, "; ")
	}
	if err != nil {
		sum.Error = err.Error()
	}
	if o.Show.JSON {
		if jerr := Emit(s.App, Event{Type: "summary", Summary: sum}); jerr != nil {
			return jerr
		}
	} else if len(res.Applied) > 0 || len(res.Failures) > 0 || err == nil && len(p.LockChanges) > 0 {
		s.App.Say("\n%s", render.Result(p, res))
	}
	if res.Pending {
		s.App.Note("the lock file %s can't be written, so what it should say is kept on this computer. Make it writable and run spotsync apply, or the next computer will not know these playlists.", s.Lock.Path())
	}
	return WithRefusals(WithSkipped(Outcome(p, res, err), p.Skipped(), ChangedAnything(res)), refusals, o.toldRefusals)
}

// ChangedAnything reports whether a run changed something.
func ChangedAnything(res *reconcile.Result) bool { return len(res.Applied) > 0 || res.Requests > 0 }

// WithSkipped adds to how a run ended that playlists could not be planned, and were left alone for that. done is whether the
// run changed something.
func WithSkipped(err error, skipped []reconcile.Change, done bool) error {
	if len(skipped) == 0 || KindOf(err) == KindInterrupted {
		return err
	}
	k := KindOK
	for _, c := range skipped {
		if why := KindOf(c.Err); why != KindOK {
			k = worse(k, why)
		} else { // a saved plan does not hold what went wrong
			k = worse(k, KindError)
		}
	}
	var left error = fmt.Errorf("%s skipped and left alone, for the reasons given above", words.Counted(len(skipped), "playlist was", "playlists were"))
	switch before := KindOf(err); {
	case before == KindRefused || before == KindLogin:
		k = before
	case done:
		k = KindPartly
	case err != nil:
		k = worse(before, k)
	}
	if err != nil {
		left = several{err, left}
	}
	return &ended{k, left}
}

// WithRefusals adds to how a run ended what was left alone to protect it, which decides how it ended. told is whether the
// reasons were given before somebody was asked.
func WithRefusals(err error, refusals []reconcile.Refusal, told bool) error {
	if len(refusals) == 0 || KindOf(err) == KindInterrupted {
		return err
	}
	var whole *reconcile.RefusedError
	if errors.As(err, &whole) { // the plan of a later wave was refused as a whole
		return &ended{KindRefused, &reconcile.RefusedError{Refusals: append(slices.Clone(refusals), missing(refusals, whole.Refusals)...)}}
	}
	var left error = &reconcile.RefusedError{Refusals: refusals}
	if told {
		left = fmt.Errorf("%s refused and left alone, for the reasons given above", words.Counted(len(refusals), "playlist was", "playlists were"))
	}
	if err != nil {
		left = several{err, left}
	}
	return &ended{KindRefused, left}
}

// missing are the refusals of more that known lacks.
func missing(known, more []reconcile.Refusal) []reconcile.Refusal {
	return slices.DeleteFunc(slices.Clone(more), func(r reconcile.Refusal) bool {
		return slices.ContainsFunc(known, func(k reconcile.Refusal) bool { return k.Address == r.Address && k.Summary == r.Summary })
	})
}

// Summary is the last line of apply --json.
type Summary struct {
	Applied  []string          `json:"applied"`
	Failed   map[string]string `json:"failed,omitempty"`
	Refused  map[string]string `json:"refused,omitempty"`
	Skipped  map[string]string `json:"skipped,omitempty"`
	Requests int               `json:"requests"`
	Stopped  bool              `json:"stopped,omitempty"`
	Error    string            `json:"error,omitempty"`
}

// Outcome is the error that stands for what became of a plan.
func Outcome(p *reconcile.Plan, res *reconcile.Result, err error) error {
	if res.Stopped {
		return &ended{KindInterrupted, errors.New("interrupted; what was done is recorded, and the next apply goes on from there")}
	}
	if err == nil && len(res.Failures) == 0 {
		return nil
	}
	k, partly := KindOf(err), ChangedAnything(res)
	for _, f := range res.Failures {
		k = worse(k, KindOf(f.Err))
		partly = partly || errors.Is(f.Err, reconcile.ErrMoved) || errors.Is(f.Err, reconcile.ErrOpen)
	}
	var limited *spotify.RateLimitError
	errors.As(err, &limited)
	switch {
	case k == KindRefused || k == KindLogin || k == KindInterrupted:
	case limited != nil && k == KindLater:
		if len(res.Failures) == 0 {
			err = cutShort(p, res, limited)
		}
	case partly:
		k = KindPartly
	}
	if err == nil { // failures have been told one by one
		err = fmt.Errorf("%s not brought to what the files say", words.Counted(len(res.Failures), "playlist was", "playlists were"))
	}
	return &ended{k, err}
}

// cutShort says how far a run came that Spotify's limit ended, and what to type when.
func cutShort(p *reconcile.Plan, res *reconcile.Result, limited *spotify.RateLimitError) error {
	changes := 0
	for _, c := range p.Changes {
		if c.Acts() {
			changes++
		}
	}
	why := "Spotify was asked too much: no request is sent before "
	if limited.Quota {
		why = "Spotify's quota for it is used up: " + limited.Group.Doing() + " is shut until "
	}
	return fmt.Errorf("%s%s. %d of %s done; what was begun is recorded, nothing is lost, and spotsync %s goes on from there then. Meanwhile plan --refresh=false, status, history and validate work",
		why, limited.Until.UTC().Format("2 Jan 2006 15:04:05 UTC"), len(res.Applied), words.Counted(changes, "playlist is", "playlists are"), render.NextCommand(p.Command))
}
