package reconcile

import "github.com/spotsync/spotsync/spotify"

// Attribute is one detail of a playlist that files can say, Spotify has and a request can change. What is the same for all of
// them goes through [Attributes]; what is peculiar to one, such as that a playlist can't be public and collaborative, is said
// where it matters.
type Attribute struct {
	Name string // in the files

	Wanted func(w DesiredState) any  // what the files want, a pointer: nil where they say nothing
	Wants  func(w DesiredState) bool // whether the files say anything
	Unwant func(w *DesiredState)     // makes it unmanaged
	Sends  func(d Details) bool      // whether a request sends it
	Unsend func(d *Details)          // takes it out of a request
	Copy   func(to, from *spotify.Details)
	Undo   func(after, before *Picture)

	set     func(to *spotify.Details, d Details) // as a request that sends it does
	same    func(a, b spotify.Details) bool      // what files and Spotify say
	similar func(a, b spotify.Details) bool      // what we wrote and what a read shows
}

// Attributes are all, in the order in which they are shown.
var Attributes = []Attribute{
	attribute("name", func(w *DesiredState) **string { return &w.Name }, func(d *Details) **string { return &d.Name },
		func(s *spotify.Details) *string { return &s.Name }, func(p *Picture) *string { return &p.Name },
		func(name string) string { return name }, sameName, resembles),
	attribute("description", func(w *DesiredState) **string { return &w.Description }, func(d *Details) **string { return &d.Description },
		func(s *spotify.Details) *string { return &s.Description }, func(p *Picture) *string { return &p.Description },
		func(text string) string { return text }, sameDescription, resembles),
	attribute("public", func(w *DesiredState) **bool { return &w.Public }, func(d *Details) **bool { return &d.Public },
		func(s *spotify.Details) **bool { return &s.Public }, func(p *Picture) **bool { return &p.Public },
		func(public bool) *bool { return &public }, samePublic, samePublic),
	attribute("collaborative", func(w *DesiredState) **bool { return &w.Collaborative }, func(d *Details) **bool { return &d.Collaborative },
		func(s *spotify.Details) *bool { return &s.Collaborative }, func(p *Picture) *bool { return &p.Collaborative },
		func(yes bool) bool { return yes }, equal[bool], equal[bool]),
}

// attribute is one whose value is a V in files and requests, and an S as Spotify has it.
func attribute[V, S any](name string, wanted func(*DesiredState) **V, sent func(*Details) **V, has func(*spotify.Details) *S, shown func(*Picture) *S,
	as func(V) S, same, similar func(a, b S) bool,
) Attribute {
	return Attribute{
		Name:    name,
		Wanted:  func(w DesiredState) any { return *wanted(&w) },
		Wants:   func(w DesiredState) bool { return *wanted(&w) != nil },
		Unwant:  func(w *DesiredState) { *wanted(w) = nil },
		Sends:   func(d Details) bool { return *sent(&d) != nil },
		Unsend:  func(d *Details) { *sent(d) = nil },
		Copy:    func(to, from *spotify.Details) { *has(to) = *has(from) },
		Undo:    func(after, before *Picture) { *shown(after) = *shown(before) },
		set:     func(to *spotify.Details, d Details) { *has(to) = as(**sent(&d)) },
		same:    func(a, b spotify.Details) bool { return same(*has(&a), *has(&b)) },
		similar: func(a, b spotify.Details) bool { return similar(*has(&a), *has(&b)) },
	}
}

// AttributeNamed is the attribute of that name; false: there is none, as for "tracks".
func AttributeNamed(name string) (Attribute, bool) {
	for _, a := range Attributes {
		if a.Name == name {
			return a, true
		}
	}
	return Attribute{}, false
}

func equal[T comparable](a, b T) bool { return a == b }
