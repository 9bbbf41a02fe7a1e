package config

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/spotsync/spotsync/config/diag"
	"github.com/spotsync/spotsync/config/files"
	"github.com/spotsync/spotsync/config/functions"
	"github.com/spotsync/spotsync/config/meter"
	"github.com/spotsync/spotsync/spotify"
)

// Inputs are what a configuration is evaluated with.
type Inputs struct {
	Vars  VarSources
	Now   time.Time                 // what timestamp() starts from
	IDs   map[string]spotify.ID     // by address, where the lock file knows them
	Files files.Access              // what file() and its kin read through
	Text  func(address string) bool // whose [Playlist.Text] is wanted; nil: nobody's
}

// Evaluate works every expression out. With an error among the diagnostics the result is nil.
func (m *Module) Evaluate(ctx context.Context, in Inputs) (*Desired, hcl.Diagnostics) {
	ev := m.evaluation(ctx, in)
	ev.assignAll(false)
	desired := ev.run()
	diags := ev.finish()
	if diags.HasErrors() {
		return nil, diags
	}
	if r, ok := in.Files.(interface{ Reads() []string }); ok {
		desired.Reads = r.Reads()
	}
	desired.Pure = m.closed
	return desired, diags
}

// Validate finds what is wrong whatever the values will be: a variable without one is unknown, and so is what follows from it.
func (m *Module) Validate(ctx context.Context, in Inputs) hcl.Diagnostics {
	ev := m.evaluation(ctx, in)
	ev.assignAll(true)
	ev.run()
	return ev.finish()
}

// EvaluateAccounts works out the account blocks alone, "default" among them: how to log in does not depend on playlists that
// are wrong, nor on variables that other blocks need. With an error among the diagnostics the result is nil.
func (m *Module) EvaluateAccounts(ctx context.Context, in Inputs) (map[string]Account, hcl.Diagnostics) {
	ev := m.evaluation(ctx, in)
	ev.assignAll(true)
	ev.run()
	ev.diags = nil
	accounts := ev.accountValues()
	for _, label := range slices.Sorted(maps.Keys(m.accounts)) {
		for _, name := range slices.Sorted(maps.Keys(m.accounts[label].attrs)) {
			e := m.accounts[label].attrs[name]
			if v := ev.value(e, nil).v; !v.IsKnown() {
				ev.add(diag.Error(e.Range(), "Not known", fmt.Sprintf("%q depends on a variable that has no value, or on something that is wrong elsewhere. Give the variable with --var, or see spotsync validate.", name)))
			}
		}
	}
	diags := ev.finish()
	if diags.HasErrors() {
		return nil, diags
	}
	return accounts, diags
}

// evaluation is one run over a module. It owns all that changes.
type evaluation struct {
	*Module
	in        Inputs
	base      *hcl.EvalContext // functions
	meter     *meter.Meter
	soft      bool                 // some value is unknown for want of a variable: unknown is no error
	values    map[string]cty.Value // of variables
	worked    map[string]cty.Value // local values
	states    map[string]*state
	failed    map[node]bool // worked out wrongly, and said so
	items     int
	diags     hcl.Diagnostics
	needed    map[node][]string // by attribute: see lacking
	lastScope *expression
	scope     map[string]cty.Value
}

// state is what is known of a playlist block so far.
type state struct {
	instances []*instance // by key
	unknown   bool        // how many there are is not known; instances holds one to check the block with
}

// instance is one playlist.
type instance struct {
	address  Address
	each     cty.Value            // each, or cty.NilVal
	soft     bool                 // stands for instances not known
	readable map[string]cty.Value // by name, as of readable
	tracks   func() cty.Value     // of readable, but worked out when it is first read: it is large and seldom wanted; else nil
	playlist Playlist
}

