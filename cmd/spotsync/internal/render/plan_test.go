package render

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/spotsync/spotsync/cmd/spotsync/internal/plantest"
	"github.com/spotsync/spotsync/cmd/spotsync/internal/words"
	"github.com/spotsync/spotsync/config"
	"github.com/spotsync/spotsync/config/longtest"
	"github.com/spotsync/spotsync/reconcile"
	"github.com/spotsync/spotsync/reconcile/edit"
	"github.com/spotsync/spotsync/spotify"
)

var updateGolden = flag.Bool("update", false, "write the golden files anew")

func rendered(t testing.TB, p *reconcile.Plan, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Plan(&b, p, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "render", name)
	if *updateGolden {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), got); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", path, diff)
	}
}

func TestRenderPlan(t *testing.T) {
	for name, p := range plantest.Plans(t) {
		t.Run(name, func(t *testing.T) {
			golden(t, name+".txt", rendered(t, p, Options{Width: 80}))
			golden(t, name+".md", rendered(t, p, Options{Width: 80, Markdown: true}))
			golden(t, name+".summary.txt", rendered(t, p, Options{Width: 80, Summary: true}))
		})
	}
	all := plantest.Plans(t)
	golden(t, "changes.full.txt", rendered(t, all["changes"], Options{Full: true}))
	golden(t, "changes.color.txt", rendered(t, all["changes"], Options{Width: 120, Color: true}))
	golden(t, "changes.narrow.txt", rendered(t, all["changes"], Options{Width: 40}))
}

// TestRenderIsPlain makes sure that no name steers a terminal or leaves its line, that lines fit, and that colour adds
// nothing but colour.
func TestRenderIsPlain(t *testing.T) {
	for name, p := range plantest.Plans(t) {
		for _, o := range []Options{{Width: 80}, {Width: 60, Full: true}, {Width: 80, Summary: true}, {Markdown: true}, {}} {
			got := rendered(t, p, o)
			for _, r := range got {
				if r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || strings.ContainsRune("\u200b\u202e\u2066", r)) {
					t.Errorf("%s %+v: %U in the output", name, o, r)
				}
			}
			for line := range strings.Lines(got) {
				if w := words.Width(strings.TrimSuffix(line, "\n")); o.Width > 0 && w > o.Width {
					t.Errorf("%s %+v: %d columns: %s", name, o, w, line)
				}
			}
			if again := rendered(t, p, o); again != got {
				t.Errorf("%s %+v: not the same twice", name, o)
			}
			o.Color = true
			if o.Markdown {
				continue
			}
			if colored := uncolored(rendered(t, p, o)); colored != got {
				t.Errorf("%s %+v: colour changes the text:\n%s", name, o, cmp.Diff(got, colored))
			}
		}
	}
}

// uncolored takes the escapes of colour out, and no others.
func uncolored(s string) string {
	var b strings.Builder
	for s != "" {
		i := strings.Index(s, "\x1b[")
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		end := strings.IndexByte(s, 'm')
		if end < 0 || strings.Trim(s[2:end], "0123456789;") != "" {
			break
		}
		s = s[end+1:]
	}
	return b.String() + s
}

// TestMarkdownStaysInItsFence looks at what is outside of code.
func TestMarkdownStaysInItsFence(t *testing.T) {
	got := rendered(t, plantest.Plans(t)["hostile"], Options{Markdown: true})
	fence, ends := "", 0
	for line := range strings.Lines(got) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case fence != "":
			if line == fence {
				fence = ""
			}
			continue
		case strings.HasPrefix(line, "```"):
			fence = line[:len(line)-len(strings.TrimLeft(line, "`"))]
		default:
			ends += strings.Count(line, "</summary>") + strings.Count(line, "</details>")
			if strings.Contains(line, "<script") || strings.Contains(strings.ReplaceAll(line, "<code>", ""), "@everyone") && !strings.Contains(line, "<code>") {
				t.Errorf("outside of code: %s", line)
			}
		}
	}
	if fence != "" {
		t.Error("a fence was left open")
	}
	if ends != 4 {
		t.Errorf("the name closed an element:\n%s", got)
	}
}

func TestMarkdownFitsAComment(t *testing.T) {
	s := plantest.NewScene()
	for i := range 200 {
		s.Block(fmt.Sprintf("p%03d", i), "P", plantest.Entries(plantest.UpTo(30)...))
	}
	got := rendered(t, s.Plan(t), Options{Markdown: true})
	if len(got) > 65_536 || !strings.Contains(got, "playlists more, which would not fit") {
		t.Errorf("%d bytes, ends: %s", len(got), got[len(got)-200:])
	}
}

