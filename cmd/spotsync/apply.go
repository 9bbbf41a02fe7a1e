package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/spotsync/spotsync/auth"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// applyOptions are the flags of the commands that change playlists.
type applyOptions struct {
	planOptions
	show        showOptions
	autoApprove bool
	verify      bool
	noVerify    bool
}

func (o *applyOptions) register(a *app, cmd *cobra.Command) {
	o.planOptions.register(cmd.Flags())
	o.show.register(cmd.Flags())
	cmd.Flags().BoolVar(&o.autoApprove, "auto-approve", false, "do not ask before doing it")
	cmd.Flags().BoolVar(&o.verify, "verify", false, "read every playlist again after writing to it")
	cmd.Flags().BoolVar(&o.noVerify, "no-verify", false, "never read again after writing, but after a lost answer")
	addInput(a, cmd.Flags())
}

func (o *applyOptions) verification() reconcile.Verify {
	switch {
	case o.verify:
		return reconcile.VerifyAlways
	case o.noVerify:
		return reconcile.VerifyNever
	}
	return reconcile.VerifyAuto
}

func newApply(a *app) *cobra.Command {
	var o applyOptions
	cmd := &cobra.Command{
		Use:   "apply [flags] [PATH | PLAN]",
		Short: "Make Spotify match the files",
		Long: `apply plans, shows the plan, asks, and does it. With a plan saved by "plan --out" it does exactly that plan, unless
what it was made from has changed since.`,
		Args: atMost(1, "one folder, file or saved plan"),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := pathArg(args)
			if isPlanFile(path) {
				return a.applySaved(cmd.Context(), path, o)
			}
			return a.apply(cmd.Context(), "apply", path, o)
		},
	}
	o.register(a, cmd)
	return cmd
}

func newDestroy(a *app) *cobra.Command {
	var o applyOptions
	cmd := &cobra.Command{
		Use:   "destroy [flags] [PATH]",
		Short: "Delete the managed playlists",
		Long: `destroy removes all managed playlists from the account's library, or those named by --target. That is what Spotify
calls deleting: followers keep them, and rollback puts them back.`,
		Args: atMost(1, "one folder or file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.apply(cmd.Context(), "destroy", pathArg(args), o)
		},
	}
	o.register(a, cmd)
	return cmd
}

// isPlanFile reports whether an argument names a saved plan and not a configuration.
func isPlanFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && !strings.HasSuffix(path, ".hcl")
}

// apply plans and does it, asking in between.
func (a *app) apply(ctx context.Context, command, path string, o applyOptions) (err error) {
	if !o.autoApprove && (!a.asks || a.set.noInput) {
		return fmt.Errorf("%s asks before it does anything, and %w: add --auto-approve, or look first with spotsync plan", command, errNobody)
	}
	s, err := a.open(path, o.sessionOptions)
	if err != nil {
		return err
	}
	defer closing(s.Close, &err)
	o.attended = !o.autoApprove
	return s.planAndApply(ctx, path, o, func() (*planned, error) { return s.makePlan(ctx, command, o.planOptions) })
}

// planAndApply shows what make plans, asks, and does it. Whoever waits for an answer does not keep others waiting: the
// lock is let go meanwhile, and everything checked again.
func (s *session) planAndApply(ctx context.Context, path string, o applyOptions, make func() (*planned, error)) error {
	letGo, err := s.take(ctx)
	if err != nil {
		return err
	}
	defer func() { letGo() }()
	got, err := make()
	if err != nil {
		return err
	}
	got.plan.Path = path
	s.nameSongs(ctx, got.plan, s.outTTY && o.refresh && !o.show.json)
	if err := s.announce(got.plan, o.show); err != nil {
		return err
	}
	if len(got.plan.Refusals) > 0 {
		return &reconcile.RefusedError{Refusals: got.plan.Refusals}
	}
	if !got.plan.Empty() && !o.autoApprove {
		letGo()
		letGo = func() {}
		fast, err := s.confirm(ctx, got.plan)
		if err != nil {
			return err
		}
		if letGo, err = s.take(ctx); err != nil {
			letGo = func() {}
			return err
		}
		again, err := make()
		if err != nil {
			return err
		}
		if !again.plan.SameAs(got.plan) {
			return &exitWith{exitPartly, errors.New("something changed while the question waited, so nothing was done: run the command again to see what differs now")}
		}
		got, again.plan.Path = again, path
		if fast {
			got.plan.TakeCheaper()
		}
	}
	if err := s.perform(ctx, got, o); err != nil {
		return err
	}
	return differences(got.plan, o.show)
}

