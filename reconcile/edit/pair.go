package edit

// pair finds for each token, a row of have that stays, its index in want.
func (p *problem) pair(tokens []int) []int {
	places := make([][]int, len(p.uris))
	for q, s := range p.want {
		places[s] = append(places[s], q)
	}
	place := make([]int, len(tokens))
	for t, i := range tokens {
		s := p.have[i]
		place[t], places[s] = places[s][0], places[s][1:]
	}
	return place
}