// TestDiffRows holds the rows shown to the truth: read from top to bottom without what goes they are the list after, and
// each row of the list before is told of exactly once.
func TestDiffRows(t *testing.T) {
	longtest.Check(t, 100, 1000, func(t *rapid.T) {
		numbers := rapid.SliceOfN(rapid.IntRange(1, 12), 0, 30)
		have, want := numbers.Draw(t, "have"), numbers.Draw(t, "want")
		if rapid.Bool().Draw(t, "shuffled") {
			want = rapid.Permutation(have).Draw(t, "want")
		}
		keep := rapid.SampledFrom([]config.KeepDates{config.KeepAlways, config.KeepNever}).Draw(t, "keep")
		s := plantest.NewScene().Block("a", "A", slices.Concat([]config.Entry{}, plantest.Entries(want...)), func(b *config.Playlist) { b.KeepDates = keep })
		s.There("a", "A", plantest.Songs(have...))
		p, _ := reconcile.NewPlan(s.In)
		c := &p.Changes[0]
		rows := diffRows(c)
		var after []spotify.URI
		told := make(map[int]int)
		moves := false
		for _, d := range rows {
			if d.fate != rowRemoved {
				after = append(after, d.row.URI)
				if d.to != len(after) {
					t.Fatalf("row %+v is said to be at %d and is at %d", d, d.to, len(after))
				}
			}
			if d.fate != rowAdded {
				told[d.from]++
				if c.Before.Tracks[d.from-1].URI != d.row.URI {
					t.Fatalf("row %+v was not at %d", d, d.from)
				}
			} else if d.from != 0 {
				t.Fatalf("row %+v is new and from somewhere", d)
			}
			moves = moves || d.fate == rowMoved && !d.lost
		}
		for i := range have {
			if told[i+1] != 1 {
				t.Fatalf("row %d of before is told of %d times", i+1, told[i+1])
			}
		}
		for i, u := range after {
			if c.After.Tracks[i].URI != u {
				t.Fatalf("after shows %s at %d, not %s", u, i+1, c.After.Tracks[i].URI)
			}
		}
		planned := slices.ContainsFunc(c.Edits, func(e reconcile.Edit) bool { return e.Kind == edit.Move })
		if moves && !planned {
			t.Fatalf("a row is shown as moved with its date, and the plan moves nothing: %+v", c.Edits)
		}
	})
}

// TestDiffRowsOfNonsense shows a plan whose edits were tampered with: wrong perhaps, but whole and without a panic.
func TestDiffRowsOfNonsense(t *testing.T) {
	row := func(n int) reconcile.Row { return reconcile.Row{URI: plantest.TrackURI(n)} }
	for _, e := range []edit.Edit{
		{Kind: edit.Insert, At: 99, URIs: []spotify.URI{plantest.TrackURI(1)}}, {Kind: edit.Insert, At: -1}, {Kind: edit.Move, Start: 5, N: 9, Before: -2},
		{Kind: edit.Move, Start: -1, N: 1}, {Kind: edit.Move, Start: 0, N: -1, Before: 1}, {Kind: edit.Remove, URIs: []spotify.URI{plantest.TrackURI(1)}}, {Kind: "?"},
	} {
		c := &reconcile.Change{Action: reconcile.Update, Before: &reconcile.Picture{Tracks: []reconcile.Row{row(1), row(2)}},
			After: &reconcile.Picture{Tracks: []reconcile.Row{row(2), row(3)}}, Edits: []reconcile.Edit{{Edit: e}}}
		if got := diffRows(c); len(got) != 3 {
			t.Errorf("%+v: %d rows: %+v", e, len(got), got)
		}
	}
}

func TestRenderResult(t *testing.T) {
	p := &reconcile.Plan{Command: reconcile.CommandApply, Changes: []reconcile.Change{
		{Address: "a", Action: reconcile.Create}, {Address: "b", Action: reconcile.Restore}, {Address: "c", Action: reconcile.Update}, {Address: "d", Action: reconcile.Delete}}}
	for want, res := range map[string]*reconcile.Result{
		"Done: 1 created, 1 put back, 1 changed, 1 deleted in 17 requests.\nTo put back what was deleted: spotsync rollback": {Applied: []string{"a", "b", "c", "c", "d"}, Requests: 17},
		"Done: 0 created, 1 changed, 0 deleted in 1 request.":                                                                {Applied: []string{"c"}, Requests: 1},
		"Done: 0 created, 0 changed, 0 deleted in 0 requests; 1 failed.\nWhat was done stays done. See above what to mend, then run spotsync apply again for the rest.": {
			Failures: []reconcile.Failure{{Address: "c"}}},
	} {
		if got := Result(p, res); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// The plan names how long it takes where it names the requests, and nothing else changes.
func TestRenderTakes(t *testing.T) {
	p := plantest.Plans(t)["changes"]
	const takes = "about 3 minutes at the pace Spotify is assumed to allow"
	for _, o := range []Options{{Width: 80}, {Summary: true}, {Markdown: true}} {
		without := rendered(t, p, o)
		o.Takes = takes
		with := strings.Join(strings.Fields(rendered(t, p, o)), " ") // wherever its lines end
		if !strings.Contains(with, "; 9 requests, "+takes+".") || strings.Replace(with, ", "+takes, "", 1) != strings.Join(strings.Fields(without), " ") {
			t.Errorf("%+v: %s", o, with)
		}
	}
	if got := conclusion(&reconcile.Plan{Complete: true}, takes); strings.Contains(got, takes) {
		t.Error(got)
	}
}