// announce shows the plan before anything is done. As JSON it is the first event.
func (s *session) announce(p *reconcile.Plan, show showOptions) error {
	if !show.json {
		if err := s.showPlan(p, show); err != nil {
			return err
		}
		s.countdown()
		return nil
	}
	return s.emit(jsonEvent{Type: "plan", Plan: p})
}

// jsonEvent is one line of apply --json.
type jsonEvent struct {
	FormatVersion string           `json:"format_version"`
	Type          string           `json:"type"` // plan, then those of reconcile.Event, then summary
	Plan          *reconcile.Plan  `json:"plan,omitempty"`
	Event         *reconcile.Event `json:"event,omitempty"`
	Summary       *applySummary    `json:"summary,omitempty"`
}

// applySummary is the last line of apply --json.
type applySummary struct {
	Applied  []string          `json:"applied"`
	Failed   map[string]string `json:"failed,omitempty"`
	Requests int               `json:"requests"`
	Stopped  bool              `json:"stopped,omitempty"`
	Error    string            `json:"error,omitempty"`
}

func (a *app) emit(e jsonEvent) error {
	e.FormatVersion = reconcile.FormatVersion
	enc := json.NewEncoder(a.Out)
	enc.SetEscapeHTML(false)
	return enc.Encode(e)
}

// confirm asks whether the plan is to be done, and whether the cheaper way that gives up dates is. Destroying wants a
// number typed.
func (s *session) confirm(ctx context.Context, p *reconcile.Plan) (fast bool, err error) {
	if p.Command == "destroy" {
		n := p.Summary.Delete
		answer, err := s.ask(ctx, fmt.Sprintf("\nThis deletes %s. Type the number to go on: ", plural(n, "playlist")))
		if err != nil {
			return false, err
		}
		if answer != strconv.Itoa(n) {
			return false, fmt.Errorf("nothing was deleted: %q is not %d", answer, n)
		}
		return false, nil
	}
	cheaper, saves, lost := 0, 0, 0
	for _, c := range p.Changes {
		if c.Cheaper != nil {
			cheaper++
			saves += c.CheaperSaves()
			lost += c.Cheaper.DatesLost
		}
	}
	if cheaper > 0 {
		s.say("\nKeeping every date added takes %s. Giving up the dates of %s would save %s: answer \"fast\" for that.",
			plural(p.Summary.Requests, "request"), plural(lost, "item"), plural(saves, "request"))
	}
	answer, err := s.ask(ctx, "\nDo this? Only \"yes\" is taken for yes: ")
	switch {
	case err != nil:
		return false, err
	case answer == "fast" && cheaper > 0:
		return true, nil
	case answer != "yes":
		return false, errors.New("nothing was done")
	}
	return false, nil
}

