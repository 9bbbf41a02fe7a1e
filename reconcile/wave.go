package reconcile

// mostWaves is how many waves may change one playlist: it is created, and then its name and its description may each need
// another one's ID.
const mostWaves = 3

// Waves bounds how often a run plans again what needs the ID of a playlist that it created.
type Waves struct {
	left    int            // how many more there may be
	applied map[string]int // how many waves changed a playlist, by address
}

// NewWaves is for a run that begins with a plan. Each wave does at least one of its changes, so there are no more of them
// than changes, and one for what the last of them left open.
func NewWaves(shown *Plan) *Waves {
	return &Waves{left: len(shown.Changes), applied: make(map[string]int)}
}

// Another counts a wave by the addresses it changed, and reports whether there may be another one: only if this one brought
// something forward. A
// playlist that is changed again and again, for somebody else edits it meanwhile, must not keep the run going.
func (w *Waves) Another(applied []string) bool {
	news := false
	for _, address := range applied {
		n := w.applied[address]
		w.applied[address] = n + 1
		news = news || n < mostWaves
	}
	w.left--
	return news && w.left >= 0
}

// Continue takes out of a plan, made after a part of what shown plans was done, whatever shown did not leave open: nobody
// was shown that, and the next run plans it. What shown left open is a failure where it can't be planned any more, and where it
// would now remove more songs than shown said: somebody has changed it meanwhile.
func (p *Plan) Continue(shown *Plan) []Failure {
	open := make(map[string]Change)
	for _, c := range shown.Changes {
		if c.Acts() && len(c.Unknown) > 0 {
			open[c.Address] = c
		}
	}
	var failures []Failure
	for i, c := range p.Changes {
		was, waited := open[c.Address]
		if waited && c.Action == Skipped && !c.Refused {
			failures = append(failures, Failure{Address: c.Address, Err: c.Err})
		}
		if !c.Acts() {
			continue
		}
		if waited && c.Action != Delete && c.SongsRemoved <= was.SongsRemoved {
			continue
		}
		p.Changes[i] = c.Leave("it was not part of this run")
		p.Changes[i].Unknown = nil
		if waited {
			failures = append(failures, Failure{Address: c.Address, Err: ErrMoved})
		}
	}
	p.Summary = p.Count()
	return failures
}
