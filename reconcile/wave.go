package reconcile

// Continue takes out of a plan, made after a part of what shown plans was done, whatever shown did not leave open: nobody
// was shown that, and the next run plans it. What shown left open and what would now remove more songs than shown said
// was changed by somebody meanwhile, and is a failure.
func (p *Plan) Continue(shown *Plan) []Failure {
	open := make(map[string]Change)
	for _, c := range shown.Changes {
		if c.Acts() && len(c.Unknown) > 0 {
			open[c.Address] = c
		}
	}
	var failures []Failure
	for i, c := range p.Changes {
		if !c.Acts() {
			continue
		}
		was, waited := open[c.Address]
		if waited && c.Action != Delete && c.SongsRemoved <= was.SongsRemoved {
			continue
		}
		p.Changes[i] = c.held("it was not part of this run")
		p.Changes[i].Unknown = nil
		if waited {
			failures = append(failures, Failure{Address: c.Address, Err: ErrMoved})
		}
	}
	p.Summary = p.count()
	return failures
}