func (m *Module) evaluation(ctx context.Context, in Inputs) *evaluation {
	ev := &evaluation{
		Module: m, in: in, meter: meter.New(ctx.Err),
		values: map[string]cty.Value{}, worked: map[string]cty.Value{}, states: map[string]*state{}, failed: map[node]bool{},
	}
	ev.base = meter.Context(ev.meter)
	ev.base.Functions = functions.New(in.Files, in.Now, ev.meter)
	return ev
}

func (ev *evaluation) add(diags ...*hcl.Diagnostic) { ev.diags = append(ev.diags, diags...) }

// finish is everything found, in file order.
func (ev *evaluation) finish() hcl.Diagnostics {
	if ev.meter.Done != nil {
		ev.add(diag.Error(hcl.Range{}, "Interrupted", fmt.Sprintf("Evaluation was interrupted: %v.", ev.meter.Done)))
	}
	for _, d := range ev.diags {
		d.Expression, d.EvalContext = nil, nil // they would keep every value of this evaluation alive
	}
	return diag.Tidy(ev.diags, hcl.Range{})
}

// run evaluates all of the module, whatever is wrong with parts of it.
func (ev *evaluation) run() *Desired {
	for _, n := range ev.order {
		if ev.meter.Spent() {
			break
		}
		before := len(ev.diags)
		if n.kind == "local" {
			ev.worked[n.name] = ev.value(ev.locals[n.name], nil).v
		} else {
			ev.attribute(n)
		}
		if ev.diags[before:].HasErrors() {
			ev.failed[n] = true
		}
	}
	d := &Desired{Accounts: ev.accountValues(), Moved: ev.moved, Removed: ev.removed, Outputs: map[string]cty.Value{}}
	for _, name := range slices.Sorted(maps.Keys(ev.states)) {
		pl := ev.playlists[name]
		if pl.keysFrom != "" {
			d.Worked = append(d.Worked, Worked{Label: name, From: pl.keysFrom, Range: pl.forEach.Range()})
		}
		for _, inst := range ev.states[name].instances {
			before := len(ev.diags)
			ev.complete(pl, inst, d.Accounts)
			d.Playlists = append(d.Playlists, inst.playlist)
			if ev.diags[before:].HasErrors() || ev.meter.Spent() {
				break // the others would say the same
			}
		}
	}
	slices.SortFunc(d.Playlists, func(a, b Playlist) int { return compareAddresses(a.Address, b.Address) })
	ev.noteMadeOf(d)
	ev.importValues(d)
	ev.checkMoves(d)
	ev.checkIDs(d)
	for _, name := range slices.Sorted(maps.Keys(ev.outputs)) {
		d.Outputs[name] = ev.value(ev.outputs[name], nil).v
	}
	return d
}

