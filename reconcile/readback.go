package reconcile

import (
	"github.com/spotsync/spotsync/reconcile/store"
	"github.com/spotsync/spotsync/spotify"
)

// WrittenTexts are the texts that a change wrote, to be compared with how Spotify shows them.
type WrittenTexts struct {
	name, description *string
	before            spotify.Details // shown before they were written
}

// DoubtfulTexts are the texts a change wrote; doubtful says that Spotify may show one of them otherwise: a name, where nothing
// tells whether Spotify escapes those, text with entities in it, and what was written before and is shown otherwise. plainNames
// says that Spotify is known to serve names as they are.
func (c Change) DoubtfulTexts(base *store.Base, plainNames, descriptionRefused bool) (t WrittenTexts, doubtful bool) {
	for _, e := range c.Edits {
		if e.Details != nil && (e.Kind == ChangeDetails || e.Kind == CreateIt) {
			t.name, t.description = e.Details.Name, e.Details.Description
		}
	}
	var agreed spotify.Details
	again := func(*string, string, string) bool { return false }
	if c.Before != nil {
		t.before = c.Before.Contents(c.ID).Details
		if base != nil {
			agreed = base.Contents.Details
			again = func(text *string, agreed, before string) bool {
				return text != nil && agreed == *text && resembles(*text, before)
			}
		}
	}
	entities := func(text *string) bool { return text != nil && spotify.Unescape(*text) != *text }
	name := again(t.name, agreed.Name, t.before.Name) || entities(t.name) || t.name != nil && spotify.Escapable(*t.name) && !plainNames
	description := (again(t.description, agreed.Description, t.before.Description) || entities(t.description)) && !descriptionRefused
	return t, name || description
}

// AnsweredBy reports whether a read tells how the texts are shown. One that shows what was there before may be late.
func (t WrittenTexts) AnsweredBy(d spotify.Details) bool {
	told := func(text *string, was, shows string, same func(a, b string) bool) bool {
		return text == nil || was != shows && (same(*text, shows) || resembles(*text, shows))
	}
	return told(t.name, t.before.Name, d.Name, sameName) && told(t.description, t.before.Description, d.Description, sameDescription)
}

// LearnTexts notes how a read shows the texts, where it shows them otherwise, and puts that into now. It reports whether there
// was anything to note.
func (c *Change) LearnTexts(t WrittenTexts, shows spotify.Details, now *spotify.Details) (learned bool) {
	learn := func(text, now *string, shows string, key func(string) string) {
		if text != nil && resembles(*text, shows) && (*text != shows || spotify.Unescape(shows) != shows) {
			c.Learned = c.Learned.With(Learned{Shown: map[string]string{key(*text): shows}})
			*now, learned = shows, true
		}
	}
	learn(t.name, &now.Name, shows.Name, nameText)
	learn(t.description, &now.Description, shows.Description, descriptionText)
	return learned
}

// WrittenName is the name of ours that Spotify shows as shown: itself, where nothing else was learned.
func (c Change) WrittenName(shown string) string { return renderings(c.Shown).written(shown, nameText) }