// perform does a plan, and then what could not be known before: names and descriptions that need a new playlist's ID.
func (s *session) perform(ctx context.Context, got *planned, o applyOptions) error {
	total := &reconcile.Result{}
	shown := got.plan // what was asked about; later waves plan only what it left open
	if !o.show.json && !shown.Empty() {
		s.say("")
	}
	for wave := 1; ; wave++ {
		res, err := s.applyOnce(ctx, got, o)
		total.Applied = slices.Compact(slices.Sorted(slices.Values(append(total.Applied, res.Applied...))))
		total.Requests += res.Requests
		total.Failures, total.Unfinished, total.Stopped, total.Pending = res.Failures, res.Unfinished, res.Stopped, res.Pending
		waiting := unknown(got.plan)
		stuck := len(res.Applied) == 0 || wave > len(shown.Changes)
		if err == nil && !res.Stopped && len(res.Failures) == 0 && stuck {
			for _, f := range waiting {
				s.reporter(o.show)(reconcile.Event{Type: "failed", Address: f.Address, Message: f.Err.Error(), Time: time.Now().UTC()})
			}
			total.Failures = waiting
		}
		if err != nil || res.Stopped || len(res.Failures) > 0 || len(waiting) == 0 || stuck {
			return s.conclude(shown, total, err, o)
		}
		o.attended = false
		if got, err = s.makePlan(ctx, got.plan.Command, o.planOptions); err != nil {
			return err
		}
		if len(got.plan.Refusals) > 0 {
			return &reconcile.RefusedError{Refusals: got.plan.Refusals}
		}
	}
}

// unknown are the changes that wait for the ID of a playlist that did not exist when they were planned.
func unknown(p *reconcile.Plan) []reconcile.Failure {
	var waiting []reconcile.Failure
	for _, c := range p.Changes {
		if len(c.Unknown) > 0 {
			waiting = append(waiting, reconcile.Failure{Address: c.Address, Err: fmt.Errorf("its %s needs the ID of a playlist that this run did not create", strings.Join(c.Unknown, " and its "))})
		}
	}
	return waiting
}

// applyOnce does what one plan knows how to do. The caller holds the lock file's lock; each account's is taken here.
func (s *session) applyOnce(ctx context.Context, got *planned, o applyOptions) (*reconcile.Result, error) {
	applier := &reconcile.Applier{
		APIs: make(map[string]reconcile.API), Accounts: make(map[string]*store.Account), Library: make(map[string][]spotify.Playlist),
		Lock: s.lock, State: s.state, Verify: o.verification(), Parallelism: o.parallelism, Stop: s.Stop,
		Report: s.reporter(o.show), Limited: s.limited,
	}
	for _, label := range sortedKeys(got.plan.Accounts) {
		l, ok := s.logins[label]
		if !ok { // planned from memory
			if got.plan.Empty() {
				continue
			}
			var err error
			if l, err = s.logIn(ctx, accountOf(got.desired, label)); err != nil {
				return &reconcile.Result{}, err
			}
		}
		if acc, ok := got.plan.Accounts[label]; ok && acc.ID != l.user.Account() {
			return &reconcile.Result{}, fmt.Errorf("the plan is for account %s and the login for %s: plan again", acc.ID, l.user.Account())
		}
		applier.APIs[label], applier.Accounts[label] = l.client, s.accountStore(l)
		if seen := got.observed[label]; seen != nil && seen.Asked {
			applier.Library[label] = seen.Library
		}
		unlock, err := applier.Accounts[label].Lock(ctx, o.lockTimeout, func(holder string) { s.say("Waiting for %s.", holder) })
		if err != nil {
			return &reconcile.Result{}, err
		}
		defer func() {
			if err := unlock(); err != nil {
				s.log.Warn().Err(err).Msg("could not let go of the account's lock")
			}
		}()
	}
	if n := got.plan.Summary.Requests; n > 100 {
		s.say("This takes %d requests.", n)
	}
	if got.plan.Command == "refresh-only" {
		return &reconcile.Result{}, reconcile.Remember(s.state, got.plan, nil)
	}
	ctx, cancel := s.finishing(ctx)
	defer cancel()
	if !o.show.json {
		doing := s.progress("Applying")
		defer doing.Done()
		applier.Report = doing.counting(got.plan.Summary.Requests, applier.Report)
	}
	return applier.Apply(ctx, got.plan)
}

// limited reports whether Spotify holds requests back.
func (s *session) limited() bool {
	for _, l := range s.limits {
		if until, _ := l.NotBefore(); !until.IsZero() {
			return true
		}
	}
	return false
}

