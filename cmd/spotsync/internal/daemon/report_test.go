package daemon

import (
	"slices"
	"testing"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/render"
)

// Around a change a plan shows what stays; that is no change.
func TestChangeLines(t *testing.T) {
	got := changeLines(render.Description{Attrs: []render.Attribute{{Sign: "~", Name: "name", Old: `"A"`, New: `"B"`}, {Sign: "~", Name: "tracks", New: "3"}},
		Rows: []render.Line{{Sign: " ", Text: "Stays"}, {Sign: "-", Text: "Goes", Note: "added 3 May"}, {Sign: " ", Text: "… 28 unchanged"}, {Sign: "+", Text: "… 4 more"}}})
	if want := []string{`name "A" → "B"`, "- Goes added 3 May", "+ … 4 more"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := changeLines(render.Description{Doing: "to restore", Rows: []render.Line{{Sign: " ", Text: "Stays"}}}); !slices.Equal(got, []string{"to restore"}) {
		t.Errorf("%q", got)
	}
}

func TestApplyCommand(t *testing.T) {
	for path, want := range map[string]string{
		"~/my music": "spotsync apply ~/'my music'", "/srv/music": "spotsync apply /srv/music", "/a'b": `spotsync apply '/a'\''b'`, "~/conf": "spotsync apply ~/conf",
	} {
		if got := applyCommand(path); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
}