func compareAddresses(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// result is what an expression came to.
type result struct {
	v    cty.Value // cty.DynamicVal when there were errors
	soft bool      // unknown parts are accounted for elsewhere
	ok   bool      // no errors
}

// value works an expression out.
func (ev *evaluation) value(e *expression, inst *instance) result {
	w := result{v: cty.DynamicVal, soft: ev.isSoft(e, inst)}
	if ev.meter.Spent() {
		return w
	}
	v, diags := e.Expression.Value(ev.context(e, inst))
	return ev.judge(e, v, diags, w)
}

// judge takes note of an evaluation's diagnostics and cost.
func (ev *evaluation) judge(e *expression, v cty.Value, diags hcl.Diagnostics, w result) result {
	for _, d := range diags {
		if d.Subject == nil {
			d.Subject = e.Range().Ptr()
		}
	}
	if !diags.HasErrors() {
		n, steps := meter.Measure(v, false) // what comes next goes through all of it
		if n >= meter.Enough && !ev.meter.Spent() {
			ev.meter.Refuse(e.Range(), fmt.Sprintf("This has more than %s elements, with those of lists inside of it. Make it smaller.", diag.Count(meter.MaxCall)))
		}
		ev.meter.Take(e.Range(), steps, 0)
	}
	if ev.meter.Spent() {
		if ev.meter.Done == nil {
			ev.add(ev.meter.Problem(e.Range()))
		}
		return w
	}
	if len(diags) > meter.MaxProblems {
		diags = diags[:meter.MaxProblems]
	}
	ev.add(diags...)
	if !diags.HasErrors() {
		w.v, w.ok = v, true
	}
	return w
}

// isSoft reports whether an unknown result is to be expected, because something e uses is unknown or went wrong.
func (ev *evaluation) isSoft(e *expression, inst *instance) bool {
	if ev.soft || inst != nil && inst.soft {
		return true
	}
	for _, r := range e.refs {
		for _, n := range r.nodes() {
			if ev.failed[n] || n.kind == "playlist" && ev.failed[node{"playlist", n.name, "for_each"}] {
				return true
			}
		}
	}
	return false
}

// context is what e can see.
func (ev *evaluation) context(e *expression, inst *instance) *hcl.EvalContext {
	if ev.lastScope != e {
		ev.lastScope, ev.scope = e, ev.visible(e.refs)
	}
	ctx := ev.base.NewChild()
	ctx.Variables = ev.scope
	if inst != nil && inst.each != cty.NilVal {
		ctx = ctx.NewChild()
		ctx.Variables = map[string]cty.Value{"each": inst.each}
	}
	return ctx
}

func (ev *evaluation) visible(refs []reference) map[string]cty.Value {
	vars, locals := map[string]cty.Value{}, map[string]cty.Value{}
	lists := map[string]map[string]bool{}
	for _, r := range refs {
		switch r.kind {
		case "var":
			vars[r.name] = ev.values[r.name]
		case "local":
			locals[r.name] = ev.worked[r.name]
			if ev.worked[r.name] == cty.NilVal {
				locals[r.name] = cty.DynamicVal
			}
		case "playlist":
			if lists[r.name] == nil {
				lists[r.name] = map[string]bool{}
			}
			if r.attr != "" {
				lists[r.name][r.attr] = true
				continue
			}
			for _, attr := range readable {
				lists[r.name][attr] = true
			}
		}
	}
	blocks := map[string]cty.Value{}
	for name, attrs := range lists {
		blocks[name] = ev.block(name, attrs)
	}
	return map[string]cty.Value{"var": cty.ObjectVal(vars), "local": cty.ObjectVal(locals), "playlist": cty.ObjectVal(blocks)}
}

// block is what playlist.NAME means: an object, or with for_each an object of them.
func (ev *evaluation) block(name string, attrs map[string]bool) cty.Value {
	st := ev.states[name]
	if st == nil || st.unknown {
		return cty.DynamicVal
	}
	all := map[string]cty.Value{}
	for _, inst := range st.instances {
		object := map[string]cty.Value{}
		for attr := range attrs {
			if attr == "tracks" && inst.tracks != nil {
				inst.readable[attr], inst.tracks = inst.tracks(), nil
			}
			object[attr] = cty.DynamicVal
			if v, ok := inst.readable[attr]; ok {
				object[attr] = v
			}
		}
		if ev.playlists[name].forEach == nil {
			return cty.ObjectVal(object)
		}
		all[inst.address.Key] = cty.ObjectVal(object)
	}
	return cty.ObjectVal(all)
}

// known reports whether a result is wholly known, and complains when it should be.
func (ev *evaluation) known(e *expression, w result) bool {
	if w.v.IsWhollyKnown() {
		return true
	}
	if !w.soft && w.ok {
		ev.add(unknownYet(e.Range(), e.name))
	}
	return false
}

func unknownYet(rng hcl.Range, name string) *hcl.Diagnostic {
	return diag.Error(rng, "Not known until apply",
		fmt.Sprintf("This depends on the ID of a playlist that does not exist yet. \"id\" and \"uri\" can be used in a playlist's \"name\" and \"description\", and in outputs; %q needs a value now. Apply once without this, then add it.", name))
}