// reporter shows what happens while it happens.
func (s *session) reporter(show showOptions) func(reconcile.Event) {
	if show.json {
		return func(e reconcile.Event) {
			if err := s.emit(jsonEvent{Type: e.Type, Event: &e}); err != nil {
				s.log.Warn().Err(err).Msg("could not write an event")
			}
		}
	}
	return func(e reconcile.Event) {
		switch e.Type {
		case "created":
			s.say("%s: created as %s", e.Address, e.ID)
		case "applied":
			s.say("%s: done (%s)", e.Address, e.Action)
		case "failed":
			s.say("%s: %s", e.Address, sentence(errors.New(e.Message)))
		case "warning":
			s.note("%s: %s", e.Address, sentence(errors.New(e.Message)))
		}
	}
}

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

// outcome is the error that stands for what became of a plan.
func outcome(p *reconcile.Plan, res *reconcile.Result, err error) error {
	if res.Stopped {
		return &exitWith{exitInterrupted, errors.New("interrupted; what was done is recorded, and the next apply goes on from there")}
	}
	var worst error = err
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
	why := "Spotify was asked too much"
	if limited.Quota {
		why = "the quota of this Spotify app is used up"
	}
	return fmt.Errorf("%s: no request is sent before %s. %d of %s done; what was begun is recorded, nothing is lost, and spotsync %s goes on from there then. Meanwhile plan --refresh=false, status, history and validate work",
		why, limited.Until.UTC().Format("2 Jan 2006 15:04:05 UTC"), len(res.Applied), counted(changes, "playlist is", "playlists are"), again(p.Command))
}

func plural(n int, what string) string { return counted(n, what, what+"s") }

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// applySaved does a plan that was saved, if what it was made from is still so.
func (a *app) applySaved(ctx context.Context, path string, o applyOptions) (err error) {
	p, err := readPlan(path)
	if err != nil {
		return err
	}
	s, err := a.open(p.Path, o.sessionOptions)
	if err != nil {
		return err
	}
	defer closing(s.Close, &err)
	letGo, err := s.take(ctx)
	if err != nil {
		return err
	}
	defer letGo()
	if p.Issuer != s.world.issuer.Name {
		return fmt.Errorf("the plan was made for %q and this run talks to %q", p.Issuer, s.world.issuer.Name)
	}
	if reconcile.Digest(s.lock.Current()) != p.Lock {
		return errors.New("the plan is stale: the lock file has changed since. Plan again")
	}
	desired, err := s.desire(ctx)
	if err != nil {
		return err
	}
	got := &planned{plan: p, desired: desired, observed: make(map[string]*reconcile.Observed)}
	for label, acc := range p.Accounts {
		observer, err := s.observer(ctx, accountOf(desired, label), false)
		if err != nil {
			return err
		}
		if observer.User.Account() != acc.ID {
			return fmt.Errorf("the plan is stale: it is for account %s, and the login is for %s", acc.ID, observer.User.Account())
		}
		if got.observed[label], err = observer.Observe(ctx, p.IDs(label)); err != nil {
			return err
		}
	}
	if stale := p.Refresh(got.observed); len(stale) > 0 {
		return fmt.Errorf("the plan is stale: %s changed on Spotify since. Plan again", strings.Join(stale, ", "))
	}
	if err := s.announce(p, o.show); err != nil {
		return err
	}
	if len(p.Refusals) > 0 {
		return &reconcile.RefusedError{Refusals: p.Refusals}
	}
	if err := s.perform(ctx, got, o); err != nil {
		return err
	}
	return differences(p, o.show)
}

// countdown warns when a login is about to end.
func (s *session) countdown() {
	for _, l := range s.logins {
		ends, ok := l.token.Ends()
		if !ok {
			continue
		}
		if days, level := auth.Countdown(ends, s.now); level != auth.LevelNone {
			s.note("the login of account %q ends in %s, on %s; renew it with: spotsync login%s", l.label, plural(days, "day"), ends.Format("2 Jan 2006"), loginFlag(l.label))
		}
	}
}

func loginFlag(label string) string {
	if label == defaultLabel {
		return ""
	}
	return " --account " + label
}
